//! Postal codes of China: six digits, of which the first two name the province. Not personal by themselves.

use super::{Candidate, Evidence, all_same, number};

/// Postal codes, only beside a label: six digits are all over every file.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let digits = candidate.compact;
    if digits.len() != 6 || all_same(digits) || digits == b"123456" {
        return None;
    }
    let province = number(digits)? / 10_000;
    let known = matches!(province, 1..=7 | 10..=13 | 15..=16 | 20..=27 | 30..=36 | 40..=47 | 51..=58 | 61..=67 | 71..=75 | 81 | 83..=86);
    // Hong Kong and Macau in the forms of online shops.
    if !known && !matches!(digits, b"999077" | b"999078") {
        return None;
    }
    Some(Evidence { registry: 10, label_required: true, ..Evidence::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn provinces_decide() {
        for value in ["100000", "310012", "518000", "010010", "850000", "999077"] {
            assert!(check(validate, value, true).is_some_and(|found| found.label_required), "{value}");
        }
        for value in ["900000", "000000", "990000", "123456", "31001", "3100123", "60051A", "140000"] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
    }
}
