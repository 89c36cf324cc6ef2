//! Opening an asset: compression, archive and format found out, its bytes counted and, when asked for, hashed.
//!
//! Never guesses past a doubt: what is in no known format is skipped by name, what breaks off is an error.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Cursor, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::layers::Layers;
use super::{Observer, Settings, Silent, Status};
use crate::error::DataError;
use crate::format::pgarchive::{self, PgArchive};
use crate::format::pgdump::PgDump;
use crate::format::xlsx::Xlsx;
use crate::format::{self, Access, Companion, Container, Format, Sections, Splitter};
use crate::source::archive::{Archive, tar, zip};
use crate::source::decompress::{Compression, MAGIC_BYTES, unsupported};
use crate::source::{Input, Refused, Stamp, open_regular, stdin};

/// Bytes of the decoded stream that formats are sniffed from.
const SAMPLE_BYTES: u64 = 64 << 10;
/// Bytes asked of the operating system at a time.
const READ_BYTES: usize = 256 << 10;

/// The first bytes of Office documents before XML, and of encrypted ones.
const OLD_OFFICE: &[u8] = &[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1];

/// An asset that is ready to be read.
pub struct Opened {
    /// How it is compressed.
    pub compression: Compression,
    /// What it is.
    pub guise: Guise,
    /// How it is read.
    pub body: Body,
    /// What is known when it was read to its end.
    pub trail: Trail,
}

/// What an asset was taken for. What was written is read again as the same.
#[derive(Clone, Default)]
pub struct Guise {
    /// Its format; `None` for an empty asset.
    pub format: Option<&'static dyn Format>,
    /// What it is among the files that belong to another one.
    pub companion: Option<Arc<dyn Companion>>,
}

impl Guise {
    /// `settings` with which an asset is taken for the same.
    pub fn settings(&self, settings: &Settings) -> Settings {
        let format = self.format.or(settings.format);
        Settings { format, companion: self.companion.clone(), ..settings.clone() }
    }
}

/// The content of an opened asset.
pub enum Body {
    /// Nothing in it.
    Empty,
    /// From front to back.
    Stream {
        /// The decoded bytes.
        reader: Box<dyn Read + Send>,
        /// Cuts them.
        splitter: Box<dyn Splitter>,
    },
    /// Member by member.
    Archive {
        /// Its reader.
        archive: Box<Archive>,
        /// Where its members stand.
        layers: Layers,
    },
    /// With the whole (decoded) file at hand.
    Container {
        /// Its reader and writer.
        container: Box<dyn Container>,
        /// The file.
        file: File,
    },
    /// As streams that stand in the whole (decoded) file.
    Sections {
        /// Its reader and writer.
        sections: Box<dyn Sections>,
        /// Bounds what its streams unpack to.
        layers: Layers,
    },
}

/// What reading left behind: how much was read, its hash, and whether the file stayed the same.
pub struct Trail {
    meter: Arc<Meter>,
    watched: Option<(File, Stamp)>,
    hashes_whole_file: bool,
}

/// A hash of a whole file.
pub type Hash = [u8; 32];

impl Trail {
    /// Bytes read, as stored.
    pub fn bytes(&self) -> u64 {
        self.meter.count.load(Ordering::Relaxed)
    }

    /// Whether the file was changed since it was opened, or gave other bytes than it has.
    pub fn is_changed(&self) -> bool {
        self.watched.as_ref().is_some_and(|(file, stamp)| {
            file.metadata().map_or(true, |now| Stamp::of(&now) != *stamp) || self.bytes() != stamp.size()
        })
    }

    /// The SHA-256 of the bytes as stored, when asked for at opening.
    ///
    /// # Errors
    /// When the file cannot be read again, which a container needs.
    pub fn hash(&self) -> io::Result<Option<Hash>> {
        if self.hashes_whole_file
            && let Some((file, _)) = &self.watched
        {
            return hash_file(file).map(Some);
        }
        let hasher = self.meter.hasher.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(hasher.as_ref().map(|hasher| hasher.clone().finalize().into()))
    }
}

/// The SHA-256 of a whole file.
///
/// # Errors
/// When it cannot be read.
pub fn hash_file(mut file: &File) -> io::Result<Hash> {
    file.seek(SeekFrom::Start(0))?;
    let mut hasher = Sha256::new();
    let mut reader = BufReader::with_capacity(READ_BYTES, file);
    loop {
        let chunk = reader.fill_buf()?;
        if chunk.is_empty() {
            return Ok(hasher.finalize().into());
        }
        hasher.update(chunk);
        let length = chunk.len();
        reader.consume(length);
    }
}

struct Meter {
    count: Arc<AtomicU64>,
    hasher: Mutex<Option<Sha256>>,
    observer: Arc<dyn Observer>,
}

struct Metered<R> {
    inner: R,
    meter: Arc<Meter>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        if let Some(hasher) = self.meter.hasher.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            hasher.update(buffer.get(..read).unwrap_or_default());
        }
        self.meter.count.fetch_add(read as u64, Ordering::Relaxed);
        self.meter.observer.bytes(read as u64);
        Ok(read)
    }
}

/// Opens `input`. With `hash`, its SHA-256 is worked out on the way.
///
/// # Errors
/// The status that the asset ends in because it cannot be opened.
pub fn open(
    input: &Input,
    settings: &Settings,
    observer: &Arc<dyn Observer>,
    hash: bool,
) -> Result<Opened, Box<Status>> {
    match input {
        Input::File(file) => open_file(file.open(), &file.path, settings, observer, hash),
        Input::Stdin => open_source(stdin::stream(), None, settings, observer, hash, None),
    }
}

/// Opens the regular file at `path`; see [`open`].
///
/// # Errors
/// As [`open`].
pub fn open_path(
    path: &Path,
    settings: &Settings,
    observer: &Arc<dyn Observer>,
    hash: bool,
) -> Result<Opened, Box<Status>> {
    open_file(open_regular(path), path, settings, observer, hash)
}

fn open_file(
    file: Result<(File, Stamp), Refused>,
    path: &Path,
    settings: &Settings,
    observer: &Arc<dyn Observer>,
    hash: bool,
) -> Result<Opened, Box<Status>> {
    let (file, stamp) = file.map_err(|refused| match refused {
        Refused::Skipped(reason) => Box::new(Status::Skipped(reason)),
        Refused::Failed(error) => failed(DataError::new(format!("cannot be opened: {error}"))),
    })?;
    let twin = file.try_clone().map_err(|error| failed(error.into()))?;
    let mut settings = settings.clone();
    let is_dump = settings.format.is_none_or(|format| [PgArchive.name(), PgDump.name()].contains(&format.name()));
    if settings.companion.is_none() && is_dump {
        settings.companion = pgarchive::file_of_dump(path, settings.record_bytes).map_err(failed)?;
    }
    open_source(Box::new(file), Some((twin, stamp)), &settings, observer, hash, None)
}

/// Opens a member of an archive whose members stand in `layers`, and whether it was unpacked on the way; see [`open`].
///
/// # Errors
/// As [`open`].
pub fn open_member(
    (content, packed): (Box<dyn Read + Send>, bool),
    settings: &Settings,
    layers: &Layers,
) -> Result<Opened, Box<Status>> {
    let content = if packed { layers.watch(content, Compression::None) } else { content };
    let observer: Arc<dyn Observer> = Arc::new(Silent);
    open_source(content, None, settings, &observer, false, Some(layers))
}

fn open_source(
    source: Box<dyn Read + Send>,
    watched: Option<(File, Stamp)>,
    settings: &Settings,
    observer: &Arc<dyn Observer>,
    hash: bool,
    layers: Option<&Layers>,
) -> Result<Opened, Box<Status>> {
    let count = Arc::new(AtomicU64::new(0));
    let layers = layers.cloned().unwrap_or_else(|| Layers::new(Arc::clone(&count), settings.most_expansion));
    let meter = Arc::new(Meter { count, hasher: Mutex::new(hash.then(Sha256::new)), observer: Arc::clone(observer) });
    let metered = Metered { inner: source, meter: Arc::clone(&meter) };
    let mut buffered = BufReader::with_capacity(READ_BYTES, metered);
    let magic = peek(&mut buffered).map_err(|error| failed(Compression::None.explain(&error)))?;
    let companion = settings.companion.clone();
    let compression = compression_of(&magic, companion.as_deref()).map_err(failed)?;
    if let Some(name) = unsupported(&magic).filter(|_| companion.is_none()) {
        return Err(Box::new(Status::Skipped(format!("is {name}, which is not read"))));
    }
    let explain = |error: io::Error| failed(compression.explain(&error));
    let magic_length = magic.len() as u64;
    let rejoined = Cursor::new(magic).chain(buffered);
    let mut decoded = compression.decoder(BufReader::with_capacity(READ_BYTES, rejoined)).map_err(explain)?;
    if compression != Compression::None {
        decoded = layers.watch(decoded, compression);
    }
    let mut sample = Vec::new();
    decoded.by_ref().take(SAMPLE_BYTES).read_to_end(&mut sample).map_err(explain)?;
    let mut trail = Trail { meter, watched, hashes_whole_file: false };
    if sample.is_empty() && (magic_length == 0 || settings.format.is_none()) {
        return Ok(Opened { compression, guise: Guise { format: None, companion }, body: Body::Empty, trail });
    }
    if let Some(companion) = companion {
        let splitter = companion.splitter().map_err(failed)?;
        let body = Body::Stream { reader: Box::new(Cursor::new(sample).chain(decoded)), splitter };
        let guise = Guise { format: Some(&PgArchive), companion: Some(companion) };
        return Ok(Opened { compression, guise, body, trail });
    }
    let is_zip = matches!(sample.as_slice(), [b'P', b'K', 3 | 5, 4 | 6, ..]);
    if is_zip || tar::is_tar(&sample) {
        let archive = if is_zip {
            let file = whole(&mut trail, compression, hash, observer, &mut Cursor::new(sample).chain(decoded))?;
            let reader = zip::Reader::open(file.try_clone().map_err(|error| failed(error.into()))?).map_err(failed)?;
            if reader.is_workbook() {
                let body = Body::Container { container: Box::new(Xlsx), file };
                return Ok(Opened { compression, guise: Guise { format: Some(&Xlsx), companion: None }, body, trail });
            }
            if let Some(document) = reader.document() {
                return Err(Box::new(Status::Skipped(format!("is {document}, which is not read"))));
            }
            Archive::Zip(reader)
        } else {
            Archive::Tar(tar::Reader::new(Box::new(Cursor::new(sample).chain(decoded))))
        };
        let layers = layers.deeper().map_err(failed)?;
        let body = Body::Archive { archive: Box::new(archive), layers };
        return Ok(Opened { compression, guise: Guise::default(), body, trail });
    }
    if settings.format.is_none_or(|format| format.name() == Xlsx.name()) && sample.starts_with(OLD_OFFICE) {
        return Err(old_office(&sample));
    }
    let known = if pgarchive::is_archive(&sample) { Some(&PgArchive as _) } else { settings.format };
    let Some(format) = known.or_else(|| format::sniff(&sample)) else {
        return Err(Box::new(Status::Skipped("is in no known format (name one with --format)".to_owned())));
    };
    let body = match format.open() {
        Access::Stream(splitter) => {
            let mut splitter = splitter(&sample).map_err(failed)?;
            if let Some(definitions) = &settings.definitions {
                splitter.define(definitions);
            }
            Body::Stream { reader: Box::new(Cursor::new(sample).chain(decoded)), splitter }
        }
        Access::Container(container) => {
            let file = whole(&mut trail, compression, hash, observer, &mut Cursor::new(sample).chain(decoded))?;
            Body::Container { container, file }
        }
        Access::Sections(open) => {
            let file = whole(&mut trail, compression, hash, observer, &mut Cursor::new(sample).chain(decoded))?;
            Body::Sections { sections: open(&file, settings.record_bytes).map_err(failed)?, layers }
        }
    };
    Ok(Opened { compression, guise: Guise { format: Some(format), companion: None }, body, trail })
}

/// The compression that the first bytes announce; of a file that belongs to another one, that which its name says.
fn compression_of(magic: &[u8], companion: Option<&dyn Companion>) -> Result<Compression, DataError> {
    let seen = Compression::of(magic);
    match companion.map(Companion::compression) {
        None => Ok(seen),
        // What is not packed may hold anything, large objects that look packed among it.
        Some(named) if named == Compression::None || named == seen => Ok(named),
        Some(named) => {
            let reason = format!("is not packed with {}, as its name says", named.name());
            Err(DataError::new(reason).advise("the dump is damaged: dump again"))
        }
    }
}

/// The whole decoded file: itself where it is one and not compressed, else what is left of it in `decoded`, kept aside.
fn whole(
    trail: &mut Trail,
    compression: Compression,
    hash: bool,
    observer: &Arc<dyn Observer>,
    decoded: &mut dyn Read,
) -> Result<File, Box<Status>> {
    match &trail.watched {
        Some((file, stamp)) if compression == Compression::None => {
            // It is read by offset, not through the meter: it counts as read once it is handed over.
            let seen = trail.meter.count.swap(stamp.size(), Ordering::Relaxed);
            observer.bytes(stamp.size().saturating_sub(seen));
            trail.hashes_whole_file = hash;
            file.try_clone().map_err(|error| failed(error.into()))
        }
        _ => stdin::spool(decoded).map_err(|error| failed(compression.explain(&error))),
    }
}

/// What becomes of an Office document that is not in XML.
fn old_office(sample: &[u8]) -> Box<Status> {
    let name: Vec<u8> = "EncryptedPackage".bytes().flat_map(|byte| [byte, 0]).collect();
    if memchr::memmem::find(sample, &name).is_some() {
        let error = DataError::new("is an Office document that is encrypted with a password");
        return failed(error.advise("open it with its password and save it without one"));
    }
    let reason = "is an Office document before XML (.xls, .doc) or an encrypted one (save it as .xlsx or as text)";
    Box::new(Status::Skipped(format!("{reason}, which is not read")))
}

fn failed(error: DataError) -> Box<Status> {
    Box::new(Status::Failed(error))
}

/// The first bytes, taken off `reader`: a pipe may hand them over one at a time.
fn peek(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut magic = Vec::with_capacity(MAGIC_BYTES);
    reader.take(MAGIC_BYTES as u64).read_to_end(&mut magic)?;
    Ok(magic)
}
