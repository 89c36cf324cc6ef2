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
use crate::constraint::by_table::Constraints;
use crate::constraint::condition::{Cell, Held};
use crate::constraint::{Constraint, ConstraintKind};
use crate::error::{DataError, Position};
use crate::finding::{EntityId, Match, Place};
use crate::format::{Codec, Container, MemberPath, MemberSpan};
use crate::rule::RuleSet;
use crate::transform::cell_text;

/// Most columns and keys that are told apart in one asset.
const MOST_COLUMNS: usize = 1 << 16;

/// How many of 100 bytes of a value must be of an entity type for the value to be one.
const LEAST_COVERED: usize = 80;

/// What was counted of a column.
#[derive(Debug, Clone, Default)]
struct Counted {
    /// As it may be shown.
    shown: String,
    rows: u64,
    values: u64,
    /// Values that are nothing but matches, per entity type, and whether any of these is to be dropped.
    held: BTreeMap<EntityId, (u64, bool)>,
    kind: Option<ColumnKind>,
    /// An object or a list that is not empty stands there, too.
    is_container: bool,
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
        self.is_container |= next.is_container;
        let must_not = |kind: &ColumnKind| kind.nullable() == Some(false);
        if self.kind.is_none() || next.kind.as_ref().is_some_and(must_not) {
            self.kind = next.kind;
        }
    }

    /// The entity types to be dropped that the column is of.
    fn entities(&self) -> Vec<EntityId> {
        if self.is_container {
            return Vec::new();
        }
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
    /// What the tables ask.
    constraints: Constraints,
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
        let mut columns = match (block, codec) {
            (Block::Table(block), _) => Columns::of_table(context, block, matches),
            (Block::Text(block), Some(codec)) => Columns::of_members(context, block, codec, matches)?,
            (Block::Text(_), None) => Columns::default(),
        };
        columns.constraints.extend(codec.into_iter().flat_map(Codec::constraints).cloned());
        Ok(columns)
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
        let mut covered = Covered::default();
        for found in matches {
            let Place::Cell { column, row } = found.place else { continue };
            let text = block.columns.get(column as usize).and_then(|one| cell_text(&one.values, row as usize).ok());
            if let Some(text) = text {
                let part = text.get(found.span()).unwrap_or_default();
                covered.enter(context, found, (column as usize, row as usize), (part, &text));
            }
        }
        covered.count(&mut counted);
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
        let text = block.slab.text();
        for member in &found.members {
            if let Some(counted) = counted.get_mut(member.path) {
                counted.rows += 1;
                counted.values += u64::from(member.is_filled);
                counted.is_container |= !member.is_scalar && !text.get(member.span.clone()).is_some_and(is_empty);
            }
        }
        let mut covered = Covered::default();
        for found in matches {
            let at = place(block, found);
            let before = scalars.partition_point(|member| member.span.start <= at).checked_sub(1);
            let Some((index, member)) = before.and_then(|index| Some((index, scalars.get(index)?))) else { continue };
            let Some(written) = text.get(member.span.clone()) else { continue };
            let value = written.get(key_length(written)..).unwrap_or_default();
            // What stands in the key is not in the value.
            if !(member.span.end - value.len()..member.span.end).contains(&at) {
                continue;
            }
            let (part, whole) = match found.place {
                Place::Aside(aside) => {
                    let decoded = block.asides.get(aside as usize).map_or(&[][..], |aside| &aside.decoded);
                    (decoded.get(found.span()), decoded)
                }
                _ => (text.get(found.span()), value),
            };
            covered.enter(context, found, (member.path, index), (part.unwrap_or_default(), whole));
        }
        covered.count(&mut counted);
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
        next.constraints.into_iter().for_each(|one| self.constraints.enter(one));
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
            let nullable = counted.kind.as_ref().and_then(ColumnKind::nullable);
            if how == Dropping::Emptied && nullable.is_none() {
                // A document or an array: the values within are dealt with one by one, and other types not at all.
                continue;
            }
            let refused = match how {
                Dropping::Emptied if nullable == Some(false) => Some(not_null(&entities, rules)),
                Dropping::Emptied => {
                    let asked = key.table.iter().flat_map(|table| self.constraints.of(table));
                    asked.filter(|one| one.names(&key.name)).find_map(|one| broken(one, key, counted))
                }
                Dropping::Removed => None,
            };
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

/// How much of each value is of which entity type.
#[derive(Default)]
struct Covered {
    /// By column, value and entity type: bytes in matches, bytes in all, and whether a match is to be dropped.
    values: HashMap<(usize, usize, EntityId), (usize, usize, bool)>,
}

impl Covered {
    /// Enters a match, which is `part` of `whole`, in the value at `place`.
    fn enter(&mut self, context: &Context, found: &Match, place: (usize, usize), (part, whole): (&[u8], &[u8])) {
        let key = (place.0, place.1, found.entity);
        let value = self.values.entry(key).or_insert_with(|| (0, weight(whole), false));
        value.0 += weight(part);
        value.2 |= context.decision(found).1 == OPERATOR;
    }

    /// Counts the values that are nothing but matches.
    fn count(self, counted: &mut [Counted]) {
        for ((column, _, entity), (part, whole, drops)) in self.values {
            if part > 0
                && part * 100 >= whole * LEAST_COVERED
                && let Some(counted) = counted.get_mut(column)
            {
                let held = counted.held.entry(entity).or_default();
                *held = (held.0 + 1, held.1 | drops);
            }
        }
    }
}

/// Bytes of a value apart from white space, quotes and separators.
fn weight(text: &[u8]) -> usize {
    let is_aside = |c: char| c.is_whitespace() || "+-()\"'`“”‘’（）＋－".contains(c);
    String::from_utf8_lossy(text).chars().filter(|c| !is_aside(*c)).map(char::len_utf8).sum()
}

/// Bytes from the quote of a member's key to its colon.
fn key_length(member: &[u8]) -> usize {
    let mut is_escaped = false;
    let end = member.iter().skip(1).position(|byte| {
        let is_end = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        is_end
    });
    let end = end.map_or(member.len(), |end| end + 2);
    member.iter().skip(end).position(|byte| *byte == b':').map_or(member.len(), |colon| end + colon + 1)
}

/// Whether a member, which is no scalar, ends with an object or a list that is empty.
fn is_empty(member: &[u8]) -> bool {
    match member.trim_ascii_end().split_last() {
        Some((b'}', before)) => before.trim_ascii_end().ends_with(b"{"),
        Some((b']', before)) => before.trim_ascii_end().ends_with(b"["),
        _ => false,
    }
}

/// Why `constraint`, which names it, does not allow a column that is NULL in all rows, where that shows of this column alone.
fn broken(constraint: &Constraint, key: &Key, counted: &Counted) -> Option<DataError> {
    let is_broken = match &constraint.kind {
        ConstraintKind::Check(Some(condition)) | ConstraintKind::CheckEach { condition, .. } => {
            let cell = |name: &str| if name == key.name { Cell::Null } else { Cell::Absent };
            condition.holds(&cell) == Held::No
        }
        kind => kind.nulls_apart() == Some(false) && constraint.columns.len() == 1 && counted.rows > 1,
    };
    let name = safe_name(&constraint.shown());
    is_broken.then(|| {
        DataError::new(format!("would be NULL in all rows, which breaks {name}"))
            .advise("use redact or hash for its entity types in the policy, or drop the constraint")
    })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_weigh_nothing() {
        assert_eq!(weight("+86 (138) 0013-8000\u{3000}“”'\"".as_bytes()), 13);
        assert_eq!(weight("电话: 1".as_bytes()), 8);
        assert_eq!(weight(b"\t- "), 0);
    }

    #[test]
    fn a_key_ends_with_its_colon() {
        for (member, value) in
            [(r#""a":1"#, "1"), (r#""a\":" : "x:y""#, r#" "x:y""#), (r#""\\":[]"#, "[]"), (r#""a""#, ""), ("", "")]
        {
            assert_eq!(member.get(key_length(member.as_bytes())..), Some(value), "{member}");
        }
    }

    #[test]
    fn containers_are_empty_without_anything_in_them() {
        for (member, expected) in [
            (r#""a":{}"#, true),
            (r#""a": [ ]"#, true),
            (r#""a":{"b":{}}"#, false),
            (r#""a":["["]"#, false),
            (r#""a":[[]]"#, false),
        ] {
            assert_eq!(is_empty(member.as_bytes()), expected, "{member}");
        }
    }
}
