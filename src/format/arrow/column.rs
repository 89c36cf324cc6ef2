//! Turns values as they stand in buffers into an Arrow column for detection.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, Date32Array, Decimal128Array, DictionaryArray, Float32Array, Float64Array, Int32Array,
    Int64Array,
};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer};
use arrow::datatypes::Int32Type;

use super::leaf::Raw;
use super::schema::{Layout, Node, Shape};
use crate::error::DataError;
use crate::format::columnar::number::from_big_endian;
use crate::format::columnar::typed::moments;

/// A column, and whether it is what the schema says: text that is UTF-8.
pub(super) type Built = (ArrayRef, bool);

/// The column of `raw`, values of `node`.
///
/// # Errors
/// When they do not fit an array.
pub(super) fn build(node: &Node, raw: Raw) -> Result<Option<Built>, DataError> {
    let nulls = raw.present.as_ref().map(|present| NullBuffer::from(present.as_slice()));
    if nulls.as_ref().map_or(0, NullBuffer::null_count) == raw.count {
        return Ok(None);
    }
    let numbers = |number: fn(&[u8], bool) -> Option<i64>, unsigned| -> ArrayRef {
        Arc::new((0..raw.count).map(|at| raw.get(at).and_then(|value| number(value, unsigned))).collect::<Int64Array>())
    };
    let array = match (node.shape, node.value_layout()) {
        (Shape::Text { .. } | Shape::FixedText, _) => return text(raw, nulls).map(Some),
        (Shape::Number { unsigned, .. }, Layout::Fixed(4)) => numbers(four, unsigned),
        (Shape::Number { unsigned: false, .. }, Layout::Fixed(8)) => numbers(eight, false),
        (Shape::Number { unsigned, .. }, Layout::Fixed(_)) => {
            let number = |at| raw.get(at).and_then(|value| wide(value, unsigned));
            let array: Decimal128Array = (0..raw.count).map(number).collect();
            Arc::new(array.with_precision_and_scale(38, 0).map_err(|error| DataError::new(error.to_string()))?)
        }
        (Shape::Scaled { scale, .. }, _) => {
            let number = |at| raw.get(at).and_then(|value| wide(value, false));
            let array: Decimal128Array = (0..raw.count).map(number).collect();
            let scale = i8::try_from(scale).map_err(|error| DataError::new(error.to_string()))?;
            Arc::new(array.with_precision_and_scale(38, scale).map_err(|error| DataError::new(error.to_string()))?)
        }
        (Shape::Double, _) => {
            let number = |at| raw.get(at).and_then(|value| Some(f64::from_le_bytes(*value.first_chunk()?)));
            Arc::new((0..raw.count).map(number).collect::<Float64Array>())
        }
        (Shape::Float, _) => {
            let number = |at| raw.get(at).and_then(|value| Some(f32::from_le_bytes(*value.first_chunk()?)));
            Arc::new((0..raw.count).map(number).collect::<Float32Array>())
        }
        (Shape::Day, _) => {
            let days = |at| raw.get(at).and_then(|value| Some(i32::from_le_bytes(*value.first_chunk()?)));
            Arc::new((0..raw.count).map(days).collect::<Date32Array>())
        }
        (Shape::Moment { per_second, .. }, _) => {
            let units = |at| raw.get(at).and_then(|value| eight(value, false));
            moments((0..raw.count).map(units), per_second)
        }
        _ => return Ok(None),
    };
    Ok(Some((array, true)))
}

fn four(value: &[u8], unsigned: bool) -> Option<i64> {
    let bytes = *value.first_chunk::<4>()?;
    Some(if unsigned { u32::from_le_bytes(bytes).into() } else { i32::from_le_bytes(bytes).into() })
}

fn eight(value: &[u8], _: bool) -> Option<i64> {
    Some(i64::from_le_bytes(*value.first_chunk::<8>()?))
}

/// A number of any length; `None` when it is beyond 128 bits.
fn wide(value: &[u8], unsigned: bool) -> Option<i128> {
    let mut bytes: Vec<u8> = value.iter().rev().copied().collect();
    if unsigned {
        bytes.insert(0, 0);
    }
    from_big_endian(&bytes)
}

fn text(raw: Raw, nulls: Option<NullBuffer>) -> Result<Built, DataError> {
    let ends = if raw.ends.is_empty() { (1..=raw.count).map(|at| at * raw.width).collect() } else { raw.ends };
    let too_much = || DataError::new("a few rows of one column take more than two gigabytes");
    let mut offsets = Vec::with_capacity(ends.len() + 1);
    offsets.push(0);
    for end in ends {
        offsets.push(i32::try_from(end).map_err(|_| too_much())?);
    }
    // All of it is text when the bytes are, and no value begins in the middle of a character.
    let begins = |start: &i32| {
        let first = usize::try_from(*start).ok().and_then(|start| raw.bytes.get(start));
        first.is_none_or(|byte| !(0x80..0xC0).contains(byte))
    };
    let is_text = simdutf8::basic::from_utf8(&raw.bytes).is_ok() && offsets.iter().all(begins);
    let array = BinaryArray::try_new(OffsetBuffer::new(offsets.into()), Buffer::from_vec(raw.bytes), nulls);
    Ok((Arc::new(array.map_err(|error| DataError::new(error.to_string()))?), is_text))
}

/// The keys that `raw` holds; `None` for NULL.
///
/// # Errors
/// When one is negative or makes no sense.
pub(super) fn keys(raw: &Raw, signed: bool) -> Result<Vec<Option<usize>>, DataError> {
    let damaged = || super::unreadable("a key is not in its dictionary");
    let mut keys = Vec::with_capacity(raw.count);
    for at in 0..raw.count {
        let Some(value) = raw.get(at) else {
            keys.push(None);
            continue;
        };
        let number = value.iter().rev().fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        let is_negative = signed && value.last().is_some_and(|byte| byte & 0x80 != 0);
        let key = usize::try_from(number).ok().filter(|_| !is_negative);
        keys.push(Some(key.ok_or_else(damaged)?));
    }
    Ok(keys)
}

/// The column of `keys` into `values`: text is looked at once for each value.
///
/// # Errors
/// When they do not fit an array, or a key is beyond the values.
pub(super) fn keyed(node: &Node, keys: &[Option<usize>], values: &Raw) -> Result<Option<Built>, DataError> {
    let fixed = values.ends.is_empty().then_some(values.width);
    let mut held: Vec<Option<i32>> = vec![None; values.count];
    let mut distinct = Raw::default();
    let mut local = Vec::with_capacity(keys.len());
    for key in keys {
        let Some(key) = *key else {
            local.push(None);
            continue;
        };
        let slot = held.get_mut(key).ok_or_else(|| super::unreadable("a key is not in its dictionary"))?;
        let number = match (*slot, values.get(key)) {
            (_, None) => None,
            (Some(number), _) => Some(number),
            (None, Some(value)) => {
                let number = i32::try_from(distinct.count).ok();
                *slot = number;
                distinct.push(Some(value), fixed);
                number
            }
        };
        local.push(number);
    }
    if !matches!(node.shape, Shape::Text { .. }) {
        let mut plain = Raw::default();
        for key in keys {
            plain.push(key.and_then(|key| values.get(key)), fixed);
        }
        return build(node, plain);
    }
    let Some((array, is_text)) = build(node, distinct)? else { return Ok(None) };
    let array = DictionaryArray::<Int32Type>::try_new(local.into_iter().collect::<Int32Array>(), array);
    Ok(Some((Arc::new(array.map_err(|error| DataError::new(error.to_string()))?), is_text)))
}
