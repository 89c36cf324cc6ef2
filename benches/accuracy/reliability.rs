//! How often what scores as much is right, and the scores that make it so.
//!
//! Counted are the matches of all texts: of those whose values mostly stand beside a label, and of as many lines and tables
//! (`templates/strays.txt`, `templates/stray_tables.txt`) that say nothing of what is in them, where most numbers, codes and
//! words are nobody's data.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use tuomin::detect::calibration::group_of;

use crate::documents::Document;
use crate::reading::Seen;
use crate::score::share;
use crate::template::{Half, STRAYS};

/// Points from which a candidate is a match.
const MATCH: u8 = 60;
/// A step of the map that rests on fewer rounds of templates is joined with the next.
const FEWEST_ROUNDS: f64 = 3.0;
/// What is said of nothing: as if half a round of a template more had been seen, and been right half of the time: the
/// records of a template are too much alike to be counted one by one.
const DOUBT: f64 = 0.5;

/// Matches and those among them that are right, of some score.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    all: u64,
    right: u64,
    /// Of all scores: sums, and sums of the squares of what is missing to 1 (right) or 0 (not right).
    score: f64,
    points: f64,
    score_errors: f64,
    points_errors: f64,
}

impl Cell {
    fn enter(&mut self, score: f64, points: f64, is_right: bool) {
        let truth = f64::from(u8::from(is_right));
        self.all += 1;
        self.right += u64::from(is_right);
        self.score += score;
        self.points += points;
        self.score_errors += (score - truth).powi(2);
        self.points_errors += (points - truth).powi(2);
    }

    fn add(&mut self, other: &Cell) {
        self.all += other.all;
        self.right += other.right;
        self.score += other.score;
        self.points += other.points;
        self.score_errors += other.score_errors;
        self.points_errors += other.points_errors;
    }
}

/// What matches are kept apart by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    half: Half,
    group: &'static str,
    points: u8,
    /// The score in hundredths.
    score: u8,
    is_stray: bool,
}

/// Everything that was counted.
#[derive(Default)]
pub(crate) struct Reliability {
    cells: BTreeMap<Key, Cell>,
}

impl Reliability {
    /// Counts a match.
    pub(crate) fn enter(&mut self, document: &Document, seen: &Seen, is_right: bool) {
        let key = Key {
            half: document.half,
            group: group_of(&seen.entity),
            points: seen.points,
            score: (seen.score * 100.0).round() as u8,
            is_stray: STRAYS.contains(&document.kind),
        };
        let (score, points) = (f64::from(seen.score), f64::from(seen.points) / 100.0);
        self.cells.entry(key).or_default().enter(score, points, is_right);
    }

    fn of(&self, half: Half) -> impl Iterator<Item = (&Key, &Cell)> {
        self.cells.iter().filter(move |(key, _)| key.half == half)
    }

    fn groups(&self) -> Vec<&'static str> {
        let mut groups: Vec<_> = self.cells.keys().map(|key| key.group).collect();
        groups.sort_unstable();
        groups.dedup();
        groups
    }

    /// The table of scores, from the tuning half. `rounds` is how often each template was counted.
    pub(crate) fn calibration(&self, rounds: usize) -> String {
        let mut out = String::from(
            "# Share of matches that are right by the points of their evidence, made from the tuning half of the corpus by\n\
             # `cargo run --release --example accuracy -- --calibrate rules/data/score_calibration.tsv`. Straight lines between.\n\
             # 60 points and more are a match: at least 0.6 there, and less below. group, points, score.\n",
        );
        let by_points = |keep: &dyn Fn(&str) -> bool| {
            let mut counts = vec![Step::default(); 101];
            for (key, cell) in self.of(Half::Tuning).filter(|(key, _)| keep(key.group)) {
                let points = usize::from(key.points.min(100));
                counts.iter_mut().skip(points).take(1).for_each(|step| step.count(key.points, cell, rounds));
            }
            counts
        };
        let pooled = by_points(&|_| true);
        for group in self.groups() {
            let counts = by_points(&|one| one == group);
            for (range, least, most) in [(0..MATCH, 0.01, 0.59), (MATCH..101, 0.6, 1.0)] {
                let of_range = |counts: &[Step]| -> Vec<Step> {
                    let counts = counts.iter().filter(|step| step.all > 0.0 && range.contains(&step.from));
                    rising(counts.copied().collect())
                };
                let steps = match of_range(&counts) {
                    steps if steps.is_empty() => of_range(&pooled),
                    steps => steps,
                };
                let first = if range.start == 0 { 40 } else { MATCH };
                for (place, step) in steps.iter().enumerate() {
                    let score = step.share().clamp(least, most);
                    let from = if place == 0 { first.min(step.from) } else { step.from };
                    let to = if place + 1 == steps.len() { range.end - 1 } else { step.to };
                    let _ = writeln!(out, "{group}\t{from}\t{score:.3}");
                    if to > from {
                        let _ = writeln!(out, "{group}\t{to}\t{score:.3}");
                    }
                }
            }
        }
        out
    }
}

/// Points that get the same score. Counted in rounds of a template.
#[derive(Debug, Clone, Copy, Default)]
struct Step {
    from: u8,
    to: u8,
    all: f64,
    right: f64,
}

impl Step {
    fn count(&mut self, points: u8, cell: &Cell, rounds: usize) {
        (self.from, self.to) = (points, points);
        self.all += cell.all as f64 / rounds as f64;
        self.right += cell.right as f64 / rounds as f64;
    }

    fn share(&self) -> f64 {
        (self.right + DOUBT / 2.0) / (self.all + DOUBT)
    }

    fn join(&mut self, next: &Step) {
        self.to = next.to;
        self.all += next.all;
        self.right += next.right;
    }
}

/// Isotonic regression: steps are joined until each is higher than the one before it and rests on enough rounds.
fn rising(steps: Vec<Step>) -> Vec<Step> {
    let mut kept: Vec<Step> = Vec::new();
    for step in steps {
        kept.push(step);
        while let [.., before, last] = kept.as_mut_slice()
            && (before.share() >= last.share() || before.all < FEWEST_ROUNDS)
        {
            before.join(&last.clone());
            kept.pop();
        }
    }
    if let [.., before, last] = kept.as_mut_slice()
        && last.all < FEWEST_ROUNDS
    {
        before.join(&last.clone());
        kept.pop();
    }
    kept
}

/// Mean distance between score and share of the right, over twentieths of the score, weighted by matches.
fn expected_error<'a>(
    cells: impl Iterator<Item = (&'a Key, &'a Cell)>,
    score: impl Fn(&Key) -> u8,
    sum: impl Fn(&Cell) -> f64,
) -> f64 {
    let mut bins: BTreeMap<u8, Cell> = BTreeMap::new();
    cells.for_each(|(key, cell)| bins.entry((score(key) / 5).min(19)).or_default().add(cell));
    let all: u64 = bins.values().map(|bin| bin.all).sum();
    bins.values().map(|bin| (sum(bin) - bin.right as f64).abs()).sum::<f64>() / (all as f64).max(1.0)
}

/// The error of all scores of a half.
#[cfg(test)]
pub(crate) fn error(reliability: &Reliability, half: Half) -> f64 {
    expected_error(reliability.of(half), |key| key.score, |cell| cell.score)
}

/// The tables of a half.
pub(crate) fn report(reliability: &Reliability, half: Half, out: &mut String) {
    let total = |keep: &dyn Fn(&Key) -> bool| {
        let mut sum = Cell::default();
        reliability.of(half).filter(|(key, _)| keep(key)).for_each(|(_, cell)| sum.add(cell));
        sum
    };
    let (labelled, strays) = (total(&|key| !key.is_stray), total(&|key| key.is_stray));
    let _ = write!(
        out,
        "\n## Calibration\n\nAll matches, of every score and level. The score of a match is to be the share of the right among those \
         that score as much; it is made of points (`tuomin rules explain`) by a table that was measured on the tuning half \
         (`rules/data/score_calibration.tsv`). A share holds for data like that which it was measured on: the texts of the other \
         tables ({} matches, {:.1} % of them right) and as many lines and rows that say nothing of what is in them, most of it nobody's \
         data (`templates/strays.txt`, `templates/stray_tables.txt`; {} matches, {:.1} % right). In files that hold no personal data every \
         match is wrong, whatever its score.\n\n| score | matches | mean score | right | by points: matches | right |\n|---|---|---|---|---|---|\n",
        labelled.all,
        share(labelled.right, labelled.all) * 100.0,
        strays.all,
        share(strays.right, strays.all) * 100.0,
    );
    for bin in 0..20_u8 {
        let by_score = total(&|key| (key.score / 5).min(19) == bin);
        let by_points = total(&|key| (key.points / 5).min(19) == bin);
        if by_score.all + by_points.all == 0 {
            continue;
        }
        let from = f64::from(bin) / 20.0;
        let _ = write!(out, "| {from:.2} to {:.2} | {} |", from + 0.05, by_score.all);
        let _ = match by_score.all {
            0 => write!(out, " | |"),
            all => write!(out, " {:.3} | {:.3} |", by_score.score / all as f64, share(by_score.right, all)),
        };
        let _ = match by_points.all {
            0 => writeln!(out, " 0 | |"),
            all => writeln!(out, " {all} | {:.3} |", share(by_points.right, all)),
        };
    }
    out.push_str(
        "\nExpected calibration error: mean distance between score and share of the right over twentieths of the score. Brier \
         score: mean square of what a score lacks to 1 of a right match, to 0 of another.\n\n\
         | group | matches | right | error of points | error of scores | Brier, points | Brier, scores |\n|---|---|---|---|---|---|---|\n",
    );
    errors(reliability, Half::Tuning, out);
    errors(reliability, Half::Judging, out);
}

/// The rows of a half, one for each group.
fn errors(reliability: &Reliability, half: Half, out: &mut String) {
    let groups = reliability.groups();
    for group in groups.iter().map(|group| Some(*group)).chain([None]) {
        let cells = || reliability.of(half).filter(|(key, _)| group.is_none_or(|group| key.group == group));
        let mut sum = Cell::default();
        cells().for_each(|(_, cell)| sum.add(cell));
        let _ = writeln!(
            out,
            "| {} half, {} | {} | {:.3} | {:.4} | {:.4} | {:.4} | {:.4} |",
            half.name(),
            group.unwrap_or("all"),
            sum.all,
            share(sum.right, sum.all),
            expected_error(cells(), |key| key.points, |cell| cell.points),
            expected_error(cells(), |key| key.score, |cell| cell.score),
            sum.points_errors / (sum.all as f64).max(1.0),
            sum.score_errors / (sum.all as f64).max(1.0),
        );
    }
}
