//! Arrow and Avro files: what pyarrow, pandas, Polars and fastavro write, and what they say of the files
//! that come out.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, DictionaryArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::Int32Type;
use arrow::ipc::reader::FileReader;
use arrow::ipc::writer::FileWriter;
use tuomin::block::{Block, CellEdit, ColumnKind, Edits, TableBlock};
use tuomin::error::DataError;
use tuomin::format::{Access, Container, sniff};
use tuomin::pipeline::locate::value_at;

use crate::program::{Folder, POLICY, contains};
use crate::support::python;

/// Runs the peer script; `None` when there is no python for it.
fn peer(command: &str, folder: &Path) -> Option<()> {
    python::peer("columnar_peer.py", "pyarrow, duckdb, pandas, polars, fastavro", folder, &[command])
}

/// The container that the content of `path` asks for.
fn container(path: &Path) -> Box<dyn Container> {
    let bytes = std::fs::read(path).unwrap();
    match sniff(&bytes[..bytes.len().min(64 << 10)]).unwrap().open() {
        Access::Container(container) => container,
        _ => panic!("{} is taken for a stream of text", path.display()),
    }
}

fn text(values: &ArrayRef, index: usize) -> Option<Vec<u8>> {
    value_at(values, index).map(|value| value.into_owned())
}

type CellEditor<'a> = &'a mut dyn FnMut(&TableBlock, &str, &ColumnKind, &[u8]) -> Option<Option<Vec<u8>>>;

fn rewrite(path: &Path, out: &mut File, edit: CellEditor<'_>) -> Result<(), DataError> {
    container(path).rewrite(&File::open(path).unwrap(), out, &mut |block| {
        let mut edits = Edits::default();
        if let Block::Table(block) = block {
            for (place, column) in block.columns.iter().enumerate() {
                let context = &block.table.columns[column.index];
                for row in (0..column.values.len()).filter(|&row| !column.values.is_null(row)) {
                    let Some(value) = text(&column.values, row) else { continue };
                    if let Some(value) = edit(block, &context.name, &context.kind, &value) {
                        edits.cells.push(CellEdit { column: place as u32, row: row as u32, value });
                    }
                }
            }
        }
        Ok(edits)
    })
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

/// Files that hold more than values: behind NULLs, and at the end of buffers, where pyarrow leaves the start of the next
/// record batch. That is not carried on, even where nothing else changes.
const CLEANED: [&str; 13] = [
    "lz4-feather.feather",
    "lz4-file.arrow",
    "lz4-pandas.feather",
    "lz4-stream.arrows",
    "none-file.arrow",
    "none-hidden.arrow",
    "none-legacy.arrows",
    "none-pandas.feather",
    "none-stream.arrows",
    "none-v4.arrows",
    "zstd-file.arrow",
    "zstd-hidden.arrows",
    "zstd-stream.arrows",
];

#[test]
fn the_usual_readers_read_what_is_rewritten() {
    let folder = tempfile::tempdir().unwrap();
    let Some(()) = peer("write", folder.path()) else { return };
    let target = folder.path().join("target");
    let same_folder = folder.path().join("same");
    std::fs::create_dir(&target).unwrap();
    std::fs::create_dir(&same_folder).unwrap();
    let mut cleaned = Vec::new();
    for entry in std::fs::read_dir(folder.path().join("source")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let mut same = File::create(same_folder.join(name)).unwrap();
        rewrite(&path, &mut same, &mut |_, _, _, _| None).unwrap_or_else(|error| panic!("{name}: {error}"));
        if std::fs::read(same_folder.join(name)).unwrap() != std::fs::read(&path).unwrap() {
            cleaned.push(name.to_owned());
        }
        let mut out = File::create(target.join(name)).unwrap();
        let rewritten = rewrite(&path, &mut out, &mut |_, column, kind, value| match (column, kind) {
            (_, ColumnKind::Fixed(_)) => None,
            ("void", _) => Some(None),
            ("mask", _) => Some(Some(b"***".to_vec())),
            _ => moved(value).map(Some),
        });
        rewritten.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    peer("check", folder.path()).unwrap();
    cleaned.sort();
    assert_eq!(cleaned, CLEANED, "where nothing changes, no byte does");
}

#[test]
fn an_arrow_file_goes_through_the_program() {
    let folder = Folder::with_key();
    let phone = |row: i64| (13_800_138_000 + row).to_string();
    let mobile: StringArray = (0..50).map(|row| (row % 5 != 0).then(|| phone(row))).collect();
    let number = Int64Array::from_iter_values((0..50).map(|row| 13_800_138_000 + row));
    let kind: DictionaryArray<Int32Type> =
        (0..50).map(|row| Some(if row % 2 == 0 { "13900139000" } else { "x" })).collect();
    let columns: [(&str, ArrayRef); 3] =
        [("mobile", Arc::new(mobile)), ("no", Arc::new(number)), ("kind", Arc::new(kind))];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = FileWriter::try_new(&mut bytes, &batch.schema()).unwrap();
    writer.write(&batch.slice(0, 20)).unwrap();
    writer.write(&batch.slice(20, 30)).unwrap();
    writer.finish().unwrap();
    drop(writer);
    folder.write("people.arrow", &bytes);
    folder.write("policy.yml", POLICY);

    let scanned = folder.tuomin(&["scan", "people.arrow", "--matches", "-", "-q"]).expect(0).out();
    let line = |text: &str| scanned.lines().filter(|line| line.contains(text)).count();
    assert_eq!([line(r#""column":"mobile""#), line(r#""column":"no""#), line(r#""column":"kind""#)], [40, 50, 25]);
    assert_eq!(line(r#""column":"no","row":34"#), 1, "{scanned}");

    let rewrite = ["deidentify", "people.arrow", "-o", "out.arrow", "--key-file", "k", "--policy", "policy.yml"];
    folder.tuomin(&rewrite).expect(0);
    let out = folder.read("out.arrow");
    assert!(!contains(&out, b"13800138") && !contains(&out, b"13900139000"));
    assert!((0..50i64).all(|row| !contains(&out, &(13_800_138_000 + row).to_le_bytes())));
    let read: Vec<RecordBatch> =
        FileReader::try_new(std::io::Cursor::new(out), None).unwrap().map(Result::unwrap).collect();
    assert_eq!(read.iter().map(RecordBatch::num_rows).collect::<Vec<_>>(), [20, 30]);
    assert_eq!(read[0].schema(), batch.schema());
    assert_eq!(read.iter().map(|read| read.column(0).null_count()).sum::<usize>(), 10);
}

/// Flips bits of what the usual tools write, compressed buffers and all: an error or values, and never more of them.
#[test]
fn damaged_files_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let Some(()) = peer("write", folder.path()) else { return };
    let (mut read, mut refused, mut state) = (0, 0, 1u64);
    for entry in std::fs::read_dir(folder.path().join("source")).unwrap() {
        let path = entry.unwrap().path();
        let container = container(&path);
        let bytes = std::fs::read(&path).unwrap();
        for _ in 0..60 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let mut bytes = bytes.clone();
            let place = (state >> 20) as usize % bytes.len();
            bytes[place] ^= 1 << (state >> 60 & 7);
            if state >> 57 & 7 == 0 {
                bytes.truncate(place);
            }
            let damaged = folder.path().join("damaged");
            std::fs::write(&damaged, &bytes).unwrap();
            match container.read(&File::open(&damaged).unwrap(), &mut |_| Ok(())) {
                Ok(()) => read += 1,
                Err(error) => {
                    refused += 1;
                    assert!(!error.to_string().contains("13800138"), "{error}");
                }
            }
        }
    }
    assert!(read > 100 && refused > 100, "{read} read, {refused} refused");
}
