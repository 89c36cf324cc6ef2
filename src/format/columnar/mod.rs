//! What the formats that know columns and types (Parquet, Arrow, Avro) have in common: edits kept until a column is
//! written, notes beside the rows, what a type can take, and reading by offset.

pub(super) mod described;
pub(super) mod edits;
pub(super) mod notes;
pub(super) mod number;
pub(super) mod source;
pub(super) mod typed;

use crate::block::{ColumnKind, TableContext};

/// The context of a block in which `columns` hold bytes that are no text: examined, but not rewritten.
pub(super) fn without_text(context: &TableContext, columns: &[usize]) -> TableContext {
    let mut context = context.clone();
    for &index in columns {
        if let Some(column) = context.columns.get_mut(index) {
            column.kind = ColumnKind::Fixed("bytes that are not UTF-8 text".into());
        }
    }
    context
}
