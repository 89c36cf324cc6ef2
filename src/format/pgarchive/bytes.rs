//! The bytes of an archive, in order and by offset, and the numbers and texts that they are made of.
//!
//! Never takes a length for granted: no more is read or kept than the file has and the limit allows.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use crate::error::{DataError, Position};
use crate::source::positioned::read_at;

/// Bytes that are read at a time.
const BUFFER: usize = 64 << 10;

/// An error about what stands at byte `at`.
pub(super) fn damaged(at: u64, reason: impl Into<String>) -> DataError {
    DataError::new(format!("the PostgreSQL archive is damaged or of a kind that is not read: {}", reason.into()))
        .at(Position::Byte(at))
        .advise("check it with `pg_restore -l`, or dump again; nothing was written")
}

/// Reads a file from one offset on, without moving its cursor.
#[derive(Clone)]
pub(super) struct Bytes {
    file: Arc<File>,
    length: u64,
    /// Offset of the first byte of `buffer` that was not handed out.
    at: u64,
    buffer: Vec<u8>,
    used: usize,
}

impl Bytes {
    /// The bytes of `file` from its start.
    pub(super) fn new(file: &File) -> io::Result<Bytes> {
        let length = file.metadata()?.len();
        Ok(Bytes { file: Arc::new(file.try_clone()?), length, at: 0, buffer: Vec::new(), used: 0 })
    }

    /// The same file from `at` on.
    pub(super) fn from(&self, at: u64) -> Bytes {
        Bytes { file: Arc::clone(&self.file), length: self.length, at, buffer: Vec::new(), used: 0 }
    }

    /// Offset of the next byte.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// Size of the file.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    /// What is read and not handed out yet; empty at the end of the file.
    pub(super) fn fill(&mut self) -> io::Result<&[u8]> {
        if self.used >= self.buffer.len() {
            let rest = self.length.saturating_sub(self.at);
            self.buffer.resize(BUFFER.min(usize::try_from(rest).unwrap_or(BUFFER)), 0);
            let read = read_at(&self.file, self.at, &mut self.buffer)?;
            self.buffer.truncate(read);
            self.used = 0;
        }
        Ok(self.buffer.get(self.used..).unwrap_or_default())
    }

    /// The next `count` bytes of [`Bytes::fill`] are handed out.
    pub(super) fn consume(&mut self, count: usize) {
        self.used += count;
        self.at += count as u64;
    }

    /// The next bytes, as many as `into` holds.
    pub(super) fn exact(&mut self, into: &mut [u8], what: &str) -> Result<(), DataError> {
        let at = self.at;
        self.read_exact(into).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => damaged(at, format!("the file ends inside {what}")),
            _ => error.into(),
        })
    }

    /// The next byte.
    pub(super) fn byte(&mut self, what: &str) -> Result<u8, DataError> {
        let mut byte = [0];
        self.exact(&mut byte, what)?;
        let [byte] = byte;
        Ok(byte)
    }

    /// A number: a sign, then four bytes, the lowest first.
    pub(super) fn number(&mut self, what: &str) -> Result<i64, DataError> {
        let at = self.at;
        let mut bytes = [0; 5];
        self.exact(&mut bytes, what)?;
        let [sign, value @ ..] = bytes;
        let value = i64::from(u32::from_le_bytes(value));
        match sign {
            0 => Ok(value),
            1 => Ok(-value),
            _ => Err(damaged(at, format!("the number of {what} has no sign"))),
        }
    }

    /// A number from `least` to `most`.
    pub(super) fn number_in(&mut self, least: i64, most: i64, what: &str) -> Result<i64, DataError> {
        let at = self.at;
        let value = self.number(what)?;
        if (least..=most).contains(&value) {
            return Ok(value);
        }
        Err(damaged(at, format!("{what} is a number that it cannot be")))
    }

    /// A text of at most `longest` bytes, and where it starts; none where there is none.
    pub(super) fn text(&mut self, longest: usize, what: &str) -> Result<Option<Text>, DataError> {
        let start = self.at;
        let length = self.number(what)?;
        if length == -1 {
            return Ok(None);
        }
        let length = usize::try_from(length).map_err(|_| damaged(start, format!("{what} has a negative length")))?;
        if length as u64 > self.length.saturating_sub(self.at) {
            return Err(damaged(start, format!("{what} is longer than the rest of the file")));
        }
        if length > longest {
            return Err(DataError::new(format!("{what} is longer than {longest} bytes"))
                .at(Position::Byte(start))
                .advise("give it more room with --max-memory"));
        }
        let at = self.at;
        let mut bytes = vec![0; length];
        self.exact(&mut bytes, what)?;
        Ok(Some(Text { at, bytes }))
    }
}

impl Read for Bytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill()?;
        let count = available.len().min(buffer.len());
        buffer.iter_mut().zip(available).for_each(|(slot, byte)| *slot = *byte);
        self.consume(count);
        Ok(count)
    }
}

/// A text of the table of contents.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Text {
    /// Offset of its first byte in the file.
    pub(super) at: u64,
    pub(super) bytes: Vec<u8>,
}

impl Text {
    /// As far as it is UTF-8.
    pub(super) fn shown(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}
