//! The cells of one column of a block, apart by what they are: a column of SQLite may hold text in one row and a number
//! in the next. Each kind becomes a column of its own under the same name, with NULL where the cell is of another kind,
//! so that a new value is always of the kind that the old one was.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, Float64Array, Int64Array};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer};
use rusqlite::types::ValueRef;

use crate::block::Column;
use crate::error::DataError;

/// What a cell holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// TEXT.
    Text,
    /// INTEGER.
    Integer,
    /// REAL.
    Real,
    /// BLOB that is text.
    Blob,
    /// TEXT or BLOB that is not UTF-8: examined, never rewritten.
    Bytes,
}

/// All kinds, in the order of the columns that they become.
pub(super) const KINDS: [Kind; 5] = [Kind::Text, Kind::Integer, Kind::Real, Kind::Blob, Kind::Bytes];

/// The column and kind that entry `index` of a table's context stands for.
pub(super) fn column_and_kind(index: usize) -> (usize, Kind) {
    (index / KINDS.len(), KINDS.get(index % KINDS.len()).copied().unwrap_or(Kind::Bytes))
}

/// The cells of one column.
#[derive(Default)]
pub(super) struct Cells {
    text: Bytes,
    integers: Numbers<i64>,
    reals: Numbers<f64>,
    blobs: Bytes,
    bytes: Bytes,
}

#[derive(Default)]
struct Bytes {
    bytes: Vec<u8>,
    ends: Vec<i32>,
    present: Vec<bool>,
}

#[derive(Default)]
struct Numbers<T> {
    values: Vec<T>,
    present: Vec<bool>,
}

impl Cells {
    /// Adds the cell of row `row` of the block; gives the bytes that it takes.
    pub(super) fn push(&mut self, row: usize, value: ValueRef<'_>) -> usize {
        let is_text = |bytes: &[u8]| simdutf8::basic::from_utf8(bytes).is_ok();
        match value {
            ValueRef::Null => 1,
            ValueRef::Integer(number) => self.integers.push(row, number),
            ValueRef::Real(number) => self.reals.push(row, number),
            ValueRef::Text(text) if is_text(text) => self.text.push(row, text),
            ValueRef::Blob(blob) if is_text(blob) => self.blobs.push(row, blob),
            ValueRef::Text(bytes) | ValueRef::Blob(bytes) => self.bytes.push(row, bytes),
        }
    }

    /// The columns that came of it, for the column `column` of the table, each of `rows` cells.
    ///
    /// # Errors
    /// When the cells are more than an array holds.
    pub(super) fn finish(self, column: usize, rows: usize, columns: &mut Vec<Column>) -> Result<(), DataError> {
        let arrays = [
            self.text.finish(rows)?,
            self.integers.finish(rows, |values, nulls| Arc::new(Int64Array::new(values.into(), Some(nulls)))),
            self.reals.finish(rows, |values, nulls| Arc::new(Float64Array::new(values.into(), Some(nulls)))),
            self.blobs.finish(rows)?,
            self.bytes.finish(rows)?,
        ];
        for (kind, values) in arrays.into_iter().enumerate() {
            columns.extend(values.map(|values| Column { index: column * KINDS.len() + kind, values, records: None }));
        }
        Ok(())
    }
}

impl Bytes {
    fn push(&mut self, row: usize, value: &[u8]) -> usize {
        self.pad(row);
        self.bytes.extend_from_slice(value);
        // Beyond, the block is refused before anything is made of it.
        self.ends.push(i32::try_from(self.bytes.len()).unwrap_or(i32::MAX));
        self.present.push(true);
        value.len() + 8
    }

    fn pad(&mut self, rows: usize) {
        let end = self.ends.last().copied().unwrap_or(0);
        self.ends.resize(rows, end);
        self.present.resize(rows, false);
    }

    fn finish(mut self, rows: usize) -> Result<Option<ArrayRef>, DataError> {
        if self.present.is_empty() {
            return Ok(None);
        }
        self.pad(rows);
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        offsets.append(&mut self.ends);
        let too_much = |_| DataError::new("a row is too large");
        i32::try_from(self.bytes.len()).map_err(|_| DataError::new("a row is too large"))?;
        let nulls = NullBuffer::new(BooleanBuffer::from(self.present));
        let array = BinaryArray::try_new(OffsetBuffer::new(offsets.into()), Buffer::from_vec(self.bytes), Some(nulls));
        Ok(Some(Arc::new(array.map_err(too_much)?)))
    }
}

impl<T: Copy + Default> Numbers<T> {
    fn push(&mut self, row: usize, value: T) -> usize {
        self.values.resize(row, T::default());
        self.present.resize(row, false);
        self.values.push(value);
        self.present.push(true);
        16
    }

    fn finish(mut self, rows: usize, array: impl FnOnce(Vec<T>, NullBuffer) -> ArrayRef) -> Option<ArrayRef> {
        if self.present.is_empty() {
            return None;
        }
        self.values.resize(rows, T::default());
        self.present.resize(rows, false);
        let nulls = NullBuffer::new(BooleanBuffer::from(self.present));
        Some(array(self.values, nulls))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow::array::{Array, AsArray};
    use arrow::datatypes::Float64Type;

    #[test]
    fn each_kind_is_a_column_with_gaps() {
        let mut cells = Cells::default();
        let values = [
            ValueRef::Null,
            ValueRef::Text(b"a"),
            ValueRef::Integer(7),
            ValueRef::Real(8.0),
            ValueRef::Real(8.5),
            ValueRef::Blob(b"b"),
            ValueRef::Text(b"\xff"),
            ValueRef::Text(b""),
            ValueRef::Null,
        ];
        for (row, value) in values.into_iter().enumerate() {
            cells.push(row, value);
        }
        let mut columns = Vec::new();
        cells.finish(2, 9, &mut columns).unwrap();
        let places: Vec<_> = columns.iter().map(|column| column_and_kind(column.index)).collect();
        assert_eq!(places, KINDS.map(|kind| (2, kind)));
        let filled = |at: usize| (0..9).filter(|row| columns[at].values.is_valid(*row)).collect::<Vec<_>>();
        assert_eq!([0, 1, 2, 3, 4].map(filled), [vec![1, 7], vec![2], vec![3, 4], vec![5], vec![6]]);
        assert_eq!(columns[0].values.as_binary::<i32>().value(7), b"");
        assert_eq!(columns[2].values.as_primitive::<Float64Type>().value(4), 8.5);
    }
}
