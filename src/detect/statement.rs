//! Values in INSERT statements as servers and applications log them: the column that stands in the same place is the
//! label (`INSERT INTO users (mobile, nickname) VALUES ('13800138000', '快乐的小鱼')`).
//!
//! Looked at is a window on the line around a quoted match that tells of a person: rows that are further than that from the
//! names of the columns are not read.

use std::ops::Range;

use super::context::{byte, byte_before};
use super::pass::Pass;
use crate::rule::label::Says;

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
            if let Some((columns, count)) = columns_before(self.text, window.start..values) {
                from = self.rows(columns.get(..count).unwrap_or_default(), from..window.end);
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
                    let statement = columns.first().map_or(value.start, |first| first.start)..value.end;
                    self.value_in_column(column.clone(), value, statement);
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

    /// What the column says of the value; companions of a weak label are sought in `statement`.
    fn value_in_column(&mut self, column: Range<usize>, value: Range<usize>, statement: Range<usize>) {
        let from = self.out.len();
        let near = self.text.get(statement).unwrap_or_default();
        for &said in self.label(column) {
            let settled = match said {
                Says::Weak(entity) | Says::Abbreviated(entity) if self.program.has_companion(entity, near) => {
                    Says::Positive(entity)
                }
                other => other,
            };
            self.values_at(value.start, &[settled], true);
        }
        // Of what a pattern takes for the value, the bracket that closes the row is none; a doubled quotation mark does
        // not end it.
        let (text, end) = (self.text, value.end as u32);
        for found in self.out.iter_mut().skip(from).filter(|found| found.start < end) {
            let is_cut = found.start as usize == value.start && byte(text, found.end as usize) == b'\'';
            found.end = if is_cut { end } else { found.end.min(end) };
        }
    }
}

/// Where `word` stands first in `within`, in any letter case.
fn word_in(text: &[u8], within: Range<usize>, word: &[u8]) -> Option<usize> {
    let rest = text.get(within.clone())?;
    let first = *word.first()?;
    let is_word = |at: &usize| rest.get(*at..*at + word.len()).is_some_and(|part| part.eq_ignore_ascii_case(word));
    let mut starts = memchr::memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), rest);
    starts.find(is_word).map(|at| within.start + at)
}

/// The names in the last pair of brackets of `before`, and how many they are, when a table into which is inserted stands
/// before it.
fn columns_before(text: &[u8], before: Range<usize>) -> Option<([Range<usize>; MOST_COLUMNS], usize)> {
    let close = text.get(before.clone())?.iter().rposition(|byte| !matches!(byte, b' ' | b'\t'))? + before.start;
    let open = memchr::memrchr(b'(', text.get(before.start..close)?)? + before.start;
    if byte(text, close) != b')' {
        return None;
    }
    // The name of the table stands between.
    word_in(text, before.start.max(open.saturating_sub(LONGEST * 2))..open, INTO)?;
    let (mut columns, mut count) = (std::array::from_fn(|_| 0..0), 0);
    let mut start = open + 1;
    let names = text.get(start..close)?.split(|byte| *byte == b',');
    for (slot, name) in columns.iter_mut().zip(names) {
        let is_around = |byte: &u8| matches!(byte, b' ' | b'\t' | b'`' | b'"' | b'[' | b']' | b'\\');
        let first = name.iter().position(|byte| !is_around(byte))?;
        let last = name.iter().rposition(|byte| !is_around(byte))?;
        if last - first > LONGEST {
            return None;
        }
        *slot = start + first..start + last + 1;
        start += name.len() + 1;
        count += 1;
    }
    Some((columns, count))
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
    within.start + rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count()
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
            ("INSERT INTO t_pay (email, order_no) VALUES ('lina@example.com', 'P1')", &["lina@example.com"]),
            (
                "INSERT INTO t_pay (id_no, create_time) VALUES ('11010519491231002X', '2024-01-05')",
                &["11010519491231002X"],
            ),
            ("insert into t (mobile, nickname) values ('13800138000', 'it''s小鱼')", &["it''s小鱼"]),
            ("insert into t (mobile,\tnickname) values\t('13800138000',\t'小鱼儿')", &["小鱼儿"]),
            // A weak name of a column, beside a companion.
            ("insert into t (login_ip, mobile, account) values ('', '13800138000', 'lina88')", &["lina88"]),
            // Cut off, no names of columns, and no statement.
            ("INSERT INTO users (mobile, nickname) VALUES ('13800138000', '快乐的小", &[]),
            ("INSERT INTO users VALUES ('13800138000', '快乐的小鱼')", &[]),
            ("values ('13800138000', '快乐的小鱼') of (mobile, nickname)", &[]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }
}
