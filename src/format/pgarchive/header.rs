//! The head of an archive: versions, sizes of numbers, kind, compression, date, database.
//!
//! Versions 1.14 (PostgreSQL 12 to 15), 1.15 (16) and 1.16 (17 and 18) are read; every other one is refused, since it may
//! hold fields that would be taken for others.

use super::bytes::{Bytes, Text, damaged};
use super::packing::Packing;
use crate::error::{DataError, Position};

/// What every archive starts with.
pub(super) const MAGIC: &[u8] = b"PGDMP";
/// Longest name of a database or version.
const LONGEST_NAME: usize = 64 << 10;

/// What kind of archive it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// One file: `pg_dump -Fc`.
    Custom,
    /// The table of contents of a tar archive: `pg_dump -Ft`.
    Tar,
    /// The table of contents of a folder: `pg_dump -Fd`.
    Directory,
}

/// The head of an archive.
#[derive(Debug, Clone)]
pub(super) struct Header {
    /// The second number of the version; the first is 1.
    pub(super) minor: u8,
    pub(super) kind: Kind,
    /// How its blocks are packed.
    pub(super) packing: Packing,
    /// The database, the version of the server, that of `pg_dump`.
    pub(super) names: [Text; 3],
}

impl Header {
    /// Reads the head.
    ///
    /// # Errors
    /// When it is of an unknown version or kind.
    pub(super) fn read(bytes: &mut Bytes) -> Result<Header, DataError> {
        let mut start = [0; 8];
        bytes.exact(&mut start, "its head")?;
        let [magic @ .., major, minor, revision] = start;
        if magic != *MAGIC {
            return Err(damaged(0, "it does not start with PGDMP"));
        }
        if (major, revision) != (1, 0) || !(14..=16).contains(&minor) {
            return Err(DataError::new(format!(
                "is a PostgreSQL archive of version {major}.{minor}.{revision}; known are 1.14 to 1.16"
            ))
            .at(Position::Byte(5))
            .advise("dump again with pg_dump 12 to 18, or with --format=plain"));
        }
        let number_size = bytes.byte("its head")?;
        let offset_size = bytes.byte("its head")?;
        if (number_size, offset_size) != (4, 8) {
            let reason = format!("its numbers have {number_size} bytes and its offsets {offset_size}, not 4 and 8");
            return Err(damaged(8, reason));
        }
        let kind = match bytes.byte("its head")? {
            1 => Kind::Custom,
            3 => Kind::Tar,
            5 => Kind::Directory,
            other => return Err(damaged(10, format!("its kind is {other}, which is none that is known"))),
        };
        let packing = Packing::read(bytes, minor)?;
        const DATE: [(&str, i64, i64); 7] = [
            ("the second of its date", 0, 61),
            ("the minute of its date", 0, 59),
            ("the hour of its date", 0, 23),
            ("the day of its date", 1, 31),
            ("the month of its date", 0, 11),
            ("the year of its date", 0, 9999),
            ("the daylight saving of its date", -1, 1),
        ];
        for (what, least, most) in DATE {
            bytes.number_in(least, most, what)?;
        }
        let mut name = |what| Ok::<_, DataError>(bytes.text(LONGEST_NAME, what)?.unwrap_or_default());
        let names =
            [name("the name of the database")?, name("the version of the server")?, name("the version of pg_dump")?];
        Ok(Header { minor, kind, packing, names })
    }
}
