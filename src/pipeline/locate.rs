//! Where a match stands, in the words of a report: offsets, line, table, column, row; and the value that it spans.
//!
//! Names that come from the data (JSON keys, column names of a file whose header is data) are shown only as far as
//! they cannot be identifiers themselves.

use std::borrow::Cow;

use arrow::array::{Array, ArrayRef, AsArray, GenericByteArray};
use arrow::datatypes::{ByteArrayType, DataType, Int32Type};

use crate::block::{Block, TableBlock, TextBlock};
use crate::finding::{Match, Place};
use crate::format::Codec;
use crate::scalar;
use crate::source::slab::Slab;
use crate::transform::cell_text;

/// Where a match stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Location {
    /// First byte, in the decoded stream, or in the value when `in_value`.
    pub start: u64,
    /// One past the last byte.
    pub end: u64,
    /// The offsets count from the start of the (unescaped) value.
    pub in_value: bool,
    /// Line from 1, where the format has lines.
    pub line: Option<u64>,
    /// Table, when it has a name.
    pub table: Option<String>,
    /// Column name or JSON path.
    pub column: Option<String>,
    /// Row from 1.
    pub row: Option<u64>,
}

/// Locates the matches of one block; quick when they come in their order.
pub struct Locator<'a> {
    block: &'a Block,
    codec: Option<&'a dyn Codec>,
    counted_to: usize,
    line: u64,
}

impl<'a> Locator<'a> {
    /// A locator for the matches of `block`.
    pub fn new(block: &'a Block, codec: Option<&'a dyn Codec>) -> Locator<'a> {
        let line = match block {
            Block::Text(text) => text.slab.first_line(),
            Block::Table(_) => 0,
        };
        Locator { block, codec, counted_to: 0, line }
    }

    /// The column name or JSON path of a match, made safe to show.
    pub fn column(&self, found: &Match) -> Option<String> {
        match (self.block, found.place) {
            (Block::Table(block), Place::Cell { column, .. }) => {
                let index = block.columns.get(column as usize)?.index;
                block.table.columns.get(index).map(|context| safe_name(&context.name))
            }
            (Block::Text(block), _) => {
                self.codec.and_then(|codec| codec.site(block, found).path).map(|path| safe_name(&path))
            }
            _ => None,
        }
    }

    /// The part of the file of which the lines are counted, where that is not the whole.
    pub fn part(&self) -> Option<&str> {
        self.codec.and_then(Codec::part)
    }

    /// Where a match stands.
    pub fn locate(&mut self, found: &Match) -> Location {
        let column = self.column(found);
        match (self.block, found.place) {
            (Block::Text(block), Place::Text) => {
                let line = self.line_at(&block.slab, found.start as usize);
                let (start, end) = stream_span(&block.slab, found.span());
                Location { start, end, line: Some(line), column, ..Location::default() }
            }
            (Block::Text(block), Place::Aside(index)) => self.in_aside(block, index, column),
            (Block::Table(block), Place::Cell { column: position, row }) => {
                in_cell(block, position, row, found, column)
            }
            _ => Location { in_value: true, start: found.start.into(), end: found.end.into(), ..Location::default() },
        }
    }

    fn in_aside(&mut self, block: &TextBlock, index: u32, column: Option<String>) -> Location {
        // The escaped string as a whole is what can be pointed at in the stream.
        let span = block.asides.get(index as usize).map(|aside| aside.span.clone()).unwrap_or_default();
        let line = self.line_at(&block.slab, span.start);
        let (start, end) = stream_span(&block.slab, span.clone());
        Location { start, end, line: Some(line), column, ..Location::default() }
    }

    fn line_at(&mut self, slab: &Slab, at: usize) -> u64 {
        if at < self.counted_to {
            (self.counted_to, self.line) = (0, slab.first_line());
        }
        let between = slab.text().get(self.counted_to..at).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', between).count() as u64;
        self.counted_to = at;
        self.line
    }
}

fn stream_span(slab: &Slab, span: std::ops::Range<usize>) -> (u64, u64) {
    let raw = slab.raw_span(span);
    (slab.byte_offset() + raw.start as u64, slab.byte_offset() + raw.end as u64)
}

fn in_cell(block: &TableBlock, position: u32, row: u32, found: &Match, column: Option<String>) -> Location {
    let record = block
        .columns
        .get(position as usize)
        .and_then(|column| column.records.as_ref())
        .and_then(|records| records.get(row as usize).copied())
        .unwrap_or(row);
    let mut location = Location {
        start: found.start.into(),
        end: found.end.into(),
        in_value: true,
        line: None,
        table: block.table.name.as_deref().map(safe_name),
        column,
        row: Some(block.first_row + u64::from(record)),
    };
    let Some(text) = &block.text else { return location };
    location.line = text.lines.get(record as usize).copied();
    let width = text.cells.len() / block.rows.max(1);
    let Some(index) = block.columns.get(position as usize).map(|column| column.index).filter(|index| *index < width)
    else {
        // A value within a cell.
        return location;
    };
    let first = row as usize * width;
    let cell = text.cells.get(first + index).cloned().unwrap_or_default();
    let row_start = text.cells.get(first).map_or(cell.start, |first| first.start) as usize;
    let cell = cell.start as usize..cell.end as usize;
    let value = block.columns.get(position as usize).and_then(|column| value_at(&column.values, row as usize));
    let written = text.slab.text().get(cell.clone()).unwrap_or_default();
    // Where the cell is its value, or its value in quotes, the match can be pointed at in the stream.
    let lead = match value.as_deref() {
        Some(value) if value == written => 0,
        Some(value) if unquoted(written) == Some(value) => 1,
        _ => return location,
    };
    let start = cell.start + lead + found.start as usize;
    let before = text.slab.text().get(row_start..start).unwrap_or_default();
    let breaks = memchr::memchr_iter(b'\n', before).count() as u64;
    location.line = location.line.map(|line| line + breaks);
    (location.start, location.end) = stream_span(&text.slab, start..cell.start + lead + found.end as usize);
    location.in_value = false;
    location
}

fn unquoted(written: &[u8]) -> Option<&[u8]> {
    let (first, rest) = written.split_first()?;
    let (last, inner) = rest.split_last()?;
    (matches!(first, b'"' | b'\'') && first == last).then_some(inner)
}

/// The text of the value at `row`; `None` for NULL and for types that are not examined.
pub fn value_at(values: &ArrayRef, row: usize) -> Option<Cow<'_, [u8]>> {
    if row >= values.len() || values.is_null(row) {
        return None;
    }
    cell_text(values, row).ok()
}

/// How many of `values` say something: NULL does not, and an empty text as little.
pub fn count_filled(values: &ArrayRef) -> usize {
    fn filled<T: ByteArrayType>(values: &GenericByteArray<T>) -> usize {
        let filled = values.offsets().windows(2).enumerate();
        filled.filter(|(row, pair)| pair.first() != pair.last() && values.is_valid(*row)).count()
    }
    match values.data_type() {
        DataType::Utf8 => filled(values.as_string::<i32>()),
        DataType::Binary => filled(values.as_binary::<i32>()),
        DataType::Int64 | DataType::Decimal128(_, _) => values.len() - values.null_count(),
        typed if scalar::typed(typed).is_some() => values.len() - values.null_count(),
        DataType::Dictionary(keys, _) if **keys == DataType::Int32 => {
            let dictionary = values.as_dictionary::<Int32Type>();
            let filled = |at| value_at(dictionary.values(), at).is_some_and(|value| !value.is_empty());
            let filled: Vec<bool> = (0..dictionary.values().len()).map(filled).collect();
            let of_key = |key: i32| usize::try_from(key).ok().and_then(|key| filled.get(key).copied()).unwrap_or(false);
            dictionary.keys().iter().filter(|key| key.is_some_and(of_key)).count()
        }
        _ => (0..values.len()).filter(|row| value_at(values, *row).is_some_and(|value| !value.is_empty())).count(),
    }
}

/// A name from the data, with what may be an identifier in it left out: long digit runs and addresses. The parts of
/// a JSON path are looked at one by one, and array indexes dropped, so that equal places have equal names.
pub fn safe_name(name: &str) -> String {
    const LONGEST: usize = 120;
    let mut safe = String::with_capacity(name.len().min(LONGEST));
    for (index, part) in name.split('.').enumerate() {
        if index > 0 {
            safe.push('.');
        }
        if may_identify(part) {
            safe.push('*');
            continue;
        }
        let mut in_index = false;
        for character in part.chars() {
            match character {
                '[' => in_index = true,
                ']' => in_index = false,
                _ if in_index && character.is_ascii_digit() => continue,
                _ => {}
            }
            safe.push(character);
        }
    }
    match safe.char_indices().nth(LONGEST) {
        Some((end, _)) => safe.get(..end).unwrap_or_default().to_owned() + "…",
        None => safe,
    }
}

fn may_identify(part: &str) -> bool {
    const DIGITS: usize = 5;
    let name = part.split('[').next().unwrap_or(part);
    let mut digits = 0;
    for character in name.chars() {
        match character {
            '0'..='9' | '０'..='９' => digits += 1,
            '-' | ' ' => {}
            '@' | '＠' => return true,
            _ => digits = 0,
        }
        if digits >= DIGITS {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::block::{Column, ColumnContext, ColumnKind, Syntax, TableContext, TableText};
    use crate::finding::{EntityId, Traits};
    use crate::transform::value_of;
    use arrow::array::{BinaryArray, DictionaryArray, Int64Array};
    use std::sync::Arc;

    fn found(place: Place, start: u32, end: u32) -> Match {
        Match { entity: EntityId(0), score: 1.0, place, start, end, traits: Traits::default() }
    }

    #[test]
    fn lines_and_offsets_count_in_the_whole_stream() {
        let slab = Slab::new(b"one\ntwo 13800138000\nthree 13800138000".to_vec(), 100, 7).unwrap();
        let block = Block::Text(TextBlock { slab, syntax: Syntax::Plain, asides: Vec::new() });
        let mut locator = Locator::new(&block, None);
        for (start, line) in [(8, 8), (26, 9), (8, 8)] {
            let one = found(Place::Text, start, start + 11);
            let location = locator.locate(&one);
            assert_eq!((location.line, location.start), (Some(line), 100 + u64::from(start)));
            assert_eq!(value_of(&block, &one).as_deref(), Ok(b"13800138000".as_slice()));
        }
    }

    #[test]
    fn a_cell_that_is_its_value_is_pointed_at_in_the_stream() {
        let raw = b"\"a\nb\",\"13800138000\",\"say \"\"13800138000\"\"\"\n";
        let slab = Slab::new(raw.to_vec(), 1000, 5).unwrap();
        let values = [b"a\nb".as_slice(), b"13800138000", b"say \"13800138000\""];
        let columns: Vec<Column> = values
            .iter()
            .enumerate()
            .map(|(index, value)| Column {
                index,
                values: Arc::new(BinaryArray::from(vec![*value])) as ArrayRef,
                records: None,
            })
            .collect();
        let context = |name: &str| ColumnContext { name: name.to_owned(), kind: ColumnKind::FREE_TEXT };
        let table = TableContext { name: None, columns: vec![context("note"), context("phone"), context("say")] };
        let text = TableText { slab, cells: vec![0..5, 6..19, 20..41], lines: vec![5] };
        let block =
            Block::Table(TableBlock { table: Arc::new(table), columns, rows: 1, first_row: 3, text: Some(text) });
        let mut locator = Locator::new(&block, None);
        let plain = locator.locate(&found(Place::Cell { column: 1, row: 0 }, 0, 11));
        assert_eq!((plain.start, plain.line, plain.in_value), (1007, Some(6), false));
        assert_eq!((plain.row, plain.column.as_deref()), (Some(3), Some("phone")));
        let escaped = locator.locate(&found(Place::Cell { column: 2, row: 0 }, 5, 16));
        assert_eq!((escaped.start, escaped.in_value), (5, true));
    }

    #[test]
    fn numbers_and_dictionaries_have_text() {
        let numbers = Arc::new(Int64Array::from(vec![Some(13_800_138_000), None])) as ArrayRef;
        assert_eq!(value_at(&numbers, 0).as_deref(), Some(b"13800138000".as_slice()));
        assert_eq!(value_at(&numbers, 1), None);
        let words: DictionaryArray<Int32Type> = vec!["x", "y", "x"].into_iter().collect();
        assert_eq!(value_at(&(Arc::new(words) as ArrayRef), 1).as_deref(), Some(b"y".as_slice()));
    }

    #[test]
    fn names_that_may_identify_are_not_shown() {
        assert_eq!(safe_name("user.phones[12].no"), "user.phones[].no");
        assert_eq!(safe_name("users.13800138000.name"), "users.*.name");
        assert_eq!(safe_name("138-0013-8000"), "*");
        assert_eq!(safe_name("a@b"), "*");
        assert_eq!(safe_name("手机号2"), "手机号2");
    }
}
