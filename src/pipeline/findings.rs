//! Findings: matches grouped by table, column and entity type, with counts that can be merged in any order of blocks
//! that keeps the order of the input.
//!
//! Holds no value: distinct values are counted by fingerprints under a key that the run draws and forgets, and the
//! one sample is masked.

use std::collections::HashSet;
use std::collections::btree_map::{BTreeMap, Entry};

use foldhash::fast::FixedState;

use super::track::Tracks;
use crate::finding::EntityId;

/// Distinct values that are counted exactly; beyond, the count is an estimate (about 1 % off). As many as a table of 16,384
/// places takes, 144 KiB for each spot and entity type, so that a thousand columns stay within what a run may take: one
/// more would double it.
const EXACT_DISTINCT: usize = 14_336;
/// Places told apart in one asset; what comes later is counted under a common name.
pub(super) const MOST_PLACES: usize = 4096;
/// The share of a column's values from which the column *is* of an entity type, and does not only contain some.
const COLUMN_IS: f64 = 0.5;

/// Where a finding stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Spot {
    /// Table, when it has a name.
    pub table: Option<String>,
    /// Column or JSON path.
    pub column: Option<String>,
}

/// Matches of one entity type in one spot.
#[derive(Debug, Clone)]
pub struct Finding {
    /// Number of matches.
    pub count: u64,
    /// Number of values with at least one match.
    pub values: u64,
    /// Different values.
    pub distinct: Distinct,
    /// Highest sensitivity level.
    pub level: u8,
    /// Highest score.
    pub score: f32,
    /// One masked value.
    pub sample: String,
}

/// The findings of one asset.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    found: BTreeMap<(Spot, EntityId), Finding>,
    /// Values (not NULL) of each column of a table.
    values: BTreeMap<Spot, u64>,
    /// Matches per entity type and operator that the policy has for them.
    operators: BTreeMap<(EntityId, &'static str), u64>,
    /// Where the subjects were, until all of the asset is read.
    tracks: Tracks,
}

/// What of a column the matches are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Prevalence {
    /// Values with a match.
    pub matched: u64,
    /// Values that are not NULL.
    pub values: u64,
}

impl Prevalence {
    /// Values with a match among all, 0 to 1.
    #[allow(clippy::cast_precision_loss)] // A share that people read.
    pub fn share(self) -> f64 {
        if self.values == 0 { 0.0 } else { self.matched as f64 / self.values as f64 }
    }

    /// Whether the column *is* of the entity type; otherwise it contains some.
    pub fn column_is(self) -> bool {
        self.share() >= COLUMN_IS
    }
}

impl Findings {
    /// Adds matches of one entity type in one spot.
    pub fn add(&mut self, spot: Spot, entity: EntityId, finding: Finding) {
        let key = self.key_within_bounds((spot, entity));
        match self.found.entry(key) {
            Entry::Vacant(place) => drop(place.insert(finding)),
            Entry::Occupied(mut held) => held.get_mut().merge(finding),
        }
    }

    /// Counts matches for the operator that the policy has for them.
    pub fn enter_operators(&mut self, entity: EntityId, operator: &'static str, count: u64) {
        *self.operators.entry((entity, operator)).or_default() += count;
    }

    /// Matches per entity type and operator.
    pub fn operators(&self) -> &BTreeMap<(EntityId, &'static str), u64> {
        &self.operators
    }

    /// Adds where the subjects of the block that comes next were.
    pub(super) fn follow(&mut self, tracks: Tracks) {
        self.tracks.merge(tracks);
    }

    /// Takes out where the subjects were.
    pub(super) fn take_tracks(&mut self) -> Tracks {
        std::mem::take(&mut self.tracks)
    }

    /// Counts values of a column of a table.
    pub fn enter_values(&mut self, spot: Spot, count: u64) {
        if self.values.len() < MOST_PLACES || self.values.contains_key(&spot) {
            *self.values.entry(spot).or_default() += count;
        }
    }

    fn key_within_bounds(&self, key: (Spot, EntityId)) -> (Spot, EntityId) {
        if self.found.len() < MOST_PLACES || self.found.contains_key(&key) {
            return key;
        }
        (Spot { table: key.0.table, column: Some("(other places)".to_owned()) }, key.1)
    }

    /// Adds the findings of the block that comes next.
    pub fn merge(&mut self, next: Findings) {
        for ((spot, entity), finding) in next.found {
            self.add(spot, entity, finding);
        }
        for (key, count) in next.operators {
            *self.operators.entry(key).or_default() += count;
        }
        for (spot, count) in next.values {
            self.enter_values(spot, count);
        }
        self.tracks.merge(next.tracks);
    }

    /// All findings, by spot and entity type.
    pub fn iter(&self) -> impl Iterator<Item = (&Spot, EntityId, &Finding, Option<Prevalence>)> {
        self.found.iter().map(|((spot, entity), finding)| {
            let prevalence = self.values.get(spot).map(|values| {
                // A cell in which each round found a value was counted twice.
                Prevalence { matched: finding.values.min(*values), values: *values }
            });
            (spot, *entity, finding, prevalence)
        })
    }

    /// Number of matches in all.
    pub fn count(&self) -> u64 {
        self.found.values().map(|finding| finding.count).sum()
    }

    /// Number of matches per entity type.
    pub fn by_entity(&self) -> BTreeMap<EntityId, u64> {
        let mut counts = BTreeMap::new();
        for ((_, entity), finding) in &self.found {
            *counts.entry(*entity).or_default() += finding.count;
        }
        counts
    }
}

impl Finding {
    /// Nothing counted yet.
    pub fn new(level: u8, score: f32, sample: String) -> Finding {
        Finding { count: 0, values: 0, distinct: Distinct::default(), level, score, sample }
    }

    /// Enters one match. `is_new_value` says that it is the first of its entity type in its value; `fingerprint` may be
    /// left out where it was entered before.
    pub fn enter(&mut self, fingerprint: Option<u64>, is_new_value: bool, level: u8, score: f32) {
        self.count += 1;
        self.values += u64::from(is_new_value);
        if let Some(fingerprint) = fingerprint {
            self.distinct.enter(fingerprint);
        }
        self.level = self.level.max(level);
        self.score = self.score.max(score);
    }

    fn merge(&mut self, next: Finding) {
        self.count += next.count;
        self.values += next.values;
        self.distinct.merge(next.distinct);
        self.level = self.level.max(next.level);
        self.score = self.score.max(next.score);
    }
}

/// Counts different fingerprints: exactly up to a bound, then by keeping every second, fourth… of all possible ones.
#[derive(Debug, Clone, Default)]
pub struct Distinct {
    /// Fingerprints are keyed already: spreading them over the table is all that is left to do.
    kept: HashSet<u64, FixedState>,
    halvings: u32,
    /// Entered, but not yet compared with the others: most counts are of one block and merged soon.
    fresh: Vec<u64>,
}

impl Distinct {
    /// Counts only those that are left after so many halvings, as a larger count that this is a part of does anyway.
    pub(super) fn after(halvings: u32) -> Distinct {
        Distinct { halvings, ..Distinct::default() }
    }

    /// How often the fingerprints that are kept were halved.
    pub(super) fn halvings(&self) -> u32 {
        self.halvings
    }

    /// Enters a fingerprint.
    pub fn enter(&mut self, fingerprint: u64) {
        if fingerprint.trailing_zeros() < self.halvings {
            return;
        }
        self.fresh.push(fingerprint);
        if self.fresh.len() > EXACT_DISTINCT {
            self.settle();
        }
    }

    fn settle(&mut self) {
        for fingerprint in std::mem::take(&mut self.fresh) {
            self.keep(fingerprint);
        }
    }

    fn keep(&mut self, fingerprint: u64) {
        if fingerprint.trailing_zeros() < self.halvings {
            return;
        }
        self.kept.insert(fingerprint);
        while self.kept.len() > EXACT_DISTINCT {
            self.halve(self.halvings + 1);
        }
    }

    fn halve(&mut self, halvings: u32) {
        self.halvings = halvings;
        self.kept.retain(|kept| kept.trailing_zeros() >= halvings);
    }

    /// Enters what another count holds.
    pub fn merge(&mut self, other: Distinct) {
        self.settle();
        if other.halvings > self.halvings {
            self.halve(other.halvings);
        }
        for fingerprint in other.kept.into_iter().chain(other.fresh) {
            self.keep(fingerprint);
        }
    }

    /// All entered fingerprints compared.
    fn settled(&self) -> Distinct {
        let mut settled = self.clone();
        settled.settle();
        settled
    }

    /// How many different ones there were.
    pub fn count(&self) -> u64 {
        let settled = self.settled();
        (settled.kept.len() as u64) << settled.halvings
    }

    /// Whether [`Distinct::count`] is exact.
    pub fn is_exact(&self) -> bool {
        self.settled().halvings == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(number: u64) -> u64 {
        number.wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(29).wrapping_mul(0xbf58_476d_1ce4_e5b9)
    }

    #[test]
    fn distinct_is_exact_then_close() {
        let mut distinct = Distinct::default();
        (0..20_000).for_each(|n| distinct.enter(spread(n % 14_000)));
        assert_eq!((distinct.count(), distinct.is_exact()), (14_000, true));
        (0..400_000).for_each(|n| distinct.enter(spread(n)));
        assert!(!distinct.is_exact());
        assert!(distinct.count().abs_diff(400_000) < 12_000, "{}", distinct.count());
    }

    #[test]
    fn parts_that_begin_halved_count_the_same() {
        let (mut plain, mut halved, mut halvings) = (Distinct::default(), Distinct::default(), 0);
        for part in 0..12_u64 {
            let mut parts = [Distinct::default(), Distinct::after(halvings)];
            for one in &mut parts {
                (part * 20_000..part * 20_000 + 30_000).for_each(|n| one.enter(spread(n)));
            }
            halvings = parts[1].halvings();
            let [part, after] = parts;
            plain.merge(part);
            halved.merge(after);
            assert_eq!((plain.count(), plain.is_exact()), (halved.count(), halved.is_exact()));
        }
        assert!(halvings > 0);
    }

    #[test]
    fn merging_parts_is_counting_the_whole() {
        let enter = |range: std::ops::Range<u64>| {
            let mut findings = Findings::default();
            let spot = Spot { table: None, column: Some("phone".to_owned()) };
            for n in range {
                let mut finding = Finding::new(3, 0.9, format!("sample {n}"));
                finding.enter(Some(spread(n % 10)), n % 2 == 0, 3, 0.9);
                findings.add(spot.clone(), EntityId(3), finding);
            }
            findings.enter_values(spot, 50);
            findings
        };
        let mut parts = enter(0..40);
        parts.merge(enter(40..100));
        let whole = enter(0..100);
        let view = |findings: &Findings| {
            findings
                .iter()
                .map(|(spot, entity, finding, _)| {
                    let Finding { count, values, level, sample, .. } = finding.clone();
                    (spot.clone(), entity, count, values, level, sample, finding.distinct.count())
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(view(&parts), view(&whole));
        assert_eq!(parts.iter().next().unwrap().3, Some(Prevalence { matched: 50, values: 100 }));
    }

    #[test]
    fn places_are_bounded() {
        let mut findings = Findings::default();
        for n in 0..MOST_PLACES * 2 {
            let spot = Spot { table: None, column: Some(n.to_string()) };
            let mut finding = Finding::new(1, 1.0, String::new());
            finding.enter(Some(1), true, 1, 1.0);
            findings.add(spot, EntityId(0), finding);
        }
        assert_eq!(findings.iter().count(), MOST_PLACES + 1);
        assert_eq!(findings.count(), MOST_PLACES as u64 * 2);
    }
}
