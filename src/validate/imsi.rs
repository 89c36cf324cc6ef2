//! Numbers of mobile subscribers (IMSI, ITU-T E.212): country, network, and what the operator gave out. No check digit.
//!
//! Never found without a label: one fifteen-digit number in a thousand begins as they do.

use super::{Candidate, Evidence, all_same};

/// IMSIs of mainland China, Hong Kong, Macau and Taiwan.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let digits = candidate.compact;
    if digits.len() != 15 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let (network, subscriber) = digits.split_at_checked(5)?;
    if all_same(subscriber) {
        return None;
    }
    let known = match network {
        [b'4', b'6', b'0', network @ ..] => is_mainland(network),
        [b'4', b'5', b'4' | b'5', ..] | [b'4', b'6', b'6', ..] => true,
        _ => return None,
    };
    Some(Evidence { registry: if known { 15 } else { 0 }, label_required: true, ..Evidence::default() })
}

/// Network codes below 460: China Mobile, China Unicom, China Telecom, China Broadnet, the railways.
fn is_mainland(network: &[u8]) -> bool {
    matches!(network, [b'0', b'0'..=b'9'] | [b'1', b'1' | b'5'] | b"20")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn networks_are_told_apart() {
        for (value, points) in
            [("460001234567890", 15), ("460201234567890", 15), ("454001234567890", 15), ("460991234567890", 0)]
        {
            assert_eq!(check(validate, value, true).map(|found| found.registry), Some(points), "{value}");
        }
        for value in ["310150123456789", "460000000000000", "46000123456789", "4600012345678901"] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
    }
}
