//! What a place can hold, in words for people.

use crate::block::ColumnKind;

/// What a place can hold, for people.
pub fn described(kind: &ColumnKind) -> String {
    describe(kind, kind.max_chars())
}

pub(super) fn describe(kind: &ColumnKind, chars: Option<u32>) -> String {
    match (kind, chars) {
        (ColumnKind::Text { .. }, Some(chars)) => format!("a text of at most {chars} characters"),
        (ColumnKind::Text { .. }, None) => "a text".to_owned(),
        (ColumnKind::Number { digits, .. }, _) => format!("a number of {digits} digits"),
        (ColumnKind::Fraction { digits, decimals: Some(decimals), .. }, _) => {
            format!("a number of {digits} digits and {decimals} decimals")
        }
        (ColumnKind::Fraction { decimals: None, .. }, _) => "a number with decimals".to_owned(),
        (ColumnKind::Date { time: false, .. }, _) => "a date".to_owned(),
        (ColumnKind::Date { time: true, .. }, _) => "a date with a time of day".to_owned(),
        (ColumnKind::Json, _) => "a JSON document".to_owned(),
        (ColumnKind::Array(_), _) => "an array".to_owned(),
        (ColumnKind::IpAddress { .. }, _) => "an IP address".to_owned(),
        (ColumnKind::MacAddress { .. }, _) => "a hardware address".to_owned(),
        (ColumnKind::Fixed(name), _) => format!("a value of type {name}"),
    }
}
