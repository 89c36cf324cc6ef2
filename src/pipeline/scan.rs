//! Scanning one asset: blocks in, findings and match lines out.
//!
//! Shows no value unless the user asked for values: what leaves here is masked, counted or fingerprinted.

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use super::blocks::{self, Piece};
use super::changes::Changes;
use super::columns::Columns;
use super::findings::{Findings, Spot};
use super::first_reading::refuse_stream;
use super::locate::{Locator, count_filled, safe_name};
use super::ordered::{Push, ordered, panicked};
use super::read::{self, Body, Opened};
use super::repeated::Repeated;
use super::tally::{Entered, Tally};
use super::{Context, Outcome, Settings, Status, Take, apart, archive, whole};
use foldhash::quality::RandomState;

use crate::block::{Block, Syntax};
use crate::constraint::Constraint;
use crate::detect::Scratch;
use crate::detect::encoded::Encoded;
use crate::detect::known::Known;
use crate::error::DataError;
use crate::finding::{EntityId, Match, Traits};
use crate::format::{Codec, Values};
use crate::policy::age;
use crate::report::jsonl;
use crate::rule::EntityType;
use crate::source::Input;
use crate::transform::{mask, value_of};

/// What is counted in the place of an operator for values in the statements of a dump, which are never rewritten.
pub const LEFT_IN_STATEMENTS: &str = "left in statements";

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
        Values::Typed => context.detector.may_hold_typed(column),
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

/// What one thread reuses from block to block.
#[derive(Default)]
pub(super) struct Worker {
    scratch: Scratch,
    /// Of [`super::combine::Combiner::mark`].
    made: Vec<u32>,
    pub(super) matches: Vec<Match>,
    /// What is encoded in the matches, in their order.
    pub(super) encoded: Vec<Encoded>,
}

/// What one block adds to its asset.
#[derive(Default)]
pub(super) struct BlockReport {
    pub(super) findings: Findings,
    pub(super) lines: Vec<u8>,
    /// What rewriting would do, where that is planned.
    pub(super) changes: Changes,
    /// Whether columns would be dropped, where that is planned.
    pub(super) columns: Columns,
}

impl Worker {
    /// Scans one piece; `asked` is asked of its rows, beside what its codec knows.
    fn scan(
        &mut self,
        context: &Context,
        path: &Path,
        asked: &[Constraint],
        piece: Piece,
    ) -> Result<BlockReport, DataError> {
        let (block, codec) = piece.into_block(context.settings.invalid_bytes)?;
        self.found(context, &block, codec.as_deref());
        let mut report = report(context, path, &block, codec.as_deref(), self);
        if let Some(transformer) = &context.planner {
            (report.changes, _) = Changes::planned(transformer, &block, codec.as_deref(), asked, &self.matches)?;
            if context.drops {
                report.columns = Columns::of(context, &block, codec.as_deref(), &self.matches)?;
            }
        }
        Ok(report)
    }

    /// The matches of a block that count.
    pub(super) fn found(&mut self, context: &Context, block: &Block, codec: Option<&dyn Codec>) {
        self.detect(context, block);
        self.matches.retain(|found| found.score >= context.settings.min_score);
        self.combine(context, block, codec);
    }

    /// All matches of a block, whatever their score.
    pub(super) fn detect(&mut self, context: &Context, block: &Block) {
        self.matches.clear();
        context.detector.detect(block, &mut self.scratch, &mut self.matches);
    }

    /// Marks the matches that count for what else their records hold, and for what is encoded in them.
    pub(super) fn combine(&mut self, context: &Context, block: &Block, codec: Option<&dyn Codec>) {
        let min_score = context.settings.min_score;
        context.combiner.mark(block, codec, min_score, &mut self.matches, &mut self.made);
        self.look_inside(context, block);
    }

    /// Looks for identifiers that are encoded in the matches. A match that would be kept must not hold one that is not.
    fn look_inside(&mut self, context: &Context, block: &Block) {
        let Worker { scratch, matches, encoded, .. } = self;
        encoded.clear();
        for holder in matches.iter_mut().filter(|found| context.detector.may_hold_encoded(found)) {
            let Ok(value) = value_of(block, holder) else { continue };
            let before = encoded.len();
            context.detector.encoded_in(holder, &value, scratch, encoded);
            let mut position = 0;
            encoded.retain(|inner| {
                position += 1;
                position <= before || inner.found.score >= context.settings.min_score
            });
            let is_replaced = |inner: &Encoded| context.decision(&inner.found).1 != "keep";
            if context.decision(holder).1 == "keep" && encoded.iter().skip(before).any(is_replaced) {
                holder.traits.raised = Traits::HOLDER;
            }
        }
    }

    /// How many matches there are that count, per entity type.
    pub(super) fn remaining(&self, min_score: f32) -> BTreeMap<EntityId, u64> {
        let mut remaining = BTreeMap::new();
        for found in self.matches.iter().filter(|found| found.score >= min_score) {
            *remaining.entry(found.entity).or_default() += 1;
        }
        remaining
    }

    /// Adds the places that hold a `known` value, whatever stands around it.
    pub(super) fn detect_known(&mut self, context: &Context, block: &Block, known: &Known<'_>) {
        context.detector.detect_known(block, known, &mut self.scratch, &mut self.matches);
    }
}

/// Groups the matches of a block, and writes a line for each where lines are asked for.
pub(super) fn report(
    context: &Context,
    path: &Path,
    block: &Block,
    codec: Option<&dyn Codec>,
    worker: &Worker,
) -> BlockReport {
    let mut report = grouped(context, path, block, codec, &worker.matches);
    let mut inside = Inside { context, path, locator: Locator::new(block, codec), tally: Tally::new(block) };
    worker.encoded.iter().for_each(|one| inside.enter(one, &mut report.lines));
    report.findings.merge(inside.tally.finish());
    count_values(block, &mut report.findings);
    report.findings.follow(context.tracker.tracks(context, block, codec, &worker.matches));
    report
}

/// Counts what is encoded in other values.
struct Inside<'a> {
    context: &'a Context,
    path: &'a Path,
    locator: Locator<'a>,
    tally: Tally<'a>,
}

impl Inside<'_> {
    fn enter(&mut self, one: &Encoded, out: &mut Vec<u8>) {
        let Encoded { found, value } = one;
        let Some(entity) = self.context.detector.rules().entity(found.entity) else { return };
        let (level, operator) = self.context.decision(found);
        let canonical = entity.canonical.of(value);
        let fingerprint = fingerprint(&self.context.fingerprints, found.entity, &canonical);
        let entered = Entered { fingerprint: Some(fingerprint), level, operator };
        self.tally.enter(&self.locator, found, &entered, || masked(entity, value, &canonical));
        if let Some(lines) = self.context.lines {
            let line = jsonl::MatchLine {
                path: jsonl::shown_path(self.path),
                entity: &entity.name,
                score: found.score,
                location: &self.locator.locate(found),
                masked: masked(entity, value, &canonical),
                derived: None,
                combined: false,
                encoded: true,
                value: lines.show_values.then_some(value),
            };
            line.write(out);
        }
    }
}

/// As [`report`], but the values of the block were counted before.
pub(super) fn grouped(
    context: &Context,
    path: &Path,
    block: &Block,
    codec: Option<&dyn Codec>,
    matches: &[Match],
) -> BlockReport {
    let mut report = BlockReport::default();
    let mut locator = Locator::new(block, codec);
    let mut tally = Tally::new(block);
    let is_left = matches!(block, Block::Text(text) if text.syntax == Syntax::Statements);
    let mut repeated = Repeated::new(block);
    for found in matches {
        let Some(entity) = context.detector.rules().entity(found.entity) else { continue };
        let (level, operator) = context.decision(found);
        let operator = if is_left && operator != "keep" { LEFT_IN_STATEMENTS } else { operator };
        // What tells of a child is counted as that, too.
        let child = context.combiner.minor.filter(|minor| found.traits.is_minor() && *minor != found.entity);
        if context.lines.is_none() && child.is_none() && repeated.is_entered(found) {
            let sample = || value_of(block, found).map(|value| masked(entity, &value, &entity.canonical.of(&value)));
            let entered = Entered { fingerprint: None, level, operator };
            tally.enter(&locator, found, &entered, || sample().unwrap_or_default());
            continue;
        }
        let Ok(value) = value_of(block, found) else { continue };
        let canonical = entity.canonical.of(&value);
        let fingerprint = fingerprint(&context.fingerprints, found.entity, &canonical);
        repeated.enter(found);
        let entered = Entered { fingerprint: Some(fingerprint), level, operator };
        tally.enter(&locator, found, &entered, || masked(entity, &value, &canonical));
        if let Some(minor) = child {
            tally.enter(&locator, &Match { entity: minor, ..*found }, &entered, || masked(entity, &value, &canonical));
        }
        if let Some(lines) = context.lines {
            let location = locator.locate(found);
            let line = jsonl::MatchLine {
                path: jsonl::shown_path(path),
                entity: &entity.name,
                score: found.score,
                location: &location,
                masked: masked(entity, &value, &canonical),
                derived: child.map(|_| age::MINOR),
                combined: found.traits.is_combined(),
                encoded: false,
                value: lines.show_values.then_some(&*value),
            };
            line.write(&mut report.lines);
        }
    }
    report.findings.merge(tally.finish());
    report
}

/// A keyed fingerprint of a canonical value.
pub(super) fn fingerprint(key: &RandomState, entity: EntityId, canonical: &[u8]) -> u64 {
    key.hash_one((entity, canonical))
}

/// A value as reports show it.
fn masked(entity: &EntityType, value: &[u8], canonical: &[u8]) -> String {
    mask::masked(&entity.mask, &String::from_utf8_lossy(value), &String::from_utf8_lossy(canonical))
}

/// Counts the values of each column of a table.
fn count_values(block: &Block, findings: &mut Findings) {
    let Block::Table(block) = block else { return };
    for column in &block.columns {
        let Some(context) = block.table.columns.get(column.index) else { continue };
        let spot = Spot {
            table: block.table.name.as_deref().map(super::locate::safe_name),
            column: Some(super::locate::safe_name(&context.name)),
        };
        // An empty cell of a text format says as little as NULL.
        findings.enter_values(spot, count_filled(&column.values) as u64);
    }
}
