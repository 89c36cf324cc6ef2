//! Why something could not be done, in words that name the place and the way out.
//!
//! Library errors are typed. [`DataError`] is about the content of one asset (it carries the position inside it),
//! [`Error`] is about everything else. Neither ever holds a raw value from the data.

use std::fmt;
use std::path::PathBuf;

/// Where in an asset something was found to be wrong. Lines and rows count from 1, bytes from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Position {
    /// A line of the decoded stream.
    Line(u64),
    /// A byte offset in the decoded stream.
    Byte(u64),
    /// A line of one of the streams that stand in a file.
    LineOf {
        /// What the stream is of: a table.
        part: String,
        /// Line number in it.
        line: u64,
    },
    /// A row of a table, and the column when one is to blame.
    Row {
        /// Table, or row group of a columnar file.
        table: Option<String>,
        /// Row number in that table.
        row: u64,
        /// Column name.
        column: Option<String>,
    },
    /// A table as a whole.
    Table(String),
    /// A column as a whole.
    Column {
        /// Table, when there is one.
        table: Option<String>,
        /// Column name.
        column: String,
    },
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Position::Line(line) => write!(f, "line {line}"),
            Position::Byte(byte) => write!(f, "byte {byte}"),
            Position::LineOf { part, line } => write!(f, "{part} line {line}"),
            Position::Row { table, row, column } => {
                if let Some(table) = table {
                    write!(f, "table {table} ")?;
                }
                write!(f, "row {row}")?;
                match column {
                    Some(column) => write!(f, " column {column}"),
                    None => Ok(()),
                }
            }
            Position::Table(table) => write!(f, "table {table}"),
            Position::Column { table: Some(table), column } => write!(f, "column {table}.{column}"),
            Position::Column { table: None, column } => write!(f, "column {column}"),
        }
    }
}

/// What is wrong with the content of one asset. The path is added by whoever knows it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct DataError {
    /// Where, when known.
    pub position: Option<Position>,
    /// What is wrong. Never contains a value from the data.
    pub reason: String,
    /// What a person can do about it.
    pub advice: Option<String>,
}

impl DataError {
    /// An error without a position yet.
    pub fn new(reason: impl Into<String>) -> Self {
        DataError { position: None, reason: reason.into(), advice: None }
    }

    /// The same error at `position`.
    #[must_use]
    pub fn at(mut self, position: Position) -> Self {
        self.position = Some(position);
        self
    }

    /// The same error with the names of tables and columns in its position passed through `rename`.
    #[must_use]
    pub fn with_names(mut self, rename: impl Fn(&str) -> String) -> Self {
        match &mut self.position {
            Some(Position::Row { table, column, .. }) => {
                for name in [table, column].into_iter().flatten() {
                    *name = rename(name);
                }
            }
            Some(Position::Table(table)) => *table = rename(table),
            Some(Position::Column { table, column }) => {
                *column = rename(column);
                if let Some(table) = table {
                    *table = rename(table);
                }
            }
            Some(Position::LineOf { part, .. }) => *part = rename(part),
            _ => {}
        }
        self
    }

    /// The same error within `part`, of which the lines count.
    #[must_use]
    pub fn in_part(mut self, part: &str) -> Self {
        self.position = match self.position {
            Some(Position::Line(line)) => Some(Position::LineOf { part: part.to_owned(), line }),
            None => Some(Position::LineOf { part: part.to_owned(), line: 1 }),
            position => position,
        };
        self
    }

    /// The same error with what to do about it.
    #[must_use]
    pub fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(position) = &self.position {
            write!(f, "{position}: ")?;
        }
        f.write_str(&self.reason)?;
        match &self.advice {
            Some(advice) => write!(f, " ({advice})"),
            None => Ok(()),
        }
    }
}

impl From<std::io::Error> for DataError {
    fn from(error: std::io::Error) -> Self {
        DataError::new(error.to_string())
    }
}

/// What stops a run, or one asset of it, outside the content of the data.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The content of an asset.
    #[error("{path}: {error}", path = path.display())]
    Data {
        /// The asset.
        path: PathBuf,
        /// What is wrong in it.
        error: Box<DataError>,
    },
    /// A file system call failed.
    #[error("{path}: cannot {action}: {source}", path = path.display())]
    Io {
        /// What was tried, as a verb phrase: "open", "rename into place".
        action: &'static str,
        /// On which path.
        path: PathBuf,
        /// The cause.
        source: std::io::Error,
    },
    /// A rule file that cannot be used.
    #[error("{file}{}: {reason}", line.map(|l| format!(":{l}")).unwrap_or_default())]
    Rule {
        /// The rule file.
        file: String,
        /// The line in it, when known.
        line: Option<u64>,
        /// Why.
        reason: String,
    },
    /// A policy file that cannot be used.
    #[error("{file}{}: {reason}", line.map(|l| format!(":{l}")).unwrap_or_default())]
    Policy {
        /// The policy file.
        file: String,
        /// The line in it, when known.
        line: Option<u64>,
        /// Why.
        reason: String,
    },
    /// A key that is missing, weak or exposed.
    #[error("key: {0}")]
    Key(String),
    /// The run as asked for cannot be carried out.
    #[error("{0}")]
    Usage(String),
    /// The user interrupted the run.
    #[error("interrupted")]
    Interrupted,
}
