//! What stands around a candidate: the key or label just left of it, labels a little further left, and the column.
//!
//! Looked at per candidate, in a bounded window on the same line; never per byte.

use super::label_memo::LabelMemo;
use super::parent;
use super::program::Program;
use crate::finding::EntityId;
use crate::rule::label::{LabelIndex, Says, Standing};

/// How far left labels are sought, in bytes: twelve Han characters.
pub(super) const NEAR_WINDOW: usize = 36;
/// How much of a line is searched for companions, each side.
const COMPANION_WINDOW: usize = 240;

/// The byte at `at`, or a line end where there is none: every boundary check wants that.
pub(super) fn byte(text: &[u8], at: usize) -> u8 {
    text.get(at).copied().unwrap_or(b'\n')
}

/// The byte before `at`, or a line end.
pub(super) fn byte_before(text: &[u8], at: usize) -> u8 {
    at.checked_sub(1).map_or(b'\n', |at| byte(text, at))
}

/// What a column name says, for all values of the column.
#[derive(Clone, Copy)]
pub(super) struct ColumnScope<'a> {
    /// What the longest label that ends the name says.
    pub(super) says: &'a [Says],
    /// The names of all columns of the table and its own, where companions of weak labels are sought.
    pub(super) names: &'a [u8],
    /// The entity types for which this column's name is a weak label that has a companion among the names.
    pub(super) beside: &'a [EntityId],
}

impl<'a> ColumnScope<'a> {
    /// Fills `beside`, for columns whose name says `says` in a table with columns of these names.
    pub(super) fn companions(program: &Program, says: &[Says], names: &[u8], beside: &mut Vec<EntityId>) {
        beside.clear();
        for said in says {
            if let Says::Weak(entity) | Says::Abbreviated(entity) = said
                && program.has_companion(*entity, names)
            {
                beside.push(*entity);
            }
        }
    }

    /// Whether a companion of a weak label for `entity` is among the names of the columns.
    fn has_companion(&self, program: &Program, entity: EntityId) -> bool {
        match self.says.contains(&Says::Weak(entity)) || self.says.contains(&Says::Abbreviated(entity)) {
            true => self.beside.contains(&entity),
            false => program.has_companion(entity, self.names),
        }
    }
}

/// Label evidence around one candidate.
pub(super) struct Context<'a> {
    key: &'a [Says],
    /// The nearest label inside running Han text, as the automaton found it.
    near: &'a [Says],
    column: Option<ColumnScope<'a>>,
    text: &'a [u8],
    start: usize,
}

/// Points for a label in force (identifiers.md B0.4).
const POSITIVE: i16 = 40;
const WEAK: i16 = 15;
const NEGATIVE: i16 = -50;

impl<'a> Context<'a> {
    /// The context of a candidate that starts at `start` of `text`.
    pub(super) fn new(
        program: &'a Program,
        memo: &LabelMemo,
        text: &'a [u8],
        start: usize,
        column: Option<&ColumnScope<'a>>,
    ) -> Context<'a> {
        let labels = program.rules.labels();
        let joined = skip_joiners(text, start);
        let word = word_before(text, joined);
        let mut key = memo.look_up(labels, text, word..joined);
        if byte_before(text, word) == b'"' {
            let within = parent::says(labels, memo, text, word..joined, key);
            key = if within.is_empty() { key } else { within };
        }
        // Behind a key of its own a value has none of the fields before it: `seq=1 userNumber=…`.
        let is_keyed = word < joined && text.get(joined..start).is_some_and(|between| between.contains(&b'='));
        // Before the first value of a row stand the names of the columns, of which none is nearer.
        let is_row = text.get(word..joined).is_some_and(|word| word.eq_ignore_ascii_case(b"values"));
        let is_near = key.is_empty() && !is_row;
        let near = if is_near { near_labels(program, memo, text, word, (start, is_keyed)) } else { &[] };
        Context { key, near, column: column.copied(), text, start }
    }

    /// Where the labels in force leave `entity`: the nearest one decides. Weak labels and abbreviations count as positive
    /// beside a companion.
    pub(super) fn standing(&self, program: &Program, entity: EntityId) -> Standing {
        let mut standing = Standing::None;
        for says in [self.key, self.near, self.column.map_or(&[], |scope| scope.says)] {
            standing = LabelIndex::standing(says, entity);
            if standing != Standing::None {
                break;
            }
        }
        if matches!(standing, Standing::Weak | Standing::Abbreviated) && self.has_companion(program, entity) {
            return Standing::Positive;
        }
        standing
    }

    fn has_companion(&self, program: &Program, entity: EntityId) -> bool {
        self.column.is_some_and(|scope| scope.has_companion(program, entity))
            || program.has_companion(entity, line_around(self.text, self.start))
    }
}

/// Points that a standing adds to the score.
pub(super) fn points(standing: Standing) -> i16 {
    match standing {
        Standing::Positive => POSITIVE,
        Standing::Weak => WEAK,
        Standing::None | Standing::Abbreviated => 0,
        Standing::Negative => NEGATIVE,
    }
}

/// What the longest label that ends `word` says.
pub(super) fn look_up<'a>(labels: &'a LabelIndex, word: &[u8]) -> &'a [Says] {
    labels.look_up_word(word, 0..word.len())
}

/// Most bytes that may stand between a label and its value.
pub(super) const MOST_JOINERS: usize = 16;
/// Longest word that is looked at, in bytes.
pub(super) const LONGEST_WORD: usize = 48;
/// Most words left of a candidate that are looked up.
pub(super) const NEAR_WORDS: usize = 4;

/// Whether a character beyond ASCII may stand between a label and its value.
fn is_wide_joiner(character: &[u8]) -> bool {
    // ： ＝ （ 　 “ ‘ 【 】 「 《 是 为
    match character {
        [0xEF, 0xBC, last] => matches!(last, 0x9A | 0x9D | 0x88),
        [0xE3, 0x80, last] => matches!(last, 0x80 | 0x90 | 0x91 | 0x8C | 0x8A),
        [0xE2, 0x80, last] => matches!(last, 0x9C | 0x98),
        [0xE6, 0x98, 0xAF] | [0xE4, 0xB8, 0xBA] => true,
        _ => false,
    }
}

/// Steps back from `at` over what may stand between a label and its value.
pub(super) fn skip_joiners(text: &[u8], mut at: usize) -> usize {
    let lowest = at.saturating_sub(MOST_JOINERS);
    while at > lowest {
        match byte_before(text, at) {
            b' ' | b'\t' | b'"' | b'\'' | b':' | b'=' | b'(' | b'[' | b'+' | b'>' | b'*' => at -= 1,
            0x80.. if at >= 3 && text.get(at - 3..at).is_some_and(is_wide_joiner) => at -= 3,
            _ => break,
        }
    }
    at
}

/// Steps on from `at` over what may stand between a label and its value; bounded. Three asterisks are a hidden value.
pub(super) fn skip_joiners_ahead(text: &[u8], mut at: usize) -> usize {
    let highest = at + MOST_JOINERS;
    while at < highest {
        match byte(text, at) {
            b'*' if text.get(at..at + 3) == Some(b"***") => break,
            b' ' | b'\t' | b'"' | b'\'' | b':' | b'=' | b'(' | b'[' | b'*' => at += 1,
            0x80.. if text.get(at..at + 3).is_some_and(is_wide_joiner) => at += 3,
            _ => break,
        }
    }
    at
}

/// Where the word (letters, digits, `_`, `-`, `.`, Han characters) that ends at `end` begins.
pub(super) fn word_before(text: &[u8], end: usize) -> usize {
    let lowest = end.saturating_sub(LONGEST_WORD);
    let mut at = end;
    while at > lowest {
        let previous = byte_before(text, at);
        if previous.is_ascii_alphanumeric() || matches!(previous, b'_' | b'-' | b'.') {
            at -= 1;
        } else if previous >= 0x80 {
            match han_before(text, at) {
                Some(start) => at = start,
                None => break,
            }
        } else {
            break;
        }
    }
    at
}

/// Where the Han character (U+3400 to U+9FFF) that ends at `end` begins, if one does.
fn han_before(text: &[u8], end: usize) -> Option<usize> {
    let start = end.checked_sub(3)?;
    matches!(text.get(start..end)?, [0xE3, 0x90..=0xBF, _] | [0xE4..=0xE9, _, _]).then_some(start)
}

/// The line that `at` stands in, cut to a bounded window.
fn line_around(text: &[u8], at: usize) -> &[u8] {
    let from = at.saturating_sub(COMPANION_WINDOW);
    let to = (at + COMPANION_WINDOW).min(text.len());
    let head = text.get(from..at).unwrap_or_default();
    let start = memchr::memrchr(b'\n', head).map_or(from, |newline| from + newline + 1);
    let tail = text.get(at..to).unwrap_or_default();
    let end = memchr::memchr(b'\n', tail).map_or(to, |newline| at + newline);
    text.get(start..end).unwrap_or_default()
}

/// What the nearest label in the window left of `end` says. The window ends at the borders of a field.
fn near_labels<'a>(
    program: &'a Program,
    memo: &LabelMemo,
    text: &[u8],
    end: usize,
    (start, is_keyed): (usize, bool),
) -> &'a [Says] {
    // What stands behind the candidate is no label of it.
    let word_end = word_end(text, end, start);
    let from = word_end.saturating_sub(NEAR_WINDOW);
    let window = text.get(from..word_end).unwrap_or_default();
    let border = window.iter().rposition(|b| matches!(b, b'\n' | b',' | b';' | b'\t' | b'{' | b'}' | b'|' | b'&'));
    let window = window.get(border.map_or(0, |border| border + 1)..).unwrap_or_default();
    let is_ascii = window.is_ascii();
    let window = if is_ascii { window } else { after_wide_border(window) };
    let labels = program.rules.labels();
    let han = match is_ascii {
        true => None,
        false => program.han_labels.get().and_then(|automaton| automaton.find_iter(window).last()),
    };
    // ASCII words to the right of the last Han label are nearer.
    let window_start = word_end - window.len();
    let lowest = window_start + han.map_or(0, |found| found.end());
    let mut end = word_end;
    for _ in 0..NEAR_WORDS {
        while end > lowest && !byte_before(text, end).is_ascii_alphanumeric() {
            if is_keyed && byte_before(text, end) == b'=' && end < word_end {
                return &[];
            }
            end -= 1;
        }
        let mut start = end;
        while start > lowest
            && (byte_before(text, start).is_ascii_alphanumeric() || matches!(byte_before(text, start), b'_' | b'-'))
        {
            start -= 1;
        }
        if start == end {
            break;
        }
        let says = memo.look_up(labels, text, start..end);
        if !says.is_empty() {
            return says;
        }
        end = start;
    }
    match han {
        Some(found) => look_up(labels, window.get(found.span().range()).unwrap_or_default()),
        None => &[],
    }
}

/// The end of the near window, at most `highest`: the word itself was looked up already, but a label may stand inside it.
fn word_end(text: &[u8], word_start: usize, highest: usize) -> usize {
    let mut at = word_start;
    let furthest = highest.min(word_start + LONGEST_WORD + 1);
    while at < furthest && (byte(text, at).is_ascii_alphanumeric() || byte(text, at) == b'_' || han_ahead(text, at)) {
        at += if byte(text, at) < 0x80 { 1 } else { 3 };
    }
    at.min(highest)
}

fn han_ahead(text: &[u8], at: usize) -> bool {
    matches!(text.get(at..at + 3), Some([0xE3, 0x90..=0xBF, _] | [0xE4..=0xE9, _, _]))
}

/// Full-width punctuation that ends a field.
const WIDE_BORDERS: [&str; 6] = ["，", "；", "。", "、", "！", "？"];

/// Whether `character` is one of [`WIDE_BORDERS`].
#[inline]
pub(super) fn is_wide_border(character: &[u8]) -> bool {
    matches!(character, [0xE3 | 0xEF, ..]) && WIDE_BORDERS.iter().any(|border| border.as_bytes() == character)
}

/// What follows the last full-width field border of `window`.
fn after_wide_border(window: &[u8]) -> &[u8] {
    let border = window.windows(3).rposition(is_wide_border);
    border.and_then(|at| window.get(at + 3..)).unwrap_or(window)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_joiners_are_told_by_their_bytes() {
        let found: String = ('\u{80}'..='\u{FFFF}').filter(|c| is_wide_joiner(c.to_string().as_bytes())).collect();
        let mut wanted: Vec<char> = "：（“【】「是为　＝‘《".chars().collect();
        wanted.sort_unstable();
        assert_eq!(found, String::from_iter(wanted));
    }
}
