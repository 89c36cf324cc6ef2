//! Untrusted text for terminals: file names, column names and masks that come from the data.
//!
//! Never lets through what moves the cursor, changes colours or reorders the line.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::path::Path;

/// `text` with control, bidirectional and invisible format characters written as `\u{…}`.
pub fn for_terminal(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        if is_unsafe(character) {
            let _ = write!(escaped, "{}", character.escape_unicode());
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// A path as text: bytes that are no UTF-8 as `\xNN`, so that two different paths never look the same.
pub fn path_text(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// A path for a terminal.
pub fn path(path: &Path) -> String {
    for_terminal(&path_text(path)).into_owned()
}

fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(for_terminal("数据/a.csv"), "数据/a.csv");
        assert_eq!(for_terminal("a\u{1b}[31m\u{202e}b"), "a\\u{1b}[31m\\u{202e}b");
        assert_eq!(for_terminal("a\nb\u{9b}"), "a\\u{a}b\\u{9b}");
    }

    #[cfg(unix)]
    #[test]
    fn odd_bytes_stay_apart() {
        use std::os::unix::ffi::OsStrExt;
        let odd = |bytes: &[u8]| path(Path::new(std::ffi::OsStr::from_bytes(bytes)));
        assert_eq!(odd(b"a\xff"), "a\\xff");
        assert_ne!(odd(b"a\xff"), odd(b"a\xfe"));
    }
}
