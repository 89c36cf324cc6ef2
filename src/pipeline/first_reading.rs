//! The first reading of an asset whose policy drops columns, and the edits of a block that loses some.
//!
//! Only such a policy makes a run read an asset once more; what cannot be read twice is refused by name.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use arrow::array::Array;

use super::blocks::{self, Piece};
use super::changes::{Changes, Watch};
use super::columns::Columns;
use super::dropped::{Dropped, Dropping, Key};
use super::layers::Layers;
use super::ordered::{Push, ordered};
use super::read::{self, Body, Opened};
use super::rewrite::{Rewriter, failed};
use super::scan::produce;
use super::worker::Worker;
use super::{Context, Observer, Settings, Silent, Status, whole};
use crate::block::{Block, CellEdit, Edits};
use crate::error::DataError;
use crate::finding::Match;
use crate::format::{Codec, Container};
use crate::source::Input;
use crate::source::decompress::Compression;
use crate::transform::Ledger;

/// What is known of an asset before it is rewritten.
#[derive(Clone, Copy)]
pub(super) struct Before<'a> {
    /// What was replaced elsewhere: such values are replaced however weak the match is.
    pub(super) seed: &'a [&'a Ledger],
    /// The columns that go.
    pub(super) dropped: &'a Dropped,
}

impl Worker {
    /// Counts the columns of a block for a first reading.
    fn columns(&mut self, context: &Context, piece: Piece) -> Result<Columns, DataError> {
        let (block, codec) = piece.into_block(context.settings.invalid_bytes)?;
        self.detect(context, &block);
        self.matches.retain(|found| found.score >= context.settings.min_score);
        self.combine(context, &block, codec.as_deref());
        Columns::of(context, &block, codec.as_deref(), &self.matches)
    }
}

impl Rewriter<'_> {
    /// The columns of `input`, which was opened as `opened`, that go.
    pub(super) fn first_reading(&self, input: &Input, opened: &Opened, threads: usize) -> Result<Dropped, Box<Status>> {
        if !self.context.drops || !has_columns(opened) {
            return Ok(Dropped::default());
        }
        if let Some(dropped) = self.columns_of_whole(&opened.body, threads) {
            return dropped;
        }
        refuse_stream(input, opened)?;
        let observer: Arc<dyn Observer> = Arc::new(Silent);
        let again = read::open(input, &self.context.settings, &observer, false)?;
        self.columns_of_stream(again, threads)
    }

    /// Opens a member of an archive, and tells which of its columns go. It stands in `folder` meanwhile, where it must be
    /// read twice.
    pub(super) fn open_known(
        &self,
        (content, packed): (Box<dyn Read + Send>, bool),
        settings: &Settings,
        (layers, folder): (&Layers, &Path),
        threads: usize,
    ) -> Result<(Opened, Dropped), Box<Status>> {
        if !self.context.drops {
            return Ok((read::open_member((content, packed), settings, layers)?, Dropped::default()));
        }
        let mut content = if packed { layers.watch(content, Compression::None) } else { content };
        let mut member = tempfile::tempfile_in(folder).map_err(broken)?;
        io::copy(&mut content, &mut member).map_err(|error| failed(Compression::None.explain(&error)))?;
        let open = |mut member: &File| {
            member.seek(SeekFrom::Start(0)).map_err(broken)?;
            let content = Box::new(member.try_clone().map_err(broken)?);
            read::open_member((content, false), settings, layers)
        };
        // One after the other: both read from where the other one stopped.
        let first = open(&member)?;
        let dropped = match self.columns_of_whole(&first.body, threads) {
            Some(dropped) => dropped?,
            None if has_columns(&first) => self.columns_of_stream(first, threads)?,
            None => Dropped::default(),
        };
        Ok((open(&member)?, dropped))
    }

    /// Of what is read with the whole file at hand.
    fn columns_of_whole(&self, body: &Body, threads: usize) -> Option<Result<Dropped, Box<Status>>> {
        let settings = &self.context.settings;
        match body {
            Body::Container { container, file } => {
                let mut none = blocks::ByStatistics::new();
                let produce =
                    |push: Push<'_, Piece>| blocks::container(&**container, file, settings, None, &mut none, push);
                let refused = container.refuse_rewrite().map_err(failed);
                Some(refused.and_then(|()| self.columns(produce, Some((&**container, file)), threads)))
            }
            Body::Sections { sections, layers } => {
                let produce =
                    |push: Push<'_, Piece>| whole::sections(&**sections, layers, settings, &mut |_, piece| push(piece));
                Some(self.columns(produce, None, threads))
            }
            Body::Empty | Body::Stream { .. } | Body::Archive { .. } => None,
        }
    }

    fn columns_of_stream(&self, opened: Opened, threads: usize) -> Result<Dropped, Box<Status>> {
        let Opened { body, compression, .. } = opened;
        self.columns(|push: Push<'_, Piece>| produce(body, compression, &self.context.settings, push), None, threads)
    }

    /// Reads all that `produce` pushes.
    fn columns(
        &self,
        produce: impl FnOnce(Push<'_, Piece>) -> Result<(), DataError> + Send,
        container: Option<(&dyn Container, &File)>,
        threads: usize,
    ) -> Result<Dropped, Box<Status>> {
        let mut columns = Columns::default();
        let work = |worker: &mut Worker, piece: Piece| worker.columns(self.context, piece);
        ordered(threads, produce, Worker::default, work, |counted: Result<Columns, DataError>| columns.merge(counted?))
            .map_err(failed)?;
        let dropped = columns.dropped(container, self.context.detector.rules());
        dropped.possible().map_err(failed)?;
        Ok(dropped)
    }

    /// The edits of a block of which columns go: matches in them go as they are, and all others are edited.
    pub(super) fn edits_without(
        &self,
        worker: &Worker,
        block: &Block,
        codec: Option<&dyn Codec>,
        dropped: &Dropped,
        ledger: &mut Ledger,
    ) -> Result<(Edits, Changes), DataError> {
        let gone = dropped.of_block(block, codec);
        let going = worker.matches.iter().filter_map(|found| Some((found, gone.of(block, found)?)));
        self.transformer.enter_dropped(block, going, ledger)?;
        let staying = |found: &&Match| gone.of(block, found).is_none();
        let staying: Vec<Match> = worker.matches.iter().filter(staying).copied().collect();
        let mut watch = Watch::new(self.transformer, block, codec, &[], false);
        let mut edits = self.transformer.edits_watched(block, codec, &staying, ledger, &mut watch)?;
        let mut is_emptied = false;
        for (position, dropping) in gone.columns.iter().enumerate() {
            let Block::Table(table) = block else { break };
            let Some(column) = table.columns.get(position) else { continue };
            match dropping {
                Some(Dropping::Removed) => edits.removed.columns.push(position),
                Some(Dropping::Emptied) => {
                    let filled = (0..column.values.len()).filter(|row| column.values.is_valid(*row));
                    let empty = |row| CellEdit { column: position as u32, row: row as u32, value: None };
                    let before = edits.cells.len();
                    edits.cells.extend(filled.map(empty));
                    let count = (edits.cells.len() - before) as u64;
                    let known = Key::of_column(table, column.index).and_then(|key| dropped.columns.get(&key));
                    if let (Some(named), Some(known)) = (table.table.columns.get(column.index), known) {
                        watch.emptied(named, &known.entities, count);
                    }
                    is_emptied = true;
                }
                None => {}
            }
        }
        if is_emptied {
            edits.cells.sort_by_key(|edit| (edit.column, edit.row));
        }
        edits.removed.members = gone.members;
        let changes = watch.finish(&edits);
        Ok((edits, changes))
    }
}

/// Whether there may be columns in it: an archive is no table, but its members may be.
fn has_columns(opened: &Opened) -> bool {
    let is_one = !matches!(opened.body, Body::Empty | Body::Archive { .. });
    is_one && opened.guise.format.is_some_and(|format| format.has_columns())
}

/// Refuses what would have to be read twice and cannot.
pub(super) fn refuse_stream(input: &Input, opened: &Opened) -> Result<(), Box<Status>> {
    if !matches!((input, &opened.body), (Input::Stdin, Body::Stream { .. })) || !has_columns(opened) {
        return Ok(());
    }
    let reason =
        "the policy drops columns, and which ones those are shows only when all is read: a stream cannot be read twice";
    Err(failed(
        DataError::new(reason).advise("write it to a file first, or use null or redact instead of drop in the policy"),
    ))
}

fn broken(error: io::Error) -> Box<Status> {
    failed(error.into())
}
