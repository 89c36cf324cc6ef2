//! A rule's regular expression, compiled when it is first asked: compiling all of them would be most of the start-up, and
//! most files never ask most of them.
//!
//! What is wrong with a pattern is found when its rule is loaded, never later.

use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use super::alternatives::Alternatives;
use super::prefix::FirstBytes;
use super::prepared;
use super::uniform;
use regex::bytes::{Match, Matches, Regex, RegexBuilder};
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, nfa::thompson};

/// Most bytes that a compiled pattern may take.
const SIZE_LIMIT: usize = 1 << 20;
/// Most bytes that the table of an automaton may take; a pattern that needs more stays with the slower engines.
const TABLE_LIMIT: usize = 24 << 10;
/// How often a pattern is asked before its automaton is worth building: that takes as long as some thousand answers.
const ASKED: u32 = 2048;

/// How a pattern begins that matches at the beginning of a word, or behind the escape of white space, such as the line end
/// in a string of JSON: its letter is none of the word.
const ESCAPE_AHEAD: &str = r"(?:\b|\\[nrt])";
/// Bytes of that escape.
const ESCAPE: usize = 2;
/// How the group begins that holds the value, where a pattern has more than the value in it.
const VALUE_GROUP: &str = "(?P<value>";

/// A regular expression over bytes.
#[derive(Debug)]
pub struct Pattern {
    source: String,
    /// For what is looked up in ASCII only: Unicode's digits and word characters cost a hundred times as much.
    ascii: bool,
    /// It begins where the text does.
    at_beginning: bool,
    /// What the first byte of a match may be, where that was asked for and the pattern says so.
    first_bytes: Option<FirstBytes>,
    /// It has a group that holds the value.
    has_value: bool,
    compiled: OnceLock<Option<Regex>>,
    /// How often it was asked where it begins, while it has no automaton.
    asked: AtomicU32,
    /// Of a pattern that begins where the text does: the automaton that tells where it ends, where there is one.
    automaton: OnceLock<Option<dense::DFA<Vec<u32>>>>,
    /// The same of one that is asked about lines of digits, which are ASCII.
    of_digits: OnceLock<Option<dense::DFA<Vec<u32>>>>,
    /// Of one with such a group: the automaton that tells which alternative it is, where there is one.
    alternatives: OnceLock<Option<Alternatives>>,
}

impl Pattern {
    /// The pattern `source`, with Unicode's classes unless `ascii`. One that is not `known` to compile is compiled at once.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(source: String, ascii: bool, known: bool) -> Result<Pattern, String> {
        Pattern::with(source, ascii, known, false)
    }

    /// As [`Pattern::new`], of a pattern that has to begin where the text does.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn at_beginning(pattern: &str, ascii: bool, known: bool) -> Result<Pattern, String> {
        Pattern::with(format!(r"\A(?:{pattern})"), ascii, known, true)
    }

    /// As [`Pattern::at_beginning`], of a pattern of which few texts hold a match: knows what they begin with.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn suffix(pattern: &str, known: bool) -> Result<Pattern, String> {
        let first_bytes = prepared::first_bytes(pattern);
        Ok(Pattern { first_bytes, ..Pattern::at_beginning(pattern, false, known)? })
    }

    /// Whether a match of it may begin with `byte`.
    #[inline]
    pub fn may_begin_with(&self, byte: u8) -> bool {
        self.first_bytes.as_ref().is_none_or(|bytes| bytes.admit(byte))
    }

    /// As [`Pattern::new`], of a pattern that has to be all of the text.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn whole(pattern: &str, ascii: bool, known: bool) -> Result<Pattern, String> {
        Pattern::with(format!(r"\A(?:{pattern})\z"), ascii, known, true)
    }

    fn with(source: String, ascii: bool, known: bool, at_beginning: bool) -> Result<Pattern, String> {
        let pattern = Pattern {
            has_value: source.contains(VALUE_GROUP),
            source,
            ascii,
            at_beginning,
            first_bytes: None,
            compiled: OnceLock::new(),
            asked: AtomicU32::new(0),
            automaton: OnceLock::new(),
            of_digits: OnceLock::new(),
            alternatives: OnceLock::new(),
        };
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

    /// The automaton of a pattern that is asked often and begins where the text does.
    #[inline]
    fn automaton(&self) -> Option<&dense::DFA<Vec<u32>>> {
        match self.automaton.get() {
            Some(built) => built.as_ref(),
            None => self.count(),
        }
    }

    #[cold]
    fn count(&self) -> Option<&dense::DFA<Vec<u32>>> {
        if self.asked.fetch_add(1, Ordering::Relaxed) < ASKED {
            return None;
        }
        self.automaton.get_or_init(|| self.determinize()).as_ref()
    }

    fn determinize(&self) -> Option<dense::DFA<Vec<u32>>> {
        // Unicode's classes make large automata, and slowly.
        if !self.at_beginning || !self.ascii {
            return None;
        }
        self.determinize_as_ascii()
    }

    fn determinize_as_ascii(&self) -> Option<dense::DFA<Vec<u32>>> {
        dense::Builder::new()
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .thompson(thompson::Config::new().utf8(false))
            .configure(
                dense::Config::new()
                    .start_kind(StartKind::Anchored)
                    .dfa_size_limit(Some(TABLE_LIMIT))
                    .determinize_size_limit(Some(4 * TABLE_LIMIT)),
            )
            .build(&self.source)
            .ok()
    }

    /// The automaton that tells its alternatives apart, once it was asked often; see [`Pattern::automaton`].
    #[inline]
    fn alternatives(&self) -> Option<&Alternatives> {
        if !self.has_value || !self.at_beginning {
            return None;
        }
        match self.alternatives.get() {
            Some(built) => built.as_ref(),
            None => self.count_alternatives(),
        }
    }

    #[cold]
    fn count_alternatives(&self) -> Option<&Alternatives> {
        if self.asked.fetch_add(1, Ordering::Relaxed) < ASKED {
            return None;
        }
        self.alternatives.get_or_init(|| self.tell_apart()).as_ref()
    }

    fn tell_apart(&self) -> Option<Alternatives> {
        Alternatives::of(&self.source, !self.ascii, 2 * TABLE_LIMIT)
    }

    /// Whether it matches in `text`.
    pub fn is_match(&self, text: &[u8]) -> bool {
        if let Some(automaton) = self.automaton() {
            let input = Input::new(text).anchored(Anchored::Yes).earliest(true);
            if let Ok(end) = automaton.try_search_fwd(&input) {
                return end.is_some();
            }
        }
        self.regex().is_some_and(|regex| regex.is_match(text))
    }

    /// Its first match in `text`.
    pub fn find<'t>(&self, text: &'t [u8]) -> Option<Match<'t>> {
        self.regex()?.find(text)
    }

    /// Where its first match in `text` ends, of a pattern that begins where the text does.
    pub fn end(&self, text: &[u8]) -> Option<usize> {
        if let Some(end) = self.alternatives().and_then(|alternatives| alternatives.end(text)) {
            return end.map(|(end, _)| end);
        }
        if let Some(automaton) = self.automaton()
            && let Ok(end) = automaton.try_search_fwd(&Input::new(text).anchored(Anchored::Yes))
        {
            return end.map(|end| end.offset());
        }
        self.find(text).map(|found| found.end())
    }

    /// Where the value ends in any line of so many `digits`, of a pattern that begins where the text does, or that there is
    /// none; the outer `None` where that is not known, or depends on which digits they are. Builds what it needs at once.
    #[allow(clippy::option_option, reason = "no value is an answer, too")]
    pub fn value_of_digits(&self, digits: usize) -> Option<Option<usize>> {
        if !self.at_beginning {
            return None;
        }
        if self.has_value
            && let Some(alternatives) = self.alternatives.get_or_init(|| self.tell_apart())
        {
            return alternatives.end_of_digits(digits);
        }
        // Up to the line end all is ASCII, of which Unicode's classes say the same.
        let automaton = self.of_digits.get_or_init(|| self.determinize_as_ascii()).as_ref()?;
        let end = uniform::end(automaton, digits)?.map(|(end, _)| end);
        (end.is_none() || !self.has_value).then_some(end)
    }

    /// Where it matches in `text`; an escape ahead that its beginning admits is no part of a match.
    pub fn spans<'t>(&self, text: &'t [u8]) -> impl Iterator<Item = Range<usize>> {
        let admits_escape = self.source.contains(ESCAPE_AHEAD);
        let matches = self.regex().map(|regex| -> Matches<'_, 't> { regex.find_iter(text) });
        matches.into_iter().flatten().map(move |found| match found.as_bytes() {
            [b'\\', ..] if admits_escape => (found.start() + ESCAPE).min(found.end())..found.end(),
            _ => found.range(),
        })
    }

    /// The value in the match at `span` of `text`: its group `value`, where the pattern has one, or else all of
    /// it. Nothing where the group took no part: what matches without it is no value.
    pub fn value_in(&self, text: &[u8], span: Range<usize>) -> Option<Range<usize>> {
        if !self.has_value {
            return Some(span);
        }
        if span.start == 0
            && let Some(end) = self.alternatives().and_then(|alternatives| alternatives.end(text))
        {
            return end.filter(|(_, is_value)| *is_value).map(|(end, _)| 0..end);
        }
        let found = self.regex().and_then(|regex| regex.captures_at(text, span.start));
        found.and_then(|groups| Some(groups.name("value")?.range()))
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
    fn an_automaton_tells_what_the_pattern_says() {
        let texts: Vec<String> =
            ["Bearer eyJhbGciOiJIUzI1NiJ9", "a=b; c=d", "粤B12345", "13800138000", "2026-03-12", "", "x"]
                .iter()
                .flat_map(|text| (0..=text.len()).filter_map(|end| text.get(..end).map(str::to_owned)))
                .collect();
        let rules = RuleSet::load(&[]).unwrap();
        let (mut built, mut apart, mut uniform) = (0, 0, 0);
        for recognizer in rules.rules().iter().flat_map(|rule| &rule.recognizers) {
            for pattern in [&recognizer.pattern, &recognizer.suffix].into_iter().flatten() {
                // Without being asked often first.
                apart += usize::from(
                    pattern.has_value
                        && pattern.at_beginning
                        && pattern.alternatives.get_or_init(|| pattern.tell_apart()).is_some(),
                );
                built += usize::from(pattern.automaton.get_or_init(|| pattern.determinize()).is_some());
                for digits in 1..=24 {
                    let Some(known) = pattern.value_of_digits(digits) else { continue };
                    for seed in ["1380013800013800138000138", "2026031220260312202603120", "9999999999999999999999999"]
                    {
                        let text = format!("{}\n20260312人", seed.get(..digits).unwrap());
                        let end = pattern.regex().unwrap().find(text.as_bytes()).map(|hit| hit.end());
                        let value = end.and_then(|end| pattern.value_in(text.as_bytes(), 0..end));
                        assert_eq!(value, known.map(|end| 0..end), "{}: {text}", pattern.source);
                        uniform += 1;
                    }
                }
                let examples = rules.rules().iter().flat_map(|rule| &rule.syntax.examples);
                let values =
                    examples.map(|example| example.value.text.as_str()).chain(texts.iter().map(String::as_str));
                for text in values.filter(|_| pattern.at_beginning) {
                    let regex = pattern.regex().unwrap();
                    let end = regex.find(text.as_bytes()).map(|hit| hit.end());
                    assert_eq!(pattern.end(text.as_bytes()), end);
                    let groups = regex.captures(text.as_bytes()).filter(|_| pattern.has_value);
                    if let Some((groups, end)) = groups.zip(end) {
                        let value = groups.name("value").map(|value| value.range());
                        assert_eq!(pattern.value_in(text.as_bytes(), 0..end), value, "{}", pattern.source);
                    }
                    assert_eq!(
                        pattern.is_match(text.as_bytes()),
                        regex.is_match(text.as_bytes()),
                        "{}",
                        pattern.source
                    );
                }
            }
        }
        assert!(built > 20 && apart > 0, "{built} automata, {apart} of alternatives");
        assert!(uniform > 100, "{uniform} lengths of digits");
    }

    #[test]
    fn an_unknown_pattern_is_compiled_at_once() {
        assert!(Pattern::new("(".to_owned(), true, false).is_err());
        assert!(Pattern::new("a{5000}{500}".to_owned(), true, false).is_err());
        let digits = Pattern::new(r"\d+".to_owned(), true, false).unwrap();
        assert_eq!(digits.spans(b"1 22").collect::<Vec<_>>(), [0..1, 2..4]);
    }

    #[test]
    fn a_group_is_the_value() {
        let pattern = Pattern::new(r"key:\d+ (?P<value>\d+)".to_owned(), true, false).unwrap();
        let text = b"key:1 22 key:3 44";
        let values: Vec<_> = pattern.spans(text).map(|span| pattern.value_in(text, span).unwrap()).collect();
        assert_eq!(values, [6..8, 15..17]);
        assert_eq!(Pattern::new("b+".to_owned(), true, false).unwrap().value_in(b"abb", 1..3), Some(1..3));
    }

    #[test]
    fn an_escape_ahead_is_no_part_of_a_match() {
        let pattern = Pattern::new(format!("{ESCAPE_AHEAD}[A-Z]{{2}}"), true, false).unwrap();
        let spans = |text: &str| pattern.spans(text.as_bytes()).collect::<Vec<_>>();
        assert_eq!(spans(r"AB\nCD\rEF"), [0..2, 4..6, 8..10]);
        assert!(spans(r"nAB\xCD xEF").is_empty());
        let own = Pattern::new(r"\\n[A-Z]{2}".to_owned(), true, false).unwrap();
        assert!(own.spans(br"AB\nCD").eq(std::iter::once(2..6)));
    }
}
