//! Escapes of JSON strings: decoding, finding a decoded span in the escaped bytes, and writing new text.

use crate::error::DataError;

/// Appends what the string content `content` (valid JSON) stands for. A lone surrogate, which is no character,
/// becomes U+FFFD.
pub(super) fn decode(content: &[u8], out: &mut Vec<u8>) {
    let mut rest = content;
    loop {
        let plain = memchr::memchr(b'\\', rest).unwrap_or(rest.len());
        let Some((before, escape)) = rest.split_at_checked(plain) else { return };
        out.extend_from_slice(before);
        if escape.is_empty() {
            return;
        }
        let (length, character) = unescape(escape);
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        rest = escape.get(length..).unwrap_or_default();
    }
}

/// The escape that `bytes` start with: its length and its character.
fn unescape(bytes: &[u8]) -> (usize, char) {
    let short = match bytes.get(1) {
        Some(b'u') => {
            let unit = |at: usize| {
                let hex = bytes.get(at..at + 6)?.strip_prefix(b"\\u")?;
                hex.iter().try_fold(0, |value, digit| Some(value * 16 + char::from(*digit).to_digit(16)?))
            };
            let first = unit(0).unwrap_or(0xFFFD);
            if let (0xD800..=0xDBFF, Some(second @ 0xDC00..=0xDFFF)) = (first, unit(6)) {
                let code = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
                return (12, char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            return (6, char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(other) => char::from(*other),
        None => '\\',
    };
    (2, short)
}

/// Walks a string's content and its decoded text side by side, forward only.
pub(crate) struct SideBySide<'a> {
    content: &'a [u8],
    raw: usize,
    decoded: usize,
}

impl<'a> SideBySide<'a> {
    pub(crate) fn new(content: &'a [u8]) -> SideBySide<'a> {
        SideBySide { content, raw: 0, decoded: 0 }
    }

    /// The first boundary of characters at or behind the offset `target` of the content, which must not lie before the
    /// last one: its offset in the content, and in the decoded text.
    ///
    /// # Errors
    /// When it lies past the end or before the last one.
    pub(crate) fn boundary_from(&mut self, target: usize) -> Result<(usize, usize), DataError> {
        let starts_before = self.raw > target;
        while self.raw < target {
            let rest = self.content.get(self.raw..).unwrap_or_default();
            let (raw, decoded) = match memchr::memchr(b'\\', rest) {
                Some(0) => {
                    let (length, character) = unescape(rest);
                    (length, character.len_utf8())
                }
                next => {
                    let plain = next.unwrap_or(rest.len()).min(target - self.raw);
                    (plain, plain)
                }
            };
            if raw == 0 {
                break;
            }
            self.raw += raw;
            self.decoded += decoded;
        }
        if starts_before || self.raw < target || self.raw > self.content.len() {
            return Err(DataError::new("an edit of a JSON string does not stand within it"));
        }
        Ok((self.raw, self.decoded))
    }

    /// The offset in the content of the decoded offset `target`, which must not lie before the last one.
    ///
    /// # Errors
    /// When it lies within a character, past the end or before the last one.
    pub(super) fn raw_of(&mut self, target: usize) -> Result<usize, DataError> {
        let fault = || Err(DataError::new("an edit of a JSON string does not stand between characters"));
        while self.decoded < target {
            let rest = self.content.get(self.raw..).unwrap_or_default();
            if rest.first() == Some(&b'\\') {
                let (length, character) = unescape(rest);
                self.raw += length;
                self.decoded += character.len_utf8();
                continue;
            }
            let plain = memchr::memchr(b'\\', rest).unwrap_or(rest.len()).min(target - self.decoded);
            if plain == 0 {
                return fault();
            }
            self.raw += plain;
            self.decoded += plain;
        }
        let within = self.content.get(self.raw).is_some_and(|byte| (0x80..0xC0).contains(byte));
        if self.decoded != target || within { fault() } else { Ok(self.raw) }
    }
}

/// Whether the offset `at` of `content` does not stand within an escape or a character.
pub(super) fn is_between(content: &[u8], at: usize) -> bool {
    let mut raw = 0;
    while raw < at {
        let rest = content.get(raw..).unwrap_or_default();
        match memchr::memchr(b'\\', rest) {
            Some(0) => raw += unescape(rest).0,
            next => raw += next.unwrap_or(rest.len()).min(at - raw).max(1),
        }
    }
    raw == at && !content.get(at).is_some_and(|byte| (0x80..0xC0).contains(byte))
}

/// Appends `text` as the content of a JSON string; with `ascii`, everything beyond ASCII as `\uXXXX`.
///
/// # Errors
/// When `text` is not UTF-8.
pub(super) fn encode(text: &[u8], ascii: bool, out: &mut Vec<u8>) -> Result<(), DataError> {
    let text = std::str::from_utf8(text).map_err(|_| DataError::new("a replacement is not UTF-8"))?;
    for character in text.chars() {
        match character {
            '"' => out.extend_from_slice(b"\\\""),
            '\\' => out.extend_from_slice(b"\\\\"),
            '\n' => out.extend_from_slice(b"\\n"),
            '\r' => out.extend_from_slice(b"\\r"),
            '\t' => out.extend_from_slice(b"\\t"),
            control if control < ' ' => out.extend_from_slice(format!("\\u{:04x}", u32::from(control)).as_bytes()),
            other if ascii && !other.is_ascii() => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    out.extend_from_slice(format!("\\u{unit:04x}").as_bytes());
                }
            }
            other => out.extend_from_slice(other.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decoded(content: &str) -> String {
        let mut out = Vec::new();
        decode(content.as_bytes(), &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn escapes_are_decoded() {
        assert_eq!(
            decoded(r#"\u5f20\u4E09 \" \\ \/ \b\f\n\r\t 😀 \ud83d\ude00"#),
            "张三 \" \\ / \u{8}\u{c}\n\r\t 😀 😀"
        );
        assert_eq!(decoded(r"\ud83d x \ude00 \ud83d\u0041"), "\u{fffd} x \u{fffd} \u{fffd}A");
        assert_eq!(decoded(r"\\u5f20"), r"\u5f20");
    }

    proptest! {
        #[test]
        fn encoding_is_read_back_by_serde_json(text in any::<String>(), ascii in any::<bool>()) {
            let mut out = b"\"".to_vec();
            encode(text.as_bytes(), ascii, &mut out).unwrap();
            out.push(b'"');
            prop_assert!(!ascii || out.is_ascii());
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }

        #[test]
        fn decoded_offsets_map_back(text in "[a张😀\"\\\\\n]{0,12}", ascii in any::<bool>()) {
            let mut content = Vec::new();
            encode(text.as_bytes(), ascii, &mut content).unwrap();
            let mut sides = SideBySide::new(&content);
            let mut between = Vec::new();
            for at in 0..=text.len() {
                if !text.is_char_boundary(at) {
                    prop_assert!(SideBySide::new(&content).raw_of(at).is_err());
                    continue;
                }
                let raw = sides.raw_of(at).unwrap();
                between.push(raw);
                let mut head = Vec::new();
                decode(&content[..raw], &mut head);
                prop_assert_eq!(&head[..], &text.as_bytes()[..at]);
            }
            for at in 0..=content.len() {
                prop_assert_eq!(is_between(&content, at), between.contains(&at), "{}", at);
            }
            prop_assert!(sides.raw_of(text.len() + 1).is_err());
            let mut sides = SideBySide::new(&content);
            for at in (0..=content.len()).filter(|at| !content.get(*at).is_some_and(|b| (0x80..0xC0).contains(b))) {
                let Ok((raw, start)) = sides.boundary_from(at) else {
                    // Only offsets within an escape lie before the boundary that was last given.
                    prop_assert!(!between.contains(&at));
                    continue;
                };
                prop_assert_eq!(raw, *between.iter().find(|next| **next >= at).unwrap());
                prop_assert_eq!(SideBySide::new(&content).raw_of(start).unwrap(), raw);
            }
            prop_assert!(sides.boundary_from(content.len() + 1).is_err());
        }
    }
}
