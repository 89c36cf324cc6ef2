//! Rewriting one asset in a closed loop: read, detect, edit, render, write aside, read again, and only then put out.
//!
//! Any doubt means no output for the asset. On a stream each block is read again before it is written.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::changes::Changes;
use super::dropped::{Column, Dropped};
use super::first_reading::Before;
use super::in_place::Original;
use super::mend::Mended;
use super::read::{self, Body, Guise, Hash, Opened};
use super::recheck::{self, Rechecked};
pub use super::rewritten::Rewritten;
use super::rewritten::{operators, undeclared, unsought};
use super::scan::{describe, guarded};
use super::{Context, Outcome, Status};
use crate::detect::Scratch;
use crate::error::{DataError, Error};
use crate::finding::Match;
use crate::format::Format;
use crate::output::{Pending, Slot, permissions_like};
use crate::source::{Input, checksum};
use crate::transform::{Ledger, Transformer};

/// What rewriting all assets of a run has in common.
pub struct Rewriter<'a> {
    /// How to read, detect and decide.
    pub context: &'a Context,
    /// Carries the decisions out.
    pub transformer: &'a Transformer,
    /// Existing outputs may be replaced.
    pub replace_existing: bool,
    /// What is told of each original before it goes.
    pub journal: Option<&'a dyn Journal>,
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
    /// To where it is.
    InPlace {
        /// The path below the folder of the manifest.
        relative: PathBuf,
    },
    /// To standard output.
    Stdout,
}

/// Where a file goes.
struct Place<'a> {
    /// Below it, folders are made.
    root: &'a Path,
    relative: &'a Path,
    /// What is there already and is to be replaced.
    original: Option<Original>,
}

impl Place<'_> {
    fn slot(&self) -> Result<Slot, Error> {
        match &self.original {
            Some(original) => Ok(original.slot().clone()),
            None => Slot::below(self.root, self.relative),
        }
    }
}

/// Results of writing that must be looked at again.
#[derive(Default)]
pub(super) struct Written {
    pub(super) ledger: Ledger,
    /// What became of the columns.
    pub(super) changes: Changes,
    /// What a constraint in a member of an archive would refuse.
    pub(super) broken: Option<DataError>,
    /// The columns that are gone.
    pub(super) dropped: Vec<Column>,
    /// Formats of the members of an archive, in order.
    pub(super) formats: Vec<Option<&'static dyn Format>>,
    pub(super) input_hash: Option<Hash>,
    pub(super) changed: bool,
}

impl Written {
    /// Makes sure that the rewritten rows hold to the constraints of their tables.
    pub(super) fn hold(&self) -> Result<(), DataError> {
        self.broken.clone().map_or_else(|| self.changes.hold(), Err)
    }
}

/// Keeps what is about to be put over an original, so that a run that ends before its manifest is not forgotten.
pub trait Journal: Sync {
    /// Enters an asset, durably, before its original is gone.
    ///
    /// # Errors
    /// When it cannot be kept.
    fn enter(&self, outcome: &Outcome) -> Result<(), Error>;
}

impl Rewriter<'_> {
    /// Rewrites one asset with `threads` threads.
    pub fn rewrite(&self, input: &Input, named: bool, target: &Target, threads: usize) -> Outcome {
        let outcome = guarded(self.context, input.path(), named, |outcome| match target {
            Target::File { root, relative } => {
                self.to_file(input, Place { root, relative, original: None }, threads, outcome)
            }
            Target::InPlace { relative } => {
                let Input::File(file) = input else { return Err(failed(DataError::new("a stream has no place"))) };
                let original = Some(Original::open(file)?);
                self.to_file(input, Place { root: Path::new(""), relative, original }, threads, outcome)
            }
            Target::Stdout => self.to_stdout(input, threads, outcome),
        });
        self.context.observer.asset();
        outcome
    }

    fn to_file(
        &self,
        input: &Input,
        place: Place<'_>,
        threads: usize,
        outcome: &mut Outcome,
    ) -> Result<Status, Box<Status>> {
        let opened = read::open(input, &self.context.settings, &self.context.observer, true)?;
        describe(outcome, &opened);
        let guise = opened.guise.clone();
        self.refuse_telling_path(place.relative)?;
        let dropped = &self.first_reading(input, &opened, threads)?;
        let slot = place.slot().map_err(failed_outside)?;
        if !matches!(opened.body, Body::Empty) {
            refuse_beside_checksum(&slot)?;
        }
        let Place { relative, original, .. } = place;
        let mut pending = slot.pending().map_err(failed_outside)?;
        let reading = match &opened.body {
            Body::Stream { splitter, .. } => Some(splitter.reading()),
            Body::Empty | Body::Container { .. } | Body::Sections { .. } | Body::Archive { .. } => None,
        };
        let mut written =
            self.write(opened, (pending.file(), slot.folder()), Before { seed: &[], dropped }, threads, outcome)?;
        if written.changed {
            return Ok(Status::Changed);
        }
        let is_file = matches!(input, Input::File(_));
        let mended = match self.open_alike(pending.path(), &guise, reading.as_deref())? {
            Some(opened) => {
                match self.mend(pending, opened, &written.ledger, (input.path(), &slot), threads) {
                    Ok(mended) if mended.checked.leftovers.count == 0 || !is_file => Some(mended),
                    // What a format guesses of its rows may be otherwise where they were replaced.
                    Ok(_) => None,
                    Err(status) if is_file && matches!(*status, Status::Failed(_)) => None,
                    Err(status) => return Err(status),
                }
            }
            None => {
                let checked = self.recheck(pending.path(), &guise, &written, threads)?;
                let is_done = checked.leftovers.count == 0 || !is_file;
                is_done.then(|| Mended::unchanged(pending, checked))
            }
        };
        let checked;
        match mended {
            Some(mended) => {
                written.ledger.merge(mended.ledger);
                written.changes.merge(mended.changes);
                outcome.findings.merge(mended.findings);
                (pending, checked) = (mended.pending, mended.checked);
            }
            // The first file is gone by now: two need not fit the disk.
            None => {
                (pending, written, checked) =
                    self.again(input, (&slot, &guise), (written, dropped), threads, outcome)?
            }
        }
        if written.changed {
            return Ok(Status::Changed);
        }
        checked.leftovers.refuse().map_err(failed)?;
        self.hold(pending.path(), &guise, &mut written, threads)?;
        outcome.rewritten = Some(Rewritten {
            relative: Some(relative.to_path_buf()),
            bytes: checked.bytes,
            input_hash: written.input_hash,
            output_hash: checked.hash,
            remaining: checked.remaining,
            operators: operators(&written.ledger),
            unsought: unsought(self.context, &written.ledger),
            shared: written.ledger.shared().collect(),
            undeclared: undeclared(&written.changes),
            dropped: written.dropped,
        });
        let placed = match original {
            // What needs no other content is not touched.
            Some(_) if checked.hash.is_some() && checked.hash == written.input_hash => Ok(true),
            Some(original) => self.replace(original, pending, outcome),
            None => {
                pending.commit(permissions_like(input.path()).filter(|_| is_file), self.replace_existing).map(|()| true)
            }
        };
        match placed {
            Ok(true) => Ok(Status::Rewritten),
            other => {
                outcome.rewritten = None;
                other.map(|_| Status::Changed).map_err(failed_outside)
            }
        }
    }

    /// Puts what was written in the place of the original, once the journal knows of it; false when the original was
    /// changed meanwhile.
    fn replace(&self, original: Original, pending: Pending, outcome: &Outcome) -> Result<bool, Error> {
        if let Some(journal) = self.journal {
            journal.enter(outcome)?;
        }
        original.replace(pending)
    }

    /// The whole once more, from the input: a value that was replaced in one place and too weak a match in another is
    /// replaced there too.
    fn again(
        &self,
        input: &Input,
        (slot, guise): (&Slot, &Guise),
        (first, dropped): (Written, &Dropped),
        threads: usize,
        outcome: &mut Outcome,
    ) -> Result<(Pending, Written, Rechecked), Box<Status>> {
        let opened = read::open(input, &self.context.settings, &self.context.observer, true)?;
        let mut pending = slot.pending().map_err(failed_outside)?;
        (outcome.findings, outcome.lines) = Default::default();
        let out = (pending.file(), slot.folder());
        let written = self.write(opened, out, Before { seed: &[&first.ledger], dropped }, threads, outcome)?;
        let found = self.recheck(pending.path(), guise, &written, threads)?;
        Ok((pending, written, found))
    }

    /// Reads again what was written.
    pub(super) fn recheck(
        &self,
        path: &Path,
        guise: &Guise,
        written: &Written,
        threads: usize,
    ) -> Result<Rechecked, Box<Status>> {
        recheck::recheck(self.context, path, (guise, &written.formats), Some(&written.ledger), threads)
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

    /// Writes the rewritten asset to `out`, and what must stand aside for a while to the folder beside it.
    pub(super) fn write(
        &self,
        opened: Opened,
        (out, folder): (&mut File, &Path),
        before: Before<'_>,
        threads: usize,
        outcome: &mut Outcome,
    ) -> Result<Written, Box<Status>> {
        let Opened { body, compression, trail, guise } = opened;
        let mut written = Written::default();
        if let Body::Container { container, .. } = &body {
            container.refuse_rewrite().map_err(failed)?;
        }
        let done = match body {
            body @ (Body::Container { .. } | Body::Sections { .. }) => {
                self.whole(body, (out, compression), before, threads, &mut written, outcome)
            }
            Body::Archive { mut archive, layers } => {
                let members = (&mut *archive, &layers);
                let encoder = compression.encoder(BufWriter::with_capacity(1 << 18, out));
                let archived = encoder.map_err(DataError::from).and_then(|encoder| {
                    self.archive(members, (encoder, folder), before.seed, threads, &mut written, outcome)
                });
                archived.and_then(|encoder| Ok(encoder.finish()?.flush()?))
            }
            body => {
                let opened = Opened { body, compression, trail, guise };
                return self.stream(opened, out, before, false, threads, outcome);
            }
        };
        outcome.bytes = trail.bytes();
        done.map_err(failed)?;
        written.dropped.extend(before.dropped.columns().cloned());
        written.changed = trail.is_changed();
        written.input_hash = trail.hash().map_err(|error| failed(error.into()))?;
        Ok(written)
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

/// Refuses an output beside which Hadoop's checksums of another content stand.
fn refuse_beside_checksum(slot: &Slot) -> Result<(), Box<Status>> {
    if checksum::beside(slot.place()).symlink_metadata().is_err() {
        return Ok(());
    }
    let error =
        DataError::new("Hadoop's checksums (.NAME.crc) stand beside the output and would be those of other data");
    Err(failed(error.advise("remove them, or write elsewhere with -o; files without checksums are read, too")))
}
