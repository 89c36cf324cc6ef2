//! Whether the rows of a table stay apart in the columns of a key, edited or not: asked only where operators may make two
//! values one, and answered from fingerprints of what stands in these columns then.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};

use super::rows::{Places, Rows, Stored};
use super::{FINGERPRINT, MOST_RESULTS, Results};
use crate::block::{Block, CellEdit, TableBlock};
use crate::constraint::Folding;

/// Columns in which the rows of a table must differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Question {
    pub(super) table: String,
    pub(super) columns: Vec<String>,
    /// Which of their values are equal, column by column.
    pub(super) foldings: Vec<Folding>,
    /// A row with a NULL in them equals no other.
    pub(super) nulls_apart: bool,
}

/// What a block says to a question.
pub(in crate::pipeline) enum Found {
    /// Fingerprints of its rows.
    Rows(Vec<u64>),
    /// It has rows of the table without one of the columns.
    Unknown,
}

impl Question {
    /// What the rows of `block`, which are of its table, say with `edits`.
    pub(super) fn put_to(&self, block: &TableBlock, edits: &[CellEdit]) -> Found {
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

/// Questions of the rows of tables, none twice.
#[derive(Debug, Clone, Default)]
pub(in crate::pipeline) struct Questions {
    all: Vec<Question>,
    /// The places of those of a table.
    of: HashMap<String, Vec<usize>>,
}

impl Questions {
    /// Whether nothing is asked.
    pub(in crate::pipeline) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether something is asked of the rows of a block.
    pub(in crate::pipeline) fn are_about(&self, block: &Block) -> bool {
        !self.places(block).is_empty()
    }

    /// What the rows of `block` with `edits` say, with the place of the question.
    pub(in crate::pipeline) fn put_to(&self, block: &Block, edits: &[CellEdit]) -> Vec<(usize, Found)> {
        let asked = self.places(block).iter().filter_map(|place| Some((*place, self.all.get(*place)?)));
        let Block::Table(block) = block else { return Vec::new() };
        asked.map(|(place, question)| (place, question.put_to(block, edits))).collect()
    }

    fn places(&self, block: &Block) -> &[usize] {
        let Block::Table(block) = block else { return &[] };
        let places = block.table.name.as_ref().and_then(|table| self.of.get(table));
        places.map(Vec::as_slice).unwrap_or_default()
    }

    /// The place of a question, which may be a new one.
    fn place_of(&mut self, question: Question) -> usize {
        let of_table = self.of.entry(question.table.clone()).or_default();
        let known = of_table.iter().copied().find(|place| self.all.get(*place) == Some(&question));
        known.unwrap_or_else(|| {
            of_table.push(self.all.len());
            self.all.push(question);
            self.all.len() - 1
        })
    }
}

impl FromIterator<Question> for Questions {
    fn from_iter<T: IntoIterator<Item = Question>>(all: T) -> Questions {
        let mut questions = Questions::default();
        all.into_iter().for_each(|question| {
            questions.place_of(question);
        });
        questions
    }
}

/// What there is to say to questions.
#[derive(Debug, Clone, Default)]
pub(in crate::pipeline) struct Answers {
    questions: Questions,
    /// By the place of the question.
    results: Vec<Results>,
    /// How much all of them hold together.
    held: usize,
    are_any_shared: bool,
}

impl Answers {
    /// Answers to `questions` before any row is seen.
    pub(in crate::pipeline) fn to(questions: &Questions) -> Answers {
        let results = questions.all.iter().map(|_| Results::default()).collect();
        Answers { questions: questions.clone(), results, held: 0, are_any_shared: false }
    }

    /// Enters what a block says to the question at `place`. All answers together hold as much as one may.
    pub(in crate::pipeline) fn enter(&mut self, place: usize, found: Found) {
        let Some(results) = self.results.get_mut(place) else { return };
        let before = held(results);
        enter(results, found, MOST_RESULTS.saturating_sub(self.held));
        self.held = self.held + held(results) - before;
        self.are_any_shared |= matches!(results, Results::Shared);
    }

    /// Enters what a block says to the one of `questions` at `place`, which may be new here.
    pub(super) fn enter_to(&mut self, questions: &Questions, place: usize, found: Found) {
        let Some(question) = questions.all.get(place) else { return };
        let place = self.questions.place_of(question.clone());
        self.results.resize_with(self.questions.all.len(), Results::default);
        self.enter(place, found);
    }

    /// Whether some rows became one.
    pub(super) fn are_any_shared(&self) -> bool {
        self.are_any_shared
    }

    pub(super) fn of(&self, table: &str, columns: &[String]) -> Option<&Results> {
        let is_asked = |place: &&usize| self.questions.all.get(**place).is_some_and(|one| one.columns == columns);
        self.questions.of.get(table)?.iter().find(is_asked).and_then(|place| self.results.get(*place))
    }
}

fn held(results: &Results) -> usize {
    match results {
        Results::Apart(results) => results.len(),
        Results::Shared | Results::TooMany => 0,
    }
}

/// Enters what a block says, as long as there is room.
fn enter(results: &mut Results, found: Found, mut room: usize) {
    match found {
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
