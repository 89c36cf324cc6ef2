//! What each character may mean for the walk over a stretch with characters beyond ASCII, in one table, and what can be
//! learned of runs of such characters from it.

use super::fold;
use super::han::{self, char_at};
use super::label_ends::{LabelEnds, Settled};
use super::name::free::Begins;
use super::run_memo::{Lesson, Piece};
use super::{address, name, value};
use crate::rule::label::LabelIndex;

/// The character may begin the unit of a numbered part of an address (号, 栋, -).
pub(super) const UNIT: u8 = 1;
/// The character may be the number before such a unit.
pub(super) const NUMBER: u8 = 1 << 1;
/// The last Han character of a label that values start from.
pub(super) const LABEL_END: u8 = 1 << 2;
/// Full-width and invisible characters, see `fold`.
pub(super) const FOLDS: u8 = 1 << 3;
/// A full-width separator between a key and its value.
pub(super) const SEPARATOR: u8 = 1 << 4;

/// A stretch goes on over the character.
pub(super) const GOES_ON: u8 = 1 << 5;
/// A value may begin with the character, where a capital letter follows it.
pub(super) const LEAD: u8 = 1 << 6;
/// A surname begins with the character, and a rule asks for names without a label. Only characters beyond ASCII have it,
/// and only ASCII ones [`GOES_ON`].
pub(super) const SURNAME: u8 = GOES_ON;

/// What each character of the first 65,536 may mean.
pub(super) struct Characters {
    classes: Box<[u8; 1 << 16]>,
    /// The labels that values start from.
    pub(super) labels: LabelEnds,
}

impl Default for Characters {
    fn default() -> Self {
        Characters { classes: Box::new([0; 1 << 16]), labels: LabelEnds::default() }
    }
}

impl Characters {
    /// The table for `labels`, those with Han characters that values start from, whose meaning `index` knows, and for
    /// `leads`, the characters that begin values before a capital letter.
    /// `names`: whether surnames are looked for.
    pub(super) fn new<'c>(
        labels: &[&str],
        index: &LabelIndex,
        leads: impl Iterator<Item = &'c char>,
        names: bool,
    ) -> Characters {
        let mut characters = Characters { labels: LabelEnds::new(labels, index), ..Characters::default() };
        for (byte, class) in (0_u8..0x80).zip(characters.classes.iter_mut()) {
            let bits = [
                (value::stretches(byte), GOES_ON),
                (byte.is_ascii_alphanumeric(), NUMBER),
                (matches!(byte, b'-' | b'#' | b'F'), UNIT),
            ];
            *class = bits.iter().filter(|(is, _)| *is).fold(0, |class, (_, bit)| class | bit);
        }
        // Symbols, ideographs, and compatibility forms; the rest means nothing here.
        for code in (0x80..=0x2FFF).chain(0x3000..=0x303F).chain(0xFE00..=0xFFFF) {
            characters.enter(code);
        }
        for code in (0x3400..=0x4DBF).chain(0x4E00..=0x9FFF) {
            characters.enter(code);
        }
        for (code, class) in (0_u32..).zip(characters.classes.iter_mut()).skip(0x4E00).take(0x5200).filter(|_| names) {
            if name::free::begins_surname(code) {
                *class |= SURNAME;
            }
        }
        for dot in ['·', '•', '・', '‧'].into_iter().filter(|dot| names && name::free::begins_surname(u32::from(*dot)))
        {
            if let Some(class) = characters.classes.get_mut(dot as usize) {
                *class |= SURNAME;
            }
        }
        for lead in leads {
            if let Some(class) = characters.classes.get_mut(*lead as usize) {
                *class |= LEAD;
            }
        }
        for label in labels {
            let last = label.chars().rfind(|character| !character.is_ascii());
            if let Some(class) = last.and_then(|character| characters.classes.get_mut(character as usize)) {
                *class |= LABEL_END;
            }
        }
        characters
    }

    fn enter(&mut self, code: u32) {
        let (Some(character), Some(class)) = (char::from_u32(code), self.classes.get_mut(code as usize)) else {
            return;
        };
        let folded = han::fold(character);
        if address::is_unit_start(character) || matches!(folded, '-' | '#' | 'F') {
            *class |= UNIT;
        }
        if address::is_number_before_unit(character) {
            *class |= NUMBER;
        }
        if fold::folds(character) {
            *class |= FOLDS;
        }
        if matches!(character, '：' | '＝') {
            *class |= SEPARATOR;
        }
    }

    /// The classes of the character at `at`, which is no ASCII, and its width.
    #[inline(always)]
    pub(super) fn at(&self, text: &[u8], at: usize) -> (u8, usize) {
        match text.get(at..) {
            Some([a @ 0xE0..=0xEF, b @ 0x80..=0xBF, c @ 0x80..=0xBF, ..]) => {
                let code = u16::from(*a) << 12 | u16::from(b & 0x3F) << 6 | u16::from(c & 0x3F);
                (self.class(code), 3)
            }
            Some([a @ 0xC2..=0xDF, b @ 0x80..=0xBF, ..]) => {
                let code = u16::from(a & 0x1F) << 6 | u16::from(b & 0x3F);
                (self.class(code), 2)
            }
            _ => (0, char_at(text, at).map_or(1, |(_, width)| width)),
        }
    }

    #[inline(always)]
    #[allow(clippy::indexing_slicing)] // Every number of 16 bits has its place.
    pub(super) fn class(&self, code: u16) -> u8 {
        self.classes[usize::from(code)]
    }

    /// Whether the character at `at` is one that is folded.
    pub(super) fn folds(&self, text: &[u8], at: usize) -> bool {
        self.at(text, at).0 & FOLDS != 0
    }

    /// What can be learned of the characters of `piece`, which begins at `start`. `refine`: also which labels stand in it, and which of its surnames may begin a name at all.
    pub(super) fn lesson(&self, text: &[u8], start: usize, piece: &Piece, refine: bool) -> Lesson {
        let mut lesson = Lesson { is_refined: refine, ..Lesson::default() };
        let range = start..start + piece.length;
        // What all of the characters mean, and the one before: nothing is asked of each that can be told of all.
        let (mut all, mut before, mut numbered) = (0, 0, 0);
        let (mut end, mut last) = (start, start);
        while end < range.end {
            let (class, width) = self.at(text, end);
            last = end;
            end += width;
            all |= class;
            numbered |= (before / NUMBER) & (class / UNIT);
            before = class;
            if class & (LABEL_END | SURNAME) == 0 {
                continue;
            }
            if class & LABEL_END != 0 {
                let is_last = end == range.end && !piece.goes_on;
                // The filter looks at two characters.
                if end - start < 6 || self.labels.may_end(text, end) {
                    self.label_in(text, start, end, (piece, is_last), &mut lesson);
                }
            }
            if class & SURNAME != 0 {
                let offset = last - start;
                let begins =
                    if refine { name::free::begins(text, last, &range, piece.goes_on) } else { Begins::Anywhere };
                lesson.surnames |= u64::from(begins == Begins::Anywhere) << offset;
                lesson.element_only |= begins == Begins::Element && offset == 0;
            }
        }
        let (first, width) = if range.is_empty() { (0, 0) } else { self.at(text, start) };
        lesson.numbered = numbered & 1 != 0;
        lesson.unit_first = first & UNIT != 0;
        lesson.number_last = before & NUMBER != 0;
        lesson.folds = all & FOLDS != 0;
        lesson.separator = if first & SEPARATOR != 0 { width as u8 } else { 0 };
        lesson.lead = (before & LEAD != 0).then_some((last - start) as u8);
        lesson
    }

    /// Enters in `lesson` which labels have their last Han character at `end` of the piece that begins at `start`.
    #[inline(never)] // The loop over the characters needs the registers.
    fn label_in(&self, text: &[u8], start: usize, end: usize, (piece, is_last): (&Piece, bool), lesson: &mut Lesson) {
        if lesson.is_refined {
            let before = text.get(start..end).unwrap_or_default();
            if let Settled::By(labels) = self.labels.settled(before, is_last, piece.follows)
                && labels.iter().all(|(length, number)| lesson.enter(end - start - length, end - start, *number))
            {
                return;
            }
        }
        lesson.label_ends |= 1 << (end - start);
    }
}
