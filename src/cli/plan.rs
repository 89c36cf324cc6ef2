//! `--plan`: reads everything that a rewrite would read, and says what it would do, without writing.

use std::io;

use clap::ValueEnum;

use super::arguments::Common;
use super::progress;
use super::session::{Session, bare, extent, input_of, is_named};
use crate::error::Error;
use crate::exit::Exit;
use crate::pipeline::{self, Context, scan};
use crate::report::plan::Plan;
use crate::source::walk::Entry;
use crate::transform::Transformer;

/// How a plan is written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum PlanFormat {
    /// For people
    Table,
    /// For programs
    Json,
}

/// Plans the rewrite of `entries`, and writes the plan to standard output.
pub(super) fn run(
    format: PlanFormat,
    common: &Common,
    paths: &[std::path::PathBuf],
    session: &Session,
    transformer: Transformer,
    (entries, said): (Vec<Entry>, Vec<String>),
) -> anyhow::Result<Exit> {
    let (assets, bytes) = extent(&entries);
    let observer = progress::observer(common, assets, bytes);
    let (rules, purpose) = (&session.rules, transformer.purpose());
    let mut context = Context::new(session.settings.clone(), rules.clone(), &session.policy, purpose, observer, None);
    let mut plan = Plan::new(purpose.name(), format!("{} {}", session.policy.name, session.policy.version));
    said.into_iter().for_each(|said| plan.note(said));
    let mut exit = Exit::Complete;
    let planner = &*context.planner.insert(std::sync::Arc::new(transformer)).clone();
    pipeline::run(
        context.settings.threads,
        entries,
        input_of,
        |entry, threads, members| match entry {
            Entry::Input(input) => scan::scan(&context, input, is_named(paths, input), threads, members),
            _ => Some(bare(entry.clone())),
        },
        |outcome| {
            exit = exit.merge(outcome.exit());
            plan.enter(&outcome, rules, planner);
            Ok(())
        },
    )
    .map_err(|error| Error::Usage(error.to_string()))?;
    plan.close();
    let mut out = io::stdout().lock();
    match format {
        PlanFormat::Json => plan.write_json(&mut out)?,
        PlanFormat::Table => plan.write_table(&mut out)?,
    }
    Ok(exit.merge(plan.exit()))
}
