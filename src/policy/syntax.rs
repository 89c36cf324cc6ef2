//! A policy file as it is written.

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::model::Becomes;
use super::{OperatorSpec, Retention};

/// What `retention` says where the document says nothing.
pub(super) const NONE_STATED: &str = "none stated";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PolicySyntax {
    pub(super) policy: String,
    pub(super) title: String,
    pub(super) version: String,
    pub(super) source: String,
    pub(super) entries: Vec<EntrySyntax>,
    #[serde(default)]
    pub(super) combinations: Vec<CombinationSyntax>,
    pub(super) minors: Option<MinorsSyntax>,
    pub(super) otherwise: OtherwiseSyntax,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EntrySyntax {
    pub(super) category: Spanned<String>,
    pub(super) clause: String,
    #[serde(default)]
    pub(super) covers: Vec<u16>,
    #[serde(default)]
    pub(super) collected_for: Vec<String>,
    #[serde(default)]
    pub(super) entities: Vec<String>,
    #[serde(alias = "undetected")]
    pub(super) not_in_text: Option<String>,
    pub(super) level: u8,
    pub(super) deidentify: Option<OperatorSpec>,
    pub(super) anonymize: Option<OperatorSpec>,
    pub(super) display: Option<OperatorSpec>,
    pub(super) export: Option<OperatorSpec>,
    pub(super) retention: Option<RetentionSyntax>,
    pub(super) note: Option<String>,
    #[serde(default)]
    pub(super) include_non_personal: bool,
}

/// `{period: …, clause: …}`, or words: `none stated`, or a period whose clause is that of the entry.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RetentionSyntax {
    Words(String),
    Stated(Retention),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CombinationSyntax {
    pub(super) clause: Spanned<String>,
    pub(super) about: Vec<String>,
    pub(super) with: Vec<String>,
    pub(super) becomes: BecomesSyntax,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct MinorsSyntax {
    pub(super) clause: Spanned<String>,
    pub(super) under: u8,
    pub(super) entities: Vec<String>,
    pub(super) becomes: BecomesSyntax,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BecomesSyntax {
    pub(super) level: u8,
    pub(super) deidentify: Option<OperatorSpec>,
    pub(super) anonymize: Option<OperatorSpec>,
    pub(super) display: Option<OperatorSpec>,
    pub(super) export: Option<OperatorSpec>,
}

impl From<BecomesSyntax> for Becomes {
    fn from(syntax: BecomesSyntax) -> Becomes {
        let BecomesSyntax { level, deidentify, anonymize, display, export } = syntax;
        Becomes { level, deidentify, anonymize, display, export }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OtherwiseSyntax {
    pub(super) level: Spanned<u8>,
    pub(super) deidentify: OperatorSpec,
    pub(super) anonymize: OperatorSpec,
    pub(super) display: Option<OperatorSpec>,
    pub(super) export: Option<OperatorSpec>,
}
