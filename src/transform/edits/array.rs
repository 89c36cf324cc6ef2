//! Matches within an array literal of PostgreSQL, `{a,"b c",NULL,{…}}`: a value is replaced in its element, which is
//! quoted where its new text needs that.
//!
//! Reads exactly what the server writes; must never change the number or the nesting of elements.

use std::ops::Range;

use super::super::{Ledger, Transformer};
use super::cell::{NewValue, outside};
use crate::block::ColumnKind;
use crate::error::DataError;
use crate::finding::Match;

/// One element as it stands in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Element {
    /// Quotes and all.
    span: Range<usize>,
    quoted: bool,
}

impl Element {
    /// Its text without the quotes.
    fn content(&self) -> Range<usize> {
        let quote = usize::from(self.quoted);
        self.span.start + quote..self.span.end - quote
    }
}

/// The new literal for `text`, of an array whose elements hold `kind`.
pub(super) fn rewritten(
    transformer: &Transformer,
    kind: &ColumnKind,
    text: &[u8],
    matches: &[Match],
    ledger: &mut Ledger,
) -> Result<NewValue, DataError> {
    let elements = elements(text)?;
    let mut out = Vec::with_capacity(text.len());
    let (mut copied, mut rest) = (0, matches);
    for element in &elements {
        let content = element.content();
        let count = rest.iter().take_while(|found| found.span().end <= content.end).count();
        let (within, behind) = rest.split_at_checked(count).ok_or_else(outside)?;
        if within.is_empty() {
            continue;
        }
        rest = behind;
        let raw = text.get(content.clone()).ok_or_else(outside)?;
        let (decoded, within) = decoded(raw, content.start, within, element.quoted)?;
        let Some(new) = transformer.cell_value(kind, &decoded, &within, ledger)? else { continue };
        out.extend_from_slice(text.get(copied..element.span.start).ok_or_else(outside)?);
        match new {
            None => out.extend_from_slice(b"NULL"),
            Some(new) => encode(&new, element.quoted, &mut out),
        }
        copied = element.span.end;
    }
    if !rest.is_empty() {
        return Err(DataError::new("a value that is not within one element of an array")
            .advise("use keep for the entity type that was found there in the policy, or leave the column out"));
    }
    if copied == 0 {
        return Ok(None);
    }
    out.extend_from_slice(text.get(copied..).ok_or_else(outside)?);
    if self::elements(&out)?.len() != elements.len() {
        return Err(DataError::new("a new value would change the elements of an array"));
    }
    Ok(Some(Some(out)))
}

/// The value of an element, and `matches` (spans in the literal) as matches of it. The element's content `raw` starts
/// at `offset` of the literal.
fn decoded(raw: &[u8], offset: usize, matches: &[Match], quoted: bool) -> Result<(Vec<u8>, Vec<Match>), DataError> {
    if !quoted && raw.eq_ignore_ascii_case(b"null") {
        return Err(DataError::new("a match lies in a value that is not there"));
    }
    let mut value = Vec::with_capacity(raw.len());
    // How many bytes of the value stand before each offset of the raw content.
    let mut before = Vec::with_capacity(raw.len() + 1);
    let mut escaped = false;
    for byte in raw {
        before.push(value.len());
        escaped = quoted && *byte == b'\\' && !escaped;
        if !escaped {
            value.push(*byte);
        }
    }
    before.push(value.len());
    let place = |at: u32| {
        let at = (at as usize).checked_sub(offset).and_then(|at| before.get(at)).ok_or_else(outside)?;
        u32::try_from(*at).map_err(|_| outside())
    };
    let matches =
        matches.iter().map(|found| Ok(Match { start: place(found.start)?, end: place(found.end)?, ..*found }));
    let matches = matches.collect::<Result<Vec<_>, DataError>>()?;
    Ok((value, matches))
}

/// Appends an element.
fn encode(value: &[u8], quoted: bool, out: &mut Vec<u8>) {
    let special = |byte: &u8| b"{}\",\\".contains(byte) || is_space(*byte);
    if !quoted && !value.is_empty() && !value.iter().any(special) && !value.eq_ignore_ascii_case(b"null") {
        out.extend_from_slice(value);
        return;
    }
    out.push(b'"');
    for byte in value {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out.push(b'"');
}

/// White space as the server sees it in array literals.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0B | 0x0C)
}

/// The elements of a literal, from all its levels.
fn elements(text: &[u8]) -> Result<Vec<Element>, DataError> {
    let fault = || {
        DataError::new("an array that is not written as the server writes it")
            .advise("dump again with pg_dump, or use keep for the entity type that was found there in the policy")
    };
    let mut at = bounds(text);
    let mut elements = Vec::new();
    let mut depth = 0_usize;
    // Whether an element or a level must start here, may start here, or has just ended.
    let mut expected = Expected::Open;
    loop {
        let byte = text.get(at).ok_or_else(fault)?;
        match (byte, expected) {
            (b'{', Expected::Open | Expected::Element | Expected::ElementOrClose) => {
                depth += 1;
                at += 1;
                expected = Expected::ElementOrClose;
            }
            (b'}', Expected::ElementOrClose | Expected::Separator) => {
                depth -= 1;
                at += 1;
                expected = Expected::Separator;
                if depth == 0 {
                    return if at == text.len() { Ok(elements) } else { Err(fault()) };
                }
            }
            (b',', Expected::Separator) => {
                at += 1;
                expected = Expected::Element;
            }
            (_, Expected::Element | Expected::ElementOrClose) => {
                let quoted = *byte == b'"';
                let rest = text.get(at..).unwrap_or_default();
                let length = if quoted { quoted_length(rest) } else { plain_length(rest) }.ok_or_else(fault)?;
                elements.push(Element { span: at..at + length, quoted });
                at += length;
                expected = Expected::Separator;
            }
            _ => return Err(fault()),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    Open,
    Element,
    ElementOrClose,
    Separator,
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

#[cfg(test)]
mod tests;
