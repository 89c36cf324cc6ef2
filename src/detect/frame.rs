//! Names that are known by the frame around them and not by a separator: the text of an XML element or of a table cell,
//! and the logged parameters of a statement.
//!
//! Looks at the bytes around a Han character that begins such a value, in a bounded window on its line.

use super::context::byte_before;
use super::han::{char_at, is_han};
use super::name;
use super::pass::Pass;
use crate::rule::compile::Anchor;
use crate::rule::label::Standing;
use crate::rule::syntax::GrammarSyntax;

/// Longest tag, and most bytes of tags between a cell and the one before it.
const TAGS: usize = 64;
/// Longest parameter.
const PARAMETER: usize = 64;

impl Pass<'_> {
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
        let mut says = labels.look_up_word(self.text, tag);
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

    /// `==> Parameters: 张伟(String), 13800138000(String)`
    fn parameter(&mut self, at: usize) {
        let ahead = self.text.get(at..(at + PARAMETER).min(self.text.len())).unwrap_or_default();
        let mut end = 0;
        while let Some((_, width)) = char_at(ahead, end).filter(|(c, _)| is_han(*c) || *c == '·') {
            end += width;
        }
        if !ahead.get(end..).is_some_and(|rest| rest.starts_with(b"(String)")) {
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

/// The name in the tag that ends at `end`, and where the tag begins.
fn tag_before(text: &[u8], end: usize) -> Option<(std::ops::Range<usize>, usize)> {
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
