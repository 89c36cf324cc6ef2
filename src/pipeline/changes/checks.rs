//! What the conditions of a table's CHECKs say of the rows that are edited.

use std::collections::HashMap;

use super::rows::{Places, Rows, cell_of};
use crate::block::{CellEdit, ColumnKind, TableBlock};
use crate::constraint::condition::{Cell, Held};
use crate::constraint::{Constraint, ConstraintKind};
use crate::format::sql::array;
use crate::format::sql::nested::Part;

/// Most patterns of all conditions together: what stands behind them, the database decides.
const MOST_PATTERNS: usize = 256;

/// What one CHECK says of the edited rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Checked {
    /// Rows of which it was asked.
    pub(super) rows: u64,
    /// Those that would break it, and the number of the first one.
    pub(super) broken: (u64, Option<u64>),
    /// Those of which the database decides.
    pub(super) unknown: u64,
}

impl Checked {
    /// Enters what the CHECK says of the row with this number.
    fn enter(&mut self, held: Held, number: u64) {
        self.rows += 1;
        match held {
            Held::Yes => {}
            Held::No => self.broken = (self.broken.0 + 1, self.broken.1.or(Some(number))),
            Held::Unknown => self.unknown += 1,
        }
    }

    pub(super) fn merge(&mut self, next: &Checked) {
        self.rows += next.rows;
        self.broken = (self.broken.0 + next.broken.0, self.broken.1.or(next.broken.1));
        self.unknown += next.unknown;
    }
}

/// What the CHECKs of tables say, by table.
#[derive(Debug, Clone, Default)]
pub(super) struct Checks {
    of: HashMap<String, Vec<(Constraint, Checked)>>,
    are_any_broken: bool,
}

impl Checks {
    /// What `constraint` says, where it was asked.
    pub(super) fn at(&self, constraint: &Constraint) -> Option<&Checked> {
        let of_table = self.of.get(&constraint.table)?;
        of_table.iter().find(|(one, _)| one == constraint).map(|(_, checked)| checked)
    }

    /// Whether rows would break one.
    pub(super) fn are_any_broken(&self) -> bool {
        self.are_any_broken
    }

    /// Adds what the block that comes next says.
    pub(super) fn merge(&mut self, next: Checks) {
        self.are_any_broken |= next.are_any_broken;
        for (table, all) in next.of {
            let held = self.of.entry(table).or_default();
            for (constraint, checked) in all {
                match held.iter_mut().find(|(one, _)| *one == constraint) {
                    Some((_, held)) => held.merge(&checked),
                    None => held.push((constraint, checked)),
                }
            }
        }
    }
}

impl FromIterator<(Constraint, Checked)> for Checks {
    fn from_iter<T: IntoIterator<Item = (Constraint, Checked)>>(all: T) -> Checks {
        let mut checks = Checks::default();
        for (constraint, checked) in all {
            checks.are_any_broken |= checked.broken.0 > 0;
            checks.of.entry(constraint.table.clone()).or_default().push((constraint, checked));
        }
        checks
    }
}

/// What those of `constraints` that are understood conditions on the table of `block` say of the rows that `edits` change.
pub(super) fn check(constraints: &[Constraint], block: &TableBlock, edits: &[CellEdit]) -> Vec<(Constraint, Checked)> {
    let rows = Rows::new(block, edits);
    let mut all = Vec::new();
    let mut patterns = 0;
    for constraint in constraints {
        let condition = match &constraint.kind {
            ConstraintKind::Check(Some(condition)) | ConstraintKind::CheckEach { condition, .. } => condition,
            _ => continue,
        };
        patterns += condition.patterns;
        if block.table.name.as_ref() != Some(&constraint.table) {
            continue;
        }
        let is_asked = condition.patterns == 0 || patterns <= MOST_PATTERNS;
        if let ConstraintKind::CheckEach { of_elements, .. } = &constraint.kind {
            let mut checked = Checked::default();
            for (edit, kind) in constraint.columns.iter().flat_map(|column| rows.edits_of(column)) {
                let number = rows.number(rows.row_of(edit));
                let values = values_of(kind, edit.value.as_deref(), *of_elements);
                if values.is_empty() {
                    checked.enter(Held::Yes, number);
                }
                for value in values {
                    let held = if is_asked { condition.holds(&|_| value.clone()) } else { Held::Unknown };
                    checked.enter(held, number);
                }
            }
            all.extend((checked.rows > 0).then(|| (constraint.clone(), checked)));
            continue;
        }
        let columns: Vec<(&str, Places)> =
            condition.columns.iter().map(|name| (name.as_str(), rows.places(name))).collect();
        let mut checked = Checked::default();
        for row in rows.edited(columns.iter().map(|(_, places)| places)) {
            let cell = |name: &str| {
                let found = columns.iter().find(|(own, _)| *own == name);
                found.map_or(Cell::Absent, |(_, places)| rows.cell(places, row))
            };
            let held = if is_asked { condition.holds(&cell) } else { Held::Unknown };
            checked.enter(held, rows.number(row));
        }
        if checked.rows > 0 {
            all.push((constraint.clone(), checked));
        }
    }
    all
}

/// What a condition on each value sees of a new value of a column that holds `kind`, or of its elements.
fn values_of<'a>(kind: &ColumnKind, value: Option<&'a [u8]>, of_elements: bool) -> Vec<Cell<'a>> {
    let ColumnKind::Array(element) = kind else {
        return vec![value.map_or(Cell::Null, |value| cell_of(Some(kind), value.into()))];
    };
    let Some(text) = value.filter(|_| of_elements) else {
        // A list that is NULL has no elements.
        return if of_elements { Vec::new() } else { vec![Cell::Other] };
    };
    let Ok(parts) = array::elements(text) else { return vec![Cell::Other] };
    let cell = |part: Part| {
        let Some(content) = text.get(part.content()) else { return Cell::Other };
        if array::is_null(content, part.quoted) {
            return Cell::Null;
        }
        if !part.quoted || !content.contains(&b'\\') {
            return cell_of(Some(element), content.into());
        }
        let mut plain = Vec::with_capacity(content.len());
        array::unescape(content, &mut plain);
        cell_of(Some(element), plain.into())
    };
    parts.into_iter().map(cell).collect()
}
