//! Matches within an array literal of PostgreSQL, `{a,"b c",NULL,{…}}`: a value is replaced in its element, which is
//! quoted where its new text needs that.
//!
//! Must never change the number or the nesting of elements.

use super::super::{Ledger, Transformer};
use super::cell::{NewValue, outside};
use crate::block::ColumnKind;
use crate::error::DataError;
use crate::finding::Match;
use crate::format::sql::array::{elements, encode, is_null};

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
    if is_null(raw, quoted) {
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

#[cfg(test)]
mod tests;
