//! Reads one leaf field of a record batch from front to back, a few rows at a time, with the record of each value.
//!
//! Every value that stands in the buffers is read, also below a record or list that is NULL, and what no list refers to
//! counts to the record beside it: what is in the file must be seen. What lies hidden behind a NULL or between values is
//! noted ([`Leaf::hidden`]), so that a rewritten file does not carry it on.

use super::buffer::{Bits, Offsets, Stream};
use super::message::{Batch, Span};
use super::schema::{Layout, Node};
use super::unreadable;
use crate::error::DataError;
use crate::format::columnar::source::Source;

/// Most values of one leaf that are held at a time.
const MAX_VALUES: u64 = 32 << 20;
/// Most bytes of the buffers that views point into.
const MAX_VIEWED: u64 = 1 << 30;
/// Longest value that stands in its view.
pub(super) const INLINE: usize = 12;

/// Values as they stand in their buffers, without what lies behind NULLs.
#[derive(Debug, Default, Clone)]
pub(super) struct Raw {
    pub(super) count: usize,
    /// Which of them are not NULL; `None`: all.
    pub(super) present: Option<Vec<bool>>,
    pub(super) bytes: Vec<u8>,
    /// Ends of the values; empty where all are of one width.
    pub(super) ends: Vec<usize>,
    /// Their width, where they have one.
    pub(super) width: usize,
}

impl Raw {
    /// Value `index`; `None` for NULL.
    pub(super) fn get(&self, index: usize) -> Option<&[u8]> {
        if !self.present.as_ref().is_none_or(|present| present.get(index).copied().unwrap_or(false)) {
            return None;
        }
        if self.ends.is_empty() {
            let start = index.checked_mul(self.width)?;
            return self.bytes.get(start..start + self.width).filter(|_| index < self.count);
        }
        let start = index.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.bytes.get(start..*self.ends.get(index)?)
    }

    /// Appends a value of the same kind.
    pub(super) fn push(&mut self, value: Option<&[u8]>, fixed: Option<usize>) {
        if value.is_none() && self.present.is_none() {
            self.present = Some(vec![true; self.count]);
        }
        if let Some(present) = &mut self.present {
            present.push(value.is_some());
        }
        self.bytes.extend_from_slice(value.unwrap_or_default());
        match fixed {
            Some(width) => {
                self.width = width;
                self.count += 1;
                self.bytes.resize(self.count * width, 0);
            }
            None => {
                self.count += 1;
                self.ends.push(self.bytes.len());
            }
        }
    }
}

/// One leaf of one record batch.
pub(super) struct Leaf {
    steps: Vec<Step>,
    present: Option<Bits>,
    values: Values,
    length: u64,
    nulls: u64,
    seen_nulls: u64,
    /// Bytes of its values.
    pub(super) weight: u64,
    /// Values that were read.
    pub(super) done: u64,
    /// Something stands in its buffers that is no value.
    pub(super) hidden: bool,
}

/// From one level of nesting to the next.
enum Step {
    List(Offsets, u64),
    Fixed(usize),
}

enum Values {
    Nothing,
    Bytes(Offsets, Stream),
    Fixed(Stream, usize),
    Viewed(Stream, Viewed),
}

/// The buffers that views point into, and how much of them was pointed at.
struct Viewed {
    buffers: Vec<Vec<u8>>,
    used: u64,
}

impl Leaf {
    /// Opens field `index` of `nodes`, whose buffers are at `places`.
    ///
    /// # Errors
    /// When a buffer is too short for it.
    pub(super) fn open(
        source: &Source,
        batch: &Batch,
        nodes: &[Node],
        places: &[(usize, usize)],
        index: usize,
    ) -> Result<Leaf, DataError> {
        let missing = || unreadable("a buffer is missing");
        let node = nodes.get(index).ok_or_else(missing)?;
        let span = |index: usize, number: usize| -> Result<Span, DataError> {
            let (first, count) = places.get(index).copied().filter(|(_, count)| number < *count).ok_or_else(missing)?;
            batch.buffers.get(first + number).copied().filter(|_| count > 0).ok_or_else(missing)
        };
        let open = |index, number| Stream::open(source, span(index, number)?, batch.codec);
        let (length, nulls) = *batch.nodes.get(index).ok_or_else(missing)?;
        // Where all are NULL by their type, no buffer says so.
        let nulls = if node.layout == Layout::Null { 0 } else { nulls };
        let mut steps = Vec::new();
        let mut child = index;
        while let Some(parent) = nodes.get(child).and_then(|node| node.parent) {
            let below = batch.nodes.get(child).map_or(0, |(length, _)| *length);
            match nodes.get(parent).map(|node| node.layout) {
                Some(Layout::List { wide }) => steps.push(Step::List(Offsets::new(open(parent, 1)?, wide), below)),
                Some(Layout::FixedList(size)) => steps.push(Step::Fixed(usize::try_from(size).unwrap_or(usize::MAX))),
                _ => {}
            }
            child = parent;
        }
        steps.reverse();
        let present = if nulls > 0 { Some(Bits::new(open(index, 0)?)) } else { None };
        let values = match node.layout {
            Layout::Bytes { wide } => Values::Bytes(Offsets::new(open(index, 1)?, wide), open(index, 2)?),
            Layout::Fixed(width) => Values::Fixed(open(index, 1)?, width),
            Layout::View => {
                let count = places.get(index).map_or(0, |(_, count)| *count);
                let mut buffers = Vec::new();
                for number in 2..count {
                    let mut stream = open(index, number)?;
                    batch.viewed.set(batch.viewed.get().saturating_add(stream.left));
                    if batch.viewed.get() > MAX_VIEWED {
                        return Err(DataError::new(format!("the columns of views hold more than {MAX_VIEWED} bytes"))
                            .advise("write it again with smaller record batches"));
                    }
                    buffers.push(stream.take(stream.left)?);
                }
                Values::Viewed(open(index, 1)?, Viewed { buffers, used: 0 })
            }
            _ => Values::Nothing,
        };
        let needed = match &values {
            Values::Fixed(stream, width) if (stream.left / (*width).max(1) as u64) < length => None,
            Values::Viewed(stream, _) if stream.left / 16 < length => None,
            _ => Some(()),
        };
        let weight = match &values {
            Values::Bytes(_, stream) | Values::Fixed(stream, _) => stream.left,
            Values::Viewed(stream, viewed) => {
                viewed.buffers.iter().fold(stream.left, |sum, bytes| sum + bytes.len() as u64)
            }
            Values::Nothing => 0,
        };
        needed.ok_or_else(|| unreadable("a buffer is too short for its values").at(node.position()))?;
        Ok(Leaf { steps, present, values, length, nulls, seen_nulls: 0, weight, done: 0, hidden: false })
    }

    /// The values of the next `rows` rows, which are the `last` ones or not, and the row of each where that is not the
    /// value's number.
    ///
    /// # Errors
    /// When they are not there.
    pub(super) fn next(&mut self, rows: usize, last: bool) -> Result<(Option<Vec<u32>>, Raw), DataError> {
        let mut count = rows;
        let mut records: Option<Vec<u32>> = None;
        for step in &mut self.steps {
            let lengths = match step {
                Step::Fixed(size) => vec![*size as u64; count],
                Step::List(offsets, below) => {
                    let (skipped, mut lengths) = offsets.take(count)?;
                    if let Some(first) = lengths.first_mut() {
                        *first += skipped;
                    }
                    if last {
                        let behind = below.checked_sub(offsets.end());
                        let behind = behind.ok_or_else(|| unreadable("a list holds more values than there are"))?;
                        match lengths.last_mut() {
                            Some(length) => *length += behind,
                            None if behind > 0 => return Err(unreadable("values stand in no list")),
                            None => {}
                        }
                        offsets.is_padding()?;
                    }
                    lengths
                }
            };
            let total = lengths.iter().fold(0u64, |sum, length| sum.saturating_add(*length));
            if total > MAX_VALUES {
                return Err(DataError::new("a list holds too many values to be read in one piece")
                    .advise("split the long lists before"));
            }
            let of = |place: usize| match &records {
                Some(records) => records.get(place).copied().unwrap_or(0),
                None => place as u32,
            };
            let mut below = Vec::with_capacity(total as usize);
            for (place, length) in lengths.iter().enumerate() {
                below.resize(below.len() + *length as usize, of(place));
            }
            count = below.len();
            records = Some(below);
        }
        let raw = self.take(count)?;
        if last {
            self.finish()?;
        }
        Ok((records, raw))
    }

    /// The next `count` values.
    ///
    /// # Errors
    /// When they are not there.
    pub(super) fn take(&mut self, count: usize) -> Result<Raw, DataError> {
        if count as u64 > self.length - self.done {
            return Err(unreadable("a list holds more values than there are"));
        }
        let present = self.present.as_mut().map(|bits| bits.take(count)).transpose()?;
        self.seen_nulls += present.iter().flatten().filter(|present| !**present).count() as u64;
        let hidden = &mut self.hidden;
        let is_null = |index: usize| present.as_ref().is_some_and(|present| present.get(index) == Some(&false));
        let mut raw = Raw { count, ..Raw::default() };
        match &mut self.values {
            Values::Nothing => {}
            Values::Fixed(stream, width) => {
                raw.width = *width;
                raw.bytes = stream.take(count as u64 * *width as u64)?;
                let values = raw.bytes.chunks_mut((*width).max(1)).enumerate();
                for (_, value) in values.filter(|(at, _)| present.is_some() && is_null(*at)) {
                    *hidden |= value.iter().any(|byte| *byte != 0);
                    value.fill(0);
                }
            }
            Values::Bytes(offsets, stream) => {
                let (skipped, lengths) = offsets.take(count)?;
                *hidden |= skipped > 0;
                stream.take(skipped)?;
                let total = lengths.iter().fold(0u64, |sum, length| sum.saturating_add(*length));
                raw.bytes = stream.take(total)?;
                let mut end = 0;
                raw.ends = lengths
                    .iter()
                    .map(|length| {
                        end += *length as usize;
                        end
                    })
                    .collect();
                let behind = |(at, length): (usize, &u64)| *length > 0 && is_null(at);
                if present.is_some() && lengths.iter().enumerate().any(behind) {
                    *hidden = true;
                    raw = compacted(&raw, is_null);
                }
            }
            Values::Viewed(stream, viewed) => {
                for (index, view) in stream.take(count as u64 * 16)?.as_chunks::<16>().0.iter().enumerate() {
                    if is_null(index) {
                        *hidden |= view.iter().any(|byte| *byte != 0);
                        raw.ends.push(raw.bytes.len());
                        continue;
                    }
                    *hidden |= viewed.append(view, &mut raw.bytes)?;
                    raw.ends.push(raw.bytes.len());
                }
            }
        }
        raw.present = present;
        self.done += count as u64;
        Ok(raw)
    }

    /// Holds what was read against what was declared, once all is read.
    ///
    /// # Errors
    /// When values are left, or the number of NULLs is another.
    pub(super) fn finish(&mut self) -> Result<(), DataError> {
        if self.done != self.length {
            return Err(unreadable("a field has values that belong to no row"));
        }
        if self.seen_nulls != self.nulls {
            return Err(unreadable("a field does not have as many NULLs as its metadata say"));
        }
        if let Some(bits) = &mut self.present {
            self.hidden |= !bits.is_padding()?;
        }
        self.hidden |= match &mut self.values {
            Values::Nothing => false,
            Values::Fixed(stream, _) => !stream.is_padding()?,
            Values::Bytes(offsets, stream) => !offsets.is_padding()? || !stream.is_padding()?,
            Values::Viewed(stream, viewed) => !stream.is_padding()? || viewed.is_hiding(),
        };
        Ok(())
    }
}

impl Viewed {
    /// Appends the value that `view` stands for; whether the view holds something besides.
    fn append(&mut self, view: &[u8; 16], into: &mut Vec<u8>) -> Result<bool, DataError> {
        let damaged = || unreadable("a view points beyond its buffers");
        let [a, b, c, d, rest @ ..] = view;
        let length = usize::try_from(i32::from_le_bytes([*a, *b, *c, *d])).map_err(|_| damaged())?;
        if length <= INLINE {
            let (value, behind) = rest.split_at_checked(length).ok_or_else(damaged)?;
            into.extend_from_slice(value);
            return Ok(behind.iter().any(|byte| *byte != 0));
        }
        let [e, f, g, h, i, j, k, l, m, n, o, p] = rest;
        let place = |bytes: [u8; 4]| usize::try_from(i32::from_le_bytes(bytes)).map_err(|_| damaged());
        let (buffer, start) = (place([*i, *j, *k, *l])?, place([*m, *n, *o, *p])?);
        let value = self.buffers.get(buffer).and_then(|bytes| bytes.get(start..start + length)).ok_or_else(damaged)?;
        // What detection sees must be what readers compare by.
        if !value.starts_with(&[*e, *f, *g, *h]) {
            return Err(unreadable("a view begins otherwise than its value"));
        }
        self.used += length as u64;
        if into.len() as u64 + length as u64 > MAX_VIEWED {
            return Err(DataError::new(format!("a few rows take more than {MAX_VIEWED} bytes")));
        }
        into.extend_from_slice(value);
        Ok(false)
    }

    fn is_hiding(&self) -> bool {
        self.used != self.buffers.iter().map(|buffer| buffer.len() as u64).sum::<u64>()
    }
}

/// `raw` without the bytes behind NULLs.
fn compacted(raw: &Raw, is_null: impl Fn(usize) -> bool) -> Raw {
    let mut compact = Raw::default();
    for index in 0..raw.count {
        compact.push(Some(if is_null(index) { &[] } else { raw.get(index).unwrap_or_default() }), None);
    }
    compact
}
