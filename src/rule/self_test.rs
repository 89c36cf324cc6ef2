//! The self-test of the rules: every example must be found with its exact span and least score, and no counterexample.
//! Scores are meant as the points of the rule, in hundredths: what they become when they are calibrated is no rule's.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray};

use super::RuleSet;
use crate::block::{Block, Column, ColumnContext, ColumnKind, TableBlock, TableContext};
use crate::detect::resolve::MATCH_SCORE;
use crate::detect::{Detector, Scratch};
use crate::finding::Match;

/// An example or counterexample that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The rule file and the line of the case.
    pub file: String,
    /// The entity type.
    pub entity: String,
    /// What was expected and what came instead. Rule examples are test values, so they may be shown.
    pub reason: String,
}

/// How many examples and counterexamples were run, and those that failed.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Number of rules.
    pub rules: usize,
    /// Number of examples and counterexamples.
    pub cases: usize,
    /// Those that do not hold.
    pub failures: Vec<Failure>,
}

/// Runs the examples and counterexamples of all rules in `rules` through a detector that has all of them.
pub fn run(rules: &Arc<RuleSet>) -> Outcome {
    let detector = Detector::uncalibrated(Arc::clone(rules));
    let mut scratch = Scratch::default();
    let mut outcome = Outcome { rules: rules.rules().len(), ..Outcome::default() };
    for (rule, entity) in rules.rules().iter().zip(rules.entities()) {
        let mut fail = |line: u64, reason: String| {
            let file = format!("{}:{line}", rule.file);
            outcome.failures.push(Failure { file, entity: entity.name.clone(), reason });
        };
        for case in &rule.syntax.examples {
            let (example, line) = (&case.value, case.referenced.line());
            let found = detect(&detector, &mut scratch, &example.text, example.column.as_deref());
            let of_type: Vec<&Match> = found.iter().filter(|m| m.entity == entity.id).collect();
            let value = |m: &Match| example.text.get(m.span()).unwrap_or("(not on character boundaries)");
            match of_type.iter().find(|m| value(m) == example.r#match) {
                Some(m) if m.score + 1e-6 >= example.score => {}
                Some(m) => {
                    fail(line, format!("example {:?}: score {:.2}, not {:.2}", example.text, m.score, example.score))
                }
                None => fail(
                    line,
                    format!(
                        "example {:?}: {:?} not found; found: {}",
                        example.text,
                        example.r#match,
                        describe(rules, &found, &example.text)
                    ),
                ),
            }
        }
        for case in &rule.syntax.counterexamples {
            let (counterexample, line) = (&case.value, case.referenced.line());
            let found = detect(&detector, &mut scratch, &counterexample.text, counterexample.column.as_deref());
            let wrong = |m: &&Match| m.entity == entity.id && m.score >= MATCH_SCORE && !m.traits.non_personal;
            if let Some(m) = found.iter().find(wrong) {
                let value = counterexample.text.get(m.span()).unwrap_or_default();
                fail(
                    line,
                    format!(
                        "counterexample {:?} ({}): found {value:?} with score {:.2}",
                        counterexample.text, counterexample.why, m.score
                    ),
                );
            }
        }
        outcome.cases += rule.syntax.examples.len() + rule.syntax.counterexamples.len();
    }
    outcome
}

/// The matches in `text`, which is a whole cell of the column called `column` where that is given.
pub(crate) fn detect(detector: &Detector, scratch: &mut Scratch, text: &str, column: Option<&str>) -> Vec<Match> {
    let mut found = Vec::new();
    match column {
        None => detector.detect_bytes(text.as_bytes(), scratch, &mut found),
        Some(name) => {
            let values: ArrayRef = Arc::new(BinaryArray::from_iter_values([text.as_bytes()]));
            let columns = vec![ColumnContext { name: name.to_owned(), kind: ColumnKind::FREE_TEXT }];
            let block = TableBlock {
                table: Arc::new(TableContext { name: None, columns }),
                columns: vec![Column { index: 0, values, records: None }],
                rows: 1,
                first_row: 1,
                text: None,
            };
            detector.detect(&Block::Table(block), scratch, &mut found);
        }
    }
    found
}

fn describe(rules: &RuleSet, found: &[Match], text: &str) -> String {
    let one = |m: &Match| {
        let entity = rules.entity(m.entity).map_or("?", |entity| entity.name.as_str());
        format!("{entity} {:?} {:.2}", text.get(m.span()).unwrap_or_default(), m.score)
    };
    if found.is_empty() { "nothing".to_owned() } else { found.iter().map(one).collect::<Vec<_>>().join(", ") }
}
