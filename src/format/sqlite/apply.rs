//! Makes the edits of a database, each row by its key, in one transaction.

use std::collections::HashMap;

use rusqlite::{Connection, Error, Statement, ToSql, params_from_iter};

use super::edits::{EditLog, RowEdit, Value};
use super::failure::{failure, is_collision, of_table, refused};
use super::schema::{Key, Schema, Table, quoted};
use crate::error::{DataError, Position};

/// Statements that are kept prepared: one for each table and set of columns that change together.
const MOST_PREPARED: usize = 256;

/// Makes the edits of `log`. Where a new value is already there, because the row that has it is yet to be changed, the
/// row waits; what still waits when no more row can be changed would make two values one.
///
/// # Errors
/// When a row does not take its new values, with table, row and, where SQLite says it, column.
pub(super) fn apply(connection: &Connection, schema: &Schema, log: EditLog) -> Result<(), DataError> {
    let mut writer = Writer { connection, schema, prepared: HashMap::new(), lookup: Vec::new() };
    connection.execute_batch("BEGIN IMMEDIATE").map_err(|error| failure(&error))?;
    let mut log = log;
    loop {
        let (count, mut waiting, mut first) = (log.count, EditLog::new()?, None);
        log.replay(|edit| match writer.change(edit) {
            Ok(()) => Ok(()),
            Err(Refusal::Sqlite(error)) if is_collision(&error) => {
                first.get_or_insert_with(|| writer.explain(&error, edit));
                Ok(waiting.push(edit)?)
            }
            Err(Refusal::Sqlite(error)) => Err(writer.explain(&error, edit)),
            Err(Refusal::Data(error)) => Err(error),
        })?;
        match first {
            None => break,
            Some(error) if waiting.count == count => return Err(error),
            Some(_) => log = waiting,
        }
    }
    drop(writer);
    connection.execute_batch("COMMIT").map_err(|error| failure(&error))
}

/// Why a row was not changed.
enum Refusal {
    Sqlite(Error),
    Data(DataError),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        Refusal::Sqlite(error)
    }
}

struct Writer<'a> {
    connection: &'a Connection,
    schema: &'a Schema,
    /// By table and columns.
    prepared: HashMap<Vec<u32>, Statement<'a>>,
    lookup: Vec<u32>,
}

impl Writer<'_> {
    fn change(&mut self, edit: &RowEdit) -> Result<(), Refusal> {
        let lost = || Refusal::Data(DataError::new("internal error: an edit was not kept as it was made"));
        let table = self.schema.tables.get(edit.table as usize).ok_or_else(lost)?;
        self.lookup.clear();
        self.lookup.push(edit.table);
        self.lookup.extend_from_slice(&edit.columns);
        if !self.prepared.contains_key(&self.lookup) {
            if self.prepared.len() >= MOST_PREPARED {
                self.prepared.clear();
            }
            let statement = self.connection.prepare(&update(table, &edit.columns))?;
            self.prepared.insert(self.lookup.clone(), statement);
        }
        let statement = self.prepared.get_mut(&self.lookup).ok_or_else(lost)?;
        let mut rest = edit.values.as_slice();
        let values: Vec<Value<'_>> = std::iter::from_fn(|| Value::take(&mut rest)).collect();
        if !rest.is_empty() {
            return Err(lost());
        }
        let changed = statement.execute(params_from_iter(values.iter().map(|value| value as &dyn ToSql)))?;
        if changed == 1 {
            return Ok(());
        }
        let position = Position::Row { table: Some(table.name.clone()), row: edit.row, column: None };
        Err(Refusal::Data(DataError::new("the row cannot be found again by its key").at(position)))
    }

    fn explain(&self, error: &Error, edit: &RowEdit) -> DataError {
        match self.schema.tables.get(edit.table as usize) {
            Some(table) => {
                let columns = table.names(edit.columns.iter().map(|column| *column as usize));
                refused(error, &table.name, edit.row, &columns)
            }
            None => failure(error).at(of_table("")),
        }
    }
}

/// The statement that changes `columns` of one row. `OR ABORT`: the schema may say that a row that is in the way is to be
/// removed, or the change forgotten.
fn update(table: &Table, columns: &[u32]) -> String {
    let names = table.names(columns.iter().map(|column| *column as usize));
    let mut number = 0;
    let mut pair = |name: &str| {
        number += 1;
        format!("{name} = ?{number}")
    };
    let changes: Vec<String> = names.iter().map(|name| pair(&quoted(name))).collect();
    let key: Vec<String> = match &table.key {
        Key::RowNumber(name) => vec![pair(name)],
        Key::Primary(columns) => table.names(columns.iter().copied()).iter().map(|name| pair(&quoted(name))).collect(),
        Key::None(_) => vec!["FALSE".to_owned()],
    };
    format!("UPDATE OR ABORT main.{} SET {} WHERE {}", quoted(&table.name), changes.join(", "), key.join(" AND "))
}
