//! The file around the values: header, blocks and the marks between them.

use std::fs::File;
use std::sync::Arc;

use super::codec::Codec;
use super::schema::Schema;
use super::unreadable;
use super::value::Cursor;
use crate::block::TableContext;
use crate::error::{DataError, Position};
use crate::format::columnar::notes::Note;
use crate::format::columnar::source::Source;

pub(super) const MAGIC: &[u8; 4] = b"Obj\x01";
/// Longest header: schema and metadata.
const MAX_HEADER: u64 = 64 << 20;
/// Largest block, as it stands in the file.
const MAX_PACKED: u64 = 512 << 20;
const SYNC: usize = 16;
/// Names in the metadata.
const CODEC: &str = "avro.codec";
pub(super) const SCHEMA: &str = "avro.schema";

/// A file whose header has been read and believed.
pub(super) struct Opened {
    pub(super) source: Source,
    pub(super) schema: Schema,
    pub(super) context: Arc<TableContext>,
    pub(super) codec: Codec,
    /// The whole header, as it stands in the file; it ends with the mark that ends each block.
    pub(super) header: Vec<u8>,
    /// Its metadata, as it stands there.
    pub(super) metadata: Entries,
}

/// A block as it stands in the file.
pub(super) struct Stored {
    pub(super) at: u64,
    /// Number of objects and length, as they stand there.
    pub(super) head: Vec<u8>,
    pub(super) objects: u64,
    pub(super) packed: Vec<u8>,
}

impl Opened {
    /// Reads the header of `file`.
    ///
    /// # Errors
    /// When it is damaged or of a kind that is not read.
    pub(super) fn new(file: &File) -> Result<Opened, DataError> {
        let source = Source::new(file)?;
        let mut room = 64 << 10;
        loop {
            let length = source.length.min(room);
            let mut start = vec![0; usize::try_from(length).unwrap_or(0)];
            source.read_at(0, &mut start)?;
            match header(&start) {
                Ok((entries, end)) => {
                    start.truncate(end);
                    return Opened::with(source, start, entries);
                }
                Err(error) if length == source.length || room >= MAX_HEADER => return Err(error),
                Err(_) => room *= 8,
            }
        }
    }

    fn with(source: Source, header: Vec<u8>, entries: Entries) -> Result<Opened, DataError> {
        let entry = |name: &str| entries.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_slice());
        let codec = Codec::of(entry(CODEC).unwrap_or_default())?;
        let schema = Schema::new(entry(SCHEMA).ok_or_else(|| unreadable("it has no schema"))?)?;
        let context = Arc::new(schema.context());
        Ok(Opened { source, schema, context, codec, header, metadata: entries })
    }

    /// The schema and the metadata, as notes.
    ///
    /// # Errors
    /// When a text cannot be taken into a slab.
    pub(super) fn notes(&self) -> Result<Vec<Note>, DataError> {
        let mut notes = Vec::new();
        for (key, value) in self.metadata.iter().filter(|(key, _)| key != CODEC) {
            notes.extend(Note::entry(key, &String::from_utf8_lossy(value))?);
        }
        Ok(notes)
    }

    /// The mark that ends each block.
    pub(super) fn sync(&self) -> &[u8] {
        self.header.last_chunk::<SYNC>().map_or(&[], |sync| sync.as_slice())
    }

    /// Hands the blocks to `visit`, in order.
    ///
    /// # Errors
    /// When one is cut off or does not end with its mark; or what `visit` returned.
    pub(super) fn blocks(&self, visit: &mut dyn FnMut(Stored) -> Result<(), DataError>) -> Result<(), DataError> {
        let mut at = self.header.len() as u64;
        while at < self.source.length {
            let damaged = |reason: &str| unreadable(reason).at(Position::Byte(at));
            let mut head = vec![0; 20];
            let filled = self.source.read_at(at, &mut head)?;
            head.truncate(filled);
            let mut cursor = Cursor::new(&head);
            let objects = cursor.long().ok().and_then(|count| u64::try_from(count).ok());
            let length = cursor.long().ok().and_then(|length| u64::try_from(length).ok());
            let (Some(objects), Some(length)) = (objects, length) else {
                return Err(damaged("a block has no number of objects or no length"));
            };
            let start = cursor.at();
            head.truncate(start);
            let room = self.source.length.saturating_sub(at + (start + SYNC) as u64);
            if length > room || length > MAX_PACKED {
                return Err(damaged("a block reaches beyond the end of the file, or is too large"));
            }
            let mut packed = vec![0; usize::try_from(length).unwrap_or(0)];
            let mut sync = [0; SYNC];
            let end = at + start as u64 + length;
            if self.source.read_at(at + start as u64, &mut packed)? != packed.len()
                || self.source.read_at(end, &mut sync)? != SYNC
                || sync != self.sync()
            {
                return Err(damaged("a block does not end with the mark of its file"));
            }
            visit(Stored { at, head, objects, packed })?;
            at = end + SYNC as u64;
        }
        Ok(())
    }
}

pub(super) type Entries = Vec<(String, Vec<u8>)>;

/// The metadata in the header at the start of `bytes`, and where it ends.
fn header(bytes: &[u8]) -> Result<(Entries, usize), DataError> {
    let mut cursor = Cursor::new(bytes);
    if cursor.take(MAGIC.len())? != MAGIC {
        return Err(unreadable("the file does not start as an Avro file"));
    }
    let mut entries = Vec::new();
    loop {
        let count = cursor.long()?;
        if count == 0 {
            break;
        }
        if count < 0 {
            cursor.long()?;
        }
        for _ in 0..count.unsigned_abs() {
            let key = String::from_utf8_lossy(cursor.prefixed()?).into_owned();
            entries.push((key, cursor.prefixed()?.to_vec()));
        }
    }
    cursor.take(SYNC)?;
    Ok((entries, cursor.at()))
}
