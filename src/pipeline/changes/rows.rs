//! The rows of a block as they will be: its values, and the edits in their place.

use std::borrow::Cow;

use crate::block::{CellEdit, ColumnKind, TableBlock};
use crate::constraint::condition::Cell;
use crate::transform::cell_text;

/// The rows of a block.
pub(super) struct Rows<'a> {
    block: &'a TableBlock,
    edits: &'a [CellEdit],
}

/// Where the values of one column stand in a block: in several places, where a column holds values of several kinds.
pub(super) struct Places(Vec<u32>);

/// What stands in a cell.
pub(super) enum Stored<'a> {
    Null,
    /// A value as text, and at which place.
    Value(Cow<'a, [u8]>, u32),
    /// There is no such column, or it cannot be read.
    Absent,
}

impl<'a> Rows<'a> {
    /// The rows of `block` with `edits`, which are sorted by column and row.
    pub(super) fn new(block: &'a TableBlock, edits: &'a [CellEdit]) -> Rows<'a> {
        Rows { block, edits }
    }

    /// Where column `name` stands. Letter case counts where it tells two columns apart.
    pub(super) fn places(&self, name: &str) -> Places {
        let find = |is_same: &dyn Fn(&str) -> bool| {
            let columns = (0_u32..).zip(&self.block.columns);
            let is_named = |index: usize| self.block.table.columns.get(index).is_some_and(|one| is_same(&one.name));
            // Values within records are no cells.
            let found = columns.filter(|(_, column)| column.records.is_none() && is_named(column.index));
            found.map(|(place, _)| place).collect::<Vec<_>>()
        };
        let exact = find(&|one| one == name);
        Places(if exact.is_empty() { find(&|one| one.eq_ignore_ascii_case(name)) } else { exact })
    }

    /// What a condition sees in a row of the column at `places`.
    pub(super) fn cell(&self, places: &Places, row: u32) -> Cell<'a> {
        let (text, place) = match self.stored(places, row) {
            Stored::Null => return Cell::Null,
            Stored::Absent => return Cell::Absent,
            Stored::Value(text, place) => (text, place),
        };
        cell_of(self.kind(place), text)
    }

    /// What the values at `place` are.
    fn kind(&self, place: u32) -> Option<&'a ColumnKind> {
        let column = self.block.columns.get(place as usize)?;
        self.block.table.columns.get(column.index).map(|context| &context.kind)
    }

    /// The edits of each column called `name`, also of one of which a row has any number of values, with what it holds.
    pub(super) fn edits_of(&self, name: &str) -> impl Iterator<Item = (&'a CellEdit, &'a ColumnKind)> {
        let is_named = move |edit: &&CellEdit| {
            let column = self.block.columns.get(edit.column as usize);
            let context = column.and_then(|column| self.block.table.columns.get(column.index));
            context.is_some_and(|context| context.name == name)
        };
        self.edits.iter().filter(is_named).filter_map(|edit| Some((edit, self.kind(edit.column)?)))
    }

    /// The row of its block that an edit is of.
    pub(super) fn row_of(&self, edit: &CellEdit) -> u32 {
        let column = self.block.columns.get(edit.column as usize);
        let records = column.and_then(|column| column.records.as_ref());
        records.and_then(|records| records.get(edit.row as usize)).copied().unwrap_or(edit.row)
    }

    /// What stands in a row of the column at `places`.
    pub(super) fn stored(&self, places: &Places, row: u32) -> Stored<'a> {
        for place in &places.0 {
            let edit = self.edits.binary_search_by_key(&(*place, row), |edit| (edit.column, edit.row));
            if let Some(edit) = edit.ok().and_then(|at| self.edits.get(at)) {
                return edit.value.as_deref().map_or(Stored::Null, |value| Stored::Value(value.into(), *place));
            }
            let Some(column) = self.block.columns.get(*place as usize) else { return Stored::Absent };
            if (row as usize) < column.values.len() && !column.values.is_null(row as usize) {
                let text = cell_text(&column.values, row as usize);
                return text.map_or(Stored::Absent, |text| Stored::Value(text, *place));
            }
        }
        // Where values of some kinds only are read, one of another kind looks as if it were none.
        if places.0.len() == 1 { Stored::Null } else { Stored::Absent }
    }

    /// The rows in which a column at one of `places` is edited, in order.
    pub(super) fn edited<'p>(&self, places: impl Iterator<Item = &'p Places>) -> Vec<u32> {
        let mut rows = Vec::new();
        for place in places.flat_map(|places| &places.0) {
            let start = self.edits.partition_point(|edit| edit.column < *place);
            let of_column = self.edits.iter().skip(start).take_while(|edit| edit.column == *place);
            rows.extend(of_column.map(|edit| edit.row));
        }
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    /// How many rows there are.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.block.rows).unwrap_or(u32::MAX)
    }

    /// The number of a row in its table.
    pub(super) fn number(&self, row: u32) -> u64 {
        self.block.first_row + u64::from(row)
    }
}

/// What a condition sees of a value of such a column.
pub(super) fn cell_of<'a>(kind: Option<&ColumnKind>, text: Cow<'a, [u8]>) -> Cell<'a> {
    match kind {
        Some(ColumnKind::Text { max_chars: None, .. }) => Cell::Value(text),
        Some(ColumnKind::Text { max_chars: Some(most), .. }) => Cell::Limited(text, *most),
        Some(ColumnKind::Number { .. }) => Cell::Number(text),
        Some(ColumnKind::Fraction { .. }) => Cell::Fraction(text),
        Some(ColumnKind::Date { time: false, .. }) => Cell::Day(text),
        _ => Cell::Other,
    }
}
