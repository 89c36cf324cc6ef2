//! An operator that fails at each stage: before anything is read, at the last value of a file, in what must hold of the
//! rows, and in the second reading. In each, no output, no stray file, the input as it was, and no value said.

use std::fs;

use rusqlite::Connection;

use crate::faults::strays;
use crate::program::{Folder, contains, gzip};

const ROWS: usize = 20_000;
/// Stands in all rows.
const PLANTED: &str = "13912345678";
/// Stands in the last row only.
const LAST: &str = "13987654321";

/// What goes wrong, where, and what is said of it.
struct Case {
    name: &'static str,
    file: &'static str,
    content: Vec<u8>,
    policy: &'static str,
    says: &'static str,
}

const HASH: &str = "hash";
const NULL: &str = "'null'";
const MASK: &str = "mask";

/// A dump of PostgreSQL with one table; the last row is another one.
fn dump(columns: &str, names: &str, row: &str, last: &str, behind: &str) -> Vec<u8> {
    format!(
        "--\n-- PostgreSQL database dump\n--\n\nSET client_encoding = 'UTF8';\n\nCREATE TABLE public.t (\n{columns}\n);\n\n\
         COPY public.t ({names}) FROM stdin;\n{}{last}\n\\.\n\n{behind}",
        format!("{row}\n").repeat(ROWS)
    )
    .into_bytes()
}

/// A dump of MariaDB in GBK, a byte of which stands for no character.
fn gbk(last: &[u8]) -> Vec<u8> {
    let mut dump =
        b"-- MariaDB dump 10.19\n/*!40101 SET NAMES gbk */;\nCREATE TABLE `t` (`id` int, `mobile` varchar(64), \
        `note` varchar(64)) DEFAULT CHARSET=gbk;\n"
            .to_vec();
    for n in 0..ROWS / 10 {
        dump.extend_from_slice(format!("INSERT INTO `t` VALUES ({n},'{PLANTED}','").as_bytes());
        // 盶 ends in a backslash.
        dump.extend_from_slice(b"\xb1\x5c\xd6\xd0');\n");
    }
    dump.extend_from_slice(b"INSERT INTO `t` VALUES (1,'13987654321','");
    dump.extend_from_slice(last);
    dump.extend_from_slice(b"');\n");
    dump
}

fn cases() -> Vec<Case> {
    let case = |name, file, content, policy, says| Case { name, file, content, policy, says };
    let mobile = "    id integer,\n    mobile character varying(20)";
    let row = format!("1\t{PLANTED}");
    let last = format!("2\t{LAST}");
    let comment = format!("COMMENT ON TABLE public.t IS '{LAST}';\n");
    let json = format!("{{\"mobile\":\"{PLANTED}\"}}\n").repeat(ROWS);
    vec![
        case(
            "a value that may not be NULL",
            "null.sql",
            dump("    id integer,\n    mobile bigint NOT NULL", "id, mobile", "1\t1", &last, ""),
            NULL,
            "must not be NULL",
        ),
        case(
            "a type that holds no other value",
            "type.sql",
            dump(
                "    id integer,\n    mobile text,\n    at tsrange",
                "id, mobile, at",
                "1\t1\t[2026-01-01,2026-01-02)",
                &format!("2\t{PLANTED}\t[{PLANTED},2026)"),
                "",
            ),
            HASH,
            "of type",
        ),
        case(
            "two values that become one in a UNIQUE column",
            "unique.sql",
            dump(
                mobile,
                "id, mobile",
                "1\t\\N",
                "2\t13912345678\n3\t13912355678",
                "ALTER TABLE ONLY public.t\n    ADD CONSTRAINT t_mobile_key UNIQUE (mobile);\n",
            ),
            MASK,
            "UNIQUE",
        ),
        case(
            "a value that is left in a statement behind the rows",
            "left.sql",
            dump(mobile, "id, mobile", &row, &last, &comment),
            HASH,
            "still holds",
        ),
        case("a character that GBK has not", "gbk.sql", gbk(b"\xb1\x5c"), "{replace: \"😀{entity}\"}", "GBK has not"),
        case("bytes that are no GBK", "bytes.sql", gbk(b"\xff 13987654321"), HASH, "neither UTF-8 nor GB18030"),
        case(
            "a key that is an identifier",
            "key.ndjson",
            format!("{json}{{\"{LAST}\":1}}\n").into_bytes(),
            HASH,
            "key",
        ),
        case("a packed file that breaks off", "cut.ndjson.gz", cut(&gzip(json.as_bytes())), HASH, "too early"),
        case("a database whose column is checked", "check.db", database(), MASK, "CHECK"),
    ]
}

fn cut(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len() - 9].to_vec()
}

fn database() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let connection = Connection::open(&path).unwrap();
    connection
        .execute_batch(&format!(
            "PRAGMA synchronous = OFF; CREATE TABLE t(id INTEGER PRIMARY KEY, mobile TEXT CHECK (mobile NOT GLOB '*[^0-9]*'));
             WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) INSERT INTO t SELECT i, NULL FROM n;
             INSERT INTO t VALUES (30000, '{LAST}');"
        ))
        .unwrap();
    connection.close().unwrap();
    fs::read(path).unwrap()
}

fn policy(operator: &str) -> String {
    format!(
        "policy: test\ntitle: one operator\nversion: '1'\nsource: test\nentries: []\n\
         otherwise: {{level: 3, deidentify: {operator}, anonymize: {operator}}}\n"
    )
}

#[test]
fn an_operator_that_fails_at_any_stage_leaves_nothing() {
    for Case { name, file, content, policy: operator, says } in cases() {
        for (in_place, threads) in [(false, "1"), (false, "3"), (true, "2")] {
            let folder = Folder::with_key();
            fs::create_dir(folder.path("tmp")).unwrap();
            folder.write("p.yml", policy(operator));
            folder.write(file, &content);
            folder.write("out", "what was there before\n");
            let to: &[&str] = if in_place { &["--in-place"] } else { &["-o", "out"] };
            let arguments = [&["deidentify", file, "--force", "--key-file", "k", "--policy", "p.yml"], to].concat();
            let mut command = folder.command(&[&arguments[..], &["--threads", threads]].concat());
            let output = command.env("TMPDIR", folder.path("tmp")).output().unwrap();
            let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            let place = format!("{name}, {to:?}, {threads} threads: {:?} {said}", output.status);
            assert_eq!(output.status.code(), Some(3), "{place}");
            assert!(said.contains(says), "{place}");
            assert!(!said.contains(PLANTED) && !said.contains(LAST) && !said.contains("panic"), "{place}");
            assert_eq!(folder.text("out"), "what was there before\n", "{place}");
            assert!(folder.read(file) == content, "{place}: the input is another one");
            assert!(strays(&folder).is_empty(), "{place}: {:?}", strays(&folder));
            assert_eq!(folder.files(), sorted([file, "k", "out", "p.yml"]), "{place}");
        }
    }
}

fn sorted(mut names: [&str; 4]) -> [&str; 4] {
    names.sort_unstable();
    names
}

/// Before anything is read: a key that is none, an operator that asks for more.
#[test]
fn what_cannot_be_carried_out_is_refused_before_anything_is_read() {
    let folder = Folder::with_key();
    folder.write("a.csv", format!("mobile\n{PLANTED}\n"));
    folder.write("short", "0123456789\n");
    folder.write("fpe.yml", policy("fpe"));
    folder.write("unkeyed.yml", policy("sha256"));
    folder.write("subjectless.yml", policy("date_shift"));
    for (policy, key) in [("fpe.yml", "short"), ("fpe.yml", "none"), ("unkeyed.yml", "k"), ("subjectless.yml", "k")] {
        for to in [&["-o", "out"][..], &["--in-place"]] {
            let arguments = [&["deidentify", "a.csv", "--key-file", key, "--policy", policy], to].concat();
            let ended = folder.tuomin(&arguments).expect(2);
            assert!(!ended.stderr.contains(PLANTED), "{}", ended.stderr);
            assert!(!folder.path("out").exists() && contains(&folder.read("a.csv"), PLANTED.as_bytes()));
        }
    }
    assert_eq!(folder.files().len(), 6, "{:?}", folder.files());
}
