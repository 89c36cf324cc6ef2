//! `generalize`: less exact, and still of its kind: a month or a year, a band of ages, a city, a network, a position to
//! about a kilometre, a bucket of amounts.
//!
//! Keeps the spelling of what stays. What cannot be read is hidden whole, never left.

use super::mask::masked;
use super::{Operator, Replacement, Subject};
use crate::detect::address::places_at;
use crate::error::DataError;
use crate::policy::OperatorSpec;
use crate::policy::parameters::{AddressPart, DatePart, Generalization, Generalize};
use crate::rule::canonical::fold;
use crate::rule::{EntityType, Mask};

pub(super) static OPERATOR: Operator = Operator {
    name: "generalize",
    about: "less exact: month or year, age band, city or district, network, 2 decimals, bucket",
    same_shape: true,
    apply,
};

/// What is done for a mask in a place that takes dates or numbers only: it tells no more than the mask.
pub(super) static COARSE: Operator = Operator { apply: coarse, ..OPERATOR };

fn coarse(subject: &Subject<'_>) -> Result<Replacement, DataError> {
    let general = apply(subject)?;
    match (general, &subject.entity.mask) {
        (Replacement::Value(value), Mask::Keep { first, .. })
            if Generalization::of(subject.entity) == Some(Generalization::Position) =>
        {
            Ok(Replacement::Value(rounded(value, *first as usize)))
        }
        (general, _) => Ok(general),
    }
}

/// `value`, numbers without decimals, with zeros for the digits behind the first `kept` characters of each.
fn rounded(mut value: Vec<u8>, kept: usize) -> Vec<u8> {
    let mut length = 0;
    for byte in &mut value {
        length = if byte.is_ascii_digit() || *byte == b'-' { length + 1 } else { 0 };
        if length > kept && byte.is_ascii_digit() {
            *byte = b'0';
        }
    }
    value
}

/// Whether values of `entity`, once generalized, may rightly be originals elsewhere.
pub(super) fn is_common(entity: &EntityType) -> bool {
    Generalization::of(entity).is_some_and(Generalization::is_common)
}

fn apply(subject: &Subject<'_>) -> Result<Replacement, DataError> {
    let name = &subject.entity.name;
    let kind = Generalization::of(subject.entity).ok_or_else(|| {
        DataError::new(format!("{name} has no generalization")).advise("use hash, mask or null for it in the policy")
    })?;
    let parameters = match subject.spec {
        OperatorSpec::Generalize(parameters) => *parameters,
        _ => Generalize::default(),
    };
    let original: String = String::from_utf8_lossy(subject.original).chars().filter_map(fold).collect();
    let canonical = String::from_utf8_lossy(subject.canonical);
    let (number, room) = (subject.room.is_number(), subject.room);
    let general = match kind {
        Generalization::Date if room.is_date() => day_of(&original, parameters.date),
        Generalization::Date => date(&original, parameters.date),
        Generalization::Age => age(&original, parameters.age, |text| !number && room.holds(text.chars().count())),
        Generalization::Amount => {
            amount(&original, parameters.amount, |text| !number && room.holds(text.chars().count()))
        }
        Generalization::Position if number => position(&original, parameters.gps).map(|text| plain_numbers(&text)),
        Generalization::Position => position(&original, parameters.gps),
        Generalization::Network => Some(masked(&Mask::Ip, &original, &canonical)),
        Generalization::Address => {
            Some(region(&canonical, parameters.address).to_owned()).filter(|place| !place.is_empty())
        }
    };
    match general {
        Some(general) => Ok(Replacement::Value(general.into_bytes())),
        None if number || room.is_date() => Err(DataError::new(format!("a value of {name} cannot be read"))
            .advise("use null for this entity type in the policy, or correct the value")),
        None => Ok(Replacement::Value(vec![b'*'; original.chars().count().min(3)])),
    }
}

/// The groups of digits in `text`: start and end.
fn groups(text: &str) -> Vec<(usize, usize)> {
    let mut groups: Vec<(usize, usize)> = Vec::new();
    for (at, _) in text.bytes().enumerate().filter(|(_, byte)| byte.is_ascii_digit()) {
        match groups.last_mut() {
            Some((_, end)) if *end == at => *end = at + 1,
            _ => groups.push((at, at + 1)),
        }
    }
    groups
}

/// The year, or the year and the month, with the signs between and the Han character behind them.
fn date(text: &str, part: DatePart) -> Option<String> {
    let groups = groups(text);
    let (start, end) = *groups.first()?;
    if end - start == 8 {
        let length = if part == DatePart::Year { 4 } else { 6 };
        return text.get(start..start + length).map(str::to_owned);
    }
    if end - start != 4 {
        return None;
    }
    let (end, unit) = match part {
        DatePart::Year => (end, '年'),
        DatePart::Month => (groups.get(1)?.1, '月'),
    };
    let rest = text.get(end..)?.trim_start();
    let unit = if rest.starts_with(unit) { unit.to_string() } else { String::new() };
    Some(format!("{}{unit}", text.get(start..end)?))
}

/// The first day of the month or year, for places that hold nothing but days.
fn day_of(text: &str, part: DatePart) -> Option<String> {
    let short = date(text, DatePart::Month)?;
    let digits = groups(&short);
    let (start, end) = *digits.first()?;
    let year = short.get(start..(start + 4).min(end))?;
    let month: u32 = match digits.get(1) {
        Some((start, end)) => short.get(*start..*end)?,
        None => short.get(start + 4..end)?,
    }
    .parse()
    .ok()?;
    let month = if part == DatePart::Year { 1 } else { month };
    (1..=12).contains(&month).then(|| format!("{year}-{month:02}-01"))
}

/// `30-39`, or `30` where the band does not fit, with what stands behind the number.
fn age(text: &str, years: u32, fits: impl Fn(&str) -> bool) -> Option<String> {
    let (start, end) = *groups(text).first()?;
    let age: u32 = text.get(start..end)?.parse().ok()?;
    let low = age / years * years;
    let band = format!("{low}-{}{}", low + years - 1, text.get(end..)?);
    Some(if fits(&band) { band } else { low.to_string() })
}

/// `1000-1999`, or `1000` where the bucket does not fit, with the signs around the number.
fn amount(text: &str, size: u64, fits: impl Fn(&str) -> bool) -> Option<String> {
    let start = text.find(|character: char| character.is_ascii_digit())?;
    let rest = text.get(start..)?;
    let is_part = |character: char| character.is_ascii_digit() || character == ',' || character == '.';
    let length = rest.find(|character| !is_part(character)).unwrap_or(rest.len());
    let (number, behind) = rest.split_at_checked(length)?;
    let whole: String = number.split('.').next()?.chars().filter(char::is_ascii_digit).collect();
    let low = whole.parse::<u64>().ok()? / size * size;
    let before = text.get(..start)?;
    let bucket = format!("{before}{low}-{}{behind}", low.checked_add(size - 1)?);
    Some(if fits(&bucket) { bucket } else { low.to_string() })
}

/// Fewer decimals; of degrees, minutes and seconds the seconds go.
fn position(text: &str, decimals: u8) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    if text.contains(['′', '\'', '’']) {
        let mut in_seconds = false;
        for character in text.chars() {
            in_seconds = in_seconds && !character.is_ascii_alphabetic() && character != ' ' && character != ',';
            if !in_seconds {
                out.push(character);
            }
            in_seconds |= matches!(character, '′' | '\'' | '’');
        }
        return Some(out);
    }
    let mut left: Option<u8> = None;
    for character in text.chars() {
        match (character, left) {
            ('.', None) if decimals == 0 => left = Some(0),
            ('.', None) => {
                left = Some(decimals);
                out.push('.');
            }
            ('0'..='9', Some(0)) => {}
            ('0'..='9', Some(more)) => {
                left = Some(more - 1);
                out.push(character);
            }
            ('0'..='9', None) => out.push(character),
            _ => {
                left = None;
                out.push(character);
            }
        }
    }
    text.contains('.').then_some(out)
}

/// Numbers as number columns and JSON write them: without zeros in front, and zero without a sign.
fn plain_numbers(text: &str) -> String {
    let is_part = |character: char| character.is_ascii_digit() || character == '.' || character == '-';
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let (before, from) = rest.split_at(start);
        let (number, behind) = from.split_at(from.find(|character| !is_part(character)).unwrap_or(from.len()));
        let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
        let digits = digits.trim_start_matches('0');
        let is_zero = digits.chars().all(|character| matches!(character, '0' | '.'));
        out.push_str(before);
        out.push_str(if is_zero { "" } else { sign });
        out.push_str(if digits.is_empty() || digits.starts_with('.') { "0" } else { "" });
        out.push_str(digits);
        rest = behind;
    }
    out + rest
}

/// The region that an address begins with, down to `part`.
pub(super) fn region(address: &str, part: AddressPart) -> &str {
    let deepest = if part == AddressPart::City { 2 } else { 3 };
    let (mut end, mut level) = (0, 0);
    loop {
        let rest = address.get(end..).unwrap_or_default();
        let deeper = places_at(rest.as_bytes()).filter(|(_, found)| *found > level && *found <= deepest);
        match deeper.min_by_key(|(length, found)| (std::cmp::Reverse(*length), *found)) {
            Some((length, found)) => (end, level) = (end + length, found),
            None => return address.get(..end).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn dates() {
        for (text, month, year) in [
            ("1990-01-02", "1990-01", "1990"),
            ("1990/1/2", "1990/1", "1990"),
            ("1990年1月2日", "1990年1月", "1990年"),
            ("1990 年 1 月 2 日", "1990 年 1月", "1990年"),
            ("19900102", "199001", "1990"),
            ("1990年1月", "1990年1月", "1990年"),
        ] {
            assert_eq!(date(text, DatePart::Month).as_deref(), Some(month), "{text}");
            assert_eq!(date(text, DatePart::Year).as_deref(), Some(year), "{text}");
        }
        assert_eq!(day_of("1990-11-23", DatePart::Month).as_deref(), Some("1990-11-01"));
        assert_eq!(day_of("19901123", DatePart::Year).as_deref(), Some("1990-01-01"));
        for text in ["", "1990", "90-1-2", "x"] {
            assert_eq!(date(text, DatePart::Month), None, "{text}");
        }
    }

    #[test]
    fn ages_and_amounts() {
        let (wide, narrow) = (|_: &str| true, |_: &str| false);
        assert_eq!(age("34岁", 10, wide).as_deref(), Some("30-39岁"));
        assert_eq!(age("7", 10, wide).as_deref(), Some("0-9"));
        assert_eq!(age("34", 5, narrow).as_deref(), Some("30"));
        assert_eq!(amount("¥1,234.56元", 1000, wide).as_deref(), Some("¥1000-1999元"));
        assert_eq!(amount("999", 1000, wide).as_deref(), Some("0-999"));
        assert_eq!(amount("123456", 100, narrow).as_deref(), Some("123400"));
        assert_eq!(amount("元", 100, wide), None);
    }

    #[test]
    fn positions() {
        for (text, shown) in [
            ("30.274084,120.155070", "30.27,120.15"),
            ("POINT(120.155070 30.274084)", "POINT(120.15 30.27)"),
            ("-30.2740", "-30.27"),
            ("30°16′26.7″N", "30°16′N"),
        ] {
            assert_eq!(position(text, 2).as_deref(), Some(shown));
        }
        assert_eq!(position("30.274084", 0).as_deref(), Some("30"));
        for (text, expected) in [("-0", "0"), ("030", "30"), ("-30,0.25", "-30,0.25"), ("-0.00, 120", "0.00, 120")] {
            assert_eq!(plain_numbers(text), expected);
        }
        for (text, expected) in [("30", "30"), ("-35", "-30"), ("121", "120"), ("121, 31", "120, 31"), ("5", "5")] {
            assert_eq!(rounded(text.into(), 2), expected.as_bytes());
        }
        assert_eq!(position("三十", 2), None);
    }

    #[test]
    fn regions() {
        let address = "浙江省杭州市西湖区文三路5号";
        assert_eq!(region(address, AddressPart::City), "浙江省杭州市");
        assert_eq!(region(address, AddressPart::District), "浙江省杭州市西湖区");
        assert_eq!(region("文三路5号", AddressPart::District), "");
    }

    proptest! {
        #[test]
        fn any_text_is_taken(text in "\\PC{0,30}", size in 2u64..10_000, decimals in 0u8..4) {
            let _ = date(&text, DatePart::Month);
            let _ = day_of(&text, DatePart::Year);
            let _ = age(&text, 10, |_| true);
            let _ = amount(&text, size, |_| true);
            let _ = position(&text, decimals);
            prop_assert!(text.starts_with(region(&text, AddressPart::District)));
        }

        #[test]
        fn what_is_general_is_wider_than_the_value(age_in in 0u32..120, paid in 0u64..10_000_000, size in 2u64..5000) {
            let band = age(&age_in.to_string(), 10, |_| true).unwrap();
            let (low, high) = band.split_once('-').unwrap();
            prop_assert!((low.parse::<u32>().unwrap()..=high.parse().unwrap()).contains(&age_in));
            let bucket = amount(&paid.to_string(), size, |_| true).unwrap();
            let (low, high) = bucket.split_once('-').unwrap();
            prop_assert!((low.parse::<u64>().unwrap()..=high.parse().unwrap()).contains(&paid));
        }
    }
}
