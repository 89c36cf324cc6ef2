//! Parquet files through [`Container`]: the public corpus of good and bad files, files that pyarrow writes, and what
//! pyarrow and DuckDB say of the files that come out.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use arrow::array::{Array, ArrayRef, RecordBatch};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use tuomin::block::{Block, CellEdit, ColumnKind, Edits, Syntax, TableBlock, TextEdit};
use tuomin::error::DataError;
use tuomin::format::{Access, Confidence, Container, by_name};
use tuomin::pipeline::locate::value_at;

use crate::program::{Folder, POLICY};
use crate::support::python;

fn container() -> Box<dyn Container> {
    match by_name("parquet").unwrap().open() {
        Access::Container(container) => container,
        Access::Stream(_) | Access::Sections(_) => panic!("Parquet is read as a whole file"),
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

/// The value at `index` of any column that a block may hold, as text; nothing for NULL and what cannot be spelled.
fn text(values: &ArrayRef, index: usize) -> Option<Vec<u8>> {
    value_at(values, index).map(|value| value.into_owned())
}

/// All values of a file by column, with the row (from 1) of each, and its notes.
type Value = Option<Vec<u8>>;

#[derive(Default, PartialEq, Debug)]
pub(crate) struct Content {
    rows: u64,
    columns: BTreeMap<String, Vec<(u64, Value)>>,
    notes: Vec<(Syntax, String)>,
}

impl Content {
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

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

pub(crate) fn read(file: &File) -> Result<Content, DataError> {
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
    rewrite_to(file, &mut out, edit)?;
    Ok(out)
}

fn rewrite_to(file: &File, out: &mut File, edit: CellEditor<'_>) -> Result<(), DataError> {
    container().rewrite(file, out, &mut |block| {
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
    })
}

/// The file as the Arrow reader sees it, row group by row group.
fn arrow(file: &File) -> Result<Vec<RecordBatch>, String> {
    let mut file = file.try_clone().unwrap();
    file.seek(SeekFrom::Start(0)).unwrap();
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| error.to_string())?;
    builder.build().unwrap().collect::<Result<_, _>>().map_err(|error| error.to_string())
}

fn assert_same_values(source: &File, target: &File, name: &str) {
    match (arrow(source), arrow(target)) {
        (Ok(source), Ok(target)) => assert_eq!(source, target, "{name}"),
        (Err(reason), Err(_)) => println!("{name}: the Arrow reader refuses it: {reason}"),
        (source, target) => panic!("{name}: {:?} became {:?}", source.err(), target.err()),
    }
}

#[test]
fn the_signature_tells() {
    let format = by_name("parquet").unwrap();
    assert_eq!(format.sniff(b"PAR1\x15\x04"), Confidence::Certain);
    assert_eq!(format.sniff(b"PARE\x15\x04"), Confidence::Certain);
    assert_eq!(format.sniff(b"PARIS,1\n"), Confidence::No);
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

/// Runs the peer script; `None` when there is no python for it.
fn peer(command: &str, folder: &Path) -> Option<()> {
    python::peer("parquet_peer.py", "pyarrow, duckdb, pandas", folder, &[command])
}

/// `value` with every 138xxxxxxxx turned into 139xxxxxxxx; `None` when there is none.
fn moved(value: &[u8]) -> Option<Vec<u8>> {
    let mut moved = value.to_vec();
    let mut found = false;
    for start in 0..value.len() {
        if value[start..].starts_with(b"138")
            && value[start..].iter().take(11).filter(|b| b.is_ascii_digit()).count() == 11
        {
            moved[start + 2] = b'9';
            found = true;
        }
    }
    found.then_some(moved)
}

#[test]
fn pyarrow_and_duckdb_read_what_is_rewritten() {
    let folder = tempfile::tempdir().unwrap();
    let Some(()) = peer("write", folder.path()) else { return };
    let target = folder.path().join("target");
    std::fs::create_dir(&target).unwrap();
    for entry in std::fs::read_dir(folder.path().join("source")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let mut out = File::create(target.join(name)).unwrap();
        let rewritten = rewrite_to(&File::open(&path).unwrap(), &mut out, &mut |column, kind, value| match kind {
            ColumnKind::Fixed(_) => None,
            _ if column == "void" => Some(None),
            _ => moved(value.unwrap()).map(Some),
        });
        rewritten.unwrap_or_else(|error| panic!("{name}: {error}"));
        out.flush().unwrap();
    }
    peer("check", folder.path()).unwrap();

    for entry in std::fs::read_dir(folder.path().join("notes")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let file = File::open(&path).unwrap();
        let notes = read(&file).unwrap().notes;
        let with_phone: Vec<_> = notes.iter().filter(|(_, text)| text.contains("13800138000")).collect();
        assert!(!with_phone.is_empty(), "{name}: {notes:?}");
        if name == "attrs.parquet" {
            assert!(with_phone.iter().any(|(syntax, text)| *syntax == Syntax::Json && text.contains("负责人")));
        }
        let mut out = tempfile::tempfile().unwrap();
        let refused = container().rewrite(&file, &mut out, &mut |block| {
            let mut edits = Edits::default();
            if let Block::Text(block) = block {
                let found = memchr::memmem::find(block.slab.text(), b"13800138000");
                let edit = |start| TextEdit { aside: None, span: start..start + 11, replacement: Some(b"x".to_vec()) };
                edits.text.extend(found.map(edit));
            }
            Ok(edits)
        });
        let error = refused.unwrap_err();
        assert!(error.reason.contains("must be replaced") && !error.to_string().contains("13800138000"), "{error}");
        assert_eq!(out.metadata().unwrap().len(), 0, "{name}: nothing is written");
    }
}

/// As `attrs` of pandas have it, and as names of columns: refused by the program, with nothing written and nothing said.
#[test]
fn a_value_in_the_metadata_is_never_put_out() {
    let folder = Folder::with_key();
    let Some(()) = peer("write", &folder.path("")) else { return };
    folder.write("hash.yml", POLICY);
    for purpose in [&["deidentify", "--key-file", "k"][..], &["anonymize"]] {
        let rest = ["notes", "-o", "out", "--policy", "hash.yml"];
        let ended = folder.tuomin(&[purpose, &rest].concat()).expect(3);
        for name in ["attrs", "comment", "name"] {
            assert!(ended.stderr.contains(&format!("notes/{name}.parquet")), "{}", ended.stderr);
        }
        assert!(!ended.stderr.contains("13800138000") && !ended.out().contains("13800138000"));
        assert!(!folder.files().iter().any(|file| file.starts_with("out/")), "{:?}", folder.files());
    }
}
