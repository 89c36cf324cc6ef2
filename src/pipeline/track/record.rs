//! The records that matches stand in, and the values of keys in them.

use crate::block::{Block, TextBlock};
use crate::finding::{Match, Place};

/// The value of the key at `key`, where it is one: a whole word, with `:` or `=` and a plain value behind it.
pub(super) fn value_of_key(record: &[u8], key: std::ops::Range<usize>) -> Option<&[u8]> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    if key.start.checked_sub(1).and_then(|before| record.get(before)).is_some_and(is_word) {
        return None;
    }
    let rest = record.get(key.end..)?;
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest).trim_ascii_start();
    let rest = rest.strip_prefix(b":").or_else(|| rest.strip_prefix(b"="))?.trim_ascii_start();
    let rest = rest.strip_prefix(b"\"").unwrap_or(rest);
    let length = rest.iter().take_while(|byte| is_word(byte) || **byte == b'-').count();
    rest.get(..length).filter(|value| !value.is_empty() && *value != b"null")
}

/// The line in which the place stands that was asked for last.
#[derive(Debug, Default)]
pub(super) struct Line {
    start: usize,
    /// That place: no line ends between.
    seen: usize,
}

impl Line {
    /// Where the line begins in which `at` stands. From one place to a later one only what is between is searched.
    fn start_of(&mut self, text: &[u8], at: usize) -> usize {
        let from = match at {
            at if at >= self.seen => self.seen,
            at if at >= self.start => return self.start,
            _ => 0,
        };
        let newline = text.get(from..at).and_then(|between| memchr::memrchr(b'\n', between));
        if newline.is_some() || from == 0 {
            self.start = newline.map_or(0, |newline| from + newline + 1);
        }
        self.seen = at;
        self.start
    }
}

/// The record that a match stands in: a row, a line, or an object of a JSON document.
pub(super) fn record(block: &Block, records: Option<&[(usize, u32)]>, line: &mut Line, found: &Match) -> Option<u64> {
    match (block, found.place) {
        (Block::Table(table), Place::Cell { column, row }) => {
            let records = table.columns.get(column as usize).and_then(|column| column.records.as_ref());
            records.map_or(Some(row), |records| records.get(row as usize).copied()).map(u64::from)
        }
        (Block::Text(text), _) => {
            let at = position(text, found);
            match records {
                Some(records) => {
                    let after = records.partition_point(|(start, _)| *start <= at);
                    after.checked_sub(1).and_then(|at| records.get(at)).map(|(_, record)| u64::from(*record))
                }
                None => Some(line.start_of(text.slab.text(), at) as u64),
            }
        }
        _ => None,
    }
}

/// Where a match stands in the block's text.
pub(super) fn position(text: &TextBlock, found: &Match) -> usize {
    match found.place {
        Place::Aside(index) => text.asides.get(index as usize).map_or(0, |aside| aside.span.start),
        _ => found.start as usize,
    }
}

#[cfg(test)]
mod tests {
    use aho_corasick::{AhoCorasick, MatchKind};
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_line_begins_behind_the_line_end_before(text in "[a\n]{0,40}", places in prop::collection::vec(0_usize..=40, 0..20)) {
            let text = text.as_bytes();
            let mut line = Line::default();
            for at in places.into_iter().map(|at| at.min(text.len())) {
                let start = memchr::memrchr(b'\n', text.get(..at).unwrap()).map_or(0, |newline| newline + 1);
                prop_assert_eq!(line.start_of(text, at), start);
            }
        }
    }

    #[test]
    fn keys_are_whole_words_with_a_value() {
        let keys = AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostLongest)
            .build(["driver_id", "userId", "uid", "id"])
            .unwrap();
        let value = |record: &str| {
            let record = record.as_bytes();
            let found = keys.find_iter(record).find_map(|key| value_of_key(record, key.span().range()));
            found.map(|value| String::from_utf8(value.to_vec()).unwrap())
        };
        for (record, expected) in [
            (r#"{"userId": 1001, "lat": 30.1}"#, Some("1001")),
            (r#"{"uid":"a-7"}"#, Some("a-7")),
            ("driver_id=88 lat=30.1", Some("88")),
            ("grid=88 valid: 5", None),
            (r#"{"id":null}"#, None),
            ("id 5", None),
        ] {
            assert_eq!(value(record).as_deref(), expected, "{record}");
        }
    }
}
