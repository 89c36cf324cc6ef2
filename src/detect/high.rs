//! Stretches with characters beyond ASCII: one walk over the characters, with one look into a table for each, finds
//! those few stretches that may hold an address, a label that values start from, or something to fold.
//!
//! Refuses only what the grammars and automata behind it would find nothing in.

use super::context::{byte, byte_before, look_up, skip_joiners, skip_joiners_ahead, word_before};
use super::fold;
use super::frame::DAY;
use super::han::{self, char_at};
use super::label_ends::{LabelEnds, Settled, leftmost_longest};
use super::name::free::Begins;
use super::pass::Pass;
use super::program::At;
use super::resolve::MATCH_SCORE;
use super::run_memo::{Lesson, Piece, each};
use super::{address, name, value};
use crate::finding::{EntityId, Match};
use crate::rule::compile::Anchor;
use crate::rule::label::{LabelIndex, Says, Standing};
use crate::rule::syntax::GrammarSyntax;
use crate::rule::tail::TailFilter;

/// The character may begin the unit of a numbered part of an address (号, 栋, -).
const UNIT: u8 = 1;
/// The character may be the number before such a unit.
const NUMBER: u8 = 1 << 1;
/// The last Han character of a label that values start from.
const LABEL_END: u8 = 1 << 2;
/// Full-width and invisible characters, see `fold`.
const FOLDS: u8 = 1 << 3;
/// A full-width separator between a key and its value.
const SEPARATOR: u8 = 1 << 4;

/// A stretch goes on over the character.
const GOES_ON: u8 = 1 << 5;
/// A value may begin with the character, where a capital letter follows it.
const LEAD: u8 = 1 << 6;
/// Of some label that values start from, which has something behind it, it is the last Han character.
const TAILED: u8 = 1 << 7;
/// A surname begins with the character, and a rule asks for names without a label. Only characters beyond ASCII have it,
/// and only ASCII ones [`GOES_ON`].
const SURNAME: u8 = GOES_ON;

/// What each character of the first 65,536 may mean.
pub(super) struct Characters {
    classes: Box<[u8; 1 << 16]>,
    /// The labels that values start from.
    labels: LabelEnds,
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
        for lead in leads {
            if let Some(class) = characters.classes.get_mut(*lead as usize) {
                *class |= LEAD;
            }
        }
        for label in labels {
            let last = label.char_indices().rfind(|(_, character)| !character.is_ascii());
            let Some((at, character)) = last else { continue };
            let tailed = if at + character.len_utf8() == label.len() { 0 } else { TAILED };
            if let Some(class) = characters.classes.get_mut(character as usize) {
                *class |= LABEL_END | tailed;
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
    fn at(&self, text: &[u8], at: usize) -> (u8, usize) {
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
    fn class(&self, code: u16) -> u8 {
        self.classes[usize::from(code)]
    }

    /// Whether the character at `at` is one that is folded.
    pub(super) fn folds(&self, text: &[u8], at: usize) -> bool {
        self.at(text, at).0 & FOLDS != 0
    }

    /// What can be learned of the characters of `piece`, which begins at `start`. `ends`: how labels end that values
    /// start from. `refine`: also which labels stand in it, and which of its surnames may begin a name at all.
    fn lesson(&self, text: &[u8], start: usize, piece: &Piece, ends: &TailFilter, refine: bool) -> Lesson {
        let mut lesson = Lesson { is_refined: refine, ..Lesson::default() };
        let range = start..start + piece.length;
        let mut end = start;
        while end < range.end {
            let (class, width) = self.at(text, end);
            let (at, offset) = (end, end - start);
            end += width;
            if class == 0 {
                (lesson.number_last, lesson.lead) = (false, None);
                continue;
            }
            lesson.numbered |= class & UNIT != 0 && lesson.number_last;
            lesson.unit_first |= class & UNIT != 0 && offset == 0;
            lesson.number_last = class & NUMBER != 0;
            lesson.folds |= class & FOLDS != 0;
            if class & SEPARATOR != 0 && offset == 0 {
                lesson.separator = width as u8;
            }
            lesson.lead = (class & LEAD != 0).then_some(offset as u8);
            if class & LABEL_END != 0 {
                let is_last = end == range.end && !piece.goes_on;
                // The filter looks at two characters.
                if end - start < 6 || is_last && class & TAILED != 0 || ends.may_end(text, end) {
                    self.label_in(text, start, end, (piece, is_last), &mut lesson);
                }
            }
            if class & SURNAME != 0 {
                let begins =
                    if refine { name::free::begins(text, at, &range, piece.goes_on) } else { Begins::Anywhere };
                lesson.surnames |= u64::from(begins == Begins::Anywhere) << offset;
                lesson.element_only |= begins == Begins::Element && offset == 0;
            }
        }
        lesson
    }

    /// Enters in `lesson` which labels have their last Han character at `end` of the piece that begins at `start`.
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

/// What the walk over a stretch found that is worth more.
#[derive(Default)]
struct Worth {
    /// A number before a unit: no address is without one.
    numbered: bool,
    /// A label that values start from.
    labelled: bool,
}

impl Pass<'_> {
    /// The stretch with Han characters around the byte ≥ 0x80 at `at`: labels that values start from, then grammars.
    /// Returns where the stretch ends.
    pub(super) fn han_stretch(&mut self, at: usize) -> usize {
        if self.program.plain || self.may_be_framed(at) {
            self.framed(at);
        }
        let before = self.out.len();
        let (mut worth, end) = self.walk(at);
        worth.labelled |= !self.buffers.label_hits.is_empty();
        if worth.labelled || worth.numbered {
            let mut start = at;
            while at - start < 64 && value::stretches(byte_before(self.text, start)) {
                start -= 1;
            }
            if worth.labelled {
                self.labels_in(start..end);
            }
            if worth.numbered {
                self.grammars_in(start..end);
            }
        }
        self.names_at_surnames(before);
        end
    }

    /// Whether a frame may stand around the value that begins at `at`: a parameter has one of a few signs behind it.
    #[inline(always)]
    fn may_be_framed(&self, at: usize) -> bool {
        byte_before(self.text, at) != b' '
            || Piece::at(self.text, at).is_none_or(|piece| {
                piece.goes_on || matches!(byte(self.text, at + piece.length), b',' | b'(' | b'\r' | b'\n')
            })
    }

    /// Looks for names without a label at the surnames that the walk has met. Inside of what was reported since there were
    /// `before` matches, such as an address, a name would lose to it.
    fn names_at_surnames(&mut self, before: usize) {
        if self.buffers.surnames.is_empty() {
            return;
        }
        let surnames = std::mem::take(&mut self.buffers.surnames);
        for &at in &surnames {
            let is_inside = |one: &Match| {
                let span = one.span();
                one.score >= MATCH_SCORE && span.start <= at && at + name::free::LONGEST_BYTES <= span.end
            };
            if !self.out.get(before..).unwrap_or_default().iter().any(is_inside) {
                self.name_at(at);
            }
        }
        self.name_ends();
        self.buffers.surnames = surnames;
        self.buffers.surnames.clear();
    }

    fn walk(&mut self, at: usize) -> (Worth, usize) {
        let text = self.text;
        let characters = &self.program.characters;
        let plain = self.program.plain;
        let mut worth = Worth { numbered: plain, labelled: plain };
        let mut number = byte_before(text, at).is_ascii_alphanumeric();
        let mut end = at;
        while let Some(&first) = text.get(end) {
            if first >= 0x80 {
                if !plain && let Some(piece) = Piece::at(text, end) {
                    let lesson = match self.buffers.runs_seen.get(&piece) {
                        Some(lesson) if lesson.is_idle => lesson,
                        _ => &self.known(&piece, end),
                    };
                    worth.numbered |= lesson.numbered || lesson.unit_first && number;
                    number = lesson.number_last;
                    if !lesson.is_idle {
                        let lesson = *lesson;
                        self.apply(&lesson, end..end + piece.length);
                    }
                    end += piece.length;
                    continue;
                }
                let (class, width) = characters.at(text, end);
                if class != 0 {
                    worth.numbered |= class & UNIT != 0 && number;
                    if class & LABEL_END != 0 {
                        self.label_end(end + width, class & TAILED != 0);
                    }
                    if class & LEAD != 0 && byte(text, end + width).is_ascii_uppercase() {
                        self.han_letter(end);
                    }
                    if class & SURNAME != 0 {
                        self.buffers.surnames.push(end);
                    }
                    if class & FOLDS != 0 {
                        self.buffers.fold_lines.note(text, end);
                    }
                    // `name：张伟`: keys before the ASCII separators have anchors of their own.
                    if class & SEPARATOR != 0 && end > 0 && byte(text, end - 1) < 0x80 {
                        self.key_before(end, width);
                    }
                }
                number = class & NUMBER != 0;
                end += width;
            } else {
                let class = characters.class(u16::from(first));
                if class & GOES_ON == 0 && !(first == b' ' && byte(text, end + 1) >= 0x80) {
                    break;
                }
                worth.numbered |= number && class & UNIT != 0;
                number = class & NUMBER != 0;
                end += 1;
            }
        }
        (worth, end)
    }

    /// What is known of `piece`, which begins at `at`. What costs more to learn is learned when it comes again.
    #[inline(always)]
    fn known(&mut self, piece: &Piece, at: usize) -> Lesson {
        let known = self.buffers.runs_seen.get(piece);
        match known {
            Some(lesson) if lesson.is_refined || lesson.surnames | lesson.label_ends == 0 => *lesson,
            known => {
                let refine = known.is_some();
                let program = self.program;
                let lesson = program.characters.lesson(self.text, at, piece, &program.start_labels, refine);
                self.buffers.runs_seen.learn(piece, lesson);
                lesson
            }
        }
    }

    /// Does what is to do at `piece`, of which `lesson` tells.
    #[inline(always)]
    fn apply(&mut self, lesson: &Lesson, piece: std::ops::Range<usize>) {
        let text = self.text;
        let start = piece.start;
        // `name：张伟`: keys before the ASCII separators have anchors of their own.
        if lesson.separator != 0 && start > 0 && byte(text, start - 1) < 0x80 {
            self.key_before(start, usize::from(lesson.separator));
        }
        if let Some(lead) = lesson.lead
            && byte(text, piece.end).is_ascii_uppercase()
        {
            self.han_letter(start + usize::from(lead));
        }
        if lesson.folds {
            self.buffers.fold_lines.note(text, start);
        }
        self.buffers.label_hits.extend(lesson.labels(start));
        each(lesson.label_ends, start, |end| self.label_end(end, end == piece.end));
        if lesson.element_only && byte_before(text, start) == b'>' {
            self.buffers.surnames.push(start);
        }
        each(lesson.surnames, start, |at| self.buffers.surnames.push(at));
    }

    /// Notes the labels that values start from and whose last Han character ends at `end`. `tailed`: something may stand
    /// behind that in one of them.
    #[inline(always)]
    fn label_end(&mut self, end: usize, tailed: bool) {
        if tailed || self.program.start_labels.may_end(self.text, end) {
            self.program.characters.labels.find(self.text, end, &mut self.buffers.label_hits);
        }
    }

    /// Looks for a name without a label at `at`. Of those that overlap the likeliest is held back until the next one.
    fn name_at(&mut self, at: usize) {
        let Some(found) = name::free::at(self.text, at, self.program.plain) else { return };
        match &self.name {
            Some(held) if found.start < held.end && !found.is_better_than(held) => {}
            Some(held) if found.start < held.end => self.name = Some(found),
            _ => {
                self.name_ends();
                self.name = Some(found);
            }
        }
    }

    /// Reports the name that was held back.
    fn name_ends(&mut self) {
        let Some(held) = self.name.take() else { return };
        let Some(found) = held.found(self.text) else { return };
        if address::is_place_name(self.text, found.start..found.end) {
            return;
        }
        let program = self.program;
        for &recognizer in &program.free_names {
            let Some(entity) = program.recognizer(recognizer).map(|recognizer| recognizer.entity) else { continue };
            let standing = self.name_standing(recognizer, found.start, entity);
            match (standing, held.needs_label()) {
                // Where a label says so, the grammar behind the label has its say, and knows better.
                (Standing::Positive, true) | (Standing::None | Standing::Negative, false) => {
                    self.grammar_found(recognizer, &found, standing);
                }
                (Standing::Positive | Standing::Weak, false) => self.grammar_found(recognizer, &found, Standing::None),
                _ => {}
            }
        }
    }

    /// What the label directly before a name without a grammar of its own says, or the column.
    fn name_standing(&self, recognizer: At, start: usize, entity: EntityId) -> Standing {
        let joined = skip_joiners(self.text, start);
        let key = self.label(word_before(self.text, joined)..joined);
        match LabelIndex::standing(key, entity) {
            Standing::None => self.column_standing(recognizer),
            standing => standing,
        }
    }

    fn labels_in(&mut self, stretch: std::ops::Range<usize>) {
        let program = self.program;
        if program.plain {
            return self.labels_in_plainly(stretch);
        }
        let mut hits = std::mem::take(&mut self.buffers.label_hits);
        leftmost_longest(&mut hits, &stretch);
        for hit in &hits {
            self.labelled(hit.start..hit.end, program.characters.labels.says(*hit));
        }
        hits.clear();
        self.buffers.label_hits = hits;
    }

    /// As [`Pass::labels_in`], by an automaton. For tests.
    fn labels_in_plainly(&mut self, stretch: std::ops::Range<usize>) {
        let Some(starts) = self.program.han_starts.get() else { return };
        let from = stretch.start;
        let stretch = self.text.get(stretch).unwrap_or_default();
        for hit in starts.find_iter(stretch) {
            let label = stretch.get(hit.span().range()).unwrap_or_default();
            let says = look_up(self.program.rules.labels(), label);
            self.labelled(from + hit.start()..from + hit.end(), says);
        }
    }

    /// The value behind `label`, or before it.
    fn labelled(&mut self, label: std::ops::Range<usize>, says: &[Says]) {
        let text = self.text;
        if text.get(label.clone()).is_some_and(|label| label.starts_with(DAY)) {
            self.dated(label.start + DAY.len(), label.end, says);
        }
        self.value_at(skip_joiners_ahead(text, label.end), says);
    }

    fn grammars_in(&mut self, stretch: std::ops::Range<usize>) {
        let program = self.program;
        for &recognizer in &program.han {
            let mut found = std::mem::take(&mut self.buffers.found);
            found.clear();
            if let Some(Anchor::Han(GrammarSyntax::CnAddress)) = program.recognizer(recognizer).map(|r| &r.anchor) {
                address::in_run(self.text, stretch.clone(), &mut self.addresses, &mut found);
            }
            for one in &found {
                let standing = self.column_standing(recognizer);
                self.grammar_found(recognizer, one, standing);
            }
            self.buffers.found = found;
        }
    }
}
