//! Taiwan identity card numbers: a letter for the place, 1 or 2 for the sex (8 or 9 in residence permits), and eight
//! digits of which the last is a check digit (modulo 10).

use super::{Candidate, Evidence};
use crate::finding::Traits;

/// The values of the letters A to Z: they follow the order in which places were given letters.
const LETTERS: [u32; 26] =
    [10, 11, 12, 13, 14, 15, 16, 17, 34, 18, 19, 20, 21, 22, 35, 23, 24, 25, 26, 27, 28, 29, 32, 30, 31, 33];

/// Taiwan identity card numbers; those whose check digit does not hold only beside a label that names them.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let [letter @ b'A'..=b'Z', digits @ ..] = candidate.compact else { return None };
    if digits.len() != 9
        || !digits.iter().all(u8::is_ascii_digit)
        || !matches!(digits.first(), Some(b'1' | b'2' | b'8' | b'9'))
    {
        return None;
    }
    let place = LETTERS.get(usize::from(letter - b'A'))?;
    let weights = [8, 7, 6, 5, 4, 3, 2, 1, 1];
    let sum: u32 = digits.iter().zip(weights).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let holds = (sum + place / 10 + place % 10 * 9).is_multiple_of(10);
    if !holds && !candidate.labelled {
        return None;
    }
    Some(Evidence {
        checksum: if holds { 20 } else { 0 },
        registry: 0,
        label_required: true,
        traits: Traits { checksum_fails: !holds, test_value: candidate.compact == b"A123456789", ..Traits::default() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn worked_examples() {
        for value in ["A123456789", "a123456789", "F131104093", "A800000014"] {
            let found = check(validate, value, false).unwrap();
            assert_eq!((found.checksum, found.label_required), (20, true), "{value}");
        }
    }

    #[test]
    fn a_wrong_check_digit_needs_a_label() {
        assert_eq!(check(validate, "A123456788", false), None);
        assert!(check(validate, "A123456788", true).unwrap().traits.checksum_fails);
        for value in ["A323456789", "A12345678", "A1234567890", "1123456789", "AA23456789"] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
    }

    #[test]
    fn every_body_has_one_check_digit() {
        for letter in 'A'..='Z' {
            let holds = |last: &u32| check(validate, &format!("{letter}20317645{last}"), false).is_some();
            assert_eq!((0..10).filter(holds).count(), 1, "{letter}");
        }
    }
}
