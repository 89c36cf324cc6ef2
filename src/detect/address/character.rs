//! What each character may mean to the grammar of addresses, in one table that is made at compile time: one look at a
//! character says which of the grammar's questions need not be asked there. Refuses only what the answer would be no to.

use super::word::{NEXT_FIELDS, SUFFIXES, UNITS, Unit, is_measure, is_prose};
use crate::detect::han::{FIRST, LAST, char_at, fold, is_numeral};

/// A character of a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Character {
    pub(super) character: char,
    /// Bytes of it.
    pub(super) length: usize,
    class: u32,
}

/// An ideograph that means nothing to this grammar by itself: it begins no suffix and no next field, is no numeral and
/// no function word.
const PLAIN: u32 = 1;
/// A numbered element may begin with it.
const NUMBER: u32 = 1 << 1;
/// May stand between two elements.
const SEPARATOR: u32 = 1 << 2;
/// Joins the parts of a number.
const DASH: u32 = 1 << 3;
/// Behind digits it says that they are no number without unit.
const CLINGS: u32 = 1 << 4;
/// The next field may begin with it.
const FIELD: u32 = 1 << 5;
/// Says that the number before it may be that of an address: a unit, or a dash.
const UNIT_START: u32 = 1 << 6;
/// May be the number, or the last character of it, before a unit.
const BEFORE_UNIT: u32 = 1 << 7;
/// Indexes into the units and suffixes, 0 for none.
const UNIT_SHIFT: u32 = 8;
const SUFFIX_SHIFT: u32 = 16;

/// By code point, up to the last of three bytes.
#[allow(long_running_const_eval, reason = "each character, at compile time")]
#[allow(clippy::indexing_slicing, reason = "at compile time: an index out of range does not compile")]
static CLASSES: [u32; 1 << 16] = {
    let mut classes = [0; 1 << 16];
    let mut code = 0;
    while code < 1 << 16 {
        classes[code as usize] = class(code);
        code += 1;
    }
    enter_groups(&mut classes);
    code = FIRST;
    while code <= LAST {
        if let Some(c) = char::from_u32(code)
            && classes[code as usize] >> SUFFIX_SHIFT == 0
            && classes[code as usize] & FIELD == 0
            && !is_numeral(c)
            && !is_prose(c)
        {
            classes[code as usize] |= PLAIN;
        }
        code += 1;
    }
    classes
};

/// What a character is by itself.
const fn class(code: u32) -> u32 {
    let Some(c) = char::from_u32(code) else { return 0 };
    let folded = fold(c);
    let mut class = 0;
    let is_side = matches!(folded, '东' | '西' | '南' | '北' | '中');
    if folded.is_ascii_alphanumeric() || is_numeral(folded) || is_side {
        class |= NUMBER | BEFORE_UNIT;
    }
    if matches!(c, '甲' | '乙' | '丙' | '丁' | '附' | '副' | '临' | '第') {
        class |= NUMBER;
    }
    if matches!(folded, ' ' | '-' | '/' | ',') || matches!(c, '与' | '和') {
        class |= SEPARATOR;
    }
    if matches!(folded, '-' | '~' | '/' | '之') {
        class |= DASH;
    }
    if is_measure(folded) || folded.is_ascii_alphanumeric() || matches!(folded, '.' | '-' | '_' | '/' | '号') {
        class |= CLINGS;
    }
    if folded == '-' {
        class |= UNIT_START;
    }
    class
}

/// Enters the first characters of fields, units and suffixes.
#[allow(clippy::indexing_slicing, reason = "at compile time: an index out of range does not compile")]
const fn enter_groups(classes: &mut [u32; 1 << 16]) {
    let mut at = 0;
    while at < NEXT_FIELDS.len() {
        let (code, _) = code_at(NEXT_FIELDS[at], 0);
        classes[code] |= FIELD;
        at += 1;
    }
    at = 0;
    while at < UNITS.len() {
        let (characters, tails) = UNITS[at];
        // 三期 and 西区 are no address by themselves.
        let start = if matches!(tails[0].1, Unit::Section) { 0 } else { UNIT_START };
        enter(classes, characters, (at as u32 + 1) << UNIT_SHIFT | start);
        at += 1;
    }
    at = 0;
    while at < SUFFIXES.len() {
        enter(classes, SUFFIXES[at].0, (at as u32 + 1) << SUFFIX_SHIFT);
        at += 1;
    }
}

/// Enters `class` for each of `characters`, and for the full-width forms of the ASCII among them.
#[allow(clippy::indexing_slicing, reason = "at compile time: an index out of range does not compile")]
const fn enter(classes: &mut [u32; 1 << 16], characters: &str, class: u32) {
    let mut at = 0;
    while at < characters.len() {
        let (code, length) = code_at(characters, at);
        classes[code] |= class;
        if length == 1 {
            classes[code + 0xFEE0] |= class;
        }
        at += length;
    }
}

/// The code and the length of the character at `at`, which is ASCII or an ideograph of the first block.
#[allow(clippy::indexing_slicing, reason = "at compile time: an index out of range does not compile")]
const fn code_at(text: &str, at: usize) -> (usize, usize) {
    let text = text.as_bytes();
    match text[at] {
        ascii @ 0..0x80 => (ascii as usize, 1),
        lead => {
            let code =
                (lead as usize & 0x0F) << 12 | (text[at + 1] as usize & 0x3F) << 6 | text[at + 2] as usize & 0x3F;
            (code, 3)
        }
    }
}

impl Character {
    /// What stands at the end, or where the bytes are not UTF-8: nothing that means anything.
    pub(super) const NONE: Character = Character { character: '\0', length: 0, class: 0 };

    /// The character at `at`.
    #[inline]
    pub(super) fn at(text: &[u8], at: usize) -> Option<Character> {
        let (character, length) = char_at(text, at)?;
        Some(Character { character, length, class: class_of(character) })
    }

    /// Whether it is an ideograph that means nothing to this grammar by itself.
    #[inline]
    pub(super) fn is_plain(self) -> bool {
        self.class & PLAIN != 0
    }

    /// Whether a numbered element may begin with it.
    #[inline]
    pub(super) fn may_begin_number(self) -> bool {
        self.class & NUMBER != 0
    }

    /// Whether it may stand between two elements.
    #[inline]
    pub(super) fn may_separate(self) -> bool {
        self.class & SEPARATOR != 0
    }

    /// Whether it joins the parts of a number.
    #[inline]
    pub(super) fn is_dash(self) -> bool {
        self.class & DASH != 0
    }

    /// Whether it says of the digits before it that they are no number without unit.
    #[inline]
    pub(super) fn clings(self) -> bool {
        self.class & CLINGS != 0
    }

    /// Whether the next field may begin with it.
    #[inline]
    pub(super) fn may_begin_field(self) -> bool {
        self.class & FIELD != 0
    }

    /// Its index in [`UNITS`].
    #[inline]
    pub(super) fn unit(self) -> Option<usize> {
        (self.class >> UNIT_SHIFT & 0xFF).checked_sub(1).map(|index| index as usize)
    }

    /// Its index in [`SUFFIXES`].
    #[inline]
    pub(super) fn suffix(self) -> Option<usize> {
        (self.class >> SUFFIX_SHIFT).checked_sub(1).map(|index| index as usize)
    }
}

#[inline]
fn class_of(c: char) -> u32 {
    CLASSES.get(c as usize).copied().unwrap_or_default()
}

/// Whether the number before `c`, if one stands there, may be that of an address: `c` begins a unit, or is a dash.
#[inline]
pub(in crate::detect) fn is_unit_start(c: char) -> bool {
    class_of(c) & UNIT_START != 0
}

/// Whether `c` may be the number, or the last character of it, before a unit.
#[inline]
pub(in crate::detect) fn is_number_before_unit(c: char) -> bool {
    class_of(c) & BEFORE_UNIT != 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::han::Ideographs;

    #[test]
    fn each_character_is_what_the_words_say() {
        let fields = Ideographs::first_of(NEXT_FIELDS);
        let group_of = |groups: &[&str], c: char| {
            let holding: Vec<_> = (0..groups.len()).filter(|at| groups[*at].contains(c)).collect();
            assert!(holding.len() < 2, "{c} is in two groups");
            holding.first().copied()
        };
        let units: Vec<_> = UNITS.iter().map(|(first, _)| *first).collect();
        let suffixes: Vec<_> = SUFFIXES.iter().map(|(first, _)| *first).collect();
        for c in '\0'..='\u{FFFF}' {
            let text = format!("{c}");
            let found = Character::at(text.as_bytes(), 0).unwrap();
            assert_eq!((found.character, found.length), (c, c.len_utf8()));
            let folded = fold(c);
            assert_eq!(found.unit(), group_of(&units, folded), "{c}");
            assert_eq!(found.suffix(), group_of(&suffixes, c), "{c}");
            assert_eq!(found.may_begin_field(), fields.holds(c), "{c}");
            assert_eq!(found.is_dash(), matches!(folded, '-' | '~' | '/' | '之'), "{c}");
            let means = found.suffix().is_some() || is_numeral(c) || is_prose(c) || fields.holds(c);
            assert_eq!(found.is_plain(), ('\u{4E00}'..='\u{9FFF}').contains(&c) && !means, "{c}");
            let clings = is_measure(folded) || folded.is_ascii_alphanumeric() || ".-_/号".contains(folded);
            assert_eq!(found.clings(), clings, "{c}");
        }
        assert!(is_unit_start('号') && is_unit_start('＃') && !is_unit_start('区') && !is_unit_start('路'));
        assert!(is_number_before_unit('９') && is_number_before_unit('中') && !is_number_before_unit('号'));
    }

    #[test]
    fn only_the_last_tail_is_empty() {
        let tails_of_units = UNITS.iter().map(|(_, tails)| tails.iter().map(|(tail, _)| *tail).collect::<Vec<_>>());
        let tails_of_suffixes = SUFFIXES.iter().map(|(_, tails)| tails.iter().map(|(tail, _)| *tail).collect());
        for tails in tails_of_units.chain(tails_of_suffixes) {
            let (_, others) = tails.split_last().unwrap();
            assert!(others.iter().all(|tail| !tail.is_empty() && !tail.starts_with(|c: char| c.is_ascii())));
        }
    }
}
