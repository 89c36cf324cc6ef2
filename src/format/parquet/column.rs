//! Turns a batch of a leaf into an Arrow column for detection.
//!
//! A flat column has one value per record, NULLs included, so that index and record are the same. A repeated column has
//! the values that are present, and the record of each. No value is allocated by itself: text goes from the page's
//! buffer into one buffer per column, and values that share their bytes (a dictionary's) are handed out once.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array, Float64Array,
    Int32Array, Int64Array, StringArray,
};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow::datatypes::Int32Type;
use parquet::data_type::{ByteArray, DataType, FixedLenByteArray, Int96};

use super::describe;
use super::leaf::{Leaf, TypedLeaf};
use super::schema::Shape;
use crate::block::Column;
use crate::error::DataError;
use crate::format::columnar::number::from_big_endian;
use crate::format::columnar::typed::moments;

/// A column's values and whether they are what the schema says: text that is UTF-8.
pub(super) struct Built {
    pub(super) column: Column,
    pub(super) text: bool,
}

/// Builds the column of `leaf`'s batch; `None` when nothing in it is examined.
///
/// # Errors
/// When the batch does not fit an Arrow array.
pub(super) fn build(leaf: &mut Leaf, index: usize, shape: Shape, dictionary: bool) -> Result<Option<Built>, DataError> {
    if let Leaf::Text(flat) = leaf {
        let built = flat.build().map_err(|error| DataError::new(describe(&error)))?;
        return Ok(built.map(|(values, text)| Built { column: Column { index, values, records: None }, text }));
    }
    let leaf = &*leaf;
    let (values, places, text) = match (leaf, shape) {
        (Leaf::Bytes(leaf), Shape::Bytes { .. }) => {
            let places = Places::of(leaf)?;
            let (values, text) = bytes(&leaf.values, &places, dictionary)?;
            (values, places, text)
        }
        (Leaf::Fixed(leaf), Shape::FixedBytes) => {
            let places = Places::of(leaf)?;
            let (values, text) = bytes(&leaf.values, &places, dictionary)?;
            (values, places, text)
        }
        (Leaf::Bytes(leaf), Shape::Decimal { scale, .. }) => {
            let places = Places::of(leaf)?;
            (decimals(leaf.values.iter().map(|value| from_big_endian(value.data())), scale, &places)?, places, true)
        }
        (Leaf::Fixed(leaf), Shape::Decimal { scale, .. }) => {
            let places = Places::of(leaf)?;
            (decimals(leaf.values.iter().map(|value| from_big_endian(value.data())), scale, &places)?, places, true)
        }
        (Leaf::Int32(leaf), Shape::Scaled { scale, .. }) => {
            let places = Places::of(leaf)?;
            (decimals(leaf.values.iter().map(|value| Some((*value).into())), scale, &places)?, places, true)
        }
        (Leaf::Int64(leaf), Shape::Scaled { scale, .. }) => {
            let places = Places::of(leaf)?;
            (decimals(leaf.values.iter().map(|value| Some((*value).into())), scale, &places)?, places, true)
        }
        (Leaf::Int32(leaf), Shape::Day) => {
            let places = Places::of(leaf)?;
            let days: Date32Array = places.spread(leaf.values.iter().copied()).collect();
            (Arc::new(days) as ArrayRef, places, true)
        }
        (Leaf::Int64(leaf), Shape::Moment { per_second }) => {
            let places = Places::of(leaf)?;
            (moments(places.spread(leaf.values.iter().copied()), per_second), places, true)
        }
        (Leaf::Int96(leaf), Shape::OldMoment) => {
            let places = Places::of(leaf)?;
            (moments(places.spread(leaf.values.iter().map(Int96::to_micros)), 1_000_000), places, true)
        }
        (Leaf::Float(leaf), Shape::Float) => {
            let places = Places::of(leaf)?;
            let numbers: Float32Array = places.spread(leaf.values.iter().copied()).collect();
            (Arc::new(numbers) as ArrayRef, places, true)
        }
        (Leaf::Int32(leaf), Shape::Integer { unsigned, .. }) => {
            let places = Places::of(leaf)?;
            let widen = |value: &i32| Some(if unsigned { value.cast_unsigned().into() } else { i64::from(*value) });
            (integers(leaf.values.iter().map(widen), &places), places, true)
        }
        (Leaf::Int64(leaf), Shape::Integer { unsigned: true, .. }) => {
            let places = Places::of(leaf)?;
            (decimals(leaf.values.iter().map(|value| Some(value.cast_unsigned().into())), 0, &places)?, places, true)
        }
        (Leaf::Int64(leaf), Shape::Integer { .. }) => {
            let places = Places::of(leaf)?;
            (integers(leaf.values.iter().copied().map(Some), &places), places, true)
        }
        (Leaf::Double(leaf), Shape::Double) => {
            let places = Places::of(leaf)?;
            let numbers: Float64Array = places.spread(leaf.values.iter().copied()).collect();
            (Arc::new(numbers) as ArrayRef, places, true)
        }
        _ => return Ok(None),
    };
    if values.null_count() == values.len() {
        return Ok(None);
    }
    Ok(Some(Built { column: Column { index, values, records: places.records }, text }))
}

/// Where the values of a batch go in its array.
struct Places {
    /// For a flat column that has NULLs: which records have a value.
    present: Option<Vec<bool>>,
    /// For a repeated column: the record of each value.
    records: Option<Vec<u32>>,
}

impl Places {
    fn of<T: DataType>(leaf: &TypedLeaf<T>) -> Result<Places, DataError> {
        let most = leaf.descriptor.max_def_level();
        if leaf.descriptor.max_rep_level() == 0 {
            let nullable = most > 0 && leaf.values.len() != leaf.definitions.len();
            let present = nullable.then(|| leaf.definitions.iter().map(|&level| level == most).collect());
            return Ok(Places { present, records: None });
        }
        let mut records = Vec::with_capacity(leaf.values.len());
        let mut record = 0u32;
        for (place, (&repetition, &definition)) in leaf.repetitions.iter().zip(&leaf.definitions).enumerate() {
            if repetition == 0 && place > 0 {
                record = record.checked_add(1).ok_or_else(|| DataError::new("a batch holds too many records"))?;
            }
            if definition == most {
                records.push(record);
            }
        }
        Ok(Places { present: None, records: Some(records) })
    }

    /// The values, with `None` for each NULL in between.
    fn spread<V>(&self, mut values: impl Iterator<Item = V>) -> impl Iterator<Item = Option<V>> {
        let mut present = self.present.as_ref().map(|present| present.iter());
        std::iter::from_fn(move || match &mut present {
            Some(present) => present.next().map(|&present| if present { values.next() } else { None }),
            None => values.next().map(Some),
        })
    }
}

fn integers(values: impl Iterator<Item = Option<i64>>, places: &Places) -> ArrayRef {
    Arc::new(places.spread(values).map(Option::flatten).collect::<Int64Array>())
}

fn decimals(values: impl Iterator<Item = Option<i128>>, scale: u32, places: &Places) -> Result<ArrayRef, DataError> {
    let scale = i8::try_from(scale).map_err(|_| DataError::new("a decimal has too many digits behind the point"))?;
    let array: Decimal128Array = places.spread(values).map(Option::flatten).collect();
    let array = array.with_precision_and_scale(38, scale).map_err(|error| DataError::new(error.to_string()))?;
    Ok(Arc::new(array))
}

/// A value that is bytes of a page.
trait Slice {
    fn slice(&self) -> &[u8];
}

impl Slice for ByteArray {
    fn slice(&self) -> &[u8] {
        self.data()
    }
}

impl Slice for FixedLenByteArray {
    fn slice(&self) -> &[u8] {
        self.data()
    }
}

/// The array of `values`, as text when all are UTF-8 (second result), else as bytes.
fn bytes<V: Slice>(values: &[V], places: &Places, dictionary: bool) -> Result<(ArrayRef, bool), DataError> {
    if dictionary && let Some((keys, distinct)) = distinct(values) {
        let (values, text) = plain(distinct.iter().map(|value| Some(value.slice())))?;
        let keys: Int32Array = places.spread(keys.into_iter()).collect();
        let array = DictionaryArray::<Int32Type>::try_new(keys, values).map_err(|e| DataError::new(e.to_string()))?;
        return Ok((Arc::new(array), text));
    }
    plain(places.spread(values.iter().map(Slice::slice)))
}

fn plain<'a>(values: impl Iterator<Item = Option<&'a [u8]>>) -> Result<(ArrayRef, bool), DataError> {
    let mut buffer = Vec::new();
    let mut lengths = Vec::new();
    let mut present = Vec::new();
    for value in values {
        let value_bytes = value.unwrap_or_default();
        buffer.extend_from_slice(value_bytes);
        lengths.push(value_bytes.len());
        present.push(value.is_some());
    }
    if i32::try_from(buffer.len()).is_err() {
        return Err(DataError::new("a batch of one column is larger than two gigabytes"));
    }
    let nulls = present.contains(&false).then(|| NullBuffer::from(present));
    let offsets = OffsetBuffer::<i32>::from_lengths(lengths);
    let buffer = Buffer::from_vec(buffer);
    match StringArray::try_new(offsets.clone(), buffer.clone(), nulls.clone()) {
        Ok(array) => Ok((Arc::new(array), true)),
        Err(_) => {
            let array = BinaryArray::try_new(offsets, buffer, nulls).map_err(|e| DataError::new(e.to_string()))?;
            Ok((Arc::new(array), false))
        }
    }
}

/// The distinct values of a chunk with a dictionary, and each value's index among them. Values are the same when they
/// are the same bytes of the dictionary page. `None` when more than half are distinct.
fn distinct<V: Slice>(values: &[V]) -> Option<(Vec<i32>, Vec<&V>)> {
    let mut known: HashMap<(usize, usize), i32> = HashMap::new();
    let mut distinct = Vec::new();
    let mut keys = Vec::with_capacity(values.len());
    let mut last: Option<((usize, usize), i32)> = None;
    for value in values {
        let place = (value.slice().as_ptr().addr(), value.slice().len());
        if let Some((last_place, key)) = last
            && last_place == place
        {
            keys.push(key);
            continue;
        }
        let next = i32::try_from(distinct.len()).ok()?;
        let key = *known.entry(place).or_insert_with(|| {
            distinct.push(value);
            next
        });
        if distinct.len() > 1024 && distinct.len() * 2 > values.len() {
            return None;
        }
        keys.push(key);
        last = Some((place, key));
    }
    (distinct.len() * 2 <= values.len()).then_some((keys, distinct))
}
