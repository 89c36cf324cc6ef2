//! Rewrites Arrow data: messages in which nothing changes are copied as they are, of others only the buffers of the
//! leaves that change are written anew.
//!
//! Which values of a dictionary change is known only behind the last rows that use it. Where there are dictionaries,
//! messages are therefore put aside, and written out in a second go (`dictionary`). Nothing may stay behind of a value
//! that was replaced: not behind a NULL, not between buffers, not in a dictionary where no row uses it any more.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};

use super::dictionary::{Aside, Kind, Replaced, write_out};
use super::encode::{Composed, Encoder, Piece, compose, physical};
use super::leaf::Leaf;
use super::message::{Batch, Message, Span};
use super::open::{MAGIC, Opened};
use super::schema::Node;
use super::unreadable;
use super::walk::{BLOCK_BYTES, Extent, Met, Rows, STEP, walk};
use crate::block::{Block, CellEdit, Edits, TableBlock};
use crate::error::{DataError, Position};
use crate::format::columnar::edits::{LeafEdits, admitted, gone};
use crate::format::columnar::notes::refuse_edits;
use crate::format::columnar::source::Source;

type Edit<'a> = &'a mut dyn FnMut(&Block) -> Result<Edits, DataError>;

/// Rewrites `opened` to `file`, which must be empty.
///
/// # Errors
/// When the source cannot be read, when a new value does not fit, and when a note would have to be changed.
pub(super) fn rewrite(opened: &Opened, file: &mut File, edit: Edit<'_>) -> Result<(), DataError> {
    let is_keyed = opened.schema.nodes.iter().any(|node| node.dictionary.is_some() && node.is_examined());
    let mut aside = if is_keyed { Some(tempfile::tempfile()?) } else { None };
    let mut out = Out::new(aside.as_mut().unwrap_or(file));
    let mut places = Vec::new();
    if !is_keyed {
        start(opened, &mut out)?;
    }
    let mut writer = Rewriter {
        opened,
        edits: BTreeMap::new(),
        replaced: Replaced::default(),
        aside: Vec::new(),
        is_changed: false,
    };
    let extent = Extent { block_bytes: BLOCK_BYTES, whole: true };
    walk(opened, &extent, &mut |met| writer.meet(met, &mut out, &mut places, edit))?;
    let Rewriter { replaced, aside: messages, is_changed, .. } = writer;
    if !is_keyed {
        return finish(opened, &mut out, &places, footer_of(opened));
    }
    out.flush()?;
    drop(out);
    let aside = aside.as_ref().map(Source::new).transpose()?;
    let aside = aside.ok_or_else(|| DataError::new("internal error: nothing was put aside"))?;
    let mut out = Out::new(file);
    if !is_changed && replaced.is_empty() && opened.is_filled() {
        // Wherever dictionaries stand in it.
        out.copy(&opened.source, Span { at: 0, length: opened.source.length })?;
        return out.flush();
    }
    start(opened, &mut out)?;
    let places = write_out(opened, &aside, &messages, &replaced, &mut out)?;
    finish(opened, &mut out, &places, footer_of(opened))
}

/// The footer, and where the entries of the messages stand in it.
fn footer_of(opened: &Opened) -> Option<(Vec<u8>, Vec<usize>)> {
    let footed = opened.footer.as_ref()?;
    Some((footed.bytes.clone(), footed.placed.iter().map(|placed| placed.entry).collect()))
}

/// The output.
pub(super) struct Out<'a> {
    file: BufWriter<&'a mut File>,
    pub(super) position: u64,
}

/// Where a message was written: its place, and the lengths of head and body.
pub(super) type Place = (u64, u64, u64);

impl<'a> Out<'a> {
    pub(super) fn new(file: &'a mut File) -> Out<'a> {
        Out { file: BufWriter::with_capacity(1 << 18, file), position: 0 }
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), DataError> {
        self.file.write_all(bytes)?;
        self.position += bytes.len() as u64;
        Ok(())
    }

    pub(super) fn copy(&mut self, source: &Source, span: Span) -> Result<(), DataError> {
        let mut bytes = vec![0; usize::try_from(span.length.min(1 << 20)).unwrap_or(0)];
        let mut done = 0;
        while done < span.length {
            let wanted = usize::try_from(span.length - done).unwrap_or(usize::MAX).min(bytes.len());
            let chunk = bytes.get_mut(..wanted).unwrap_or_default();
            if source.read_at(span.at + done, chunk)? != chunk.len() {
                return Err(unreadable("it became shorter while it was read"));
            }
            self.write(bytes.get(..wanted).unwrap_or_default())?;
            done += wanted as u64;
        }
        Ok(())
    }

    /// Copies `message` as it is.
    pub(super) fn message(&mut self, source: &Source, message: &Message) -> Result<Place, DataError> {
        let place = (self.position, message.head.len() as u64, message.body);
        self.write(&message.head)?;
        self.copy(source, Span { at: message.body_at(), length: message.body })?;
        Ok(place)
    }

    /// Writes a message that was put together, with buffers of `source`.
    pub(super) fn composed(&mut self, source: &Source, composed: &Composed) -> Result<Place, DataError> {
        let (at, head) = (self.position, composed.head.len() as u64);
        self.write(&composed.head)?;
        for (piece, padding) in &composed.body {
            match piece {
                Piece::Copied(span) => self.copy(source, *span)?,
                Piece::New(bytes) => self.write(bytes)?,
            }
            self.write([0; 64].get(..*padding as usize).unwrap_or_default())?;
        }
        Ok((at, head, self.position - at - head))
    }

    fn flush(&mut self) -> Result<(), DataError> {
        Ok(self.file.flush()?)
    }
}

/// Writes what stands before the first message.
fn start(opened: &Opened, out: &mut Out<'_>) -> Result<(), DataError> {
    // The magic of a file, and the zeros behind it.
    out.copy(&opened.source, Span { at: 0, length: opened.head.at })?;
    out.message(&opened.source, &opened.head).map(drop)
}

/// Writes what stands behind the last message: of a file, this footer, with the places of the messages entered where it has
/// them.
///
/// # Errors
/// When either file fails.
pub(super) fn finish(
    opened: &Opened,
    out: &mut Out<'_>,
    places: &[Place],
    footer: Option<(Vec<u8>, Vec<usize>)>,
) -> Result<(), DataError> {
    let (last, end) = match &opened.footer {
        Some(footed) => (footed.end(), footed.at),
        None => (None, opened.source.length),
    };
    let end_mark = match (last, opened.footer.is_some()) {
        (Some(last), _) => read_mark(&opened.source, last, end)?,
        (None, true) => read_mark(&opened.source, opened.head.end(), end)?,
        (None, false) => opened.end_mark()?,
    };
    out.write(&end_mark)?;
    if let Some((mut footer, entries)) = footer {
        if places.len() != entries.len() {
            return Err(unreadable("the footer has other messages than the file"));
        }
        for (entry, (at, head, body)) in entries.into_iter().zip(places) {
            let entry = footer.get_mut(entry..).and_then(|rest| rest.first_chunk_mut::<{ super::open::ENTRY }>());
            let entry = entry.ok_or_else(|| unreadable("the footer is damaged"))?;
            let head = i32::try_from(*head).map_err(|_| DataError::new("a message has too many fields"))?;
            let block = arrow::ipc::Block::new((*at).cast_signed(), head, (*body).cast_signed());
            *entry = block.0;
        }
        out.write(&footer)?;
        let length = i32::try_from(footer.len()).map_err(|_| DataError::new("the footer is too large"))?;
        out.write(&length.to_le_bytes())?;
        out.write(MAGIC)?;
    }
    out.flush()
}

/// The mark of the end that stands between byte `at` and `end`, where it is one.
fn read_mark(source: &Source, at: u64, end: u64) -> Result<Vec<u8>, DataError> {
    let mut bytes = vec![0; usize::try_from(end.saturating_sub(at)).unwrap_or(usize::MAX).min(8)];
    source.read_at(at, &mut bytes)?;
    let is_mark = end.saturating_sub(at) <= 8
        && matches!(bytes.as_slice(), [] | [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0] | [0, 0, 0, 0]);
    Ok(if is_mark { bytes } else { vec![0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0] })
}

struct Rewriter<'a> {
    opened: &'a Opened,
    /// Of the current record batch, by field.
    edits: BTreeMap<usize, LeafEdits>,
    replaced: Replaced,
    aside: Vec<Aside>,
    /// Some record batch was written anew.
    is_changed: bool,
}

impl Rewriter<'_> {
    fn meet(
        &mut self,
        met: Met<'_>,
        out: &mut Out<'_>,
        places: &mut Vec<Place>,
        edit: Edit<'_>,
    ) -> Result<(), DataError> {
        match met {
            Met::Note(note) => refuse_edits(vec![note], edit),
            Met::Dictionary { message, id, slot, hidden } => {
                let at = out.position;
                places.push(out.message(&self.opened.source, message)?);
                if hidden {
                    self.replaced.of(slot);
                }
                self.aside.push(Aside { at, kind: Kind::Dictionary { id, slot } });
                Ok(())
            }
            Met::Unused { id, slot, block, keys } => {
                let (block, cells) = asked(block, edit)?;
                let nullable = self.opened.schema.is_nullable(id);
                let node = self.opened.schema.of_dictionary(id).ok_or_else(gone)?;
                for cell in cells {
                    let key = *keys.get(cell.row as usize).ok_or_else(gone)?;
                    let position = position(&block, &cell, node);
                    let value = admitted(
                        &block,
                        (cell.column as usize, cell.row as usize),
                        cell.value.as_deref(),
                        nullable,
                        |value| physical(node, value),
                    )
                    .map_err(|error| error.at(position.clone()))?;
                    self.replaced.enter(slot, key, value).map_err(|error| error.at(position))?;
                }
                Ok(())
            }
            Met::Rows(rows) => self.rows(rows, edit),
            Met::Batch { message, batch, hidden } => {
                let at = out.position;
                places.push(self.batch(message, batch, &hidden, out)?);
                self.aside.push(Aside { at, kind: Kind::Batch });
                self.edits.clear();
                Ok(())
            }
        }
    }

    fn rows(&mut self, rows: Rows, edit: Edit<'_>) -> Result<(), DataError> {
        let Rows { block, origins } = rows;
        let (block, cells) = asked(block, edit)?;
        for cell in cells {
            let origin = origins.get(cell.column as usize).ok_or_else(gone)?;
            let node = self.opened.schema.nodes.get(origin.node).ok_or_else(gone)?;
            let position = position(&block, &cell, node);
            let nullable = node.dictionary.map_or(node.nullable, |keyed| self.opened.schema.is_nullable(keyed.id));
            let value =
                admitted(&block, (cell.column as usize, cell.row as usize), cell.value.as_deref(), nullable, |value| {
                    physical(node, value)
                })
                .map_err(|error| error.at(position.clone()))?;
            let entered = match &origin.keys {
                None => {
                    let edits = self.edits.entry(origin.node).or_default();
                    edits.push(origin.before + u64::from(cell.row), value.as_deref())
                }
                Some((slot, keys)) => {
                    let key = keys.get(cell.row as usize).copied().flatten().ok_or_else(gone)?;
                    self.replaced.enter(*slot, key, value)
                }
            };
            entered.map_err(|error| error.at(position))?;
        }
        Ok(())
    }

    fn batch(
        &mut self,
        message: &Message,
        batch: &Batch,
        hidden: &[usize],
        out: &mut Out<'_>,
    ) -> Result<Place, DataError> {
        let nodes = &self.opened.schema.nodes;
        let source = &self.opened.source;
        let mut changing: Vec<usize> = self.edits.keys().copied().chain(hidden.iter().copied()).collect();
        changing.sort_unstable();
        changing.dedup();
        if changing.is_empty() && has_clean_gaps(source, message, batch)? {
            return out.message(source, message);
        }
        self.is_changed = true;
        let places = batch.places(nodes, |node| node.layout);
        let places = places.map_err(|reason| unreadable(reason).at(Position::Byte(message.at)))?;
        let none = LeafEdits::default();
        let mut changed = Vec::with_capacity(changing.len());
        for index in changing {
            let node = nodes.get(index).ok_or_else(gone)?;
            // The leaves of the first look are gone.
            batch.viewed.set(0);
            let mut leaf = Leaf::open(source, batch, nodes, &places, index)?;
            let mut edits = self.edits.get(&index).unwrap_or(&none).iter().peekable();
            let mut encoder = Encoder::new(node.layout);
            let mut left = batch.nodes.get(index).map_or(0, |(length, _)| *length);
            let mut place = 0u64;
            while left > 0 {
                let raw = leaf.take(usize::try_from(left).unwrap_or(usize::MAX).min(STEP))?;
                for at in 0..raw.count {
                    match edits.next_if(|(edited, _)| *edited == place) {
                        Some((_, value)) => encoder.push(value)?,
                        None => encoder.push(raw.get(at))?,
                    }
                    place += 1;
                }
                left -= raw.count as u64;
            }
            if edits.peek().is_some() {
                return Err(gone());
            }
            let validity = places.get(index).and_then(|(first, _)| batch.buffers.get(*first));
            let buffers = encoder.finish(validity.is_some_and(|span| span.length > 0));
            changed.push((index, buffers));
        }
        out.composed(source, &compose(message, batch, &places, nodes, changed)?)
    }
}

/// Whether nothing but zeros, and few of them, stand between the buffers of a message.
pub(super) fn has_clean_gaps(source: &Source, message: &Message, batch: &Batch) -> Result<bool, DataError> {
    let mut spans = batch.buffers.clone();
    spans.sort_unstable_by_key(|span| span.at);
    let mut at = message.body_at();
    for (start, end) in
        spans.iter().map(|span| (span.at, span.at + span.length)).chain([(message.end(), message.end())])
    {
        let gap = start.saturating_sub(at);
        if gap > 0 {
            let mut bytes = vec![0; usize::try_from(gap).unwrap_or(usize::MAX).min(64)];
            source.read_at(at, &mut bytes)?;
            if gap > 64 || bytes.iter().any(|byte| *byte != 0) {
                return Ok(false);
            }
        }
        at = at.max(end);
    }
    Ok(true)
}

/// The block, and the edits that are asked for in it.
fn asked(block: TableBlock, edit: Edit<'_>) -> Result<(TableBlock, Vec<CellEdit>), DataError> {
    let block = Block::Table(block);
    let asked = edit(&block)?;
    match block {
        Block::Table(block) if asked.text.is_empty() => Ok((block, asked.cells)),
        _ => Err(DataError::new("an edit of text was asked for in a table")),
    }
}

/// Row and column of a cell, for an error.
fn position(block: &TableBlock, cell: &CellEdit, node: &Node) -> Position {
    let records = block.columns.get(cell.column as usize).and_then(|column| column.records.as_ref());
    let record = records.map_or(cell.row, |records| records.get(cell.row as usize).copied().unwrap_or(0));
    let row = block.first_row + u64::from(record);
    Position::Row { table: block.table.name.clone(), row, column: Some(node.name.clone()) }
}
