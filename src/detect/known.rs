//! Known values: places that hold a value which was replaced elsewhere, whatever stands around it.
//!
//! Rules find a name by its label; the same name without one is found here, because the run already knows it. Used to
//! look at rewritten data again, and to replace such places when there are any. Asks only, never holds a value. What
//! too many other numbers would be by chance is not sought: [`Known::unsought`] says how many such values there are.

use std::ops::Range;

use super::context::{byte, byte_before};
use super::digits::collect_cluster;
use super::fold::Folded;
use super::pass::{Buffers, Run};
use super::program::Program;
use super::resolve::resolve;
use super::scan::{LONG_RUN, Sink, Wanted, scan};
use super::{address, han, name};
use crate::finding::{EntityId, Match, Place, Traits};
use crate::rule::compile::MAX_GROUPS;
use crate::rule::{Canonical, Mask, RuleSet};

/// Score of a match that only this knowledge supports: below what is reported by itself.
const KNOWN_SCORE: f32 = 0.5;
/// Longest name that is sought inside running text, in characters; longer ones only between other characters.
const LONGEST_INSIDE: usize = 4;
/// Fewest digits of a number that is sought at all.
const FEWEST_DIGITS: usize = 7;
/// Fewest digits of a number that is sought whatever its neighbours are, and however many are known.
const TELLING_DIGITS: usize = 11;
/// Longest word of letters and digits that is sought.
const LONGEST_WORD: usize = 40;
/// Share of all numbers of a length that may be known for one standing alone to be taken for a known one; the same for
/// the first or last digits of a longer run, and for digits inside one.
const ALONE: f64 = 1e-4;
const AT_AN_END: f64 = 1e-5;
const INSIDE: f64 = 1e-7;

/// Whether a canonical value of an entity type is known.
pub type IsKnown<'a> = dyn Fn(EntityId, &[u8]) -> bool + Sync + 'a;

/// How many distinct canonical values there are of each length in bytes; the last entry is for all longer ones.
pub type Lengths = [u64; 32];

/// What is known, and where it is worth looking for.
pub struct Known<'a> {
    is_known: &'a IsKnown<'a>,
    sought: Vec<Sought>,
}

/// The lengths of canonical values of one entity type that are sought: bit n is for n bytes.
struct Sought {
    entity: EntityId,
    canonical: Canonical,
    names: bool,
    /// Its values are names or addresses: characters, hardly letters and digits.
    han: bool,
    alone: u32,
    at_an_end: u32,
    inside: u32,
}

impl<'a> Known<'a> {
    /// What `is_known` affirms; `lengths` tells how many values of an entity type there are, which decides where a
    /// place that holds one is more than chance.
    pub fn new(rules: &RuleSet, lengths: impl Fn(EntityId) -> Lengths, is_known: &'a IsKnown<'a>) -> Known<'a> {
        let mut sought = Vec::new();
        for entity in rules.entities() {
            let lengths = lengths(entity.id);
            if lengths.iter().all(|count| *count == 0) {
                continue;
            }
            let bits = |share: f64, fewest: usize| {
                let worth = |&(length, &count): &(usize, &u64)| {
                    count > 0 && length >= fewest && count as f64 <= share * numbers(entity.canonical, length)
                };
                lengths.iter().enumerate().filter(worth).fold(0, |bits, (length, _)| bits | 1 << length)
            };
            let telling = bits(f64::INFINITY, TELLING_DIGITS);
            sought.push(Sought {
                entity: entity.id,
                canonical: entity.canonical,
                names: entity.mask == Mask::PersonName,
                han: matches!(entity.mask, Mask::PersonName | Mask::Address),
                alone: bits(ALONE, FEWEST_DIGITS) | telling,
                at_an_end: bits(AT_AN_END, TELLING_DIGITS),
                inside: bits(INSIDE, TELLING_DIGITS),
            });
        }
        Known { is_known, sought }
    }

    fn wanted(&self) -> Wanted {
        let has = |canonical| self.sought.iter().any(|sought| sought.canonical == canonical);
        // Codes of letters and digits may have any number of digits side by side.
        let run = if self.sought.iter().any(|sought| sought.canonical == Canonical::Text && !sought.han) {
            1
        } else {
            LONG_RUN
        };
        Wanted { run, hex_words: has(Canonical::Mac) }
    }

    /// How many of `lengths` values with this canonical form are not sought where they stand alone: too short, or so
    /// many that other numbers of their length would be taken for them.
    pub fn unsought(canonical: Canonical, lengths: &Lengths) -> u64 {
        let is_number = matches!(canonical, Canonical::Digits | Canonical::CnMobile | Canonical::UpperAlphanumeric);
        let left_out = |&(length, &count): &(usize, &u64)| {
            length < FEWEST_DIGITS || length < TELLING_DIGITS && count as f64 > ALONE * numbers(canonical, length)
        };
        lengths.iter().enumerate().filter(|one| is_number && left_out(one)).map(|(_, count)| count).sum()
    }
}

/// How many values of a canonical form and length there could be.
fn numbers(canonical: Canonical, length: usize) -> f64 {
    let exponent = i32::try_from(length).unwrap_or(i32::MAX);
    match canonical {
        Canonical::Digits | Canonical::CnMobile | Canonical::UpperAlphanumeric => 10f64.powi(exponent),
        Canonical::Mac | Canonical::Ip | Canonical::Email | Canonical::Text => f64::INFINITY,
    }
}

/// The pass that looks for known values.
pub(super) struct KnownPass<'a> {
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
    pub(super) fn run(
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
        let lines = buffers.fold_lines.take();
        let mut folded = Folded::default();
        for range in &lines {
            let line = text.get(range.clone()).unwrap_or_default();
            folded.fill(line);
            let mut found = Vec::new();
            KnownPass::scan(program, &folded.text, (known, short), buffers, &mut found);
            for one in found {
                let base = u32::try_from(range.start).unwrap_or(u32::MAX);
                if let Some((start, end)) = folded.span(one.start, one.end, line) {
                    out.push(Match { start: base + start, end: base + end, ..one });
                }
            }
        }
        buffers.fold_lines.give_back(lines);
        resolve(out, from);
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
        if known && let (Ok(start), Ok(end)) = (u32::try_from(span.start), u32::try_from(span.end)) {
            let (entity, traits) = (sought.entity, Traits::default());
            self.out.push(Match { entity, score: KNOWN_SCORE, place: Place::Text, start, end, traits });
        }
        known
    }

    /// Known numbers that are this run of digits, or part of it.
    fn digit_run(&mut self, run: Run, joined: bool) {
        let text = self.text;
        let (start, end) = (run.start, if run.letter { run.end - 1 } else { run.end });
        let length = end - start;
        let bounded = !joined
            && !byte_before(text, start).is_ascii_alphanumeric()
            && !byte(text, run.end).is_ascii_alphanumeric()
            && !reads_as_date(text.get(start..end).unwrap_or_default());
        let short = self.short && bounded;
        let known = self.known;
        for sought in &known.sought {
            let letters = match sought.canonical {
                Canonical::Digits | Canonical::CnMobile => 0,
                Canonical::UpperAlphanumeric => usize::from(matches!(byte(text, end), b'x' | b'X')),
                _ => continue,
            };
            for letter in 0..=letters {
                let mut lengths = sought.alone;
                while lengths != 0 {
                    let wanted = lengths.trailing_zeros() as usize;
                    lengths &= lengths - 1;
                    let Some(digits) = wanted.checked_sub(letter).filter(|digits| *digits <= length) else { continue };
                    let last = end - digits;
                    let bit = 1 << wanted;
                    if digits == length {
                        if short || wanted >= TELLING_DIGITS {
                            self.ask_at(sought, start..end + letter);
                        }
                        continue;
                    }
                    if sought.at_an_end & bit != 0 {
                        self.ask_at(sought, last..end + letter);
                        if letter == 0 {
                            self.ask_at(sought, start..start + digits);
                        }
                    }
                    if sought.inside & bit != 0 && letter == 0 {
                        for from in start + 1..last {
                            self.ask_at(sought, from..from + digits);
                        }
                    }
                }
            }
        }
    }

    fn is_known(&self, sought: &Sought, value: &[u8]) -> bool {
        let canonical = sought.canonical.of(value);
        !canonical.is_empty() && (self.known.is_known)(sought.entity, &canonical)
    }

    fn ask_at(&mut self, sought: &Sought, span: Range<usize>) {
        let value = self.text.get(span.clone()).unwrap_or_default();
        self.ask(sought, value, span);
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
            if self.ask(sought, whole, run.clone()) || !sought.names {
                continue;
            }
            let mut start = run.start;
            while start < run.end {
                let mut found = None;
                for characters in 2..=LONGEST_INSIDE {
                    let end = start + 3 * characters;
                    let window = text.get(start..end.min(run.end)).unwrap_or_default();
                    // Two characters that are also a word or a place are a name only where they stand alone.
                    let is_place = || address::is_place_name(text, start..end);
                    let telling = characters > 2 || !name::is_word(window);
                    if end <= run.end && telling && self.is_known(sought, window) && !(characters == 2 && is_place()) {
                        self.ask(sought, window, start..end);
                        found = Some(end);
                    }
                }
                start = found.unwrap_or(start + 3);
            }
        }
    }
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
        let mut start = at;
        while at - start <= LONGEST_WORD && byte_before(self.text, start).is_ascii_hexdigit() {
            start -= 1;
        }
        let mut end = at;
        while end - start <= LONGEST_WORD && byte(self.text, end).is_ascii_hexdigit() {
            end += 1;
        }
        let inside =
            byte_before(self.text, start).is_ascii_alphanumeric() || byte(self.text, end).is_ascii_alphanumeric();
        if inside || !matches!(end - start, 12 | 16) {
            return;
        }
        let known = self.known;
        for sought in known.sought.iter().filter(|sought| sought.canonical == Canonical::Mac) {
            self.ask_at(sought, start..end);
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
