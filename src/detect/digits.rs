//! Candidates made of digits: runs joined by single separators form a cluster; the parts of a cluster whose group
//! lengths some rule asked for are candidates.

use super::context::{Context, byte, byte_before, look_up, word_before};
use super::pass::{Pass, Run};
use crate::rule::compile::{Anchor, MAX_GROUPS};
use crate::rule::label::{LabelIndex, Standing};

/// Most runs in one cluster; what follows begins a new one.
const MAX_RUNS: usize = 64;

impl<'a> Pass<'a> {
    /// Handles the cluster of digit runs that starts at `at`; returns where it ends.
    pub(super) fn digit_cluster(&mut self, at: usize) -> usize {
        let mut runs = std::mem::take(&mut self.buffers.runs);
        runs.clear();
        let end = collect_runs(self.text, at, &mut runs);
        for first in 0..runs.len() {
            let mut packed = 0;
            for last in first..runs.len().min(first + MAX_GROUPS) {
                let Some(run) = runs.get(last) else { break };
                let length = run.end - run.start;
                if length > 63 {
                    break;
                }
                packed = (packed << 6) | length as u64;
                if self.program.groups.contains_key(&packed) {
                    self.digit_candidate(&runs, first, last, packed);
                }
            }
        }
        self.dotted_quads(&runs);
        self.buffers.runs = runs;
        end
    }

    fn digit_candidate(&mut self, runs: &[Run], first: usize, last: usize, packed: u64) {
        let program = self.program;
        let Some(list) = program.groups.get(&packed) else { return };
        let (Some(inner), Some(head), Some(tail)) = (runs.get(first..=last), runs.get(first), runs.get(last)) else {
            return;
        };
        if !self.bounded(runs, first, last) {
            return;
        }
        let mut compact = std::mem::take(&mut self.buffers.compact);
        compact.clear();
        for run in inner {
            compact.extend_from_slice(self.text.get(run.start..run.end).unwrap_or_default());
        }
        compact.make_ascii_uppercase();
        let mut context: Option<Context<'a>> = None;
        for &at in list {
            let Some(recognizer) = program.recognizer(at) else { continue };
            let Anchor::Digits { check_letter, separators, .. } = &recognizer.anchor else { continue };
            let separated = inner.iter().skip(1).all(|run| separators.contains(&run.separator));
            if (tail.letter && !check_letter) || !separated {
                continue;
            }
            if recognizer.pattern.as_ref().is_some_and(|pattern| !pattern.is_match(&compact)) {
                continue;
            }
            let context = &*context.get_or_insert_with(|| self.context(head.start));
            if !self.prefix_allows(head.start, tail.end, at.0, context) {
                continue;
            }
            let start = self.with_opening(head.start, tail.end, &compact);
            let end = self.with_suffix(tail.end, recognizer.suffix.as_ref());
            self.confirm(at, start..end, &compact, context);
        }
        self.buffers.compact = compact;
    }

    /// Whether nothing joins the candidate to a longer number, decimal, version or identifier (identifiers.md B0.2).
    /// A letter directly before it is left to [`Pass::prefix_allows`].
    fn bounded(&self, runs: &[Run], first: usize, last: usize) -> bool {
        let (Some(head), Some(tail)) = (runs.get(first), runs.get(last)) else { return false };
        let several = last > first;
        if first > 0 {
            let joins = head.separator == b'.' || (several && head.separator != b' ');
            if joins {
                return false;
            }
        }
        if let Some(next) = runs.get(last + 1) {
            let joins = (next.separator == b'.' && !self.is_zero_fraction(runs, last + 1))
                || (several && next.separator == b'-' && next.end - next.start > 6);
            if joins {
                return false;
            }
        }
        let before = byte_before(self.text, head.start);
        let dotted = before == b'.' && byte_before(self.text, head.start - 1).is_ascii_alphanumeric();
        if before == b'$' || dotted {
            return false;
        }
        let after = byte(self.text, tail.end);
        if after.is_ascii_alphanumeric() || matches!(after, b'_' | b'%') {
            return false;
        }
        if after == b'.' && byte(self.text, tail.end + 1).is_ascii_digit() && !self.is_zero_fraction(runs, last + 1) {
            return false;
        }
        !(before == b'-' && in_uuid(self.text, head.start))
    }

    /// Whether run `at` is the `.0` of a whole number that was written as a floating-point one (`13800138000.0`), as
    /// tables with missing numbers are.
    fn is_zero_fraction(&self, runs: &[Run], at: usize) -> bool {
        let Some(run) = runs.get(at) else { return false };
        let after = byte(self.text, run.end);
        run.separator == b'.'
            && self.text.get(run.start..run.end) == Some(b"0")
            && runs.get(at + 1).is_none_or(|next| next.separator == b' ')
            && !(after.is_ascii_alphanumeric() || matches!(after, b'_' | b'%' | b'.'))
    }

    /// A letter or `_` directly before the digits is allowed when the word that it ends is a label of the rule:
    /// `tel138…`, `login_phone_138…`. So is `.0` behind them.
    fn prefix_allows(&self, start: usize, end: usize, rule: u16, context: &Context<'a>) -> bool {
        let before = byte_before(self.text, start);
        let fraction = byte(self.text, end) == b'.' && byte(self.text, end + 1).is_ascii_digit();
        let entity = self.program.rules.entities().get(usize::from(rule)).map(|entity| entity.id);
        let labelled = || entity.is_some_and(|e| context.standing(self.program, e) == Standing::Positive);
        if fraction && !labelled() {
            return false;
        }
        if !before.is_ascii_alphabetic() && before != b'_' {
            return true;
        }
        let word = word_before(self.text, start);
        let says = look_up(self.program.rules.labels(), self.text.get(word..start).unwrap_or_default());
        entity.is_some_and(|entity| LabelIndex::standing(says, entity) == Standing::Positive) && labelled()
    }

    /// Takes a `+` or a `(` that belongs to the value into the span.
    fn with_opening(&self, start: usize, end: usize, compact: &[u8]) -> usize {
        match byte_before(self.text, start) {
            b'+' if compact.starts_with(b"86") => start - 1,
            b'(' if self.text.get(start..end).is_some_and(|inner| inner.contains(&b')')) => start - 1,
            _ => start,
        }
    }

    fn with_suffix(&self, end: usize, suffix: Option<&regex::bytes::Regex>) -> usize {
        let Some(suffix) = suffix else { return end };
        let ahead = self.text.get(end..(end + 16).min(self.text.len())).unwrap_or_default();
        suffix.find(ahead).map_or(end, |found| end + found.end())
    }

    /// IPv4 candidates: four runs of up to three digits joined by full stops, and no fifth.
    fn dotted_quads(&mut self, runs: &[Run]) {
        for (first, quad) in runs.windows(4).enumerate() {
            let [a, b, c, d] = quad else { continue };
            let dotted = [b, c, d].iter().all(|run| run.separator == b'.');
            let short = quad.iter().all(|run| run.end - run.start <= 3 && !run.letter);
            let joined = (first > 0 && matches!(a.separator, b'.'))
                || runs.get(first + 4).is_some_and(|next| next.separator == b'.');
            if dotted && short && !joined {
                self.ip_v4(a.start, d.end);
            }
        }
    }
}

/// Collects the runs of the cluster that starts at `at`; returns where it ends.
pub(super) fn collect_runs(text: &[u8], at: usize, runs: &mut Vec<Run>) -> usize {
    let mut start = at;
    let mut separator = 0;
    loop {
        let mut end = start;
        while byte(text, end).is_ascii_digit() {
            end += 1;
        }
        let letter = matches!(byte(text, end), b'x' | b'X') && !byte(text, end + 1).is_ascii_alphanumeric();
        let end = if letter && end - start >= 3 { end + 1 } else { end };
        let letter = byte_before(text, end).is_ascii_alphabetic();
        runs.push(Run { start, end, separator, letter });
        separator = byte(text, end);
        let joins = match separator {
            b' ' | b'-' | b'.' => true,
            b')' => byte_before(text, at) == b'(' && runs.len() == 1,
            _ => false,
        };
        // `(0571) 85022088`: the space belongs to the bracket.
        let gap = if separator == b')' && byte(text, end + 1) == b' ' { 2 } else { 1 };
        if letter || !joins || !byte(text, end + gap).is_ascii_digit() || runs.len() == MAX_RUNS {
            return end;
        }
        start = end + gap;
    }
}

/// Whether the digits from `start` are the tail of a UUID: 8-4-4-4-12 hex digits.
fn in_uuid(text: &[u8], start: usize) -> bool {
    let Some(head) = start.checked_sub(24).and_then(|from| text.get(from..start)) else { return false };
    head.iter().enumerate().all(|(at, b)| match at {
        8 | 13 | 18 | 23 => *b == b'-',
        _ => b.is_ascii_hexdigit(),
    })
}
