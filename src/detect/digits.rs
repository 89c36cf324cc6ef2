//! Candidates made of digits: runs joined by single separators form a cluster; the parts of a cluster whose group
//! lengths some rule asked for are candidates.

use super::context::{Context, byte, byte_before, word_before};
use super::look_back::may_be_labelled;
use super::pass::{Pass, Run};
use crate::rule::compile::{Anchor, MAX_DIGITS, MAX_GROUPS, Recognizer};
use crate::rule::label::{LabelIndex, Standing};
use crate::validate::{Candidate, Validator};

/// Most runs in one cluster; what follows begins a new one.
const MAX_RUNS: usize = 64;
/// Most runs of a cluster before the anchor that are looked at: those of a candidate that ends with the anchor's run,
/// and one more, which may join it to something longer.
const RUNS_BEFORE: usize = MAX_GROUPS + 1;

impl<'a> Pass<'a> {
    /// Handles the cluster of digit runs around the digit at `at`; returns where it ends.
    pub(super) fn digit_cluster(&mut self, at: usize) -> usize {
        let text = self.text;
        let (start, end) = run_around(text, at);
        let beyond = start.checked_sub(2).map_or(b'\n', |at| byte(text, at));
        let joined_before = is_join(byte_before(text, start)) && (beyond.is_ascii_digit() || beyond == b')');
        let joined_after = is_join(byte(text, end)) && byte(text, end + 1).is_ascii_digit();
        let letter = matches!(byte(text, end), b'x' | b'X');
        // Runs that letters stand beside, as in a UUID, join nothing to this one.
        let joins =
            joined_before && !self.is_glued_before(start) || joined_after && !is_glued_after(text, end) || letter;
        if !joins && !self.program.plain && !self.single_may_count(start, end) {
            return end;
        }
        let mut runs = std::mem::take(&mut self.buffers.runs);
        let end = collect_cluster(text, at, &mut runs);
        for first in 0..runs.len() {
            let mut packed = 0;
            for last in first..runs.len().min(first + MAX_GROUPS) {
                let Some(run) = runs.get(last) else { break };
                let length = run.end - run.start;
                if length > MAX_DIGITS {
                    break;
                }
                packed = (packed << 6) | length as u64;
                let asked_for = match last == first {
                    true => self.program.singles.get(length).is_some_and(|list| !list.is_empty()),
                    false => self.program.groups.contains_key(&packed),
                };
                if asked_for {
                    self.digit_candidate(&runs, first, last, packed);
                }
            }
        }
        self.buffers.runs = runs;
        end
    }

    /// Whether a label that speaks for some candidate made of digits may stand before `start`, or name the column.
    fn may_be_labelled(&self, start: usize) -> bool {
        self.program.plain
            || self.column.as_ref().is_some_and(|scope| !scope.says.is_empty())
            || may_be_labelled(&self.program.digit_labels, self.program.look_back, self.text, start)
    }

    /// Whether letters that are no label stand before the run that is joined to the one at `start`.
    fn is_glued_before(&self, start: usize) -> bool {
        let text = self.text;
        let join = if byte_before(text, start) == b' ' && text.get(..start).is_some_and(|head| head.ends_with(b") ")) {
            2
        } else {
            1
        };
        let Some(last) = start.checked_sub(join + 1) else { return true };
        let (head, _) = run_around(text, last);
        let before = byte_before(text, head);
        (before.is_ascii_alphabetic() || before == b'_') && !self.program.digit_labels.may_end(text, head)
    }

    /// Whether one run by itself may be a match of some rule, or may be one with a label before it. Refuses nearly all
    /// runs of a log, so that nothing more is done for them.
    fn single_may_count(&self, start: usize, end: usize) -> bool {
        let (text, program) = (self.text, self.program);
        let Some(list) = program.singles.get(end - start).filter(|list| !list.is_empty()) else { return false };
        let (before, after) = (byte_before(text, start), byte(text, end));
        if after.is_ascii_alphanumeric() || matches!(after, b'_' | b'%') || before == b'$' {
            return false;
        }
        // Letters directly before it must be a label.
        if (before.is_ascii_alphabetic() || before == b'_') && !program.digit_labels.may_end(text, start) {
            return false;
        }
        let digits = text.get(start..end).unwrap_or_default();
        let mut may_be_labelled: Option<bool> = None;
        let mut labelled = || *may_be_labelled.get_or_insert_with(|| self.may_be_labelled(start));
        let candidate = Candidate { compact: digits, original: digits, labelled: false };
        list.iter().filter_map(|at| program.recognizer(*at)).any(|recognizer| {
            recognizer.may_take(digits)
                && (!recognizer.label_required && stands_alone(recognizer, &candidate) || labelled())
        })
    }

    fn digit_candidate(&mut self, runs: &[Run], first: usize, last: usize, packed: u64) {
        let program = self.program;
        let list = if first == last { program.singles.get(packed as usize) } else { program.groups.get(&packed) };
        let (Some(list), Some(inner), Some(head), Some(tail)) =
            (list, runs.get(first..=last), runs.get(first), runs.get(last))
        else {
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
        let mut may_be_labelled: Option<bool> = None;
        for &at in list {
            let Some(recognizer) = program.recognizer(at) else { continue };
            let Anchor::Digits { check_letter, separators, .. } = &recognizer.anchor else { continue };
            let separated = inner.iter().skip(1).all(|run| separators.contains(&run.separator));
            if (tail.letter && !check_letter) || !separated {
                continue;
            }
            if !program.plain && !recognizer.may_take(&compact) {
                continue;
            }
            // Labels cost most: they are sought only where everything else is in favour.
            let mut labelled = || *may_be_labelled.get_or_insert_with(|| self.may_be_labelled(head.start));
            if recognizer.label_required && context.is_none() && !labelled() {
                continue;
            }
            if recognizer.pattern.as_ref().is_some_and(|pattern| !pattern.is_match(&compact)) {
                continue;
            }
            let start = self.with_opening(head.start, tail.end, &compact);
            let end = self.with_suffix(tail.end, recognizer.suffix.as_ref());
            if context.is_none() && !program.plain {
                let original = self.text.get(start..end).unwrap_or_default();
                let candidate = Candidate { compact: &compact, original, labelled: false };
                if !stands_alone(recognizer, &candidate) && !labelled() {
                    continue;
                }
            }
            let context = &*context.get_or_insert_with(|| self.context(head.start));
            if !self.prefix_allows(head.start, tail.end, at.0, context) {
                continue;
            }
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
        let says = self.program.rules.labels().look_up_word(self.text, word..start);
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

    /// The IPv4 candidate whose fourth group starts at `at`: four runs of up to three digits joined by full stops, and
    /// no fifth.
    pub(super) fn dotted_quad_at(&mut self, at: usize) {
        let text = self.text;
        let mut start = at;
        for _ in 0..3 {
            let stop = start.saturating_sub(1);
            start = stop;
            while stop - start < 4 && byte_before(text, start).is_ascii_digit() {
                start -= 1;
            }
            if byte(text, stop) != b'.' || !(1..=3).contains(&(stop - start)) {
                return;
            }
        }
        let mut end = at;
        while end - at < 4 && byte(text, end).is_ascii_digit() {
            end += 1;
        }
        let joined = |stop: u8, beyond: u8| stop == b'.' && beyond.is_ascii_digit();
        let before = joined(byte_before(text, start), byte_before(text, start.saturating_sub(1)));
        if end - at <= 3 && !before && !joined(byte(text, end), byte(text, end + 1)) {
            self.ip_v4(start, end);
        }
    }
}

/// Whether `recognizer` takes a candidate without any label.
fn stands_alone(recognizer: &Recognizer, candidate: &Candidate<'_>) -> bool {
    let accepts = |validator: &Validator| validator(candidate).is_some_and(|evidence| !evidence.label_required);
    !recognizer.label_required && recognizer.validators.iter().all(accepts)
}

/// Whether letters stand behind the run that is joined to the one that ends at `end`.
fn is_glued_after(text: &[u8], end: usize) -> bool {
    let gap = if byte(text, end) == b')' && byte(text, end + 1) == b' ' { 2 } else { 1 };
    let (_, tail) = run_around(text, end + gap);
    let after = byte(text, tail);
    (after.is_ascii_alphabetic() && !matches!(after, b'x' | b'X')) || after == b'_'
}

fn is_join(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b'.' | b')')
}

/// The run of digits around the digit at `at`.
fn run_around(text: &[u8], at: usize) -> (usize, usize) {
    let (mut start, mut end) = (at, at);
    while byte_before(text, start).is_ascii_digit() {
        start -= 1;
    }
    while byte(text, end).is_ascii_digit() {
        end += 1;
    }
    (start, end)
}

/// Collects the runs of the cluster around the digit at `at`, from a few before it on, into `runs`; returns where it
/// ends.
pub(super) fn collect_cluster(text: &[u8], at: usize, runs: &mut Vec<Run>) -> usize {
    runs.clear();
    let (mut start, _) = run_around(text, at);
    for _ in 0..RUNS_BEFORE {
        let gap = match byte_before(text, start) {
            b' ' if start > 1 && byte(text, start - 2) == b')' => 2,
            _ => 1,
        };
        let joins = start > gap && is_join(byte(text, start - gap)) && byte_before(text, start - gap).is_ascii_digit();
        if !joins {
            break;
        }
        let before = run_around(text, start - gap - 1).0;
        // A bracket joins only the first run of all, when it was opened before it.
        if byte(text, start - gap) == b')' && byte_before(text, before) != b'(' {
            break;
        }
        start = before;
    }
    collect_runs(text, start, runs)
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
