//! What rewriting does to the columns of an asset, and whether what its constraints ask still holds then.
//!
//! Holds no value: results are fingerprints under a key that the process draws and forgets, and they are kept only of
//! columns of named tables whose operators do not keep distinct values apart, until two rows share one.

mod checks;
mod keys;
mod rows;
mod tuples;
mod verdicts;
mod watch;

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, LazyLock};

use foldhash::fast::FixedState;
use foldhash::quality::RandomState;

use arrow::array::Array;

use self::checks::Checks;
use self::tuples::Question;
pub(super) use self::tuples::{Answers, Found, Questions};
pub use self::verdicts::Verdict;
pub(super) use self::watch::Watch;
use super::findings::{Distinct, Spot};
use crate::block::{Block, ColumnKind, Edits, TableBlock, TableContext};
use crate::constraint::by_table::Constraints;
use crate::constraint::{Constraint, ConstraintKind};
use crate::error::DataError;
use crate::finding::{EntityId, Match};
use crate::format::Codec;
use crate::transform::{CarriedOut, Transformer};

/// Most results that are kept of one column.
const MOST_RESULTS: usize = 1 << 22;
/// Most places outside of named tables that are told apart in one asset.
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
    /// Letters stand in results: a collation may take two of them for one.
    pub has_letters: bool,
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
        self.has_letters |= other.has_letters;
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
    /// Tables that have rows, and how many values stand in their columns.
    tables: BTreeMap<String, Vec<Filled>>,
    constraints: Constraints,
    /// Tables with edited rows of which no CREATE TABLE tells.
    undeclared: BTreeSet<String>,
    /// What some tables are is told in other files of the run.
    is_declared_elsewhere: bool,
    /// What the CHECKs among them say of the edited rows.
    checked: Checks,
    /// Whether rows stay apart in the columns of keys, where that was asked.
    answers: Answers,
    /// They are those of a plan: values that equal replaced ones where no rule finds them are not looked for.
    is_plan: bool,
    /// They are outlines of files that hold the tables of one database.
    is_between_files: bool,
}

/// How many values stand in the columns of rows of one shape.
#[derive(Debug, Clone)]
struct Filled {
    table: Arc<TableContext>,
    /// By the column's place in the table.
    values: Vec<u64>,
}

impl Filled {
    fn of(block: &TableBlock) -> Filled {
        let mut values = vec![0; block.table.columns.len()];
        for column in &block.columns {
            if let Some(count) = values.get_mut(column.index) {
                *count += (column.values.len() - column.values.null_count()) as u64;
            }
        }
        Filled { table: Arc::clone(&block.table), values }
    }

    /// Values in columns of this name.
    fn named(&self, name: &str) -> u64 {
        let columns = self.table.columns.iter().zip(&self.values);
        columns.filter(|(column, _)| column.name == name).map(|(_, count)| count).sum()
    }
}

impl Changes {
    /// What rewriting `matches` of `block` would do, of whose rows `asked` is asked beside what its codec knows; and the edits.
    /// Values that no operator fits are counted, and passed over.
    ///
    /// # Errors
    /// When the matches are not of this block.
    pub(super) fn planned(
        transformer: &Transformer,
        block: &Block,
        codec: Option<&dyn Codec>,
        asked: &[Constraint],
        matches: &[Match],
    ) -> Result<(Changes, Edits), DataError> {
        let mut watch = Watch::new(transformer, block, codec, asked, true);
        let edits = transformer.edits_watched(block, codec, matches, &mut Default::default(), &mut watch)?;
        Ok((watch.finish(&edits), edits))
    }

    /// Adds constraints of the asset's tables.
    pub(super) fn ask(&mut self, constraints: impl IntoIterator<Item = Constraint>) {
        constraints.into_iter().for_each(|one| self.constraints.enter(one));
    }

    /// Adds the changes of the block that comes next.
    pub(super) fn merge(&mut self, next: Changes) {
        for (spot, change) in next.places {
            // Columns of tables are as many as the tables have: what is asked of one must not be lost.
            let is_bounded = spot.table.is_some() || self.places.len() < MOST_PLACES;
            if is_bounded || self.places.contains_key(&spot) {
                self.places.entry(spot).or_default().merge(change);
            } else {
                let others = Spot { table: spot.table, column: Some("(other places)".to_owned()) };
                self.places.entry(others).or_default().merge(change);
            }
        }
        for (table, shapes) in next.tables {
            let held = self.tables.entry(table).or_default();
            for shape in shapes {
                let is_same = |one: &&mut Filled| Arc::ptr_eq(&one.table, &shape.table) || one.table == shape.table;
                match held.iter_mut().find(is_same) {
                    Some(same) => same.values.iter_mut().zip(&shape.values).for_each(|(sum, count)| *sum += count),
                    None => held.push(shape),
                }
            }
        }
        self.undeclared.extend(next.undeclared);
        self.is_declared_elsewhere |= next.is_declared_elsewhere;
        self.is_plan |= next.is_plan;
        self.is_between_files |= next.is_between_files;
        self.ask(next.constraints);
        self.checked.merge(next.checked);
    }

    /// What must be asked of the rows as they will be: whether two become one in the columns of a key, where what is known
    /// of single columns does not tell.
    pub(super) fn questions(&self) -> Questions {
        self.constraints.iter().filter_map(|one| self.question(one)).collect()
    }

    /// As [`Changes::questions`], of the rows of one table.
    pub(super) fn questions_of(&self, table: &str) -> Questions {
        self.constraints.of(table).filter_map(|one| self.question(one)).collect()
    }

    fn question(&self, constraint: &Constraint) -> Option<Question> {
        let nulls_apart = constraint.kind.nulls_apart()?;
        let changes = || constraint.columns.iter().filter_map(|column| self.change(&constraint.table, column));
        let may_meet = || changes().any(|(column, change)| self.may_meet(constraint, column, change));
        let is_known = |(_, change): (&String, &Change)| match change.results {
            Results::TooMany => true,
            Results::Shared => constraint.columns.len() == 1,
            Results::Apart(_) => false,
        };
        if !may_meet() || changes().any(is_known) {
            return None;
        }
        let (table, columns) = (constraint.table.clone(), constraint.columns.clone());
        let foldings = columns.iter().map(|column| self.folding(&table, column)).collect();
        Some(Question { table, columns, foldings, nulls_apart })
    }

    /// Takes in what there is to say to questions.
    pub(super) fn answer(&mut self, answers: Answers) {
        self.answers = answers;
    }

    /// As [`Changes::hold`], before the end: only what no further row can mend.
    ///
    /// # Errors
    /// The first constraint that is broken already.
    pub(super) fn hold_so_far(&self) -> Result<(), DataError> {
        if self.checked.are_any_broken() || self.answers.are_any_shared() { self.broken_so_far() } else { Ok(()) }
    }

    /// Takes in what a rewritten block of a stream, which is not read again, says to `questions`.
    pub(super) fn pass(&mut self, questions: Questions, block: &Block) {
        for (place, found) in questions.put_to(block, &[]) {
            self.answers.enter_to(&questions, place, found);
        }
    }

    /// The places in which values become others or cannot, with what there is to say of them.
    pub fn verdicts(&self) -> impl Iterator<Item = (&Spot, &Change, Verdict)> {
        self.places.iter().map(|(spot, change)| (spot, change, self.verdict(spot, change)))
    }

    /// What the files beside this one must know of it: which tables it holds and how many values, and which operators
    /// its places met.
    pub fn outline(&self) -> Changes {
        let outlined = |change: &Change| {
            let (operators, edited) = (change.operators.clone(), change.edited);
            Change { operators, edited, ..Change::default() }
        };
        let is_wanted =
            |one: &&Constraint| matches!(one.kind, ConstraintKind::References { .. } | ConstraintKind::PrimaryKey);
        Changes {
            places: self.places.iter().map(|(spot, change)| (spot.clone(), outlined(change))).collect(),
            tables: self.tables.clone(),
            constraints: self.constraints.iter().filter(is_wanted).cloned().collect(),
            is_between_files: true,
            ..Changes::default()
        }
    }

    /// Whether other files of the run tell what some of the tables are.
    pub fn is_declared_elsewhere(&self) -> bool {
        self.is_declared_elsewhere
    }

    /// Tables with edited rows of which nobody knows what the database asks of them.
    pub fn undeclared(&self) -> impl Iterator<Item = &String> {
        self.undeclared.iter()
    }

    /// The tables that have rows.
    pub(super) fn tables(&self) -> impl Iterator<Item = &String> {
        self.tables.keys()
    }

    /// Adds the outline of a file of the same database.
    pub fn join(&mut self, outline: Changes) {
        self.merge(outline);
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
}

#[cfg(test)]
mod tests;
