//! The edits of one leaf column, kept until the leaf is written.
//!
//! New values lie one after the other in one buffer: no allocation per edit.

use arrow::array::Array;

use crate::block::{ColumnKind, TableBlock};
use crate::error::DataError;

/// The error for an edit that falls on no value.
pub(in crate::format) fn gone() -> DataError {
    DataError::new("an edit falls on a value that is not there")
}

/// The new `value` of `row` in the column at `position` of `block`, as `encode` writes it; `None` is NULL.
///
/// # Errors
/// When there is no value, its type cannot be rewritten, it must not be NULL, or `encode` refuses it.
pub(in crate::format) fn admitted<T>(
    block: &TableBlock,
    (position, row): (usize, usize),
    value: Option<&[u8]>,
    nullable: bool,
    encode: impl FnOnce(&[u8]) -> Result<T, DataError>,
) -> Result<Option<T>, DataError> {
    let column = block.columns.get(position).ok_or_else(gone)?;
    if row >= column.values.len() || column.values.is_null(row) {
        return Err(gone());
    }
    if let Some(ColumnKind::Fixed(name)) = block.table.columns.get(column.index).map(|column| &column.kind) {
        return Err(DataError::new(format!(
            "the column holds data that must be replaced, but its type ({name}) cannot be"
        ))
        .advise("drop the column first, or keep the entity in the policy"));
    }
    match value {
        Some(value) => encode(value).map(Some),
        None if nullable => Ok(None),
        None => Err(DataError::new("the column does not allow NULL")
            .advise("choose another operator for what stands in this column")),
    }
}

/// The edits of one leaf column in one stretch of rows, in order of place.
#[derive(Default)]
pub(in crate::format) struct LeafEdits {
    /// Number of the value in the leaf: of the record in a flat column, of the present value in a repeated one.
    places: Vec<u64>,
    /// End of each new value in `bytes`; `None` is NULL.
    ends: Vec<Option<usize>>,
    bytes: Vec<u8>,
}

impl LeafEdits {
    /// Nothing changes.
    pub(in crate::format) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Adds an edit; `place` must be larger than all before.
    ///
    /// # Errors
    /// When it is not.
    pub(in crate::format) fn push(&mut self, place: u64, value: Option<&[u8]>) -> Result<(), DataError> {
        if self.places.last().is_some_and(|&last| last >= place) {
            return Err(DataError::new("edits of a column are not in order"));
        }
        self.places.push(place);
        match value {
            Some(value) => {
                self.bytes.extend_from_slice(value);
                self.ends.push(Some(self.bytes.len()));
            }
            None => self.ends.push(None),
        }
        Ok(())
    }

    /// The edits in order: place and new value.
    pub(in crate::format) fn iter(&self) -> impl Iterator<Item = (u64, Option<&[u8]>)> {
        let mut start = 0;
        self.places.iter().zip(&self.ends).map(move |(&place, &end)| {
            let value = end.and_then(|end| {
                let value = self.bytes.get(start..end);
                start = end;
                value
            });
            (place, value)
        })
    }
}
