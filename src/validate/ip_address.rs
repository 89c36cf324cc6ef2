//! IP addresses, version 4 and 6, and what their range says of them.
//!
//! Works on the value as it stands. The loopback address and its like, which no machine has, are refused; private and other
//! special ranges are known for what they are. Must never take a version, a time or a C++ name for an address without a label.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Candidate, Evidence, fold};
use crate::finding::Traits;

/// Addresses, also in brackets, with zone, port or prefix length. Version-like ones have few points; short IPv6
/// notations that could be names count only beside a label.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let mut buffer = [0; 80];
    let text = std::str::from_utf8(fold(candidate.original, &mut buffer)?).ok()?.trim_ascii();
    let counts = |v4: Ipv4Addr| (!is_no_machine(IpAddr::V4(v4))).then(|| of_v4(v4));
    if let Ok(v4) = text.parse::<Ipv4Addr>() {
        return counts(v4);
    }
    let address = bare(text)?;
    if let Ok(v4) = address.parse::<Ipv4Addr>() {
        return counts(v4);
    }
    let v6 = address.parse::<Ipv6Addr>().ok().filter(|v6| !is_no_machine(IpAddr::V6(*v6)))?;
    // Six or eight groups of two are hardware addresses or fingerprints.
    if !address.contains("::") && address.split(':').all(|group| group.len() <= 2) {
        return None;
    }
    Some(of_v6(v6, address))
}

/// The address in `text` without brackets, zone, port and prefix length, of which the last two must be in range.
fn bare(text: &str) -> Option<&str> {
    let (text, prefix) = text.split_once('/').map_or((text, None), |(text, prefix)| (text, Some(prefix)));
    if prefix.is_some_and(|prefix| prefix.len() > 3 || !prefix.parse::<u8>().is_ok_and(|bits| bits <= 128)) {
        return None;
    }
    let is_port = |port: &str| port.parse::<u16>().is_ok() && port.bytes().all(|byte| byte.is_ascii_digit());
    let address = match text.strip_prefix('[') {
        Some(rest) => {
            let (address, after) = rest.split_once(']')?;
            if !after.is_empty() && !after.strip_prefix(':').is_some_and(is_port) {
                return None;
            }
            address
        }
        None => match text.split_once(':') {
            Some((address, port)) if address.contains('.') => {
                if !is_port(port) {
                    return None;
                }
                address
            }
            _ => text,
        },
    };
    Some(address.split_once('%').map_or(address, |(address, _zone)| address))
}

/// Whether `address` is that of no machine: every machine's word for itself (loopback), for none, and for all around, and
/// masks of networks (RFC 1122 §3.2.1.3). Configurations and logs are full of them.
fn is_no_machine(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let bits = u32::from(address);
            address.is_loopback()
                || address.is_unspecified()
                || bits >> 24 == 255 && bits.trailing_zeros() == bits.count_zeros()
        }
        IpAddr::V6(address) => address.is_loopback() || address.is_unspecified(),
    }
}

fn of_v4(address: Ipv4Addr) -> Evidence {
    if is_special_v4(address) || is_resolver(IpAddr::V4(address)) {
        return nobodys();
    }
    let octets = address.octets();
    let registry = match octets {
        // Chrome/120.0.0.0 and networks.
        [_, _, 0, 0] | [_, 0, 0, _] => 0,
        // 2.11.1.3, 14.26.3.2, 9.4.146.26, 2.5.29.35: sections, versions and object identifiers.
        [0..10, 0..20, ..] => 5,
        _ if octets.iter().all(|octet| *octet < 50) => 5,
        [_, _, _, 0] => 10,
        _ => 20,
    };
    Evidence {
        registry,
        traits: Traits { test_value: address == Ipv4Addr::new(1, 2, 3, 4), ..Traits::default() },
        ..Evidence::default()
    }
}

fn of_v6(address: Ipv6Addr, text: &str) -> Evidence {
    if let Some(v4) = carried_v4(address) {
        return of_v4(v4);
    }
    // Four hex digits that begin with 2 or 3 are no name; `a::b` and `face::beef` can be.
    let first = address.segments().first().copied().unwrap_or(0);
    let groups = text.split(':').filter(|group| !group.is_empty()).count();
    // A year of a date is no address: `Jun 6 2006::`.
    let year = groups == 1 && (0x1900..0x2100).contains(&first);
    let telling =
        first & 0xE000 == 0x2000 && !year || groups >= 4 || address.is_unicast_link_local() || address.is_loopback();
    let evidence = if is_special_v6(address) || is_resolver(IpAddr::V6(address)) {
        nobodys()
    } else {
        Evidence { registry: if telling { 20 } else { 0 }, ..Evidence::default() }
    };
    Evidence { label_required: !telling, ..evidence }
}

fn nobodys() -> Evidence {
    Evidence { registry: 10, traits: Traits { non_personal: true, ..Traits::default() }, ..Evidence::default() }
}

/// The IPv4 address inside `::ffff:a.b.c.d`, 64:ff9b::/96 and 2002::/16.
fn carried_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let [a, b, c, d, e, f, g, h] = address.segments();
    let of = |high: u16, low: u16| Ipv4Addr::from((u32::from(high) << 16) | u32::from(low));
    match (a, b, c, d, e, f) {
        (0, 0, 0, 0, 0, 0xFFFF) | (0x64, 0xFF9B, 0, 0, 0, 0) => Some(of(g, h)),
        (0x2002, high, low, ..) => Some(of(high, low)),
        _ => None,
    }
}

/// The special-purpose registry of IANA (RFC 6890 and its updates): private, shared, local, documentation, multicast.
fn is_special_v4(address: Ipv4Addr) -> bool {
    matches!(
        address.octets(),
        [0 | 10 | 127 | 224..=255, ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 168, ..]
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
    )
}

/// As for IPv4: unspecified, loopback, link-local, unique local, multicast, documentation.
fn is_special_v6(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.segments();
    address.is_unspecified()
        || address.is_loopback()
        || first & 0xFFC0 == 0xFE80
        || first & 0xFE00 == 0xFC00
        || first & 0xFF00 == 0xFF00
        || (first, second) == (0x2001, 0x0DB8)
        || first == 0x3FFF && second < 0x1000
}

/// Public name servers, which fill logs and belong to nobody.
fn is_resolver(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => matches!(
            address.octets(),
            [1, 1, 1, 1]
                | [1, 0, 0, 1]
                | [1, 2, 4, 8]
                | [8, 8, 8, 8]
                | [8, 8, 4, 4]
                | [9, 9, 9, 9]
                | [114, 114, 114 | 115, 110 | 114 | 115 | 119]
                | [119, 29, 29, 29]
                | [119, 28, 28, 28]
                | [180, 76, 76, 76]
                | [182, 254, 116, 116]
                | [208, 67, 220 | 222, 220 | 222]
                | [210, 2, 4, 8]
                | [223, 5, 5, 5]
                | [223, 6, 6, 6]
        ),
        IpAddr::V6(address) => matches!(
            address.segments(),
            [0x2400, 0x3200, 0, 0, 0, 0, 0, 1]
                | [0x2400, 0x3200, 0xBABA, 0, 0, 0, 0, 1]
                | [0x2402, 0x4E00, 0, 0, 0, 0, 0, 0]
                | [0x2001, 0x4860, 0x4860, 0, 0, 0, 0, 0x8888 | 0x8844]
                | [0x2606, 0x4700, 0x4700, 0, 0, 0, 0, 0x1111 | 0x1001]
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    fn personal(value: &str) -> bool {
        let found = check(validate, value, false).unwrap_or_else(|| panic!("{value}"));
        found.registry == 20 && !found.label_required && !found.traits.non_personal
    }

    #[test]
    fn public_addresses_can_be_a_persons() {
        for value in [
            "113.57.182.34",
            "１１３．５７．１８２．３４",
            "113.57.182.34:52144",
            "113.57.182.34/32",
            "240e:3b7:3272:5a10:8c1f:9c3a:ff01:22",
            "240e:3b7::1",
            "[240e:3b7::1]:8080",
            "240E:3B7::1/64",
            "240e:3b7::1%eth0",
            "::ffff:113.57.182.34",
            "2002:7139:b622::1",
        ] {
            assert!(personal(value), "{value}");
        }
    }

    #[test]
    fn special_ranges_and_resolvers_are_nobodys() {
        for value in [
            "10.1.2.30",
            "100.64.0.1",
            "169.254.1.1",
            "172.31.255.1",
            "192.0.0.9",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.19.0.1",
            "198.51.100.7",
            "203.0.113.7",
            "224.0.0.1",
            "240.0.0.1",
            "8.8.8.8",
            "114.114.114.114",
            "223.5.5.5",
            "119.29.29.29",
            "1.1.1.1",
            "fe80::1",
            "fd00:1:2:3::4",
            "ff02::1",
            "2001:db8::1",
            "3fff:123::1",
            "2400:3200::1",
            "::ffff:10.0.0.1",
            "64:ff9b::10.0.0.1",
        ] {
            assert!(check(validate, value, true).unwrap().traits.non_personal, "{value}");
        }
        for value in ["100.128.0.9", "172.32.1.1", "192.0.1.7", "198.20.0.1", "223.255.1.1", "3fff:1000::1"] {
            assert!(!check(validate, value, true).unwrap().traits.non_personal, "{value}");
        }
    }

    #[test]
    fn addresses_of_no_machine_are_refused() {
        for value in [
            "127.0.0.1",
            "127.0.0.53",
            "127.0.0.1:8080",
            "0.0.0.0",
            "0.0.0.0/0",
            "255.255.255.255",
            "255.255.255.0",
            "255.255.240.0",
            "255.0.0.0",
            "::1",
            "[::1]:8080",
            "::",
            "::/0",
        ] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
        for value in ["255.1.2.3", "254.255.255.0", "128.0.0.1"] {
            assert!(check(validate, value, true).is_some(), "{value}");
        }
    }

    #[test]
    fn version_like_addresses_count_little() {
        for value in ["120.0.0.0", "2.11.1.3", "1.2.3.4", "99.0.0.17", "9.4.146.26", "2.5.29.35", "14.2.7.9"] {
            assert!(check(validate, value, false).unwrap().registry <= 5, "{value}");
        }
        assert_eq!(check(validate, "113.57.182.0", false).map(|found| found.registry), Some(10));
    }

    #[test]
    fn names_with_colons_need_a_label() {
        for value in ["a::b", "face::beef", "dead::", "ab::cd:ef"] {
            assert!(check(validate, value, false).unwrap().label_required, "{value}");
        }
    }

    #[test]
    fn what_does_not_parse_is_rejected_even_beside_a_label() {
        for value in [
            "1.2.3",
            "1.2.3.4.5",
            "256.1.1.1",
            "113.057.182.034",
            "12:30:45",
            "aa:bb:cc:dd:ee:ff",
            "std::vector",
            "aa:bb:cc:dd:ee:ff:00:11",
            "113.57.182.34:70000",
            "113.57.182.34:+1",
            "113.57.182.34/129",
            "[::1",
            "1:2:3:4:5:6:7",
            "",
            "113.57.182.34/",
            "240e:3b7::1::2",
        ] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
    }
}
