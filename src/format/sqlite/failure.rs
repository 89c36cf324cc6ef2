//! What SQLite says went wrong, in words of our own: its messages quote the schema and sometimes the data.

use rusqlite::{Error, ErrorCode, ffi};

use crate::error::{DataError, Position};

/// Starts of SQLite's messages that say what is missing, and what to say of them.
const MISSING: &[(&str, &str)] = &[
    ("no such collation sequence", "it needs a collation that only the application that made it has"),
    ("no such function", "it needs a function that only the application that made it has"),
    ("unknown function", "it needs a function that only the application that made it has"),
    ("unsafe use of", "it uses a function or table that is not safe in a schema"),
    ("no such tokenizer", "it needs a tokenizer that only the application that made it has"),
    ("unknown tokenizer", "it needs a tokenizer that only the application that made it has"),
    ("no such module", "it needs a module that only the application that made it has"),
    ("malformed database schema", "its schema is damaged"),
    ("access to view", "it reads a view"),
];

/// The error in words, without a value from the data.
pub(super) fn failure(error: &Error) -> DataError {
    let (code, message) = match error {
        Error::SqliteFailure(code, message) => (*code, message.as_deref()),
        Error::SqlInputError { error, msg, .. } => (*error, Some(msg.as_str())),
        Error::Utf8Error(..) | Error::FromSqlConversionFailure(..) | Error::NulError(_) => {
            return damaged("a name in its schema is no text");
        }
        _ => return damaged("it does not hold what its schema says"),
    };
    let missing = MISSING.iter().find(|(start, _)| message.is_some_and(|message| message.starts_with(start)));
    match code.code {
        ErrorCode::TooBig => DataError::new("a value or row is longer than the memory limit allows")
            .advise("give it more room with --max-memory"),
        ErrorCode::DiskFull => DataError::new("no space is left in the temporary folder")
            .advise("name another with the environment variable TMPDIR"),
        ErrorCode::OperationInterrupted => takes_too_long("time"),
        ErrorCode::OutOfMemory => DataError::new("SQLite ran out of memory"),
        ErrorCode::NotADatabase => damaged("it is encrypted or of a later version of the format"),
        ErrorCode::DatabaseCorrupt => damaged(missing.map_or("its pages do not fit together", |(_, says)| says)),
        _ => match missing {
            Some((_, says)) => DataError::new(*says).advise("drop what needs it in a copy of the database first"),
            None => DataError::new(format!("SQLite refuses: {code}")),
        },
    }
}

/// A database that cannot be read, with what to do about it.
pub(super) fn damaged(reason: &str) -> DataError {
    DataError::new(format!("the SQLite database is damaged or of a kind that cannot be read: {reason}"))
        .advise("check it with PRAGMA integrity_check, and save what can be saved with the command .recover of sqlite3")
}

/// What its schema has SQLite work out takes more than a database of its size may.
pub(super) fn takes_too_long(of: &str) -> DataError {
    DataError::new(format!(
        "what its schema has worked out for each row takes more {of} than a database of this size may"
    ))
    .advise("drop generated columns, checks and indexes on expressions in a copy of the database first")
}

/// The table as a whole.
pub(super) fn of_table(name: &str) -> Position {
    Position::Table(name.to_owned())
}

/// Whether a change was refused because the new value is already there.
pub(super) fn is_collision(error: &Error) -> bool {
    matches!(
        extended(error),
        Some(ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID)
    )
}

/// Why a changed row is not taken. `columns` are those that were changed.
pub(super) fn refused(error: &Error, table: &str, row: u64, columns: &[&str]) -> DataError {
    let reason = match extended(error) {
        Some(ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_ROWID) => {
            DataError::new("the new value is already there, and the column is UNIQUE or a PRIMARY KEY").advise(
                "choose hash or fpe for what stands in this column: other operators give the same value more than once",
            )
        }
        Some(ffi::SQLITE_CONSTRAINT_CHECK) => DataError::new("the new value breaks a CHECK of the table")
            .advise("choose an operator that keeps the value's shape (fpe, mask) for what stands in this column"),
        Some(ffi::SQLITE_CONSTRAINT_NOTNULL) => DataError::new("the column does not allow NULL")
            .advise("choose another operator for what stands in this column"),
        Some(ffi::SQLITE_CONSTRAINT_DATATYPE | ffi::SQLITE_MISMATCH) => {
            DataError::new("the new value is not of the type that the column must hold")
                .advise("choose fpe for what stands in this column")
        }
        _ => failure(error),
    };
    let column = message(error).and_then(|message| named(message, columns));
    let column = column.or_else(|| columns.first().filter(|_| columns.len() == 1).copied());
    reason.at(Position::Row { table: Some(table.to_owned()), row, column: column.map(str::to_owned) })
}

/// The one of `columns` that the message ends with.
fn named<'a>(message: &str, columns: &[&'a str]) -> Option<&'a str> {
    columns.iter().copied().find(|column| message.strip_suffix(*column).is_some_and(|before| before.ends_with('.')))
}

fn extended(error: &Error) -> Option<i32> {
    match error {
        Error::SqliteFailure(code, _) | Error::SqlInputError { error: code, .. } => Some(code.extended_code),
        _ => None,
    }
}

fn message(error: &Error) -> Option<&str> {
    match error {
        Error::SqliteFailure(_, message) => message.as_deref(),
        Error::SqlInputError { msg, .. } => Some(msg),
        _ => None,
    }
}
