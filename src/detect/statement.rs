//! Values in INSERT statements as servers and applications log them: the column that stands in the same place is the
//! label (`INSERT INTO users (mobile, nickname) VALUES ('13800138000', '快乐的小鱼')`).
//!
//! Looked at is a window on the line around a quoted match that tells of a person.

use std::ops::Range;

use super::context::{byte, byte_before};
use super::pass::Pass;
use crate::rule::label::{Says, Standing};

/// Most columns of a statement that are looked at, and most values.
const MOST_COLUMNS: usize = 64;
const MOST_VALUES: usize = 256;
/// Longest name of a column.
const LONGEST: usize = 64;
/// A question whether a window was looked at, which no recognizer asks.
const STATEMENT: (u16, u16) = (u16::MAX, 2);

impl Pass<'_> {
    /// The values of the statement around `span`.
    #[cold]
    pub(super) fn statement_around(&mut self, span: &Range<usize>) {
        let Some(window) = self.window_around(span, STATEMENT) else { return };
        let text = self.text;
        let within = text.get(window.clone()).unwrap_or_default();
        let found = [b"VALUES", b"values"].into_iter().find_map(|word| memchr::memmem::find(within, word));
        let Some(values) = found.map(|at| window.start + at) else { return };
        let Some(columns) = columns_before(text, window.start..values) else { return };
        let mut at = values + b"VALUES".len();
        for _ in 0..MOST_VALUES {
            at = after_spaces(text, at);
            if byte(text, at) != b'(' {
                return;
            }
            for column in &columns {
                at = after_spaces(text, at + 1);
                let Some(value) = value_at(text, at..window.end) else { return };
                self.value_in_column(column.clone(), value.clone());
                at = after_spaces(text, value.end + usize::from(value.start > at));
                if byte(text, at) != b',' {
                    break;
                }
            }
            if byte(text, at) != b')' {
                return;
            }
            at = after_spaces(text, at + 1);
            if byte(text, at) != b',' {
                return;
            }
            at += 1;
        }
    }

    fn value_in_column(&mut self, column: Range<usize>, value: Range<usize>) {
        let from = self.out.len();
        for said in self.label(column) {
            let (entity, standing) = match said {
                Says::Positive(entity) => (entity, Standing::Positive),
                Says::Weak(entity) => (entity, Standing::Weak),
                Says::Abbreviated(entity) => (entity, Standing::Abbreviated),
                Says::Negative(_) | Says::NegativeForAll => continue,
            };
            let list = self.program.from_label.get(usize::from(entity.0)).map(Vec::as_slice).unwrap_or_default();
            for &recognizer in list {
                self.value_told(recognizer, value.start, standing, true);
            }
        }
        // Of what a pattern takes for the value, the bracket that closes the row is none.
        for found in self.out.iter_mut().skip(from) {
            found.end = found.end.min(value.end as u32);
        }
    }
}

/// The names in the last pair of brackets of `before`, when a table into which is inserted stands before it.
fn columns_before(text: &[u8], before: Range<usize>) -> Option<Vec<Range<usize>>> {
    let close = text.get(before.clone())?.iter().rposition(|byte| *byte != b' ')? + before.start;
    let open = memchr::memrchr(b'(', text.get(before.start..close)?)? + before.start;
    if byte(text, close) != b')' {
        return None;
    }
    let into = text.get(before.start..open)?.to_ascii_lowercase();
    memchr::memmem::rfind(&into, b"into ").filter(|at| into.len() - at <= LONGEST * 2)?;
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

/// The value that begins at the start of `ahead`, without its quotation marks; of one that is not closed there, nothing.
fn value_at(text: &[u8], ahead: Range<usize>) -> Option<Range<usize>> {
    let rest = text.get(ahead.clone())?;
    let mark = *rest.first()?;
    if !matches!(mark, b'\'' | b'"') {
        let length = rest.iter().position(|byte| matches!(byte, b',' | b')'))?;
        return Some(ahead.start..ahead.start + length);
    }
    let mut at = 1;
    loop {
        match rest.get(at)? {
            b'\\' => at += 2,
            byte if *byte == mark && rest.get(at + 1) == Some(&mark) => at += 2,
            byte if *byte == mark => return Some(ahead.start + 1..ahead.start + at),
            _ => at += 1,
        }
    }
}

fn after_spaces(text: &[u8], mut at: usize) -> usize {
    while byte(text, at) == b' ' {
        at += 1;
    }
    at
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
            // Cut off, no names of columns, and no statement.
            ("INSERT INTO users (mobile, nickname) VALUES ('13800138000', '快乐的小", &[]),
            ("INSERT INTO users VALUES ('13800138000', '快乐的小鱼')", &[]),
            ("values ('13800138000', '快乐的小鱼') of (mobile, nickname)", &[]),
        ] {
            assert_eq!(found(text), expected, "{text}");
        }
    }
}
