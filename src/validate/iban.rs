//! International bank account numbers (ISO 13616): country, two check digits (modulo 97), account, in a length that the
//! country fixes.

use super::{Candidate, Evidence};
use crate::finding::Traits;

/// Lengths by country, of the ISO 13616 register.
const LENGTHS: &[(&[u8; 2], usize)] = &[
    (b"AD", 24),
    (b"AE", 23),
    (b"AL", 28),
    (b"AT", 20),
    (b"AZ", 28),
    (b"BA", 20),
    (b"BE", 16),
    (b"BG", 22),
    (b"BH", 22),
    (b"BR", 29),
    (b"BY", 28),
    (b"CH", 21),
    (b"CR", 22),
    (b"CY", 28),
    (b"CZ", 24),
    (b"DE", 22),
    (b"DK", 18),
    (b"DO", 28),
    (b"EE", 20),
    (b"EG", 29),
    (b"ES", 24),
    (b"FI", 18),
    (b"FO", 18),
    (b"FR", 27),
    (b"GB", 22),
    (b"GE", 22),
    (b"GI", 23),
    (b"GL", 18),
    (b"GR", 27),
    (b"GT", 28),
    (b"HR", 21),
    (b"HU", 28),
    (b"IE", 22),
    (b"IL", 23),
    (b"IQ", 23),
    (b"IS", 26),
    (b"IT", 27),
    (b"JO", 30),
    (b"KW", 30),
    (b"KZ", 20),
    (b"LB", 28),
    (b"LC", 32),
    (b"LI", 21),
    (b"LT", 20),
    (b"LU", 20),
    (b"LV", 21),
    (b"LY", 25),
    (b"MC", 27),
    (b"MD", 24),
    (b"ME", 22),
    (b"MK", 19),
    (b"MR", 27),
    (b"MT", 31),
    (b"MU", 30),
    (b"NL", 18),
    (b"NO", 15),
    (b"PK", 24),
    (b"PL", 28),
    (b"PS", 29),
    (b"PT", 25),
    (b"QA", 29),
    (b"RO", 24),
    (b"RS", 22),
    (b"RU", 33),
    (b"SA", 24),
    (b"SC", 31),
    (b"SD", 18),
    (b"SE", 24),
    (b"SI", 19),
    (b"SK", 24),
    (b"SM", 27),
    (b"ST", 25),
    (b"SV", 28),
    (b"TL", 23),
    (b"TN", 24),
    (b"TR", 26),
    (b"UA", 29),
    (b"VA", 22),
    (b"VG", 24),
    (b"XK", 20),
];

/// Account numbers. Without a label only where country, length and check digits hold; beside one, countries that are
/// not in the register and wrong check digits too.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let account = candidate.compact;
    let ([a, b, check @ ..], true) = (account, account.iter().all(u8::is_ascii_alphanumeric)) else { return None };
    let shaped = a.is_ascii_uppercase()
        && b.is_ascii_uppercase()
        && check.iter().take(2).all(u8::is_ascii_digit)
        && (15..=34).contains(&account.len());
    if !shaped {
        return None;
    }
    let registered = LENGTHS.iter().find(|(country, _)| *country == &[*a, *b]).map(|(_, length)| *length);
    let fits = registered == Some(account.len());
    let holds = check_holds(account);
    if !(holds && fits || candidate.labelled && (holds || fits)) {
        return None;
    }
    Some(Evidence {
        checksum: if holds { 20 } else { 0 },
        registry: if holds && fits { 20 } else { 0 },
        label_required: !(holds && fits),
        traits: Traits {
            checksum_fails: !holds,
            test_value: account == b"GB82WEST12345698765432",
            ..Traits::default()
        },
    })
}

/// Whether the number, its first four characters put last and letters read as 10 to 35, leaves 1 modulo 97.
fn check_holds(account: &[u8]) -> bool {
    let Some((head, tail)) = account.split_at_checked(4) else { return false };
    let remainder = tail.iter().chain(head).fold(0, |remainder, byte| {
        let value = char::from(*byte).to_digit(36).unwrap_or(0);
        (remainder * if value < 10 { 10 } else { 100 } + value) % 97
    });
    remainder == 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn worked_examples() {
        for value in [
            "GB82WEST12345698765432",
            "GB82 WEST 1234 5698 7654 32",
            "DE89370400440532013000",
            "FR1420041010050500013M02606",
        ] {
            let found = check(validate, value, false).unwrap();
            assert_eq!((found.checksum, found.registry, found.label_required), (20, 20, false), "{value}");
        }
    }

    #[test]
    fn others_need_a_label() {
        assert_eq!(check(validate, "GB82WEST12345698765433", false), None);
        assert!(check(validate, "GB82WEST12345698765433", true).unwrap().traits.checksum_fails);
        for value in ["QQ82WEST12345698765432", "GB82WEST1234569876543", "G182WEST12345698765432", "GB82"] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
    }

    #[test]
    fn single_errors_are_noticed_and_countries_are_in_order() {
        let account = b"DE89370400440532013000";
        for at in 2..account.len() {
            for digit in b'0'..=b'9' {
                let mut changed = *account;
                changed[at] = digit;
                assert_eq!(check_holds(&changed), changed == *account, "{at}");
            }
        }
        assert!(LENGTHS.is_sorted() && LENGTHS.iter().all(|(_, length)| (15..=34).contains(length)));
    }
}
