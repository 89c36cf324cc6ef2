//! Hong Kong identity card numbers: one or two letters, six digits, and a check digit (modulo 11) that is printed in
//! brackets.

use super::{Candidate, Evidence, all_same, fold};
use crate::finding::Traits;

/// Hong Kong identity card numbers; those whose check digit does not hold only beside a label that names them.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let (mut folded, mut buffer) = ([0; 12], [0; 9]);
    let number = compacted(fold(candidate.original, &mut folded)?, &mut buffer)?;
    let letters = number.iter().take_while(|b| b.is_ascii_uppercase()).count();
    let (letters, rest) = number.split_at_checked(letters)?;
    let (check, digits) = rest.split_last()?;
    let shaped = matches!(letters.len(), 1 | 2) && digits.len() == 6 && digits.iter().all(u8::is_ascii_digit);
    if !shaped || all_same(digits) && *check == b'0' {
        return None;
    }
    let holds = check_digit(letters, digits) == *check;
    if !holds && !candidate.labelled {
        return None;
    }
    Some(Evidence {
        checksum: if holds { 20 } else { 0 },
        registry: 0,
        label_required: true,
        traits: Traits {
            checksum_fails: !holds,
            test_value: letters == b"A" && digits == b"123456",
            ..Traits::default()
        },
    })
}

/// Letters and digits only: the brackets around the check digit go.
fn compacted<'b>(value: &[u8], buffer: &'b mut [u8; 9]) -> Option<&'b [u8]> {
    let mut length = 0;
    for byte in value.iter().filter(|byte| !matches!(byte, b'(' | b')')) {
        *buffer.get_mut(length)? = byte.to_ascii_uppercase();
        length += 1;
    }
    buffer.get(..length)
}

/// Weights 9 to 2, A = 10 … Z = 35, 36 where there is no second letter; 10 is written A.
fn check_digit(letters: &[u8], digits: &[u8]) -> u8 {
    let value = |b: &u8| char::from(*b).to_digit(36).unwrap_or(0);
    let blank = if letters.len() == 1 { 36 * 9 } else { 0 };
    let sum: u32 = letters.iter().chain(digits).rev().zip(2..).map(|(byte, weight)| value(byte) * weight).sum();
    match (11 - (sum + blank) % 11) % 11 {
        10 => b'A',
        digit => b'0' + digit as u8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn worked_examples() {
        for value in ["A123456(3)", "A123456（3）", "a1234563", "G123456(A)", "AB987654(3)", "C123456(9)"] {
            let found = check(validate, value, false).unwrap();
            assert_eq!((found.checksum, found.label_required), (20, true), "{value}");
        }
    }

    #[test]
    fn a_wrong_check_digit_needs_a_label() {
        assert_eq!(check(validate, "A123456(4)", false), None);
        assert!(check(validate, "A123456(4)", true).unwrap().traits.checksum_fails);
        for value in ["123456(3)", "ABC123456(3)", "A12345(3)", "A1234567(3)", "A123456"] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
    }

    #[test]
    fn every_number_has_one_check_digit() {
        for number in 0..500 {
            let body = format!("K{:06}", number * 1999 + 1);
            let holds = |last: &&u8| check(validate, &format!("{body}({})", char::from(**last)), false).is_some();
            assert_eq!(b"0123456789A".iter().filter(holds).count(), 1, "{body}");
        }
    }
}
