//! Binary columns (bytea, BLOB): looked into and rewritten where they hold text, and refused where they hold anything
//! else, of which nobody knows what a new value would break.

use crate::error::DataError;

/// How PostgreSQL writes a bytea.
const MARK: &[u8] = b"\\x";

/// The text that a bytea in hexadecimal stands for; `None` for anything else. `scratch` is its buffer.
fn text_of<'a>(value: &[u8], scratch: &'a mut Vec<u8>) -> Option<&'a [u8]> {
    let digits = value.strip_prefix(MARK).filter(|digits| !digits.is_empty())?;
    scratch.clear();
    for pair in digits.chunks(2) {
        let [high, low] = pair else { return None };
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        scratch.push(digit(*high)? << 4 | digit(*low)?);
    }
    is_text(scratch).then_some(scratch)
}

/// Whether the bytes are text and nothing else: in many binary formats, such as Protocol Buffers, lengths and tags are
/// control characters.
pub(super) fn is_text(bytes: &[u8]) -> bool {
    let is_control = |byte: &u8| byte.is_ascii_control() && !matches!(byte, b'\t' | b'\n' | b'\r');
    !bytes.iter().any(is_control) && simdutf8::basic::from_utf8(bytes).is_ok()
}

/// Puts the text that the value from `start` on stands for in its place.
pub(super) fn unpack(values: &mut Vec<u8>, start: usize, scratch: &mut Vec<u8>) {
    if let Some(text) = values.get(start..).and_then(|value| text_of(value, scratch)) {
        values.truncate(start);
        values.extend_from_slice(text);
    }
}

/// The new value of a bytea that was written as `old`; `None` when it is written as it is.
///
/// # Errors
/// When what is there is no text, or written in the older way, in which the new value would need escapes.
pub(crate) fn pack(old: &[u8], value: &[u8], declared: bool) -> Result<Option<Vec<u8>>, DataError> {
    if text_of(old, &mut Vec::new()).is_some() {
        return Ok(Some([MARK, data_encoding::HEXLOWER.encode(value).as_bytes()].concat()));
    }
    let backslashes = |bytes: &[u8]| memchr::memchr_iter(b'\\', bytes).count();
    if declared && (old.starts_with(MARK) || backslashes(old) != backslashes(value)) {
        return Err(no_text());
    }
    Ok(None)
}

/// What is said of bytes that are no text, where something in them must be replaced.
pub(super) fn no_text() -> DataError {
    DataError::new("a value to be replaced stands in binary data that is no text").advise(
        "use keep for this entity type in the policy, or leave the column out: nobody knows what a new value would break",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpacked(value: &[u8]) -> Vec<u8> {
        let mut values = [b"before", value].concat();
        unpack(&mut values, 6, &mut Vec::new());
        assert!(values.starts_with(b"before"));
        values.split_off(6)
    }

    #[test]
    fn text_in_hexadecimal_is_looked_into_and_nothing_else() {
        assert_eq!(unpacked(b"\\x70686F6e65"), b"phone");
        for other in
            [&b"\\x"[..], b"\\x7", b"\\x7g", b"\\xff00", b"70", b"", b"\\x0a0b3133383132333435363738", b"\\x3100"]
        {
            assert_eq!(unpacked(other), other);
        }
    }

    #[test]
    fn new_text_is_written_as_the_old_one() {
        assert_eq!(pack(b"\\x41", "中".as_bytes(), true).unwrap().unwrap(), b"\\xe4b8ad");
        assert_eq!(pack(b"a\\\\b", b"c\\\\b", true).unwrap(), None);
        assert!(pack(b"ab", b"c\\b", true).is_err());
        assert!(pack(b"\\xff13", b"c", true).is_err());
        assert_eq!(pack(b"ab", b"c\\b", false).unwrap(), None);
    }
}
