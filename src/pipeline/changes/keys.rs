//! Foreign keys: whether the two columns that one leads from and to are rewritten alike, in one file or in two.

use super::{Change, Changes, Results, Verdict};
use crate::constraint::{Constraint, ConstraintKind};
use crate::error::DataError;
use crate::finding::EntityId;
use crate::pipeline::findings::Spot;
use crate::pipeline::locate::safe_name;
use crate::transform::{CarriedOut, Dropping};

impl Changes {
    /// What the foreign keys say that lead from and to the place at `spot`, where the other end may be in a file beside its
    /// own.
    pub fn verdict_between_files(&self, spot: &Spot) -> Verdict {
        let (Some(table), Some(column), Some(change)) = (&spot.table, &spot.column, self.places.get(spot)) else {
            return Verdict::Fits;
        };
        let mut verdict = Verdict::Fits;
        for key in self.constraints.about(table).filter(|one| matches!(one.kind, ConstraintKind::References { .. })) {
            let from = if key.table == *table { self.asked(key, column, change) } else { Verdict::Fits };
            for found in [from, self.led_to(key, table, column, change)] {
                match found {
                    Verdict::Refused(_) => return found.located(spot),
                    Verdict::Doubtful(_) if verdict == Verdict::Fits => verdict = found,
                    _ => {}
                }
            }
        }
        verdict
    }

    /// The first place that a foreign key between files refuses.
    pub fn broken_between_files(&self) -> Option<(&Spot, DataError)> {
        self.places.keys().find_map(|spot| match self.verdict_between_files(spot) {
            Verdict::Refused(error) => Some((spot, error)),
            Verdict::Fits | Verdict::Doubtful(_) => None,
        })
    }

    /// The column at `spot` becomes NULL as a whole, with so many values.
    pub(in crate::pipeline) fn empty(&mut self, spot: &Spot, values: u64) {
        let Some(change) = self.places.get_mut(spot) else { return };
        let emptied = |(entity, carried_out): (EntityId, CarriedOut)| match carried_out {
            CarriedOut::REFUSED => (entity, carried_out),
            _ => (entity, CarriedOut { done: Dropping::Emptied.operator(), ..carried_out }),
        };
        let operators = std::mem::take(&mut change.operators);
        for (met, count) in operators {
            *change.operators.entry(emptied(met)).or_default() += count;
        }
        (change.edited, change.results) = (values, Results::default());
    }

    /// The columns of `table` that the foreign key `key` leads to: those that it names, or the primary key.
    fn targets<'a>(&'a self, key: &'a Constraint) -> Option<(&'a str, &'a [String])> {
        let ConstraintKind::References { table, columns } = &key.kind else { return None };
        if !columns.is_empty() {
            return Some((table, columns));
        }
        let primary = self.constraints.of(table).find(|one| one.kind == ConstraintKind::PrimaryKey);
        let columns = primary.map(|one| one.columns.as_slice());
        Some((table, columns.unwrap_or_default()))
    }

    /// Whether the column that a foreign key leads to is rewritten alike.
    pub(super) fn referenced(&self, key: &Constraint, column: &str, change: &Change) -> Verdict {
        let position = key.columns.iter().position(|one| one == column);
        let Some((table, columns)) = self.targets(key) else { return Verdict::Fits };
        let Some(target) = position.and_then(|at| columns.get(at)) else { return Verdict::Fits };
        if !self.tables.contains_key(table) {
            return Verdict::Fits;
        }
        let there = self.change(table, target).map(|(_, change)| change.met()).unwrap_or_default();
        // A key that is NULL leads nowhere.
        let is_nowhere = |done: &str| key.columns.len() == 1 && done == Dropping::Emptied.operator();
        if change.met().iter().all(|met| is_nowhere(met.1) || there.contains(met)) {
            return Verdict::Fits;
        }
        if self.is_plan && there.is_empty() {
            let why = "no rule finds values there; those that equal replaced ones will be replaced, too";
            return Verdict::Doubtful(format!("is a {}: {why}", leads(key, table, target)));
        }
        Verdict::Refused(
            DataError::new(format!("is a {}, whose values are rewritten otherwise", leads(key, table, target)))
                .advise("give both columns names that say what they hold, use keep for its entity type in the policy, or drop the constraint"),
        )
    }

    /// Whether rows of another table still find theirs once `column` is rewritten, to which the foreign key `key` leads.
    pub(super) fn led_to(&self, key: &Constraint, table: &str, column: &str, change: &Change) -> Verdict {
        let is_here = matches!(&key.kind, ConstraintKind::References { table: to, .. } if to == table);
        if !is_here || change.edited == 0 {
            return Verdict::Fits;
        }
        let columns = self.targets(key).map(|(_, columns)| columns).unwrap_or_default();
        let position = columns.iter().position(|one| one == column);
        let Some(from) = position.and_then(|at| key.columns.get(at)) else { return Verdict::Fits };
        let edited = self.change(&key.table, from).map_or(0, |(_, change)| change.edited);
        let left = self.filled(&key.table, from).saturating_sub(edited);
        // Within a file, what equals a replaced value is replaced, too.
        if left == 0 || !self.is_between_files && edited > 0 {
            return Verdict::Fits;
        }
        let shown = format!("is what the {} leads to from {}.{from}", safe_name(&key.shown()), key.table);
        if self.is_between_files && change.edited < self.filled(table, column) {
            let why = "where some values stay as they are and others do not: whether they still meet, only the database can tell";
            return Verdict::Doubtful(format!("{shown}, {why}"));
        }
        if self.is_plan && !self.is_between_files {
            let why = "no rule finds values there; those that equal replaced ones will be replaced, too";
            return Verdict::Doubtful(format!("{shown}: {why}"));
        }
        Verdict::Refused(
            DataError::new(format!("{shown}, whose values are not rewritten"))
                .advise("give both columns names that say what they hold, use keep for its entity type in the policy, or drop the constraint"),
        )
    }

    /// Values in a column.
    fn filled(&self, table: &str, column: &str) -> u64 {
        let shapes = self.tables.get(table);
        shapes.into_iter().flatten().map(|filled| filled.named(column)).sum()
    }
}

/// What `key` is: `FOREIGN KEY to member.phone (orders_phone_fkey)`.
fn leads(key: &Constraint, table: &str, target: &str) -> String {
    let name = key.name.as_ref().map_or_else(String::new, |name| format!(" ({})", safe_name(name)));
    format!("{} to {table}.{target}{name}", key.kind.name())
}
