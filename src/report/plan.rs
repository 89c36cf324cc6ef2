//! The plan of a rewrite, before anything is written: for each column and entity type what would be done, what a place
//! can hold and what would stand there, and what cannot be.
//!
//! Holds no value. For people a table, for programs one JSON document.

mod dump;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use serde::Serialize;

pub use self::dump::undeclared_tables;
use self::dump::{Folder, folder_of};
use super::{columns, escape};
use crate::error::DataError;
use crate::exit::Exit;
use crate::finding::EntityId;
use crate::pipeline::changes::{Change, Results, Verdict};
use crate::pipeline::findings::{Prevalence, Spot};
use crate::pipeline::locate::safe_name;
use crate::pipeline::{Outcome, Status};
use crate::rule::RuleSet;
use crate::transform::{CarriedOut, Transformer, described};

/// How many values a token of 100 bits tells apart, as a power of two.
const TOKEN_BITS: i32 = 100;

const HEADINGS: [&str; 11] =
    ["FILE", "COLUMN", "HOLDS", "ENTITY", "SHARE", "VALUES", "DISTINCT", "OPERATOR", "WIDTH", "STAY APART", "VERDICT"];
const TO_THE_RIGHT: [bool; 11] = [false, false, false, false, true, true, true, false, true, false, false];

/// Collects outcomes of planning.
#[derive(Serialize)]
pub struct Plan {
    tool: &'static str,
    version: &'static str,
    purpose: &'static str,
    policy: String,
    /// Whether nothing would be refused and every asset could be read.
    feasible: bool,
    columns: Vec<Column>,
    not_read: Vec<NotRead>,
    /// What is not known, and what to do about it.
    notes: Vec<String>,
    /// Dumps that are folders.
    #[serde(skip)]
    folders: BTreeMap<PathBuf, Folder>,
}

#[derive(Serialize)]
struct Column {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<String>,
    /// Name of the column, or the path in a document; absent in plain text.
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<String>,
    /// What the place can hold; absent in text.
    #[serde(skip_serializing_if = "Option::is_none")]
    holds: Option<String>,
    entity: String,
    /// `is` the entity type, or `contains` some; absent in text.
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict_of_column: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    share: Option<f64>,
    values: u64,
    /// Different values in the place that become others, of all entity types.
    distinct: u64,
    /// What the policy names.
    asked: &'static str,
    /// What the place lets be carried out.
    operator: &'static str,
    /// Most characters of a value that becomes another, before and after.
    width_before: usize,
    width_after: usize,
    /// Whether values that are different stay different: `always` by the operator, or `so far`, `no` or `unknown` by
    /// what was seen. Absent where nobody asks: outside of named tables.
    #[serde(skip_serializing_if = "Option::is_none")]
    stay_apart: Option<&'static str>,
    /// Bound on the chance that two of the distinct values become one, by the operator; absent where it does not keep
    /// values apart.
    #[serde(skip_serializing_if = "Option::is_none")]
    collision_bound: Option<f64>,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    advice: Option<String>,
}

#[derive(Serialize)]
struct NotRead {
    path: String,
    status: &'static str,
    reason: String,
}

impl Plan {
    /// A plan for `purpose` under the policy of that name.
    pub fn new(purpose: &'static str, policy: String) -> Plan {
        Plan {
            tool: "tuomin",
            version: env!("CARGO_PKG_VERSION"),
            purpose,
            policy,
            feasible: true,
            columns: Vec::new(),
            not_read: Vec::new(),
            notes: Vec::new(),
            folders: BTreeMap::new(),
        }
    }

    /// Adds an outcome.
    pub fn enter(&mut self, outcome: &Outcome, rules: &RuleSet, transformer: &Transformer) {
        let path = escape::path_text(&outcome.path);
        let shares: BTreeMap<(Spot, EntityId), Option<Prevalence>> =
            outcome.findings.iter().map(|(spot, entity, _, prevalence)| ((spot.clone(), entity), prevalence)).collect();
        for (spot, change, verdict) in outcome.changes.verdicts() {
            let named = |name: &Option<String>| name.as_deref().map(safe_name);
            let shown = Spot { table: named(&spot.table), column: named(&spot.column) };
            if let Some(dropped) = outcome.dropped.at(&shown) {
                let of_keys = || outcome.changes.verdict_between_files(spot);
                let verdict = dropped.refused.clone().map_or_else(of_keys, Verdict::Refused).located(&shown);
                let change = Change {
                    kind: change.kind.clone(),
                    operators: change.operators.clone(),
                    widest: (change.widest.0, 0),
                    distinct: change.distinct.clone(),
                    ..Change::default()
                };
                for (entity, (asked, count)) in asked(&change) {
                    let share = shares.get(&(shown.clone(), entity)).copied().flatten();
                    let met =
                        Met { entity, carried_out: CarriedOut { asked, done: dropped.how.operator() }, count, share };
                    let column = column(&path, &shown, &change, &verdict, &met, rules, transformer);
                    self.enter_of(outcome, spot, column);
                }
                continue;
            }
            for ((entity, carried_out), count) in &change.operators {
                let share = shares.get(&(shown.clone(), *entity)).copied().flatten();
                let met = Met { entity: *entity, carried_out: *carried_out, count: *count, share };
                let column = column(&path, &shown, change, &verdict, &met, rules, transformer);
                self.enter_of(outcome, spot, column);
            }
        }
        let undeclared: Vec<String> = outcome.changes.undeclared().map(|table| safe_name(table)).collect();
        if !undeclared.is_empty() {
            self.notes.push(format!("{path}: {}", undeclared_tables(&undeclared)));
        }
        if let Some((folder, is_contents)) = folder_of(outcome) {
            let folder = self.folders.entry(folder.to_path_buf()).or_default();
            folder.is_dump |= is_contents;
            folder.changes.join(outcome.changes.outline());
        }
        if !matches!(outcome.status, Status::Scanned)
            && let Some(reason) = outcome.status.reason()
        {
            self.feasible &= outcome.exit() == Exit::Complete;
            self.not_read.push(NotRead { path, status: outcome.status.name(), reason });
        }
    }

    /// Something that is to be said beside the columns.
    pub fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// All outcomes have been entered: holds the files of a dump that is a folder against each other.
    pub fn close(&mut self) {
        for folder in std::mem::take(&mut self.folders).into_values().filter(|folder| folder.is_dump) {
            for (number, spot) in &folder.columns {
                let Some(column) = self.columns.get_mut(*number).filter(|column| column.verdict != "refused") else {
                    continue;
                };
                match folder.changes.verdict_between_files(spot) {
                    Verdict::Refused(error) => {
                        let (reason, advice) = shown(&error);
                        (column.verdict, column.reason, column.advice) = ("refused", Some(reason), advice);
                        self.feasible = false;
                    }
                    Verdict::Doubtful(why) if column.verdict == "fits" => {
                        (column.verdict, column.reason) =
                            ("doubtful", Some(format!("{}: {why}", safe_name(&place(spot)))));
                    }
                    Verdict::Doubtful(_) | Verdict::Fits => {}
                }
            }
        }
    }

    /// Enters a column that stands at `spot` of the asset that `outcome` tells of.
    fn enter_of(&mut self, outcome: &Outcome, spot: &Spot, column: Column) {
        if let Some((folder, _)) = folder_of(outcome) {
            let folder = self.folders.entry(folder.to_path_buf()).or_default();
            folder.columns.push((self.columns.len(), spot.clone()));
        }
        self.enter_column(column);
    }

    fn enter_column(&mut self, column: Column) {
        self.feasible &= column.verdict != "refused";
        self.columns.push(column);
    }

    /// What the plan means for the exit code: 2 where something would be refused.
    pub fn exit(&self) -> Exit {
        if self.columns.iter().any(|column| column.verdict == "refused") { Exit::Fatal } else { Exit::Complete }
    }

    /// Writes it for programs.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        writeln!(out)
    }

    /// Writes it for people.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn write_table(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut rows = vec![HEADINGS.map(str::to_owned).to_vec()];
        rows.extend(self.columns.iter().map(Column::cells));
        if rows.len() > 1 {
            let widths = columns::widths(rows.iter().map(Vec::as_slice));
            for row in &rows {
                columns::write_row(out, row, &widths, &TO_THE_RIGHT)?;
            }
            writeln!(out)?;
        }
        for column in &self.columns {
            if let Some(reason) = &column.reason {
                writeln!(out, "{}: {}: {reason}", column.verdict, escape::for_terminal(&column.path))?;
                if let Some(advice) = &column.advice {
                    writeln!(out, "    {advice}")?;
                }
            }
        }
        for not_read in &self.not_read {
            let (path, reason) = (escape::for_terminal(&not_read.path), escape::for_terminal(&not_read.reason));
            writeln!(out, "{}: {path}: {reason}", not_read.status)?;
        }
        for note in &self.notes {
            writeln!(out, "note: {}", escape::for_terminal(note))?;
        }
        let places = self.columns.len();
        let refused = self.columns.iter().filter(|column| column.verdict == "refused").count();
        let doubtful = self.columns.iter().filter(|column| column.verdict == "doubtful").count();
        let end = if self.feasible { "nothing stands in the way" } else { "NOT FEASIBLE as it is" };
        writeln!(
            out,
            "{places} places with something to rewrite, {refused} refused, {doubtful} doubtful; {end}; nothing was written"
        )
    }
}

/// What one entity type met in one place.
struct Met {
    entity: EntityId,
    carried_out: CarriedOut,
    count: u64,
    share: Option<Prevalence>,
}

/// The operator that the policy names for each entity type in a place that is dropped, and how many values there are.
fn asked(change: &Change) -> BTreeMap<EntityId, (&'static str, u64)> {
    let mut asked = BTreeMap::new();
    for ((entity, carried_out), count) in &change.operators {
        let (name, sum) = asked.entry(*entity).or_insert(("drop", 0));
        if *carried_out != CarriedOut::REFUSED {
            *name = carried_out.asked;
        }
        *sum += count;
    }
    asked
}

fn column(
    path: &str,
    spot: &Spot,
    change: &Change,
    verdict: &Verdict,
    met: &Met,
    rules: &RuleSet,
    transformer: &Transformer,
) -> Column {
    let is_refused = met.carried_out == CarriedOut::REFUSED;
    let (name, reason, advice) = match verdict {
        // Those of the other entity types in the place fit.
        Verdict::Refused(_) if change.refused.1.is_some() && !is_refused => ("fits", None, None),
        Verdict::Refused(error) => {
            let (reason, advice) = shown(error);
            ("refused", Some(reason), advice)
        }
        Verdict::Doubtful(why) => ("doubtful", Some(format!("{}: {why}", place(spot))), None),
        Verdict::Fits => ("fits", None, None),
    };
    let distinct = change.distinct.count();
    let keeps_apart = !is_refused && transformer.keeps_apart(met.entity, met.carried_out);
    let is_token = matches!(met.carried_out.done, "hash" | "sha256");
    Column {
        path: path.to_owned(),
        table: spot.table.clone(),
        column: spot.column.clone(),
        holds: change.kind.as_ref().map(described),
        entity: rules.entity(met.entity).map_or_else(String::new, |entity| entity.name.clone()),
        verdict_of_column: met.share.map(|share| if share.column_is() { "is" } else { "contains" }),
        share: met.share.map(Prevalence::share),
        values: met.count,
        distinct,
        asked: met.carried_out.asked,
        operator: met.carried_out.done,
        width_before: change.widest.0,
        width_after: change.widest.1,
        stay_apart: match (keeps_apart, is_refused, &change.results) {
            (true, ..) => Some("always"),
            (_, true, _) => None,
            _ if spot.table.is_none() => None,
            (_, _, Results::Apart(_)) => Some("so far"),
            (_, _, Results::Shared) => Some("no"),
            (_, _, Results::TooMany) => Some("unknown"),
        },
        collision_bound: keeps_apart.then(|| if is_token { birthday_bound(distinct) } else { 0.0 }),
        verdict: name,
        reason,
        advice,
    }
}

/// Why something is refused, and what to do about it.
fn shown(error: &DataError) -> (String, Option<String>) {
    let error = error.clone().with_names(safe_name);
    let reason = match &error.position {
        Some(position) => format!("{position}: {}", error.reason),
        None => error.reason,
    };
    (reason, error.advice)
}

/// Bound on the chance that two of so many distinct values share a token: n² / 2^101.
#[allow(clippy::cast_precision_loss)] // A bound.
fn birthday_bound(distinct: u64) -> f64 {
    (distinct as f64).powi(2) * 2_f64.powi(-(TOKEN_BITS + 1))
}

fn place(spot: &Spot) -> String {
    match (&spot.table, &spot.column) {
        (Some(table), Some(column)) => format!("{table}.{column}"),
        (None, Some(name)) | (Some(name), None) => name.clone(),
        (None, None) => String::new(),
    }
}

impl Column {
    fn cells(&self) -> Vec<String> {
        let spot = Spot { table: self.table.clone(), column: self.column.clone() };
        let operator = if self.operator == self.asked {
            self.operator.to_owned()
        } else {
            format!("{} for {}", self.operator, self.asked)
        };
        let share = self.share.map_or_else(String::new, |share| {
            format!("{}{:.0}%", if self.verdict_of_column == Some("is") { "" } else { "some " }, share * 100.0)
        });
        vec![
            escape::for_terminal(&self.path).into_owned(),
            escape::for_terminal(&place(&spot)).into_owned(),
            self.holds.clone().unwrap_or_default(),
            self.entity.clone(),
            share,
            self.values.to_string(),
            self.distinct.to_string(),
            operator,
            format!("{} → {}", self.width_before, self.width_after),
            match (self.stay_apart, self.collision_bound) {
                (Some(apart), Some(bound)) if bound > 0.0 => format!("{apart} (p ≤ {bound:.0e})"),
                (apart, _) => apart.unwrap_or_default().to_owned(),
            },
            self.verdict.to_owned(),
        ]
    }
}
