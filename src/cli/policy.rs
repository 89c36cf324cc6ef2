//! `tuomin policy`: what the policies say, and whether a policy of one's own can be used.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand, ValueEnum};

use crate::error::Error;
use crate::exit::Exit;
use crate::policy::profile::{self, Profile};
use crate::policy::{Entry, Operators, Policy, catalogue};
use crate::report::columns;
use crate::rule::RuleSet;

/// List, show and check the policies
#[derive(Args)]
pub(super) struct PolicyCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List the built-in policies, and the profiles of levels
    List,
    /// Show what a policy does with each category, and where the document says so
    #[command(after_help = "\
Examples:
  tuomin policy show ziyun
  tuomin policy show ziyun --profile gbt45574-2025
  tuomin policy show default --format yaml > own.yml     a policy file to start from")]
    Show {
        /// The name of a built-in policy, or a YAML file
        #[arg(value_name = "POLICY", default_value = "default")]
        name: String,

        /// Table for people; YAML, which is a policy file; JSON, the same for programs
        #[arg(long, value_name = "FORMAT", default_value = "table")]
        format: ShowFormat,

        /// Whose levels are shown: `policy`, or a standard's (see `tuomin policy list`)
        #[arg(long, value_name = "NAME", default_value = profile::OWN)]
        profile: String,
    },
    /// Check that a policy can be used with the rules, and say what of the catalogue it leaves out
    Check {
        /// A YAML file, or the name of a built-in policy
        #[arg(value_name = "POLICY")]
        name: String,

        /// Folder of further rule files; may be given more than once
        #[arg(long, value_name = "DIR")]
        rules: Vec<PathBuf>,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ShowFormat {
    Table,
    Yaml,
    Json,
}

impl PolicyCommand {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let mut out = io::BufWriter::new(io::stdout().lock());
        match self.action {
            Action::List => list(&mut out)?,
            Action::Show { name, format, profile } => {
                let mut policy = Policy::load(&name)?;
                if let Some(profile) = Profile::named(&profile)? {
                    policy = policy.with_profile(profile);
                }
                show(&policy, format, &mut out)?;
            }
            Action::Check { name, rules } => check(&Policy::load(&name)?, &rules, &mut out)?,
        }
        out.flush()?;
        Ok(Exit::Complete)
    }
}

fn list(out: &mut dyn Write) -> anyhow::Result<()> {
    for name in Policy::builtin_names() {
        let policy = Policy::load(name)?;
        writeln!(out, "{name}  {}  {}", policy.version, policy.title)?;
    }
    for profile in Profile::all() {
        writeln!(out, "--profile {}  {}", profile.name, profile.title)?;
    }
    Ok(())
}

fn show(policy: &Policy, format: ShowFormat, out: &mut dyn Write) -> anyhow::Result<()> {
    match format {
        ShowFormat::Yaml | ShowFormat::Json if policy.profile().is_some() => {
            let reason = "--profile is for the table: a policy file has its own levels";
            return Err(Error::Usage(reason.to_owned()).into());
        }
        ShowFormat::Yaml => out.write_all(policy.to_yaml()?.as_bytes())?,
        ShowFormat::Json => writeln!(out, "{}", policy.to_json()?)?,
        ShowFormat::Table => table(policy, out)?,
    }
    Ok(())
}

fn table(policy: &Policy, out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(out, "{}  {}  {}\nsource: {}\n", policy.name, policy.version, policy.title, policy.source)?;
    let headings =
        ["CLAUSE", "CATEGORY", "LEVEL", "RULES", "DEIDENTIFY", "ANONYMIZE", "DISPLAY", "EXPORT", "RETENTION"];
    let mut rows = vec![headings.map(str::to_owned).to_vec()];
    for entry in policy.entries() {
        let clause = match entry.collected_for.as_slice() {
            [] => entry.clause.clone(),
            purposes => format!("{} (for {})", entry.clause, purposes.join(", ")),
        };
        let retention = entry.retention.as_ref();
        let retention = retention.map_or("none stated".to_owned(), |kept| format!("{} ({})", kept.period, kept.clause));
        let first = vec![clause, entry.category.clone()];
        match &entry.not_in_text {
            Some(reason) => {
                let rules = format!("not in text: {reason}");
                let none = ["-"; 4].map(str::to_owned);
                rows.push([first, vec![entry.level.to_string(), rules], none.to_vec(), vec![retention]].concat());
            }
            None => {
                for (level, entities) in by_level(policy, entry) {
                    let rest = vec![level, entities.join(" ")];
                    rows.push([first.clone(), rest, names(&entry.operators), vec![retention.clone()]].concat());
                }
            }
        }
    }
    let otherwise = policy.otherwise();
    let first = ["", "everything else", &otherwise.level.to_string(), "all other rules"].map(str::to_owned);
    rows.push([first.to_vec(), names(&otherwise.operators), vec![String::new()]].concat());
    columns::write_folded(out, &rows, columns::terminal_width())?;
    raised(policy, out)
}

/// The entity types of an entry by the level that counts, in their order.
fn by_level<'e>(policy: &Policy, entry: &'e Entry) -> Vec<(String, Vec<&'e str>)> {
    let mut levels: Vec<(String, Vec<&str>)> = Vec::new();
    for entity in &entry.entities {
        let level = match policy.profile() {
            None => entry.level.to_string(),
            Some(profile) => {
                format!("{} {}", profile.level(entity).unwrap_or(entry.level), profile.shown(entity))
            }
        };
        match levels.iter_mut().find(|(held, _)| *held == level) {
            Some((_, entities)) => entities.push(entity),
            None => levels.push((level, vec![entity])),
        }
    }
    levels
}

/// What is raised by what stands beside it.
fn raised(policy: &Policy, out: &mut dyn Write) -> anyhow::Result<()> {
    let operator = |operator: &Option<crate::policy::OperatorSpec>| {
        operator.as_ref().map_or_else(|| "as above".to_owned(), |operator| operator.name().to_owned())
    };
    let raised = |becomes: &crate::policy::Becomes| {
        let each = [&becomes.deidentify, &becomes.anonymize, &becomes.display, &becomes.export].map(operator);
        let [deidentify, anonymize, display, export] = each;
        format!(
            "level {}; deidentify: {deidentify}, anonymize: {anonymize}, display: {display}, export: {export}",
            becomes.level
        )
    };
    for combination in policy.combinations() {
        writeln!(out, "\nin one record ({})", combination.clause)?;
        writeln!(out, "  {}", combination.entities.join(" "))?;
        writeln!(out, "  with any of {}", combination.with.join(" "))?;
        writeln!(out, "  becomes {}", raised(&combination.becomes))?;
    }
    if let Some(minors) = policy.minors() {
        writeln!(out, "\nyounger than {} years ({})", minors.under, minors.clause)?;
        writeln!(out, "  told by {}", minors.entities.join(" "))?;
        writeln!(out, "  becomes {}", raised(&minors.becomes))?;
    }
    Ok(())
}

fn names(operators: &Operators) -> Vec<String> {
    operators.each().map(|operator| operator.name().to_owned()).to_vec()
}

fn check(policy: &Policy, folders: &[PathBuf], out: &mut dyn Write) -> anyhow::Result<()> {
    let rules = Arc::new(RuleSet::load_without_examples(folders)?);
    policy.check(&rules)?;
    let covered = |id: u16| policy.entries().iter().any(|entry| entry.covers.contains(&id));
    let left_out: Vec<_> = catalogue::categories().iter().filter(|category| !covered(category.id)).collect();
    let unnamed: Vec<&str> = rules.entities().iter().map(|entity| entity.name.as_str()).collect();
    let unnamed: Vec<&str> = unnamed.into_iter().filter(|name| policy.entry(name).is_none()).collect();
    writeln!(out, "{}: {} entries, all of known entity types", policy.name, policy.entries().len())?;
    if !unnamed.is_empty() {
        writeln!(out, "entity types that no entry names, treated as `otherwise` says: {}", unnamed.join(" "))?;
    }
    for category in left_out {
        writeln!(out, "not covered: {} {}", category.id, category.name)?;
    }
    Ok(())
}
