//! Damaged files of every kind, and edits that must be refused.

use std::io::{Seek, SeekFrom, Write};

use proptest::prelude::*;

use super::codec::Codec;
use super::value::put_bytes;
use super::*;
use crate::block::CellEdit;
use crate::pipeline::locate::value_at;

const SYNC: [u8; 16] = *b"0123456789abcdef";

fn file_of(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    file
}

fn header(schema: &str, codec: &str) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    put_long(2, &mut bytes);
    for (key, value) in [("avro.schema", schema), ("avro.codec", codec)] {
        put_bytes(key.as_bytes(), &mut bytes);
        put_bytes(value.as_bytes(), &mut bytes);
    }
    put_long(0, &mut bytes);
    bytes.extend(SYNC);
    bytes
}

fn block(objects: i64, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    put_long(objects, &mut bytes);
    put_bytes(body, &mut bytes);
    bytes.extend(SYNC);
    bytes
}

const SCHEMA: &str = r#"{"type": "record", "name": "a.R", "fields": [
    {"name": "phone", "type": ["null", "string"]}, {"name": "n", "type": "long"},
    {"name": "tags", "type": {"type": "array", "items": "string"}},
    {"name": "book", "type": {"type": "map", "values": "string"}}, {"name": "small", "type": "int"}]}"#;

/// Three blocks of twenty records; arrays are written with and without their size.
fn sample(codec: &str) -> Vec<u8> {
    let mut bytes = header(SCHEMA, codec);
    for number in 0..3 {
        let mut body = Vec::new();
        for row in 0..20i64 {
            if row % 4 == 0 {
                put_long(0, &mut body);
            } else {
                put_long(1, &mut body);
                put_bytes((13_800_138_000 + row).to_string().as_bytes(), &mut body);
            }
            put_long(13_800_138_000 + number, &mut body);
            let mut items = Vec::new();
            put_bytes(b"13800138000", &mut items);
            put_bytes(b"x", &mut items);
            put_long(if row % 2 == 0 { 2 } else { -2 }, &mut body);
            if row % 2 == 1 {
                put_long(items.len() as i64, &mut body);
            }
            body.extend(items);
            put_long(0, &mut body);
            put_long(2, &mut body);
            for key in ["13800138000", "b"] {
                put_bytes(key.as_bytes(), &mut body);
                put_bytes(b"v", &mut body);
            }
            put_long(0, &mut body);
            put_long(row, &mut body);
        }
        bytes.extend(block(20, &Codec::of(codec.as_bytes()).unwrap().pack(body).unwrap()));
    }
    bytes
}

const CODECS: [&str; 6] = ["null", "deflate", "snappy", "zstandard", "bzip2", "xz"];

/// All values by column and row.
fn values(file: &File) -> Result<Vec<(String, u64, Vec<u8>)>, DataError> {
    let mut values = Vec::new();
    Avro.read(file, &mut |block| {
        if let Block::Table(block) = block {
            for column in &block.columns {
                for at in 0..column.values.len() {
                    let record = column.records.as_ref().map_or(at as u64, |records| records[at].into());
                    let name = block.table.columns[column.index].name.clone();
                    values.extend(
                        value_at(&column.values, at).map(|value| (name, block.first_row + record, value.into_owned())),
                    );
                }
            }
        }
        Ok(())
    })?;
    Ok(values)
}

type Edit<'a> = &'a dyn Fn(&str, &[u8]) -> Option<Option<&'static str>>;

fn rewritten(bytes: &[u8], edit: Edit<'_>) -> Result<Vec<u8>, DataError> {
    let mut out = tempfile::tempfile().unwrap();
    Avro.rewrite(&file_of(bytes), &mut out, &mut |block| {
        let mut edits = Edits::default();
        if let Block::Table(block) = block {
            for (column, values) in block.columns.iter().enumerate() {
                for row in 0..values.values.len() {
                    let Some(old) = value_at(&values.values, row) else { continue };
                    if let Some(value) = edit(&block.table.columns[values.index].name, &old) {
                        let value = value.map(|value| value.as_bytes().to_vec());
                        edits.cells.push(CellEdit { column: column as u32, row: row as u32, value });
                    }
                }
            }
        }
        Ok(edits)
    })?;
    out.seek(SeekFrom::Start(0)).unwrap();
    let mut written = Vec::new();
    std::io::Read::read_to_end(&mut out, &mut written).unwrap();
    Ok(written)
}

#[test]
fn values_stand_in_their_columns_and_rows() {
    for codec in CODECS {
        let values = values(&file_of(&sample(codec))).unwrap();
        let of = |name: &str| values.iter().filter(|(column, _, _)| column == name).count();
        assert_eq!([of("phone"), of("n"), of("tags.item"), of("book.key"), of("small")], [45, 60, 120, 120, 60]);
        assert!(values.contains(&("phone".into(), 22, b"13800138001".to_vec())), "{codec}");
        assert!(values.contains(&("tags.item".into(), 60, b"13800138000".to_vec())), "{codec}");
    }
}

#[test]
fn only_what_changes_is_written_anew() {
    for codec in CODECS {
        let bytes = sample(codec);
        assert!(rewritten(&bytes, &|_, _| None).unwrap() == bytes, "{codec}");
        let out = rewritten(&bytes, &|name, value| match (name, value) {
            ("phone", b"13800138001") => Some(None),
            ("phone" | "tags.item" | "book.key", value) if value.starts_with(b"138") => Some(Some("TOKEN")),
            ("n", _) => Some(Some("13900139000")),
            _ => None,
        });
        let (out, before) = (values(&file_of(&out.unwrap())).unwrap(), values(&file_of(&bytes)).unwrap());
        let expected: Vec<_> = before
            .into_iter()
            .filter(|(name, _, value)| name != "phone" || value != b"13800138001")
            .map(|(name, row, value)| match name.as_str() {
                "n" => (name, row, b"13900139000".to_vec()),
                "phone" | "tags.item" | "book.key" if value.starts_with(b"138") => (name, row, b"TOKEN".to_vec()),
                _ => (name, row, value),
            })
            .collect();
        assert!(out == expected, "{codec}");
    }
}

#[test]
fn what_does_not_fit_is_refused_with_its_place() {
    let bytes = sample("null");
    let refused = |column: &'static str, value: Option<&'static str>| {
        rewritten(&bytes, &|name, _| (name == column).then_some(value)).unwrap_err()
    };
    assert!(refused("small", Some("13900139000")).reason.contains("does not fit"));
    assert!(refused("n", Some("TOKEN")).reason.contains("not a whole number"));
    assert!(refused("n", None).reason.contains("NULL"));
    assert!(refused("book.key", Some("same")).reason.contains("become the same"));
    let error = refused("tags.item", None);
    assert!(matches!(error.position, Some(Position::Row { row: 1, .. })), "{error}");
}

#[test]
fn a_schema_with_an_identifier_refuses_the_file() {
    let bytes = header(r#"{"type": "enum", "name": "E", "symbols": ["A", "B"], "doc": "13800138000"}"#, "null");
    let error = Avro.rewrite(&file_of(&bytes), &mut tempfile::tempfile().unwrap(), &mut |block| {
        let mut edits = Edits::default();
        if let Block::Text(block) = block
            && let Some(start) = memchr::memmem::find(block.slab.text(), b"13800138000")
        {
            let span = start..start + 11;
            edits.text.push(crate::block::TextEdit { aside: None, span, replacement: Some(b"x".to_vec()) });
        }
        Ok(edits)
    });
    assert!(error.unwrap_err().reason.contains("`avro.schema` hold data that must be replaced"));
}

#[test]
fn what_is_not_known_is_refused_by_name() {
    let refused = |schema: &str, codec: &str| values(&file_of(&header(schema, codec))).unwrap_err().to_string();
    assert!(refused(r#""string""#, "lzo").contains("codec"));
    let list = r#"{"type": "record", "name": "L", "fields": [{"name": "next", "type": ["null", "L"]}]}"#;
    assert!(refused(list, "null").contains("holds itself"));
    assert!(refused(r#"{"type": "array", "items": "Nobody"}"#, "null").contains("does not define"));
    let deep = format!("{}\"int\"{}", r#"{"type":"array","items":"#.repeat(100), "}".repeat(100));
    assert!(!refused(&deep, "null").is_empty());
}

#[test]
fn bombs_are_refused() {
    let nulls = r#"{"type": "array", "items": "null"}"#;
    let mut body = Vec::new();
    put_long(i64::MAX, &mut body);
    let bytes = [header(nulls, "null"), block(1, &body)].concat();
    assert!(values(&file_of(&bytes)).is_err());
    let bytes = [header(r#""null""#, "null"), block(i64::MAX, &[])].concat();
    assert!(values(&file_of(&bytes)).is_err());
    let mut snappy = vec![0xff, 0xff, 0xff, 0xff, 0x0f];
    snappy.extend([0; 8]);
    let bytes = [header(r#""string""#, "snappy"), block(1, &snappy)].concat();
    assert!(values(&file_of(&bytes)).is_err());
    // Items of one byte that take many when they are held: numbers, and symbols of an enum.
    let symbol = "x".repeat(1 << 20);
    for (items, count) in [
        (r#""int""#.to_owned(), 16_i64 << 20),
        (format!(r#"{{"type": "enum", "name": "e", "symbols": ["{symbol}"]}}"#), 1 << 10),
    ] {
        let mut body = Vec::new();
        put_long(count, &mut body);
        body.resize(body.len() + usize::try_from(count).unwrap() + 1, 0);
        let packed = Codec::Deflate.pack(body).unwrap();
        let bytes =
            [header(&format!(r#"{{"type": "array", "items": {items}}}"#), "deflate"), block(1, &packed)].concat();
        let refused = values(&file_of(&bytes)).unwrap_err();
        assert!(refused.reason.contains("one record takes more"), "{refused}");
    }
}

#[test]
fn bytes_behind_a_packed_block_are_refused() {
    for codec in [Codec::Deflate, Codec::Zstandard, Codec::Bzip2, Codec::Xz] {
        let mut packed = codec.pack(b"13800138000".to_vec()).unwrap();
        assert_eq!(codec.unpack(packed.clone()).unwrap(), b"13800138000");
        packed.extend_from_slice(b"13900139000");
        assert!(codec.unpack(packed).is_err(), "{codec:?}");
    }
}

#[test]
fn every_cut_is_an_error_or_the_end_of_a_block() {
    let bytes = sample("deflate");
    let whole = values(&file_of(&bytes)).unwrap().len();
    for length in 4..bytes.len() {
        match values(&file_of(&bytes[..length])) {
            Ok(values) => assert!(values.len() < whole && values.len() % (whole / 3) == 0, "{length}"),
            Err(error) => assert!(error.advice.is_some(), "{length}: {error}"),
        }
    }
}

proptest! {
    #[test]
    fn damaged_files_are_read_or_refused(place in 0usize..6000, bit in 0u8..8, codec in 0usize..6) {
        let mut bytes = sample(CODECS[codec]);
        let place = place % bytes.len();
        bytes[place] ^= 1 << bit;
        let read = values(&file_of(&bytes));
        let written = rewritten(&bytes, &|_, _| None);
        prop_assert_eq!(read.is_ok(), written.is_ok());
        if let Ok(written) = written {
            prop_assert!(written == bytes);
        }
        // With edits it may be refused, but not fall over.
        let _ = rewritten(&bytes, &|name, _| (name == "phone").then_some(Some("TOKEN")));
    }
}
