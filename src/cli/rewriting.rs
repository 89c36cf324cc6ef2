//! What `deidentify` and `anonymize` have in common: plan the outputs, rewrite, report, write the manifest.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::arguments::Common;
use super::complain;
use super::earlier::{Earlier, Told};
use super::in_place;
use super::journal::Journal;
use super::plan::{self, PlanFormat};
use super::progress;
use super::session::{Session, announce, bare, entries, extent, input_of, is_named};
use super::targets::{self, Destination, Job};
use crate::error::Error;
use crate::exit::Exit;
use crate::output;
use crate::pipeline::rewrite::Rewriter;
use crate::pipeline::{self, Context, between_files};
use crate::policy::{Policy, Purpose};
use crate::report::escape::path_text;
use crate::report::manifest::{self, Asset, Manifest};
use crate::report::table::Table;
use crate::source::Input;
use crate::source::walk::Entry;
use crate::transform::MasterKey;
use crate::transform::Transformer;

#[derive(Args)]
pub(super) struct Rewriting {
    /// Files and folders; - is standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Where to write: a folder, a file when there is one input, or - for standard output
    #[arg(short, long, value_name = "OUT", required_unless_present_any = ["in_place", "plan"], conflicts_with = "in_place")]
    output: Option<PathBuf>,

    /// Put each rewritten file in the place of the original, which is gone then; the manifest goes beside PATH
    #[arg(long)]
    in_place: bool,

    /// Write nothing: say of each column what would be done, whether it fits, and what would be refused (exit code 2)
    #[arg(long, value_name = "FORMAT", num_args = 0..=1, require_equals = true, default_missing_value = "table")]
    plan: Option<PlanFormat>,

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
    fn refuse_as_input(&self, path: &Path) -> anyhow::Result<()> {
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

    /// The key in `file`, which must be none of the inputs, or else the one in the environment.
    ///
    /// # Errors
    /// When there is none, it is no key, or the file is an input.
    pub(super) fn key(&self, file: Option<&Path>) -> anyhow::Result<MasterKey> {
        let Some(path) = file else { return Ok(MasterKey::from_env()?) };
        let key = MasterKey::from_file(path)?;
        self.refuse_as_input(path)?;
        Ok(key)
    }

    pub(super) fn run(self, purpose: Purpose, key: Option<MasterKey>, again: bool) -> anyhow::Result<Exit> {
        self.run_with(purpose, key, again, None)
    }

    /// What there is to rewrite, and what an interrupted run has rewritten already.
    ///
    /// # Errors
    /// When something is no input for this run.
    fn inputs(
        &self,
        transformer: &Transformer,
        policy: &Policy,
        again: bool,
        restoring: Option<&Restoring>,
    ) -> anyhow::Result<(Vec<Entry>, Vec<Asset>)> {
        let mut entries = entries(&self.paths)?;
        let mut earlier = Earlier::default();
        let mut done = Vec::new();
        if self.in_place && !again {
            let own = (transformer.purpose(), policy, transformer.key_id());
            done = done_before(&mut entries, &mut earlier, own)?;
        }
        if let Some(restoring) = restoring {
            // That of the run that is undone is none of its outputs.
            entries.retain(|entry| !matches!(entry, Entry::Input(input) if manifest::is_manifest(input.path())));
            if !restoring.unchecked {
                restorable(&entries, &mut earlier, transformer, policy)?;
            }
        } else if transformer.purpose() != Purpose::Anonymize && !again {
            refuse_outputs(&entries, &mut earlier)?;
        }
        if !done.is_empty() && !self.common.quiet {
            complain(&format!("{} files are left as a run that was interrupted has rewritten them", done.len()));
        }
        Ok((entries, done))
    }

    /// As `run`, and for the way back.
    pub(super) fn run_with(
        self,
        purpose: Purpose,
        key: Option<MasterKey>,
        again: bool,
        restoring: Option<&Restoring>,
    ) -> anyhow::Result<Exit> {
        let mut session = Session::new(&self.common)?;
        let mut transformer = Transformer::new(session.rules.clone(), session.policy.clone(), purpose, key)?;
        if let Some(restoring) = restoring {
            transformer = transformer.only(&restoring.only)?;
        }
        let said = session.define(&self.common)?;
        let (entries, done) = self.inputs(&transformer, &session.policy, again, restoring)?;
        if let Some(format) = self.plan {
            return plan::run(format, &self.common, &self.paths, &session, transformer, (entries, said));
        }
        said.iter().for_each(|said| complain(said));
        let (assets, bytes) = extent(&entries);
        let (destination, mut jobs) = match &self.output {
            Some(output) => targets::plan(&self.paths, entries, output, self.force)?,
            None => in_place::plan(&self.paths, entries, self.force)?,
        };
        for folder in targets::folders(&destination, &jobs) {
            output::remove_stray(folder.path());
        }
        crate::temporary::remove_stray_private();
        let observer = progress::observer(&self.common, assets, bytes);
        let rules = &session.rules;
        let mut context =
            Context::new(session.settings.clone(), rules.clone(), &session.policy, purpose, observer, None);
        let transformer = Arc::new(transformer);
        refuse_between_files(&mut context, &transformer, &mut jobs);
        let mut table = Table::default();
        let key_id = transformer.key_id().map(str::to_owned);
        let mut manifest = Manifest::new(purpose.name(), &session.policy, rules, self.common.min_score, key_id);
        let mut exit = Exit::Complete;
        let mut wrote = !done.is_empty();
        manifest.assets = done;
        let journal = match &destination {
            Destination::InPlace { manifest: place } => Some(Journal::begin(place, &manifest, rules)?),
            _ => None,
        };
        let rewriter = Rewriter {
            context: &context,
            transformer: &transformer,
            replace_existing: self.force,
            journal: journal.as_ref().map(|journal| journal as _),
        };
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
        if let Some(journal) = journal {
            journal.end();
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

/// Takes the files of dumps out of `jobs` that would not fit together once rewritten.
fn refuse_between_files(context: &mut Context, transformer: &Arc<Transformer>, jobs: &mut [Job]) {
    // What fitted before fits again.
    if transformer.purpose() == Purpose::Reidentify {
        return;
    }
    let inputs = jobs.iter().enumerate().filter_map(|(place, job)| match job {
        Job::Rewrite { input, .. } => Some((place, input)),
        Job::Pass(_) => None,
    });
    let inputs: Vec<(usize, &Input)> = inputs.collect();
    for (place, error) in between_files::refused(context, transformer, &inputs) {
        let Some(job) = jobs.get_mut(place) else { continue };
        if let Job::Rewrite { input, .. } = job {
            *job = Job::Pass(Entry::Failed { path: input.path().to_path_buf(), reason: error.to_string() });
        }
    }
}

/// What the way back wants to know.
pub(super) struct Restoring {
    /// Entity types to restore; all that lead back when there are none.
    pub(super) only: Vec<String>,
    /// Without asking a manifest for the key.
    pub(super) unchecked: bool,
}

/// Takes what an interrupted run of the same purpose, policy and key has put in place already out of `entries`, and gives
/// what its journal says of it.
fn done_before(
    entries: &mut Vec<Entry>,
    earlier: &mut Earlier,
    (purpose, policy, key_id): (Purpose, &Policy, Option<&str>),
) -> Result<Vec<Asset>, Error> {
    let mut done = Vec::new();
    let mut left = Vec::with_capacity(entries.len());
    for entry in std::mem::take(entries) {
        let told = match &entry {
            Entry::Input(Input::File(file)) => earlier.told_of(&file.path)?,
            _ => None,
        };
        let asset = told.and_then(|Told { run, intact }| {
            let is_same = run.is_unfinished
                && run.purpose == purpose.name()
                && run.key_id.as_deref() == key_id
                && run.policy == (policy.name.clone(), policy.version.clone());
            intact.filter(|_| is_same).cloned()
        });
        match asset {
            Some(asset) => done.push(asset),
            None => left.push(entry),
        }
    }
    *entries = left;
    Ok(done)
}

/// Tokens of tokens are of no use: neither key leads back from them, and they join with nothing.
fn refuse_outputs(entries: &[Entry], earlier: &mut Earlier) -> Result<(), Error> {
    for input in entries.iter().filter_map(input_of) {
        let told = earlier.told_of(input.path())?.filter(Told::is_rewritten);
        // What was restored is no token.
        if let Some(Told { run, .. }) = told.filter(|told| told.run.purpose != Purpose::Reidentify.name()) {
            let key = run.key_id.as_deref().map_or("a key that is gone".to_owned(), |id| format!("key {id}"));
            return Err(Error::Usage(format!(
                "{} is the output of a run ({}, {key}): its tokens would become tokens of tokens; give the original, \
                 restore it with `tuomin reidentify`, or say --again",
                path_text(input.path()),
                run.purpose
            )));
        }
    }
    Ok(())
}

/// Makes sure that every input is what this key and this policy wrote.
fn restorable(
    entries: &[Entry],
    earlier: &mut Earlier,
    transformer: &Transformer,
    policy: &Policy,
) -> Result<(), Error> {
    let own = transformer.key_id().unwrap_or_default();
    for input in entries.iter().filter_map(input_of) {
        let refused = |reason: String| Err(Error::Usage(format!("{}: {reason}", path_text(input.path()))));
        let told = match input {
            Input::Stdin => None,
            Input::File(_) => earlier.told_of(input.path())?,
        };
        let Some(Told { run, intact }) = told else {
            return refused(
                "no manifest says with which key it was rewritten, and a wrong key gives values that look right; \
                 keep the manifest beside it, or say --unchecked"
                    .to_owned(),
            );
        };
        if intact.is_none() {
            return refused(
                "is not what the run wrote that the manifest tells of: its content is another one; what is no token would \
                 be turned into something else (say --unchecked to do so all the same)"
                    .to_owned(),
            );
        }
        if run.key_id.as_deref() != Some(own) {
            let key = run.key_id.as_deref().unwrap_or("that is gone");
            return refused(format!("was rewritten with the key {key}, and this is the key {own}"));
        }
        if run.purpose != Purpose::Deidentify.name() {
            return refused(format!("was rewritten for {}; only deidentify is undone", run.purpose));
        }
        if run.policy != (policy.name.clone(), policy.version.clone()) {
            return refused(format!(
                "was rewritten under the policy {} {}, and this is {} {}; give that one with --policy",
                run.policy.0, run.policy.1, policy.name, policy.version
            ));
        }
        for column in intact.iter().flat_map(|asset| &asset.dropped) {
            let path = path_text(input.path());
            complain(&format!("{path}: the column {} was dropped by the run and cannot be restored", column.column));
        }
    }
    Ok(())
}
