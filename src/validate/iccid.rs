//! Numbers of SIM cards (ICCID, ITU-T E.118) issued in mainland China: 89 86, issuer, card, often a Luhn check digit.
//!
//! Chinese cards do not all satisfy Luhn, and some have letters: that lowers the score, and must never refuse a number
//! that a label stands beside.

use super::{Candidate, Evidence, luhn};
use crate::finding::Traits;

/// ICCIDs of 19 to 21 characters. Beside a label only: an unknown issuer, letters, and what fails Luhn.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let value = candidate.compact;
    let card = value.strip_prefix(b"8986")?;
    if !(19..=21).contains(&value.len()) || !value.iter().all(u8::is_ascii_alphanumeric) {
        return None;
    }
    let (issuer, serial) = card.split_at_checked(2)?;
    if serial.iter().all(|byte| *byte == b'0') {
        return None;
    }
    // China Mobile, China Unicom, China Telecom, China Broadnet.
    let known = matches!(issuer, [b'0', b'0'..=b'9'] | [b'1', b'1' | b'5']);
    let holds = luhn::holds(value);
    Some(Evidence {
        checksum: if holds { 15 } else { 0 },
        registry: if known { 15 } else { 0 },
        label_required: !(holds && known),
        traits: Traits::default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn the_check_digit_decides_without_a_label() {
        // The worked example of Luhn over 19 digits: 898600012345678901, then 2 … and with a twentieth digit 9.
        let found = check(validate, "89860001234567890129", false).unwrap();
        assert_eq!((found.checksum, found.registry, found.label_required), (15, 15, false));
        assert!(check(validate, "89860001234567890128", false).unwrap().label_required);
        assert!(check(validate, "8986000123456789012A", true).unwrap().label_required);
        for value in ["8944000123456789012", "8986000000000000000", "898600012345678901"] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
    }
}
