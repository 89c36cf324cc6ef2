--
-- PostgreSQL database dump
--

SET standard_conforming_strings = on;
CREATE TABLE public.t (
    id integer NOT NULL,
    mobile character varying(20),
    tags text[]
);
COPY public.t (id, mobile, tags) FROM stdin;
1	13912345678	{a,"b\\\\c"}
2	\N	\\N\t
\.

INSERT INTO public.t VALUES (3, '13800138000', E'it''s\n'), (4, NULL, $x$13912345678$x$);
