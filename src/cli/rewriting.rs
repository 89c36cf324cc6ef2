//! What `deidentify` and `anonymize` have in common: plan the outputs, rewrite, report, write the manifest.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use super::arguments::Common;
use super::progress;
use super::session::{Session, announce, bare, entries, extent, is_named};
use super::targets::{self, Destination, Job};
use crate::error::Error;
use crate::exit::Exit;
use crate::output;
use crate::pipeline::rewrite::Rewriter;
use crate::pipeline::{self, Context};
use crate::policy::Purpose;
use crate::report::manifest::Manifest;
use crate::report::table::Table;
use crate::transform::MasterKey;
use crate::transform::Transformer;

#[derive(Args)]
pub(super) struct Rewriting {
    /// Files and folders; - is standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Where to write: a folder, a file when there is one input, or - for standard output
    #[arg(short, long, value_name = "OUT")]
    output: PathBuf,

    /// Replace outputs that exist already
    #[arg(long)]
    force: bool,

    #[command(flatten)]
    common: Common,
}

impl Rewriting {
    /// Makes sure that the file at `path` is none of the inputs.
    ///
    /// # Errors
    /// When it is.
    pub(super) fn refuse_as_input(&self, path: &Path) -> anyhow::Result<()> {
        let Ok(path) = path.canonicalize() else { return Ok(()) };
        let holds = |input: &PathBuf| input.canonicalize().is_ok_and(|input| path.starts_with(input));
        match self.paths.iter().find(|input| holds(input)) {
            Some(input) => Err(Error::Usage(format!(
                "the key file is inside the input {}; keep it elsewhere",
                crate::report::escape::path_text(input)
            ))
            .into()),
            None => Ok(()),
        }
    }

    pub(super) fn run(self, purpose: Purpose, key: Option<MasterKey>) -> anyhow::Result<Exit> {
        let session = Session::new(&self.common)?;
        let transformer = Transformer::new(session.rules.clone(), session.policy.clone(), purpose, key)?;
        let entries = entries(&self.paths)?;
        let (assets, bytes) = extent(&entries);
        let (destination, jobs) = targets::plan(&self.paths, entries, &self.output, self.force)?;
        for folder in targets::folders(&destination, &jobs) {
            output::remove_stray(&folder);
        }
        let observer = progress::observer(&self.common, assets, bytes);
        let rules = &session.rules;
        let context = Context::new(session.settings.clone(), rules.clone(), &session.policy, purpose, observer, None);
        let rewriter = Rewriter { context: &context, transformer: &transformer, replace_existing: self.force };
        let mut table = Table::default();
        let key_id = transformer.key_id().map(str::to_owned);
        let mut manifest = Manifest::new(purpose.name(), &session.policy, rules, self.common.min_score, key_id);
        let mut exit = Exit::Complete;
        let mut wrote = false;
        pipeline::run(
            context.settings.threads,
            jobs,
            |job| match job {
                Job::Rewrite { input, .. } => Some(input),
                Job::Pass(_) => None,
            },
            |job, threads, _| match job {
                Job::Rewrite { input, target } => {
                    Some(rewriter.rewrite(input, is_named(&self.paths, input), target, threads))
                }
                Job::Pass(entry) => Some(bare(entry.clone())),
            },
            |outcome| {
                announce(&outcome, self.common.verbose);
                exit = exit.merge(outcome.exit());
                wrote |= outcome.rewritten.is_some();
                table.enter(&outcome, rules);
                manifest.enter(&outcome, rules);
                Ok(())
            },
        )
        .map_err(|error| Error::Usage(error.to_string()))?;
        drop(context);
        // A manifest without outputs would only stand in the way of the next try.
        if let Some(path) = destination.manifest().filter(|_| wrote) {
            output::write_whole(&path, &manifest.to_json(), self.force)?;
        }
        if !self.common.quiet {
            match destination {
                Destination::Stdout => table.write(&mut io::stderr().lock())?,
                _ => table.write(&mut io::stdout().lock())?,
            }
        }
        Ok(exit)
    }
}
