use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Float64Type, Int64Type};
use proptest::prelude::*;
use rusqlite::Connection;
use rusqlite::types::Value;

use super::*;
use crate::block::{CellEdit, TableBlock};

/// Makes a database by `sql`.
fn made(folder: &Path, sql: &str) -> PathBuf {
    let path = folder.join("a.db");
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(&format!("PRAGMA synchronous = OFF; {sql}")).unwrap();
    connection.close().unwrap();
    path
}

fn text_of(block: &TableBlock, column: usize, row: usize) -> Option<Vec<u8>> {
    let values = &block.columns[column].values;
    if values.is_null(row) {
        return None;
    }
    Some(match values.data_type() {
        DataType::Binary => values.as_binary::<i32>().value(row).to_vec(),
        DataType::Int64 => values.as_primitive::<Int64Type>().value(row).to_string().into_bytes(),
        DataType::Float64 => values.as_primitive::<Float64Type>().value(row).to_string().into_bytes(),
        other => panic!("a block holds a column of {other}"),
    })
}

type Found = BTreeMap<String, Vec<(u64, String)>>;

/// Everything that is read, by `table.column`, with row numbers; the schema as `schema`, with lines.
fn read(file: &File) -> Result<Found, DataError> {
    let mut found = Found::new();
    Sqlite.read(file, &mut |block| {
        match &block {
            Block::Text(text) => {
                assert_eq!(text.syntax, Syntax::Statements);
                let text = String::from_utf8_lossy(text.slab.text()).into_owned();
                found.entry("schema".into()).or_default().push((0, text));
            }
            Block::Table(table) => {
                for column in 0..table.columns.len() {
                    assert_eq!(table.columns[column].values.len(), table.rows);
                    let context = &table.table.columns[table.columns[column].index];
                    let name = format!("{}.{}", table.table.name.as_deref().unwrap(), context.name);
                    for row in 0..table.rows {
                        if let Some(value) = text_of(table, column, row) {
                            let value = String::from_utf8_lossy(&value).into_owned();
                            found.entry(name.clone()).or_default().push((table.first_row + row as u64, value));
                        }
                    }
                }
            }
        }
        Ok(())
    })?;
    found.values_mut().for_each(|values| values.sort());
    Ok(found)
}

/// Rewrites `path` by `change`, which sees `table.column` and the value.
fn rewritten(path: &Path, change: &dyn Fn(&str, &str) -> Option<Option<String>>) -> Result<PathBuf, DataError> {
    let target = path.with_extension("out.db");
    let mut out = File::options().read(true).write(true).create(true).truncate(true).open(&target).unwrap();
    Sqlite.rewrite(&File::open(path).unwrap(), &mut out, &mut |block| {
        let mut edits = Edits::default();
        let Block::Table(table) = block else { return Ok(edits) };
        for column in 0..table.columns.len() {
            let context = &table.table.columns[table.columns[column].index];
            let name = format!("{}.{}", table.table.name.as_deref().unwrap(), context.name);
            for row in 0..table.rows {
                let Some(value) = text_of(table, column, row) else { continue };
                if let Some(new) = change(&name, &String::from_utf8_lossy(&value)) {
                    let value = new.map(String::into_bytes);
                    edits.cells.push(CellEdit { column: column as u32, row: row as u32, value });
                }
            }
        }
        Ok(edits)
    })?;
    Ok(target)
}

/// 138xxxxxxxx becomes 139xxxxxxxx everywhere.
fn moved(_: &str, value: &str) -> Option<Option<String>> {
    (value.contains("138") && !value.contains('\u{fffd}')).then(|| Some(value.replace("138", "139")))
}

fn refusal(path: &Path, change: &dyn Fn(&str, &str) -> Option<Option<String>>) -> String {
    let before = fs::read(path).unwrap();
    let error = rewritten(path, change).unwrap_err();
    assert_eq!(fs::metadata(path.with_extension("out.db")).unwrap().len(), 0, "nothing is written");
    assert_eq!(fs::read(path).unwrap(), before);
    error.to_string()
}

/// All rows of a query, with types.
fn rows(path: &Path, sql: &str) -> Vec<Vec<Value>> {
    let connection = Connection::open(path).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    let width = statement.column_count();
    let rows = statement.query_map((), |row| (0..width).map(|column| row.get(column)).collect()).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

/// Whether `needle` stands in the file in UTF-8 or UTF-16.
fn holds(path: &Path, needle: &str) -> bool {
    let bytes = fs::read(path).unwrap();
    let wide = |order: fn(u16) -> [u8; 2]| needle.encode_utf16().flat_map(order).collect::<Vec<u8>>();
    [needle.as_bytes().to_vec(), wide(u16::to_le_bytes), wide(u16::to_be_bytes)]
        .iter()
        .any(|needle| memchr::memmem::find(&bytes, needle).is_some())
}

const SHOP: &str = "
    PRAGMA page_size = 1024;
    PRAGMA auto_vacuum = INCREMENTAL;
    PRAGMA application_id = 77;
    PRAGMA user_version = 5;
    CREATE TABLE people (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        phone TEXT UNIQUE,
        number INTEGER,
        loose,
        real REAL,
        tail TEXT GENERATED ALWAYS AS (substr(phone, -4)) VIRTUAL,
        kept TEXT GENERATED ALWAYS AS ('tel:' || phone) STORED
    );
    CREATE TABLE keyed (phone TEXT, area INTEGER, note TEXT, PRIMARY KEY (phone, area)) WITHOUT ROWID;
    CREATE TABLE exact (id INT PRIMARY KEY, phone TEXT NOT NULL, number INTEGER, any ANY) STRICT;
    CREATE TABLE calls (person TEXT REFERENCES people(phone), at TEXT DEFAULT 'none');
    CREATE INDEX by_number ON people(number);
    CREATE INDEX by_part ON people(substr(phone, 1, 8)) WHERE phone IS NOT NULL;
    CREATE VIEW all_phones AS SELECT phone FROM people;
    CREATE TRIGGER spy AFTER UPDATE ON people BEGIN INSERT INTO calls VALUES (old.phone, 'spied'); END;
    INSERT INTO people(phone, number, loose, real) VALUES
        ('13800138000', 13800138000, 13800138000, 13800138000),
        ('13800138001', '138-0013-8001', '13800138001', 1.5),
        (NULL, NULL, x'3133383030313338303032', NULL),
        ('', 7, x'ff31333830', 2.0);
    INSERT INTO keyed VALUES ('13800138000', 10, 'a'), ('13800138000', 21, NULL), ('13800138005', 10, '13800138000');
    INSERT INTO exact VALUES (1, '13800138000', 13800138000, 13800138000), (2, '', NULL, '13800138009');
    INSERT INTO calls(person) VALUES ('13800138000'), ('13800138001'), (NULL);
    CREATE TABLE gone (phone TEXT);
    INSERT INTO gone VALUES ('13800138077');
    DELETE FROM gone;
    ANALYZE;
";

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn every_kind_of_table_is_read() {
    let folder = folder();
    let path = made(folder.path(), SHOP);
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    let found = read(&File::open(&path).unwrap()).unwrap();
    let values = |name: &str| {
        let found = found.get(name).cloned().unwrap_or_default();
        found.into_iter().map(|(row, value)| format!("{row}:{value}")).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(values("people.phone"), "1:13800138000 2:13800138001 4:");
    assert_eq!(values("people.number"), "1:13800138000 2:138-0013-8001 4:7");
    assert_eq!(values("people.loose"), "1:13800138000 2:13800138001 3:13800138002 4:\u{fffd}1380");
    assert_eq!(values("people.real"), "1:13800138000 2:1.5 4:2");
    assert_eq!(values("people.kept"), "1:tel:13800138000 2:tel:13800138001 4:tel:");
    assert_eq!(values("keyed.phone"), "1:13800138000 2:13800138000 3:13800138005");
    assert_eq!(values("exact.any"), "1:13800138000 2:13800138009");
    assert_eq!(values("sqlite_sequence.seq"), "1:4");
    assert!(!found.contains_key("all_phones.phone") && !found.contains_key("gone.phone"));
    assert!(values("schema").contains("DEFAULT 'none'") && values("schema").contains("CREATE TRIGGER spy"));
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), before);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing stands beside it");
}

#[test]
fn what_is_not_changed_is_copied_byte_for_byte() {
    let folder = folder();
    let path = made(folder.path(), SHOP);
    let target = rewritten(&path, &|_, _| None).unwrap();
    assert_eq!(fs::read(&path).unwrap(), fs::read(&target).unwrap());
}

#[test]
fn values_are_replaced_in_their_own_type_and_found_nowhere_any_more() {
    for encoding in ["UTF-8", "UTF-16le", "UTF-16be"] {
        let folder = folder();
        let path = made(folder.path(), &format!("PRAGMA encoding = '{encoding}'; {SHOP}"));
        assert!(holds(&path, "13800138000") && holds(&path, "13800138077"));
        let original = fs::read(&path).unwrap();
        let target = rewritten(&path, &moved).unwrap();
        assert_eq!(fs::read(&path).unwrap(), original);
        assert!(!holds(&target, "1380013800") && !holds(&target, "13800138077"), "{encoding}");
        for sql in [
            "SELECT id, replace(phone, '138', '139'), typeof(number), typeof(loose), typeof(real) FROM people",
            "SELECT replace(phone, '138', '139'), area, replace(note, '138', '139') FROM keyed",
            "SELECT id, replace(phone, '138', '139'), typeof(number), typeof(any) FROM exact",
            "SELECT replace(person, '138', '139'), at FROM calls",
            "SELECT count(*) FROM gone",
            "SELECT type, name, sql FROM sqlite_schema ORDER BY name",
            "SELECT name, seq FROM sqlite_sequence",
            "PRAGMA page_size",
            "PRAGMA encoding",
            "PRAGMA auto_vacuum",
            "PRAGMA application_id",
            "PRAGMA user_version",
            "PRAGMA journal_mode",
            "PRAGMA integrity_check",
            "PRAGMA foreign_key_check",
        ] {
            assert_eq!(rows(&path, sql), rows(&target, &sql.replace("'138', '139'", "'', ''")), "{encoding}: {sql}");
        }
        let row = &rows(&target, "SELECT phone, number, loose, real, tail, kept FROM people")[0];
        let (text, number) = (Value::Text("13900139000".into()), Value::Integer(13_900_139_000));
        let follows = [Value::Text("9000".into()), Value::Text("tel:13900139000".into())];
        assert_eq!(row[..4], [text, number.clone(), number, Value::Real(13_900_139_000.0)]);
        assert_eq!(row[4..], follows);
        let loose = rows(&target, "SELECT loose, typeof(loose) FROM people WHERE id = 3");
        assert_eq!(loose, [[Value::Blob(b"13900139002".to_vec()), Value::Text("blob".into())]]);
        assert!(!rows(&target, "SELECT * FROM sqlite_stat1").is_empty());
        assert!(!rows(&target, "SELECT * FROM sqlite_stat4").is_empty());
    }
}

#[test]
fn a_chain_of_values_moves_on() {
    let folder = folder();
    let sql = "CREATE TABLE t(id INTEGER PRIMARY KEY, phone INTEGER UNIQUE);
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99)
        INSERT INTO t SELECT i, 13800138000 + i FROM n;
        CREATE TABLE k(phone TEXT PRIMARY KEY, i) WITHOUT ROWID;
        INSERT INTO k SELECT phone, id FROM t";
    let path = made(folder.path(), sql);
    let next = |name: &str, value: &str| {
        (name != "t.id" && name != "k.i").then(|| Some((value.parse::<i64>().unwrap() + 1).to_string()))
    };
    let target = rewritten(&path, &next).unwrap();
    let sql = "SELECT id, phone - 13800138001 = id FROM t UNION ALL SELECT i, phone - 13800138001 = i FROM k";
    let after = rows(&target, sql);
    assert_eq!(after.len(), 200);
    assert!(after.iter().all(|row| row[1] == Value::Integer(1)));
}

#[test]
fn what_does_not_fit_is_refused_by_place() {
    let as_one = |name: &str, _: &str| (!name.ends_with(".id")).then(|| Some("13900139000".to_owned()));
    let word = |name: &str, _: &str| (!name.ends_with(".id")).then(|| Some("token".to_owned()));
    let null = |_: &str, _: &str| Some(None);
    type Change<'a> = &'a dyn Fn(&str, &str) -> Option<Option<String>>;
    let cases: [(&str, Change<'_>, &str); 13] = [
        (
            "CREATE TABLE t(id INT, phone TEXT UNIQUE); INSERT INTO t VALUES (1, '138'), (2, '1381')",
            &as_one,
            "table t row 2 column phone: the new value is already there",
        ),
        (
            "CREATE TABLE t(id INT, phone TEXT UNIQUE ON CONFLICT REPLACE); INSERT INTO t VALUES (1, '138'), (2, '1381')",
            &as_one,
            "table t row 2 column phone: the new value is already there",
        ),
        (
            "CREATE TABLE t(phone TEXT PRIMARY KEY) WITHOUT ROWID; INSERT INTO t VALUES ('138'), ('1381')",
            &as_one,
            "row 2 column phone: the new value is already there",
        ),
        (
            "CREATE TABLE t(phone TEXT CHECK(length(phone) = 11)); INSERT INTO t VALUES ('13800138000')",
            &word,
            "table t row 1 column phone: the new value breaks a CHECK",
        ),
        (
            "CREATE TABLE t(phone INTEGER) STRICT; INSERT INTO t VALUES (13800138000)",
            &word,
            "table t row 1 column phone: the cell is a number",
        ),
        (
            "CREATE TABLE t(phone INTEGER); INSERT INTO t VALUES ('138-0013-8000')",
            &as_one,
            "table t row 1 column phone: the cell is text, and",
        ),
        (
            "CREATE TABLE t(phone TEXT NOT NULL); INSERT INTO t VALUES ('13800138000')",
            &null,
            "table t row 1 column phone: the column does not allow NULL",
        ),
        (
            "CREATE TABLE t(phone); INSERT INTO t VALUES (x'ff3133383030313338303030')",
            &word,
            "table t row 1 column phone: the cell holds bytes that are not UTF-8",
        ),
        (
            "CREATE TABLE t(rowid, oid, _rowid_); INSERT INTO t VALUES ('13800138000', 1, 2)",
            &word,
            "table t row 1 column rowid: the table holds data that must be replaced, but its columns take all names",
        ),
        (
            "CREATE TABLE p(phone TEXT PRIMARY KEY); CREATE TABLE c(phone TEXT REFERENCES p); INSERT INTO p VALUES ('138'); INSERT INTO c VALUES ('138')",
            &|name, _| (name == "p.phone").then(|| Some("139".into())),
            "table c: rows would refer",
        ),
        (
            "CREATE VIRTUAL TABLE f USING fts5(a, content=''); INSERT INTO f(rowid, a) VALUES (1, '13800138000')",
            &word,
            "table f row 1 column term: the table holds data that must be replaced, but its index for full-text search keeps no text",
        ),
        (
            "CREATE VIRTUAL TABLE f USING fts4(a, content=\"\"); INSERT INTO f(docid, a) VALUES (1, '13800138000')",
            &word,
            "column term: the table holds data",
        ),
        (
            "CREATE VIRTUAL TABLE r USING rtree(i, x0, x1, +phone); INSERT INTO r VALUES (1, 0, 1, '13800138000')",
            &|name, _| (name == "r.phone").then(|| Some("139".into())),
            "tables of this module are not rewritten",
        ),
    ];
    for (sql, change, says) in cases {
        let folder = folder();
        let path = made(folder.path(), sql);
        let refusal = refusal(&path, change);
        assert!(refusal.contains(says), "{sql}\n{refusal}");
        assert!(!refusal.contains("138") && !refusal.contains("139"), "{refusal}");
    }
}

const SEARCH: &str = "
    CREATE TABLE notes(id INTEGER PRIMARY KEY, title, body TEXT);
    INSERT INTO notes VALUES (1, 'a', 'call 13800138000 now'), (5, 'b', 'nothing'), (9, '13800138001', '');
    CREATE VIRTUAL TABLE own USING fts5(title, body, tag UNINDEXED);
    INSERT INTO own(rowid, title, body, tag) SELECT id, title, body, 't13800138002' FROM notes;
    CREATE VIRTUAL TABLE beside USING fts5(title, body, content='notes', content_rowid='id');
    INSERT INTO beside(beside) VALUES ('rebuild');
    CREATE VIRTUAL TABLE old USING fts4(title, body);
    INSERT INTO old(docid, title, body) SELECT id, title, body FROM notes;
    CREATE VIRTUAL TABLE old_beside USING fts4(content=\"notes\", title, body);
    INSERT INTO old_beside(old_beside) VALUES ('rebuild');
    CREATE VIRTUAL TABLE words USING fts5vocab(own, row);
    CREATE VIRTUAL TABLE space USING rtree(id, x0, x1, +name);
    INSERT INTO space VALUES (1, 0, 1, 'b');
    CREATE TRIGGER notes_changed AFTER UPDATE ON notes BEGIN
        INSERT INTO beside(beside, rowid, title, body) VALUES ('delete', old.id, old.title, old.body);
        INSERT INTO beside(rowid, title, body) VALUES (new.id, new.title, new.body);
    END;
    INSERT INTO own(rowid, body) VALUES (20, '13800138066');
    DELETE FROM own WHERE rowid = 20;
";

#[test]
fn full_text_search_follows() {
    let folder = folder();
    let path = made(folder.path(), SEARCH);
    let found = read(&File::open(&path).unwrap()).unwrap();
    assert_eq!(found["own.body"].len(), 3);
    assert_eq!(found["own.tag"].len(), 3);
    assert_eq!(found["old.body"][2].1, "");
    assert!(found.keys().all(|name| !name.contains("_data") && !name.starts_with("beside.")), "{:?}", found.keys());
    let target = rewritten(&path, &moved).unwrap();
    // The words of the index are there in the clear, too.
    assert!(!holds(&target, "138001380") && !holds(&target, "13800138066"));
    for table in ["own", "beside", "old", "old_beside"] {
        let hits = |word: &str| rows(&target, &format!("SELECT rowid FROM {table} WHERE {table} MATCH '{word}'"));
        assert_eq!(hits("13900139000"), [[Value::Integer(1)]], "{table}");
        assert_eq!(hits("13900139001"), [[Value::Integer(9)]], "{table}");
        assert!(hits("13800138000").is_empty());
        let connection = Connection::open(&target).unwrap();
        connection.execute_batch(&format!("INSERT INTO {table}({table}) VALUES ('integrity-check')")).unwrap();
    }
    assert_eq!(rows(&target, "PRAGMA integrity_check"), [[Value::Text("ok".into())]]);
}

#[test]
fn words_of_an_index_without_texts_are_read() {
    for sql in [
        "CREATE VIRTUAL TABLE f USING fts5(a, content=''); INSERT INTO f(rowid, a) VALUES (1, 'to 13800138000')",
        "CREATE VIRTUAL TABLE f USING fts4(a, content=\"\"); INSERT INTO f(docid, a) VALUES (1, 'to 13800138000')",
        "CREATE VIRTUAL TABLE f USING fts5(a, content='t'); CREATE TABLE t(a);
         INSERT INTO f(rowid, a) VALUES (1, 'to 13800138000'); DROP TABLE t",
    ] {
        let folder = folder();
        let path = made(folder.path(), sql);
        let found = read(&File::open(&path).unwrap()).unwrap();
        let words: Vec<&str> = found["f.term"].iter().map(|(_, word)| word.as_str()).collect();
        assert_eq!(words, ["13800138000", "to"], "{sql}");
        // Of another table, too, nothing can be replaced beside it.
        let again = Connection::open(&path).unwrap();
        again.execute_batch("CREATE TABLE other(phone); INSERT INTO other VALUES ('13800138000')").unwrap();
        drop(again);
        let refusal = refusal(&path, &|name, _| (name == "other.phone").then(|| Some("139".into())));
        assert!(refusal.starts_with("table f: values must be replaced, but its index"), "{refusal}");
    }
}

#[test]
fn a_write_ahead_log_or_hot_journal_refuses_the_file() {
    let folder = folder();
    let path =
        made(folder.path(), "PRAGMA journal_mode = WAL; CREATE TABLE t(phone); INSERT INTO t VALUES ('13800138000')");
    // Closed, the log is played back: only the header tells.
    assert_eq!(read(&File::open(&path).unwrap()).unwrap()["t.phone"].len(), 1);
    let target = rewritten(&path, &moved).unwrap();
    assert_eq!(fs::read(&target).unwrap()[18..20], [2, 2]);
    assert_eq!(rows(&target, "PRAGMA journal_mode"), [[Value::Text("wal".into())]]);
    assert!(!holds(&target, "13800138000"));

    let writer = Connection::open(&path).unwrap();
    writer.execute_batch("INSERT INTO t VALUES ('13800138001')").unwrap();
    let error = read(&File::open(&path).unwrap()).unwrap_err().to_string();
    assert!(error.contains("write-ahead log") && error.contains("wal_checkpoint(TRUNCATE)"), "{error}");
    assert!(refusal(&path, &moved).contains("write-ahead log"));
    writer.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    assert_eq!(read(&File::open(&path).unwrap()).unwrap()["t.phone"].len(), 2);
    drop(writer);

    let writer = Connection::open(&path).unwrap();
    writer.execute_batch("PRAGMA journal_mode = PERSIST; INSERT INTO t VALUES (1)").unwrap();
    assert!(path.with_extension("db-journal").exists());
    read(&File::open(&path).unwrap()).unwrap();
    writer
        .execute_batch("BEGIN; PRAGMA cache_spill = 1; PRAGMA cache_size = 1; INSERT INTO t SELECT zeroblob(100000)")
        .unwrap();
    let error = read(&File::open(&path).unwrap()).unwrap_err().to_string();
    assert!(error.contains("rollback journal") && error.contains("advice") || error.contains("undoes"), "{error}");
}

/// Makes a database of which `name` says afterwards that it was made by `sql`.
fn forged(folder: &Path, honest: &str, name: &str, sql: &str) -> PathBuf {
    let path = made(folder, honest);
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("PRAGMA writable_schema = ON").unwrap();
    let change = "UPDATE sqlite_schema SET sql = ?1 WHERE name = ?2";
    assert_eq!(connection.execute(change, [sql, name]).unwrap(), 1);
    path
}

#[test]
fn the_parts_of_an_unknown_module_are_read() {
    let folder = folder();
    let honest = "CREATE VIRTUAL TABLE u USING fts5(a); INSERT INTO u VALUES ('13800138001')";
    let path = forged(folder.path(), honest, "u", "CREATE VIRTUAL TABLE u USING vec0(a)");
    let found = read(&File::open(&path).unwrap()).unwrap();
    assert_eq!(found["u_content.c0"], [(1, "13800138001".to_owned())]);
    let refusal = refusal(&path, &moved);
    assert!(refusal.contains("table u: values must be replaced, but it is a virtual table of a module"), "{refusal}");
}

#[test]
fn functions_of_an_application_are_not_needed_to_read_but_to_rewrite() {
    let honest = "CREATE TABLE t(phone TEXT); INSERT INTO t VALUES ('13800138000'); CREATE INDEX i ON t(phone)";
    for (name, sql) in [
        ("t", "CREATE TABLE t(phone TEXT CHECK (application(phone)))"),
        ("i", "CREATE INDEX i ON t(phone COLLATE application)"),
    ] {
        let folder = folder();
        let path = forged(folder.path(), honest, name, sql);
        let found = read(&File::open(&path).unwrap()).unwrap();
        assert_eq!(found["t.phone"], [(1, "13800138000".to_owned())]);
        let refusal = refusal(&path, &moved);
        assert!(refusal.contains("only the application that made it has"), "{sql}: {refusal}");
    }
    for sql in ["CREATE TABLE t(phone TEXT, x AS (application(phone)))", "CREATE TABLE t(phone 'phone 13800138000"] {
        let folder = folder();
        let path = forged(folder.path(), honest, "t", sql);
        let error = read(&File::open(&path).unwrap()).unwrap_err().to_string();
        assert!(!error.contains("138"), "{error}");
        assert!(error.contains("application") || error.contains("schema is damaged"), "{error}");
    }
}

#[test]
fn a_schema_does_not_make_a_small_file_large_or_slow() {
    let folder = folder();
    let many =
        "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 99) INSERT INTO t SELECT i FROM n";
    let sql = format!("CREATE TABLE t(a, b AS (hex(zeroblob(1000000)))); {many}");
    let error = read(&File::open(made(folder.path(), &sql)).unwrap()).unwrap_err().to_string();
    assert!(error.starts_with("table t: what its schema has worked out"), "{error}");

    let path = made(&tempfile::tempdir_in(folder.path()).unwrap().keep(), &format!("CREATE TABLE t(a); {many}"));
    let database = Database::open(&File::open(path).unwrap(), LONGEST_ROW).unwrap();
    let count = "SELECT count(*) FROM t AS a, t AS b, t AS c";
    let asked = || database.connection.query_row(count, (), |row| row.get::<_, i64>(0));
    assert_eq!(asked().unwrap(), 1_000_000);
    database.patience.end();
    assert!(failure(&asked().unwrap_err()).reason.contains("more time than a database of this size may"));
}

#[test]
fn what_is_no_database_is_refused_by_name() {
    let folder = folder();
    let path = made(folder.path(), SHOP);
    let bytes = fs::read(&path).unwrap();
    let with = |bytes: &[u8]| {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        read(&file).unwrap_err().to_string()
    };
    for cut in [50, 500, 1024, bytes.len() / 2, bytes.len() - 1024, bytes.len() - 1] {
        let error = with(&bytes[..cut]);
        assert!(error.contains("damaged or of a kind that cannot be read"), "{cut}: {error}");
    }
    let mut later = bytes.clone();
    later[18..20].copy_from_slice(&[3, 3]);
    assert!(with(&later).contains("later version"));
    assert!(with(b"SQLCipher").contains("before its header"));
    assert_eq!(Sqlite.sniff(&bytes), Confidence::Certain);
    assert_eq!(Sqlite.sniff(b"SQLite format 4\0"), Confidence::No);
}

/// A sound database, made once.
static SOUND: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// A damaged file is read, refused or rewritten to a sound one; it never ends the run.
    #[test]
    fn damage_is_survived(flips in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12), head in any::<bool>()) {
        let folder = folder();
        let path = folder.path().join("a.db");
        let mut bytes = SOUND.get_or_init(|| fs::read(made(folder.path(), &format!("{SHOP}{SEARCH}"))).unwrap()).clone();
        let reach = if head { 2048 } else { bytes.len() };
        for (index, byte) in flips {
            bytes[index.index(reach)] = byte;
        }
        fs::write(&path, &bytes).unwrap();
        let _ = read(&File::open(&path).unwrap());
        if let Ok(target) = rewritten(&path, &moved) && fs::read(&target).unwrap() != bytes {
            prop_assert_eq!(rows(&target, "PRAGMA integrity_check"), [[Value::Text("ok".into())]]);
        }
        prop_assert_eq!(fs::read(&path).unwrap(), bytes);
    }
}
