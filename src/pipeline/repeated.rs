//! Which values of a dictionary were entered into the findings: a value that many rows share is brought to its canonical
//! form and fingerprinted once, and only counted for the other rows.

use arrow::array::{Array, AsArray};
use arrow::datatypes::{DataType, Int32Type};

use crate::block::{Block, TableBlock};
use crate::finding::{EntityId, Match, Place};

/// What was matched in a value: entity type and span.
type Entered = (EntityId, u32, u32);

/// The values of the column that is gone through.
pub(super) struct Repeated<'a> {
    table: Option<&'a TableBlock>,
    column: Option<u32>,
    /// The key of each row; none for a column without a dictionary.
    keys: &'a [i32],
    /// By key.
    entered: Vec<Option<Entered>>,
}

impl<'a> Repeated<'a> {
    pub(super) fn new(block: &'a Block) -> Repeated<'a> {
        let table = match block {
            Block::Table(table) => Some(table),
            Block::Text(_) => None,
        };
        Repeated { table, column: None, keys: &[], entered: Vec::new() }
    }

    /// Where the value of `found` stands in `entered`.
    #[inline(always)]
    fn key(&mut self, found: &Match) -> Option<usize> {
        let (Place::Cell { column, row }, Some(table)) = (found.place, self.table) else { return None };
        if self.column != Some(column) {
            self.turn_to(table, column);
        }
        if self.keys.is_empty() {
            return None;
        }
        self.keys.get(row as usize).and_then(|key| usize::try_from(*key).ok())
    }

    #[cold]
    fn turn_to(&mut self, table: &'a TableBlock, column: u32) {
        self.column = Some(column);
        self.entered.clear();
        self.keys = &[];
        let Some(values) = table.columns.get(column as usize).map(|column| &column.values) else { return };
        if matches!(values.data_type(), DataType::Dictionary(key, _) if **key == DataType::Int32) {
            let dictionary = values.as_dictionary::<Int32Type>();
            self.keys = dictionary.keys().values();
            self.entered.resize(dictionary.values().len(), None);
        }
    }

    /// Whether the same value was entered for another row.
    #[inline]
    pub(super) fn is_entered(&mut self, found: &Match) -> bool {
        let Some(key) = self.key(found) else { return false };
        self.entered.get(key).copied().flatten() == Some((found.entity, found.start, found.end))
    }

    pub(super) fn enter(&mut self, found: &Match) {
        if let Some(slot) = self.key(found).and_then(|key| self.entered.get_mut(key)) {
            *slot = Some((found.entity, found.start, found.end));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, DictionaryArray, StringArray};

    use super::*;
    use crate::block::{Column, ColumnContext, ColumnKind, TableContext};
    use crate::finding::Traits;

    #[test]
    fn only_the_same_span_of_the_same_value_was_entered() {
        let words: DictionaryArray<Int32Type> = vec![Some("a b"), None, Some("c"), Some("a b")].into_iter().collect();
        let plain = StringArray::from(vec!["a b", "x", "c", "a b"]);
        let column = |index, values: ArrayRef| Column { index, values, records: None };
        let columns = vec![column(0, Arc::new(words)), column(1, Arc::new(plain))];
        let context = |name: &str| ColumnContext { name: name.to_owned(), kind: ColumnKind::FREE_TEXT };
        let table = Arc::new(TableContext { name: None, columns: vec![context("a"), context("b")] });
        let block = Block::Table(TableBlock { table, columns, rows: 4, first_row: 1, text: None });
        let found = |column, row, entity, start| Match {
            entity: EntityId(entity),
            score: 1.0,
            place: Place::Cell { column, row },
            start,
            end: 3,
            traits: Traits::default(),
        };
        let mut repeated = Repeated::new(&block);
        assert!(!repeated.is_entered(&found(0, 0, 1, 0)));
        repeated.enter(&found(0, 0, 1, 0));
        assert!(repeated.is_entered(&found(0, 3, 1, 0)));
        for other in [found(0, 3, 2, 0), found(0, 3, 1, 2), found(0, 2, 1, 0), found(0, 9, 1, 0)] {
            assert!(!repeated.is_entered(&other));
        }
        repeated.enter(&found(1, 0, 1, 0));
        assert!(!repeated.is_entered(&found(1, 3, 1, 0)), "without a dictionary nothing is kept");
        assert!(!repeated.is_entered(&found(0, 3, 1, 0)), "another column came between");
    }
}
