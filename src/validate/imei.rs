//! Device numbers of mobile phones: IMEI (15 digits, Luhn), IMEISV (16) and IMEI without check digit (14), by 3GPP
//! TS 23.003.
//!
//! There is no public register of device types, so only the reporting bodies of devices that are common in China
//! count without a label.

use super::{Candidate, Evidence, all_same, luhn};
use crate::finding::Traits;

/// IMEIs. Beside a label only: 14 and 16 digits, rare reporting bodies, and numbers that do not satisfy Luhn.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let digits = candidate.compact;
    if !(14..=16).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    if all_same(digits) || digits == b"123456789012345" {
        return None;
    }
    let registry = reporting_body(digits);
    if digits.len() != 15 {
        return Some(Evidence { registry: registry.unwrap_or(0), label_required: true, ..Evidence::default() });
    }
    let holds = luhn::holds(digits);
    // Networks transmit a 0 in the place of the check digit.
    if !holds && !candidate.labelled {
        return None;
    }
    Some(Evidence {
        checksum: if holds { 15 } else { 0 },
        registry: registry.unwrap_or(0),
        label_required: !holds || registry.is_none(),
        traits: Traits { test_value: is_test_value(digits), checksum_fails: !holds, ..Traits::default() },
    })
}

/// Points for the body that allocated the first eight digits: 86 China, 35 the United Kingdom for nearly everybody,
/// 01 the United States, 91 India, 98 and 99 multi-standard devices.
fn reporting_body(digits: &[u8]) -> Option<i16> {
    match digits {
        [b'8', b'6', ..] | [b'3', b'5', ..] => Some(10),
        [b'0', b'1', ..] | [b'9', b'1' | b'8' | b'9', ..] => Some(5),
        _ => None,
    }
}

fn is_test_value(digits: &[u8]) -> bool {
    // Worked examples of the standard and of its encyclopedia article; the Android emulator.
    matches!(digits, b"490154203237518" | b"352099001761481" | b"358240051111110" | b"012345678901237")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::{Random, check};

    #[test]
    fn worked_examples() {
        for value in ["352099001761481", "35-209900-176148-1", "35 209900 176148 1"] {
            let found = check(validate, value, false).unwrap();
            assert_eq!((found.checksum, found.registry, found.label_required), (15, 10, false), "{value}");
            assert!(found.traits.test_value);
        }
        let found = check(validate, "490154203237518", false).unwrap();
        assert!(found.label_required, "reporting body 49");
    }

    #[test]
    fn other_forms_need_a_label() {
        assert!(check(validate, "35209900176148", false).unwrap().label_required);
        assert!(check(validate, "3520990017614801", false).unwrap().label_required);
        assert_eq!(check(validate, "352099001761480", false), None);
        let found = check(validate, "352099001761480", true).unwrap();
        assert!(found.label_required && found.traits.checksum_fails);
    }

    #[test]
    fn fillers_and_other_lengths_are_rejected() {
        for value in ["000000000000000", "111111111111111", "123456789012345", "3520990017614", "35209900176148A"] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
    }

    #[test]
    fn random_numbers_seldom_count_without_a_label() {
        let mut random = Random::new(9);
        let hits = (0..100_000)
            .filter(|_| {
                let digits = random.digits::<15>();
                validate(&Candidate { compact: &digits, original: &digits, labelled: false })
                    .is_some_and(|found| !found.label_required)
            })
            .count();
        // Six bodies of a hundred, and Luhn.
        assert!((450..750).contains(&hits), "{hits}");
    }
}
