//! What must hold of any bytes that a reader is given: it reads them or refuses them, never panics, and what it read
//! without an error it can write again, unchanged.
//!
//! Each target is run by cargo-fuzz (`fuzz/run`) and, with mutations of `fuzz/seeds`, by `cargo test`.

use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{BufReader, Cursor, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use tuomin::block::{Block, CellEdit, ColumnKind, Edits};
use tuomin::error::DataError;
use tuomin::format::{Access, Codec, Container, Cut, Reading, Section, Splitter, by_name, sniff};
use tuomin::pipeline::locate::value_at;
use tuomin::source::archive::{Archive, Content, Writer, tar, zip};
use tuomin::source::decompress::Compression;
use tuomin::source::slab::Slab;

/// A target.
pub type Target = fn(&[u8]);

/// The targets, by the names of their folders of seeds.
pub const TARGETS: &[(&str, Target)] = &[
    ("text", text),
    ("csv", csv),
    ("ndjson", ndjson),
    ("pgdump", pgdump),
    ("mysqldump", mysqldump),
    ("parquet", parquet),
    ("arrow", arrow),
    ("avro", avro),
    ("sqlite", sqlite),
    ("pgarchive", pgarchive),
    ("xlsx", xlsx),
    ("tar", tar_archive),
    ("zip", zip_archive),
    ("decompress", decompress),
];

/// As the pipeline offers it.
const SAMPLE: usize = 64 * 1024;
const LONGEST_TEXT: usize = 1 << 20;
/// A few bytes of a codec may unpack to more than anybody wants to wait for.
const MOST_UNPACKED: u64 = 8 << 20;

/// Lines in UTF-8, GB18030 or neither.
pub fn text(data: &[u8]) {
    stream("text", data);
    let (slab, _) = Slab::lenient(data.to_vec(), 0, 1);
    let whole = slab.raw_span(0..slab.text().len());
    assert_eq!(whole, 0..data.len(), "the text stands for all bytes");
    let mut out = Vec::new();
    slab.splice(&[], &mut out).expect("nothing to splice");
    assert!(out == data, "without edits the bytes stay");
}

/// Excel workbooks, which are only read.
pub fn xlsx(data: &[u8]) {
    container("xlsx", data);
}

/// Comma-separated values and their kin.
pub fn csv(data: &[u8]) {
    stream("csv", data);
}

/// JSON documents and lines.
pub fn ndjson(data: &[u8]) {
    stream("ndjson", data);
}

/// Scripts of `pg_dump`.
pub fn pgdump(data: &[u8]) {
    stream("pgdump", data);
}

/// Scripts of `mysqldump`.
pub fn mysqldump(data: &[u8]) {
    stream("mysqldump", data);
}

/// Parquet files.
pub fn parquet(data: &[u8]) {
    container("parquet", data);
}

/// Arrow IPC files and streams.
pub fn arrow(data: &[u8]) {
    container("arrow", data);
}

/// Avro object container files.
pub fn avro(data: &[u8]) {
    container("avro", data);
}

/// SQLite databases.
pub fn sqlite(data: &[u8]) {
    container("sqlite", data);
}

/// Cuts, lexes and renders `data`; small blocks and few bytes at a time, told by the length, so that ends fall anywhere.
fn stream(name: &str, data: &[u8]) {
    let _ = sniff(data.get(..SAMPLE).unwrap_or(data));
    let Some(Access::Stream(open)) = by_name(name).map(|format| format.open()) else { panic!("{name} is a stream") };
    for (target, chunk) in [(1 << 20, usize::MAX), (1 + data.len() % 61, 1 + data.len() % 17)] {
        let Ok(mut splitter) = open(data.get(..SAMPLE).unwrap_or(data)) else { continue };
        let _ = rendered(data, splitter.as_mut(), target, chunk);
    }
}

fn rendered(data: &[u8], splitter: &mut dyn Splitter, target: usize, chunk: usize) -> Result<(), DataError> {
    let (mut start, mut end, mut line) = (0, data.len().min(chunk), 1);
    while start < data.len() {
        match splitter.cut(&data[start..end], end == data.len(), target)? {
            Cut::More => {
                assert!(end < data.len(), "it asks for more at the end");
                end = data.len().min(end.saturating_add(chunk));
            }
            Cut::Block { len, codec } => {
                assert!(len >= 1 && start + len <= end, "a block of bytes that were offered");
                let raw = &data[start..start + len];
                lex_and_render(raw, start as u64, line, &codec)?;
                line += raw.iter().filter(|byte| **byte == b'\n').count() as u64;
                start += len;
                end = end.max(start);
            }
        }
    }
    Ok(())
}

fn lex_and_render(raw: &[u8], offset: u64, line: u64, codec: &Arc<dyn Codec>) -> Result<(), DataError> {
    let block = codec.lex(Slab::lenient(raw.to_vec(), offset, line).0)?;
    check(&block);
    if let Block::Text(text) = &block {
        let _ = codec.records(text);
    }
    let mut out = Vec::new();
    codec.render(&block, &Edits::default(), &mut out)?;
    assert!(out == raw, "without edits a block stays as it was");
    Ok(())
}

/// A block of a table has as many values as it says.
fn check(block: &Block) {
    if let Block::Table(table) = block {
        for column in &table.columns {
            assert!(column.index < table.table.columns.len(), "each column has a name");
            let rows = column.records.as_ref().map_or(table.rows, |records| {
                assert!(records.iter().all(|record| (*record as usize) < table.rows), "records are rows");
                records.len()
            });
            assert_eq!(column.values.len(), rows, "a value for each row");
        }
    }
}

fn file_of(data: &[u8]) -> File {
    let mut file = tempfile::tempfile().expect("a temporary file");
    file.write_all(data).expect("room for it");
    file.seek(SeekFrom::Start(0)).expect("its start");
    file
}

/// All values of a file, as one number; also how many blocks there are.
fn digest(container: &dyn Container, file: &File) -> Result<u64, DataError> {
    let mut hasher = DefaultHasher::new();
    container.read(file, &mut |block| {
        check(&block);
        match &block {
            Block::Text(text) => text.slab.text().hash(&mut hasher),
            Block::Table(table) => {
                for column in &table.columns {
                    table.table.columns[column.index].name.hash(&mut hasher);
                    for row in 0..column.values.len() {
                        value_at(&column.values, row).hash(&mut hasher);
                    }
                }
            }
        }
        Ok(())
    })?;
    Ok(hasher.finish())
}

fn take_apart(container: &dyn Container, file: &File) {
    let may_hold = |_: &str, _| true;
    let reading = Reading { block_bytes: 1 << 16, most_expansion: 2000, may_hold: Some(&may_hold) };
    let _ = container.take_apart(file, &reading, &mut |part| match part {
        tuomin::format::Part::Undecoded(undecoded) => undecoded.decode().map(|block| check(&block)),
        tuomin::format::Part::Block(block) => {
            check(&block);
            Ok(())
        }
        tuomin::format::Part::ByStatistics { .. } => Ok(()),
    });
}

fn container(name: &str, data: &[u8]) {
    let Some(Access::Container(container)) = by_name(name).map(|format| format.open()) else {
        panic!("{name} is a container")
    };
    let container = container.as_ref();
    let file = file_of(data);
    take_apart(container, &file);
    let Ok(before) = digest(container, &file) else {
        return;
    };
    let mut same = tempfile::tempfile().expect("a temporary file");
    if container.rewrite(&file, &mut same, &mut |_| Ok(Edits::default())).is_ok() {
        let after = digest(container, &same).unwrap_or_else(|error| panic!("the copy cannot be read: {error}"));
        assert_eq!(before, after, "without edits the values stay");
    }
    let mut changed = tempfile::tempfile().expect("a temporary file");
    if container.rewrite(&file, &mut changed, &mut |block| Ok(starred(block))).is_ok() {
        digest(container, &changed).unwrap_or_else(|error| panic!("the output cannot be read: {error}"));
    }
}

/// Each text of a table becomes a star.
fn starred(block: &Block) -> Edits {
    let mut edits = Edits::default();
    let Block::Table(table) = block else { return edits };
    for (place, column) in table.columns.iter().enumerate() {
        if !matches!(table.table.columns[column.index].kind, ColumnKind::Text { .. }) {
            continue;
        }
        for row in (0..column.values.len()).filter(|row| !column.values.is_null(*row)) {
            edits.cells.push(CellEdit { column: place as u32, row: row as u32, value: Some(b"*".to_vec()) });
        }
    }
    edits
}

/// Archives of `pg_dump`.
pub fn pgarchive(data: &[u8]) {
    let Some(Access::Sections(open)) = by_name("pgarchive").map(|format| format.open()) else {
        panic!("pgarchive has sections")
    };
    let file = file_of(data);
    let Ok(sections) = open(&file, LONGEST_TEXT) else { return };
    let mut out = tempfile::tempfile().expect("a temporary file");
    let Ok(mut assemble) = sections.assemble(&mut out) else { return };
    let read = sections.read(&mut |section| match section {
        Section::Text { bytes, byte_offset, codec } => lex_and_render(&bytes, byte_offset, 1, &codec),
        Section::Stream { number, name: _, reader, splitter } => {
            let mut bytes = Vec::new();
            reader.take(MOST_UNPACKED).read_to_end(&mut bytes)?;
            if bytes.len() as u64 == MOST_UNPACKED {
                return Err(DataError::new("too long to be tried"));
            }
            rendered(&bytes, splitter, 1 << 20, usize::MAX)?;
            if !bytes.is_empty() {
                assemble.block(number, &bytes, true)?;
            }
            Ok(())
        }
    });
    if read.is_ok() && assemble.finish().is_ok() {
        let mut written = Vec::new();
        out.seek(SeekFrom::Start(0)).expect("its start");
        out.read_to_end(&mut written).expect("what was written");
        assert!(written == data, "without edits the archive stays as it was");
    }
}

/// Tape archives.
pub fn tar_archive(data: &[u8]) {
    let opened = |data: &[u8]| Ok(Archive::Tar(tar::Reader::new(Box::new(Cursor::new(data.to_vec())))));
    archive(data, &opened);
}

/// Zip archives.
pub fn zip_archive(data: &[u8]) {
    archive(data, &|data| zip::Reader::open(file_of(data)).map(Archive::Zip));
}

/// What is written again says the same, and is written again to the byte: of a tar, padding that is no zeros is not
/// carried on, and a zip is deflated anew.
fn archive(data: &[u8], opened: &dyn Fn(&[u8]) -> Result<Archive, DataError>) {
    let Ok((written, members)) = opened(data).and_then(copied) else { return };
    let again = opened(&written).and_then(copied);
    let (twice, same) = again.unwrap_or_else(|error| panic!("the copy is refused: {error}"));
    assert_eq!(members, same, "the members stay as they were");
    let is_packed = members.iter().any(|member| member.packed);
    assert!(is_packed || twice == written, "the copy of a copy is the same");
}

#[derive(Debug, PartialEq)]
struct Copied {
    name: Vec<u8>,
    content: u64,
    packed: bool,
}

/// The archive written again from its members, and what they are.
fn copied(mut archive: Archive) -> Result<(Vec<u8>, Vec<Copied>), DataError> {
    let mut writer = Writer::alike(&archive, Vec::new(), &std::env::temp_dir())?;
    let mut members = Vec::new();
    let mut left = MOST_UNPACKED;
    while let Some(member) = archive.next_member()? {
        let mut hasher = DefaultHasher::new();
        let mut is_packed = false;
        match member.content {
            Content::File { packed, reader, .. } => {
                is_packed = packed;
                let mut content = Vec::new();
                reader.take(left).read_to_end(&mut content)?;
                left -= content.len() as u64;
                if left == 0 {
                    return Err(DataError::new("too long to be tried"));
                }
                content.hash(&mut hasher);
                writer.member(&member.head, Some((&mut content.as_slice(), content.len() as u64)))?;
            }
            Content::Folder | Content::Other(_) => writer.member(&member.head, None)?,
            Content::Unreadable(what) => return Err(DataError::new(what)),
        }
        members.push(Copied { name: member.name, content: hasher.finish(), packed: is_packed });
    }
    Ok((writer.finish(&archive)?, members))
}

/// Streams of all codecs; what can be unpacked can be packed and unpacked again.
pub fn decompress(data: &[u8]) {
    let codec = Compression::of(data);
    if codec == Compression::None {
        return;
    }
    let Ok(plain) = unpacked(codec, data) else { return };
    let mut encoder = codec.encoder(Vec::new()).expect("an encoder");
    encoder.write_all(&plain).expect("memory");
    let packed = encoder.finish().expect("memory");
    assert!(unpacked(codec, &packed).is_ok_and(|again| again == plain), "packed again it is the same");
}

fn unpacked(codec: Compression, data: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    let read = codec.decoder(BufReader::new(data))?.take(MOST_UNPACKED).read_to_end(&mut plain);
    read.inspect_err(|error| drop(codec.explain(error)))?;
    Ok(plain)
}
