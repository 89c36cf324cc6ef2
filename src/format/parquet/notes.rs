//! What a Parquet file says besides its rows: key-value metadata, comments of fields, and field names that hold data.
//!
//! Notes are scanned and never rewritten: pandas, Arrow and Spark keep copies of them in each other's formats
//! (`ARROW:schema` is base64 of a binary schema), so that editing one would leave the other behind. A note in which
//! something must be replaced refuses the file.

use arrow::datatypes::{DataType, Field, FieldRef};
use parquet::arrow::parquet_to_arrow_schema;

use super::guard;
use super::open::Opened;
use crate::block::{Syntax, TextBlock};
use crate::error::DataError;
use crate::source::slab::Slab;

/// The Arrow schema as base64; its comments are read from the decoded schema.
const ARROW_SCHEMA: &str = "ARROW:schema";

/// A text of the file that is not a cell.
pub(super) struct Note {
    /// What it is, for an error.
    pub(super) name: String,
    pub(super) block: TextBlock,
}

/// The notes of a file.
///
/// # Errors
/// When a text cannot be taken into a slab.
pub(super) fn notes(opened: &Opened) -> Result<Vec<Note>, DataError> {
    let mut notes = Vec::new();
    let entries = opened.file_metadata().key_value_metadata();
    for entry in entries.into_iter().flatten().filter(|entry| entry.key != ARROW_SCHEMA) {
        let Some(value) = entry.value.as_deref().filter(|value| !value.is_empty()) else { continue };
        let (text, syntax) = match json(value) {
            Some(text) => (text, Syntax::Json),
            None => (value.to_owned(), Syntax::Plain),
        };
        notes.push(Note { name: format!("metadata entry `{}`", printable(&entry.key)), block: block(text, syntax)? });
    }
    let schema = opened.file_metadata();
    // A schema that Arrow cannot express has no comments either; its rows are read regardless.
    let arrow = guard(|| parquet_to_arrow_schema(schema.schema_descr(), schema.key_value_metadata()));
    let mut comments = String::new();
    for field in arrow.iter().flat_map(|schema| schema.fields()) {
        collect_comments(field, &mut comments);
    }
    if !comments.is_empty() {
        notes.push(Note { name: "comments of fields".into(), block: block(comments, Syntax::Plain)? });
    }
    let names: Vec<&str> =
        opened.leaves.iter().map(|leaf| leaf.name.as_str()).filter(|name| holds_data(name)).collect();
    if !names.is_empty() {
        let text = names.join("\n") + "\n";
        notes.push(Note { name: "names of fields".into(), block: block(text, Syntax::Plain)? });
    }
    Ok(notes)
}

fn block(text: String, syntax: Syntax) -> Result<TextBlock, DataError> {
    Ok(TextBlock { slab: Slab::new(text.into_bytes(), 0, 1)?, syntax, asides: Vec::new() })
}

/// `value` as JSON text without needless escapes (pandas escapes all Han characters), when it is an object or array.
fn json(value: &str) -> Option<String> {
    let parsed: serde_json::Value = serde_json::from_str(value).ok()?;
    if parsed.is_object() || parsed.is_array() { serde_json::to_string(&parsed).ok() } else { None }
}

/// The metadata of `field` and of all fields in it, one line each.
fn collect_comments(field: &Field, into: &mut String) {
    for (key, value) in field.metadata() {
        if !key.starts_with("PARQUET:") && !value.is_empty() {
            for line in [field.name(), ".", key, ": ", value, "\n"] {
                into.push_str(line);
            }
        }
    }
    let mut inner = |child: &FieldRef| collect_comments(child, into);
    match field.data_type() {
        DataType::Struct(children) => children.iter().for_each(inner),
        DataType::List(child)
        | DataType::LargeList(child)
        | DataType::ListView(child)
        | DataType::LargeListView(child)
        | DataType::FixedSizeList(child, _)
        | DataType::Map(child, _) => inner(child),
        _ => {}
    }
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
