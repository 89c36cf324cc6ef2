//! Rewriting one asset in a closed loop: read, detect, edit, render, write aside, read again, and only then put out.
//!
//! Any doubt means no output for the asset. On a stream each block is read again before it is written.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::blocks::{Piece, slab};
use super::locate::Locator;
use super::ordered::ordered;
use super::read::{self, Body, Hash, Opened};
use super::recheck::{self, Leftovers, canonical_of, position};
use super::scan::{self, BlockReport, Worker, describe, guarded, produce};
use super::{Context, Outcome, Status};
use crate::block::{Block, Edits};
use crate::error::{DataError, Error};
use crate::finding::{EntityId, Match};
use crate::format::{Codec, Container};
use crate::output::{Pending, make_folders};
use crate::source::Input;
use crate::source::decompress::Compression;
use crate::transform::{CarriedOut, Ledger, Transformer};

/// What rewriting all assets of a run has in common.
pub struct Rewriter<'a> {
    /// How to read, detect and decide.
    pub context: &'a Context,
    /// Carries the decisions out.
    pub transformer: &'a Transformer,
    /// Existing outputs may be replaced.
    pub replace_existing: bool,
}

/// Where a rewritten asset goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// To `root/relative`.
    File {
        /// The output folder.
        root: PathBuf,
        /// The path below it.
        relative: PathBuf,
    },
    /// To standard output.
    Stdout,
}

/// What was written for an asset.
#[derive(Debug, Clone, Default)]
pub struct Rewritten {
    /// Path below the output folder; none for standard output.
    pub relative: Option<PathBuf>,
    /// Size in bytes, as stored.
    pub bytes: u64,
    /// SHA-256 of the input.
    pub input_hash: Option<Hash>,
    /// SHA-256 of the output.
    pub output_hash: Option<Hash>,
    /// Matches that are left in the output.
    pub remaining: BTreeMap<EntityId, u64>,
    /// How many values met which operator.
    pub operators: BTreeMap<(EntityId, CarriedOut), u64>,
}

/// Results of writing that must be looked at again.
#[derive(Default)]
struct Written {
    ledger: Ledger,
    input_hash: Option<Hash>,
    changed: bool,
}

impl Rewriter<'_> {
    /// Rewrites one asset with `threads` threads.
    pub fn rewrite(&self, input: &Input, named: bool, target: &Target, threads: usize) -> Outcome {
        guarded(self.context, input, named, |outcome| match target {
            Target::File { root, relative } => self.to_file(input, root, relative, threads, outcome),
            Target::Stdout => self.to_stdout(input, threads, outcome),
        })
    }

    fn to_file(
        &self,
        input: &Input,
        root: &Path,
        relative: &Path,
        threads: usize,
        outcome: &mut Outcome,
    ) -> Result<Status, Box<Status>> {
        let opened = read::open(input, &self.context.settings, &self.context.observer, true)?;
        describe(outcome, &opened);
        let format = opened.format;
        let target = root.join(relative);
        make_folders(root, relative).map_err(failed_outside)?;
        let mut pending = Pending::create(&target).map_err(failed_outside)?;
        let first = self.write(opened, pending.file(), None, threads, outcome)?;
        let (mut written, mut checked) = (first, None);
        if !written.changed {
            let found = recheck::recheck(self.context, pending.path(), format, Some(&written.ledger), threads)?;
            checked = Some(found);
        }
        // A value that was replaced in one place and too weak a match in another: once more, replacing it there too.
        if checked.as_ref().is_some_and(|found| found.leftovers.count > 0) && matches!(input, Input::File(_)) {
            let again = read::open(input, &self.context.settings, &self.context.observer, true)?;
            pending = Pending::create(&target).map_err(failed_outside)?;
            (outcome.findings, outcome.lines) = Default::default();
            written = self.write(again, pending.file(), Some(&written.ledger), threads, outcome)?;
            checked = Some(recheck::recheck(self.context, pending.path(), format, Some(&written.ledger), threads)?);
        }
        let Some(checked) = checked.filter(|_| !written.changed) else { return Ok(Status::Changed) };
        checked.leftovers.refuse().map_err(failed)?;
        let permissions = permissions_of(input);
        pending.commit(permissions, self.replace_existing).map_err(failed_outside)?;
        outcome.rewritten = Some(Rewritten {
            relative: Some(relative.to_path_buf()),
            bytes: checked.bytes,
            input_hash: written.input_hash,
            output_hash: checked.hash,
            remaining: checked.remaining,
            operators: operators(&written.ledger),
        });
        Ok(Status::Rewritten)
    }

    fn to_stdout(&self, input: &Input, threads: usize, outcome: &mut Outcome) -> Result<Status, Box<Status>> {
        let opened = read::open(input, &self.context.settings, &self.context.observer, true)?;
        describe(outcome, &opened);
        let mut out = io::stdout().lock();
        let written = match opened {
            Opened { body: Body::Container { .. }, format, .. } => {
                // The whole is written aside and read again before the first byte goes out.
                let place = std::env::temp_dir().join("tuomin-stdout");
                let mut aside = Pending::create(&place).map_err(failed_outside)?;
                let written = self.write(opened, aside.file(), None, threads, outcome)?;
                let ledger = Some(&written.ledger);
                let checked = recheck::recheck(self.context, aside.path(), format, ledger, threads)?;
                checked.leftovers.refuse().map_err(failed)?;
                if !written.changed {
                    rewind_and_copy(aside.file(), &mut out).map_err(|error| failed(error.into()))?;
                }
                written
            }
            opened => self.stream(opened, &mut out, None, true, threads, outcome)?,
        };
        out.flush().map_err(|error| failed(error.into()))?;
        if written.changed {
            return Ok(Status::Changed);
        }
        outcome.rewritten = Some(Rewritten {
            input_hash: written.input_hash,
            operators: operators(&written.ledger),
            ..Rewritten::default()
        });
        Ok(Status::Rewritten)
    }

    /// Writes the rewritten asset to `out`. Values that `seed` holds are replaced however weak the match is.
    fn write(
        &self,
        opened: Opened,
        out: &mut File,
        seed: Option<&Ledger>,
        threads: usize,
        outcome: &mut Outcome,
    ) -> Result<Written, Box<Status>> {
        let Opened { body: Body::Container { container, file }, compression, trail, .. } = opened else {
            return self.stream(opened, out, seed, false, threads, outcome);
        };
        let mut written = Written::default();
        let done = match compression {
            Compression::None => self.container(&*container, &file, out, seed, &mut written.ledger, outcome),
            _ => self.packed_container(&*container, &file, out, compression, seed, &mut written.ledger, outcome),
        };
        outcome.bytes = trail.bytes();
        done.map_err(failed)?;
        written.changed = trail.is_changed();
        written.input_hash = trail.hash().map_err(|error| failed(error.into()))?;
        Ok(written)
    }

    fn stream(
        &self,
        opened: Opened,
        out: &mut dyn Write,
        seed: Option<&Ledger>,
        check_blocks: bool,
        threads: usize,
        outcome: &mut Outcome,
    ) -> Result<Written, Box<Status>> {
        let Opened { body, compression, trail, .. } = opened;
        let mut written = Written::default();
        let buffered = BufWriter::with_capacity(1 << 18, out);
        let mut encoder = compression.encoder(buffered).map_err(|error| failed(error.into()))?;
        let path = outcome.path.clone();
        let done = ordered(
            threads,
            |push| produce(body, compression, &self.context.settings, push),
            Worker::default,
            |worker, piece| self.block(worker, &path, piece, seed, check_blocks),
            |result| {
                let mut block: BlockResult = result?;
                written.ledger.merge(std::mem::take(&mut block.ledger));
                block.check(&written.ledger).refuse()?;
                outcome.findings.merge(block.report.findings);
                outcome.lines.write(&block.report.lines)?;
                encoder.write_all(&block.bytes)?;
                Ok(())
            },
        );
        outcome.bytes = trail.bytes();
        // An encoder that is not finished leaves a stream that its reader refuses: a doubt must not look whole.
        done.map_err(failed)?;
        let mut buffered = encoder.finish().map_err(|error| failed(error.into()))?;
        buffered.flush().map_err(|error| failed(error.into()))?;
        written.changed = trail.is_changed();
        written.input_hash = trail.hash().map_err(|error| failed(error.into()))?;
        Ok(written)
    }

    fn block(
        &self,
        worker: &mut Worker,
        path: &Path,
        piece: Piece,
        seed: Option<&Ledger>,
        check: bool,
    ) -> Result<BlockResult, DataError> {
        let (byte_offset, first_line) = match &piece {
            Piece::Raw { byte_offset, first_line, .. } => (*byte_offset, *first_line),
            Piece::Block(_) => (0, 1),
        };
        let invalid_bytes = self.context.settings.invalid_bytes;
        let (block, codec) = piece.into_block(invalid_bytes)?;
        let codec = codec.ok_or_else(|| DataError::new("internal error: a stream without a codec"))?;
        let again = |bytes: &[u8]| codec.lex(slab(bytes.to_vec(), byte_offset, first_line, invalid_bytes)?);
        let mut result = self.rendered(worker, path, &block, &*codec, seed)?;
        if check && !result.bytes.is_empty() {
            self.look_again(worker, &again(&result.bytes)?, &*codec, &mut result);
            // A file is gone over once more for what it holds of a replaced value elsewhere; a stream, block by block.
            if result.check(&result.ledger).count > 0 {
                let first = std::mem::take(&mut result.ledger);
                result = self.rendered(worker, path, &block, &*codec, Some(&first))?;
                self.look_again(worker, &again(&result.bytes)?, &*codec, &mut result);
            }
        }
        Ok(result)
    }

    /// Detects, edits and renders one block.
    fn rendered(
        &self,
        worker: &mut Worker,
        path: &Path,
        block: &Block,
        codec: &dyn Codec,
        seed: Option<&Ledger>,
    ) -> Result<BlockResult, DataError> {
        let mut result = BlockResult::default();
        let edits = self.edits(worker, block, Some(codec), seed, &mut result.ledger)?;
        result.report = scan::report(self.context, path, block, Some(codec), &worker.matches);
        codec.render(block, &edits, &mut result.bytes)?;
        Ok(result)
    }

    /// Enters what a rewritten block still holds.
    fn look_again(&self, worker: &mut Worker, again: &Block, codec: &dyn Codec, result: &mut BlockResult) {
        worker.detect(self.context, again);
        worker.detect_known(self.context, again, &|entity, value| result.ledger.is_leftover(entity, value));
        let mut locator = Locator::new(again, Some(codec));
        for found in &worker.matches {
            let place = position(&mut locator, found);
            result.left.extend(canonical_of(self.context, again, found).map(|value| (found.entity, value, place)));
        }
    }

    fn edits(
        &self,
        worker: &mut Worker,
        block: &Block,
        codec: Option<&dyn Codec>,
        seed: Option<&Ledger>,
        ledger: &mut Ledger,
    ) -> Result<Edits, DataError> {
        worker.detect(self.context, block);
        let is_seeded = |found: &Match| {
            let seed = seed.zip(canonical_of(self.context, block, found));
            seed.is_some_and(|(seed, value)| seed.is_original(found.entity, &value))
        };
        worker.matches.retain(|found| found.score >= self.context.settings.min_score || is_seeded(found));
        if let Some(seed) = seed {
            worker.detect_known(self.context, block, &|entity, value| seed.is_original(entity, value));
        }
        self.transformer.edits(block, codec, &worker.matches, ledger)
    }

    fn container(
        &self,
        container: &dyn Container,
        file: &File,
        out: &mut File,
        seed: Option<&Ledger>,
        ledger: &mut Ledger,
        outcome: &mut Outcome,
    ) -> Result<(), DataError> {
        let mut worker = Worker::default();
        let path = outcome.path.clone();
        container.rewrite(file, out, &mut |block| {
            let edits = self.edits(&mut worker, block, None, seed, ledger)?;
            let report: BlockReport = scan::report(self.context, &path, block, None, &worker.matches);
            outcome.findings.merge(report.findings);
            outcome.lines.write(&report.lines)?;
            Ok(edits)
        })
    }

    #[allow(clippy::too_many_arguments)]
    fn packed_container(
        &self,
        container: &dyn Container,
        file: &File,
        out: &mut File,
        compression: Compression,
        seed: Option<&Ledger>,
        ledger: &mut Ledger,
        outcome: &mut Outcome,
    ) -> Result<(), DataError> {
        let mut plain = tempfile::tempfile()?;
        self.container(container, file, &mut plain, seed, ledger, outcome)?;
        let mut encoder = compression.encoder(BufWriter::new(out))?;
        rewind_and_copy(&mut plain, &mut encoder)?;
        encoder.finish()?.flush()?;
        Ok(())
    }
}

/// What rewriting one block gave.
#[derive(Default)]
struct BlockResult {
    ledger: Ledger,
    report: BlockReport,
    bytes: Vec<u8>,
    /// Canonical values that are still found in the rewritten block, where it was read again.
    left: Vec<(EntityId, Vec<u8>, Option<crate::error::Position>)>,
}

impl BlockResult {
    fn check(&self, ledger: &Ledger) -> Leftovers {
        let mut leftovers = Leftovers::default();
        for (entity, value, place) in &self.left {
            if ledger.is_leftover(*entity, value) {
                leftovers.merge(Leftovers { count: 1, first: place.clone() });
            }
        }
        leftovers
    }
}

fn operators(ledger: &Ledger) -> BTreeMap<(EntityId, CarriedOut), u64> {
    ledger.operators().map(|(entity, carried_out, count)| ((entity, carried_out), count)).collect()
}

fn rewind_and_copy(from: &mut File, to: &mut impl Write) -> io::Result<()> {
    from.seek(SeekFrom::Start(0))?;
    io::copy(from, to).map(drop)
}

fn permissions_of(input: &Input) -> Option<std::fs::Permissions> {
    match input {
        Input::File(file) => std::fs::metadata(&file.path).ok().map(|metadata| {
            #[allow(unused_mut)]
            let mut permissions = metadata.permissions();
            // Never setuid or setgid: the output belongs to whoever runs this, the input to anybody.
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt;
                permissions.set_mode(permissions.mode() & 0o777);
            }
            permissions
        }),
        Input::Stdin => None,
    }
}

fn failed(error: DataError) -> Box<Status> {
    Box::new(Status::Failed(error))
}

fn failed_outside(error: Error) -> Box<Status> {
    failed(match error {
        Error::Data { error, .. } => *error,
        error => DataError::new(error.to_string()),
    })
}
