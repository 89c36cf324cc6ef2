//! Matches within a JSON document that is the value of a cell: strings and numbers are replaced in JSON's own syntax,
//! by the codec that rewrites JSON files.
//!
//! Must never rewrite a key, nor write what is no JSON.

use super::super::watch::Inattentive;
use super::super::{Ledger, Transformer};
use super::cell::{NewValue, outside};
use crate::block::{Block, Edits, TextBlock};
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
    let mut edits = Edits::default();
    for found in matches {
        let found = strings.place(found)?;
        edits.text.extend(transformer.text_edit(document, Some(&codec), &found, ledger, &mut Inattentive)?);
    }
    if edits.text.is_empty() {
        return Ok(None);
    }
    let mut out = Vec::with_capacity(text.len());
    codec.render(&block, &edits, &mut out)?;
    codec.lex(Slab::new(out.clone(), 0, 1)?)?;
    Ok(Some(Some(out)))
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
