//! Rewriting one block: detect, edit, render; on a stream, read what was rendered again and replace what an earlier
//! block held, before the block is written.

use std::path::Path;
use std::sync::Arc;

use super::blocks::{Piece, codec_bytes, slab};
use super::changes::{Changes, Watch};
use super::dropped::Dropped;
use super::first_reading::Before;
use super::grouping::{self, BlockReport};
use super::locate::Locator;
use super::recheck::{Leftovers, canonical_of, known_of, position};
use super::rewrite::{Rewriter, Written};
use super::worker::Worker;
use crate::block::{Block, Edits};
use crate::error::DataError;
use crate::finding::{EntityId, Match};
use crate::format::Codec;
use crate::source::buffer;
use crate::transform::Ledger;

/// What rewriting one block gave.
#[derive(Default)]
pub(super) struct BlockResult {
    pub(super) ledger: Ledger,
    /// What became of the columns.
    pub(super) changes: Changes,
    pub(super) report: BlockReport,
    pub(super) bytes: Vec<u8>,
    /// The bytes are those of the block as it was read.
    pub(super) is_same: bool,
    /// The block and its codec, and the matches that were replaced, where the stream may want it rendered anew.
    source: Option<(Block, Arc<dyn Codec>)>,
    matches: Vec<Match>,
    /// Where it starts, and how its bytes are read again, once the stream does not want it rendered anew.
    origin: Option<Origin>,
    /// Canonical values that are still found in the rewritten block, where it was read again.
    left: Vec<(EntityId, Vec<u8>, Option<crate::error::Position>)>,
}

/// How the bytes of a rewritten block are read again.
struct Origin {
    /// The offset of its first byte, and its first line.
    place: (u64, u64),
    codec: Arc<dyn Codec>,
    /// The table whose rows it holds.
    table: Option<String>,
}

impl BlockResult {
    pub(super) fn check(&self, ledger: &Ledger) -> Leftovers {
        let mut leftovers = Leftovers::default();
        for (entity, value, place) in &self.left {
            if ledger.is_leftover(*entity, value) {
                leftovers.merge(Leftovers { count: 1, first: place.clone(), member: None });
            }
        }
        leftovers
    }
}

impl Rewriter<'_> {
    pub(super) fn block(
        &self,
        worker: &mut Worker,
        path: &Path,
        piece: Piece,
        before: Before<'_>,
        check: bool,
    ) -> Result<BlockResult, DataError> {
        let (byte_offset, first_line) = match &piece {
            Piece::Raw { byte_offset, first_line, .. } => (*byte_offset, *first_line),
            Piece::Block(_) | Piece::Undecoded(_) => (0, 1),
        };
        let invalid_bytes = self.context.settings.invalid_bytes;
        let (block, codec) = piece.into_block(invalid_bytes)?;
        let codec = codec.ok_or_else(|| DataError::new("internal error: a stream without a codec"))?;
        let invalid_bytes = codec_bytes(&*codec, invalid_bytes);
        let again = |bytes: &[u8]| codec.lex(slab(bytes.to_vec(), byte_offset, first_line, invalid_bytes)?);
        let mut result = self.rendered(worker, path, &block, &*codec, before)?;
        if check && !result.bytes.is_empty() {
            self.look_again(worker, &again(&result.bytes)?, &*codec, &mut result);
            // A file is gone over once more for what it holds of a replaced value elsewhere; a stream, block by block.
            if result.check(&result.ledger).count > 0 {
                let first = std::mem::take(&mut result.ledger);
                result = self.rendered(worker, path, &block, &*codec, Before { seed: &[&first], ..before })?;
                self.look_again(worker, &again(&result.bytes)?, &*codec, &mut result);
            }
            result.source = Some((block, codec));
        }
        Ok(result)
    }

    /// On a stream: takes in what the keys of tables ask of the rows as they go out, as far as that is known by then.
    pub(super) fn pass(&self, result: &BlockResult, written: &mut Written) -> Result<(), DataError> {
        let Some(Origin { place: (byte_offset, first_line), codec, table: Some(table) }) = &result.origin else {
            return Ok(());
        };
        let questions = written.changes.questions_of(table);
        if !questions.is_empty() {
            let invalid_bytes = codec_bytes(&**codec, self.context.settings.invalid_bytes);
            let bytes = slab(result.bytes.clone(), *byte_offset, *first_line, invalid_bytes)?;
            written.changes.pass(questions, &codec.lex(bytes)?);
        }
        Ok(())
    }

    /// On a stream: renders `result` anew when its block holds, where no rule finds it, a value that was replaced in an
    /// earlier block. Done in the order of the stream, so that the answer does not depend on the threads.
    pub(super) fn replace_earlier(
        &self,
        worker: &mut Worker,
        path: &Path,
        result: &mut BlockResult,
        (earlier, dropped): (&Ledger, &Dropped),
    ) -> Result<(), DataError> {
        let Some((block, codec)) = result.source.take() else { return Ok(()) };
        let table = match &block {
            Block::Table(block) => block.table.name.clone(),
            Block::Text(_) => None,
        };
        let from = Some(Origin { place: origin(&block), codec: Arc::clone(&codec), table });
        let matched = result.matches.len();
        worker.matches = std::mem::take(&mut result.matches);
        let is_original = |entity, value: &[u8]| earlier.is_original(entity, value);
        worker.detect_known(self.context, &block, &known_of(self.context, &[earlier], &is_original));
        if worker.matches.len() > matched {
            let own = std::mem::take(&mut result.ledger);
            *result = self.rendered(worker, path, &block, &*codec, Before { seed: &[earlier, &own], dropped })?;
            let (byte_offset, first_line) = origin(&block);
            let invalid_bytes = codec_bytes(&*codec, self.context.settings.invalid_bytes);
            let bytes = slab(result.bytes.clone(), byte_offset, first_line, invalid_bytes)?;
            self.look_again(worker, &codec.lex(bytes)?, &*codec, result);
        }
        result.origin = from;
        Ok(())
    }

    /// Detects, edits and renders one block.
    fn rendered(
        &self,
        worker: &mut Worker,
        path: &Path,
        block: &Block,
        codec: &dyn Codec,
        before: Before<'_>,
    ) -> Result<BlockResult, DataError> {
        let mut result = BlockResult::default();
        let edits;
        (edits, result.changes) = self.edits(worker, block, Some(codec), before, &mut result.ledger)?;
        result.report = grouping::report(self.context, path, block, Some(codec), worker);
        result.bytes = buffer::empty(block.slab().map_or(0, |slab| slab.raw().len() * 9 / 8));
        codec.render(block, &edits, &mut result.bytes)?;
        result.is_same = block.slab().is_some_and(|slab| slab.raw() == result.bytes);
        Ok(result)
    }

    /// Enters what a rewritten block still holds.
    fn look_again(&self, worker: &mut Worker, again: &Block, codec: &dyn Codec, result: &mut BlockResult) {
        result.matches.clone_from(&worker.matches);
        worker.detect(self.context, again);
        let is_left = |entity, value: &[u8]| result.ledger.is_leftover(entity, value);
        worker.detect_known(self.context, again, &known_of(self.context, &[&result.ledger], &is_left));
        let mut locator = Locator::new(again, Some(codec));
        for found in &worker.matches {
            let place = position(&mut locator, found);
            result.left.extend(canonical_of(self.context, again, found).map(|value| (found.entity, value, place)));
        }
    }

    pub(super) fn edits(
        &self,
        worker: &mut Worker,
        block: &Block,
        codec: Option<&dyn Codec>,
        before: Before<'_>,
        ledger: &mut Ledger,
    ) -> Result<(Edits, Changes), DataError> {
        let seed = before.seed;
        worker.detect(self.context, block);
        let is_original = |entity, value: &[u8]| seed.iter().any(|ledger: &&Ledger| ledger.is_original(entity, value));
        let is_seeded = |found: &Match| {
            !seed.is_empty()
                && canonical_of(self.context, block, found).is_some_and(|value| is_original(found.entity, &value))
        };
        worker.matches.retain(|found| found.score >= self.context.settings.min_score || is_seeded(found));
        // Before what only is a known value comes in: a scan sees the same.
        worker.combine(self.context, block, codec);
        if !seed.is_empty() {
            worker.detect_known(self.context, block, &known_of(self.context, seed, &is_original));
        }
        if !before.dropped.is_empty() {
            return self.edits_without(worker, block, codec, before.dropped, ledger);
        }
        let mut watch = Watch::new(self.transformer, block, codec, &[], false);
        let edits = self.transformer.edits_watched(block, codec, &worker.matches, ledger, &mut watch)?;
        let changes = watch.finish(&edits);
        Ok((edits, changes))
    }
}

/// Byte offset and line at which a block of a stream starts.
pub(super) fn origin(block: &Block) -> (u64, u64) {
    block.slab().map_or((0, 1), |slab| (slab.byte_offset(), slab.first_line()))
}
