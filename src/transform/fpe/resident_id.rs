//! The bijection on resident identity numbers (GB 11643, 18 characters; the old form of 15 digits).
//!
//! A number with a known area and a real date of birth stays one: area × date × sequence is permuted as one number.
//! What is not plausible is permuted as bare digits. The check character holds or fails exactly as it did, and stays
//! a digit or `X` as it was: a number column cannot hold `X`, and must give what the text column gives.
//!
//! Areas have slots by a hash of their code, not by their rank, so that a code added to the table in a later release
//! moves few other results instead of all.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::super::key::Bijection;
use super::{misshapen, number, walk, walk_apart, written};
use crate::error::DataError;
use crate::policy::parameters::{BirthDate, Part};
use crate::rule::embedded;

/// Slots for areas; under half of them are taken.
const AREA_SLOTS: usize = 1 << 14;
/// Slots for the days of a year: 12 months of 31.
const DAYS: u128 = 12 * 31;
/// Sequence numbers of one area and day.
const SEQUENCES: u128 = 1000;
/// Sequence numbers among which one is found to trade results with: of so many, 18 have the check character `X`.
const BLOCK: u128 = 200;
/// Births in these years are permuted among each other; a result is of a plausible age and not in the future.
/// In other years the year is kept. Fixed: a change would change results.
const YEARS: std::ops::RangeInclusive<u32> = 1925..=2025;
/// Weights of GB 11643 (ISO 7064 MOD 11-2).
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

struct Areas {
    code: Vec<Option<u32>>,
    slot: HashMap<u32, u32>,
}

static AREAS: LazyLock<Areas> = LazyLock::new(|| {
    let mut areas = Areas { code: vec![None; AREA_SLOTS], slot: HashMap::new() };
    let codes = embedded::rows("cn_area.tsv").filter_map(|mut row| row.next()?.parse::<u32>().ok());
    for code in codes.take(AREA_SLOTS) {
        let start = (code.wrapping_mul(2_654_435_761) >> 18) as usize;
        let free = (0..AREA_SLOTS)
            .map(|step| (start + step) % AREA_SLOTS)
            .find(|slot| areas.code.get(*slot).is_some_and(|held| held.is_none_or(|held| held == code)));
        if let Some((slot, held)) = free.and_then(|slot| Some((slot, areas.code.get_mut(slot)?))) {
            *held = Some(code);
            areas.slot.insert(code, slot as u32);
        }
    }
    areas
});

/// Area, date and sequence of a number, the year with its century.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Body {
    area: u32,
    year: u32,
    month: u32,
    day: u32,
    sequence: u32,
}

impl Body {
    /// Takes 17 digits (`yyyymmdd`) or 15 (`yymmdd`) apart.
    fn of(digits: u128, short: bool) -> Body {
        let part = |scale: u128, modulus: u128| ((digits / scale) % modulus) as u32;
        let (year_modulus, century) = if short { (100, 1900) } else { (10_000, 0) };
        Body {
            area: part(SEQUENCES * 10_000 * year_modulus, 1_000_000),
            year: part(SEQUENCES * 10_000, year_modulus) + century,
            month: part(SEQUENCES * 100, 100),
            day: part(SEQUENCES, 100),
            sequence: part(1, SEQUENCES),
        }
    }

    fn digits(self, short: bool) -> u128 {
        let (year_modulus, year) = if short { (100, self.year % 100) } else { (10_000, self.year) };
        let date = u128::from(year) * 10_000 + u128::from(self.month * 100 + self.day);
        (u128::from(self.area) * year_modulus * 10_000 + date) * SEQUENCES + u128::from(self.sequence)
    }

    /// A known area and a day that was.
    fn is_plausible(self) -> bool {
        let leap = self.year.is_multiple_of(4) && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        let days = match self.month {
            2 => 28 + u32::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => 0,
        };
        (1900..=2099).contains(&self.year) && (1..=days).contains(&self.day) && AREAS.slot.contains_key(&self.area)
    }

    /// The body as one number, years counted from the first of `years`.
    fn rank(self, years: &std::ops::RangeInclusive<u32>) -> Option<u128> {
        let slot = u128::from(*AREAS.slot.get(&self.area)?);
        let span = u128::from(years.end() - years.start() + 1);
        let year = slot * span + u128::from(self.year.checked_sub(*years.start())?);
        let day = year * DAYS + u128::from((self.month.checked_sub(1)?) * 31 + self.day.checked_sub(1)?);
        Some(day * SEQUENCES + u128::from(self.sequence))
    }

    /// The plausible body of a rank; nothing when the rank is of a free slot or a day that was not.
    fn of_rank(rank: u128, years: &std::ops::RangeInclusive<u32>) -> Option<Body> {
        let span = u128::from(years.end() - years.start() + 1);
        let (day, year) = (rank / SEQUENCES % DAYS, rank / SEQUENCES / DAYS);
        let area = AREAS.code.get(usize::try_from(year / span).ok()?).copied()??;
        let body = Body {
            area,
            year: (year % span) as u32 + years.start(),
            month: (day / 31) as u32 + 1,
            day: (day % 31) as u32 + 1,
            sequence: (rank % SEQUENCES) as u32,
        };
        body.is_plausible().then_some(body)
    }
}

/// What stays of a number when the rest is permuted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::transform) struct Kept {
    pub(in crate::transform) region: Part,
    pub(in crate::transform) birth_date: BirthDate,
}

impl Kept {
    /// Nothing stays.
    const NOTHING: Kept = Kept { region: Part::Drop, birth_date: BirthDate::Drop };
}

/// The check value of 17 digits: 0 to 9, or 10 for `X`.
fn check_of(body: u128) -> u32 {
    // 17 digits fit 64 bits, in which division is much faster.
    let mut rest = body as u64;
    let mut sum = 0;
    for weight in WEIGHTS.iter().rev() {
        sum += (rest % 10) as u32 * weight;
        rest /= 10;
    }
    (12 - sum % 11) % 11
}

/// The same-shape value of an 18- or 15-character number.
pub(super) fn permute(cipher: &Bijection, canonical: &[u8]) -> Result<Vec<u8>, DataError> {
    permute_keeping(cipher, canonical, Kept::NOTHING)
}

/// The same, with `kept` parts as they are.
pub(in crate::transform) fn permute_keeping(
    cipher: &Bijection,
    canonical: &[u8],
    kept: Kept,
) -> Result<Vec<u8>, DataError> {
    let expected = || misshapen(canonical, "a resident ID of 18 characters or 15 digits");
    match (canonical.len(), canonical.split_last()) {
        (15, _) => {
            let digits = number(canonical).ok_or_else(expected)?;
            Ok(written(permute_body(cipher, digits, true, kept, &|_| true)?, 15))
        }
        (18, Some((last, body))) => {
            let body = number(body).ok_or_else(expected)?;
            let check = match last {
                b'X' => 10,
                b'0'..=b'9' => u32::from(last - b'0'),
                _ => return Err(expected()),
            };
            // 0 when the check character holds; kept, so that a number with a wrong one stays distinct.
            let offset = check + 11 - check_of(body);
            let check_after = |body: u128| (check_of(body) + offset) % 11;
            let accepted = |body: u128| (check_after(body) == 10) == (check == 10);
            let body = permute_body(cipher, body, false, kept, &accepted)?;
            let mut out = written(body, 17);
            out.extend(if check == 10 { "X".to_owned() } else { check_after(body).to_string() }.into_bytes());
            Ok(out)
        }
        _ => Err(expected()),
    }
}

/// Permutes a body within its class and `accepted`, which holds for the body itself.
fn permute_body(
    cipher: &Bijection,
    digits: u128,
    short: bool,
    kept: Kept,
    accepted: &dyn Fn(u128) -> bool,
) -> Result<u128, DataError> {
    let body = Body::of(digits, short);
    let count = if short { 15 } else { 17 };
    if !body.is_plausible() {
        let leading_zero = |digits: u128| digits < 10_u128.pow(count - 1);
        let class = leading_zero(digits);
        let tweak: &[u8] = if short { b"bare 15" } else { b"bare 18" };
        return walk(cipher, tweak, digits, count as usize, |candidate| {
            leading_zero(candidate) == class && !Body::of(candidate, short).is_plausible() && accepted(candidate)
        });
    }
    if kept != Kept::NOTHING {
        return permute_parts(cipher, body, short, kept, accepted);
    }
    let (years, width, tweak) = match () {
        () if short => (1900..=1999, 12, "15".to_owned()),
        () if YEARS.contains(&body.year) => (YEARS, 12, "18".to_owned()),
        () => (body.year..=body.year, 10, format!("18 {}", body.year)),
    };
    let rank = body.rank(&years).ok_or_else(|| DataError::new("a resident ID cannot be ranked"))?;
    let plausible = |rank: u128| Body::of_rank(rank, &years).map(|body| body.digits(short));
    let rank = walk(cipher, tweak.as_bytes(), rank, width, |rank| plausible(rank).is_some_and(accepted))?;
    plausible(rank).ok_or_else(|| DataError::new("a resident ID cannot be ranked"))
}

/// Permutes what does not stay of a plausible body.
fn permute_parts(
    cipher: &Bijection,
    body: Body,
    short: bool,
    kept: Kept,
    accepted: &dyn Fn(u128) -> bool,
) -> Result<u128, DataError> {
    let impossible = || DataError::new("a resident ID cannot be ranked");
    let years = match kept.birth_date {
        BirthDate::Drop if short => 1900..=1999,
        BirthDate::Drop if body.year < *YEARS.start() => 1900..=*YEARS.start() - 1,
        BirthDate::Drop if body.year > *YEARS.end() => *YEARS.end() + 1..=2099,
        BirthDate::Drop => YEARS,
        BirthDate::Year | BirthDate::Keep => body.year..=body.year,
    };
    let span = u128::from(years.end() - years.start() + 1);
    let (keeps_area, keeps_day) = (kept.region == Part::Keep, kept.birth_date == BirthDate::Keep);
    let (slots, days) = (if keeps_area { 1 } else { AREA_SLOTS as u128 }, if keeps_day { 1 } else { DAYS });
    let slot = if keeps_area { 0 } else { u128::from(*AREAS.slot.get(&body.area).ok_or_else(impossible)?) };
    let day = if keeps_day { 0 } else { u128::from((body.month - 1) * 31 + body.day - 1) };
    let rank =
        ((slot * span + u128::from(body.year - years.start())) * days + day) * SEQUENCES + u128::from(body.sequence);
    let of_rank = |rank: u128| {
        let (day, year) = (rank / SEQUENCES % days, rank / SEQUENCES / days);
        let slot = usize::try_from(year / span).ok()?;
        let area = if keeps_area { (slot == 0).then_some(body.area)? } else { AREAS.code.get(slot).copied()?? };
        let (month, day) =
            if keeps_day { (body.month, body.day) } else { ((day / 31) as u32 + 1, (day % 31) as u32 + 1) };
        let year = (year % span) as u32 + years.start();
        let next = Body { area, year, month, day, sequence: (rank % SEQUENCES) as u32 };
        next.is_plausible().then(|| next.digits(short))
    };
    let width = (slots * span * days * SEQUENCES - 1).to_string().len();
    let area = if keeps_area { body.area } else { 0 };
    let date = if keeps_day { body.month * 100 + body.day } else { 0 };
    let tweak = format!("parts {short} {area} {}-{} {date} {slots} {days}", years.start(), years.end());
    let rank = walk_apart(cipher, tweak.as_bytes(), rank, width, BLOCK, |rank| of_rank(rank).is_some_and(accepted))?;
    of_rank(rank).ok_or_else(impossible)
}

/// The area of a resident ID and its date of birth, where it is one of 18 characters or 15 digits that could be.
pub(in crate::transform) struct Parts {
    pub(in crate::transform) year: u32,
    pub(in crate::transform) month: u32,
    pub(in crate::transform) day: u32,
    /// Of 15 digits, the old form.
    pub(in crate::transform) short: bool,
}

/// The parts of a canonical number.
pub(in crate::transform) fn parts_of(canonical: &[u8]) -> Result<Parts, DataError> {
    let expected = || misshapen(canonical, "a resident ID of 18 characters or 15 digits");
    let short = canonical.len() == 15;
    let digits = match canonical.split_last() {
        Some((b'0'..=b'9' | b'X', body)) if canonical.len() == 18 => number(body),
        _ if short => number(canonical),
        _ => None,
    };
    let Body { year, month, day, .. } = Body::of(digits.ok_or_else(expected)?, short);
    Ok(Parts { year, month, day, short })
}

/// Whether a year has this day.
pub(in crate::transform) fn is_day(year: u32, month: u32, day: u32) -> bool {
    crate::validate::cn_resident_id::Date::new(year as u16, month as u8, day as u8).is_some()
}

/// The check character behind a body of 17 digits.
pub(in crate::transform) fn check_character(body: u128) -> char {
    char::from_digit(check_of(body), 10).unwrap_or('X')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_slots_have_their_area_and_no_area_has_two() {
        let taken = AREAS.code.iter().flatten().count();
        assert_eq!(taken, AREAS.slot.len());
        assert!((5000..AREA_SLOTS / 2 + 1000).contains(&taken), "{taken} areas");
    }

    #[test]
    fn a_body_is_taken_apart_and_put_together() {
        let body = Body::of(11_010_519_491_231_002, false);
        assert_eq!(body, Body { area: 110_105, year: 1949, month: 12, day: 31, sequence: 2 });
        assert!(body.is_plausible());
        assert_eq!(body.digits(false), 11_010_519_491_231_002);
        let short = Body::of(110_105_491_231_002, true);
        assert_eq!(short, body);
        assert_eq!(short.digits(true), 110_105_491_231_002);
        assert_eq!(Body::of_rank(body.rank(&YEARS).unwrap(), &YEARS), Some(body));
    }

    #[test]
    fn days_that_were_not_are_not_plausible() {
        let of = |month, day, year| Body { area: 110_105, year, month, day, sequence: 1 }.is_plausible();
        assert!(of(2, 29, 2000) && of(2, 28, 1900) && of(12, 31, 2099));
        assert!(!of(2, 29, 1900) && !of(2, 30, 2000) && !of(13, 1, 2000) && !of(0, 1, 2000) && !of(4, 31, 2000));
        assert!(!of(1, 1, 1899) && !of(1, 0, 2000));
        assert!(!Body { area: 990_105, year: 2000, month: 1, day: 1, sequence: 1 }.is_plausible());
    }

    /// GB 11643: 11010519491231002 gives X, 44052418800101001 gives 4.
    #[test]
    fn check_values() {
        assert_eq!(check_of(11_010_519_491_231_002), 10);
        assert_eq!(check_of(44_052_418_800_101_001), 4);
    }
}
