//! Values with a syntax of their own inside of cells (composite types, hstore, arrays of these, text in bytea), in each form
//! of dump: rewritten by the program, loaded into a real PostgreSQL, and held against the source.

use crate::program::{Folder, POLICY, contains};
use crate::support::people::phone;
use crate::support::rewrite::identity;
use crate::support::servers::Postgres;

const ROWS: u64 = 40;

const SCHEMA: &str = r#"
CREATE EXTENSION hstore;
CREATE SCHEMA "其他";
CREATE TYPE address AS (street text, phone varchar(11));
CREATE TYPE "其他".address AS ("n 号" integer, mobile bigint);
CREATE DOMAIN "My Dom" AS text CONSTRAINT long_enough CHECK (length(VALUE) >= 4);
CREATE DOMAIN "Free Dom" AS text;
CREATE TYPE person AS (key text, mobile "Free Dom", home address, others address[], extra jsonb, search tsvector, at date);
CREATE DOMAIN somebody AS person;
CREATE TABLE rows_of (id integer, tel varchar(20));
CREATE TABLE clients (
    id bigint PRIMARY KEY, p person, q somebody, a address[], o "其他".address NOT NULL, r rows_of,
    h hstore, hs hstore[], d "My Dom", raw bytea, gbk bytea, raws bytea[], untouched person, picture bytea,
    CHECK ((p IS NULL) OR id > 0)
);
"#;

fn fill() -> String {
    format!(
        r#"
CREATE VIEW made AS SELECT i, (13912300000 + i * 37)::text AS m FROM generate_series(1, {ROWS}) i;
INSERT INTO clients
SELECT i, made_p, made_p, ARRAY[ROW(E'a "q" \\ b', m)::address, NULL, ROW(NULL, NULL)::address, ROW('', m)::address],
    ROW(i, m::bigint)::"其他".address, ROW(i, m)::rows_of,
    hstore(ARRAY['手机', 'a "q" \ =>', 'none', 'note'], ARRAY[m, 'x', NULL, E'电话 ' || m || E' "\\\n']),
    ARRAY[hstore('phone', m), NULL, ''::hstore], '电话' || m,
    convert_to('电话 ' || m || E' \\ end', 'UTF8'), convert_to('联系电话：' || m || '，请拨打', 'GBK'),
    ARRAY[convert_to('电话 ' || m, 'UTF8'), NULL, '\x00ff'::bytea],
    ROW('plain', NULL, NULL, '{{}}', '{{"n": 1}}', 'a:1', '2026-01-05')::person, '\x89504e470d0a1a0a00ff'
FROM made, LATERAL (SELECT ROW(E'客户，"电话"(' || m || E')\\', m, ROW('', m)::address,
    ARRAY[ROW('中 ' || m || ' 文', NULL)::address, NULL], jsonb_build_object('手机', m, 'q', E'"\\'), 'free words', NULL)::person AS made_p) x;
INSERT INTO clients (id, o) VALUES ({0}, ROW(NULL, NULL)::"其他".address), ({0} + 1, ROW(1, NULL));
UPDATE clients SET p = ROW('', NULL, NULL, NULL, NULL, NULL, NULL), a = '{{}}', h = '' WHERE id > {0};
DROP VIEW made;
"#,
        ROWS + 1
    )
}

/// Rows that hold together by one token for one number where there is room for it, and one number of 11 digits elsewhere.
const HOLD: &str = r#"SELECT count(*) FROM clients WHERE length((p).mobile) = 20 AND (p).key = E'客户，"电话"(' || (p).mobile || E')\\'
    AND p = q AND (p).home = ROW('', (o).mobile::text)::address AND length(((p).home).phone) = 11
    AND (o).mobile <> 13912300000 + id * 37 AND ((p).others)[1] = ROW('中 ' || (p).mobile || ' 文', NULL)::address AND ((p).others)[2] IS NULL
    AND (p).extra ->> '手机' = (p).mobile AND (p).extra ->> 'q' = E'"\\' AND array_length((p).others, 1) = 2
    AND a = ARRAY[ROW(E'a "q" \\ b', (o).mobile)::address, NULL, ROW(NULL, NULL)::address, ROW('', (o).mobile)::address]
    AND r = ROW(id, (p).mobile)::rows_of
    AND h = hstore(ARRAY['手机', 'a "q" \ =>', 'none', 'note'], ARRAY[(p).mobile::text, 'x', NULL, E'电话 ' || (p).mobile || E' "\\\n'])
    AND hs = ARRAY[hstore('phone', (p).mobile), NULL, ''::hstore] AND d = '电话' || (p).mobile
    AND convert_from(raw, 'UTF8') = '电话 ' || (p).mobile || E' \\ end'
    AND convert_from(gbk, 'GBK') = '联系电话：' || (p).mobile || '，请拨打'
    AND raws = ARRAY[convert_to('电话 ' || (p).mobile, 'UTF8'), NULL, '\x00ff'::bytea];"#;

/// What is the same whatever was replaced.
const SAME: &str = "SELECT concat_ws(' ', count(*), count(p), count(a), count(h), count(hs), count(raws), count((p).home), count((p).at)), \
    md5(string_agg(concat_ws('|', id, untouched, encode(picture, 'hex'), (o).\"n 号\", (p).search, p IS NULL, (p).key = '', (p).key IS NULL), ',' ORDER BY id)) \
    FROM clients;";

fn start() -> Option<(Postgres, Folder)> {
    Some((Postgres::with_database("typed", &[SCHEMA, &fill()])?, Folder::with_policies()))
}

/// Rewrites a dump of this form, loads it into database `name`, and compares.
fn rewrite_and_load(server: &Postgres, folder: &Folder, form: &[&str], name: &str) {
    let (input, output) = (format!("{name}-in"), format!("{name}-out"));
    let mut dumper = server.dumper("typed");
    assert!(dumper.args(form).arg("-f").arg(folder.path(&input)).status().unwrap().success());
    let rewriting = |output: &str, policy: &str| {
        folder.tuomin(&["deidentify", &input, "-o", output, "--key-file", "k", "--policy", policy]).expect(0);
    };
    rewriting(&output, "hash.yml");
    let is_archive = form.first().is_some_and(|first| first.starts_with("-F"));
    let script = if is_archive {
        let restored = server.restorer().args(["-f", "-"]).arg(folder.path(&output)).output().unwrap();
        assert!(restored.status.success(), "{form:?}: {}", String::from_utf8_lossy(&restored.stderr));
        restored.stdout
    } else {
        rewriting(&format!("{name}-same"), "keep.yml");
        assert!(folder.read(&format!("{name}-same")) == folder.read(&input), "{form:?}: keep changes the dump");
        assert!(identity("pgdump", &folder.read(&input)).0 == folder.read(&input), "{form:?}");
        folder.read(&output)
    };
    for n in 1..=ROWS {
        let hexadecimal = data_encoding::HEXLOWER.encode(phone(n).as_bytes());
        assert!(!contains(&script, phone(n).as_bytes()), "{form:?}: a number is left");
        assert!(!contains(&script, hexadecimal.as_bytes()), "{form:?}: a number is left in a bytea");
    }
    server.run("postgres", format!("CREATE DATABASE {name};").as_bytes());
    server.run(name, &script);
    assert_eq!(server.run(name, HOLD.as_bytes()), format!("{ROWS}\n"), "{form:?}");
    assert_eq!(server.run(name, SAME.as_bytes()), server.run("typed", SAME.as_bytes()), "{form:?}");
    folder.tuomin(&["verify", &output, "--policy", "hash.yml"]).expect(0);
}

#[test]
fn values_with_a_syntax_of_their_own_are_rewritten_through_each_form_of_dump() {
    let Some((server, folder)) = start() else { return };
    let same = server.run("typed", SAME.as_bytes());
    assert!(same.starts_with(&format!("{} {1} {1} {1} {2} {2} {2} 0|", ROWS + 2, ROWS + 1, ROWS)), "{same}");
    let forms: &[&[&str]] = &[
        &[],
        &["--inserts"],
        &["--column-inserts"],
        &["-E", "GB18030"],
        &["-Fc"],
        &["-Fd"],
        &["-Ft"],
        &["-Fc", "--inserts"],
    ];
    for (number, form) in forms.iter().enumerate() {
        rewrite_and_load(&server, &folder, form, &format!("copy{number}"));
    }
    // A bytea may be written with escapes, too.
    server.run("postgres", b"ALTER DATABASE typed SET bytea_output = 'escape';");
    for (number, form) in [&[][..], &["--inserts"], &["-Fc"]].iter().enumerate() {
        rewrite_and_load(&server, &folder, form, &format!("escaped{number}"));
    }
    let dump = folder.read("escaped0-in");
    assert!(contains(&dump, br"\\347\\224\\265") && !contains(&dump, br"\\x"), "no escapes in the dump");
}

#[test]
fn a_plan_names_the_fields() {
    let Some((server, folder)) = start() else { return };
    folder.write("in.sql", server.dump("typed", &[]));
    let plan = ["deidentify", "in.sql", "-o", "out.sql", "--key-file", "k", "--policy", "hash.yml", "--plan"];
    let ended = folder.tuomin(&plan).expect(0);
    for column in ["p.home.phone", "p.others.street", "o.mobile", "a.phone", "h", "hs[]", "raws[]"] {
        assert!(ended.out().lines().any(|line| line.contains(column)), "{column}: {}", ended.out());
    }
    let ended = folder.tuomin(&["scan", "in.sql", "--matches", "-", "-q"]).expect(0);
    let found: Vec<serde_json::Value> = ended.out().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |column: &str| {
        found.iter().filter(|found| found["column"] == column && found["row"] == 3 && found["line"].is_u64()).count()
    };
    assert_eq!((of("p.home.phone"), of("a.phone"), of("o.mobile"), of("h")), (1, 2, 1, 2));
}

/// What cannot be rewritten is refused by its name, and nothing is written.
#[test]
fn what_has_no_place_for_a_new_value_is_refused() {
    let Some((server, folder)) = start() else { return };
    let (types, _) = SCHEMA.split_once("CREATE TABLE").unwrap();
    server.run("postgres", b"CREATE DATABASE refused;");
    server.run("refused", types.as_bytes());
    for (kind, value, column, reason) in [
        ("hstore", "hstore('13912300037', 'x')", "x", "object key"),
        ("hstore[]", "ARRAY[hstore('13912300037', 'x')]", "x[]", "object key"),
        ("person", "ROW(NULL, NULL, NULL, NULL, NULL, '13912300037', NULL)", "x.search", "tsvector"),
        (
            "person[]",
            "ARRAY[NULL, ROW(NULL, NULL, NULL, NULL, NULL, '13912300037', NULL)::person]",
            "x.search",
            "tsvector",
        ),
        ("int8range", "int8range(13912300037, 13912300038)", "x", "int8range"),
        ("tsvector", "'13912300037'", "x", "tsvector"),
        ("xml", "'<a>13912300037</a>'", "x", "xml"),
    ] {
        let sql = format!("CREATE TABLE own (id integer, x {kind}); INSERT INTO own VALUES (1, NULL), (2, {value});");
        server.run("refused", sql.as_bytes());
        for form in [&[][..], &["--inserts"]] {
            folder.write("own.sql", server.dump("refused", form));
            let rewriting = ["deidentify", "own.sql", "-o", "out.sql", "--key-file", "k", "--policy", "hash.yml"];
            let ended = folder.tuomin(&rewriting).expect(3);
            let place = format!("public.own row 2 column {column}");
            assert!(ended.stderr.contains(&place) && ended.stderr.contains(reason), "{kind}: {}", ended.stderr);
            assert!(ended.stderr.contains("keep"), "{kind}: {}", ended.stderr);
            assert!(!folder.path("out.sql").exists() && !ended.stderr.contains("13912300037"), "{kind}");
        }
        server.run("refused", b"DROP TABLE own;");
    }
}

/// A field's values are those of a column by its own name: one that is of an entity type can be emptied as a column can.
#[test]
fn fields_are_examined_as_columns() {
    let Some((server, folder)) = start() else { return };
    server.run("postgres", b"CREATE DATABASE fields;");
    let sql = r#"CREATE TYPE who AS ("姓名" text, colour text, phone varchar(11));
        CREATE TABLE staff (id integer, w who, ws who[]);
        INSERT INTO staff SELECT i, x, ARRAY[x, NULL] FROM generate_series(1, 20) i,
            LATERAL (SELECT ROW('张伟', 'red', (13912300000 + i * 37)::text)::who AS x) y;"#;
    server.run("fields", sql.as_bytes());
    folder.write("in.sql", server.dump("fields", &[]));
    let ended = folder.tuomin(&["scan", "in.sql", "--matches", "-", "-q"]).expect(0);
    let found: Vec<serde_json::Value> = ended.out().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let count = |column: &str, entity: &str| {
        found.iter().filter(|found| found["column"] == column && found["entity"] == entity).count()
    };
    assert_eq!((count("w.姓名", "PERSON_NAME"), count("w.colour", "PERSON_NAME")), (20, 0), "{}", ended.out());
    assert_eq!((count("ws.姓名", "PERSON_NAME"), count("ws.phone", "CN_MOBILE_PHONE")), (20, 20));
    folder.write("drop.yml", POLICY.replace("hash", "drop"));
    folder.tuomin(&["deidentify", "in.sql", "-o", "out.sql", "--key-file", "k", "--policy", "drop.yml"]).expect(0);
    server.run("postgres", b"CREATE DATABASE emptied;");
    server.run("emptied", &folder.read("out.sql"));
    let hold = "SELECT count(*) FROM staff WHERE w = ROW(NULL, 'red', NULL)::who AND ws = ARRAY[w, NULL];";
    assert_eq!(server.run("emptied", hold.as_bytes()), "20\n");
}
