//! What the build script made of the rules under `rules/`, so that no run pays for it at its start: the rules in JSON, which
//! is read in a twentieth of the time, and what is worked out from their patterns.
//!
//! Must be the same as what is made of the files.

use super::prefix::{FirstBytes, Prefixes};

include!(concat!(env!("OUT_DIR"), "/prepared.rs"));

/// As [`FirstBytes::of`].
pub(super) fn first_bytes(pattern: &str) -> Option<FirstBytes> {
    match FIRST_BYTES.binary_search_by(|(held, _)| (*held).cmp(pattern)) {
        Ok(at) => FIRST_BYTES.get(at)?.1.map(FirstBytes::of_bits),
        Err(_) => FirstBytes::of(pattern),
    }
}

/// As [`Prefixes::by_length`].
pub(super) fn prefixes(pattern: &str, lengths: &[usize]) -> Vec<Option<Prefixes>> {
    let mut all = vec![None; lengths.last().map_or(0, |longest| longest + 1)];
    for length in lengths {
        let at = PREFIXES.binary_search_by(|(held, of, _)| (*held, *of).cmp(&(pattern, *length)));
        let Some((.., bits)) = at.ok().and_then(|at| PREFIXES.get(at)) else {
            return Prefixes::by_length(pattern, lengths);
        };
        if let Some(slot) = all.get_mut(*length) {
            *slot = bits.map(Prefixes::of_bits);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::RuleSet;

    #[test]
    fn what_was_worked_out_is_what_patterns_say() {
        let rules = RuleSet::load(&[]).unwrap();
        let recognizers = || rules.rules().iter().flat_map(|rule| &rule.syntax.recognize).map(|one| &one.value);
        for pattern in recognizers().flat_map(|recognizer| recognizer.pattern.iter().chain(&recognizer.suffix)) {
            assert_eq!(first_bytes(pattern), FirstBytes::of(pattern), "{pattern}");
        }
        let mut known = 0;
        for pattern in recognizers().filter_map(|recognizer| recognizer.pattern.as_ref()) {
            let lengths: Vec<usize> = PREFIXES.iter().filter(|(held, ..)| held == pattern).map(|held| held.1).collect();
            known += lengths.len();
            let longest = lengths.last().map_or(0, |longest| longest + 1);
            assert_eq!(prefixes(pattern, &lengths), Prefixes::by_length(pattern, &lengths).get(..longest).unwrap());
        }
        assert!(known > 20 && FIRST_BYTES.len() > 20, "{known}, {}", FIRST_BYTES.len());
        assert!(PREFIXES.is_sorted_by_key(|(pattern, length, _)| (*pattern, *length)));
        assert_eq!(prefixes(r"7\d{3}", &[4]), Prefixes::by_length(r"7\d{3}", &[4]));
    }
}
