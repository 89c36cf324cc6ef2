//! Messages: a length, metadata as a flatbuffer, and a body of buffers.
//!
//! It must never take a number from the metadata for more than the file holds.

use arrow::ipc::{CompressionType, DictionaryBatch, Message as Encoded, MessageHeader, MetadataVersion, RecordBatch};

use super::schema::{Layout, Node};
use super::unreadable;
use crate::error::{DataError, Position};
use crate::format::columnar::source::Source;

/// Longest metadata of one message.
const MAX_METADATA: u64 = 256 << 20;
/// Most rows of a record batch, as the format recommends it.
const MAX_ROWS: i64 = i32::MAX as i64;

const CONTINUATION: [u8; 4] = [0xff; 4];

/// One message.
pub(super) struct Message {
    /// Where it starts.
    pub(super) at: u64,
    /// Length, or continuation and length, and metadata, as they stand in the file.
    pub(super) head: Vec<u8>,
    /// Bytes of `head` before the metadata.
    pub(super) prefix: usize,
    /// Length of the body, which follows the head.
    pub(super) body: u64,
}

impl Message {
    /// Reads the message at byte `at`, which with its body ends before byte `end`; `None` at the end of the stream,
    /// together with the bytes that say so.
    ///
    /// # Errors
    /// When it is cut off or its metadata are damaged.
    pub(super) fn read(source: &Source, at: u64, end: u64) -> Result<Result<Message, u64>, DataError> {
        let damaged = |reason: &str| unreadable(reason).at(Position::Byte(at));
        if at == end {
            return Ok(Err(0));
        }
        let room = end.checked_sub(at).ok_or_else(|| damaged("a message starts behind the end"))?;
        let mut first = [0; 8];
        let filled = source.read_at(at, &mut first)?;
        let (start, rest) = first.split_first_chunk::<4>().ok_or_else(|| damaged("a message is cut off"))?;
        let second: [u8; 4] = *rest.first_chunk().unwrap_or(&[0; 4]);
        let (prefix, length) = if *start == CONTINUATION { (8, second) } else { (4, *start) };
        if filled < prefix || room < prefix as u64 {
            return Err(damaged("a message is cut off"));
        }
        let length =
            u64::try_from(i32::from_le_bytes(length)).map_err(|_| damaged("a message has a negative length"))?;
        if length == 0 {
            return Ok(Err(prefix as u64));
        }
        if length > MAX_METADATA || length > room - prefix as u64 {
            return Err(damaged("a message reaches beyond the end of the data"));
        }
        let mut head = vec![0; prefix + usize::try_from(length).unwrap_or(0)];
        if source.read_at(at, &mut head)? != head.len() {
            return Err(damaged("a message is cut off"));
        }
        let mut message = Message { at, head, prefix, body: 0 };
        let parsed = message.parsed()?;
        if !matches!(parsed.version(), MetadataVersion::V4 | MetadataVersion::V5) {
            return Err(DataError::new("the Arrow data are of a version before 0.8 or of one yet unknown")
                .advise("write it again with a present-day Arrow")
                .at(Position::Byte(at)));
        }
        let body = u64::try_from(parsed.bodyLength()).ok();
        let body = body.filter(|body| *body <= room - prefix as u64 - length);
        message.body = body.ok_or_else(|| damaged("the body of a message reaches beyond the end of the data"))?;
        Ok(Ok(message))
    }

    /// The message whose metadata fill all from byte `at` to `end`, without a length before them: Polars starts files so.
    ///
    /// # Errors
    /// When they are damaged.
    pub(super) fn bare(source: &Source, at: u64, end: u64) -> Result<Message, DataError> {
        let length = end.checked_sub(at).filter(|length| *length <= MAX_METADATA && end <= source.length);
        let length =
            length.ok_or_else(|| unreadable("the metadata of a message are damaged").at(Position::Byte(at)))?;
        let mut head = vec![0; usize::try_from(length).unwrap_or(0)];
        source.read_at(at, &mut head)?;
        let message = Message { at, head, prefix: 0, body: 0 };
        message.parsed()?;
        Ok(message)
    }

    /// Its metadata.
    ///
    /// # Errors
    /// When they are damaged.
    pub(super) fn parsed(&self) -> Result<Encoded<'_>, DataError> {
        let metadata = self.head.get(self.prefix..).unwrap_or_default();
        arrow::ipc::root_as_message(metadata)
            .map_err(|_| unreadable("the metadata of a message are damaged").at(Position::Byte(self.at)))
    }

    /// Where its body starts.
    pub(super) fn body_at(&self) -> u64 {
        self.at + self.head.len() as u64
    }

    /// One past its last byte.
    pub(super) fn end(&self) -> u64 {
        self.body_at() + self.body
    }

    /// What it is.
    ///
    /// # Errors
    /// When it is no schema, dictionary or record batch.
    pub(super) fn content(&self) -> Result<Content, DataError> {
        let parsed = self.parsed()?;
        let damaged = |reason: &str| unreadable(reason).at(Position::Byte(self.at));
        let content = match parsed.header_type() {
            MessageHeader::RecordBatch => {
                let batch = parsed.header_as_record_batch().ok_or_else(|| damaged("a record batch is missing"))?;
                Batch::new(&batch, self).map(Content::Batch)
            }
            MessageHeader::DictionaryBatch => {
                let dictionary = parsed.header_as_dictionary_batch();
                let dictionary: DictionaryBatch<'_> = dictionary.ok_or_else(|| damaged("a dictionary is missing"))?;
                let batch = dictionary.data().ok_or_else(|| damaged("a dictionary has no values"))?;
                let (id, delta) = (dictionary.id(), dictionary.isDelta());
                Batch::new(&batch, self).map(|batch| Content::Dictionary { id, delta, batch })
            }
            MessageHeader::Schema => Err("a second schema follows"),
            _ => Err("a message is neither a record batch nor a dictionary"),
        };
        content.map_err(damaged)
    }
}

/// What a message behind the schema holds.
pub(super) enum Content {
    /// Rows.
    Batch(Batch),
    /// Values of dictionary `id`: more of them where `delta`, else all of them anew.
    Dictionary { id: i64, delta: bool, batch: Batch },
}

/// How a body is compressed, buffer by buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Codec {
    Lz4,
    Zstd,
}

/// A stretch of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    /// From the start of the file.
    pub(super) at: u64,
    pub(super) length: u64,
}

/// The metadata of a record batch.
pub(super) struct Batch {
    pub(super) rows: u64,
    /// Length and number of NULLs of each field.
    pub(super) nodes: Vec<(u64, u64)>,
    pub(super) buffers: Vec<Span>,
    pub(super) codec: Option<Codec>,
    /// Number of buffers that the views of each field of that kind point into.
    pub(super) variadic: Vec<usize>,
    /// Bytes that the views of its opened fields point into, which are held as a whole.
    pub(super) viewed: std::cell::Cell<u64>,
}

impl Batch {
    fn new(batch: &RecordBatch<'_>, message: &Message) -> Result<Batch, &'static str> {
        let rows = u64::try_from(batch.length()).ok().filter(|_| batch.length() <= MAX_ROWS);
        let rows = rows.ok_or("a record batch has a negative number of rows, or too many")?;
        let mut nodes = Vec::new();
        for node in batch.nodes().into_iter().flatten() {
            let (Ok(length), Ok(nulls)) = (u64::try_from(node.length()), u64::try_from(node.null_count())) else {
                return Err("a field has a negative length");
            };
            if nulls > length {
                return Err("a field has more NULLs than values");
            }
            nodes.push((length, nulls));
        }
        let mut buffers = Vec::new();
        for buffer in batch.buffers().into_iter().flatten() {
            let (Ok(at), Ok(length)) = (u64::try_from(buffer.offset()), u64::try_from(buffer.length())) else {
                return Err("a buffer has a negative offset or length");
            };
            if at.checked_add(length).is_none_or(|end| end > message.body) {
                return Err("a buffer reaches beyond its message");
            }
            buffers.push(Span { at: message.body_at() + at, length });
        }
        let codec = match batch.compression().map(|compression| compression.codec()) {
            None => None,
            Some(CompressionType::LZ4_FRAME) => Some(Codec::Lz4),
            Some(CompressionType::ZSTD) => Some(Codec::Zstd),
            Some(_) => return Err("its buffers are compressed in an unknown way"),
        };
        let mut variadic = Vec::new();
        for count in batch.variadicBufferCounts().into_iter().flatten() {
            variadic.push(usize::try_from(count).map_err(|_| "a field has a negative number of buffers")?);
        }
        Ok(Batch { rows, nodes, buffers, codec, variadic, viewed: std::cell::Cell::new(0) })
    }

    /// Which buffers belong to each of `nodes`, whose values are laid out as `layout` says: the first and how many.
    ///
    /// # Errors
    /// When there are more buffers than that, or fewer, or lengths contradict each other.
    pub(super) fn places(
        &self,
        nodes: &[Node],
        layout: impl Fn(&Node) -> Layout,
    ) -> Result<Vec<(usize, usize)>, &'static str> {
        if self.nodes.len() != nodes.len() {
            return Err("a record batch has more fields than the schema, or fewer");
        }
        let mut variadic = self.variadic.iter();
        let mut next = 0usize;
        let mut places = Vec::with_capacity(nodes.len());
        for (node, (length, _)) in nodes.iter().zip(&self.nodes) {
            let expected = match node.parent.and_then(|parent| Some((nodes.get(parent)?, self.nodes.get(parent)?))) {
                None => Some(self.rows),
                Some((parent, (above, _))) => match parent.layout {
                    Layout::Struct => Some(*above),
                    Layout::FixedList(size) => Some(above.checked_mul(size).ok_or("a list is too long")?),
                    _ => None,
                },
            };
            if expected.is_some_and(|expected| expected != *length) {
                return Err("a field has more values than its rows, or fewer");
            }
            let count = match layout(node) {
                Layout::Null => 0,
                Layout::FixedList(_) | Layout::Struct => 1,
                Layout::Bits | Layout::Fixed(_) | Layout::List { .. } => 2,
                Layout::Bytes { .. } => 3,
                Layout::View => 2usize.saturating_add(*variadic.next().ok_or("a field of views has no buffers")?),
            };
            places.push((next, count));
            next = next.checked_add(count).ok_or("a field has too many buffers")?;
        }
        if next != self.buffers.len() || variadic.next().is_some() {
            return Err("a record batch has more buffers than its fields, or fewer");
        }
        Ok(places)
    }
}
