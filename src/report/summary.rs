//! The summary of a run as one JSON document, for programs.
//!
//! Holds counts and masked samples, never a value.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::escape;
use crate::finding::EntityId;
use crate::pipeline::findings::{Finding, Prevalence, Spot};
use crate::pipeline::locate::safe_name;
use crate::pipeline::{Outcome, Status};
use crate::policy::profile::Profile;
use crate::rule::RuleSet;

/// Collects outcomes.
#[derive(Serialize)]
pub struct Summary {
    tool: &'static str,
    version: &'static str,
    policy: String,
    /// Whose levels they are, when not the policy's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<&'static str>,
    rules: String,
    min_score: f64,
    #[serde(skip)]
    classes: Option<Arc<Profile>>,
    complete: bool,
    totals: Totals,
    entities: BTreeMap<String, Entity>,
    assets: Vec<Asset>,
}

#[derive(Default, Serialize)]
struct Totals {
    assets: u64,
    scanned: u64,
    rewritten: u64,
    skipped: u64,
    failed: u64,
    changed: u64,
    bytes: u64,
    matches: u64,
}

#[derive(Default, Serialize)]
struct Entity {
    level: u8,
    matches: u64,
    assets: u64,
}

#[derive(Serialize)]
struct Asset {
    path: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compression: Option<&'static str>,
    bytes: u64,
    /// Columns of numbers that were not decoded, because their smallest and largest values show that no number in them
    /// is of a length that is looked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    examined_by_statistics: Vec<ByStatistics>,
    findings: Vec<Found>,
}

#[derive(Serialize)]
struct ByStatistics {
    column: String,
    values: u64,
}

#[derive(Serialize)]
struct Found {
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<String>,
    entity: String,
    level: u8,
    /// In the words of the profile.
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'static str>,
    matches: u64,
    distinct: u64,
    distinct_is_exact: bool,
    score: f64,
    /// `is`: the column holds this; `contains`: some of its values do. Absent where there are no columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    column_verdict: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    values: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prevalence: Option<f64>,
    sample: String,
}

impl Summary {
    /// An empty summary of a run.
    pub fn new(policy: &str, rules: &RuleSet, min_score: f32) -> Summary {
        Summary {
            tool: "tuomin",
            version: env!("CARGO_PKG_VERSION"),
            policy: policy.to_owned(),
            profile: None,
            classes: None,
            rules: rules.version().to_owned(),
            min_score: rounded(min_score.into()),
            complete: true,
            totals: Totals::default(),
            entities: BTreeMap::new(),
            assets: Vec::new(),
        }
    }

    /// The same with the classes of `profile`.
    #[must_use]
    pub fn with_profile(mut self, profile: Option<Arc<Profile>>) -> Summary {
        self.profile = profile.as_ref().map(|profile| profile.name);
        self.classes = profile;
        self
    }

    /// Adds an outcome.
    pub fn enter(&mut self, outcome: &Outcome, rules: &RuleSet) {
        let totals = &mut self.totals;
        totals.assets += 1;
        *match outcome.status {
            Status::Scanned => &mut totals.scanned,
            Status::Rewritten => &mut totals.rewritten,
            Status::Skipped(_) => &mut totals.skipped,
            Status::Failed(_) => &mut totals.failed,
            Status::Changed => &mut totals.changed,
        } += 1;
        totals.bytes += if outcome.is_member { 0 } else { outcome.bytes };
        totals.matches += outcome.findings.count();
        self.complete &= outcome.exit() == crate::exit::Exit::Complete;
        let findings: Vec<Found> = outcome
            .findings
            .iter()
            .map(|(spot, entity, finding, prevalence)| {
                let mut found = found(spot, entity, finding, prevalence, rules);
                found.class = self.classes.as_ref().map(|profile| profile.shown(&found.entity));
                found
            })
            .collect();
        for found in &findings {
            let entity = self.entities.entry(found.entity.clone()).or_default();
            entity.level = entity.level.max(found.level);
            entity.matches += found.matches;
        }
        for entity in outcome.findings.by_entity().keys() {
            if let Some(held) = rules.entity(*entity).and_then(|known| self.entities.get_mut(&known.name)) {
                held.assets += 1;
            }
        }
        self.assets.push(Asset {
            path: escape::path_text(&outcome.path),
            status: outcome.status.name(),
            reason: outcome.status.reason(),
            format: outcome.format,
            compression: outcome.compression,
            bytes: outcome.bytes,
            examined_by_statistics: by_statistics(outcome),
            findings,
        });
    }

    /// The document.
    pub fn to_json(&self) -> Vec<u8> {
        // Of a type whose map keys are strings, into memory: cannot fail.
        let mut json = serde_json::to_vec_pretty(self).unwrap_or_default();
        json.push(b'\n');
        json
    }
}

fn by_statistics(outcome: &Outcome) -> Vec<ByStatistics> {
    let columns = outcome.by_statistics.iter();
    columns.map(|(column, values)| ByStatistics { column: safe_name(column), values: *values }).collect()
}

fn found(spot: &Spot, entity: EntityId, finding: &Finding, prevalence: Option<Prevalence>, rules: &RuleSet) -> Found {
    Found {
        table: spot.table.clone(),
        column: spot.column.clone(),
        entity: rules.entity(entity).map(|known| known.name.clone()).unwrap_or_default(),
        level: finding.level,
        class: None,
        matches: finding.count,
        distinct: finding.distinct.count(),
        distinct_is_exact: finding.distinct.is_exact(),
        score: rounded(finding.score.into()),
        column_verdict: prevalence.map(|found| if found.column_is() { "is" } else { "contains" }),
        values: prevalence.map(|found| found.values),
        prevalence: prevalence.map(|found| (found.share() * 10_000.0).round() / 10_000.0),
        sample: finding.sample.clone(),
    }
}

fn rounded(score: f64) -> f64 {
    (score * 100.0).round() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::DataError;

    #[test]
    fn every_asset_is_in_it_with_its_status() {
        let rules = RuleSet::default();
        let mut summary = Summary::new("default", &rules, 0.6);
        for status in
            [Status::Scanned, Status::Skipped("is a FIFO".to_owned()), Status::Failed(DataError::new("broken"))]
        {
            summary.enter(&Outcome::bare("a".into(), status, false), &rules);
        }
        let json: serde_json::Value = serde_json::from_slice(&summary.to_json()).unwrap();
        assert_eq!((&json["totals"]["assets"], &json["complete"]), (&3.into(), &false.into()));
        assert_eq!(json["assets"][2]["reason"], "broken");
    }
}
