//! Hardware addresses of network interfaces (IEEE 802), also of access points and Bluetooth devices.
//!
//! Must never take a fragment of a fingerprint or a time for an address: the separators of the value as it stands
//! are looked at, not only its digits.

use super::{Candidate, Evidence, all_same, fold};
use crate::detect::sorted_table::contains;
use crate::finding::Traits;
use crate::rule::embedded;

/// Whether the registry of the IEEE has a prefix (of 24, 28 or 36 bits) of this address of 48 bits.
pub fn is_registered(address: u64) -> bool {
    let mut digits = [0; 12];
    for (digit, place) in digits.iter_mut().rev().zip(0..) {
        *digit = char::from_digit((address >> (4 * place) & 15) as u32, 16).map_or(0, |c| c.to_ascii_uppercase() as u8);
    }
    // Bisected in the text: a table of 45,000 prefixes would cost more than most files that hold an address.
    let table = embedded::table("oui.tsv");
    [6, 7, 9].iter().any(|length| digits.get(..*length).is_some_and(|prefix| contains(table, prefix)))
}

/// How an address is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Written {
    /// The first 48 bits.
    address: u64,
    /// 12 hex digits, or 16 (EUI-64).
    digits: usize,
    separated: bool,
    has_letter: bool,
    mixed_case: bool,
}

/// Reads an address; `None` unless it is groups of two digits joined by one kind of `:` or `-`, groups of four joined
/// by `.`, or no groups.
fn read(original: &[u8]) -> Option<Written> {
    let mut buffer = [0; 24];
    let text = fold(original, &mut buffer)?;
    let separator = text.iter().find(|byte| !byte.is_ascii_hexdigit()).copied();
    let group = match separator {
        Some(b':' | b'-') => 2,
        Some(b'.') => 4,
        None => text.len(),
        Some(_) => return None,
    };
    let (mut value, mut digits, mut since) = (0_u64, 0, 0);
    for byte in text {
        if since == group {
            if Some(*byte) != separator {
                return None;
            }
            since = 0;
            continue;
        }
        value = value.checked_mul(16)? | u64::from(char::from(*byte).to_digit(16)?);
        digits += 1;
        since += 1;
    }
    if since != group || !(digits == 12 || digits == 16 && group != 4) {
        return None;
    }
    let lower = text.iter().any(u8::is_ascii_lowercase);
    let upper = text.iter().any(u8::is_ascii_uppercase);
    Some(Written {
        address: if digits == 16 { value >> 16 } else { value },
        digits,
        separated: separator.is_some(),
        has_letter: lower || upper,
        mixed_case: lower && upper,
    })
}

/// Addresses in the usual notations. Beside a label only: without separators, without any letter, of 64 bits, in
/// mixed case, and group addresses.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let written = read(candidate.original)?;
    let first = written.address >> 40;
    // All zero, all one, and what Android shows to applications instead of the real one.
    let all_ones = (1 << 48) - 1;
    let placeholder = written.address == 0 || written.address == all_ones || written.address == 0x02_00_00_00_00_00;
    let group = first & 1 == 1 && !placeholder;
    if group && !candidate.labelled {
        return None;
    }
    let registered = is_registered(written.address);
    if !written.separated && !written.has_letter && !registered {
        return None;
    }
    let random = first & 2 == 2;
    let registry = match (registered, random) {
        _ if group => 0,
        (true, _) => 20,
        // Phones use random addresses since about 2020; no register can know them.
        (false, true) => 20,
        (false, false) => 10,
    };
    // 01:00:5E and 33:33 carry multicast, 01:80:C2 the bridges' own protocols.
    let protocol = matches!(written.address >> 24, 0x01_00_5E | 0x01_80_C2) || written.address >> 32 == 0x33_33;
    Some(Evidence {
        checksum: 0,
        registry,
        label_required: group
            || !written.separated
            || !(written.has_letter || placeholder)
            || written.digits == 16
            || written.mixed_case,
        traits: Traits {
            non_personal: placeholder || protocol,
            test_value: is_test_value(written.address),
            ..Traits::default()
        },
    })
}

fn is_test_value(address: u64) -> bool {
    let bytes = address.to_be_bytes();
    let octets = bytes.get(2..).unwrap_or_default();
    matches!(address, 0x00_11_22_33_44_55 | 0xAA_BB_CC_DD_EE_FF | 0x12_34_56_78_9A_BC)
        // 00:00:5E:00:53:xx is for documentation (RFC 7042).
        || address >> 8 == 0x00_00_5E_00_53
        || all_same(octets) && address != 0 && address >> 40 != 0xFF
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn the_usual_notations_need_no_label() {
        for value in ["f4:5c:89:ab:cd:01", "F4-5C-89-AB-CD-01", "f45c.89ab.cd01", "Ｆ4：5C：89：AB：CD：01"] {
            let found = check(validate, value, false).unwrap();
            assert_eq!((found.registry, found.label_required), (20, false), "{value}");
            assert!(!found.traits.non_personal && !found.traits.test_value);
        }
    }

    #[test]
    fn random_addresses_of_phones_are_found() {
        for value in ["da:a1:19:3c:7e:21", "d2:81:7f:ae:03:94"] {
            assert_eq!(check(validate, value, false).map(|found| found.label_required), Some(false), "{value}");
        }
    }

    #[test]
    fn less_certain_notations_need_a_label() {
        for value in ["f45c89abcd01", "12:34:56:78:90:12", "F4:5c:89:ab:cd:01", "f4:5c:89:ff:fe:ab:cd:01"] {
            assert!(check(validate, value, false).is_some_and(|found| found.label_required), "{value}");
        }
        assert!(check(validate, "00:1B:44:11:3A:B7:00:01:22", true).is_none());
    }

    #[test]
    fn group_addresses_need_a_label_and_are_nobodys() {
        for value in ["01:00:5e:7f:ff:fa", "33:33:00:00:00:fb"] {
            assert_eq!(check(validate, value, false), None, "{value}");
            assert!(check(validate, value, true).unwrap().traits.non_personal, "{value}");
        }
        assert_eq!(check(validate, "f5:5c:89:ab:cd:01", false), None);
    }

    #[test]
    fn placeholders_are_nobodys() {
        for value in ["00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff", "02:00:00:00:00:00"] {
            let found = check(validate, value, false).unwrap();
            assert!(found.traits.non_personal && !found.label_required, "{value}");
        }
        assert!(check(validate, "00:11:22:33:44:55", true).unwrap().traits.test_value);
    }

    #[test]
    fn other_shapes_are_rejected_even_beside_a_label() {
        for value in [
            "f4:5c-89:ab:cd:01",
            "f4:5c:89:ab:cd",
            "f4:5c:89:ab:cd:0",
            "f45:c89:abc:d01",
            "301202022199",
            "12:30:45",
            "f4:5c:89:ab:cd:01:02",
            "f4:5c:89:ab:cd:01:",
            ":f4:5c:89:ab:cd:01",
            "",
            "g4:5c:89:ab:cd:01",
        ] {
            let found = check(validate, value, true);
            assert_eq!(found, None, "{value}");
        }
    }

    #[test]
    fn prefixes_of_all_sizes_are_known() {
        let of =
            |length| embedded::rows("oui.tsv").filter_map(|mut row| row.next()).filter(|p| p.len() == length).count();
        assert!(of(6) > 30_000 && of(7) > 5_000 && of(9) > 5_000);
        assert!(is_registered(0x0000_0000_0001));
        assert!(!is_registered(0x0200_0000_0001_u64 | 1 << 41));
    }
}
