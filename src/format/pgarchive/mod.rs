//! Archives of PostgreSQL: `pg_dump -Fc`, one file, and the files of `pg_dump -Fd` and `-Ft`.
//!
//! A block of an archive is what a plain dump has behind its COPY statement, so the rows are read and written by what
//! reads and writes those; here is only what stands around them. The table of contents and large objects are looked at
//! and never changed, but for the places at which blocks start.

mod assemble;
mod bytes;
mod custom;
mod folder;
mod header;
mod objects;
mod packing;
mod pieces;
#[cfg(test)]
mod tests;
mod ties;
mod toc;

use std::path::Path;
use std::sync::Arc;

pub use ties::{End, Tie};

use super::{Access, Companion, Confidence, Format};
use crate::error::DataError;

/// The format `pgarchive`.
pub struct PgArchive;

impl Format for PgArchive {
    fn name(&self) -> &'static str {
        "pgarchive"
    }

    fn sniff(&self, sample: &[u8]) -> Confidence {
        if is_archive(sample) { Confidence::Certain } else { Confidence::No }
    }

    fn open(&self) -> Access {
        Access::Sections(|file, longest| Ok(Box::new(custom::Archive::open(file, longest)?)))
    }
}

/// Whether `sample` is the start of an archive: never to be read as something else, whatever the user says.
pub fn is_archive(sample: &[u8]) -> bool {
    sample.starts_with(header::MAGIC)
}

/// What the file at `path` is in the dump that its folder is, if it is one.
///
/// # Errors
/// When the table of contents beside it cannot be read.
pub fn file_of_dump(path: &Path, longest: usize) -> Result<Option<Arc<dyn Companion>>, DataError> {
    folder::file_of_dump(path, longest)
}

/// The foreign keys between the files of the dump that is the folder `folder`; none when it is no dump.
///
/// # Errors
/// When its table of contents cannot be read.
pub fn ties(folder: &Path, longest: usize) -> Result<Vec<Tie>, DataError> {
    let toc = folder::contents(folder, longest)?;
    Ok(toc.map(|toc| ties::of(&toc)).unwrap_or_default())
}

/// The folder of the dump that the file at `path` is a part of, by its name, and whether it is the table of contents.
pub fn folder_of_dump(path: &Path) -> Option<(&Path, bool)> {
    let name = path.file_name()?.to_str()?;
    Some((path.parent()?, folder::is_contents(name)?))
}
