//! Bank card numbers: issuer prefix (BIN), the length that belongs to it, and Luhn.
//!
//! Luhn alone is no evidence: one random number in ten passes. Must never report a number without an issuer prefix
//! of at least five digits unless a label stands beside it.

use std::collections::HashMap;
use std::sync::LazyLock;

use foldhash::fast::FixedState;

use super::{Candidate, Evidence, all_same, luhn, number};
use crate::finding::Traits;
use crate::rule::embedded;

/// The longest issuer prefix of the table that fits a card number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Issuer {
    /// How many digits the prefix has.
    pub digits: usize,
    /// Several sources have it, with this card length.
    pub sure: bool,
    /// The table does not know how long cards of this issuer are.
    pub length_unknown: bool,
}

/// The longest issuer prefix that `card` begins with whose cards are as long as `card`.
pub fn issuer(card: &[u8]) -> Option<Issuer> {
    let length = 1_u32.checked_shl(u32::try_from(card.len()).ok()?)?;
    let issuers = &*ISSUERS;
    let mut prefix = number(card.get(..card.len().min(LONGEST))?)?;
    let lengths = number(card.get(..FIRST)?).and_then(|first| issuers.lengths.get(first as usize))?;
    for digits in (1..=card.len().min(LONGEST)).rev() {
        if lengths >> digits & 1 == 1
            && let Some((lengths, sources)) = issuers.by_prefix.get(&key(digits, prefix))
        {
            let length_unknown = *lengths == 0;
            let fits = if length_unknown { (16..=19).contains(&card.len()) } else { lengths & length != 0 };
            if fits {
                return Some(Issuer { digits, sure: *sources >= 2 && !length_unknown, length_unknown });
            }
        }
        prefix /= 10;
    }
    None
}

/// Digits of the longest prefix.
const LONGEST: usize = 10;
/// Digits by which it is known how long prefixes may be.
const FIRST: usize = 4;

struct Issuers {
    /// By the first digits of a card, bit n: there are prefixes of n digits that fit them.
    lengths: Vec<u16>,
    /// By [`key`]: bit set of card lengths (0 when not known), number of sources.
    by_prefix: HashMap<u64, (u32, u8), FixedState>,
}

/// A prefix of so many digits.
fn key(digits: usize, prefix: u64) -> u64 {
    (digits as u64) << 40 | prefix
}

static ISSUERS: LazyLock<Issuers> = LazyLock::new(|| {
    let mut issuers = Issuers { lengths: vec![0; 10_usize.pow(FIRST as u32)], by_prefix: HashMap::default() };
    for mut row in embedded::rows("bank_bins.tsv") {
        let (Some(bin), Some(lengths), Some(_kind), Some(sources)) = (row.next(), row.next(), row.next(), row.next())
        else {
            continue;
        };
        let lengths = lengths
            .split(',')
            .filter_map(|length| length.parse::<u32>().ok())
            .fold(0, |set, length| set | 1_u32.checked_shl(length).unwrap_or(0));
        let Some(prefix) = number(bin.as_bytes()).filter(|_| (1..=LONGEST).contains(&bin.len())) else { continue };
        let beyond = 10_u64.pow(bin.len().saturating_sub(FIRST) as u32);
        let width = 10_usize.pow(FIRST.saturating_sub(bin.len()) as u32);
        let first = (prefix / beyond) as usize * width;
        issuers.lengths.iter_mut().skip(first).take(width).for_each(|lengths| *lengths |= 1 << bin.len());
        issuers.by_prefix.insert(key(bin.len(), prefix), (lengths, sources.parse().unwrap_or(1)));
    }
    issuers
});

/// Whether a card brand uses such numbers at all: weak, since brands own nearly half of all prefixes.
fn is_brand(card: &[u8]) -> bool {
    let prefix = |digits| card.split_at_checked(digits).and_then(|(head, _)| number(head)).unwrap_or(0);
    let length = card.len();
    match prefix(2) {
        // UnionPay, and the ranges that it shares.
        62 | 81 => (16..=19).contains(&length),
        // Visa.
        40..=49 => matches!(length, 13 | 16 | 19),
        // Mastercard, and MIR below its second range.
        51..=55 => length == 16,
        22..=27 => length == 16 && matches!(prefix(4), 2_200..=2_204 | 2_221..=2_720),
        // American Express.
        34 | 37 => length == 15,
        // JCB.
        35 => (16..=19).contains(&length) && (3_528..=3_589).contains(&prefix(4)),
        // Diners.
        30 => (14..=19).contains(&length) && (matches!(prefix(3), 300..=305) || prefix(4) == 3_095),
        36 | 38 | 39 => (14..=19).contains(&length),
        // Discover, RuPay and Maestro.
        50 | 56..=61 | 63..=69 => (16..=19).contains(&length),
        _ => false,
    }
}

/// Card numbers. Beside a label only: no prefix of the table or one of fewer than five digits, numbers that begin
/// with 1, and numbers of a known issuer that do not satisfy Luhn.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let card = candidate.compact;
    if !(13..=19).contains(&card.len()) || card.first() == Some(&b'0') || all_same(card) {
        return None;
    }
    let holds = luhn::holds(card);
    if !holds && !candidate.labelled || !card.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let issuer = issuer(card);
    // Some cards issued before 2004 do not satisfy Luhn, and people mistype.
    if !holds && issuer.is_none() {
        return None;
    }
    let registry = match issuer {
        Some(Issuer { length_unknown: true, .. }) => 10,
        Some(Issuer { sure: true, .. }) => 20,
        Some(_) => 15,
        None if is_brand(card) => 5,
        None => 0,
    };
    let identified = issuer.is_some_and(|issuer| issuer.digits >= 5) && card.first() != Some(&b'1');
    Some(Evidence {
        checksum: if holds { 30 } else { 0 },
        registry: if holds { registry } else { registry / 2 },
        label_required: !(holds && identified),
        traits: Traits { test_value: is_test_value(card), checksum_fails: !holds, ..Traits::default() },
    })
}

fn is_test_value(card: &[u8]) -> bool {
    // Numbers that payment gateways publish for tests, and the one of Chinese examples.
    const PUBLISHED: [&[u8]; 15] = [
        b"30569309025904",
        b"3530111333300000",
        b"3566002020360505",
        b"371449635398431",
        b"378282246310005",
        b"38520000023237",
        b"4012888888881881",
        b"4111111111111111",
        b"4222222222222",
        b"4242424242424242",
        b"5105105105105100",
        b"5555555555554444",
        b"6011000990139424",
        b"6011111111111117",
        b"6200000000000005",
    ];
    card.starts_with(b"6222021234567890") || PUBLISHED.binary_search(&card).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::{Random, check};

    #[test]
    fn a_known_issuer_needs_no_label() {
        for value in ["6222021234567890128", "6222 0212 3456 7890 128", "6222-0212-3456-7890-128"] {
            let found = check(validate, value, false).unwrap();
            assert_eq!((found.checksum, found.registry, found.label_required), (30, 20, false), "{value}");
            assert!(found.traits.test_value);
        }
    }

    #[test]
    fn the_length_must_be_that_of_the_issuer() {
        assert!(issuer(b"6222021234567890128").is_some_and(|found| found.sure && found.digits == 6));
        assert!(issuer(b"62220212345678901").is_none());
        // 622202 with Luhn but 17 digits.
        let mut card = b"6222021234567890".to_vec();
        card.push(luhn::check_digit(&card).unwrap());
        let value = String::from_utf8(card).unwrap();
        assert!(check(validate, &value, false).unwrap().label_required);
    }

    #[test]
    fn short_prefixes_and_brands_need_a_label() {
        for value in ["4111111111111111", "5555555555554444", "378282246310005", "30569309025904"] {
            let found = check(validate, value, false).unwrap();
            assert!(found.label_required && found.traits.test_value, "{value}");
        }
        let mut card = b"103000012345678901".to_vec();
        card.push(luhn::check_digit(&card).unwrap());
        let found = check(validate, &String::from_utf8(card).unwrap(), false).unwrap();
        assert!(found.label_required && found.registry > 0);
    }

    #[test]
    fn a_failing_luhn_needs_label_and_issuer() {
        assert_eq!(check(validate, "6222021234567890127", false), None);
        let found = check(validate, "6222021234567890127", true).unwrap();
        assert!(found.label_required && found.traits.checksum_fails && found.checksum == 0);
        assert_eq!(check(validate, "9912345678901234", true), None);
    }

    #[test]
    fn what_is_no_card_is_rejected() {
        for value in [
            "0000000000000000",
            "8888888888888888",
            "622202123456",
            "62220212345678901280",
            "0222021234567892",
            "6222021234567x90128",
        ] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
    }

    #[test]
    fn prefixes_of_the_table_are_found_at_their_length() {
        let entries = ISSUERS.by_prefix.len();
        assert!(entries > 1_500, "{entries}");
        assert_eq!(ISSUERS.by_prefix.values().filter(|(lengths, _)| *lengths >> 20 != 0).count(), 0);
        let rows: Vec<_> = embedded::rows("bank_bins.tsv").filter_map(|mut row| row.next()).collect();
        assert!(rows.iter().all(|bin| (1..=LONGEST).contains(&bin.len())), "a longer prefix would not be found");
    }

    #[test]
    fn accidental_matches_are_as_rare_as_measured() {
        // Snowflake-like: 18 or 19 digits that begin with 1; random ones of 16 and 19.
        let mut random = Random::new(5);
        let (mut sixteen, mut nineteen, mut snowflake) = (0, 0, 0);
        let passes = |digits: &[u8]| {
            validate(&Candidate { compact: digits, original: digits, labelled: false })
                .is_some_and(|found| !found.label_required)
        };
        for _ in 0..300_000 {
            sixteen += usize::from(passes(&random.digits::<16>()));
            let mut long = random.digits::<19>();
            nineteen += usize::from(passes(&long));
            long[0] = b'1';
            snowflake += usize::from(passes(&long));
        }
        // 2.5e-4 and 1.5e-4 were measured with somewhat fewer prefixes.
        assert!(sixteen < 150 && nineteen < 100, "{sixteen} {nineteen}");
        assert_eq!(snowflake, 0);
    }
}
