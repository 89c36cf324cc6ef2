//! Detection: blocks in, matches out. One pass finds anchors, candidates are confirmed by rules, resolve leaves
//! disjoint spans.
//!
//! `bitmap` and `scan` find anchors; `digits`, `symbol`, `value` and `high` make candidates of them; `pass` confirms them
//! with validators and the labels that `context` finds (most places are refused by the last bytes before them); `column` lays columns out as text, and `value_memo` knows
//! which of their values were examined before; `record`, `command` and `statement` find values without labels by those beside them, `parent` what the object around a key says, `mention` adds where who was found is meant again; `fold` handles full-width characters. Scores are points of evidence until
//! everything is decided; `calibration` says last what they mean.

pub mod address;
mod asked;
mod bitmap;
pub mod calibration;
mod characters;
mod clusters;
mod code;
pub mod column;
mod column_name;
mod command;
mod companion_keys;
mod context;
mod cover;
mod digit_runs;
mod digits;
pub mod encoded;
pub mod explain;
mod extent;
mod fold;
mod frame;
mod group_pairs;
mod han;
mod high;
pub mod known;

mod key_memo;
mod kinds;
mod label_ends;
mod label_memo;
mod lines;
mod literal;
mod lone;
mod look_back;
mod mention;
pub mod name;
mod number;
mod parent;
mod pass;
mod phrase;
mod program;
#[cfg(test)]
mod prose_tests;
mod record;
mod relation;
pub mod resolve;
mod run_memo;
mod scan;
mod settle;
mod sight;
pub(crate) mod sorted_table;
#[doc(hidden)]
pub mod stages;
mod statement;
mod sure_names;
mod symbol;
mod told;
mod value;
mod value_memo;
mod web_token;
mod whole_value;
mod word;
mod word_memo;
mod words;

use std::sync::Arc;

use crate::block::{Aside, Block, Syntax, TextBlock};
use crate::finding::{EntityId, Match, Place, Traits};
use crate::rule::RuleSet;
use crate::rule::label::LabelIndex;
use calibration::Calibration;
use context::{ColumnScope, look_up};
use fold::Spelling;
use known::Known;
use known::pass::KnownPass;
use pass::{Buffers, Pass};
use program::Program;

/// Finds matches in blocks. One per run; shared between threads.
pub struct Detector {
    program: Program,
    calibration: Calibration,
}

/// Buffers that one thread reuses from block to block.
#[derive(Default)]
pub struct Scratch {
    buffers: Buffers,
    lines: lines::Lines,
    folded: fold::Folded,
    aside: Vec<Match>,
    recall: value_memo::Recall,
    /// Matches of values that need no further look, until their column is done.
    settled: Vec<Match>,
    /// The lines in which nothing else can be found.
    alone: Vec<usize>,
    /// See [`ColumnScope::beside`].
    beside: Vec<EntityId>,
    decoded: encoded::Decoded,
}

/// A span that a grammar (address, name) recognized, before scoring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// First byte in the text.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Points for its structure, 0 to 40.
    pub structure: i16,
    /// Points for what a register or dictionary confirms, 0 to 20.
    pub registry: i16,
    /// What else is known.
    pub traits: Traits,
}

impl Detector {
    /// A detector for `rules`.
    pub fn new(rules: Arc<RuleSet>) -> Detector {
        Detector { calibration: Calibration::new(&rules), program: Program::new(rules) }
    }

    /// A detector for `rules` whose scores are hundredths of the points of the evidence: what [`Calibration`] is made
    /// from, and what rules are tested by.
    #[doc(hidden)]
    pub fn uncalibrated(rules: Arc<RuleSet>) -> Detector {
        Detector { calibration: Calibration::none(), program: Program::new(rules) }
    }

    /// A detector for `rules` that spends at most so many `bytes` on remembering values of columns.
    pub fn remembering(rules: Arc<RuleSet>, bytes: usize) -> Detector {
        let mut detector = Detector::new(rules);
        detector.program.values = value_memo::ValueMemo::within(bytes);
        detector
    }

    /// A detector that takes no shortcut, which gives the same matches many times as slowly: what tests hold
    /// [`Detector::new`] against.
    #[doc(hidden)]
    pub fn plain(rules: Arc<RuleSet>) -> Detector {
        let mut detector = Detector::new(rules);
        detector.program.plain = true;
        detector
    }

    /// The rules.
    pub fn rules(&self) -> &Arc<RuleSet> {
        &self.program.rules
    }

    /// Appends the matches of `block` to `out`: sorted by place, disjoint within a place; those with a score below 0.6
    /// are only possible.
    pub fn detect(&self, block: &Block, scratch: &mut Scratch, out: &mut Vec<Match>) {
        let from = out.len();
        match block {
            Block::Text(block) => self.detect_text(block, scratch, out),
            Block::Table(block) => {
                column::detect_table(&self.program, block, scratch, out);
                mention::in_rows(&self.program, block, out, from);
            }
        }
        self.calibration.apply(out.get_mut(from..).unwrap_or_default());
    }

    /// Appends the places in `block` that hold a `known` value, whatever stands around it, and that no
    /// match in `out` covers; the whole of `out` is sorted again.
    pub fn detect_known(&self, block: &Block, known: &Known<'_>, scratch: &mut Scratch, out: &mut Vec<Match>) {
        let Scratch { buffers, lines, aside: found, .. } = scratch;
        found.clear();
        match block {
            Block::Table(block) => column::known_in_table(&self.program, block, known, lines, buffers, found),
            Block::Text(block) => {
                KnownPass::run(&self.program, block.slab.text(), (known, true), buffers, found);
                drop_inside(found, 0, &block.asides);
                for (index, one) in block.asides.iter().enumerate() {
                    let from = found.len();
                    KnownPass::run(&self.program, &one.decoded, (known, true), buffers, found);
                    found.iter_mut().skip(from).for_each(|m| m.place = Place::Aside(index as u32));
                }
            }
        }
        let overlaps = |a: &Match, b: &Match| a.place == b.place && a.start < b.end && b.start < a.end;
        out.sort_by_key(|m| (m.place, m.start));
        found.sort_by_key(|m| (m.place, m.start, std::cmp::Reverse(m.end)));
        let held = out.len();
        for one in found.iter() {
            let at =
                out.get(..held).unwrap_or_default().partition_point(|m| (m.place, m.end) <= (one.place, one.start));
            let free = out.get(at..held).and_then(|rest| rest.first()).is_none_or(|m| !overlaps(m, one));
            if free && out.get(held..).and_then(|fresh| fresh.last()).is_none_or(|last| !overlaps(last, one)) {
                out.push(*one);
            }
        }
        out.sort_by_key(|m| (m.place, m.start));
    }

    fn detect_text(&self, block: &TextBlock, scratch: &mut Scratch, out: &mut Vec<Match>) {
        let from = out.len();
        let spelling = if block.syntax == Syntax::Json { Spelling::Json } else { Spelling::Plain };
        self.detect_lines(block.slab.text(), None, spelling, scratch, out);
        if block.syntax == Syntax::Json && !block.asides.is_empty() {
            drop_inside(out, from, &block.asides);
            for (index, aside) in block.asides.iter().enumerate() {
                let before = out.len();
                let says = look_up(self.program.rules.labels(), aside.key.as_bytes());
                self.detect_lines(&aside.decoded, Some(says), Spelling::Plain, scratch, out);
                for found in out.iter_mut().skip(before) {
                    found.place = Place::Aside(index as u32);
                }
            }
        }
        mention::in_text(&self.program, block.slab.text(), &block.asides, out, from);
    }

    /// Appends the matches in `text` to `out`, with `Place::Text`.
    pub fn detect_bytes(&self, text: &[u8], scratch: &mut Scratch, out: &mut Vec<Match>) {
        let from = out.len();
        self.detect_lines(text, None, Spelling::Plain, scratch, out);
        mention::in_text(&self.program, text, &[], out, from);
        self.calibration.apply(out.get_mut(from..).unwrap_or_default());
    }

    fn detect_lines<'a>(
        &'a self,
        text: &'a [u8],
        says: Option<&'a [crate::rule::label::Says]>,
        spelling: Spelling,
        scratch: &mut Scratch,
        out: &mut Vec<Match>,
    ) {
        let from = out.len();
        let scope = || says.map(|says| ColumnScope { says, names: b"", beside: &[] });
        if let Some(scope) = scope()
            && scope.says.iter().any(|said| LabelIndex::starts_values(*said))
        {
            let buffers = &mut scratch.buffers;
            let column = Some(scope);
            let mut pass = Pass::new(&self.program, text, column, buffers, out);
            pass.whole_value(0..text.len());
        }
        Pass::run(&self.program, text, scope(), spelling, &mut scratch.buffers, out);
        let Scratch { buffers, folded, aside, .. } = scratch;
        let lines = FoldedLines { program: &self.program, text, column: scope() };
        lines.detect(|line| *line == (0..text.len()), buffers, folded, aside, out);
        resolve::resolve(out, from, self.program.rules.as_ref());
    }
}

/// The lines of a text that hold something to fold.
struct FoldedLines<'a> {
    program: &'a Program,
    text: &'a [u8],
    column: Option<ColumnScope<'a>>,
}

impl FoldedLines<'_> {
    /// Appends the matches in the folded copies of the lines, mapped back. `is_value` tells a line that is a whole
    /// value of the column.
    fn detect(
        &self,
        is_value: impl Fn(&std::ops::Range<usize>) -> bool,
        buffers: &mut Buffers,
        folded: &mut fold::Folded,
        aside: &mut Vec<Match>,
        out: &mut Vec<Match>,
    ) {
        let starts_values = |scope: &ColumnScope<'_>| scope.says.iter().any(|said| LabelIndex::starts_values(*said));
        let starts_values = self.column.as_ref().is_some_and(starts_values);
        let lines = buffers.fold_lines.take();
        for range in &lines {
            let line = self.text.get(range.clone()).unwrap_or_default();
            folded.fill(line);
            aside.clear();
            if starts_values && is_value(range) {
                let (program, text, column) = (self.program, folded.text.as_slice(), self.column);
                let mut pass = Pass::new(program, text, column, buffers, aside);
                pass.whole_value(0..text.len());
            }
            Pass::run(self.program, &folded.text, self.column, Spelling::Plain, buffers, aside);
            for found in aside.iter() {
                out.extend(folded.mapped(found, line, range.start as u32));
            }
        }
        buffers.fold_lines.give_back(lines);
    }
}

/// Drops the matches that overlap a string which is decoded aside.
fn drop_inside(out: &mut Vec<Match>, from: usize, asides: &[Aside]) {
    let mut index = 0;
    let mut position = 0;
    out.retain(|found| {
        position += 1;
        if position <= from {
            return true;
        }
        let span = found.span();
        while asides.get(index).is_some_and(|aside| aside.span.end <= span.start) {
            index += 1;
        }
        asides.get(index).is_none_or(|aside| aside.span.start >= span.end)
    });
}

#[cfg(test)]
mod tests;
