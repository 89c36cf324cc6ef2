//! How days, moments and fractions of typed columns are spelled as text, and read back from it.
//!
//! Spelled is what detection and operators work on: `1990-01-05`, `1990-01-05 16:00:00.5`, `30.274085`. It must never
//! lose anything: what is spelled reads back as the very same value, and what does not fit a type is no value.

use std::io::Write as _;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};

use crate::validate::cn_resident_id::Date;

/// Whole numbers up to here are exact in a double.
pub const EXACT_DOUBLE: i128 = 1 << 53;
/// Whole numbers up to here are exact in a float.
pub const EXACT_FLOAT: i128 = 1 << 24;
/// Decimal digits before the point of a number whose type sets no limit to them.
pub const MOST_DIGITS: u32 = 38;
/// Beyond, and below its inverse, a floating point number is spelled as no position, amount or number of somebody is.
const MOST_DOUBLE: f64 = 1e18;
const SECONDS_OF_DAY: i64 = 86_400;

/// Values that are of an entity type only where something beside them, such as the name of their column, says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    /// Days and moments.
    Date,
    /// Numbers that may have decimals.
    Fraction,
}

/// What values of this type are, where they are spelled here.
pub fn typed(values: &DataType) -> Option<Typed> {
    match values {
        DataType::Date32 | DataType::Timestamp(_, None) => Some(Typed::Date),
        DataType::Float32 | DataType::Float64 => Some(Typed::Fraction),
        DataType::Decimal128(_, scale) if *scale > 0 => Some(Typed::Fraction),
        _ => None,
    }
}

/// The whole number at `row` of an array of numbers that may have decimals.
pub fn whole_at(values: &ArrayRef, row: usize) -> Option<i64> {
    if row >= values.len() || values.is_null(row) {
        return None;
    }
    match values.data_type() {
        DataType::Float64 => whole(values.as_primitive::<Float64Type>().value(row)),
        DataType::Float32 => whole(values.as_primitive::<Float32Type>().value(row).into()),
        DataType::Decimal128(_, scale) => {
            let unit = 10_i128.checked_pow(u32::try_from(*scale).ok()?)?;
            let value = values.as_primitive::<Decimal128Type>().value(row);
            i64::try_from(value / unit).ok().filter(|_| value % unit == 0)
        }
        _ => None,
    }
}

/// Appends the digits of a whole number.
#[inline]
pub fn push_whole(negative: bool, mut rest: u64, out: &mut Vec<u8>) {
    // The twenty digits of the largest number and a sign.
    let mut digits = [0; 21];
    let mut first = digits.len();
    loop {
        first -= 1;
        if let Some(slot) = digits.get_mut(first) {
            *slot = b'0' + (rest % 10) as u8;
        }
        rest /= 10;
        if rest == 0 {
            break;
        }
    }
    if negative {
        out.push(b'-');
    }
    out.extend_from_slice(digits.get(first..).unwrap_or_default());
}

/// Appends the value at `row` of an array of days, moments or numbers; `false` where it cannot be spelled.
pub fn push_value(values: &ArrayRef, row: usize, out: &mut Vec<u8>) -> bool {
    if row >= values.len() || values.is_null(row) {
        return false;
    }
    match values.data_type() {
        DataType::Date32 => push_day(values.as_primitive::<Date32Type>().value(row).into(), out),
        DataType::Timestamp(unit, None) => {
            let (units, per_second) = match unit {
                TimeUnit::Second => (values.as_primitive::<TimestampSecondType>().value(row), 1),
                TimeUnit::Millisecond => (values.as_primitive::<TimestampMillisecondType>().value(row), 1_000),
                TimeUnit::Microsecond => (values.as_primitive::<TimestampMicrosecondType>().value(row), 1_000_000),
                TimeUnit::Nanosecond => (values.as_primitive::<TimestampNanosecondType>().value(row), 1_000_000_000),
            };
            push_moment(units, per_second, out)
        }
        DataType::Float32 => push_float(values.as_primitive::<Float32Type>().value(row), out),
        DataType::Float64 => push_double(values.as_primitive::<Float64Type>().value(row), out),
        DataType::Decimal128(_, scale) => {
            let scale = u32::try_from(*scale).ok();
            let value = values.as_primitive::<Decimal128Type>().value(row);
            scale.is_some_and(|scale| push_decimal(value, scale, out))
        }
        _ => false,
    }
}

/// Whether this is `YYYY-MM-DD`, a day of the calendar.
pub fn is_day(text: &[u8]) -> bool {
    days(text).is_some()
}

/// Whether this is a day, alone or with a time of day behind it and a zone behind that, as databases write moments.
pub fn is_moment(text: &[u8]) -> bool {
    let Some((day, rest)) = text.split_at_checked(10) else { return false };
    if !is_day(day) {
        return false;
    }
    let Some((b' ' | b'T', time)) = rest.split_first() else { return rest.is_empty() };
    let zone = time.iter().position(|byte| !byte.is_ascii_digit() && !b":.".contains(byte)).unwrap_or(time.len());
    let (time, zone) = time.split_at_checked(zone).unwrap_or((time, b""));
    let is_zone = match zone.split_first() {
        None => true,
        Some((b'Z', rest)) => rest.is_empty(),
        Some((b'+' | b'-', rest)) => {
            rest.len() >= 2 && rest.iter().all(|byte| byte.is_ascii_digit() || *byte == b':') && rest.len() <= 8
        }
        Some(_) => false,
    };
    is_zone && time_of_day(time, 1_000_000_000).is_some()
}

/// Whether this is a decimal number: digits, a sign before them and a fraction behind them at most. Gives the number of
/// digits before the point and behind it.
pub fn decimal_digits(text: &[u8]) -> Option<(usize, usize)> {
    let unsigned = text.strip_prefix(b"-").unwrap_or(text);
    let whole = unsigned.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let rest = unsigned.get(whole..)?;
    let leading_zero = whole > 1 && unsigned.starts_with(b"0");
    match rest.split_first() {
        _ if whole == 0 || leading_zero => None,
        None => Some((whole, 0)),
        Some((b'.', decimals)) if !decimals.is_empty() && decimals.iter().all(u8::is_ascii_digit) => {
            Some((whole, decimals.len()))
        }
        Some(_) => None,
    }
}

/// Appends the day so many days after 1970-01-01; `false` outside the years 2 to 9999.
pub fn push_day(days: i64, out: &mut Vec<u8>) -> bool {
    let Some(date) = i32::try_from(days).ok().and_then(Date::from_days) else { return false };
    write!(out, "{:04}-{:02}-{:02}", date.year, date.month, date.day).is_ok()
}

/// Appends the moment so many units after 1970-01-01, of which a second has `per_second`: the day, and the time of day
/// unless it is midnight. `false` outside the years 2 to 9999.
pub fn push_moment(units: i64, per_second: i64, out: &mut Vec<u8>) -> bool {
    let (seconds, part) = (units.div_euclid(per_second), units.rem_euclid(per_second));
    let (days, second) = (seconds.div_euclid(SECONDS_OF_DAY), seconds.rem_euclid(SECONDS_OF_DAY));
    if !push_day(days, out) {
        return false;
    }
    if (second, part) == (0, 0) {
        return true;
    }
    let written = write!(out, " {:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    if part == 0 {
        return written.is_ok();
    }
    // Nine digits of a fraction, without the zeros at its end.
    let nanos = part * (1_000_000_000 / per_second);
    let written = written.and_then(|()| write!(out, ".{nanos:09}"));
    while out.last() == Some(&b'0') {
        out.pop();
    }
    written.is_ok()
}

/// The days since 1970-01-01 that `YYYY-MM-DD` is.
pub fn days(text: &[u8]) -> Option<i64> {
    let [a, b, c, d, b'-', e, f, b'-', g, h] = text else { return None };
    let digits = [*a, *b, *c, *d, *e, *f, *g, *h];
    let is_date = digits.iter().all(u8::is_ascii_digit);
    Date::parse(&digits).filter(|date| is_date && date.year > 0).map(|date| date.days().into())
}

/// The units since 1970-01-01 that a day, or a day and a time behind it, are.
pub fn moment(text: &[u8], per_second: i64) -> Option<i64> {
    let (day, rest) = text.split_at_checked(10)?;
    // The first days that 64 bits of nanoseconds hold begin before them.
    let start = i128::from(days(day)?) * i128::from(SECONDS_OF_DAY) * i128::from(per_second);
    let within = match rest.split_first() {
        None => 0,
        Some((b' ' | b'T', time)) => time_of_day(time, per_second)?,
        Some(_) => return None,
    };
    i64::try_from(start + i128::from(within)).ok()
}

/// The units since midnight that `HH:MM:SS` with a fraction is; `None` when the units are too coarse for it.
fn time_of_day(text: &[u8], per_second: i64) -> Option<i64> {
    let [a, b, b':', c, d, b':', e, f, fraction @ ..] = text else { return None };
    let two = |tens: &u8, ones: &u8| {
        let digits = tens.is_ascii_digit() && ones.is_ascii_digit();
        digits.then(|| i64::from(tens - b'0') * 10 + i64::from(ones - b'0'))
    };
    let (hours, minutes, seconds) = (two(a, b)?, two(c, d)?, two(e, f)?);
    // 60: a second that was put in.
    if hours > 24 || minutes > 59 || seconds > 60 {
        return None;
    }
    let part = match fraction.split_first() {
        None => 0,
        Some((b'.', digits)) if (1..=9).contains(&digits.len()) && digits.iter().all(u8::is_ascii_digit) => {
            let nanos = digits.iter().fold(0_i64, |number, digit| number * 10 + i64::from(digit - b'0'))
                * 10_i64.pow(9 - u32::try_from(digits.len()).ok()?);
            let unit = 1_000_000_000 / per_second;
            (nanos % unit == 0).then_some(nanos / unit)?
        }
        Some(_) => return None,
    };
    Some((hours * 3600 + minutes * 60 + seconds) * per_second + part)
}

/// The whole number that a double holds, when it does so exactly.
pub fn whole(value: f64) -> Option<i64> {
    (value.fract() == 0.0 && value.abs() <= EXACT_DOUBLE as f64).then_some(value as i64)
}

/// Appends the shortest decimal number that reads back as `value`; `false` for what is no number of this world.
pub fn push_double(value: f64, out: &mut Vec<u8>) -> bool {
    is_spelled(value) && write!(out, "{value}").is_ok()
}

/// As [`push_double`], of a float.
pub fn push_float(value: f32, out: &mut Vec<u8>) -> bool {
    is_spelled(value.into()) && write!(out, "{value}").is_ok()
}

fn is_spelled(value: f64) -> bool {
    value.abs() < MOST_DOUBLE && (value == 0.0 || value.abs() > MOST_DOUBLE.recip())
}

/// The double that a decimal number reads as. A whole number must be exact.
pub fn double(text: &[u8]) -> Option<f64> {
    let value: f64 = plain(text)?.parse().ok()?;
    is_exact(text, value, EXACT_DOUBLE).then_some(value)
}

/// As [`double`], of a float.
pub fn float(text: &[u8]) -> Option<f32> {
    let value: f32 = plain(text)?.parse().ok()?;
    is_exact(text, value.into(), EXACT_FLOAT).then_some(value)
}

/// Whether `value` is the number in `text`, or the nearest to one with decimals.
fn is_exact(text: &[u8], value: f64, most: i128) -> bool {
    let whole = plain(text).and_then(|text| text.parse::<i128>().ok());
    whole.map_or(value.abs() < most as f64, |whole| whole.abs() <= most)
}

fn plain(text: &[u8]) -> Option<&str> {
    decimal_digits(text)?;
    std::str::from_utf8(text).ok()
}

/// Appends the decimal number of `unscaled` with `scale` digits behind the point, without the zeros at its end; `false` for a
/// scale that makes no sense.
pub fn push_decimal(unscaled: i128, scale: u32, out: &mut Vec<u8>) -> bool {
    let Some(unit) = 10_u128.checked_pow(scale) else { return false };
    let (whole, part) = (unscaled.unsigned_abs() / unit, unscaled.unsigned_abs() % unit);
    let sign = if unscaled < 0 { "-" } else { "" };
    let written = write!(out, "{sign}{whole}");
    if part == 0 {
        return written.is_ok();
    }
    let width = scale as usize;
    let written = written.and_then(|()| write!(out, ".{part:0width$}"));
    while out.last() == Some(&b'0') {
        out.pop();
    }
    written.is_ok()
}

/// The decimal number in `text`, times ten to the power of `scale`; `None` when it has more decimals.
pub fn unscaled(text: &[u8], scale: u32) -> Option<i128> {
    let (_, decimals) = decimal_digits(text)?;
    let missing = scale.checked_sub(u32::try_from(decimals).ok()?)?;
    let digits: String = plain(text)?.chars().filter(|character| *character != '.').collect();
    digits.parse::<i128>().ok()?.checked_mul(10_i128.checked_pow(missing)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn spelled(push: impl Fn(&mut Vec<u8>) -> bool) -> Option<String> {
        let mut out = Vec::new();
        push(&mut out).then(|| String::from_utf8(out).unwrap())
    }

    #[test]
    fn days_and_moments() {
        assert_eq!(spelled(|out| push_day(7309, out)).as_deref(), Some("1990-01-05"));
        assert_eq!(spelled(|out| push_day(-718_797, out)).as_deref(), Some("0002-01-01"));
        assert_eq!(spelled(|out| push_day(i64::MAX, out)), None);
        let midnight = 7309 * 86_400;
        assert_eq!(spelled(|out| push_moment(midnight, 1, out)).as_deref(), Some("1990-01-05"));
        let text = spelled(|out| push_moment((midnight + 57_600) * 1000 + 500, 1000, out));
        assert_eq!(text.as_deref(), Some("1990-01-05 16:00:00.5"));
        assert_eq!(moment(b"1990-01-05 16:00:00.5", 1), None);
        for text in ["", "1990-1-5", "1990-02-30", "0000-01-01", "1990-01-051", "19x0-01-05"] {
            assert_eq!(days(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn moments_as_databases_write_them() {
        for text in ["1990-01-05", "1990-01-05 16:00:00", "1990-01-05 16:00:00.123456+08", "1990-01-05T16:00:00Z"] {
            assert!(is_moment(text.as_bytes()), "{text}");
        }
        for text in ["1990-01", "1990-01-05 ", "1990-01-05 16", "1990-01-05x", "1990-01-05 16:00:00+", "infinity"] {
            assert!(!is_moment(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn fractions() {
        assert_eq!(spelled(|out| push_double(30.274085, out)).as_deref(), Some("30.274085"));
        assert_eq!(spelled(|out| push_float(30.27, out)).as_deref(), Some("30.27"));
        assert_eq!(spelled(|out| push_double(f64::NAN, out)), None);
        assert_eq!(spelled(|out| push_double(1e300, out)), None);
        assert_eq!(spelled(|out| push_decimal(-30_274_085, 6, out)).as_deref(), Some("-30.274085"));
        assert_eq!(spelled(|out| push_decimal(5, 3, out)).as_deref(), Some("0.005"));
        assert_eq!(spelled(|out| push_decimal(1_380_013_800_000, 2, out)).as_deref(), Some("13800138000"));
        assert_eq!(spelled(|out| push_decimal(30_270_000, 6, out)).as_deref(), Some("30.27"));
        assert_eq!(unscaled(b"30.27", 6), Some(30_270_000));
        assert_eq!((unscaled(b"30", 2), unscaled(b"-0.5", 2)), (Some(3000), Some(-50)));
        for text in ["30.2740855", "", ".5", "5.", "+5", "1e5", "30.2.7", "030.2"] {
            assert_eq!(unscaled(text.as_bytes(), 6), None, "{text}");
        }
        assert_eq!((double(b"9007199254740993"), float(b"16777217")), (None, None));
    }

    proptest! {
        #[test]
        fn what_is_spelled_reads_back(
            days_since in -718_797i64..2_932_896,
            units in any::<i64>(),
            power in 0usize..4,
            bits in any::<u64>(),
            number in any::<i64>(),
            scale in 0u32..19,
        ) {
            let per_second = [1, 1000, 1_000_000, 1_000_000_000][power];
            let mut out = Vec::new();
            prop_assert!(push_day(days_since, &mut out));
            prop_assert!(is_day(&out));
            prop_assert_eq!(days(&out), Some(days_since));
            out.clear();
            if push_moment(units, per_second, &mut out) {
                prop_assert!(is_moment(&out));
                prop_assert_eq!(moment(&out, per_second), Some(units));
            }
            out.clear();
            let value = f64::from_bits(bits);
            if push_double(value, &mut out) && value.abs() < EXACT_DOUBLE as f64 {
                prop_assert_eq!(double(&out), Some(value));
            }
            out.clear();
            let value = f32::from_bits(bits as u32);
            if push_float(value, &mut out) && value.abs() < EXACT_FLOAT as f32 {
                prop_assert_eq!(float(&out), Some(value));
            }
            out.clear();
            prop_assert!(push_decimal(number.into(), scale, &mut out));
            prop_assert_eq!(unscaled(&out, scale), Some(number.into()));
        }

        #[test]
        fn any_bytes_are_taken(text in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = (is_moment(&text), moment(&text, 1000), double(&text), float(&text), unscaled(&text, 6));
        }
    }
}
