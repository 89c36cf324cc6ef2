//! What a Parquet file says besides its rows: key-value metadata, comments of fields, and field names that hold data.
//!
//! Notes are scanned and never rewritten: pandas, Arrow and Spark keep copies of them in each other's formats
//! (`ARROW:schema` is base64 of a binary schema), so that editing one would leave the other behind. A note in which
//! something must be replaced refuses the file.

use arrow::datatypes::{DataType, Field, FieldRef};
use parquet::arrow::parquet_to_arrow_schema;

use super::guard;
use super::open::Opened;
use crate::error::DataError;
use crate::format::columnar::notes::Note;

/// The Arrow schema as base64; its comments are read from the decoded schema.
const ARROW_SCHEMA: &str = "ARROW:schema";

/// The notes of a file.
///
/// # Errors
/// When a text cannot be taken into a slab.
pub(super) fn notes(opened: &Opened) -> Result<Vec<Note>, DataError> {
    let mut notes = Vec::new();
    let entries = opened.file_metadata().key_value_metadata();
    for entry in entries.into_iter().flatten().filter(|entry| entry.key != ARROW_SCHEMA) {
        notes.extend(Note::entry(&entry.key, entry.value.as_deref().unwrap_or_default())?);
    }
    let schema = opened.file_metadata();
    // A schema that Arrow cannot express has no comments either; its rows are read regardless.
    let arrow = guard(|| parquet_to_arrow_schema(schema.schema_descr(), schema.key_value_metadata()));
    let mut comments = String::new();
    for field in arrow.iter().flat_map(|schema| schema.fields()) {
        collect_comments(field, &mut comments);
    }
    notes.extend(Note::comments(comments)?);
    notes.extend(Note::names(opened.leaves.iter().map(|leaf| leaf.name.as_str()))?);
    Ok(notes)
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
