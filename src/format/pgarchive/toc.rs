//! The table of contents of an archive: what is in the dump, in which order, and where its data stand.
//!
//! Read from front to back and held against itself; what cannot be there is an error with its place.

use std::collections::{HashMap, HashSet};
use std::fs::File;

use super::bytes::{Bytes, Text, damaged};
use super::header::{Header, Kind};
use crate::error::{DataError, Position};
use crate::format::sql::scan::Dialect;
use crate::format::sql::script::Script;

/// What its kind is called where it holds rows.
const TABLE_DATA: &str = "TABLE DATA";
/// What its kind is called where it holds large objects.
const LARGE_OBJECTS: &str = "BLOBS";
/// Kinds whose statements decide how rows are read, or ask something of them.
const DEFINING: &[&str] = &[
    "ENCODING",
    "STDSTRINGS",
    "SEARCHPATH",
    "TYPE",
    "DOMAIN",
    "TABLE",
    "FOREIGN TABLE",
    "TABLE ATTACH",
    "DEFAULT",
    "CONSTRAINT",
    "CHECK CONSTRAINT",
    "FK CONSTRAINT",
    "INDEX",
];
/// Fewest bytes that an entry takes.
const LEAST_ENTRY: u64 = 80;
/// Most digits of an object's number.
const MOST_DIGITS: usize = 10;
/// Longest name of a file with data.
const LONGEST_FILE_NAME: usize = 64;
/// How many texts of the longest kind the table of contents may come to, in what is kept of it.
const TEXTS_KEPT: usize = 4;
/// Most names that are remembered.
const MOST_REMEMBERED: usize = 1 << 16;
/// Longest name that is remembered so that it is looked at once.
const LONGEST_REMEMBERED: usize = 64;

/// A text that is to be looked at.
pub(super) struct Told {
    /// What it belongs to.
    pub(super) place: String,
    pub(super) text: Text,
}

/// What is known of where the data of an entry stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Offset {
    /// The archive was written to a pipe.
    NotSet,
    Set(u64),
    NoData,
}

/// Where the data of an entry stand.
#[derive(Debug, Clone)]
pub(super) enum Whereabouts {
    /// In the archive; `at` is where the offset itself stands, behind its state.
    Inside { at: u64, offset: Offset },
    /// In a file of this name.
    File(String),
}

/// An entry that has data.
#[derive(Debug, Clone)]
pub(super) struct DataEntry {
    /// Schema and table.
    pub(super) name: String,
    /// It holds large objects, not rows.
    pub(super) is_objects: bool,
    /// `COPY … FROM stdin;`, where its rows are those of a COPY.
    pub(super) copy: Option<Vec<u8>>,
    pub(super) whereabouts: Whereabouts,
}

/// What the table of contents says.
pub(super) struct Toc {
    pub(super) header: Header,
    /// Entries with data.
    pub(super) data: Vec<DataEntry>,
    /// By the number of the entry: its place in `data`.
    pub(super) by_number: HashMap<i64, usize>,
    /// Where the blocks begin.
    pub(super) end: u64,
    /// Knows the tables and settings of the dump.
    pub(super) script: Script,
}

impl Toc {
    /// Reads the table of contents of `file`.
    ///
    /// # Errors
    /// When it is damaged or of an unknown version or kind.
    pub(super) fn read(file: &File, longest: usize) -> Result<Toc, DataError> {
        let mut bytes = Bytes::new(file)?;
        let header = Header::read(&mut bytes)?;
        let mut toc = Toc {
            header,
            data: Vec::new(),
            by_number: HashMap::new(),
            end: 0,
            script: Script::new(Dialect::Postgres, &[]),
        };
        let mut numbers = HashSet::new();
        let header = toc.header.clone();
        let mut kept = 0_usize;
        toc.end = entries(&mut bytes, &header, longest, &mut |entry| {
            kept = kept.saturating_add(entry.kept());
            if kept > longest.saturating_mul(TEXTS_KEPT) {
                return Err(DataError::new("its table of contents is too large to be kept in memory")
                    .at(Position::Byte(entry.at))
                    .advise("give it more room with --max-memory"));
            }
            if !numbers.insert(entry.number) {
                return Err(damaged(entry.at, "two entries have one number"));
            }
            if let Some(definition) = entry.definition.as_ref().filter(|_| DEFINING.contains(&&*entry.kind)) {
                let learnt = toc.script.learn_from(&definition.bytes);
                learnt.map_err(|error| error.at(Position::Byte(definition.at)))?;
            }
            if entry.has_data {
                toc.by_number.insert(entry.number, toc.data.len());
                toc.data.push(entry.into_data()?);
            }
            Ok(())
        })?;
        if header.kind != Kind::Custom && toc.end != bytes.length() {
            return Err(damaged(toc.end, "other bytes stand behind the table of contents"));
        }
        Ok(toc)
    }
}

/// Hands every text of the archive that begins with `bytes` to `visit`, those that come again and again once.
pub(super) fn texts(
    mut bytes: Bytes,
    longest: usize,
    visit: &mut dyn FnMut(Told) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let header = Header::read(&mut bytes)?;
    let mut seen = HashSet::new();
    for text in header.names.clone() {
        visit(Told { place: "head of the archive".to_owned(), text })?;
    }
    entries(&mut bytes, &header, longest, &mut |mut entry| {
        let place = entry.place();
        for name in std::mem::take(&mut entry.names) {
            let is_remembered = name.bytes.len() <= LONGEST_REMEMBERED && seen.len() < MOST_REMEMBERED;
            let is_new = !seen.contains(&name.bytes);
            if is_remembered && is_new {
                seen.insert(name.bytes.clone());
            }
            if is_new && !name.bytes.is_empty() {
                visit(Told { place: place.clone(), text: name })?;
            }
        }
        let texts = [entry.tag, entry.definition, entry.drop, entry.copy];
        let mut texts = texts.into_iter().flatten().filter(|text| !text.bytes.is_empty());
        texts.try_for_each(|text| visit(Told { place: place.clone(), text }))
    })?;
    Ok(())
}

/// One entry.
struct Entry {
    at: u64,
    number: i64,
    has_data: bool,
    kind: String,
    tag: Option<Text>,
    definition: Option<Text>,
    drop: Option<Text>,
    copy: Option<Text>,
    schema: Option<String>,
    /// Schema, tablespace, access method, owner; and the kind, where it is no kind of those that there are.
    names: Vec<Text>,
    whereabouts: Whereabouts,
}

impl Entry {
    /// Kind and name, as reports show it.
    fn place(&self) -> String {
        format!("{} {}", self.kind, self.name())
    }

    fn name(&self) -> String {
        let tag = self.tag.as_ref().map(Text::shown).unwrap_or_default();
        match &self.schema {
            Some(schema) if !schema.is_empty() => format!("{schema}.{tag}"),
            _ => tag,
        }
    }

    /// About how many bytes are kept of it.
    fn kept(&self) -> usize {
        let length = |text: &Option<Text>| text.as_ref().map_or(0, |text| text.bytes.len());
        let definition = if DEFINING.contains(&&*self.kind) { length(&self.definition) } else { 0 };
        let data = if self.has_data { 128 + length(&self.tag) + length(&self.copy) } else { 0 };
        32 + 2 * definition + data
    }

    fn into_data(self) -> Result<DataEntry, DataError> {
        let is_objects = self.kind == LARGE_OBJECTS;
        if !is_objects && self.kind != TABLE_DATA {
            return Err(damaged(self.at, "an entry has data that is neither rows nor large objects"));
        }
        let copy = self.copy.as_ref().filter(|copy| !copy.bytes.is_empty());
        if is_objects && copy.is_some() {
            return Err(damaged(self.at, "an entry of large objects has a COPY"));
        }
        Ok(DataEntry {
            name: self.name(),
            is_objects,
            copy: copy.map(|copy| copy.bytes.clone()),
            whereabouts: self.whereabouts,
        })
    }
}

/// Reads the entries behind the head; gives the place behind the last one.
fn entries(
    bytes: &mut Bytes,
    header: &Header,
    longest: usize,
    visit: &mut dyn FnMut(Entry) -> Result<(), DataError>,
) -> Result<u64, DataError> {
    let most = i64::try_from(bytes.length() / LEAST_ENTRY).unwrap_or(i64::MAX);
    let count = bytes.number_in(0, most, "the number of its entries")?;
    for _ in 0..count {
        visit(entry(bytes, header, longest)?)?;
    }
    Ok(bytes.at())
}

fn entry(bytes: &mut Bytes, header: &Header, longest: usize) -> Result<Entry, DataError> {
    let at = bytes.at();
    let number = bytes.number_in(1, i64::from(i32::MAX), "the number of an entry")?;
    let has_data = bytes.number_in(0, 1, "whether an entry has data")? == 1;
    object_number(bytes, "the catalog of an entry")?;
    object_number(bytes, "the object of an entry")?;
    let tag = bytes.text(longest, "the name of an entry")?;
    let kind = bytes.text(longest, "the kind of an entry")?.unwrap_or_default();
    bytes.number_in(1, 4, "the section of an entry")?;
    let definition = bytes.text(longest, "the definition of an entry")?;
    let drop = bytes.text(longest, "the DROP of an entry")?;
    let copy = bytes.text(longest, "the COPY of an entry")?;
    let schema = bytes.text(longest, "the schema of an entry")?;
    let tablespace = bytes.text(longest, "the tablespace of an entry")?;
    let method = bytes.text(longest, "the access method of an entry")?;
    if header.minor >= 16 {
        bytes.number_in(0, 127, "the relation kind of an entry")?;
    }
    let owner = bytes.text(longest, "the owner of an entry")?;
    let oids_at = bytes.at();
    if !bytes.text(longest, "an entry")?.is_some_and(|text| matches!(&*text.bytes, b"false" | b"true")) {
        return Err(damaged(oids_at, "an entry says neither true nor false to OIDs"));
    }
    while object_number(bytes, "what an entry depends on")? {}
    let whereabouts = whereabouts(bytes, header.kind, has_data)?;
    let is_kind = kind.bytes.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b' ');
    let shown = if is_kind { kind.shown() } else { "entry".to_owned() };
    let shown_schema = schema.as_ref().map(Text::shown);
    let names = [schema, tablespace, method, owner, Some(kind).filter(|_| !is_kind)];
    Ok(Entry {
        at,
        number,
        has_data,
        kind: shown,
        tag,
        definition,
        drop,
        copy,
        schema: shown_schema,
        names: names.into_iter().flatten().collect(),
        whereabouts,
    })
}

/// Reads the number of an object, which is written as text; whether there is one.
fn object_number(bytes: &mut Bytes, what: &str) -> Result<bool, DataError> {
    let at = bytes.at();
    match bytes.text(MOST_DIGITS, what)? {
        None => Ok(false),
        Some(text) if text.bytes.iter().all(u8::is_ascii_digit) => Ok(true),
        Some(_) => Err(damaged(at, format!("{what} is no number"))),
    }
}

fn whereabouts(bytes: &mut Bytes, kind: Kind, has_data: bool) -> Result<Whereabouts, DataError> {
    let start = bytes.at();
    if kind != Kind::Custom {
        let name = bytes.text(LONGEST_FILE_NAME, "the file name of an entry")?.unwrap_or_default();
        let is_plain = name.bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b"._".contains(byte));
        if !is_plain || name.bytes.starts_with(b".") || name.bytes.is_empty() == has_data {
            return Err(damaged(start, "an entry has a file name that pg_dump does not write"));
        }
        return Ok(Whereabouts::File(name.shown()));
    }
    let state = bytes.byte("an entry")?;
    let at = bytes.at();
    let mut offset = [0; 8];
    bytes.exact(&mut offset, "an entry")?;
    let offset = u64::from_le_bytes(offset);
    let offset = match (state, has_data) {
        (1, true) => Offset::NotSet,
        (2, true) if offset < bytes.length() => Offset::Set(offset),
        (2, true) => return Err(damaged(at, "the data of an entry begin behind the end of the file")),
        (3, false) => Offset::NoData,
        _ => return Err(damaged(start, "an entry does not say rightly whether it has data")),
    };
    Ok(Whereabouts::Inside { at, offset })
}
