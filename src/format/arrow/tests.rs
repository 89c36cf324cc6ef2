//! Damaged files and streams of every kind, and edits that must be refused.

use std::io::{Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use ::arrow::array::{
    Array, ArrayRef, Decimal128Array, DictionaryArray, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch,
    StringArray, StringViewArray, UInt64Array,
};
use ::arrow::datatypes::{Field, Int8Type, Int64Type, Schema};
use ::arrow::ipc::reader::{FileReader, StreamReader};
use ::arrow::ipc::writer::{FileWriter, StreamWriter};
use proptest::prelude::*;

use super::*;
use crate::block::{CellEdit, TextEdit};
use crate::error::Position;
use crate::pipeline::locate::value_at;

const ROWS: i64 = 90;

fn file_of(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    file
}

fn batch() -> RecordBatch {
    let phone = |i: i64| (13_800_138_000 + i).to_string();
    let text = StringArray::from_iter_values((0..ROWS).map(phone));
    let view: StringViewArray = (0..ROWS)
        .map(|i| (i % 3 != 0).then(|| if i % 2 == 0 { phone(i) } else { format!("客户电话{i}请勿外传") }))
        .collect();
    let number: Int64Array = (0..ROWS).map(|i| (i % 5 != 0).then_some(13_800_138_000 + i)).collect();
    let small = Int32Array::from_iter_values(0..ROWS as i32);
    let unsigned = UInt64Array::from_iter_values((0..ROWS).map(|i| i as u64));
    let double: Float64Array = (0..ROWS).map(|i| (i % 2 == 0).then_some(13_800_138_000.0)).collect();
    let decimal: Decimal128Array = (0..ROWS).map(|i| (i % 2 == 0).then_some(13_800_138_000)).collect();
    let list = ListArray::from_iter_primitive::<Int64Type, _, _>(
        (0..ROWS).map(|i| (i % 4 != 0).then(|| (0..i % 3).map(Some).collect::<Vec<_>>())),
    );
    let keyed: DictionaryArray<Int8Type> =
        (0..ROWS).map(|i| (i % 7 != 0).then_some(["a", "b", "c"][i as usize % 3])).collect();
    let columns: [(&str, ArrayRef, bool); 9] = [
        ("text", Arc::new(text), false),
        ("view", Arc::new(view), true),
        ("number", Arc::new(number), true),
        ("small", Arc::new(small), false),
        ("unsigned", Arc::new(unsigned), false),
        ("double", Arc::new(double), true),
        ("decimal", Arc::new(decimal.with_precision_and_scale(20, 0).unwrap()), true),
        ("list", Arc::new(list), true),
        ("keyed", Arc::new(keyed), true),
    ];
    let fields: Vec<Field> =
        columns.iter().map(|(name, array, null)| Field::new(*name, array.data_type().clone(), *null)).collect();
    let metadata = std::collections::HashMap::from([("origin".to_owned(), "问 13800138000".to_owned())]);
    let schema = Arc::new(Schema::new(fields).with_metadata(metadata));
    RecordBatch::try_new(schema, columns.into_iter().map(|(_, array, _)| array).collect()).unwrap()
}

/// Three record batches, as a file and as a stream.
fn samples() -> [Vec<u8>; 2] {
    let batch = batch();
    let (mut file, mut stream) = (Vec::new(), Vec::new());
    let mut writer = FileWriter::try_new(&mut file, &batch.schema()).unwrap();
    (0..3).for_each(|i| writer.write(&batch.slice(i * 30, 30)).unwrap());
    writer.finish().unwrap();
    drop(writer);
    let mut writer = StreamWriter::try_new(&mut stream, &batch.schema()).unwrap();
    (0..3).for_each(|i| writer.write(&batch.slice(i * 30, 30)).unwrap());
    writer.finish().unwrap();
    drop(writer);
    [file, stream]
}

/// All values by column and row.
fn values(bytes: &[u8]) -> Result<Vec<(String, u64, Vec<u8>)>, DataError> {
    let mut values = Vec::new();
    Arrow.read(&file_of(bytes), &mut |block| {
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
    values.sort();
    Ok(values)
}

type Edit<'a> = &'a dyn Fn(&str, &[u8]) -> Option<Option<&'static str>>;

fn rewritten(bytes: &[u8], edit: Edit<'_>) -> Result<Vec<u8>, DataError> {
    let mut out = tempfile::tempfile().unwrap();
    Arrow.rewrite(&file_of(bytes), &mut out, &mut |block| {
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
    out.read_to_end(&mut written).unwrap();
    Ok(written)
}

/// What the library's own readers say of it.
fn library(bytes: &[u8]) -> Vec<RecordBatch> {
    let bytes = std::io::Cursor::new(bytes.to_vec());
    if bytes.get_ref().starts_with(open::MAGIC) {
        FileReader::try_new(bytes, None).unwrap().map(Result::unwrap).collect()
    } else {
        StreamReader::try_new(bytes, None).unwrap().map(Result::unwrap).collect()
    }
}

#[test]
fn values_stand_in_their_columns_and_rows() {
    for bytes in samples() {
        let values = values(&bytes).unwrap();
        let of = |name: &str| values.iter().filter(|(column, _, _)| column == name).count();
        assert_eq!([of("text"), of("view"), of("number"), of("keyed"), of("double")], [90, 60, 72, 77, 45]);
        assert!(values.contains(&("text".into(), 34, b"13800138033".to_vec())));
        assert!(values.contains(&("list.item".into(), 90, b"1".to_vec())));
        assert!(values.contains(&("keyed".into(), 2, b"b".to_vec())));
    }
}

/// A file of one column, `phone`.
fn file_of_phones(phones: DictionaryArray<Int8Type>) -> Vec<u8> {
    let schema = Arc::new(Schema::new(vec![Field::new("phone", phones.data_type().clone(), true)]));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![Arc::new(phones)]).unwrap();
    let mut file = Vec::new();
    let mut writer = FileWriter::try_new(&mut file, &schema).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    drop(writer);
    file
}

#[test]
fn values_that_no_row_uses_stand_in_the_rows_of_their_dictionary() {
    let values = StringArray::from(vec!["a", "13800138000", "b", "13800138001"]);
    let keyed = DictionaryArray::<Int8Type>::new(vec![Some(0), None, Some(2)].into(), Arc::new(values));
    let file = file_of_phones(keyed);
    let mut unused = Vec::new();
    Arrow
        .read(&file_of(&file), &mut |block| {
            if let Block::Table(block) = block
                && block.table.name.is_some()
            {
                let records = block.columns[0].records.as_ref().unwrap();
                assert!(records.iter().all(|record| (*record as usize) < block.rows), "records are rows");
                let row = |record: &u32| block.first_row + u64::from(*record);
                unused.extend(
                    records
                        .iter()
                        .map(row)
                        .zip((0..).map_while(|at| value_at(&block.columns[0].values, at).map(|v| v.into_owned()))),
                );
            }
            Ok(())
        })
        .unwrap();
    assert_eq!(unused, [(2, b"13800138000".to_vec()), (4, b"13800138001".to_vec())]);
}

#[test]
fn only_what_changes_is_written_anew() {
    for bytes in samples() {
        let before = library(&bytes);
        let out = rewritten(&bytes, &|name, value| match name {
            "text" | "number" | "list.item" => Some(Some("13900139000")),
            "view" if value.starts_with(b"138") => Some(None),
            "view" => Some(Some("另一个足够长的值，不在视图里")),
            "keyed" if value == b"a" => Some(Some("b")),
            "keyed" if value == b"c" => Some(None),
            _ => None,
        });
        let after = library(&out.unwrap());
        assert_eq!(before.len(), after.len());
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(before.schema(), after.schema());
            for name in ["small", "unsigned", "double", "decimal"] {
                assert_eq!(before.column_by_name(name), after.column_by_name(name));
            }
            for (column, _) in before.columns().iter().enumerate() {
                let (old, new) = (before.column(column), after.column(column));
                for row in 0..before.num_rows() {
                    let (old, new) = (value_at(old, row), value_at(new, row));
                    match before.schema().field(column).name().as_str() {
                        "text" | "number" => assert_eq!(new.as_deref(), old.map(|_| b"13900139000".as_slice())),
                        "view" => assert_eq!(new.is_some(), old.is_some_and(|old| !old.starts_with(b"138"))),
                        "keyed" => {
                            let expected = old.filter(|old| **old != *b"c").map(|_| b"b".to_vec());
                            assert_eq!(new.map(|new| new.into_owned()), expected);
                        }
                        _ => assert_eq!(old, new),
                    }
                }
            }
        }
    }
}

#[test]
fn where_nothing_changes_no_byte_does() {
    for bytes in samples() {
        let same = rewritten(&bytes, &|_, _| None).unwrap();
        assert_eq!(library(&same), library(&bytes));
        assert!(rewritten(&same, &|_, _| None).unwrap() == same);
    }
}

#[test]
fn what_does_not_fit_is_refused_with_its_place() {
    for bytes in samples() {
        let refused = |column: &'static str, value: Option<&'static str>| {
            rewritten(&bytes, &|name, _| (name == column).then_some(value)).unwrap_err()
        };
        assert!(refused("small", Some("13900139000")).reason.contains("does not fit"));
        assert!(refused("unsigned", Some("-1")).reason.contains("does not fit"));
        assert!(refused("decimal", Some("100000000000000000000")).reason.contains("does not fit"));
        assert!(refused("number", Some("TOKEN")).reason.contains("not a whole number"));
        let error = refused("text", None);
        assert!(error.reason.contains("NULL"), "{error}");
        assert!(matches!(error.position, Some(Position::Row { row: 1, .. })), "{error}");
    }
}

#[test]
fn metadata_that_hold_an_original_refuse_the_file() {
    for bytes in samples() {
        let error = Arrow.rewrite(&file_of(&bytes), &mut tempfile::tempfile().unwrap(), &mut |block| {
            let mut edits = Edits::default();
            if let Block::Text(block) = block
                && let Some(start) = memchr::memmem::find(block.slab.text(), b"13800138000")
            {
                let span = start..start + 11;
                edits.text.push(TextEdit { aside: None, span, replacement: Some(b"x".to_vec()) });
            }
            Ok(edits)
        });
        assert!(error.unwrap_err().reason.contains("`origin` hold data that must be replaced"));
    }
}

#[test]
fn every_cut_of_a_file_is_an_error() {
    let [file, stream] = samples();
    for length in 0..file.len() {
        let error = values(&file[..length]).unwrap_err();
        assert!(error.advice.is_some(), "{length}: {error}");
    }
    let whole = values(&stream).unwrap().len();
    // A stream may just stop between two messages.
    let read = (0..stream.len()).filter(|length| values(&stream[..*length]).is_ok()).count();
    assert!(read <= 5 && whole > 0, "{read}");
    let more = [stream.as_slice(), &stream].concat();
    assert!(values(&more).unwrap_err().reason.contains("more bytes follow"));
}

#[test]
fn what_is_not_read_is_told_by_name() {
    assert!(values(b"FEA1 and more").unwrap_err().reason.contains("first version of Feather"));
    assert_eq!(Arrow.sniff(b"FEA1"), Confidence::Certain);
    let [file, stream] = samples();
    assert_eq!([Arrow.sniff(&file), Arrow.sniff(&stream)], [Confidence::Certain; 2]);
    assert_eq!(Arrow.sniff(&stream[..200]), Confidence::Certain);
    assert_eq!(Arrow.sniff(b"ARROW1 is the name of this log"), Confidence::No);
    assert_eq!(Arrow.sniff(b"\x20\0\0\0 some binary that is something else altogether"), Confidence::No);
}

proptest! {
    #[test]
    fn damaged_data_are_read_or_refused(place in any::<prop::sample::Index>(), bit in 0u8..8, stream in any::<bool>()) {
        let [file, other] = samples();
        let mut bytes = if stream { other } else { file };
        let place = place.index(bytes.len());
        bytes[place] ^= 1 << bit;
        let read = values(&bytes);
        let written = rewritten(&bytes, &|_, _| None);
        prop_assert_eq!(read.is_ok(), written.is_ok());
        if let (Ok(read), Ok(written)) = (read, written) {
            prop_assert!(values(&written) == Ok(read));
        }
        // With edits it may be refused, but not fall over.
        let edit = |name: &str, _: &[u8]| matches!(name, "text" | "view" | "keyed").then_some(Some("TOKEN"));
        let _ = rewritten(&bytes, &edit);
    }
}

#[test]
fn values_that_stand_twice_in_a_dictionary_stay_twice_and_new_ones_stand_once() {
    let values = StringArray::from(vec!["x", "13800138000", "x", "13800138001"]);
    let keyed = DictionaryArray::<Int8Type>::new(vec![0, 1, 2, 3].into(), Arc::new(values));
    let file = file_of_phones(keyed);
    let written = rewritten(&file, &|_, old| old.starts_with(b"1380013800").then_some(Some("t"))).unwrap();
    let [batch] = library(&written).try_into().unwrap();
    let keyed = batch.column(0).as_any().downcast_ref::<DictionaryArray<Int8Type>>().unwrap();
    let text = |array: &dyn Array| -> Vec<String> {
        (0..array.len())
            .map(|at| String::from_utf8(value_at(&array.slice(0, array.len()), at).unwrap().into_owned()).unwrap())
            .collect()
    };
    assert_eq!(text(keyed.values().as_ref()), ["x", "t", "x"]);
    assert_eq!(text(keyed), ["x", "t", "x", "t"]);
}
