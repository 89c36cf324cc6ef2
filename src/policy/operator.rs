//! Operators as a policy names them, and one for each purpose of a run.

use std::fmt;

use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Purpose;

/// The template of `replace` when none is given.
const DEFAULT_TEMPLATE: &str = "<{entity}>";

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

/// One operator for each purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operators {
    /// What de-identification does.
    pub deidentify: OperatorSpec,
    /// What anonymization does.
    pub anonymize: OperatorSpec,
    /// How a value is shown to people.
    pub display: OperatorSpec,
    /// What is handed to others.
    pub export: OperatorSpec,
}

impl Operators {
    /// The same operator for every purpose.
    pub fn uniform(operator: OperatorSpec) -> Operators {
        Operators {
            deidentify: operator.clone(),
            anonymize: operator.clone(),
            display: operator.clone(),
            export: operator,
        }
    }

    /// The operator for `purpose`.
    pub fn of(&self, purpose: Purpose) -> &OperatorSpec {
        match purpose {
            Purpose::Deidentify => &self.deidentify,
            Purpose::Anonymize => &self.anonymize,
            Purpose::Display => &self.display,
            Purpose::Export => &self.export,
        }
    }

    /// All of them, in the order in which they are shown.
    pub fn each(&self) -> [&OperatorSpec; 4] {
        [&self.deidentify, &self.anonymize, &self.display, &self.export]
    }
}

impl OperatorSpec {
    /// Its name in policies and in the registry of operators.
    pub fn name(&self) -> &'static str {
        match self {
            OperatorSpec::Hash => "hash",
            OperatorSpec::Replace(_) => "replace",
            OperatorSpec::Mask => "mask",
            OperatorSpec::Redact => "redact",
            OperatorSpec::Null => "null",
            OperatorSpec::Keep => "keep",
            OperatorSpec::Fpe => "fpe",
        }
    }

    fn named(name: &str) -> Option<OperatorSpec> {
        Some(match name {
            "hash" => OperatorSpec::Hash,
            "replace" => OperatorSpec::Replace(DEFAULT_TEMPLATE.to_owned()),
            "mask" => OperatorSpec::Mask,
            "redact" => OperatorSpec::Redact,
            "null" => OperatorSpec::Null,
            "keep" => OperatorSpec::Keep,
            "fpe" => OperatorSpec::Fpe,
            _ => return None,
        })
    }
}

impl<'de> Deserialize<'de> for OperatorSpec {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OperatorVisitor)
    }
}

impl Serialize for OperatorSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            OperatorSpec::Replace(template) if template != DEFAULT_TEMPLATE => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("replace", template)?;
                map.end()
            }
            other => serializer.serialize_str(other.name()),
        }
    }
}

struct OperatorVisitor;

impl<'de> Visitor<'de> for OperatorVisitor {
    type Value = OperatorSpec;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("hash, replace, mask, redact, \"null\" (in quotes), keep, fpe or {replace: \"text\"}")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<OperatorSpec, E> {
        OperatorSpec::named(name).ok_or_else(|| E::invalid_value(de::Unexpected::Str(name), &self))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<OperatorSpec, A::Error> {
        let operator = match map.next_entry::<String, String>()? {
            Some((name, template)) if name == "replace" => OperatorSpec::Replace(template),
            _ => return Err(de::Error::invalid_type(de::Unexpected::Map, &self)),
        };
        match map.next_key::<String>()? {
            None => Ok(operator),
            Some(_) => Err(de::Error::invalid_length(2, &self)),
        }
    }
}
