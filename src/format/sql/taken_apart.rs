//! The columns of a block whose values are made of others: one column for each of these, and the edits of those as edits
//! of the cells that they stand in. What cannot be taken apart stays one value, which is never rewritten.

use std::collections::{BTreeMap, HashMap};

use arrow::array::{Array, ArrayRef, AsArray};

use super::cells::{ColumnBuilder, Rendering, Splice, TableShape, outside};
use super::nested::{Change, Tree};
use crate::block::{CellEdit, Column};
use crate::error::DataError;

/// The values of one leaf.
struct Values {
    builder: ColumnBuilder,
    /// The row that each value belongs to, where there may be several.
    records: Option<Vec<u32>>,
}

/// `columns` with the values of leaves behind them, in the place of those that were taken apart.
pub(super) fn take_apart(columns: Vec<Column>, shape: &TableShape) -> Result<Vec<Column>, DataError> {
    let leaves = shape.nested.leaves.iter();
    let mut leaves: Vec<Values> = leaves
        .map(|leaf| Values { builder: ColumnBuilder::new(&leaf.column, 0), records: leaf.is_repeated.then(Vec::new) })
        .collect();
    let mut all = Vec::with_capacity(shape.context.columns.len());
    for mut column in columns {
        if let Some(tree) = shape.nested.tree(column.index) {
            let Some(whole) = split(tree, &column.values, &mut leaves)? else { continue };
            column.values = whole;
        }
        all.push(column);
    }
    for (index, values) in (shape.columns.len()..).zip(leaves) {
        all.push(Column { index, values: values.builder.finish()?, records: values.records });
    }
    Ok(all)
}

/// Takes the values of a column apart; gives those that cannot be, where there are any.
fn split(tree: &Tree, array: &ArrayRef, leaves: &mut [Values]) -> Result<Option<ArrayRef>, DataError> {
    let array = array.as_binary::<i32>();
    let mut others: Vec<(usize, &[u8])> = Vec::new();
    for (row, value) in array.iter().enumerate() {
        let record = u32::try_from(row).unwrap_or(u32::MAX);
        let mut enter = |leaf: usize, value: Option<&[u8]>| -> Result<Change, DataError> {
            let values = leaves.get_mut(leaf).ok_or_else(outside)?;
            values.builder.buffer().extend_from_slice(value.unwrap_or_default());
            values.builder.end_value(value.is_some());
            if let Some(records) = &mut values.records {
                records.push(record);
            }
            Ok(None)
        };
        match value {
            Some(value) if tree.walk(value, &mut |_, _| Ok(None)).is_ok() => {
                tree.walk(value, &mut enter)?;
            }
            other => {
                others.extend(other.map(|value| (row, value)));
                tree.pass_null(&mut enter)?;
            }
        }
    }
    if others.is_empty() {
        return Ok(None);
    }
    let mut others = others.into_iter().peekable();
    let whole = (0..array.len()).map(|row| others.next_if(|(at, _)| *at == row).map(|(_, value)| value));
    Ok(Some(std::sync::Arc::new(whole.collect::<arrow::array::BinaryArray>())))
}

/// The edits of one cell: of which value of which leaf.
type OfCell<'a> = HashMap<(usize, usize), &'a CellEdit>;

/// Adds the cells that edits of leaves change to `splices`.
pub(super) fn put_together(
    rendering: &Rendering<'_>,
    edits: &[(usize, &CellEdit)],
    splices: &mut Vec<Splice>,
) -> Result<(), DataError> {
    let mut cells: BTreeMap<(u32, usize), OfCell<'_>> = BTreeMap::new();
    for (leaf, edit) in edits {
        let base = rendering.shape.nested.leaves.get(*leaf).ok_or_else(outside)?.base;
        let column = rendering.table.columns.get(edit.column as usize).ok_or_else(outside)?;
        let (row, number) = match &column.records {
            None => (edit.row, 0),
            Some(records) => {
                let row = *records.get(edit.row as usize).ok_or_else(outside)?;
                (row, edit.row as usize - records.partition_point(|record| *record < row))
            }
        };
        cells.entry((row, base)).or_default().insert((*leaf, number), edit);
    }
    for ((row, base), edits) in cells {
        splices.push(splice(rendering, (row, base), edits)?);
    }
    Ok(())
}

fn splice(rendering: &Rendering<'_>, (row, base): (u32, usize), mut edits: OfCell<'_>) -> Result<Splice, DataError> {
    let column = rendering.shape.columns.get(base).ok_or_else(outside)?;
    let tree = rendering.shape.nested.tree(base).ok_or_else(outside)?;
    let (span, cell) = rendering.cell(row, base)?;
    let mut numbers: HashMap<usize, usize> = HashMap::new();
    let mut change = |leaf: usize, old: Option<&[u8]>| -> Result<Change, DataError> {
        let number = numbers.entry(leaf).or_default();
        *number += 1;
        let Some(edit) = edits.remove(&(leaf, *number - 1)) else { return Ok(None) };
        let column = &rendering.shape.nested.leaves.get(leaf).ok_or_else(outside)?.column;
        let value = edit.value.as_deref();
        let packed = rendering
            .admit(column, value)
            .and_then(|()| rendering.packed(column, old.unwrap_or_default(), value))
            .map_err(|error| error.at(rendering.position(row, column)))?;
        Ok(Some(packed.or_else(|| edit.value.clone())))
    };
    let mut text = Vec::with_capacity(cell.len());
    let mut write = || {
        rendering.syntax.decode(cell, &mut text)?;
        let Some(Some(new)) = tree.walk(&text, &mut change)? else { return Err(outside()) };
        let mut out = Vec::with_capacity(new.len() + 2);
        rendering.syntax.encode(cell, column, Some(&new), &mut out)?;
        Ok(out)
    };
    let out = write().map_err(|error: DataError| match error.position {
        Some(_) => error,
        None => error.at(rendering.position(row, column)),
    })?;
    if !edits.is_empty() {
        return Err(outside().at(rendering.position(row, column)));
    }
    Ok((span, out))
}
