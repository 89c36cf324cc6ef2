//! A policy as data: YAML that can be read again as a policy, and the same as JSON.

use serde::Serialize;

use super::model::Becomes;
use super::syntax::NONE_STATED;
use super::{Entry, OperatorSpec, Operators, Policy, Retention};
use crate::error::Error;

#[derive(Serialize)]
struct Written<'a> {
    policy: &'a str,
    title: &'a str,
    version: &'a str,
    source: &'a str,
    entries: Vec<WrittenEntry<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    combinations: Vec<WrittenCombination<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    minors: Option<WrittenMinors<'a>>,
    otherwise: WrittenOtherwise<'a>,
}

#[derive(Serialize)]
struct WrittenEntry<'a> {
    category: &'a str,
    clause: &'a str,
    #[serde(skip_serializing_if = "<[u16]>::is_empty")]
    covers: &'a [u16],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    collected_for: &'a [String],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    entities: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    not_in_text: Option<&'a str>,
    level: u8,
    #[serde(flatten)]
    operators: Option<WrittenOperators<'a>>,
    retention: WrittenRetention<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    include_non_personal: bool,
}

#[derive(Serialize)]
#[serde(untagged)]
enum WrittenRetention<'a> {
    Stated(&'a Retention),
    None(&'static str),
}

#[derive(Serialize)]
struct WrittenOperators<'a> {
    deidentify: &'a OperatorSpec,
    anonymize: &'a OperatorSpec,
    display: &'a OperatorSpec,
    export: &'a OperatorSpec,
}

#[derive(Serialize)]
struct WrittenCombination<'a> {
    clause: &'a str,
    about: &'a [String],
    with: &'a [String],
    becomes: WrittenBecomes<'a>,
}

#[derive(Serialize)]
struct WrittenMinors<'a> {
    clause: &'a str,
    under: u8,
    entities: &'a [String],
    becomes: WrittenBecomes<'a>,
}

#[derive(Serialize)]
struct WrittenBecomes<'a> {
    level: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    deidentify: Option<&'a OperatorSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    anonymize: Option<&'a OperatorSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display: Option<&'a OperatorSpec>,
    #[serde(skip_serializing_if = "Option::is_none")]
    export: Option<&'a OperatorSpec>,
}

#[derive(Serialize)]
struct WrittenOtherwise<'a> {
    level: u8,
    #[serde(flatten)]
    operators: WrittenOperators<'a>,
}

impl Policy {
    /// The policy as YAML that [`Policy::parse`] reads as the same policy. A profile is not part of it.
    ///
    /// # Errors
    /// When a text in it cannot be written as YAML.
    pub fn to_yaml(&self) -> Result<String, Error> {
        serde_saphyr::to_string(&self.written()).map_err(|error| self.unwritable(&error.to_string()))
    }

    /// As [`Policy::to_yaml`], as JSON.
    ///
    /// # Errors
    /// When a text in it cannot be written as JSON.
    pub fn to_json(&self) -> Result<String, Error> {
        serde_json::to_string_pretty(&self.written()).map_err(|error| self.unwritable(&error.to_string()))
    }

    fn unwritable(&self, reason: &str) -> Error {
        Error::Policy { file: self.file.clone(), line: None, reason: format!("cannot be written: {reason}") }
    }

    fn written(&self) -> Written<'_> {
        let combinations = self.combinations.iter().map(|combination| WrittenCombination {
            clause: &combination.clause,
            about: &combination.about,
            with: &combination.with_any,
            becomes: becomes(&combination.becomes),
        });
        let minors = self.minors.as_ref().map(|minors| WrittenMinors {
            clause: &minors.clause,
            under: minors.under,
            entities: &minors.entities,
            becomes: becomes(&minors.becomes),
        });
        Written {
            policy: &self.name,
            title: &self.title,
            version: &self.version,
            source: &self.source,
            entries: self.entries.iter().map(entry).collect(),
            combinations: combinations.collect(),
            minors,
            otherwise: WrittenOtherwise {
                level: self.otherwise.level,
                operators: operators(&self.otherwise.operators),
            },
        }
    }
}

fn entry(entry: &Entry) -> WrittenEntry<'_> {
    let retention = entry.retention.as_ref();
    WrittenEntry {
        category: &entry.category,
        clause: &entry.clause,
        covers: &entry.covers,
        collected_for: &entry.collected_for,
        entities: &entry.entities,
        not_in_text: entry.not_in_text.as_deref(),
        level: entry.level,
        operators: (!entry.entities.is_empty()).then(|| operators(&entry.operators)),
        retention: retention.map_or(WrittenRetention::None(NONE_STATED), WrittenRetention::Stated),
        note: entry.note.as_deref(),
        include_non_personal: entry.include_non_personal,
    }
}

fn operators(operators: &Operators) -> WrittenOperators<'_> {
    let Operators { deidentify, anonymize, display, export } = operators;
    WrittenOperators { deidentify, anonymize, display, export }
}

fn becomes(becomes: &Becomes) -> WrittenBecomes<'_> {
    WrittenBecomes {
        level: becomes.level,
        deidentify: becomes.deidentify.as_ref(),
        anonymize: becomes.anonymize.as_ref(),
        display: becomes.display.as_ref(),
        export: becomes.export.as_ref(),
    }
}
