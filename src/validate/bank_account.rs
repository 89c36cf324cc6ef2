//! Bank account numbers (of companies, and of old savings books): there is no public checksum, so a label decides.

use super::{Candidate, Evidence, all_same};

/// 8 to 32 digits, always beside a label only.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let digits = candidate.compact;
    if !(8..=32).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) || all_same(digits) {
        return None;
    }
    // Most banks number their accounts with 12 to 22 digits.
    let registry = if (12..=22).contains(&digits.len()) { 10 } else { 0 };
    Some(Evidence { registry, label_required: true, ..Evidence::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn a_label_is_always_required() {
        for value in ["1202022719927388888", "12345678", "0200 0033 0900 5403 113", "33001616-7810-5301-2345"] {
            assert!(check(validate, value, true).is_some_and(|found| found.label_required), "{value}");
        }
    }

    #[test]
    fn wrong_lengths_letters_and_fillers_are_rejected() {
        for value in ["1234567", "123456789012345678901234567890123", "12345678A", "0000000000", ""] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
    }
}
