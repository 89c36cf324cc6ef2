//! What a policy file holds.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_saphyr::Spanned;

use super::OperatorSpec;

/// The template of `replace` when none is given.
const DEFAULT_TEMPLATE: &str = "<{entity}>";

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
    pub(super) otherwise: Otherwise,
}

/// One category of personal data that the document names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The category in the document's words.
    pub category: String,
    /// Where the document names it.
    pub clause: String,
    /// The entity types that belong to it.
    pub entities: Vec<String>,
    /// Why no rule recognizes it, when none does.
    pub undetected: Option<String>,
    /// Sensitivity level, 1 (lowest) to 4.
    pub level: u8,
    /// What de-identification does.
    pub deidentify: OperatorSpec,
    /// What anonymization does.
    pub anonymize: OperatorSpec,
    /// How a value is shown to people.
    pub display: OperatorSpec,
    /// How long the data is kept, as the document says.
    pub retention: Option<String>,
    /// Anything else worth knowing.
    pub note: Option<String>,
    /// Values that are not personal by themselves (a hotline, a private address) are rewritten as well.
    pub include_non_personal: bool,
    /// Line of the entry in its file.
    pub line: u64,
}

/// What is done with entity types that no entry names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Otherwise {
    /// Sensitivity level, 1 (lowest) to 4.
    pub level: u8,
    /// What de-identification does.
    pub deidentify: OperatorSpec,
    /// What anonymization does.
    pub anonymize: OperatorSpec,
}

impl Default for Otherwise {
    fn default() -> Self {
        Otherwise { level: 1, deidentify: OperatorSpec::Keep, anonymize: OperatorSpec::Keep }
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

/// A policy file as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicySyntax {
    pub(super) policy: String,
    pub(super) title: String,
    pub(super) version: String,
    pub(super) source: String,
    pub(super) entries: Vec<EntrySyntax>,
    pub(super) otherwise: OtherwiseSyntax,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntrySyntax {
    pub(super) category: Spanned<String>,
    pub(super) clause: String,
    #[serde(default)]
    pub(super) entities: Vec<String>,
    pub(super) undetected: Option<String>,
    pub(super) level: u8,
    pub(super) deidentify: Option<OperatorSpec>,
    pub(super) anonymize: Option<OperatorSpec>,
    pub(super) display: Option<OperatorSpec>,
    pub(super) retention: Option<String>,
    pub(super) note: Option<String>,
    #[serde(default)]
    pub(super) include_non_personal: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OtherwiseSyntax {
    pub(super) level: Spanned<u8>,
    pub(super) deidentify: OperatorSpec,
    pub(super) anonymize: OperatorSpec,
}
