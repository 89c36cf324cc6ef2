//! Which of the alternatives of a pattern matches: where one of them is the value and the others say what is none, one
//! automaton tells in one look what a search, its reverse and one for the groups tell in three.
//!
//! Must tell the same as the pattern, and nothing where it cannot.

use super::uniform;
use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::nfa::thompson;
use regex_automata::{Anchored, Input};
use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// Most ranges of a class of characters: those of Unicode's properties make large automata, and slowly.
const MOST_RANGES: usize = 48;
/// The group that holds the value.
const VALUE: &str = "value";

/// An automaton for a pattern of alternatives that begins where the text does, one of which is the value.
#[derive(Debug)]
pub(super) struct Alternatives {
    automaton: dense::DFA<Vec<u32>>,
    /// Which of them is the value.
    value: usize,
}

impl Alternatives {
    /// Those of `source`; `None` where the pattern is another one, or its automaton takes more than `limit` bytes.
    pub(super) fn of(source: &str, unicode: bool, limit: usize) -> Option<Alternatives> {
        let parsed = regex_syntax::ParserBuilder::new().utf8(false).unicode(unicode).build().parse(source).ok()?;
        let HirKind::Concat(parts) = parsed.kind() else { return None };
        let [start, alternatives] = parts.as_slice() else { return None };
        let (HirKind::Look(Look::Start), HirKind::Alternation(each)) = (start.kind(), alternatives.kind()) else {
            return None;
        };
        let is_value =
            |one: &Hir| matches!(one.kind(), HirKind::Capture(group) if group.name.as_deref() == Some(VALUE));
        let value = each.iter().position(is_value)?;
        if !each.iter().all(is_small) {
            return None;
        }
        let anchored: Vec<Hir> = each.iter().map(|one| Hir::concat(vec![start.clone(), one.clone()])).collect();
        let nfa = thompson::Compiler::new()
            .configure(
                thompson::Config::new()
                    .utf8(false)
                    .which_captures(thompson::WhichCaptures::None)
                    .nfa_size_limit(Some(4 * limit)),
            )
            .build_many_from_hir(&anchored)
            .ok()?;
        let automaton = dense::Builder::new()
            .configure(
                dense::Config::new()
                    .start_kind(StartKind::Anchored)
                    .dfa_size_limit(Some(limit))
                    .determinize_size_limit(Some(4 * limit)),
            )
            .build_from_nfa(&nfa)
            .ok()?;
        Some(Alternatives { automaton, value })
    }

    /// Where the match ends, and whether it is the value; the outer `None` where it does not tell.
    #[inline]
    #[allow(clippy::option_option, reason = "no match is an answer, too")]
    pub(super) fn end(&self, text: &[u8]) -> Option<Option<(usize, bool)>> {
        let end = self.automaton.try_search_fwd(&Input::new(text).anchored(Anchored::Yes)).ok()?;
        Some(end.map(|end| (end.offset(), end.pattern().as_usize() == self.value)))
    }

    /// Where the value ends in any line of so many `digits`, or that there is none; the outer `None` where that depends on
    /// which digits they are.
    #[allow(clippy::option_option, reason = "no value is an answer, too")]
    pub(super) fn end_of_digits(&self, digits: usize) -> Option<Option<usize>> {
        let end = uniform::end(&self.automaton, digits)?;
        Some(end.filter(|(_, pattern)| pattern.as_usize() == self.value).map(|(end, _)| end))
    }
}

/// Whether no class in `hir` is one of Unicode's large ones.
fn is_small(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Class(Class::Unicode(class)) => class.ranges().len() <= MOST_RANGES,
        HirKind::Repetition(repeated) => is_small(&repeated.sub),
        HirKind::Capture(group) => is_small(&group.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().all(is_small),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(Class::Bytes(_)) | HirKind::Look(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_alternative_that_matches_tells() {
        let of = |source: &str| Alternatives::of(source, true, 1 << 20);
        let alternatives = of(r"\A(?:[0-9]{4}年|[0-9]{7,12}\x20?[人次]|(?P<value>[0-9]{4}(?:[0-9]{3})?))").unwrap();
        for (text, expected) in [
            ("2026年", Some((7, false))),
            ("2026", Some((4, true))),
            ("20260312", Some((7, true))),
            ("2026031 次", Some((11, false))),
            ("20260312 次", Some((12, false))),
            ("x", None),
            ("x2026", None),
        ] {
            assert_eq!(alternatives.end(text.as_bytes()), Some(expected), "{text}");
        }
        for other in
            [r"\A(?:a(?P<value>b))", r"\A(?:a|b(?P<value>c))", r"(?:ab|(?P<value>cd))", r"\A(?:ab|(?P<value>\w+))"]
        {
            assert!(of(other).is_none(), "{other}");
        }
    }
}
