//! Geographic coordinates: a latitude, a longitude, or both in either order (ISO 6709).
//!
//! Beside a label only: two decimals alone may be anything.

use super::{Candidate, Evidence};

/// The next decimal in `text`, in millionths of a degree, and what is behind it.
fn decimal(text: &[u8]) -> Option<(i64, &[u8])> {
    let start = text.iter().position(|byte| byte.is_ascii_digit())?;
    let negative = start > 0 && text.get(start - 1) == Some(&b'-');
    let rest = text.get(start..)?;
    let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    let (whole, rest) = rest.split_at_checked(end)?;
    let mut value = i64::try_from(super::number(whole)?).ok()?.checked_mul(1_000_000)?;
    let mut rest = rest;
    if let [b'.', fraction @ ..] = rest {
        let end = fraction.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(fraction.len());
        let mut unit = 100_000;
        for digit in fraction.iter().take(end.min(6)) {
            value += i64::from(digit - b'0') * unit;
            unit /= 10;
        }
        rest = fraction.get(end..)?;
    }
    Some((if negative { -value } else { value }, rest))
}

/// Coordinates on the globe that are not 0, which stands for none. Points for a place in China.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    const DEGREE: i64 = 1_000_000;
    let (first, rest) = decimal(candidate.original)?;
    let second = decimal(rest).map(|(second, _)| second);
    let (low, high) = match second {
        Some(second) if first.abs() <= second.abs() => (first, Some(second)),
        Some(second) => (second, Some(first)),
        None => (first, None),
    };
    let on_globe = match high {
        Some(high) => low.abs() <= 90 * DEGREE && high.abs() <= 180 * DEGREE,
        None => low.abs() <= 180 * DEGREE,
    };
    if !on_globe || low == 0 || high == Some(0) {
        return None;
    }
    let (south, north) = (3_800_000, 53_600_000);
    let (west, east) = (73_500_000, 135_100_000);
    let in_china = match high {
        Some(high) => (south..=north).contains(&low) && (west..=east).contains(&high),
        None => (south..=north).contains(&low) || (west..=east).contains(&low),
    };
    Some(Evidence { registry: if in_china { 10 } else { 0 }, label_required: true, ..Evidence::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::validate::tests::check;

    #[test]
    fn the_globe_and_china_bound_them() {
        for (value, points) in [
            ("30.274085", 10),
            ("120.155070,30.274085", 10),
            ("39.916527 116.397128", 10),
            ("-33.868820,151.209290", 0),
            ("120.15507，30.27408", 10),
        ] {
            assert_eq!(check(validate, value, true).map(|found| found.registry), Some(points), "{value}");
        }
        for value in ["0.000000", "530.274085", "0.0,0.0", "120.155070,130.274085", "x"] {
            assert_eq!(check(validate, value, true), None, "{value}");
        }
    }
}
