//! Policy: from finding to decision. Pure: no I/O, no clock.
//!
//! A policy is a YAML file that carries a privacy document over into operators: each entry is a category that the
//! document names, with its clause, and says what is done with the entity types that belong to it. Reading the file is
//! [`load`]'s; everything else here only looks things up.

mod decide;
pub mod load;
mod model;

pub use self::model::{Entry, Otherwise, Policy};

/// What a run is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// 去标识化: keyed and repeatable.
    Deidentify,
    /// 匿名化: nothing can be restored.
    Anonymize,
}

/// Which operator rewrites a value, with its parameters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperatorSpec {
    /// Keyed HMAC-SHA-256 token of 20 base32 characters.
    Hash,
    /// Text from a template; `{entity}` stands for the entity type's name. Default `<{entity}>`.
    Replace(String),
    /// The entity type's mask.
    Mask,
    /// The empty string.
    Redact,
    /// NULL.
    Null,
    /// Unchanged.
    Keep,
    /// Same-shape bijection (FF1).
    Fpe,
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
