//! SQLite databases: reader and writer.
//!
//! A database is read through SQLite itself, table by table, in blocks of whole rows. It is rewritten on a private
//! copy: all edits are asked for first, then made in one transaction, then everything that keeps copies of values
//! (indexes for full-text search, samples of ANALYZE) is made anew, and `VACUUM INTO` writes a fresh file, in which no
//! free page and no slack holds what was replaced. A database in which nothing changes is copied byte for byte.
//!
//! It must never write to the original, lock it or leave a file beside it, and never run what its schema asks for:
//! triggers and views are off, and functions and modules are only those that are built in.
//!
//! Memory: a block, the page cache, and the longest row. Disk: a private copy of the database, the edits, and the new
//! file, in the temporary folder.

mod apply;
mod beside;
mod cells;
mod constraints;
mod edits;
mod failure;
mod header;
mod open;
mod patience;
mod rewrite;
mod rows;
mod schema;
#[cfg(test)]
mod tests;
mod virtual_table;

use std::fs::File;

use self::failure::failure;
use self::header::MAGIC;
use self::open::Database;
use self::schema::Schema;
use super::{Access, Confidence, Container, Format, Part, Reading};
use crate::block::{Block, Edits, Syntax, TextBlock};
use crate::constraint::Constraint;
use crate::error::DataError;
use crate::source::slab::Slab;

/// Bytes of a block to aim for, at most.
const BLOCK_BYTES: u64 = 1 << 20;
/// How many blocks are on their way at a time, about: a block is that part of what a record may have.
const BLOCKS_OF_A_RECORD: u64 = 16;
/// The longest row where nobody says how much memory there is.
const LONGEST_ROW: u64 = 256 << 20;

/// The SQLite format.
pub struct Sqlite;

impl Format for Sqlite {
    fn name(&self) -> &'static str {
        "sqlite"
    }

    fn sniff(&self, sample: &[u8]) -> Confidence {
        if sample.starts_with(MAGIC) { Confidence::Certain } else { Confidence::No }
    }

    fn open(&self) -> Access {
        Access::Container(Box::new(Sqlite))
    }
}

impl Container for Sqlite {
    fn take_apart(
        &self,
        file: &File,
        reading: &Reading<'_>,
        visit: &mut dyn FnMut(Part) -> Result<(), DataError>,
    ) -> Result<(), DataError> {
        let database = Database::open(file, reading.block_bytes.min(LONGEST_ROW))?;
        let schema = Schema::read(&database.connection).map_err(|error| failure(&error))?;
        for statements in statements(&schema) {
            visit(Part::Block(Block::Text(statements)))?;
        }
        let block_bytes = (reading.block_bytes / BLOCKS_OF_A_RECORD).min(BLOCK_BYTES);
        let block_bytes = usize::try_from(block_bytes).unwrap_or(usize::MAX);
        for table in &schema.tables {
            rows::read(&database, table, block_bytes, false, &mut |batch| {
                visit(Part::Block(Block::Table(batch.block)))
            })?;
        }
        Ok(())
    }

    fn constraints(&self, file: &File) -> Result<Vec<Constraint>, DataError> {
        let database = Database::open(file, LONGEST_ROW)?;
        let connection = &database.connection;
        Schema::read(connection)
            .and_then(|schema| constraints::of(connection, &schema))
            .map_err(|error| failure(&error))
    }

    fn rewrite(
        &self,
        file: &File,
        out: &mut File,
        edit: &mut dyn FnMut(&Block) -> Result<Edits, DataError>,
    ) -> Result<(), DataError> {
        rewrite::rewrite(file, out, edit)
    }
}

/// The text of the schema, as statements of a dump are: read, and never rewritten.
fn statements(schema: &Schema) -> Vec<TextBlock> {
    let mut blocks = Vec::new();
    let (mut text, mut first_line) = (Vec::new(), 1);
    let mut statements = schema.statements.iter().peekable();
    while let Some(statement) = statements.next() {
        text.extend_from_slice(statement.as_bytes());
        text.extend_from_slice(b";\n");
        if text.len() as u64 >= BLOCK_BYTES || statements.peek().is_none() {
            let lines = memchr::memchr_iter(b'\n', &text).count() as u64;
            let (slab, _) = Slab::lenient(std::mem::take(&mut text), 0, first_line);
            blocks.push(TextBlock { slab, syntax: Syntax::Statements, asides: Vec::new() });
            first_line += lines;
        }
    }
    blocks
}
