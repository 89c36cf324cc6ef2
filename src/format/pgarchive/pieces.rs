//! The pieces of a block, each behind its length, read as one stream and written as one.

use std::cell::RefCell;
use std::io::{self, Read, Write};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::bytes::{Bytes, damaged};
use super::packing::Packing;
use crate::error::DataError;

/// Bytes of a piece that is written.
const PIECE: usize = 64 << 10;

/// Reads the pieces of a block up to their end.
pub(super) struct Pieces {
    bytes: Bytes,
    left: u64,
    ended: bool,
    /// Where the block ends; 0 until that was read.
    end: Arc<AtomicU64>,
}

impl Pieces {
    /// The pieces that begin at `bytes`; `end` hears where they end.
    pub(super) fn new(bytes: Bytes, end: Arc<AtomicU64>) -> Pieces {
        Pieces { bytes, left: 0, ended: false, end }
    }

    fn next(&mut self) -> Result<(), DataError> {
        let at = self.bytes.at();
        let length = self.bytes.number("a block")?;
        self.left = u64::try_from(length).map_err(|_| damaged(at, "a piece of a block has a negative length"))?;
        if self.left > self.bytes.length().saturating_sub(self.bytes.at()) {
            return Err(damaged(at, "a piece of a block is longer than the rest of the file"));
        }
        self.ended = length == 0;
        if self.ended {
            self.end.store(self.bytes.at(), Ordering::Release);
        }
        Ok(())
    }
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.left == 0 && !self.ended {
            self.next().map_err(io::Error::other)?;
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.bytes.read(buffer.get_mut(..most).unwrap_or_default())?;
        self.left -= read as u64;
        if read == 0 && most > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(read)
    }
}

/// The unpacked content of the pieces that begin at `bytes`, with its errors explained.
pub(super) fn unpacked(packing: Packing, bytes: Bytes, end: Arc<AtomicU64>) -> io::Result<Unpacked> {
    let inner = packing.unpack(Pieces::new(bytes, end)).map_err(|error| explained(packing, &error))?;
    Ok(Unpacked { packing, inner })
}

/// Reads what is packed in a block.
pub(super) struct Unpacked {
    packing: Packing,
    inner: Box<dyn Read + Send>,
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.inner.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::Interrupted => error,
            _ => explained(self.packing, &error),
        })
    }
}

fn explained(packing: Packing, error: &io::Error) -> io::Error {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<DataError>());
    io::Error::other(inner.cloned().unwrap_or_else(|| {
        let name = packing.name();
        let reason = match error.kind() {
            io::ErrorKind::UnexpectedEof => format!("the {name} stream of its block ends too early"),
            _ => format!("the {name} stream of its block is damaged: {error}"),
        };
        DataError::new(reason).advise("check the dump with `pg_restore -f /dev/null`, or dump again")
    }))
}

/// Takes what a packer gives until it is written in pieces.
#[derive(Clone, Default)]
pub(super) struct Sink(Rc<RefCell<Vec<u8>>>);

impl Sink {
    /// Writes what is there in pieces to `out`: whole ones only, unless `all`. Gives how many bytes that were.
    pub(super) fn drain(&self, out: &mut impl Write, all: bool) -> io::Result<u64> {
        let mut held = self.0.borrow_mut();
        let whole = if all { held.len() } else { held.len() / PIECE * PIECE };
        let mut written = 0;
        for piece in held.get(..whole).unwrap_or_default().chunks(PIECE) {
            write_number(out, piece.len() as u32)?;
            out.write_all(piece)?;
            written += 5 + piece.len() as u64;
        }
        held.drain(..whole);
        Ok(written)
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Writes a number that is not negative.
pub(super) fn write_number(out: &mut impl Write, number: u32) -> io::Result<()> {
    let [a, b, c, d] = number.to_le_bytes();
    out.write_all(&[0, a, b, c, d])
}
