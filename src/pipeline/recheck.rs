//! Reading a written file again, by the same way as an input: does it still hold what was replaced?
//!
//! Looks at every match, also those too weak to be reported, and at every number and name that the run itself has
//! replaced, whatever stands around it. Never says which value it found.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::blocks::Piece;
use super::locate::Locator;
use super::ordered::ordered;
use super::read::{self, Hash, Opened};
use super::scan::{Worker, produce};
use super::{Context, Observer, Settings, Silent, Status};
use crate::block::Block;
use crate::detect::known::{IsKnown, Known, Profile};
use crate::error::{DataError, Position};
use crate::finding::{EntityId, Match};
use crate::format::{Codec, Format};
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
}

impl Leftovers {
    pub(super) fn merge(&mut self, next: Leftovers) {
        self.count += next.count;
        self.first = self.first.take().or(next.first);
    }

    /// An error when there is one.
    ///
    /// # Errors
    /// When some replaced value is left.
    pub fn refuse(self) -> Result<(), DataError> {
        if self.count == 0 {
            return Ok(());
        }
        let error = DataError::new(format!(
            "the rewritten data still holds {} replaced values, the first one here; it was not put out",
            self.count
        ))
        .advise("lower --min-score, or tell the policy to replace it there too");
        Err(match self.first {
            Some(position) => error.at(position),
            None => error,
        })
    }
}

/// Reads the file at `path` as `format` (sniffed when `None`), counts the matches that are left and looks for those
/// that `ledger` knows as replaced.
///
/// # Errors
/// The status of a file that cannot be wholly read.
pub fn recheck(
    context: &Context,
    path: &Path,
    format: Option<&'static dyn Format>,
    ledger: Option<&Ledger>,
    threads: usize,
) -> Result<Rechecked, Box<Status>> {
    let observer: Arc<dyn Observer> = Arc::new(Silent);
    let settings = Settings { format: format.or(context.settings.format), ..context.settings.clone() };
    let Opened { body, compression, trail, .. } = read::open_path(path, &settings, &observer, true)?;
    let mut rechecked = Rechecked::default();
    let is_left = |entity, value: &[u8]| ledger.is_some_and(|ledger| ledger.is_leftover(entity, value));
    let known = ledger.map(|ledger| known_of(context, &[ledger], &is_left));
    let look = |worker: &mut Worker, piece: Piece| -> Result<(BTreeMap<EntityId, u64>, Leftovers), DataError> {
        let (block, codec) = piece.into_block(settings.invalid_bytes)?;
        worker.detect(context, &block);
        let remaining = worker.remaining(settings.min_score);
        let (Some(ledger), Some(known)) = (ledger, &known) else { return Ok((remaining, Leftovers::default())) };
        // A match that stays as it is must not hide a known value inside.
        let replaced = Replaced { ledgers: &[ledger] };
        worker.matches.retain(|found| replaced.is_left(context, &block, found));
        worker.detect_known(context, &block, known);
        worker.matches.retain(|found| replaced.is_left(context, &block, found));
        Ok((remaining, leftovers(&block, codec.as_deref(), &worker.matches)))
    };
    ordered(
        threads,
        |push| produce(body, compression, &settings, push),
        Worker::default,
        look,
        |looked| {
            let (remaining, leftovers) = looked?;
            for (entity, count) in remaining {
                *rechecked.remaining.entry(entity).or_default() += count;
            }
            rechecked.leftovers.merge(leftovers);
            Ok(())
        },
    )
    .map_err(|error| Box::new(Status::Failed(error)))?;
    if trail.is_changed() {
        return Err(Box::new(Status::Changed));
    }
    rechecked.bytes = trail.bytes();
    rechecked.hash = trail.hash().map_err(|error| Box::new(Status::Failed(error.into())))?;
    Ok(rechecked)
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
    Leftovers { count: matches.len() as u64, first }
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
        (Some(line), _) => Some(Position::Line(line)),
        (None, Some(row)) => Some(Position::Row { table: location.table, row, column: location.column }),
        (None, None) => None,
    }
}
