//! Files that hold streams, each packed by itself, and files that belong to another one.

use std::fs::File;
use std::io::Read;
use std::sync::Arc;

use super::{Codec, Splitter};
use crate::error::DataError;
use crate::source::decompress::Compression;

/// A file that holds streams, each packed by itself, between what tells of them. Streams are read, cut and rendered as
/// those of a stream format are, by all threads.
pub trait Sections: Send + Sync {
    /// Hands each part to `visit`, in the order of the file.
    ///
    /// # Errors
    /// When the file is damaged or of a kind that cannot be read, by name; or what `visit` returned.
    fn read(&self, visit: &mut dyn FnMut(Section<'_>) -> Result<(), DataError>) -> Result<(), DataError>;

    /// Begins to write the file anew to `out`, which is empty.
    ///
    /// # Errors
    /// When either file fails.
    fn assemble<'a>(&'a self, out: &'a mut File) -> Result<Box<dyn Assemble + 'a>, DataError>;

    /// What the file tells of other files beside it.
    fn companions(&self) -> Option<Arc<dyn Companions>> {
        None
    }
}

/// One part of a file of [`Sections`].
pub enum Section<'a> {
    /// A text that is looked at and never changed.
    Text {
        /// It.
        bytes: Vec<u8>,
        /// Where it stands in the file.
        byte_offset: u64,
        /// Who lexes it.
        codec: Arc<dyn Codec>,
    },
    /// A stream.
    Stream {
        /// Its number, by which its rewritten blocks are told.
        number: usize,
        /// What it is of, for errors.
        name: String,
        /// Its unpacked bytes. Errors of reading are explained.
        reader: Box<dyn Read + Send + 'a>,
        /// Cuts them.
        splitter: &'a mut dyn Splitter,
    },
}

/// Writes a file of [`Sections`] anew.
pub trait Assemble {
    /// The next rewritten block of stream `number`. Blocks come in the order of the file; those of a stream that is never
    /// changed may be left out.
    ///
    /// # Errors
    /// When it cannot be written.
    fn block(&mut self, number: usize, bytes: &[u8], is_same: bool) -> Result<(), DataError>;

    /// All blocks have come.
    ///
    /// # Errors
    /// When the rest cannot be written.
    fn finish(self: Box<Self>) -> Result<(), DataError>;
}

/// Files that belong to another one, without which they cannot be understood.
pub trait Companions: Send + Sync {
    /// What the file of this name is among them; none when it does not belong to them.
    fn companion(&self, name: &str) -> Option<Arc<dyn Companion>>;

    /// They stand in one archive, behind the file that tells of them.
    fn are_members(&self) -> bool;
}

/// How a file is read that belongs to another one.
pub trait Companion: Send + Sync {
    /// Its compression, by its name.
    fn compression(&self) -> Compression;

    /// Cuts its unpacked bytes.
    ///
    /// # Errors
    /// When it cannot be read for sure.
    fn splitter(&self) -> Result<Box<dyn Splitter>, DataError>;
}
