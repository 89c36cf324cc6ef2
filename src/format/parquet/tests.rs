//! Damaged files of every kind, and edits that must be refused.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use ::parquet::arrow::ArrowWriter;
use ::parquet::basic::Compression;
use ::parquet::file::properties::{WriterProperties, WriterVersion};
use arrow::array::{
    Array, ArrayRef, DictionaryArray, Float64Array, Int32Array, Int64Array, ListArray, RecordBatch, StringArray,
    UInt32Array, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Int64Type, Schema};
use proptest::prelude::*;

use super::Parquet;
use crate::block::{Block, CellEdit, Edits};
use crate::error::{DataError, Position};
use crate::format::{Container, Part, Reading, Undecoded};
use crate::pipeline::locate::value_at;

const ROWS: i64 = 600;

fn file_of(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    file
}

/// A small file: required and nullable text, numbers, a list; two row groups, several pages.
fn sample(version: WriterVersion, compression: Compression, dictionary: bool) -> Vec<u8> {
    let text = StringArray::from_iter_values((0..ROWS).map(|i| (13_800_138_000 + i).to_string()));
    let gaps: StringArray = (0..ROWS).map(|i| (i % 3 != 0).then(|| format!("第{}行", i % 9))).collect();
    let number: Int64Array = (0..ROWS).map(|i| (i % 5 != 0).then_some(13_800_138_000 + i)).collect();
    let small = Int32Array::from_iter_values((0..ROWS).map(|i| i as i32));
    let list = ListArray::from_iter_primitive::<Int64Type, _, _>(
        (0..ROWS).map(|i| (i % 4 != 0).then(|| (0..i % 3).map(Some).collect::<Vec<_>>())),
    );
    let columns: [(&str, ArrayRef, bool); 5] = [
        ("text", Arc::new(text), false),
        ("gaps", Arc::new(gaps), true),
        ("number", Arc::new(number), true),
        ("small", Arc::new(small), false),
        ("list", Arc::new(list), true),
    ];
    let fields: Vec<Field> =
        columns.iter().map(|(name, array, null)| Field::new(*name, array.data_type().clone(), *null)).collect();
    assert!(matches!(fields[4].data_type(), DataType::List(_)));
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), columns.into_iter().map(|(_, array, _)| array).collect());
    let properties = WriterProperties::builder()
        .set_writer_version(version)
        .set_compression(compression)
        .set_dictionary_enabled(dictionary)
        .set_max_row_group_row_count(Some(400))
        .set_data_page_row_count_limit(150)
        .set_write_batch_size(50)
        .set_bloom_filter_enabled(true)
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, schema, Some(properties)).unwrap();
    writer.write(&batch.unwrap()).unwrap();
    writer.close().unwrap();
    bytes
}

fn samples() -> [Vec<u8>; 3] {
    [
        sample(WriterVersion::PARQUET_1_0, Compression::UNCOMPRESSED, false),
        sample(WriterVersion::PARQUET_1_0, Compression::SNAPPY, true),
        sample(WriterVersion::PARQUET_2_0, Compression::ZSTD(Default::default()), true),
    ]
}

fn rows(bytes: &[u8]) -> Result<usize, DataError> {
    let mut rows = 0;
    Parquet.read(&file_of(bytes), &mut |block| {
        if let Block::Table(block) = block {
            rows += block.rows;
        }
        Ok(())
    })?;
    Ok(rows)
}

/// Rewrites with `value` for the cell of `column` that belongs to `record`.
fn edit_one(bytes: &[u8], column: &str, record: usize, value: Option<&str>) -> Result<File, DataError> {
    let mut out = tempfile::tempfile().unwrap();
    let mut done = false;
    Parquet.rewrite(&file_of(bytes), &mut out, &mut |block| {
        let mut edits = Edits::default();
        if let Block::Table(block) = block
            && !done
        {
            let place = block.columns.iter().position(|c| block.table.columns[c.index].name == column).unwrap();
            let value = value.map(|value| value.as_bytes().to_vec());
            edits.cells.push(CellEdit { column: place as u32, row: record as u32, value });
            done = true;
        }
        Ok(edits)
    })?;
    Ok(out)
}

#[test]
fn whole_samples_are_read() {
    for bytes in samples() {
        assert_eq!(rows(&bytes), Ok(ROWS as usize));
    }
}

#[test]
fn every_cut_is_an_error() {
    let [bytes, ..] = samples();
    for length in (0..bytes.len()).step_by(97).chain([bytes.len() - 1]) {
        let error = rows(&bytes[..length]).unwrap_err();
        assert!(error.reason.contains("damaged") && error.advice.is_some(), "{length}: {error}");
    }
}

#[test]
fn a_footer_of_nonsense_is_an_error() {
    for size in [0u32, 1, 8, 20, u32::MAX, 1 << 31] {
        let mut bytes = b"PAR1".to_vec();
        bytes.extend([0x1c; 40]);
        bytes.extend(size.to_le_bytes());
        bytes.extend(b"PAR1");
        assert!(rows(&bytes).is_err(), "{size}");
    }
}

#[test]
fn values_that_do_not_fit_are_refused_with_their_place() {
    let [bytes, ..] = samples();
    let row = |error: DataError| match error.position {
        Some(Position::Row { row, column: Some(column), .. }) => (row, column),
        other => panic!("{other:?}"),
    };
    let error = edit_one(&bytes, "text", 7, None).unwrap_err();
    assert!(error.reason.contains("NULL"), "{error}");
    assert_eq!(row(error), (8, "text".into()));
    let error = edit_one(&bytes, "number", 1, Some("99999999999999999999")).unwrap_err();
    assert!(error.reason.contains("fit") && !error.to_string().contains("9999"), "{error}");
    assert_eq!(row(error), (2, "number".into()));
    let error = edit_one(&bytes, "number", 1, Some("A1B2")).unwrap_err();
    assert!(error.reason.contains("number") && !error.to_string().contains("A1B2"), "{error}");
    // Record 0 is NULL: nothing is there that could be replaced.
    assert!(edit_one(&bytes, "number", 0, Some("1")).is_err());
    assert!(edit_one(&bytes, "number", 1_000_000, Some("1")).is_err());
}

#[test]
fn a_value_becomes_null_where_the_column_allows_it() {
    for bytes in samples() {
        for column in ["gaps", "number", "list.list.item"] {
            let nulls = |file: &File| {
                let mut present = 0;
                Parquet
                    .read(file, &mut |block| {
                        if let Block::Table(block) = block {
                            let found = block.columns.iter().find(|c| block.table.columns[c.index].name == column);
                            present += found.map_or(0, |column| column.values.len() - column.values.null_count());
                        }
                        Ok(())
                    })
                    .unwrap();
                present
            };
            let before = nulls(&file_of(&bytes));
            let out = edit_one(&bytes, column, 1, None).unwrap_or_else(|error| panic!("{column}: {error}"));
            assert_eq!(nulls(&out), before - 1, "{column}");
        }
    }
}

/// A batch of a dictionary's values is as large as the dictionary, not as what they would take written out.
#[test]
fn a_dictionary_is_not_expanded() {
    let keys = arrow::array::Int32Array::from(vec![0; 60_000]);
    let values: ArrayRef = Arc::new(StringArray::from(vec!["长".repeat(7_000)]));
    let array = DictionaryArray::<arrow::datatypes::Int32Type>::try_new(keys, values).unwrap();
    let batch = RecordBatch::try_from_iter([("text", Arc::new(array) as ArrayRef)]).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let mut blocks = 0;
    let read = Parquet.read(&file_of(&bytes), &mut |block| {
        if let Block::Table(block) = block {
            assert!(block.columns[0].values.get_array_memory_size() < 1 << 20);
            blocks += 1;
        }
        Ok(())
    });
    assert_eq!((read, blocks), (Ok(()), 1));
}

/// First row of a block, column, values.
type Values = Vec<(u64, usize, Vec<Option<Vec<u8>>>)>;
/// Blocks that are yet to be decoded, and columns that are not, with their values.
type Parts = (Vec<Box<dyn Undecoded>>, Vec<(String, u64)>);

/// The values of all blocks, by row of the file, column and place in the block.
fn values(blocks: impl IntoIterator<Item = Block>) -> Values {
    let mut values = Vec::new();
    for block in blocks {
        let Block::Table(block) = block else { continue };
        for column in &block.columns {
            let value = |at| value_at(&column.values, at).map(std::borrow::Cow::into_owned);
            values.push((block.first_row, column.index, (0..column.values.len()).map(value).collect()));
        }
    }
    values.sort();
    values
}

fn parts(bytes: &[u8], block_bytes: u64, may_hold: bool) -> Parts {
    let (mut undecoded, mut by_statistics) = (Vec::new(), Vec::new());
    let none_with_less = |_: &str, values| matches!(values, crate::format::Values::Whole(_, 1000..));
    let reading = Reading { block_bytes, most_expansion: u64::MAX, may_hold: may_hold.then_some(&none_with_less) };
    let visit = &mut |part| {
        match part {
            Part::Undecoded(block) => undecoded.push(block),
            Part::ByStatistics { column, values } => by_statistics.push((column, values)),
            Part::Block(_) => {}
        }
        Ok(())
    };
    Parquet.take_apart(&file_of(bytes), &reading, visit).unwrap();
    (undecoded, by_statistics)
}

/// Blocks that begin and end within pages, decoded backwards and by turns from the middle, hold what they hold in order.
#[test]
fn blocks_are_the_same_in_any_order() {
    for bytes in samples() {
        for block_bytes in [1, 700, 3000] {
            let decoded = |blocks: Vec<Box<dyn Undecoded>>| blocks.into_iter().map(|block| block.decode().unwrap());
            let in_order = values(decoded(parts(&bytes, block_bytes, false).0));
            let mut backwards = parts(&bytes, block_bytes, false).0;
            assert!(backwards.len() > 4);
            backwards.reverse();
            assert_eq!(values(decoded(backwards)), in_order);
            let mut mixed = parts(&bytes, block_bytes, false).0;
            let middle = mixed.len() / 2;
            mixed.rotate_left(middle);
            mixed.swap(0, 2);
            assert_eq!(values(decoded(mixed)), in_order);
        }
        // One value to the record, in order, whatever the blocks.
        let whole = |column: usize, blocks: Values| {
            let of_column = blocks.into_iter().filter(|(_, index, _)| *index == column);
            of_column.flat_map(|(_, _, values)| values).collect::<Vec<_>>()
        };
        let mut read = Vec::new();
        Parquet
            .read(&file_of(&bytes), &mut |block| {
                read.push(block);
                Ok(())
            })
            .unwrap();
        let read = values(read);
        let small = values(parts(&bytes, 700, false).0.into_iter().map(|block| block.decode().unwrap()));
        for column in 0..4 {
            assert_eq!(whole(column, small.clone()), whole(column, read.clone()), "{column}");
        }
        let gaps: Vec<_> = (0..ROWS).map(|i| (i % 3 != 0).then(|| format!("第{}行", i % 9).into_bytes())).collect();
        assert_eq!(whole(1, small), gaps);
    }
}

#[test]
fn columns_of_small_numbers_are_passed_over_and_named() {
    for bytes in samples() {
        let (undecoded, by_statistics) = parts(&bytes, 1 << 20, true);
        let named: Vec<&str> = by_statistics.iter().map(|(column, _)| column.as_str()).collect();
        assert_eq!(named, ["small", "list.list.item", "small", "list.list.item"]);
        assert_eq!(by_statistics.iter().filter(|(name, _)| name == "small").map(|(_, n)| n).sum::<u64>(), ROWS as u64);
        for block in undecoded {
            let Block::Table(block) = block.decode().unwrap() else { panic!("a text") };
            assert_eq!(block.columns.iter().map(|column| column.index).collect::<Vec<_>>(), [0, 1, 2]);
        }
    }
}

/// Unsigned numbers are compared as such, and whole numbers in a column of doubles are seen.
#[test]
fn bounds_are_those_of_the_column_type() {
    let columns: [(&str, ArrayRef); 5] = [
        ("price", Arc::new(Float64Array::from(vec![1.25, -300.5]))),
        ("mobile", Arc::new(Float64Array::from(vec![13_800_138_000.0, 0.5]))),
        ("endless", Arc::new(Float64Array::from(vec![f64::INFINITY, 0.5]))),
        ("unsigned", Arc::new(UInt32Array::from(vec![4_000_000_000, 1]))),
        ("long", Arc::new(UInt64Array::from(vec![u64::MAX, 1]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    assert_eq!(parts(&bytes, 1 << 20, true).1, [("price".to_owned(), 2)]);
    assert_eq!(parts(&bytes, 1 << 20, false).1, []);
}

#[test]
fn an_error_of_the_caller_stays_as_it_is() {
    let [bytes, ..] = samples();
    let wrong = || DataError::new("stop").at(Position::Line(3));
    assert_eq!(Parquet.read(&file_of(&bytes), &mut |_| Err(wrong())), Err(wrong()));
    let mut out = tempfile::tempfile().unwrap();
    assert_eq!(Parquet.rewrite(&file_of(&bytes), &mut out, &mut |_| Err(wrong())), Err(wrong()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Flipped bits give an error or are read, in bounded time, and never panic. What is read is copied to a file that
    /// is read alike.
    #[test]
    fn flipped_bits_do_not_kill(
        which in 0usize..3,
        flips in proptest::collection::vec((any::<proptest::sample::Index>(), 0u8..8, any::<bool>()), 1..4),
    ) {
        let mut bytes = samples().into_iter().nth(which).unwrap();
        let footer = bytes.len() - u32::from_le_bytes(bytes[bytes.len() - 8..][..4].try_into().unwrap()) as usize - 8;
        for (index, bit, in_footer) in flips {
            let start = if in_footer { footer } else { 0 };
            let at = start + index.index(bytes.len() - start);
            bytes[at] ^= 1 << bit;
        }
        let start = Instant::now();
        let read = rows(&bytes);
        prop_assert!(start.elapsed() < Duration::from_secs(5));
        let mut out = tempfile::tempfile().unwrap();
        let copied = Parquet.rewrite(&file_of(&bytes), &mut out, &mut |_| Ok(Edits::default()));
        if copied.is_ok() {
            let mut again = 0;
            Parquet.read(&out, &mut |block| {
                if let Block::Table(block) = block {
                    again += block.rows;
                }
                Ok(())
            }).unwrap();
            prop_assert_eq!(Ok(again), read);
        }
    }
}
