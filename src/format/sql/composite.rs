//! Composite literals of PostgreSQL, `(a,"b c",)`: where their fields stand, and writing one. A field with nothing in it
//! is NULL, the empty string is `""`.
//!
//! Reads exactly what the server writes; what is written otherwise is an error.

use super::array::is_space;
use super::nested::Part;
use crate::error::DataError;

/// Reads the fields of a literal one by one.
pub(super) struct Fields<'a> {
    text: &'a [u8],
    /// Place of the next field; `None` behind the last one.
    at: Option<usize>,
}

impl<'a> Fields<'a> {
    /// Those of `text`.
    pub(super) fn new(text: &'a [u8]) -> Fields<'a> {
        Fields { text, at: Some(1) }
    }

    /// The next one; `None` at the end of the literal.
    ///
    /// # Errors
    /// When this is no literal that the server writes.
    pub(super) fn next(&mut self) -> Result<Option<Part>, DataError> {
        let Some(start) = self.at else { return Ok(None) };
        let rest = self.text.get(start..).filter(|_| self.text.first() == Some(&b'(')).ok_or_else(fault)?;
        let quoted = rest.first() == Some(&b'"');
        let length = if quoted { quoted_length(rest).ok_or_else(fault)? } else { plain_length(rest) };
        self.at = match rest.get(length..) {
            Some([b',', ..]) => Some(start + length + 1),
            Some([b')']) => None,
            _ => return Err(fault()),
        };
        Ok(Some(Part { span: start..start + length, quoted }))
    }
}

fn fault() -> DataError {
    DataError::new("a composite value that is not written as the server writes it")
}

/// Length of the quoted field that `rest` starts with.
fn quoted_length(rest: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', rest.get(at..)?)?;
        match rest.get(at..)? {
            [b'"', b'"', ..] | [b'\\', _, ..] => at += 2,
            [b'"', ..] => return Some(at + 1),
            _ => return None,
        }
    }
}

/// Length of the field without quotes that `rest` starts with.
fn plain_length(rest: &[u8]) -> usize {
    rest.iter().position(is_special).unwrap_or(rest.len())
}

/// Whether a field that holds this is quoted.
fn is_special(byte: &u8) -> bool {
    b"(),\"\\".contains(byte) || is_space(*byte)
}

/// Appends what the content of a quoted field stands for.
pub(super) fn unescape(content: &[u8], out: &mut Vec<u8>) {
    let mut rest = content;
    while let Some(found) = memchr::memchr2(b'"', b'\\', rest) {
        let (plain, escape) = rest.split_at_checked(found).unwrap_or((rest, &[]));
        out.extend_from_slice(plain);
        out.extend(escape.get(1));
        rest = escape.get(2..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}

/// Appends a field; `quoted` also where its text needs no quotes.
pub(super) fn encode(value: &[u8], quoted: bool, out: &mut Vec<u8>) {
    if !quoted && !value.is_empty() && !value.iter().any(is_special) {
        out.extend_from_slice(value);
        return;
    }
    out.push(b'"');
    for byte in value {
        if matches!(byte, b'"' | b'\\') {
            out.push(*byte);
        }
        out.push(*byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fields(text: &[u8]) -> Result<Vec<Option<Vec<u8>>>, DataError> {
        let mut fields = Fields::new(text);
        let mut all = Vec::new();
        while let Some(part) = fields.next()? {
            let content = text.get(part.content()).unwrap();
            let mut value = Vec::new();
            unescape(content, &mut value);
            all.push((part.quoted || !content.is_empty()).then_some(value));
        }
        Ok(all)
    }

    #[test]
    fn nothing_is_null_and_quotes_are_the_empty_string() {
        let text = |value: &str| Some(value.as_bytes().to_vec());
        let read = fields(r#"("a b",13800138000,,"","""\\(",张三)"#.as_bytes()).unwrap();
        assert_eq!(read, [text("a b"), text("13800138000"), None, text(""), text("\"\\("), text("张三")]);
        assert_eq!(fields(b"()").unwrap(), [None]);
    }

    #[test]
    fn what_the_server_does_not_write_is_refused() {
        for text in [
            "", "a", "(", "(a", "(a))", "(a)b", "(a b)", "(\"a)", "(\"a\"b)", "(a\"b)", "(a(b)", "a)", r"(\a)", "(\"\\",
        ] {
            assert!(fields(text.as_bytes()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn fields_come_back(values in prop::collection::vec(prop::option::of("[a张 \"\\\\(),\n]{0,6}"), 1..6), quoted: bool) {
            let mut text = b"(".to_vec();
            for (index, value) in values.iter().enumerate() {
                text.extend_from_slice(if index > 0 { b"," } else { b"" });
                if let Some(value) = value {
                    encode(value.as_bytes(), quoted, &mut text);
                }
            }
            text.push(b')');
            let expected: Vec<_> = values.into_iter().map(|value| value.map(String::into_bytes)).collect();
            prop_assert_eq!(fields(&text).unwrap(), expected);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "[(a\"\\\\), ]{0,16}") {
            let _ = fields(text.as_bytes());
        }
    }
}
