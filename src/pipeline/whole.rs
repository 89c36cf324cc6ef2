//! Formats that need the whole file: containers, taken apart and written by their own code, and files of sections, whose
//! streams run through the threads as any stream does and are then put together again.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

use super::Outcome;
use super::Settings;
use super::blocks::{self, Piece};
use super::first_reading::Before;
use super::grouping::{self, BlockReport};
use super::layers::Layers;
use super::ordered::ordered;
use super::read::Body;
use super::render::BlockResult;
use super::rewrite::{Rewriter, Written};
use super::worker::Worker;
use crate::block::{Block, Edits, Removed, TextBlock};
use crate::constraint::Constraint;
use crate::error::DataError;
use crate::finding::Match;
use crate::format::{Codec, Container, Declared, Members, Object, Section, Sections, Site};
use crate::source::buffer;
use crate::source::decompress::Compression;
use crate::source::slab::Slab;

/// Takes the pieces of a file of sections, each with the number of its stream; texts have none.
type PushSection<'a> = &'a mut dyn FnMut(Option<usize>, Piece) -> ControlFlow<()>;

/// Cuts all sections into pieces and pushes them.
///
/// # Errors
/// When the file is damaged, or unpacks to more than `layers` allow.
pub(super) fn sections(
    sections: &dyn Sections,
    layers: &Layers,
    settings: &Settings,
    push: PushSection<'_>,
) -> Result<(), DataError> {
    let mut stopped = false;
    let outcome = sections.read(&mut |section| {
        match section {
            Section::Text { bytes, byte_offset, codec } => {
                stopped = push(None, Piece::Raw { bytes, byte_offset, first_line: 1, codec }).is_break();
            }
            Section::Stream { number, name, reader, splitter } => {
                let mut reader = layers.watch(reader, Compression::None);
                let part: Arc<str> = name.as_str().into();
                let mut push = |piece| {
                    let flow = push(Some(number), of_part(piece, &part));
                    stopped = flow.is_break();
                    flow
                };
                blocks::stream(&mut *reader, splitter, Compression::None, settings, &mut push)
                    .map_err(|error| error.in_part(&name))?;
            }
        }
        if stopped { Err(DataError::new("stopped")) } else { Ok(()) }
    });
    if stopped { Ok(()) } else { outcome }
}

/// `piece`, which is of the part of this name.
fn of_part(piece: Piece, part: &Arc<str>) -> Piece {
    match piece {
        Piece::Raw { bytes, byte_offset, first_line, codec } => {
            let codec = Arc::new(PartCodec { inner: codec, part: Arc::clone(part) });
            Piece::Raw { bytes, byte_offset, first_line, codec }
        }
        piece => piece,
    }
}

/// A codec whose errors say in which part of the file they are.
struct PartCodec {
    inner: Arc<dyn Codec>,
    part: Arc<str>,
}

impl Codec for PartCodec {
    fn lex(&self, slab: Slab) -> Result<Block, DataError> {
        self.inner.lex(slab).map_err(|error| error.in_part(&self.part))
    }

    fn site(&self, block: &TextBlock, found: &Match) -> Site {
        self.inner.site(block, found)
    }

    fn records(&self, block: &TextBlock) -> Option<Vec<(usize, u32)>> {
        self.inner.records(block)
    }

    fn objects(&self, block: &TextBlock, rank: &dyn Fn(&str) -> Option<usize>) -> Vec<Object> {
        self.inner.objects(block, rank)
    }

    fn members(&self, block: &TextBlock) -> Members {
        self.inner.members(block)
    }

    fn constraints(&self) -> &[Constraint] {
        self.inner.constraints()
    }

    fn declared(&self) -> Option<Declared> {
        self.inner.declared()
    }

    fn part(&self) -> Option<&str> {
        Some(&self.part)
    }

    fn takes_any_bytes(&self) -> bool {
        self.inner.takes_any_bytes()
    }

    fn render(&self, block: &Block, edits: &Edits, out: &mut Vec<u8>) -> Result<(), DataError> {
        self.inner.render(block, edits, out).map_err(|error| error.in_part(&self.part))
    }
}

impl Rewriter<'_> {
    /// Writes what needs the whole file to `out`, packed as it was.
    pub(super) fn whole(
        &self,
        body: Body,
        (out, compression): (&mut File, Compression),
        before: Before<'_>,
        threads: usize,
        written: &mut Written,
        outcome: &mut Outcome,
    ) -> Result<(), DataError> {
        let write = |out: &mut File| match body {
            Body::Container { container, file } => self.container(&*container, &file, out, before, written, outcome),
            Body::Sections { sections, layers } => {
                self.sections((&*sections, &layers), out, before, threads, written, outcome)
            }
            Body::Empty | Body::Stream { .. } | Body::Archive { .. } => {
                Err(DataError::new("internal error: a stream is no whole file"))
            }
        };
        if compression == Compression::None {
            return write(out);
        }
        let mut plain = tempfile::tempfile()?;
        write(&mut plain)?;
        let mut encoder = compression.encoder(BufWriter::new(out))?;
        rewind_and_copy(&mut plain, &mut encoder)?;
        Ok(encoder.finish()?.flush()?)
    }

    fn container(
        &self,
        container: &dyn Container,
        file: &File,
        out: &mut File,
        before: Before<'_>,
        written: &mut Written,
        outcome: &mut Outcome,
    ) -> Result<(), DataError> {
        let mut worker = Worker::default();
        let path = outcome.path.clone();
        let removed = before.dropped.positions();
        let mut aside = if removed.is_empty() { None } else { Some(tempfile::tempfile()?) };
        container.rewrite(file, aside.as_mut().unwrap_or(&mut *out), &mut |block| {
            let (mut edits, changes) = self.edits(&mut worker, block, None, before, &mut written.ledger)?;
            // Columns are taken out of the file as a whole.
            edits.removed = Removed::default();
            written.changes.merge(changes);
            let report: BlockReport = grouping::report(self.context, &path, block, None, &worker);
            outcome.findings.merge(report.findings);
            outcome.lines.write(&report.lines)?;
            Ok(edits)
        })?;
        aside.map_or(Ok(()), |mut aside| container.without_columns(&mut aside, out, &removed))
    }

    fn sections(
        &self,
        (source, layers): (&dyn Sections, &Layers),
        out: &mut File,
        before: Before<'_>,
        threads: usize,
        written: &mut Written,
        outcome: &mut Outcome,
    ) -> Result<(), DataError> {
        let mut assembler = source.assemble(out)?;
        let path = outcome.path.clone();
        ordered(
            threads,
            |push| {
                let mut push = |number, piece| push((number, piece));
                sections(source, layers, &self.context.settings, &mut push)
            },
            Worker::default,
            |worker, (number, piece)| (number, self.block(worker, &path, piece, before, false)),
            |(number, result)| {
                let mut block: BlockResult = result?;
                written.ledger.merge(std::mem::take(&mut block.ledger));
                written.changes.merge(std::mem::take(&mut block.changes));
                outcome.findings.merge(block.report.findings);
                outcome.lines.write(&block.report.lines)?;
                if let Some(number) = number {
                    assembler.block(number, &block.bytes, block.is_same)?;
                }
                buffer::give(std::mem::take(&mut block.bytes));
                Ok(())
            },
        )?;
        assembler.finish()
    }
}

/// Copies all of `from` to `to`.
pub(super) fn rewind_and_copy(from: &mut File, to: &mut impl Write) -> io::Result<()> {
    from.seek(SeekFrom::Start(0))?;
    io::copy(from, to).map(drop)
}
