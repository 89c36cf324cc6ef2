//! Matches within a JSON document that is the value of a cell, or of a string: strings and numbers are replaced in JSON's
//! own syntax, by the codec that rewrites JSON files.
//!
//! Must never write what is no JSON, nor rewrite a key of a place that holds nothing but JSON.

use super::super::watch::Inattentive;
use super::super::{Ledger, Transformer};
use super::cell::{NewValue, outside};
use crate::block::{Block, ColumnKind, Edits, TextBlock};
use crate::error::DataError;
use crate::finding::{Match, Place};
use crate::format::Codec;
use crate::format::json::JsonCodec;
use crate::format::json::escape::SideBySide;
use crate::source::slab::Slab;

/// The new document for `text`.
pub(super) fn rewritten(
    transformer: &Transformer,
    text: &[u8],
    matches: &[Match],
    ledger: &mut Ledger,
) -> Result<NewValue, DataError> {
    if std::str::from_utf8(text).is_err() {
        return Err(DataError::new("a JSON document that is not UTF-8"));
    }
    let codec = JsonCodec::of_document();
    let block = codec.lex(Slab::new(text.to_vec(), 0, 1)?)?;
    let Block::Text(document) = &block else { return Err(outside()) };
    let mut strings = EscapedStrings { document, current: None };
    let placed = matches.iter().map(|found| strings.place(found)).collect::<Result<Vec<_>, DataError>>()?;
    let mut edits = Edits::default();
    transformer.text_edits(document, Some(&codec), &placed, ledger, &mut Inattentive, &mut edits.text)?;
    if edits.text.is_empty() {
        return Ok(None);
    }
    let mut out = Vec::with_capacity(text.len());
    codec.render(&block, &edits, &mut out)?;
    codec.lex(Slab::new(out.clone(), 0, 1)?)?;
    Ok(Some(Some(out)))
}

/// Whether `text` is an object or an array.
pub(super) fn is_document(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    let is_enclosed = matches!((text.first(), text.last()), (Some(b'{'), Some(b'}')) | (Some(b'['), Some(b']')));
    is_enclosed && std::str::from_utf8(text).is_ok() && JsonCodec::of_document().is_one_value(text)
}

/// Whether each of `matches` stands in a string or a number of `text`, which is a document, and can be told apart
/// from the escapes there.
pub(super) fn stand_in_values(text: &[u8], matches: &[Match]) -> bool {
    let codec = JsonCodec::of_document();
    let Ok(Block::Text(document)) = Slab::new(text.to_vec(), 0, 1).and_then(|slab| codec.lex(slab)) else {
        return false;
    };
    let mut strings = EscapedStrings { document: &document, current: None };
    matches.iter().all(|found| {
        let kind = strings.place(found).map(|found| codec.site(&document, &found).kind);
        matches!(kind, Ok(ColumnKind::Text { .. } | ColumnKind::Number { .. } | ColumnKind::Fraction { .. }))
    })
}

/// Finds out which matches stand in strings with escapes, and where in the decoded string. Goes forward only.
struct EscapedStrings<'a> {
    document: &'a TextBlock,
    current: Option<(usize, SideBySide<'a>)>,
}

impl EscapedStrings<'_> {
    /// `found` as a match of the document's text or of one of its asides. Detection read the escaped text: a letter of
    /// an escape that it took for the start of a value is left out of the match.
    fn place(&mut self, found: &Match) -> Result<Match, DataError> {
        let span = found.span();
        let asides = &self.document.asides;
        let index = asides.partition_point(|aside| aside.span.end < span.end);
        let Some(aside) = asides.get(index).filter(|aside| aside.span.start <= span.start) else {
            return Ok(Match { place: Place::Text, ..*found });
        };
        let sides = match &mut self.current {
            Some((held, sides)) if *held == index => sides,
            current => {
                let content = self.document.slab.text().get(aside.span.clone()).unwrap_or_default();
                &mut current.insert((index, SideBySide::new(content))).1
            }
        };
        let target = span.end - aside.span.start;
        let (_, start) = sides.boundary_from(span.start - aside.span.start)?;
        let (raw, end) = sides.boundary_from(target)?;
        if raw != target || start >= end {
            return Err(DataError::new("a value that ends within an escape of a JSON string")
                .advise("use keep for the entity type that was found there in the policy, or leave the column out"));
        }
        let offset = |at: usize| u32::try_from(at).map_err(|_| outside());
        let index = offset(index)?;
        Ok(Match { place: Place::Aside(index), start: offset(start)?, end: offset(end)?, ..*found })
    }
}

#[cfg(test)]
mod tests;
