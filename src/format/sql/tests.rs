//! The splitter and the codecs together, as the pipeline drives them.

use std::ops::Range;

use arrow::array::{Array, BinaryArray};
use proptest::prelude::*;

use super::scan::Dialect;
use super::script::Script;
use crate::block::{Block, CellEdit, ColumnKind, Edits, TableBlock};
use crate::error::{DataError, Position};
use crate::format::{Codec, Cut, Splitter};
use crate::source::slab::Slab;

/// A block with its codec and its place in the input.
struct Piece {
    block: Block,
    codec: std::sync::Arc<dyn Codec>,
    span: Range<usize>,
}

/// Splits and lexes `input`, handing the splitter `chunk` more bytes each time that it asks.
fn drive(dialect: Dialect, input: &[u8], chunk: usize, target: usize) -> Result<Vec<Piece>, DataError> {
    let mut splitter = Script::new(dialect, &input[..input.len().min(65536)]);
    let (mut start, mut end, mut line) = (0, 0, 1);
    let mut pieces = Vec::new();
    while start < input.len() {
        match splitter.cut(&input[start..end], end == input.len(), target)? {
            Cut::More => {
                assert!(end < input.len(), "more is asked for at the end");
                end = input.len().min(end + chunk);
            }
            Cut::Block { len, codec } => {
                assert!(len >= 1 && start + len <= end);
                let raw = input[start..start + len].to_vec();
                let lines = raw.iter().filter(|byte| **byte == b'\n').count() as u64;
                let block = codec.lex(Slab::new(raw, start as u64, line)?)?;
                pieces.push(Piece { block, codec, span: start..start + len });
                start += len;
                line += lines;
            }
        }
    }
    Ok(pieces)
}

fn tables(pieces: &[Piece]) -> impl Iterator<Item = &TableBlock> {
    pieces.iter().filter_map(|piece| match &piece.block {
        Block::Table(table) => Some(table),
        Block::Text(_) => None,
    })
}

fn values(table: &TableBlock) -> Vec<Vec<Option<Vec<u8>>>> {
    let arrays: Vec<&BinaryArray> =
        table.columns.iter().map(|column| column.values.as_any().downcast_ref().unwrap()).collect();
    (0..table.rows)
        .map(|row| arrays.iter().map(|array| array.is_valid(row).then(|| array.value(row).to_vec())).collect())
        .collect()
}

fn all_values(pieces: &[Piece]) -> Vec<Vec<Option<Vec<u8>>>> {
    tables(pieces).flat_map(values).collect()
}

fn render(pieces: &[Piece], edit: impl Fn(&TableBlock) -> Edits) -> Result<Vec<u8>, DataError> {
    let mut out = Vec::new();
    for piece in pieces {
        let edits = match &piece.block {
            Block::Table(table) => edit(table),
            Block::Text(_) => Edits::default(),
        };
        piece.codec.render(&piece.block, &edits, &mut out)?;
    }
    Ok(out)
}

/// Identity at many block sizes, the same values at each, and the row numbers and lines in order.
fn check(dialect: Dialect, input: &[u8]) -> Vec<Vec<Option<Vec<u8>>>> {
    let mut expected = None;
    for (chunk, target) in [(1, 1), (7, 16), (64, 50), (usize::MAX / 2, 1 << 20), (1 << 16, 1)] {
        let pieces = drive(dialect, input, chunk, target).unwrap_or_else(|error| panic!("{chunk} {target}: {error}"));
        assert_eq!(render(&pieces, |_| Edits::default()).unwrap(), input, "chunk {chunk} target {target}");
        let found = all_values(&pieces);
        assert_eq!(*expected.get_or_insert_with(|| found.clone()), found, "chunk {chunk} target {target}");
        for table in tables(&pieces) {
            assert_eq!(table.columns.len(), table.table.columns.len());
            let text = table.text.as_ref().unwrap();
            assert_eq!((text.cells.len(), text.lines.len()), (table.rows * table.columns.len(), table.rows));
        }
    }
    expected.unwrap_or_default()
}

fn error(dialect: Dialect, input: &str) -> DataError {
    for (chunk, target) in [(1, 1), (5, 40), (1 << 20, 1 << 20)] {
        let found = drive(dialect, input.as_bytes(), chunk, target);
        assert!(found.is_err(), "accepted at chunk {chunk} target {target}: {input}");
    }
    drive(dialect, input.as_bytes(), 1 << 20, 1 << 20).err().unwrap()
}

fn cell(text: &str) -> Option<Vec<u8>> {
    Some(text.as_bytes().to_vec())
}

#[test]
fn copy_rows_with_every_escape() {
    let dump = "--\n-- PostgreSQL database dump\n--\n\\restrict abc'def\nSET standard_conforming_strings = on;\n\
        CREATE TABLE public.t (id bigint NOT NULL, name varchar(8), note text);\n\
        COPY public.t (id, name, note) FROM stdin;\n\
        1\t张三\ta\\\\b\\tc\\nd\\r\\b\\f\\v\\101\\x42\n2\t\\N\t\n3\t\\\\N\t\\\\.\n4\t😀\t\\\\\n\\.\n\n\
        -- it's done; $$ \"\nSELECT 'a;''b';\n\\unrestrict abc'def\n";
    let rows = check(Dialect::Postgres, dump.as_bytes());
    assert_eq!(
        rows,
        [
            vec![cell("1"), cell("张三"), cell("a\\b\tc\nd\r\x08\x0C\x0BAB")],
            vec![cell("2"), None, cell("")],
            vec![cell("3"), cell("\\N"), cell("\\.")],
            vec![cell("4"), cell("😀"), cell("\\")],
        ]
    );
}

#[test]
fn kinds_come_from_the_ddl_and_rows_know_their_lines() {
    let dump = "CREATE TABLE public.t (id bigint NOT NULL, name varchar(8), up text GENERATED ALWAYS AS (name) STORED);\n\n\
        COPY public.t (id, name) FROM stdin;\n1\ta\n2\tb\n\\.\n";
    let pieces = drive(Dialect::Postgres, dump.as_bytes(), 1 << 20, 1 << 20).unwrap();
    let table = tables(&pieces).next().unwrap();
    assert_eq!(table.table.name.as_deref(), Some("public.t"));
    assert_eq!(table.table.columns[0].kind, ColumnKind::Number { digits: 18, nullable: false });
    assert_eq!(table.table.columns[1].kind, ColumnKind::Text { max_chars: Some(8), nullable: true });
    assert_eq!(table.text.as_ref().unwrap().lines, [4, 5]);
    let small = drive(Dialect::Postgres, dump.as_bytes(), 1 << 20, 1).unwrap();
    assert_eq!(tables(&small).map(|table| table.first_row).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn statements_that_look_like_rows_stay_statements() {
    let dump = "CREATE FUNCTION f() RETURNS void LANGUAGE sql\n    BEGIN ATOMIC\n INSERT INTO t VALUES (1);\n\
        SELECT CASE WHEN true THEN 1 END;\nEND;\n\n\
        CREATE FUNCTION g() RETURNS void AS $fn$\nBEGIN\nINSERT INTO t VALUES ('$$;');\nEND;\n$fn$ LANGUAGE plpgsql;\n\
        CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO u VALUES (1); INSERT INTO u VALUES (2););\n\
        /* nested /* comment; ' */\nINSERT INTO t VALUES (9); */\n\
        INSERT INTO t SELECT 1;\nINSERT INTO t DEFAULT VALUES;\nCOPY t TO stdout;\n\
        SELECT E'\\'; INSERT INTO t VALUES (3);';\nSELECT U&\"a\"\"b\";\n";
    assert!(check(Dialect::Postgres, dump.as_bytes()).is_empty());
    let dump = "DELIMITER ;;\n/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`%`*/ /*!50003 TRIGGER x BEFORE INSERT ON t FOR EACH ROW BEGIN\n\
        INSERT INTO log VALUES ('a'); -- it's\nSET NEW.a = '*/';\nEND */;;\nDELIMITER ;\n# it's a comment\n\
        INSERT INTO `t` SET a=1;\n";
    assert!(check(Dialect::MySql, dump.as_bytes()).is_empty());
}

#[test]
fn inserts_of_every_shape() {
    let dump = "CREATE TABLE public.t (id integer, name text);\n\
        INSERT INTO public.t VALUES (1, 'O''Hara; (x), \\');\nINSERT INTO public.t VALUES (2, NULL);\n\
        INSERT INTO public.t VALUES\n\t(3, E'a\\'b'),\n\t(4, '');\n\
        INSERT INTO public.t (name, id) OVERRIDING SYSTEM VALUE VALUES ('x', 5) ON CONFLICT DO NOTHING;\n\
        INSERT INTO public.t (name, id) VALUES ('y', 6)\nON CONFLICT (id) DO UPDATE SET name = 'z';\n\
        INSERT INTO t VALUES (7, ARRAY['a,b', 'c)'], 'x'::text, now());\n\
        INSERT INTO t VALUES (8, '{}', 'y', $$a'b$$) -- it's over\n;\n";
    let rows = check(Dialect::Postgres, dump.as_bytes());
    assert_eq!(rows[0], [cell("1"), cell("O'Hara; (x), \\")]);
    assert_eq!(rows[1], [cell("2"), None]);
    assert_eq!(rows[2], [cell("3"), cell("a'b")]);
    assert_eq!(rows[3], [cell("4"), cell("")]);
    assert_eq!(rows[4], [cell("x"), cell("5")]);
    assert_eq!(rows[5], [cell("y"), cell("6")]);
    assert_eq!(rows[6], [cell("7"), cell("ARRAY['a,b', 'c)']"), cell("'x'::text"), cell("now()")]);
    assert_eq!(rows[7][3], cell("$$a'b$$"));
    assert_eq!(rows.len(), 8);
}

#[test]
fn mysql_inserts() {
    let dump = "/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10.19\n/*!40101 SET NAMES utf8mb4 */;\n\
        /*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;\nUSE `shop`;\n\
        CREATE TABLE `a``b` (\n `id` int NOT NULL,\n `n` varchar(9),\n `b` blob\n);\nLOCK TABLES `a``b` WRITE;\n\
        /*!40000 ALTER TABLE `a``b` DISABLE KEYS */;\n\
        INSERT INTO `a``b` VALUES (1,'it\\'s \\\\',_binary 'x\\0'),(2,'''',0x4142),\n(3,NULL,'\\\\');\n\
        INSERT IGNORE INTO `a``b` (`n`, `id`) VALUES (\"q'\\\"\",4) /* c */ , ('r',5);\nUNLOCK TABLES;\n";
    let rows = check(Dialect::MySql, dump.as_bytes());
    assert_eq!(rows[0], [cell("1"), cell("it's \\"), cell("x\0")]);
    assert_eq!(rows[1], [cell("2"), cell("'"), cell("AB")]);
    assert_eq!(rows[2], [cell("3"), None, cell("\\")]);
    assert_eq!(rows[3], [cell("q'\""), cell("4")]);
    assert_eq!(rows[4], [cell("r"), cell("5")]);
    let plain = "SET sql_mode='NO_BACKSLASH_ESCAPES';\nINSERT INTO `t` VALUES ('a\\','b''\\');\n";
    assert_eq!(check(Dialect::MySql, plain.as_bytes()), [[cell("a\\"), cell("b'\\")]]);
}

#[test]
fn gbk_second_bytes_do_not_escape() {
    // 誠 is D5 5C in GBK: its second byte is a backslash.
    let mut dump = b"/*!40101 SET NAMES gbk */;\nINSERT INTO `t` VALUES ('".to_vec();
    dump.extend_from_slice(b"\xD5\x5C','x'),('\xD5\x5C\\'','y');\n");
    let mut splitter = Script::new(Dialect::MySql, &dump);
    let mut start = 0;
    let mut blocks = Vec::new();
    while start < dump.len() {
        match splitter.cut(&dump[start..], true, 1 << 20).unwrap() {
            Cut::Block { len, .. } => {
                blocks.push(dump[start..start + len].to_vec());
                start += len;
            }
            Cut::More => panic!("more is asked for at the end"),
        }
    }
    assert_eq!(blocks.len(), 2, "{blocks:?}");
}

#[test]
fn refuses_what_is_cut_off_or_unclear() {
    let pg = Dialect::Postgres;
    let line = |found: DataError| found.position;
    assert_eq!(line(error(pg, "COPY t (a, b) FROM stdin;\n1\t2\n3\n\\.\n")), Some(Position::Line(3)));
    assert_eq!(line(error(pg, "COPY t (a) FROM stdin;\n1\n2\n")), Some(Position::Line(3)));
    error(pg, "COPY t (a) FROM stdin;\n1\n2");
    error(pg, "COPY t (a) FROM stdin;\n");
    error(pg, "COPY t (a) FROM stdin;");
    error(pg, "COPY t (a) FROM stdin;\na\\qb\n\\.\n");
    error(pg, "COPY t (a) FROM stdin;\na\\\nb\n\\.\n");
    error(pg, "COPY t (a) FROM stdin;\n\\.x\n\\.\n");
    error(pg, "COPY t (a) FROM stdin WITH (FORMAT csv);\na\n\\.\n");
    error(pg, "INSERT INTO t VALUES (1, 'a");
    error(pg, "INSERT INTO t VALUES (1, 'a'),");
    error(pg, "INSERT INTO t VALUES (1, 'a'),\n  ");
    error(pg, "INSERT INTO t VALUES (1, 'a'), (2");
    error(pg, "INSERT INTO t VALUES (1, 'a'), (2);\n");
    error(pg, "INSERT INTO t VALUES (1, /* x */ 'a');\n");
    error(pg, "INSERT INTO t VALUES (1; 2);\n");
    error(pg, "SELECT 'a;\n");
    error(pg, "SELECT $x$ a;\n$y$");
    error(pg, "CREATE TABLE t (a int,\n");
    error(pg, "SET client_encoding = 'SJIS';\nINSERT INTO t VALUES ('张三');\n");
    error(Dialect::MySql, "INSERT INTO `t` VALUES ('a\\');\n");
    error(Dialect::MySql, "SET sql_mode=CONCAT(@@sql_mode,',NO_BACKSLASH_ESCAPES');\n");
    let found = error(pg, "CREATE TABLE t (a text);\nCOPY t (a) FROM stdin;\n13800138000\t13800138000\n\\.\n");
    assert!(!found.to_string().contains("138"), "{found}");
}

/// Edits of every cell of column `column` that is not NULL.
fn replace(column: u32, value: &str) -> impl Fn(&TableBlock) -> Edits {
    let value = value.as_bytes().to_vec();
    move |table| {
        let array: &BinaryArray = table.columns[column as usize].values.as_any().downcast_ref().unwrap();
        let rows = (0..table.rows).filter(|row| array.is_valid(*row));
        let edit = |row: usize| CellEdit { column, row: row as u32, value: Some(value.clone()) };
        Edits { text: Vec::new(), removed: Default::default(), cells: rows.map(edit).collect() }
    }
}

fn edited(dialect: Dialect, input: &str, column: u32, value: &str) -> Result<String, DataError> {
    let pieces = drive(dialect, input.as_bytes(), 1 << 20, 1 << 20)?;
    render(&pieces, replace(column, value)).map(|bytes| String::from_utf8(bytes).unwrap())
}

#[test]
fn edits_keep_each_cell_in_its_style() {
    let copy = "CREATE TABLE t (a text, n bigint);\nCOPY t (a, n) FROM stdin;\nx\\ty\t1\n\\N\t2\n\\.\n";
    assert_eq!(edited(Dialect::Postgres, copy, 0, "\\t\n").unwrap(), copy.replace("x\\ty", "\\\\t\\n"));
    assert_eq!(edited(Dialect::Postgres, copy, 1, "77").unwrap(), copy.replace("\t1", "\t77").replace("\t2", "\t77"));
    let insert = "CREATE TABLE t (a text, n bigint);\nINSERT INTO t VALUES ('x', 1), (E'y', 2);\n";
    assert_eq!(
        edited(Dialect::Postgres, insert, 0, "i't\\").unwrap(),
        insert.replace("'x'", "'i''t\\'").replace("E'y'", "E'i''t\\\\'")
    );
    let my = "CREATE TABLE `t` (`a` varchar(9), `n` bigint);\nINSERT INTO `t` VALUES ('x',1),(_utf8mb4 'y',NULL);\n";
    assert_eq!(
        edited(Dialect::MySql, my, 0, "i't\\").unwrap(),
        my.replace("'x'", "'i\\'t\\\\'").replace("'y'", "'i\\'t\\\\'")
    );
    assert_eq!(edited(Dialect::MySql, my, 1, "8").unwrap(), my.replace(",1)", ",8)"));
}

#[test]
fn refuses_what_does_not_fit() {
    let dump =
        "CREATE TABLE t (a varchar(3) NOT NULL, n integer, j date);\nCOPY t (a, n, j) FROM stdin;\nx\t1\t{}\n\\.\n";
    let pg = Dialect::Postgres;
    assert!(edited(pg, dump, 0, "手机号").is_ok());
    let found = edited(pg, dump, 0, "手机号码").unwrap_err();
    let position = Position::Row { table: Some("t".to_owned()), row: 1, column: Some("a".to_owned()) };
    assert_eq!(found.position, Some(position));
    assert!(found.advice.is_some() && !found.to_string().contains('手'));
    for value in ["x", "", "2147483648", "12345678901", "012", "1.5"] {
        assert!(edited(pg, dump, 1, value).is_err(), "{value}");
    }
    assert!(edited(pg, dump, 1, "2147483647").is_ok(), "all that the type holds, not all digits of it");
    // A bank card of 19 digits.
    let wide = "CREATE TABLE t (n bigint);\nCOPY t (n) FROM stdin;\n6222021234567890128\n\\.\n";
    assert!(edited(pg, wide, 0, "6222029876543210121").is_ok());
    assert!(edited(pg, wide, 0, "9223372036854775808").is_err());
    assert!(edited(pg, dump, 2, "{}").is_err());
    let pieces = drive(pg, dump.as_bytes(), 1 << 20, 1 << 20).unwrap();
    let null = |column| {
        move |_: &TableBlock| Edits {
            text: Vec::new(),
            removed: Default::default(),
            cells: vec![CellEdit { column, row: 0, value: None }],
        }
    };
    assert!(render(&pieces, null(0)).is_err());
    assert!(String::from_utf8(render(&pieces, null(1)).unwrap()).unwrap().contains("x\t\\N\t{}"));
    // Without DDL a column of digits may be a number: only digits replace it.
    let bare = "COPY t (a, b) FROM stdin;\n\\N\tx\n13800138000\ty\n\\.\n";
    assert!(edited(pg, bare, 0, "TOKEN").is_err());
    assert!(edited(pg, bare, 0, "13900139000").is_ok());
    assert!(edited(pg, bare, 1, "TOKEN").is_ok());
    assert!(edited(Dialect::MySql, "INSERT INTO `t` VALUES (now());\n", 0, "x").is_err());
}

fn any_cell() -> impl Strategy<Value = Option<String>> {
    let nasty = prop::sample::select(vec![
        "\\.", "\\N", "'", "''", "\\", "\\'", "\n\\.\n", ");", "'),('", "NULL", "😀", "$$", "--", "/*",
    ]);
    prop::option::weighted(0.9, prop_oneof![".{0,12}", "[\\\\'\"\t\n\r,();]{0,6}", nasty.prop_map(str::to_owned)])
        .prop_map(|cell| cell.map(|text| text.replace('\0', "")))
}

fn any_rows() -> impl Strategy<Value = Vec<Vec<Option<String>>>> {
    (1usize..4).prop_flat_map(|columns| prop::collection::vec(prop::collection::vec(any_cell(), columns), 1..12))
}

/// An encoder of its own, so that the codecs are not held against themselves.
fn copy_dump(rows: &[Vec<Option<String>>]) -> String {
    let names: Vec<String> = (0..rows[0].len()).map(|index| format!("c{index}")).collect();
    let types: Vec<String> = names.iter().map(|name| format!("{name} text")).collect();
    let mut dump = format!("CREATE TABLE t ({});\nCOPY t ({}) FROM stdin;\n", types.join(", "), names.join(", "));
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .map(|cell| match cell {
                None => "\\N".to_owned(),
                Some(text) => text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r"),
            })
            .collect();
        dump.push_str(&cells.join("\t"));
        dump.push('\n');
    }
    dump + "\\.\n\nSELECT 1;\n"
}

fn insert_dump(rows: &[Vec<Option<String>>], backslash: bool, rows_per_insert: usize) -> String {
    let (table, quote) = if backslash { ("`t`", "`") } else { ("\"t\"", "") };
    let types: Vec<String> = (0..rows[0].len()).map(|index| format!("{quote}c{index}{quote} text")).collect();
    let mut dump = format!("CREATE TABLE {table} ({});\n", types.join(", "));
    for chunk in rows.chunks(rows_per_insert) {
        let tuple = |row: &Vec<Option<String>>| {
            let cells = row.iter().map(|cell| match cell {
                None => "NULL".to_owned(),
                Some(text) if backslash => {
                    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'").replace('\n', "\\n"))
                }
                Some(text) => format!("'{}'", text.replace('\'', "''")),
            });
            format!("({})", cells.collect::<Vec<_>>().join(","))
        };
        let tuples: Vec<String> = chunk.iter().map(tuple).collect();
        dump.push_str(&format!("INSERT INTO {table} VALUES {};\n", tuples.join(",")));
    }
    dump + "-- done\n"
}

fn as_bytes(rows: &[Vec<Option<String>>]) -> Vec<Vec<Option<Vec<u8>>>> {
    rows.iter().map(|row| row.iter().map(|cell| cell.clone().map(String::into_bytes)).collect()).collect()
}

/// Edits of every cell that is not NULL round trip.
fn round_trip(dialect: Dialect, dump: &str, value: &str) -> Result<(), TestCaseError> {
    let before = drive(dialect, dump.as_bytes(), 33, 60).unwrap();
    let all = |table: &TableBlock| {
        let columns = 0..table.columns.len() as u32;
        Edits {
            text: Vec::new(),
            removed: Default::default(),
            cells: columns.flat_map(|column| replace(column, value)(table).cells).collect(),
        }
    };
    let rendered = render(&before, all).unwrap();
    let after = all_values(&drive(dialect, &rendered, 29, 70).unwrap());
    let replaced = |cell: &Option<Vec<u8>>| cell.as_ref().map(|_| value.as_bytes().to_vec());
    let expected: Vec<Vec<_>> = all_values(&before).iter().map(|row| row.iter().map(replaced).collect()).collect();
    prop_assert_eq!(after, expected);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn copy_gives_the_values_back(rows in any_rows(), new in "[^\0]{0,9}") {
        let dump = copy_dump(&rows);
        prop_assert_eq!(check(Dialect::Postgres, dump.as_bytes()), as_bytes(&rows));
        round_trip(Dialect::Postgres, &dump, &new)?;
    }

    #[test]
    fn mysql_inserts_give_the_values_back(rows in any_rows(), new in "[^\0]{0,9}", per_insert in 1usize..5) {
        let dump = insert_dump(&rows, true, per_insert);
        prop_assert_eq!(check(Dialect::MySql, dump.as_bytes()), as_bytes(&rows));
        round_trip(Dialect::MySql, &dump, &new)?;
    }

    #[test]
    fn postgres_inserts_give_the_values_back(rows in any_rows(), new in "[^\0]{0,9}", per_insert in 1usize..5) {
        let dump = insert_dump(&rows, false, per_insert);
        prop_assert_eq!(check(Dialect::Postgres, dump.as_bytes()), as_bytes(&rows));
        round_trip(Dialect::Postgres, &dump, &new)?;
    }

    #[test]
    fn any_bytes_are_kept_or_refused(input in prop::collection::vec(prop::sample::select(b"COPY t (a) FROM stdin;\nINSERT INTO t VALUES ('\\.$-/*#`\"E,)".to_vec()), 0..200), my_sql: bool) {
        let dialect = if my_sql { Dialect::MySql } else { Dialect::Postgres };
        if let Ok(pieces) = drive(dialect, &input, 13, 40) {
            prop_assert_eq!(render(&pieces, |_| Edits::default()).unwrap(), input);
        }
    }

    #[test]
    fn a_dump_cut_anywhere_is_refused_or_ends_between_statements(rows in any_rows(), place in 0.0f64..1.0) {
        let dump = copy_dump(&rows);
        let start = dump.find("stdin;\n").unwrap() + 7;
        let end = dump.find("\n\\.\n").map_or(dump.len(), |_| dump.rfind("\\.\n").unwrap());
        let cut = start + ((end - start) as f64 * place) as usize;
        prop_assert!(drive(Dialect::Postgres, &dump.as_bytes()[..cut], 17, 50).is_err());
    }
}

#[test]
fn blocks_tile_the_input_near_the_target() {
    let rows: Vec<Vec<Option<String>>> = (0..2000).map(|row| vec![Some(format!("value {row}")), None]).collect();
    for (dialect, dump) in [(Dialect::Postgres, copy_dump(&rows)), (Dialect::MySql, insert_dump(&rows, true, 5000))] {
        let pieces = drive(dialect, dump.as_bytes(), 3000, 4096).unwrap();
        let mut end = 0;
        for piece in &pieces {
            assert_eq!(piece.span.start, end);
            end = piece.span.end;
            assert!(piece.span.len() <= 4096 + 64, "{:?}", piece.span);
        }
        assert_eq!(end, dump.len());
        assert!(pieces.len() < dump.len() / 2000, "{} blocks", pieces.len());
    }
}

const COMPOSITES: &str = "CREATE TYPE public.address AS (street text, phone varchar(11));\n\
    CREATE TYPE public.person AS (name text, home public.address, others public.address[]);\n\
    CREATE TABLE public.t (id bigint, p public.person, a public.address[], h public.hstore, b bytea[], z text);\n";

/// The values of a column with their rows.
type WithRows = Vec<(usize, Option<String>)>;

/// The names of a block's columns, and their values.
fn columns(table: &TableBlock) -> Vec<(String, WithRows)> {
    let column = |column: &crate::block::Column| {
        let values: &BinaryArray = column.values.as_any().downcast_ref().unwrap();
        let row = |at: usize| column.records.as_ref().map_or(at, |records| records[at] as usize);
        let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
        let values = values.iter().enumerate().map(|(at, value)| (row(at), value.map(text))).collect();
        (table.table.columns[column.index].name.clone(), values)
    };
    table.columns.iter().map(column).collect()
}

fn texts(values: &[(usize, Option<&str>)]) -> WithRows {
    values.iter().map(|(row, value)| (*row, value.map(str::to_owned))).collect()
}

/// Replaces every value of the leaf columns, but for those that the syntax has no room for.
fn replace_leaves(table: &TableBlock, value: &str) -> Edits {
    let mut cells = Vec::new();
    for (position, column) in table.columns.iter().enumerate() {
        let name = &table.table.columns[column.index].name;
        let values: &BinaryArray = column.values.as_any().downcast_ref().unwrap();
        if !name.contains(['.', '[']) {
            continue;
        }
        for row in (0..values.len()).filter(|row| values.is_valid(*row)) {
            cells.push(CellEdit { column: position as u32, row: row as u32, value: Some(value.as_bytes().to_vec()) });
        }
    }
    Edits { cells, ..Edits::default() }
}

#[test]
fn composites_and_arrays_of_them_are_taken_apart_and_put_together() {
    let rows = [
        "1\t(张三,\"(\"\"a b\"\",13800138000)\",\"{\"\"(x,1)\"\",NULL,\"\"(,)\"\"}\")\t{\"(\\\\\"中 \\\\\\\\\\\\\\\\\\\\\",13800138001)\",NULL}\t\"k\"=>\"v\"\t{\"\\\\\\\\x4142\",NULL}\ta",
        "2\t\\N\t\\N\t\\N\t\\N\t",
        "3\t(,,)\t{}\t\t{}\t\\N",
        "4\t(\"\",\"(,)\",{})\t{NULL}\t\"k\"=>NULL\t{NULL}\tb",
    ];
    let copy = format!("{COMPOSITES}COPY public.t (id, p, a, h, b, z) FROM stdin;\n{}\n\\.\n", rows.join("\n"));
    let insert = rows.map(|row| {
        let cell = |cell: &str| match cell {
            "\\N" => "NULL".to_owned(),
            cell => format!("'{}'", cell.replace("\\\\", "\\").replace('\'', "''")),
        };
        format!("INSERT INTO public.t VALUES ({});\n", row.split('\t').map(cell).collect::<Vec<_>>().join(", "))
    });
    for dump in [copy, format!("{COMPOSITES}{}", insert.concat())] {
        let pieces = drive(Dialect::Postgres, dump.as_bytes(), 1 << 20, 1 << 20).unwrap();
        assert_eq!(render(&pieces, |_| Edits::default()).unwrap(), dump.as_bytes());
        let table = tables(&pieces).next().unwrap();
        let found = columns(table);
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        let expected = [
            "id",
            "h",
            "z",
            "p.name",
            "p.home.street",
            "p.home.phone",
            "p.others.street",
            "p.others.phone",
            "a.street",
            "a.phone",
            "b[]",
        ];
        assert_eq!(names, expected);
        assert_eq!(
            found[1].1,
            texts(&[(0, Some(r#"{"k": "v"}"#)), (1, None), (2, Some("{}")), (3, Some(r#"{"k": null}"#))])
        );
        assert_eq!(found[3].1, texts(&[(0, Some("张三")), (1, None), (2, None), (3, Some(""))]));
        assert_eq!(found[4].1, texts(&[(0, Some("a b")), (1, None), (2, None), (3, None)]));
        assert_eq!(found[6].1, texts(&[(0, Some("x")), (0, None), (0, None)]));
        assert_eq!(found[8].1, texts(&[(0, Some("中 \\")), (0, None), (3, None)]), "{}", dump);
        assert_eq!(found[9].1, texts(&[(0, Some("13800138001")), (0, None), (3, None)]));
        assert_eq!(found[10].1, texts(&[(0, Some("AB")), (0, None), (3, None)]));
        // Everything anew, and read again.
        let new = render(&pieces, |table| replace_leaves(table, "n \"\\,")).unwrap();
        let again = drive(Dialect::Postgres, &new, 1 << 20, 1 << 20).unwrap();
        let changed = columns(tables(&again).next().unwrap());
        for ((name, before), (_, after)) in found.iter().zip(&changed) {
            let is_leaf = name.contains(['.', '[']);
            let expected: Vec<_> = before
                .iter()
                .map(|(row, value)| {
                    (*row, value.as_ref().map(|value| if is_leaf { "n \"\\,".to_owned() } else { value.clone() }))
                })
                .collect();
            assert_eq!(*after, expected, "{name}");
        }
    }
}

#[test]
fn fields_have_the_widths_of_their_types() {
    let dump = format!("{COMPOSITES}COPY public.t (id, a) FROM stdin;\n1\t{{\"(x,1)\",\"(y,2)\"}}\n\\.\n");
    let pieces = drive(Dialect::Postgres, dump.as_bytes(), 1 << 20, 1 << 20).unwrap();
    let with = |position: u32, row: u32, value: Option<&str>| {
        let value = value.map(|value| value.as_bytes().to_vec());
        render(&pieces, |_| Edits {
            cells: vec![CellEdit { column: position, row, value: value.clone() }],
            ..Edits::default()
        })
    };
    let new = String::from_utf8(with(2, 1, None).unwrap()).unwrap();
    assert!(new.contains("\t{\"(x,1)\",\"(y,)\"}\n"), "{new}");
    let error = with(2, 0, Some("123456789012")).unwrap_err();
    let place = Position::Row { table: Some("public.t".into()), row: 1, column: Some("a.phone".into()) };
    assert_eq!(error.position, Some(place));
}

#[test]
fn what_is_not_written_as_its_type_stays_one_value_and_is_refused() {
    let dump = format!(
        "{COMPOSITES}COPY public.t (id, a, h) FROM stdin;\n1\t{{\"(x,1)\"}}\t\n2\t{{\"(x,1,2)\"}}\ta=>b\n\\.\n"
    );
    let pieces = drive(Dialect::Postgres, dump.as_bytes(), 1 << 20, 1 << 20).unwrap();
    let found = columns(tables(&pieces).next().unwrap());
    assert_eq!(found[1], ("a".to_owned(), texts(&[(0, None), (1, Some("{\"(x,1,2)\"}"))])));
    assert_eq!(found[2].1, texts(&[(0, Some("{}")), (1, Some("a=>b"))]));
    assert_eq!(found[4], ("a.phone".to_owned(), texts(&[(0, Some("1"))])));
    for (column, value) in [(1, "{}"), (2, "{}")] {
        let edits = |_: &TableBlock| Edits {
            cells: vec![CellEdit { column, row: 1, value: Some(value.as_bytes().to_vec()) }],
            ..Edits::default()
        };
        assert!(render(&pieces, edits).is_err(), "{column}");
    }
}

#[test]
fn what_may_be_a_composite_value_keeps_its_form_where_nothing_is_declared() {
    let dump = "COPY public.t (a) FROM stdin;\n(x,13800138000)\n{x,13800138000}\n{\"a\": 1}\n(free\n\\.\n";
    let pieces = drive(Dialect::Postgres, dump.as_bytes(), 1 << 20, 1 << 20).unwrap();
    let with = |row: u32, value: &str| {
        let edit = || CellEdit { column: 0, row, value: Some(value.as_bytes().to_vec()) };
        render(&pieces, |_| Edits { cells: vec![edit()], ..Edits::default() }).is_ok()
    };
    assert!(with(0, "(x,token)") && with(1, "{x,token}") && with(2, "{\"a\": \"x,y\"}") && with(3, "(a,b"));
    assert!(!with(0, "(x,\"a\")") && !with(0, "(x,a,b)") && !with(1, "{x,a,b}") && !with(1, "{x,a\\}"));
}
