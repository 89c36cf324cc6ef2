//! Policy: from finding to decision. Pure: no I/O, no clock except the scan date handed in.
//!
//! A policy is a YAML file that carries a privacy document over into operators: each entry is a category that the
//! document names, with its clause, and says what is done with the entity types that belong to it. Reading the file is
//! [`load`]'s; everything else here only looks things up.

pub mod age;
pub mod catalogue;
mod decide;
pub mod load;
mod model;
mod operator;
pub mod parameters;
pub mod profile;
mod syntax;
pub mod write;

pub use self::model::{Becomes, Combination, Entry, Minors, Otherwise, Policy, Retention};
pub use self::operator::{OperatorSpec, Operators};

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// 去标识化: keyed and repeatable.
    Deidentify,
    /// 匿名化: nothing can be restored.
    Anonymize,
    /// 展示: shown to people; keyed where an operator needs a key.
    Display,
    /// 对外提供: handed to others, or taken across the border; keyed where an operator needs a key.
    Export,
    /// 还原: what de-identification did is undone, under the same key.
    Reidentify,
}

impl Purpose {
    /// Its name in policies, manifests and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Purpose::Deidentify => "deidentify",
            Purpose::Anonymize => "anonymize",
            Purpose::Display => "display",
            Purpose::Export => "export",
            Purpose::Reidentify => "reidentify",
        }
    }
}

/// What a policy says of one entity type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// Sensitivity level, 1 (lowest) to 4.
    pub level: u8,
    /// What to do with a value.
    pub operator: OperatorSpec,
    /// The category in the document's own words.
    pub category: String,
    /// The clause of the document.
    pub clause: String,
}

#[cfg(test)]
mod tests;
