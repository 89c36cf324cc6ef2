//! Policy: from finding to decision. Pure: no I/O, no clock.

use crate::finding::Traits;

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

/// A policy, read from YAML.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    /// Its name, as in `--policy`.
    pub name: String,
}

impl Policy {
    /// The decision for values of entity type `entity` with `traits`, for `purpose`.
    /// What is not personal is kept, at level 1.
    pub fn decide(&self, _entity: &str, _traits: Traits, _purpose: Purpose) -> Decision {
        Decision { level: 1, operator: OperatorSpec::Keep, category: String::new(), clause: String::new() }
    }
}
