//! Digits written as Chinese numerals: `一三八〇〇一三八〇〇〇`, also mixed with others.
//!
//! Adds no points, and must never pass a value in plain digits: those have recognizers that look at what stands around.

use super::{Candidate, Evidence};
use crate::rule::disguise::chinese_digit;

/// Values in which some digit is a Chinese numeral. Beside a label only: such characters are words everywhere else.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    if candidate.original.is_ascii() {
        return None;
    }
    let text = std::str::from_utf8(candidate.original).ok()?;
    let spelled = text.chars().any(|character| chinese_digit(character).is_some());
    spelled.then(|| Evidence { label_required: true, ..Evidence::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn only_numerals_count() {
        for value in ["一三八〇〇一三八〇〇〇", "138零0138000", "幺"] {
            assert!(check(validate, value, true).is_some_and(|found| found.label_required), "{value}");
        }
        for value in ["13800138000", "１３８００１３８０００", "十百", ""] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
    }
}
