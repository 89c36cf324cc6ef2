//! Rewrites a database: asks for all edits, makes them on a private copy, makes anew what keeps copies of values, and
//! writes the fresh file out once it was held against the original.
//!
//! It must never put out a database in which a row, a type, a reference or a line of the schema is lost.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use rusqlite::Connection;

use super::apply::apply;
use super::cells::{Kind, column_and_kind};
use super::edits::{EditLog, RowEdit, Value};
use super::failure::{failure, of_table};
use super::header::JOURNAL_VERSIONS;
use super::open::Database;
use super::rows::{self, Batch};
use super::schema::{Key, Schema, Source, Table, quoted};
use super::virtual_table::Module;
use super::{LONGEST_ROW, statements};
use crate::block::{Block, CellEdit, Edits, TableBlock};
use crate::error::{DataError, Position};
use crate::format::columnar::typed;
use rusqlite::types::ValueRef;

/// Bytes of a block to aim for.
const BLOCK_BYTES: usize = 1 << 20;

type Edit<'a> = &'a mut dyn FnMut(&Block) -> Result<Edits, DataError>;

/// Rewrites the database in `file` to `out`, which must be empty.
///
/// # Errors
/// When it cannot be read, when a new value does not fit, and when something of it could not be made anew.
pub(super) fn rewrite(file: &File, out: &mut File, edit: Edit<'_>) -> Result<(), DataError> {
    let database = Database::copy(file, LONGEST_ROW)?;
    let connection = &database.connection;
    let schema = Schema::read(connection).map_err(|error| failure(&error))?;
    let (log, counts) = collect(&database, &schema, edit)?;
    if log.count == 0 {
        let mut file = file;
        file.seek(SeekFrom::Start(0))?;
        io::copy(&mut file, out)?;
        return Ok(());
    }
    refuse_what_cannot_follow(&database, &schema)?;
    // Off while it is only read; a new value must not break one.
    execute(connection, "PRAGMA ignore_check_constraints = OFF")?;
    let unsound = "the database does not pass PRAGMA integrity_check";
    database.patience.renew();
    pass_integrity_check(connection, unsound, "repair it first: REINDEX, or the command .recover of sqlite3")?;
    let before = broken_references(connection);
    database.patience.renew();
    apply(connection, &schema, log)?;
    database.patience.renew();
    make_anew(connection, &schema)?;
    compare_references(before, broken_references(connection))?;
    database.patience.renew();
    let folder = database.folder().ok_or_else(|| DataError::new("internal error: a copy without a folder"))?;
    let path = folder.join("new.db");
    let name = path.to_str().ok_or_else(|| DataError::new("the name of the temporary folder is not UTF-8"))?;
    connection.execute("VACUUM INTO ?1", [name]).map_err(|error| failure(&error))?;
    compare(&database, &schema, &counts, &path)?;
    let mut new = File::options().read(true).write(true).open(&path)?;
    new.seek(SeekFrom::Start(JOURNAL_VERSIONS))?;
    new.write_all(&database.header.journal)?;
    new.seek(SeekFrom::Start(0))?;
    io::copy(&mut new, out)?;
    Ok(())
}

/// Asks for the edits of everything; also gives the number of rows of each table.
fn collect(database: &Database, schema: &Schema, edit: Edit<'_>) -> Result<(EditLog, Vec<u64>), DataError> {
    for block in statements(schema) {
        let edits = edit(&Block::Text(block))?;
        if !edits.text.is_empty() || !edits.cells.is_empty() {
            return Err(DataError::new("internal error: an edit of the schema was asked for"));
        }
    }
    let mut log = EditLog::new()?;
    let mut counts = Vec::with_capacity(schema.tables.len());
    for (number, table) in schema.tables.iter().enumerate() {
        counts.push(rows::read(database, table, BLOCK_BYTES, true, &mut |batch| {
            let Batch { block, keys } = batch;
            let block = Block::Table(block);
            let asked = edit(&block)?;
            let Block::Table(block) = block else { return Ok(()) };
            if !asked.text.is_empty() {
                return Err(DataError::new("an edit of text was asked for in a table"));
            }
            enter(&mut log, number, table, &Batch { block, keys }, &asked.cells)
        })?);
    }
    Ok((log, counts))
}

/// Enters the edits of one block, row by row.
fn enter(
    log: &mut EditLog,
    number: usize,
    table: &Arc<Table>,
    batch: &Batch,
    cells: &[CellEdit],
) -> Result<(), DataError> {
    let gone = || DataError::new("an edit falls on a value that is not there");
    let mut places = Vec::with_capacity(cells.len());
    for cell in cells {
        let column = batch.block.columns.get(cell.column as usize).ok_or_else(gone)?;
        let (column, kind) = column_and_kind(column.index);
        let is_generated = table.columns.get(column).ok_or_else(gone)?.is_generated;
        // What a generated column holds follows from other columns; the second reading sees whether it did.
        if !is_generated {
            places.push((cell.row, column as u32, kind, cell));
        }
    }
    places.sort_unstable_by_key(|(row, column, ..)| (*row, *column));
    for row in places.chunk_by(|one, next| one.0 == next.0) {
        let Some(&(at, ..)) = row.first() else { continue };
        let position = |column: u32| position(&batch.block, at, &table.names([column as usize].into_iter()));
        let mut edit = RowEdit {
            table: number as u32,
            row: batch.block.first_row + u64::from(at),
            columns: Vec::with_capacity(row.len()),
            values: Vec::new(),
        };
        for (_, column, kind, cell) in row {
            if let Key::None(reason) = table.key {
                let reason = format!("the table holds data that must be replaced, but {reason}");
                return Err(DataError::new(reason)
                    .advise("drop the table in a copy of the database first, or keep the entity in the policy")
                    .at(position(*column)));
            }
            if edit.columns.last() == Some(column) {
                return Err(gone().at(position(*column)));
            }
            write_value(table, *column, *kind, cell.value.as_deref(), &mut edit.values)
                .map_err(|error| error.at(position(*column)))?;
            edit.columns.push(*column);
        }
        edit.values.extend_from_slice(batch.keys.get(at as usize).ok_or_else(gone)?);
        log.push(&edit)?;
    }
    Ok(())
}

/// Row and column of a cell, for an error.
fn position(block: &TableBlock, row: u32, column: &[&str]) -> Position {
    Position::Row {
        table: block.table.name.clone(),
        row: block.first_row + u64::from(row),
        column: column.first().map(|name| (*name).to_owned()),
    }
}

/// Appends a new value as one of the kind that the old one was.
fn write_value(
    table: &Table,
    column: u32,
    kind: Kind,
    value: Option<&[u8]>,
    out: &mut Vec<u8>,
) -> Result<(), DataError> {
    let Some(value) = value else {
        Value(ValueRef::Null).write(out);
        return Ok(());
    };
    let text = std::str::from_utf8(value).map_err(|_| DataError::new("the new value is not UTF-8"))?;
    let number = || {
        let number = text.parse::<i64>().ok().filter(|number| number.to_string() == text);
        number.ok_or_else(|| {
            DataError::new("the cell is a number, and the new value is none")
                .advise("choose fpe or null for what stands in this column")
        })
    };
    let value = match kind {
        Kind::Text => {
            let is_numeric = table.columns.get(column as usize).is_some_and(|column| column.is_numeric);
            if is_numeric && text.trim().parse::<f64>().is_ok() {
                return Err(DataError::new(
                    "the cell is text, and the column's type would make a number of the new value",
                )
                .advise("choose hash for what stands in this column"));
            }
            ValueRef::Text(value)
        }
        Kind::Integer => ValueRef::Integer(number()?),
        Kind::Real => ValueRef::Real(typed::double(value)?),
        Kind::Blob => ValueRef::Blob(value),
        Kind::Bytes => return Err(DataError::new("the cell holds bytes that are not UTF-8 text")),
    };
    Value(value).write(out);
    Ok(())
}

/// Refuses what would keep a copy of a replaced value, or be wrong afterwards.
fn refuse_what_cannot_follow(database: &Database, schema: &Schema) -> Result<(), DataError> {
    if database.header.reserved > 0 {
        return Err(DataError::new("the database's pages hold something of an extension: checksums or encryption")
            .advise("write it without with the program that made it"));
    }
    for table in &schema.virtual_tables {
        let reason = match table.module {
            Module::Derived => continue,
            Module::FullText | Module::Space if table.is_readable => continue,
            Module::Index { .. } => continue,
            Module::Words { .. } => "its index for full-text search keeps no text to make it anew from",
            Module::FullText | Module::Space => "it is a virtual table that cannot be opened here",
            Module::Unknown => "it is a virtual table of a module that is not known here",
        };
        return Err(DataError::new(format!("values must be replaced, but {reason}"))
            .advise("drop it in a copy of the database first, and make it anew afterwards")
            .at(of_table(&table.name)));
    }
    Ok(())
}

fn execute(connection: &Connection, sql: &str) -> Result<(), DataError> {
    connection.execute_batch(sql).map_err(|error| failure(&error))
}

fn pass_integrity_check(connection: &Connection, otherwise: &str, advice: &str) -> Result<(), DataError> {
    let sql = "PRAGMA main.integrity_check(1)";
    let verdict: String = connection.query_row(sql, (), |row| row.get(0)).map_err(|error| failure(&error))?;
    // What it says may quote the schema.
    if verdict == "ok" { Ok(()) } else { Err(DataError::new(otherwise).advise(advice)) }
}

/// Makes anew what keeps copies of values: indexes for full-text search, in which a removed word stays for long, and
/// the samples of ANALYZE.
fn make_anew(connection: &Connection, schema: &Schema) -> Result<(), DataError> {
    for table in schema.virtual_tables.iter().filter(|table| table.module.is_rebuilt()) {
        let name = quoted(&table.name);
        connection.execute_batch(&format!("INSERT INTO main.{name}({name}) VALUES ('rebuild')")).map_err(|error| {
            let reason = failure(&error).reason;
            DataError::new(format!("its index for full-text search cannot be made anew: {reason}"))
                .advise("drop it in a copy of the database first, and make it anew afterwards")
                .at(of_table(&table.name))
        })?;
    }
    if schema.statistics.is_empty() {
        return Ok(());
    }
    for name in &schema.statistics {
        execute(connection, &format!("DROP TABLE main.{}", quoted(name)))?;
    }
    execute(connection, "ANALYZE main")?;
    let had_samples = schema.statistics.iter().any(|name| name.eq_ignore_ascii_case("sqlite_stat4"));
    if had_samples { Ok(()) } else { execute(connection, "DROP TABLE IF EXISTS main.sqlite_stat4") }
}

/// Rows that refer to none, by table, parent and number of the foreign key; `None` where that cannot be told, because
/// a key refers to what is not there at all.
type Broken = Option<BTreeMap<(String, String, i64), u64>>;

fn broken_references(connection: &Connection) -> Broken {
    let mut statement = connection.prepare("PRAGMA main.foreign_key_check").ok()?;
    let mut rows = statement.query(()).ok()?;
    let mut broken = BTreeMap::new();
    while let Some(row) = rows.next().ok()? {
        let key = (row.get(0).ok()?, row.get(2).ok()?, row.get(3).ok()?);
        *broken.entry(key).or_default() += 1;
    }
    Some(broken)
}

fn compare_references(before: Broken, after: Broken) -> Result<(), DataError> {
    let advice = "choose the same keyed operator (hash, fpe) for both columns";
    match (before, after) {
        (None, _) => Ok(()),
        (Some(_), None) => Err(DataError::new("foreign keys can no longer be checked").advise(advice)),
        (Some(before), Some(after)) => {
            let is_new = |(key, count): &(&(String, String, i64), &u64)| before.get(*key).unwrap_or(&0) < *count;
            match after.iter().find(is_new) {
                None => Ok(()),
                Some(((table, ..), _)) => Err(DataError::new("rows would refer to rows that are not there any more")
                    .advise(advice)
                    .at(of_table(table))),
            }
        }
    }
}

/// Holds the new database at `path` against the one that it was made of.
fn compare(database: &Database, schema: &Schema, counts: &[u64], path: &Path) -> Result<(), DataError> {
    let report = "nothing was written; please report this";
    let new = Database::written(path, LONGEST_ROW)?;
    execute(&new.connection, "PRAGMA ignore_check_constraints = OFF")?;
    pass_integrity_check(&new.connection, "the new database does not pass PRAGMA integrity_check", report)?;
    let (mut header, found) = (database.header, new.header);
    header.journal = found.journal;
    if header != found {
        return Err(DataError::new("the new database does not have the settings of the old one").advise(report));
    }
    let again = Schema::read(&new.connection).map_err(|error| failure(&error))?;
    if sorted(schema) != sorted(&again) {
        return Err(DataError::new("the new database does not have the schema of the old one").advise(report));
    }
    for (table, count) in schema.tables.iter().zip(counts) {
        if matches!(table.source, Source::Words { .. }) {
            continue;
        }
        let sql = format!("SELECT count(*) FROM main.{}", quoted(&table.name));
        let found: i64 = new.connection.query_row(&sql, (), |row| row.get(0)).map_err(|error| failure(&error))?;
        if found.unsigned_abs() != *count {
            return Err(DataError::new("the new table does not have as many rows as the old one")
                .advise(report)
                .at(of_table(&table.name)));
        }
    }
    Ok(())
}

/// The statements of a schema in one order, without those of ANALYZE.
fn sorted(schema: &Schema) -> Vec<&str> {
    let is_own = |statement: &&str| !statement.starts_with("CREATE TABLE sqlite_stat");
    let mut statements: Vec<&str> = schema.statements.iter().map(String::as_str).filter(is_own).collect();
    statements.sort_unstable();
    statements
}
