//! Puts values into buffers, and buffers into a message.

use std::io::Write;

use arrow::ipc::{
    BodyCompression, BodyCompressionArgs, BodyCompressionMethod, Buffer, CompressionType, DictionaryBatch,
    DictionaryBatchArgs, FieldNode, KeyValue, KeyValueArgs, Message as Encoded, MessageArgs, MessageHeader,
    RecordBatch, RecordBatchArgs,
};
use flatbuffers::{FlatBufferBuilder, ForwardsUOffset, Vector, WIPOffset};

use super::leaf::INLINE;
use super::message::{Batch, Codec, Message, Span};
use super::schema::{Layout, Node, Shape};
use crate::error::DataError;
use crate::format::columnar::number::{big_endian, check_text, parse, too_large, within};
use crate::format::columnar::typed;

/// The bytes of a new value of `node`, in the order of its buffers.
///
/// # Errors
/// Why it does not fit; the message does not hold it.
pub(super) fn physical(node: &Node, value: &[u8]) -> Result<Vec<u8>, DataError> {
    match (node.shape, node.value_layout()) {
        (Shape::Text { declared, json }, _) => {
            check_text(value, declared, json)?;
            Ok(value.to_vec())
        }
        (Shape::Number { unsigned, precision }, Layout::Fixed(width)) => {
            let number = within(parse(value)?, precision)?;
            let room = if unsigned { width + 1 } else { width };
            let mut bytes = big_endian(number, Some(room)).ok_or_else(too_large)?;
            bytes.reverse();
            if unsigned && bytes.pop() != Some(0) {
                return Err(too_large());
            }
            Ok(bytes)
        }
        (Shape::Scaled { precision, scale }, Layout::Fixed(width)) => {
            let number = within(typed::unscaled(value, scale)?, Some(precision))?;
            let mut bytes = big_endian(number, Some(width)).ok_or_else(too_large)?;
            bytes.reverse();
            Ok(bytes)
        }
        (Shape::Double, _) => Ok(typed::double(value)?.to_le_bytes().to_vec()),
        (Shape::Float, _) => Ok(typed::float(value)?.to_le_bytes().to_vec()),
        (Shape::Day, _) => {
            let days = i32::try_from(typed::day(value)?).map_err(|_| too_large())?;
            Ok(days.to_le_bytes().to_vec())
        }
        (Shape::Moment { per_second, .. }, _) => Ok(typed::moment(value, per_second)?.to_le_bytes().to_vec()),
        _ => Err(DataError::new("the column's type cannot be rewritten")
            .advise("keep the entity in the policy, or drop the column first")),
    }
}

/// Puts values into buffers.
pub(super) struct Encoder {
    layout: Layout,
    validity: Vec<u8>,
    count: usize,
    nulls: u64,
    offsets: Vec<u8>,
    data: Vec<u8>,
}

/// A leaf in its buffers.
pub(super) struct Buffers {
    pub(super) count: u64,
    pub(super) nulls: u64,
    pub(super) buffers: Vec<Vec<u8>>,
}

impl Encoder {
    pub(super) fn new(layout: Layout) -> Encoder {
        let mut offsets = Vec::new();
        if let Layout::Bytes { wide } = layout {
            offsets.resize(if wide { 8 } else { 4 }, 0);
        }
        Encoder { layout, validity: Vec::new(), count: 0, nulls: 0, offsets, data: Vec::new() }
    }

    /// Appends a value.
    ///
    /// # Errors
    /// When the buffers become larger than offsets can tell.
    pub(super) fn push(&mut self, value: Option<&[u8]>) -> Result<(), DataError> {
        let full = || {
            DataError::new("the new values of one record batch are more than its type can hold")
                .advise("write it again with smaller record batches")
        };
        if self.count.is_multiple_of(8) {
            self.validity.push(0);
        }
        if let (Some(_), Some(byte)) = (value, self.validity.last_mut()) {
            *byte |= 1 << (self.count % 8);
        }
        self.nulls += u64::from(value.is_none());
        self.count += 1;
        let bytes = value.unwrap_or_default();
        match self.layout {
            Layout::Fixed(width) => {
                self.data.extend_from_slice(bytes);
                self.data.resize(self.count * width, 0);
            }
            Layout::View => {
                let length = i32::try_from(bytes.len()).map_err(|_| full())?;
                self.offsets.extend(length.to_le_bytes());
                match bytes.first_chunk::<4>().filter(|_| bytes.len() > INLINE) {
                    Some(start) => {
                        let at = i32::try_from(self.data.len()).map_err(|_| full())?;
                        self.offsets.extend(start);
                        self.offsets.extend(0i32.to_le_bytes());
                        self.offsets.extend(at.to_le_bytes());
                        self.data.extend_from_slice(bytes);
                    }
                    None => {
                        self.offsets.extend_from_slice(bytes);
                        self.offsets.resize(self.count * 16, 0);
                    }
                }
            }
            Layout::Bytes { wide } => {
                self.data.extend_from_slice(bytes);
                if wide {
                    self.offsets.extend((self.data.len() as u64).to_le_bytes());
                } else {
                    self.offsets.extend(i32::try_from(self.data.len()).map_err(|_| full())?.to_le_bytes());
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The buffers; that of validity is empty where nothing is NULL and `validity` is not asked for.
    pub(super) fn finish(self, validity: bool) -> Buffers {
        let present = if self.nulls > 0 || validity { self.validity } else { Vec::new() };
        let buffers = match self.layout {
            Layout::Bytes { .. } => vec![present, self.offsets, self.data],
            // One buffer behind the views, where there is anything to point at.
            Layout::View if self.data.is_empty() => vec![present, self.offsets],
            Layout::View => vec![present, self.offsets, self.data],
            _ => vec![present, self.data],
        };
        Buffers { count: self.count as u64, nulls: self.nulls, buffers }
    }
}

/// `bytes` as a buffer of a body that is compressed by `codec`.
fn packed(bytes: Vec<u8>, codec: Option<Codec>) -> Result<Vec<u8>, DataError> {
    let Some(codec) = codec.filter(|_| !bytes.is_empty()) else { return Ok(bytes) };
    let mut packed = (bytes.len() as u64).to_le_bytes().to_vec();
    match codec {
        Codec::Lz4 => {
            let mut encoder = lz4_flex::frame::FrameEncoder::new(&mut packed);
            encoder.write_all(&bytes)?;
            encoder.finish().map_err(|error| DataError::new(error.to_string()))?;
        }
        Codec::Zstd => {
            let mut encoder = zstd::stream::write::Encoder::new(&mut packed, 0)?;
            encoder.write_all(&bytes)?;
            encoder.finish()?;
        }
    }
    Ok(packed)
}

/// A buffer of a message that is being written.
pub(super) enum Piece {
    /// As it stands in the source.
    Copied(Span),
    New(Vec<u8>),
}

impl Piece {
    pub(super) fn length(&self) -> u64 {
        match self {
            Piece::Copied(span) => span.length,
            Piece::New(bytes) => bytes.len() as u64,
        }
    }
}

/// A message that is being written: its head, and its buffers with the zeros behind each.
pub(super) struct Composed {
    pub(super) head: Vec<u8>,
    pub(super) body: Vec<(Piece, u64)>,
}

/// `message`, whose batch is `batch` with buffers at `places`, with `changed` (in order of field) in the place of what
/// those fields hold.
///
/// # Errors
/// When a buffer cannot be compressed or the message cannot be told.
pub(super) fn compose(
    message: &Message,
    batch: &Batch,
    places: &[(usize, usize)],
    nodes: &[Node],
    changed: Vec<(usize, Buffers)>,
) -> Result<Composed, DataError> {
    let parsed = message.parsed()?;
    let is_wide = batch.buffers.iter().all(|span| (span.at - message.body_at()).is_multiple_of(64));
    let alignment = if is_wide { 64 } else { 8 };
    let mut rows = batch.rows;
    let (mut lengths, mut pieces, mut variadic) = (Vec::new(), Vec::new(), Vec::new());
    let mut changed = changed.into_iter().peekable();
    for (index, ((node, (length, nulls)), (first, count))) in nodes.iter().zip(&batch.nodes).zip(places).enumerate() {
        let before = pieces.len();
        match changed.next_if(|(at, _)| *at == index) {
            Some((_, buffers)) => {
                lengths.push(FieldNode::new(signed(buffers.count)?, signed(buffers.nulls)?));
                for bytes in buffers.buffers {
                    pieces.push(Piece::New(packed(bytes, batch.codec)?));
                }
                if node.parent.is_none() {
                    rows = buffers.count;
                }
            }
            None => {
                lengths.push(FieldNode::new(signed(*length)?, signed(*nulls)?));
                pieces.extend(batch.buffers.iter().skip(*first).take(*count).copied().map(Piece::Copied));
            }
        }
        if node.layout == Layout::View {
            variadic.push((pieces.len() - before).saturating_sub(2) as i64);
        }
    }
    let mut body = Vec::with_capacity(pieces.len());
    let (mut spans, mut end) = (Vec::new(), 0u64);
    for piece in pieces {
        let length = piece.length();
        spans.push(Buffer::new(signed(end)?, signed(length)?));
        let padded = length.next_multiple_of(alignment);
        end += padded;
        body.push((piece, padded - length));
    }
    let mut builder = FlatBufferBuilder::new();
    let metadata = entries(&mut builder, parsed.custom_metadata());
    let nodes = builder.create_vector(&lengths);
    let buffers = builder.create_vector(&spans);
    let compression = batch.codec.map(|codec| {
        let codec = if codec == Codec::Lz4 { CompressionType::LZ4_FRAME } else { CompressionType::ZSTD };
        BodyCompression::create(&mut builder, &BodyCompressionArgs { codec, method: BodyCompressionMethod::BUFFER })
    });
    let counts = (!variadic.is_empty()).then(|| builder.create_vector(&variadic));
    let arguments = RecordBatchArgs {
        length: signed(rows)?,
        nodes: Some(nodes),
        buffers: Some(buffers),
        compression,
        variadicBufferCounts: counts,
    };
    let mut header = RecordBatch::create(&mut builder, &arguments).as_union_value();
    if let Some(dictionary) = parsed.header_as_dictionary_batch() {
        let data = Some(WIPOffset::new(header.value()));
        let arguments = DictionaryBatchArgs { id: dictionary.id(), data, isDelta: dictionary.isDelta() };
        header = DictionaryBatch::create(&mut builder, &arguments).as_union_value();
    }
    let header_type: MessageHeader = parsed.header_type();
    let arguments = MessageArgs {
        version: parsed.version(),
        header_type,
        header: Some(header),
        bodyLength: signed(end)?,
        custom_metadata: metadata,
    };
    let root = Encoded::create(&mut builder, &arguments);
    builder.finish(root, None);
    Ok(Composed { head: framed(message, builder.finished_data())?, body })
}

/// `metadata` behind a length as that of `message` is written.
fn framed(message: &Message, metadata: &[u8]) -> Result<Vec<u8>, DataError> {
    let whole = (message.prefix + metadata.len()).next_multiple_of(8);
    let length = i32::try_from(whole - message.prefix).map_err(|_| DataError::new("a message has too many fields"))?;
    let mut head = if message.prefix == 8 { vec![0xff; 4] } else { Vec::new() };
    head.extend(length.to_le_bytes());
    head.extend_from_slice(metadata);
    head.resize(whole, 0);
    Ok(head)
}

type Entries<'a> = Vector<'a, ForwardsUOffset<KeyValue<'a>>>;

#[allow(clippy::type_complexity)]
fn entries<'a>(
    builder: &mut FlatBufferBuilder<'a>,
    entries: Option<Entries<'_>>,
) -> Option<WIPOffset<Vector<'a, ForwardsUOffset<KeyValue<'a>>>>> {
    let mut copies = Vec::new();
    for entry in entries? {
        let key = entry.key().map(|key| builder.create_string(key));
        let value = entry.value().map(|value| builder.create_string(value));
        copies.push(KeyValue::create(builder, &KeyValueArgs { key, value }));
    }
    Some(builder.create_vector(&copies))
}

fn signed(number: u64) -> Result<i64, DataError> {
    i64::try_from(number).map_err(|_| DataError::new("a message is too large"))
}
