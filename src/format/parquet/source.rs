//! The file as the `parquet` crate reads it: by offset, without moving the file's cursor, and never beyond its end.
//!
//! It must never allocate more than the file holds, whatever length a damaged footer asks for.

use std::fs::File;
use std::io::{BufReader, Read};
use std::sync::Arc;

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use crate::source::positioned;

/// A file that is read by offset.
#[derive(Clone)]
pub(super) struct Source {
    file: Arc<File>,
    length: u64,
}

impl Source {
    pub(super) fn new(file: &File) -> std::io::Result<Self> {
        let length = file.metadata()?.len();
        Ok(Source { file: Arc::new(file.try_clone()?), length })
    }

    /// Fills as much of `buffer` as the file has from `start`; returns how much.
    pub(super) fn read_at(&self, start: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        positioned::read_at(&self.file, start, buffer)
    }
}

impl Length for Source {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Source {
    type T = BufReader<Sequential>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(BufReader::with_capacity(1024, Sequential { source: self.clone(), at: start }))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes, ParquetError> {
        let end = start.checked_add(length as u64);
        if end.is_none_or(|end| end > self.length) {
            return Err(ParquetError::EOF(format!("{length} bytes at byte {start} are beyond the end of the file")));
        }
        let mut buffer = vec![0; length];
        if self.read_at(start, &mut buffer)? != length {
            return Err(ParquetError::EOF("the file became shorter while it was read".into()));
        }
        Ok(buffer.into())
    }
}

/// Reads a [`Source`] from one offset on.
pub(super) struct Sequential {
    source: Source,
    at: u64,
}

impl Read for Sequential {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.source.read_at(self.at, buffer)?;
        self.at = self.at.saturating_add(read as u64);
        Ok(read)
    }
}
