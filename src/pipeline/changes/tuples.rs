//! Whether the rows of a table stay apart in the columns of a key, edited or not: asked only where operators may make two
//! values one, and answered from fingerprints of what stands in these columns then.

use std::hash::{BuildHasher, Hash, Hasher};

use super::rows::{Places, Rows, Stored};
use super::{FINGERPRINT, MOST_RESULTS, Results};
use crate::block::{Block, CellEdit};
use crate::constraint::Folding;

/// Columns in which the rows of a table must differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::pipeline) struct Question {
    pub(super) table: String,
    pub(super) columns: Vec<String>,
    /// Which of their values are equal, column by column.
    pub(super) foldings: Vec<Folding>,
    /// A row with a NULL in them equals no other.
    pub(super) nulls_apart: bool,
}

/// What a block says to a question.
pub(in crate::pipeline) enum Found {
    /// It holds other rows.
    Nothing,
    /// Fingerprints of its rows.
    Rows(Vec<u64>),
    /// It has rows of the table without one of the columns.
    Unknown,
}

impl Question {
    /// Whether a block holds rows of its table.
    pub(in crate::pipeline) fn is_about(&self, block: &Block) -> bool {
        matches!(block, Block::Table(block) if block.table.name.as_ref() == Some(&self.table))
    }

    /// What the rows of `block` with `edits` say.
    pub(in crate::pipeline) fn put_to(&self, block: &Block, edits: &[CellEdit]) -> Found {
        let Block::Table(block) = block else { return Found::Nothing };
        if block.table.name.as_ref() != Some(&self.table) {
            return Found::Nothing;
        }
        let rows = Rows::new(block, edits);
        let places: Vec<Places> = self.columns.iter().map(|name| rows.places(name)).collect();
        let mut found = Vec::with_capacity(block.rows);
        'rows: for row in 0..rows.count() {
            let mut hasher = FINGERPRINT.build_hasher();
            let foldings = self.foldings.iter().copied().chain(std::iter::repeat(Folding::Exact));
            for (places, folding) in places.iter().zip(foldings) {
                match rows.stored(places, row) {
                    Stored::Value(value, _) => {
                        hasher.write_u8(1);
                        folding.fold(&value).hash(&mut hasher);
                    }
                    Stored::Null if self.nulls_apart => continue 'rows,
                    Stored::Null => hasher.write_u8(0),
                    Stored::Absent => return Found::Unknown,
                }
            }
            found.push(hasher.finish());
        }
        Found::Rows(found)
    }
}

/// What there is to say to questions.
#[derive(Debug, Clone, Default)]
pub(in crate::pipeline) struct Answers(pub(super) Vec<(Question, Results)>);

impl Answers {
    /// Answers to `questions` before any row is seen.
    pub(in crate::pipeline) fn to(questions: &[Question]) -> Answers {
        Answers(questions.iter().map(|question| (question.clone(), Results::default())).collect())
    }

    /// Enters what a block says to the question at `place`. All answers together hold as much as one may.
    pub(in crate::pipeline) fn enter(&mut self, place: usize, found: Found) {
        let held = |(_, results): &(Question, Results)| match results {
            Results::Apart(results) => results.len(),
            Results::Shared | Results::TooMany => 0,
        };
        let mut room = MOST_RESULTS.saturating_sub(self.0.iter().map(held).sum());
        let Some((_, results)) = self.0.get_mut(place) else { return };
        match found {
            Found::Nothing => {}
            Found::Unknown => results.merge(Results::TooMany),
            Found::Rows(rows) => {
                for row in rows {
                    if room == 0 {
                        return results.merge(Results::TooMany);
                    }
                    results.enter(row);
                    room -= 1;
                }
            }
        }
    }

    /// Enters what a block says to `question`, which may be a new one.
    pub(super) fn enter_to(&mut self, question: Question, found: Found) {
        let place = self.0.iter().position(|(one, _)| *one == question).unwrap_or_else(|| {
            self.0.push((question, Results::default()));
            self.0.len() - 1
        });
        self.enter(place, found);
    }

    /// Whether some rows became one.
    pub(super) fn are_any_shared(&self) -> bool {
        self.0.iter().any(|(_, results)| matches!(results, Results::Shared))
    }

    pub(super) fn of(&self, table: &str, columns: &[String]) -> Option<&Results> {
        self.0.iter().find(|(one, _)| one.table == table && one.columns == columns).map(|(_, results)| results)
    }
}
