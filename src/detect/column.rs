//! Columns: the values of a column are laid out as lines of one text, so that the same pass examines them; the column's
//! name is their label, and what most of its values are decides in doubt.

use super::column_name::said_in;
use super::context::ColumnScope;
use super::fold::Spelling;
use super::known::Known;
use super::known::pass::KnownPass;
use super::lines::Lines;
use super::lone;
use super::number::{self, Admitted};
use super::pass::{Buffers, Pass};
use super::program::Program;
use super::resolve::{MATCH_SCORE, resolve};
use super::{FoldedLines, Scratch, name, value_memo};
use crate::block::{Column, ColumnContext, ColumnKind, TableBlock};
use crate::finding::{EntityId, Match, Place, Traits};
use crate::rule::label::{LabelIndex, Says, Standing};
use crate::rule::{EntityType, Mask};
use crate::scalar;

/// Share of the values of a number column without a telling name that must be of a type for it to count
/// (identifiers.md B3).
const PREVALENCE: f64 = 0.8;
/// The same for a column of which the name says in so many words that it holds names.
const PREVALENCE_TOLD: f64 = 0.5;
/// Most values that are asked whether a column is one of names.
const SAMPLE: usize = 60;
/// Fewest different names that make such a column.
const FEWEST_DISTINCT: usize = 8;
/// Fewest values from which prevalence is judged.
const FEWEST: usize = 5;

/// Appends the matches of all columns of `block`, by column, then value, then position.
pub(super) fn detect_table(program: &Program, block: &TableBlock, scratch: &mut Scratch, out: &mut Vec<Match>) {
    let columns = block.table.columns.iter().map(|column| column.name.as_str());
    // What the table is called says as much: `sms_log` of its column `code`.
    let names: Vec<&str> = columns.chain(block.table.name.as_deref()).collect();
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
    let Scratch { buffers, lines, folded, aside, recall, settled, alone, beside, .. } = scratch;
    let Some(declared) = block.table.columns.get(column.index) else { return };
    let says = said_in(program.rules.labels(), block.table.name.as_deref(), &declared.name);
    lines.fill(&column.values, number::admitted(program, says));
    let says = if says.is_empty() && holds_names(lines) { program.name_column.as_slice() } else { says };
    ColumnScope::companions(program, says, names, beside);
    let scope = || Some(ColumnScope { says, names, beside });
    let from = out.len();
    let starts_values = says.iter().any(|said| LabelIndex::starts_values(*said));
    let filled = if starts_values { lines.filled() } else { 0 };
    let whole_only = name_entity(program, says).is_some();
    let met = value_memo::Scope { names, says, whole_only, position };
    // Who wants to know why, or takes no shortcut, has every value examined.
    let remembers = !program.plain && buffers.trials.is_none();
    settled.clear();
    if remembers {
        recall.take_known(&program.values, lines, &met, settled);
    }
    if starts_values {
        lone::whole_values(program, lines, scope(), buffers, (out, alone));
        if program.settles && (out.len() > from || !alone.is_empty()) {
            lines.settle((out, from), alone, position, settled);
        }
    }
    Pass::run(program, &lines.text, scope(), Spelling::Plain, buffers, out);
    let folded_lines = FoldedLines { program, text: &lines.text, column: scope() };
    folded_lines.detect(|line| lines.is_value(line), buffers, folded, aside, out);
    resolve(out, from, &program.rules);
    place_in_cells(out, from, lines, position);
    if !settled.is_empty() {
        out.append(settled);
        sort_by_place(out, from);
    }
    if remembers {
        recall.remember(&program.values, out.get(from..).unwrap_or_default(), &met);
    }
    lines.expand(out, from);
    fill_name_column(program, says, out, from, (lines, filled), position);
    if matches!(declared.kind, ColumnKind::Fraction { .. }) {
        fill_fractions(says, out, from, lines, position);
    }
    if matches!(declared.kind, ColumnKind::Number { .. } | ColumnKind::Fraction { .. }) {
        drop_chance_hits(out, from, lines.values, |entity| LabelIndex::standing(says, entity) == Standing::Positive);
    }
}

/// Whether the values say what the column's name does not: that it is one of person names. Asked of some of them; of
/// columns of words, colours, brands or places, one value in ten reads as a name.
fn holds_names(lines: &Lines) -> bool {
    let count = lines.rows.len();
    let step = count.div_ceil(SAMPLE).max(1);
    let (mut seen, mut named) = (0_usize, 0_usize);
    let mut distinct: Vec<&[u8]> = Vec::new();
    for index in (0..count).step_by(step) {
        let value = lines.text.get(lines.value(index)).unwrap_or_default();
        if value.is_empty() {
            continue;
        }
        seen += 1;
        // Han characters only, two to five of them.
        let is_short = (6..=15).contains(&value.len()) && value.iter().all(|byte| *byte >= 0x80);
        if is_short && name::is_value(value).is_some() {
            named += 1;
            if distinct.len() < FEWEST_DISTINCT && !distinct.contains(&value) {
                distinct.push(value);
            }
        }
        if seen - named > SAMPLE / 5 {
            return false;
        }
    }
    distinct.len() >= FEWEST_DISTINCT && named as f64 >= PREVALENCE * seen as f64
}

/// The entity type of person names, when that is what the column holds.
fn name_entity(program: &Program, says: &[Says]) -> Option<EntityId> {
    let is_name = |entity: &&EntityType| {
        entity.mask == Mask::PersonName && LabelIndex::standing(says, entity.id) >= Standing::Weak
    };
    program.rules.entities().iter().find(is_name).map(|entity| entity.id)
}

/// A column whose name or values say that it holds person names, and most of whose values are some (half, where the name
/// leaves no doubt), is treated whole: the values that no grammar takes for a name (高强, 王子) are names there too.
fn fill_name_column(
    program: &Program,
    says: &[Says],
    out: &mut Vec<Match>,
    from: usize,
    (lines, filled): (&Lines, usize),
    position: usize,
) {
    let Some(entity) = name_entity(program, says) else { return };
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
    let is_told = LabelIndex::standing(says, entity) == Standing::Positive;
    let least = if is_told { PREVALENCE_TOLD } else { PREVALENCE };
    if filled < FEWEST || (named.len() as f64) < least * filled as f64 {
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
    sort_by_place(out, from);
}

/// A column of fractions that its name and most of its values make one of an entity type is treated whole: values with fewer
/// decimals (30.2700 is stored as 30.27) are of it, too.
fn fill_fractions(says: &[Says], out: &mut Vec<Match>, from: usize, lines: &Lines, position: usize) {
    let found = out.get(from..).unwrap_or_default();
    let is_told = |one: &&Match| LabelIndex::standing(says, one.entity) == Standing::Positive;
    let Some(entity) = found.iter().find(is_told).map(|one| one.entity) else { return };
    let row_of = |one: &Match| match one.place {
        Place::Cell { row, .. } => Some(row),
        Place::Text | Place::Aside(_) => None,
    };
    let mut rows: Vec<u32> = found.iter().filter(|one| one.entity == entity).filter_map(row_of).collect();
    rows.sort_unstable();
    rows.dedup();
    let is_fraction = |value: &[u8]| scalar::decimal_digits(value).is_some_and(|(_, decimals)| decimals > 0);
    let filled = lines.filled();
    if filled < FEWEST || (rows.len() as f64) < PREVALENCE * filled as f64 {
        return;
    }
    let mut taken: Vec<u32> = found.iter().filter_map(row_of).collect();
    taken.sort_unstable();
    for (row, line) in lines.each_row() {
        let value = lines.text.get(lines.value(line)).unwrap_or_default();
        if taken.binary_search(&row).is_err() && is_fraction(value) {
            let place = Place::Cell { column: position as u32, row };
            let traits = Traits { whole: true, ..Traits::default() };
            out.push(Match { entity, score: MATCH_SCORE, place, start: 0, end: value.len() as u32, traits });
        }
    }
    sort_by_place(out, from);
}

fn sort_by_place(out: &mut [Match], from: usize) {
    // All are of one column.
    let key = |one: &Match| match one.place {
        Place::Cell { row, .. } => u64::from(row) << 32 | u64::from(one.start),
        Place::Text | Place::Aside(_) => u64::MAX,
    };
    if let Some(fresh) = out.get_mut(from..).filter(|fresh| !fresh.is_sorted_by_key(key)) {
        fresh.sort_by_key(key);
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
        // Fractions and dates are sought where their column is named for them only.
        lines.fill(&column.values, Admitted::default());
        let from = out.len();
        // Short numbers stand for other things too: not in a type in which they could not be replaced.
        let fixed = |declared: &ColumnContext| matches!(declared.kind, ColumnKind::Fixed(_));
        let short = !block.table.columns.get(column.index).is_some_and(fixed);
        KnownPass::run(program, &lines.text, (known, short), buffers, out);
        place_in_cells(out, from, lines, position);
        lines.expand(out, from);
    }
}

/// Rewrites text spans into cell spans; of a dictionary, the row is the index in it.
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
    // By entity id.
    let mut counts: Vec<usize> = Vec::new();
    for found in out.get(from..).unwrap_or_default() {
        let entity = usize::from(found.entity.0);
        counts.resize(counts.len().max(entity + 1), 0);
        counts.iter_mut().skip(entity).take(1).for_each(|count| *count += 1);
    }
    let is_column = |entity: &EntityId| {
        let count = counts.get(usize::from(entity.0)).copied().unwrap_or_default();
        values >= FEWEST && count as f64 >= PREVALENCE * values as f64
    };
    let mut at = 0;
    out.retain(|found| {
        at += 1;
        at <= from || labelled(found.entity) || is_column(&found.entity)
    });
}
