//! Runs of digits, and clusters: runs that are joined by single separators.
//!
//! Looks at eight bytes at a time; never at more than the cluster and a byte on each side.

use super::context::{byte, byte_before};
use super::pass::Run;
use crate::rule::compile::MAX_GROUPS;

/// Most runs in one cluster; what follows begins a new one.
const MAX_RUNS: usize = 64;
/// Most runs of a cluster before the anchor that are looked at: those of a candidate that ends with the anchor's run,
/// and one more, which may join it to something longer.
const RUNS_BEFORE: usize = MAX_GROUPS + 1;

/// Whether `byte` may join two runs of digits.
pub(super) fn is_join(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b'.' | b')')
}

/// The run of digits around the digit at `at`.
#[inline]
pub(super) fn run_around(text: &[u8], at: usize) -> (usize, usize) {
    (first_digit(text, at), behind_digits(text, at))
}

/// Where the digits that end at `end` begin.
#[inline]
pub(super) fn first_digit(text: &[u8], end: usize) -> usize {
    let mut start = end;
    while let Some(eight) = start.checked_sub(8).and_then(|from| text.get(from..)?.first_chunk::<8>()) {
        let count = (others(u64::from_le_bytes(*eight)).leading_zeros() / 8) as usize;
        start -= count;
        if count < 8 {
            return start;
        }
    }
    while byte_before(text, start).is_ascii_digit() {
        start -= 1;
    }
    start
}

/// Where the digits that start at `start` end.
#[inline]
pub(super) fn behind_digits(text: &[u8], start: usize) -> usize {
    let mut end = start;
    while let Some(eight) = text.get(end..).and_then(|rest| rest.first_chunk::<8>()) {
        let count = (others(u64::from_le_bytes(*eight)).trailing_zeros() / 8) as usize;
        end += count;
        if count < 8 {
            return end;
        }
    }
    while byte(text, end).is_ascii_digit() {
        end += 1;
    }
    end
}

/// The top bit of each of eight bytes that is no digit.
#[inline(always)]
fn others(eight: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    // Digits become 0 to 9; what is more gets its top bit by the sum, which never reaches the next byte.
    let values = eight ^ (EACH * 0x30);
    (((values & (EACH * 0x7F)) + EACH * 0x76) | values) & (EACH * 0x80)
}

/// Collects the runs of the cluster around the digit at `at`, from a few before it on, into `runs`; returns where it
/// ends.
pub(super) fn collect_cluster(text: &[u8], at: usize, runs: &mut Vec<Run>) -> usize {
    runs.clear();
    let mut start = first_digit(text, at);
    for _ in 0..RUNS_BEFORE {
        let gap = match byte_before(text, start) {
            b' ' if start > 1 && byte(text, start - 2) == b')' => 2,
            _ => 1,
        };
        let joins = start > gap && is_join(byte(text, start - gap)) && byte_before(text, start - gap).is_ascii_digit();
        if !joins {
            break;
        }
        let before = first_digit(text, start - gap);
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
        let end = behind_digits(text, start);
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn runs_end_where_digits_do(text in "[0-9]{0,20}[0-9a:/ 中]{0,30}", at in 0_usize..50) {
            let text = text.as_bytes();
            let at = at.min(text.len());
            let digits = |byte: &&u8| byte.is_ascii_digit();
            let ahead = text[at..].iter().take_while(digits).count();
            let behind = text[..at].iter().rev().take_while(digits).count();
            prop_assert_eq!(run_around(text, at), (at - behind, at + ahead));
        }

        #[test]
        fn bytes_that_are_no_digits_are_told_apart(eight in any::<[u8; 8]>()) {
            let tops = others(u64::from_le_bytes(eight)).to_le_bytes();
            for (byte, top) in eight.iter().zip(tops) {
                prop_assert_eq!(top, if byte.is_ascii_digit() { 0 } else { 0x80 });
            }
        }
    }
}
