//! An archive that is read: the texts of its table of contents, then its blocks one after the other.
//!
//! Every byte of the file belongs to the table of contents or to a block, and every entry with data has one block, where
//! its offset says: else the archive is refused.

use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::assemble::Assembler;
use super::bytes::{Bytes, damaged};
use super::folder::Folder;
use super::header::Kind;
use super::objects::{LARGE_OBJECTS, Untouched, UntouchedSplitter};
use super::pieces::unpacked;
use super::toc::{DataEntry, Offset, Toc, Whereabouts, texts};
use crate::error::DataError;
use crate::format::sql::constraints;
use crate::format::sql::scan::Dialect;
use crate::format::{Assemble, Companions, Section, Sections, Splitter};
use crate::source::decompress::Compression;

/// What a block of rows begins with.
const ROWS: u8 = 1;
/// What a block of large objects begins with.
const OBJECTS: u8 = 3;

/// An archive whose table of contents has been read and believed.
pub(super) struct Archive {
    pub(super) toc: Arc<Toc>,
    pub(super) bytes: Bytes,
    longest: usize,
    walked: Mutex<Vec<Block>>,
}

/// One block of the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    /// Place of its entry among those with data.
    pub(super) entry: usize,
    pub(super) start: u64,
    /// Where its pieces start; for large objects, the first number of one.
    pub(super) pieces: u64,
    /// One past its last byte; 0 while it is being read.
    pub(super) end: u64,
}

type Visit<'a> = &'a mut dyn FnMut(Section<'_>) -> Result<(), DataError>;

impl Archive {
    /// Opens `file`.
    ///
    /// # Errors
    /// When it is of an unknown version or kind, or its table of contents is damaged.
    pub(super) fn open(file: &File, longest: usize) -> Result<Archive, DataError> {
        let toc = Arc::new(Toc::read(file, longest)?);
        Ok(Archive { toc, bytes: Bytes::new(file)?, longest, walked: Mutex::default() })
    }

    /// The blocks that were come upon so far.
    pub(super) fn walked(&self) -> Vec<Block> {
        self.walked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Block `number`, if it was come upon.
    pub(super) fn block(&self, number: usize) -> Option<Block> {
        self.walked.lock().unwrap_or_else(PoisonError::into_inner).get(number).copied()
    }

    fn enter(&self, block: Block) -> usize {
        let mut walked = self.walked.lock().unwrap_or_else(PoisonError::into_inner);
        walked.push(block);
        walked.len() - 1
    }

    fn leave(&self, number: usize, end: u64) {
        let mut walked = self.walked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(block) = walked.get_mut(number) {
            block.end = end;
        }
    }

    fn blocks(&self, visit: Visit<'_>) -> Result<(), DataError> {
        let mut script = self.toc.script.clone();
        let mut missing: Vec<bool> = self.toc.data.iter().map(|_| true).collect();
        let mut bytes = self.bytes.from(self.toc.end);
        while bytes.at() < bytes.length() {
            let start = bytes.at();
            let kind = bytes.byte("a block")?;
            let number = bytes.number("a block")?;
            let unknown = || damaged(start, "a block belongs to no entry that has data");
            let entry = *self.toc.by_number.get(&number).ok_or_else(unknown)?;
            let data = self.toc.data.get(entry).ok_or_else(unknown)?;
            match missing.get_mut(entry) {
                Some(missing) if *missing => *missing = false,
                _ => return Err(damaged(start, "an entry has two blocks")),
            }
            check(data, kind, start)?;
            let number = self.enter(Block { entry, start, pieces: bytes.at(), end: 0 });
            let end = if data.is_objects {
                self.objects(bytes.from(bytes.at()), number, visit)?
            } else {
                let begun = script.begin(data.copy.as_deref());
                begun.map_err(|error| error.in_part(&data.name))?;
                self.stream(bytes.from(bytes.at()), (number, &data.name), &mut script, visit)?
            };
            self.leave(number, end);
            bytes = bytes.from(end);
        }
        match self.toc.data.iter().zip(missing).find(|(_, missing)| *missing) {
            Some((data, _)) => {
                Err(damaged(bytes.at(), "the file ends before the data of its last entries").in_part(&data.name))
            }
            None => Ok(()),
        }
    }

    /// Hands out one stream; gives the place behind it.
    fn stream(
        &self,
        bytes: Bytes,
        (number, name): (usize, &str),
        splitter: &mut dyn Splitter,
        visit: Visit<'_>,
    ) -> Result<u64, DataError> {
        let end = Arc::new(AtomicU64::new(0));
        let packing = self.toc.header.packing;
        let reader = unpacked(packing, bytes, Arc::clone(&end))
            .map_err(|error| Compression::None.explain(&error).in_part(name))?;
        visit(Section::Stream { number, name: name.to_owned(), reader: Box::new(reader), splitter })?;
        match end.load(Ordering::Acquire) {
            0 => Err(DataError::new("internal error: a block that was not read to its end").in_part(name)),
            end => Ok(end),
        }
    }

    /// Hands out the large objects of a block; gives the place behind them.
    fn objects(&self, mut bytes: Bytes, number: usize, visit: Visit<'_>) -> Result<u64, DataError> {
        loop {
            let at = bytes.at();
            let object = bytes.number("a large object")?;
            if object == 0 {
                return Ok(bytes.at());
            }
            if object < 0 {
                return Err(damaged(at, "a large object has a negative number"));
            }
            // Without its number: reports group by this, and a dump may have millions.
            let mut splitter = UntouchedSplitter::new(LARGE_OBJECTS.to_owned());
            let end = self.stream(bytes.from(bytes.at()), (number, LARGE_OBJECTS), &mut splitter, visit)?;
            bytes = bytes.from(end);
        }
    }
}

/// Holds a block against its entry.
fn check(data: &DataEntry, kind: u8, start: u64) -> Result<(), DataError> {
    match (kind, data.is_objects) {
        (ROWS, false) | (OBJECTS, true) => {}
        (ROWS | OBJECTS, _) => return Err(damaged(start, "a block is of another kind than its entry")),
        _ => return Err(damaged(start, format!("a block is of kind {kind}, which is none that is known"))),
    }
    match data.whereabouts {
        Whereabouts::Inside { offset: Offset::NotSet, .. } => Ok(()),
        Whereabouts::Inside { offset: Offset::Set(offset), .. } if offset == start => Ok(()),
        _ => Err(damaged(start, "a block stands elsewhere than its entry says")),
    }
}

impl Sections for Archive {
    fn read(&self, visit: Visit<'_>) -> Result<(), DataError> {
        self.walked.lock().unwrap_or_else(PoisonError::into_inner).clear();
        texts(self.bytes.from(0), self.longest, &mut |told| {
            let constraints = constraints::of_script(&told.text.bytes, Dialect::Postgres);
            let codec = Arc::new(Untouched { place: told.place, any_bytes: false, constraints });
            visit(Section::Text { bytes: told.text.bytes, byte_offset: told.text.at, codec })
        })?;
        match self.toc.header.kind {
            Kind::Custom => self.blocks(visit),
            Kind::Tar | Kind::Directory => Ok(()),
        }
    }

    fn assemble<'a>(&'a self, out: &'a mut File) -> Result<Box<dyn Assemble + 'a>, DataError> {
        Ok(Box::new(Assembler::new(self, out)?))
    }

    fn companions(&self) -> Option<Arc<dyn Companions>> {
        match self.toc.header.kind {
            Kind::Custom => None,
            Kind::Tar | Kind::Directory => Some(Arc::new(Folder::new(Arc::clone(&self.toc)))),
        }
    }
}
