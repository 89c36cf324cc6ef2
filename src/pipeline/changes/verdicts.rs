//! What there is to say of the places in which values become others: what their constraints ask, and whether it holds.

use super::checks::Checked;
use super::{Change, Changes, Results};
use crate::constraint::{Constraint, ConstraintKind};
use crate::error::{DataError, Position};
use crate::pipeline::findings::Spot;
use crate::pipeline::locate::safe_name;

/// What there is to say of one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing.
    Fits,
    /// Something that nobody here can tell, and the database will.
    Doubtful(String),
    /// It cannot be, and why.
    Refused(DataError),
}

impl Changes {
    pub(super) fn verdict(&self, spot: &Spot, change: &Change) -> Verdict {
        if let (_, Some(error)) = &change.refused {
            return Verdict::Refused(error.clone());
        }
        let (Some(table), Some(column)) = (&spot.table, &spot.column) else { return Verdict::Fits };
        let mut verdict = Verdict::Fits;
        for constraint in &self.constraints {
            let this = if constraint.table == *table { self.asked(constraint, column, change) } else { Verdict::Fits };
            let family = self.of_partition(constraint, table, column, change);
            for found in [this, family] {
                match found {
                    Verdict::Refused(_) => return found.located(spot),
                    Verdict::Doubtful(_) if verdict == Verdict::Fits => verdict = found,
                    _ => {}
                }
            }
        }
        verdict
    }

    /// What `constraint`, which is one of the table, asks of `column`.
    fn asked(&self, constraint: &Constraint, column: &str, change: &Change) -> Verdict {
        if !constraint.names(column) || change.edited == 0 {
            return Verdict::Fits;
        }
        match &constraint.kind {
            ConstraintKind::PrimaryKey | ConstraintKind::Unique { .. } => self.kept_apart(constraint, column, change),
            ConstraintKind::References { table, columns } => {
                self.referenced(constraint, (table, columns), column, change)
            }
            ConstraintKind::Check(_) => self.checked(constraint, change),
            ConstraintKind::PartitionKey => {
                Verdict::Doubtful("it decides in which partition a row is: there must be one".to_owned())
            }
            ConstraintKind::PartitionOf(_) => Verdict::Fits,
        }
    }

    /// What the foreign keys say that lead from the place at `spot` to tables in files beside its own.
    pub fn verdict_between_files(&self, spot: &Spot) -> Verdict {
        let (Some(table), Some(column), Some(change)) = (&spot.table, &spot.column, self.places.get(spot)) else {
            return Verdict::Fits;
        };
        let is_own = |one: &&Constraint| one.table == *table && matches!(one.kind, ConstraintKind::References { .. });
        let verdicts = self.constraints.iter().filter(is_own).map(|one| self.asked(one, column, change));
        let refused = verdicts.into_iter().find(|verdict| matches!(verdict, Verdict::Refused(_)));
        refused.map_or(Verdict::Fits, |verdict| verdict.located(spot))
    }

    /// The first CHECK or key that is broken.
    pub(super) fn broken_so_far(&self) -> Result<(), DataError> {
        for (spot, change) in &self.places {
            let (Some(table), Some(column)) = (&spot.table, &spot.column) else { continue };
            let is_own =
                |kind: &ConstraintKind| matches!(kind, ConstraintKind::Check(_)) || kind.nulls_apart().is_some();
            for constraint in self.constraints.iter().filter(|one| one.table == *table && is_own(&one.kind)) {
                if let Verdict::Refused(error) = self.asked(constraint, column, change).located(spot) {
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Whether the rows stay apart in the columns of a key, of which `column` is one.
    fn kept_apart(&self, constraint: &Constraint, column: &str, change: &Change) -> Verdict {
        if !self.may_meet(constraint, column, change) {
            return Verdict::Fits;
        }
        let (name, columns) = (safe_name(&constraint.shown()), constraint.columns.join(", "));
        let is_one = constraint.columns.len() == 1;
        let results = match self.answers.of(&constraint.table, &constraint.columns) {
            Some(results) => results,
            None if is_one && !matches!(change.results, Results::Apart(_)) => &change.results,
            None => {
                let why = "whether a value becomes one that another row has was not looked at, and it is";
                return Verdict::Doubtful(if is_one {
                    format!("{why} {name}")
                } else {
                    format!("{why} part of {name} ({})", safe_name(&columns))
                });
            }
        };
        match results {
            Results::Apart(_) => Verdict::Fits,
            Results::TooMany => Verdict::Doubtful(format!(
                "too many rows, or columns that are not in them, to tell whether two become one, and it is {name}"
            )),
            Results::Shared => Verdict::Refused(
                DataError::new(if is_one {
                    format!("two values would become one, and the column is {name}")
                } else {
                    format!("two rows would become one in {}, which are {name}", safe_name(&columns))
                })
                .advise(
                    "use hash or fpe for its entity types in the policy, which keep values apart, or drop the constraint",
                ),
            ),
        }
    }

    /// What a CHECK says of the rows in which one of its columns is edited.
    fn checked(&self, constraint: &Constraint, change: &Change) -> Verdict {
        let name = safe_name(&constraint.shown());
        match self.checked.iter().find(|(one, _)| one == constraint).map(|(_, checked)| checked) {
            Some(Checked { broken: (count @ 1.., first), .. }) => {
                let first = first.map_or_else(String::new, |row| format!(", the first in row {row}"));
                Verdict::Refused(DataError::new(format!("{count} new values would break {name}{first}")).advise(
                    "use an operator whose results it allows for its entity types in the policy (fpe keeps length and \
                     form), or change the constraint",
                ))
            }
            Some(checked) if checked.unknown > 0 => {
                Verdict::Doubtful(format!("whether new values obey {name}, only the database can tell"))
            }
            Some(checked) if checked.rows >= change.edited => Verdict::Fits,
            _ => Verdict::Doubtful(format!("{name} names it, which is not evaluated")),
        }
    }

    /// Whether the column that a foreign key leads to is rewritten alike.
    fn referenced(
        &self,
        key: &Constraint,
        (table, columns): (&str, &[String]),
        column: &str,
        change: &Change,
    ) -> Verdict {
        let position = key.columns.iter().position(|one| one == column);
        let own_key = || {
            let primary = |one: &&Constraint| one.table == *table && one.kind == ConstraintKind::PrimaryKey;
            self.constraints.iter().find(primary).map(|one| one.columns.as_slice())
        };
        let columns = if columns.is_empty() { own_key().unwrap_or_default() } else { columns };
        let Some(target) = position.and_then(|at| columns.get(at)) else { return Verdict::Fits };
        if !self.tables.contains_key(table) {
            return Verdict::Fits;
        }
        let spot = Spot { table: Some(table.to_owned()), column: Some(target.clone()) };
        let there = self.places.get(&spot).map(Change::met).unwrap_or_default();
        if change.met().is_subset(&there) {
            return Verdict::Fits;
        }
        if self.is_plan && there.is_empty() {
            let why = "no rule finds values there; those that equal replaced ones will be replaced, too";
            return Verdict::Doubtful(format!("is a FOREIGN KEY to {table}.{target}: {why}"));
        }
        Verdict::Refused(
            DataError::new(format!("is a FOREIGN KEY to {table}.{target}, whose values are rewritten otherwise"))
                .advise("give both columns names that say what they hold, or drop the constraint"),
        )
    }

    /// What being a partition asks of `column`: rows that go under a partition's own name must stay in it.
    fn of_partition(&self, constraint: &Constraint, table: &str, column: &str, change: &Change) -> Verdict {
        let ConstraintKind::PartitionOf(parent) = &constraint.kind else { return Verdict::Fits };
        let decides = |one: &Constraint| {
            one.table == *parent
                && one.kind == ConstraintKind::PartitionKey
                && one.columns.iter().any(|named| named == column)
        };
        if constraint.table != table || change.edited == 0 || !self.constraints.iter().any(decides) {
            return Verdict::Fits;
        }
        Verdict::Refused(
            DataError::new(format!(
                "decides that the row is in this partition of {parent}, and would become another value"
            ))
            .advise("use keep for its entity type in the policy, or dump with --load-via-partition-root"),
        )
    }

    pub(super) fn change(&self, table: &str, column: &str) -> Option<(&String, &Change)> {
        let spot = Spot { table: Some(table.to_owned()), column: Some(column.to_owned()) };
        self.places.get_key_value(&spot).and_then(|(spot, change)| Some((spot.column.as_ref()?, change)))
    }

    /// Whether a value of the column may become one that another row has in it.
    pub(super) fn may_meet(&self, constraint: &Constraint, column: &str, change: &Change) -> bool {
        if change.edited == 0 {
            return false;
        }
        let is_done =
            |names: &[&str]| change.operators.keys().all(|(_, carried_out)| names.contains(&carried_out.done));
        let shapes = self.tables.get(&constraint.table);
        let filled: u64 = shapes.into_iter().flatten().map(|filled| filled.named(column)).sum();
        // A token looks like nothing that was there.
        let may_meet_others = filled > change.edited && !is_done(&["hash", "sha256", "keep"]);
        let are_nulls_one = constraint.kind.nulls_apart() == Some(false)
            && change.operators.keys().any(|(_, carried_out)| carried_out.done == "null");
        may_meet_others || are_nulls_one || !matches!(change.results, Results::Apart(_))
    }
}

impl Verdict {
    /// The same, at the column of this spot.
    pub fn located(self, spot: &Spot) -> Verdict {
        match self {
            Verdict::Refused(error) if error.position.is_none() => {
                let column = spot.column.clone().unwrap_or_default();
                let position = Position::Column { table: spot.table.clone(), column };
                Verdict::Refused(error.at(position))
            }
            other => other,
        }
    }
}
