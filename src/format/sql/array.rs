//! Array literals of PostgreSQL, `{a,"b c",NULL,{…}}`: where their elements stand, and writing one.
//!
//! Reads exactly what the server writes; what is written otherwise is an error.

use super::nested::Part;
use crate::error::DataError;

/// Reads the elements of a literal one by one, from all its levels.
pub(crate) struct Elements<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
    expected: Expected,
}

/// Whether an element or a level must start here, may start here, or has just ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    Open,
    Element,
    ElementOrClose,
    Separator,
    Nothing,
}

impl<'a> Elements<'a> {
    /// Those of `text`.
    pub(crate) fn new(text: &'a [u8]) -> Elements<'a> {
        Elements { text, at: bounds(text), depth: 0, expected: Expected::Open }
    }

    /// The next one; `None` at the end of the literal.
    ///
    /// # Errors
    /// When this is no literal that the server writes.
    pub(crate) fn next(&mut self) -> Result<Option<Part>, DataError> {
        loop {
            if self.expected == Expected::Nothing {
                return Ok(None);
            }
            let byte = self.text.get(self.at).ok_or_else(fault)?;
            match (byte, self.expected) {
                (b'{', Expected::Open | Expected::Element | Expected::ElementOrClose) => {
                    self.depth += 1;
                    self.at += 1;
                    self.expected = Expected::ElementOrClose;
                }
                (b'}', Expected::ElementOrClose | Expected::Separator) => {
                    self.depth -= 1;
                    self.at += 1;
                    self.expected = Expected::Separator;
                    if self.depth == 0 {
                        self.expected = Expected::Nothing;
                        return if self.at == self.text.len() { Ok(None) } else { Err(fault()) };
                    }
                }
                (b',', Expected::Separator) => {
                    self.at += 1;
                    self.expected = Expected::Element;
                }
                (_, Expected::Element | Expected::ElementOrClose) => {
                    let quoted = *byte == b'"';
                    let (start, rest) = (self.at, self.text.get(self.at..).unwrap_or_default());
                    let length = if quoted { quoted_length(rest) } else { plain_length(rest) }.ok_or_else(fault)?;
                    self.at += length;
                    self.expected = Expected::Separator;
                    return Ok(Some(Part { span: start..self.at, quoted }));
                }
                _ => return Err(fault()),
            }
        }
    }
}

/// All elements of a literal.
///
/// # Errors
/// As [`Elements::next`].
pub(crate) fn elements(text: &[u8]) -> Result<Vec<Part>, DataError> {
    let mut elements = Elements::new(text);
    let mut all = Vec::new();
    while let Some(element) = elements.next()? {
        all.push(element);
    }
    Ok(all)
}

fn fault() -> DataError {
    DataError::new("an array that is not written as the server writes it")
        .advise("dump again with pg_dump, or use keep for the entity type that was found there in the policy")
}

/// Whether an element with this content is NULL.
pub(crate) fn is_null(content: &[u8], quoted: bool) -> bool {
    !quoted && content.eq_ignore_ascii_case(b"null")
}

/// Appends what the content of a quoted element stands for.
pub(crate) fn unescape(content: &[u8], out: &mut Vec<u8>) {
    let mut rest = content;
    while let Some(found) = memchr::memchr(b'\\', rest) {
        let (plain, escape) = rest.split_at_checked(found).unwrap_or((rest, &[]));
        out.extend_from_slice(plain);
        out.extend(escape.get(1));
        rest = escape.get(2..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
}

/// Appends an element; `quoted` also where its text needs no quotes.
pub(crate) fn encode(value: &[u8], quoted: bool, out: &mut Vec<u8>) {
    let special = |byte: &u8| b"{}\",\\".contains(byte) || is_space(*byte);
    if !quoted && !value.is_empty() && !value.iter().any(special) && !value.eq_ignore_ascii_case(b"null") {
        out.extend_from_slice(value);
        return;
    }
    quote(value, out);
}

/// Appends `value` in quotes, as arrays and hstore have it.
pub(super) fn quote(value: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in value {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

/// White space as the server sees it in its literals.
pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C)
}

/// Length of the bounds that a literal may start with: `[0:2][-1:1]=`.
fn bounds(text: &[u8]) -> usize {
    if text.first() != Some(&b'[') {
        return 0;
    }
    let length = text.iter().take_while(|byte| byte.is_ascii_digit() || b"[]:-+".contains(byte)).count();
    if text.get(length) == Some(&b'=') { length + 1 } else { 0 }
}

/// Length of the quoted element that `rest` starts with.
fn quoted_length(rest: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', rest.get(at..)?)?;
        match rest.get(at)? {
            b'"' => return Some(at + 1),
            _ => at += 2,
        }
    }
}

/// Length of the element without quotes that `rest` starts with.
fn plain_length(rest: &[u8]) -> Option<usize> {
    let length = rest.iter().position(|byte| b"{}\",\\".contains(byte) || is_space(*byte))?;
    (length > 0 && matches!(rest.get(length), Some(b',' | b'}'))).then_some(length)
}
