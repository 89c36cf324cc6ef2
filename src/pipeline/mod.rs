//! The run: assets in, one outcome for each, in the order of the input.
//!
//! Small assets are spread over the threads; a large one is cut into blocks that are. One bad asset never stops the
//! run, and none is left without a status.

mod apart;
mod archive;
pub mod between_files;
pub mod blocks;
mod cells;
pub mod changes;
mod columns;
mod combine;
pub mod definitions;
pub mod dropped;
pub mod findings;
mod first_reading;
pub mod grouping;
mod in_place;
mod layers;
pub mod locate;
mod mend;
pub mod ordered;
pub mod read;
pub mod recheck;
mod render;
mod repeated;
pub mod rewrite;
mod rewritten;
pub mod scan;
mod spool;
mod stream;
mod tally;
mod track;
mod whole;
mod words;
mod worker;

use std::path::PathBuf;
use std::sync::Arc;

use foldhash::quality::RandomState;

use crate::detect::Detector;
use crate::error::DataError;
use crate::exit::Exit;
use crate::finding::{Match, Traits};
use crate::format::{Companion, Definitions, Format};
use crate::policy::{Policy, Purpose};
use crate::rule::{EntityType, RuleSet};
use crate::source::Input;
use crate::transform::Transformer;
use crate::validate::cn_resident_id::Date;
use combine::Combiner;
use findings::Findings;
pub use spool::Spool;
use track::Tracker;

/// Assets of at least this size are worked on by all threads, one after the other.
const LARGE_ASSET: u64 = 8 << 20;

/// How many times its size an asset may unpack to, where nothing else is said: gzip reaches 1,032 at most.
pub const MOST_EXPANSION: u64 = 2000;

/// What to do with bytes that are neither UTF-8 nor GB18030.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidBytes {
    /// The asset fails.
    Fail,
    /// They are passed through as they are, and not looked into.
    Keep,
}

/// How a run reads. Fixed once the command line is understood.
#[derive(Clone)]
pub struct Settings {
    /// The format that the user named; otherwise each asset's is sniffed.
    pub format: Option<&'static dyn Format>,
    /// What the next file is among those that belong to another one, where that is known.
    pub companion: Option<Arc<dyn Companion>>,
    /// What other files of the run define.
    pub definitions: Option<Arc<Definitions>>,
    /// Worker threads, at least 1.
    pub threads: usize,
    /// Bytes of a block to aim for.
    pub block_bytes: usize,
    /// Most bytes that one record may have.
    pub record_bytes: usize,
    /// Bytes for what is remembered of the values of columns.
    pub memo_bytes: usize,
    /// Matches below this score are left alone.
    pub min_score: f32,
    /// What to do with bytes that are no text.
    pub invalid_bytes: InvalidBytes,
    /// The day on which ages are counted.
    pub as_of: Date,
    /// How many times its size an asset may unpack to.
    pub most_expansion: u64,
}

impl Settings {
    /// Settings that keep to about `memory` bytes with `threads` threads.
    pub fn new(threads: usize, memory: u64) -> Settings {
        let threads = threads.max(1);
        let memory = usize::try_from(memory).unwrap_or(usize::MAX);
        // Per block under way: its bytes, their text view, the cells, the columns, the rewritten bytes.
        const COPIES: usize = 8;
        let under_way = threads * (2 * ordered::QUEUE_PER_THREAD + 1);
        Settings {
            format: None,
            companion: None,
            definitions: None,
            threads,
            block_bytes: (memory / (under_way * COPIES)).clamp(64 << 10, 1 << 20),
            record_bytes: (memory / (COPIES * 2)).max(256 << 10),
            memo_bytes: memory / 64,
            min_score: 0.6,
            invalid_bytes: InvalidBytes::Fail,
            as_of: Date::from_today(0),
            most_expansion: MOST_EXPANSION,
        }
    }
}

/// Hears how a run gets on.
pub trait Observer: Send + Sync {
    /// So many more bytes of input were read.
    fn bytes(&self, count: u64);
    /// One more asset came to its end.
    fn asset(&self);
}

/// An observer that does not listen.
pub struct Silent;

impl Observer for Silent {
    fn bytes(&self, _count: u64) {}
    fn asset(&self) {}
}

/// What all assets of a run share.
pub struct Context {
    /// How to read.
    pub settings: Settings,
    /// Finds matches.
    pub detector: Detector,
    /// Hears of progress.
    pub observer: Arc<dyn Observer>,
    /// Key of this run's fingerprints for counting distinct values; drawn anew for each run.
    pub fingerprints: RandomState,
    /// What is written for each match, if anything.
    pub lines: Option<Lines>,
    /// What a scan asks how values would be rewritten, where that is planned.
    pub planner: Option<Arc<Transformer>>,
    /// Whether the policy drops columns, so that a rewrite reads an asset once more before.
    pub drops: bool,
    /// Level and operator per entity type, by [`Traits::standing`].
    decisions: Vec<Vec<(u8, &'static str)>>,
    combiner: Combiner,
    tracker: Tracker,
}

impl Context {
    /// Puts together what a run needs.
    pub fn new(
        settings: Settings,
        rules: Arc<RuleSet>,
        policy: &Policy,
        purpose: Purpose,
        observer: Arc<dyn Observer>,
        lines: Option<Lines>,
    ) -> Context {
        let decide = |entity: &EntityType| {
            let each = Traits::standings(policy.combinations().len());
            let each = each.map(|traits| policy.decide(&entity.name, traits, purpose));
            each.map(|decision| (decision.level, decision.operator.name())).collect()
        };
        let decisions: Vec<Vec<(u8, &str)>> = rules.entities().iter().map(decide).collect();
        let drops = decisions.iter().flatten().any(|(_, operator)| *operator == dropped::OPERATOR);
        let combiner = Combiner::new(&rules, policy, settings.as_of);
        let detector = Detector::remembering(rules, settings.memo_bytes);
        let tracker = Tracker::new(detector.rules());
        Context {
            settings,
            detector,
            observer,
            fingerprints: RandomState::default(),
            lines,
            planner: None,
            // What was dropped does not come back.
            drops: drops && purpose != Purpose::Reidentify,
            decisions,
            combiner,
            tracker,
        }
    }

    /// The level of a match and the name of the operator that the policy has for it.
    fn decision(&self, found: &Match) -> (u8, &'static str) {
        let decisions = self.decisions.get(usize::from(found.entity.0));
        decisions.and_then(|decisions| decisions.get(found.traits.standing())).copied().unwrap_or((1, "keep"))
    }
}

/// What the JSON line of a match shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lines {
    /// Also the value itself.
    pub show_values: bool,
}

/// How an asset ended. Every asset has exactly one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// Read to its end.
    Scanned,
    /// Read to its end, rewritten, checked and in place.
    Rewritten,
    /// Not read, and why.
    Skipped(String),
    /// Not wholly read or written, and why.
    Failed(DataError),
    /// It was changed while it was read.
    Changed,
}

impl Status {
    /// Its name in reports.
    pub fn name(&self) -> &'static str {
        match self {
            Status::Scanned => "scanned",
            Status::Rewritten => "rewritten",
            Status::Skipped(_) => "skipped",
            Status::Failed(_) => "failed",
            Status::Changed => "changed",
        }
    }

    /// Why, where there is something to say.
    pub fn reason(&self) -> Option<String> {
        match self {
            Status::Scanned | Status::Rewritten => None,
            Status::Skipped(reason) => Some(reason.clone()),
            Status::Failed(error) => Some(error.to_string()),
            Status::Changed => Some("was changed while it was read (run again when nothing writes to it)".to_owned()),
        }
    }

    /// Whether the asset was read to its end.
    pub fn is_whole(&self) -> bool {
        matches!(self, Status::Scanned | Status::Rewritten)
    }
}

/// What became of one asset.
pub struct Outcome {
    /// Its path.
    pub path: PathBuf,
    /// How it ended.
    pub status: Status,
    /// The user named it, or it has content; it was not merely found in a folder, like a link or a FIFO.
    pub named: bool,
    /// It is a member of an archive, which is an asset of its own and counts the bytes.
    pub is_member: bool,
    /// Its format, when it was opened.
    pub format: Option<&'static str>,
    /// Its compression.
    pub compression: Option<&'static str>,
    /// Bytes read, as stored.
    pub bytes: u64,
    /// What was found.
    pub findings: Findings,
    /// Columns that were examined by their statistics alone.
    pub by_statistics: blocks::ByStatistics,
    /// What rewriting would do, where that is planned.
    pub changes: changes::Changes,
    /// The columns that it would drop, where that is planned.
    pub dropped: dropped::Dropped,
    /// A JSON line for each match.
    pub lines: Spool,
    /// What was written, after a rewrite.
    pub rewritten: Option<rewrite::Rewritten>,
}

impl Outcome {
    /// An outcome without anything but a status.
    pub fn bare(path: PathBuf, status: Status, named: bool) -> Outcome {
        Outcome {
            path,
            status,
            named,
            is_member: false,
            format: None,
            compression: None,
            bytes: 0,
            findings: Findings::default(),
            by_statistics: blocks::ByStatistics::new(),
            changes: changes::Changes::default(),
            dropped: dropped::Dropped::default(),
            lines: Spool::default(),
            rewritten: None,
        }
    }

    /// Values that the policy would replace, and that stand in the statements of a dump, which are never rewritten.
    pub fn left_in_statements(&self) -> u64 {
        let left = self.findings.operators().iter().filter(|((_, name), _)| *name == grouping::LEFT_IN_STATEMENTS);
        left.map(|(_, count)| count).sum()
    }

    /// What the outcome means for the exit code. Values that were left in statements are a gap. What was merely come upon and has no content to read is no gap;
    /// what the user named and was not read is one.
    pub fn exit(&self) -> Exit {
        match &self.status {
            Status::Rewritten if self.left_in_statements() > 0 => Exit::Incomplete,
            Status::Scanned | Status::Rewritten => Exit::Complete,
            Status::Skipped(_) if !self.named => Exit::Complete,
            Status::Skipped(_) | Status::Failed(_) | Status::Changed => Exit::Incomplete,
        }
    }
}

/// Takes outcomes as they come.
pub type Take<'a> = &'a mut dyn FnMut(Outcome) -> Result<(), DataError>;

/// Works on `assets` with `work(asset, threads, members)` and hands the outcomes to `take`, in order. Neighbouring small
/// assets are worked on at the same time with one thread each, a large one alone with all. An asset that has more than
/// one outcome, an archive, hands those of its members to `members`; where there is no such, it answers with none and
/// is asked again when it is its turn.
///
/// # Errors
/// What `take` returned.
pub fn run<A: Send>(
    threads: usize,
    assets: Vec<A>,
    input: impl Fn(&A) -> Option<&Input>,
    work: impl Fn(&A, usize, Option<Take<'_>>) -> Option<Outcome> + Sync,
    mut take: impl FnMut(Outcome) -> Result<(), DataError>,
) -> Result<(), DataError> {
    let is_large = |asset: &A| input(asset).is_some_and(|input| input.size().is_none_or(|size| size >= LARGE_ASSET));
    let alone = |asset: &A, take: Take<'_>| -> Result<(), DataError> {
        let mut refused = Ok(());
        let mut members = |outcome| {
            refused.clone()?;
            let taken = take(outcome);
            if let Err(error) = &taken {
                refused = Err(error.clone());
            }
            taken
        };
        let outcome = work(asset, threads, Some(&mut members));
        refused?;
        outcome.map_or(Ok(()), take)
    };
    let mut assets = assets.into_iter().peekable();
    while let Some(asset) = assets.next() {
        if threads <= 1 || is_large(&asset) {
            alone(&asset, &mut take)?;
            continue;
        }
        let mut small = vec![asset];
        while let Some(next) = assets.next_if(|next| !is_large(next)) {
            small.push(next);
        }
        // A single one has nobody to share the threads with.
        if let [asset] = small.as_slice() {
            alone(asset, &mut take)?;
            continue;
        }
        ordered::ordered(
            threads,
            |push| {
                small.into_iter().all(|asset| push(asset).is_continue());
                Ok(())
            },
            || (),
            |(), asset| match work(&asset, 1, None) {
                Some(outcome) => Ok(outcome),
                None => Err(asset),
            },
            |worked| match worked {
                Ok(outcome) => take(outcome),
                Err(asset) => alone(&asset, &mut take),
            },
        )?;
    }
    Ok(())
}
