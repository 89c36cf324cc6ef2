//! Takes columns out of Arrow data: out of the schema, of every record batch, and with them the dictionaries that nobody
//! else uses.
//!
//! The schema is a flatbuffer, which is edited in its place: what tells of the other fields stays byte for byte, and what
//! told of these is overwritten with zeros. Metadata of pandas and others become shorter and are filled up with spaces.

use std::fs::File;
use std::ops::Range;

use arrow::ipc::{Block, Schema as Encoded};
use flatbuffers::{ForwardsUOffset, Vector};

use super::encode::compose;
use super::message::{Batch, Content, Message, Span};
use super::open::{ENTRY, Opened, entries, parse};
use super::rewrite::{Out, finish};
use super::schema::{Node, Schema};
use super::unreadable;
use crate::error::{DataError, Position};
use crate::format::columnar::described::Described;

/// Bytes of an offset, and of the number of elements of a vector.
const WORD: usize = 4;

/// Whether these columns can be taken out.
///
/// # Errors
/// By name, where one cannot.
pub(super) fn removable(opened: &Opened, columns: &[usize]) -> Result<(), DataError> {
    Removal::new(opened, columns).map(drop)
}

/// Writes the data to `out` without these columns.
///
/// # Errors
/// As [`removable`], or when either file fails.
pub(super) fn write(opened: &Opened, columns: &[usize], out: &mut File) -> Result<(), DataError> {
    let removal = Removal::new(opened, columns)?;
    let mut out = Out::new(out);
    // The magic of a file, and the zeros behind it.
    out.copy(&opened.source, Span { at: 0, length: opened.head.at })?;
    out.write(&removal.head)?;
    let mut places = Vec::new();
    opened.messages(&mut |message| {
        match message.content()? {
            Content::Dictionary { id, .. } if removal.dictionaries.contains(&id) => {}
            Content::Dictionary { .. } => places.push(out.message(&opened.source, &message)?),
            Content::Batch(batch) => places.push(removal.batch(&message, &batch, &mut out)?),
        }
        Ok(())
    })?;
    finish(opened, &mut out, &places, removal.footer)
}

/// What is written instead.
struct Removal<'a> {
    opened: &'a Opened,
    /// Whether each field goes.
    nodes: Vec<bool>,
    /// Dictionaries that only fields which go use.
    dictionaries: Vec<i64>,
    /// The message with the schema.
    head: Vec<u8>,
    /// The footer, and where the entries of the messages stand in it.
    footer: Option<(Vec<u8>, Vec<usize>)>,
}

impl<'a> Removal<'a> {
    fn new(opened: &'a Opened, columns: &[usize]) -> Result<Removal<'a>, DataError> {
        let all = &opened.schema.nodes;
        let goes = |node: &Node| node.is_leaf() && columns.contains(&node.column);
        if let Some(inner) = all.iter().find(|node| goes(node) && node.parent.is_some()) {
            return Err(refused("it stands within another column, which cannot be without it", inner));
        }
        let nodes: Vec<bool> = all.iter().map(goes).collect();
        let top: Vec<usize> =
            (0..all.len()).filter(|at| all.get(*at).is_some_and(|node| node.parent.is_none())).collect();
        let fields: Vec<bool> = top.iter().map(|at| nodes.get(*at).copied().unwrap_or(false)).collect();
        if let (true, Some(first)) = (fields.iter().all(|goes| *goes), all.first()) {
            return Err(refused("it is the last column, and a file without columns is none", first));
        }
        let used = |goes: bool| {
            let users = all.iter().zip(&nodes).filter(move |(_, gone)| **gone == goes);
            users.filter_map(|(node, _)| Some(node.dictionary?.id))
        };
        let dictionaries: Vec<i64> = used(true).filter(|id| !used(false).any(|other| other == *id)).collect();
        let paths = all.iter().zip(&nodes).filter(|(_, goes)| **goes).map(|(node, _)| vec![node.name.clone()]);
        let edit = Edit { fields, described: Described::new(paths.collect(), None) };

        let mut head = opened.head.head.clone();
        let prefix = opened.head.prefix;
        let metadata = head.get_mut(prefix..).unwrap_or_default();
        edit.carry_out(metadata, |bytes| arrow::ipc::root_as_message(bytes).ok()?.header_as_schema())?;
        let footer = match &opened.footer {
            None => None,
            Some(footed) => {
                let mut bytes = footed.bytes.clone();
                edit.carry_out(&mut bytes, |bytes| arrow::ipc::root_as_footer(bytes).ok()?.schema())?;
                let gone = removed_dictionaries(opened, &dictionaries)?;
                without_entries(&mut bytes, &gone)?;
                let footer = parse(&bytes)?;
                let mut placed = entries(&bytes, footer.dictionaries(), true)?;
                placed.extend(entries(&bytes, footer.recordBatches(), false)?);
                let placed = placed.iter().map(|placed| placed.entry).collect();
                Some((bytes, placed))
            }
        };
        let removal = Removal { opened, nodes, dictionaries, head, footer };
        removal.check()?;
        Ok(removal)
    }

    /// Reads the new schema: it must be the old one without the fields.
    fn check(&self) -> Result<(), DataError> {
        let broken = || unreadable("the schema cannot be told without the columns that are to be dropped");
        let staying = self.opened.schema.nodes.iter().zip(&self.nodes).filter(|(_, goes)| !**goes);
        let expected: Vec<(&str, bool)> = staying.map(|(node, _)| (node.name.as_str(), node.nullable)).collect();
        let is_it = |encoded: Encoded<'_>| {
            let schema = Schema::new(&encoded)?;
            let read: Vec<(&str, bool)> = schema.nodes.iter().map(|node| (node.name.as_str(), node.nullable)).collect();
            if read == expected { Ok(()) } else { Err(broken()) }
        };
        let metadata = self.head.get(self.opened.head.prefix..).unwrap_or_default();
        let message = arrow::ipc::root_as_message(metadata).map_err(|_| broken())?;
        is_it(message.header_as_schema().ok_or_else(broken)?)?;
        if let Some((bytes, _)) = &self.footer {
            is_it(parse(bytes)?.schema().ok_or_else(broken)?)?;
        }
        Ok(())
    }

    fn batch(&self, message: &Message, batch: &Batch, out: &mut Out<'_>) -> Result<(u64, u64, u64), DataError> {
        let all = &self.opened.schema.nodes;
        let places = batch.places(all, |node| node.layout);
        let places = places.map_err(|reason| unreadable(reason).at(Position::Byte(message.at)))?;
        let batch = Batch {
            rows: batch.rows,
            nodes: self.staying(&batch.nodes),
            buffers: batch.buffers.clone(),
            codec: batch.codec,
            variadic: Vec::new(),
            viewed: std::cell::Cell::new(0),
        };
        let (places, nodes) = (self.staying(&places), self.staying(all));
        out.composed(&self.opened.source, &compose(message, &batch, &places, &nodes, Vec::new())?)
    }

    /// What belongs to the fields that stay.
    fn staying<T: Clone>(&self, of_fields: &[T]) -> Vec<T> {
        of_fields.iter().zip(&self.nodes).filter(|(_, goes)| !**goes).map(|(one, _)| one.clone()).collect()
    }
}

fn refused(reason: &str, node: &Node) -> DataError {
    DataError::new(format!("cannot be dropped: {reason}"))
        .at(node.position())
        .advise("use null or redact for its entity type in the policy")
}

/// Which of the footer's dictionaries go, in its order.
fn removed_dictionaries(opened: &Opened, dictionaries: &[i64]) -> Result<Vec<bool>, DataError> {
    let mut gone = Vec::new();
    opened.messages(&mut |message| {
        if let Content::Dictionary { id, .. } = message.content()? {
            gone.push(dictionaries.contains(&id));
        }
        Ok(())
    })?;
    Ok(gone)
}

/// An edit of a schema in its place.
struct Edit {
    /// Whether each field of the top goes.
    fields: Vec<bool>,
    described: Described,
}

/// Where a part of `bytes` stands in them.
fn place(bytes: &[u8], part: &[u8]) -> Range<usize> {
    let start = part.as_ptr().addr().saturating_sub(bytes.as_ptr().addr());
    start..start + part.len()
}

/// Where the parts of a schema stand.
struct Parts {
    /// The offsets of its fields.
    fields: Range<usize>,
    /// The names and metadata of those that go.
    wiped: Vec<Range<usize>>,
    /// New texts of metadata, as long as the old ones.
    texts: Vec<(Range<usize>, Vec<u8>)>,
}

type Entries<'a> = Option<Vector<'a, ForwardsUOffset<arrow::ipc::KeyValue<'a>>>>;

impl Edit {
    /// Edits the schema that `find` finds in `bytes`.
    fn carry_out(
        &self,
        bytes: &mut [u8],
        find: impl for<'b> Fn(&'b [u8]) -> Option<Encoded<'b>>,
    ) -> Result<(), DataError> {
        let broken = || unreadable("its schema is missing");
        let Parts { fields, wiped, texts } = self.parts(bytes, &find(bytes).ok_or_else(broken)?)?;
        for (place, text) in texts {
            bytes.get_mut(place).ok_or_else(broken)?.copy_from_slice(&text);
        }
        for place in wiped {
            bytes.get_mut(place).ok_or_else(broken)?.fill(0);
        }
        let mut written = 0;
        for (number, goes) in self.fields.iter().enumerate() {
            let at = fields.start + number * WORD;
            let offset = word(bytes, at).ok_or_else(broken)?;
            put_word(bytes, at, 0).ok_or_else(broken)?;
            if !goes {
                // Offsets count from where they stand.
                let moved = u32::try_from((number - written) * WORD).map_err(|_| broken())?;
                put_word(bytes, fields.start + written * WORD, offset + moved).ok_or_else(broken)?;
                written += 1;
            }
        }
        let count = u32::try_from(written).map_err(|_| broken())?;
        let at = fields.start.checked_sub(WORD).ok_or_else(broken)?;
        put_word(bytes, at, count).ok_or_else(broken)
    }

    fn parts(&self, bytes: &[u8], schema: &Encoded<'_>) -> Result<Parts, DataError> {
        let fields = schema.fields().filter(|fields| fields.len() == self.fields.len());
        let fields = fields.ok_or_else(|| unreadable("its schema has no fields"))?;
        let mut parts = Parts { fields: place(bytes, fields.bytes()), wiped: Vec::new(), texts: Vec::new() };
        for (field, goes) in fields.iter().zip(&self.fields) {
            if *goes {
                parts.wiped.extend(field.name().map(|name| place(bytes, name.as_bytes())));
                for entry in field.custom_metadata().into_iter().flatten() {
                    let texts = [entry.key(), entry.value()];
                    parts.wiped.extend(texts.into_iter().flatten().map(|text| place(bytes, text.as_bytes())));
                }
            }
        }
        let entries: Entries<'_> = schema.custom_metadata();
        for entry in entries.into_iter().flatten() {
            let (key, value) = (entry.key().unwrap_or_default(), entry.value().unwrap_or_default());
            let new = self.described.without(key, value).unwrap_or_default();
            if new == value {
                continue;
            }
            let mut new = new.into_bytes();
            if new.len() > value.len() {
                return Err(unreadable("its metadata would become longer without a column"));
            }
            new.resize(value.len(), b' ');
            parts.texts.push((place(bytes, value.as_bytes()), new));
        }
        Ok(parts)
    }
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|word| u32::from_le_bytes(*word))
}

fn put_word(bytes: &mut [u8], at: usize, value: u32) -> Option<()> {
    *bytes.get_mut(at..)?.first_chunk_mut()? = value.to_le_bytes();
    Some(())
}

/// Takes entries out of the footer's list of dictionaries.
fn without_entries(bytes: &mut [u8], gone: &[bool]) -> Result<(), DataError> {
    let broken = || unreadable("the footer has other messages than the file");
    let list = |bytes: &[u8], dictionaries: Option<Vector<'_, Block>>| {
        dictionaries.map(|blocks| place(bytes, blocks.bytes())).unwrap_or_default()
    };
    let held = list(bytes, parse(bytes)?.dictionaries());
    if held.len() != gone.len() * ENTRY {
        return Err(broken());
    }
    let mut written = held.start;
    for (number, goes) in gone.iter().enumerate() {
        let at = held.start + number * ENTRY;
        if !goes {
            bytes.copy_within(at..at + ENTRY, written);
            written += ENTRY;
        }
    }
    if written == held.end {
        return Ok(());
    }
    let count = u32::try_from((written - held.start) / ENTRY).map_err(|_| broken())?;
    bytes.get_mut(written..held.end).ok_or_else(broken)?.fill(0);
    put_word(bytes, held.start.checked_sub(WORD).ok_or_else(broken)?, count).ok_or_else(broken)
}
