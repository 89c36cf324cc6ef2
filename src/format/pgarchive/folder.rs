//! The files of a dump that is a folder (`pg_dump -Fd`) or a tar archive (`pg_dump -Ft`): rows, large objects, lists of
//! large objects, each in a file of its own, beside the table of contents that says what they are.
//!
//! Each file is read, rewritten, checked and put out by itself, by what the table of contents says of it: that one holds
//! neither their sizes nor their sums, so that a dump of any size is rewritten file by file and never changes itself.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::header::{Kind, MAGIC};
use super::objects::{LARGE_OBJECTS, UntouchedSplitter};
use super::toc::{Toc, Whereabouts};
use crate::error::DataError;
use crate::format::{Companion, Companions, Splitter};
use crate::source::decompress::Compression;
use crate::source::positioned::read_at;
use crate::source::{Stamp, open_regular};

/// The table of contents beside the files.
const CONTENTS: &str = "toc.dat";
/// Endings of packed files, and what they say.
const ENDINGS: [(&str, Compression); 3] =
    [(".gz", Compression::Gzip), (".lz4", Compression::Lz4), (".zst", Compression::Zstd)];

/// The table of contents that was read last: one is asked for every file beside it.
static LAST: Mutex<Option<(PathBuf, Stamp, Arc<Toc>)>> = Mutex::new(None);

/// The files that a table of contents tells of.
pub(super) struct Folder {
    toc: Arc<Toc>,
}

impl Folder {
    pub(super) fn new(toc: Arc<Toc>) -> Folder {
        Folder { toc }
    }
}

/// One of the files.
struct DumpFile {
    toc: Arc<Toc>,
    compression: Compression,
    content: Content,
}

enum Content {
    /// The rows of the entry at this place.
    Rows(usize),
    /// Bytes that are looked at and never changed; what they are.
    Untouched(&'static str),
}

impl Companions for Folder {
    fn companion(&self, name: &str) -> Option<Arc<dyn Companion>> {
        let packed = ENDINGS.iter().find_map(|(ending, compression)| Some((name.strip_suffix(ending)?, *compression)));
        let (plain, compression) = packed.unwrap_or((name, Compression::None));
        let is_named = |file: &str| {
            self.toc.data.iter().position(|data| match &data.whereabouts {
                Whereabouts::File(own) => own == file,
                Whereabouts::Inside { .. } => false,
            })
        };
        let content = match is_named(plain) {
            Some(entry) if self.toc.data.get(entry).is_some_and(|data| data.is_objects) => {
                Content::Untouched("list of large objects")
            }
            Some(entry) => Content::Rows(entry),
            None => {
                let object = plain.strip_prefix("blob_")?.strip_suffix(".dat")?;
                let is_number = !object.is_empty() && object.bytes().all(|byte| byte.is_ascii_digit());
                Content::Untouched(is_number.then_some(LARGE_OBJECTS)?)
            }
        };
        Some(Arc::new(DumpFile { toc: Arc::clone(&self.toc), compression, content }))
    }

    fn are_members(&self) -> bool {
        self.toc.header.kind == Kind::Tar
    }
}

impl Companion for DumpFile {
    fn compression(&self) -> Compression {
        self.compression
    }

    fn splitter(&self) -> Result<Box<dyn Splitter>, DataError> {
        match &self.content {
            Content::Untouched(place) => Ok(Box::new(UntouchedSplitter::new((*place).to_owned()))),
            Content::Rows(entry) => {
                let mut script = self.toc.script.clone();
                let copy = self.toc.data.get(*entry).and_then(|data| data.copy.as_deref());
                script.begin(copy)?;
                Ok(Box::new(script))
            }
        }
    }
}

/// What the file at `path` is in the dump that its folder is; none when its folder is no dump, or it is no file of it.
///
/// # Errors
/// When the table of contents beside it cannot be read, without which the file is not understood.
pub(super) fn file_of_dump(path: &Path, longest: usize) -> Result<Option<Arc<dyn Companion>>, DataError> {
    let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| may_be_part(name)) else {
        return Ok(None);
    };
    let Some(folder) = path.parent() else { return Ok(None) };
    let toc = contents(folder, longest).map_err(|error| {
        let reason =
            format!("the {CONTENTS} beside it, which says what its columns are, cannot be read: {}", error.reason);
        DataError { reason, position: None, ..error }
    })?;
    Ok(toc.and_then(|toc| Folder::new(toc).companion(name)))
}

/// The table of contents of the dump that `folder` is; none when it is no dump.
pub(super) fn contents(folder: &Path, longest: usize) -> Result<Option<Arc<Toc>>, DataError> {
    let contents = folder.join(CONTENTS);
    let Ok((file, stamp)) = open_regular(&contents) else { return Ok(None) };
    let mut start = [0; 11];
    let read = read_at(&file, 0, &mut start)?;
    // The kind stands behind the versions and sizes; a folder may hold another program's file of that name.
    if !start.starts_with(MAGIC) || read < start.len() || !matches!(start.last(), Some(3 | 5)) {
        return Ok(None);
    }
    read_once(&contents, &file, stamp, longest).map(Some)
}

/// Whether `pg_dump` gives files such names.
fn may_be_part(name: &str) -> bool {
    name != CONTENTS && (name.contains(".dat") || name.starts_with("blobs"))
}

/// Whether a file of this name is the table of contents of a dump; none where `pg_dump` gives no file such a name.
pub(super) fn is_contents(name: &str) -> Option<bool> {
    (name == CONTENTS || may_be_part(name)).then_some(name == CONTENTS)
}

fn read_once(path: &Path, file: &File, stamp: Stamp, longest: usize) -> Result<Arc<Toc>, DataError> {
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, _, toc)) = last.as_ref().filter(|(known, seen, _)| known == path && *seen == stamp) {
        return Ok(Arc::clone(toc));
    }
    let toc = Arc::new(Toc::read(file, longest)?);
    *last = Some((path.to_path_buf(), stamp, Arc::clone(&toc)));
    Ok(toc)
}
