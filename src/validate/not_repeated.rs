//! Numbers that are not one digit repeated, as placeholders are.

use super::{Candidate, Evidence, all_same};

/// Anything whose characters are not all the same.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    (candidate.compact.len() > 1 && !all_same(candidate.compact))
        .then_some(Evidence { label_required: true, ..Evidence::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn repeated_digits_are_refused() {
        for (value, passes) in [("483920", true), ("000000", false), ("1111", false), ("0", false), ("10", true)] {
            assert_eq!(check(validate, value, true).is_some(), passes, "{value}");
        }
    }
}
