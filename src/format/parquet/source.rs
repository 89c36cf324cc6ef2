//! The file as the `parquet` crate reads it.
//!
//! It must never allocate more than the file holds, whatever length a damaged footer asks for.

use std::io::BufReader;

use bytes::Bytes;
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use crate::format::columnar::source::Sequential;
pub(super) use crate::format::columnar::source::Source;

impl Length for Source {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Source {
    type T = BufReader<Sequential>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(BufReader::with_capacity(1024, self.sequential(start)))
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
