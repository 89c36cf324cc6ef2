//! From arguments to what a run needs: rules, policy, settings, the list of assets; and what is said about outcomes.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use super::arguments::Common;
use super::complain;
use crate::error::Error;
use crate::format;
use crate::pipeline::locate::safe_name;
use crate::pipeline::{Outcome, Settings, Status, definitions};
use crate::policy::Policy;
use crate::report::escape;
use crate::report::plan::undeclared_tables;
use crate::rule::RuleSet;
use crate::source::Input;
use crate::source::walk::{Entry, walk};

/// Rules, policy and settings of a run.
pub(super) struct Session {
    pub(super) rules: Arc<RuleSet>,
    pub(super) policy: Arc<Policy>,
    pub(super) settings: Settings,
}

impl Session {
    pub(super) fn new(common: &Common) -> anyhow::Result<Session> {
        let rules = Arc::new(RuleSet::load_without_examples(&common.rules)?);
        let policy = Arc::new(Policy::load(&common.policy)?);
        policy.check(&rules)?;
        Ok(Session { rules, policy, settings: settings(common)? })
    }

    /// Gathers what the dumps of `--schema` define, and gives what is to be said of that.
    ///
    /// # Errors
    /// When one cannot be read, or is no dump.
    pub(super) fn define(&mut self, common: &Common) -> anyhow::Result<Vec<String>> {
        self.settings.definitions = definitions::of_paths(&self.settings, &common.schema)?;
        let contested = self.settings.definitions.iter().flat_map(|definitions| definitions.contested());
        let said = contested.map(|table| {
            format!(
                "{}: is defined differently in two files, so that neither is used for rows in other files; give the files \
                 that belong together in a run of their own",
                safe_name(table)
            )
        });
        Ok(said.collect())
    }
}

/// How the run reads.
pub(super) fn settings(common: &Common) -> anyhow::Result<Settings> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let mut settings = Settings::new(common.threads.map_or(cores, usize::from), common.max_memory);
    settings.min_score = common.min_score;
    settings.as_of = common.as_of.unwrap_or(settings.as_of);
    settings.most_expansion = common.max_expansion;
    settings.invalid_bytes = common.invalid_bytes.into();
    if let Some(name) = common.format.name() {
        let format = format::by_name(name);
        settings.format = Some(format.ok_or_else(|| Error::Usage(format!("the format {name} is not in this build")))?);
    }
    Ok(settings)
}

/// Everything below `paths`.
///
/// # Errors
/// When none of the paths exists, or standard input is named twice.
pub(super) fn entries(paths: &[PathBuf]) -> anyhow::Result<Vec<Entry>> {
    let is_missing = |path: &PathBuf| path.as_os_str() != "-" && !path.exists() && !path.is_symlink();
    if let Some(first) = paths.first()
        && paths.iter().all(is_missing)
    {
        return Err(Error::Usage(format!("{}: there is no such file or folder", escape::path_text(first))).into());
    }
    if paths.iter().filter(|path| path.as_os_str() == "-").count() > 1 {
        return Err(Error::Usage("standard input (-) can be read only once".to_owned()).into());
    }
    Ok(walk(paths))
}

/// Number of inputs among `entries`, and their size when all is known.
pub(super) fn extent(entries: &[Entry]) -> (u64, Option<u64>) {
    let inputs = entries.iter().filter_map(input_of);
    (inputs.clone().count() as u64, inputs.map(Input::size).sum())
}

/// The input of an entry, if it is one.
pub(super) fn input_of(entry: &Entry) -> Option<&Input> {
    match entry {
        Entry::Input(input) => Some(input),
        Entry::Skipped { .. } | Entry::Failed { .. } => None,
    }
}

/// Whether the user named the input itself.
pub(super) fn is_named(paths: &[PathBuf], input: &Input) -> bool {
    match input {
        Input::Stdin => true,
        Input::File(file) => paths.get(file.root).is_some_and(|path| *path == file.path),
    }
}

/// The outcome of an entry that is no input.
pub(super) fn bare(entry: Entry) -> Outcome {
    match entry {
        Entry::Skipped { path, reason, named } => Outcome::bare(path, Status::Skipped(reason), named),
        Entry::Failed { path, reason } => {
            Outcome::bare(path, Status::Failed(crate::error::DataError::new(reason)), true)
        }
        Entry::Input(input) => Outcome::bare(input.path().to_path_buf(), Status::Skipped("not read".to_owned()), true),
    }
}

/// Says on standard error what a person must know of an outcome.
pub(super) fn announce(outcome: &Outcome, verbose: bool) {
    let path = escape::path_text(&outcome.path);
    let left = outcome.left_in_statements();
    if outcome.status == Status::Rewritten && left > 0 {
        complain(&format!(
            "{path}: {left} values stand in statements (comments, defaults) and were left there; edit them by hand"
        ));
    }
    let undeclared = outcome.rewritten.as_ref().map(|rewritten| rewritten.undeclared.as_slice()).unwrap_or_default();
    if !undeclared.is_empty() {
        complain(&format!("{path}: {}", undeclared_tables(undeclared)));
    }
    match &outcome.status {
        Status::Failed(error) => complain(&format!("{path}: {error}")),
        Status::Changed => complain(&format!("{path}: {}", outcome.status.reason().unwrap_or_default())),
        Status::Skipped(reason) if outcome.named => complain(&format!("{path}: {reason}")),
        status if verbose => {
            let reason = status.reason().map(|reason| format!(": {reason}")).unwrap_or_default();
            let text = format!("{} {path}{reason}", status.name());
            let _ = writeln!(io::stderr(), "{}", escape::for_terminal(&text));
        }
        _ => {}
    }
}
