//! Reads a column chunk of text that is not repeated: from the bytes of its pages into one buffer per batch, without an
//! object per value. Values of a dictionary are taken over once per batch, and keys stand for them.
//!
//! It reads what nearly all writers write (plain values and keys of a dictionary, levels in the hybrid encoding); chunks
//! with other encodings are read by `leaf`. It must never take a length from the file for more than the page holds.

use std::sync::Arc;

use arrow::array::ArrayRef;
use bytes::Bytes;
use parquet::basic::{Encoding, Type};
use parquet::column::page::{Page, PageReader};
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;

use super::batch::{Batch, Dictionary, plain, short};
use super::hybrid::Hybrid;
use super::source::Source;
use super::survey::Survey;

/// Bytes of text that a batch may hold.
const MAX_BATCH_BYTES: usize = 1 << 30;

/// A column chunk of text and the batch that is being made.
pub(super) struct Flat {
    pages: SerializedPageReader<Source>,
    most: i16,
    /// Records that were read or stepped over, and how many of them no page with keys is behind.
    done: usize,
    keyed: usize,
    dictionary: Dictionary,
    page: Option<Open>,
    batch: Batch,
}

/// A page that is being read.
struct Open {
    /// Records left in it.
    left: usize,
    /// Which of them have a value; `None`: all.
    levels: Option<Hybrid>,
    values: Values,
}

enum Values {
    Plain(Bytes, usize),
    Keys(Hybrid),
}

impl Flat {
    /// Whether `chunk` is one that can be read here.
    pub(super) fn fits(chunk: &ColumnChunkMetaData, survey: &Survey) -> bool {
        chunk.column_type() == Type::BYTE_ARRAY && chunk.column_descr().max_rep_level() == 0 && survey.common
    }

    pub(super) fn open(
        source: &Arc<Source>,
        chunk: &ColumnChunkMetaData,
        rows: usize,
        survey: &Survey,
    ) -> Result<Self, ParquetError> {
        let pages = SerializedPageReader::new(Arc::clone(source), chunk, rows, None)?;
        let most = chunk.column_descr().max_def_level();
        let keyed = usize::try_from(survey.keyed).unwrap_or(usize::MAX);
        Ok(Flat { pages, most, done: 0, keyed, dictionary: Dictionary::default(), page: None, batch: Batch::default() })
    }

    /// Reads the next `records` records after forgetting the last batch; returns how many there were.
    pub(super) fn next(&mut self, records: usize) -> Result<usize, ParquetError> {
        self.forget();
        while self.batch.records < records && self.open_page()? {
            let wanted = records - self.batch.records;
            self.read(wanted, true)?;
        }
        Ok(self.batch.records)
    }

    /// Steps over `records` records; returns how many there were.
    pub(super) fn skip(&mut self, records: usize) -> Result<usize, ParquetError> {
        let mut skipped = 0;
        while skipped < records {
            if self.page.is_none()
                && let Some(next) = self.pages.peek_next_page()?
                && !next.is_dict
                && let Some(levels) = next.num_levels.filter(|levels| *levels <= records - skipped)
            {
                self.pages.skip_next_page()?;
                skipped += levels;
                self.done += levels;
                continue;
            }
            if !self.open_page()? {
                break;
            }
            skipped += self.read(records - skipped, false)?;
        }
        Ok(skipped)
    }

    /// Decodes all that is left, keeping nothing; returns the number of records.
    pub(super) fn drain(&mut self, records: usize) -> Result<usize, ParquetError> {
        let mut read = 0;
        while read < records && self.open_page()? {
            read += self.read(records - read, false)?;
        }
        Ok(read)
    }

    /// Forgets the last batch and gives its memory back.
    pub(super) fn forget(&mut self) {
        self.batch = Batch::default();
    }

    /// Makes sure that a page is open; `false` at the end of the chunk.
    fn open_page(&mut self) -> Result<bool, ParquetError> {
        while self.page.is_none() {
            if self.done >= self.keyed {
                self.dictionary = Dictionary::default();
            }
            let Some(page) = self.pages.get_next_page()? else { return Ok(false) };
            self.page = match page {
                Page::DictionaryPage { buf, num_values, .. } => {
                    self.take_dictionary(&buf, num_values as usize)?;
                    None
                }
                Page::DataPage { buf, num_values, encoding, .. } => {
                    let (levels, values) = if self.most > 0 {
                        let length = u32::from_le_bytes(*buf.first_chunk().ok_or_else(short)?) as usize;
                        let end = length.checked_add(4).filter(|end| *end <= buf.len()).ok_or_else(short)?;
                        (Some(buf.slice(4..end)), buf.slice(end..))
                    } else {
                        (None, buf)
                    };
                    Some(self.opened(num_values, levels, values, encoding)?)
                }
                Page::DataPageV2 { buf, num_values, encoding, def_levels_byte_len, rep_levels_byte_len, .. } => {
                    let start = rep_levels_byte_len as usize;
                    let end = start.checked_add(def_levels_byte_len as usize).filter(|end| *end <= buf.len());
                    let end = end.ok_or_else(short)?;
                    let levels = (self.most > 0).then(|| buf.slice(start..end));
                    Some(self.opened(num_values, levels, buf.slice(end..), encoding)?)
                }
            };
            self.page = self.page.take().filter(|page| page.left > 0);
        }
        Ok(true)
    }

    fn take_dictionary(&mut self, bytes: &Bytes, count: usize) -> Result<(), ParquetError> {
        // Each value takes at least the four bytes of its length.
        if count > bytes.len() / 4 {
            return Err(short());
        }
        let mut spans = Vec::with_capacity(count);
        let mut at = 0;
        for _ in 0..count {
            let (start, end) = plain(bytes, at)?;
            // The survey lets no page through that is larger.
            spans.push((start as u32, end as u32));
            at = end;
        }
        self.dictionary = Dictionary { bytes: bytes.clone(), spans };
        Ok(())
    }

    fn opened(
        &self,
        records: u32,
        levels: Option<Bytes>,
        values: Bytes,
        encoding: Encoding,
    ) -> Result<Open, ParquetError> {
        let width = i16::BITS - self.most.leading_zeros();
        let levels = levels.map(|levels| Hybrid::new(levels, width)).transpose()?;
        let values = match encoding {
            Encoding::PLAIN => Values::Plain(values, 0),
            // A page in which all are NULL may hold no keys at all, not even their width.
            Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY => {
                let width = values.first().copied().unwrap_or(0);
                Values::Keys(Hybrid::new(values.slice(values.len().min(1)..), width.into())?)
            }
            other => return Err(ParquetError::NYI(format!("{other} among plain pages"))),
        };
        Ok(Open { left: records as usize, levels, values })
    }

    /// Reads up to `records` records of the open page, into the batch if they are to be kept; returns how many.
    fn read(&mut self, records: usize, keep: bool) -> Result<usize, ParquetError> {
        let Some(page) = &mut self.page else { return Ok(0) };
        let records = records.min(page.left);
        let batch = &mut self.batch;
        let values = match &mut page.levels {
            Some(levels) => batch.levels(levels, records, self.most, keep)?,
            None => {
                batch.all_present(if keep { records } else { 0 });
                records
            }
        };
        match &mut page.values {
            Values::Plain(bytes, at) if keep => batch.take_plain(bytes, at, values)?,
            Values::Plain(bytes, at) => {
                for _ in 0..values {
                    (_, *at) = plain(bytes, *at)?;
                }
            }
            Values::Keys(keys) if keep => batch.take_keys(keys, values, &self.dictionary)?,
            Values::Keys(keys) => keys.each(values, |_, _| {})?,
        }
        if batch.bytes.len() > MAX_BATCH_BYTES {
            return Err(ParquetError::General(format!("a batch expands to more than {MAX_BATCH_BYTES} bytes")));
        }
        page.left -= records;
        self.done += records;
        if page.left == 0 {
            self.page = None;
        }
        Ok(records)
    }

    /// The batch as an array; it is gone then.
    pub(super) fn build(&mut self) -> Result<Option<(ArrayRef, bool)>, ParquetError> {
        std::mem::take(&mut self.batch).into_array()
    }
}
