//! Registration numbers of businesses before the credit code: 15 digits with area, sequence and a check digit of
//! ISO 7064 MOD 11,10.

use super::cn_resident_id::is_province;
use super::{Candidate, Evidence, all_same, number};
use crate::finding::Traits;

/// Registration numbers, only beside a label: old resident IDs and IMEIs have as many digits.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let digits = candidate.compact;
    if digits.len() != 15 || !digits.iter().all(u8::is_ascii_digit) || all_same(digits) {
        return None;
    }
    let holds = check_holds(digits);
    if !holds && !candidate.labelled {
        return None;
    }
    // The national bureau numbers its own with 100000.
    let province = number(digits.get(..2)?)? as u32;
    let placed = is_province(province) || digits.starts_with(b"100000");
    Some(Evidence {
        checksum: if holds { 15 } else { 0 },
        registry: if placed { 10 } else { 0 },
        label_required: true,
        traits: Traits { organization: true, checksum_fails: !holds, ..Traits::default() },
    })
}

/// Whether the last digit is the check digit of those before it.
pub fn check_holds(digits: &[u8]) -> bool {
    let Some((check, body)) = digits.split_last() else { return false };
    let mut product = 10;
    for digit in body {
        let sum = (product + u32::from(digit.wrapping_sub(b'0'))) % 10;
        product = if sum == 0 { 10 } else { sum } * 2 % 11;
    }
    u32::from(check.wrapping_sub(b'0')) == (11 - product) % 10
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;
    use proptest::prelude::*;

    #[test]
    fn worked_example() {
        let found = check(validate, "110000000000017", false).unwrap();
        assert_eq!((found.checksum, found.registry, found.label_required), (15, 10, true));
    }

    #[test]
    fn a_wrong_check_digit_needs_a_label() {
        assert_eq!(check(validate, "110000000000018", false), None);
        assert!(check(validate, "110000000000018", true).unwrap().traits.checksum_fails);
        for value in ["111111111111111", "11000000000001", "11000000000001A"] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
    }

    proptest! {
        #[test]
        fn every_body_has_one_check_digit_and_single_errors_are_noticed(body in "[0-9]{14}", at in 0usize..14, by in 1u8..10) {
            let whole = |body: &[u8], check: u8| check_holds(&[body, &[check]].concat());
            let checks: Vec<u8> = (b'0'..=b'9').filter(|check| whole(body.as_bytes(), *check)).collect();
            prop_assert_eq!(checks.len(), 1);
            let mut changed = body.clone().into_bytes();
            changed[at] = b'0' + (changed[at] - b'0' + by) % 10;
            prop_assert!(!whole(&changed, checks[0]));
        }
    }
}
