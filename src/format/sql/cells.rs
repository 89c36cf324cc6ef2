//! Rows of a SQL dump as Arrow columns, and the checks that every new value passes before it is written.
//! Nothing here knows how a cell is escaped.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, NullBufferBuilder};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};

use super::ddl::{SqlColumn, Writing};
use super::nested::Nested;
use super::session::{self, Charset};
use super::taken_apart;
use super::writing::{self, Unpacker};
use crate::block::{Block, CellEdit, Column, ColumnKind, Edits, TableBlock, TableContext, TableText};
use crate::constraint::Constraint;
use crate::error::{DataError, Position};
use crate::format::Declared;
use crate::scalar;
use crate::source::slab::Slab;

/// The columns of the rows that follow one INSERT or COPY head.
pub(crate) struct TableShape {
    /// As the rest of the crate sees it.
    pub(crate) context: Arc<TableContext>,
    /// The columns with what only SQL needs. Those of what they are made of follow them in the context.
    pub(crate) columns: Vec<SqlColumn>,
    /// How their values are taken apart.
    pub(crate) nested: Nested,
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
        let mut nested = Nested::new(&columns);
        nested.keep_unasked(&constraints);
        let all = columns.iter().chain(nested.leaves.iter().map(|leaf| &leaf.column));
        let contexts = all.map(|column| column.context.clone()).collect();
        let context = Arc::new(TableContext { name: Some(name), columns: contexts });
        TableShape { context, columns, nested, constraints, declared }
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
    unpacker: Option<Unpacker>,
}

impl ColumnBuilder {
    /// For a column with about so many bytes.
    pub(super) fn new(column: &SqlColumn, bytes: usize) -> ColumnBuilder {
        let mut offsets = Vec::with_capacity(bytes / 16 + 2);
        offsets.push(0);
        let unpacker = Unpacker::new(column.writing, column.declared);
        ColumnBuilder {
            values: Vec::with_capacity(bytes),
            offsets,
            nulls: NullBufferBuilder::new(bytes / 16),
            unpacker,
        }
    }

    /// The buffer to append the next value's bytes to.
    pub(crate) fn buffer(&mut self) -> &mut Vec<u8> {
        &mut self.values
    }

    /// Ends a value.
    pub(crate) fn end_value(&mut self, present: bool) {
        if let (Some(unpacker), Some(start)) = (&mut self.unpacker, self.offsets.last()) {
            unpacker.unpack(&mut self.values, usize::try_from(*start).unwrap_or(usize::MAX));
        }
        self.offsets.push(i32::try_from(self.values.len()).unwrap_or(i32::MAX));
        self.nulls.append(present);
    }

    pub(super) fn finish(mut self) -> Result<ArrayRef, DataError> {
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
        let builder = |column: &SqlColumn| ColumnBuilder::new(column, share);
        Ok(BlockBuilder { columns: columns.iter().map(builder).collect(), cells: Vec::new(), lines: Vec::new() })
    }

    /// The finished block.
    pub(crate) fn finish(self, slab: Slab, shape: &TableShape, first_row: u64) -> Result<Block, DataError> {
        let rows = self.lines.len();
        let mut columns = Vec::with_capacity(shape.context.columns.len());
        for (index, builder) in self.columns.into_iter().enumerate() {
            let values = builder.finish()?;
            columns.push(Column { index, values, records: None });
        }
        if !shape.nested.leaves.is_empty() {
            columns = taken_apart::take_apart(columns, shape)?;
        }
        Ok(Block::Table(TableBlock {
            table: Arc::clone(&shape.context),
            columns,
            rows,
            first_row,
            text: Some(TableText { slab, cells: self.cells, lines: self.lines }),
        }))
    }
}

/// How cells are written.
pub(crate) trait CellSyntax {
    /// Appends what the cell stands for.
    ///
    /// # Errors
    /// When it cannot be read.
    fn decode(&self, cell: &[u8], out: &mut Vec<u8>) -> Result<(), DataError>;

    /// Writes the cell anew with a value.
    ///
    /// # Errors
    /// When it cannot be written there.
    fn encode(&self, cell: &[u8], column: &SqlColumn, value: Option<&[u8]>, out: &mut Vec<u8>)
    -> Result<(), DataError>;
}

/// What cells are rendered with.
#[derive(Clone, Copy)]
pub(super) struct Rendering<'a> {
    pub(super) table: &'a TableBlock,
    pub(super) text: &'a TableText,
    pub(super) shape: &'a TableShape,
    pub(super) charset: Charset,
    pub(super) syntax: &'a dyn CellSyntax,
}

/// Appends `block` with `edits` to `out`; `syntax` writes the new cells.
pub(crate) fn render(
    block: &Block,
    edits: &Edits,
    (shape, charset): (&TableShape, Charset),
    syntax: &dyn CellSyntax,
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
    let rendering = Rendering { table, text, shape, charset, syntax };
    let mut splices = Vec::with_capacity(edits.cells.len());
    let mut of_leaves = Vec::new();
    for edit in &edits.cells {
        let column = table.columns.get(edit.column as usize).ok_or_else(outside)?;
        match column.index.checked_sub(shape.columns.len()) {
            None => splices.push(rendering.splice(edit, column.index)?),
            Some(leaf) => of_leaves.push((leaf, edit)),
        }
    }
    if !of_leaves.is_empty() {
        taken_apart::put_together(&rendering, &of_leaves, &mut splices)?;
    }
    splices.sort_unstable_by_key(|(span, _)| span.start);
    if splices.windows(2).any(|pair| matches!(pair, [(first, _), (second, _)] if first.end > second.start)) {
        return Err(DataError::new("two edits of one cell"));
    }
    text.slab.splice(&splices, out)
}

pub(super) fn outside() -> DataError {
    DataError::new("an edit outside of the block")
}

/// A span of the text and what stands there instead.
pub(super) type Splice = (Range<usize>, Vec<u8>);

impl Rendering<'_> {
    /// Where the cell of a column stands in a row, and its text.
    pub(super) fn cell(&self, row: u32, column: usize) -> Result<(Range<usize>, &[u8]), DataError> {
        let cell = self.text.cells.get(row as usize * self.shape.columns.len() + column).ok_or_else(outside)?;
        let span = cell.start as usize..cell.end as usize;
        let old = self.text.slab.text().get(span.clone()).ok_or_else(outside)?;
        Ok((span, old))
    }

    /// Where a row of a column is, for people.
    pub(super) fn position(&self, row: u32, column: &SqlColumn) -> Position {
        Position::Row {
            table: self.shape.context.name.clone(),
            row: self.table.first_row + u64::from(row),
            column: Some(column.context.name.clone()),
        }
    }

    /// What is written for a new `value` of `column` where `old` stood.
    pub(super) fn packed(
        &self,
        column: &SqlColumn,
        old: &[u8],
        value: Option<&[u8]>,
    ) -> Result<Option<Vec<u8>>, DataError> {
        if !column.declared {
            check_undeclared(column, old, value)?;
        }
        let Some(value) = value else { return Ok(None) };
        writing::pack((column.writing, column.declared, self.charset), old, value)
    }

    /// Makes sure that `column` can hold `value`.
    pub(super) fn admit(&self, column: &SqlColumn, value: Option<&[u8]>) -> Result<(), DataError> {
        check_value(column, value).and_then(|()| session::admit(self.charset, value.unwrap_or_default()))
    }

    fn splice(&self, edit: &CellEdit, index: usize) -> Result<Splice, DataError> {
        let column = self.shape.columns.get(index).ok_or_else(outside)?;
        let (span, cell) = self.cell(edit.row, index)?;
        let value = edit.value.as_deref();
        let mut new = Vec::with_capacity(value.map_or(4, <[u8]>::len) + 2);
        let mut write = || {
            self.admit(column, value)?;
            let mut packed = None;
            if !column.declared || column.writing != Writing::Plain {
                let mut old = Vec::with_capacity(cell.len());
                self.syntax.decode(cell, &mut old)?;
                packed = self.packed(column, &old, value)?;
            }
            self.syntax.encode(cell, column, packed.as_deref().or(value), &mut new)
        };
        write().map_err(|error: DataError| error.at(self.position(edit.row, column)))?;
        Ok((span, new))
    }
}

/// Refuses what the column cannot hold.
fn check_value(column: &SqlColumn, value: Option<&[u8]>) -> Result<(), DataError> {
    let nullable = match &column.context.kind {
        ColumnKind::Fixed(name) => {
            return Err(DataError::new(format!("a value of type {name} cannot be rewritten"))
                .advise("keep this entity type in the policy, or leave the column out of the dump"));
        }
        // What becomes NULL is a value within, never the cell.
        ColumnKind::Json | ColumnKind::Array(_) => false,
        kind => kind.nullable().unwrap_or(false),
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
        ColumnKind::Fraction { digits, decimals, .. } => check_fraction(value, *digits, *decimals),
        ColumnKind::Date { time, .. } => check_date(value, *time),
        // The syntax within was checked when the value was made.
        ColumnKind::Json
        | ColumnKind::Array(_)
        | ColumnKind::IpAddress { .. }
        | ColumnKind::MacAddress { .. }
        | ColumnKind::Fixed(_) => Ok(()),
    }
}

/// A number with at most so many digits before the point and behind it.
fn check_fraction(value: &str, digits: u32, decimals: Option<u32>) -> Result<(), DataError> {
    let fits = scalar::decimal_digits(value.as_bytes()).is_some_and(|(whole, behind)| {
        whole <= digits.max(1) as usize && decimals.is_none_or(|most| behind <= most as usize)
    });
    if fits {
        return Ok(());
    }
    Err(DataError::new("the column holds numbers, and the new value is none that fits")
        .advise("choose generalize, mask or null for this entity type"))
}

/// A day as both servers write and take it, and a time of day behind it where the type has one.
fn check_date(value: &str, time: bool) -> Result<(), DataError> {
    let value = value.as_bytes();
    if scalar::is_day(value) || time && scalar::is_moment(value) {
        return Ok(());
    }
    Err(DataError::new("the column holds dates, and the new value is none")
        .advise("choose generalize, mask, date_shift or null for this entity type"))
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

/// What gives arrays and composite values their form.
fn marks(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|byte| b"(){},\"\\".contains(byte)).collect()
}

fn is_json(text: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok()
}

/// Where nothing is declared, digits are replaced by as many digits at most: the column may be a number. What may be an
/// array or a composite value keeps its form.
fn check_undeclared(column: &SqlColumn, old: &[u8], value: Option<&[u8]>) -> Result<(), DataError> {
    let Some(value) = value else { return Ok(()) };
    let digits = |bytes: &[u8]| !bytes.is_empty() && bytes.iter().all(u8::is_ascii_digit);
    let brackets = |text: &[u8]| matches!(text, [b'(', .., b')'] | [b'{', .., b'}']) && !is_json(text);
    // In PostgreSQL, that is, where it may be a bytea as well.
    if column.writing == Writing::Bytea && brackets(old) && marks(old) != marks(value) {
        return Err(DataError::new(
            "a new value with brackets, quotes or commas, in a table whose CREATE TABLE is not in the file: the column may be an \
             array or a composite value",
        )
        .advise("dump the schema with the data, or choose an operator that writes none of these (hash, fpe)"));
    }
    if digits(old) && (!digits(value) || value.len() > old.len()) {
        return Err(DataError::new(
            "digits in a table whose CREATE TABLE is not in the file: the column may be a number",
        )
        .advise("dump the schema with the data, or choose an operator that keeps the shape (fpe)"));
    }
    Ok(())
}
