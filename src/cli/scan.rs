//! `tuomin scan`: what personal data is in there? Changes nothing.

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::arguments::Common;
use super::complain;
use super::progress;
use super::session::{Session, announce, bare, entries, extent, input_of, is_named};
use crate::error::{DataError, Error};
use crate::exit::Exit;
use crate::finding::EntityId;
use crate::output::{self, Pending};
use crate::pipeline::{self, Context, Lines, Outcome, scan::scan};
use crate::policy::profile::{self, Profile};
use crate::policy::{Policy, Purpose};
use crate::report::summary::Summary;
use crate::report::table::Table;
use crate::rule::RuleSet;
use crate::source::walk::Entry;

/// Find personal data. Changes nothing
#[derive(Args)]
#[command(after_help = "\
Examples:
  tuomin scan data/
  pg_dump db | tuomin scan -
  tuomin scan app.log --matches matches.jsonl --summary summary.json
  tuomin scan export/ --fail-on CN_RESIDENT_ID --fail-on level3

The SHARE column tells how many of a column's values match; `some 3%` means that the column contains such
values but is not made of them. Samples are masked; no value is shown without --show-values.")]
pub(super) struct Scan {
    /// Files and folders; - is standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Write each match as a JSON line to FILE; - is standard output (the table then goes to standard error)
    #[arg(long, value_name = "FILE")]
    matches: Option<PathBuf>,

    /// Write the values themselves into the match lines. The file then holds personal data
    #[arg(long, requires = "matches")]
    show_values: bool,

    /// Write a summary as JSON to FILE; - is standard output
    #[arg(long, value_name = "FILE")]
    summary: Option<PathBuf>,

    /// Exit 1 when this is found: an entity type or another tool's name for it (see `tuomin rules list`), or levelN for
    /// that level and above; may be given more than once
    #[arg(long, value_name = "ENTITY|levelN", value_delimiter = ',')]
    fail_on: Vec<String>,

    /// Whose levels count: `policy`, or a standard's (see `tuomin policy list`)
    #[arg(long, value_name = "NAME", default_value = profile::OWN, help_heading = "What counts")]
    profile: String,

    #[command(flatten)]
    common: Common,
}

impl Scan {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let mut session = Session::new(&self.common)?;
        let profile = Profile::named(&self.profile)?;
        if let Some(profile) = &profile {
            session.policy = Arc::new(Policy::clone(&session.policy).with_profile(profile.clone()));
        }
        let gate = Gate::new(&self.fail_on, &session.rules)?;
        let entries = entries(&self.paths)?;
        session.define(&self.common)?.iter().for_each(|said| complain(said));
        self.refuse_reports_over_inputs(&entries)?;
        let (assets, bytes) = extent(&entries);
        let lines = self.matches.is_some().then_some(Lines { show_values: self.show_values });
        let observer = progress::observer(&self.common, assets, bytes);
        let rules = &session.rules;
        let context = Context::new(
            session.settings.clone(),
            rules.clone(),
            &session.policy,
            Purpose::Deidentify,
            observer,
            lines,
        );
        let mut sink = Sink::open(self.matches.as_deref())?;
        let mut table = Table::with_profile(profile.clone());
        let mut summary = Summary::new(&session.policy.name, rules, self.common.min_score).with_profile(profile);
        let mut exit = Exit::Complete;
        let mut broken = None;
        let done = pipeline::run(
            context.settings.threads,
            entries,
            input_of,
            |entry: &Entry, threads, members| match entry {
                Entry::Input(input) => scan(&context, input, is_named(&self.paths, input), threads, members),
                _ => Some(bare(entry.clone())),
            },
            |mut outcome| {
                announce(&outcome, self.common.verbose);
                exit = exit.merge(outcome.exit()).merge(gate.check(&outcome));
                table.enter(&outcome, rules);
                if self.summary.is_some() {
                    summary.enter(&outcome, rules);
                }
                sink.take(&mut outcome).map_err(|error| {
                    broken = Some(error);
                    DataError::new("the matches cannot be written")
                })
            },
        );
        drop(context);
        match (broken, done) {
            (Some(error), _) => return Err(error.into()),
            (None, Err(error)) => return Err(Error::Usage(error.to_string()).into()),
            (None, Ok(())) => {}
        }
        sink.finish()?;
        self.report(&table, &summary)?;
        Ok(exit)
    }

    /// A report that takes the place of an input would destroy it: `--matches a.log b.log` is easily typed.
    fn refuse_reports_over_inputs(&self, entries: &[Entry]) -> Result<(), Error> {
        let reports = [&self.matches, &self.summary].into_iter().flatten().filter(|path| path.as_os_str() != "-");
        let places: Vec<_> = reports.filter_map(|path| Some((path, path.canonicalize().ok()?))).collect();
        for input in entries.iter().filter_map(input_of).filter(|_| !places.is_empty()) {
            let Ok(input) = input.path().canonicalize() else { continue };
            if let Some((path, _)) = places.iter().find(|(_, place)| *place == input) {
                let path = crate::report::escape::path_text(path);
                return Err(Error::Usage(format!("{path}: is one of the inputs; write the report elsewhere")));
            }
        }
        let is_twice = self.matches.is_some() && self.matches == self.summary;
        if is_twice { Err(Error::Usage("--matches and --summary need a place each".to_owned())) } else { Ok(()) }
    }

    fn report(&self, table: &Table, summary: &Summary) -> anyhow::Result<()> {
        let is_stdout = |path: &Option<PathBuf>| path.as_deref().is_some_and(|path| path.as_os_str() == "-");
        if let Some(path) = &self.summary {
            if is_stdout(&self.summary) {
                io::stdout().lock().write_all(&summary.to_json())?;
            } else {
                output::write_whole(path, &summary.to_json(), true)?;
            }
        }
        if self.common.quiet {
            return Ok(());
        }
        if is_stdout(&self.matches) || is_stdout(&self.summary) {
            table.write(&mut io::stderr().lock())?;
        } else {
            let mut out = io::BufWriter::new(io::stdout().lock());
            table.write(&mut out)?;
            out.flush()?;
        }
        Ok(())
    }
}

/// What makes the exit code 1.
struct Gate {
    entities: Vec<EntityId>,
    level: Option<u8>,
}

impl Gate {
    fn new(conditions: &[String], rules: &RuleSet) -> Result<Gate, Error> {
        let mut gate = Gate { entities: Vec::new(), level: None };
        for condition in conditions {
            match condition.strip_prefix("level").map(str::parse::<u8>) {
                Some(Ok(level @ 1..=4)) => gate.level = Some(gate.level.map_or(level, |held| held.min(level))),
                None if !rules.entities_called(condition).is_empty() => {
                    gate.entities.extend(rules.entities_called(condition).into_iter().map(|entity| entity.id));
                }
                _ => {
                    let reason = format!("--fail-on {condition}: neither an entity type (see `tuomin rules list`) nor");
                    return Err(Error::Usage(reason + " level1 to level4"));
                }
            }
        }
        Ok(gate)
    }

    fn check(&self, outcome: &Outcome) -> Exit {
        let is_hit = outcome.findings.iter().any(|(_, entity, finding, _)| {
            self.level.is_some_and(|level| finding.level >= level) || self.entities.contains(&entity)
        });
        if is_hit { Exit::Found } else { Exit::Complete }
    }
}

/// Where match lines go.
enum Sink {
    Nowhere,
    Stdout,
    File(Pending),
}

impl Sink {
    fn open(path: Option<&std::path::Path>) -> Result<Sink, Error> {
        match path {
            None => Ok(Sink::Nowhere),
            Some(path) if path.as_os_str() == "-" => Ok(Sink::Stdout),
            Some(path) => Pending::create(path).map(Sink::File),
        }
    }

    fn take(&mut self, outcome: &mut Outcome) -> io::Result<()> {
        match self {
            Sink::Nowhere => Ok(()),
            Sink::Stdout => outcome.lines.copy_to(&mut io::stdout().lock()),
            Sink::File(pending) => outcome.lines.copy_to(pending.file()),
        }
    }

    fn finish(self) -> Result<(), Error> {
        match self {
            Sink::File(pending) => pending.commit(None, true),
            Sink::Nowhere | Sink::Stdout => Ok(()),
        }
    }
}
