//! Values that stand in templates by the way, as their text or as noise, beside a key or in a column that says what they
//! are. They are planted as much as any: what a rule makes of them is right or wrong.

use std::ops::Range;

use crate::values::{Value, of};

/// By the key or the name of the column.
pub(crate) static PASSING: &[Value] = &[
    of("国籍", "NATIONALITY", |_, _| {}),
    of("nationality", "NATIONALITY", |_, _| {}),
    of("民族", "ETHNICITY", |_, _| {}),
    of("headImg", "AVATAR", |_, _| {}),
    of("avatar", "AVATAR", |_, _| {}),
    of("有效期", "CARD_EXPIRY", |_, _| {}),
    of("通话时长", "COMMUNICATION_RECORD", |_, _| {}),
    of("payAmount", "TRANSACTION_AMOUNT", |_, _| {}),
];

/// By the name of the noise.
static NOISE: &[Value] = &[of("company", "ORG_NAME", |_, _| {}), of("mask_mobile", "MASKED_PHONE", |_, _| {})];

/// What the noise called `name` is.
pub(crate) fn of_noise(name: &str) -> Option<&'static Value> {
    NOISE.iter().find(|value| value.name == name)
}

/// What the cells of the column called `name` are.
pub(crate) fn of_column(name: &str) -> Option<&'static Value> {
    PASSING.iter().find(|value| value.name == name.trim_start_matches('#'))
}

/// The members of the JSON object in `line` with one of these keys, and where their values stand.
pub(crate) fn members(line: &str) -> impl Iterator<Item = (&'static Value, Range<usize>)> {
    PASSING.iter().filter_map(move |value| {
        let key = format!("\"{}\":", value.name);
        let at = line.find(&key)? + key.len();
        let rest = line.get(at..)?;
        let (quote, ends): (usize, &[char]) = if rest.starts_with('"') { (1, &['"']) } else { (0, &[',', '}']) };
        let start = at + quote;
        let length = line.get(start..)?.find(ends)?;
        Some((value, start..start + length))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_by_key() {
        let line = r#"{"payAmount":12.50,"x":1,"nationality":"CHN"}"#;
        let found: Vec<_> = members(line).filter_map(|(value, at)| Some((value.entity, line.get(at)?))).collect();
        assert_eq!(found, [("NATIONALITY", "CHN"), ("TRANSACTION_AMOUNT", "12.50")]);
        assert!(of_column("国籍").is_some() && of_column("x").is_none());
    }
}
