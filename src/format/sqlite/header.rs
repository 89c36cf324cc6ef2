//! The first 100 bytes of a database file: what it says of itself before SQLite is let near it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use super::failure::damaged;
use crate::error::DataError;

/// What every database starts with.
pub(super) const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// Offset of the two bytes that say whether there is a write-ahead log.
pub(super) const JOURNAL_VERSIONS: u64 = 18;
/// Their value when there is one.
const WAL: u8 = 2;
/// Their value otherwise.
pub(super) const ROLLBACK: u8 = 1;

/// What the header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) page_size: u64,
    /// The bytes that say how changes are journalled.
    pub(super) journal: [u8; 2],
    /// Bytes at the end of each page that are not SQLite's: of encryption or checksums.
    pub(super) reserved: u8,
    pub(super) application_id: u32,
    pub(super) user_version: u32,
    /// 1: UTF-8, 2 and 3: UTF-16.
    pub(super) encoding: u32,
    /// 0: none; otherwise auto_vacuum, full or incremental.
    pub(super) auto_vacuum: [bool; 2],
}

impl Header {
    /// Reads the header of `file` and holds it against its size.
    ///
    /// # Errors
    /// When it is not that of a database, or the file is shorter than it says.
    pub(super) fn read(mut file: &File) -> Result<Header, DataError> {
        let mut bytes = [0; 100];
        file.seek(SeekFrom::Start(0))?;
        let short = |_| damaged("the file ends before its header does");
        file.read_exact(&mut bytes).map_err(short)?;
        if !bytes.starts_with(MAGIC) {
            return Err(damaged("it does not start as a database"));
        }
        let header = Header::parse(&bytes).ok_or_else(|| damaged("its header makes no sense"))?;
        let size = file.metadata()?.len();
        if !size.is_multiple_of(header.page_size) {
            return Err(damaged("the file ends in the middle of a page"));
        }
        // The number of pages counts only where the last writer knew of it.
        let (pages, written) = (number(&bytes, 28), number(&bytes, 24) == number(&bytes, 92));
        if written && u64::from(pages) > size / header.page_size {
            return Err(damaged("the file ends before its last page"));
        }
        Ok(header)
    }

    fn parse(bytes: &[u8; 100]) -> Option<Header> {
        let page_size = match u16::from_be_bytes([*bytes.get(16)?, *bytes.get(17)?]) {
            1 => 65_536,
            size if size >= 512 && size.is_power_of_two() => u64::from(size),
            _ => return None,
        };
        Some(Header {
            page_size,
            journal: [*bytes.get(18)?, *bytes.get(19)?],
            reserved: *bytes.get(20)?,
            application_id: number(bytes, 68),
            user_version: number(bytes, 60),
            encoding: number(bytes, 56),
            auto_vacuum: [number(bytes, 52) != 0, number(bytes, 64) != 0],
        })
    }

    /// Whether changes go to a write-ahead log.
    pub(super) fn is_wal(&self) -> bool {
        self.journal.contains(&WAL)
    }
}

fn number(bytes: &[u8; 100], at: usize) -> u32 {
    bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()).map_or(0, |four| u32::from_be_bytes(*four))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read(bytes: &[u8]) -> Result<Header, DataError> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        Header::read(&file)
    }

    #[test]
    fn what_is_no_header_is_refused() {
        let mut bytes = vec![0; 4096];
        bytes[..16].copy_from_slice(MAGIC);
        assert!(read(&bytes).unwrap_err().reason.contains("makes no sense"));
        bytes[16..18].copy_from_slice(&4096u16.to_be_bytes());
        assert_eq!(read(&bytes).unwrap().page_size, 4096);
        assert!(read(&bytes[..4000]).unwrap_err().reason.contains("middle of a page"));
        assert!(read(&bytes[..50]).unwrap_err().reason.contains("before its header"));
        bytes[28..32].copy_from_slice(&2u32.to_be_bytes());
        assert!(read(&bytes).unwrap_err().reason.contains("before its last page"));
        bytes[0] = b's';
        assert!(read(&bytes).unwrap_err().reason.contains("does not start"));
    }

    #[test]
    fn the_largest_page_size_is_written_as_one() {
        let mut bytes = vec![0; 65_536];
        bytes[..16].copy_from_slice(MAGIC);
        bytes[16..20].copy_from_slice(&[0, 1, 2, 2]);
        let header = read(&bytes).unwrap();
        assert_eq!((header.page_size, header.is_wal()), (65_536, true));
    }
}
