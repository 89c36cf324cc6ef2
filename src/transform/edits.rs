//! From matches to edits of a block, and the check that no replaced original is left in an output.
//!
//! Text outside the matches is never touched. Errors name row and column, or line, and never a value.

mod array;
mod cell;
mod json;

use std::borrow::Cow;

use arrow::array::{Array, ArrayRef, AsArray, downcast_dictionary_array};
use arrow::datatypes::{DataType, Int64Type};

use super::fit::Room;
use super::watch::{Edited, Inattentive, Site, Watcher};
use super::{Ledger, Outcome, Replacement, Transformer, date_shift, generalize};
use crate::block::{
    Block, CellEdit, Column, ColumnContext, ColumnKind, Edits, Syntax, TableBlock, TextBlock, TextEdit,
};
use crate::detect::address::is_region;
use crate::error::{DataError, Position};
use crate::finding::{Match, Place};
use crate::format::Codec;
use crate::rule::Mask;
use crate::rule::escape::{escaped_like, unescaped};
use crate::scalar;

/// The text of the value that `found` is a match of: the span in the block's text, or in the cell's.
///
/// # Errors
/// When the match is not of this block.
pub fn value_of<'a>(block: &'a Block, found: &Match) -> Result<Cow<'a, [u8]>, DataError> {
    let cut = |text: Cow<'a, [u8]>| match text {
        Cow::Borrowed(text) => text.get(found.span()).map(Cow::Borrowed),
        Cow::Owned(text) => text.get(found.span()).map(|value| Cow::Owned(value.to_vec())),
    };
    let value = match (block, found.place) {
        (Block::Text(block), place @ (Place::Text | Place::Aside(_))) => cut(Cow::Borrowed(text_at(block, place)?)),
        (Block::Table(block), Place::Cell { column, row }) => {
            let (column, _) = column_at(block, column)?;
            cut(cell_text(&column.values, row as usize)?)
        }
        _ => None,
    };
    let value = value.ok_or_else(|| DataError::new("a match lies outside its block"))?;
    Ok(match (found.traits.escaped, value) {
        (false, value) => value,
        (true, Cow::Borrowed(written)) => unescaped(written),
        (true, Cow::Owned(written)) => Cow::Owned(unescaped(&written).into_owned()),
    })
}

impl Transformer {
    /// The edits that carry the policy out on `matches` (sorted, disjoint) of `block`; `codec` is `None` for
    /// container formats. Every match that is handed in is acted on. What was replaced is entered in `ledger`.
    ///
    /// # Errors
    /// As [`Transformer::replace`], with the row or line.
    pub fn edits(
        &self,
        block: &Block,
        codec: Option<&dyn Codec>,
        matches: &[Match],
        ledger: &mut Ledger,
    ) -> Result<Edits, DataError> {
        self.edits_watched(block, codec, matches, ledger, &mut Inattentive)
    }

    /// As [`Transformer::edits`], while `watcher` hears of it.
    ///
    /// # Errors
    /// As [`Transformer::edits`], where the watcher does not go on.
    pub fn edits_watched(
        &self,
        block: &Block,
        codec: Option<&dyn Codec>,
        matches: &[Match],
        ledger: &mut Ledger,
        watcher: &mut dyn Watcher,
    ) -> Result<Edits, DataError> {
        let apart = |pair: &[Match]| match pair {
            [one, next] => (one.place, one.end) <= (next.place, next.start),
            _ => true,
        };
        if !matches.windows(2).all(apart) {
            return Err(DataError::new("matches are not sorted and disjoint"));
        }
        let shifted = self.with_shifts(block, codec, matches);
        let matches = &*shifted;
        let mut edits = Edits::default();
        match block {
            Block::Text(block) if block.syntax == Syntax::Statements => {
                matches.iter().for_each(|found| ledger.enter_left(found.entity));
            }
            Block::Text(block) => {
                self.text_edits(block, codec, matches, ledger, watcher, &mut edits.text)?;
            }
            Block::Table(block) => {
                for column in matches.chunk_by(|one, other| column_of(one) == column_of(other)) {
                    self.column_edits(block, column, ledger, watcher, &mut edits.cells)?;
                }
            }
        }
        Ok(edits)
    }

    /// The edits of `matches`, which stand in one column.
    fn column_edits(
        &self,
        block: &TableBlock,
        matches: &[Match],
        ledger: &mut Ledger,
        watcher: &mut dyn Watcher,
        edits: &mut Vec<CellEdit>,
    ) -> Result<(), DataError> {
        let Some(position) = matches.first().and_then(column_of) else {
            return Err(DataError::new("a match in a text lies in a table block"));
        };
        let (column, context) = column_at(block, position)?;
        let site = Site::Column(context);
        let before: Vec<_> = ledger.operators().collect();
        for cell in matches.chunk_by(|one, other| one.place == other.place) {
            let Some((found, Place::Cell { row, .. })) = cell.first().map(|found| (found, found.place)) else {
                continue;
            };
            let new = cell_text(&column.values, row as usize)
                .and_then(|text| Ok((self.cell_value(&context.kind, &text, cell, ledger)?, text)));
            match new {
                Ok((None, _)) => {}
                Ok((Some(value), text)) => {
                    watcher.edited(site, Edited { before: &text, after: value.as_deref() });
                    edits.push(CellEdit { column: position, row, value });
                }
                Err(error) => watcher.refused(site, found, at_cell(error, block, column, context, row))?,
            }
        }
        watcher.done(site, &mut ledger.since(&before));
        Ok(())
    }

    /// Makes sure that a rewritten block holds no replaced original: `matches` are those of the output, `ledger` that
    /// of the whole run.
    ///
    /// # Errors
    /// When one is left, with its row or line.
    pub fn check_rewritten(&self, block: &Block, matches: &[Match], ledger: &Ledger) -> Result<(), DataError> {
        for found in matches {
            let value = value_of(block, found)?;
            let (entity, _) = self.prepared(found.entity)?;
            if ledger.is_leftover(found.entity, &entity.canonical.of(&value)) {
                return Err(DataError::new(format!("the output still holds a replaced {}", entity.name))
                    .at(position_of(block, found)?)
                    .advise("nothing was written; please report this with the rule's name and the format"));
            }
        }
        Ok(())
    }

    /// The edits of `matches` of a text. A JSON document that is a string is edited as a document.
    fn text_edits(
        &self,
        block: &TextBlock,
        codec: Option<&dyn Codec>,
        matches: &[Match],
        ledger: &mut Ledger,
        watcher: &mut dyn Watcher,
        out: &mut Vec<TextEdit>,
    ) -> Result<(), DataError> {
        let together = |one: &Match, other: &Match| one.place == other.place && matches!(one.place, Place::Aside(_));
        for matches in matches.chunk_by(together) {
            if let [found @ Match { place: Place::Aside(aside), .. }, ..] = matches
                && let decoded = text_at(block, found.place)?
                && json::is_document(decoded)
            {
                out.extend(self.string_edit(block, codec, (*aside, decoded), matches, ledger, watcher)?);
                continue;
            }
            for found in matches {
                out.extend(self.text_edit(block, codec, found, ledger, watcher)?);
            }
        }
        Ok(())
    }

    /// The edit of a string that is a JSON document itself.
    fn string_edit(
        &self,
        block: &TextBlock,
        codec: Option<&dyn Codec>,
        (aside, decoded): (u32, &[u8]),
        matches: &[Match],
        ledger: &mut Ledger,
        watcher: &mut dyn Watcher,
    ) -> Result<Option<TextEdit>, DataError> {
        let Some(found) = matches.first() else { return Ok(None) };
        let place = codec.map(|codec| codec.site(block, found));
        let kind = place.as_ref().map_or(&ColumnKind::FREE_TEXT, |site| &site.kind);
        let site = Site::Text(place.as_ref().and_then(|place| place.path.as_deref()));
        let before: Vec<_> = ledger.operators().collect();
        let edit = match self.cell_value(kind, decoded, matches, ledger) {
            Ok(None) => None,
            Ok(Some(new)) => {
                watcher.edited(site, Edited { before: decoded, after: new.as_deref() });
                Some(TextEdit { aside: Some(aside), span: 0..decoded.len(), replacement: new })
            }
            Err(error) => {
                let error = error.at(Position::Line(line_of(block, found.place, found)));
                watcher.refused(site, found, error)?;
                return Ok(None);
            }
        };
        watcher.done(site, &mut ledger.since(&before));
        Ok(edit)
    }

    fn text_edit(
        &self,
        block: &TextBlock,
        codec: Option<&dyn Codec>,
        found: &Match,
        ledger: &mut Ledger,
        watcher: &mut dyn Watcher,
    ) -> Result<Option<TextEdit>, DataError> {
        let text = text_at(block, found.place)?;
        let value = text.get(found.span()).ok_or_else(|| DataError::new("a match lies outside its block"))?;
        let place = codec.map(|codec| codec.site(block, found));
        let (kind, whole) = place.as_ref().map_or((&ColumnKind::FREE_TEXT, false), |site| (&site.kind, site.whole));
        let site = Site::Text(place.as_ref().and_then(|place| place.path.as_deref()));
        let room = if whole { Room::whole(kind) } else { Room::part(kind, None) };
        let replacement = match self.rewrite(found, value, &room, ledger) {
            Ok(Replacement::Null) if !whole => Err(DataError::new("part of a number cannot be NULL")
                .advise("use fpe or keep for this entity type in the policy")),
            other => other,
        };
        let replacement = match replacement {
            Ok(Replacement::Keep) => None,
            Ok(Replacement::Null) => Some(None),
            Ok(Replacement::Value(value)) => Some(Some(value)),
            Err(error) => {
                let error = error.at(Position::Line(line_of(block, found.place, found)));
                watcher.refused(site, found, error)?;
                return Ok(None);
            }
        };
        if let Some(new) = &replacement {
            watcher.edited(site, Edited { before: value, after: new.as_deref() });
        }
        watcher.done(site, &mut ledger.latest().map(|done| (found.entity, done, 1)).into_iter());
        let aside = match found.place {
            Place::Aside(aside) => Some(aside),
            _ => None,
        };
        Ok(replacement.map(|replacement| TextEdit { aside, span: found.span(), replacement }))
    }

    fn rewrite(
        &self,
        found: &Match,
        value: &[u8],
        room: &Room<'_>,
        ledger: &mut Ledger,
    ) -> Result<Replacement, DataError> {
        let (entity, prepared) = self.prepared(found.entity)?;
        let written = value;
        let plain = if found.traits.escaped { unescaped(written) } else { Cow::Borrowed(written) };
        let value = &*plain;
        let canonical = entity.canonical.of(value);
        let Outcome { replacement, same_shape, carried_out } =
            self.outcome((entity, prepared, prepared.choice(found.traits)?), found.traits, value, &canonical, room)?;
        ledger.enter_operator(found.entity, carried_out);
        match &replacement {
            Replacement::Keep => ledger.enter_kept(found.entity),
            // A mask that hides nothing of it (the district of an address that is no more than a district).
            Replacement::Value(new) if memchr::memmem::find(new, value).is_some() => ledger.enter_kept(found.entity),
            _ if prepared.is_kept_elsewhere(found.traits)
                || entity.mask == Mask::Address && is_region(&canonical)
                || carried_out.done == generalize::OPERATOR.name && generalize::is_common(entity)
                // Days are few: what one date becomes is another one's original.
                || carried_out.done == date_shift::OPERATOR.name =>
            {
                ledger.enter_replaced_here(found.entity);
            }
            Replacement::Value(new) if same_shape => {
                ledger.enter_replaced(found.entity, &canonical, Some(&entity.canonical.of(new)));
            }
            Replacement::Null | Replacement::Value(_) => ledger.enter_replaced(found.entity, &canonical, None),
        }
        if let Replacement::Value(new) = replacement {
            if !found.traits.escaped {
                return Ok(Replacement::Value(new));
            }
            let new = escaped_like(written, new);
            room.admit(&new, &entity.name)?;
            return Ok(Replacement::Value(new));
        }
        Ok(replacement)
    }
}

/// The column that a match stands in.
fn column_of(found: &Match) -> Option<u32> {
    match found.place {
        Place::Cell { column, .. } => Some(column),
        Place::Text | Place::Aside(_) => None,
    }
}

fn characters(text: &[u8]) -> usize {
    text.iter().filter(|byte| !(0x80..0xC0).contains(*byte)).count()
}

/// The text that spans at `place` count in.
fn text_at(block: &TextBlock, place: Place) -> Result<&[u8], DataError> {
    let text = match place {
        Place::Text => Some(block.slab.text()),
        Place::Aside(aside) => block.asides.get(aside as usize).map(|aside| aside.decoded.as_slice()),
        Place::Cell { .. } => None,
    };
    text.ok_or_else(|| DataError::new("a match lies outside its block"))
}

fn line_of(block: &TextBlock, place: Place, found: &Match) -> u64 {
    let at = match place {
        Place::Aside(aside) => block.asides.get(aside as usize).map_or(0, |aside| aside.span.start),
        _ => found.span().start,
    };
    block.slab.line_of(at)
}

fn column_at(block: &TableBlock, position: u32) -> Result<(&Column, &ColumnContext), DataError> {
    let column = block.columns.get(position as usize);
    column
        .and_then(|column| Some((column, block.table.columns.get(column.index)?)))
        .ok_or_else(|| DataError::new("a match lies outside its block"))
}

/// Adds table, row and column to an error, and the line where the format is text.
fn at_cell(mut error: DataError, block: &TableBlock, column: &Column, context: &ColumnContext, row: u32) -> DataError {
    let record = column.records.as_ref().and_then(|records| records.get(row as usize)).copied().unwrap_or(row);
    if let Some(line) = block.text.as_ref().and_then(|text| text.lines.get(record as usize)) {
        error.reason = format!("line {line}: {}", error.reason);
    }
    error.at(Position::Row {
        table: block.table.name.clone(),
        row: block.first_row + u64::from(record),
        column: Some(context.name.clone()),
    })
}

fn position_of(block: &Block, found: &Match) -> Result<Position, DataError> {
    match (block, found.place) {
        (Block::Table(block), Place::Cell { column, row }) => {
            let (column, context) = column_at(block, column)?;
            let error = at_cell(DataError::new(""), block, column, context, row);
            error.position.ok_or_else(|| DataError::new("a match lies outside its block"))
        }
        (Block::Text(block), place) => Ok(Position::Line(line_of(block, place, found))),
        (Block::Table(_), _) => Err(DataError::new("a match lies outside its block")),
    }
}

/// The value at `row` as detection reads it: bytes of a text, digits of a number.
pub(crate) fn cell_text(values: &ArrayRef, row: usize) -> Result<Cow<'_, [u8]>, DataError> {
    let unreadable = || DataError::new(format!("values of type {} cannot be rewritten", values.data_type()));
    if row >= values.len() || values.is_null(row) {
        return Err(DataError::new("a match lies in a value that is not there"));
    }
    Ok(match values.data_type() {
        DataType::Utf8 => Cow::Borrowed(values.as_string::<i32>().value(row).as_bytes()),
        DataType::LargeUtf8 => Cow::Borrowed(values.as_string::<i64>().value(row).as_bytes()),
        DataType::Utf8View => Cow::Borrowed(values.as_string_view().value(row).as_bytes()),
        DataType::Binary => Cow::Borrowed(values.as_binary::<i32>().value(row)),
        DataType::LargeBinary => Cow::Borrowed(values.as_binary::<i64>().value(row)),
        DataType::BinaryView => Cow::Borrowed(values.as_binary_view().value(row)),
        DataType::Int64 => Cow::Owned(values.as_primitive::<Int64Type>().value(row).to_string().into_bytes()),
        DataType::Dictionary(_, _) => {
            let entry = downcast_dictionary_array!(
                values => values.key(row).map(|key| (values.values(), key)),
                _ => None
            );
            let (entries, key) = entry.ok_or_else(unreadable)?;
            cell_text(entries, key)?
        }
        _ => {
            let mut text = Vec::new();
            if !scalar::push_value(values, row, &mut text) {
                return Err(unreadable());
            }
            Cow::Owned(text)
        }
    })
}

#[cfg(test)]
mod tests;
