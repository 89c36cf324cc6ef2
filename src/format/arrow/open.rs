//! Opens Arrow data, a file with a footer or a stream, and finds their messages.
//!
//! It must never read messages in another order than that of their rows, nor leave any unread.

use std::cell::Cell;
use std::fs::File;
use std::sync::Arc;

use arrow::ipc::{Block, Footer, MessageHeader};
use flatbuffers::Vector;

use super::message::Message;
use super::schema::{self, Schema};
use super::unreadable;
use crate::block::TableContext;
use crate::error::{DataError, Position};
use crate::format::columnar::notes::Note;
use crate::format::columnar::source::Source;

pub(super) const MAGIC: &[u8; 6] = b"ARROW1";
/// The magic at the start of a file, with its padding.
pub(super) const START: &[u8; 8] = b"ARROW1\0\0";
/// Length of the footer, and the magic.
const TAIL: u64 = 10;
/// Bytes of an entry for a message in the footer.
pub(super) const ENTRY: usize = 24;

/// Arrow data whose schema has been read and believed.
pub(super) struct Opened {
    pub(super) source: Source,
    pub(super) schema: Schema,
    pub(super) context: Arc<TableContext>,
    /// The message with the schema.
    pub(super) head: Message,
    /// Of a file; `None` for a stream.
    pub(super) footer: Option<Footed>,
    /// Length of the mark that ends a stream, once it was read to its end.
    mark: Cell<usize>,
}

/// The footer of a file.
pub(super) struct Footed {
    /// As it stands in the file.
    pub(super) bytes: Vec<u8>,
    pub(super) at: u64,
    /// The messages behind the schema, as they are read: dictionaries first, wherever they stand.
    pub(super) placed: Vec<Placed>,
}

impl Footed {
    /// Where the first message behind the schema starts.
    fn start(&self) -> u64 {
        self.placed.iter().map(|placed| placed.at).min().unwrap_or(self.at)
    }

    /// Where the last one ends.
    pub(super) fn end(&self) -> Option<u64> {
        self.placed.iter().map(Placed::end).max()
    }
}

/// An entry of the footer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Placed {
    pub(super) at: u64,
    head: u64,
    body: u64,
    dictionary: bool,
    /// Where in the footer's bytes the entry stands.
    pub(super) entry: usize,
}

impl Placed {
    /// One past the message's last byte.
    pub(super) fn end(&self) -> u64 {
        self.at.saturating_add(self.head).saturating_add(self.body)
    }
}

impl Opened {
    /// Reads schema and footer of `file`.
    ///
    /// # Errors
    /// When they are damaged, or of a kind that is not read.
    pub(super) fn new(file: &File) -> Result<Opened, DataError> {
        let source = Source::new(file)?;
        let mut magic = [0; 8];
        let filled = source.read_at(0, &mut magic)?;
        if magic.starts_with(b"FEA1") {
            return Err(DataError::new("the file is of the first version of Feather, which is not read")
                .advise("read it with pandas and write it again: to_feather writes the second version"));
        }
        let footer = if magic.starts_with(MAGIC) { Some(read_footer(&source)?) } else { None };
        let head = match &footer {
            Some(footed) => {
                let end = footed.start();
                let start = behind_magic(&source, end)?;
                match Message::read(&source, start, end) {
                    Ok(Ok(message)) => Some(message),
                    _ => Some(Message::bare(&source, start, end)?),
                }
            }
            None => Message::read(&source, 0, source.length)?.ok().filter(|_| filled > 0),
        };
        let head = head.ok_or_else(|| unreadable("it has no schema"))?;
        let parsed = head.parsed()?;
        let encoded = parsed.header_as_schema().filter(|_| parsed.header_type() == MessageHeader::Schema);
        let encoded = encoded.ok_or_else(|| unreadable("it does not start with a schema"))?;
        let schema = Schema::new(&encoded)?;
        if let Some(footed) = &footer {
            let repeated = parse(&footed.bytes)?.schema().map(|schema| Schema::new(&schema)).transpose()?;
            if repeated.is_none_or(|repeated| repeated != schema) {
                return Err(unreadable("the footer has another schema than the start of the file"));
            }
        }
        let context = Arc::new(schema.context());
        Ok(Opened { source, schema, context, head, footer, mark: Cell::new(0) })
    }

    /// What stands in the schema and the footer besides fields.
    ///
    /// # Errors
    /// When a text cannot be taken into a slab.
    pub(super) fn notes(&self) -> Result<Vec<Note>, DataError> {
        let parsed = self.head.parsed()?;
        let mut notes = schema::entries(parsed.custom_metadata())?;
        if let Some(encoded) = parsed.header_as_schema() {
            notes.extend(schema::notes(&encoded, &self.schema.nodes)?);
        }
        if let Some(footed) = &self.footer {
            let footer = parse(&footed.bytes)?;
            notes.extend(schema::entries(footer.custom_metadata())?);
            if let Some(encoded) = footer.schema() {
                // The same as in front, if nobody has touched one of them.
                let again = schema::notes(&encoded, &[])?;
                let known = |note: &Note| notes.iter().any(|first| first.block.slab.text() == note.block.slab.text());
                let new: Vec<Note> = again.into_iter().filter(|note| !known(note)).collect();
                notes.extend(new);
            }
        }
        Ok(notes)
    }

    /// Hands the messages behind the schema to `visit`, a file's dictionaries first.
    ///
    /// # Errors
    /// When one is damaged or bytes are left over; or what `visit` returned.
    pub(super) fn messages(&self, visit: &mut dyn FnMut(Message) -> Result<(), DataError>) -> Result<(), DataError> {
        let Some(footed) = &self.footer else { return self.stream(visit) };
        for placed in &footed.placed {
            let damaged = |reason: &str| unreadable(reason).at(Position::Byte(placed.at));
            let message = Message::read(&self.source, placed.at, footed.at)?;
            let message = message.map_err(|_| damaged("the footer points to no message"))?;
            let kind = if placed.dictionary { MessageHeader::DictionaryBatch } else { MessageHeader::RecordBatch };
            if (message.head.len() as u64, message.body) != (placed.head, placed.body)
                || message.parsed()?.header_type() != kind
            {
                return Err(damaged("a message is another than the footer says"));
            }
            visit(message)?;
        }
        Ok(())
    }

    /// Whether every byte belongs to a message, the footer or a mark of the end.
    pub(super) fn is_filled(&self) -> bool {
        let Some(footed) = &self.footer else { return true };
        let messages: u64 = footed.placed.iter().map(|placed| placed.end() - placed.at).sum();
        let from = self.head.end();
        from == footed.start() && footed.end().is_some_and(|end| end - from == messages && footed.at - end <= 8)
    }

    /// The mark that ends a stream; none where it just stops.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn end_mark(&self) -> Result<Vec<u8>, DataError> {
        let mut bytes = vec![0; 8];
        self.source.read_at(self.source.length.saturating_sub(8), &mut bytes)?;
        Ok(bytes.split_off(bytes.len().saturating_sub(self.mark.get())))
    }

    fn stream(&self, visit: &mut dyn FnMut(Message) -> Result<(), DataError>) -> Result<(), DataError> {
        let mut at = self.head.end();
        loop {
            match Message::read(&self.source, at, self.source.length)? {
                Ok(message) => {
                    at = message.end();
                    visit(message)?;
                }
                Err(mark) if at + mark == self.source.length => {
                    self.mark.set(usize::try_from(mark).unwrap_or(0));
                    return Ok(());
                }
                Err(_) => {
                    return Err(DataError::new("more bytes follow behind the end of the Arrow stream")
                        .advise("split what was appended into files of their own")
                        .at(Position::Byte(at)));
                }
            }
        }
    }
}

/// Where the zeros behind the magic end: some writers fill up to 64 bytes.
fn behind_magic(source: &Source, end: u64) -> Result<u64, DataError> {
    let mut bytes = [0; 64];
    let filled = source.read_at(0, &mut bytes)?;
    let (groups, _) = bytes.get(..filled).unwrap_or_default().as_chunks::<8>();
    let zeros = groups.iter().skip(1).take_while(|group| **group == [0; 8]).count() as u64;
    let start = START.len() as u64 * (1 + zeros);
    Ok(if start < end { start } else { START.len() as u64 })
}

/// The footer in `bytes`.
///
/// # Errors
/// When it is damaged.
pub(super) fn parse(bytes: &[u8]) -> Result<Footer<'_>, DataError> {
    arrow::ipc::root_as_footer(bytes).map_err(|_| unreadable("the footer is damaged"))
}

fn read_footer(source: &Source) -> Result<Footed, DataError> {
    let broken = || unreadable("the file ends before its footer");
    let start = source.length.checked_sub(TAIL).filter(|start| *start >= START.len() as u64).ok_or_else(broken)?;
    let mut tail = [0; TAIL as usize];
    if source.read_at(start, &mut tail)? != tail.len() || !tail.ends_with(MAGIC) {
        return Err(broken());
    }
    let [a, b, c, d, ..] = tail;
    let length = u64::try_from(i32::from_le_bytes([a, b, c, d])).map_err(|_| broken())?;
    let at = start.checked_sub(length).filter(|at| *at >= START.len() as u64);
    let at = at.ok_or_else(|| unreadable("the footer's length is larger than the file"))?;
    let mut bytes = vec![0; usize::try_from(length).map_err(|_| broken())?];
    if source.read_at(at, &mut bytes)? != bytes.len() {
        return Err(broken());
    }
    let footer = parse(&bytes)?;
    let mut placed = entries(&bytes, footer.dictionaries(), true)?;
    let batches = entries(&bytes, footer.recordBatches(), false)?;
    if !batches.is_sorted() || !placed.is_sorted() {
        return Err(DataError::new("the record batches do not stand in the file in the order of their rows")
            .advise("read it and write it again with the tool that made it"));
    }
    placed.extend(batches);
    let mut by_place = placed.clone();
    by_place.sort_unstable();
    let overlap = |pair: &[Placed]| match pair {
        [one, next] => one.end() > next.at,
        _ => false,
    };
    if by_place.windows(2).any(overlap) {
        return Err(unreadable("the footer places messages over each other"));
    }
    Ok(Footed { bytes, at, placed })
}

/// The entries of the footer in `bytes` for `blocks`.
///
/// # Errors
/// When one has a negative number.
pub(super) fn entries(
    bytes: &[u8],
    blocks: Option<Vector<'_, Block>>,
    dictionary: bool,
) -> Result<Vec<Placed>, DataError> {
    let Some(blocks) = blocks else { return Ok(Vec::new()) };
    let first = blocks.bytes().as_ptr().addr().saturating_sub(bytes.as_ptr().addr());
    let mut placed = Vec::with_capacity(blocks.len());
    for (number, block) in blocks.iter().enumerate() {
        let (Ok(at), Ok(head), Ok(body)) =
            (u64::try_from(block.offset()), u64::try_from(block.metaDataLength()), u64::try_from(block.bodyLength()))
        else {
            return Err(unreadable("the footer gives a negative offset or length"));
        };
        placed.push(Placed { at, head, body, dictionary, entry: first + number * ENTRY });
    }
    Ok(placed)
}
