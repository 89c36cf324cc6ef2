//! How the edits of a leaf are carried out on a batch.

use parquet::data_type::{ByteArray, DataType, FixedLenByteArray};

use super::leaf::TypedLeaf;
use super::schema::{Encoded, LeafSchema, encode};
use crate::error::DataError;

/// A physical value that a new value can be turned into.
pub(super) trait Accept: Sized {
    /// `None` when the column's physical type cannot hold `value`.
    fn accept(value: Encoded<'_>) -> Option<Self>;
}

impl Accept for ByteArray {
    fn accept(value: Encoded<'_>) -> Option<Self> {
        match value {
            Encoded::Text(bytes) => Some(bytes.to_vec().into()),
            Encoded::Owned(bytes) => Some(bytes.into()),
            _ => None,
        }
    }
}

impl Accept for FixedLenByteArray {
    fn accept(value: Encoded<'_>) -> Option<Self> {
        match value {
            Encoded::Owned(bytes) => Some(ByteArray::from(bytes).into()),
            _ => None,
        }
    }
}

impl Accept for i32 {
    fn accept(value: Encoded<'_>) -> Option<Self> {
        match value {
            Encoded::Integer(number) => number.try_into().ok(),
            _ => None,
        }
    }
}

impl Accept for i64 {
    fn accept(value: Encoded<'_>) -> Option<Self> {
        match value {
            Encoded::Integer(number) => Some(number),
            _ => None,
        }
    }
}

impl Accept for f64 {
    fn accept(value: Encoded<'_>) -> Option<Self> {
        match value {
            Encoded::Double(number) => Some(number),
            _ => None,
        }
    }
}

impl Accept for f32 {
    fn accept(value: Encoded<'_>) -> Option<Self> {
        match value {
            Encoded::Float(number) => Some(number),
            _ => None,
        }
    }
}

/// Carries out those of `edits` (the rest of a leaf's, in order) that fall into the batch, whose first value is number
/// `start`; returns the number that the next batch starts with.
///
/// # Errors
/// When a value does not fit after all, or an edit falls on a value that is not there.
pub(super) fn apply<'a, T>(
    leaf: &mut TypedLeaf<T>,
    schema: &LeafSchema,
    start: u64,
    edits: &mut std::iter::Peekable<impl Iterator<Item = (u64, Option<&'a [u8]>)>>,
) -> Result<u64, DataError>
where
    T: DataType,
    T::T: Accept,
{
    let most = leaf.descriptor.max_def_level();
    let physical = leaf.descriptor.physical_type();
    let flat = leaf.descriptor.max_rep_level() == 0;
    let levels = if leaf.definitions.is_empty() { leaf.values.len() } else { leaf.definitions.len() };
    let gone = || DataError::new("an edit falls on a value that is not there");
    let mut removed = Vec::new();
    let (mut place, mut ordinal) = (start, 0);
    for level in 0..levels {
        let present = leaf.definitions.get(level).is_none_or(|&definition| definition == most);
        if let Some((_, value)) = edits.next_if(|(edited, _)| (flat || present) && *edited == place) {
            let slot = leaf.values.get_mut(ordinal).filter(|_| present).ok_or_else(gone)?;
            match value {
                Some(value) => *slot = T::T::accept(encode(schema, physical, value)?).ok_or_else(gone)?,
                None => {
                    *leaf.definitions.get_mut(level).ok_or_else(gone)? = most - 1;
                    removed.push(ordinal);
                }
            }
        }
        place += u64::from(flat || present);
        ordinal += usize::from(present);
    }
    if !removed.is_empty() {
        let mut removed = removed.into_iter().peekable();
        let mut ordinal = 0;
        leaf.values.retain(|_| {
            let keep = removed.next_if_eq(&ordinal).is_none();
            ordinal += 1;
            keep
        });
    }
    Ok(place)
}
