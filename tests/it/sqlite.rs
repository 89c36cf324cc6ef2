//! SQLite databases as the program reads and writes them, made and held against by another SQLite: Python's.

use std::fs;

use rusqlite::Connection;

use crate::program::{Folder, POLICY, contains, gunzip};
use crate::support::python;

/// Runs the peer script; `None`, with a printed reason, where there is no Python with SQLite.
fn peer(folder: &Folder, arguments: &[&str]) -> Option<()> {
    python::peer("sqlite_peer.py", "sqlite3", &folder.path(""), arguments)
}

fn database(folder: &Folder, name: &str, sql: &str) {
    fs::create_dir_all(folder.path(name).parent().unwrap()).unwrap();
    let connection = Connection::open(folder.path(name)).unwrap();
    connection.execute_batch(&format!("PRAGMA synchronous = OFF; {sql}")).unwrap();
    connection.close().unwrap();
}

#[test]
fn what_is_rewritten_is_right_for_another_sqlite() {
    let folder = Folder::with_key();
    let Some(()) = peer(&folder, &["write"]) else { return };
    let before: Vec<Vec<u8>> = folder.files().iter().map(|file| folder.read(file)).collect();
    folder.write("hash.yml", POLICY);
    folder.write("fpe.yml", POLICY.replace("deidentify: hash", "deidentify: fpe"));
    folder.write("keep.yml", POLICY.replace("deidentify: hash", "deidentify: keep"));
    // By fpe, `138-0013-8000` in a column of numbers would become one, and is refused.
    for name in ["small", "wal", "search"] {
        folder.write(&format!("exact/{name}.db"), folder.read(&format!("in/{name}.db")));
    }
    for (policy, input, check) in [("hash", "in", "check"), ("fpe", "exact", "check"), ("keep", "in", "same")] {
        let file = format!("{policy}.yml");
        folder.tuomin(&["deidentify", input, "-o", policy, "--key-file", "k", "--policy", &file]).expect(0);
        peer(&folder, &[check, policy]).unwrap();
        folder.tuomin(&["verify", policy]).expect(0);
    }
    folder.tuomin(&["anonymize", "in", "-o", "anonymous", "--policy", "hash.yml"]).expect(0);
    peer(&folder, &["check", "anonymous"]).unwrap();
    let after: Vec<Vec<u8>> = folder
        .files()
        .iter()
        .filter(|file| file.starts_with("in/") || *file == "k")
        .map(|file| folder.read(file))
        .collect();
    assert_eq!(before, after, "the originals are as they were, and nothing stands beside them");
    // In their own place, and packed.
    folder.tuomin(&["deidentify", "in", "--in-place", "--key-file", "k", "--policy", "hash.yml"]).expect(0);
    for name in ["plain", "small", "utf16", "wal", "search", "search16"] {
        assert_eq!(folder.read(&format!("in/{name}.db")), folder.read(&format!("hash/{name}.db")), "{name}");
    }
}

#[test]
fn a_scan_names_table_column_and_row() {
    let folder = Folder::new();
    database(
        &folder,
        "a.db",
        "CREATE TABLE \"客户\"(id INTEGER PRIMARY KEY, \"手机\" TEXT, n INTEGER);
         INSERT INTO \"客户\" VALUES (5, NULL, 1), (9, '13912345678', 2), (11, 13912345679, 3);
         CREATE TABLE t(remark TEXT DEFAULT '13912345670'); -- 电话
         CREATE VIEW v AS SELECT * FROM \"客户\";",
    );
    let ended = folder.tuomin(&["scan", "a.db", "--matches", "m.jsonl", "--show-values"]).expect(0);
    assert!(ended.out().contains("客户") && ended.out().contains("手机"), "{}", ended.out());
    let lines: Vec<serde_json::Value> =
        folder.text("m.jsonl").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let places: Vec<String> = lines
        .iter()
        .map(|line| format!("{} {} {} {}", line["table"], line["column"], line["row"], line["value"]))
        .collect();
    assert_eq!(
        places,
        [r#"null null null "13912345670""#, r#""客户" "手机" 2 "13912345678""#, r#""客户" "手机" 3 "13912345679""#]
    );
    assert_eq!(folder.files(), ["a.db", "m.jsonl"]);
}

#[test]
fn a_packed_or_piped_database_is_one_too() {
    let folder = Folder::with_key();
    database(&folder, "a.db", "CREATE TABLE t(mobile); INSERT INTO t VALUES ('13912345678')");
    folder.write("in/a.db.gz", crate::program::gzip(&folder.read("a.db")));
    folder.tuomin(&["deidentify", "in/a.db.gz", "-o", "out/a.db.gz", "--key-file", "k"]).expect(0);
    folder.tuomin(&["deidentify", "a.db", "-o", "b.db", "--key-file", "k"]).expect(0);
    assert_eq!(gunzip(&folder.path("out/a.db.gz")), folder.read("b.db"));
    let piped = folder.tuomin_with(&["deidentify", "-", "-o", "-", "--key-file", "k"], &folder.read("a.db")).expect(0);
    assert_eq!(piped.stdout, folder.read("b.db"));
    assert!(!contains(&piped.stdout, b"13912345678"));
}

#[test]
fn in_doubt_nothing_is_written() {
    let folder = Folder::with_key();
    let policy = POLICY.replace("deidentify: hash", "deidentify: mask").replace("anonymize: hash", "anonymize: mask");
    folder.write("mask.yml", policy);
    let insert = "INSERT INTO t(mobile) VALUES ('13912345678'), ('13912355678')";
    database(&folder, "in/unique.db", &format!("CREATE TABLE t(mobile TEXT UNIQUE); {insert}"));
    let check = "CHECK (mobile NOT GLOB '*[^0-9]*')";
    database(&folder, "in/check.db", &format!("CREATE TABLE t(mobile TEXT {check}); {insert}"));
    database(
        &folder,
        "in/words.db",
        "CREATE VIRTUAL TABLE t USING fts5(mobile, content='');
        INSERT INTO t(rowid, mobile) VALUES (1, '13912345678')",
    );
    database(&folder, "in/good.db", &format!("CREATE TABLE t(mobile TEXT); {insert}"));
    let joined =
        "CREATE TABLE t(a TEXT, b TEXT, mobile TEXT AS (a || b) STORED); INSERT INTO t VALUES ('1391234', '5678')";
    database(&folder, "in/joined.db", joined);
    let cut = folder.read("in/good.db");
    folder.write("in/cut.db", &cut[..cut.len() - 4096]);
    database(&folder, "in/live.db", &format!("PRAGMA journal_mode = WAL; CREATE TABLE t(mobile TEXT); {insert}"));
    let writer = Connection::open(folder.path("in/live.db")).unwrap();
    writer.execute_batch("INSERT INTO t VALUES ('13912345679')").unwrap();
    let before = folder.files();
    let arguments = ["deidentify", "in", "-o", "out", "--key-file", "k", "--policy", "mask.yml"];
    let ended = folder.tuomin(&arguments).expect(3);
    for reason in [
        "unique.db: table t row 2 column mobile: the new value is already there",
        "check.db: table t row 1 column mobile: the new value breaks a CHECK",
        "words.db: table t row 1 column term: the table holds data",
        "joined.db: table t row 1 column mobile: the rewritten data still holds",
        "cut.db: the SQLite database is damaged",
        "live.db: the database has a write-ahead log",
    ] {
        assert!(ended.stderr.contains(reason), "{reason}\n{}", ended.stderr);
    }
    assert!(!ended.stderr.contains("1391234") && !ended.out().contains("1391234"));
    let written: Vec<String> =
        folder.files().into_iter().filter(|file| file.ends_with(".db") && file.starts_with("out")).collect();
    assert_eq!(written, ["out/good.db"]);
    for file in before {
        assert!(folder.path(&file).exists());
    }
    // In its own place, the old log would be played into the new file.
    let ended = folder.tuomin(&["deidentify", "in/live.db", "--in-place", "--key-file", "k"]).expect(3);
    assert!(ended.stderr.contains("write-ahead log"), "{}", ended.stderr);
}

#[test]
fn values_in_the_schema_are_named_and_left() {
    let folder = Folder::with_key();
    database(
        &folder,
        "a.db",
        "CREATE TABLE t(mobile TEXT DEFAULT '13912345670'); INSERT INTO t VALUES ('13912345678')",
    );
    let ended = folder.tuomin(&["deidentify", "a.db", "-o", "b.db", "--key-file", "k"]).expect(3);
    assert!(ended.out().contains("left in statements") || ended.stderr.contains("statements"), "{}", ended.stderr);
    // One that was replaced in a row must not be left there.
    database(
        &folder,
        "c.db",
        "CREATE TABLE t(mobile TEXT DEFAULT '13912345678'); INSERT INTO t VALUES ('13912345678')",
    );
    let ended = folder.tuomin(&["deidentify", "c.db", "-o", "d.db", "--key-file", "k"]).expect(3);
    assert!(ended.stderr.contains("still holds") && !folder.path("d.db").exists(), "{}", ended.stderr);
}
