//! Operators as a policy names them, and one for each purpose of a run.

use std::fmt;

use serde::de::{self, MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Purpose;
use super::parameters::{DateShift, Generalize, Surrogate, Unkeyed};

/// The template of `replace` when none is given.
const DEFAULT_TEMPLATE: &str = "<{entity}>";
/// Why `sha256` alone is refused.
const UNKEYED: &str = "sha256 without a key is reversed by trying all values (a mobile number has fewer than 2^33, a \
                       resident ID about 2^37): use hash, or write {sha256: {unkeyed: accepted, reason: \"…\"}}";

/// Why `date_shift` alone is refused.
const SUBJECTLESS: &str = "date_shift needs to know whose date it is: {date_shift: {subject: [user_id]}}, by columns or \
                           JSON keys, or {date_shift: {per_value: true}} to move each date by itself";

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
    /// The column goes altogether; elsewhere the empty string.
    Drop,
    /// Unchanged.
    Keep,
    /// Same-shape bijection (FF1).
    Fpe,
    /// A value of the same kind that passes the same checks.
    Surrogate(Surrogate),
    /// Less exact: a month, a band, a city, a network.
    Generalize(Generalize),
    /// A date, moved by as many days as all dates of its subject.
    DateShift(DateShift),
    /// Digest without a key, for whoever answers for it.
    Sha256(Unkeyed),
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
            Purpose::Deidentify | Purpose::Reidentify => &self.deidentify,
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
            OperatorSpec::Drop => "drop",
            OperatorSpec::Keep => "keep",
            OperatorSpec::Fpe => "fpe",
            OperatorSpec::Surrogate(_) => "surrogate",
            OperatorSpec::Generalize(_) => "generalize",
            OperatorSpec::DateShift(_) => "date_shift",
            OperatorSpec::Sha256(_) => "sha256",
        }
    }

    fn named(name: &str) -> Option<OperatorSpec> {
        Some(match name {
            "hash" => OperatorSpec::Hash,
            "replace" => OperatorSpec::Replace(DEFAULT_TEMPLATE.to_owned()),
            "mask" => OperatorSpec::Mask,
            "redact" => OperatorSpec::Redact,
            "null" => OperatorSpec::Null,
            "drop" => OperatorSpec::Drop,
            "keep" => OperatorSpec::Keep,
            "fpe" => OperatorSpec::Fpe,
            "surrogate" => OperatorSpec::Surrogate(Surrogate::default()),
            "generalize" => OperatorSpec::Generalize(Generalize::default()),
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
            OperatorSpec::Replace(template) if template != DEFAULT_TEMPLATE => with(serializer, self, template),
            OperatorSpec::Surrogate(parameters) if *parameters != Surrogate::default() => {
                with(serializer, self, parameters)
            }
            OperatorSpec::Generalize(parameters) if *parameters != Generalize::default() => {
                with(serializer, self, parameters)
            }
            OperatorSpec::DateShift(parameters) => with(serializer, self, parameters),
            OperatorSpec::Sha256(accepted) => with(serializer, self, accepted),
            other => serializer.serialize_str(other.name()),
        }
    }
}

/// An operator with its parameters: `{name: parameters}`.
fn with<S: Serializer>(serializer: S, spec: &OperatorSpec, parameters: &impl Serialize) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(1))?;
    map.serialize_entry(spec.name(), parameters)?;
    map.end()
}

struct OperatorVisitor;

impl<'de> Visitor<'de> for OperatorVisitor {
    type Value = OperatorSpec;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "hash, replace, mask, redact, \"null\" (in quotes), drop, keep, fpe, surrogate, generalize, \
             {replace: \"text\"}, {surrogate: {…}}, {generalize: {…}}, \
             {date_shift: {subject: […]}} or {sha256: {unkeyed: accepted, reason: \"…\"}}",
        )
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<OperatorSpec, E> {
        if name == "sha256" {
            return Err(E::custom(UNKEYED));
        }
        if name == "date_shift" {
            return Err(E::custom(SUBJECTLESS));
        }
        OperatorSpec::named(name).ok_or_else(|| E::invalid_value(de::Unexpected::Str(name), &self))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<OperatorSpec, A::Error> {
        let name = map.next_key::<String>()?;
        let operator = match name.as_deref() {
            Some("replace") => OperatorSpec::Replace(map.next_value()?),
            Some("surrogate") => OperatorSpec::Surrogate(map.next_value()?),
            Some("generalize") => {
                let parameters: Generalize = map.next_value()?;
                if let Some(reason) = parameters.wrong() {
                    return Err(de::Error::custom(reason));
                }
                OperatorSpec::Generalize(parameters)
            }
            Some("date_shift") => {
                let parameters: DateShift = map.next_value()?;
                if let Some(reason) = parameters.wrong() {
                    return Err(de::Error::custom(reason));
                }
                OperatorSpec::DateShift(parameters)
            }
            Some("sha256") => {
                let accepted: Unkeyed = map.next_value()?;
                if accepted.reason.trim().is_empty() {
                    return Err(de::Error::custom("sha256 needs a reason: who accepts that it is reversible, and why"));
                }
                OperatorSpec::Sha256(accepted)
            }
            _ => return Err(de::Error::invalid_type(de::Unexpected::Map, &self)),
        };
        match map.next_key::<String>()? {
            None => Ok(operator),
            Some(_) => Err(de::Error::invalid_length(2, &self)),
        }
    }
}
