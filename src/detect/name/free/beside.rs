//! Numbers that stand directly beside a name, in the next field of a line or list: of a telephone, of a resident ID.
//!
//! A word alone is hardly ever a name, unless one of them is its neighbour.

use crate::detect::han::char_at;
use crate::detect::han::char_before;

/// Most characters between the name and the number behind it, and before it. [`super::begins`] looks as far: the number
/// itself is no part of what it goes by.
pub(super) const BEHIND: usize = 3;
pub(super) const BEFORE: usize = 2;

/// Whether a number stands directly behind or before the name from `start` to `end`, with a separator between them.
#[cold]
pub(super) fn is_beside_number(text: &[u8], start: usize, end: usize) -> bool {
    let mut p = end;
    for _ in 0..BEHIND {
        match char_at(text, p) {
            Some((c, length)) if is_separator(c) => p += length,
            _ => break,
        }
    }
    if p > end && text.get(p..).is_some_and(begins_with_number) {
        return true;
    }
    let mut p = start;
    for _ in 0..BEFORE {
        match char_before(text, p) {
            Some((c, before)) if is_separator(c) => p = before,
            _ => break,
        }
    }
    p < start && text.get(..p).is_some_and(ends_with_number)
}

const fn is_separator(c: char) -> bool {
    matches!(
        c,
        ' ' | '\t' | ',' | ';' | ':' | '|' | '/' | '"' | '\'' | '(' | '，' | '、' | '；' | '：' | '（' | '\u{3000}'
    )
}

/// Digits of a resident ID, the last of which may be an X.
const OF_RESIDENT_ID: usize = 18;
/// Digits of a mobile number.
const OF_MOBILE: usize = 11;

/// Whether so many digits, the first two of which are given, and an X or none behind them, are the number of a person.
fn is_number(count: usize, first: Option<&[u8]>, is_x_behind: bool) -> bool {
    let [one, two] = first.and_then(<[u8]>::first_chunk).copied().unwrap_or([0; 2]);
    match count {
        OF_MOBILE => one == b'1' && (b'3'..=b'9').contains(&two),
        OF_RESIDENT_ID => matches!(one, b'1'..=b'8'),
        count => count + 1 == OF_RESIDENT_ID && is_x_behind && matches!(one, b'1'..=b'8'),
    }
}

fn begins_with_number(rest: &[u8]) -> bool {
    let rest = rest.strip_prefix(b"+").map_or(rest, |rest| rest.strip_prefix(b"86").unwrap_or(rest));
    let rest = rest.strip_prefix(b" ").or_else(|| rest.strip_prefix(b"-")).unwrap_or(rest);
    let (mut count, mut p, mut groups) = (0, 0, 0);
    while count <= OF_RESIDENT_ID {
        match rest.get(p..) {
            Some([b'0'..=b'9', ..]) => count += 1,
            // 138-0013-8000
            Some([b'-' | b' ', b'0'..=b'9', ..]) if groups < 2 && matches!(count, 3 | 7) => groups += 1,
            _ => break,
        }
        p += 1;
    }
    is_number(count, rest.get(..2), matches!(rest.get(p), Some(b'x' | b'X')))
}

fn ends_with_number(before: &[u8]) -> bool {
    let digits = before.strip_suffix(b"X").or_else(|| before.strip_suffix(b"x")).unwrap_or(before);
    let count = digits.iter().rev().take(OF_RESIDENT_ID + 1).take_while(|byte| byte.is_ascii_digit()).count();
    let first = digits.len().checked_sub(count).and_then(|start| digits.get(start..));
    is_number(count, first, digits.len() < before.len()) && (count != OF_MOBILE || digits.len() == before.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_beside(text: &str) -> bool {
        let start = text.find("高峰").unwrap();
        is_beside_number(text.as_bytes(), start, start + "高峰".len())
    }

    #[test]
    fn numbers_of_people_directly_beside() {
        for text in [
            "高峰 13800138000",
            "高峰，138-0013-8000",
            "高峰|+86 13800138000",
            r#"["高峰","13800138000"]"#,
            "(高峰) 11010519491231002X",
            "13800138000,高峰",
            "11010519491231002X 高峰",
        ] {
            let is_closed = text.starts_with('(');
            assert_eq!(is_beside(text), !is_closed, "{text}");
        }
        for text in [
            "高峰",
            "高峰13800138000",
            "高峰 12800138000",
            "高峰 138001380001",
            "1380013800X 高峰",
            "高峰\n13800138000",
        ] {
            assert!(!is_beside(text), "{text}");
        }
    }
}
