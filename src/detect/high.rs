//! Stretches with characters beyond ASCII: one walk over the characters, with one look into a table for each, finds
//! those few stretches that may hold an address, a label that values start from, or something to fold.
//!
//! Refuses only what the grammars and automata behind it would find nothing in.

use super::characters::{FOLDS, GOES_ON, LABEL_END, LEAD, NUMBER, SEPARATOR, SURNAME, UNIT};
use super::context::{byte, byte_before, look_up, skip_joiners, skip_joiners_ahead, word_before};
use super::frame::DAY;
use super::label_ends::leftmost_longest;
use super::pass::Pass;
use super::program::At;
use super::run_memo::{Lesson, Piece, each};
use super::{address, name, value};
use crate::finding::EntityId;
use crate::rule::compile::Anchor;
use crate::rule::label::{LabelIndex, Says, Standing};
use crate::rule::syntax::GrammarSyntax;

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
        // A name that is reported on the way ends before the surnames behind it.
        self.buffers.cover.fill(self.out.get(before..).unwrap_or_default());
        let mut told = 0;
        for &at in &surnames {
            if at < told || self.buffers.cover.holds(at, at + name::free::LONGEST_BYTES) {
                continue;
            }
            match self.told_name(at) {
                Some(end) => told = end,
                None => self.name_at(at),
            }
        }
        self.name_ends();
        self.buffers.surnames = surnames;
        self.buffers.surnames.clear();
    }

    /// Where the name ends that begins at `at` and that a label told of, when no name without a label that is found from
    /// `at` on, up to there, can be longer or likelier.
    #[inline]
    fn told_name(&self, at: usize) -> Option<usize> {
        let program = self.program;
        let (end, entity) = self.buffers.sure_names.at(self.serial, at)?;
        if program.plain || self.buffers.trials.is_some() {
            return None;
        }
        let is_same = |at: &At| program.recognizer(*at).is_some_and(|recognizer| recognizer.entity == entity);
        (program.free_names.iter().all(is_same) && name::free::stands_apart(self.text, at, end)).then_some(end)
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
                        self.label_end(end + width);
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
                let lesson = program.characters.lesson(self.text, at, piece, refine);
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
        each(lesson.label_ends, start, |end| self.label_end(end));
        if lesson.element_only && byte_before(text, start) == b'>' {
            self.buffers.surnames.push(start);
        }
        each(lesson.surnames, start, |at| self.buffers.surnames.push(at));
    }

    /// Notes the labels that values start from and whose last Han character ends at `end`.
    #[inline(always)]
    fn label_end(&mut self, end: usize) {
        let labels = &self.program.characters.labels;
        if labels.may_end(self.text, end) {
            labels.find(self.text, end, &mut self.buffers.label_hits);
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
                (Standing::Positive, true) | (Standing::None | Standing::Abbreviated | Standing::Negative, false) => {
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
            Standing::None | Standing::Abbreviated => self.column_standing(recognizer),
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
        // 最小投保年龄: a longer label that it ends says that it is something else.
        let word = word_before(text, label.end);
        let whole = if word == label.start && !self.program.plain { says } else { self.label(word..label.end) };
        if !whole.is_empty() && !whole.iter().any(|said| LabelIndex::starts_values(*said)) {
            return;
        }
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
