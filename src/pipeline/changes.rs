//! What rewriting does to the columns of an asset, and whether what its constraints ask still holds then.
//!
//! Holds no value: results are fingerprints under a key that the process draws and forgets, and they are kept only of
//! columns of named tables whose operators do not keep distinct values apart, until two rows share one.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::hash::BuildHasher;
use std::sync::LazyLock;

use foldhash::fast::FixedState;
use foldhash::quality::RandomState;

use super::findings::{Distinct, Spot};
use super::locate::safe_name;
use crate::block::{Block, ColumnKind};
use crate::constraint::{Constraint, ConstraintKind};
use crate::error::{DataError, Position};
use crate::finding::{EntityId, Match};
use crate::format::Codec;
use crate::transform::{CarriedOut, Edited, Site, Transformer, Watcher};

/// Most results that are kept of one column.
const MOST_RESULTS: usize = 1 << 22;
/// Most places that are told apart in one asset.
const MOST_PLACES: usize = 4096;

/// A hash under a seed that the process draws at random.
static FINGERPRINT: LazyLock<RandomState> = LazyLock::new(RandomState::default);

/// What becomes of the values in one place: a column, or what a path leads to in text.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// What the place can hold; `None` in text.
    pub kind: Option<ColumnKind>,
    /// How many values of an entity type met which operator.
    pub operators: BTreeMap<(EntityId, CarriedOut), u64>,
    /// Values that become others.
    pub edited: u64,
    /// Most characters of such a value, before and after.
    pub widest: (usize, usize),
    /// Different values that become others.
    pub distinct: Distinct,
    /// Whether results stay apart.
    pub results: Results,
    /// Values that no operator of the policy fits, and why the first one does not.
    pub refused: (u64, Option<DataError>),
}

/// Whether the results of a column stay apart.
#[derive(Debug, Clone)]
pub enum Results {
    /// So far.
    Apart(HashSet<u64, FixedState>),
    /// Two values have one result.
    Shared,
    /// There are too many to tell.
    TooMany,
}

impl Default for Results {
    fn default() -> Self {
        Results::Apart(HashSet::default())
    }
}

impl Results {
    fn enter(&mut self, result: u64) {
        let Results::Apart(held) = self else { return };
        if !held.insert(result) {
            *self = Results::Shared;
        } else if held.len() > MOST_RESULTS {
            *self = Results::TooMany;
        }
    }

    fn merge(&mut self, other: Results) {
        match other {
            Results::Apart(results) => match self {
                Results::Apart(held) if held.is_empty() => *self = Results::Apart(results),
                _ => results.into_iter().for_each(|result| self.enter(result)),
            },
            Results::Shared => *self = Results::Shared,
            Results::TooMany if !matches!(self, Results::Shared) => *self = Results::TooMany,
            Results::TooMany => {}
        }
    }
}

impl Change {
    fn merge(&mut self, other: Change) {
        self.kind = self.kind.take().or(other.kind);
        for (key, count) in other.operators {
            *self.operators.entry(key).or_default() += count;
        }
        self.edited += other.edited;
        self.widest = (self.widest.0.max(other.widest.0), self.widest.1.max(other.widest.1));
        self.distinct.merge(other.distinct);
        self.results.merge(other.results);
        self.refused.0 += other.refused.0;
        self.refused.1 = self.refused.1.take().or(other.refused.1);
    }

    /// Entity types and the operators that were carried out on them.
    fn met(&self) -> BTreeSet<(EntityId, &'static str)> {
        self.operators.keys().map(|(entity, carried_out)| (*entity, carried_out.done)).collect()
    }
}

/// What becomes of the places of an asset, or of a block.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    places: BTreeMap<Spot, Change>,
    /// Tables that have rows.
    tables: BTreeSet<String>,
    constraints: Vec<Constraint>,
    /// They are those of a plan: values that equal replaced ones where no rule finds them are not looked for.
    is_plan: bool,
}

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
    /// What rewriting `matches` of `block` would do. Values that no operator fits are counted, and passed over.
    ///
    /// # Errors
    /// When the matches are not of this block.
    pub(super) fn planned(
        transformer: &Transformer,
        block: &Block,
        codec: Option<&dyn Codec>,
        matches: &[Match],
    ) -> Result<Changes, DataError> {
        let mut watch = Watch::new(transformer, block, codec, true);
        transformer.edits_watched(block, codec, matches, &mut Default::default(), &mut watch)?;
        Ok(watch.finish())
    }

    /// Adds constraints of the asset's tables.
    pub(super) fn ask(&mut self, constraints: Vec<Constraint>) {
        for constraint in constraints {
            if !self.constraints.contains(&constraint) {
                self.constraints.push(constraint);
            }
        }
    }

    /// Adds the changes of the block that comes next.
    pub(super) fn merge(&mut self, next: Changes) {
        for (spot, change) in next.places {
            if self.places.len() < MOST_PLACES || self.places.contains_key(&spot) {
                self.places.entry(spot).or_default().merge(change);
            } else {
                let others = Spot { table: spot.table, column: Some("(other places)".to_owned()) };
                self.places.entry(others).or_default().merge(change);
            }
        }
        self.tables.extend(next.tables);
        self.is_plan |= next.is_plan;
        self.ask(next.constraints);
    }

    /// The places in which values become others or cannot, with what there is to say of them.
    pub fn verdicts(&self) -> impl Iterator<Item = (&Spot, &Change, Verdict)> {
        self.places.iter().map(|(spot, change)| (spot, change, self.verdict(spot, change)))
    }

    /// Makes sure that the rewritten rows hold to the constraints of their tables, as far as that can be told.
    ///
    /// # Errors
    /// The first one that they would break, with table and column.
    pub(super) fn hold(&self) -> Result<(), DataError> {
        let refusals = self.verdicts().filter_map(|(_, _, verdict)| match verdict {
            Verdict::Refused(error) => Some(error),
            Verdict::Fits | Verdict::Doubtful(_) => None,
        });
        refusals.map(Err).next().unwrap_or(Ok(()))
    }

    fn verdict(&self, spot: &Spot, change: &Change) -> Verdict {
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
        if !constraint.columns.iter().any(|one| one == column) || change.edited == 0 {
            return Verdict::Fits;
        }
        let name = constraint.kind.name();
        match (&constraint.kind, &change.results) {
            (ConstraintKind::PrimaryKey | ConstraintKind::Unique, Results::Shared) if constraint.columns.len() == 1 => {
                Verdict::Refused(DataError::new(format!("two values would become one, and the column is {name}")).advise(
                    "use hash or fpe for its entity types in the policy, which keep values apart, or drop the constraint",
                ))
            }
            (ConstraintKind::PrimaryKey | ConstraintKind::Unique, Results::Shared) => {
                let columns = constraint.columns.join(", ");
                Verdict::Doubtful(format!("values become one, and it is part of {name} ({columns})"))
            }
            (ConstraintKind::PrimaryKey | ConstraintKind::Unique, Results::TooMany) => {
                Verdict::Doubtful(format!("too many values to tell whether two become one, and it is {name}"))
            }
            (ConstraintKind::References { table, columns }, _) => {
                self.referenced(constraint, (table, columns), column, change)
            }
            (ConstraintKind::Check, _) => Verdict::Doubtful("a CHECK names it, which is not evaluated".to_owned()),
            (ConstraintKind::PartitionKey, _) => {
                Verdict::Doubtful("it decides in which partition a row is: there must be one".to_owned())
            }
            _ => Verdict::Fits,
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
        if !self.tables.contains(table) {
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

/// Watches the values of one block.
pub(super) struct Watch<'a> {
    transformer: &'a Transformer,
    table: Option<&'a str>,
    /// Whether widths and counts are wanted, and refusals passed over.
    plans: bool,
    /// Results at the site that is under way.
    results: Vec<u64>,
    /// What is known of that site but for its operators.
    change: Change,
    changes: Changes,
}

impl<'a> Watch<'a> {
    pub(super) fn new(
        transformer: &'a Transformer,
        block: &'a Block,
        codec: Option<&'a dyn Codec>,
        plans: bool,
    ) -> Watch<'a> {
        let table = match block {
            Block::Table(table) if table.rows > 0 => table.table.name.as_deref(),
            _ => None,
        };
        let constraints = codec.map_or(&[][..], |codec| codec.constraints()).to_vec();
        let tables = table.map(str::to_owned).into_iter().collect();
        let changes = Changes { constraints, tables, is_plan: plans, ..Changes::default() };
        Watch { transformer, table, plans, results: Vec::new(), change: Change::default(), changes }
    }

    pub(super) fn finish(self) -> Changes {
        self.changes
    }

    /// Whether anybody asks: guarding a run asks only for named tables, a plan for everything.
    fn is_asked(&self) -> bool {
        self.plans || self.table.is_some()
    }

    fn spot(&self, site: Site<'_>) -> Spot {
        let column = match site {
            Site::Column(context) => Some(context.name.clone()),
            Site::Text(path) => path.map(safe_name),
        };
        Spot { table: self.table.map(str::to_owned), column }
    }
}

impl Watcher for Watch<'_> {
    fn edited(&mut self, _site: Site<'_>, edited: Edited<'_>) {
        if !self.is_asked() {
            return;
        }
        self.change.edited += 1;
        if let Some(after) = edited.after
            && self.table.is_some()
        {
            self.results.push(FINGERPRINT.hash_one(after));
        }
        if self.plans {
            let characters = |text: &[u8]| text.iter().filter(|byte| !(0x80..0xC0).contains(*byte)).count();
            let (before, after) = (characters(edited.before), edited.after.map_or(0, characters));
            let widest = &mut self.change.widest;
            *widest = (widest.0.max(before), widest.1.max(after));
            self.change.distinct.enter(FINGERPRINT.hash_one(edited.before));
        }
    }

    fn done(&mut self, site: Site<'_>, operators: &mut dyn Iterator<Item = (EntityId, CarriedOut, u64)>) {
        if !self.is_asked() {
            return;
        }
        let mut change = std::mem::take(&mut self.change);
        let mut stay_apart = true;
        for (entity, carried_out, count) in operators {
            stay_apart &= self.transformer.keeps_apart(entity, carried_out);
            change.operators.insert((entity, carried_out), count);
        }
        if !stay_apart {
            self.results.iter().for_each(|result| change.results.enter(*result));
        }
        self.results.clear();
        if let Site::Column(context) = site {
            change.kind = Some(context.kind.clone());
        }
        self.changes.places.entry(self.spot(site)).or_default().merge(change);
    }

    fn refused(&mut self, site: Site<'_>, found: &Match, error: DataError) -> Result<(), DataError> {
        if !self.plans {
            return Err(error);
        }
        let none = CarriedOut::REFUSED;
        let operators = BTreeMap::from([((found.entity, none), 1)]);
        let change = Change { refused: (1, Some(error)), operators, ..Change::default() };
        self.changes.places.entry(self.spot(site)).or_default().merge(change);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
