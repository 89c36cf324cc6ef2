//! An identifier in a column of each type, in tables of each kind, through each form of dump: rewritten by the program,
//! loaded into a real PostgreSQL, and held against the source.

use crate::program::{Folder, POLICY, contains};
use crate::support::people::phone;
use crate::support::servers::Postgres;

const ROWS: u64 = 50;

const SCHEMA: &str = r#"
CREATE DOMAIN phone_text AS varchar(20) CONSTRAINT long_enough CHECK (length(VALUE) >= 4);
CREATE DOMAIN again AS phone_text;
CREATE TABLE parties (
    id bigint PRIMARY KEY,
    t text, v varchar(40), n bigint, d numeric(20,0), j jsonb, a text[], b bytea, p phone_text, q again,
    u varchar(20) NOT NULL UNIQUE,
    untouched text, picture bytea,
    g text GENERATED ALWAYS AS ('tel:' || u) STORED,
    CHECK (length(u) > 3)
);
CREATE TABLE calls (id bigint PRIMARY KEY, party bigint NOT NULL REFERENCES parties, callee varchar(20) REFERENCES parties (u));
CREATE TABLE events (at date NOT NULL, mobile varchar(20)) PARTITION BY RANGE (at);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
CREATE TABLE events_2 (at date NOT NULL, mobile varchar(20));
ALTER TABLE events ATTACH PARTITION events_2 FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
CREATE TABLE people (id bigint, mobile varchar(20));
CREATE TABLE staff (desk text) INHERITS (people);
"#;

fn fill() -> String {
    format!(
        r#"
CREATE VIEW made AS SELECT i, (13912300000 + i * 37)::text AS m FROM generate_series(1, {ROWS}) i;
INSERT INTO parties (id, t, v, n, d, j, a, b, p, q, u, untouched, picture)
SELECT i, '客户' || i || '，电话' || m || '，勿扰', '手机' || m, m::bigint, m::numeric, jsonb_build_object('手机', m, 'n', i),
    ARRAY[m, NULL, 'x,"y"\'], convert_to('电话 ' || m || E' \\ end', 'UTF8'), m, m, m, E'a\\b\t"' || i, '\x89504e470d0a1a0a00ff'::bytea
FROM made;
INSERT INTO parties (id, u) VALUES ({}, 'none');
INSERT INTO calls SELECT id, id, u FROM parties;
INSERT INTO events SELECT '2026-01-05'::date + i % 50, m FROM made, generate_series(1, 2);
INSERT INTO people SELECT i, m FROM made WHERE i <= 20;
INSERT INTO staff SELECT i, m, 'desk ' || i FROM made WHERE i > 20;
DROP VIEW made;
"#,
        ROWS + 1
    )
}

/// Rows that hold together by one token for one number, in all columns that have room for it.
const HOLD: &str = r#"SELECT count(*) FROM parties WHERE length(u) = 20 AND t = '客户' || id || '，电话' || u || '，勿扰'
    AND v = '手机' || u AND n = d::bigint AND n <> 13912300000 + id * 37 AND j ->> '手机' = u AND (j ->> 'n')::bigint = id
    AND a = ARRAY[u::text, NULL, 'x,"y"\'] AND convert_from(b, 'UTF8') = '电话 ' || u || E' \\ end' AND p = u AND q = u
    AND untouched = E'a\\b\t"' || id AND picture = '\x89504e470d0a1a0a00ff'::bytea AND g = 'tel:' || u;"#;

/// What is the same whatever was replaced.
const SAME: &str = "SELECT (SELECT concat_ws(' ', count(*), count(t), count(v), count(n), count(d), count(j), count(a), count(b), \
    count(p), count(q), count(g), count(picture)) FROM parties), \
    (SELECT count(*) FROM calls c JOIN parties p ON c.party = p.id AND c.callee = p.u), \
    (SELECT string_agg(x.n || ' ' || x.c, ',' ORDER BY x.n) FROM (SELECT tableoid::regclass::text AS n, count(mobile) AS c FROM events GROUP BY 1) x), \
    (SELECT count(*) FROM events e JOIN parties p ON e.mobile = p.u), \
    (SELECT count(*) FROM ONLY people), (SELECT count(*) FROM people), (SELECT md5(string_agg(desk, ',' ORDER BY id)) FROM staff), \
    (SELECT count(*) FROM people e JOIN parties p ON e.mobile = p.u AND e.id = p.id), \
    (SELECT count(*) FROM pg_constraint WHERE contype IN ('p', 'u', 'f', 'c'));";

fn start() -> Option<(Postgres, Folder)> {
    Some((Postgres::with_database("typed", &[SCHEMA, &fill()])?, Folder::with_policies()))
}

#[test]
fn each_type_is_rewritten_through_each_form_of_dump() {
    let Some((server, folder)) = start() else { return };
    let same = server.run("typed", SAME.as_bytes());
    assert!(same.starts_with("51 50 50 50 50 50 50 50 50 50 51 50|51|"), "{same}");
    let forms: &[&[&str]] = &[
        &[],
        &["--inserts"],
        &["--column-inserts"],
        &["--rows-per-insert=7"],
        &["-Fc"],
        &["-Fc", "--inserts"],
        &["-Fd"],
    ];
    for (number, form) in forms.iter().enumerate() {
        let name = |what: &str| format!("{what}{number}");
        let mut dumper = server.dumper("typed");
        assert!(dumper.args(*form).arg("-f").arg(folder.path(&name("in"))).status().unwrap().success());
        let rewriting = ["deidentify", &name("in"), "-o", &name("out"), "--key-file", "k", "--policy", "hash.yml"];
        folder.tuomin(&rewriting).expect(0);
        let is_archive = form.first().is_some_and(|first| first.starts_with("-F"));
        server.run("postgres", format!("CREATE DATABASE {};", name("copy")).as_bytes());
        let script = if is_archive {
            let output = server.restorer().args(["-f", "-"]).arg(folder.path(&name("out"))).output().unwrap();
            assert!(output.status.success(), "{form:?}: {}", String::from_utf8_lossy(&output.stderr));
            output.stdout
        } else {
            folder.read(&name("out"))
        };
        for n in 1..=ROWS {
            let hexadecimal = data_encoding::HEXLOWER.encode(phone(n).as_bytes());
            assert!(!contains(&script, phone(n).as_bytes()), "{form:?}: a number is left");
            assert!(!contains(&script, hexadecimal.as_bytes()), "{form:?}: a number is left in a bytea");
        }
        server.run(&name("copy"), &script);
        assert_eq!(server.run(&name("copy"), HOLD.as_bytes()), format!("{ROWS}\n"), "{form:?}");
        assert_eq!(server.run(&name("copy"), SAME.as_bytes()), same, "{form:?}");
        folder.tuomin(&["verify", &name("out"), "--policy", "hash.yml"]).expect(0);
    }
    // Without DDL, digits may be numbers and stay such; what stands in a bytea is replaced all the same.
    folder.write("bare", server.dump("typed", &["--data-only", "-t", "parties"]));
    folder.write("fpe.yml", POLICY.replace("hash", "fpe"));
    folder.tuomin(&["deidentify", "bare", "-o", "bare-out", "--key-file", "k", "--policy", "fpe.yml"]).expect(0);
    server.run("postgres", b"CREATE DATABASE bare;");
    server.run("bare", SCHEMA.as_bytes());
    server.run("bare", &folder.read("bare-out"));
    let hold =
        HOLD.replace("length(u) = 20", "length(u) = 11").replace("n = d::bigint", "n = d::bigint AND u = n::text");
    assert_eq!(server.run("bare", hold.as_bytes()), format!("{ROWS}\n"));
}

#[test]
fn bytes_that_are_no_text_stay() {
    let Some((server, folder)) = start() else { return };
    // Text in bytes that are no text: nobody knows what a new value would break.
    server.run("typed", b"CREATE TABLE own (id integer, x bytea); INSERT INTO own VALUES (1, '\\xff00');");
    folder.write("own.sql", server.dump("typed", &["-t", "own"]));
    let rewriting = ["deidentify", "own.sql", "-o", "out.sql", "--key-file", "k", "--policy", "hash.yml"];
    folder.tuomin(&rewriting).expect(0);
    assert!(folder.read("own.sql") == folder.read("out.sql"));
}
