//! Escapes in running text: `%E5%BC%A0` of URLs (RFC 3986 §2.1) and `\u5f20` of JSON (RFC 8259 §7) and programs.
//!
//! URLs inside of URLs are escaped twice (`%25E5`): two levels are resolved, a third is not.
//! Text is read with its escapes resolved in a copy; what is put in the place of an escaped value is escaped alike.

use std::borrow::Cow;
use std::fmt::Write;

/// What an escape stands for.
pub(crate) struct Escape {
    bytes: [u8; 4],
    length: usize,
    /// How long the escape is, in bytes.
    pub(crate) width: usize,
}

impl Escape {
    /// The bytes that it stands for; a control character stands for a space, so that lines stay lines.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    fn of(character: char, width: usize) -> Escape {
        let character = if character.is_control() { ' ' } else { character };
        let mut bytes = [0; 4];
        let length = character.encode_utf8(&mut bytes).len();
        Escape { bytes, length, width }
    }
}

/// The escape that `rest` begins with.
pub(crate) fn escape_at(rest: &[u8]) -> Option<Escape> {
    match rest {
        // Escaped twice: `%25E5`.
        [b'%', b'2', b'5', high, low, ..] if digit(*high).is_some() && digit(*low).is_some() => {
            let byte = (digit(*high)? << 4 | digit(*low)?) as u8;
            match byte {
                0x80.. => Some(Escape { bytes: [byte, 0, 0, 0], length: 1, width: 5 }),
                _ => Some(Escape::of(char::from(byte), 5)),
            }
        }
        [b'%', high, low, ..] => {
            let byte = (digit(*high)? << 4 | digit(*low)?) as u8;
            match byte {
                0x80.. => Some(Escape { bytes: [byte, 0, 0, 0], length: 1, width: 3 }),
                _ => Some(Escape::of(char::from(byte), 3)),
            }
        }
        [b'\\', b'u', ..] => {
            let first = unit(rest)?;
            if let Some(character) = char::from_u32(first) {
                return Some(Escape::of(character, 6));
            }
            let second = rest.get(6..).and_then(unit).filter(|second| (0xDC00..0xE000).contains(second))?;
            let joined = 0x10000 + (first.checked_sub(0xD800).filter(|high| *high < 0x400)? << 10) + (second - 0xDC00);
            char::from_u32(joined).map(|character| Escape::of(character, 12))
        }
        _ => None,
    }
}

/// Whether the escape that `rest` begins with may hide a value: a letter, a digit, or what values and their labels are
/// made with. Spaces and slashes, by far the most frequent ones in URLs, hide none.
pub(crate) fn hides(rest: &[u8]) -> bool {
    escape_at(rest).is_some_and(|escape| match escape.bytes() {
        [byte] => byte.is_ascii_alphanumeric() || matches!(byte, b'@' | b'+' | b':' | b'=' | b'&' | b'"' | 0x80..),
        _ => true,
    })
}

/// `written` without its escapes.
pub(crate) fn unescaped(written: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr2(b'%', b'\\', written).is_none() {
        return Cow::Borrowed(written);
    }
    let mut plain = Vec::with_capacity(written.len());
    let mut at = 0;
    while let Some((first, rest)) = written.get(at..).and_then(|rest| Some((*rest.first()?, rest))) {
        match escape_at(rest) {
            Some(escape) => {
                plain.extend_from_slice(escape.bytes());
                at += escape.width;
            }
            None => {
                plain.push(first);
                at += 1;
            }
        }
    }
    Cow::Owned(plain)
}

/// `plain` with what does not stand in a URL, or beyond ASCII, escaped as in `written`.
pub(crate) fn escaped_like(written: &[u8], plain: Vec<u8>) -> Vec<u8> {
    let has = |mark: u8| {
        memchr::memchr_iter(mark, written).any(|at| escape_at(written.get(at..).unwrap_or_default()).is_some())
    };
    if has(b'%') {
        let twice = |at: usize| written.get(at..).and_then(escape_at).is_some_and(|escape| escape.width == 5);
        let mark = if memchr::memchr_iter(b'%', written).any(twice) { "%25" } else { "%" };
        let mut out = String::with_capacity(plain.len() * 3);
        for byte in plain {
            match byte {
                // Unreserved (RFC 3986 §2.3), and the star of masks.
                b'-' | b'.' | b'_' | b'~' | b'*' => out.push(char::from(byte)),
                _ if byte.is_ascii_alphanumeric() => out.push(char::from(byte)),
                _ => _ = write!(out, "{mark}{byte:02X}"),
            }
        }
        return out.into_bytes();
    }
    if has(b'\\') && !plain.is_ascii() {
        let mut out = String::with_capacity(plain.len() * 2);
        for character in String::from_utf8_lossy(&plain).chars() {
            match character.is_ascii() {
                true => out.push(character),
                false => character.encode_utf16(&mut [0; 2]).iter().for_each(|unit| _ = write!(out, "\\u{unit:04x}")),
            }
        }
        return out.into_bytes();
    }
    plain
}

fn digit(byte: u8) -> Option<u32> {
    char::from(byte).to_digit(16)
}

/// The number of the `\uXXXX` that `rest` begins with.
fn unit(rest: &[u8]) -> Option<u32> {
    let [b'\\', b'u', a, b, c, d, ..] = rest else { return None };
    Some(digit(*a)? << 12 | digit(*b)? << 8 | digit(*c)? << 4 | digit(*d)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain(written: &str) -> String {
        String::from_utf8(unescaped(written.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn escapes_are_resolved() {
        assert_eq!(
            plain("name=%25E5%25BC%25A0%25e4%25bc%259f&x=%2540&y=100%25z&z=%252525"),
            "name=张伟&x=@&y=100%z&z=%25"
        );
        assert_eq!(plain("name=%E5%BC%A0%e4%bc%9f&x=1%20%0a"), "name=张伟&x=1  ");
        assert_eq!(plain(r#"{"name":"\u5f20\u4F1F \ud83d\ude00"}"#), r#"{"name":"张伟 😀"}"#);
        assert_eq!(plain(r"100% \ufoo %zz \ud83d %4"), r"100% \ufoo %zz \ud83d %4");
    }

    #[test]
    fn what_hides_nothing_is_known() {
        for (written, expected) in [
            ("%20", false),
            ("%2520", false),
            ("%25E5", true),
            ("%2540", true),
            ("%2F", false),
            ("%2B8", true),
            ("%E5", true),
            (r"\u5f20", true),
            (r"\u000a", false),
            ("%", false),
            ("%40", true),
        ] {
            assert_eq!(hides(written.as_bytes()), expected, "{written}");
        }
    }

    proptest! {
        #[test]
        fn what_is_escaped_reads_as_before(text in r"[a-z0-9张伟😀&=%\\+ ]{0,20}") {
            for written in ["%41", "%2541", r"\u5f20"] {
                let escaped = escaped_like(written.as_bytes(), text.clone().into_bytes());
                // `%41` by itself, escaped once, reads as what was escaped twice.
                if !text.contains(['%', '\\']) {
                    prop_assert_eq!(plain(&String::from_utf8(escaped).unwrap()), text.clone());
                }
            }
        }

        #[test]
        fn any_bytes_are_read(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = (unescaped(&bytes), hides(&bytes), escaped_like(&bytes, bytes.clone()));
        }
    }
}
