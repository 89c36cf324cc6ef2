//! Chinese resident ID numbers: GB 11643-1999 (18 characters), their predecessor of 15 digits, and the residence
//! permits of Hong Kong, Macau and Taiwan residents, which follow the same scheme.
//!
//! Must never reject a number because its area code is not in the table when its prefecture or a label speaks for it:
//! development zones and farms have used codes that no public list holds.

use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Candidate, Evidence, number};
use crate::finding::Traits;
use crate::rule::embedded;

/// A day of the Gregorian calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Date {
    /// Year.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day, 1 to 31.
    pub day: u8,
}

impl Date {
    /// The first day of birth that a number can hold: nobody born before 1900 has one.
    pub const FIRST_BIRTH: Date = Date { year: 1900, month: 1, day: 1 };

    /// The date, if the calendar has it.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Date> {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            _ => return None,
        };
        (1..=days).contains(&day).then_some(Date { year, month, day })
    }

    /// The date that `yyyyMMdd` spells.
    pub fn parse(digits: &[u8; 8]) -> Option<Date> {
        let value = number(digits)? as u32;
        Date::new((value / 10_000) as u16, (value / 100 % 100) as u8, (value % 100) as u8)
    }

    /// Days since 1970-01-01.
    pub fn days(self) -> i32 {
        // Years that begin in March put the leap day last.
        let year = i32::from(self.year) - i32::from(self.month <= 2);
        let month = (i32::from(self.month) + 9) % 12;
        let day_of_year = (153 * month + 2) / 5 + i32::from(self.day) - 1;
        year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
    }

    /// The date so many days after 1970-01-01; `None` outside the years 1 to 9999.
    pub fn from_days(days: i32) -> Option<Date> {
        let days = days.checked_add(719_468)?;
        if days < 366 {
            return None;
        }
        let era_day = days % 146_097;
        let era_year = (era_day - era_day / 1_460 + era_day / 36_524 - era_day / 146_096) / 365;
        let year_day = era_day - (365 * era_year + era_year / 4 - era_year / 100);
        let month = (5 * year_day + 2) / 153;
        let day = year_day - (153 * month + 2) / 5 + 1;
        let year = days / 146_097 * 400 + era_year + i32::from(month >= 10);
        let month = if month < 10 { month + 3 } else { month - 9 };
        if year > 9999 {
            return None;
        }
        Date::new(u16::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
    }

    /// The last day of birth that is plausible: tomorrow, because of time zones, when the process looked first.
    pub fn last_birth() -> Date {
        static LAST: LazyLock<Date> = LazyLock::new(|| Date::from_today(1));
        *LAST
    }

    /// The day so many days after today (UTC).
    pub fn from_today(days: i32) -> Date {
        let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        // A clock that was never set must not make everybody unborn.
        let today = i32::try_from(seconds / 86_400).unwrap_or(i32::MAX / 2).max(20_454);
        Date::from_days(today + days).unwrap_or(Date { year: 9999, month: 12, day: 31 })
    }

    /// Whether a living or recorded person can be born on that day.
    pub fn is_birth(self) -> bool {
        self >= Date::FIRST_BIRTH && self <= Date::last_birth()
    }
}

/// The parts of a resident ID number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResidentId {
    /// GB/T 2260 code of the place of first registration.
    pub area: u32,
    /// Day of birth.
    pub birth: Date,
    /// Sequence number, 0 to 999; odd for men.
    pub sequence: u16,
    /// The check character; `None` in the old form of 15 digits.
    pub check: Option<u8>,
}

impl ResidentId {
    /// Takes an upper-case number of 18 or 15 characters apart. The province must exist and the date must be one of
    /// birth; whether the check character holds is not looked at.
    pub fn parse(compact: &[u8]) -> Option<ResidentId> {
        let (area, birth, sequence, check) = match compact.len() {
            15 => {
                let (area, rest) = compact.split_at_checked(6)?;
                let ([y1, y2, m1, m2, d1, d2], sequence) = rest.split_first_chunk::<6>()?;
                (area, [b'1', b'9', *y1, *y2, *m1, *m2, *d1, *d2], sequence, None)
            }
            18 => {
                let (area, rest) = compact.split_at_checked(6)?;
                let (birth, rest) = rest.split_first_chunk::<8>()?;
                let (check, sequence) = rest.split_last()?;
                (area, *birth, sequence, Some(*check).filter(|check| matches!(check, b'0'..=b'9' | b'X')))
            }
            _ => return None,
        };
        if compact.len() == 18 && check.is_none() {
            return None;
        }
        let area = number(area)? as u32;
        if !is_province(area / 10_000) {
            return None;
        }
        let birth = Date::parse(&birth).filter(|date| date.is_birth())?;
        Some(ResidentId { area, birth, sequence: number(sequence)? as u16, check })
    }
}

/// The check character (`0`..`9`, `X`) of the first 17 digits of a number: ISO 7064 MOD 11-2.
pub fn resident_id_check(body: &[u8; 17]) -> u8 {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = body.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit.wrapping_sub(b'0')) * weight).sum();
    match sum % 11 {
        0 => b'1',
        1 => b'0',
        2 => b'X',
        remainder => b'0' + (12 - remainder) as u8,
    }
}

/// Whether the last of 18 upper-case characters is the check character of the 17 digits before it.
pub fn check_holds(compact: &[u8]) -> bool {
    match compact.split_first_chunk::<17>() {
        Some((body, [check])) => body.iter().all(u8::is_ascii_digit) && resident_id_check(body) == *check,
        _ => false,
    }
}

/// Whether GB/T 2260 (or the residence permits' rules) has a province-level unit with this two-digit code.
pub fn is_province(code: u32) -> bool {
    matches!(code, 11..=15 | 21..=23 | 31..=37 | 41..=46 | 50..=54 | 61..=65 | 71 | 81..=83)
}

/// How well an area code is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum AreaKnown {
    /// Neither the code nor its prefecture is in the table.
    No,
    /// Other codes of its prefecture are in the table.
    Prefecture,
    /// One source has it.
    Weak,
    /// Several sources have it, or the rules of the residence permits name it.
    Sure,
}

/// How well `area` is known.
pub fn area_known(area: u32) -> AreaKnown {
    if matches!(area, 810_000 | 820_000 | 830_000) {
        return AreaKnown::Sure;
    }
    let table: &[(u32, u8)] = &AREAS;
    match table.binary_search_by_key(&area, |(code, _)| *code) {
        Ok(at) => match table.get(at) {
            Some((_, 2..)) => AreaKnown::Sure,
            _ => AreaKnown::Weak,
        },
        Err(at) => {
            let near = |entry: Option<&(u32, u8)>| entry.is_some_and(|(code, _)| code / 100 == area / 100);
            let before = at.checked_sub(1).and_then(|before| table.get(before));
            if near(before) || near(table.get(at)) { AreaKnown::Prefecture } else { AreaKnown::No }
        }
    }
}

/// All area codes of the table in ascending order, current and historical.
pub fn areas() -> impl ExactSizeIterator<Item = u32> {
    AREAS.iter().map(|(code, _)| *code)
}

static AREAS: LazyLock<Vec<(u32, u8)>> = LazyLock::new(|| {
    let mut areas: Vec<(u32, u8)> = embedded::rows("cn_area.tsv")
        .filter_map(|mut row| Some((row.next()?.parse().ok()?, row.next()?.parse().ok()?)))
        .collect();
    areas.sort_unstable();
    areas
});

/// Resident ID numbers of 18 characters; of 15 digits only beside a label; with a wrong check character only beside
/// a label.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let mut buffer = [0; 18];
    let compact = with_latin_check(candidate.compact, &mut buffer);
    let id = ResidentId::parse(compact)?;
    let old_form = id.check.is_none();
    let holds = !old_form && check_holds(compact);
    if !old_form && !holds && !candidate.labelled {
        return None;
    }
    let known = area_known(id.area);
    // A wrong check character takes away what the area would add: a typing error is a weaker find.
    let registry = match known {
        _ if !holds && !old_form => 0,
        AreaKnown::Sure => 20,
        AreaKnown::Weak => 10,
        AreaKnown::Prefecture | AreaKnown::No => 0,
    };
    Some(Evidence {
        checksum: if holds { 30 } else { 0 },
        registry,
        label_required: !holds || known == AreaKnown::No,
        traits: Traits { test_value: is_test_value(compact), checksum_fails: !old_form && !holds, ..Traits::default() },
    })
}

/// The multiplication sign and the Cyrillic letter that stand for the `X` in scanned and typed text.
fn with_latin_check<'a>(compact: &'a [u8], buffer: &'a mut [u8; 18]) -> &'a [u8] {
    match compact.split_first_chunk::<17>() {
        Some((body, [0xC3, 0x97] | [0xD0, 0xA5] | [0xD1, 0x85] | [b'x'])) => {
            *buffer = [b'X'; 18];
            for (to, from) in buffer.iter_mut().zip(body) {
                *to = *from;
            }
            buffer
        }
        _ => compact,
    }
}

fn is_test_value(compact: &[u8]) -> bool {
    // The example of GB 11643 itself, and the prefix that test data in Chinese code is full of.
    compact == b"11010519491231002X" || compact == b"110105491231002" || compact.starts_with(b"11010119900307")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::{Random, check};
    use proptest::prelude::*;

    #[test]
    fn worked_examples_of_the_check_character() {
        for (body, expected) in [
            (b"11010519491231002", b'X'),
            (b"44052418800101001", b'4'),
            (b"81000019900101001", b'9'),
            (b"82000019851015002", b'5'),
            (b"83000019780520003", b'1'),
        ] {
            assert_eq!(resident_id_check(body), expected, "{body:?}");
        }
    }

    #[test]
    fn a_valid_number_has_all_points() {
        let evidence = check(validate, "11010519491231002X", false).unwrap();
        assert_eq!((evidence.checksum, evidence.registry, evidence.label_required), (30, 20, false));
        assert!(evidence.traits.test_value);
        for value in ["810000199001010019", "820000198510150025", "830000197805200031"] {
            assert_eq!(check(validate, value, false).map(|found| found.registry), Some(20), "{value}");
        }
    }

    #[test]
    fn odd_check_letters_are_x() {
        for value in ["11010519491231002x", "11010519491231002×", "11010519491231002Х", "11010519491231002х"] {
            let candidate = Candidate { compact: value.as_bytes(), original: value.as_bytes(), labelled: false };
            assert_eq!(validate(&candidate).map(|found| found.checksum), Some(30), "{value}");
        }
    }

    #[test]
    fn impossible_numbers_are_rejected_even_beside_a_label() {
        for value in [
            "440524188001010014", // born in 1880
            "110105194902310028", // 31 February
            "110105190002290021", // 1900 was no leap year
            "110105209912310020", // not born yet
            "20230105194912310X", // no province 20
            "1101051949123100",   // 16 digits
            "11010519491231002Y",
        ] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
    }

    #[test]
    fn a_wrong_check_character_needs_a_label() {
        assert_eq!(check(validate, "110105194912310021", false), None);
        let evidence = check(validate, "110105194912310021", true).unwrap();
        assert!(evidence.label_required && evidence.traits.checksum_fails);
        assert_eq!((evidence.checksum, evidence.registry), (0, 0));
    }

    #[test]
    fn the_old_form_needs_a_label() {
        let evidence = check(validate, "110105491231002", false).unwrap();
        assert!(evidence.label_required && !evidence.traits.checksum_fails);
        assert_eq!((evidence.checksum, evidence.registry), (0, 20));
    }

    #[test]
    fn areas_off_the_table_are_kept_with_less() {
        assert_eq!(area_known(110_105), AreaKnown::Sure);
        assert_eq!(area_known(110_198), AreaKnown::Prefecture);
        assert_eq!(area_known(119_999), AreaKnown::No);
        let id = |body: &[u8; 17]| {
            let mut value = String::from_utf8(body.to_vec()).unwrap();
            value.push(char::from(resident_id_check(body)));
            check(validate, &value, false).unwrap()
        };
        let near = id(b"11019819491231002");
        assert_eq!((near.checksum, near.registry, near.label_required), (30, 0, false));
        let far = id(b"11999919491231002");
        assert_eq!((far.checksum, far.registry, far.label_required), (30, 0, true));
    }

    #[test]
    fn abolished_and_new_areas_are_known() {
        // Chongwen and Xuanwu (merged 2010), Chongqing while in Sichuan, Linping (2021), He'an (2024).
        for area in [110_103, 110_104, 510_202, 330_113, 653_228] {
            assert!(area_known(area) >= AreaKnown::Weak, "{area}");
        }
        assert!(areas().len() > 6_000);
        assert!(areas().all(|area| is_province(area / 10_000)));
    }

    #[test]
    fn random_numbers_and_time_stamps_do_not_pass() {
        let mut random = Random::new(7);
        let mut hits = 0;
        for _ in 0..300_000 {
            let digits = random.digits::<18>();
            let candidate = Candidate { compact: &digits, original: &digits, labelled: false };
            hits += usize::from(validate(&candidate).is_some_and(|found| found.registry > 0));
        }
        assert!(hits <= 2, "{hits}");
        assert_eq!(check(validate, "202209061014469340", false), None);
        assert_eq!(check(validate, "199912311014469340", true), None);
    }

    proptest! {
        #[test]
        fn days_and_dates_are_inverse(days in -700_000i32..2_900_000) {
            let date = Date::from_days(days).unwrap();
            prop_assert_eq!(date.days(), days);
            prop_assert_eq!(Date::new(date.year, date.month, date.day), Some(date));
        }

        #[test]
        fn parse_gives_the_parts_back(days in -25_567i32..20_000, sequence in 0u16..1000) {
            let birth = Date::from_days(days).unwrap();
            let body = format!("330106{:04}{:02}{:02}{sequence:03}", birth.year, birth.month, birth.day);
            let digits: [u8; 17] = body.as_bytes().try_into().unwrap();
            let mut whole = digits.to_vec();
            whole.push(resident_id_check(&digits));
            let id = ResidentId::parse(&whole).unwrap();
            prop_assert_eq!((id.area, id.birth, id.sequence), (330_106, birth, sequence));
            prop_assert!(check_holds(&whole));
        }
    }

    #[test]
    fn known_days() {
        assert_eq!(Date::new(1970, 1, 1).unwrap().days(), 0);
        assert_eq!(Date::new(2000, 2, 29).unwrap().days(), 11_016);
        assert_eq!(Date::new(1900, 1, 1).unwrap().days(), -25_567);
    }
}
