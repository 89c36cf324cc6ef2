//! Dates of birth: a day of the calendar, not before 1900 and not after today; or a year and a month.

use super::cn_resident_id::Date;
use super::{Candidate, Evidence};

/// A date in figures, in the order year, month, day.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let mut numbers = [0_u32; 3];
    let mut count = 0;
    let mut before = false;
    for byte in candidate.original {
        if byte.is_ascii_digit() {
            count += usize::from(!before);
            let number = numbers.get_mut(count.checked_sub(1)?)?;
            *number = number.checked_mul(10)?.checked_add(u32::from(byte - b'0'))?;
        }
        before = byte.is_ascii_digit();
    }
    let (year, month, day) = match (count, numbers) {
        (3, [year, month, day]) => (year, month, day),
        (2, [year, month, _]) => (year, month, 1),
        (1, [whole, _, _]) if candidate.original.len() == 8 => (whole / 10_000, whole / 100 % 100, whole % 100),
        _ => return None,
    };
    let date = Date::new(u16::try_from(year).ok()?, u8::try_from(month).ok()?, u8::try_from(day).ok()?)?;
    (Date::FIRST_BIRTH..=Date::last_birth())
        .contains(&date)
        .then_some(Evidence { label_required: true, ..Evidence::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn only_days_of_the_calendar_pass() {
        for value in ["1990年1月5日", "1988-12-31", "1995/07/09", "19900307", "2000年2月", "2000-02-29"] {
            assert!(check(validate, value, true).is_some(), "{value}");
        }
        for value in ["1990-13-45", "1899-01-01", "2001-02-29", "2099-01-01", "19901345", "1990", "1-2-3-4"] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
    }
}
