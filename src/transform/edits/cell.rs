//! The new value of one cell of a table, by what its column can hold.
//!
//! Must never write what the column's type refuses: a value within a syntax of its own is replaced in that syntax.

use super::super::fit::Room;
use super::super::{Ledger, Replacement, Transformer};
use super::{array, characters, json};
use crate::block::ColumnKind;
use crate::error::DataError;
use crate::finding::Match;

/// What becomes of a cell: `None` when it stays, `Some(None)` for NULL.
pub(super) type NewValue = Option<Option<Vec<u8>>>;

pub(super) fn outside() -> DataError {
    DataError::new("a match lies outside its cell")
}

impl Transformer {
    /// The new value of a place of `kind` that holds `text`. Only the spans of `matches` count, in `text`.
    pub(super) fn cell_value(
        &self,
        kind: &ColumnKind,
        text: &[u8],
        matches: &[Match],
        ledger: &mut Ledger,
    ) -> Result<NewValue, DataError> {
        match kind {
            ColumnKind::Json => json::rewritten(self, text, matches, ledger),
            ColumnKind::Array(element) => array::rewritten(self, element, text, matches, ledger),
            ColumnKind::IpAddress { .. } => self.address_value(kind, text, matches, ledger),
            ColumnKind::Text { .. }
            | ColumnKind::Number { .. }
            | ColumnKind::Fraction { .. }
            | ColumnKind::Date { .. }
            | ColumnKind::MacAddress { .. }
            | ColumnKind::Fixed(_) => self.plain_value(kind, text, matches, ledger),
        }
    }

    fn plain_value(
        &self,
        kind: &ColumnKind,
        text: &[u8],
        matches: &[Match],
        ledger: &mut Ledger,
    ) -> Result<NewValue, DataError> {
        let limit = kind.max_chars();
        if let [found] = matches
            && found.span() == (0..text.len())
        {
            return Ok(match self.rewrite(found, text, &Room::whole(kind), ledger)? {
                Replacement::Keep => None,
                Replacement::Null => Some(None),
                Replacement::Value(value) => Some(Some(value)),
            });
        }
        if matches!(kind, ColumnKind::Text { .. }) && json::is_document(text) {
            return self.document_value((kind, limit), text, matches, ledger);
        }
        self.spliced((kind, limit), text, matches, ledger)
    }

    /// The new value of a text that is a JSON document, of at most `limit` characters. It is one afterwards.
    fn document_value(
        &self,
        (kind, limit): (&ColumnKind, Option<u32>),
        text: &[u8],
        matches: &[Match],
        ledger: &mut Ledger,
    ) -> Result<NewValue, DataError> {
        if json::stand_in_values(text, matches) {
            let mut own = Ledger::default();
            let new = json::rewritten(self, text, matches, &mut own)?;
            let chars = new.iter().flatten().map(|new| characters(new)).max().unwrap_or(0);
            if limit.is_none_or(|limit| chars <= limit as usize) {
                ledger.merge(own);
                return Ok(new);
            }
        }
        // A key, a fraction, or too little room: as any text, if it is a document then.
        let new = self.spliced((kind, limit), text, matches, ledger)?;
        match &new {
            Some(Some(new)) if !json::is_document(new) => {
                Err(DataError::new("the JSON document in a text would be none with the new values in it")
                    .advise("use fpe, redact or keep for the entity types that were found there, or widen the column"))
            }
            _ => Ok(new),
        }
    }

    fn spliced(
        &self,
        (kind, limit): (&ColumnKind, Option<u32>),
        text: &[u8],
        matches: &[Match],
        ledger: &mut Ledger,
    ) -> Result<NewValue, DataError> {
        let mut out = Vec::with_capacity(text.len());
        let mut copied = 0;
        let mut chars = characters(text);
        let is_fraction = matches!(kind, ColumnKind::Fraction { .. });
        for found in matches {
            let value = text.get(found.span()).ok_or_else(outside)?;
            // What the rest of the cell leaves of the column's width.
            let others = chars.saturating_sub(characters(value));
            let left = limit.map(|limit| limit.saturating_sub(u32::try_from(others).unwrap_or(u32::MAX)));
            let new = match self.rewrite(found, value, &Room::part(kind, left), ledger)? {
                Replacement::Keep => continue,
                // The rest of the number would stay, and tell which one it was.
                Replacement::Value(_) if is_fraction => return Err(part_of_a_number()),
                // A value of a type of its own, such as a number, is NULL as a whole for a part of it.
                Replacement::Null => return Ok(Some(None)),
                Replacement::Value(new) => new,
            };
            chars = others + characters(&new);
            out.extend_from_slice(text.get(copied..found.span().start).ok_or_else(outside)?);
            out.extend_from_slice(&new);
            copied = found.span().end;
        }
        if copied == 0 {
            return Ok(None);
        }
        out.extend_from_slice(text.get(copied..).ok_or_else(outside)?);
        Ok(Some(Some(out)))
    }

    /// An IP address keeps the prefix length behind it, whether or not the match reaches over it.
    fn address_value(
        &self,
        kind: &ColumnKind,
        text: &[u8],
        matches: &[Match],
        ledger: &mut Ledger,
    ) -> Result<NewValue, DataError> {
        let length = memchr::memchr(b'/', text).unwrap_or(text.len());
        let (address, prefix) = text.split_at_checked(length).ok_or_else(outside)?;
        let [found] = matches else { return Err(no_address()) };
        if found.span().start != 0 || found.span().end < length {
            return Err(no_address());
        }
        Ok(match self.rewrite(found, address, &Room::whole(kind), ledger)? {
            Replacement::Keep => None,
            Replacement::Null => Some(None),
            Replacement::Value(mut new) => {
                new.extend_from_slice(prefix);
                Some(Some(new))
            }
        })
    }
}

fn part_of_a_number() -> DataError {
    DataError::new("what was found is a part of a number with decimals, of which the rest would stay")
        .advise("use null or keep for the entity type that was found there in the policy, or turn the column into text")
}

fn no_address() -> DataError {
    DataError::new("something else than one whole address was found in an IP address")
        .advise("use keep for the entity type that was found there in the policy, or leave the column out")
}
