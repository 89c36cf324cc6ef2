//! Tracks: who was at five different positions or more, told by positions and identifiers that stand in the same
//! records of one asset.
//!
//! A subject is one value of an entity type that identifies somebody or something that moves with them; in a record
//! without any, the value of a key such as `user_id`. Bounded: so many subjects are followed in an asset, and of each no more positions than make a track. Holds
//! fingerprints, never a value.

mod record;

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::BuildHasher;

use aho_corasick::{AhoCorasick, MatchKind};
use foldhash::fast::FixedState;

use self::record::{Line, position, record, value_of_key};
use super::Context;
use super::findings::{Finding, Findings, Spot};
use super::grouping::fingerprint;
use super::locate::{safe_name, value_at};
use crate::block::Block;
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

/// Keys and columns whose value is a subject in records without any of those, the first ones first. Letter case and `_`
/// do not count in the names of columns.
const KEYS: [&str; 22] = [
    "user_id",
    "userId",
    "userid",
    "uid",
    "member_id",
    "memberId",
    "customer_id",
    "customerId",
    "driver_id",
    "driverId",
    "rider_id",
    "riderId",
    "courier_id",
    "courierId",
    "device_id",
    "deviceId",
    "vehicle_id",
    "vehicleId",
    "phone",
    "mobile",
    "device",
    "id",
];
/// How much of a record is searched for a key.
const RECORD: usize = 8 << 10;

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
    keys: Option<AhoCorasick>,
}

/// Whose a track is.
#[derive(Debug, Clone, Copy)]
enum Whose {
    Entity(EntityId),
    Key(&'static str),
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
    whose: Whose,
    table: Option<String>,
    positions: [u64; TRACK],
    count: usize,
}

impl Tracks {
    /// Enters the positions of a subject, up to those that make a track.
    fn enter(&mut self, fingerprint: u64, whose: Whose, table: Option<&str>, positions: &[u64]) {
        let at = match self.index.get(&fingerprint) {
            Some(at) => *at,
            None if self.subjects.len() >= MOST_SUBJECTS => return,
            None => {
                let table = table.map(str::to_owned);
                self.subjects.push(Subject { fingerprint, whose, table, positions: [0; TRACK], count: 0 });
                self.index.insert(fingerprint, self.subjects.len() - 1);
                self.subjects.len() - 1
            }
        };
        let Some(subject) = self.subjects.get_mut(at) else { return };
        for position in positions {
            let is_known = subject.positions.iter().take(subject.count).any(|known| known == position);
            if !is_known {
                let Some(slot) = subject.positions.get_mut(subject.count) else { return };
                (*slot, subject.count) = (*position, subject.count + 1);
            }
        }
    }

    /// Enters those of the block that comes next.
    pub(super) fn merge(&mut self, next: Tracks) {
        if self.subjects.is_empty() {
            *self = next;
            return;
        }
        for subject in &next.subjects {
            let positions = subject.positions.get(..subject.count).unwrap_or_default();
            self.enter(subject.fingerprint, subject.whose, subject.table.as_deref(), positions);
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
        let parts = rules.entities().iter().map(|entity| part(&entity.name)).collect();
        let keys = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(KEYS).ok();
        Tracker { parts, track, keys }
    }

    fn part(&self, found: &Match, min_score: f32) -> Part {
        match self.parts.get(usize::from(found.entity.0)) {
            Some(part) if found.score >= min_score && !found.traits.non_personal => *part,
            _ => Part::None,
        }
    }

    /// Where the subjects of `block` were. A block without positions costs a look at each match.
    pub(super) fn tracks(
        &self,
        context: &Context,
        block: &Block,
        codec: Option<&dyn Codec>,
        matches: &[Match],
    ) -> Tracks {
        let mut tracks = Tracks::default();
        let min_score = context.settings.min_score;
        if !matches.iter().any(|found| self.part(found, min_score) == Part::Position) {
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
        let mut line = Line::default();
        let mut parts: Vec<(u64, &Match)> = matches
            .iter()
            .filter(|found| self.part(found, min_score) != Part::None)
            .filter_map(|found| Some((record(block, records.as_deref(), &mut line, found)?, found)))
            .collect();
        parts.sort_by_key(|(record, found)| (*record, found.place, found.start));
        let columns = subject_columns(block);
        let mut positions = Vec::new();
        for record in parts.chunk_by(|(one, _), (other, _)| one == other) {
            let of =
                |part| record.iter().map(|(_, found)| *found).filter(move |found| self.part(found, min_score) == part);
            self.positions(context, block, of(Part::Position), &mut positions);
            let Some((number, first)) = record.first() else { continue };
            if positions.is_empty() {
                continue;
            }
            let mut enter = |whose: Whose, fingerprint: u64| {
                // The same value in another table is another subject.
                let fingerprint = match &table {
                    Some(table) => context.fingerprints.hash_one((fingerprint, table)),
                    None => fingerprint,
                };
                tracks.enter(fingerprint, whose, table.as_deref(), &positions);
            };
            let mut is_anybody = false;
            for subject in of(Part::Subject) {
                if let Some(fingerprint) = value_fingerprint(context, block, subject) {
                    enter(Whose::Entity(subject.entity), fingerprint);
                    is_anybody = true;
                }
            }
            if !is_anybody && let Some((key, value)) = self.keyed(block, records.as_deref(), &columns, *number, first) {
                enter(Whose::Key(key), context.fingerprints.hash_one((key, &*value)));
            }
        }
        tracks
    }

    /// The different positions of one record, as many as make a track: a pair of numbers by itself; single numbers, latitude
    /// and longitude, two by two.
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
                    enter_position(fingerprint, out);
                    single = before;
                }
                (false, None) => single = Some(fingerprint),
                (false, Some(before)) => enter_position(context.fingerprints.hash_one((before, fingerprint)), out),
            }
            if out.len() == TRACK {
                return;
            }
        }
    }

    /// The value of the first of [`KEYS`] in the record of `found`, which has this number.
    fn keyed<'b>(
        &self,
        block: &'b Block,
        records: Option<&[(usize, u32)]>,
        columns: &[(&'static str, usize)],
        number: u64,
        found: &Match,
    ) -> Option<(&'static str, Cow<'b, [u8]>)> {
        match (block, found.place) {
            (Block::Table(table), Place::Cell { row, .. }) => columns.iter().find_map(|(key, position)| {
                let values = &table.columns.get(*position)?.values;
                let value = value_at(values, row as usize).filter(|value| !value.is_empty())?;
                Some((*key, value))
            }),
            (Block::Text(text), _) => {
                let bytes = text.slab.text();
                let (from, to) = match records {
                    Some(records) => {
                        // The stretch that the first position stands in: no record of a document is sought from its start.
                        let after = records.partition_point(|(start, _)| *start <= position(text, found));
                        let from = records.get(after.checked_sub(1)?)?.0;
                        (from, records.get(after).map_or(bytes.len(), |(start, _)| *start))
                    }
                    None => {
                        let from = usize::try_from(number).ok()?;
                        (from, from + memchr::memchr(b'\n', bytes.get(from..)?).unwrap_or(bytes.len() - from))
                    }
                };
                let record = bytes.get(from..to.min(from + RECORD))?;
                let mut best: Option<(usize, &[u8])> = None;
                for key in self.keys.as_ref()?.find_iter(record) {
                    let priority = key.pattern().as_usize();
                    if best.is_none_or(|(held, _)| priority < held)
                        && let Some(value) = value_of_key(record, key.span().range())
                    {
                        best = Some((priority, value));
                    }
                }
                best.and_then(|(priority, value)| Some((*KEYS.get(priority)?, Cow::Borrowed(value))))
            }
            _ => None,
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
            let whose = match subject.whose {
                Whose::Entity(id) => context.detector.rules().entity(id).map_or("", |entity| entity.name.as_str()),
                Whose::Key(key) => key,
            };
            let mut finding = Finding::new(level, 1.0, format!("{TRACK}+ positions of one {whose}"));
            finding.enter(Some(subject.fingerprint), true, level, 1.0);
            findings.add(Spot { table: subject.table.clone(), column: None }, track, finding);
            findings.enter_operators(track, operator, 1);
        }
    }
}

/// Adds a position to those of a record, unless it is among them.
fn enter_position(position: u64, positions: &mut Vec<u64>) {
    if !positions.contains(&position) {
        positions.push(position);
    }
}

fn value_fingerprint(context: &Context, block: &Block, found: &Match) -> Option<u64> {
    let entity = context.detector.rules().entity(found.entity)?;
    let value = value_of(block, found).ok()?;
    Some(fingerprint(&context.fingerprints, found.entity, &entity.canonical.of(&value)))
}

/// The columns of a table that are called by one of [`KEYS`], the first ones first.
fn subject_columns(block: &Block) -> Vec<(&'static str, usize)> {
    let Block::Table(table) = block else { return Vec::new() };
    let plain = |name: &str| name.chars().filter(|c| *c != '_').collect::<String>().to_lowercase();
    let names: Vec<(usize, String)> = table
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.records.is_none())
        .filter_map(|(at, column)| Some((at, plain(&table.table.columns.get(column.index)?.name))))
        .collect();
    let of_key = |key: &'static str| {
        let plain = plain(key);
        names.iter().filter(move |(_, name)| *name == plain).map(move |(at, _)| (key, *at))
    };
    KEYS.iter().flat_map(|key| of_key(key)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_different_positions_of_a_record_are_enough(
            records in prop::collection::vec(prop::collection::vec(0_u64..9, 0..12), 0..6),
        ) {
            let (mut all, mut few) = (Tracks::default(), Tracks::default());
            for record in &records {
                let mut first = Vec::new();
                for position in record {
                    if first.len() < TRACK {
                        enter_position(*position, &mut first);
                    }
                }
                record.iter().for_each(|position| all.enter(1, Whose::Key("uid"), None, &[*position]));
                few.enter(1, Whose::Key("uid"), None, &first);
            }
            let positions = |tracks: &Tracks| tracks.subjects.first().map(|one| (one.positions, one.count)).unwrap_or_default();
            prop_assert_eq!(positions(&all), positions(&few));
        }
    }

    #[test]
    fn merging_parts_is_following_the_whole() {
        let follow = |range: std::ops::Range<u64>| {
            let mut tracks = Tracks::default();
            for n in range {
                tracks.enter(n % 7, Whose::Key("uid"), None, &[n / 14]);
            }
            tracks
        };
        let mut parts = follow(0..30);
        parts.merge(follow(30..100));
        let counts = |tracks: &Tracks| {
            tracks.subjects.iter().map(|subject| (subject.fingerprint, subject.count)).collect::<Vec<_>>()
        };
        assert_eq!(counts(&parts), counts(&follow(0..100)));
        assert_eq!(counts(&parts).len(), 7);
        assert!(counts(&parts).iter().all(|(_, count)| *count == TRACK));
    }

    #[test]
    fn the_number_of_subjects_is_bounded() {
        let mut tracks = Tracks::default();
        (0..MOST_SUBJECTS as u64 + 9).for_each(|n| tracks.enter(n, Whose::Key("uid"), None, &[n]));
        assert_eq!(tracks.subjects.len(), MOST_SUBJECTS);
    }
}
