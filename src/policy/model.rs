//! What a policy holds, once it is read.

use std::sync::Arc;

use super::profile::Profile;
use super::{OperatorSpec, Operators};

/// A policy, read from YAML.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Its name, as in `--policy`.
    pub name: String,
    /// Its title for people.
    pub title: String,
    /// Version of the document, or its date.
    pub version: String,
    /// Which document it carries over.
    pub source: String,
    /// File that it was read from, for errors.
    pub(super) file: String,
    pub(super) entries: Vec<Entry>,
    pub(super) combinations: Vec<Combination>,
    pub(super) minors: Option<Minors>,
    pub(super) otherwise: Otherwise,
    /// Whose levels stand in the place of the policy's own.
    pub(super) profile: Option<Arc<Profile>>,
}

/// One category of personal data that the document names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The category in the document's words.
    pub category: String,
    /// Where the document names it.
    pub clause: String,
    /// Which categories of the catalogue (`rules/data/categories.tsv`) it stands for.
    pub covers: Vec<u16>,
    /// What the document says that it is collected for, in short.
    pub collected_for: Vec<String>,
    /// The entity types that belong to it.
    pub entities: Vec<String>,
    /// Why no entity type stands for it, when none does.
    pub not_in_text: Option<String>,
    /// Sensitivity level, 1 (lowest) to 4.
    pub level: u8,
    /// What is done with a value.
    pub operators: Operators,
    /// How long the data is kept, where the document says so.
    pub retention: Option<Retention>,
    /// Anything else worth knowing.
    pub note: Option<String>,
    /// Values that are not personal by themselves (a hotline, a private address) are rewritten as well.
    pub include_non_personal: bool,
    /// Line of the entry in its file.
    pub line: u64,
}

/// How long data is kept.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct Retention {
    /// For how long, and what then.
    pub period: String,
    /// Where the document says so.
    pub clause: String,
}

/// Data that is personal, or more sensitive, where the same record holds something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Combination {
    /// Where the document says so.
    pub clause: String,
    /// What it is about, as written: entity types, or categories of the policy.
    pub about: Vec<String>,
    /// With what, as written.
    pub with_any: Vec<String>,
    /// The entity types that it is about.
    pub entities: Vec<String>,
    /// The entity types of which one must stand in the same record.
    pub with: Vec<String>,
    /// What becomes of it.
    pub becomes: Becomes,
    /// Line in its file.
    pub line: u64,
}

/// The personal data of children.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Minors {
    /// Where the document says so.
    pub clause: String,
    /// Whoever is younger than this many years.
    pub under: u8,
    /// The entity types that tell the age.
    pub entities: Vec<String>,
    /// What becomes of a value that tells such an age.
    pub becomes: Becomes,
    /// Line in its file.
    pub line: u64,
}

/// What stands in the place of an entry's own level and operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Becomes {
    /// Sensitivity level, 1 to 4; never below the entry's.
    pub level: u8,
    /// Per purpose; none: the entry's own.
    pub deidentify: Option<OperatorSpec>,
    /// As above.
    pub anonymize: Option<OperatorSpec>,
    /// As above.
    pub display: Option<OperatorSpec>,
    /// As above.
    pub export: Option<OperatorSpec>,
}

/// What is done with entity types that no entry names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Otherwise {
    /// Sensitivity level, 1 (lowest) to 4.
    pub level: u8,
    /// What is done with a value.
    pub operators: Operators,
}

impl Default for Otherwise {
    fn default() -> Self {
        Otherwise { level: 1, operators: Operators::uniform(OperatorSpec::Keep) }
    }
}
