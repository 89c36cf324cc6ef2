//! Permanent resident ID numbers of foreigners: 18 digits that begin with 9 (issued since December 2023), and before
//! that three letters of the country and 12 digits.
//!
//! That the number begins with 9 and ends in a MOD 11-2 check character is published; where province and country
//! stand is not, so a number that differs there is kept beside a label and never rejected for it.

use std::sync::LazyLock;

use super::cn_resident_id::{Date, check_holds, is_province};
use super::{Candidate, Evidence, number};
use crate::finding::Traits;
use crate::rule::embedded;

/// Permanent resident ID numbers of either version; the old one only beside a label.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    match candidate.compact.len() {
        18 => validate_2023(candidate),
        15 => validate_2017(candidate.compact),
        _ => None,
    }
}

fn validate_2023(candidate: &Candidate<'_>) -> Option<Evidence> {
    let compact = candidate.compact;
    let (b'9', rest) = compact.split_first()? else { return None };
    let (province, rest) = rest.split_at_checked(2)?;
    let (country, rest) = rest.split_at_checked(3)?;
    let (birth, _) = rest.split_first_chunk::<8>()?;
    let born = Date::parse(birth).is_some_and(Date::is_birth);
    let placed =
        is_province(number(province)? as u32) && COUNTRIES.numeric.binary_search(&(number(country)? as u16)).is_ok();
    let holds = check_holds(compact);
    // A credit code can be 18 digits that begin with 9 too: without a date of birth only a label decides.
    if !(candidate.labelled || holds && born) {
        return None;
    }
    // A wrong check digit is forgiven only where all else is in order.
    if !holds && (!born || !compact.iter().all(u8::is_ascii_digit)) {
        return None;
    }
    Some(Evidence {
        checksum: if holds { 30 } else { 0 },
        registry: if holds && born && placed { 20 } else { 0 },
        label_required: !(holds && born && placed),
        traits: Traits { checksum_fails: !holds, ..Traits::default() },
    })
}

fn validate_2017(compact: &[u8]) -> Option<Evidence> {
    let (country, digits) = compact.split_first_chunk::<3>()?;
    if !country.iter().all(u8::is_ascii_uppercase) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let known = COUNTRIES.letters.binary_search(country).is_ok();
    let (check, body) = compact.split_last()?;
    let holds = machine_readable_check(body) == *check;
    Some(Evidence {
        checksum: if holds { 15 } else { 0 },
        registry: if known { 20 } else { 0 },
        label_required: true,
        traits: Traits::default(),
    })
}

/// The check digit of ICAO Doc 9303 machine-readable zones: weights 7, 3, 1; `A` counts 10.
fn machine_readable_check(body: &[u8]) -> u8 {
    let sum: u32 = body
        .iter()
        .zip([7, 3, 1].into_iter().cycle())
        .map(|(byte, weight)| char::from(*byte).to_digit(36).unwrap_or(0) * weight)
        .sum();
    b'0' + (sum % 10) as u8
}

struct Countries {
    numeric: Vec<u16>,
    letters: Vec<[u8; 3]>,
}

static COUNTRIES: LazyLock<Countries> = LazyLock::new(|| {
    let mut countries = Countries { numeric: Vec::new(), letters: Vec::new() };
    for mut row in embedded::rows("iso3166.tsv") {
        countries.numeric.extend(row.next().and_then(|code| code.parse::<u16>().ok()));
        countries.letters.extend(row.next().and_then(|code| <[u8; 3]>::try_from(code.as_bytes()).ok()));
    }
    countries.numeric.sort_unstable();
    countries.letters.sort_unstable();
    countries
});

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::cn_resident_id::resident_id_check;
    use crate::validate::tests::{Random, check};

    fn with_check(body: &str) -> String {
        let digits: [u8; 17] = body.as_bytes().try_into().unwrap();
        format!("{body}{}", char::from(resident_id_check(&digits)))
    }

    #[test]
    fn the_new_version_needs_no_label() {
        // Beijing (11), United States (840), born 1980-05-20.
        let found = check(validate, &with_check("91184019800520001"), false).unwrap();
        assert_eq!((found.checksum, found.registry, found.label_required), (30, 20, false));
    }

    #[test]
    fn another_layout_needs_a_label() {
        for body in ["99984019800520001", "91199919800520001"] {
            let found = check(validate, &with_check(body), true).unwrap();
            assert_eq!((found.checksum, found.registry, found.label_required), (30, 0, true), "{body}");
        }
    }

    #[test]
    fn what_cannot_be_one_is_rejected() {
        assert_eq!(check(validate, "11010519491231002X", true), None);
        assert_eq!(check(validate, &with_check("91184019801320001"), false), None, "month 13");
        let wrong = with_check("91184019800520001").replace("9118401980052", "9118401980053");
        assert_eq!(check(validate, &wrong, false), None, "wrong check");
        assert!(check(validate, &wrong, true).is_none_or(|found| found.traits.checksum_fails));
        assert_eq!(check(validate, "91110000600037341L", true), None, "a credit code");
    }

    #[test]
    fn the_old_version_needs_a_label() {
        let found = check(validate, "USA110180052012", false).unwrap();
        assert!(found.label_required);
        assert_eq!(found.registry, 20);
        assert_eq!(check(validate, "QQQ110180052012", false).map(|found| found.registry), Some(0));
        assert_eq!(check(validate, "US1110180052012", true), None);
    }

    #[test]
    fn machine_readable_check_of_the_icao_example() {
        assert_eq!(machine_readable_check(b"L898902C3"), b'6');
        assert_eq!(machine_readable_check(b"740812"), b'2');
    }

    #[test]
    fn random_numbers_do_not_pass() {
        let mut random = Random::new(11);
        let hits = (0..100_000)
            .filter(|_| {
                let mut digits = random.digits::<18>();
                digits[0] = b'9';
                validate(&Candidate { compact: &digits, original: &digits, labelled: false })
                    .is_some_and(|found| !found.label_required)
            })
            .count();
        assert!(hits <= 5, "{hits}");
    }
}
