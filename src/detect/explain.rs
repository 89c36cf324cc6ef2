//! Why something was found in a text, or was not: every candidate that some rule looked at, the points of its score,
//! and what refused or beat it.
//!
//! Slow on purpose: takes no shortcut, so that every place is looked at. For `tuomin rules explain`, never for data.

use std::ops::Range;
use std::sync::Arc;

use super::context::points;
use super::pass::Pass;
use super::program::At;
use super::{Detector, Found, Scratch};
use crate::finding::{EntityId, Match};
use crate::rule::RuleSet;
use crate::rule::label::Standing;
use crate::rule::self_test;
use crate::validate::Candidate;

/// What came of one candidate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// The entity type that was asked.
    pub entity: EntityId,
    /// Which entry under `recognize` of its rule, from 0.
    pub recognizer: usize,
    /// What anchored the candidate, for people.
    pub anchor: String,
    /// The candidate as it was looked at: full-width characters may have been folded.
    pub value: String,
    /// What the labels around it, or the column's name, say.
    pub label: Standing,
    /// Points of the score by their origin, in order: structure, checksum, register, label.
    pub points: Vec<(&'static str, i16)>,
    /// What came of it.
    pub outcome: Outcome,
}

/// How a trial ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// A match.
    Won,
    /// A validator refused it.
    Refused(String),
    /// It counts only beside a label, and there is none.
    NeedsLabel,
    /// Its score is too low even to be possible.
    TooWeak,
    /// A longer or stronger match lies over it: its entity type.
    Lost(EntityId),
    /// Left out, because other values of the column or a longer reading of the same place speak against it.
    Dropped,
}

impl Trial {
    /// The sum of its points.
    pub fn sum(&self) -> i16 {
        self.points.iter().map(|(_, points)| points).sum::<i16>().clamp(0, 100)
    }
}

/// A trial with its place in the text that was looked at.
pub(super) struct Noted {
    trial: Trial,
    span: Range<usize>,
}

impl Detector {
    /// Every trial in `text`, in order of place, and the matches that came of them; with `column`, `text` is a whole
    /// cell of a column of that name. A trial's points become a score by [`super::calibration::Calibration`].
    pub fn explain(rules: &Arc<RuleSet>, text: &str, column: Option<&str>) -> (Vec<Trial>, Vec<Match>) {
        let detector = Detector::plain(Arc::clone(rules));
        let mut scratch = Scratch::default();
        scratch.buffers.trials = Some(Vec::new());
        let matches = self_test::detect(&detector, &mut scratch, text, column);
        let mut noted = scratch.buffers.trials.take().unwrap_or_default();
        noted.sort_by_key(|noted| (noted.span.start, noted.span.end, noted.trial.entity.0, noted.trial.recognizer));
        noted.dedup_by(|a, b| a.span == b.span && a.trial == b.trial);
        for Noted { trial, span } in &mut noted {
            if trial.outcome == Outcome::Won {
                trial.outcome = outcome(trial, span, &matches);
            }
        }
        (noted.into_iter().map(|noted| noted.trial).collect(), matches)
    }
}

/// What resolve made of a trial that nothing refused.
fn outcome(trial: &Trial, span: &Range<usize>, matches: &[Match]) -> Outcome {
    if trial.sum() < super::pass::POSSIBLE {
        return Outcome::TooWeak;
    }
    let over = matches.iter().find(|found| found.span().start < span.end && span.start < found.span().end);
    match over {
        Some(found) if found.entity == trial.entity && found.span() == *span => Outcome::Won,
        Some(found) => Outcome::Lost(found.entity),
        None => Outcome::Dropped,
    }
}

impl Pass<'_> {
    /// Notes what validators and labels say of a candidate.
    #[cold]
    pub(super) fn note(&mut self, at: At, span: Range<usize>, candidate: &Candidate<'_>, standing: Standing) {
        let Some(recognizer) = self.program.recognizer(at) else { return };
        let rule = self.program.rules.rules().get(usize::from(at.0));
        let names = rule.and_then(|rule| rule.syntax.recognize.get(usize::from(at.1)));
        let (mut checksum, mut registry) = (0, 0);
        let mut outcome = Outcome::Won;
        if recognizer.label_required && standing < Standing::Weak {
            outcome = Outcome::NeedsLabel;
        }
        for (index, validator) in recognizer.validators.iter().enumerate() {
            match validator(candidate) {
                None => {
                    let name = names.and_then(|names| names.value.validators.get(index));
                    outcome = Outcome::Refused(name.cloned().unwrap_or_default());
                    break;
                }
                Some(evidence) => {
                    checksum += evidence.checksum;
                    registry += evidence.registry;
                    if evidence.label_required && standing < Standing::Weak {
                        outcome = Outcome::NeedsLabel;
                    }
                }
            }
        }
        let points = [
            ("structure", recognizer.structure),
            ("checksum", checksum),
            ("register", registry),
            ("label", points(standing)),
        ];
        self.enter(at, span, standing, points, outcome);
    }

    /// Notes what a grammar found.
    #[cold]
    pub(super) fn note_found(&mut self, at: At, found: &Found, standing: Standing) {
        let Some(recognizer) = self.program.recognizer(at) else { return };
        let points = [
            ("structure", found.structure.min(recognizer.structure)),
            ("checksum", 0),
            ("register", found.registry),
            ("label", points(standing)),
        ];
        self.enter(at, found.start..found.end, standing, points, Outcome::Won);
    }

    fn enter(
        &mut self,
        at: At,
        span: Range<usize>,
        label: Standing,
        points: [(&'static str, i16); 4],
        outcome: Outcome,
    ) {
        let Some(recognizer) = self.program.recognizer(at) else { return };
        let trial = Trial {
            entity: recognizer.entity,
            recognizer: usize::from(at.1),
            anchor: recognizer.anchor.describe(),
            value: String::from_utf8_lossy(self.text.get(span.clone()).unwrap_or_default()).into_owned(),
            label,
            points: points.into_iter().filter(|(_, points)| *points != 0).collect(),
            outcome,
        };
        if let Some(trials) = &mut self.buffers.trials {
            trials.push(Noted { trial, span });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn explained(text: &str, column: Option<&str>) -> Vec<(String, Outcome, i16)> {
        let rules = Arc::new(RuleSet::load(&[]).unwrap());
        let name = |entity: EntityId| rules.entity(entity).unwrap().name.clone();
        let (trials, _) = Detector::explain(&rules, text, column);
        trials.into_iter().map(|trial| (name(trial.entity), trial.outcome.clone(), trial.sum())).collect()
    }

    fn outcomes(text: &str, column: Option<&str>, entity: &str) -> Vec<(Outcome, i16)> {
        let all = explained(text, column).into_iter();
        all.filter(|(name, ..)| name == entity).map(|(_, outcome, score)| (outcome, score)).collect()
    }

    #[test]
    fn a_match_is_explained_by_its_points() {
        assert!(outcomes("手机：13800138000", None, "CN_MOBILE_PHONE").contains(&(Outcome::Won, 100)));
        assert!(outcomes("13800138000", Some("mobile"), "CN_MOBILE_PHONE").contains(&(Outcome::Won, 100)));
        assert_eq!(
            outcomes("姓名：张伟", None, "PERSON_NAME").first().map(|(outcome, _)| outcome),
            Some(&Outcome::Won)
        );
    }

    #[test]
    fn what_is_no_match_has_a_reason() {
        let cards = outcomes("no 6222021234567890127 here", None, "BANK_CARD");
        assert!(matches!(cards.as_slice(), [(Outcome::Refused(by), _)] if by == "bank_card"), "{cards:?}");
        assert_eq!(
            outcomes("n 352099001761481 x", None, "BANK_ACCOUNT").first().map(|(o, _)| o),
            Some(&Outcome::NeedsLabel)
        );
        let lost = outcomes("身份证号 11010519491231002X", None, "CN_MOBILE_PHONE");
        assert!(lost.iter().all(|(outcome, _)| *outcome != Outcome::Won), "{lost:?}");
    }
}
