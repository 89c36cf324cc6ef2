//! Reads a column chunk of text that is not repeated: from the bytes of its pages into one buffer per batch, without an
//! object per value. Values of a dictionary are taken over once per batch, and keys stand for them.
//!
//! It reads what nearly all writers write (plain values and keys of a dictionary, levels in the hybrid encoding); chunks
//! with other encodings are read by `leaf`. It must never take a length from the file for more than the page holds.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, DictionaryArray, PrimitiveArray, StringArray};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::Int32Type;
use bytes::Bytes;
use parquet::basic::{Encoding, Type};
use parquet::column::page::{Page, PageReader};
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::serialized_reader::SerializedPageReader;

use super::hybrid::{Hybrid, Short};
use super::source::Source;
use super::survey::Survey;

/// Bytes of text that a batch may hold.
const MAX_BATCH_BYTES: usize = 1 << 30;
/// What a batch with keys may take when it is written out, in units of its distinct values.
const MOST_EXPANDED: usize = 2;
/// A value of the dictionary that is not in the batch.
const NOT_HELD: u32 = u32::MAX;

/// A column chunk of text and the batch that is being made.
pub(super) struct Flat {
    pages: SerializedPageReader<Source>,
    most: i16,
    dictionary: Dictionary,
    page: Option<Open>,
    batch: Batch,
}

/// The values of the dictionary, as they stand in its page.
#[derive(Default)]
struct Dictionary {
    bytes: Bytes,
    spans: Vec<(u32, u32)>,
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

/// What was read.
#[derive(Default)]
struct Batch {
    records: usize,
    /// For each record whether it has a value; empty while all have.
    present: Vec<bool>,
    bytes: Vec<u8>,
    /// Ends of the values in `bytes`.
    ends: Vec<i32>,
    /// For each record with a value which one it is; empty while there are only plain ones, one after the other.
    keys: Vec<i32>,
    /// For each value of the dictionary its number among `ends`.
    held: Vec<u32>,
}

impl From<Short> for ParquetError {
    fn from(_: Short) -> Self {
        ParquetError::EOF("a page ends early".into())
    }
}

fn short() -> ParquetError {
    Short.into()
}

impl Flat {
    /// Whether `chunk` is one that can be read here.
    pub(super) fn fits(chunk: &ColumnChunkMetaData, survey: &Survey) -> bool {
        chunk.column_type() == Type::BYTE_ARRAY && chunk.column_descr().max_rep_level() == 0 && survey.common
    }

    pub(super) fn open(source: &Arc<Source>, chunk: &ColumnChunkMetaData, rows: usize) -> Result<Self, ParquetError> {
        let pages = SerializedPageReader::new(Arc::clone(source), chunk, rows, None)?;
        let most = chunk.column_descr().max_def_level();
        Ok(Flat { pages, most, dictionary: Dictionary::default(), page: None, batch: Batch::default() })
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
        if page.left == 0 {
            self.page = None;
        }
        Ok(records)
    }

    /// The batch as an array, as text when all of it is UTF-8 (second result), else as bytes. `None` when no record has
    /// a value. The batch is gone then.
    pub(super) fn build(&mut self) -> Result<Option<(ArrayRef, bool)>, ParquetError> {
        let batch = std::mem::take(&mut self.batch);
        let nulls = (!batch.present.is_empty()).then(|| NullBuffer::new(BooleanBuffer::from(batch.present.as_slice())));
        let values = batch.records - nulls.as_ref().map_or(0, NullBuffer::null_count);
        if values == 0 {
            return Ok(None);
        }
        if batch.keys.is_empty() {
            let ends = spread(batch.ends, nulls.as_ref(), true);
            return array(batch.bytes, &ends, nulls).map(Some);
        }
        let span = |key: i32| {
            let key = usize::try_from(key).ok()?;
            let start = key.checked_sub(1).map_or(Some(0), |before| batch.ends.get(before).copied())?;
            batch.bytes.get(usize::try_from(start).ok()?..usize::try_from(*batch.ends.get(key)?).ok()?)
        };
        let expanded: usize = batch.keys.iter().filter_map(|key| span(*key)).map(<[u8]>::len).sum();
        if batch.ends.len() * 2 > values && expanded <= batch.bytes.len().saturating_mul(MOST_EXPANDED) {
            let (mut bytes, mut ends) = (Vec::with_capacity(expanded), Vec::with_capacity(values));
            for key in &batch.keys {
                bytes.extend_from_slice(span(*key).unwrap_or_default());
                ends.push(i32::try_from(bytes.len()).unwrap_or(i32::MAX));
            }
            let ends = spread(ends, nulls.as_ref(), true);
            return array(bytes, &ends, nulls).map(Some);
        }
        let keys = spread(batch.keys, nulls.as_ref(), false);
        let keys = PrimitiveArray::<Int32Type>::try_new(ScalarBuffer::from(keys), nulls)?;
        let (values, text) = array(batch.bytes, &batch.ends, None)?;
        Ok(Some((Arc::new(DictionaryArray::<Int32Type>::try_new(keys, values)?), text)))
    }
}

/// One entry for each record: of those with a value the next of `values`; of the others the last one, or 0.
fn spread(values: Vec<i32>, nulls: Option<&NullBuffer>, repeat: bool) -> Vec<i32> {
    let Some(nulls) = nulls else { return values };
    let (mut values, mut last) = (values.into_iter(), 0);
    let mut spread = Vec::with_capacity(nulls.len());
    for present in nulls {
        let next = if present { values.next().unwrap_or_default() } else { last };
        last = if repeat { next } else { 0 };
        spread.push(next);
    }
    spread
}

fn array(bytes: Vec<u8>, ends: &[i32], nulls: Option<NullBuffer>) -> Result<(ArrayRef, bool), ParquetError> {
    let mut offsets = Vec::with_capacity(ends.len() + 1);
    offsets.push(0);
    offsets.extend_from_slice(ends);
    let (offsets, bytes) = (OffsetBuffer::<i32>::new(offsets.into()), Buffer::from_vec(bytes));
    match StringArray::try_new(offsets.clone(), bytes.clone(), nulls.clone()) {
        Ok(array) => Ok((Arc::new(array), true)),
        Err(_) => Ok((Arc::new(BinaryArray::try_new(offsets, bytes, nulls)?), false)),
    }
}

/// Start and end of the plain value whose length stands at `at`.
#[inline(always)]
fn plain(bytes: &[u8], at: usize) -> Result<(usize, usize), ParquetError> {
    let length = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()).ok_or_else(short)?;
    let start = at + 4;
    let end = start + u32::from_le_bytes(*length) as usize;
    if end > bytes.len() { Err(short()) } else { Ok((start, end)) }
}

impl Batch {
    /// Enters `count` records that have a value.
    fn all_present(&mut self, count: usize) {
        if !self.present.is_empty() {
            self.present.resize(self.records + count, true);
        }
        self.records += count;
    }

    /// Reads the levels of `count` records; returns how many have a value.
    fn levels(&mut self, levels: &mut Hybrid, count: usize, most: i16, keep: bool) -> Result<usize, ParquetError> {
        let mut values = 0;
        let mut beyond = false;
        let most = most.cast_unsigned().into();
        levels.each(count, |level, times| {
            beyond |= level > most;
            let present = level == most;
            values += if present { times } else { 0 };
            if !keep {
                return;
            }
            if present && self.present.is_empty() {
                self.records += times;
                return;
            }
            if self.present.is_empty() {
                self.present = vec![true; self.records];
            }
            self.present.resize(self.records + times, present);
            self.records += times;
        })?;
        if beyond {
            return Err(ParquetError::General("a level is higher than its column's".into()));
        }
        Ok(values)
    }

    fn take_plain(&mut self, bytes: &[u8], at: &mut usize, count: usize) -> Result<(), ParquetError> {
        self.ends.reserve(count);
        // What is left of the page is all that can follow.
        self.bytes.reserve(bytes.len().saturating_sub(*at + 4 * count).min(1 << 20));
        for _ in 0..count {
            let (start, end) = plain(bytes, *at)?;
            self.push(bytes.get(start..end).unwrap_or_default());
            *at = end;
        }
        if !self.keys.is_empty() {
            let first = self.ends.len() - count;
            self.keys.extend((first..self.ends.len()).map(|key| key as i32));
        }
        Ok(())
    }

    #[inline(always)]
    fn push(&mut self, value: &[u8]) {
        self.bytes.extend_from_slice(value);
        // Beyond, the batch is refused before anything is made of it.
        self.ends.push(i32::try_from(self.bytes.len()).unwrap_or(i32::MAX));
    }

    fn take_keys(&mut self, keys: &mut Hybrid, count: usize, dictionary: &Dictionary) -> Result<(), ParquetError> {
        if count == 0 {
            return Ok(());
        }
        if self.keys.is_empty() {
            self.keys = (0..self.ends.len()).map(|key| key as i32).collect();
        }
        if self.held.len() != dictionary.spans.len() {
            self.held = vec![NOT_HELD; dictionary.spans.len()];
        }
        self.keys.reserve(count);
        let mut beyond = false;
        keys.each(count, |key, times| {
            let Some(&held) = self.held.get(key as usize) else {
                beyond = true;
                return;
            };
            let held = if held == NOT_HELD { self.hold(key as usize, dictionary) } else { held };
            match times {
                1 => self.keys.push(held as i32),
                _ => self.keys.resize(self.keys.len() + times, held as i32),
            }
        })?;
        if beyond { Err(ParquetError::General("a key is not in the dictionary".into())) } else { Ok(()) }
    }

    /// Takes a value of the dictionary into the batch.
    fn hold(&mut self, key: usize, dictionary: &Dictionary) -> u32 {
        let number = self.ends.len() as u32;
        let span = dictionary.spans.get(key).map(|(start, end)| *start as usize..*end as usize);
        self.push(span.and_then(|span| dictionary.bytes.get(span)).unwrap_or_default());
        if let Some(held) = self.held.get_mut(key) {
            *held = number;
        }
        number
    }
}
