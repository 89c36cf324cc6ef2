//! Service numbers: hotlines, short codes and SMS access codes, which belong to no person.
//!
//! They are recognized so that they are not taken for somebody's phone; every one carries `non_personal`.

use super::{Candidate, Evidence};
use crate::finding::Traits;

/// Hotlines (400, 800), carrier, bank and public short codes. All but hotlines written with separators are too short
/// or too much like other numbers to count without a label, or count little.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let digits = candidate.compact;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let separated = digits.len() < candidate.original.len() && candidate.original.contains(&b'-');
    let (registry, label_required) = match digits {
        [b'4' | b'8', b'0', b'0', rest @ ..] if rest.len() == 7 => (if separated { 20 } else { 10 }, false),
        // Emergency calls, directory enquiries, time.
        b"110" | b"112" | b"114" | b"117" | b"119" | b"120" | b"122" | b"121" => (20, true),
        // Carriers, 10086 and 100860 and the like; customer service of goods and transport.
        [b'1', b'0', b'0' | b'1', rest @ ..] if matches!(rest.len(), 2 | 3) => (20, true),
        [b'1', b'2', _, _, _] | [b'1', b'1', b'1' | b'6' | b'8', _, _] => (20, true),
        // SMS access codes, as long as 20 digits with their sub-numbers.
        [b'1', b'0', b'6', b'2' | b'3' | b'5' | b'6' | b'9', rest @ ..] if (4..=16).contains(&rest.len()) => (20, true),
        // Banks, insurers, couriers; local utilities.
        [b'9', b'5' | b'6', rest @ ..] if (3..=6).contains(&rest.len()) => (10, true),
        // 0571-96xxx: a local utility behind its area code.
        [b'0', rest @ ..] if local_utility(rest) => (10, true),
        _ => return None,
    };
    Some(Evidence { checksum: 0, registry, label_required, traits: Traits { non_personal: true, ..Traits::default() } })
}

/// `rest` (without trunk 0) is a two- or three-digit area code and a 96 number.
fn local_utility(rest: &[u8]) -> bool {
    let length = if matches!(rest, [b'1', b'0', ..] | [b'2', ..]) { 2 } else { 3 };
    rest.split_at_checked(length).is_some_and(|(_, local)| local.starts_with(b"96") && (5..=8).contains(&local.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn hotlines_need_no_label() {
        for value in ["400-80-13260", "400-800-1326", "800-810-1234"] {
            let found = check(validate, value, false).unwrap();
            assert_eq!((found.registry, found.label_required), (20, false), "{value}");
            assert!(found.traits.non_personal);
        }
        assert_eq!(check(validate, "4008013260", false).map(|found| found.registry), Some(10));
    }

    #[test]
    fn short_codes_need_a_label() {
        for value in [
            "10086",
            "10010",
            "100101",
            "10109",
            "12306",
            "12315",
            "12345",
            "95588",
            "955881",
            "96110",
            "11183",
            "11614",
            "110",
            "120",
            "0571-96345",
            "010-96156",
            "10690123456789",
            "10657123",
            "95013123",
        ] {
            let found = check(validate, value, false).unwrap();
            assert!(found.label_required && found.traits.non_personal, "{value}");
        }
    }

    #[test]
    fn phones_of_people_are_none() {
        for value in
            ["13800138000", "0571-85022088", "85699449", "111", "10486", "40080132601", "1061234567", "9712345"]
        {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
    }
}
