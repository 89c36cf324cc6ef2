//! Hardware addresses: the vendor's three bytes stay, the device part is permuted: 24 bits of a MAC address, 40 bits
//! of an EUI-64.
//!
//! Must never change how an address is spelled: a column of 12 characters has no room for colons.

use super::super::key::Bijection;
use super::{misshapen, walk};
use crate::error::DataError;

/// Length of the vendor part with the colon behind it: `f4:5c:89:`.
const VENDOR: usize = 9;

/// The same-shape value of a canonical address (`f4:5c:89:ab:cd:ef`), under the vendor part as tweak.
pub(super) fn permute(cipher: &Bijection, canonical: &[u8]) -> Result<Vec<u8>, DataError> {
    permute_behind(cipher, canonical, VENDOR)
}

/// The two lowest bits of the first byte: locally administered, and for a group.
const FLAGS: u128 = 0b11;

/// The same without anything of the vendor: every bit but the two flags of the first byte is permuted.
pub(in crate::transform) fn permute_whole(cipher: &Bijection, canonical: &[u8]) -> Result<Vec<u8>, DataError> {
    permute_behind(cipher, canonical, 0)
}

fn permute_behind(cipher: &Bijection, canonical: &[u8], kept: usize) -> Result<Vec<u8>, DataError> {
    let expected = || misshapen(canonical, "a hardware address of 6 or 8 bytes");
    let (vendor, device) = canonical.split_at_checked(kept).ok_or_else(expected)?;
    let spelled = canonical.iter().enumerate().all(|(index, byte)| match index % 3 {
        2 => *byte == b':',
        _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
    });
    // As many decimal digits as the device part takes at most.
    let (bits, digits) = match canonical.len() {
        17 if spelled && kept > 0 => (24, 8),
        23 if spelled && kept > 0 => (40, 13),
        17 if spelled => (48, 15),
        23 if spelled => (64, 20),
        _ => return Err(expected()),
    };
    let hex_digits = device.iter().filter_map(|byte| char::from(*byte).to_digit(16));
    let value = hex_digits.fold(0, |value: u128, digit| value << 4 | u128::from(digit));
    let result = walk(cipher, vendor, value, digits, |next| {
        next >> bits == 0 && (kept > 0 || (next ^ value) >> (bits - 8) & FLAGS == 0)
    })?;
    let mut out = vendor.to_vec();
    for shift in (0..bits).step_by(8).rev() {
        if out.len() > kept {
            out.push(b':');
        }
        out.extend_from_slice(format!("{:02x}", result >> shift & 0xFF).as_bytes());
    }
    Ok(out)
}

/// `canonical` with the separators and the case of `original`; as it is where the two do not have as many digits.
pub(in crate::transform) fn spelled_as(original: &[u8], canonical: Vec<u8>) -> Vec<u8> {
    let is_digit = |byte: &&u8| byte.is_ascii_hexdigit();
    let plain = original.iter().all(|byte| byte.is_ascii_hexdigit() || b":-. ".contains(byte));
    if !plain || original.iter().filter(is_digit).count() != canonical.iter().filter(is_digit).count() {
        return canonical;
    }
    let upper = original.iter().any(u8::is_ascii_uppercase);
    let mut digits = canonical.iter().filter(is_digit).copied();
    let spell = |byte: &u8| match byte.is_ascii_hexdigit().then(|| digits.next()).flatten() {
        Some(digit) if upper => digit.to_ascii_uppercase(),
        Some(digit) => digit,
        None => *byte,
    };
    original.iter().map(spell).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;
    use crate::transform::key::tests::known;

    fn permuted(address: &str) -> String {
        let cipher = known().entity_keys("TEST", "default").unwrap().bijection;
        String::from_utf8(permute(&cipher, address.as_bytes()).unwrap()).unwrap()
    }

    /// Pinned, because a change would break the link to everything rewritten before.
    #[test]
    fn results_never_change() {
        assert_eq!(permuted("f4:5c:89:ab:cd:ef"), "f4:5c:89:df:7c:46");
        assert_eq!(permuted("f4:5c:89:ff:fe:ab:cd:ef"), "f4:5c:89:09:39:db:27:50");
    }

    #[test]
    fn what_is_no_canonical_address_is_refused_and_not_shown() {
        for address in [
            "",
            "f4:5c:89",
            "f45c89abcdef",
            "F4:5C:89:AB:CD:EF",
            "f4:5c:89:ab:cd",
            "f4-5c-89-ab-cd-ef",
            "g4:5c:89:ab:cd:ef",
        ] {
            let cipher = known().entity_keys("TEST", "default").unwrap().bijection;
            let error = permute(&cipher, address.as_bytes()).unwrap_err();
            assert!(address.is_empty() || !error.to_string().contains(address));
        }
    }

    #[test]
    fn the_spelling_stays() {
        for (original, expected) in [
            ("F4-5C-89-AB-CD-EF", "F4-5C-89-01-2A-0F"),
            ("f45c.89ab.cdef", "f45c.8901.2a0f"),
            ("f45c89abcdef", "f45c89012a0f"),
            ("ｆ45c89abcdef", "f4:5c:89:01:2a:0f"),
            ("4:5c:89:ab:cd:ef", "f4:5c:89:01:2a:0f"),
        ] {
            let result = spelled_as(original.as_bytes(), b"f4:5c:89:01:2a:0f".to_vec());
            assert_eq!(String::from_utf8(result).unwrap(), expected);
        }
    }

    proptest! {
        #[test]
        fn addresses_of_a_vendor_are_permuted_among_each_other(
            vendor in any::<[u8; 3]>(),
            devices in prop::collection::hash_set(any::<[u8; 3]>(), 2..40),
            extension in prop::option::of(any::<[u8; 2]>()),
        ) {
            let mut seen = HashSet::new();
            for device in devices {
                let bytes: Vec<u8> = vendor.into_iter().chain(extension.into_iter().flatten()).chain(device).collect();
                let address = bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":");
                let result = permuted(&address);
                prop_assert_eq!(result.len(), address.len());
                prop_assert_eq!(result.get(..9), address.get(..9));
                prop_assert!(result.split(':').all(|byte| u8::from_str_radix(byte, 16).is_ok() && byte.len() == 2));
                prop_assert!(seen.insert(result));
            }
        }
    }
}
