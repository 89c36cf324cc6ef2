//! An archive that is written: the table of contents with new offsets, blocks in which nothing changed as they were, and
//! the others packed anew.
//!
//! A block is packed anew from its first change on; what came before it is unpacked from the input once more. So an
//! archive in which nothing changes is copied byte for byte.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::sync::Arc;

use super::bytes::Bytes;
use super::custom::{Archive, Block};
use super::packing::Packer;
use super::pieces::{Sink, unpacked, write_number};
use super::toc::{Offset, Whereabouts};
use crate::error::DataError;
use crate::format::Assemble;
use crate::source::decompress::Compression;

/// Writes an archive anew.
pub(super) struct Assembler<'a> {
    archive: &'a Archive,
    out: BufWriter<&'a mut File>,
    /// Bytes that were written.
    written: u64,
    /// Blocks that were written.
    done: usize,
    current: Option<Current>,
    /// Where the blocks of entries start now.
    moved: Vec<(usize, u64)>,
}

/// A block of which some rewritten bytes have come.
struct Current {
    number: usize,
    /// Bytes that came before the first change.
    passed: u64,
    packed: Option<(Packer<Sink>, Sink)>,
}

impl<'a> Assembler<'a> {
    /// Begins with the table of contents.
    pub(super) fn new(archive: &'a Archive, out: &'a mut File) -> Result<Assembler<'a>, DataError> {
        let out = BufWriter::with_capacity(1 << 18, out);
        let mut assembler = Assembler { archive, out, written: 0, done: 0, current: None, moved: Vec::new() };
        assembler.copy(0, archive.toc.end)?;
        Ok(assembler)
    }

    fn copy(&mut self, start: u64, end: u64) -> Result<(), DataError> {
        let mut from = self.archive.bytes.from(start).take(end.saturating_sub(start));
        let copied = io::copy(&mut from, &mut self.out)?;
        if copied != end.saturating_sub(start) {
            return Err(DataError::new("the file became shorter while it was read"));
        }
        self.written += copied;
        Ok(())
    }

    fn known(&self, number: usize) -> Result<Block, DataError> {
        self.archive.block(number).ok_or_else(|| DataError::new("internal error: a block that was not read"))
    }

    /// Copies the blocks before `number`.
    fn copy_to(&mut self, number: usize) -> Result<(), DataError> {
        while self.done < number {
            let block = self.known(self.done)?;
            if block.end == 0 {
                return Err(DataError::new("internal error: a block that was not read to its end"));
            }
            self.moved.push((block.entry, self.written));
            self.copy(block.start, block.end)?;
            self.done += 1;
        }
        Ok(())
    }

    /// Ends the block that is being written.
    fn close(&mut self) -> Result<(), DataError> {
        let Some(current) = self.current.take() else { return Ok(()) };
        let Some((packer, sink)) = current.packed else { return Ok(()) };
        packer.finish()?;
        self.written += sink.drain(&mut self.out, true)?;
        write_number(&mut self.out, 0)?;
        self.written += 5;
        self.done = current.number + 1;
        Ok(())
    }

    /// Begins to pack block `number` anew, with the `passed` bytes of it that stay as they were.
    fn begin(&mut self, number: usize, passed: u64) -> Result<(Packer<Sink>, Sink), DataError> {
        self.copy_to(number)?;
        let block = self.known(number)?;
        self.moved.push((block.entry, self.written));
        self.copy(block.start, block.pieces)?;
        let packing = self.archive.toc.header.packing;
        let from = |at| -> Bytes { self.archive.bytes.from(at) };
        let mut head = Vec::new();
        // Behind the length of the first piece.
        from(block.pieces + 5).take(2).read_to_end(&mut head)?;
        let sink = Sink::default();
        let mut packer = packing.pack(sink.clone(), &head)?;
        let explained = |error: io::Error| Compression::None.explain(&error);
        let mut before = unpacked(packing, from(block.pieces), Arc::default()).map_err(explained)?.take(passed);
        let mut buffer = vec![0; 64 << 10];
        let mut copied = 0;
        loop {
            let read = before.read(&mut buffer).map_err(explained)?;
            if read == 0 {
                break;
            }
            packer.write_all(buffer.get(..read).unwrap_or_default())?;
            self.written += sink.drain(&mut self.out, false)?;
            copied += read as u64;
        }
        if copied != passed {
            return Err(DataError::new("the file was changed while it was read"));
        }
        Ok((packer, sink))
    }
}

impl Assemble for Assembler<'_> {
    fn block(&mut self, number: usize, bytes: &[u8], is_same: bool) -> Result<(), DataError> {
        if self.current.as_ref().is_some_and(|current| current.number != number) {
            self.close()?;
        }
        let mut current = self.current.take().unwrap_or(Current { number, passed: 0, packed: None });
        if is_same && current.packed.is_none() {
            current.passed += bytes.len() as u64;
        } else {
            let (mut packer, sink) = match current.packed.take() {
                Some(packed) => packed,
                None => self.begin(number, current.passed)?,
            };
            packer.write_all(bytes)?;
            self.written += sink.drain(&mut self.out, false)?;
            current.packed = Some((packer, sink));
        }
        self.current = Some(current);
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<(), DataError> {
        self.close()?;
        self.copy_to(self.archive.walked().len())?;
        let source_end = self.archive.walked().last().map_or(self.archive.toc.end, |block| block.end);
        if source_end != self.archive.bytes.length() {
            return Err(DataError::new("internal error: an archive that was not read to its end"));
        }
        for (entry, start) in std::mem::take(&mut self.moved) {
            let data = self.archive.toc.data.get(entry);
            if let Some(Whereabouts::Inside { at, offset: Offset::Set(_) }) = data.map(|data| &data.whereabouts) {
                self.out.seek(SeekFrom::Start(*at))?;
                self.out.write_all(&start.to_le_bytes())?;
            }
        }
        self.out.seek(SeekFrom::End(0))?;
        Ok(self.out.flush()?)
    }
}
