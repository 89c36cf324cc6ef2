//! Mobile numbers of mainland China, by the numbering plan of the ministry (MIIT).
//!
//! Must never reject a number for a new prefix when a label stands beside it: the plan grows, the table is of a day.

use std::sync::LazyLock;

use super::{Candidate, Evidence, all_same};
use crate::finding::Traits;
use crate::rule::{disguise, embedded};

/// What a number's prefix is allocated to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Allocation {
    /// Nothing that the table knows.
    Unknown,
    /// People's phones: 11 digits.
    Mobile,
    /// Data cards: 11 digits.
    DataCard,
    /// Machine communication: 13 digits.
    Machine,
}

/// What the prefix of `digits` (without country code) is allocated to. Needs five digits.
pub fn allocation(digits: &[u8]) -> Allocation {
    let Some(([b'1', rest @ ..], _)) = digits.split_first_chunk::<5>() else { return Allocation::Unknown };
    if !rest.iter().all(u8::is_ascii_digit) {
        return Allocation::Unknown;
    }
    let index = rest.iter().fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'));
    PREFIXES.get(index).copied().unwrap_or(Allocation::Unknown)
}

/// By the four digits after the leading 1.
static PREFIXES: LazyLock<Vec<Allocation>> = LazyLock::new(|| {
    let mut rows: Vec<(&str, Allocation)> = embedded::rows("cn_mobile_prefixes.tsv")
        .filter_map(|mut row| {
            let (prefix, length, kind) = (row.next()?, row.next()?, row.next()?);
            let allocation = match (length, kind) {
                ("13", _) => Allocation::Machine,
                (_, "iot") => Allocation::DataCard,
                _ => Allocation::Mobile,
            };
            Some((prefix.strip_prefix('1')?, allocation))
        })
        .collect();
    // Longer prefixes overwrite shorter ones.
    rows.sort_by_key(|(prefix, _)| prefix.len());
    let mut table = vec![Allocation::Unknown; 10_000];
    for (prefix, allocation) in rows {
        let Some(missing) = 4_usize.checked_sub(prefix.len()) else { continue };
        let Ok(number) = prefix.parse::<usize>() else { continue };
        let width = 10_usize.pow(missing as u32);
        for entry in table.iter_mut().skip(number * width).take(width) {
            *entry = allocation;
        }
    }
    table
});

/// The national number in `compact`, and whether it has a trunk 0 before it: `+86`, `0086` and `86` are dropped.
fn national(compact: &[u8]) -> Option<(&[u8], bool)> {
    let digits = compact.strip_prefix(b"+").unwrap_or(compact);
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let country = |digits: &[u8]| matches!(digits.len(), 11 | 13) && digits.first() == Some(&b'1');
    match digits {
        [b'0', b'0', b'8', b'6', rest @ ..] | [b'8', b'6', rest @ ..] if country(rest) => Some((rest, false)),
        [b'0', rest @ ..] if rest.len() == 11 => Some((rest, true)),
        _ if matches!(digits.len(), 11 | 13) => Some((digits, false)),
        _ => None,
    }
}

/// Mobile numbers, with or without country code. Beside a label only: unknown prefixes, a trunk 0, and the 13 digits
/// of machine communication, and Chinese numerals.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let spelled = disguise::spelled_digits::<11>(candidate.compact);
    let (digits, trunk) = match &spelled {
        Some(digits) => (digits.as_slice(), false),
        None => national(candidate.compact)?,
    };
    let test_value = is_test_value(digits);
    let (registry, known) = match (digits.len(), allocation(digits)) {
        (11, Allocation::Mobile) => (20, true),
        (11, Allocation::DataCard) => (10, true),
        (13, Allocation::Machine) => (10, false),
        (11, _) if matches!(digits, [b'1', b'3'..=b'9', ..]) || test_value => (0, false),
        _ => return None,
    };
    Some(Evidence {
        checksum: 0,
        registry,
        label_required: trunk
            || !known
            || spelled.is_some()
            || is_power_of_two(digits)
            || is_two_numbers(candidate.original),
        traits: Traits { test_value, ..Traits::default() },
    })
}

/// 2^34 and the numbers around it, which fill tests and tables of software.
fn is_power_of_two(digits: &[u8]) -> bool {
    digits.starts_with(b"171798") && super::number(digits).is_some_and(|number| number.abs_diff(1 << 34) <= 1 << 12)
}

/// `130 487.17099`: a number and a decimal one, as in coordinates of drawings.
fn is_two_numbers(original: &[u8]) -> bool {
    matches!(original, [_, _, _, b' ', _, _, _, b'.', ..])
}

fn is_test_value(digits: &[u8]) -> bool {
    let Some((_, last)) = digits.split_at_checked(3) else { return false };
    digits == b"13800138000" || digits == b"12345678901" || all_same(last) || last == b"12345678" || last == b"87654321"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn the_allocated_prefixes_are_those_of_the_plan() {
        let valid: Vec<u32> = (130..=133)
            .chain(135..=139)
            .chain(145..=149)
            .chain(150..=153)
            .chain(155..=159)
            .chain([162, 165, 166, 167, 170, 171, 172, 173, 175, 176, 177, 178])
            .chain(180..=193)
            .chain(195..=199)
            .collect();
        for prefix in 100..200_u32 {
            let number = format!("{prefix}56781234");
            let found = check(validate, &number, false);
            match prefix {
                // Allocated in part: below.
                134 | 161 | 174 => {}
                _ if valid.contains(&prefix) => {
                    assert!(found.is_some_and(|found| !found.label_required && found.registry > 0), "{number}");
                }
                130.. => assert!(found.is_some_and(|found| found.label_required && found.registry == 0), "{number}"),
                _ => assert_eq!(found, None, "{number}"),
            }
        }
    }

    #[test]
    fn prefixes_allocated_in_part() {
        let required = |number: &str| check(validate, number, false).unwrap().label_required;
        for number in ["13400001234", "13481234567", "13491234567"] {
            assert_eq!(required(number), number.starts_with("1349"), "{number}");
        }
        assert!(!required("13492234567") && !required("16191234567") && !required("17401234567"));
        assert!(required("16101234567") && required("17421234567"));
    }

    #[test]
    fn country_code_and_trunk_zero() {
        for value in
            ["+86-138-0013-8000", "0086 13800138000", "8613800138000", "(86)13800138000", "１３８００１３８０００"]
        {
            let found = check(validate, value, false).unwrap();
            assert_eq!((found.registry, found.label_required), (20, false), "{value}");
        }
        assert!(check(validate, "013800138000", false).unwrap().label_required);
        let raw = Candidate { compact: b"+8613800138000", original: b"", labelled: false };
        assert_eq!(validate(&raw).map(|found| found.registry), Some(20));
    }

    #[test]
    fn chinese_numerals_count_beside_a_label_only() {
        for value in [
            "一三八〇〇一三八〇〇〇",
            "幺三八零零幺三八零零零",
            "1三8００一三8000",
            "壹叁捌-零零一三-八千".replace('千', "000").as_str(),
        ] {
            let found = check(validate, value, true).unwrap();
            assert!(found.registry == 20 && found.label_required && found.traits.test_value, "{value}");
        }
        for value in
            ["一三八〇〇一三八〇〇", "一三八〇〇一三八〇〇〇〇", "二三八〇〇一三八〇〇〇", "一三八十〇一三八〇〇〇"]
        {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
    }

    #[test]
    fn machine_numbers_need_a_label_and_time_stamps_do_not_pass() {
        assert!(check(validate, "1440123456789", false).unwrap().label_required);
        assert!(check(validate, "1064712345678", false).unwrap().label_required);
        for value in ["1662430474934", "1767225600000", "138001380001", "1380013800", "23800138000", "12000138000"] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
    }

    #[test]
    fn well_known_dummies_are_marked() {
        for value in ["13800138000", "13888888888", "12345678901", "13800000000", "13912345678"] {
            assert!(check(validate, value, true).unwrap().traits.test_value, "{value}");
        }
        assert!(!check(validate, "13912345679", true).unwrap().traits.test_value);
    }
}
