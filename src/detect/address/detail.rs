//! The tail of an address, below the district: towns, roads, communities and numbers, walked from left to right. Must
//! end at the last element that is surely part of the address and never run into the sentence behind it.

use super::element::Number;
use super::gazetteer::{Kind, Level, may_start, names_at};
use super::word::{Named, Unit, is_measure, is_next_field, is_plain, is_prose, is_stop, suffix_at};
use crate::detect::han::{char_at, char_before, fold, is_han, is_numeral};

/// How much the text around the address has told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    /// Running text: only numbered elements count.
    Free,
    /// A label or column name says that this is an address.
    Labelled,
}

/// What was walked over.
#[derive(Debug, Clone, Copy)]
pub(super) struct Detail {
    /// The end of the last element that counts.
    pub(super) end: usize,
    /// Towns, villages, roads and places named.
    pub(super) named: u8,
    /// Towns among them.
    pub(super) towns: u8,
    /// Numbered elements.
    pub(super) numbered: u8,
    /// A number stands behind a name (not only 3号楼 by itself).
    pub(super) anchored: bool,
    /// A building, entrance or room is numbered.
    pub(super) building: bool,
}

/// The element that the walk stands behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Behind {
    Start,
    Named(Named),
    /// A name without a known suffix.
    Unnamed,
    Number(Unit),
}

/// Most characters in one name, and most elements in one address.
const LONGEST_NAME: usize = 16;
const MOST_ELEMENTS: usize = 24;

/// What a name that starts somewhere leads to.
enum Next {
    Suffix { end: usize, named: Named },
    NumberAhead { at: usize },
}

struct Walk<'text> {
    text: &'text [u8],
    setting: Setting,
    behind: Behind,
    /// Names and towns so far, also those behind the end, which count only once the end moves past them.
    names: u8,
    towns: u8,
    detail: Detail,
}

impl Detail {
    /// Walks the elements that start at `start`; `district` says that a district was named just before it.
    pub(super) fn walk(text: &[u8], start: usize, limit: usize, setting: Setting, district: bool) -> Detail {
        let detail = Detail { end: start, named: 0, towns: 0, numbered: 0, anchored: false, building: false };
        let Some(text) = text.get(..limit) else { return detail };
        let mut walk = Walk { text, setting, behind: Behind::Start, names: 0, towns: 0, detail };
        let mut p = start;
        for _ in 0..MOST_ELEMENTS {
            let Some(next) = walk.step(p, district) else { break };
            p = next;
        }
        walk.detail
    }
}

impl Walk<'_> {
    /// One element from `at`: where the next one may start.
    fn step(&mut self, at: usize, district: bool) -> Option<usize> {
        if let Some(end) = bracketed(self.text, at) {
            if self.detail.numbered > 0 && self.detail.end == at && is_place_note(self.text, at, end) {
                self.detail.end = end;
            }
            return Some(end);
        }
        let p = self.separated(at);
        if let Some(number) = Number::at(self.text, p).filter(|number| self.takes(*number)) {
            self.count(number);
            return Some(number.end);
        }
        match self.name(p, district)? {
            Next::Suffix { end, named } => {
                // A suffix of one character is no evidence before a number follows it.
                self.names = self.names.saturating_add(u8::from(named != Named::Short));
                self.towns = self.towns.saturating_add(u8::from(named == Named::Town));
                let after_number = self.detail.numbered > 0 && named == Named::Place;
                let counts = self.setting == Setting::Labelled && named != Named::Short;
                if (after_number || counts) && !self.is_word_cut(end) {
                    self.end_at(end);
                }
                self.behind = Behind::Named(named);
                Some(end)
            }
            Next::NumberAhead { at } => {
                self.behind = Behind::Unnamed;
                Some(at)
            }
        }
    }

    /// The start of the next element: one space, or a dash in front of a number, may stand between two.
    fn separated(&self, at: usize) -> usize {
        match char_at(self.text, at) {
            Some((c, length)) if fold(c) == ' ' => at + length,
            Some(('/', length)) if self.behind == Behind::Start => at + length,
            Some(('与' | '和', length)) if self.is_crossing(at + length) => at + length,
            Some((c, length)) if fold(c) == '-' && matches!(self.behind, Behind::Number(_)) => at + length,
            Some(('，', length))
                if self.setting == Setting::Labelled
                    && Number::at(self.text, at + length).is_some_and(|number| number.is_strong()) =>
            {
                at + length
            }
            _ => at,
        }
    }

    /// 花园路与农业路: whether another road is named at `at`, right behind a road and a conjunction.
    fn is_crossing(&self, at: usize) -> bool {
        let mut p = at;
        for _ in 0..8 {
            match char_at(self.text, p) {
                Some((c, length)) if is_han(c) && !is_prose(c) => p += length,
                _ => return false,
            }
            if matches!(suffix_at(self.text, p), Some((_, Named::Road))) {
                return self.behind == Behind::Named(Named::Road);
            }
        }
        false
    }

    /// Whether `number` may follow what is behind.
    fn takes(&self, number: Number) -> bool {
        match (self.behind, number.unit) {
            (Behind::Start, Unit::Floor | Unit::Section | Unit::Bare | Unit::Group) => false,
            (Behind::Start, Unit::Door) => self.setting == Setting::Labelled && number.digits > 0,
            (Behind::Named(Named::Town), Unit::Bare) => false,
            (Behind::Named(Named::Short), Unit::Bare) => number.parts > 1,
            (Behind::Named(named), Unit::Bare) => {
                let room = named == Named::Place && self.detail.numbered > 0 && number.digits > 2;
                self.setting == Setting::Labelled || number.parts > 1 || room
            }
            (Behind::Unnamed, Unit::Bare) => number.parts > 2,
            (Behind::Number(Unit::Bare | Unit::Room), Unit::Bare) => false,
            _ => true,
        }
    }

    fn count(&mut self, number: Number) {
        let first_section = number.unit == Unit::Section && self.detail.numbered == 0;
        if first_section {
            self.behind = Behind::Named(Named::Place);
            if self.setting == Setting::Labelled && self.names > 0 {
                self.end_at(number.end);
            }
            return;
        }
        self.names = self.names.saturating_add(u8::from(self.behind == Behind::Named(Named::Short)));
        self.detail.anchored |= matches!(self.behind, Behind::Named(_) | Behind::Unnamed);
        let bare_room = number.unit == Unit::Bare && matches!(self.behind, Behind::Number(_));
        self.detail.building |= number.is_strong() || bare_room || number.parts > 1;
        self.detail.numbered = self.detail.numbered.saturating_add(number.parts);
        self.end_at(number.end);
        self.behind = Behind::Number(number.unit);
    }

    fn end_at(&mut self, end: usize) {
        self.detail.end = end;
        self.detail.named = self.names;
        self.detail.towns = self.towns;
    }

    /// Reads a name from `start` up to its suffix or to a number that can stand behind a name without suffix.
    fn name(&self, start: usize, district: bool) -> Option<Next> {
        let mut p = start;
        for characters in 0..LONGEST_NAME {
            let (c, length) = char_at(self.text, p)?;
            let may_be_other = || self.detail.numbered > 0 && may_start(self.text, p);
            if is_plain(c) && !may_be_other() {
                p += length;
                continue;
            }
            let joined = characters > 0 || matches!(self.behind, Behind::Named(_));
            if joined && let Some((end, named)) = suffix_at(self.text, p) {
                return Some(Next::Suffix { end, named });
            }
            if is_next_field(self.text, p) || self.detail.numbered > 0 && is_other_address(self.text, p) {
                return None;
            }
            let c = fold(c);
            let spaced_names = self.setting == Setting::Labelled && self.behind == Behind::Start && characters >= 2;
            if c == ' ' && spaced_names {
                p += length;
                continue;
            }
            if characters > 0
                && (c.is_ascii_alphanumeric() || is_numeral(c))
                && self.is_number_ahead(p, characters, district)
            {
                return Some(Next::NumberAhead { at: p });
            }
            if c.is_ascii_alphanumeric() {
                p = self.past_letters(p)?;
                continue;
            }
            if let Some(end) = bracketed(self.text, p).filter(|_| characters > 0) {
                p = end;
                if Number::at(self.text, p).is_some_and(|number| number.is_strong()) {
                    return Some(Next::NumberAhead { at: p });
                }
                continue;
            }
            if !(is_han(c) || matches!(c, '·' | '&')) || is_prose(c) || is_stop(c) {
                return None;
            }
            p += length;
        }
        None
    }

    /// Whether a number that makes an address of the unnamed place before it stands at `at`.
    fn is_number_ahead(&self, at: usize, characters: usize, district: bool) -> bool {
        if self.names == 0 && !district && self.setting == Setting::Free {
            return false;
        }
        Number::at(self.text, at).is_some_and(|number| {
            let two = || Number::at(self.text, number.end).is_some_and(|next| next.unit != Unit::Bare);
            match number.unit {
                Unit::Building | Unit::Lane | Unit::Entrance => number.digits > 0 || self.detail.numbered > 0 || two(),
                Unit::Room => number.digits > 0,
                Unit::Door => {
                    two() || (number.digits > 0 && (2..=8).contains(&characters) && self.is_closed(number.end))
                }
                Unit::Bare => number.parts > 2,
                Unit::Group | Unit::Floor => self.setting == Setting::Labelled && number.digits > 0,
                Unit::Section => false,
            }
        })
    }

    /// Whether the text stops or pauses at `at`.
    fn is_closed(&self, at: usize) -> bool {
        char_at(self.text, at).is_none_or(|(c, _)| is_stop(c) || matches!(fold(c), ' ' | '('))
    }

    /// Past a run of letters and digits inside a name (SOHO, 798, 104国道); nothing when it is a date, an amount or
    /// too long to be a name.
    fn past_letters(&self, at: usize) -> Option<usize> {
        let (mut p, mut count) = (at, 0);
        let mut digit = false;
        while let Some((c, length)) = char_at(self.text, p) {
            let c = fold(c);
            if !c.is_ascii_alphanumeric() {
                if digit && (is_measure(c) || c == '.' || c == '号') {
                    return None;
                }
                break;
            }
            digit = c.is_ascii_digit();
            p += length;
            count += 1;
            if count > 12 {
                return None;
            }
        }
        Some(p)
    }

    /// Whether a named element that ends at `end` is only the head of an organization or a word (大学生, 广场舞).
    fn is_word_cut(&self, end: usize) -> bool {
        char_at(self.text, end).is_some_and(|(c, _)| matches!(c, '生' | '舞' | '化' | '性'))
    }
}

/// Whether another address begins at `at`, with the full name of a province or city.
fn is_other_address(text: &[u8], at: usize) -> bool {
    names_at(text, at).any(|entry| {
        let last = char_before(text, at + entry.length);
        entry.kind == Kind::Current && entry.level <= Level::City && matches!(last, Some(('省' | '市', _)))
    })
}

/// The end of a balanced pair of round brackets at `at` with a short note inside.
#[inline]
pub(super) fn bracketed(text: &[u8], at: usize) -> Option<usize> {
    // Either `(` or the lead byte of its full-width form.
    matches!(text.get(at), Some(b'(' | 0xEF)).then(|| closed_bracket(text, at)).flatten()
}

fn closed_bracket(text: &[u8], at: usize) -> Option<usize> {
    let (open, length) = char_at(text, at)?;
    if fold(open) != '(' {
        return None;
    }
    let mut p = at + length;
    for _ in 0..16 {
        let (c, length) = char_at(text, p)?;
        p += length;
        match fold(c) {
            ')' => return Some(p),
            '(' => return None,
            ' ' | '-' | '#' => {}
            _ if is_stop(c) || is_prose(c) => return None,
            _ => {}
        }
    }
    None
}

/// Whether the bracket says which part of the place is meant: (一期), （东门）, （靠近地铁站）.
fn is_place_note(text: &[u8], start: usize, end: usize) -> bool {
    let Some(inside) = text.get(start..end).and_then(|note| std::str::from_utf8(note).ok()) else { return false };
    inside.contains([
        '期', '区', '座', '栋', '号', '楼', '层', '室', '门', '路', '口', '旁', '侧', '近', '面', '院', '村',
    ])
}
