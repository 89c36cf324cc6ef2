//! `tuomin rules`: what is recognized, how, and whether the examples hold.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use unicode_width::UnicodeWidthStr as _;

use crate::detect::Detector;
use crate::detect::calibration::{Calibration, group_of};
use crate::detect::explain::Outcome;
use crate::detect::resolve::MATCH_SCORE;
use crate::error::Error;
use crate::exit::Exit;
use crate::rule::label::Standing;
use crate::rule::{RuleSet, self_test, shown_aliases};

/// List, show and test the rules
#[derive(Args)]
pub(super) struct Rules {
    #[command(subcommand)]
    action: Action,

    /// Folder of further rule files; may be given more than once
    #[arg(long, value_name = "DIR", global = true)]
    rules: Vec<PathBuf>,
}

#[derive(Subcommand)]
enum Action {
    /// List the entity types
    List {
        /// Also what other tools call them, as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show how an entity type is recognized
    Show {
        /// The entity type, as in `rules list`, or another tool's name for it (PHONE_NUMBER, presidio:PERSON)
        #[arg(value_name = "ENTITY")]
        entity: String,
    },
    /// Explain why something is found in a text, or is not: candidates, points, labels, and what lost to what
    Explain {
        /// The text; `-` reads it from standard input
        #[arg(value_name = "TEXT", allow_hyphen_values = true)]
        text: String,

        /// The text is a whole cell of a column of this name
        #[arg(long, value_name = "NAME")]
        column: Option<String>,
    },
    /// Run the examples and counterexamples of all rules
    Test,
}

impl Rules {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let rules = Arc::new(RuleSet::load(&self.rules)?);
        let mut out = io::BufWriter::new(io::stdout().lock());
        let exit = match self.action {
            Action::List { json: true } => list_json(&rules, &mut out)?,
            Action::List { json: false } => list(&rules, &mut out)?,
            Action::Show { entity } => show_called(&rules, &entity, &mut out)?,
            Action::Explain { text, column } => {
                let text = if text == "-" { io::read_to_string(io::stdin().lock())? } else { text };
                explain(&rules, text.trim_end_matches(['\r', '\n']), column.as_deref(), &mut out)?
            }
            Action::Test => test(&rules, &mut out)?,
        };
        out.flush()?;
        Ok(exit)
    }
}

fn list(rules: &RuleSet, out: &mut dyn Write) -> io::Result<Exit> {
    let width = rules.entities().iter().map(|entity| entity.name.len()).max().unwrap_or(0);
    let zh_width = rules.entities().iter().map(|entity| entity.zh.width()).max().unwrap_or(0);
    for entity in rules.entities() {
        let padding = " ".repeat(zh_width - entity.zh.width().min(zh_width));
        writeln!(out, "{:width$}  {}{padding}  {}", entity.name, entity.zh, entity.en)?;
    }
    Ok(Exit::Complete)
}

/// What programs may want to know of an entity type.
#[derive(serde::Serialize)]
struct Listed<'a> {
    entity: &'a str,
    zh: &'a str,
    en: &'a str,
    aliases: &'a [crate::rule::syntax::Alias],
}

fn list_json(rules: &RuleSet, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let each = rules.entities().iter().zip(rules.rules());
    let listed = each.map(|(entity, rule)| Listed {
        entity: &entity.name,
        zh: &entity.zh,
        en: &entity.en,
        aliases: &rule.syntax.aliases,
    });
    serde_json::to_writer_pretty(&mut *out, &listed.collect::<Vec<_>>())?;
    writeln!(out)?;
    Ok(Exit::Complete)
}

/// Every entity type that is called `name`.
fn show_called(rules: &RuleSet, name: &str, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let called = rules.entities_called(name);
    if called.is_empty() {
        return show(rules, name, out);
    }
    for (at, entity) in called.into_iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        show(rules, &entity.name, out)?;
    }
    Ok(Exit::Complete)
}

fn show(rules: &RuleSet, name: &str, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let unknown = || Error::Usage(format!("there is no entity type {name}; see `tuomin rules list`"));
    let entity = rules.entity_named(name).ok_or_else(unknown)?;
    writeln!(out, "{}  {}  {}", entity.name, entity.zh, entity.en)?;
    let rule = rules.rules().get(usize::from(entity.id.0)).ok_or_else(unknown)?;
    writeln!(out, "file: {}", rule.file)?;
    writeln!(out, "source: {}", rule.syntax.source)?;
    for (vocabulary, names) in shown_aliases(&rule.syntax.aliases) {
        writeln!(out, "called by {}: {names}", vocabulary.name())?;
    }
    writeln!(out, "canonical form: {}; mask: {}", text_of(&entity.canonical), text_of(&entity.mask))?;
    if let Some(shape) = &entity.shape {
        writeln!(out, "same-shape form: {}", text_of(shape))?;
    }
    writeln!(out, "recognized by:")?;
    for (recognizer, written) in rule.recognizers.iter().zip(&rule.syntax.recognize) {
        writeln!(out, "  - {}", recognizer.anchor.describe())?;
        let written = &written.value;
        if let Some(pattern) = &written.pattern {
            writeln!(out, "    pattern: {pattern}")?;
        }
        if !written.validators.is_empty() {
            writeln!(out, "    validators: {}", written.validators.join(", "))?;
        }
        let label = if recognizer.label_required { "a label is required" } else { "a label adds to the score" };
        writeln!(out, "    structure: {} points; {label}", recognizer.structure)?;
    }
    let labels = &rule.syntax.labels;
    for (what, list) in [
        ("labels", &labels.positive),
        ("labels beside a companion", &labels.weak),
        ("abbreviations beside a companion", &labels.abbreviated),
        ("companions", &labels.companions),
        ("companions as whole keys", &labels.companion_keys),
        ("labels against it", &labels.negative),
    ] {
        if !list.is_empty() {
            writeln!(out, "{what}: {}", list.join(", "))?;
        }
    }
    writeln!(out, "examples: {}, counterexamples: {}", rule.syntax.examples.len(), rule.syntax.counterexamples.len())?;
    Ok(Exit::Complete)
}

fn explain(rules: &Arc<RuleSet>, text: &str, column: Option<&str>, out: &mut dyn Write) -> io::Result<Exit> {
    let (trials, matches) = Detector::explain(rules, text, column);
    let calibration = Calibration::new(rules);
    let name = |entity| rules.entity(entity).map_or("?", |entity| entity.name.as_str());
    for trial in &trials {
        let label = match trial.label {
            Standing::Positive => "a label says so",
            Standing::Weak => "a weak label without a companion",
            Standing::Abbreviated => "an abbreviation without a companion",
            Standing::None => "no label",
            Standing::Negative => "a label speaks against it",
        };
        let points: Vec<String> = trial.points.iter().map(|(what, points)| format!("{what} {points:+}")).collect();
        let outcome = match &trial.outcome {
            Outcome::Won => "match".to_owned(),
            Outcome::Refused(by) => format!("refused by the validator {by}"),
            Outcome::NeedsLabel => "counts only beside a label".to_owned(),
            Outcome::TooWeak => "too weak to be possible".to_owned(),
            Outcome::Lost(to) => format!("lost to {}, which is longer or stronger", name(*to)),
            Outcome::Dropped => "dropped: another reading of the place, or the column's other values".to_owned(),
        };
        writeln!(out, "{}  {}", name(trial.entity), trial.value)?;
        writeln!(out, "    anchor: {} (recognize[{}])", trial.anchor, trial.recognizer)?;
        writeln!(out, "    points: {} = {}; {label}", trial.sum(), points.join(" "))?;
        let score = calibration.score(trial.entity, f32::from(trial.sum()) / 100.0);
        match rules.is_own(trial.entity) {
            true => writeln!(out, "    score: {score:.2} (the points: a rule of your own is not calibrated)")?,
            false => writeln!(out, "    score: {score:.2} ({} group, calibrated)", group_of(name(trial.entity)))?,
        }
        writeln!(out, "    {outcome}")?;
    }
    let certain = matches.iter().filter(|found| found.score >= MATCH_SCORE).count();
    let possible = matches.len() - certain;
    writeln!(out, "{} candidates, {certain} matches, {possible} only possible", trials.len())?;
    Ok(Exit::Complete)
}

/// A small setting as it is written in a rule file.
fn text_of(setting: &impl serde::Serialize) -> String {
    match serde_json::to_value(setting) {
        Ok(serde_json::Value::String(text)) => text,
        Ok(value) => value.to_string(),
        Err(_) => String::new(),
    }
}

fn test(rules: &Arc<RuleSet>, out: &mut dyn Write) -> io::Result<Exit> {
    let outcome = self_test::run(rules);
    for failure in &outcome.failures {
        writeln!(out, "{}: {}: {}", failure.file, failure.entity, failure.reason)?;
    }
    writeln!(out, "{} rules, {} examples, {} failed", outcome.rules, outcome.cases, outcome.failures.len())?;
    Ok(if outcome.failures.is_empty() { Exit::Complete } else { Exit::Found })
}
