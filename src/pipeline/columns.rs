//! Counts what columns hold, to tell which of them *are* of an entity type that the policy drops.
//!
//! That must be known before the first byte is written: a first reading of the asset tells, with the verdicts that a scan
//! reports. It must give the same answer whatever the threads, and never guess.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;

use super::Context;
use super::dropped::{Column, Dropped, Dropping, Key, OPERATOR, place};
use super::findings::Prevalence;
use super::locate::{count_filled, safe_name};
use crate::block::{Block, ColumnKind, TableBlock, TextBlock};
use crate::error::{DataError, Position};
use crate::finding::{EntityId, Match, Place};
use crate::format::{Codec, Container, MemberPath, MemberSpan};
use crate::rule::RuleSet;

/// Most columns and keys that are told apart in one asset.
const MOST_COLUMNS: usize = 1 << 16;

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
        let named = |path: &MemberPath| Counted { shown: safe_name(&path.shown), ..Counted::default() };
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
    pub(super) fn dropped(self, container: Option<(&dyn Container, &File)>, rules: &RuleSet) -> Dropped {
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
