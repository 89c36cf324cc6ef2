//! The edits of one leaf column, kept until the leaf is written.
//!
//! New values lie one after the other in one buffer: no allocation per edit.

use crate::error::DataError;

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
