//! Scanning one asset: opened, cut into blocks, and what these add put together.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::blocks::{self, Piece};
use super::columns::Columns;
use super::first_reading::refuse_stream;
use super::grouping::BlockReport;
use super::locate::safe_name;
use super::ordered::{Push, ordered, panicked};
use super::read::{self, Body, Opened};
use super::worker::Worker;
use super::{Context, Outcome, Settings, Status, Take, apart, archive, whole};
use crate::error::DataError;
use crate::format::Values;
use crate::source::Input;

/// Scans one asset with `threads` threads. The outcomes of the members of an archive go to `members`; without, an archive
/// is left alone and there is no outcome.
pub fn scan(
    context: &Context,
    input: &Input,
    named: bool,
    threads: usize,
    members: Option<Take<'_>>,
) -> Option<Outcome> {
    let mut is_deferred = false;
    let outcome = guarded(context, input.path(), named, |outcome| {
        let opened = read::open(input, &context.settings, &context.observer, false)?;
        if context.planner.is_some() && context.drops {
            refuse_stream(input, &opened)?;
        }
        is_deferred = members.is_none() && matches!(opened.body, Body::Archive { .. });
        if is_deferred {
            return Ok(Status::Scanned);
        }
        let status = content(context, opened, input.path(), threads, outcome, members)?;
        if let (Status::Scanned, Some(transformer), Input::File(_)) = (&status, &context.planner, input) {
            apart::under_plan(context, transformer, input, threads, outcome)?;
        }
        Ok(status)
    });
    if is_deferred {
        return None;
    }
    context.observer.asset();
    Some(outcome)
}

/// Scans an opened asset.
pub(super) fn content(
    context: &Context,
    opened: Opened,
    path: &Path,
    threads: usize,
    outcome: &mut Outcome,
    members: Option<Take<'_>>,
) -> Result<Status, Box<Status>> {
    describe(outcome, &opened);
    let Opened { body, compression, trail, .. } = opened;
    let mut asked = Vec::new();
    let may_hold = |column: &str, values| match values {
        Values::Whole(least, most) => context.detector.may_hold(column, least, most),
        Values::Typed(typed) => context.detector.may_hold_typed(column, typed),
    };
    if let (Body::Container { container, file }, Some(_)) = (&body, &context.planner) {
        container.refuse_rewrite().map_err(|error| Box::new(Status::Failed(error)))?;
        asked = container.constraints(file).map_err(|error| Box::new(Status::Failed(error)))?;
        outcome.changes.ask(asked.clone());
    }
    let by_statistics = &mut outcome.by_statistics;
    let (findings, lines, changes) = (&mut outcome.findings, &mut outcome.lines, &mut outcome.changes);
    let mut columns = Columns::default();
    let take = |report| {
        let report: BlockReport = report?;
        columns.merge(report.columns)?;
        findings.merge(report.findings);
        changes.merge(report.changes);
        lines.write(&report.lines)?;
        Ok(())
    };
    let work = |worker: &mut Worker, piece| worker.scan(context, path, &asked, piece);
    let settings = &context.settings;
    // A container is asked whether it can do without its columns.
    let mut taken_apart = None;
    let done = match body {
        Body::Archive { archive, layers } => {
            let members = members.ok_or_else(|| Box::new(Status::Failed(panicked())))?;
            archive::scan(context, *archive, &layers, path, threads, findings, members)
        }
        Body::Container { container, file } => {
            let (container, file) = &*taken_apart.insert((container, file));
            let produce = |push: Push<'_, Piece>| {
                blocks::container(&**container, file, settings, Some(&may_hold), by_statistics, push)
            };
            ordered(threads, produce, Worker::default, work, take)
        }
        body => ordered(threads, |push| produce(body, compression, settings, push), Worker::default, work, take),
    };
    outcome.bytes = trail.bytes();
    done.map_err(|error| Box::new(Status::Failed(error)))?;
    let container = taken_apart.as_ref().map(|(container, file)| (&**container, file));
    outcome.dropped = columns.dropped(container, context.detector.rules());
    outcome.dropped.empty(&mut outcome.changes);
    Ok(if trail.is_changed() { Status::Changed } else { Status::Scanned })
}

/// Runs the work on one asset so that nothing in it, not even a panic, goes beyond its outcome.
pub(super) fn guarded(
    context: &Context,
    path: &Path,
    named: bool,
    work: impl FnOnce(&mut Outcome) -> Result<Status, Box<Status>>,
) -> Outcome {
    let mut outcome = Outcome::bare(path.to_path_buf(), Status::Scanned, named);
    let status = catch_unwind(AssertUnwindSafe(|| work(&mut outcome)));
    outcome.status = match status {
        Ok(Ok(status)) => status,
        Ok(Err(status)) => match *status {
            // Table and column names come from the data and may themselves identify somebody.
            Status::Failed(error) => Status::Failed(error.with_names(safe_name)),
            status => status,
        },
        Err(_) => Status::Failed(panicked()),
    };
    context.tracker.enter(context, &mut outcome.findings);
    // A regular file has content. Where that was not read, it is a gap, even if nobody named the file.
    outcome.named |= matches!(outcome.status, Status::Skipped(_));
    outcome
}

/// Enters what opening found out.
pub(super) fn describe(outcome: &mut Outcome, opened: &Opened) {
    outcome.format = Some(match &opened.body {
        Body::Archive { archive, .. } => archive.name(),
        _ => opened.guise.format.map_or("empty", |format| format.name()),
    });
    outcome.compression = Some(opened.compression.name());
}

/// Pushes the pieces of an opened asset.
///
/// # Errors
/// When it cannot be read to its end.
pub(super) fn produce(
    body: Body,
    compression: crate::source::decompress::Compression,
    settings: &Settings,
    push: Push<'_, Piece>,
) -> Result<(), DataError> {
    match body {
        Body::Empty => Ok(()),
        Body::Archive { .. } => Err(DataError::new("internal error: an archive is no stream of blocks")),
        Body::Stream { mut reader, mut splitter } => {
            blocks::stream(&mut *reader, &mut *splitter, compression, settings, push)
        }
        // Statistics are believed only where that is told: in a scan.
        Body::Container { container, file } => {
            blocks::container(&*container, &file, settings, None, &mut blocks::ByStatistics::new(), push)
        }
        Body::Sections { sections, layers } => {
            whole::sections(&*sections, &layers, settings, &mut |_, piece| push(piece))
        }
    }
}
