//! What a score says: the points of the evidence become the share of matches with such evidence that are right.
//!
//! The shares were measured on the labelled corpus under `benches/accuracy`, by groups of entity types that are recognized
//! alike; benches/ACCURACY.md says of what kind of data they hold. Points order rivals and decide what is a match: 60 become
//! a score of at least 0.6, fewer one below it, and more points never a lower score. Types of the user's own rules were not
//! measured: their score is their points.

use std::collections::HashMap;

use crate::finding::{EntityId, Match};
use crate::rule::{EntityType, RuleSet, embedded};

/// The group of types that are listed nowhere: those that only a label tells.
const REST: &str = "labelled";
/// Points from 0 to 100, and more, that there are not, up to what seven bits hold.
const POINTS: usize = 128;

/// The scores of points.
type Scores = [f32; POINTS];

/// The scores that points become, by entity type.
pub struct Calibration {
    /// Which of the groups an entity type belongs to, by its id.
    groups: Vec<u8>,
    /// The scores of each group; the first are points as they are.
    scores: Vec<Scores>,
}

impl Calibration {
    /// As it was measured, for the entity types of `rules`.
    pub fn new(rules: &RuleSet) -> Calibration {
        let knots: Vec<Knot> = embedded::rows("score_calibration.tsv").filter_map(Knot::read).collect();
        let measured: Vec<&[Knot]> = knots.chunk_by(|a, b| a.group == b.group).collect();
        let listed: HashMap<&str, &str> = listed().collect();
        let group = |name: &str| {
            let group = listed.get(name).copied().unwrap_or(REST);
            let at = measured.iter().position(|knots| knots.first().is_some_and(|knot| knot.group == group));
            at.and_then(|at| u8::try_from(at + 1).ok()).unwrap_or(0)
        };
        let group = |entity: &EntityType| if rules.is_own(entity.id) { 0 } else { group(&entity.name) };
        let scores = measured.iter().map(|knots| scores(knots));
        Calibration {
            groups: rules.entities().iter().map(group).collect(),
            scores: std::iter::once(as_they_are()).chain(scores).collect(),
        }
    }

    /// Points as they are, for all of them.
    pub(super) fn none() -> Calibration {
        Calibration { groups: Vec::new(), scores: vec![as_they_are()] }
    }

    /// The score of a match of `entity` with so many hundredths of `evidence`.
    #[inline]
    pub fn score(&self, entity: EntityId, evidence: f32) -> f32 {
        /// A number so large that whole numbers are all that can be added to it: they stand in its last bits.
        const WHOLE: f32 = (1_u32 << 23) as f32;
        let group = usize::from(self.groups.get(usize::from(entity.0)).copied().unwrap_or(0));
        let points = (evidence * 100.0 + WHOLE).to_bits() as usize % POINTS;
        self.scores.get(group).and_then(|scores| scores.get(points)).copied().unwrap_or(evidence)
    }

    /// Turns the evidence of `matches` into scores.
    pub(super) fn apply(&self, matches: &mut [Match]) {
        for found in matches {
            found.score = self.score(found.entity, found.score);
        }
    }
}

/// The group of an entity type.
pub fn group_of(entity: &str) -> &'static str {
    listed().find(|(name, _)| *name == entity).map_or(REST, |(_, group)| group)
}

/// Entity types and their groups.
fn listed() -> impl Iterator<Item = (&'static str, &'static str)> {
    embedded::rows("score_groups.tsv").filter_map(|mut row| Some((row.next()?, row.next()?)))
}

/// A score that was measured.
struct Knot {
    group: &'static str,
    points: f32,
    score: f32,
}

impl Knot {
    fn read(mut row: impl Iterator<Item = &'static str>) -> Option<Knot> {
        Some(Knot { group: row.next()?, points: row.next()?.parse().ok()?, score: row.next()?.parse().ok()? })
    }
}

fn each_point() -> impl Iterator<Item = f32> {
    (0..=100_u8).map(f32::from)
}

fn filled(scores: impl Iterator<Item = f32>) -> Scores {
    let mut filled = [1.0; POINTS];
    filled.iter_mut().zip(scores).for_each(|(slot, score)| *slot = score);
    filled
}

fn as_they_are() -> Scores {
    filled(each_point().map(|points| points / 100.0))
}

/// The scores of a group: straight lines between `knots`, level before the first and behind the last.
fn scores(knots: &[Knot]) -> Scores {
    let at = |points: f32| {
        let behind = knots.partition_point(|knot| knot.points < points);
        let next = knots.get(behind).or(knots.last())?;
        match behind.checked_sub(1).and_then(|at| knots.get(at)) {
            // Of a knot, to the last bit: 60 points are 0.6 and no hair less.
            Some(last) if points < next.points => {
                let part = (points - last.points) / (next.points - last.points);
                Some(last.score + (next.score - last.score) * part)
            }
            _ => Some(next.score),
        }
    };
    filled(each_point().map(|points| at(points).unwrap_or(points / 100.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::resolve::MATCH_SCORE;

    #[test]
    fn more_points_are_no_lower_score_and_matches_stay_matches() {
        let rules = RuleSet::load(&[]).unwrap();
        let calibration = Calibration::new(&rules);
        for entity in rules.entities() {
            let scores: Vec<f32> = each_point().map(|points| calibration.score(entity.id, points / 100.0)).collect();
            for (points, pair) in scores.windows(2).enumerate() {
                assert!(pair[0] <= pair[1], "{}: {} points", entity.name, points + 1);
            }
            for (points, score) in scores.iter().enumerate() {
                assert!((0.0..=1.0).contains(score));
                assert_eq!(points >= 60, *score >= MATCH_SCORE, "{}: {points} points", entity.name);
            }
        }
    }

    #[test]
    fn groups_are_of_known_types_and_measured() {
        let rules = RuleSet::load(&[]).unwrap();
        let calibration = Calibration::new(&rules);
        let measured = |entity: &EntityType| calibration.groups[usize::from(entity.id.0)] != 0;
        assert!(rules.entities().iter().all(measured));
        for (entity, _) in listed() {
            assert!(rules.entity_named(entity).is_some(), "{entity}");
        }
    }

    #[test]
    fn lines_between_knots() {
        let knots = [(40.0, 0.1), (50.0, 0.3), (59.0, 0.3), (60.0, 0.8)];
        let scores = scores(&knots.map(|(points, score)| Knot { group: "", points, score }));
        let near = |points: usize, score: f32| assert!((scores[points] - score).abs() < 1e-6, "{points}");
        [(0, 0.1), (40, 0.1), (45, 0.2), (55, 0.3), (59, 0.3), (60, 0.8), (100, 0.8)]
            .into_iter()
            .for_each(|(at, score)| near(at, score));
    }

    #[test]
    fn types_of_the_users_own_keep_their_points() {
        let mut rules = RuleSet::load(&[]).unwrap();
        let one = rules.entity_named("PERSON_NAME").unwrap().id;
        rules.own_for_tests(one);
        for points in each_point() {
            assert_eq!(Calibration::new(&rules).score(one, points / 100.0), points / 100.0);
        }
    }
}
