//! Archives made here, field by field, of all versions and packings; those of the real `pg_dump` are in `tests/it`.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::ops::ControlFlow;

use arrow::array::{Array, BinaryArray};
use proptest::prelude::*;

use super::PgArchive;
use super::custom::Archive;
use super::packing::Packing;
use crate::block::{Block, CellEdit, Edits};
use crate::error::DataError;
use crate::format::{Access, Format, Section, Sections};
use crate::pipeline::{InvalidBytes, Settings, blocks};
use crate::source::decompress::Compression;

/// Key and value.
type Row = (String, Option<String>);
/// Unescaped.
type Cells = Vec<Option<Vec<u8>>>;

/// What an archive is made of.
#[derive(Debug, Clone)]
struct Forge {
    minor: u8,
    kind: u8,
    packing: u8,
    level: i64,
    /// Offsets are entered.
    has_offsets: bool,
    /// Bytes of a piece.
    piece: usize,
    tables: Vec<(String, Vec<Row>)>,
    objects: Option<Vec<Vec<u8>>>,
}

fn number(out: &mut Vec<u8>, value: i64) {
    out.push(u8::from(value < 0));
    out.extend_from_slice(&(value.unsigned_abs() as u32).to_le_bytes());
}

fn text(out: &mut Vec<u8>, value: Option<&str>) {
    number(out, value.map_or(-1, |value| value.len() as i64));
    out.extend_from_slice(value.unwrap_or_default().as_bytes());
}

fn copied(rows: &[Row]) -> Vec<u8> {
    let escaped =
        |cell: &str| cell.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r");
    let mut out = String::new();
    for (key, value) in rows {
        let value = value.as_ref().map_or("\\N".to_owned(), |value| escaped(value));
        out.push_str(&format!("{}\t{value}\n", escaped(key)));
    }
    (out + "\\.\n\n\n").into_bytes()
}

impl Forge {
    fn new(minor: u8, packing: u8, level: i64) -> Forge {
        let row = |key: &str, value: &str| (key.to_owned(), Some(value.to_owned()));
        let rows = (0..40).map(|at| row(&format!("k{at}"), &format!("13800138000 {at}"))).collect();
        Forge {
            minor,
            kind: 1,
            packing,
            level,
            has_offsets: true,
            piece: 50,
            tables: vec![("a".to_owned(), rows), ("b".to_owned(), vec![row("x", "y"), ("z".to_owned(), None)])],
            objects: Some(vec![b"\x00\xff\x88 large".to_vec(), Vec::new(), b"text\n".repeat(60)]),
        }
    }

    fn packed(&self, content: &[u8]) -> Vec<u8> {
        let mut packed = match self.packing {
            0 => content.to_vec(),
            1 => {
                let level = flate2::Compression::new(self.level.try_into().unwrap_or(6));
                let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), level);
                encoder.write_all(content).unwrap();
                encoder.finish().unwrap()
            }
            packing => {
                let codec = if packing == 2 { Compression::Lz4 } else { Compression::Zstd };
                let mut encoder = codec.encoder(Vec::new()).unwrap();
                encoder.write_all(content).unwrap();
                encoder.finish().unwrap()
            }
        };
        if content.is_empty() {
            packed.clear();
        }
        let mut out = Vec::new();
        for piece in packed.chunks(self.piece) {
            number(&mut out, piece.len() as i64);
            out.extend_from_slice(piece);
        }
        number(&mut out, 0);
        out
    }

    fn head(&self) -> Vec<u8> {
        let mut out = b"PGDMP\x01".to_vec();
        out.extend_from_slice(&[self.minor, 0, 4, 8, self.kind]);
        if self.minor < 15 {
            number(&mut out, if self.packing == 0 { 0 } else { self.level });
        } else {
            out.push(self.packing);
        }
        [30, 20, 10, 22, 10, 126, 0].iter().for_each(|value| number(&mut out, *value));
        ["shop", "15.1", "16.2"].iter().for_each(|name| text(&mut out, Some(name)));
        out
    }

    fn entry(&self, out: &mut Vec<u8>, id: i64, texts: [Option<&str>; 4], data: bool, file: &str) -> Option<usize> {
        let [tag, kind, definition, copy] = texts;
        number(out, id);
        number(out, i64::from(data));
        text(out, Some("1259"));
        text(out, Some("16386"));
        text(out, tag);
        text(out, kind);
        number(out, if data { 3 } else { 2 });
        text(out, definition);
        text(out, Some(""));
        text(out, copy);
        [Some("public"), Some(""), Some("heap")].iter().for_each(|name| text(out, *name));
        if self.minor >= 16 {
            number(out, 114);
        }
        text(out, Some("owner"));
        text(out, Some("false"));
        text(out, Some("2"));
        text(out, None);
        if self.kind != 1 {
            text(out, Some(if data { file } else { "" }));
            return None;
        }
        out.push(match (data, self.has_offsets) {
            (false, _) => 3,
            (true, false) => 1,
            (true, true) => 2,
        });
        out.extend_from_slice(&[0; 8]);
        data.then(|| out.len() - 8)
    }

    fn build(&self) -> Vec<u8> {
        let mut out = self.head();
        let tables = self.tables.len() as i64;
        number(&mut out, 1 + 2 * tables + i64::from(self.objects.is_some()));
        let encoding = Some("SET client_encoding = 'UTF8';\n");
        self.entry(&mut out, 1, [Some("ENCODING"), Some("ENCODING"), encoding, None], false, "");
        let mut offsets = Vec::new();
        for (id, (name, _)) in (10..).zip(&self.tables) {
            let definition = format!("CREATE TABLE public.{name} (k text, v character varying(40));\n");
            let copy = format!("COPY public.{name} (k, v) FROM stdin;\n");
            self.entry(&mut out, id, [Some(name), Some("TABLE"), Some(&definition), None], false, "");
            let file = format!("{}.dat", id + 100);
            offsets.push(self.entry(
                &mut out,
                id + 100,
                [Some(name), Some("TABLE DATA"), Some(""), Some(&copy)],
                true,
                &file,
            ));
        }
        if self.objects.is_some() {
            offsets.push(self.entry(&mut out, 900, [Some("BLOBS"), Some("BLOBS"), None, None], true, "blobs.toc"));
        }
        if self.kind != 1 {
            return out;
        }
        let ids = (110..).take(self.tables.len()).chain([900]);
        let blocks = self.tables.iter().map(|(_, rows)| Some(rows)).chain(self.objects.iter().map(|_| None));
        for ((offset, id), rows) in offsets.into_iter().zip(ids).zip(blocks) {
            let start = out.len() as u64;
            if let Some(at) = offset.filter(|_| self.has_offsets) {
                out[at..at + 8].copy_from_slice(&start.to_le_bytes());
            }
            out.push(if rows.is_some() { 1 } else { 3 });
            number(&mut out, id);
            match rows {
                Some(rows) => out.extend(self.packed(&copied(rows))),
                None => {
                    for (object, content) in (16400..).zip(self.objects.iter().flatten()) {
                        number(&mut out, object);
                        out.extend(self.packed(content));
                    }
                    number(&mut out, 0);
                }
            }
        }
        out
    }
}

fn file_of(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

#[derive(Debug, Default, PartialEq)]
struct Outcome {
    bytes: Vec<u8>,
    /// Table, row number, cells.
    rows: Vec<(String, u64, Cells)>,
    texts: Vec<(u64, Vec<u8>)>,
    /// By the name of its part.
    untouched: Vec<(String, Vec<u8>)>,
}

/// Reads an archive and writes it again, with the first column of `edited` replaced by what is given there.
fn rewrite(bytes: &[u8], edited: Option<(&str, &str)>) -> Result<Outcome, DataError> {
    let file = file_of(bytes);
    let archive = Archive::open(&file, 1 << 16)?;
    let mut out = tempfile::tempfile().unwrap();
    let mut outcome = Outcome::default();
    let mut assembler = archive.assemble(&mut out)?;
    let settings = Settings { block_bytes: 100, record_bytes: 1 << 16, ..Settings::new(1, 1 << 30) };
    archive.read(&mut |section| {
        let (number, name, mut reader, splitter) = match section {
            Section::Text { bytes, byte_offset, .. } => {
                outcome.texts.push((byte_offset, bytes));
                return Ok(());
            }
            Section::Stream { number, name, reader, splitter } => (number, name, reader, splitter),
        };
        let mut pieces = Vec::new();
        blocks::stream(&mut *reader, splitter, Compression::None, &settings, &mut |piece| {
            pieces.push(piece);
            ControlFlow::Continue(())
        })?;
        for piece in pieces {
            let (block, codec) = piece.into_block(InvalidBytes::Fail)?;
            let raw = block.slab().unwrap().raw().to_vec();
            let mut edits = Edits::default();
            if let Block::Table(table) = &block {
                let column = |index: usize| table.columns[index].values.as_any().downcast_ref::<BinaryArray>().unwrap();
                let cell = |index: usize, row| column(index).is_valid(row).then(|| column(index).value(row).to_vec());
                let table_name = table.table.name.clone().unwrap();
                for row in 0..table.rows {
                    let cells = (0..table.columns.len()).map(|index| cell(index, row)).collect();
                    outcome.rows.push((table_name.clone(), table.first_row + row as u64, cells));
                    if let Some((_, value)) = edited.filter(|(name, _)| *name == table_name) {
                        edits.cells.push(CellEdit { column: 0, row: row as u32, value: Some(value.into()) });
                    }
                }
            } else if name.starts_with("large") {
                outcome.untouched.push((name.clone(), raw.clone()));
            }
            let mut rendered = Vec::new();
            codec.unwrap().render(&block, &edits, &mut rendered)?;
            assembler.block(number, &rendered, rendered == raw)?;
        }
        Ok(())
    })?;
    assembler.finish()?;
    out.seek(SeekFrom::Start(0))?;
    out.read_to_end(&mut outcome.bytes)?;
    Ok(outcome)
}

/// Versions, packings and levels that there are.
const ALL: [(u8, u8, i64); 11] = [
    (14, 0, 0),
    (14, 1, -1),
    (14, 1, 9),
    (15, 0, 0),
    (15, 1, 1),
    (15, 2, 0),
    (15, 3, 0),
    (16, 0, 0),
    (16, 1, 6),
    (16, 2, 0),
    (16, 3, 0),
];

fn keys(outcome: &Outcome, table: &str) -> Vec<Vec<u8>> {
    let of = outcome.rows.iter().filter(|(name, _, _)| name == table);
    of.map(|(_, _, cells)| cells[0].clone().unwrap()).collect()
}

#[test]
fn all_versions_and_packings_are_read_and_written() {
    for (minor, packing, level) in ALL {
        for has_offsets in [true, false] {
            let forge = Forge { has_offsets, ..Forge::new(minor, packing, level) };
            let bytes = forge.build();
            let what = format!("{minor} {packing} {level} {has_offsets}");
            let same = rewrite(&bytes, None).expect(&what);
            assert!(same.bytes == bytes, "{what}: an identity run changes bytes");
            assert_eq!(same.rows.len(), 42, "{what}");
            assert_eq!(same.rows[39].1, 40);
            assert_eq!(same.rows[41].2, [Some(b"z".to_vec()), None], "{what}");
            // Every text stands where it is said to stand.
            assert!(same.texts.iter().all(|(at, text)| bytes[*at as usize..].starts_with(text)));
            assert!(same.texts.iter().any(|(_, text)| text == b"owner"));
            for table in ["a", "b"] {
                let value = "a much longer key than there was before\\\n";
                let edited = rewrite(&bytes, Some((&format!("public.{table}"), value))).expect(&what);
                // Read again: offsets are held against the places of the blocks.
                let again = rewrite(&edited.bytes, None).expect(&what);
                assert!(again.bytes == edited.bytes);
                let other = if table == "a" { "public.b" } else { "public.a" };
                assert!(keys(&again, &format!("public.{table}")).iter().all(|key| key == value.as_bytes()), "{what}");
                assert_eq!(keys(&again, other), keys(&same, other));
                assert_eq!((&again.untouched, again.texts), (&same.untouched, edited.texts));
            }
        }
    }
}

#[test]
fn what_comes_before_the_first_change_stays() {
    let mut forge = Forge::new(16, 3, 0);
    forge.tables[0].1 = (0..5000).map(|row| (format!("key {row}"), Some("x".repeat(row % 30)))).collect();
    let bytes = forge.build();
    let file = file_of(&bytes);
    let archive = Archive::open(&file, 1 << 16).unwrap();
    let mut out = tempfile::tempfile().unwrap();
    let mut assembler = archive.assemble(&mut out).unwrap();
    let content = copied(&forge.tables[0].1);
    let (before, after) = content.split_at(60_000);
    archive
        .read(&mut |section| {
            if let Section::Stream { mut reader, .. } = section {
                std::io::copy(&mut reader, &mut std::io::sink())?;
            }
            Ok(())
        })
        .unwrap();
    before.chunks(700).for_each(|chunk| assembler.block(0, chunk, true).unwrap());
    assembler.block(0, after, false).unwrap();
    assembler.finish().unwrap();
    let mut written = Vec::new();
    out.seek(SeekFrom::Start(0)).unwrap();
    out.read_to_end(&mut written).unwrap();
    assert_eq!(rewrite(&written, None).unwrap().rows, rewrite(&bytes, None).unwrap().rows);
}

/// Where `part` stands in `bytes` for the `nth` time.
fn find(bytes: &[u8], part: &[u8], nth: usize) -> usize {
    memchr::memmem::find_iter(bytes, part).nth(nth).unwrap()
}

#[test]
fn what_cannot_be_is_refused_with_its_place() {
    let whole = Forge::new(14, 0, 0).build();
    let changed = |at: usize, new: &[u8]| [&whole[..at], new, &whole[at + new.len()..]].concat();
    let first_block = find(&whole, b"\x01\x00\x6e\x00\x00\x00", 0);
    let objects = find(&whole, b"\x03\x00\x84\x03\x00\x00", 0);
    let second_entry = find(&whole, b"\x00\x0a\x00\x00\x00\x00\x00\x00\x00\x00", 0);
    let cases: &[(&str, Vec<u8>)] = &[
        ("known are 1.14 to 1.16", changed(6, &[17])),
        ("known are 1.14 to 1.16", changed(5, &[2])),
        ("known are 1.14 to 1.16", changed(7, &[1])),
        ("4 and 8", changed(8, &[8])),
        ("4 and 8", changed(9, &[4])),
        ("its kind is 4", changed(10, &[4])),
        ("compression level", changed(12, &[11])),
        ("has no sign", changed(11, &[2])),
        ("the month of its date", changed(find(&whole, b"\x00\x0a\x00\x00\x00\x00\x7e", 0), &[0, 12])),
        ("two entries have one number", changed(second_entry, &[0, 1])),
        ("neither true nor false", changed(find(&whole, b"false", 1), b"maybe")),
        ("is no number", changed(find(&whole, b"16386", 2), b"1638x")),
        ("none that is known", changed(first_block, &[2])),
        ("another kind than its entry", changed(first_block, &[3])),
        ("belongs to no entry", changed(first_block + 2, &[0x70])),
        ("negative length", changed(first_block + 6, &[1])),
        ("longer than the rest", changed(first_block + 9, &[0xff])),
        ("of another kind than its entry", changed(objects, &[1])),
        ("the file ends before the data", {
            let piped = Forge { has_offsets: false, ..Forge::new(14, 0, 0) }.build();
            piped[..objects].to_vec()
        }),
        ("an entry has two blocks", [&whole[..], &whole[first_block..objects]].concat()),
        ("inside a block", [&whole[..], b"\x01"].concat()),
        ("stands elsewhere than its entry says", {
            let at = find(&whole, &(first_block as u64).to_le_bytes(), 0);
            changed(at, &(first_block as u64 + 1).to_le_bytes())
        }),
        ("begin behind the end of the file", {
            let at = find(&whole, &(first_block as u64).to_le_bytes(), 0);
            changed(at, &(whole.len() as u64).to_le_bytes())
        }),
        ("whether it has data", changed(find(&whole, &(first_block as u64).to_le_bytes(), 0) - 1, &[3])),
    ];
    for (reason, bytes) in cases {
        let error = rewrite(bytes, None).expect_err(reason);
        assert!(error.reason.contains(reason), "{reason}: {error}");
        assert!(error.position.is_some() && error.advice.is_some(), "{error}");
    }
    for (minor, packing, level) in ALL.into_iter().filter(|(_, packing, _)| *packing > 0) {
        // Other bytes behind the end of what is packed, in a piece of their own.
        let forge = Forge::new(minor, packing, level);
        let bytes = forge.build();
        let start = find(&bytes, b"\x01\x00\x6e\x00\x00\x00", 0) + 6;
        let packed = forge.packed(&copied(&forge.tables[0].1));
        let end = start + packed.len() - 5;
        let longer = [&bytes[..end], b"\x00\x03\x00\x00\x00abc", &bytes[end..]].concat();
        assert!(rewrite(&Forge { has_offsets: false, ..forge.clone() }.build(), None).is_ok());
        let error = rewrite(&longer, None).unwrap_err();
        assert!(error.reason.contains("stream of its block"), "{minor} {packing}: {error}");
    }
    // A text that is beyond the limit.
    let mut forge = Forge::new(14, 0, 0);
    forge.tables[0].0 = "n".repeat(70_000);
    assert!(rewrite(&forge.build(), None).unwrap_err().reason.contains("longer than 65536 bytes"));
    // So many tables that what is kept of them is.
    forge.tables = (0..80).map(|at| (format!("{}{at}", "t".repeat(2000)), Vec::new())).collect();
    assert!(rewrite(&forge.build(), None).unwrap_err().reason.contains("too large to be kept"));
}

#[test]
fn files_of_a_folder_are_told_by_the_table_of_contents() {
    let folder = tempfile::tempdir().unwrap();
    let forge = Forge { kind: 5, ..Forge::new(16, 1, 6) };
    std::fs::write(folder.path().join("toc.dat"), forge.build()).unwrap();
    let known = |name: &str| super::file_of_dump(&folder.path().join(name), 1 << 16).unwrap();
    for (name, compression) in [
        ("110.dat", Compression::None),
        ("111.dat.gz", Compression::Gzip),
        ("110.dat.lz4", Compression::Lz4),
        ("110.dat.zst", Compression::Zstd),
        ("blobs.toc", Compression::None),
        ("blob_16400.dat.gz", Compression::Gzip),
    ] {
        let found = known(name).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(found.compression(), compression, "{name}");
        assert!(found.splitter().is_ok());
    }
    for name in ["toc.dat", "112.dat", "110.dat.bz2", "x.csv", "blob_.dat", "blob_x.dat", "110.data"] {
        assert!(known(name).is_none(), "{name}");
    }
    let cut = &forge.build()[..300];
    std::fs::write(folder.path().join("toc.dat"), cut).unwrap();
    let error = super::file_of_dump(&folder.path().join("110.dat"), 1 << 16).err().unwrap();
    assert!(error.reason.contains("toc.dat beside it"), "{error}");
    std::fs::write(folder.path().join("toc.dat"), "of another program").unwrap();
    assert!(known("110.dat").is_none());
    // A table of contents has nothing behind it.
    let longer = [&forge.build()[..], b"x"].concat();
    assert!(rewrite(&longer, None).unwrap_err().reason.contains("behind the table of contents"));
    assert!(rewrite(&forge.build(), None).unwrap().bytes == forge.build());
}

#[test]
fn it_is_told_by_its_magic() {
    assert!(matches!(PgArchive.open(), Access::Sections(_)));
    assert_eq!(crate::format::sniff(&Forge::new(14, 0, 0).build()).map(Format::name), Some("pgarchive"));
    assert_eq!(Packing::Zlib(None).name(), "gzip");
}

/// Of two small tables and two large objects, by `pg_dump` 16.14 and 18.6.
#[test]
fn archives_of_versions_16_and_18_are_read() {
    for (name, minor) in [("pg16-gzip.dump", 15), ("pg18-gzip.dump", 16), ("pg18-none.dump", 16)] {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/pgarchive").join(name);
        let bytes = std::fs::read(path).unwrap();
        assert_eq!(bytes[5..8], [1, minor, 0]);
        let same = rewrite(&bytes, None).unwrap();
        assert!(same.bytes == bytes, "{name}");
        let mobiles: Vec<_> = same.rows.iter().filter(|(table, ..)| table == "public.customers").collect();
        // A generated column is not in the rows.
        assert_eq!((mobiles.len(), mobiles[0].2.len(), same.rows.len()), (3, 5, 5));
        assert_eq!(mobiles[0].2[2].as_deref(), Some(&b"13800138000"[..]));
        assert_eq!(mobiles[2].2[2].as_deref(), Some(&b"line\nend\t\\."[..]));
        assert_eq!(same.untouched, [("large objects".to_owned(), b"\x00\xff\x88\x99PK\x03\x04".to_vec())]);
        let edited = rewrite(&bytes, Some(("public.plain", "7"))).unwrap();
        assert_eq!(keys(&rewrite(&edited.bytes, None).unwrap(), "public.plain"), [b"7", b"7"]);
    }
}

fn any_forge() -> impl Strategy<Value = Forge> {
    let cell = prop_oneof!["[^\0]{0,20}", "[\\\\\t\n\r.N]{0,6}"];
    let row = (cell.clone(), prop::option::of(cell));
    let rows = prop::collection::vec(row, 0..30);
    let objects = prop::option::of(prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..4));
    (prop::sample::select(ALL.to_vec()), any::<bool>(), 1usize..300, prop::collection::vec(rows, 1..4), objects)
        .prop_map(|((minor, packing, level), has_offsets, piece, tables, objects)| {
            let tables = tables.into_iter().enumerate().map(|(at, rows)| (format!("t{at}"), rows)).collect();
            Forge { has_offsets, piece, tables, objects, ..Forge::new(minor, packing, level) }
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn rows_come_back(forge in any_forge(), new in "[^\0]{1,30}") {
        let bytes = forge.build();
        let same = rewrite(&bytes, None).unwrap();
        prop_assert!(same.bytes == bytes);
        let rows = forge.tables.iter().flat_map(|(_, rows)| rows);
        let expected: Vec<_> = rows.map(|(key, value)| vec![Some(key.clone().into_bytes()), value.clone().map(String::into_bytes)]).collect();
        let cells = |outcome: &Outcome| outcome.rows.iter().map(|(_, _, cells)| cells.clone()).collect::<Vec<_>>();
        prop_assert_eq!(cells(&same), expected.clone());
        let edited = rewrite(&bytes, Some(("public.t0", &new))).unwrap();
        let again = rewrite(&edited.bytes, None).unwrap();
        let first = forge.tables[0].1.len();
        let replaced = expected.into_iter().enumerate().map(|(at, mut cells)| {
            if at < first {
                cells[0] = Some(new.clone().into_bytes());
            }
            cells
        });
        prop_assert_eq!(cells(&again), replaced.collect::<Vec<_>>());
        prop_assert_eq!(again.untouched, same.untouched);
    }

    #[test]
    fn a_dump_cut_anywhere_is_refused(forge in any_forge(), place in 0.0f64..1.0) {
        let bytes = forge.build();
        let cut = (bytes.len() as f64 * place) as usize;
        prop_assert!(rewrite(&bytes[..cut], None).is_err());
    }

    #[test]
    fn a_changed_byte_is_refused_or_changes_no_other(forge in any_forge(), place in 0.0f64..1.0, bit in 0u8..8) {
        let mut bytes = forge.build();
        let at = (bytes.len() as f64 * place) as usize;
        bytes[at] ^= 1 << bit;
        if let Ok(outcome) = rewrite(&bytes, None) {
            prop_assert!(outcome.bytes == bytes);
        }
    }
}
