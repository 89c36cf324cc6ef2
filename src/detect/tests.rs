use std::sync::Arc;

use super::*;
use crate::rule::self_test;

fn rules() -> Arc<RuleSet> {
    Arc::new(RuleSet::load(&[]).unwrap())
}

#[test]
fn every_example_and_counterexample_of_the_built_in_rules_holds() {
    let outcome = self_test::run(&rules());
    assert!(outcome.rules > 0 && outcome.cases > 0);
    let failures: Vec<_> = outcome.failures.iter().map(|f| format!("{} {}: {}", f.file, f.entity, f.reason)).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
