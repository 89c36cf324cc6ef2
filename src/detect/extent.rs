//! How long a value is by what stands around it: an element, a section, quotation marks.

use super::context::byte_before;

/// How long what an element holds from `at` on is: to the tag or end of a section behind it on the line.
pub(super) fn held(text: &[u8], at: usize, ahead: &[u8]) -> Option<usize> {
    let end = match byte_before(text, at) {
        b'>' => memchr::memmem::find(ahead, b"</"),
        b'[' => memchr::memmem::find(ahead, b"]]>"),
        _ => None,
    };
    end.filter(|end| !ahead.get(..*end).is_some_and(|held| held.contains(&b'\n') || held.contains(&b'<')))
}

/// How long the value at `at` is when a quotation mark stands before it: to the next one on the line, escaped ones left
/// out.
pub(super) fn quoted(text: &[u8], at: usize, ahead: &[u8]) -> Option<usize> {
    let mark = byte_before(text, at);
    if !matches!(mark, b'"' | b'\'') {
        return None;
    }
    let mut escaped = false;
    for (length, byte) in ahead.iter().enumerate() {
        match byte {
            b'\n' => return None,
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            byte if *byte == mark => return Some(length),
            _ => {}
        }
    }
    None
}
