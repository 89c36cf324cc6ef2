//! Where a pattern ends in a line that is so many digits, where that does not depend on which digits they are: then
//! nobody has to run its automaton over each of the numbers of a column.

use regex_automata::dfa::{Automaton, dense};
use regex_automata::{Anchored, Input, PatternID};

/// Most states that are followed at a time.
const MOST: usize = 64;

/// Where the match in any line of so many `digits` ends, and which pattern it is, of an automaton for patterns that begin
/// where the text does; the outer `None` where that depends on the digits, or on what stands behind the line end.
#[allow(clippy::option_option, reason = "no match is an answer, too")]
pub(super) fn end(automaton: &dense::DFA<Vec<u32>>, digits: usize) -> Option<Option<(usize, PatternID)>> {
    let start = automaton.start_state_forward(&Input::new(b"0").anchored(Anchored::Yes)).ok()?;
    let mut paths = vec![(start, None)];
    for at in 0..=digits {
        let bytes = if at < digits { b'0'..=b'9' } else { b'\n'..=b'\n' };
        let mut next = Vec::new();
        for (state, found) in paths {
            for byte in bytes.clone() {
                let state = automaton.next_state(state, byte);
                if automaton.is_quit_state(state) {
                    return None;
                }
                // A match is told one byte behind its end.
                let is_match = automaton.is_match_state(state);
                let found = if is_match { Some((at, automaton.match_pattern(state, 0))) } else { found };
                if !next.contains(&(state, found)) {
                    next.push((state, found));
                }
            }
        }
        if next.len() > MOST {
            return None;
        }
        paths = next;
    }
    let is_over = |state| {
        let ends = |state| automaton.is_dead_state(state);
        !automaton.is_match_state(automaton.next_eoi_state(state))
            && (0..=u8::MAX).all(|byte| ends(automaton.next_state(state, byte)))
    };
    let &(_, found) = paths.first()?;
    paths.iter().all(|(state, other)| *other == found && is_over(*state)).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use regex_automata::dfa::StartKind;

    #[test]
    fn only_what_no_digit_decides_is_told() {
        let of = |pattern: &str, digits| {
            let config = dense::Config::new().start_kind(StartKind::Anchored);
            let automaton = dense::Builder::new().configure(config).build(&format!(r"\A(?:{pattern})")).unwrap();
            end(&automaton, digits).map(|found| found.map(|(end, _)| end))
        };
        assert_eq!(of("[0-9]{7,10}", 9), Some(Some(9)));
        assert_eq!(of(r"[0-9]{7,10}(?-u:\b)", 9), Some(Some(9)));
        assert_eq!(of(r"[0-9]{7,10}(?-u:\b)", 11), Some(None));
        assert_eq!(of("[0-9]{7,10}", 12), Some(Some(10)));
        assert_eq!(of("[0-9]{7,10}", 6), Some(None));
        assert_eq!(of("1[0-9]{6,9}", 9), None);
        assert_eq!(of("(?:19|20)[0-9]{2}|[0-9]{9}", 9), None);
        assert_eq!(of("(?:19|20)[0-9]{6} ?人|[0-9]{9}", 9), Some(Some(9)));
        assert_eq!(of(r"[0-9]{9}(?:\s+[0-9]+)?", 9), None);
        assert_eq!(of("[a-z]+", 9), Some(None));
    }
}
