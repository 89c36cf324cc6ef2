//! Rows of a SQL dump as Arrow columns, and the checks that every new value passes before it is written.
//! Nothing here knows how a cell is escaped.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, NullBufferBuilder};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};

use super::binary;
use super::ddl::{Binary, SqlColumn};
use super::session::{self, Charset};
use crate::block::{Block, CellEdit, Column, ColumnKind, Edits, TableBlock, TableContext, TableText};
use crate::constraint::Constraint;
use crate::error::{DataError, Position};
use crate::format::Declared;
use crate::source::slab::Slab;
use crate::validate::cn_resident_id::Date;

/// The columns of the rows that follow one INSERT or COPY head.
pub(crate) struct TableShape {
    /// As the rest of the crate sees it.
    pub(crate) context: Arc<TableContext>,
    /// The same columns with what only SQL needs.
    pub(crate) columns: Vec<SqlColumn>,
    /// What the statements before the rows ask of them.
    pub(crate) constraints: Vec<Constraint>,
    /// Where its CREATE TABLE stands.
    pub(crate) declared: Declared,
}

impl TableShape {
    /// The shape of table `name`.
    pub(crate) fn new(
        name: String,
        columns: Vec<SqlColumn>,
        constraints: Vec<Constraint>,
        declared: Declared,
    ) -> TableShape {
        let contexts = columns.iter().map(|column| column.context.clone()).collect();
        TableShape {
            context: Arc::new(TableContext { name: Some(name), columns: contexts }),
            columns,
            constraints,
            declared,
        }
    }
}

/// Refuses a slab whose bytes are not in the encoding that the dump declares: its strings could end elsewhere
/// than they seem to.
pub(crate) fn check_encoding(slab: &Slab, charset: Charset) -> Result<(), DataError> {
    if charset != Charset::Utf8 {
        return Ok(());
    }
    match simdutf8::compat::from_utf8(slab.raw()) {
        Ok(_) => Ok(()),
        Err(error) => {
            let head = slab.raw().get(..error.valid_up_to()).unwrap_or_default();
            let line = slab.first_line() + memchr::memchr_iter(b'\n', head).count() as u64;
            Err(DataError::new("bytes that are not UTF-8, in a dump that is UTF-8")
                .at(Position::Line(line))
                .advise("dump again with binary columns in hex (mysqldump --hex-blob) and text in UTF-8"))
        }
    }
}

/// The values of one column under construction.
pub(crate) struct ColumnBuilder {
    values: Vec<u8>,
    offsets: Vec<i32>,
    nulls: NullBufferBuilder,
    /// Of a column whose values may be a bytea in hexadecimal: a buffer for what one stands for.
    binary: Option<Vec<u8>>,
}

impl ColumnBuilder {
    /// The buffer to append the next value's bytes to.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.values
    }

    /// Ends a value.
    pub(crate) fn end_value(&mut self, present: bool) {
        if let (Some(scratch), Some(start)) = (&mut self.binary, self.offsets.last()) {
            binary::unpack(&mut self.values, usize::try_from(*start).unwrap_or(usize::MAX), scratch);
        }
        self.offsets.push(i32::try_from(self.values.len()).unwrap_or(i32::MAX));
        self.nulls.append(present);
    }

    fn finish(mut self) -> Result<ArrayRef, DataError> {
        let offsets = OffsetBuffer::new(ScalarBuffer::from(self.offsets));
        let array = BinaryArray::try_new(offsets, Buffer::from_vec(self.values), self.nulls.finish());
        Ok(Arc::new(array.map_err(|error| DataError::new(error.to_string()))?))
    }
}

/// A table block under construction.
pub(crate) struct BlockBuilder {
    /// One per column.
    pub(crate) columns: Vec<ColumnBuilder>,
    /// Cell spans, row by row.
    pub(crate) cells: Vec<Range<u32>>,
    /// Line on which each row starts.
    pub(crate) lines: Vec<u64>,
}

impl BlockBuilder {
    /// A builder for rows of `slab` with these columns.
    ///
    /// # Errors
    /// When the slab is too long for the spans of its cells.
    pub(crate) fn new(slab: &Slab, columns: &[SqlColumn]) -> Result<BlockBuilder, DataError> {
        if i32::try_from(slab.text().len()).is_err() {
            return Err(DataError::new("a row of more than 2 GiB")
                .at(Position::Line(slab.first_line()))
                .advise("rows of this size cannot be rewritten"));
        }
        let share = slab.text().len() / columns.len().max(1);
        let builder = |column: &SqlColumn| {
            let mut offsets = Vec::with_capacity(share / 16 + 2);
            offsets.push(0);
            let binary = (column.binary == Binary::Hexadecimal).then(Vec::new);
            let nulls = NullBufferBuilder::new(share / 16);
            ColumnBuilder { values: Vec::with_capacity(share), offsets, nulls, binary }
        };
        Ok(BlockBuilder { columns: columns.iter().map(builder).collect(), cells: Vec::new(), lines: Vec::new() })
    }

    /// The finished block.
    pub(crate) fn finish(self, slab: Slab, shape: &TableShape, first_row: u64) -> Result<Block, DataError> {
        let rows = self.lines.len();
        let columns = self
            .columns
            .into_iter()
            .enumerate()
            .map(|(index, builder)| Ok(Column { index, values: builder.finish()?, records: None }))
            .collect::<Result<Vec<_>, DataError>>()?;
        Ok(Block::Table(TableBlock {
            table: Arc::clone(&shape.context),
            columns,
            rows,
            first_row,
            text: Some(TableText { slab, cells: self.cells, lines: self.lines }),
        }))
    }
}

/// Writes one cell anew: (text of the old cell, its column, new value, output).
pub(crate) type EncodeCell<'a> = &'a dyn Fn(&[u8], &SqlColumn, Option<&[u8]>, &mut Vec<u8>) -> Result<(), DataError>;

/// Appends `block` with `edits` to `out`; `encode` writes the new cells.
pub(crate) fn render(
    block: &Block,
    edits: &Edits,
    (shape, charset): (&TableShape, Charset),
    encode: EncodeCell<'_>,
    out: &mut Vec<u8>,
) -> Result<(), DataError> {
    let Block::Table(table) = block else { return Err(DataError::new("a block of text where rows are expected")) };
    let Some(text) = &table.text else { return Err(DataError::new("rows without their text")) };
    if edits.cells.is_empty() && edits.text.is_empty() {
        out.extend_from_slice(text.slab.raw());
        return Ok(());
    }
    if !edits.text.is_empty() {
        return Err(DataError::new("an edit of text in a block of rows"));
    }
    let mut splices = Vec::with_capacity(edits.cells.len());
    for edit in &edits.cells {
        splices.push(splice(table, text, (shape, charset), edit, encode)?);
    }
    splices.sort_unstable_by_key(|(span, _)| span.start);
    if splices.windows(2).any(|pair| matches!(pair, [(first, _), (second, _)] if first.end > second.start)) {
        return Err(DataError::new("two edits of one cell"));
    }
    text.slab.splice(&splices, out)
}

fn splice(
    table: &TableBlock,
    text: &TableText,
    (shape, charset): (&TableShape, Charset),
    edit: &CellEdit,
    encode: EncodeCell<'_>,
) -> Result<(Range<usize>, Vec<u8>), DataError> {
    let outside = || DataError::new("an edit outside of the block");
    let index = table.columns.get(edit.column as usize).ok_or_else(outside)?.index;
    let column = shape.columns.get(index).ok_or_else(outside)?;
    let cell = text.cells.get(edit.row as usize * shape.columns.len() + index).ok_or_else(outside)?;
    let span = cell.start as usize..cell.end as usize;
    let old = text.slab.text().get(span.clone()).ok_or_else(outside)?;
    let value = edit.value.as_deref();
    let mut new = Vec::with_capacity(value.map_or(4, <[u8]>::len) + 2);
    let checked = check_value(column, value).and_then(|()| session::admit(charset, value.unwrap_or_default()));
    checked.and_then(|()| encode(old, column, value, &mut new)).map_err(|error| {
        error.at(Position::Row {
            table: shape.context.name.clone(),
            row: table.first_row + u64::from(edit.row),
            column: Some(column.context.name.clone()),
        })
    })?;
    Ok((span, new))
}

/// Refuses what the column cannot hold.
fn check_value(column: &SqlColumn, value: Option<&[u8]>) -> Result<(), DataError> {
    let nullable = match &column.context.kind {
        ColumnKind::Fixed(name) if name == "date" && value.is_some_and(is_day) => return Ok(()),
        ColumnKind::Fixed(name) => {
            return Err(DataError::new(format!("a value of type {name} cannot be rewritten"))
                .advise("keep this entity type in the policy, or leave the column out of the dump"));
        }
        ColumnKind::Text { nullable, .. }
        | ColumnKind::Number { nullable, .. }
        | ColumnKind::IpAddress { nullable }
        | ColumnKind::MacAddress { nullable } => *nullable,
        // What becomes NULL is a value within, never the cell.
        ColumnKind::Json | ColumnKind::Array(_) => false,
    };
    let Some(value) = value else {
        let refused = DataError::new("the column is NOT NULL").advise("choose another operator than null");
        return if nullable { Ok(()) } else { Err(refused) };
    };
    let Ok(value) = std::str::from_utf8(value) else { return Err(DataError::new("the new value is not UTF-8")) };
    match &column.context.kind {
        ColumnKind::Text { max_chars, .. } => {
            let too_long = max_chars.is_some_and(|most| value.chars().count() > most as usize)
                || column.max_bytes.is_some_and(|most| value.len() > most as usize);
            let width = max_chars.or(column.max_bytes).unwrap_or_default();
            if too_long {
                return Err(DataError::new(format!(
                    "the new value has {} characters, the column holds {width}",
                    value.chars().count()
                ))
                .advise("choose a shorter operator (fpe, mask) for this entity type, or widen the column"));
            }
            Ok(())
        }
        ColumnKind::Number { digits, .. } => check_number(value, *digits),
        // The syntax within was checked when the value was made.
        ColumnKind::Json
        | ColumnKind::Array(_)
        | ColumnKind::IpAddress { .. }
        | ColumnKind::MacAddress { .. }
        | ColumnKind::Fixed(_) => Ok(()),
    }
}

/// Whether a value is a day as both servers write and take it: `YYYY-MM-DD`.
fn is_day(value: &[u8]) -> bool {
    let [a, b, c, d, b'-', e, f, b'-', g, h] = value else { return false };
    Date::parse(&[*a, *b, *c, *d, *e, *f, *g, *h]).is_some()
}

/// A whole number without leading zeros that fits.
fn check_number(value: &str, digits: u32) -> Result<(), DataError> {
    let unsigned = value.strip_prefix('-').unwrap_or(value);
    let whole = !unsigned.is_empty() && unsigned.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = unsigned.len() > 1 && unsigned.starts_with('0');
    // What always holds 18 digits and holds 19 is a 64-bit integer, what always holds 9 and holds 10 a 32-bit one.
    let fits = match digits {
        18 => value.parse::<i64>().is_ok(),
        9 => value.parse::<i32>().is_ok(),
        _ => unsigned.len() <= digits as usize,
    };
    if whole && !leading_zero && fits {
        return Ok(());
    }
    Err(DataError::new(format!("the column holds whole numbers of at most {digits} digits, the new value is none"))
        .advise("choose an operator that keeps the shape (fpe) for this entity type"))
}

/// Where nothing is declared, digits are replaced by as many digits at most: the column may be a number.
pub(crate) fn check_undeclared(old: &[u8], value: Option<&[u8]>) -> Result<(), DataError> {
    let Some(value) = value else { return Ok(()) };
    let digits = |bytes: &[u8]| !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit);
    if digits(old) && (!digits(value) || value.len() > old.len()) {
        return Err(DataError::new(
            "digits in a table whose CREATE TABLE is not in the file: the column may be a number",
        )
        .advise("dump the schema with the data, or choose an operator that keeps the shape (fpe)"));
    }
    Ok(())
}
