//! `tuomin policy`: what the policies say.

use std::io::{self, Write};

use clap::{Args, Subcommand};

use crate::exit::Exit;
use crate::policy::Policy;

/// List and show the policies
#[derive(Args)]
pub(super) struct PolicyCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// List the built-in policies
    List,
    /// Show what a policy does with each category, and where the document says so
    Show {
        /// The name of a built-in policy, or a YAML file
        #[arg(value_name = "POLICY", default_value = "default")]
        name: String,
    },
}

impl PolicyCommand {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let mut out = io::BufWriter::new(io::stdout().lock());
        match self.action {
            Action::List => {
                for name in Policy::builtin_names() {
                    let policy = Policy::load(name)?;
                    writeln!(out, "{name}  {}  {}", policy.version, policy.title)?;
                }
            }
            Action::Show { name } => show(&Policy::load(&name)?, &mut out)?,
        }
        out.flush()?;
        Ok(Exit::Complete)
    }
}

fn show(policy: &Policy, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{}  {}  {}\nsource: {}\n", policy.name, policy.version, policy.title, policy.source)?;
    for entry in policy.entries() {
        writeln!(out, "level {}  {}  ({})", entry.level, entry.category, entry.clause)?;
        match &entry.undetected {
            Some(reason) if entry.entities.is_empty() => writeln!(out, "  not recognized: {reason}")?,
            _ => {
                writeln!(out, "  {}", entry.entities.join(", "))?;
                let (deidentify, anonymize) = (entry.deidentify.name(), entry.anonymize.name());
                writeln!(out, "  deidentify: {deidentify}, anonymize: {anonymize}")?;
            }
        }
        for (what, text) in [("kept", &entry.retention), ("note", &entry.note)] {
            if let Some(text) = text {
                writeln!(out, "  {what}: {text}")?;
            }
        }
    }
    let otherwise = policy.otherwise();
    let (deidentify, anonymize) = (otherwise.deidentify.name(), otherwise.anonymize.name());
    writeln!(out, "level {}  everything else\n  deidentify: {deidentify}, anonymize: {anonymize}", otherwise.level)
}
