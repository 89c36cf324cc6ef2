//! Vehicle identification numbers (GB 16735-2019, ISO 3779): 17 letters and digits without I, O and Q; the ninth is a check
//! character, which not all makers fill.

use super::{Candidate, Evidence};
use crate::finding::Traits;

/// Vehicle identification numbers, only beside a label.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let number = candidate.compact;
    let known = |b: &u8| b.is_ascii_digit() || b.is_ascii_uppercase() && !matches!(b, b'I' | b'O' | b'Q');
    let digits = number.iter().filter(|b| b.is_ascii_digit()).count();
    if number.len() != 17 || !number.iter().all(known) || !(3..17).contains(&digits) {
        return None;
    }
    let holds = check_holds(number);
    Some(Evidence {
        checksum: if holds { 20 } else { 0 },
        registry: 0,
        label_required: true,
        traits: Traits { checksum_fails: !holds, ..Traits::default() },
    })
}

/// Whether the ninth character is the check character.
fn check_holds(number: &[u8]) -> bool {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let sum: u32 = number.iter().zip(WEIGHTS).map(|(byte, weight)| value(*byte) * weight).sum();
    let expected = match sum % 11 {
        10 => b'X',
        digit => b'0' + digit as u8,
    };
    number.get(8) == Some(&expected)
}

fn value(byte: u8) -> u32 {
    u32::from(match byte {
        b'0'..=b'9' => byte - b'0',
        b'A'..=b'H' => byte - b'A' + 1,
        b'J'..=b'R' => byte - b'J' + 1,
        b'S'..=b'Z' => byte - b'S' + 2,
        _ => 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn worked_examples() {
        // The examples of the American regulation and of its encyclopedia article.
        for value in ["1M8GDM9AXKP042788", "11111111A11111111", "1hgcm82633a004352"] {
            let found = check(validate, value, false).unwrap();
            assert!(found.label_required, "{value}");
        }
        assert_eq!(check(validate, "1M8GDM9AXKP042788", true).map(|found| found.checksum), Some(20));
        assert_eq!(check(validate, "1HGCM82633A004352", true).map(|found| found.checksum), Some(20));
    }

    #[test]
    fn a_wrong_check_character_is_no_reason_to_reject() {
        let found = check(validate, "LSVAU2180N2183294", true).unwrap();
        assert!(found.label_required);
        for value in
            ["1M8GDM9AXKP04278", "1M8GDM9AXKP0427888", "1M8GDM9AXKPO42788", "12345678901234567", "ABCDEFGHJKLMNPRST"]
        {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
    }
}
