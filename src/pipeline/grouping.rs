//! The matches of one block, grouped by place and entity type, with a line for each where lines are asked for.
//!
//! Shows no value unless the user asked for values: what leaves here is masked, counted or fingerprinted.

use std::hash::BuildHasher;
use std::path::Path;

use foldhash::quality::RandomState;

use super::Context;
use super::cells::Cells;
use super::changes::Changes;
use super::columns::Columns;
use super::findings::{Findings, Spot};
use super::locate::{Locator, count_filled, safe_name};
use super::repeated::Repeated;
use super::tally::{Entered, Halvings, Tally};
use super::worker::Worker;
use crate::block::{Block, Syntax};
use crate::detect::encoded::Encoded;
use crate::finding::{EntityId, Match};
use crate::format::Codec;
use crate::policy::age;
use crate::report::jsonl;
use crate::rule::EntityType;
use crate::transform::mask;

/// What is counted in the place of an operator for values in the statements of a dump, which are never rewritten.
pub const LEFT_IN_STATEMENTS: &str = "left in statements";

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

/// Groups the matches of a block, and writes a line for each where lines are asked for.
pub(super) fn report(
    context: &Context,
    path: &Path,
    block: &Block,
    codec: Option<&dyn Codec>,
    worker: &Worker,
) -> BlockReport {
    report_after(context, path, (block, codec), worker, &mut Halvings::default())
}

/// As [`report`], of a block behind those of the same asset of which `halvings` tells.
pub(super) fn report_after(
    context: &Context,
    path: &Path,
    (block, codec): (&Block, Option<&dyn Codec>),
    worker: &Worker,
    halvings: &mut Halvings,
) -> BlockReport {
    let mut report = grouped_after(context, path, (block, codec), &worker.matches, halvings);
    let tally = Tally::new(block, halvings);
    let mut inside = Inside { context, path, locator: Locator::new(block, codec), tally };
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
    grouped_after(context, path, (block, codec), matches, &mut Halvings::default())
}

/// As [`grouped`], of a block behind those of which `halvings` tells.
fn grouped_after(
    context: &Context,
    path: &Path,
    (block, codec): (&Block, Option<&dyn Codec>),
    matches: &[Match],
    halvings: &mut Halvings,
) -> BlockReport {
    let mut report = BlockReport::default();
    let mut locator = Locator::new(block, codec);
    let mut tally = Tally::new(block, halvings);
    let is_left = matches!(block, Block::Text(text) if text.syntax == Syntax::Statements);
    let mut repeated = Repeated::new(block);
    let mut cells = Cells::new(block);
    for found in matches {
        let Some(entity) = context.detector.rules().entity(found.entity) else { continue };
        let (level, operator) = context.decision(found);
        let operator = if is_left && operator != "keep" { LEFT_IN_STATEMENTS } else { operator };
        // What tells of a child is counted as that, too.
        let child = context.combiner.minor.filter(|minor| found.traits.is_minor() && *minor != found.entity);
        if context.lines.is_none() && child.is_none() && repeated.is_entered(found) {
            let sample = |value: &[u8]| masked(entity, value, &entity.canonical.of(value));
            let entered = Entered { fingerprint: None, level, operator };
            tally.enter(&locator, found, &entered, || cells.value(found).map(sample).unwrap_or_default());
            continue;
        }
        let Some(value) = cells.value(found) else { continue };
        let canonical = entity.canonical.of(value);
        let fingerprint = fingerprint(&context.fingerprints, found.entity, &canonical);
        repeated.enter(found);
        let entered = Entered { fingerprint: Some(fingerprint), level, operator };
        tally.enter(&locator, found, &entered, || masked(entity, value, &canonical));
        if let Some(minor) = child {
            tally.enter(&locator, &Match { entity: minor, ..*found }, &entered, || masked(entity, value, &canonical));
        }
        if let Some(lines) = context.lines {
            let location = locator.locate(found);
            let line = jsonl::MatchLine {
                path: jsonl::shown_path(path),
                entity: &entity.name,
                score: found.score,
                location: &location,
                masked: masked(entity, value, &canonical),
                derived: child.map(|_| age::MINOR),
                combined: found.traits.is_combined(),
                encoded: false,
                value: lines.show_values.then_some(value),
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
        let spot = Spot { table: block.table.name.as_deref().map(safe_name), column: Some(safe_name(&context.name)) };
        // An empty cell of a text format says as little as NULL.
        findings.enter_values(spot, count_filled(&column.values) as u64);
    }
}
