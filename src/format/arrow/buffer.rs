//! The buffers of a record batch, each read from front to back, decompressed on the way.
//!
//! It must never make room for what a buffer only declares: bytes are taken as they come.

use std::io::{BufReader, Read};

use super::message::{Codec, Span};
use super::unreadable;
use crate::error::DataError;
use crate::format::columnar::source::Source;

/// Largest buffer, decompressed.
const MAX_BUFFER: u64 = 8 << 30;
/// Most bytes that are taken at a time.
const MAX_TAKEN: u64 = 1 << 30;

/// One buffer.
pub(super) struct Stream {
    reader: Box<dyn Read + Send>,
    /// Bytes left in it.
    pub(super) left: u64,
}

fn short() -> DataError {
    unreadable("a buffer ends early")
}

impl Stream {
    /// The buffer at `span`.
    ///
    /// # Errors
    /// When its compression is damaged or it is too large.
    pub(super) fn open(source: &Source, span: Span, codec: Option<Codec>) -> Result<Stream, DataError> {
        let plain = |at: u64, length: u64| Stream { reader: Box::new(source.sequential(at)), left: length };
        let Some(codec) = codec.filter(|_| span.length > 0) else { return Ok(plain(span.at, span.length)) };
        let mut declared = [0; 8];
        let packed = span.length.checked_sub(8).ok_or_else(short)?;
        if source.read_at(span.at, &mut declared)? != declared.len() {
            return Err(short());
        }
        let declared = i64::from_le_bytes(declared);
        if declared == -1 {
            return Ok(plain(span.at + 8, packed));
        }
        let left = u64::try_from(declared).ok().filter(|length| *length <= MAX_BUFFER).ok_or_else(|| {
            DataError::new(format!("a buffer declares more than the {MAX_BUFFER} bytes that are allowed"))
                .advise("write it again with smaller record batches")
        })?;
        let packed = BufReader::with_capacity(64 << 10, source.sequential(span.at + 8).take(packed));
        let reader: Box<dyn Read + Send> = match codec {
            Codec::Lz4 => Box::new(lz4_flex::frame::FrameDecoder::new(packed)),
            Codec::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(packed)?),
        };
        Ok(Stream { reader, left })
    }

    /// The next `count` bytes.
    ///
    /// # Errors
    /// When there are not so many, or what is compressed is damaged.
    pub(super) fn take(&mut self, count: u64) -> Result<Vec<u8>, DataError> {
        if count > self.left {
            return Err(short());
        }
        if count > MAX_TAKEN {
            return Err(DataError::new(format!("a few rows take more than {MAX_TAKEN} bytes"))
                .advise("split the long values before"));
        }
        let mut bytes = Vec::new();
        let read = self.reader.by_ref().take(count).read_to_end(&mut bytes);
        if read.map_err(|_| unreadable("the compressed bytes of a buffer are damaged"))? as u64 != count {
            return Err(short());
        }
        self.left -= count;
        Ok(bytes)
    }

    /// Reads what is left, to the end; whether all of it is zero, as padding is.
    ///
    /// # Errors
    /// When it ends early or late.
    pub(super) fn is_padding(&mut self) -> Result<bool, DataError> {
        let mut zero = true;
        while self.left > 0 {
            zero &= self.take(self.left.min(1 << 20))?.iter().all(|byte| *byte == 0);
        }
        Ok(zero)
    }
}

/// A bitmap that is read from front to back.
pub(super) struct Bits {
    stream: Stream,
    byte: u8,
    held: u32,
}

impl Bits {
    pub(super) fn new(stream: Stream) -> Bits {
        Bits { stream, byte: 0, held: 0 }
    }

    /// The next `count` bits.
    ///
    /// # Errors
    /// When there are not so many.
    pub(super) fn take(&mut self, count: usize) -> Result<Vec<bool>, DataError> {
        let needed = count.saturating_sub(self.held as usize).div_ceil(8);
        let bytes = self.stream.take(needed as u64)?;
        let mut bytes = bytes.iter();
        let mut bits = Vec::with_capacity(count);
        for _ in 0..count {
            if self.held == 0 {
                (self.byte, self.held) = (*bytes.next().ok_or_else(short)?, 8);
            }
            bits.push(self.byte & 1 == 1);
            self.byte >>= 1;
            self.held -= 1;
        }
        Ok(bits)
    }

    /// As [`Stream::is_padding`].
    ///
    /// # Errors
    /// As there.
    pub(super) fn is_padding(&mut self) -> Result<bool, DataError> {
        Ok(self.stream.is_padding()? && self.byte == 0)
    }
}

/// Offsets, each of which ends one value and starts the next.
pub(super) struct Offsets {
    stream: Stream,
    wide: bool,
    last: Option<u64>,
}

impl Offsets {
    pub(super) fn new(stream: Stream, wide: bool) -> Offsets {
        Offsets { stream, wide, last: None }
    }

    /// The lengths of the next `count` values, and the offset that the first starts at where it is the very first.
    ///
    /// # Errors
    /// When there are not so many, or one is before the last.
    pub(super) fn take(&mut self, count: usize) -> Result<(u64, Vec<u64>), DataError> {
        let width = if self.wide { 8 } else { 4 };
        let (mut skipped, mut lengths) = (0, Vec::new());
        if count == 0 {
            return Ok((0, lengths));
        }
        let mut last = match self.last {
            Some(last) => last,
            None => {
                skipped = self.numbers(width)?.first().copied().unwrap_or(0);
                skipped
            }
        };
        for number in self.numbers(width * count as u64)? {
            lengths.push(number.checked_sub(last).ok_or_else(|| unreadable("offsets go backwards"))?);
            last = number;
        }
        self.last = Some(last);
        Ok((skipped, lengths))
    }

    fn numbers(&mut self, bytes: u64) -> Result<Vec<u64>, DataError> {
        let bytes = self.stream.take(bytes)?;
        let numbers = if self.wide {
            bytes.as_chunks::<8>().0.iter().map(|number| u64::try_from(i64::from_le_bytes(*number)).ok()).collect()
        } else {
            bytes.as_chunks::<4>().0.iter().map(|number| u64::try_from(i32::from_le_bytes(*number)).ok()).collect()
        };
        let numbers: Option<Vec<u64>> = numbers;
        numbers.ok_or_else(|| unreadable("an offset is negative"))
    }

    /// The offset that the last value ended at.
    pub(super) fn end(&self) -> u64 {
        self.last.unwrap_or(0)
    }

    /// As [`Stream::is_padding`]. Of no values at all one offset may remain.
    ///
    /// # Errors
    /// As there.
    pub(super) fn is_padding(&mut self) -> Result<bool, DataError> {
        self.stream.is_padding()
    }
}
