//! From the cells of a sheet to blocks of rows that are numbered as in the sheet.

use std::io::{Read, Seek};
use std::sync::Arc;

use arrow::array::StringBuilder;
use calamine::Xlsx as Workbook;

use super::failure::{damaged, failure};
use super::of_sheet;
use super::value::{LongNumbers, text};
use crate::block::{Block, Column, ColumnContext, ColumnKind, TableBlock, TableContext};
use crate::error::{DataError, Position};
use crate::format::csv::starts_with_names;

/// Rows and columns that a sheet has at most.
pub(super) const MOST_ROWS: u32 = 1 << 20;
pub(super) const MOST_COLUMNS: u32 = 1 << 14;
/// Rows and bytes from which names of columns are told.
const SAMPLE_ROWS: usize = 64;
const SAMPLE_BYTES: usize = 256 << 10;
/// Rows among which the names of columns may stand: titles come before them.
const TITLE_ROWS: usize = 5;
/// Rows of a block, at most.
const BLOCK_ROWS: usize = 1 << 16;
/// Empty rows after which a block ends.
const LONGEST_GAP: usize = 256;
/// Bytes that an empty cell takes.
const EMPTY_CELL: usize = 5;

type Visit<'a> = &'a mut dyn FnMut(Block) -> Result<(), DataError>;

/// Reads the sheet called `name` in blocks of about `block_bytes`.
///
/// # Errors
/// When it cannot be read, with the row; or what `visit` returned.
pub(super) fn read<RS: Read + Seek>(
    workbook: &mut Workbook<RS>,
    name: &str,
    long_numbers: &[u64],
    block_bytes: usize,
    visit: Visit<'_>,
) -> Result<(), DataError> {
    let mut cells = workbook.worksheet_cells_reader(name).map_err(|error| failure(&error).at(of_sheet(name)))?;
    let mut long = LongNumbers::new(long_numbers);
    let mut sample = Some(Sample::default());
    let mut rows = Rows::new(name, block_bytes, visit);
    let mut row_so_far = 0;
    let at = |row: u32| Position::Row { table: Some(name.to_owned()), row: u64::from(row) + 1, column: None };
    while let Some(cell) = cells.next_cell().map_err(|error| failure(&error).at(at(row_so_far)))? {
        let (row, column) = cell.get_position();
        row_so_far = row;
        if row >= MOST_ROWS || column >= MOST_COLUMNS {
            return Err(damaged("a cell stands beyond the last row or column").at(of_sheet(name)));
        }
        let Some(text) = text(cell.get_value(), &mut long) else { continue };
        if let Some(collected) = &mut sample {
            if collected.takes(row) {
                collected.push(row, column, &text);
                continue;
            }
            sample.take().unwrap_or_default().replay(&mut rows)?;
        }
        rows.push(row, column, &text)?;
    }
    sample.unwrap_or_default().replay(&mut rows)?;
    rows.flush()
}

/// The first cells of a sheet, until it is known how its columns are called.
#[derive(Default)]
struct Sample {
    cells: Vec<(u32, u32, String)>,
    rows: usize,
    last: Option<u32>,
    bytes: usize,
}

impl Sample {
    fn takes(&self, row: u32) -> bool {
        self.bytes < SAMPLE_BYTES && (self.rows < SAMPLE_ROWS || self.last == Some(row))
    }

    fn push(&mut self, row: u32, column: u32, text: &str) {
        self.rows += usize::from(self.last != Some(row));
        self.last = Some(row);
        self.bytes += text.len() + 32;
        self.cells.push((row, column, text.to_owned()));
    }

    /// The row that holds names, and these.
    fn header(&self) -> Option<(u32, Vec<String>)> {
        let width = self.cells.iter().map(|(_, column, _)| *column as usize + 1).max()?;
        let mut rows: Vec<(u32, Vec<String>)> = Vec::new();
        for (row, column, text) in &self.cells {
            if rows.last().is_none_or(|(last, _)| last != row) {
                rows.push((*row, vec![String::new(); width]));
            }
            let line_ends: &[char] = &['\n', '\r'];
            let cell = rows.last_mut().and_then(|(_, cells)| cells.get_mut(*column as usize));
            cell?.push_str(&text.replace(line_ends, ""));
        }
        let filled = |cells: &[String]| cells.iter().filter(|cell| !cell.is_empty()).count();
        let widest = rows.iter().map(|(_, cells)| filled(cells)).max()?;
        let (numbers, cells): (Vec<u32>, Vec<Vec<String>>) = rows.into_iter().unzip();
        for (index, number) in numbers.iter().enumerate().take(TITLE_ROWS) {
            let from = cells.get(index..)?;
            let names = from.first()?;
            if filled(names) * 2 > widest && starts_with_names(from) {
                return Some((*number, names.iter().map(|name| name.trim().to_owned()).collect()));
            }
        }
        None
    }

    fn replay(self, rows: &mut Rows<'_>) -> Result<(), DataError> {
        if let Some((row, names)) = self.header() {
            rows.header = Some(row);
            rows.names = names;
        }
        self.cells.iter().try_for_each(|(row, column, text)| rows.push(*row, *column, text))
    }
}

/// The block that is being filled.
struct Rows<'a> {
    sheet: &'a str,
    /// The row that holds names of columns: no data.
    header: Option<u32>,
    names: Vec<String>,
    context: Arc<TableContext>,
    first: u32,
    rows: usize,
    columns: Vec<Cells>,
    /// Columns that hold anything.
    used: usize,
    bytes: usize,
    block_bytes: usize,
    visit: Visit<'a>,
}

/// The cells of one column so far.
#[derive(Default)]
struct Cells {
    values: Option<StringBuilder>,
    len: usize,
}

impl Cells {
    fn pad(&mut self, rows: usize) {
        let values = self.values.get_or_insert_default();
        values.append_nulls(rows.saturating_sub(self.len));
        self.len = self.len.max(rows);
    }
}

impl<'a> Rows<'a> {
    fn new(sheet: &'a str, block_bytes: usize, visit: Visit<'a>) -> Self {
        let context = Arc::default();
        let (header, names, columns) = (None, Vec::new(), Vec::new());
        Rows { sheet, header, names, context, first: 0, rows: 0, columns, used: 0, bytes: 0, block_bytes, visit }
    }

    fn push(&mut self, row: u32, column: u32, text: &str) -> Result<(), DataError> {
        if self.header == Some(row) {
            return Ok(());
        }
        let column = column as usize;
        if self.must_end(row, column) {
            self.flush()?;
        }
        if self.rows == 0 {
            self.first = row;
        }
        let place = row.saturating_sub(self.first) as usize;
        if self.columns.len() <= column {
            self.columns.resize_with(column + 1, Cells::default);
        }
        let Some(cells) = self.columns.get_mut(column) else { return Ok(()) };
        self.used += usize::from(cells.values.is_none());
        cells.pad(place);
        if let Some(values) = &mut cells.values {
            values.append_value(text);
        }
        cells.len += 1;
        self.rows = self.rows.max(place + 1);
        self.bytes += text.len() + EMPTY_CELL;
        Ok(())
    }

    /// Whether the block must end before this cell: it is large, or the cell does not follow those in it.
    fn must_end(&self, row: u32, column: usize) -> bool {
        if self.rows == 0 {
            return false;
        }
        let Some(place) = row.checked_sub(self.first).map(|place| place as usize) else { return true };
        let is_new_row = place >= self.rows;
        let weight = self.bytes + self.used * self.rows * EMPTY_CELL;
        self.columns.get(column).is_some_and(|cells| cells.len > place)
            || (is_new_row && (weight >= self.block_bytes || place >= BLOCK_ROWS || place - self.rows > LONGEST_GAP))
            || weight >= self.block_bytes.saturating_mul(16)
    }

    fn flush(&mut self) -> Result<(), DataError> {
        let rows = std::mem::take(&mut self.rows);
        if rows == 0 {
            return Ok(());
        }
        self.name_columns();
        let mut columns = Vec::with_capacity(self.used);
        for (index, mut cells) in self.columns.drain(..).enumerate() {
            if cells.values.is_none() {
                continue;
            }
            cells.pad(rows);
            let Some(mut values) = cells.values else { continue };
            columns.push(Column { index, values: Arc::new(values.finish()), records: None });
        }
        (self.used, self.bytes) = (0, 0);
        let (table, first_row) = (Arc::clone(&self.context), u64::from(self.first) + 1);
        (self.visit)(Block::Table(TableBlock { table, columns, rows, first_row, text: None }))
    }

    /// Calls the columns by their names, or else by their letters.
    fn name_columns(&mut self) {
        let width = self.columns.len().max(self.names.len());
        if self.context.columns.len() >= width && self.context.name.is_some() {
            return;
        }
        let name = |index: usize| match self.names.get(index) {
            Some(name) if !name.is_empty() => name.clone(),
            _ => letters(index),
        };
        let column = |index| ColumnContext { name: name(index), kind: ColumnKind::FREE_TEXT };
        let context = TableContext { name: Some(self.sheet.to_owned()), columns: (0..width).map(column).collect() };
        self.context = Arc::new(context);
    }
}

/// What spreadsheets call the column at `index`: A, B … Z, AA …
pub(super) fn letters(index: usize) -> String {
    let (mut rest, mut letters) = (index + 1, Vec::new());
    while rest > 0 {
        rest -= 1;
        letters.push(char::from(b'A' + (rest % 26) as u8));
        rest /= 26;
    }
    letters.iter().rev().collect()
}
