//! A file that is read by offset, without moving its cursor, and never beyond its end.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result, Seek, SeekFrom};
use std::sync::Arc;

use crate::source::positioned;

/// A file that is read by offset.
#[derive(Clone)]
pub(in crate::format) struct Source {
    file: Arc<File>,
    pub(in crate::format) length: u64,
}

impl Source {
    /// The file, as long as it is now.
    ///
    /// # Errors
    /// When the system does not say.
    pub(in crate::format) fn new(file: &File) -> std::io::Result<Self> {
        let length = file.metadata()?.len();
        Ok(Source { file: Arc::new(file.try_clone()?), length })
    }

    /// Fills as much of `buffer` as the file has from `start`; returns how much.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(in crate::format) fn read_at(&self, start: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        positioned::read_at(&self.file, start, buffer)
    }

    /// A reader from byte `at` on.
    pub(in crate::format) fn sequential(&self, at: u64) -> Sequential {
        Sequential { source: self.clone(), at }
    }
}

/// Reads a [`Source`] from one offset on.
pub(in crate::format) struct Sequential {
    source: Source,
    at: u64,
}

impl Read for Sequential {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        let read = self.source.read_at(self.at, buffer)?;
        self.at = self.at.saturating_add(read as u64);
        Ok(read)
    }
}

impl Seek for Sequential {
    fn seek(&mut self, to: SeekFrom) -> Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.source.length.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| Error::from(ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}
