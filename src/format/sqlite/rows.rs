//! Reads a table in blocks, and keeps, where rows are to be changed, how each of them is named.

use std::sync::Arc;

use rusqlite::{Connection, Row};

use super::cells::Cells;
use super::edits::Value;
use super::failure::{failure, of_table, takes_too_long};
use super::open::Database;
use super::schema::{Key, Source, Table, quoted};
use crate::block::TableBlock;
use crate::error::{DataError, Position};

/// Most rows of a block.
const MAX_ROWS: usize = 1 << 16;

/// Some rows of a table.
pub(super) struct Batch {
    pub(super) block: TableBlock,
    pub(super) keys: Keys,
}

/// What the rows of a batch are named by, one after the other; empty where nobody wants to know.
#[derive(Default)]
pub(super) struct Keys {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Keys {
    /// The encoded key of row `row` of the batch.
    pub(super) fn get(&self, row: usize) -> Option<&[u8]> {
        let start = row.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied())?;
        self.bytes.get(start..*self.ends.get(row)?)
    }
}

/// Reads `table` in blocks of about `block_bytes`, with the keys of its rows if `with_keys`; gives the number of rows.
///
/// # Errors
/// When it cannot be read, with the row; or what `visit` returned.
pub(super) fn read(
    database: &Database,
    table: &Arc<Table>,
    block_bytes: usize,
    with_keys: bool,
    visit: &mut dyn FnMut(Batch) -> Result<(), DataError>,
) -> Result<u64, DataError> {
    let Database { connection, patience, .. } = database;
    let at_table = |error: rusqlite::Error| failure(&error).at(of_table(&table.name));
    let mut statement = connection.prepare(&select(connection, table).map_err(at_table)?).map_err(at_table)?;
    let mut rows = statement.query(()).map_err(at_table)?;
    let (mut first_row, mut generated) = (1, 0);
    loop {
        patience.renew();
        let mut batch = Growing::new(table);
        let mut is_last = true;
        loop {
            let row = first_row + batch.rows as u64;
            let at_row = |error: rusqlite::Error| {
                failure(&error).at(Position::Row { table: Some(table.name.clone()), row, column: None })
            };
            let Some(row) = rows.next().map_err(at_row)? else { break };
            batch.push(row, table, with_keys).map_err(at_row)?;
            if batch.bytes >= block_bytes || batch.rows >= MAX_ROWS {
                is_last = false;
                break;
            }
        }
        generated += batch.generated as u64;
        if generated > patience.generated {
            return Err(takes_too_long("room").at(of_table(&table.name)));
        }
        let rows = batch.rows as u64;
        if rows > 0 {
            visit(batch.finish(table, first_row)?)?;
        }
        first_row += rows;
        if is_last {
            return Ok(first_row - 1);
        }
    }
}

/// The statement that reads `table`: its columns, then its row number where it has one.
fn select(connection: &Connection, table: &Table) -> rusqlite::Result<String> {
    if let Source::Words { is_fts5 } = table.source {
        return words(connection, &table.name, is_fts5);
    }
    let mut list: Vec<String> = table.columns.iter().map(|column| quoted(&column.name)).collect();
    if let Key::RowNumber(name) = table.key {
        list.push(name.to_owned());
    }
    // An index has the same values in another order.
    let order = if table.source == Source::Ordinary { " NOT INDEXED" } else { "" };
    Ok(format!("SELECT {} FROM main.{}{order}", list.join(", "), quoted(&table.name)))
}

/// The words of an index for full-text search, by the modules that come with it.
fn words(connection: &Connection, name: &str, is_fts5: bool) -> rusqlite::Result<String> {
    let window = quoted(&format!("words of {name}"));
    let name = quoted(name);
    let (module, filter) = if is_fts5 {
        (format!("fts5vocab(main, {name}, row)"), "")
    } else {
        (format!("fts4aux(main, {name})"), " WHERE col = '*'")
    };
    connection.execute_batch(&format!("CREATE VIRTUAL TABLE IF NOT EXISTS temp.{window} USING {module}"))?;
    Ok(format!("SELECT term FROM temp.{window}{filter}"))
}

/// A batch that is being read.
struct Growing {
    cells: Vec<Cells>,
    keys: Keys,
    rows: usize,
    bytes: usize,
    /// Those of generated columns.
    generated: usize,
}

impl Growing {
    fn new(table: &Table) -> Self {
        let cells = table.columns.iter().map(|_| Cells::default()).collect();
        Growing { cells, keys: Keys::default(), rows: 0, bytes: 0, generated: 0 }
    }

    fn push(&mut self, row: &Row<'_>, table: &Table, with_keys: bool) -> rusqlite::Result<()> {
        for (column, (cells, declared)) in self.cells.iter_mut().zip(&table.columns).enumerate() {
            let bytes = cells.push(self.rows, row.get_ref(column)?);
            self.bytes += bytes;
            if declared.is_generated {
                self.generated += bytes;
            }
        }
        if with_keys {
            let keys = &mut self.keys;
            match &table.key {
                Key::RowNumber(_) => Value::from(row.get_ref(table.columns.len())?).write(&mut keys.bytes),
                Key::Primary(columns) => {
                    for column in columns {
                        Value::from(row.get_ref(*column)?).write(&mut keys.bytes);
                    }
                }
                Key::None(_) => {}
            }
            keys.ends.push(keys.bytes.len());
        }
        self.rows += 1;
        Ok(())
    }

    fn finish(self, table: &Table, first_row: u64) -> Result<Batch, DataError> {
        let mut columns = Vec::new();
        for (column, cells) in self.cells.into_iter().enumerate() {
            cells.finish(column, self.rows, &mut columns).map_err(|error| {
                error.at(Position::Row { table: Some(table.name.clone()), row: first_row, column: None })
            })?;
        }
        let context = Arc::clone(&table.context);
        let block = TableBlock { table: context, columns, rows: self.rows, first_row, text: None };
        Ok(Batch { block, keys: self.keys })
    }
}
