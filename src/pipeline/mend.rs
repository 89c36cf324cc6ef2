//! The second round of a rewritten stream: reads the written file again, and renders anew those of its blocks that
//! still hold a replaced value, so that a value which shows itself late costs its own blocks and not the whole file.
//!
//! A block that is clean is passed on byte for byte. What was rendered anew is looked at again, until nothing is left
//! in it. Never goes on with a file that was changed meanwhile, nor with one that reads differently from its input.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::blocks::{Piece, codec_bytes, slab};
use super::changes::{Changes, Watch};
use super::findings::Findings;
use super::grouping::grouped;
use super::ordered::ordered;
use super::read::{self, Body, Guise, Hash, Opened};
use super::recheck::{self, Leftovers, Rechecked, Replaced};
use super::render::origin;
use super::rewrite::{Rewriter, failed, failed_outside};
use super::scan::produce;
use super::worker::Worker;
use super::{Observer, Settings, Silent, Status};
use crate::block::Block;
use crate::detect::known::Known;
use crate::error::DataError;
use crate::finding::EntityId;
use crate::format::Codec;
use crate::output::{Pending, Slot};
use crate::source::buffer;
use crate::source::decompress::Compression;
use crate::transform::Ledger;

/// How often a block is rendered anew before it is given up.
const TRIES: usize = 4;

/// A written file after its second round.
pub(super) struct Mended {
    /// The file that holds none of the replaced values, unless `checked` says otherwise.
    pub(super) pending: Pending,
    pub(super) checked: Rechecked,
    /// What the second round replaced.
    pub(super) ledger: Ledger,
    /// What became of the columns in it.
    pub(super) changes: Changes,
    pub(super) findings: Findings,
}

impl Mended {
    /// A file in which the second round had nothing to do.
    pub(super) fn unchanged(pending: Pending, checked: Rechecked) -> Mended {
        let (ledger, changes, findings) = Default::default();
        Mended { pending, checked, ledger, changes, findings }
    }
}

/// One block after its second round.
struct Examined {
    /// Its bytes, as they are to be written.
    bytes: Vec<u8>,
    /// Its size as it was read.
    length: u64,
    is_new: bool,
    remaining: BTreeMap<EntityId, u64>,
    leftovers: Leftovers,
    ledger: Ledger,
    changes: Changes,
    findings: Findings,
}

/// What the workers share.
struct Round<'a> {
    path: &'a Path,
    settings: &'a Settings,
    replaced: &'a Ledger,
    known: &'a Known<'a>,
}

impl Rewriter<'_> {
    /// Whether the file at `path`, written as `guise` says, is a stream that reads in the same way as its input, of which
    /// the splitter said `reading`; if so, it is opened.
    pub(super) fn open_alike(
        &self,
        path: &Path,
        guise: &Guise,
        reading: Option<&str>,
    ) -> Result<Option<Opened>, Box<Status>> {
        let observer: Arc<dyn Observer> = Arc::new(Silent);
        let settings = guise.settings(&self.context.settings);
        let opened = read::open_path(path, &settings, &observer, false)?;
        let alike = match &opened.body {
            Body::Stream { splitter, .. } => Some(splitter.reading()).as_deref() == reading,
            Body::Empty | Body::Container { .. } | Body::Sections { .. } | Body::Archive { .. } => false,
        };
        Ok(Some(opened).filter(|opened| alike && opened.compression == Compression::None))
    }

    /// Replaces what `replaced` knows wherever it is left in `first`, which was opened as `opened`. `path` names the
    /// asset, `slot` is where the file will be put.
    pub(super) fn mend(
        &self,
        first: Pending,
        opened: Opened,
        replaced: &Ledger,
        (path, slot): (&Path, &Slot),
        threads: usize,
    ) -> Result<Mended, Box<Status>> {
        let Opened { body, compression, trail, .. } = opened;
        let settings = &self.context.settings;
        let is_left = |entity, value: &[u8]| replaced.is_leftover(entity, value);
        let known = recheck::known_of(self.context, &[replaced], &is_left);
        let round = Round { path, settings, replaced, known: &known };
        let mut passed = Passed { first: first.path(), slot, position: 0, bytes: 0, hash: Sha256::new(), second: None };
        let (mut checked, mut ledger) = (Rechecked::default(), Ledger::default());
        let (mut changes, mut findings) = (Changes::default(), Findings::default());
        ordered(
            threads,
            |push| produce(body, compression, settings, push),
            Worker::default,
            |worker, piece| self.examine(worker, piece, &round),
            |examined| {
                let examined: Examined = examined?;
                passed.take(&examined)?;
                buffer::give(examined.bytes);
                for (entity, count) in examined.remaining {
                    *checked.remaining.entry(entity).or_default() += count;
                }
                checked.leftovers.merge(examined.leftovers);
                ledger.merge(examined.ledger);
                changes.merge(examined.changes);
                findings.merge(examined.findings);
                Ok(())
            },
        )
        .map_err(failed)?;
        if trail.is_changed() {
            return Err(Box::new(Status::Changed));
        }
        let Passed { bytes, hash, mut second, .. } = passed;
        let hash = hash.finalize().into();
        if let Some(second) = &mut second {
            is_written(second, hash).map_err(failed)?;
        }
        (checked.bytes, checked.hash) = (bytes, Some(hash));
        Ok(Mended { pending: second.unwrap_or(first), checked, ledger, changes, findings })
    }

    /// Looks at one block, and renders it anew as long as something is left in it that can be replaced.
    fn examine(&self, worker: &mut Worker, piece: Piece, round: &Round<'_>) -> Result<Examined, DataError> {
        let (mut block, codec) = piece.into_block(round.settings.invalid_bytes)?;
        let codec = codec.ok_or_else(|| DataError::new("internal error: a stream without a codec"))?;
        let length = block.slab().map_or(0, |slab| slab.raw().len()) as u64;
        let (mut ledger, mut changes, mut findings) = (Ledger::default(), Changes::default(), Findings::default());
        let mut is_new = false;
        for tries in 0..=TRIES {
            worker.detect(self.context, &block);
            let remaining = worker.remaining(round.settings.min_score);
            // A match that stays as it is must not hide a known value inside.
            let replaced = Replaced { ledgers: &[round.replaced, &ledger] };
            worker.matches.retain(|found| replaced.is_left(self.context, &block, found));
            worker.detect_known(self.context, &block, round.known);
            worker.matches.retain(|found| replaced.is_left(self.context, &block, found));
            let rendered = match tries {
                TRIES => None,
                _ => {
                    let entered = (&mut ledger, &mut changes, &mut findings);
                    self.anew(worker, &block, &*codec, entered, round)?
                }
            };
            if let Some(rendered) = rendered {
                (block, is_new) = (rendered, true);
                continue;
            }
            let leftovers = recheck::leftovers(&block, Some(&*codec), &worker.matches);
            let bytes = block.into_raw().ok_or_else(|| DataError::new("internal error: a stream without its bytes"))?;
            return Ok(Examined { bytes, length, is_new, remaining, leftovers, ledger, changes, findings });
        }
        Err(DataError::new("internal error: a block was looked at too often"))
    }

    /// The block with the worker's matches replaced; `None` when there are none, or none that is replaced.
    fn anew(
        &self,
        worker: &Worker,
        block: &Block,
        codec: &dyn Codec,
        (ledger, changes, findings): (&mut Ledger, &mut Changes, &mut Findings),
        round: &Round<'_>,
    ) -> Result<Option<Block>, DataError> {
        if worker.matches.is_empty() {
            return Ok(None);
        }
        let mut watch = Watch::new(self.transformer, block, Some(codec), &[], false);
        let edits = self.transformer.edits_watched(block, Some(codec), &worker.matches, ledger, &mut watch)?;
        changes.merge(watch.finish(&edits));
        if edits.text.is_empty() && edits.cells.is_empty() {
            return Ok(None);
        }
        findings.merge(grouped(self.context, round.path, block, Some(codec), &worker.matches).findings);
        let mut bytes = buffer::empty(block.slab().map_or(0, |slab| slab.raw().len() * 9 / 8));
        codec.render(block, &edits, &mut bytes)?;
        let (byte_offset, first_line) = origin(block);
        let invalid_bytes = codec_bytes(codec, round.settings.invalid_bytes);
        codec.lex(slab(bytes, byte_offset, first_line, invalid_bytes)?).map(Some)
    }
}

/// The blocks so far: still the first file, or from the first new one on a second one.
struct Passed<'a> {
    first: &'a Path,
    slot: &'a Slot,
    /// How far the first file was passed.
    position: u64,
    bytes: u64,
    hash: Sha256,
    second: Option<Pending>,
}

impl Passed<'_> {
    fn take(&mut self, examined: &Examined) -> Result<(), DataError> {
        if examined.is_new && self.second.is_none() {
            let mut second = self.slot.pending().map_err(outside)?;
            let copied = io::copy(&mut File::open(self.first)?.take(self.position), second.file())?;
            if copied != self.position {
                return Err(DataError::new("the written file was cut off meanwhile"));
            }
            self.second = Some(second);
        }
        if let Some(second) = &mut self.second {
            second.file().write_all(&examined.bytes)?;
        }
        self.hash.update(&examined.bytes);
        self.position += examined.length;
        self.bytes += examined.bytes.len() as u64;
        Ok(())
    }
}

/// Reads back what was written: the prefix of the file was copied without a look.
fn is_written(file: &mut Pending, hash: Hash) -> Result<(), DataError> {
    if read::hash_file(file.file())? == hash {
        return Ok(());
    }
    Err(DataError::new("what was written reads back differently").advise("check the disk"))
}

fn outside(error: crate::error::Error) -> DataError {
    match *failed_outside(error) {
        Status::Failed(error) => error,
        _ => DataError::new("the output cannot be written"),
    }
}
