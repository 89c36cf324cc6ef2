//! Values that are known by the frame around them and not by a separator: the text of an XML element or of a table cell,
//! and the logged parameters of a statement.
//!
//! Looks at the bytes around a Han character that begins such a value, or behind a tag that is a label, in a bounded
//! window on its line.

use std::ops::Range;

use super::context::byte_before;
use super::han::{char_at, is_han};
use super::name;
use super::pass::Pass;
use crate::rule::compile::Anchor;
use crate::rule::label::{Says, Standing};
use crate::rule::syntax::GrammarSyntax;

/// Longest tag, and most bytes of tags between a cell and the one before it.
const TAGS: usize = 64;
/// Longest parameter.
const PARAMETER: usize = 64;
/// What a label begins with that stands behind its value: `1990年1月5日出生`.
pub(super) const DAY: &[u8] = "日".as_bytes();
/// How far back the head of a row is sought.
const ROW: usize = 480;
/// Longest date.
const DATE: usize = 24;
/// Longest text of an element without a Han character at its beginning.
const ELEMENT: usize = 512;
/// Most elements around a value that are looked at.
const DEPTH: usize = 4;

impl<'a> Pass<'a> {
    /// The value that begins with the Han character at `at`, when a frame says what it is.
    #[inline(always)]
    pub(super) fn framed(&mut self, at: usize) {
        match byte_before(self.text, at) {
            b'>' => self.element(at),
            b' ' => self.parameter(at),
            _ => {}
        }
    }

    /// `<name>张伟</name>`, `<td>姓名</td><td>张伟</td>`
    fn element(&mut self, at: usize) {
        let labels = self.program.rules.labels();
        let Some((tag, before)) = tag_before(self.text, at) else { return };
        let mut says = self.tag_says(tag, before);
        if says.is_empty() {
            let mut end = before;
            while let Some((_, start)) = tag_before(self.text, end).filter(|(_, start)| at - start <= TAGS) {
                end = start;
            }
            // Of text between tags, not of a word that the first tag stands behind.
            if end < before {
                let start = super::context::word_before(self.text, end);
                says = labels.look_up_word(self.text, start..end);
            }
        }
        if !says.is_empty() {
            self.value_at(at, says);
        }
    }

    /// The value behind the `>` at `at`: the text of an element (`<zip>310012</zip>`), or the second of a pair of which the
    /// first is quoted (`'zip' => '310012'`).
    pub(super) fn behind_bracket(&mut self, at: usize) {
        let (text, program) = (self.text, self.program);
        match byte_before(text, at) {
            b'=' => {
                let mut key_end = at - 1;
                while at - key_end < 16 && byte_before(text, key_end) == b' ' {
                    key_end -= 1;
                }
                if matches!(byte_before(text, key_end), b'"' | b'\'') {
                    self.key_before(at - 1, 2);
                }
            }
            _ => {
                self.value_in_element(at);
                if program.plain || may_be_general(text, at) {
                    self.text_of_general(at + 1);
                }
            }
        }
    }

    /// The value at `at`, behind a tag that tells nothing by itself.
    #[cold]
    fn text_of_general(&mut self, at: usize) {
        // A text in an element ends at the tag that closes it; a placeholder (`<name>.url`) has none.
        let ahead = self.text.get(at..(at + ELEMENT).min(self.text.len())).unwrap_or_default();
        let is_closed = memchr::memchr2(b'<', b'\n', ahead)
            .is_some_and(|end| end > 0 && ahead.get(end..).is_some_and(|rest| rest.starts_with(b"</")));
        if !is_closed {
            return;
        }
        let Some((tag, before)) = tag_before(self.text, at) else { return };
        if !self.text.get(tag.clone()).is_some_and(is_general) {
            return;
        }
        let says = self.tag_says(tag, before);
        if !says.is_empty() {
            self.values_at(at, says, true);
        }
    }

    /// What the tag that begins at `start` and is called as `tag` says, or where that is the name of many things, the one
    /// around it.
    fn tag_says(&self, tag: Range<usize>, start: usize) -> &'a [Says] {
        let program = self.program;
        let labels = program.rules.labels();
        let mut says = labels.look_up_word(self.text, tag.clone());
        let (mut tag, mut start) = (tag, start);
        for _ in 0..DEPTH {
            if !self.text.get(tag).is_some_and(is_general) {
                break;
            }
            while byte_before(self.text, start) == b' ' {
                start -= 1;
            }
            match tag_before(self.text, start).filter(|(tag, _)| !tag.is_empty()) {
                Some(around) => (tag, start) = around,
                None => break,
            }
            let around = labels.look_up_word(self.text, tag.clone());
            if !around.is_empty() {
                says = around;
            }
        }
        says
    }

    /// The date that ends at `end`, in front of a label that ends at `label_end` and says `says`.
    pub(super) fn dated(&mut self, end: usize, label_end: usize, says: &[Says]) {
        let text = self.text;
        // 日生产, 日生效
        if char_at(text, label_end).is_some_and(|(c, _)| is_han(c) && !matches!(c, '于' | '在' | '的' | '人')) {
            return;
        }
        let from = end.saturating_sub(DATE);
        for said in says {
            let Says::Positive(entity) = said else { continue };
            let list = self.program.from_label.get(usize::from(entity.0)).map(Vec::as_slice).unwrap_or_default();
            for &recognizer in list {
                let pattern = self.program.recognizer(recognizer).and_then(|recognizer| recognizer.pattern.as_ref());
                let whole = |start: &usize| {
                    let value = text.get(*start..end).unwrap_or_default();
                    !byte_before(text, *start).is_ascii_digit()
                        && pattern.and_then(|pattern| pattern.find(value)).is_some_and(|hit| hit.end() == value.len())
                };
                if let Some(start) = (from..end).find(whole) {
                    self.judge_value(recognizer, start..end, Standing::Positive);
                }
            }
        }
    }

    /// `==> Parameters: 张伟(String), 13800138000(String)`, `<== Row: 1001, 张伟`
    fn parameter(&mut self, at: usize) {
        let ahead = self.text.get(at..(at + PARAMETER).min(self.text.len())).unwrap_or_default();
        let mut end = 0;
        while let Some((_, width)) = char_at(ahead, end).filter(|(c, _)| is_han(*c) || *c == '·') {
            end += width;
        }
        let behind = ahead.get(end..).unwrap_or_default();
        let column = || matches!(behind.first(), None | Some(b',' | b'\r' | b'\n')) && is_row(self.text, at);
        if !behind.starts_with(b"(String)") && !column() {
            return;
        }
        let Some(mut found) = ahead.get(..end).and_then(name::is_value) else { return };
        (found.start, found.end) = (found.start + at, found.end + at);
        let program = self.program;
        for &recognizer in program.from_label.iter().flatten() {
            let anchor = program.recognizer(recognizer).map(|recognizer| &recognizer.anchor);
            if matches!(anchor, Some(Anchor::Label(Some(GrammarSyntax::PersonName)))) {
                self.grammar_found(recognizer, &found, Standing::Weak);
            }
        }
    }
}

/// Whether the line up to `at` is a row that a statement has given back.
fn is_row(text: &[u8], at: usize) -> bool {
    if !matches!(byte_before(text, at - 1), b',' | b':') {
        return false;
    }
    let before = text.get(at.saturating_sub(ROW)..at).unwrap_or_default();
    let line = memchr::memrchr(b'\n', before).map_or(before, |newline| before.get(newline..).unwrap_or_default());
    memchr::memmem::find(line, b"<== ").is_some_and(|arrow| {
        let rest = line.get(arrow + 4..).unwrap_or_default().trim_ascii_start();
        rest.starts_with(b"Row: ")
    })
}

/// Names of elements that tell nothing by themselves, with those of ISO 20022.
const GENERAL: [&str; 11] = ["id", "othr", "nm", "name", "value", "val", "text", "txt", "string", "data", "content"];

fn is_general(tag: &[u8]) -> bool {
    GENERAL.iter().any(|name| name.as_bytes().eq_ignore_ascii_case(tag))
}

/// Whether one of [`GENERAL`] may end at `end`, by its last two letters.
fn may_be_general(text: &[u8], end: usize) -> bool {
    let last = end.checked_sub(2).and_then(|from| text.get(from..end)?.first_chunk::<2>());
    last.is_some_and(|last| {
        matches!(
            &last.map(|byte| byte | 0x20),
            b"id" | b"hr" | b"nm" | b"me" | b"ue" | b"al" | b"xt" | b"ng" | b"ta" | b"nt"
        )
    })
}

/// The name in the tag that ends at `end`, and where the tag begins.
fn tag_before(text: &[u8], end: usize) -> Option<(Range<usize>, usize)> {
    let inner = end.checked_sub(1).filter(|at| text.get(*at) == Some(&b'>'))?;
    let from = inner.saturating_sub(TAGS);
    let start = from + memchr::memrchr(b'<', text.get(from..inner)?)?;
    let name = text.get(start + 1..inner)?;
    let length =
        name.iter().take_while(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':')).count();
    let is_whole = name.get(length).is_none_or(|b| *b == b' ' && name.contains(&b'=')) || name.first() == Some(&b'/');
    is_whole.then_some((start + 1..start + 1 + length, start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_taken_apart() {
        let name = |text: &str| {
            tag_before(text.as_bytes(), text.len()).map(|(name, start)| (text.get(name).unwrap().to_owned(), start))
        };
        assert_eq!(name("x<name>"), Some(("name".to_owned(), 1)));
        assert_eq!(name("<ns:CustName type='1'>"), Some(("ns:CustName".to_owned(), 0)));
        assert_eq!(name("</td>"), Some((String::new(), 0)));
        assert_eq!(name("a > b>"), None);
        assert_eq!(name("<a"), None);
        assert_eq!(name("if (a<b && c>"), None);
    }
}
