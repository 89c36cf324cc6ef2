//! From how the values of a column are written to the text that is examined, and back.

use super::session::Charset;
use super::types::Writing;
use super::{binary, hstore};
use crate::error::DataError;

/// Puts what values stand for in their place.
pub(super) struct Unpacker {
    writing: Writing,
    declared: bool,
    scratch: Vec<u8>,
}

impl Unpacker {
    /// For a column; `None` where its values are what is examined.
    pub(super) fn new(writing: Writing, declared: bool) -> Option<Unpacker> {
        let is_packed = matches!(writing, Writing::Bytea | Writing::Hstore);
        is_packed.then(|| Unpacker { writing, declared, scratch: Vec::new() })
    }

    /// Unpacks the value from `start` on.
    pub(super) fn unpack(&mut self, values: &mut Vec<u8>, start: usize) {
        match self.writing {
            Writing::Bytea => binary::unpack(values, start, self.declared, &mut self.scratch),
            Writing::Hstore => hstore::unpack(values, start, &mut self.scratch),
            Writing::Plain | Writing::Blob => {}
        }
    }
}

/// How the new `value` is written where `old` stood; `None` where it is written as it is.
///
/// # Errors
/// When what stands there is not understood, or the value cannot be written so.
pub(super) fn pack(
    (writing, declared, charset): (Writing, bool, Charset),
    old: &[u8],
    value: &[u8],
) -> Result<Option<Vec<u8>>, DataError> {
    match writing {
        Writing::Plain => Ok(None),
        Writing::Bytea => binary::pack(old, value, declared),
        // Of a dump in another encoding, nobody knows which of its bytes were turned into text.
        Writing::Blob if charset != Charset::Utf8 || !binary::is_text(old) => Err(binary::no_text()),
        Writing::Blob => Ok(None),
        Writing::Hstore => hstore::pack(old, value).map(Some),
    }
}
