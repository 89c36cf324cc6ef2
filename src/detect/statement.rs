//! Values in INSERT statements as servers and applications log them: the column that stands in the same place is the
//! label (`INSERT INTO users (mobile, nickname) VALUES ('13800138000', '快乐的小鱼')`).
//!
//! Looked at is a window on the line around a quoted match that tells of a person: rows that are further than that from the
//! names of the columns are not read.

use std::ops::Range;

use super::context::{byte, byte_before};
use super::pass::Pass;

/// Most columns of a statement that are looked at, and most rows.
const MOST_COLUMNS: usize = 64;
const MOST_ROWS: usize = 256;
/// Longest name of a column.
const LONGEST: usize = 64;
const VALUES: &[u8] = b"values";
const INTO: &[u8] = b"into ";
/// A question whether a window was looked at, which no recognizer asks.
const STATEMENT: (u16, u16) = (u16::MAX, 2);

impl Pass<'_> {
    /// The values of the statements around `span`.
    #[cold]
    pub(super) fn statement_around(&mut self, span: &Range<usize>) {
        let Some(window) = self.window_around(span, STATEMENT) else { return };
        let mut from = window.start;
        // `ON DUPLICATE KEY UPDATE x=VALUES(x)` has no columns before it.
        while let Some(values) = word_in(self.text, from..window.end, VALUES) {
            from = values + VALUES.len();
            if let Some(columns) = columns_before(self.text, window.start..values) {
                from = self.rows(&columns, from..window.end);
            }
        }
    }

    /// The rows at the start of `rows`; returns where they end.
    fn rows(&mut self, columns: &[Range<usize>], rows: Range<usize>) -> usize {
        let (text, end) = (self.text, rows.end);
        let mut at = rows.start;
        for _ in 0..MOST_ROWS {
            at = after_spaces(text, at..end);
            if at >= end || byte(text, at) != b'(' {
                break;
            }
            for column in columns {
                let Some((value, next)) = value_at(text, after_spaces(text, at + 1..end)..end) else { return end };
                if let Some(value) = value {
                    self.value_in_column(column.clone(), value);
                }
                at = next;
                if byte(text, at) != b',' {
                    break;
                }
            }
            if byte(text, at) != b')' {
                break;
            }
            at = after_spaces(text, at + 1..end);
            if byte(text, at) != b',' {
                break;
            }
            at += 1;
        }
        at.max(rows.start)
    }

    fn value_in_column(&mut self, column: Range<usize>, value: Range<usize>) {
        let from = self.out.len();
        let says = self.label(column);
        self.values_at(value.start, says, true);
        // Of what a pattern takes for the value, the bracket that closes the row is none.
        let end = value.end as u32;
        for found in self.out.iter_mut().skip(from).filter(|found| found.start < end) {
            found.end = found.end.min(end);
        }
    }
}

/// Where `word` stands first in `within`, in any letter case.
fn word_in(text: &[u8], within: Range<usize>, word: &[u8]) -> Option<usize> {
    let rest = text.get(within.clone())?;
    rest.windows(word.len()).position(|part| part.eq_ignore_ascii_case(word)).map(|at| within.start + at)
}

/// The names in the last pair of brackets of `before`, when a table into which is inserted stands before it.
fn columns_before(text: &[u8], before: Range<usize>) -> Option<Vec<Range<usize>>> {
    let close = text.get(before.clone())?.iter().rposition(|byte| *byte != b' ')? + before.start;
    let open = memchr::memrchr(b'(', text.get(before.start..close)?)? + before.start;
    if byte(text, close) != b')' {
        return None;
    }
    // The name of the table stands between.
    word_in(text, before.start.max(open.saturating_sub(LONGEST * 2))..open, INTO)?;
    let mut columns = Vec::new();
    let mut start = open + 1;
    for name in text.get(start..close)?.split(|byte| *byte == b',').take(MOST_COLUMNS) {
        let is_around = |byte: &u8| matches!(byte, b' ' | b'`' | b'"' | b'[' | b']' | b'\\');
        let first = name.iter().position(|byte| !is_around(byte))?;
        let last = name.iter().rposition(|byte| !is_around(byte))?;
        if last - first > LONGEST {
            return None;
        }
        columns.push(start + first..start + last + 1);
        start += name.len() + 1;
    }
    Some(columns)
}

/// The value that begins at the start of `ahead`, without its quotation marks, and where the comma or bracket behind it
/// stands. NULL, DEFAULT and what is worked out (`now()`) are none. Of one that does not end in `ahead`, nothing.
fn value_at(text: &[u8], ahead: Range<usize>) -> Option<(Option<Range<usize>>, usize)> {
    let rest = text.get(ahead.clone())?;
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    // `N'…'`, `_utf8mb4'…'`
    let prefix = rest.iter().take_while(|byte| is_word(byte)).count();
    let quote = if rest.get(prefix).is_some_and(|byte| matches!(byte, b'\'' | b'"')) { prefix } else { 0 };
    if rest.get(quote).is_some_and(|byte| matches!(byte, b'\'' | b'"')) {
        let start = ahead.start + quote;
        let close = closing(text, start..ahead.end)?;
        let next = after_spaces(text, close + 1..ahead.end);
        return matches!(byte(text, next), b',' | b')').then_some((Some(start + 1..close), next));
    }
    let mut depth = 0_u32;
    let mut at = ahead.start;
    while at < ahead.end {
        match byte(text, at) {
            b'(' => depth += 1,
            b')' if depth > 0 => depth -= 1,
            b',' | b')' if depth == 0 => break,
            b'\'' => at = closing(text, at..ahead.end)?,
            _ => {}
        }
        at += 1;
    }
    let value = text.get(ahead.start..at).filter(|_| at < ahead.end)?.trim_ascii_end();
    let is_none = value.eq_ignore_ascii_case(b"null")
        || value.eq_ignore_ascii_case(b"default")
        || value.iter().any(|byte| matches!(byte, b'\'' | b'('));
    Some(((!is_none).then_some(ahead.start..ahead.start + value.len()), at))
}

/// Where the quotation mark stands that closes the one at the start of `quoted`; doubled and escaped ones do not.
fn closing(text: &[u8], quoted: Range<usize>) -> Option<usize> {
    let rest = text.get(quoted.clone())?;
    let mark = rest.first()?;
    let mut at = 1;
    loop {
        match rest.get(at)? {
            b'\\' => at += 2,
            byte if byte == mark && rest.get(at + 1) == Some(mark) => at += 2,
            byte if byte == mark => return Some(quoted.start + at),
            _ => at += 1,
        }
    }
}

/// Where the first byte of `within` stands that is no space, or its end.
fn after_spaces(text: &[u8], within: Range<usize>) -> usize {
    let rest = text.get(within.clone()).unwrap_or_default();
    within.start + rest.iter().take_while(|byte| **byte == b' ').count()
}

/// Whether the match at `span` is quoted as in a statement.
pub(super) fn is_quoted(text: &[u8], span: &Range<usize>) -> bool {
    byte_before(text, span.start) == b'\'' && byte(text, span.end) == b'\''
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use crate::detect::resolve::MATCH_SCORE;
    use crate::detect::{Detector, Scratch};
    use crate::rule::RuleSet;

    fn found(text: &str) -> Vec<&str> {
        let detector = Detector::new(Arc::new(RuleSet::load(&[]).unwrap()));
        let mut out = Vec::new();
        detector.detect_bytes(text.as_bytes(), &mut Scratch::default(), &mut out);
        let name = |id| detector.rules().entity(id).unwrap().name.as_str();
        out.retain(|m| m.score >= MATCH_SCORE && !matches!(name(m.entity), "CN_MOBILE_PHONE"));
        out.iter().map(|m| text.get(m.span()).unwrap()).collect()
    }

    #[test]
    fn the_column_in_the_same_place_is_the_label() {
        for (text, expected) in [
            ("INSERT INTO users (mobile, nickname) VALUES ('13800138000', '快乐的小鱼')", &["快乐的小鱼"][..]),
            (
                "insert into `shop`.`users`(`id`,`user_name`,`mobile`)values(7,'lina_88','13800138000'),(8,'zhao_21','13800138001')",
                &["lina_88", "zhao_21"],
            ),
            (
                "Duplicate entry '13800138000' (SQL: insert into \"users\" (\"mobile\", \"nickname\") values (?, 一只懒猫))",
                &["一只懒猫"],
            ),
            (
                "insert into t (mobile,nickname) values ('13800138000','快乐的小鱼') ON DUPLICATE KEY UPDATE nickname=VALUES(nickname)",
                &["快乐的小鱼"],
            ),
            (
                "Insert Into t(a,mobile,password,nickname)Values(concat('a',now()), N'13800138000', NULL, _utf8mb4'一只懒猫' )",
                &["一只懒猫"],
            ),
            (
                "insert into t(mobile,nickname) values('13800138000',default); insert into t(nickname,mobile) values('星河入梦','13800138001')",
                &["星河入梦"],
            ),
            // Cut off, no names of columns, and no statement.
            ("INSERT INTO users (mobile, nickname) VALUES ('13800138000', '快乐的小", &[]),
            ("INSERT INTO users VALUES ('13800138000', '快乐的小鱼')", &[]),
            ("values ('13800138000', '快乐的小鱼') of (mobile, nickname)", &[]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }
}
