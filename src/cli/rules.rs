//! `tuomin rules`: what is recognized, how, and whether the examples hold.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use unicode_width::UnicodeWidthStr as _;

use crate::error::Error;
use crate::exit::Exit;
use crate::rule::{RuleSet, self_test};

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
    List,
    /// Show how an entity type is recognized
    Show {
        /// The entity type, as in `rules list`
        #[arg(value_name = "ENTITY")]
        entity: String,
    },
    /// Run the examples and counterexamples of all rules
    Test,
}

impl Rules {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let rules = Arc::new(RuleSet::load(&self.rules)?);
        let mut out = io::BufWriter::new(io::stdout().lock());
        let exit = match self.action {
            Action::List => list(&rules, &mut out)?,
            Action::Show { entity } => show(&rules, &entity, &mut out)?,
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

fn show(rules: &RuleSet, name: &str, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let unknown = || Error::Usage(format!("there is no entity type {name}; see `tuomin rules list`"));
    let entity = rules.entity_named(name).ok_or_else(unknown)?;
    writeln!(out, "{}  {}  {}", entity.name, entity.zh, entity.en)?;
    let rule = rules.rules().get(usize::from(entity.id.0)).ok_or_else(unknown)?;
    writeln!(out, "file: {}", rule.file)?;
    writeln!(out, "canonical form: {:?}", entity.canonical)?;
    writeln!(out, "mask: {:?}", entity.mask)?;
    if let Some(shape) = entity.shape {
        writeln!(out, "same-shape form: {shape:?}")?;
    }
    writeln!(out, "examples: {}, counterexamples: {}", rule.syntax.examples.len(), rule.syntax.counterexamples.len())?;
    Ok(Exit::Complete)
}

fn test(rules: &Arc<RuleSet>, out: &mut dyn Write) -> io::Result<Exit> {
    let outcome = self_test::run(rules);
    for failure in &outcome.failures {
        writeln!(out, "{}: {}: {}", failure.file, failure.entity, failure.reason)?;
    }
    writeln!(out, "{} rules, {} examples, {} failed", outcome.rules, outcome.cases, outcome.failures.len())?;
    Ok(if outcome.failures.is_empty() { Exit::Complete } else { Exit::Found })
}
