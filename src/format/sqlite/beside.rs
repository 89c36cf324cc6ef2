//! What may stand beside a database and is part of it: a write-ahead log with changes that are not in the file yet, or a
//! rollback journal with pages that a broken-off change must be undone with.
//!
//! Either refuses the file. Read without its log, a database lacks rows, which would be a silent miss; recovering it
//! is a write, and belongs to the program that the database is of. In its own place, such a file could not be replaced
//! at all: SQLite would play the old log into the new file.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::error::DataError;

/// Length of a write-ahead log without changes.
const WAL_HEADER: u64 = 32;
/// What a rollback journal that counts starts with.
const JOURNAL_MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

/// Refuses a database at `path` beside which stands a part of it.
///
/// # Errors
/// When there is one, or that cannot be told.
pub(super) fn refuse_journals(path: &Path) -> Result<(), DataError> {
    if let Some(log) = open(&with_suffix(path, "-wal"))?
        && log.metadata()?.len() > WAL_HEADER
    {
        return Err(DataError::new("the database has a write-ahead log beside it (-wal) that may hold newer rows")
            .advise("close the programs that use it, or run PRAGMA wal_checkpoint(TRUNCATE) in sqlite3; or name a copy made with VACUUM INTO"));
    }
    if let Some(mut journal) = open(&with_suffix(path, "-journal"))? {
        let mut start = [0; 8];
        if journal.read_exact(&mut start).is_ok() && start == JOURNAL_MAGIC {
            return Err(DataError::new("the database has a rollback journal beside it (-journal): a change to it is under way or was broken off")
                .advise("wait until it is done, or open the database once in sqlite3, which undoes it"));
        }
    }
    Ok(())
}

fn open(path: &Path) -> Result<Option<File>, DataError> {
    match crate::source::open_regular(path) {
        Ok((file, _)) => Ok(Some(file)),
        Err(crate::source::Refused::Failed(error)) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(_) => Err(DataError::new("a journal stands beside the database that cannot be read")
            .advise("make the files -wal and -journal beside it readable")),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// The path of an open file, where the system tells it and the path still leads to that file.
pub(super) fn path_of(file: &File) -> Option<PathBuf> {
    let path = named(file)?;
    leads_to(&path, file).then_some(path)
}

/// Whether `path` leads to `file` without a link at its end.
#[cfg(unix)]
pub(super) fn leads_to(path: &Path, file: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    let (Ok(there), Ok(here)) = (std::fs::symlink_metadata(path), file.metadata()) else { return false };
    there.is_file() && (there.dev(), there.ino()) == (here.dev(), here.ino())
}

#[cfg(not(unix))]
pub(super) fn leads_to(_: &Path, _: &File) -> bool {
    false
}

#[cfg(target_os = "linux")]
fn named(file: &File) -> Option<PathBuf> {
    use std::os::fd::AsRawFd;
    std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).ok()
}

#[cfg(target_vendor = "apple")]
fn named(file: &File) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    let path = rustix::fs::getpath(file).ok()?;
    Some(std::ffi::OsString::from_vec(path.into_bytes()).into())
}

#[cfg(not(any(target_os = "linux", target_vendor = "apple")))]
fn named(_: &File) -> Option<PathBuf> {
    None
}
