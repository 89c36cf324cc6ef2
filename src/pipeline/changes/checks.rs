//! What the conditions of a table's CHECKs say of the rows that are edited.

use std::collections::HashMap;

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
