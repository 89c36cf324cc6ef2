//! From an opened asset to blocks: the sequential part cuts raw pieces, the parallel part lexes them.
//!
//! Never holds more than one record beyond the block size, and refuses a record beyond the memory limit.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read};
use std::ops::ControlFlow;
use std::sync::Arc;

use super::ordered::Push;
use super::{InvalidBytes, Settings};
use crate::block::Block;
use crate::error::{DataError, Position};
use crate::format::{Codec, Container, Cut, MayHold, Part, Reading, Splitter, Undecoded};
use crate::source::buffer;
use crate::source::decompress::Compression;
use crate::source::slab::Slab;

/// Bytes that are read beyond a block, where its last record may end.
const AHEAD: usize = 16 << 10;

/// Room for a block, for the byte behind it that tells that it is not the last, and for those beyond.
fn room_for(block_bytes: usize) -> usize {
    block_bytes + 1 + AHEAD
}

/// One piece of work: a block, or the bytes that it is to be made of.
pub enum Piece {
    /// Bytes of a stream.
    Raw {
        /// The bytes.
        bytes: Vec<u8>,
        /// Where they stand in the decoded stream.
        byte_offset: u64,
        /// The line (from 1) that they start on.
        first_line: u64,
        /// Who lexes and renders them.
        codec: Arc<dyn Codec>,
    },
    /// A block of a container.
    Block(Block),
    /// A block of a container that is yet to be decoded.
    Undecoded(Box<dyn Undecoded>),
}

impl Piece {
    /// The block, and the codec that renders it where there is one.
    ///
    /// # Errors
    /// When the bytes are no text, or not what the format allows.
    pub fn into_block(self, invalid_bytes: InvalidBytes) -> Result<(Block, Option<Arc<dyn Codec>>), DataError> {
        match self {
            Piece::Block(block) => Ok((block, None)),
            Piece::Undecoded(undecoded) => Ok((undecoded.decode()?, None)),
            Piece::Raw { bytes, byte_offset, first_line, codec } => {
                let slab = slab(bytes, byte_offset, first_line, codec_bytes(&*codec, invalid_bytes))?;
                Ok((codec.lex(slab)?, Some(codec)))
            }
        }
    }
}

/// A slab of raw bytes, with invalid bytes dealt with as the user asked.
///
/// # Errors
/// When some line is no text and must be.
pub fn slab(bytes: Vec<u8>, byte_offset: u64, first_line: u64, invalid_bytes: InvalidBytes) -> Result<Slab, DataError> {
    match invalid_bytes {
        InvalidBytes::Fail => Slab::new(bytes, byte_offset, first_line),
        InvalidBytes::Keep => Ok(Slab::lenient(bytes, byte_offset, first_line).0),
    }
}

/// What to do with invalid bytes where `codec` lexes.
pub(super) fn codec_bytes(codec: &dyn Codec, invalid_bytes: InvalidBytes) -> InvalidBytes {
    if codec.takes_any_bytes() { InvalidBytes::Keep } else { invalid_bytes }
}

/// Cuts a stream into pieces and pushes them.
///
/// # Errors
/// When reading, decompressing or cutting fails, or a record is beyond the limit.
pub fn stream(
    reader: &mut dyn Read,
    splitter: &mut dyn Splitter,
    compression: Compression,
    settings: &Settings,
    push: Push<'_, Piece>,
) -> Result<(), DataError> {
    let mut window =
        Window { buffer: buffer::take(room_for(settings.block_bytes)), start: 0, filled: 0, at_end: false };
    let (mut byte_offset, mut first_line) = (0_u64, 1_u64);
    // One byte more tells that the block is not the last.
    let mut wanted = settings.block_bytes + 1;
    loop {
        window.fill(reader, wanted).map_err(|error| compression.explain(&error).at(Position::Line(first_line)))?;
        let rest = window.bytes();
        if rest.is_empty() && window.at_end {
            return Ok(());
        }
        match splitter.cut(rest, window.at_end, settings.block_bytes)? {
            Cut::More if window.at_end => {
                return Err(DataError::new("the last record is cut short").at(Position::Line(first_line)));
            }
            Cut::More if rest.len() >= settings.record_bytes => {
                return Err(DataError::new(format!("a record is longer than {} bytes", settings.record_bytes))
                    .at(Position::Line(first_line))
                    .advise("give it more room with --max-memory"));
            }
            Cut::More => {
                wanted = (rest.len() * 2).clamp(settings.block_bytes + 1, settings.record_bytes.max(wanted));
            }
            Cut::Block { len, codec } => {
                if len == 0 || len > rest.len() {
                    return Err(DataError::new("internal error: an empty block"));
                }
                let bytes = window.split(len, room_for(settings.block_bytes));
                let lines = memchr::memchr_iter(b'\n', &bytes).count() as u64;
                if push(Piece::Raw { bytes, byte_offset, first_line, codec }).is_break() {
                    return Ok(());
                }
                byte_offset += len as u64;
                first_line += lines;
                wanted = settings.block_bytes + 1;
            }
        }
    }
}

/// Columns that were not decoded, because their statistics show that they hold nothing that is looked for: their
/// values by name.
pub type ByStatistics = BTreeMap<String, u64>;

/// Takes a container apart and pushes its blocks, undecoded where the container allows it. Columns of which `may_hold`
/// says no are entered in `by_statistics` instead.
///
/// # Errors
/// When the container is damaged.
pub fn container(
    container: &dyn Container,
    file: &std::fs::File,
    settings: &Settings,
    may_hold: Option<MayHold<'_>>,
    by_statistics: &mut ByStatistics,
    push: Push<'_, Piece>,
) -> Result<(), DataError> {
    let mut stopped = false;
    // As many bytes as a record may have can be held several times over.
    let block_bytes = (settings.record_bytes as u64).max(1 << 20);
    let reading = Reading { block_bytes, most_expansion: settings.most_expansion, may_hold };
    let outcome = container.take_apart(file, &reading, &mut |part| {
        let piece = match part {
            Part::Block(block) => Piece::Block(block),
            Part::Undecoded(undecoded) => Piece::Undecoded(undecoded),
            Part::ByStatistics { column, values } => {
                *by_statistics.entry(column).or_default() += values;
                return Ok(());
            }
        };
        match push(piece) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => {
                stopped = true;
                Err(DataError::new("stopped"))
            }
        }
    });
    if stopped { Ok(()) } else { outcome }
}

/// The part of the stream that is in memory: the bytes of the buffer from `start` to `filled`.
struct Window {
    buffer: Vec<u8>,
    start: usize,
    filled: usize,
    at_end: bool,
}

impl Window {
    fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..self.filled).unwrap_or_default()
    }

    /// Takes the first `len` bytes out, in the buffer that they are in; what follows goes to another one. The smaller part
    /// is copied: a dump of many tables has many small blocks.
    fn split(&mut self, len: usize, capacity: usize) -> Vec<u8> {
        let len = len.min(self.bytes().len());
        let (head, tail) = self.bytes().split_at(len);
        if head.len() < tail.len() {
            let bytes = head.to_vec();
            self.start += len;
            return bytes;
        }
        let mut next = buffer::take(capacity.max(tail.len()));
        let kept = tail.len();
        // The old bytes behind the tail stay, so that they need not be cleared again; they do not count.
        if next.len() < kept {
            next.resize(kept, 0);
        }
        next.iter_mut().zip(tail).for_each(|(slot, byte)| *slot = *byte);
        let mut bytes = std::mem::replace(&mut self.buffer, next);
        bytes.copy_within(self.start..self.start + len, 0);
        bytes.truncate(len);
        (self.start, self.filled) = (0, kept);
        bytes
    }

    /// Reads until at least `wanted` bytes are at hand or the stream ends; a little more where that comes at once, so
    /// that what goes to the next buffer is small beside what is read.
    fn fill(&mut self, reader: &mut dyn Read, wanted: usize) -> std::io::Result<()> {
        if self.at_end || self.bytes().len() >= wanted {
            return Ok(());
        }
        // What is left is moved to the front once in a while, not for each small block.
        let spare = wanted / 2;
        if self.start > spare {
            self.buffer.copy_within(self.start..self.filled, 0);
            (self.start, self.filled) = (0, self.filled - self.start);
        }
        let room = self.start + wanted + AHEAD;
        if self.buffer.len() < room {
            self.buffer.resize(if self.start > 0 { spare + wanted + AHEAD } else { room }, 0);
        }
        while self.bytes().len() < wanted {
            match reader.read(self.buffer.get_mut(self.filled..room).unwrap_or_default()) {
                Ok(0) => {
                    self.at_end = true;
                    return Ok(());
                }
                Ok(read) => self.filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        buffer::give(std::mem::take(&mut self.buffer));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::Edits;

    struct Lines;
    struct Echo;

    impl Codec for Echo {
        fn lex(&self, _: Slab) -> Result<Block, DataError> {
            Err(DataError::new("not asked for"))
        }
        fn render(&self, _: &Block, _: &Edits, _: &mut Vec<u8>) -> Result<(), DataError> {
            Ok(())
        }
    }

    impl Splitter for Lines {
        fn cut(&mut self, buffer: &[u8], at_end: bool, target: usize) -> Result<Cut, DataError> {
            let head = &buffer[..buffer.len().min(target)];
            let end = memchr::memrchr(b'\n', head).or_else(|| memchr::memchr(b'\n', buffer));
            match end {
                Some(end) => Ok(Cut::Block { len: end + 1, codec: Arc::new(Echo) }),
                None if at_end => Ok(Cut::Block { len: buffer.len(), codec: Arc::new(Echo) }),
                None => Ok(Cut::More),
            }
        }
    }

    fn cut(content: &[u8], block_bytes: usize, record_bytes: usize) -> Result<Vec<(Vec<u8>, u64, u64)>, DataError> {
        let settings = Settings { block_bytes, record_bytes, ..Settings::new(1, 1 << 30) };
        let mut pieces = Vec::new();
        stream(&mut &*content, &mut Lines, Compression::None, &settings, &mut |piece| {
            if let Piece::Raw { bytes, byte_offset, first_line, .. } = piece {
                pieces.push((bytes, byte_offset, first_line));
            }
            ControlFlow::Continue(())
        })?;
        Ok(pieces)
    }

    #[test]
    fn pieces_join_to_the_stream_and_know_their_place() {
        let content: Vec<u8> =
            (0..500).flat_map(|n: usize| [vec![b'x'; n % 37], vec![b'\n']].concat()).chain(*b"end").collect();
        for block_bytes in [1, 7, 64, 1000, 1 << 20] {
            let pieces = cut(&content, block_bytes, 1 << 20).unwrap();
            let (mut joined, mut lines) = (Vec::<u8>::new(), 1);
            for (bytes, byte_offset, first_line) in &pieces {
                assert_eq!((joined.len() as u64, lines), (*byte_offset, *first_line), "block size {block_bytes}");
                lines += bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
                joined.extend(bytes);
            }
            assert_eq!(joined, content);
        }
    }

    #[test]
    fn a_record_beyond_the_limit_is_refused_by_line() {
        let content = [b"one\n".to_vec(), vec![b'x'; 100_000], b"\n".to_vec()].concat();
        let error = cut(&content, 100, 10_000).unwrap_err().to_string();
        assert!(error.starts_with("line 2: a record is longer than 10000 bytes"), "{error}");
    }
}
