//! Numbers of international letters and parcels by the standard S10 of the Universal Postal Union, which China Post prints
//! on registered letters and EMS, too: two letters for the service, eight digits, a check digit, and two letters for the
//! country.

use super::{Candidate, Evidence};

/// Weights of the eight digits (S10, annex A).
const WEIGHTS: [u32; 8] = [8, 6, 4, 2, 3, 5, 9, 7];

/// Numbers whose check digit holds.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let &[a, b, ref digits @ .., y, z] = candidate.compact else { return None };
    let (check, serial) = digits.split_last().filter(|(_, serial)| serial.len() == WEIGHTS.len())?;
    let letters = [a, b, y, z].iter().all(u8::is_ascii_uppercase);
    if !letters || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let sum: u32 = serial.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    let wanted = match 11 - sum % 11 {
        10 => 0,
        11 => 5,
        digit => digit,
    };
    (u32::from(check - b'0') == wanted).then_some(Evidence { checksum: 30, ..Evidence::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn the_check_digit_decides() {
        // The worked example of the standard.
        assert_eq!(check(validate, "RR473124829GB", false).map(|found| found.checksum), Some(30));
        for value in ["RR473124828GB", "RR47312482GB", "RR4731248299GB", "R1473124829GB", "RR47312482XGB", ""] {
            assert_eq!(check(validate, value, false), None, "{value}");
        }
    }
}
