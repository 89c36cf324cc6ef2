//! What the conditions of a table's CHECKs say of the rows that are edited.

use super::rows::{Places, Rows};
use crate::block::{CellEdit, TableBlock};
use crate::constraint::condition::{Cell, Held};
use crate::constraint::{Constraint, ConstraintKind};

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
    pub(super) fn merge(&mut self, next: &Checked) {
        self.rows += next.rows;
        self.broken = (self.broken.0 + next.broken.0, self.broken.1.or(next.broken.1));
        self.unknown += next.unknown;
    }
}

/// What those of `constraints` that are understood conditions on the table of `block` say of the rows that `edits` change.
pub(super) fn check(constraints: &[Constraint], block: &TableBlock, edits: &[CellEdit]) -> Vec<(Constraint, Checked)> {
    let rows = Rows::new(block, edits);
    let mut all = Vec::new();
    let mut patterns = 0;
    for constraint in constraints {
        let ConstraintKind::Check(Some(condition)) = &constraint.kind else { continue };
        patterns += condition.patterns;
        if block.table.name.as_ref() != Some(&constraint.table) {
            continue;
        }
        let is_asked = condition.patterns == 0 || patterns <= MOST_PATTERNS;
        let columns: Vec<(&str, Places)> =
            condition.columns.iter().map(|name| (name.as_str(), rows.places(name))).collect();
        let mut checked = Checked::default();
        for row in rows.edited(columns.iter().map(|(_, places)| places)) {
            let cell = |name: &str| {
                let found = columns.iter().find(|(own, _)| *own == name);
                found.map_or(Cell::Absent, |(_, places)| rows.cell(places, row))
            };
            checked.rows += 1;
            match if is_asked { condition.holds(&cell) } else { Held::Unknown } {
                Held::Yes => {}
                Held::No => checked.broken = (checked.broken.0 + 1, checked.broken.1.or(Some(rows.number(row)))),
                Held::Unknown => checked.unknown += 1,
            }
        }
        if checked.rows > 0 {
            all.push((constraint.clone(), checked));
        }
    }
    all
}
