//! Runs of rows of one table, however they are written: lexed into columns, and rendered again.

use std::sync::Arc;

use super::cells::{self, BlockBuilder, CellSyntax, TableShape};
use super::session::Charset;
use crate::block::{Block, Edits};
use crate::constraint::Constraint;
use crate::error::DataError;
use crate::format::{Codec, Declared};
use crate::source::slab::Slab;

/// What is known of a run of rows before it is read.
pub(crate) struct Run {
    /// The table.
    pub(crate) shape: Arc<TableShape>,
    /// Number of its first row.
    pub(crate) first_row: u64,
    /// In which the dump says that it is.
    pub(crate) charset: Charset,
}

/// How the rows of a run are written.
pub(crate) trait RowSyntax: CellSyntax + Send + Sync {
    /// The run.
    fn run(&self) -> &Run;

    /// Lexes the rows of `slab`.
    ///
    /// # Errors
    /// When they are not written so, with the line.
    fn fill(&self, slab: &Slab, builder: &mut BlockBuilder) -> Result<(), DataError>;
}

impl<S: RowSyntax> Codec for S {
    fn lex(&self, slab: Slab) -> Result<Block, DataError> {
        let Run { shape, first_row, charset } = self.run();
        cells::check_encoding(&slab, *charset)?;
        let mut builder = BlockBuilder::new(&slab, &shape.columns)?;
        self.fill(&slab, &mut builder)?;
        builder.finish(slab, shape, *first_row)
    }

    fn constraints(&self) -> &[Constraint] {
        &self.run().shape.constraints
    }

    fn declared(&self) -> Option<Declared> {
        Some(self.run().shape.declared)
    }

    fn render(&self, block: &Block, edits: &Edits, out: &mut Vec<u8>) -> Result<(), DataError> {
        let Run { shape, charset, .. } = self.run();
        cells::render(block, edits, (shape, *charset), self, out)
    }
}
