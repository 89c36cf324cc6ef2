//! Literals that recognizers start from, sought all at once.

use aho_corasick::{AhoCorasick, Input};

use super::program::{At, automaton};

/// The literals of all recognizers.
#[derive(Default)]
pub(super) struct Literals {
    automaton: Option<AhoCorasick>,
    /// By literal: the recognizers that start from it, or from its beginning.
    owners: Vec<Vec<At>>,
    /// Whether one may begin inside another one.
    overlap: bool,
}

impl Literals {
    /// Each literal with the recognizer that starts from it.
    pub(super) fn new(entered: &[(&str, At)]) -> Literals {
        let mut literals: Vec<&str> = entered.iter().map(|(literal, _)| *literal).collect();
        literals.sort_unstable();
        literals.dedup();
        let of = |literal: &&str| {
            entered.iter().filter(|(part, _)| literal.starts_with(part)).map(|(_, owner)| *owner).collect()
        };
        let joins = |one: &str, other: &str| {
            one != other
                && one.char_indices().skip(1).any(|(at, _)| one.get(at..).is_some_and(|end| other.starts_with(end)))
        };
        let overlap = literals.iter().any(|one| literals.iter().any(|other| joins(one, other)));
        Literals { owners: literals.iter().map(of).collect(), automaton: automaton(&literals), overlap }
    }

    /// Whether some recognizer that starts from a literal is one that `admits`.
    pub(super) fn any(&self, admits: impl Fn(&At) -> bool) -> bool {
        self.owners.iter().flatten().any(admits)
    }

    /// Hands each literal in `text` to `hit`: where it stands and who starts from it. Of a literal that overlaps itself
    /// only some.
    pub(super) fn each(&self, text: &[u8], mut hit: impl FnMut(std::ops::Range<usize>, &[At])) {
        let Some(automaton) = &self.automaton else { return };
        let mut from = 0;
        while let Some(found) = automaton.find(Input::new(text).range(from..)) {
            let owners = self.owners.get(found.pattern().as_usize()).map(Vec::as_slice).unwrap_or_default();
            hit(found.range(), owners);
            from = if self.overlap { found.start() + 1 } else { found.end() };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(entered: &[(&str, At)], text: &str) -> Vec<(usize, At)> {
        let mut found = Vec::new();
        Literals::new(entered).each(text.as_bytes(), |at, owners| found.extend(owners.iter().map(|o| (at.start, *o))));
        found
    }

    #[test]
    fn recognizers_may_share_a_literal_or_start_inside_of_another() {
        let (one, other) = ((1, 0), (2, 0));
        assert_eq!(found(&[("**", one), ("**", other)], "a**b"), [(1, one), (1, other)]);
        assert_eq!(found(&[("EMP-", one), ("MP-1", other)], "EMP-1"), [(0, one), (1, other)]);
        assert_eq!(found(&[("EMP", one), ("TEMP", other)], "TEMP"), [(0, other), (1, one)]);
        assert_eq!(found(&[("EMP", one), ("EMPX", other)], "EMPX"), [(0, one), (0, other)]);
        assert_eq!(found(&[("****", one)], &"*".repeat(9)), [(0, one), (4, one)]);
        assert_eq!(found(&[], "x"), []);
    }
}
