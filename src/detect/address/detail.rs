//! The tail of an address, below the district: towns, roads, communities and numbers, walked from left to right. Must
//! end at the last element that is surely part of the address and never run into the sentence behind it.
//!
//! Behind a label an address is looked at twice, as running text and as the label's value. One walk serves both for as
//! long as both would go the same way.

use super::bracket::{bracketed, is_place_note};
use super::character::Character;
use super::element::{Number, past_letters};
use super::estate::{estate_at, is_closed, is_in_town};
use super::gazetteer::{Kind, Level, may_start, names_at};
use super::setting::{Setting, Speaks, is_stretch_end};
use super::word::{Named, Unit, is_ascii_at, is_next_field, is_prose, is_stop, suffix_at};
use crate::detect::han::{char_at, char_before, fold, is_han, is_numeral};

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

/// What a walk came to in each setting that it speaks for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Walked {
    pub(super) free: Option<Detail>,
    pub(super) labelled: Option<Detail>,
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

/// How far the elements that count reach, and the names up to there.
#[derive(Clone, Copy)]
struct Reach {
    end: usize,
    named: u8,
    towns: u8,
}

struct Walk<'text> {
    text: &'text [u8],
    speaks: Speaks,
    /// Where running text ends, if that is known.
    free_end: Option<usize>,
    /// What running text came to, once it has ended and the labelled value goes on.
    free: Option<Detail>,
    behind: Behind,
    /// Names and towns so far, also those behind the end, which count only once the end moves past them.
    names: u8,
    towns: u8,
    numbered: u8,
    anchored: bool,
    building: bool,
    free_reach: Reach,
    labelled_reach: Reach,
}

impl Detail {
    /// Walks the elements that start at `start`; `district` says that a district was named just before it.
    pub(super) fn walk(text: &[u8], start: usize, limit: usize, setting: Setting, district: bool) -> Detail {
        let text = text.get(..limit).unwrap_or(text);
        let mut walk = Walk::new(text, start, Speaks::One(setting), None);
        walk.run(start, district);
        match setting {
            Setting::Free => walk.detail(walk.free_reach),
            Setting::Labelled => walk.detail(walk.labelled_reach),
        }
    }

    /// Walks the elements of `text` that start at `start` for both settings at once, for `setting` in any case. Running
    /// text ends at `free_end`, or at the end of its stretch if that is not known.
    pub(super) fn walk_for_both(
        text: &[u8],
        start: usize,
        setting: Setting,
        free_end: Option<usize>,
        district: bool,
    ) -> Walked {
        let mut walk = Walk::new(text, start, Speaks::Both(setting), free_end);
        walk.run(start, district);
        let free = walk.speaks.is_for(Setting::Free).then(|| walk.detail(walk.free_reach));
        let labelled = walk.speaks.is_for(Setting::Labelled).then(|| walk.detail(walk.labelled_reach));
        Walked { free: walk.free.or(free), labelled }
    }
}

impl<'text> Walk<'text> {
    fn new(text: &'text [u8], start: usize, speaks: Speaks, free_end: Option<usize>) -> Walk<'text> {
        let reach = Reach { end: start, named: 0, towns: 0 };
        Walk {
            text,
            speaks,
            free_end,
            free: None,
            behind: Behind::Start,
            names: 0,
            towns: 0,
            numbered: 0,
            anchored: false,
            building: false,
            free_reach: reach,
            labelled_reach: reach,
        }
    }

    fn run(&mut self, start: usize, district: bool) {
        let mut p = start;
        for _ in 0..MOST_ELEMENTS {
            if self.speaks != Speaks::One(Setting::Labelled) && self.is_free_end(p) && !self.ends_free() {
                break;
            }
            let Some(next) = self.step(p, district) else { break };
            p = next;
        }
    }

    fn detail(&self, reach: Reach) -> Detail {
        let Reach { end, named, towns } = reach;
        let (numbered, anchored, building) = (self.numbered, self.anchored, self.building);
        Detail { end, named, towns, numbered, anchored, building }
    }

    /// Whether running text has ended at `at`.
    fn is_free_end(&self, at: usize) -> bool {
        match (self.free_end, self.speaks) {
            (Some(end), _) => at >= end,
            (None, Speaks::Both(_)) => is_stretch_end(self.text, at),
            (None, Speaks::One(_)) => false,
        }
    }

    /// Ends running text with what it has come to; whether a labelled value goes on.
    fn ends_free(&mut self) -> bool {
        if !matches!(self.speaks, Speaks::Both(_)) {
            return self.speaks == Speaks::One(Setting::Labelled);
        }
        self.free = Some(self.detail(self.free_reach));
        self.speaks = Speaks::One(Setting::Labelled);
        true
    }

    /// The end of the note in brackets at `at`, which running text must hold as a whole.
    fn bracketed(&mut self, at: usize) -> Option<usize> {
        let end = bracketed(self.text, at)?;
        let goes_beyond = self.speaks != Speaks::One(Setting::Labelled) && (at..end).any(|p| self.is_free_end(p));
        (!goes_beyond || self.ends_free()).then_some(end)
    }

    /// One element from `at`: where the next one may start.
    fn step(&mut self, at: usize, district: bool) -> Option<usize> {
        if let Some(end) = self.bracketed(at) {
            if self.numbered > 0
                && (self.free_reach.end == at || self.labelled_reach.end == at)
                && is_place_note(self.text, at, end)
            {
                for reach in [&mut self.free_reach, &mut self.labelled_reach] {
                    reach.end = if reach.end == at { end } else { reach.end };
                }
            }
            return Some(end);
        }
        let mut first = Character::at(self.text, at)?;
        let p = self.separated(at, first);
        if p > at {
            first = Character::at(self.text, p)?;
        }
        if let Some(number) = Number::beginning(self.text, p, first)
            && self.takes(number)
        {
            self.count(number);
            return Some(number.end);
        }
        // Punctuation begins no name.
        if first.character.is_ascii() && !first.character.is_ascii_alphanumeric() {
            return None;
        }
        let next = self.name(p, district);
        let is_unnamed = matches!(next, None | Some(Next::Suffix { named: Named::Short, .. }));
        // Behind a space stands the name of whoever lives there.
        let may_end = is_unnamed && p == at && self.behind == Behind::Number(Unit::Door);
        if may_end && let Some(estate) = estate_at(self.text, p) {
            self.labelled_reach.end = estate.end;
            self.free_reach.end = if estate.is_sure { estate.end } else { self.free_reach.end };
        }
        match next? {
            Next::Suffix { end, named } => {
                // A suffix of one character is no evidence before a number follows it.
                self.names = self.names.saturating_add(u8::from(named != Named::Short));
                self.towns = self.towns.saturating_add(u8::from(named == Named::Town));
                let after_number = self.numbered > 0 && named == Named::Place;
                if named != Named::Short && !self.is_word_cut(end) {
                    self.labelled_reach = self.reach(end);
                    if after_number {
                        self.free_reach = self.reach(end);
                    }
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
    #[inline]
    fn separated(&mut self, at: usize, first: Character) -> usize {
        if first.may_separate() { self.past_separator(at, first) } else { at }
    }

    fn past_separator(&mut self, at: usize, first: Character) -> usize {
        let behind = at + first.length;
        let separates = match first.character {
            '/' => self.behind == Behind::Start,
            '与' | '和' => self.is_crossing(behind),
            '，' => {
                let is_strong = Number::at(self.text, behind).is_some_and(|number| number.is_strong());
                self.speaks.decide(false, is_strong)
            }
            c if fold(c) == ' ' => true,
            c => fold(c) == '-' && matches!(self.behind, Behind::Number(_)),
        };
        if separates { behind } else { at }
    }

    /// 花园路与农业路: whether another road is named at `at`, right behind a road and a conjunction.
    fn is_crossing(&self, at: usize) -> bool {
        let mut p = at;
        for _ in 0..8 {
            match char_at(self.text, p) {
                Some((c, length)) if is_han(c) && !is_prose(c) => p += length,
                _ => return false,
            }
            let suffix = Character::at(self.text, p).and_then(|first| suffix_at(self.text, p, first));
            if matches!(suffix, Some((_, Named::Road))) {
                return self.behind == Behind::Named(Named::Road);
            }
        }
        false
    }

    /// Whether `number` may follow what is behind.
    fn takes(&mut self, number: Number) -> bool {
        match (self.behind, number.unit) {
            (Behind::Start, Unit::Floor | Unit::Section | Unit::Bare | Unit::Group) => false,
            (Behind::Start, Unit::Door) => self.speaks.decide(false, number.digits > 0),
            (Behind::Named(Named::Town), Unit::Bare) => false,
            (Behind::Named(Named::Short), Unit::Bare) => number.parts > 1,
            (Behind::Named(named), Unit::Bare) => {
                let room = named == Named::Place && self.numbered > 0 && number.digits > 2;
                self.speaks.decide(number.parts > 1 || room, true)
            }
            (Behind::Unnamed, Unit::Bare) => number.parts > 2,
            (Behind::Number(Unit::Bare | Unit::Room), Unit::Bare) => false,
            _ => true,
        }
    }

    fn count(&mut self, number: Number) {
        let first_section = number.unit == Unit::Section && self.numbered == 0;
        if first_section {
            self.behind = Behind::Named(Named::Place);
            if self.names > 0 {
                self.labelled_reach = self.reach(number.end);
            }
            return;
        }
        self.names = self.names.saturating_add(u8::from(self.behind == Behind::Named(Named::Short)));
        self.anchored |= matches!(self.behind, Behind::Named(_) | Behind::Unnamed);
        let bare_room = number.unit == Unit::Bare && matches!(self.behind, Behind::Number(_));
        self.building |= number.is_strong() || bare_room || number.parts > 1;
        self.numbered = self.numbered.saturating_add(number.parts);
        self.free_reach = self.reach(number.end);
        self.labelled_reach = self.free_reach;
        self.behind = Behind::Number(number.unit);
    }

    fn reach(&self, end: usize) -> Reach {
        Reach { end, named: self.names, towns: self.towns }
    }

    /// Reads a name from `start` up to its suffix or to a number that can stand behind a name without suffix.
    fn name(&mut self, start: usize, district: bool) -> Option<Next> {
        let mut p = start;
        for characters in 0..LONGEST_NAME {
            let first = Character::at(self.text, p)?;
            let Character { character: c, length, .. } = first;
            let may_be_other = || self.numbered > 0 && may_start(self.text, p);
            if first.is_plain() && !may_be_other() {
                p += length;
                continue;
            }
            let joined = characters > 0 || matches!(self.behind, Behind::Named(_));
            if joined && let Some((end, named)) = suffix_at(self.text, p, first) {
                return Some(Next::Suffix { end, named });
            }
            if first.may_begin_field() && is_next_field(self.text, p)
                || self.numbered > 0 && is_other_address(self.text, p)
            {
                return None;
            }
            let c = fold(c);
            if c == ' ' && characters >= 2 && self.behind == Behind::Start && self.speaks.decide(false, true) {
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
                p = past_letters(self.text, p)?;
                continue;
            }
            if characters > 0
                && let Some(end) = self.bracketed(p)
            {
                p = end;
                if Number::at(self.text, p).is_some_and(|number| number.is_strong()) {
                    return Some(Next::NumberAhead { at: p });
                }
                continue;
            }
            let is_name = (is_han(c) || matches!(c, '·' | '&')) && !is_stop(c);
            if !is_name || is_prose(c) && !is_in_town(self.text, p + length, c) {
                return None;
            }
            p += length;
        }
        None
    }

    /// Whether a number that makes an address of the unnamed place before it stands at `at`.
    fn is_number_ahead(&mut self, at: usize, characters: usize, district: bool) -> bool {
        let is_named = self.names > 0 || district;
        if !is_named && self.speaks == Speaks::One(Setting::Free) {
            return false;
        }
        let Some(number) = Number::at(self.text, at) else { return false };
        let two = || Number::at(self.text, number.end).is_some_and(|next| next.unit != Unit::Bare);
        let closed = || is_closed(self.text, number.end);
        let is_ahead = match number.unit {
            Unit::Building | Unit::Lane | Unit::Entrance => number.digits > 0 || self.numbered > 0 || two(),
            Unit::Room => number.digits > 0,
            Unit::Door => two() || number.digits > 0 && (2..=8).contains(&characters) && closed(),
            Unit::Bare => number.parts > 2,
            Unit::Group | Unit::Floor => return self.speaks.decide(false, number.digits > 0),
            Unit::Section => false,
        };
        self.speaks.decide(is_named && is_ahead, is_ahead)
    }

    /// Whether a named element that ends at `end` is only the head of an organization or a word (大学生, 广场舞).
    fn is_word_cut(&self, end: usize) -> bool {
        !is_ascii_at(self.text, end)
            && char_at(self.text, end).is_some_and(|(c, _)| matches!(c, '生' | '舞' | '化' | '性'))
    }
}

/// Whether another address begins at `at`, with the full name of a province or city.
fn is_other_address(text: &[u8], at: usize) -> bool {
    names_at(text, at).any(|entry| {
        let last = char_before(text, at + entry.length);
        entry.kind == Kind::Current && entry.level <= Level::City && matches!(last, Some(('省' | '市', _)))
    })
}
