//! Names in a row of names: beside one that was found for certain, with nothing but a separator between them, stands
//! another sooner than a word (`张虫、高峰、李娜`).

use std::ops::Range;

use crate::detect::han::{char_at, char_before, fold, is_han, skip_spaces};
use crate::detect::{address, name};

/// Most names that are found from one on, each way.
const MOST: usize = 16;

/// Calls `visit` with the names beside the one at `sure`, the nearest first, each way until it says that it is enough.
pub(super) fn each(text: &[u8], sure: &Range<usize>, mut visit: impl FnMut(Range<usize>) -> bool) {
    let mut last = sure.end;
    for _ in 0..MOST {
        let Some(found) = behind(text, last).filter(|found| visit(found.clone())) else { break };
        last = found.end;
    }
    let mut first = sure.start;
    for _ in 0..MOST {
        let Some(found) = before(text, first).filter(|found| visit(found.clone())) else { break };
        first = found.start;
    }
}

/// Whether `c` separates names; `、` separates nothing else so often.
fn is_separator(c: char) -> bool {
    matches!(c, '、' | ',' | '，' | ';' | '；')
}

/// The name behind the one that ends at `end`.
fn behind(text: &[u8], end: usize) -> Option<Range<usize>> {
    // The first bytes of separators: behind most names stands something else.
    if !matches!(text.get(end), Some(b',' | b';' | 0xE3 | 0xEF)) {
        return None;
    }
    let (separator, length) = char_at(text, end).filter(|(c, _)| is_separator(*c))?;
    let start = skip_spaces(text, end + length);
    let mut p = start;
    for count in 1..=5 {
        match char_at(text, p).filter(|(c, _)| is_han(*c)) {
            Some((c, length)) => {
                // 张虫、高峰和李娜
                let is_last = count > 2 && matches!(c, '和' | '与' | '及' | '等');
                if is_last && let Some(found) = judged(text, start..p, separator) {
                    return Some(found);
                }
                p += length;
            }
            None => break,
        }
    }
    is_end(text, p).then(|| judged(text, start..p, separator))?
}

/// The name before the one that starts at `start`.
fn before(text: &[u8], start: usize) -> Option<Range<usize>> {
    // The last bytes of separators, and a space.
    let last = start.checked_sub(1).and_then(|before| text.get(before))?;
    if !matches!(last, b',' | b';' | b' ' | 0x81 | 0x8C | 0x9B) {
        return None;
    }
    let (separator, mut end) = char_before(text, start).filter(|(c, _)| is_separator(*c) || *c == ' ')?;
    let mut separator = separator;
    while separator == ' ' {
        (separator, end) = char_before(text, end).filter(|(c, _)| is_separator(*c) || *c == ' ')?;
    }
    let mut p = end;
    for _ in 0..5 {
        match char_before(text, p).filter(|(c, _)| is_han(*c)) {
            Some((_, before)) => p = before,
            None => break,
        }
    }
    let opens = |c: char| is_separator(c) || matches!(fold(c), ':' | '(' | '"' | ' ' | '\t' | '\n' | '[');
    let is_open = char_before(text, p).is_none_or(|(c, _)| opens(c));
    is_open.then(|| judged(text, p..end, separator))?
}

/// Whether a row of names may go on or end at `at`.
fn is_end(text: &[u8], at: usize) -> bool {
    let ends =
        |c: char| is_separator(c) || matches!(fold(c), '。' | '.' | ')' | '"' | ' ' | '\t' | '\n' | '\r' | '<' | ']');
    char_at(text, at).is_none_or(|(c, _)| ends(c))
}

fn judged(text: &[u8], span: Range<usize>, separator: char) -> Option<Range<usize>> {
    let is_name = name::is_listed(text.get(span.clone())?, separator == '、');
    (is_name && !address::is_place_name(text, span.clone())).then_some(span)
}
