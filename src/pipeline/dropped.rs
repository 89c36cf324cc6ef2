//! Columns that go altogether because they *are* of an entity type that the policy drops.
//!
//! Which ones those are must be known before the first byte is written: a first reading of the asset tells, with the
//! verdicts that a scan reports. It must give the same answer whatever the threads, and never guess: columns that cannot
//! be told apart, or cannot go, are refused by name.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use super::Context;
use super::findings::{Prevalence, Spot};
use super::locate::{count_filled, safe_name};
use crate::block::{Block, ColumnKind, TableBlock, TextBlock};
use crate::error::{DataError, Position};
use crate::finding::{EntityId, Match, Place};
use crate::format::{Codec, Container, MemberSpan};
use crate::rule::RuleSet;
pub use crate::transform::Dropping;

/// The name of the operator.
pub(super) const OPERATOR: &str = "drop";
/// Most columns and keys that are told apart in one asset.
const MOST_COLUMNS: usize = 1 << 16;

/// A column, or the keys that lead to a member of JSON objects.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    table: Option<String>,
    /// Its place, in a table without a name: two columns of one name are two.
    position: Option<usize>,
    name: String,
}

impl Key {
    fn of_column(block: &TableBlock, index: usize) -> Option<Key> {
        let name = block.table.columns.get(index)?.name.clone();
        let table = block.table.name.clone();
        Some(Key { position: table.is_none().then_some(index), table, name })
    }

    fn of_path(exact: &str) -> Key {
        Key { table: None, position: None, name: exact.to_owned() }
    }
}

/// What was counted of a column.
#[derive(Debug, Clone, Default)]
struct Counted {
    /// As it may be shown.
    shown: String,
    rows: u64,
    values: u64,
    /// Values with a match, per entity type, and whether any of the matches is to be dropped.
    held: BTreeMap<EntityId, (u64, bool)>,
    kind: Option<ColumnKind>,
}

impl Counted {
    fn merge(&mut self, next: Counted) {
        self.shown = if self.shown.is_empty() { next.shown } else { std::mem::take(&mut self.shown) };
        self.rows += next.rows;
        self.values += next.values;
        for (entity, (values, drops)) in next.held {
            let held = self.held.entry(entity).or_default();
            *held = (held.0 + values, held.1 | drops);
        }
        let must_not = |kind: &ColumnKind| nullable(kind) == Some(false);
        if self.kind.is_none() || next.kind.as_ref().is_some_and(must_not) {
            self.kind = next.kind;
        }
    }

    /// The entity types to be dropped that the column is of.
    fn entities(&self) -> Vec<EntityId> {
        let is = |values: u64| Prevalence { matched: values.min(self.values), values: self.values }.column_is();
        let dropped = self.held.iter().filter(|(_, (values, drops))| *drops && is(*values));
        dropped.map(|(entity, _)| *entity).collect()
    }
}

/// What a first reading counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    counted: BTreeMap<Key, Counted>,
    /// A block starts within an object, whose keys are not known there.
    starts_inside: bool,
}

impl Columns {
    /// Counts the columns of a block, whose matches count.
    ///
    /// # Errors
    /// When something is to be dropped of which nobody knows where it stands.
    pub(super) fn of(
        context: &Context,
        block: &Block,
        codec: Option<&dyn Codec>,
        matches: &[Match],
    ) -> Result<Columns, DataError> {
        match (block, codec) {
            (Block::Table(block), _) => Ok(Columns::of_table(context, block, matches)),
            (Block::Text(block), Some(codec)) => Columns::of_members(context, block, codec, matches),
            (Block::Text(_), None) => Ok(Columns::default()),
        }
    }

    fn of_table(context: &Context, block: &TableBlock, matches: &[Match]) -> Columns {
        let mut columns = Columns::default();
        let mut counted: Vec<Counted> = Vec::with_capacity(block.columns.len());
        for column in &block.columns {
            let named = block.table.columns.get(column.index);
            counted.push(Counted {
                shown: named.map(|column| safe_name(&column.name)).unwrap_or_default(),
                rows: column.values.len() as u64,
                values: count_filled(&column.values) as u64,
                kind: named.map(|column| column.kind.clone()),
                ..Counted::default()
            });
        }
        let mut last = HashMap::new();
        for found in matches {
            let Place::Cell { column, row } = found.place else { continue };
            if let Some(counted) = counted.get_mut(column as usize) {
                enter(context, counted, found, (column, row), &mut last);
            }
        }
        for (column, counted) in block.columns.iter().zip(counted) {
            if let Some(key) = Key::of_column(block, column.index) {
                columns.counted.entry(key).or_default().merge(counted);
            }
        }
        columns
    }

    fn of_members(
        context: &Context,
        block: &TextBlock,
        codec: &dyn Codec,
        matches: &[Match],
    ) -> Result<Columns, DataError> {
        let found = codec.members(block);
        let mut columns = Columns { starts_inside: found.starts_inside, ..Columns::default() };
        let named = |path: &crate::format::MemberPath| Counted { shown: safe_name(&path.shown), ..Counted::default() };
        let mut counted: Vec<Counted> = found.paths.iter().map(named).collect();
        let scalars: Vec<&MemberSpan> = found.members.iter().filter(|member| member.is_scalar).collect();
        for member in &found.members {
            if let Some(counted) = counted.get_mut(member.path) {
                counted.rows += 1;
                counted.values += u64::from(member.is_filled);
            }
        }
        let mut last = HashMap::new();
        for found in matches {
            let at = place(block, found);
            let before = scalars.partition_point(|member| member.span.start <= at).checked_sub(1);
            let Some((index, member)) = before.and_then(|index| Some((index, scalars.get(index)?))) else { continue };
            if member.span.contains(&at)
                && let Some(counted) = counted.get_mut(member.path)
            {
                enter(context, counted, found, (0, index as u32), &mut last);
            }
        }
        if columns.starts_inside && counted.iter().any(|counted| counted.held.values().any(|(_, drops)| *drops)) {
            return Err(cut_object().at(Position::Line(block.slab.first_line())));
        }
        for (path, counted) in found.paths.iter().zip(counted) {
            columns.counted.entry(Key::of_path(&path.exact)).or_default().merge(counted);
        }
        Ok(columns)
    }

    /// Adds what was counted in the block that comes next.
    ///
    /// # Errors
    /// When there are too many columns.
    pub(super) fn merge(&mut self, next: Columns) -> Result<(), DataError> {
        self.starts_inside |= next.starts_inside;
        for (key, counted) in next.counted {
            self.counted.entry(key).or_default().merge(counted);
        }
        if self.counted.len() > MOST_COLUMNS {
            return Err(DataError::new(format!(
                "has more than {MOST_COLUMNS} different keys, so that it cannot be told which of them is to be dropped"
            ))
            .advise("use null or redact instead of drop in the policy"));
        }
        Ok(())
    }

    /// The columns that go. Of a container, it says whether it can do without them.
    pub(super) fn dropped(self, container: Option<(&dyn Container, &std::fs::File)>, rules: &RuleSet) -> Dropped {
        let mut dropped = BTreeMap::new();
        let unnamed = self.counted.keys().filter(|key| key.position.is_some()).count();
        for (key, counted) in &self.counted {
            let entities = counted.entities();
            if entities.is_empty() {
                continue;
            }
            let how = if key.table.is_some() { Dropping::Emptied } else { Dropping::Removed };
            let nullable = counted.kind.as_ref().and_then(nullable);
            if how == Dropping::Emptied && nullable.is_none() {
                // A document or an array: the values within are dealt with one by one, and other types not at all.
                continue;
            }
            let refused = (how == Dropping::Emptied && nullable == Some(false)).then(|| not_null(&entities, rules));
            let Counted { shown, rows, values, .. } = counted.clone();
            let table = key.table.as_deref().map(safe_name);
            dropped.insert(
                key.clone(),
                Column { member: None, table, column: shown, entities, rows, values, how, refused },
            );
        }
        let mut dropped = Dropped { columns: dropped };
        let positions = dropped.positions();
        let refused = if positions.is_empty() {
            None
        } else if let Some((container, file)) = container {
            container.removable(file, &positions).err()
        } else if positions.len() >= unnamed {
            Some(nothing_left())
        } else {
            None
        };
        let of_members = dropped.columns.iter().any(|(key, _)| key.table.is_none() && key.position.is_none());
        let refused = refused.or_else(|| (of_members && self.starts_inside).then(cut_object));
        if let Some(error) = refused {
            for column in dropped.columns.values_mut().filter(|column| column.how == Dropping::Removed) {
                column.refused.get_or_insert_with(|| error.clone());
            }
        }
        dropped
    }
}

/// Enters a match that stands in the value `value` of a column; `last` holds the last value of each entity type.
fn enter(
    context: &Context,
    counted: &mut Counted,
    found: &Match,
    value: (u32, u32),
    last: &mut HashMap<EntityId, (u32, u32)>,
) {
    let held = counted.held.entry(found.entity).or_default();
    held.0 += u64::from(last.insert(found.entity, value) != Some(value));
    held.1 |= context.decision(found).1 == OPERATOR;
}

/// Whether a column may be NULL, where it can be emptied as a whole.
fn nullable(kind: &ColumnKind) -> Option<bool> {
    match kind {
        ColumnKind::Text { nullable, .. }
        | ColumnKind::Number { nullable, .. }
        | ColumnKind::IpAddress { nullable }
        | ColumnKind::MacAddress { nullable } => Some(*nullable),
        ColumnKind::Json | ColumnKind::Array(_) | ColumnKind::Fixed(_) => None,
    }
}

fn not_null(entities: &[EntityId], rules: &RuleSet) -> DataError {
    let names: Vec<&str> = entities.iter().filter_map(|id| Some(rules.entity(*id)?.name.as_str())).collect();
    DataError::new(format!("is {}, which the policy drops, and must not be NULL", names.join(", ")))
        .advise("use redact or hash for this entity type in the policy, or make the column nullable")
}

fn nothing_left() -> DataError {
    DataError::new("no column would be left without those that are to be dropped")
        .advise("use null or redact for its entity type in the policy, or leave the file out")
}

fn cut_object() -> DataError {
    DataError::new("a key that is to be dropped stands in an object that goes on over more than one block")
        .advise("write the records as JSON lines, give it more room with --max-memory, or use null in the policy")
}

/// Where a match stands in the block's text.
fn place(block: &TextBlock, found: &Match) -> usize {
    match found.place {
        Place::Aside(index) => block.asides.get(index as usize).map_or(0, |aside| aside.span.start),
        _ => found.start as usize,
    }
}

/// A column that goes.
#[derive(Debug, Clone)]
pub struct Column {
    /// The member of an archive that it is in; may be shown.
    pub member: Option<String>,
    /// Its table, where that has a name; may be shown.
    pub table: Option<String>,
    /// Its name, or the path of the key; may be shown.
    pub column: String,
    /// The entity types that it is of.
    pub entities: Vec<EntityId>,
    /// Its rows: cells, or objects that have the key.
    pub rows: u64,
    /// How many of them hold something.
    pub values: u64,
    /// What becomes of it.
    pub how: Dropping,
    /// Why it cannot be.
    pub refused: Option<DataError>,
}

impl Column {
    /// The same column, in the member of this name.
    #[must_use]
    pub(super) fn in_member(mut self, name: String) -> Column {
        self.member = Some(self.member.map_or_else(|| name.clone(), |inner| format!("{name}!/{inner}")));
        self
    }
}

/// The columns of an asset that go.
#[derive(Debug, Clone, Default)]
pub struct Dropped {
    columns: BTreeMap<Key, Column>,
}

/// What goes of one block.
pub(super) struct Gone {
    /// Of a table: what becomes of each column of the block.
    pub(super) columns: Vec<Option<Dropping>>,
    /// Of a text: the members. Sorted, disjoint.
    pub(super) members: Vec<Range<usize>>,
}

impl Gone {
    /// What becomes of a match with what it stands in, where that goes.
    pub(super) fn of(&self, block: &Block, found: &Match) -> Option<Dropping> {
        match (block, found.place) {
            (Block::Table(_), Place::Cell { column, .. }) => self.columns.get(column as usize).copied().flatten(),
            (Block::Text(text), _) => {
                let at = place(text, found);
                let before = self.members.partition_point(|span| span.start <= at).checked_sub(1)?;
                let is_within = self.members.get(before).is_some_and(|span| span.contains(&at));
                is_within.then_some(Dropping::Removed)
            }
            (Block::Table(_), _) => None,
        }
    }
}

impl Dropped {
    /// Whether none goes.
    pub fn is_empty(&self) -> bool {
        self.columns.is_empty()
    }

    /// The columns, in the order of their names.
    pub fn columns(&self) -> impl Iterator<Item = &Column> {
        self.columns.values()
    }

    /// Those of unnamed tables, by their places.
    pub(super) fn positions(&self) -> Vec<usize> {
        self.columns.keys().filter_map(|key| key.position).collect()
    }

    /// What becomes of the columns at `spot`, whose names may be shown.
    pub fn at(&self, spot: &Spot) -> Option<&Column> {
        let is_here =
            |column: &&Column| column.table == spot.table && Some(column.column.as_str()) == spot.column.as_deref();
        self.columns().find(is_here)
    }

    /// Makes sure that all of them can go.
    ///
    /// # Errors
    /// Where one cannot, with its table and name.
    pub(super) fn possible(&self) -> Result<(), DataError> {
        for (key, column) in &self.columns {
            if let Some(error) = column.refused.clone() {
                let column = if key.table.is_some() || key.position.is_some() { &key.name } else { &column.column };
                let position = Position::Column { table: key.table.clone(), column: column.clone() };
                return Err(if error.position.is_none() { error.at(position) } else { error });
            }
        }
        Ok(())
    }

    /// What goes of `block`.
    pub(super) fn of_block(&self, block: &Block, codec: Option<&dyn Codec>) -> Gone {
        let mut gone = Gone { columns: Vec::new(), members: Vec::new() };
        match (block, codec) {
            (Block::Table(block), _) => {
                let keys = block.columns.iter().map(|column| Key::of_column(block, column.index));
                gone.columns = keys.map(|key| self.columns.get(&key?).map(|column| column.how)).collect();
            }
            (Block::Text(block), Some(codec)) => {
                let found = codec.members(block);
                let goes = |path: &crate::format::MemberPath| self.columns.contains_key(&Key::of_path(&path.exact));
                let goes: Vec<bool> = found.paths.iter().map(goes).collect();
                for member in found.members {
                    // Where both go, the outer one takes the inner one along.
                    let is_outer = gone.members.last().is_none_or(|last| last.end <= member.span.start);
                    if is_outer && goes.get(member.path).copied().unwrap_or(false) {
                        gone.members.push(member.span);
                    }
                }
            }
            (Block::Text(_), None) => {}
        }
        gone
    }
}
