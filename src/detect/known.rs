//! Known values: places that hold a value which was replaced elsewhere, whatever stands around it.
//!
//! Rules find a name by its label; the same name without one is found here, because the run already knows it. Used to
//! look at rewritten data again, and to replace such places when there are any. Asks only, never holds a value.

use std::ops::Range;

use super::context::byte;
use super::digits::collect_runs;
use super::fold::{self, Folded};
use super::pass::{Buffers, Run};
use super::program::Program;
use super::resolve::resolve;
use super::scan::{Sink, scan};
use super::{han, name};
use crate::finding::{EntityId, Match, Place, Traits};
use crate::rule::compile::MAX_GROUPS;
use crate::rule::{Canonical, Mask};

/// Score of a match that only this knowledge supports: below what is reported by itself.
const KNOWN_SCORE: f32 = 0.5;
/// Longest name that is sought inside running text, in characters; longer ones only between other characters.
const LONGEST_INSIDE: usize = 4;
/// Fewest digits of a number that is sought: shorter ones stand for something else too often.
const FEWEST_DIGITS: usize = 11;

/// Whether a canonical value of an entity type is known.
pub type IsKnown<'a> = dyn Fn(EntityId, &[u8]) -> bool + 'a;

/// The pass that looks for known values.
pub(super) struct KnownPass<'a> {
    program: &'a Program,
    text: &'a [u8],
    is_known: &'a IsKnown<'a>,
    runs: Vec<Run>,
    compact: Vec<u8>,
    out: &'a mut Vec<Match>,
}

impl<'a> KnownPass<'a> {
    /// Appends the places in `text` that hold a known value (with `Place::Text`, disjoint) to `out`.
    pub(super) fn run(
        program: &'a Program,
        text: &'a [u8],
        is_known: &'a IsKnown<'a>,
        buffers: &mut Buffers,
        out: &'a mut Vec<Match>,
    ) {
        let from = out.len();
        KnownPass::scan(program, text, is_known, buffers, out);
        let (mut folded, mut next) = (Folded::default(), 0);
        while let Some(range) = fold::next_line(text, next) {
            next = range.end;
            let line = text.get(range.clone()).unwrap_or_default();
            folded.fill(line);
            let mut found = Vec::new();
            KnownPass::scan(program, &folded.text, is_known, buffers, &mut found);
            for one in found {
                let base = u32::try_from(range.start).unwrap_or(u32::MAX);
                if let Some((start, end)) = folded.span(one.start, one.end, line) {
                    out.push(Match { start: base + start, end: base + end, ..one });
                }
            }
        }
        resolve(out, from);
    }

    fn scan<'b>(
        program: &'b Program,
        text: &'b [u8],
        is_known: &'b IsKnown<'b>,
        buffers: &mut Buffers,
        out: &'b mut Vec<Match>,
    ) {
        let runs = std::mem::take(&mut buffers.runs);
        let compact = std::mem::take(&mut buffers.compact);
        let mut pass = KnownPass { program, text, is_known, runs, compact, out };
        scan(text, &mut pass);
        (buffers.runs, buffers.compact) = (pass.runs, pass.compact);
    }

    /// Reports `span` when its canonical value is known for `entity`.
    fn ask(&mut self, entity: EntityId, value: &[u8], span: Range<usize>) -> bool {
        let Some(declared) = self.program.rules.entity(entity) else { return false };
        let canonical = declared.canonical.of(value);
        let known = !canonical.is_empty() && (self.is_known)(entity, &canonical);
        if known && let (Ok(start), Ok(end)) = (u32::try_from(span.start), u32::try_from(span.end)) {
            let traits = Traits::default();
            self.out.push(Match { entity, score: KNOWN_SCORE, place: Place::Text, start, end, traits });
        }
        known
    }

    fn digit_groups(&mut self, runs: &[Run]) {
        for first in 0..runs.len() {
            let mut packed = 0;
            for last in first..runs.len().min(first + MAX_GROUPS) {
                let Some(run) = runs.get(last) else { break };
                packed = (packed << 6) | (run.end - run.start) as u64;
                let Some(list) = self.program.groups.get(&packed) else { continue };
                let Some(span) = runs.get(first).map(|head| head.start..run.end) else { continue };
                let mut compact = std::mem::take(&mut self.compact);
                compact.clear();
                for part in runs.get(first..=last).unwrap_or_default() {
                    compact.extend_from_slice(self.text.get(part.start..part.end).unwrap_or_default());
                }
                let list = if compact.len() < FEWEST_DIGITS { &[][..] } else { list };
                let mut asked = None;
                for at in list {
                    let entity = self.program.rules.entities().get(usize::from(at.0)).map(|entity| entity.id);
                    if let Some(entity) = entity.filter(|entity| asked != Some(*entity)) {
                        asked = Some(entity);
                        self.ask(entity, &compact, span.clone());
                    }
                }
                self.compact = compact;
            }
        }
    }

    /// Names inside and between other Han characters, and whole runs as values of any text type.
    fn han_run(&mut self, run: Range<usize>) {
        let program = self.program;
        let text = self.text;
        let whole = text.get(run.clone()).unwrap_or_default();
        if whole.is_empty() {
            return;
        }
        for entity in program.rules.entities().iter().filter(|entity| entity.canonical == Canonical::Text) {
            if self.ask(entity.id, whole, run.clone()) || entity.mask != Mask::PersonName {
                continue;
            }
            let mut start = run.start;
            while start < run.end {
                let mut found = None;
                for characters in 2..=LONGEST_INSIDE {
                    let end = start + 3 * characters;
                    let window = text.get(start..end.min(run.end)).unwrap_or_default();
                    // Two characters that are also a word are a name only where they stand alone.
                    let telling = characters > 2 || !name::is_word(window);
                    if end <= run.end && telling && self.ask(entity.id, window, start..end) {
                        found = Some(end);
                    }
                }
                start = found.unwrap_or(start + 3);
            }
        }
    }
}

impl Sink for KnownPass<'_> {
    fn digits(&mut self, at: usize) -> usize {
        let mut runs = std::mem::take(&mut self.runs);
        runs.clear();
        let end = collect_runs(self.text, at, &mut runs);
        self.digit_groups(&runs);
        self.runs = runs;
        end
    }

    fn at_sign(&mut self, _at: usize) {}

    fn hex_pairs(&mut self, _at: usize) {}

    fn hex_quads(&mut self, _at: usize) {}

    fn colon_hex(&mut self, _at: usize) {}

    fn key_separator(&mut self, _at: usize) {}

    fn high(&mut self, at: usize) -> usize {
        let (mut run, mut end) = (at, at);
        while byte(self.text, end) >= 0x80 {
            match han::char_at(self.text, end) {
                Some((character, 3)) if han::is_han(character) => end += 3,
                other => {
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
