//! Cells of a block of CSV, and the block written back with new values in some of them.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};

use super::dialect::column;
use super::record::{Fault, Shape, unescape};
use super::removal::{Removal, Splice};
use crate::block::{Block, CellEdit, Column, Edits, TableBlock, TableContext, TableText};
use crate::error::{DataError, Position};
use crate::format::Codec;
use crate::source::slab::Slab;

/// Most cells of a block, absent ones counted, beyond one for each byte: a bound on what one very long row among
/// many short ones can cost.
const MOST_CELLS: usize = 4 * 1024 * 1024;

/// Reads and writes one block.
#[derive(Clone)]
pub(super) struct CsvCodec {
    pub(super) shape: Shape,
    pub(super) table: Arc<TableContext>,
    /// Number of the first row of the block, from 1.
    pub(super) first_row: u64,
    /// Leading records that are no data.
    pub(super) skip: usize,
    /// The block may start with a byte order mark.
    pub(super) starts_stream: bool,
}

/// The cells of a block row by row, before they are squared.
#[derive(Default)]
struct Rows {
    cells: Vec<Range<u32>>,
    /// Index of each row's first cell.
    starts: Vec<usize>,
    lines: Vec<u64>,
    widest: usize,
}

impl Codec for CsvCodec {
    fn lex(&self, slab: Slab) -> Result<Block, DataError> {
        let rows = self.rows(&slab)?;
        let width = rows.widest.max(self.table.columns.len());
        let count = rows.starts.len();
        if count.saturating_mul(width) > MOST_CELLS.max(slab.text().len()) {
            let widest = rows.starts.windows(2).position(|pair| matches!(pair, [a, b] if b - a == rows.widest));
            let line = rows.lines.get(widest.unwrap_or(count - 1)).copied().unwrap_or(slab.first_line());
            return Err(DataError::new(format!("a row has {} cells, far more than the others", rows.widest))
                .at(Position::Line(line))
                .advise("mend the file, or read it as lines with `--format text`"));
        }
        let Rows { cells, starts, lines, .. } = rows;
        let cells = square(cells, &starts, width);
        let columns = (0..width).map(|index| {
            let spans = cells.iter().skip(index).step_by(width);
            let values = self.values(slab.text(), spans, count)?;
            Ok(Column { index, values, records: None })
        });
        let columns = columns.collect::<Result<Vec<Column>, DataError>>()?;
        let table = self.context(width);
        let text = Some(TableText { slab, cells, lines });
        Ok(Block::Table(TableBlock { table, columns, rows: count, first_row: self.first_row, text }))
    }

    fn render(&self, block: &Block, edits: &Edits, out: &mut Vec<u8>) -> Result<(), DataError> {
        let Block::Table(block) = block else {
            return Err(DataError::new("free text cannot be written as CSV"));
        };
        let Some(text) = &block.text else {
            return Err(DataError::new("a table without its text cannot be written as CSV"));
        };
        let removal = Removal::new(self.shape, &edits.removed.columns);
        let mut splices = Vec::with_capacity(edits.cells.len());
        for edit in &edits.cells {
            splices.push(self.splice(block, text, edit, &removal)?);
        }
        splices.sort_by_key(|(span, _)| span.start);
        if !edits.removed.columns.is_empty() {
            splices = self.without_columns(block, text, splices, &removal)?;
        }
        text.slab.splice(&splices, out)
    }
}

impl CsvCodec {
    fn rows(&self, slab: &Slab) -> Result<Rows, DataError> {
        let text = slab.text();
        if i32::try_from(text.len()).is_err() {
            return Err(DataError::new("a record is larger than 2 GiB").at(Position::Line(slab.first_line())));
        }
        let mut rows = Rows::default();
        let mut at = if self.starts_stream && text.starts_with(b"\xEF\xBB\xBF") { 3 } else { 0 };
        let mut counted = 0;
        let mut line = slab.first_line();
        let mut skip = self.skip;
        while at < text.len() {
            let (start, first) = (at, rows.cells.len());
            loop {
                let cell = self.shape.cell(text, at).map_err(|fault| refuse(slab, &fault))?;
                // Fits: the text is shorter than 2 GiB.
                rows.cells.push(cell.span.start as u32..cell.span.end as u32);
                at = cell.next;
                if cell.ends_record {
                    break;
                }
            }
            let blank = rows.cells.len() == first + 1 && rows.cells.last().is_some_and(|cell| cell.is_empty());
            if blank || skip > 0 {
                skip -= usize::from(!blank);
                rows.cells.truncate(first);
                continue;
            }
            line += memchr::memchr_iter(b'\n', text.get(counted..start).unwrap_or_default()).count() as u64;
            counted = start;
            rows.widest = rows.widest.max(rows.cells.len() - first);
            rows.starts.push(first);
            rows.lines.push(line);
        }
        Ok(rows)
    }

    /// The unescaped values of one column, in one buffer.
    fn values<'a>(
        &self,
        text: &[u8],
        spans: impl Iterator<Item = &'a Range<u32>> + Clone,
        count: usize,
    ) -> Result<ArrayRef, DataError> {
        let size = spans.clone().map(ExactSizeIterator::len).sum();
        let mut values: Vec<u8> = Vec::with_capacity(size);
        let mut offsets: Vec<i32> = Vec::with_capacity(count + 1);
        offsets.push(0);
        for span in spans {
            let cell = text.get(span.start as usize..span.end as usize).unwrap_or_default();
            unescape(cell, self.shape, &mut values);
            // Fits: the text is shorter than 2 GiB.
            offsets.push(values.len() as i32);
        }
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        let array = BinaryArray::try_new(offsets, Buffer::from_vec(values), None);
        Ok(Arc::new(array.map_err(|error| DataError::new(error.to_string()))?))
    }

    /// The table, with numbers for names of columns that the header does not have.
    fn context(&self, width: usize) -> Arc<TableContext> {
        if width <= self.table.columns.len() {
            return self.table.clone();
        }
        let mut table = TableContext::clone(&self.table);
        table.columns.extend((table.columns.len()..width).map(|index| column(index, String::new())));
        Arc::new(table)
    }

    /// What `edit` replaces in the text, and by what.
    fn splice(
        &self,
        block: &TableBlock,
        text: &TableText,
        edit: &CellEdit,
        removal: &Removal<'_>,
    ) -> Result<Splice, DataError> {
        let (row, index, width) = (edit.row as usize, edit.column as usize, block.columns.len());
        let fault = |reason| {
            Err(DataError::new(reason).at(Position::Row {
                table: None,
                row: block.first_row + u64::from(edit.row),
                column: block.table.columns.get(index).map(|column| column.name.clone()),
            }))
        };
        let cells = text.cells.get(row * width..(row + 1) * width).unwrap_or_default();
        let Some(span) = cells.get(index) else { return fault("an edit of a cell outside the block") };
        let follows = |index: usize| {
            let pair = index.checked_sub(1).and_then(|before| Some((cells.get(before)?, cells.get(index)?)));
            pair.is_some_and(|(before, cell)| cell.start > before.end)
        };
        if index > 0 && !follows(index) {
            return fault("an edit of a cell that the row does not have");
        }
        let span = span.start as usize..span.end as usize;
        let cell = text.slab.text().get(span.clone()).unwrap_or_default();
        let alone = removal.is_alone(index, cells.len()) || index == 0 && !follows(1);
        match self.shape.write(cell, edit.value.as_deref(), alone) {
            Some(written) => Ok((span, written)),
            None => fault("a new value has a delimiter or line end, and the dialect has no quotes"),
        }
    }
}

pub(super) fn refuse(slab: &Slab, fault: &Fault) -> DataError {
    let (at, reason) = match fault {
        Fault::Unclosed(at) => (at, "a quote that opens here is not closed"),
        Fault::AfterQuote(at) => (at, "there is text after the closing quote of a cell"),
    };
    DataError::new(reason)
        .at(Position::Line(slab.line_of(*at)))
        .advise("mend the file, or read it as lines with `--format text`")
}

/// The cells with each row filled up to `width` by empty spans at its end.
fn square(cells: Vec<Range<u32>>, starts: &[usize], width: usize) -> Vec<Range<u32>> {
    if cells.len() == starts.len() * width {
        return cells;
    }
    let mut squared = Vec::with_capacity(starts.len() * width);
    for (row, start) in starts.iter().enumerate() {
        let end = starts.get(row + 1).copied().unwrap_or(cells.len());
        let present = cells.get(*start..end).unwrap_or_default();
        squared.extend_from_slice(present);
        let last = present.last().map_or(0, |cell| cell.end);
        squared.resize((row + 1) * width, last..last);
    }
    squared
}
