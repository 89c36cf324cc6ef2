//! The values of matches, of a table without asking for the type of a column at each of them and without allocating.

use std::borrow::Cow;

use arrow::array::{Array, AsArray, PrimitiveArray};
use arrow::datatypes::{DataType, Int64Type};

use crate::block::texts::Texts;
use crate::block::{Block, TableBlock};
use crate::finding::{Match, Place};
use crate::scalar;
use crate::transform::value_of;

/// Reads the values of the matches of one block.
pub(super) struct Cells<'a> {
    block: &'a Block,
    /// The column that is gone through.
    column: Option<u32>,
    values: Values<'a>,
    /// A value that stands nowhere as text.
    spelled: Vec<u8>,
}

enum Values<'a> {
    Texts(Texts<'a>),
    Numbers(&'a PrimitiveArray<Int64Type>),
    Other,
}

impl<'a> Values<'a> {
    fn of(table: &'a TableBlock, column: u32) -> Values<'a> {
        let Some(values) = table.columns.get(column as usize).map(|column| &column.values) else {
            return Values::Other;
        };
        match (Texts::of(values), values.data_type()) {
            (Some(texts), _) => Values::Texts(texts),
            (None, DataType::Int64) => Values::Numbers(values.as_primitive()),
            (None, _) => Values::Other,
        }
    }
}

impl<'a> Cells<'a> {
    pub(super) fn new(block: &'a Block) -> Cells<'a> {
        Cells { block, column: None, values: Values::Other, spelled: Vec::new() }
    }

    /// What [`value_of`] gives.
    #[inline]
    pub(super) fn value(&mut self, found: &Match) -> Option<&[u8]> {
        if let (Block::Table(table), Place::Cell { column, row }) = (self.block, found.place)
            && !found.traits.escaped
        {
            if self.column != Some(column) {
                (self.column, self.values) = (Some(column), Values::of(table, column));
            }
            match self.values {
                Values::Texts(texts) => return texts.get(row as usize)?.get(found.span()),
                Values::Numbers(numbers) => {
                    let row = row as usize;
                    if row >= numbers.len() || numbers.is_null(row) {
                        return None;
                    }
                    self.spelled.clear();
                    let number = numbers.value(row);
                    scalar::push_whole(number < 0, number.unsigned_abs(), &mut self.spelled);
                    return self.spelled.get(found.span());
                }
                Values::Other => {}
            }
        }
        match value_of(self.block, found).ok()? {
            Cow::Borrowed(value) => Some(value),
            Cow::Owned(value) => {
                self.spelled = value;
                Some(&self.spelled)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, BinaryArray, DictionaryArray, Float64Array, Int64Array, StringArray};
    use arrow::datatypes::Int32Type;

    use super::*;
    use crate::block::{Column, ColumnContext, ColumnKind, TableContext};
    use crate::finding::{EntityId, Traits};

    #[test]
    fn the_same_is_read_as_value_by_value() {
        let words = [Some("张伟 x"), None, Some("ab\\n"), Some("")];
        let keyed: DictionaryArray<Int32Type> = words.into_iter().collect();
        let arrays: [ArrayRef; 5] = [
            Arc::new(StringArray::from(words.to_vec())),
            Arc::new(BinaryArray::from(words.map(|word| word.map(str::as_bytes)).to_vec())),
            Arc::new(keyed),
            Arc::new(Int64Array::from(vec![Some(-12), None, Some(0), Some(i64::MIN)])),
            Arc::new(Float64Array::from(vec![Some(1.5), None, Some(7.0), Some(-0.25)])),
        ];
        let context = |index: usize| ColumnContext { name: format!("c{index}"), kind: ColumnKind::FREE_TEXT };
        let table = Arc::new(TableContext { name: None, columns: (0..arrays.len()).map(context).collect() });
        let columns = arrays.into_iter().enumerate();
        let columns = columns.map(|(index, values)| Column { index, values, records: None }).collect();
        let block = Block::Table(TableBlock { table, columns, rows: 4, first_row: 1, text: None });
        let mut cells = Cells::new(&block);
        for column in 0..6 {
            for (row, start, end) in [(0, 0, 3), (1, 0, 1), (2, 0, 1), (3, 0, 0), (3, 0, 9), (2, 2, 4), (9, 0, 1)] {
                for escaped in [false, true] {
                    let place = Place::Cell { column, row };
                    let traits = Traits { escaped, ..Traits::default() };
                    let found = Match { entity: EntityId(0), score: 1.0, place, start, end, traits };
                    let expected = value_of(&block, &found).ok();
                    assert_eq!(cells.value(&found), expected.as_deref(), "{column} {row} {start}..{end}");
                }
            }
        }
    }
}
