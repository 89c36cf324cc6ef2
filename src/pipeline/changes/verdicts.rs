//! What there is to say of the places in which values become others: what their constraints ask, and whether it holds.

use super::checks::Checked;
use super::{Change, Changes, Results};
use crate::constraint::{Constraint, ConstraintKind, Folding};
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
        for constraint in self.constraints.about(table) {
            let this = if constraint.table == *table { self.asked(constraint, column, change) } else { Verdict::Fits };
            let family = self.of_partition(constraint, table, column, change);
            let computed = self.computed_from(constraint, table, column, change);
            let referenced = self.led_to(constraint, table, column, change);
            for found in [this, family, computed, referenced] {
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
    pub(super) fn asked(&self, constraint: &Constraint, column: &str, change: &Change) -> Verdict {
        if !constraint.names(column) || change.edited == 0 {
            return Verdict::Fits;
        }
        match &constraint.kind {
            ConstraintKind::PrimaryKey | ConstraintKind::Unique { .. } => self.kept_apart(constraint, column, change),
            ConstraintKind::References { .. } => self.referenced(constraint, column, change),
            ConstraintKind::Check(_) | ConstraintKind::CheckEach { .. } => self.checked(constraint, change),
            ConstraintKind::PartitionKey => {
                Verdict::Doubtful("it decides in which partition a row is: there must be one".to_owned())
            }
            ConstraintKind::UniqueExpression => Verdict::Doubtful(format!(
                "{} is made of an expression or a part of it: whether rows stay apart there, only the database can tell",
                safe_name(&constraint.shown())
            )),
            ConstraintKind::PartitionOf(_)
            | ConstraintKind::Inherits(_)
            | ConstraintKind::NoInherit
            | ConstraintKind::Domain(_)
            | ConstraintKind::OfDomain { .. }
            | ConstraintKind::Generates(_)
            | ConstraintKind::Folds(_) => Verdict::Fits,
        }
    }

    /// The first CHECK or key that is broken.
    pub(super) fn broken_so_far(&self) -> Result<(), DataError> {
        for (spot, change) in &self.places {
            let (Some(table), Some(column)) = (&spot.table, &spot.column) else { continue };
            let is_own = |kind: &ConstraintKind| {
                matches!(kind, ConstraintKind::Check(_) | ConstraintKind::CheckEach { .. })
                    || kind.nulls_apart().is_some()
            };
            for constraint in self.constraints.of(table).filter(|one| is_own(&one.kind)) {
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
            Results::Apart(_) if self.is_collated(constraint) => Verdict::Doubtful(format!(
                "a collation of the database's own may take two values for one, and it is {name}"
            )),
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
        match self.checked.at(constraint) {
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

    /// What being a partition asks of `column`: rows that go under a partition's own name must stay in it.
    fn of_partition(&self, constraint: &Constraint, table: &str, column: &str, change: &Change) -> Verdict {
        let ConstraintKind::PartitionOf(parent) = &constraint.kind else { return Verdict::Fits };
        let decides = |one: &Constraint| {
            one.kind == ConstraintKind::PartitionKey && one.columns.iter().any(|named| named == column)
        };
        if constraint.table != table || change.edited == 0 || !self.constraints.of(parent).any(decides) {
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
        let may_be_folded = change.has_letters
            && !is_done(&["hash", "sha256", "keep"])
            && self.folding(&constraint.table, column) != Folding::Exact;
        may_meet_others || may_be_folded || are_nulls_one || !matches!(change.results, Results::Apart(_))
    }

    /// Which values of a column are equal in keys.
    pub(super) fn folding(&self, table: &str, column: &str) -> Folding {
        let mut of_table = None;
        for constraint in self.constraints.of(table) {
            let ConstraintKind::Folds(folding) = constraint.kind else { continue };
            match constraint.columns.as_slice() {
                // What is said of the table goes before what holds where nothing is said.
                [] if of_table != Some(Folding::Exact) => of_table = Some(folding),
                [] => {}
                columns if columns.iter().any(|one| one == column) => return folding,
                _ => {}
            }
        }
        of_table.unwrap_or(Folding::Exact)
    }

    /// Whether the database alone knows which values of a key are equal.
    fn is_collated(&self, key: &Constraint) -> bool {
        key.columns.iter().any(|column| {
            let is_edited = self.change(&key.table, column).is_some_and(|(_, change)| change.has_letters);
            is_edited && self.folding(&key.table, column) == Folding::Unknown
        })
    }

    /// What is asked of a column that is computed from `column`, as `computed` says: the database computes it anew.
    fn computed_from(&self, computed: &Constraint, table: &str, column: &str, change: &Change) -> Verdict {
        let ConstraintKind::Generates(result) = &computed.kind else { return Verdict::Fits };
        if computed.table != table || change.edited == 0 || !computed.columns.iter().any(|one| one == column) {
            return Verdict::Fits;
        }
        let is_asked = |one: &&Constraint| match one.kind {
            ConstraintKind::PrimaryKey
            | ConstraintKind::Unique { .. }
            | ConstraintKind::UniqueExpression
            | ConstraintKind::References { .. }
            | ConstraintKind::Check(_)
            | ConstraintKind::CheckEach { .. }
            | ConstraintKind::PartitionKey => one.names(result),
            _ => false,
        };
        self.constraints.of(table).find(is_asked).map_or(Verdict::Fits, |asked| {
            Verdict::Doubtful(format!(
                "{} is asked of {}, which the database computes from it: whether it holds, only the database can tell",
                safe_name(&asked.shown()),
                safe_name(result)
            ))
        })
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
