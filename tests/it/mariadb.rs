//! Dumps of a real MariaDB, rewritten and loaded again.

use std::fmt::Write;

use crate::program::Folder;
use crate::support::rewrite::{identity, replace_columns};
use crate::support::servers::{MariaDb, pipe};
use crate::support::shop::{
    self, JOINED, Made, ORDERS, ORDERS_SUMMARY, Quoting, Row, assert_no_original, compare, customers,
};

const ROWS: usize = 400;

const SCHEMA: &str = r#"
CREATE DATABASE shop CHARACTER SET utf8mb4;
USE shop;
CREATE TABLE `客``户` (
    id int NOT NULL AUTO_INCREMENT PRIMARY KEY,
    name varchar(8) COMMENT 'GENERATED ALWAYS AS (x); it''s a name',
    phone bigint unsigned,
    mobile varchar(11) NOT NULL,
    note text,
    amount decimal(12,2),
    code decimal(11,0),
    extra json,
    raw varbinary(20),
    mood enum('好','坏'),
    at timestamp NOT NULL DEFAULT '2026-01-01 00:00:00',
    up varchar(100) GENERATED ALWAYS AS (upper(note)) STORED
);
CREATE TABLE empty_one (a text);
DELIMITER ;;
CREATE TRIGGER tr BEFORE INSERT ON empty_one FOR EACH ROW BEGIN
INSERT INTO empty_one VALUES ('it''s; */');
END;;
CREATE PROCEDURE pr() BEGIN
INSERT INTO empty_one VALUES ('a\'b');
END;;
DELIMITER ;
CREATE VIEW v AS SELECT name, ';''' AS quote FROM `客``户`;
"#;

fn fill() -> String {
    const NOTES: &[&str] = &[
        "NULL",
        "''",
        "'tab\\there'",
        "'line\\nend\\r\\n'",
        "'back\\\\slash\\\\'",
        "'quote\\'s \"x\"'",
        "'😀 emoji'",
        "'\\\\N'",
        "'\\Z \\0'",
        "'),(\\''",
        "'-- /* # '",
        "'a''b'",
    ];
    let mut sql = String::from("USE shop;\n");
    for n in 1..=ROWS {
        let name = match (n % 7, n % 11) {
            (0, _) => "NULL".to_owned(),
            (_, 0) => "''".to_owned(),
            _ => format!("'张三{n}'"),
        };
        let phone = if n % 5 == 0 { "NULL" } else { "13800138000" };
        let note = NOTES[n % NOTES.len()];
        writeln!(
            sql,
            "INSERT INTO `客``户` (name, phone, mobile, note, amount, code, extra, raw, mood) VALUES ({name}, {phone}, \
             '13800138000', {note}, {n}.25, 11010519491, '{{\"手机\": \"a\\\\\"b\"}}', {raw}, '好');",
            raw = if n % 3 == 0 { "NULL" } else { "'plain \\\\ \\'raw\\''" }
        )
        .unwrap();
    }
    sql
}

const SUMMARY: &str = "SET SESSION group_concat_max_len = 10000000; SELECT count(*), count(name), count(phone), count(mobile), \
    count(code), count(note), md5(group_concat(concat_ws('|', id, coalesce(hex(note), '<null>'), amount, extra, \
    coalesce(hex(raw), '<null>'), mood, at, hex(up)) ORDER BY id)), (SELECT count(*) FROM empty_one) FROM `客``户`;";

const REPLACED: &str = "SELECT sum(name = '令\\\\\\'x'), sum(phone = 19912345678), sum(mobile = '19912345678'), sum(code = 7) \
    FROM `客``户`;";

const PRESENT: &str = "SELECT count(name), count(phone), count(mobile), count(code) FROM `客``户`;";

#[test]
fn every_kind_of_dump_loads_again() {
    let Some(server) = MariaDb::start() else { return };
    server.run("", SCHEMA.as_bytes());
    server.run("", fill().as_bytes());
    let present = server.run("shop", PRESENT.as_bytes());
    let replacements = [("name", "令\\'x"), ("phone", "19912345678"), ("mobile", "19912345678"), ("code", "7")];
    let kinds: &[&[&str]] = &[
        &[],
        &["--skip-extended-insert"],
        &["--hex-blob"],
        &["--complete-insert"],
        &["--routines", "--triggers", "--events"],
        &["--replace", "--skip-opt"],
        &["--insert-ignore", "--skip-comments", "--tz-utc=0"],
    ];
    for (number, options) in kinds.iter().enumerate() {
        if options.contains(&"--hex-blob") {
            // Bytes that are no text at all stand in a dump only as hex.
            server.run("shop", "UPDATE `客``户` SET raw = x'00FF5C27B55C' WHERE id % 4 = 0;".as_bytes());
        }
        let before = server.run("shop", SUMMARY.as_bytes());
        assert!(before.starts_with("400\t"), "{before}");
        let dump = server.dump("shop", options);
        let (same, rows) = identity("mysqldump", &dump);
        assert!(same == dump, "{options:?}: an identity run changes the dump");
        assert_eq!(rows, ROWS, "{options:?}");
        let database = format!("copy{number}");
        server.run("", format!("CREATE DATABASE {database} CHARACTER SET utf8mb4;").as_bytes());
        server.run(&database, &replace_columns("mysqldump", &dump, &replacements));
        assert_eq!(server.run(&database, SUMMARY.as_bytes()), before, "{options:?}");
        assert_eq!(server.run(&database, REPLACED.as_bytes()), present, "{options:?}");
        if options.contains(&"--hex-blob") {
            server.run("shop", "UPDATE `客``户` SET raw = 'text' WHERE id % 4 = 0;".as_bytes());
        }
    }
}

#[test]
fn rows_without_backslash_escapes_load_again() {
    let Some(server) = MariaDb::start() else { return };
    let rows = "/*!40101 SET NAMES utf8mb4 */;\nSET sql_mode='NO_BACKSLASH_ESCAPES';\nCREATE TABLE `t` (`id` int, `name` varchar(20), `note` text);\n\
        INSERT INTO `t` VALUES (1,'a\\','b''\\'),(2,NULL,'\\\\'),(3,'','');\n";
    assert!(identity("mysqldump", rows.as_bytes()).0 == rows.as_bytes());
    server.run("", b"CREATE DATABASE a; CREATE DATABASE b;");
    server.run("a", rows.as_bytes());
    server.run("b", &replace_columns("mysqldump", rows.as_bytes(), &[("name", "令\\'x")]));
    let notes = "SELECT group_concat(hex(note) ORDER BY id), count(name) FROM t;".as_bytes();
    assert_eq!(server.run("a", notes), server.run("b", notes));
    assert_eq!(server.run("b", "SELECT count(*) FROM t WHERE name = '令\\\\\\'x';".as_bytes()), "2\n");
}

/// The customers of a database.
fn shop_rows(server: &MariaDb, database: &str) -> Vec<Row> {
    let query = shop::query(|column| format!("concat('/', hex(convert({column} using utf8mb4)))"));
    shop::rows(&server.run(database, query.as_bytes()))
}

/// Loads a rewritten dump into a new database and holds it against the source.
fn load_and_compare(server: &MariaDb, database: &str, dump: &[u8], made: Made) {
    assert_no_original(dump);
    create(server, database);
    server.run(database, dump);
    compare_databases(server, database, made);
}

fn create(server: &MariaDb, database: &str) {
    server.run("", format!("CREATE DATABASE {database} CHARACTER SET utf8mb4;").as_bytes());
}

fn compare_databases(server: &MariaDb, database: &str, made: Made) {
    compare(&shop_rows(server, "shop"), &shop_rows(server, database), made);
    let summary = |database: &str| server.run(database, ORDERS_SUMMARY.as_bytes());
    assert_eq!(summary(database), summary("shop"));
    if made == Made::Deidentified {
        let joined = |database: &str| server.run(database, JOINED.as_bytes());
        assert_eq!(joined(database), joined("shop"));
    }
}

fn start_shop() -> Option<MariaDb> {
    let server = MariaDb::start()?;
    create(&server, "shop");
    server.run("shop", shop::sql(Quoting::Backslash).as_bytes());
    assert!(server.run("shop", ORDERS_SUMMARY.as_bytes()).starts_with(&format!("{ORDERS}\t")));
    assert_eq!(shop_rows(&server, "shop"), customers(), "the server holds what the test wrote");
    Some(server)
}

#[test]
fn a_shop_is_rewritten_by_the_program_and_loaded_again() {
    let Some(server) = start_shop() else { return };
    let folder = Folder::new();
    folder.tuomin(&["key", "new", "k"]).expect(0);
    let kinds: &[&[&str]] = &[&[], &["--skip-extended-insert"], &["--complete-insert"], &["--hex-blob"]];
    for (number, options) in kinds.iter().enumerate() {
        folder.write("shop.sql", server.dump("shop", options));
        let output = format!("out{number}.sql");
        folder.tuomin(&["deidentify", "shop.sql", "-o", &output, "--key-file", "k"]).expect(0);
        load_and_compare(&server, &format!("copy{number}"), &folder.read(&output), Made::Deidentified);
    }
    // Every kind of dump says the same.
    for (number, options) in kinds.iter().enumerate().skip(1) {
        assert_eq!(shop_rows(&server, "copy0"), shop_rows(&server, &format!("copy{number}")), "{options:?}");
    }
    folder.tuomin(&["anonymize", "shop.sql", "-o", "anonymous.sql"]).expect(0);
    load_and_compare(&server, "anonymous", &folder.read("anonymous.sql"), Made::Anonymized);
}

#[test]
fn a_dump_is_rewritten_on_its_way_into_the_other_database() {
    let Some(server) = start_shop() else { return };
    let folder = Folder::new();
    folder.tuomin(&["key", "new", "k"]).expect(0);
    create(&server, "piped");
    let rewriter = folder.command(&["deidentify", "-", "-o", "-", "--key-file", "k", "-q"]);
    pipe(vec![server.dumper("shop"), rewriter, server.loader("piped")]);
    compare_databases(&server, "piped", Made::Deidentified);
}
