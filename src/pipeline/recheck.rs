//! Reading a written file again, by the same way as an input: does it still hold what was replaced?
//!
//! Looks at every match, also those too weak to be reported, and at every number and name that the run itself has
//! replaced, whatever stands around it. Never says which value it found.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::archive::Beside;
use super::blocks::Piece;
use super::layers::Layers;
use super::locate::Locator;
use super::ordered::ordered;
use super::read::{self, Body, Guise, Hash, Opened};
use super::scan::produce;
use super::words::Words;
use super::worker::Worker;
use super::{Context, Observer, Settings, Silent, Status, archive};
use crate::block::Block;
use crate::detect::known::{IsKnown, Known, Profile};
use crate::error::{DataError, Position};
use crate::finding::{EntityId, Match};
use crate::format::{Codec, Format};
use crate::source::archive::{Archive, Content};
use crate::source::decompress::Compression;
use crate::transform::{Ledger, value_of};

/// What a written file holds.
#[derive(Default)]
pub struct Rechecked {
    /// Its SHA-256.
    pub hash: Option<Hash>,
    /// Its size.
    pub bytes: u64,
    /// Matches that are left, per entity type: what the policy keeps, and same-shape results.
    pub remaining: BTreeMap<EntityId, u64>,
    /// Originals that are left.
    pub leftovers: Leftovers,
}

/// Replaced values that are still there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leftovers {
    /// How many.
    pub count: u64,
    /// Where the first one stands.
    pub first: Option<Position>,
    /// In which member of an archive that is.
    pub member: Option<String>,
}

impl Leftovers {
    pub(super) fn merge(&mut self, next: Leftovers) {
        if self.count == 0 {
            (self.first, self.member) = (next.first, next.member);
        }
        self.count += next.count;
    }

    /// An error when there is one.
    ///
    /// # Errors
    /// When some replaced value is left.
    pub fn refuse(self) -> Result<(), DataError> {
        if self.count == 0 {
            return Ok(());
        }
        let place = self.member.map_or_else(|| "here".to_owned(), |member| format!("in the member {member}"));
        let error = DataError::new(format!(
            "the rewritten data still holds {} replaced values, the first one {place}; it was not put out",
            self.count
        ))
        .advise("lower --min-score, or tell the policy to replace it there too");
        Err(match self.first {
            Some(position) => error.at(position),
            None => error,
        })
    }
}

/// Reads the file at `path` as what `guise` says (found out where it says nothing), counts the matches that are left and looks for those
/// that `ledger` knows as replaced. The members of an archive are read as `formats` says, those beyond as they look.
///
/// # Errors
/// The status of a file that cannot be wholly read.
pub fn recheck(
    context: &Context,
    path: &Path,
    (guise, formats): (&Guise, &[Option<&'static dyn Format>]),
    ledger: Option<&Ledger>,
    threads: usize,
) -> Result<Rechecked, Box<Status>> {
    let observer: Arc<dyn Observer> = Arc::new(Silent);
    let settings = guise.settings(&context.settings);
    let Opened { body, compression, trail, .. } = read::open_path(path, &settings, &observer, true)?;
    let mut rechecked = Rechecked::default();
    let is_left = |entity, value: &[u8]| ledger.is_some_and(|ledger| ledger.is_leftover(entity, value));
    let known = ledger.map(|ledger| known_of(context, &[ledger], &is_left));
    let known = ledger.zip(known.as_ref());
    let mut round = Round { context, settings: &settings, known, formats: formats.iter(), found: &mut rechecked };
    round.body(body, compression, threads).map_err(|error| Box::new(Status::Failed(error)))?;
    if trail.is_changed() {
        return Err(Box::new(Status::Changed));
    }
    rechecked.bytes = trail.bytes();
    rechecked.hash = trail.hash().map_err(|error| Box::new(Status::Failed(error.into())))?;
    Ok(rechecked)
}

/// One reading of a written file.
struct Round<'a> {
    context: &'a Context,
    settings: &'a Settings,
    known: Option<(&'a Ledger, &'a Known<'a>)>,
    formats: std::slice::Iter<'a, Option<&'static dyn Format>>,
    found: &'a mut Rechecked,
}

impl Round<'_> {
    fn body(&mut self, body: Body, compression: Compression, threads: usize) -> Result<(), DataError> {
        let body = match body {
            Body::Archive { archive, layers } => return self.archive(*archive, &layers, threads),
            body => body,
        };
        let (context, settings, known) = (self.context, self.settings, self.known);
        ordered(
            threads,
            |push| produce(body, compression, settings, push),
            Worker::default,
            |worker: &mut Worker, piece: Piece| {
                let (block, codec) = piece.into_block(settings.invalid_bytes)?;
                Ok(look(context, worker, &block, codec.as_deref(), known))
            },
            |looked: Result<Looked, DataError>| {
                self.found.enter(looked?);
                Ok(())
            },
        )
    }

    fn archive(&mut self, mut archive: Archive, layers: &Layers, threads: usize) -> Result<(), DataError> {
        let context = self.context;
        let (mut worker, mut beside) = (Worker::default(), Beside::default());
        while let Some(member) = archive.next_member()? {
            let mut words = Words::of_member(context, &mut worker, &member)?;
            let before = self.found.leftovers.count;
            self.found.enter(look(context, &mut worker, &words.block, None, self.known));
            if self.known.is_some() {
                // No message shows a name with a replaced value.
                words.matches.append(&mut worker.matches);
            }
            let settings = beside.settings(&member.name, self.settings);
            if let Content::File { size, packed, reader } = member.content {
                let format = self.formats.as_slice().first().copied().flatten();
                let settings = Settings { format: format.or(context.settings.format), ..settings };
                let opened = read::open_member((reader, packed), &settings, layers);
                let opened = opened.map_err(|status| words.name_in(archive::error_of(*status)))?;
                beside.enter(&opened).map_err(|error| words.name_in(error))?;
                // Those of an archive's members stand in the place of its own.
                if !matches!(opened.body, Body::Archive { .. }) {
                    self.formats.next();
                }
                let threads = archive::threads_for(size, threads);
                let done = self.body(opened.body, opened.compression, threads);
                done.map_err(|error| words.name_in(error))?;
            }
            let leftovers = &mut self.found.leftovers;
            if before == 0 && leftovers.count > 0 {
                leftovers.member.get_or_insert_with(|| words.shown());
            }
        }
        let words = Words::of_archive(context, &mut worker, archive.texts())?;
        self.found.enter(look(context, &mut worker, &words.block, None, self.known));
        Ok(())
    }
}

type Looked = (BTreeMap<EntityId, u64>, Leftovers);

impl Rechecked {
    fn enter(&mut self, (remaining, leftovers): Looked) {
        for (entity, count) in remaining {
            *self.remaining.entry(entity).or_default() += count;
        }
        self.leftovers.merge(leftovers);
    }
}

/// What is left in one block.
fn look(
    context: &Context,
    worker: &mut Worker,
    block: &Block,
    codec: Option<&dyn Codec>,
    known: Option<(&Ledger, &Known<'_>)>,
) -> Looked {
    worker.detect(context, block);
    let remaining = worker.remaining(context.settings.min_score);
    let Some((ledger, known)) = known else { return (remaining, Leftovers::default()) };
    // A match that stays as it is must not hide a known value inside.
    let replaced = Replaced { ledgers: &[ledger] };
    worker.matches.retain(|found| replaced.is_left(context, block, found));
    worker.detect_known(context, block, known);
    worker.matches.retain(|found| replaced.is_left(context, block, found));
    (remaining, leftovers(block, codec, &worker.matches))
}

/// What `ledgers` hold and `is_known` affirms, as detection seeks it.
pub(super) fn known_of<'a>(context: &Context, ledgers: &[&Ledger], is_known: &'a IsKnown<'a>) -> Known<'a> {
    let profile = |entity| {
        let mut sum = Profile::default();
        ledgers.iter().for_each(|ledger| sum.merge(&ledger.profile(entity)));
        sum
    };
    Known::new(context.detector.rules(), profile, is_known)
}

/// What was replaced, in one ledger or another.
pub(super) struct Replaced<'a> {
    pub(super) ledgers: &'a [&'a Ledger],
}

impl Replaced<'_> {
    /// Whether a match spans a replaced value that nothing put there.
    pub(super) fn is_left(&self, context: &Context, block: &Block, found: &Match) -> bool {
        let Some(entity) = context.detector.rules().entity(found.entity) else { return false };
        let Ok(value) = value_of(block, found) else { return false };
        let value = entity.canonical.of(&value);
        self.ledgers.iter().any(|ledger| ledger.is_original(found.entity, &value))
            && !self.ledgers.iter().any(|ledger| ledger.is_result(found.entity, &value))
    }
}

/// `matches` of `block`, which all are replaced values.
pub(super) fn leftovers(block: &Block, codec: Option<&dyn Codec>, matches: &[Match]) -> Leftovers {
    let mut locator = Locator::new(block, codec);
    let first = matches.iter().find_map(|found| position(&mut locator, found));
    Leftovers { count: matches.len() as u64, first, member: None }
}

/// The canonical value that a match spans.
pub(super) fn canonical_of(context: &Context, block: &Block, found: &Match) -> Option<Vec<u8>> {
    let entity = context.detector.rules().entity(found.entity)?;
    let value = value_of(block, found).ok()?;
    Some(entity.canonical.of(&value).into_owned())
}

/// Where a match stands, as errors say it.
pub(super) fn position(locator: &mut Locator<'_>, found: &Match) -> Option<Position> {
    let location = locator.locate(found);
    match (location.line, location.row) {
        (Some(line), _) => Some(match locator.part() {
            Some(part) => Position::LineOf { part: part.to_owned(), line },
            None => Position::Line(line),
        }),
        (None, Some(row)) => Some(Position::Row { table: location.table, row, column: location.column }),
        (None, None) => None,
    }
}
