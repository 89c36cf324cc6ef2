//! New values of JSON numbers: numbers again, alone or side by side in an array, or null.

use std::ops::Range;

use super::lexer::{Token, is_number};
use crate::block::TextEdit;
use crate::error::DataError;

/// Whether the bytes at `span`, which begin in a number, are two numbers and more with commas between them.
pub(super) fn is_list(text: &[u8], span: &Range<usize>) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    let before = span.start.checked_sub(1).and_then(|at| text.get(at));
    let is_cut = before.is_some_and(is_part) || text.get(span.end).is_some_and(is_part);
    let list = text.get(span.clone()).unwrap_or_default();
    !is_cut && list.contains(&b',') && parts(list).all(|part| is_number(trimmed(part)))
}

/// Whether the numbers that end at `end` are one position: a height may stand behind them in their array, and no other
/// position. Of several, only the first one is found.
pub(super) fn is_one_position(text: &[u8], end: usize) -> bool {
    let rest = text.get(end..).unwrap_or_default().trim_ascii_start();
    let Some(close) = memchr::memchr(b']', rest) else { return false };
    let (inside, behind) = rest.split_at_checked(close).unwrap_or_default();
    let height = inside.strip_prefix(b",").unwrap_or_default();
    let is_alone = inside.is_empty() || is_number(trimmed(height));
    let mut next = behind.get(1..).unwrap_or_default().iter().filter(|byte| !byte.is_ascii_whitespace());
    is_alone && !(next.next() == Some(&b',') && next.next() == Some(&b'['))
}

fn parts(list: &[u8]) -> impl Iterator<Item = &[u8]> {
    list.split(|byte| *byte == b',')
}

fn trimmed(part: &[u8]) -> &[u8] {
    part.trim_ascii()
}

/// What replaces `list`, numbers side by side, when that is `new`; `None`: null for each.
///
/// # Errors
/// When it is not as many numbers.
pub(super) fn replaced(list: &[u8], new: Option<&[u8]>) -> Result<Vec<u8>, DataError> {
    let Some(new) = new else {
        let nulls: Vec<&[u8]> = parts(list).map(|_| b"null".as_slice()).collect();
        return Ok(nulls.join(b",".as_slice()));
    };
    if parts(new).count() == parts(list).count() && parts(new).all(|part| is_number(trimmed(part))) {
        return Ok(new.to_vec());
    }
    Err(no_number())
}

/// A number stays a number, a whole one a whole one, or becomes null.
///
/// # Errors
/// When the new value is none.
pub(super) fn spliced(text: &[u8], token: &Token, edit: &TextEdit) -> Result<(Range<usize>, Vec<u8>), DataError> {
    let Some(replacement) = &edit.replacement else {
        if edit.span == token.span {
            return Ok((token.span.clone(), b"null".to_vec()));
        }
        return Err(DataError::new("a part of a JSON number cannot be null"));
    };
    let before = text.get(token.span.start..edit.span.start).unwrap_or_default();
    let after = text.get(edit.span.end..token.span.end).unwrap_or_default();
    let number = [before, replacement, after].concat();
    let old = text.get(token.span.clone()).unwrap_or_default();
    let is_of_kind = !old.iter().all(u8::is_ascii_digit) || number.iter().all(u8::is_ascii_digit);
    if replacement.is_empty() || !is_of_kind || !is_number(&number) {
        return Err(no_number());
    }
    Ok((edit.span.clone(), replacement.clone()))
}

fn no_number() -> DataError {
    DataError::new("a JSON number can be replaced by a number only")
        .advise("choose fpe, generalize or null for this entity type, or keep it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::json::lexer::Kind;

    #[test]
    fn fractions_stay_numbers() {
        let text = b"[-30.274085]";
        let token = Token { kind: Kind::Number, span: 1..11 };
        let new = |span, replacement: Option<&str>| {
            let replacement = replacement.map(|text| text.as_bytes().to_vec());
            spliced(text, &token, &TextEdit { aside: None, span, replacement }).ok().map(|(_, new)| new)
        };
        assert_eq!(new(1..11, Some("-30")).as_deref(), Some(b"-30".as_slice()));
        assert_eq!(new(1..11, None).as_deref(), Some(b"null".as_slice()));
        assert_eq!(new(2..4, Some("31")).as_deref(), Some(b"31".as_slice()));
        for (span, wrong) in [(1..11, Some("30.")), (1..11, Some("")), (1..11, Some("x")), (2..4, None)] {
            assert_eq!(new(span, wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn numbers_side_by_side() {
        let text = br#"{"at":[116.397128, -39.916527],"n":[1]}"#;
        assert!(is_list(text, &(7..29)));
        for other in [6..29, 8..29, 7..28, 7..17, 7..30, 36..37] {
            assert!(!is_list(text, &other), "{other:?}");
        }
        for (text, expected) in [
            ("1,2]", true),
            ("1,2 , 8.5 ] ,\"", true),
            ("1,2", false),
            ("1,2,3,4]", false),
            ("1,2],[3,4]]", false),
            ("1,2] , [3,4]]", false),
        ] {
            assert_eq!(is_one_position(text.as_bytes(), 3), expected, "{text}");
        }
        let list = b"116.397128, -39.916527";
        assert_eq!(replaced(list, Some(b"116.3, -39.9")).unwrap(), b"116.3, -39.9");
        assert_eq!(replaced(list, None).unwrap(), b"null,null");
        for wrong in ["116.3", "116.3,", "116.3,x", "1,2,3", ""] {
            assert!(replaced(list, Some(wrong.as_bytes())).is_err(), "{wrong}");
        }
    }
}
