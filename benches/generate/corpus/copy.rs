//! `copy`: a plain dump as pg_dump writes it, four tables with COPY. Customers and addresses hold identifiers in most
//! columns, orders in one, items and messages in none or few.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::lines::{Count, Lines};
use super::{Person, World, chat, orders};

/// One table of the dump.
struct Table {
    name: &'static str,
    /// Columns with their types.
    columns: &'static [(&'static str, &'static str)],
    row: fn(&mut World, u64, &mut String) -> bool,
    /// Its part of the bytes, in percent.
    share: u64,
}

const TABLES: &[Table] = &[
    Table {
        name: "customers",
        columns: &[
            ("id", "bigint NOT NULL"),
            ("name", "character varying(32) NOT NULL"),
            ("mobile", "character varying(32)"),
            ("id_card", "character varying(32)"),
            ("bank_card", "character varying(32)"),
            ("email", "text"),
            ("address", "text"),
            ("last_ip", "inet"),
            ("level", "smallint NOT NULL"),
            ("created_at", "timestamp without time zone NOT NULL"),
        ],
        row: customer,
        share: 20,
    },
    Table {
        name: "orders",
        columns: &[
            ("id", "bigint NOT NULL"),
            ("customer_id", "bigint NOT NULL"),
            ("order_no", "character varying(32) NOT NULL"),
            ("receiver_phone", "bigint"),
            ("status", "character varying(16) NOT NULL"),
            ("amount", "numeric(12,2) NOT NULL"),
            ("remark", "text"),
            ("trace_id", "uuid NOT NULL"),
            ("created_at", "timestamp without time zone NOT NULL"),
        ],
        row: order,
        share: 35,
    },
    Table {
        name: "order_items",
        columns: &[
            ("id", "bigint NOT NULL"),
            ("order_no", "character varying(32) NOT NULL"),
            ("sku", "character varying(32) NOT NULL"),
            ("title", "text NOT NULL"),
            ("pieces", "integer NOT NULL"),
            ("price", "numeric(12,2) NOT NULL"),
            ("weight", "double precision"),
        ],
        row: item,
        share: 30,
    },
    Table {
        name: "messages",
        columns: &[
            ("id", "bigint NOT NULL"),
            ("channel", "character varying(16) NOT NULL"),
            ("content", "text NOT NULL"),
            ("is_read", "boolean NOT NULL"),
            ("created_at", "timestamp without time zone NOT NULL"),
        ],
        row: message,
        share: 15,
    },
];

const PREAMBLE: &str = "--\n-- PostgreSQL database dump\n--\n
-- Dumped from database version 15.10\n-- Dumped by pg_dump version 15.10\n
SET statement_timeout = 0;\nSET lock_timeout = 0;\nSET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';\nSET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);\nSET check_function_bodies = false;
SET xmloption = content;\nSET client_min_messages = warning;\nSET row_security = off;\n
SET default_tablespace = '';\n\nSET default_table_access_method = heap;\n";

/// Writes a dump of about `bytes` bytes. Rows count as lines.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn write<W: Write>(seed: u64, bytes: u64, out: W) -> io::Result<(W, Count)> {
    let (mut world, mut lines) = (World::new(seed), Lines::new(out));
    lines.line.push_str(PREAMBLE);
    for Table { name, columns, .. } in TABLES {
        let columns: Vec<String> = columns.iter().map(|(name, kind)| format!("    {name} {kind}")).collect();
        let _ = write!(lines.line, "\n--\n-- Name: {name}; Type: TABLE; Schema: public; Owner: -\n--\n\n");
        let _ = write!(lines.line, "CREATE TABLE public.{name} (\n{}\n);\n\n", columns.join(",\n"));
    }
    lines.end(false)?;
    for Table { name, columns, row, share } in TABLES {
        let columns: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
        let _ = write!(lines.line, "--\n-- Data for Name: {name}; Type: TABLE DATA; Schema: public; Owner: -\n--\n\n");
        let _ = write!(lines.line, "COPY public.{name} ({}) FROM stdin;", columns.join(", "));
        lines.end(false)?;
        let end = lines.count.bytes + bytes * share / 100;
        let mut number = 0;
        while lines.count.bytes < end {
            number += 1;
            let identified = row(&mut world, number, &mut lines.line);
            lines.end(identified)?;
        }
        lines.line.push_str("\\.\n\n");
        lines.end(false)?;
    }
    for Table { name, .. } in TABLES {
        let _ =
            write!(lines.line, "--\n-- Name: {name} {name}_pkey; Type: CONSTRAINT; Schema: public; Owner: -\n--\n\n");
        let _ =
            write!(lines.line, "ALTER TABLE ONLY public.{name}\n    ADD CONSTRAINT {name}_pkey PRIMARY KEY (id);\n\n");
    }
    lines.line.push_str("\n--\n-- PostgreSQL database dump complete\n--\n");
    lines.end(false)?;
    let count = lines.count;
    Ok((lines.into_inner(), count))
}

fn customer(world: &mut World, number: u64, out: &mut String) -> bool {
    world.pass(5_000);
    let Person { name, mobile, resident_id, card, email, address, ip, .. } = world.person();
    let World { random, clock, .. } = world;
    let _ = write!(out, "{number}\t{name}\t{mobile}\t");
    out.push_str(if random.per_mille(300) { "\\N" } else { &resident_id });
    let _ = write!(out, "\t{}\t", if random.per_mille(400) { "\\N" } else { &card });
    let _ = write!(out, "{email}\t{address}\t{ip}\t{}\t", random.below(6));
    clock.stamp(out);
    true
}

fn order(world: &mut World, number: u64, out: &mut String) -> bool {
    let person = world.random.per_mille(300).then(|| world.person());
    world.pass(400);
    let _ = write!(out, "{number}\t{}\t", world.random.between(1, 2_000_000));
    orders::number(world, out);
    let World { random, clock, .. } = world;
    let _ = match &person {
        Some(person) => write!(out, "\t{}\t", person.mobile),
        None => write!(out, "\t\\N\t"),
    };
    let status = random.choose(&["PAID", "SHIPPED", "DONE", "CANCELLED", "REFUNDING"]);
    let remark = random.choose(&[
        "\\N",
        "\\N",
        "\\N",
        "请尽快发货",
        "放门口\\t别按铃",
        "工作日送货",
        "C:\\\\tmp\\\\label.txt",
        "",
    ]);
    let _ = write!(out, "{status}\t{}.{:02}\t{remark}\t", random.between(9, 9000), random.below(100));
    random.uuid(out);
    out.push('\t');
    clock.stamp(out);
    person.is_some()
}

fn item(world: &mut World, number: u64, out: &mut String) -> bool {
    let _ = write!(out, "{number}\t");
    world.pass(100);
    orders::number(world, out);
    let random = &mut world.random;
    let title = random.choose(&[
        "蓝牙耳机 降噪版",
        "纯棉四件套 1.8米床",
        "儿童积木 500粒",
        "不锈钢保温杯 500ml",
        "机械键盘 87键",
    ]);
    let (sku, pieces, yuan) = (random.between(100_000_000, 999_999_999), random.between(1, 5), random.between(9, 3000));
    let _ = write!(out, "\tSKU{sku}\t{title}\t{pieces}\t{yuan}.90\t0.{:06}", random.below(1_000_000));
    false
}

fn message(world: &mut World, number: u64, out: &mut String) -> bool {
    let identified = world.random.per_mille(50);
    let _ = write!(out, "{number}\t{}\t", world.random.choose(&["APP", "WECHAT", "SMS"]));
    chat::line(world, identified, out);
    let _ = write!(out, "\t{}\t", if world.random.per_mille(800) { "t" } else { "f" });
    world.clock.stamp(out);
    identified
}
