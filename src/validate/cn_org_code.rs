//! Organization codes (GB 11714-1997): eight letters or digits and a check character. Replaced by the credit code, of
//! which they are a part.

use super::{Candidate, Evidence, all_same};
use crate::finding::Traits;

/// Organization codes; those whose check character does not hold only beside a label.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let code = candidate.compact;
    let shaped = code.len() == 9 && code.iter().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    let holds = check_holds(code);
    if !shaped || all_same(code) || !(holds || candidate.labelled && code.iter().any(u8::is_ascii_digit)) {
        return None;
    }
    Some(Evidence {
        checksum: if holds { 15 } else { 0 },
        registry: 0,
        label_required: true,
        traits: Traits { non_personal: true, organization: true, checksum_fails: !holds, ..Traits::default() },
    })
}

/// Whether the last of nine upper-case characters is the check character of the eight before it.
pub fn check_holds(code: &[u8]) -> bool {
    const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    let Some((body, [check])) = code.split_first_chunk::<8>() else { return false };
    if !body.iter().all(|b| b.is_ascii_digit() || b.is_ascii_uppercase()) {
        return false;
    }
    let value = |b: &u8| char::from(*b).to_digit(36).unwrap_or(0);
    let sum: u32 = body.iter().zip(WEIGHTS).map(|(byte, weight)| value(byte) * weight).sum();
    let expected = match 11 - sum % 11 {
        10 => b'X',
        11 => b'0',
        digit => b'0' + digit as u8,
    };
    *check == expected
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::{Random, check};

    #[test]
    fn worked_examples() {
        for code in ["D2143569-X", "D2143569X", "600037341"] {
            let found = check(validate, code, false).unwrap();
            assert_eq!((found.checksum, found.label_required), (15, true), "{code}");
        }
    }

    #[test]
    fn a_wrong_check_character_needs_a_label() {
        assert_eq!(check(validate, "D2143569-1", false), None);
        assert!(check(validate, "D2143569-1", true).unwrap().traits.checksum_fails);
        for code in ["000000000", "ABCDEFGHI", "D2143569", "D2143569XX"] {
            assert_eq!(check(validate, code, true), None, "{code}");
        }
    }

    #[test]
    fn one_random_number_in_eleven_passes() {
        let mut random = Random::new(5);
        let hits = (0..11_000).filter(|_| check_holds(&random.digits::<9>())).count();
        assert!((800..1100).contains(&hits), "{hits}");
    }
}
