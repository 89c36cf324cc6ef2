//! License plates of mainland China (GA 36-2018): province, letter, body; new-energy, police, trailer, learner, Hong Kong
//! and Macau, embassy, and armed police plates.
//!
//! Must never take a word for a plate: without a label the body has two digits at least.

use super::{Candidate, Evidence, fold};
use crate::finding::Traits;

const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";
const SUFFIXES: &str = "警学挂港澳领试超使";

/// License plates; lower-case, embassy and armed police ones only beside a label.
pub fn validate(candidate: &Candidate<'_>) -> Option<Evidence> {
    let mut buffer = [0; 32];
    let folded = fold(candidate.original, &mut buffer)?;
    let text = std::str::from_utf8(folded).ok()?;
    let mut characters = text.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '·' | '•' | '・'));
    let (mut body, mut length) = ([0_u8; 10], 0);
    let (mut province, mut suffix) = (false, false);
    let mut lower = false;
    for (at, character) in characters.by_ref().enumerate() {
        if character.is_ascii_alphanumeric() && !suffix {
            lower |= character.is_ascii_lowercase();
            *body.get_mut(length)? = character.to_ascii_uppercase() as u8;
            length += 1;
        } else if PROVINCES.contains(character) && (at == 0 || at == 2 && text.get(..2)?.eq_ignore_ascii_case("WJ")) {
            province = at == 0;
        } else if SUFFIXES.contains(character) && !suffix {
            suffix = length > 0;
            province |= length == 0 && character == '使';
        } else {
            return None;
        }
    }
    let body = body.get(..length)?;
    let ordinary = province && is_ordinary(body, suffix);
    let digits = body.iter().filter(|b| b.is_ascii_digit()).count();
    let special = body.starts_with(b"WJ") && digits >= 4 || digits == 6 && body.len() == 6;
    if !(ordinary || candidate.labelled && special) {
        return None;
    }
    Some(Evidence {
        checksum: 0,
        registry: if ordinary { 20 } else { 0 },
        label_required: !ordinary || lower || digits < 2,
        traits: Traits::default(),
    })
}

/// A letter, then five characters (four before a suffix), or six of a new-energy vehicle.
fn is_ordinary(body: &[u8], suffix: bool) -> bool {
    let [authority, body @ ..] = body else { return false };
    let known = |b: &u8| b.is_ascii_digit() || b.is_ascii_uppercase() && !matches!(b, b'I' | b'O');
    if !authority.is_ascii_uppercase() || *authority == b'I' || !body.iter().all(known) {
        return false;
    }
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    let energy = |b: &u8| matches!(b, b'A'..=b'H' | b'J' | b'K');
    match body {
        [_, _, _, _] => suffix,
        [_, _, _, _, _] => !suffix && body.iter().any(u8::is_ascii_digit),
        [kind, _, rest @ ..] if rest.len() == 4 && energy(kind) && digits(rest) => !suffix,
        [rest @ .., kind] if rest.len() == 5 && energy(kind) && digits(rest) => !suffix,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str, labelled: bool) -> Option<bool> {
        let compact = value.to_ascii_uppercase();
        validate(&Candidate { compact: compact.as_bytes(), original: value.as_bytes(), labelled })
            .map(|found| found.label_required)
    }

    #[test]
    fn plates_that_need_no_label() {
        for value in [
            "京A12345",
            "京A·12345",
            "沪BA1234",
            "粤B12345D",
            "粤BD12345",
            "粤Z1234港",
            "京A1234警",
            "京A1234学",
            "浙A·D12345",
        ] {
            assert_eq!(of(value, false), Some(false), "{value}");
        }
    }

    #[test]
    fn others_need_one() {
        assert_eq!(of("京a12345", false), Some(true));
        assert_eq!(of("京AABCD1", false), Some(true), "one digit");
        for value in ["使014578", "WJ京12345", "224578使"] {
            assert_eq!(of(value, false), None, "{value}");
            assert_eq!(of(value, true), Some(true), "{value}");
        }
    }

    #[test]
    fn what_is_no_plate_is_rejected() {
        for value in [
            "京A1234",
            "京A123456",
            "京I12345",
            "京A1234O",
            "大A12345",
            "京ABCDEF",
            "A12345",
            "京A12345学",
            "京12345",
            "沪A600000",
        ] {
            assert_eq!(of(value, true), None, "{value}");
        }
    }
}
