//! What a columnar file says besides its rows: metadata entries, comments of fields, and field names that hold data.
//!
//! Notes are scanned and never rewritten: tools keep copies of them in each other's formats, so that editing one would
//! leave the other behind. A note in which something must be replaced refuses the file.

use crate::block::{Block, Edits, Syntax, TextBlock};
use crate::error::DataError;
use crate::source::slab::Slab;

/// A text of the file that is not a cell.
pub(in crate::format) struct Note {
    /// What it is, for an error.
    pub(in crate::format) name: String,
    pub(in crate::format) block: TextBlock,
}

impl Note {
    /// The metadata entry `key`; none when it is empty.
    ///
    /// # Errors
    /// When a text cannot be taken into a slab.
    pub(in crate::format) fn entry(key: &str, value: &str) -> Result<Option<Note>, DataError> {
        if value.is_empty() {
            return Ok(None);
        }
        let (text, syntax) = match json(value) {
            Some(text) => (text, Syntax::Json),
            None => (value.to_owned(), Syntax::Plain),
        };
        Ok(Some(Note { name: format!("metadata entry `{}`", printable(key)), block: block(text, syntax)? }))
    }

    /// The comments of fields, one a line; none when there are none.
    ///
    /// # Errors
    /// When a text cannot be taken into a slab.
    pub(in crate::format) fn comments(text: String) -> Result<Option<Note>, DataError> {
        if text.is_empty() {
            return Ok(None);
        }
        Ok(Some(Note { name: "comments of fields".into(), block: block(text, Syntax::Plain)? }))
    }

    /// Those of the `names` of fields that hold data.
    ///
    /// # Errors
    /// When a text cannot be taken into a slab.
    pub(in crate::format) fn names<'a>(names: impl Iterator<Item = &'a str>) -> Result<Option<Note>, DataError> {
        let names: Vec<&str> = names.filter(|name| holds_data(name)).collect();
        if names.is_empty() {
            return Ok(None);
        }
        let text = names.join("\n") + "\n";
        Ok(Some(Note { name: "names of fields".into(), block: block(text, Syntax::Plain)? }))
    }
}

/// Refuses the file when `edit` asks for a change of one of `notes`.
///
/// # Errors
/// When it does, and what `edit` returned.
pub(in crate::format) fn refuse_edits(
    notes: Vec<Note>,
    edit: &mut dyn FnMut(&Block) -> Result<Edits, DataError>,
) -> Result<(), DataError> {
    for note in notes {
        let edits = edit(&Block::Text(note.block))?;
        if !edits.text.is_empty() || !edits.cells.is_empty() {
            return Err(DataError::new(format!("the file's {} hold data that must be replaced", note.name)).advise(
                "write the file again without it with the tool that made it: copies of it are kept in other places",
            ));
        }
    }
    Ok(())
}

fn block(text: String, syntax: Syntax) -> Result<TextBlock, DataError> {
    Ok(TextBlock { slab: Slab::new(text.into_bytes(), 0, 1)?, syntax, asides: Vec::new() })
}

/// `value` as JSON text without needless escapes (pandas escapes all Han characters), when it is an object or array.
fn json(value: &str) -> Option<String> {
    let parsed: serde_json::Value = serde_json::from_str(value).ok()?;
    if parsed.is_object() || parsed.is_array() { serde_json::to_string(&parsed).ok() } else { None }
}

/// A field's name is data when it holds a long number or an address: a table turned on its side, a map by telephone.
fn holds_data(name: &str) -> bool {
    let mut digits = 0;
    let longest = name.bytes().fold(0, |longest, byte| {
        digits = if byte.is_ascii_digit() { digits + 1 } else { 0 };
        longest.max(digits)
    });
    longest >= 7 || name.contains('@')
}

fn printable(key: &str) -> String {
    key.chars().filter(|character| !character.is_control()).take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_resolved() {
        assert_eq!(json(r#"{"a": "\u5f20\u4e09"}"#).as_deref(), Some(r#"{"a":"张三"}"#));
        assert_eq!(json("13800138000"), None);
        assert_eq!(json("{"), None);
    }

    #[test]
    fn names_that_hold_data() {
        assert!(holds_data("13800138000"));
        assert!(holds_data("by_mail.key_value.a@example.com"));
        assert!(!holds_data("user.phones.list.element"));
        assert!(!holds_data("sum_202401"));
    }
}
