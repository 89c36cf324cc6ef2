//! What one thread does with a block: it finds the matches that count, and those that are encoded in others.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Context;
use super::blocks::Piece;
use super::cells::Cells;
use super::changes::Changes;
use super::columns::Columns;
use super::grouping::{BlockReport, report_after};
use super::tally::Halvings;
use crate::block::Block;
use crate::constraint::Constraint;
use crate::detect::Scratch;
use crate::detect::encoded::Encoded;
use crate::detect::known::Known;
use crate::error::DataError;
use crate::finding::{EntityId, Match, Traits};
use crate::format::Codec;

/// What one thread reuses from block to block.
#[derive(Default)]
pub(super) struct Worker {
    scratch: Scratch,
    /// Of [`super::combine::Combiner::mark`].
    made: Vec<u32>,
    /// Of the blocks of the asset that was scanned last, which is at this path.
    halvings: (PathBuf, Halvings),
    pub(super) matches: Vec<Match>,
    /// What is encoded in the matches, in their order.
    pub(super) encoded: Vec<Encoded>,
}

impl Worker {
    /// Scans one piece; `asked` is asked of its rows, beside what its codec knows.
    pub(super) fn scan(
        &mut self,
        context: &Context,
        path: &Path,
        asked: &[Constraint],
        piece: Piece,
    ) -> Result<BlockReport, DataError> {
        let (block, codec) = piece.into_block(context.settings.invalid_bytes)?;
        self.found(context, &block, codec.as_deref());
        let (before, mut halvings) = std::mem::take(&mut self.halvings);
        if before != path {
            halvings = Halvings::default();
        }
        let mut report = report_after(context, path, (&block, codec.as_deref()), self, &mut halvings);
        self.halvings = (path.to_owned(), halvings);
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
        let mut cells = Cells::new(block);
        for holder in matches.iter_mut().filter(|found| context.detector.may_hold_encoded(found)) {
            let Some(value) = cells.value(holder) else { continue };
            let before = encoded.len();
            context.detector.encoded_in(holder, value, scratch, encoded);
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
