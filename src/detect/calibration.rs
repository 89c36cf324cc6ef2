//! What a score says: the points of the evidence become the share of matches with such evidence that are right.
//!
//! The shares were measured on the labelled corpus under `benches/accuracy`, by groups of entity types that are recognized
//! alike; benches/ACCURACY.md says of what kind of data they hold. Points order rivals and decide what is a match: 60 become
//! a score of at least 0.6, fewer one below it, and more points never a lower score. Types of the user's own rules were not
//! measured: their score is their points.

use crate::finding::{EntityId, Match};
use crate::rule::{RuleSet, embedded};

/// The group of types that are listed nowhere: those that only a label tells.
const REST: &str = "labelled";
/// Points from 0 to 100.
const POINTS: usize = 101;

/// The scores that points become, by entity type.
pub struct Calibration {
    /// Where the scores of an entity type begin among all, by its id.
    rows: Vec<u16>,
    /// The scores of 0 to 100 points of each group; before them, points as they are.
    scores: Vec<f32>,
}

impl Calibration {
    /// As it was measured, for the entity types of `rules`.
    pub fn new(rules: &RuleSet) -> Calibration {
        let groups = groups();
        let scores = groups.iter().flat_map(|group| scores(&knots(group)));
        let row = |group: &str| groups.iter().position(|one| *one == group).map_or(0, |at| (at + 1) * POINTS);
        let row_of = |name: &str, id| if rules.is_own(id) { 0 } else { row(group_of(name)) };
        let rows = rules.entities().iter().map(|entity| u16::try_from(row_of(&entity.name, entity.id)).unwrap_or(0));
        Calibration { rows: rows.collect(), scores: as_they_are().chain(scores).collect() }
    }

    /// Points as they are, for all of them.
    pub(super) fn none() -> Calibration {
        Calibration { rows: Vec::new(), scores: as_they_are().collect() }
    }

    /// The score of a match of `entity` with so many hundredths of `evidence`.
    pub fn score(&self, entity: EntityId, evidence: f32) -> f32 {
        let row = usize::from(self.rows.get(usize::from(entity.0)).copied().unwrap_or(0));
        let points = (evidence * 100.0 + 0.5) as usize;
        self.scores.get(row + points.min(POINTS - 1)).copied().unwrap_or(evidence)
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
    let mut listed = embedded::rows("score_groups.tsv").filter_map(|mut row| Some((row.next()?, row.next()?)));
    listed.find(|(name, _)| *name == entity).map_or(REST, |(_, group)| group)
}

/// The groups, sorted.
fn groups() -> Vec<&'static str> {
    let mut groups: Vec<&str> = embedded::rows("score_calibration.tsv").filter_map(|mut row| row.next()).collect();
    groups.sort_unstable();
    groups.dedup();
    groups
}

/// The points and scores that were measured of a group, by points.
fn knots(group: &str) -> Vec<(f32, f32)> {
    let read = |mut row: Box<dyn Iterator<Item = &'static str>>| {
        (row.next()? == group).then_some(())?;
        Some((row.next()?.parse().ok()?, row.next()?.parse().ok()?))
    };
    embedded::rows("score_calibration.tsv").filter_map(|row| read(Box::new(row))).collect()
}

fn as_they_are() -> impl Iterator<Item = f32> {
    (0..POINTS as u8).map(|points| f32::from(points) / 100.0)
}

/// The scores of 0 to 100 points: straight lines between `knots`, level before the first and behind the last.
fn scores(knots: &[(f32, f32)]) -> Vec<f32> {
    let at = |points: f32| {
        let behind = knots.partition_point(|(knot, _)| *knot < points);
        let next = knots.get(behind).or(knots.last())?;
        let last = behind.checked_sub(1).and_then(|at| knots.get(at)).unwrap_or(next);
        let part = if next.0 > last.0 { (points - last.0) / (next.0 - last.0) } else { 1.0 };
        Some(last.1 + (next.1 - last.1) * part)
    };
    (0..POINTS as u8).map(|points| at(points.into()).unwrap_or(f32::from(points) / 100.0)).collect()
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
            let scores: Vec<f32> = as_they_are().map(|evidence| calibration.score(entity.id, evidence)).collect();
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
        let groups = groups();
        assert!(groups.contains(&REST));
        for mut row in embedded::rows("score_groups.tsv") {
            let (entity, group) = (row.next().unwrap(), row.next().unwrap());
            assert!(rules.entity_named(entity).is_some(), "{entity}");
            assert!(groups.contains(&group), "{group}");
        }
    }

    #[test]
    fn lines_between_knots() {
        let scores = scores(&[(40.0, 0.1), (50.0, 0.3), (59.0, 0.3), (60.0, 0.8)]);
        let near = |points: usize, score: f32| assert!((scores[points] - score).abs() < 1e-6, "{points}");
        [(0, 0.1), (40, 0.1), (45, 0.2), (55, 0.3), (59, 0.3), (60, 0.8), (100, 0.8)].map(|(at, score)| near(at, score));
    }

    #[test]
    fn types_of_the_users_own_keep_their_points() {
        let mut rules = RuleSet::load(&[]).unwrap();
        let one = rules.entity_named("PERSON_NAME").unwrap().id;
        rules.own_for_tests(one);
        assert_eq!(Calibration::new(&rules).score(one, 0.45), 0.45);
    }
}
