//! Texts and bytes of an archive that are looked at and never changed: the table of contents, large objects, lists of
//! files. What the policy would replace in them is counted as left, as in the statements of a plain dump.

use std::sync::Arc;

use crate::block::{Block, ColumnKind, Edits, Syntax, TextBlock};
use crate::constraint::Constraint;
use crate::error::DataError;
use crate::finding::Match;
use crate::format::text::cut_lines;
use crate::format::{Codec, Cut, Site, Splitter};
use crate::source::slab::Slab;

/// What large objects are called in reports.
pub(super) const LARGE_OBJECTS: &str = "large objects";

/// Lexes what is never changed.
pub(super) struct Untouched {
    /// What it is, as reports show it.
    pub(super) place: String,
    /// The bytes need not be text.
    pub(super) any_bytes: bool,
    /// What it asks of the values of tables.
    pub(super) constraints: Vec<Constraint>,
}

impl Codec for Untouched {
    fn lex(&self, slab: Slab) -> Result<Block, DataError> {
        Ok(Block::Text(TextBlock { slab, syntax: Syntax::Statements, asides: Vec::new() }))
    }

    fn site(&self, _block: &TextBlock, _found: &Match) -> Site {
        Site {
            path: Some(self.place.clone()),
            kind: ColumnKind::Fixed("table of contents or large object".to_owned()),
            whole: false,
        }
    }

    fn constraints(&self) -> &[Constraint] {
        &self.constraints
    }

    fn part(&self) -> Option<&str> {
        Some(&self.place)
    }

    fn takes_any_bytes(&self) -> bool {
        self.any_bytes
    }

    fn render(&self, block: &Block, edits: &Edits, out: &mut Vec<u8>) -> Result<(), DataError> {
        let Block::Text(text) = block else {
            return Err(DataError::new("a block of rows where a text is expected"));
        };
        if !edits.text.is_empty() || !edits.cells.is_empty() {
            return Err(DataError::new("definitions, comments and large objects of an archive cannot be rewritten")
                .advise("take the value out of it, or keep its entity type in the policy"));
        }
        out.extend_from_slice(text.slab.raw());
        Ok(())
    }
}

/// Cuts a stream of such bytes, at line ends where there are any.
pub(super) struct UntouchedSplitter(Arc<Untouched>);

impl UntouchedSplitter {
    /// For a stream of bytes of any kind.
    pub(super) fn new(place: String) -> UntouchedSplitter {
        UntouchedSplitter(Arc::new(Untouched { place, any_bytes: true, constraints: Vec::new() }))
    }
}

impl Splitter for UntouchedSplitter {
    fn cut(&mut self, buffer: &[u8], at_end: bool, target: usize) -> Result<Cut, DataError> {
        Ok(match cut_lines(buffer, at_end, target) {
            Some(len) => Cut::Block { len, codec: self.0.clone() },
            None => Cut::More,
        })
    }
}
