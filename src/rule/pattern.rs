//! A rule's regular expression, compiled when it is first asked: compiling all of them would be most of the start-up, and
//! most files never ask most of them.
//!
//! What is wrong with a pattern is found when its rule is loaded, never later.

use std::sync::OnceLock;

use regex::bytes::{Match, Matches, Regex, RegexBuilder};

/// Most bytes that a compiled pattern may take.
const SIZE_LIMIT: usize = 1 << 20;

/// A regular expression over bytes.
#[derive(Debug)]
pub struct Pattern {
    source: String,
    /// For what is looked up in ASCII only: Unicode's digits and word characters cost a hundred times as much.
    ascii: bool,
    compiled: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// The pattern `source`, with Unicode's classes unless `ascii`. One that is not `known` to compile is compiled at once.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(source: String, ascii: bool, known: bool) -> Result<Pattern, String> {
        let pattern = Pattern { source, ascii, compiled: OnceLock::new() };
        if !known {
            let compiled = pattern.compile().map_err(|error| format!("pattern: {error}"))?;
            let _ = pattern.compiled.set(Some(compiled));
        }
        Ok(pattern)
    }

    fn compile(&self) -> Result<Regex, regex::Error> {
        RegexBuilder::new(&self.source).unicode(!self.ascii).size_limit(SIZE_LIMIT).build()
    }

    fn regex(&self) -> Option<&Regex> {
        self.compiled.get_or_init(|| self.compile().ok()).as_ref()
    }

    /// Whether it compiles.
    pub fn is_sound(&self) -> bool {
        self.regex().is_some()
    }

    /// Whether it matches in `text`.
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.regex().is_some_and(|regex| regex.is_match(text))
    }

    /// Its first match in `text`.
    pub fn find<'t>(&self, text: &'t [u8]) -> Option<Match<'t>> {
        self.regex()?.find(text)
    }

    /// Its matches in `text`.
    pub fn find_iter<'t>(&self, text: &'t [u8]) -> impl Iterator<Item = Match<'t>> {
        self.regex().map(|regex| -> Matches<'_, 't> { regex.find_iter(text) }).into_iter().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::RuleSet;

    #[test]
    fn every_pattern_of_the_built_in_rules_is_sound() {
        let rules = RuleSet::load(&[]).unwrap();
        let mut count = 0;
        for rule in rules.rules() {
            for recognizer in &rule.recognizers {
                for pattern in [&recognizer.pattern, &recognizer.suffix].into_iter().flatten() {
                    assert!(pattern.is_sound(), "{}: {}", rule.file, pattern.source);
                    count += 1;
                }
            }
        }
        assert!(count > 10);
    }

    #[test]
    fn an_unknown_pattern_is_compiled_at_once() {
        assert!(Pattern::new("(".to_owned(), true, false).is_err());
        assert!(Pattern::new("a{5000}{500}".to_owned(), true, false).is_err());
        let digits = Pattern::new(r"\d+".to_owned(), true, false).unwrap();
        assert_eq!(digits.find_iter(b"1 22").map(|hit| hit.len()).collect::<Vec<_>>(), [1, 2]);
    }
}
