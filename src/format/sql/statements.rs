//! What stands in a dump around its rows: DDL, settings, comments, meta-commands. It is scanned, and copied byte
//! for byte; it is never rewritten, because a new name or value there would change what the dump does.

use crate::block::{Block, ColumnKind, Edits, Syntax, TextBlock};
use crate::constraint::Constraint;
use crate::error::DataError;
use crate::finding::Match;
use crate::format::{Codec, Site};
use crate::source::slab::Slab;

/// The codec of statements.
#[derive(Default)]
pub(crate) struct StatementsCodec {
    /// What they ask of values.
    pub(crate) constraints: Vec<Constraint>,
}

impl Codec for StatementsCodec {
    fn lex(&self, slab: Slab) -> Result<Block, DataError> {
        Ok(Block::Text(TextBlock { slab, syntax: Syntax::Statements, asides: Vec::new() }))
    }

    fn constraints(&self) -> &[Constraint] {
        &self.constraints
    }

    fn site(&self, _block: &TextBlock, _found: &Match) -> Site {
        Site { path: None, kind: ColumnKind::Fixed("SQL statement".to_owned()), whole: false }
    }

    fn render(&self, block: &Block, edits: &Edits, out: &mut Vec<u8>) -> Result<(), DataError> {
        let Block::Text(text) = block else {
            return Err(DataError::new("a block of rows where statements are expected"));
        };
        if !edits.text.is_empty() || !edits.cells.is_empty() {
            return Err(DataError::new("statements outside of rows cannot be rewritten")
                .advise("take the value out of the DDL, comment or routine, or keep its entity type in the policy"));
        }
        out.extend_from_slice(text.slab.raw());
        Ok(())
    }
}
