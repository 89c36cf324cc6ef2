//! Columns: the values of a column are laid out as lines of one text, so that the same pass examines them; the column's
//! name is their label, and what most of its values are decides in doubt.

use std::collections::HashMap;
use std::io::Write as _;

use arrow::array::{Array, ArrayRef, AsArray, GenericByteArray};
use arrow::datatypes::{ByteArrayType, DataType, Decimal128Type, Int32Type, Int64Type};

use super::context::{ColumnScope, look_up};
use super::known::{Known, KnownPass};
use super::number::{self, DigitCounts};
use super::pass::{Buffers, Pass};
use super::program::Program;
use super::resolve::{MATCH_SCORE, resolve};
use super::{FoldedLines, Scratch, name};
use crate::block::{Column, ColumnContext, ColumnKind, TableBlock};
use crate::finding::{EntityId, Match, Place, Traits};
use crate::rule::label::{LabelIndex, Says, Standing};
use crate::rule::{EntityType, Mask};

/// Share of the values of a number column without a telling name that must be of a type for it to count
/// (identifiers.md B3).
const PREVALENCE: f64 = 0.8;
/// Fewest values from which prevalence is judged.
const FEWEST: usize = 5;

/// No line.
const NONE: u32 = u32::MAX;

/// The values of a column as lines of text: of a dictionary each value once, of numbers only those that may count.
#[derive(Default)]
pub(super) struct Lines {
    text: Vec<u8>,
    /// Start of each line in `text`; the value ends one byte (the line end) before the next.
    starts: Vec<u32>,
    /// Index of each line's value in the column, or in its dictionary.
    rows: Vec<u32>,
    /// For a dictionary: the line of each value of the column, or [`NONE`].
    keys: Option<Vec<u32>>,
    /// Values of the column that are not NULL.
    values: usize,
}

impl Lines {
    /// Lays out the values of `array`; NULLs and numbers with other counts of digits than `numbers` are left out.
    /// Types that cannot hold an identifier have no values.
    fn fill(&mut self, array: &ArrayRef, numbers: DigitCounts) {
        self.text.clear();
        self.starts.clear();
        self.rows.clear();
        self.keys = None;
        match array.data_type() {
            DataType::Dictionary(key, _) if **key == DataType::Int32 => {
                let dictionary = array.as_dictionary::<Int32Type>();
                self.lay_out(dictionary.values(), numbers);
                let mut line_of = vec![NONE; dictionary.values().len()];
                for (line, &row) in self.rows.iter().enumerate() {
                    if let Some(slot) = line_of.get_mut(row as usize) {
                        *slot = line as u32;
                    }
                }
                let line = |key: Option<i32>| {
                    let line = key.and_then(|key| line_of.get(usize::try_from(key).ok()?).copied());
                    line.unwrap_or(NONE)
                };
                let keys: Vec<u32> = dictionary.keys().iter().map(line).collect();
                self.values = keys.iter().filter(|line| **line != NONE).count();
                self.keys = Some(keys);
            }
            _ => {
                self.lay_out(array, numbers);
                self.values = array.len() - array.null_count();
            }
        }
        self.starts.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
    }

    fn lay_out(&mut self, array: &ArrayRef, numbers: DigitCounts) {
        match array.data_type() {
            DataType::Utf8 => self.lay_out_bytes(array.as_string::<i32>()),
            DataType::LargeUtf8 => self.lay_out_bytes(array.as_string::<i64>()),
            DataType::Binary => self.lay_out_bytes(array.as_binary::<i32>()),
            DataType::LargeBinary => self.lay_out_bytes(array.as_binary::<i64>()),
            DataType::Int64 => {
                for (row, value) in array.as_primitive::<Int64Type>().iter().enumerate() {
                    if let Some(value) = value.filter(|value| numbers.admit(number::digits(value.unsigned_abs()))) {
                        self.begin(row);
                        push_number(&mut self.text, value < 0, value.unsigned_abs());
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
                            push_number(&mut self.text, value < 0, small);
                        }
                        Err(_) => {
                            self.begin(row);
                            let _ = writeln!(self.text, "{value}");
                        }
                    }
                }
            }
            _ => {}
        }
    }

    /// Begins the line of the value at `row`.
    #[inline]
    fn begin(&mut self, row: usize) {
        self.starts.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        self.rows.push(row as u32);
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

    fn value(&self, index: usize) -> std::ops::Range<usize> {
        let start = self.starts.get(index).copied().unwrap_or_default() as usize;
        let next = self.starts.get(index + 1).copied().unwrap_or_default() as usize;
        start..next.saturating_sub(1).max(start)
    }

    /// Whether the bytes at `range` are one whole value.
    fn is_value(&self, range: &std::ops::Range<usize>) -> bool {
        let index = self.starts.binary_search_by(|start| (*start as usize).cmp(&range.start));
        index.is_ok_and(|index| self.value(index) == *range)
    }

    /// The rows of the column that have a line, and their lines.
    fn each_row(&self) -> impl Iterator<Item = (u32, usize)> {
        let flat = self.keys.is_none().then(|| self.rows.iter().enumerate().map(|(line, row)| (*row, line)));
        let keyed = self.keys.iter().flatten().enumerate().filter(|(_, line)| **line != NONE);
        flat.into_iter().flatten().chain(keyed.map(|(row, line)| (row as u32, *line as usize)))
    }

    /// Gives the matches from `from` on, which are those of the values of a dictionary, to every row with the value.
    fn expand(&self, out: &mut Vec<Match>, from: usize) {
        let Some(keys) = self.keys.as_ref().filter(|_| out.len() > from) else { return };
        let found = out.split_off(from);
        let mut of_line = vec![0..0; self.rows.len()];
        for (at, one) in found.iter().enumerate() {
            let Place::Cell { row: line, .. } = one.place else { continue };
            if let Some(range) = of_line.get_mut(line as usize) {
                *range = if range.end == 0 { at..at + 1 } else { range.start..at + 1 };
            }
        }
        for (row, line) in keys.iter().enumerate() {
            let matches = of_line.get(*line as usize).and_then(|range| found.get(range.clone()));
            for one in matches.unwrap_or_default() {
                let Place::Cell { column, .. } = one.place else { continue };
                out.push(Match { place: Place::Cell { column, row: row as u32 }, ..*one });
            }
        }
    }
}

/// Appends the digits of a number, and a line end.
#[inline]
fn push_number(text: &mut Vec<u8>, negative: bool, mut rest: u64) {
    // The twenty digits of the largest number, a sign and the line end.
    let mut buffer = [b'\n'; 22];
    let mut length = 1;
    for slot in buffer.iter_mut().rev().skip(1).take(20) {
        *slot = b'0' + (rest % 10) as u8;
        rest /= 10;
        length += 1;
        if rest == 0 {
            break;
        }
    }
    if negative {
        text.push(b'-');
    }
    text.extend_from_slice(buffer.get(buffer.len() - length..).unwrap_or_default());
}

/// Appends the matches of all columns of `block`, by column, then value, then position.
pub(super) fn detect_table(program: &Program, block: &TableBlock, scratch: &mut Scratch, out: &mut Vec<Match>) {
    let names: Vec<&str> = block.table.columns.iter().map(|column| column.name.as_str()).collect();
    let names = names.join(" ");
    for (position, column) in block.columns.iter().enumerate() {
        detect_column(program, block, (position, column), names.as_bytes(), scratch, out);
    }
}

fn detect_column(
    program: &Program,
    block: &TableBlock,
    (position, column): (usize, &Column),
    names: &[u8],
    scratch: &mut Scratch,
    out: &mut Vec<Match>,
) {
    let Scratch { buffers, lines, folded, aside } = scratch;
    let Some(declared) = block.table.columns.get(column.index) else { return };
    let says = look_up(program.rules.labels(), leaf_name(&declared.name).as_bytes());
    let scope = || Some(ColumnScope { says, names });
    lines.fill(&column.values, number::admitted(program, says));
    let from = out.len();
    let mut pass = Pass { program, text: &lines.text, column: scope(), buffers, out, colon_until: 0 };
    if says.iter().any(|said| LabelIndex::starts_values(*said)) {
        for index in 0..lines.rows.len() {
            pass.whole_value(lines.value(index));
        }
    }
    Pass::run(program, &lines.text, scope(), buffers, out);
    let folded_lines = FoldedLines { program, text: &lines.text, column: scope() };
    folded_lines.detect(|line| lines.is_value(line), buffers, folded, aside, out);
    resolve(out, from);
    place_in_cells(out, from, lines, position);
    lines.expand(out, from);
    fill_name_column(program, says, out, from, lines, position);
    if matches!(declared.kind, ColumnKind::Number { .. }) {
        drop_chance_hits(out, from, lines.values, |entity| LabelIndex::standing(says, entity) == Standing::Positive);
    }
}

/// A column whose name says that it holds person names, and most of whose values are some, is treated whole: the values
/// that no grammar takes for a name (高强, 王子) are names there too.
fn fill_name_column(
    program: &Program,
    says: &[Says],
    out: &mut Vec<Match>,
    from: usize,
    lines: &Lines,
    position: usize,
) {
    let is_name = |entity: &&EntityType| {
        entity.mask == Mask::PersonName && LabelIndex::standing(says, entity.id) == Standing::Positive
    };
    let Some(entity) = program.rules.entities().iter().find(is_name).map(|entity| entity.id) else { return };
    let found = out.get(from..).unwrap_or_default();
    let mut named: Vec<u32> = Vec::new();
    for one in found {
        if let Place::Cell { row, .. } = one.place
            && (one.entity == entity || one.traits.whole)
        {
            named.push(row);
        }
    }
    named.sort_unstable();
    named.dedup();
    let values = lines.each_row().filter(|(_, line)| !lines.value(*line).is_empty()).count();
    if values < FEWEST || (named.len() as f64) < PREVALENCE * values as f64 {
        return;
    }
    for (row, line) in lines.each_row() {
        let value = lines.text.get(lines.value(line)).unwrap_or_default();
        if name::looks_like_a_name(value) && named.binary_search(&row).is_err() {
            let place = Place::Cell { column: position as u32, row };
            let traits = Traits { whole: true, ..Traits::default() };
            out.push(Match { entity, score: MATCH_SCORE, place, start: 0, end: value.len() as u32, traits });
        }
    }
    if let Some(fresh) = out.get_mut(from..) {
        fresh.sort_by_key(|one| (one.place, one.start));
    }
}

/// Appends the places in all columns of `block` that hold a known value.
pub(super) fn known_in_table(
    program: &Program,
    block: &TableBlock,
    known: &Known<'_>,
    lines: &mut Lines,
    buffers: &mut Buffers,
    out: &mut Vec<Match>,
) {
    for (position, column) in block.columns.iter().enumerate() {
        lines.fill(&column.values, DigitCounts::ALL);
        let from = out.len();
        // Short numbers stand for other things too: not in a type in which they could not be replaced.
        let fixed = |declared: &ColumnContext| matches!(declared.kind, ColumnKind::Fixed(_));
        let short = !block.table.columns.get(column.index).is_some_and(fixed);
        KnownPass::run(program, &lines.text, (known, short), buffers, out);
        place_in_cells(out, from, lines, position);
        lines.expand(out, from);
    }
}

/// Rewrites text spans into cell spans; in a dictionary the cell is that of the line.
fn place_in_cells(out: &mut Vec<Match>, from: usize, lines: &Lines, position: usize) {
    let mut index = 0;
    let mut kept = from;
    for at in from..out.len() {
        let Some(mut found) = out.get(at).copied() else { break };
        while lines.starts.get(index + 1).is_some_and(|next| *next <= found.start) {
            index += 1;
        }
        let value = lines.value(index);
        let (start, end) = (found.start as usize, found.end as usize);
        // A match never reaches from one cell into the next.
        if end <= value.end
            && let Some(&row) = lines.rows.get(index)
            && let row = if lines.keys.is_some() { index as u32 } else { row }
        {
            found.start = (start - value.start) as u32;
            found.end = (end - value.start) as u32;
            found.place = Place::Cell { column: position as u32, row };
            found.traits.whole = lines.text.get(value).is_some_and(|v| is_whole(v, found.start, found.end));
            if let Some(slot) = out.get_mut(kept) {
                *slot = found;
                kept += 1;
            }
        }
    }
    out.truncate(kept);
}

/// Whether `start..end` is all of `value` but white space.
fn is_whole(value: &[u8], start: u32, end: u32) -> bool {
    let blank = |part: Option<&[u8]>| part.is_some_and(|part| part.iter().all(u8::is_ascii_whitespace));
    blank(value.get(..start as usize)) && blank(value.get(end as usize..))
}

/// In a number column whose name does not say so, a type counts only when most of the values are of it.
fn drop_chance_hits(out: &mut Vec<Match>, from: usize, values: usize, labelled: impl Fn(EntityId) -> bool) {
    let mut counts: HashMap<EntityId, usize> = HashMap::new();
    for found in out.get(from..).unwrap_or_default() {
        *counts.entry(found.entity).or_default() += 1;
    }
    let is_column = |entity: &EntityId| {
        let count = counts.get(entity).copied().unwrap_or_default();
        values >= FEWEST && count as f64 >= PREVALENCE * values as f64
    };
    let mut at = 0;
    out.retain(|found| {
        at += 1;
        at <= from || labelled(found.entity) || is_column(&found.entity)
    });
}

/// The part of a nested leaf's path that names it: `user.phones.list.element` → `user.phones`.
pub(super) fn leaf_name(path: &str) -> &str {
    let mut name = path;
    for tail in [".element", ".item", ".array", ".list", ".value", ".key_value", ".bag", ".array_element"] {
        name = name.strip_suffix(tail).unwrap_or(name);
    }
    name
}
