//! Values that have letters as well as digits, as random identifiers have and words and numbers have not.

use super::{Candidate, Evidence};

/// At least one ASCII letter and two digits.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let letters = candidate.original.iter().any(u8::is_ascii_alphabetic);
    let digits = candidate.original.iter().filter(|byte| byte.is_ascii_digit()).count();
    (letters && digits >= 2).then_some(Evidence { label_required: true, ..Evidence::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn words_and_numbers_are_refused() {
        for (value, passes) in [("R58M12ABCDE", true), ("required", false), ("20260312", false), ("version2", false)] {
            assert_eq!(check(validate, value, true).is_some(), passes, "{value}");
        }
    }
}
