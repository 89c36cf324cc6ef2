//! Columns that go altogether because they *are* of an entity type that the policy drops, and what goes of a block.
//!
//! Columns that cannot go are refused by name.

use std::collections::BTreeMap;
use std::ops::Range;

use super::changes::Changes;
use super::findings::Spot;
use crate::block::{Block, TableBlock, TextBlock};
use crate::error::{DataError, Position};
use crate::finding::{EntityId, Match, Place};
use crate::format::{Codec, MemberPath};
pub use crate::transform::Dropping;

/// The name of the operator.
pub(super) const OPERATOR: &str = "drop";
/// A column, or the keys that lead to a member of JSON objects.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) table: Option<String>,
    /// Its place, in a table without a name: two columns of one name are two.
    pub(super) position: Option<usize>,
    pub(super) name: String,
}

impl Key {
    pub(super) fn of_column(block: &TableBlock, index: usize) -> Option<Key> {
        let name = block.table.columns.get(index)?.name.clone();
        let table = block.table.name.clone();
        Some(Key { position: table.is_none().then_some(index), table, name })
    }

    pub(super) fn of_path(exact: &str) -> Key {
        Key { table: None, position: None, name: exact.to_owned() }
    }
}

/// Where a match stands in the block's text.
pub(super) fn place(block: &TextBlock, found: &Match) -> usize {
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
    pub(super) columns: BTreeMap<Key, Column>,
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

    /// Tells `changes` of the columns that stay and become NULL.
    pub(super) fn empty(&self, changes: &mut Changes) {
        for (key, column) in &self.columns {
            if column.how == Dropping::Emptied && column.refused.is_none() {
                let spot = Spot { table: key.table.clone(), column: Some(key.name.clone()) };
                changes.empty(&spot, column.values);
            }
        }
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
                let goes = |path: &MemberPath| self.columns.contains_key(&Key::of_path(&path.exact));
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
