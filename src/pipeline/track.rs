//! Tracks: who was at five different positions or more, told by positions and identifiers that stand in the same
//! records of one asset.
//!
//! Bounded: so many subjects are followed in an asset, and of each no more positions than make a track. Holds
//! fingerprints, never a value.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::Context;
use super::findings::{Finding, Findings, Spot};
use super::locate::safe_name;
use super::scan::fingerprint;
use crate::block::{Block, TextBlock};
use crate::finding::{EntityId, Match, Place, Traits};
use crate::format::Codec;
use crate::rule::RuleSet;
use crate::transform::value_of;

/// Different positions that make a track.
const TRACK: usize = 5;
/// Subjects that are followed in one asset; those that come later are not.
const MOST_SUBJECTS: usize = 1 << 16;
/// The entity type of a track, and that of positions.
const LOCATION_TRACK: &str = "LOCATION_TRACK";
const POSITION: &str = "GPS_COORDINATE";
/// Entity types of which one value is one subject.
const SUBJECTS: [&str; 15] = [
    "CN_RESIDENT_ID",
    "CN_PASSPORT",
    "CN_MOBILE_PHONE",
    "EMAIL_ADDRESS",
    "ACCOUNT_NAME",
    "ALIPAY_ACCOUNT",
    "WECHAT_ID",
    "QQ_NUMBER",
    "DEVICE_ID",
    "DEVICE_SERIAL",
    "IMEI",
    "MEID",
    "IMSI",
    "CN_LICENSE_PLATE",
    "VIN",
];

/// The part of an entity type in tracks.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    None,
    Subject,
    Position,
}

/// What tracks are told by.
pub(super) struct Tracker {
    parts: Vec<Part>,
    track: Option<EntityId>,
}

/// Where the subjects of an asset were.
#[derive(Debug, Clone, Default)]
pub(super) struct Tracks {
    /// In the order in which they were met.
    subjects: Vec<Subject>,
    /// By fingerprint.
    index: HashMap<u64, usize, FixedState>,
}

#[derive(Debug, Clone)]
struct Subject {
    /// Of the value and its table.
    fingerprint: u64,
    entity: EntityId,
    table: Option<String>,
    positions: [u64; TRACK],
    count: usize,
}

impl Tracks {
    fn enter(&mut self, fingerprint: u64, entity: EntityId, table: Option<&str>, position: u64) {
        let at = match self.index.get(&fingerprint) {
            Some(at) => *at,
            None if self.subjects.len() >= MOST_SUBJECTS => return,
            None => {
                let table = table.map(str::to_owned);
                self.subjects.push(Subject { fingerprint, entity, table, positions: [0; TRACK], count: 0 });
                self.index.insert(fingerprint, self.subjects.len() - 1);
                self.subjects.len() - 1
            }
        };
        let Some(subject) = self.subjects.get_mut(at) else { return };
        let is_known = subject.positions.iter().take(subject.count).any(|known| *known == position);
        if !is_known && let Some(slot) = subject.positions.get_mut(subject.count) {
            (*slot, subject.count) = (position, subject.count + 1);
        }
    }

    /// Enters those of the block that comes next.
    pub(super) fn merge(&mut self, next: Tracks) {
        if self.subjects.is_empty() {
            *self = next;
            return;
        }
        for subject in &next.subjects {
            for position in subject.positions.iter().take(subject.count) {
                self.enter(subject.fingerprint, subject.entity, subject.table.as_deref(), *position);
            }
        }
    }
}

impl Tracker {
    pub(super) fn new(rules: &RuleSet) -> Tracker {
        let track = rules.entity_named(LOCATION_TRACK).map(|entity| entity.id);
        let part = |name: &str| match name {
            _ if track.is_none() => Part::None,
            POSITION => Part::Position,
            name if SUBJECTS.contains(&name) => Part::Subject,
            _ => Part::None,
        };
        Tracker { parts: rules.entities().iter().map(|entity| part(&entity.name)).collect(), track }
    }

    fn part(&self, found: &Match, min_score: f32) -> Part {
        match self.parts.get(usize::from(found.entity.0)) {
            Some(part) if found.score >= min_score && !found.traits.non_personal => *part,
            _ => Part::None,
        }
    }

    /// Where the subjects of `block` were. A block without both positions and subjects costs a look at each match.
    pub(super) fn tracks(
        &self,
        context: &Context,
        block: &Block,
        codec: Option<&dyn Codec>,
        matches: &[Match],
    ) -> Tracks {
        let mut tracks = Tracks::default();
        let min_score = context.settings.min_score;
        let holds = |part| matches.iter().any(|found| self.part(found, min_score) == part);
        if !holds(Part::Position) || !holds(Part::Subject) {
            return tracks;
        }
        let records = match (block, codec) {
            (Block::Text(text), Some(codec)) => codec.records(text),
            _ => None,
        };
        let table = match block {
            Block::Table(table) => table.table.name.as_deref().map(safe_name),
            Block::Text(_) => None,
        };
        let mut parts: Vec<(u64, &Match)> = matches
            .iter()
            .filter(|found| self.part(found, min_score) != Part::None)
            .filter_map(|found| Some((record(block, records.as_deref(), found)?, found)))
            .collect();
        parts.sort_by_key(|(record, found)| (*record, found.place, found.start));
        let mut positions = Vec::new();
        for record in parts.chunk_by(|(one, _), (other, _)| one == other) {
            let of =
                |part| record.iter().map(|(_, found)| *found).filter(move |found| self.part(found, min_score) == part);
            self.positions(context, block, of(Part::Position), &mut positions);
            for subject in of(Part::Subject) {
                let Some(fingerprint) = value_fingerprint(context, block, subject) else { continue };
                let fingerprint = match &table {
                    Some(table) => std::hash::BuildHasher::hash_one(&context.fingerprints, (fingerprint, table)),
                    None => fingerprint,
                };
                for position in &positions {
                    tracks.enter(fingerprint, subject.entity, table.as_deref(), *position);
                }
            }
        }
        tracks
    }

    /// The positions of one record: a pair of numbers by itself; single numbers, latitude and longitude, two by two.
    fn positions<'m>(
        &self,
        context: &Context,
        block: &Block,
        found: impl Iterator<Item = &'m Match>,
        out: &mut Vec<u64>,
    ) {
        out.clear();
        let mut single: Option<u64> = None;
        for found in found {
            let Some(fingerprint) = value_fingerprint(context, block, found) else { continue };
            let is_pair = value_of(block, found).is_ok_and(|value| memchr::memchr_iter(b'.', &value).count() > 1);
            match (is_pair, single.take()) {
                (true, before) => {
                    out.push(fingerprint);
                    single = before;
                }
                (false, None) => single = Some(fingerprint),
                (false, Some(before)) => {
                    out.push(std::hash::BuildHasher::hash_one(&context.fingerprints, (before, fingerprint)));
                }
            }
        }
    }

    /// Enters the tracks of an asset into its findings, once all of it is read: one for each subject.
    pub(super) fn enter(&self, context: &Context, findings: &mut Findings) {
        let tracks = findings.take_tracks();
        let Some(track) = self.track else { return };
        let place =
            Match { entity: track, score: 1.0, place: Place::Text, start: 0, end: 0, traits: Traits::default() };
        let (level, operator) = context.decision(&place);
        for subject in tracks.subjects.iter().filter(|subject| subject.count == TRACK) {
            let entity = context.detector.rules().entity(subject.entity).map_or("", |entity| entity.name.as_str());
            let mut finding = Finding::new(level, 1.0, format!("{TRACK}+ positions of one {entity}"));
            finding.enter(Some(subject.fingerprint), true, level, 1.0);
            findings.add(Spot { table: subject.table.clone(), column: None }, track, finding);
            findings.enter_operators(track, operator, 1);
        }
    }
}

fn value_fingerprint(context: &Context, block: &Block, found: &Match) -> Option<u64> {
    let entity = context.detector.rules().entity(found.entity)?;
    let value = value_of(block, found).ok()?;
    Some(fingerprint(&context.fingerprints, found.entity, &entity.canonical.of(&value)))
}

/// The record that a match stands in: a row, a line, or an object of a JSON document.
fn record(block: &Block, records: Option<&[(usize, u32)]>, found: &Match) -> Option<u64> {
    match (block, found.place) {
        (Block::Table(table), Place::Cell { column, row }) => {
            let records = table.columns.get(column as usize).and_then(|column| column.records.as_ref());
            records.map_or(Some(row), |records| records.get(row as usize).copied()).map(u64::from)
        }
        (Block::Text(text), _) => {
            let at = position(text, found);
            match records {
                Some(records) => {
                    let after = records.partition_point(|(start, _)| *start <= at);
                    after.checked_sub(1).and_then(|at| records.get(at)).map(|(_, record)| u64::from(*record))
                }
                None => {
                    let before = text.slab.text().get(..at).unwrap_or_default();
                    Some(memchr::memrchr(b'\n', before).map_or(0, |newline| newline as u64 + 1))
                }
            }
        }
        _ => None,
    }
}

/// Where a match stands in the block's text.
fn position(text: &TextBlock, found: &Match) -> usize {
    match found.place {
        Place::Aside(index) => text.asides.get(index as usize).map_or(0, |aside| aside.span.start),
        _ => found.start as usize,
    }
}
