//! zip: stored and deflated members, zip64, data descriptors.
//!
//! Reads by the central directory, and only an archive in which that and the local headers say the same and every
//! byte belongs to one of them: what one reader passes over and another extracts must not be in it. Times, modes,
//! comments and further fields are kept; sizes, checksums and offsets are written anew, and data descriptors left out.

mod directory;

use std::fs::File;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use flate2::Crc;
use flate2::bufread::DeflateDecoder;
use flate2::write::DeflateEncoder;

use super::{Content, Member};
use crate::error::DataError;
pub(super) use directory::Placed;
use directory::{Directory, Entry};

const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// Bytes that an empty content takes at most when it is packed: two, or seven behind a flush.
const MOST_OF_NOTHING: u64 = 8;
/// Longest target of a link.
const MOST_LINK: u64 = 64 << 10;

/// What stands before the content of a member, and where its content is.
pub struct Head {
    index: usize,
    entry: Arc<Entry>,
    file: Arc<Mutex<File>>,
}

/// Reads an archive member by member, in the order of their contents.
pub struct Reader {
    file: Arc<Mutex<File>>,
    directory: Directory,
    next: usize,
}

impl Reader {
    /// A reader of the archive in `file`.
    ///
    /// # Errors
    /// When its directory is damaged, or not everything in the file belongs to a member.
    pub fn open(mut file: File) -> Result<Reader, DataError> {
        let directory = Directory::read(&mut file)?;
        Ok(Reader { file: Arc::new(Mutex::new(file)), directory, next: 0 })
    }

    /// Whether it is an Excel workbook in XML.
    pub fn is_workbook(&self) -> bool {
        self.has(b"[Content_Types].xml") && self.has(b"xl/") && !self.has(b"xl/workbook.bin")
    }

    /// What kind of document it is, if it is one and no mere archive.
    pub fn document(&self) -> Option<&'static str> {
        let has = |start: &[u8]| self.has(start);
        if has(b"mimetype") && has(b"META-INF/") && has(b"content.xml") {
            return Some("an OpenDocument file (save its sheets as CSV)");
        }
        if !has(b"[Content_Types].xml") {
            return None;
        }
        Some(if has(b"xl/") {
            "a binary Excel workbook, .xlsb (save it as .xlsx)"
        } else if has(b"word/") {
            "a Word document, .docx (save it as text)"
        } else {
            "an Office document (save it as text)"
        })
    }

    fn has(&self, start: &[u8]) -> bool {
        self.directory.entries.iter().any(|entry| entry.name.starts_with(start))
    }

    /// The comment of the archive.
    pub fn texts(&self) -> &[Vec<u8>] {
        std::slice::from_ref(&self.directory.comment)
    }

    /// The next member; none at the end.
    ///
    /// # Errors
    /// When a link cannot be read.
    pub fn next_member(&mut self) -> Result<Option<Member>, DataError> {
        let Some(index) = self.directory.order.get(self.next).copied() else { return Ok(None) };
        let Some(entry) = self.directory.entries.get(index).map(Arc::clone) else { return Ok(None) };
        self.next += 1;
        let mut texts = vec![entry.comment.clone(), directory::told(&entry.extra), directory::told(&entry.local_extra)];
        let section = Section { file: Arc::clone(&self.file), at: entry.data, end: entry.data + entry.packed };
        let is_read = matches!(entry.method, STORED | DEFLATED);
        let content = if entry.is_encrypted() {
            Content::Unreadable("encrypted")
        } else if !is_read {
            Content::Unreadable("compressed by another method than deflate")
        } else if entry.is_folder() {
            // Packed, nothing is a few bytes; they are held against size and checksum as those of a file.
            if entry.size > 0 || entry.packed > MOST_OF_NOTHING {
                return Err(DataError::new("a folder in the archive has content").advise(directory::ADVICE));
            }
            Unpacked::new(section, &entry).read_to_end(&mut Vec::new())?;
            Content::Folder
        } else if entry.is_link() {
            if entry.size > MOST_LINK {
                return Err(DataError::new("a link in the archive is longer than 64 KiB").advise(directory::ADVICE));
            }
            let mut target = Vec::new();
            Unpacked::new(section, &entry).read_to_end(&mut target)?;
            texts.push(target);
            Content::Other("a symbolic link")
        } else {
            Content::File { size: entry.size, packed: true, reader: Box::new(Unpacked::new(section, &entry)) }
        };
        texts.retain(|text| !text.is_empty());
        let name = entry.name.clone();
        let head = super::Head::Zip(Head { index, entry, file: Arc::clone(&self.file) });
        Ok(Some(Member { name, texts, content, head }))
    }
}

/// A stretch of the file.
struct Section {
    file: Arc<Mutex<File>>,
    at: u64,
    end: u64,
}

impl Read for Section {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(buffer.len());
        let Some(room) = buffer.get_mut(..most).filter(|room| !room.is_empty()) else { return Ok(0) };
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.at))?;
        let read = file.read(room)?;
        if read == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        self.at += read as u64;
        Ok(read)
    }
}

/// The content of a member, held against what the directory says of it.
struct Unpacked {
    packed: Packed,
    crc: Crc,
    stated: (u64, u32),
}

enum Packed {
    Stored(Section),
    Deflated(DeflateDecoder<BufReader<Section>>),
}

impl Unpacked {
    fn new(section: Section, entry: &Entry) -> Unpacked {
        let packed = match entry.method {
            STORED => Packed::Stored(section),
            _ => Packed::Deflated(DeflateDecoder::new(BufReader::with_capacity(64 << 10, section))),
        };
        Unpacked { packed, crc: Crc::new(), stated: (entry.size, entry.crc) }
    }

    fn is_used_up(&mut self) -> io::Result<bool> {
        match &mut self.packed {
            Packed::Stored(section) => Ok(section.at == section.end),
            Packed::Deflated(decoder) => Ok(decoder.get_mut().fill_buf()?.is_empty()),
        }
    }
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let read = match &mut self.packed {
            Packed::Stored(section) => section.read(buffer),
            Packed::Deflated(decoder) => decoder.read(buffer),
        };
        let damaged = |reason: &str| {
            io::Error::new(ErrorKind::InvalidData, DataError::new(reason).advise("check it with `unzip -t`"))
        };
        let read = match read {
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::Interrupted => return Err(error),
            Err(_) => return Err(damaged("its deflated bytes are damaged")),
        };
        self.crc.update(buffer.get(..read).unwrap_or_default());
        let count = u64::from(self.crc.amount());
        let is_whole = || -> bool { count == self.stated.0 & 0xffff_ffff && self.crc.sum() == self.stated.1 };
        if read == 0 && !(is_whole() && self.is_used_up()?) {
            return Err(damaged("its content is not what its size and checksum say"));
        }
        Ok(read)
    }
}

/// Writes an archive.
pub struct Writer<W: Write> {
    out: W,
    position: u64,
    placed: Vec<(usize, Placed)>,
    aside: File,
}

impl<W: Write> Writer<W> {
    /// A writer to `out`, which compresses members aside in `folder`.
    ///
    /// # Errors
    /// When nothing can be written there.
    pub fn new(out: W, folder: &Path) -> io::Result<Writer<W>> {
        Ok(Writer { out, position: 0, placed: Vec::new(), aside: tempfile::tempfile_in(folder)? })
    }

    /// Appends a member.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn member(&mut self, head: &Head, content: Option<(&mut dyn Read, u64)>) -> Result<(), DataError> {
        let Head { index, entry, file } = head;
        let offset = self.position;
        let Some((content, size)) = content else {
            let placed = Placed { offset, packed: entry.packed, size: entry.size, crc: entry.crc };
            self.write(&entry.local_header(&placed))?;
            let mut section = Section { file: Arc::clone(file), at: entry.data, end: entry.data + entry.packed };
            self.copy(&mut section, entry.packed)?;
            self.placed.push((*index, placed));
            return Ok(());
        };
        let (packed, crc) = pack(content, size, entry.method, &self.aside)?;
        let placed = Placed { offset, packed, size, crc };
        self.write(&entry.local_header(&placed))?;
        let mut aside = self.aside.try_clone()?;
        self.copy(&mut aside, packed)?;
        self.placed.push((*index, placed));
        Ok(())
    }

    /// Writes the directory, in the order of that which was `read`.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn finish(mut self, read: &Reader) -> io::Result<W> {
        let mut placed = std::mem::take(&mut self.placed);
        placed.sort_by_key(|(index, _)| *index);
        let start = self.position;
        for (index, placed) in &placed {
            if let Some(entry) = read.directory.entries.get(*index) {
                self.write(&entry.central_header(placed))?;
            }
        }
        let end = directory::end(start, self.position, placed.len() as u64, &read.directory.comment);
        self.write(&end)?;
        Ok(self.out)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.position += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn copy(&mut self, from: &mut dyn Read, length: u64) -> Result<(), DataError> {
        let copied = io::copy(&mut from.take(length), &mut self.out)?;
        self.position += copied;
        if copied == length { Ok(()) } else { Err(DataError::new("a member of the archive breaks off")) }
    }
}

/// Writes `size` bytes of `content` to the start of `aside` by `method`, and answers how many they became, and their
/// checksum. Then the file is at its start.
fn pack(content: &mut dyn Read, size: u64, method: u16, mut aside: &File) -> io::Result<(u64, u32)> {
    aside.set_len(0)?;
    aside.seek(SeekFrom::Start(0))?;
    let mut crc = Crc::new();
    let mut packer = match method {
        STORED => Packer::Stored(aside),
        _ => Packer::Deflated(DeflateEncoder::new(aside, flate2::Compression::default())),
    };
    let mut buffer = vec![0; 64 << 10];
    let mut left = size;
    while left > 0 {
        let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let chunk = buffer.get_mut(..wanted).unwrap_or_default();
        content.read_exact(chunk)?;
        crc.update(chunk);
        match &mut packer {
            Packer::Stored(file) => file.write_all(chunk)?,
            Packer::Deflated(encoder) => encoder.write_all(chunk)?,
        }
        left -= chunk.len() as u64;
    }
    match packer {
        Packer::Deflated(encoder) => drop(encoder.finish()?),
        Packer::Stored(_) => {}
    }
    let packed = aside.stream_position()?;
    aside.seek(SeekFrom::Start(0))?;
    Ok((packed, crc.sum()))
}

enum Packer<'a> {
    Stored(&'a File),
    Deflated(DeflateEncoder<&'a File>),
}

#[cfg(test)]
mod tests;
