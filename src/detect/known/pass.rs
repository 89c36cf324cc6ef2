//! The pass that looks for known values in one text.
//!
//! Asks what is known for each place that a known value may stand in; reports nothing else.

use std::ops::Range;

use super::super::context::{byte, byte_before};
use super::super::digit_runs::collect_cluster;
use super::super::fold::{Folded, Spelling};
use super::super::pass::{Buffers, Run};
use super::super::program::Program;
use super::super::resolve::resolve;
use super::super::scan::{Sink, scan};
use super::super::{address, han, name};
use super::{FEWEST_DIGITS, Known, Sought, TELLING_DIGITS};
use crate::finding::{Match, Place, Traits};
use crate::rule::Canonical;
use crate::rule::compile::MAX_GROUPS;

/// Score of a match that only this knowledge supports: below what is reported by itself.
const KNOWN_SCORE: f32 = 0.5;
/// Longest name that is sought inside running text, in characters; longer ones only between other characters.
const LONGEST_INSIDE: usize = 4;
/// Longest word of letters and digits that is sought.
const LONGEST_WORD: usize = 40;

/// The pass that looks for known values.
pub(in crate::detect) struct KnownPass<'a> {
    program: &'a Program,
    text: &'a [u8],
    known: &'a Known<'a>,
    /// Numbers of fewer than [`TELLING_DIGITS`] digits are sought too.
    short: bool,
    buffers: &'a mut Buffers,
    out: &'a mut Vec<Match>,
}

impl<'a> KnownPass<'a> {
    /// Appends the places in `text` that hold a known value (with `Place::Text`, disjoint) to `out`; `short` numbers
    /// only where that can be replaced.
    pub(in crate::detect) fn run(
        program: &'a Program,
        text: &'a [u8],
        (known, short): (&'a Known<'a>, bool),
        buffers: &mut Buffers,
        out: &'a mut Vec<Match>,
    ) {
        if known.sought.is_empty() {
            return;
        }
        let from = out.len();
        KnownPass::scan(program, text, (known, short), buffers, out);
        buffers.fold_lines.note_escapes(text, Spelling::Plain);
        let lines = buffers.fold_lines.take();
        let mut folded = Folded::default();
        for range in &lines {
            let line = text.get(range.clone()).unwrap_or_default();
            folded.fill(line);
            let mut found = Vec::new();
            KnownPass::scan(program, &folded.text, (known, short), buffers, &mut found);
            let base = u32::try_from(range.start).unwrap_or(u32::MAX);
            out.extend(found.iter().filter_map(|one| folded.mapped(one, line, base)));
        }
        buffers.fold_lines.give_back(lines);
        resolve(out, from, &program.rules);
    }

    fn scan<'b>(
        program: &'b Program,
        text: &'b [u8],
        (known, short): (&'b Known<'b>, bool),
        buffers: &'b mut Buffers,
        out: &'b mut Vec<Match>,
    ) {
        let mut anchors = buffers.anchors.take().unwrap_or_default();
        let mut pass = KnownPass { program, text, known, short, buffers, out };
        scan(text, known.wanted(), &mut anchors, &mut pass);
        pass.buffers.anchors = Some(anchors);
    }

    /// Reports `span` when `value`, or what it is in canonical form, is known for `sought`.
    fn ask(&mut self, sought: &Sought, value: &[u8], span: Range<usize>) -> bool {
        let canonical = sought.canonical.of(value);
        let known = !canonical.is_empty() && (self.known.is_known)(sought.entity, &canonical);
        if known {
            self.report(sought, span);
        }
        known
    }

    fn report(&mut self, sought: &Sought, span: Range<usize>) {
        if let (Ok(start), Ok(end)) = (u32::try_from(span.start), u32::try_from(span.end)) {
            let (entity, traits) = (sought.entity, Traits::default());
            self.out.push(Match { entity, score: KNOWN_SCORE, place: Place::Text, start, end, traits });
        }
    }

    /// Known numbers that are this run of digits, or part of it.
    fn digit_run(&mut self, run: Run, joined: bool) {
        let text = self.text;
        let (start, end) = (run.start, if run.letter { run.end - 1 } else { run.end });
        if end - start + 1 < FEWEST_DIGITS {
            return;
        }
        let bounded = !joined
            && !byte_before(text, start).is_ascii_alphanumeric()
            && !byte(text, run.end).is_ascii_alphanumeric()
            && !reads_as_date(text.get(start..end).unwrap_or_default());
        let short = self.short && bounded;
        let known = self.known;
        for at in start..end {
            for (word, sought_here) in known.beginning_with(text.get(at..end).unwrap_or_default()).iter().enumerate() {
                let mut sought_here = *sought_here;
                while sought_here != 0 {
                    let index = 64 * word + sought_here.trailing_zeros() as usize;
                    sought_here &= sought_here - 1;
                    let Some(sought) = known.sought.get(index) else { continue };
                    let mut lengths = sought.lengths_at(at - start, end - at, short);
                    while lengths != 0 {
                        let length = lengths.trailing_zeros() as usize;
                        lengths &= lengths - 1;
                        self.ask_digits(sought, at..at + length);
                    }
                }
            }
        }
        if matches!(byte(text, end), b'x' | b'X') {
            self.digits_before_letter(start..end, short);
        }
    }

    /// Known numbers whose last place is the `X` at the end of `digits`.
    fn digits_before_letter(&mut self, digits: Range<usize>, short: bool) {
        let known = self.known;
        for sought in known.sought.iter().filter(|sought| sought.canonical == Canonical::UpperAlphanumeric) {
            for at in digits.clone() {
                let length = digits.end - at + 1;
                let bit = 1u32.checked_shl(length as u32).unwrap_or(0);
                let whole = at == digits.start && (short || length >= TELLING_DIGITS) && sought.alone & bit != 0;
                if whole || at > digits.start && sought.at_an_end & bit != 0 {
                    self.ask_at(sought, at..digits.end + 1);
                }
            }
        }
    }

    /// Whether `value`, which is in canonical form, is known.
    fn is_known(&self, sought: &Sought, value: &[u8]) -> bool {
        sought.profile.may_begin(value) && (self.known.is_known)(sought.entity, value)
    }

    fn ask_at(&mut self, sought: &Sought, span: Range<usize>) {
        let value = self.text.get(span.clone()).unwrap_or_default();
        if sought.profile.may_begin(value) {
            self.ask(sought, value, span);
        }
    }

    /// Reports digits, which may begin so, when they are known for `sought`.
    fn ask_digits(&mut self, sought: &Sought, span: Range<usize>) {
        let value = self.text.get(span.clone()).unwrap_or_default();
        // Digits are in canonical form, unless a country code is dropped.
        if sought.canonical == Canonical::CnMobile && value.len() > TELLING_DIGITS {
            self.ask(sought, value, span);
        } else if (self.known.is_known)(sought.entity, value) {
            self.report(sought, span);
        }
    }

    /// Known numbers that are written as several runs, in a grouping that a rule of theirs knows.
    fn digit_groups(&mut self, runs: &[Run]) {
        let known = self.known;
        for first in 0..runs.len() {
            let mut packed = 0;
            for last in first..runs.len().min(first + MAX_GROUPS) {
                let Some(run) = runs.get(last) else { break };
                packed = (packed << 6) | (run.end - run.start) as u64;
                let Some(list) = self.program.groups.get(&packed).filter(|_| last > first) else { continue };
                let Some(span) = runs.get(first).map(|head| head.start..run.end) else { continue };
                let mut compact = std::mem::take(&mut self.buffers.compact);
                compact.clear();
                for part in runs.get(first..=last).unwrap_or_default() {
                    compact.extend_from_slice(self.text.get(part.start..part.end).unwrap_or_default());
                }
                let list = if compact.len() < TELLING_DIGITS { &[][..] } else { list };
                let mut asked = None;
                for at in list {
                    let entity = self.program.rules.entities().get(usize::from(at.0)).map(|entity| entity.id);
                    if let Some(entity) = entity.filter(|entity| asked != Some(*entity)) {
                        asked = Some(entity);
                        if let Some(sought) = known.sought.iter().find(|sought| sought.entity == entity) {
                            self.ask(sought, &compact, span.clone());
                        }
                    }
                }
                self.buffers.compact = compact;
            }
        }
    }

    /// A known value of letters and digits around the run of digits at `at`.
    fn word(&mut self, at: usize, run_end: usize) {
        let text = self.text;
        let mut start = at;
        while at - start <= LONGEST_WORD && byte_before(text, start).is_ascii_alphabetic() {
            start -= 1;
        }
        // A digit before it: the word was looked at from there.
        if byte_before(text, start).is_ascii_digit() {
            return;
        }
        let mut end = run_end;
        while end - at <= LONGEST_WORD && byte(text, end).is_ascii_alphanumeric() {
            end += 1;
        }
        let length = end - start;
        if length == run_end - at || !(FEWEST_DIGITS..=LONGEST_WORD).contains(&length) {
            return;
        }
        let value = text.get(start..end).unwrap_or_default();
        let known = self.known;
        for sought in &known.sought {
            let of_kind = match sought.canonical {
                Canonical::UpperAlphanumeric | Canonical::Text => sought.alone >> length.min(31) & 1 == 1,
                // Hardware addresses have an anchor of their own.
                Canonical::Digits | Canonical::CnMobile | Canonical::Mac | Canonical::Ip | Canonical::Email => false,
            };
            if of_kind {
                self.ask(sought, value, start..end);
            }
        }
    }

    /// Names inside and between other Han characters, and whole runs as values of any text type.
    fn han_run(&mut self, run: Range<usize>) {
        let text = self.text;
        let whole = text.get(run.clone()).unwrap_or_default();
        if whole.is_empty() {
            return;
        }
        let known = self.known;
        for sought in known.sought.iter().filter(|sought| sought.canonical == Canonical::Text) {
            // A surname alone (刘科长) stands for anybody.
            // Ideographs are in canonical form.
            let is_whole = (whole.len() > 3 || !sought.names) && self.is_known(sought, whole);
            if is_whole {
                self.report(sought, run.clone());
            }
            if is_whole || !sought.names {
                continue;
            }
            let mut start = run.start;
            while start < run.end {
                let mut found = None;
                for characters in 2..=LONGEST_INSIDE {
                    let end = start + 3 * characters;
                    let window = text.get(start..end.min(run.end)).unwrap_or_default();
                    if end <= run.end && self.is_known(sought, window) && (characters > 2 || !is_more(text, start..end))
                    {
                        self.report(sought, start..end);
                        found = Some(end);
                    }
                }
                start = found.unwrap_or(start + 3);
            }
        }
    }
}

/// Whether two characters that are somebody's name are also a word or a place: then they are a name only where they
/// stand alone.
fn is_more(text: &[u8], span: Range<usize>) -> bool {
    name::is_word(text.get(span.clone()).unwrap_or_default()) || address::is_place_name(text, span)
}

/// Whether eight digits are a date of the years 1900 to 2099: those stand for the date far oftener than for a number.
fn reads_as_date(digits: &[u8]) -> bool {
    let number = |part: Option<&[u8]>| part?.iter().try_fold(0u32, |sum, b| Some(sum * 10 + u32::from(b - b'0')));
    digits.len() == 8
        && number(digits.get(..4)).is_some_and(|year| (1900..2100).contains(&year))
        && number(digits.get(4..6)).is_some_and(|month| (1..=12).contains(&month))
        && number(digits.get(6..)).is_some_and(|day| (1..=31).contains(&day))
}

impl Sink for KnownPass<'_> {
    fn digits(&mut self, at: usize) -> usize {
        let mut runs = std::mem::take(&mut self.buffers.runs);
        let end = collect_cluster(self.text, at, &mut runs);
        for (index, run) in runs.iter().enumerate() {
            let dotted = run.separator == b'.' || runs.get(index + 1).is_some_and(|next| next.separator == b'.');
            self.digit_run(*run, dotted);
            self.word(run.start, run.end);
        }
        self.digit_groups(&runs);
        self.buffers.runs = runs;
        end
    }

    fn hex_word(&mut self, at: usize) {
        // The anchor is the twelfth: no hexadecimal digit stands before the first.
        let start = (at + 1).saturating_sub(12);
        if byte_before(self.text, start).is_ascii_alphanumeric() {
            return;
        }
        let mut end = at + 1;
        while end - start <= 16 && byte(self.text, end).is_ascii_hexdigit() {
            end += 1;
        }
        if !matches!(end - start, 12 | 16) || byte(self.text, end).is_ascii_alphanumeric() {
            return;
        }
        let known = self.known;
        let digits = self.text.get(start..end).unwrap_or_default();
        let mut canonical = [b':'; 23];
        for (slot, digit) in
            canonical.iter_mut().enumerate().filter(|(at, _)| at % 3 != 2).map(|(_, slot)| slot).zip(digits)
        {
            *slot = digit.to_ascii_lowercase();
        }
        let canonical = canonical.get(..digits.len() * 3 / 2 - 1).unwrap_or_default();
        for sought in known.sought.iter().filter(|sought| sought.canonical == Canonical::Mac) {
            if self.is_known(sought, canonical) {
                self.report(sought, start..end);
            }
        }
    }

    fn high(&mut self, at: usize) -> usize {
        let (mut run, mut end) = (at, at);
        while byte(self.text, end) >= 0x80 {
            match han::char_at(self.text, end) {
                Some((character, 3)) if han::is_han(character) => end += 3,
                other => {
                    if self.program.characters.folds(self.text, end) {
                        self.buffers.fold_lines.note(self.text, end);
                    }
                    self.han_run(run..end);
                    end += other.map_or(1, |(_, width)| width);
                    run = end;
                }
            }
        }
        self.han_run(run..end);
        end
    }
}
