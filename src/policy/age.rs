//! How old somebody is, as far as an identifier tells: a resident ID number, a date of birth, an age.
//!
//! Looks at the text of one value and at a date that is handed in; asks no clock.

use crate::rule::canonical::fold;
use crate::validate::cn_resident_id::{Date, ResidentId};

/// The entity types that tell an age.
pub const TELLING: [&str; 3] = ["CN_RESIDENT_ID", "BIRTHDAY", "AGE"];

/// The entity type that stands for the data of children in reports.
pub const MINOR: &str = "MINOR_INFO";

/// How the values of an entity type tell an age.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tells {
    /// A resident ID number holds the day of birth.
    ResidentId,
    /// A date of birth, or its year and month.
    Date,
    /// The age itself, in years.
    Years,
}

impl Tells {
    /// How the values of entity type `entity` do; `None` when they do not.
    pub fn of(entity: &str) -> Option<Tells> {
        match entity {
            "CN_RESIDENT_ID" => Some(Tells::ResidentId),
            "BIRTHDAY" => Some(Tells::Date),
            "AGE" => Some(Tells::Years),
            _ => None,
        }
    }

    /// Whether `value` tells that somebody is younger than `years` on the day `as_of`. Of a year and a month, the last
    /// day counts; what cannot be read tells nothing, and neither does a birth after `as_of`.
    pub fn is_under(self, value: &[u8], years: u8, as_of: Date) -> bool {
        // Nearly all that are counted: as the standard writes them.
        if self == Tells::ResidentId
            && let Some(id) = ResidentId::parse(value)
        {
            return is_under(id.birth, years, as_of);
        }
        // Longer than any of them, spelled with full-width digits.
        let mut text = [0_u8; 32];
        let mut length = 0;
        if value.is_ascii() {
            let Some(place) = text.get_mut(..value.len()) else { return false };
            place.copy_from_slice(value);
            place.make_ascii_uppercase();
            length = value.len();
        } else {
            for character in String::from_utf8_lossy(value).chars().filter_map(fold) {
                let byte = u8::try_from(u32::from(character)).unwrap_or(b'/').to_ascii_uppercase();
                let Some(slot) = text.get_mut(length) else { return false };
                (*slot, length) = (byte, length + 1);
            }
        }
        let text = text.get(..length).unwrap_or_default();
        match self {
            Tells::Years => digits(text).next().is_some_and(|(age, _)| age < u32::from(years)),
            Tells::ResidentId => {
                let mut compact = [0_u8; 32];
                let mut held = 0;
                for byte in text.iter().filter(|byte| byte.is_ascii_alphanumeric()) {
                    let Some(slot) = compact.get_mut(held) else { return false };
                    (*slot, held) = (*byte, held + 1);
                }
                let parsed = ResidentId::parse(compact.get(..held).unwrap_or_default());
                parsed.is_some_and(|parsed| is_under(parsed.birth, years, as_of))
            }
            Tells::Date => birth(text).is_some_and(|birth| is_under(birth, years, as_of)),
        }
    }
}

fn is_under(birth: Date, years: u8, as_of: Date) -> bool {
    // Who is born on 29 February comes of age on 1 March: compared by fields, no such day need exist.
    let of_age = (birth.year + u16::from(years), birth.month, birth.day);
    birth <= as_of && (as_of.year, as_of.month, as_of.day) < of_age
}

/// The day that a date of birth spells.
fn birth(text: &[u8]) -> Option<Date> {
    let mut groups = digits(text);
    let (first, length) = groups.next()?;
    if length == 8 {
        return Date::new((first / 10_000) as u16, (first / 100 % 100) as u8, (first % 100) as u8);
    }
    let (month, _) = groups.next()?;
    let (year, month) = (u16::try_from(first).ok()?, u8::try_from(month).ok()?);
    match groups.next() {
        Some((day, _)) => Date::new(year, month, u8::try_from(day).ok()?),
        None => (28..=31).rev().find_map(|day| Date::new(year, month, day)),
    }
}

/// The groups of digits in `text`, with their lengths.
fn digits(text: &[u8]) -> impl Iterator<Item = (u32, usize)> {
    let groups = text.split(|byte| !byte.is_ascii_digit()).filter(|group| (1..=8).contains(&group.len()));
    groups.map(|group| (group.iter().fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0')), group.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_counted_on_the_day() {
        let on = |year, month, day| Date::new(year, month, day).unwrap();
        let under = |tells: Tells, value: &str, as_of| tells.is_under(value.as_bytes(), 14, as_of);
        for spelled in ["2012-03-04", "2012/3/4", "2012年3月4日", "20120304", "２０１２年３月４日"] {
            assert!(under(Tells::Date, spelled, on(2026, 3, 3)), "{spelled}");
            assert!(!under(Tells::Date, spelled, on(2026, 3, 4)), "{spelled}");
            assert!(!under(Tells::Date, spelled, on(2012, 3, 3)), "{spelled}: not born yet");
        }
        assert!(under(Tells::Date, "2012年3月", on(2026, 3, 30)) && !under(Tells::Date, "2012年3月", on(2026, 3, 31)));
        assert!(under(Tells::Date, "2012-02-29", on(2026, 2, 28)) && !under(Tells::Date, "2012-02-29", on(2026, 3, 1)));
        assert!(!under(Tells::Date, "2012", on(2026, 1, 1)) && !under(Tells::Date, "", on(2026, 1, 1)));
        assert!(!under(Tells::ResidentId, "11010519491231002X", on(2026, 1, 1)));
        assert!(under(Tells::ResidentId, "11010519491231002X", on(1963, 12, 30)));
        assert!(under(Tells::ResidentId, "110105 19491231 002x", on(1963, 12, 30)));
        assert!(!under(Tells::ResidentId, "11010519491231002X", on(1963, 12, 31)));
        assert!(under(Tells::ResidentId, "110105491231002", on(1963, 12, 30)), "the old form of 15 digits");
        assert!(under(Tells::Years, "13岁", on(2026, 1, 1)) && !under(Tells::Years, "14", on(2026, 1, 1)));
    }
}
