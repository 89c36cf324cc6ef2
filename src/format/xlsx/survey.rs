//! The first pass over a workbook: what its reader takes on trust is checked, and what it passes over is collected.
//!
//! The reader of cells reserves what a part says it holds, keeps whole texts and tables of styles in memory, reads numbers
//! with 53 bits and only the first stretch of a value. Here each part is unpacked once against its size and checksum,
//! with bounded memory; what the reader would take otherwise than other programs do is refused.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use super::failure::{damaged, too_large};
use super::notes::Notes;
use super::part::PartReader;
use crate::block::Block;
use crate::error::DataError;
use crate::source::archive::{Content, zip};

/// Bytes that may always be unpacked from one workbook.
const ALWAYS: u64 = 256 << 20;
/// How much more than a long text all shared texts may take.
const SHARED_TEXTS: u64 = 8;
/// Parts that hold no data, or none that anybody can read: pictures, fonts, settings of printers, macros.
const NO_DATA: &[&str] = &[
    "bin", "bmp", "emf", "fntdata", "gif", "ico", "jpeg", "jpg", "odttf", "png", "sigs", "svg", "tif", "tiff", "vml",
    "wdp", "webp", "wmf",
];

type Visit<'a> = &'a mut dyn FnMut(Block) -> Result<(), DataError>;

/// What is known of a workbook before its cells are read.
#[derive(Default)]
pub(super) struct Survey {
    /// Whole numbers of more than 15 digits, by the part that they stand in.
    pub(super) long_numbers: HashMap<String, Vec<u64>>,
    /// Parts by the identifiers that the workbook has for them.
    pub(super) targets: HashMap<String, String>,
    /// Identifiers of sheets by their names.
    pub(super) sheets: HashMap<String, String>,
    pub(super) notes: Notes,
    unread: usize,
}

/// What one part may take.
pub(super) struct Limits {
    /// Of one text.
    pub(super) longest: usize,
    /// Of what the reader keeps of the shared texts.
    pub(super) shared: u64,
}

impl Survey {
    /// Reads all parts of the workbook in `file`, and hands the texts outside of cells to `visit`.
    ///
    /// # Errors
    /// When a part is damaged, of a kind that cannot be read for sure, or takes too much; or what `visit` returned.
    pub(super) fn of(file: &File, longest: u64, most_expansion: u64, visit: Visit<'_>) -> Result<Survey, DataError> {
        let stored = file.metadata()?.len();
        let mut left = ALWAYS.max(stored.saturating_mul(most_expansion));
        let limits = Limits {
            longest: usize::try_from(longest).unwrap_or(usize::MAX),
            shared: longest.saturating_mul(SHARED_TEXTS),
        };
        let mut survey = Survey::default();
        let mut archive = zip::Reader::open(file.try_clone()?)?;
        if !archive.is_workbook() {
            return Err(damaged("it has no parts of a workbook"));
        }
        let mut names = HashSet::new();
        while let Some(member) = archive.next_member()? {
            let name = String::from_utf8_lossy(&member.name).replace('\\', "/").to_lowercase();
            let (size, reader) = match member.content {
                Content::Folder => continue,
                Content::File { size, reader, .. } => (size, reader),
                Content::Other(what) | Content::Unreadable(what) => {
                    return Err(damaged(&format!("a part is {what}")));
                }
            };
            if !names.insert(name.clone()) {
                return Err(damaged("two parts have one name"));
            }
            left = left.checked_sub(size).ok_or_else(|| {
                DataError::new(format!("it unpacks to more than {most_expansion} times its size"))
                    .advise("allow for more with --max-expansion, if it is no trap")
            })?;
            survey.part(&name, size, reader, &limits, visit)?;
        }
        survey.notes.flush(true, visit)?;
        Ok(survey)
    }

    fn part(
        &mut self,
        name: &str,
        size: u64,
        reader: Box<dyn Read + Send>,
        limits: &Limits,
        visit: Visit<'_>,
    ) -> Result<(), DataError> {
        let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
        let mut reader = reader.take(size.saturating_add(1));
        if !matches!(extension, "xml" | "rels") {
            let is_embedded = name.contains("embeddings/") || !NO_DATA.contains(&extension);
            self.unread += usize::from(is_embedded);
        } else {
            let bytes = BufReader::with_capacity(64 << 10, &mut reader);
            PartReader::new(name, size, self, limits).read(Bounded { inner: bytes, left: limits.longest }, visit)?;
        }
        // At its end, size and checksum are held against the directory.
        io::copy(&mut reader, &mut io::sink()).map_err(explain)?;
        if reader.limit() == 0 { Err(damaged("a part is longer than its size")) } else { Ok(()) }
    }

    /// Whole numbers of more than 15 digits in the sheet called `name`, in order.
    pub(super) fn long_numbers(&self, name: &str) -> &[u64] {
        let target = self.sheets.get(name).and_then(|id| self.targets.get(id));
        target.and_then(|part| self.long_numbers.get(part)).map_or(&[], Vec::as_slice)
    }

    /// Refuses a workbook in which a part holds what was not looked into.
    ///
    /// # Errors
    /// When one does.
    pub(super) fn refuse_unread(&self) -> Result<(), DataError> {
        if self.unread == 0 {
            return Ok(());
        }
        let reason = format!("{} embedded files in the workbook were not read; its sheets were", self.unread);
        Err(DataError::new(reason).advise("take them out with `unzip` and scan them by themselves"))
    }
}

/// What went wrong while a part was read, where it came from.
pub(super) fn explain(error: io::Error) -> DataError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<DataError>()) {
        Some(explained) => explained.clone(),
        None => damaged("a part breaks off"),
    }
}

/// A reader that gives no more than `left` bytes until it is told to go on.
pub(super) struct Bounded<R> {
    inner: R,
    pub(super) left: usize,
}

impl<R: BufRead> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut bytes = self.fill_buf()?;
        let read = bytes.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let left = self.left;
        let bytes = self.inner.fill_buf()?;
        if left == 0 && !bytes.is_empty() {
            return Err(io::Error::other(too_large("a text in the workbook is longer than the memory limit allows")));
        }
        Ok(bytes.get(..left).unwrap_or(bytes))
    }

    fn consume(&mut self, count: usize) {
        self.left = self.left.saturating_sub(count);
        self.inner.consume(count);
    }
}
