//! Validators: code that checks the structure of a candidate against a standard or a register. One file each.
//!
//! To add a validator: write its file, add one line to [`VALIDATORS`].

use crate::finding::Traits;

/// A candidate as a validator sees it.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// The value without separators; full-width folded to ASCII; letters in upper case.
    pub compact: &'a [u8],
    /// The value as it stands in the text.
    pub original: &'a [u8],
    /// A label, key or column name says that the value is of this entity type.
    pub labelled: bool,
}

/// What a validator found out. Points are those of the score model: checksum 0 to 30, registry 0 to 20.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Evidence {
    /// Points for a checksum that holds.
    pub checksum: i16,
    /// Points for a hit in a register.
    pub registry: i16,
    /// The candidate counts only beside a label.
    pub label_required: bool,
    /// What else is known.
    pub traits: Traits,
}

/// Checks a candidate: `None` rejects it.
pub type Validator = fn(&Candidate<'_>) -> Option<Evidence>;

/// The validators by name, as rules call them.
pub static VALIDATORS: &[(&str, Validator)] = &[];

/// The validator called `name`.
pub fn by_name(name: &str) -> Option<Validator> {
    VALIDATORS.iter().find(|(known, _)| *known == name).map(|(_, validator)| *validator)
}
