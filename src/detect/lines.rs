//! The values of a column as lines of one text: of a dictionary each value once, of numbers only those that may count.
//!
//! Copies each value once and formats numbers by hand; allocates nothing per value.

use std::collections::HashMap;
use std::io::Write as _;

use arrow::array::{Array, ArrayRef, AsArray, GenericByteArray};
use arrow::datatypes::{ByteArrayType, DataType, Decimal128Type, Int32Type, Int64Type};
use foldhash::fast::FixedState;

use super::number::{self, Admitted, DigitCounts};
use super::resolve::strongest;
use crate::finding::{Match, Place, Traits};
use crate::scalar::{self, Typed};

/// NULL.
const NONE: u32 = u32::MAX;

/// The values of a column as lines of text: of a dictionary each value once, of numbers only those that may count.
#[derive(Default)]
pub(super) struct Lines {
    pub(super) text: Vec<u8>,
    /// Start of each line in `text`; the value ends one byte (the line end) before the next.
    pub(super) starts: Vec<u32>,
    /// Index of each line's value in the column, or in its dictionary.
    pub(super) rows: Vec<u32>,
    /// For a dictionary: the index in it of each value of the column, or [`NONE`].
    keys: Option<Vec<u32>>,
    /// Values of the column that are not NULL.
    pub(super) values: usize,
}

impl Lines {
    /// Lays out the values of `array`; NULLs and those that are not `admitted` are left out. Types that cannot hold an
    /// identifier have no values.
    pub(super) fn fill(&mut self, array: &ArrayRef, admitted: Admitted) {
        self.text.clear();
        self.starts.clear();
        self.rows.clear();
        self.keys = None;
        match array.data_type() {
            DataType::Dictionary(key, _) if **key == DataType::Int32 => {
                let dictionary = array.as_dictionary::<Int32Type>();
                self.lay_out(dictionary.values(), admitted);
                let values = dictionary.values();
                let index = |key: Option<i32>| {
                    let index = key.and_then(|key| usize::try_from(key).ok());
                    index.filter(|at| *at < values.len() && values.is_valid(*at)).map_or(NONE, |at| at as u32)
                };
                let keys: Vec<u32> = dictionary.keys().iter().map(index).collect();
                self.values = keys.iter().filter(|key| **key != NONE).count();
                self.keys = Some(keys);
            }
            _ => {
                self.lay_out(array, admitted);
                self.values = array.len() - array.null_count();
            }
        }
        self.starts.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
    }

    fn lay_out(&mut self, array: &ArrayRef, admitted: Admitted) {
        let numbers = admitted.digits;
        match array.data_type() {
            DataType::Utf8 => self.lay_out_bytes(array.as_string::<i32>()),
            DataType::LargeUtf8 => self.lay_out_bytes(array.as_string::<i64>()),
            DataType::Binary => self.lay_out_bytes(array.as_binary::<i32>()),
            DataType::LargeBinary => self.lay_out_bytes(array.as_binary::<i64>()),
            DataType::Int64 => {
                self.text.reserve(8 * array.len());
                for (row, value) in array.as_primitive::<Int64Type>().iter().enumerate() {
                    if let Some(value) = value.filter(|value| numbers.admit(number::digits(value.unsigned_abs()))) {
                        self.begin(row);
                        self.push_number(value < 0, value.unsigned_abs());
                    }
                }
            }
            DataType::Decimal128(_, 0) => {
                for (row, value) in array.as_primitive::<Decimal128Type>().iter().enumerate() {
                    let Some(value) = value else { continue };
                    match u64::try_from(value.unsigned_abs()) {
                        Ok(small) if !numbers.admit(number::digits(small)) => {}
                        Ok(small) => {
                            self.begin(row);
                            self.push_number(value < 0, small);
                        }
                        Err(_) => {
                            self.begin(row);
                            let _ = writeln!(self.text, "{value}");
                        }
                    }
                }
            }
            other => match scalar::typed(other) {
                Some(typed) if admitted.typed(typed) => self.lay_out_typed(array),
                Some(Typed::Fraction) => self.lay_out_whole(array, numbers),
                _ => {}
            },
        }
    }

    /// Of numbers that may have decimals the whole ones: what became of whole numbers with gaps.
    fn lay_out_whole(&mut self, array: &ArrayRef, numbers: DigitCounts) {
        for row in 0..array.len() {
            let value = scalar::whole_at(array, row);
            if let Some(value) = value.filter(|value| numbers.admit(number::digits(value.unsigned_abs()))) {
                self.begin(row);
                self.push_number(value < 0, value.unsigned_abs());
            }
        }
    }

    fn lay_out_typed(&mut self, array: &ArrayRef) {
        for row in 0..array.len() {
            let start = self.text.len();
            self.begin(row);
            if scalar::push_value(array, row, &mut self.text) {
                self.text.push(b'\n');
            } else {
                // What cannot be spelled leaves nothing.
                self.text.truncate(start);
                self.starts.pop();
                self.rows.pop();
            }
        }
    }

    /// Begins the line of the value at `row`.
    #[inline]
    fn begin(&mut self, row: usize) {
        self.starts.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        self.rows.push(row as u32);
    }

    /// Appends the digits of a number, and the line end.
    #[inline]
    fn push_number(&mut self, negative: bool, number: u64) {
        scalar::push_whole(negative, number, &mut self.text);
        self.text.push(b'\n');
    }

    fn lay_out_bytes<T: ByteArrayType>(&mut self, array: &GenericByteArray<T>) {
        self.text.reserve(array.value_data().len() + array.len());
        self.starts.reserve(array.len() + 1);
        self.rows.reserve(array.len());
        for (row, value) in array.iter().enumerate() {
            if let Some(value) = value {
                self.begin(row);
                self.text.extend_from_slice(value.as_ref());
                self.text.push(b'\n');
            }
        }
    }

    pub(super) fn value(&self, index: usize) -> std::ops::Range<usize> {
        let start = self.starts.get(index).copied().unwrap_or_default() as usize;
        let next = self.starts.get(index + 1).copied().unwrap_or_default() as usize;
        start..next.saturating_sub(1).max(start)
    }

    /// Whether the bytes at `range` are one whole value.
    pub(super) fn is_value(&self, range: &std::ops::Range<usize>) -> bool {
        let index = self.starts.binary_search_by(|start| (*start as usize).cmp(&range.start));
        index.is_ok_and(|index| self.value(index) == *range)
    }

    /// The rows of the column that have a line, and their lines.
    pub(super) fn each_row(&self) -> impl Iterator<Item = (u32, usize)> {
        let mut line_of = Vec::new();
        if self.keys.is_some() {
            let last = self.rows.iter().max().map_or(0, |last| *last as usize + 1);
            line_of.resize(last, None);
            for (line, row) in self.rows.iter().enumerate() {
                if let Some(slot) = line_of.get_mut(*row as usize) {
                    *slot = Some(line);
                }
            }
        }
        let flat = self.keys.is_none().then(|| self.rows.iter().enumerate().map(|(line, row)| (*row, line)));
        let keyed = self.keys.iter().flatten().enumerate();
        let keyed = keyed.filter_map(move |(row, key)| Some((row as u32, line_of.get(*key as usize).copied()??)));
        flat.into_iter().flatten().chain(keyed)
    }

    /// Values that say something.
    pub(super) fn filled(&self) -> usize {
        self.each_row().filter(|(_, line)| !self.value(*line).is_empty()).count()
    }

    /// Takes the lines out of which `is_taken` says so, given their rows and values.
    pub(super) fn take_out(&mut self, mut is_taken: impl FnMut(u32, &[u8]) -> bool) {
        let (mut kept, mut length) = (0, 0);
        for index in 0..self.rows.len() {
            let value = self.value(index);
            let row = self.rows.get(index).copied().unwrap_or_default();
            if is_taken(row, self.text.get(value.clone()).unwrap_or_default()) {
                continue;
            }
            // The line end goes with it.
            let end = (value.end + 1).min(self.text.len());
            if kept < index {
                self.text.copy_within(value.start..end, length);
                if let (Some(start), Some(slot)) = (self.starts.get_mut(kept), self.rows.get_mut(kept)) {
                    (*start, *slot) = (length as u32, row);
                }
            }
            (kept, length) = (kept + 1, length + end - value.start);
        }
        self.text.truncate(length);
        self.rows.truncate(kept);
        self.starts.truncate(kept);
        self.starts.push(length as u32);
    }

    /// Takes the lines out of which some match in `out[from..]`, which are sorted by line, is all, as certain as can be:
    /// nothing else that is found in them could win over it. So it does with those in `lone`, in which nothing else can be
    /// found. Appends those matches, in their cells, to `settled`.
    pub(super) fn settle(
        &mut self,
        (out, from): (&mut Vec<Match>, usize),
        lone: &[usize],
        position: usize,
        settled: &mut Vec<Match>,
    ) {
        let mut lone = lone.iter().copied().peekable();
        let (mut next, mut kept_matches) = (from, from);
        let (mut kept, mut length) = (0, 0);
        for index in 0..self.rows.len() {
            let value = self.value(index);
            let first = next;
            while out.get(next).is_some_and(|found| (found.start as usize) <= value.end) {
                next += 1;
            }
            let found = out.get(first..next).unwrap_or_default();
            let is_all = |found: &&Match| found.score >= 1.0 && found.span() == value;
            let row = self.rows.get(index).copied().unwrap_or_default();
            let is_lone = lone.next_if_eq(&index).is_some() && found.iter().all(|found| found.span() == value);
            let all = found.iter().find(is_all).or_else(|| strongest(found).filter(|_| is_lone));
            if let Some(all) = all {
                let place = Place::Cell { column: position as u32, row };
                let traits = Traits { whole: true, ..all.traits };
                settled.push(Match { place, start: 0, end: all.end - all.start, traits, ..*all });
            }
            if is_lone || all.is_some() {
                continue;
            }
            let back = (value.start - length) as u32;
            for at in first..next {
                if let Some(mut moved) = out.get(at).copied()
                    && let Some(slot) = out.get_mut(kept_matches)
                {
                    (moved.start, moved.end) = (moved.start - back, moved.end - back);
                    *slot = moved;
                    kept_matches += 1;
                }
            }
            // The line end goes with it.
            let end = (value.end + 1).min(self.text.len());
            self.text.copy_within(value.start..end, length);
            if let (Some(start), Some(slot)) = (self.starts.get_mut(kept), self.rows.get_mut(kept)) {
                (*start, *slot) = (length as u32, row);
            }
            (kept, length) = (kept + 1, length + end - value.start);
        }
        out.truncate(kept_matches);
        self.text.truncate(length);
        self.rows.truncate(kept);
        self.starts.truncate(kept);
        self.starts.push(length as u32);
    }

    /// Gives the matches from `from` on, which are those of the values of a dictionary, to every row with the value.
    pub(super) fn expand(&self, out: &mut Vec<Match>, from: usize) {
        let Some(keys) = self.keys.as_ref().filter(|_| out.len() > from) else { return };
        let found = out.split_off(from);
        let mut of_value: HashMap<u32, std::ops::Range<usize>, FixedState> = HashMap::default();
        for (at, one) in found.iter().enumerate() {
            let Place::Cell { row: value, .. } = one.place else { continue };
            of_value.entry(value).or_insert(at..at).end = at + 1;
        }
        for (row, key) in keys.iter().enumerate() {
            let matches = of_value.get(key).and_then(|range| found.get(range.clone()));
            for one in matches.unwrap_or_default() {
                let Place::Cell { column, .. } = one.place else { continue };
                out.push(Match { place: Place::Cell { column, row: row as u32 }, ..*one });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Decimal128Array, DictionaryArray, Int64Array, StringArray};
    use proptest::prelude::*;

    use super::*;
    use crate::block::{Block, Column, ColumnContext, ColumnKind, TableBlock, TableContext};
    use crate::detect::{Detector, Scratch};
    use crate::finding::EntityId;
    use crate::rule::RuleSet;

    type Found = (EntityId, f32, Place, u32, u32, Traits);

    fn detect(detector: &Detector, column: &str, kind: ColumnKind, values: ArrayRef) -> Vec<Found> {
        let columns = vec![ColumnContext { name: column.to_owned(), kind }];
        let table = Arc::new(TableContext { name: None, columns });
        let rows = values.len();
        let columns = vec![Column { index: 0, values, records: None }];
        let block = Block::Table(TableBlock { table, columns, rows, first_row: 1, text: None });
        let mut found = Vec::new();
        detector.detect(&block, &mut Scratch::default(), &mut found);
        found.into_iter().map(|m| (m.entity, m.score, m.place, m.start, m.end, m.traits)).collect()
    }

    #[test]
    fn numbers_are_written_as_digits() {
        let numbers = [0, 7, -42, 13_800_138_000, i64::MIN, i64::MAX];
        let lines = |array: ArrayRef, counts| {
            let mut lines = Lines::default();
            lines.fill(&array, counts);
            (String::from_utf8(lines.text.clone()).unwrap(), lines.rows.clone(), lines.values)
        };
        let written: String = numbers.iter().map(|number| format!("{number}\n")).collect();
        let (text, rows, _) = lines(Arc::new(Int64Array::from(numbers.to_vec())), Admitted::ALL);
        assert_eq!((text, rows), (written.clone(), (0..6).collect()));
        let wide = numbers.iter().map(|number| Some(i128::from(*number))).chain([Some(i128::MIN), None]);
        let wide: Decimal128Array = wide.collect();
        let wide = Arc::new(wide.with_precision_and_scale(38, 0).unwrap());
        let (text, _, values) = lines(wide, Admitted::ALL);
        assert_eq!((text, values), (format!("{written}{}\n", i128::MIN), 7));
    }

    #[test]
    fn numbers_that_cannot_count_are_left_out_and_still_counted() {
        let detector = Detector::new(Arc::new(RuleSet::load(&[]).unwrap()));
        let number = || ColumnKind::Number { digits: 18, nullable: true };
        let mobiles: Vec<i64> = (0..10).map(|n| 13_800_138_000 + n).collect();
        let all = Arc::new(Int64Array::from(mobiles.clone()));
        assert_eq!(detect(&detector, "x", number(), all).len(), 10);
        // Half of the values are something else: the column holds no mobile numbers.
        let half = mobiles.into_iter().flat_map(|mobile| [Some(mobile), Some(5)]).collect::<Int64Array>();
        assert_eq!(detect(&detector, "x", number(), Arc::new(half)), []);
    }

    fn values() -> impl Strategy<Value = Vec<Option<String>>> {
        let known = [
            "浙江省杭州市西湖区文三路90号",
            " 浙江省杭州市西湖区文三路90号 ",
            "杭州市西湖区",
            "张伟",
            "王小明、李娜",
            "高强",
            "13800138000",
            "电话：138-0013-8000",
            "11010519491231002X",
            "姓名：张伟",
            "浙江省杭州市西湖区文三路90号\n张伟 13800138000",
            "文三路９０号５０１室",
            "",
            "null",
        ];
        let one =
            prop_oneof![proptest::sample::select(known.to_vec()).prop_map(str::to_owned), "[ -~，省市张1-3]{0,12}"];
        proptest::collection::vec(proptest::option::weighted(0.9, one), 1..12)
    }

    proptest! {
        /// A value is examined by itself: neither its neighbours, nor that those were settled before, nor that it stands
        /// in a dictionary changes what is found in it.
        #[test]
        fn each_value_is_examined_by_itself(values in values(), column in 0usize..4) {
            let column = ["address", "remark", "mobile", "收货地址"][column];
            let detector = Detector::new(Arc::new(RuleSet::load(&[]).unwrap()));
            let text = |values: &[Option<String>]| Arc::new(StringArray::from(values.to_vec())) as ArrayRef;
            let found = detect(&detector, column, ColumnKind::FREE_TEXT, text(&values));
            let dictionary: DictionaryArray<Int32Type> = values.iter().map(Option::as_deref).collect();
            prop_assert_eq!(&found, &detect(&detector, column, ColumnKind::FREE_TEXT, Arc::new(dictionary)));
            let mut alone = Vec::new();
            for (row, value) in values.iter().enumerate() {
                let found = detect(&detector, column, ColumnKind::FREE_TEXT, text(std::slice::from_ref(value)));
                let placed = |(entity, score, _, start, end, traits)| {
                    (entity, score, Place::Cell { column: 0, row: row as u32 }, start, end, traits)
                };
                alone.extend(found.into_iter().map(placed));
            }
            prop_assert_eq!(found, alone);
        }
    }
}
