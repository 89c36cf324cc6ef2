//! Parquet files through [`Container`]: the public corpus of good and bad files, files that pyarrow writes, and what
//! pyarrow and DuckDB say of the files that come out.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int32Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tuomin::block::{Block, CellEdit, ColumnKind, Edits, Syntax, TableBlock};
use tuomin::error::DataError;
use tuomin::format::{Access, Confidence, Container, by_name, sniff};

fn container() -> Box<dyn Container> {
    match by_name("parquet").unwrap().open() {
        Access::Container(container) => container,
        Access::Stream(_) => panic!("Parquet is read as a whole file"),
    }
}

/// The files of a folder of the public corpus; empty, with a printed reason, where it is not at hand.
fn corpus(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/parquet").join(folder);
    let Ok(entries) = std::fs::read_dir(&folder) else {
        println!("skipped: {} is not there", folder.display());
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 10);
    files
}

/// The value at `index` of any column that a block may hold, as text.
fn text(values: &ArrayRef, index: usize) -> Option<Vec<u8>> {
    if values.is_null(index) {
        return None;
    }
    Some(match values.data_type() {
        DataType::Utf8 => values.as_string::<i32>().value(index).as_bytes().to_vec(),
        DataType::Binary => values.as_binary::<i32>().value(index).to_vec(),
        DataType::Int64 => values.as_primitive::<arrow::datatypes::Int64Type>().value(index).to_string().into_bytes(),
        DataType::Decimal128(_, 0) => {
            values.as_primitive::<arrow::datatypes::Decimal128Type>().value(index).to_string().into_bytes()
        }
        DataType::Dictionary(_, _) => {
            let dictionary = values.as_dictionary::<Int32Type>();
            return text(dictionary.values(), usize::try_from(dictionary.keys().value(index)).unwrap());
        }
        other => panic!("a block holds a column of {other}"),
    })
}

/// All values of a file by column, with the row (from 1) of each, and its notes.
#[derive(Default, PartialEq, Debug)]
struct Content {
    rows: u64,
    columns: BTreeMap<String, Vec<(u64, Option<Vec<u8>>)>>,
    notes: Vec<(Syntax, String)>,
}

impl Content {
    fn add(&mut self, block: &TableBlock) {
        assert_eq!(block.first_row, self.rows + 1, "blocks follow each other");
        assert!(block.rows > 0);
        self.rows += block.rows as u64;
        for column in &block.columns {
            let into = self.columns.entry(block.table.columns[column.index].name.clone()).or_default();
            match &column.records {
                Some(records) => assert_eq!(records.len(), column.values.len()),
                None => assert_eq!(block.rows, column.values.len()),
            }
            for index in 0..column.values.len() {
                let record = column.records.as_ref().map_or(index as u64, |records| u64::from(records[index]));
                assert!(record < block.rows as u64);
                into.push((block.first_row + record, text(&column.values, index)));
            }
        }
    }
}

fn read(file: &File) -> Result<Content, DataError> {
    let mut content = Content::default();
    container().read(file, &mut |block| {
        match block {
            Block::Table(block) => content.add(&block),
            Block::Text(block) => {
                content.notes.push((block.syntax, String::from_utf8(block.slab.text().to_vec()).unwrap()));
            }
        }
        Ok(())
    })?;
    Ok(content)
}

type CellEditor<'a> = &'a mut dyn FnMut(&str, &ColumnKind, Option<&[u8]>) -> Option<Option<Vec<u8>>>;

/// Rewrites `file`, asking `edit` for every value that is there (column name, kind, value).
fn rewrite(file: &File, edit: CellEditor<'_>) -> Result<File, DataError> {
    let mut out = tempfile::tempfile().unwrap();
    container().rewrite(file, &mut out, &mut |block| {
        let mut edits = Edits::default();
        if let Block::Table(block) = block {
            for (place, column) in block.columns.iter().enumerate() {
                let context = &block.table.columns[column.index];
                for row in (0..column.values.len()).filter(|&row| !column.values.is_null(row)) {
                    if let Some(value) = edit(&context.name, &context.kind, text(&column.values, row).as_deref()) {
                        edits.cells.push(CellEdit { column: place as u32, row: row as u32, value });
                    }
                }
            }
        }
        Ok(edits)
    })?;
    Ok(out)
}

/// The file as the Arrow reader sees it, row group by row group.
fn arrow(file: &File) -> Result<Vec<RecordBatch>, String> {
    let mut file = file.try_clone().unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| error.to_string())?;
    builder.build().unwrap().collect::<Result<_, _>>().map_err(|error| error.to_string())
}

/// Equal but for NaN, which Arrow's `==` compares by bits as well.
fn assert_same_values(source: &File, target: &File, name: &str) {
    match (arrow(source), arrow(target)) {
        (Ok(source), Ok(target)) => assert_eq!(source, target, "{name}"),
        (Err(reason), Err(_)) => println!("{name}: the Arrow reader refuses it: {reason}"),
        (source, target) => panic!("{name}: {:?} became {:?}", source.err(), target.err()),
    }
}

#[test]
fn every_bad_file_is_refused() {
    for path in corpus("bad") {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let file = File::open(&path).unwrap();
        let start = Instant::now();
        let error = match read(&file) {
            Err(error) => error,
            Ok(content) => panic!("{name}: read as {} rows", content.rows),
        };
        assert!(start.elapsed() < Duration::from_secs(1), "{name}: {:?}", start.elapsed());
        println!("{name}: {error}");
        assert!(error.advice.is_some(), "{name}");
        if name.ends_with(".encrypted") {
            assert!(error.reason.contains("encrypted"), "{name}: {error}");
        } else {
            assert!(error.reason.contains("damaged"), "{name}: {error}");
        }
        assert!(rewrite(&file, &mut |_, _, _| None).is_err(), "{name}");
    }
}

#[test]
fn every_good_file_is_read_and_copied() {
    for path in corpus("good") {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let file = File::open(&path).unwrap();
        let content = read(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        let copy = rewrite(&file, &mut |_, _, _| None).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read(&copy).unwrap(), content, "{name}");
        // Its footer counts no rows, so that the Arrow reader reads none of the six.
        if name != "repeated_no_annotation.parquet" {
            assert_same_values(&file, &copy, &name);
        }
    }
}

#[test]
fn every_text_of_every_good_file_can_be_changed() {
    let mut changed = 0;
    for path in corpus("good") {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let file = File::open(&path).unwrap();
        let content = read(&file).unwrap();
        let mut expected = content;
        let mut texts = std::collections::BTreeSet::new();
        let out = rewrite(&file, &mut |column, kind, value| match kind {
            ColumnKind::Text { .. } => {
                texts.insert(column.to_owned());
                changed += 1;
                Some(Some([b"[", value.unwrap(), b"]"].concat()))
            }
            _ => None,
        })
        .unwrap_or_else(|error| panic!("{name}: {error}"));
        for (column, values) in &mut expected.columns {
            for (_, value) in values.iter_mut().filter(|_| texts.contains(column)) {
                if let Some(value) = value {
                    *value = [b"[", value.as_slice(), b"]"].concat();
                }
            }
        }
        assert_eq!(read(&out).unwrap(), expected, "{name}");
        if arrow(&file).is_ok() {
            arrow(&out).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
    assert!(changed > 1000 || corpus("good").is_empty());
}
