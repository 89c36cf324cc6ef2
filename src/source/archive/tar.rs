//! tar: ustar, pax and GNU, as a stream of headers and contents.
//!
//! Headers are kept as they stand; only size, checksum and what stands behind the end of a name are ever written anew.
//! Never guesses where the next header stands.

mod header;
mod pax;

use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, Mutex, PoisonError};

use super::{Content, Member};
use crate::error::DataError;
pub use header::is_tar;
use header::{BLOCK, Block, Kind};

/// Most bytes of long names and pax records before one member, and of those for all members.
const MOST_EXTENSION: u64 = 1 << 20;
/// What most programs fill an archive up to.
const RECORD: u64 = 20 * BLOCK as u64;
/// What a header with a size that is not understood advises.
pub(super) const ADVICE: &str = "extract it and pass the folder";

/// What stands before the content of a member.
pub struct Head {
    /// Headers of long names and pax records, with what they hold.
    extensions: Vec<(Block, Vec<u8>)>,
    header: Block,
}

/// Reads an archive from front to back.
pub struct Reader {
    source: Arc<Mutex<Source>>,
    texts: Vec<Vec<u8>>,
    /// Zero bytes at its end.
    trailer: u64,
}

/// The bytes of the archive, shared with the reader of the member that it stands at.
struct Source {
    reader: Box<dyn Read + Send>,
    /// Bytes of the member's content that are yet to be read.
    left: u64,
    /// Number of the member, so that no reader goes on in the next one.
    member: u64,
    position: u64,
}

impl Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.position += read as u64;
        Ok(read)
    }

    /// The next block, or none at the end of the stream.
    fn block(&mut self) -> io::Result<Option<Block>> {
        let mut block = [0; BLOCK];
        let mut filled = 0;
        while let Some(rest) = block.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.read(rest) {
                Ok(0) if filled == 0 => return Ok(None),
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(read) => filled += read,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Some(block))
    }

    /// Passes over what is left of the content and of its last block.
    fn pass(&mut self) -> io::Result<()> {
        let mut left = self.left;
        self.left = 0;
        left += (BLOCK as u64 - (self.position + left) % BLOCK as u64) % BLOCK as u64;
        let mut buffer = vec![0; usize::try_from(left).unwrap_or(usize::MAX).min(64 << 10)];
        while left > 0 {
            let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            match self.read(buffer.get_mut(..wanted).unwrap_or_default()) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(read) => left -= read as u64,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// The content of one member.
struct Section {
    source: Arc<Mutex<Source>>,
    member: u64,
}

impl Read for Section {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut source = self.source.lock().unwrap_or_else(PoisonError::into_inner);
        if source.member != self.member {
            return Err(io::Error::other("the archive has gone on to its next member"));
        }
        let most = usize::try_from(source.left).unwrap_or(usize::MAX).min(buffer.len());
        let Some(room) = buffer.get_mut(..most).filter(|room| !room.is_empty()) else { return Ok(0) };
        let read = source.read(room)?;
        if read == 0 {
            return Err(io::Error::new(ErrorKind::UnexpectedEof, truncated()));
        }
        source.left -= read as u64;
        Ok(read)
    }
}

impl Reader {
    /// A reader of the archive that `reader` holds.
    pub fn new(reader: Box<dyn Read + Send>) -> Reader {
        let source = Source { reader, left: 0, member: 0, position: 0 };
        Reader { source: Arc::new(Mutex::new(source)), texts: Vec::new(), trailer: 0 }
    }

    /// Names of the archive and its records for all members.
    pub fn texts(&self) -> &[Vec<u8>] {
        &self.texts
    }

    /// The next member; none at the end.
    ///
    /// # Errors
    /// When a header is damaged or not understood, or the archive breaks off.
    pub fn next_member(&mut self) -> Result<Option<Member>, DataError> {
        let shared = Arc::clone(&self.source);
        let mut source = shared.lock().unwrap_or_else(PoisonError::into_inner);
        source.pass().map_err(|error| explain(&error))?;
        source.member += 1;
        let mut extensions = Vec::new();
        let mut said = pax::Said::default();
        let mut room = MOST_EXTENSION;
        loop {
            let place = source.position;
            let block = source.block().map_err(|error| explain(&error))?;
            let block = block.ok_or_else(|| truncated().advise("it has no end marker: get a whole copy of it"))?;
            if block == [0; BLOCK] {
                if !extensions.is_empty() {
                    return Err(truncated());
                }
                self.trailer = BLOCK as u64 + only_zeros(&mut source)?;
                return Ok(None);
            }
            let kind = header::kind(&block).map_err(|error| at(error, place))?;
            let size = header::size(&block).map_err(|error| at(error, place))?;
            header::refuse_text_elsewhere(&block).map_err(|error| at(error, place))?;
            match kind {
                Kind::Extension => {
                    let data = extension(&mut source, size, room).map_err(|error| at(error, place))?;
                    room = room.saturating_sub(size + BLOCK as u64);
                    said.enter(&block, &data, &mut self.texts).map_err(|error| at(error, place))?;
                    extensions.push((block, data));
                    if self.texts.iter().map(|text| text.len() as u64 + 1).sum::<u64>() > MOST_EXTENSION {
                        return Err(at(too_long(), place));
                    }
                }
                Kind::Member(what) => {
                    let size = said.size.unwrap_or(size);
                    let content = header::content(what, &block, size, &said).map_err(|error| at(error, place))?;
                    if matches!(content, header::Held::Sparse) {
                        header::pass_sparse_map(&block, || source.block()).map_err(|error| explain(&error))?;
                    }
                    source.left = size;
                    let member = source.member;
                    drop(source);
                    let reader = Box::new(Section { source: Arc::clone(&self.source), member });
                    let content = match content {
                        header::Held::Bytes => Content::File { size, packed: false, reader },
                        header::Held::Sparse => Content::Unreadable("a sparse file"),
                        header::Held::Folder => Content::Folder,
                        header::Held::Other(what) => Content::Other(what),
                    };
                    let (name, texts) = said.words(&block);
                    let head = super::Head::Tar(Box::new(Head { extensions, header: block }));
                    return Ok(Some(Member { name, texts, content, head }));
                }
            }
        }
    }
}

fn too_long() -> DataError {
    DataError::new("the names and records before a member, or for all members, are longer than 1 MiB")
}

/// What stands in an extension of `size` bytes, of which there may be `room`.
fn extension(source: &mut Source, size: u64, room: u64) -> Result<Vec<u8>, DataError> {
    if size > room {
        return Err(too_long());
    }
    let mut data = vec![0; usize::try_from(size).unwrap_or(0)];
    let mut filled = 0;
    while let Some(rest) = data.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match source.read(rest) {
            Ok(0) => return Err(truncated()),
            Ok(read) => filled += read,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(explain(&error)),
        }
    }
    source.pass().map_err(|error| explain(&error))?;
    Ok(data)
}

/// Reads to the end of the stream and makes sure that nothing is there.
fn only_zeros(source: &mut Source) -> Result<u64, DataError> {
    let mut buffer = vec![0; 64 << 10];
    let mut count = 0;
    loop {
        match source.read(&mut buffer) {
            Ok(0) => return Ok(count),
            Ok(read) if buffer.get(..read).is_some_and(|bytes| bytes.iter().all(|byte| *byte == 0)) => {
                count += read as u64;
            }
            Ok(_) => {
                return Err(at(DataError::new("other bytes follow the end of the archive"), source.position)
                    .advise("an archive behind an archive: part them first"));
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(explain(&error)),
        }
    }
}

fn truncated() -> DataError {
    DataError::new("the tar archive ends too early").advise("the file is truncated: get a whole copy of it")
}

fn explain(error: &io::Error) -> DataError {
    if let Some(explained) = error.get_ref().and_then(|inner| inner.downcast_ref::<DataError>()) {
        return explained.clone();
    }
    match error.kind() {
        ErrorKind::UnexpectedEof => truncated(),
        _ => DataError::new(format!("cannot be read: {error}")),
    }
}

fn at(error: DataError, place: u64) -> DataError {
    DataError { reason: format!("{}, near byte {place} of the archive", error.reason), ..error }
}

/// Writes an archive.
pub struct Writer<W: Write> {
    out: W,
    position: u64,
}

impl<W: Write> Writer<W> {
    /// A writer to `out`.
    pub fn new(out: W) -> Writer<W> {
        Writer { out, position: 0 }
    }

    /// Appends a member.
    ///
    /// # Errors
    /// When the size does not fit the header, or `out` fails.
    pub fn member(&mut self, head: &Head, content: Option<(&mut dyn Read, u64)>) -> Result<(), DataError> {
        let size = content.as_ref().map(|(_, size)| *size);
        let mut says_size = false;
        for (header, data) in &head.extensions {
            let data = match size.map(|size| pax::with_size(header, data, size)).transpose()?.flatten() {
                Some(changed) => {
                    says_size = true;
                    changed
                }
                None => header::without_hidden_text(header, data),
            };
            let length = data.len() as u64;
            self.write(&header::written(header, Some(length))?)?;
            self.write(&data)?;
            self.fill_block()?;
        }
        // Where a pax record has the size, the header may say none, and need not be able to.
        let stated = size.filter(|_| !says_size || header::size(&head.header).ok() != Some(0));
        let header = match header::written(&head.header, stated) {
            Err(_) if says_size => header::written(&head.header, Some(0))?,
            header => header?,
        };
        self.write(&header)?;
        if let Some((reader, size)) = content {
            let mut left = size;
            let mut buffer = vec![0; 64 << 10];
            while left > 0 {
                let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
                let chunk = buffer.get_mut(..wanted).unwrap_or_default();
                reader.read_exact(chunk)?;
                self.write(chunk)?;
                left -= chunk.len() as u64;
            }
            self.fill_block()?;
        }
        Ok(())
    }

    /// Writes the end marker, and fills the archive up as `read` was.
    ///
    /// # Errors
    /// When `out` fails.
    pub fn finish(mut self, read: &Reader) -> io::Result<W> {
        let source = read.source.lock().unwrap_or_else(PoisonError::into_inner);
        let least = self.position + read.trailer.min(2 * BLOCK as u64);
        let end = if self.position + read.trailer == source.position {
            source.position
        } else if source.position.is_multiple_of(RECORD) {
            least.next_multiple_of(RECORD)
        } else {
            least
        };
        self.zeros(end - self.position)?;
        Ok(self.out)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.position += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn fill_block(&mut self) -> io::Result<()> {
        self.zeros(self.position.next_multiple_of(BLOCK as u64) - self.position)
    }

    fn zeros(&mut self, mut count: u64) -> io::Result<()> {
        while count > 0 {
            let some = usize::try_from(count).unwrap_or(usize::MAX).min(BLOCK);
            self.write([0; BLOCK].get(..some).unwrap_or_default())?;
            count -= some as u64;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
