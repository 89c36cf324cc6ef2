//! Candidates made of digits: runs joined by single separators form a cluster; the parts of a cluster whose group
//! lengths some rule asked for are candidates.

use super::context::{Context, byte, byte_before, skip_joiners, word_before};
use super::digit_runs::{behind_digits, collect_cluster, first_digit, is_join, run_around};
use super::group_pairs::Pair;
use super::look_back::may_be_labelled;
use super::parent;
use super::pass::{Pass, Run};
use super::sight::{Sighted, accept_alone};
use crate::finding::EntityId;
use crate::rule::compile::{Anchor, MAX_DIGITS, MAX_GROUPS, Recognizer};
use crate::rule::label::{LabelIndex, Standing};
use crate::rule::pattern::Pattern;
use crate::validate::Candidate;

impl<'a> Pass<'a> {
    /// Handles the cluster of digit runs around the digit at `at`; returns where it ends.
    pub(super) fn digit_cluster(&mut self, at: usize) -> usize {
        let text = self.text;
        let (start, end) = run_around(text, at);
        self.word_around(start, end);
        if !self.program.plain
            && !self.may_be_joined(start, end)
            && (self.settled_by_key(start, end) || !self.single_may_count(start, end))
        {
            return end;
        }
        let mut runs = std::mem::take(&mut self.buffers.runs);
        let end = collect_cluster(text, at, &mut runs);
        for run in runs.iter().filter(|run| run.start != start) {
            self.word_around(run.start, behind_digits(text, run.start));
        }
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

    /// Reports the run where the key directly before it settles what it is, as nearly all do that stand behind one.
    fn settled_by_key(&mut self, start: usize, end: usize) -> bool {
        let (text, program) = (self.text, self.program);
        if program.singles.get(end - start).is_none_or(Vec::is_empty) {
            return false;
        }
        let before = byte_before(text, start);
        let after = byte(text, end);
        let stands_apart = matches!(before, b':' | b'=' | b'"' | b'\'' | b' ' | 0x80..)
            && !(after.is_ascii_alphanumeric() || matches!(after, b'_' | b'%' | b'.' | b'-' | b')'));
        if !stands_apart || self.column.is_some() {
            return false;
        }
        let key_end = skip_joiners(text, start);
        if !program.digit_labels.may_end(text, key_end) || !self.may_settle() {
            return false;
        }
        let says = self.label(word_before(text, key_end)..key_end);
        self.settled_by(&(start..end), says)
    }

    /// Whether a label that speaks for some candidate made of digits may stand before `start`, or name the column.
    fn may_be_labelled(&self, start: usize) -> bool {
        self.program.plain
            || self.column.as_ref().is_some_and(|scope| !scope.says.is_empty())
            || may_be_labelled(&self.program.digit_labels, self.program.look_back, self.text, start)
            || parent::is_behind_general(self.text, start)
    }

    /// Whether the run may be part of a candidate of several groups: it is joined to another one with which some rule's
    /// grouping has it, or an `X` ends it.
    fn may_be_joined(&self, start: usize, end: usize) -> bool {
        let text = self.text;
        if matches!(byte(text, end), b'x' | b'X') {
            return true;
        }
        let before = joined_before(text, start);
        let after = joined_after(text, end);
        let pairs = &self.program.pairs;
        // Runs that letters stand beside, as in a UUID, join nothing to this one.
        before.is_some_and(|(head, join)| {
            let pair = Pair { first: head..join, second: start..end, is_first: joined_before(text, head).is_none() };
            pairs.may_count(text, &pair) && !self.is_glued(head)
        }) || after.is_some_and(|next| {
            let tail = behind_digits(text, next);
            let pair = Pair { first: start..end, second: next..tail, is_first: before.is_none() };
            let letter = matches!(byte(text, tail), b'x' | b'X');
            letter || pairs.may_count(text, &pair) && !is_glued_after(text, tail)
        })
    }

    /// Whether letters that are no label stand before the run of digits at `head`.
    fn is_glued(&self, head: usize) -> bool {
        let before = byte_before(self.text, head);
        (before.is_ascii_alphabetic() || before == b'_') && !self.may_be_label(head)
    }

    /// Whether a label of a candidate made of digits may end at `at`.
    fn may_be_label(&self, at: usize) -> bool {
        let program = self.program;
        program.digit_labels.may_end(self.text, at) || program.adjacent_labels.may_end(self.text, at)
    }

    /// Whether one run by itself may be a match of some rule, or may be one with a label before it. Refuses nearly all
    /// runs of a log, so that nothing more is done for them.
    fn single_may_count(&self, start: usize, end: usize) -> bool {
        let (text, program) = (self.text, self.program);
        let Some(sights) = program.sights.get(end - start).filter(|sights| !sights.is_empty()) else { return false };
        let (before, after) = (byte_before(text, start), byte(text, end));
        if is_glued_after(text, end) || after == b'%' || before == b'$' {
            return false;
        }
        // Letters directly before it must be a label.
        if (before.is_ascii_alphabetic() || before == b'_') && !self.may_be_label(start) {
            return false;
        }
        let digits = text.get(start..end).unwrap_or_default();
        if self.column.as_ref().is_some_and(|scope| !scope.says.is_empty()) {
            return sights.may_begin(digits, || is_behind_plus(text, start));
        }
        match sights.of(digits, || is_behind_plus(text, start).then(|| text.get(start - 1..end).unwrap_or_default())) {
            Sighted::Alone => true,
            Sighted::Labelled if self.may_be_labelled(start) => true,
            _ => {
                sights.may_be_adjacent(digits)
                    && (program.adjacent_labels.may_end(text, skip_joiners(text, start))
                        || parent::is_behind_general(text, start))
            }
        }
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
        // A column's name spares a look for labels, and validators a second run.
        let labelled_anyway = self.column.as_ref().is_some_and(|scope| !scope.says.is_empty());
        let mut context: Option<Context<'a>> = labelled_anyway.then(|| self.context(head.start));
        let tells_why = self.buffers.trials.is_some();
        let mut may_be_labelled: Option<bool> = None;
        for &at in list {
            let Some(recognizer) = program.recognizer(at) else { continue };
            let Anchor::Digits { check_letter, separators, .. } = &recognizer.anchor else { continue };
            if recognizer.plus && !is_behind_plus(self.text, head.start) {
                continue;
            }
            let separated = inner.iter().skip(1).all(|run| separators.contains(&run.separator));
            if (tail.letter && !check_letter) || !separated {
                continue;
            }
            if !program.plain && !recognizer.may_take(&compact) {
                continue;
            }
            // Labels cost most: they are sought only where everything else is in favour.
            let mut labelled = || *may_be_labelled.get_or_insert_with(|| self.may_be_labelled(head.start));
            let lacks_its_label = recognizer.label_required
                && match &context {
                    _ if recognizer.label_adjacent => !self.is_right_behind_label(head.start, recognizer.entity),
                    Some(context) => !tells_why && context.standing(program, recognizer.entity) < Standing::Weak,
                    None => !labelled(),
                };
            if lacks_its_label {
                continue;
            }
            if recognizer.pattern.as_ref().is_some_and(|pattern| !pattern.is_match(&compact)) {
                continue;
            }
            let start = match recognizer.plus {
                true => head.start - 1,
                false => self.with_opening(head.start, tail.end, &compact),
            };
            let end = self.with_suffix(tail.end, recognizer.suffix.as_ref());
            if context.is_none() && !program.plain && !recognizer.label_adjacent {
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

    /// Whether a label of `entity` stands right before `start`.
    fn is_right_behind_label(&self, start: usize, entity: EntityId) -> bool {
        let joined = skip_joiners(self.text, start);
        let says = self.label(word_before(self.text, joined)..joined);
        LabelIndex::standing(says, entity) >= Standing::Weak
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
        if is_glued_after(self.text, tail.end) || after == b'%' {
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
        let says = self.label(word..start);
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

    fn with_suffix(&self, end: usize, suffix: Option<&Pattern>) -> usize {
        let Some(suffix) = suffix.filter(|suffix| suffix.may_begin_with(byte(self.text, end))) else { return end };
        let ahead = self.text.get(end..(end + 16).min(self.text.len())).unwrap_or_default();
        suffix.end(ahead).map_or(end, |length| end + length)
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

/// Whether a `+` that is no operator stands before `start`.
fn is_behind_plus(text: &[u8], start: usize) -> bool {
    let Some(plus) = start.checked_sub(1).filter(|at| byte(text, *at) == b'+') else { return false };
    let before = byte_before(text, plus);
    !(before.is_ascii_alphanumeric() || matches!(before, b'_' | b'+' | b')' | b']'))
}

/// Whether `recognizer` takes a candidate without any label.
fn stands_alone(recognizer: &Recognizer, candidate: &Candidate<'_>) -> bool {
    !recognizer.label_required && accept_alone(&recognizer.validators, candidate)
}

/// The run that is joined to the one at `start`: where it begins, and where it ends.
fn joined_before(text: &[u8], start: usize) -> Option<(usize, usize)> {
    let join = byte_before(text, start);
    if !is_join(join) {
        return None;
    }
    // The space of `(0571) 85022088` belongs to the bracket.
    let gap = if join == b' ' && start > 1 && byte(text, start - 2) == b')' { 2 } else { 1 };
    let end = start.checked_sub(gap)?;
    let head = first_digit(text, end);
    (head < end).then_some((head, end))
}

/// Where the run begins that is joined to the one that ends at `end`.
fn joined_after(text: &[u8], end: usize) -> Option<usize> {
    let join = byte(text, end);
    if !is_join(join) {
        return None;
    }
    let gap = if join == b')' && byte(text, end + 1) == b' ' { 2 } else { 1 };
    byte(text, end + gap).is_ascii_digit().then_some(end + gap)
}

/// Whether letters stand behind the run of digits that ends at `tail`, other than those before the extension of a
/// telephone: `0571-85022088ext8001`.
fn is_glued_after(text: &[u8], tail: usize) -> bool {
    let after = byte(text, tail);
    (after.is_ascii_alphanumeric() || after == b'_') && !(after | 0x20 == b'e' && is_extension(text, tail))
}

/// Whether the extension of a telephone stands at `at`.
#[cold]
fn is_extension(text: &[u8], at: usize) -> bool {
    let Some((letters, rest)) = text.get(at..).and_then(<[u8]>::split_first_chunk::<3>) else { return false };
    let rest = rest.strip_prefix(b".").unwrap_or(rest);
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    letters.eq_ignore_ascii_case(b"ext") && rest.first().is_some_and(u8::is_ascii_digit)
}

/// Whether the digits from `start` are the tail of a UUID: 8-4-4-4-12 hex digits.
fn in_uuid(text: &[u8], start: usize) -> bool {
    let Some(head) = start.checked_sub(24).and_then(|from| text.get(from..start)) else { return false };
    head.iter().enumerate().all(|(at, b)| match at {
        8 | 13 | 18 | 23 => *b == b'-',
        _ => b.is_ascii_hexdigit(),
    })
}
