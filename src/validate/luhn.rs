//! The Luhn checksum (ISO/IEC 7812-1 annex B), by itself and for the validators and operators that build on it.
//!
//! One random number in ten passes, so by itself it must never be worth a match.

use super::{Candidate, Evidence, all_same};

/// Whether the last digit is the Luhn check digit of those before it. False for anything but two or more digits.
pub fn holds(digits: &[u8]) -> bool {
    match digits.split_last() {
        Some((last, body)) => check_digit(body) == Some(*last),
        None => false,
    }
}

/// The Luhn check digit (ASCII) to put behind `body`; `None` when that is empty or not all digits.
pub fn check_digit(body: &[u8]) -> Option<u8> {
    if body.is_empty() {
        return None;
    }
    let (mut sum, mut double) = (0_u64, true);
    for digit in body.iter().rev() {
        let value = digit.wrapping_sub(b'0');
        if value > 9 {
            return None;
        }
        // The digit sum of twice the digit.
        let twice = value * 2 - if value > 4 { 9 } else { 0 };
        sum += u64::from(if double { twice } else { value });
        double = !double;
    }
    Some(b'0' + ((10 - sum % 10) % 10) as u8)
}

/// Digits that satisfy Luhn and are not one digit repeated.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    if !holds(candidate.compact) || all_same(candidate.compact) {
        return None;
    }
    Some(Evidence { checksum: 10, ..Evidence::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::{Random, check};
    use proptest::prelude::*;

    #[test]
    fn worked_examples() {
        assert_eq!(check_digit(b"49015420323751"), Some(b'8'));
        assert_eq!(check_digit(b"35209900176148"), Some(b'1'));
        assert_eq!(check_digit(b"622202123456789012"), Some(b'8'));
        assert_eq!(check_digit(b"8986000123456789012"), Some(b'9'));
        assert!(holds(b"4111111111111111"));
        assert!(!holds(b"4111111111111112"));
    }

    #[test]
    fn what_is_not_a_number_does_not_hold() {
        for value in [&b""[..], b"0", b"4x", b"41111111 11111111"] {
            assert!(!holds(value), "{value:?}");
        }
        assert_eq!(check(validate, "0000000000000000", true), None);
    }

    #[test]
    fn one_random_number_in_ten_passes() {
        let mut random = Random::new(1);
        let hits = (0..100_000).filter(|_| holds(&random.digits::<16>())).count();
        assert!((9_500..10_500).contains(&hits), "{hits}");
    }

    proptest! {
        #[test]
        fn finds_every_single_digit_error(body in "[0-9]{11,18}", at in 0usize..11, add in 1u8..10) {
            let mut digits = body.into_bytes();
            digits.push(check_digit(&digits).unwrap());
            prop_assert!(holds(&digits));
            digits[at] = b'0' + (digits[at] - b'0' + add) % 10;
            prop_assert!(!holds(&digits));
        }
    }
}
