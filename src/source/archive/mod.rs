//! Archives: their members one after the other, and the same archive written again around other contents.
//!
//! Nothing is ever extracted: names and links in an archive are data, not places. Never goes past what it does not
//! know for sure: a header that can be read in two ways, bytes that belong to no member and an end that is missing are
//! errors, since a reader that takes them otherwise would find members that were never looked into.

pub mod tar;
pub mod zip;

use std::io::{self, Read, Write};
use std::path::Path;

use crate::error::DataError;

/// An archive that is being read.
pub enum Archive {
    /// A tape archive.
    Tar(tar::Reader),
    /// A zip archive.
    Zip(zip::Reader),
}

/// One member of an archive.
pub struct Member {
    /// Its name, as stored.
    pub name: Vec<u8>,
    /// What else the archive says of it in words: link targets, owners, comments.
    pub texts: Vec<Vec<u8>>,
    /// What it holds.
    pub content: Content,
    /// What is written again before its content.
    pub head: Head,
}

/// What a member holds.
pub enum Content {
    /// Bytes.
    File {
        /// How many.
        size: u64,
        /// They were unpacked on the way.
        packed: bool,
        /// They. To be read before the next member is asked for.
        reader: Box<dyn Read + Send>,
    },
    /// Nothing: a folder.
    Folder,
    /// Nothing: a link, a device. What it is, for people.
    Other(&'static str),
    /// Something that cannot be read, and what that is.
    Unreadable(&'static str),
}

/// What an archive says of a member before its content.
pub enum Head {
    /// Of a tape archive.
    Tar(Box<tar::Head>),
    /// Of a zip archive.
    Zip(zip::Head),
}

impl Archive {
    /// Its name in reports.
    pub fn name(&self) -> &'static str {
        match self {
            Archive::Tar(_) => "tar",
            Archive::Zip(_) => "zip",
        }
    }

    /// The next member; none at the end.
    ///
    /// # Errors
    /// When the archive is damaged, breaks off, or cannot be read for sure.
    pub fn next_member(&mut self) -> Result<Option<Member>, DataError> {
        match self {
            Archive::Tar(reader) => reader.next_member(),
            Archive::Zip(reader) => reader.next_member(),
        }
    }

    /// What the archive says of itself in words; complete after the last member.
    pub fn texts(&self) -> &[Vec<u8>] {
        match self {
            Archive::Tar(reader) => reader.texts(),
            Archive::Zip(reader) => reader.texts(),
        }
    }
}

/// Writes an archive again.
pub enum Writer<W: Write> {
    /// As a tape archive.
    Tar(tar::Writer<W>),
    /// As a zip archive.
    Zip(zip::Writer<W>),
}

impl<W: Write> Writer<W> {
    /// A writer of an archive of the kind of `archive`; what must stand aside for a while does so in `folder`.
    ///
    /// # Errors
    /// When nothing can be written there.
    pub fn alike(archive: &Archive, out: W, folder: &Path) -> io::Result<Writer<W>> {
        Ok(match archive {
            Archive::Tar(_) => Writer::Tar(tar::Writer::new(out)),
            Archive::Zip(_) => Writer::Zip(zip::Writer::new(out, folder)?),
        })
    }

    /// Appends a member with `content` of the given size; without, one that holds nothing.
    ///
    /// # Errors
    /// When the content does not fit what the head can say, or `out` fails.
    pub fn member(&mut self, head: &Head, content: Option<(&mut dyn Read, u64)>) -> Result<(), DataError> {
        match (self, head) {
            (Writer::Tar(writer), Head::Tar(head)) => writer.member(head, content),
            (Writer::Zip(writer), Head::Zip(head)) => writer.member(head, content),
            _ => Err(DataError::new("internal error: a member of an archive of another kind")),
        }
    }

    /// Writes the end of the archive, as `archive`, which was read to its end, has it.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn finish(self, archive: &Archive) -> io::Result<W> {
        match (self, archive) {
            (Writer::Tar(writer), Archive::Tar(reader)) => writer.finish(reader),
            (Writer::Zip(writer), Archive::Zip(reader)) => writer.finish(reader),
            _ => Err(io::Error::other("internal error: an archive of another kind")),
        }
    }
}
