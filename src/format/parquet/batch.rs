//! One batch of a flat column of text: which records have a value, the bytes of the values one after the other, and keys
//! where they come from a dictionary, each of whose values is taken over once.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, DictionaryArray, PrimitiveArray};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::Int32Type;
use bytes::Bytes;
use parquet::errors::ParquetError;

use super::hybrid::{Hybrid, Short};

/// What a batch with keys may take when it is written out, in units of its distinct values.
const MOST_EXPANDED: usize = 2;
/// Bytes that it may take at most then; the array counts them in 31 bits.
const MAX_EXPANDED: usize = 1 << 30;
/// A value of the dictionary that is not in the batch.
const NOT_HELD: u32 = u32::MAX;

/// The values of the dictionary, as they stand in its page.
#[derive(Default)]
pub(super) struct Dictionary {
    pub(super) bytes: Bytes,
    pub(super) spans: Vec<(u32, u32)>,
}

/// What was read.
#[derive(Default)]
pub(super) struct Batch {
    /// Records in it.
    pub(super) records: usize,
    /// For each record whether it has a value; empty while all have.
    present: Vec<bool>,
    pub(super) bytes: Vec<u8>,
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

/// A page that ends early.
pub(super) fn short() -> ParquetError {
    Short.into()
}

impl Batch {
    /// Enters `count` records that have a value.
    pub(super) fn all_present(&mut self, count: usize) {
        if !self.present.is_empty() {
            self.present.resize(self.records + count, true);
        }
        self.records += count;
    }

    /// Reads the levels of `count` records; returns how many have a value.
    pub(super) fn levels(
        &mut self,
        levels: &mut Hybrid,
        count: usize,
        most: i16,
        keep: bool,
    ) -> Result<usize, ParquetError> {
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

    pub(super) fn take_plain(&mut self, bytes: &[u8], at: &mut usize, count: usize) -> Result<(), ParquetError> {
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

    pub(super) fn take_keys(
        &mut self,
        keys: &mut Hybrid,
        count: usize,
        dictionary: &Dictionary,
    ) -> Result<(), ParquetError> {
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

    /// The batch as an array of bytes, and whether all of it is UTF-8. `None` when no record has a value.
    pub(super) fn into_array(self) -> Result<Option<(ArrayRef, bool)>, ParquetError> {
        let batch = self;
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
        if batch.ends.len() * 2 > values && expanded <= (batch.bytes.len() * MOST_EXPANDED).min(MAX_EXPANDED) {
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
    // All of it is text when the bytes are, and no value begins in the middle of a character.
    let begins = |start: &i32| {
        let first = usize::try_from(*start).ok().and_then(|start| bytes.get(start));
        first.is_none_or(|byte| !(0x80..0xC0).contains(byte))
    };
    let text = simdutf8::basic::from_utf8(&bytes).is_ok() && offsets.iter().all(begins);
    let (offsets, bytes) = (OffsetBuffer::<i32>::new(offsets.into()), Buffer::from_vec(bytes));
    Ok((Arc::new(BinaryArray::try_new(offsets, bytes, nulls)?), text))
}

/// Start and end of the plain value whose length stands at `at`.
#[inline(always)]
pub(super) fn plain(bytes: &[u8], at: usize) -> Result<(usize, usize), ParquetError> {
    let length = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>()).ok_or_else(short)?;
    let start = at + 4;
    let end = start + u32::from_le_bytes(*length) as usize;
    if end > bytes.len() { Err(short()) } else { Ok((start, end)) }
}
