//! Walks the values of a block as the schema says: reads them into columns; `copy` copies them with edits.
//!
//! It must never take a length for more than the block holds, nor walk longer than its bytes warrant.

mod copy;

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int64Array};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer};

pub(super) use self::copy::Changes;
use super::schema::{ColumnSchema, Leaf, Node, Physical, Schema, Shape};
use super::unreadable;
use crate::error::DataError;
use crate::format::columnar::number::from_big_endian;
use crate::format::columnar::typed::moments;

/// Values without any bytes that a block may hold besides those with bytes.
const MOST_EMPTY: u64 = 1 << 24;

/// Most bytes that the values take which are held at a time: an item of an array may have no byte of its own, and an enum's
/// symbol many for one.
const MOST_HELD: usize = 256 << 20;

/// A place in a block.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
    /// Values that may still be walked.
    left: u64,
    /// Bytes that may still be held of the records that are read together.
    room: usize,
}

fn short() -> DataError {
    unreadable("a block ends in the middle of a value")
}

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Cursor<'a> {
        Cursor { bytes, at: 0, left: bytes.len() as u64 * 4 + MOST_EMPTY, room: MOST_HELD }
    }

    /// What was held is let go.
    pub(super) fn let_go(&mut self) {
        self.room = MOST_HELD;
    }

    fn hold(&mut self, bytes: usize) -> Result<(), DataError> {
        self.room = self
            .room
            .checked_sub(bytes)
            .ok_or_else(|| unreadable(format!("one record takes more than {} MiB once it is read", MOST_HELD >> 20)))?;
        Ok(())
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.bytes.len()
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], DataError> {
        let taken = self.bytes.get(self.at..).and_then(|rest| rest.get(..count)).ok_or_else(short)?;
        self.at += count;
        Ok(taken)
    }

    pub(super) fn long(&mut self) -> Result<i64, DataError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = *self.bytes.get(self.at).ok_or_else(short)?;
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed());
            }
        }
        Err(unreadable("a number has too many bytes"))
    }

    pub(super) fn prefixed(&mut self) -> Result<&'a [u8], DataError> {
        let length = usize::try_from(self.long()?).map_err(|_| unreadable("a length is negative"))?;
        self.take(length)
    }

    fn count(&mut self) -> Result<(), DataError> {
        self.left = self.left.checked_sub(1).ok_or_else(|| unreadable("a block holds more values than bytes"))?;
        Ok(())
    }

    /// The branch of a union that comes, and its number.
    fn branch<'n>(&mut self, branches: &'n [Node]) -> Result<&'n Node, DataError> {
        let number = usize::try_from(self.long()?).ok();
        number.and_then(|number| branches.get(number)).ok_or_else(|| unreadable("a union has no such branch"))
    }

    /// The number of items in the next stretch of an array or map, and whether its size in bytes came with it.
    fn items(&mut self) -> Result<(u64, bool), DataError> {
        let count = self.long()?;
        if count < 0 {
            self.long()?;
        }
        Ok((count.unsigned_abs(), count < 0))
    }
}

pub(super) fn put_long(value: i64, out: &mut Vec<u8>) {
    let mut rest = (value << 1 ^ value >> 63).cast_unsigned();
    while rest >= 0x80 {
        out.push(rest as u8 | 0x80);
        rest >>= 7;
    }
    out.push(rest as u8);
}

pub(super) fn put_bytes(value: &[u8], out: &mut Vec<u8>) {
    put_long(value.len() as i64, out);
    out.extend_from_slice(value);
}

/// One value of a leaf.
enum Value<'a> {
    Bytes(&'a [u8]),
    /// Of a floating point number the bits.
    Number(Option<i128>),
}

impl Value<'_> {
    /// Bytes that a value takes besides its own: its end and its record.
    const PLACE: usize = 8;
    /// Bytes that a number takes, with its record.
    const NUMBER: usize = 36;

    /// Bytes that it takes when it is held.
    fn size(&self) -> usize {
        match self {
            Value::Bytes(bytes) => bytes.len() + Value::PLACE,
            Value::Number(_) => Value::NUMBER,
        }
    }
}

fn value<'a>(leaf: &'a Leaf, shape: Option<Shape>, cursor: &mut Cursor<'a>) -> Result<Value<'a>, DataError> {
    cursor.count()?;
    Ok(match &leaf.physical {
        Physical::Null => Value::Bytes(&[]),
        Physical::Boolean => Value::Bytes(cursor.take(1)?),
        Physical::Int | Physical::Long => Value::Number(Some(cursor.long()?.into())),
        Physical::Float => {
            let bytes = *cursor.take(4)?.first_chunk::<4>().ok_or_else(short)?;
            Value::Number(Some(u32::from_le_bytes(bytes).into()))
        }
        Physical::Double => {
            let bytes = *cursor.take(8)?.first_chunk::<8>().ok_or_else(short)?;
            Value::Number(Some(u64::from_le_bytes(bytes).into()))
        }
        Physical::Bytes | Physical::Fixed(_) => {
            let bytes = match leaf.physical {
                Physical::Fixed(size) => cursor.take(size)?,
                _ => cursor.prefixed()?,
            };
            match shape {
                Some(Shape::Decimal { .. }) => Value::Number(from_big_endian(bytes)),
                _ => Value::Bytes(bytes),
            }
        }
        Physical::Enum(symbols) => {
            let symbol = usize::try_from(cursor.long()?).ok().and_then(|number| symbols.get(number));
            Value::Bytes(symbol.ok_or_else(|| unreadable("an enum has no such symbol"))?.as_bytes())
        }
    })
}

/// The values of one column that were read.
#[derive(Default)]
pub(super) struct Values {
    bytes: Vec<u8>,
    ends: Vec<i32>,
    numbers: Vec<Option<i128>>,
    pub(super) records: Vec<u32>,
}

impl Values {
    fn push(&mut self, value: &Value<'_>, record: u32) -> Result<(), DataError> {
        match value {
            Value::Bytes(bytes) => {
                self.bytes.extend_from_slice(bytes);
                let end = i32::try_from(self.bytes.len());
                self.ends
                    .push(end.map_err(|_| DataError::new("a few rows of one column take more than two gigabytes"))?);
            }
            Value::Number(number) => self.numbers.push(*number),
        }
        self.records.push(record);
        Ok(())
    }

    pub(super) fn weight(&self) -> usize {
        self.bytes.len() + self.ends.len() * Value::PLACE + self.numbers.len() * Value::NUMBER
    }

    /// As an array, with its place for each of `rows` records where the column is not `repeated`, and whether it is text.
    /// `None` when there is nothing in it.
    ///
    /// # Errors
    /// When it does not fit an array.
    pub(super) fn build(self, column: &ColumnSchema, rows: usize) -> Result<Option<(ArrayRef, bool)>, DataError> {
        let wrong = |error: arrow::error::ArrowError| DataError::new(error.to_string());
        if self.records.is_empty() || (self.ends.is_empty() && self.numbers.iter().all(Option::is_none)) {
            return Ok(None);
        }
        let flat = !column.repeated && self.records.len() != rows;
        if !matches!(column.shape, Shape::Text { .. } | Shape::Symbol) {
            let mut numbers = self.numbers;
            if flat {
                let mut spread = vec![None; rows];
                for (record, number) in self.records.iter().zip(numbers) {
                    if let Some(slot) = spread.get_mut(*record as usize) {
                        *slot = number;
                    }
                }
                numbers = spread;
            }
            return Ok(Some((number_array(column.shape, numbers).map_err(wrong)?, true)));
        }
        let mut offsets = vec![0];
        let mut nulls = None;
        if flat {
            let mut present = vec![false; rows];
            let mut ends = self.ends.iter().zip(&self.records).peekable();
            let mut last = 0;
            for (row, present) in present.iter_mut().enumerate() {
                if let Some((end, _)) = ends.next_if(|(_, record)| **record as usize == row) {
                    (last, *present) = (*end, true);
                }
                offsets.push(last);
            }
            nulls = Some(NullBuffer::from(present));
        } else {
            offsets.extend(&self.ends);
        }
        let begins = |start: &i32| {
            let first = usize::try_from(*start).ok().and_then(|start| self.bytes.get(start));
            first.is_none_or(|byte| !(0x80..0xC0).contains(byte))
        };
        let text = simdutf8::basic::from_utf8(&self.bytes).is_ok() && offsets.iter().all(begins);
        let array = BinaryArray::try_new(OffsetBuffer::new(offsets.into()), Buffer::from_vec(self.bytes), nulls);
        Ok(Some((Arc::new(array.map_err(wrong)?), text)))
    }
}

/// The array of the `numbers` of a column of that shape.
fn number_array(shape: Shape, numbers: Vec<Option<i128>>) -> Result<ArrayRef, arrow::error::ArrowError> {
    let long = |number: Option<i128>| number.and_then(|number| i64::try_from(number).ok());
    let numbers = numbers.into_iter();
    Ok(match shape {
        Shape::Decimal { scale, .. } => {
            let array: Decimal128Array = numbers.collect();
            Arc::new(array.with_precision_and_scale(38, i8::try_from(scale).unwrap_or(i8::MAX))?)
        }
        Shape::Double => {
            let bits = |number: Option<i128>| number.map(|bits| f64::from_bits(bits as u64));
            Arc::new(numbers.map(bits).collect::<Float64Array>())
        }
        Shape::Float => {
            let bits = |number: Option<i128>| number.map(|bits| f32::from_bits(bits as u32));
            Arc::new(numbers.map(bits).collect::<Float32Array>())
        }
        Shape::Day => {
            let days = |number: Option<i128>| number.and_then(|days| i32::try_from(days).ok());
            Arc::new(numbers.map(days).collect::<Date32Array>())
        }
        Shape::Moment { per_second } => moments(numbers.map(long), per_second),
        Shape::Integer { .. } | Shape::Text { .. } | Shape::Symbol => {
            Arc::new(numbers.map(long).collect::<Int64Array>())
        }
    })
}

/// Reads one value of `node`, which belongs to `record`, into `columns`.
///
/// # Errors
/// When it is not what the schema says.
pub(super) fn read<'a>(
    schema: &'a Schema,
    node: &'a Node,
    cursor: &mut Cursor<'a>,
    record: u32,
    columns: &mut [Values],
) -> Result<(), DataError> {
    match node {
        Node::Leaf(leaf) => read_leaf(schema, leaf, cursor, record, columns),
        Node::Record(fields) => {
            cursor.count()?;
            fields.iter().try_for_each(|field| read(schema, field, cursor, record, columns))
        }
        Node::Union(branches) => {
            let branch = cursor.branch(branches)?;
            read(schema, branch, cursor, record, columns)
        }
        Node::Array(item) => loop {
            let (count, _) = cursor.items()?;
            if count == 0 {
                return Ok(());
            }
            for _ in 0..count {
                cursor.count()?;
                read(schema, item, cursor, record, columns)?;
            }
        },
        Node::Map(key, item) => loop {
            let (count, _) = cursor.items()?;
            if count == 0 {
                return Ok(());
            }
            for _ in 0..count {
                read_leaf(schema, key, cursor, record, columns)?;
                read(schema, item, cursor, record, columns)?;
            }
        },
    }
}

fn read_leaf<'a>(
    schema: &'a Schema,
    leaf: &'a Leaf,
    cursor: &mut Cursor<'a>,
    record: u32,
    columns: &mut [Values],
) -> Result<(), DataError> {
    let shape = leaf.column.and_then(|column| schema.columns.get(column)).map(|column| column.shape);
    let value = value(leaf, shape, cursor)?;
    match leaf.column.and_then(|column| columns.get_mut(column)) {
        Some(values) => {
            cursor.hold(value.size())?;
            values.push(&value, record)
        }
        None => Ok(()),
    }
}
