//! `date_shift`: a date moved by a number of days that all dates of its subject share, so that the time between them stays.
//!
//! The number is drawn under the key, from the canonical value of the subject; it is never zero. Keeps the way in which a
//! date is written. A date that cannot be moved within the calendar of births is refused, never bent.

use hmac::Mac;

use super::key::EntityKeys;
use super::{Operator, Replacement, Subject};
use crate::error::DataError;
use crate::policy::OperatorSpec;
use crate::policy::parameters::{DateShift, Direction};
use crate::rule::canonical::fold;
use crate::validate::cn_resident_id::Date;

pub(super) static OPERATOR: Operator = Operator {
    name: "date_shift",
    about: "a date moved by as many days as all dates of its subject",
    same_shape: true,
    apply,
};

/// In the place of the number of days: the subject cannot be told any more.
pub(super) const LOST: i16 = i16::MIN;

/// Whose dates are moved alike.
#[derive(Clone, Copy)]
pub(super) enum Of {
    /// A subject's.
    Subject = 0,
    /// Those that are equal.
    Value = 1,
}

/// By how many days the dates of what is called `canonical` are moved.
pub(super) fn days_of(keys: &EntityKeys, parameters: &DateShift, of: Of, canonical: &[u8]) -> i16 {
    let digest = keys.dates.clone().chain_update([of as u8]).chain_update(canonical).finalize().into_bytes();
    let drawn = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let most = i64::from(parameters.days.max(1));
    let days = match parameters.direction {
        Direction::Earlier => -1 - (drawn % most.unsigned_abs()) as i64,
        // -N to -1, and 1 to N.
        Direction::Both => match (drawn % (2 * most.unsigned_abs())) as i64 - most {
            days @ ..0 => days,
            days => days + 1,
        },
    };
    i16::try_from(days).unwrap_or(-1)
}

fn apply(subject: &Subject<'_>) -> Result<Replacement, DataError> {
    let name = &subject.entity.name;
    let OperatorSpec::DateShift(parameters) = subject.spec else {
        return Err(DataError::new("internal error: a date is to be moved without parameters"));
    };
    let days = match subject.shift {
        LOST => {
            return Err(DataError::new(format!(
                "{name} cannot be restored: whose it is was replaced by what leads nowhere"
            ))
            .advise("keep the subject of date_shift, or use fpe for it, in the policy of the run"));
        }
        0 if parameters.per_value && !subject.keys.bijection.inverse => {
            days_of(subject.keys, parameters, Of::Value, subject.canonical)
        }
        0 if parameters.per_value => {
            return Err(DataError::new(format!("{name} without a subject was moved by itself, which leads nowhere"))
                .advise("leave it as it is: name with --only the other entity types"));
        }
        0 => {
            return Err(DataError::new(format!(
                "{name} stands in a record that does not tell one subject: none of {} has a value in it, or two differ",
                parameters.subject.join(", ")
            ))
            .advise(
                "name the column or key under `subject` of date_shift in the policy, or write `per_value: true` to move \
                 such dates each by itself",
            ));
        }
        days => days,
    };
    let original = std::str::from_utf8(subject.original).map_err(|_| Fault::Unreadable);
    match original.and_then(|original| moved(original, i32::from(days))) {
        Ok(date) => Ok(Replacement::Value(date.into_bytes())),
        Err(Fault::Unreadable) => Err(DataError::new(format!("a value of {name} cannot be read"))
            .advise("use null for this entity type in the policy, or correct the value")),
        Err(Fault::NoDay) => {
            Err(DataError::new(format!("a value of {name} is a month, which cannot be moved by days"))
                .advise("use generalize for this entity type in the policy"))
        }
        Err(Fault::Impossible) => {
            Err(DataError::new(format!("a value of {name} would be moved to a day before 1900 or in the future"))
                .advise("use `direction: earlier` or fewer days in date_shift, or generalize"))
        }
    }
}

/// Why a date is not moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Unreadable,
    NoDay,
    Impossible,
}

/// Digits in a row as they are written.
struct Group {
    start: usize,
    end: usize,
    digits: String,
    /// Full-width.
    wide: bool,
}

impl Group {
    fn number(&self) -> Option<u32> {
        self.digits.parse().ok()
    }

    /// Appends a number in these digits.
    fn write(&self, number: u32, width: usize, out: &mut String) {
        for digit in format!("{number:0width$}").chars() {
            let wide = if self.wide { char::from_u32(u32::from(digit) + 0xFEE0) } else { None };
            out.push(wide.unwrap_or(digit));
        }
    }
}

fn groups(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (start, character) in text.char_indices() {
        let Some(digit) = fold(character).filter(char::is_ascii_digit) else { continue };
        let end = start + character.len_utf8();
        match groups.last_mut() {
            Some(group) if group.end == start => {
                group.end = end;
                group.digits.push(digit);
            }
            _ => groups.push(Group { start, end, digits: digit.to_string(), wide: !character.is_ascii() }),
        }
    }
    groups
}

/// The date in `text`, so many days later, in the same writing.
fn moved(text: &str, days: i32) -> Result<String, Fault> {
    let groups = groups(text);
    let read = |year: u32, month: u32, day: u32| {
        let (year, month, day) = (u16::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?);
        Date::new(year, month, day)
    };
    let lengths: Vec<usize> = groups.iter().map(|group| group.digits.len()).collect();
    let date = match (&*groups, &*lengths) {
        ([whole], [8]) => whole.number().and_then(|whole| read(whole / 10_000, whole / 100 % 100, whole % 100)),
        ([year, month, day], [4, 1 | 2, 1 | 2]) => match (year.number(), month.number(), day.number()) {
            (Some(year), Some(month), Some(day)) => read(year, month, day),
            _ => None,
        },
        ([_, _], [4, 1 | 2]) | ([_], [6]) => return Err(Fault::NoDay),
        _ => None,
    };
    let date = date.ok_or(Fault::Unreadable)?;
    let new = date.days().checked_add(days).and_then(Date::from_days).ok_or(Fault::Impossible)?;
    if !(Date::FIRST_BIRTH..=Date::last_birth()).contains(&new) {
        return Err(Fault::Impossible);
    }
    let (year, month, day) = (u32::from(new.year), u32::from(new.month), u32::from(new.day));
    // One digit anywhere: zeros in front are not written.
    let width = if lengths.contains(&1) { 1 } else { 2 };
    let parts = match &*groups {
        [_] => vec![(year * 10_000 + month * 100 + day, 8)],
        _ => vec![(year, 4), (month, width), (day, width)],
    };
    let mut out = String::with_capacity(text.len() + 2);
    let mut copied = 0;
    for (group, (number, width)) in groups.iter().zip(parts) {
        out.push_str(text.get(copied..group.start).ok_or(Fault::Unreadable)?);
        group.write(number, width, &mut out);
        copied = group.end;
    }
    out.push_str(text.get(copied..).ok_or(Fault::Unreadable)?);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::key::tests::known;
    use super::*;

    #[test]
    fn the_writing_stays() {
        for (text, expected) in [
            ("1990-01-02", "1990-02-11"),
            ("1990/1/2", "1990/2/11"),
            ("1990年1月2日", "1990年2月11日"),
            ("1990 年 11 月 23 日", "1991 年 01 月 02 日"),
            ("19900102", "19900211"),
            ("１９９０－０１－０２", "１９９０－０２－１１"),
            ("1999.12.31", "2000.02.09"),
            ("2000-02-09", "2000-03-20"),
        ] {
            assert_eq!(moved(text, 40).as_deref(), Ok(expected));
        }
        assert_eq!(moved("2000-03-20", -40).as_deref(), Ok("2000-02-09"));
    }

    #[test]
    fn what_cannot_be_moved_is_refused() {
        for (text, fault) in [
            ("1990年1月", Fault::NoDay),
            ("1990-01", Fault::NoDay),
            ("199001", Fault::NoDay),
            ("", Fault::Unreadable),
            ("1990-02-30", Fault::Unreadable),
            ("90-1-2", Fault::Unreadable),
            ("1990-01-02 03:04", Fault::Unreadable),
            ("1900-01-03", Fault::Impossible),
        ] {
            assert_eq!(moved(text, -5), Err(fault), "{text}");
        }
        let today = Date::last_birth();
        let text = format!("{}-{:02}-{:02}", today.year, today.month, today.day);
        assert_eq!(moved(&text, 5), Err(Fault::Impossible));
    }

    #[test]
    fn every_number_of_days_is_drawn_but_zero() {
        let keys = known().entity_keys("BIRTHDAY", "default").unwrap();
        let drawn = |direction| {
            let parameters = DateShift { days: 3, direction, ..DateShift::default() };
            (0..200_u32).map(|n| days_of(&keys, &parameters, Of::Subject, &n.to_be_bytes())).collect::<BTreeSet<i16>>()
        };
        assert_eq!(drawn(Direction::Both), BTreeSet::from([-3, -2, -1, 1, 2, 3]));
        assert_eq!(drawn(Direction::Earlier), BTreeSet::from([-3, -2, -1]));
        let parameters = DateShift::default();
        let other = known().entity_keys("OTHER", "default").unwrap();
        let days = days_of(&keys, &parameters, Of::Subject, b"1001");
        assert_eq!(days, days_of(&other, &parameters, Of::Subject, b"1001"), "one for all entity types");
        assert_ne!(days, days_of(&keys, &parameters, Of::Value, b"1001"));
    }

    proptest! {
        #[test]
        fn the_way_back_is_the_same_way(day in -25_000_i32..20_000, days in -180_i32..=180, form in 0..4) {
            let date = Date::from_days(day).unwrap();
            let (year, month, day) = (date.year, date.month, date.day);
            let text = match form {
                0 => format!("{year}-{month:02}-{day:02}"),
                1 => format!("{year}{month:02}{day:02}"),
                2 => format!("{year}年{month:02}月{day:02}日"),
                _ => format!("{year}/{month:02}/{day:02}"),
            };
            let there = moved(&text, days).unwrap();
            prop_assert_eq!(moved(&there, -days).unwrap(), text);
        }

        #[test]
        fn any_text_is_taken(text in "\\PC{0,30}", days in -400_i32..400) {
            let _ = moved(&text, days);
        }
    }
}
