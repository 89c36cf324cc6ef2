//! The members of an archive: each scanned as an asset of its own; rewritten all or none.
//!
//! A member is written aside before it goes into the new archive, which states its size before its content. One that
//! cannot be rewritten for sure, or whose name tells what must not be told, fails the archive.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use super::apart;
use super::changes::Changes;
use super::findings::Findings;
use super::first_reading::Before;
use super::layers::Layers;
use super::read::{self, Body, Opened};
use super::rewrite::{Rewriter, Written, failed};
use super::scan;
use super::words::Words;
use super::worker::Worker;
use super::{Context, Outcome, Settings, Status, Take};
use crate::error::DataError;
use crate::format::Companions;
use crate::source::archive::{Archive, Content, Writer};
use crate::transform::Ledger;

/// Members of at least this size are worked on by all threads; starting them costs more than a smaller one.
const LARGE_MEMBER: u64 = 1 << 20;

/// Threads for a member of this size.
pub(super) fn threads_for(size: u64, threads: usize) -> usize {
    if size >= LARGE_MEMBER { threads } else { 1 }
}

/// What the members so far tell of those that follow.
#[derive(Default)]
pub(super) struct Beside {
    companions: Option<Arc<dyn Companions>>,
    members: u64,
}

impl Beside {
    /// `settings` for the member of this name.
    pub(super) fn settings(&mut self, name: &[u8], settings: &Settings) -> Settings {
        self.members += 1;
        let known = self.companions.as_ref().zip(std::str::from_utf8(name).ok());
        let companion = known.and_then(|(companions, name)| companions.companion(name));
        Settings { companion, ..settings.clone() }
    }

    /// A member was opened.
    ///
    /// # Errors
    /// When it tells of files that may have gone by already.
    pub(super) fn enter(&mut self, opened: &Opened) -> Result<(), DataError> {
        let Body::Sections { sections, .. } = &opened.body else { return Ok(()) };
        let Some(companions) = sections.companions() else { return Ok(()) };
        if self.members != 1 || !companions.are_members() {
            return Err(DataError::new(
                "is the table of contents of files that cannot be told from others in this archive",
            )
            .advise("unpack the archive and pass the folder"));
        }
        self.companions = Some(companions);
        Ok(())
    }
}

/// Scans the members of an archive that stands at `path`, and hands their outcomes to `take`. What the archive says of
/// itself goes to `findings`.
///
/// # Errors
/// When the archive cannot be read to its end, or what `take` returned.
pub(super) fn scan(
    context: &Context,
    mut archive: Archive,
    layers: &Layers,
    path: &Path,
    threads: usize,
    findings: &mut Findings,
    take: Take<'_>,
) -> Result<(), DataError> {
    let (mut worker, mut beside) = (Worker::default(), Beside::default());
    while let Some(member) = archive.next_member()? {
        let words = Words::of_member(context, &mut worker, &member)?;
        let settings = beside.settings(&member.name, &context.settings);
        let place = words.place(path);
        let mut outcome = match member.content {
            Content::Folder => {
                findings.merge(words.findings(context));
                continue;
            }
            Content::Other(what) => Outcome::bare(place, Status::Skipped(format!("is {what}")), false),
            Content::Unreadable(what) => {
                Outcome::bare(place, Status::Skipped(format!("is {what}, which is not read")), true)
            }
            Content::File { size, packed, reader } => scan::guarded(context, &place, false, |outcome| {
                let opened = read::open_member((reader, packed), &settings, layers)?;
                beside.enter(&opened).map_err(failed)?;
                scan::content(context, opened, &place, threads_for(size, threads), outcome, Some(&mut *take))
            }),
        };
        outcome.findings.merge(words.findings(context));
        outcome.is_member = true;
        take(outcome)?;
    }
    findings.merge(Words::of_archive(context, &mut worker, archive.texts())?.findings(context));
    Ok(())
}

impl Rewriter<'_> {
    /// Writes the rewritten archive to `out`; members stand aside in an unnamed file in `folder` meanwhile.
    pub(super) fn archive<W: Write>(
        &self,
        (archive, layers): (&mut Archive, &Layers),
        (out, folder): (W, &Path),
        seed: &[&Ledger],
        threads: usize,
        written: &mut Written,
        outcome: &mut Outcome,
    ) -> Result<W, DataError> {
        let context = self.context;
        let (mut worker, mut beside) = (Worker::default(), Beside::default());
        // Of the members that are the files of a dump.
        let mut family = Changes::default();
        let mut writer = Writer::alike(archive, out, folder)?;
        let mut aside: File = tempfile::tempfile_in(folder)?;
        while let Some(member) = archive.next_member()? {
            let words = Words::of_member(context, &mut worker, &member)?;
            let settings = beside.settings(&member.name, &context.settings);
            words.refuse_telling(context).map_err(|error| words.name_in(error))?;
            outcome.findings.merge(words.findings(context));
            let named = |error| words.name_in(error);
            let (size, packed, reader) = match member.content {
                Content::File { size, packed, reader } => (size, packed, reader),
                Content::Folder | Content::Other(_) => {
                    writer.member(&member.head, None).map_err(named)?;
                    continue;
                }
                Content::Unreadable(what) => {
                    let error = DataError::new(format!("is {what}, which is not read"));
                    return Err(named(error.advise("leave it out of the archive")));
                }
            };
            aside.set_len(0)?;
            aside.seek(SeekFrom::Start(0))?;
            let threads = threads_for(size, threads);
            let (opened, dropped) = self
                .open_known((reader, packed), &settings, (layers, folder), threads)
                .map_err(|status| named(error_of(*status)))?;
            beside.enter(&opened).map_err(named)?;
            if !matches!(opened.body, Body::Archive { .. }) {
                written.formats.push(opened.guise.format);
            }
            let guise = opened.guise.clone();
            let before = Before { seed, dropped: &dropped };
            let done = self.write(opened, (&mut aside, folder), before, threads, outcome);
            let mut inner = done.map_err(|status| named(error_of(*status)))?;
            let length = aside.stream_position()?;
            let questions = inner.changes.questions();
            if !questions.is_empty() {
                aside.seek(SeekFrom::Start(0))?;
                let settings = guise.settings(&settings);
                let opened = read::open_member((Box::new(aside.try_clone()?), false), &settings, layers);
                let opened = opened.map_err(|status| named(error_of(*status)))?;
                inner.changes.answer(apart::of_written(opened, &settings, &questions, threads).map_err(named)?);
            }
            if guise.companion.is_some() {
                family.join(inner.changes.outline());
            }
            // Tables of one name in two members are two.
            if let Some(error) = inner.changes.hold().err().or(inner.broken) {
                written.broken.get_or_insert(named(error));
            }
            written.ledger.merge(inner.ledger);
            written.dropped.extend(inner.dropped.into_iter().map(|column| column.in_member(words.shown())));
            // Those of an archive's members stand in the place of its own.
            written.formats.extend(inner.formats);
            aside.seek(SeekFrom::Start(0))?;
            writer.member(&member.head, Some((&mut aside, length))).map_err(named)?;
        }
        Words::of_archive(context, &mut worker, archive.texts())?.refuse_telling(context)?;
        if let Some((_, error)) = family.broken_between_files() {
            written.broken.get_or_insert(error);
        }
        Ok(writer.finish(archive)?)
    }
}

/// Why a member was not read.
pub(super) fn error_of(status: Status) -> DataError {
    match status {
        Status::Failed(error) => error,
        status => DataError::new(status.reason().unwrap_or_default()),
    }
}
