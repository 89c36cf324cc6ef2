//! Rewriting one asset in a closed loop: read, detect, edit, render, write aside, read again, and only then put out.
//!
//! Any doubt means no output for the asset. On a stream each block is read again before it is written.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::findings::Findings;
use super::mend::Mended;
use super::ordered::ordered;
use super::read::{self, Body, Hash, Opened};
use super::recheck::{self, Rechecked};
use super::render::BlockResult;
use super::scan::{self, BlockReport, Worker, describe, guarded, produce};
use super::{Context, Outcome, Status};
use crate::detect::Scratch;
use crate::detect::known::Known;
use crate::error::{DataError, Error};
use crate::finding::{EntityId, Match};
use crate::format::{Container, Format};
use crate::output::{Pending, make_folders};
use crate::rule::EntityType;
use crate::source::Input;
use crate::source::buffer;
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
    /// How many replaced values are too short or too many to be told from other numbers, so that a place which no rule
    /// finds may still hold them.
    pub unsought: BTreeMap<EntityId, u64>,
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
        self.refuse_telling_path(relative)?;
        let target = root.join(relative);
        make_folders(root, relative).map_err(failed_outside)?;
        let mut pending = Pending::create(&target).map_err(failed_outside)?;
        let reading = match &opened.body {
            Body::Stream { splitter, .. } => Some(splitter.reading()),
            Body::Empty | Body::Container { .. } => None,
        };
        let mut written = self.write(opened, pending.file(), &[], threads, outcome)?;
        if written.changed {
            return Ok(Status::Changed);
        }
        let is_file = matches!(input, Input::File(_));
        let mended = match self.open_alike(pending.path(), format, reading.as_deref())? {
            Some(opened) => {
                match self.mend(pending, opened, &written.ledger, (input.path(), &target), threads) {
                    Ok(mended) if mended.checked.leftovers.count == 0 || !is_file => Some(mended),
                    // What a format guesses of its rows may be otherwise where they were replaced.
                    Ok(_) => None,
                    Err(status) if is_file && matches!(*status, Status::Failed(_)) => None,
                    Err(status) => return Err(status),
                }
            }
            None => {
                let checked = recheck::recheck(self.context, pending.path(), format, Some(&written.ledger), threads)?;
                let is_done = checked.leftovers.count == 0 || !is_file;
                is_done.then(|| Mended { pending, checked, ledger: Ledger::default(), findings: Findings::default() })
            }
        };
        let checked;
        match mended {
            Some(mended) => {
                written.ledger.merge(mended.ledger);
                outcome.findings.merge(mended.findings);
                (pending, checked) = (mended.pending, mended.checked);
            }
            // The first file is gone by now: two need not fit the disk.
            None => (pending, written, checked) = self.again(input, (&target, format), written, threads, outcome)?,
        }
        if written.changed {
            return Ok(Status::Changed);
        }
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
            unsought: unsought(self.context, &written.ledger),
        });
        Ok(Status::Rewritten)
    }

    /// The whole once more, from the input: a value that was replaced in one place and too weak a match in another is
    /// replaced there too.
    fn again(
        &self,
        input: &Input,
        (target, format): (&Path, Option<&'static dyn Format>),
        first: Written,
        threads: usize,
        outcome: &mut Outcome,
    ) -> Result<(Pending, Written, Rechecked), Box<Status>> {
        let opened = read::open(input, &self.context.settings, &self.context.observer, true)?;
        let mut pending = Pending::create(target).map_err(failed_outside)?;
        (outcome.findings, outcome.lines) = Default::default();
        let written = self.write(opened, pending.file(), &[&first.ledger], threads, outcome)?;
        let found = recheck::recheck(self.context, pending.path(), format, Some(&written.ledger), threads)?;
        Ok((pending, written, found))
    }

    /// Refuses a path that itself holds what the policy replaces (`phone=138…/`): the output would have it too.
    fn refuse_telling_path(&self, relative: &Path) -> Result<(), Box<Status>> {
        let mut found = Vec::new();
        let path = relative.to_string_lossy();
        self.context.detector.detect_bytes(path.as_bytes(), &mut Scratch::default(), &mut found);
        let telling = |m: &&Match| m.score >= self.context.settings.min_score && self.context.decision(m).1 != "keep";
        let Some(entity) = found.iter().find(telling).and_then(|m| self.context.detector.rules().entity(m.entity))
        else {
            return Ok(());
        };
        let reason = format!("its path holds a value of {}, which the output's path would hold too", entity.name);
        Err(failed(DataError::new(reason).advise("rename the file or folder first")))
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
                let written = self.write(opened, aside.file(), &[], threads, outcome)?;
                let ledger = Some(&written.ledger);
                let checked = recheck::recheck(self.context, aside.path(), format, ledger, threads)?;
                checked.leftovers.refuse().map_err(failed)?;
                if !written.changed {
                    rewind_and_copy(aside.file(), &mut out).map_err(|error| failed(error.into()))?;
                }
                written
            }
            opened => self.stream(opened, &mut out, &[], true, threads, outcome)?,
        };
        out.flush().map_err(|error| failed(error.into()))?;
        if written.changed {
            return Ok(Status::Changed);
        }
        outcome.rewritten = Some(Rewritten {
            input_hash: written.input_hash,
            operators: operators(&written.ledger),
            unsought: unsought(self.context, &written.ledger),
            ..Rewritten::default()
        });
        Ok(Status::Rewritten)
    }

    /// Writes the rewritten asset to `out`. Values that `seed` holds are replaced however weak the match is.
    fn write(
        &self,
        opened: Opened,
        out: &mut File,
        seed: &[&Ledger],
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
        seed: &[&Ledger],
        check_blocks: bool,
        threads: usize,
        outcome: &mut Outcome,
    ) -> Result<Written, Box<Status>> {
        let Opened { body, compression, trail, .. } = opened;
        let mut written = Written::default();
        let buffered = BufWriter::with_capacity(1 << 18, out);
        let mut encoder = compression.encoder(buffered).map_err(|error| failed(error.into()))?;
        let path = outcome.path.clone();
        let mut taker = Worker::default();
        let done = ordered(
            threads,
            |push| produce(body, compression, &self.context.settings, push),
            Worker::default,
            |worker, piece| self.block(worker, &path, piece, seed, check_blocks),
            |result| {
                let mut block: BlockResult = result?;
                if check_blocks {
                    self.replace_earlier(&mut taker, &path, &mut block, &written.ledger)?;
                }
                written.ledger.merge(std::mem::take(&mut block.ledger));
                block.check(&written.ledger).refuse()?;
                outcome.findings.merge(block.report.findings);
                outcome.lines.write(&block.report.lines)?;
                encoder.write_all(&block.bytes)?;
                buffer::give(std::mem::take(&mut block.bytes));
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

    fn container(
        &self,
        container: &dyn Container,
        file: &File,
        out: &mut File,
        seed: &[&Ledger],
        ledger: &mut Ledger,
        outcome: &mut Outcome,
    ) -> Result<(), DataError> {
        let mut worker = Worker::default();
        let path = outcome.path.clone();
        container.rewrite(file, out, &mut |block| {
            let edits = self.edits(&mut worker, block, None, seed, ledger)?;
            let report: BlockReport = scan::report(self.context, &path, block, None, &worker);
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
        seed: &[&Ledger],
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

fn operators(ledger: &Ledger) -> BTreeMap<(EntityId, CarriedOut), u64> {
    ledger.operators().map(|(entity, carried_out, count)| ((entity, carried_out), count)).collect()
}

fn unsought(context: &Context, ledger: &Ledger) -> BTreeMap<EntityId, u64> {
    let count = |entity: &EntityType| (entity.id, Known::unsought(entity.canonical, &ledger.lengths(entity.id)));
    context.detector.rules().entities().iter().map(count).filter(|(_, count)| *count > 0).collect()
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

pub(super) fn failed(error: DataError) -> Box<Status> {
    Box::new(Status::Failed(error))
}

pub(super) fn failed_outside(error: Error) -> Box<Status> {
    failed(match error {
        Error::Data { error, .. } => *error,
        error => DataError::new(error.to_string()),
    })
}
