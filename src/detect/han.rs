//! Characters of running Chinese text, read from bytes that may hold invalid UTF-8. Must never split a character
//! and never panic: what is not a whole valid character is reported as absent.

/// The character that starts at `at` and its length in bytes; nothing at the end or where the bytes are not UTF-8.
pub(crate) fn char_at(text: &[u8], at: usize) -> Option<(char, usize)> {
    let first = *text.get(at)?;
    // Nearly all characters here are ideographs; a lead byte of E1 to EC has no forbidden followers.
    if let (0xE1..=0xEC, Some([a, b, c, ..])) = (first, text.get(at..)) {
        let (b, c) = (b ^ 0x80, c ^ 0x80);
        if (b | c) & 0xC0 != 0 {
            return None;
        }
        let code = u32::from(a & 0x0F) << 12 | u32::from(b) << 6 | u32::from(c);
        return char::from_u32(code).map(|c| (c, 3));
    }
    let length = match first {
        0x00..=0x7F => return Some((char::from(first), 1)),
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => return None,
    };
    let bytes = text.get(at..at.checked_add(length)?)?;
    let c = std::str::from_utf8(bytes).ok()?.chars().next()?;
    Some((c, length))
}

/// The character that ends just before `at`, and where it starts.
pub(crate) fn char_before(text: &[u8], at: usize) -> Option<(char, usize)> {
    for length in 1..=4.min(at) {
        let start = at - length;
        let first = *text.get(start)?;
        if (0x80..0xC0).contains(&first) {
            continue;
        }
        return char_at(text, start).filter(|(_, found)| *found == length).map(|(c, _)| (c, start));
    }
    None
}

/// Whether `word` stands at `at`.
pub(crate) fn starts(text: &[u8], at: usize, word: &str) -> bool {
    text.get(at..).is_some_and(|rest| rest.starts_with(word.as_bytes()))
}

/// Whether `word` ends just before `at`.
pub(crate) fn ends(text: &[u8], at: usize, word: &str) -> bool {
    text.get(..at).is_some_and(|left| left.ends_with(word.as_bytes()))
}

/// The first of `words` that stands at `at`.
pub(crate) fn any_at<'words>(text: &[u8], at: usize, words: &[&'words str]) -> Option<&'words str> {
    words.iter().find(|word| starts(text, at, word)).copied()
}

/// A Chinese character as it occurs in names and places (the unified ideographs and their extensions).
pub(crate) fn is_han(c: char) -> bool {
    matches!(c, '\u{4E00}'..='\u{9FFF}' | '\u{3400}'..='\u{4DBF}' | '〇' | '\u{20000}'..='\u{323AF}')
}

/// Full-width ASCII as plain ASCII, all dashes as `-`, the ideographic space as a space; the rest as it is.
pub(crate) fn fold(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{3000}' | '\u{A0}' => ' ',
        other => other,
    }
}

/// A Chinese numeral as written in house numbers.
pub(crate) fn is_numeral(c: char) -> bool {
    matches!(c, '〇' | '零' | '一' | '二' | '三' | '四' | '五' | '六' | '七' | '八' | '九' | '十' | '百')
}

/// Skips spaces (also ideographic ones) from `at`.
pub(crate) fn skip_spaces(text: &[u8], at: usize) -> usize {
    let mut p = at;
    while let Some((c, length)) = char_at(text, p) {
        if fold(c) != ' ' && c != '\t' {
            break;
        }
        p += length;
    }
    p
}

/// `value` without white space at either end, as a range of it.
pub(crate) fn trimmed(value: &[u8]) -> std::ops::Range<usize> {
    let mut start = skip_spaces(value, 0);
    while value.get(start).is_some_and(|b| b.is_ascii_whitespace()) {
        start = skip_spaces(value, start + 1);
    }
    let mut end = value.len();
    while let Some((c, before)) = char_before(value, end) {
        if before < start || !(c.is_ascii_whitespace() || fold(c) == ' ') {
            break;
        }
        end = before;
    }
    start..end.max(start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_both_ways() {
        let text = "a张\u{20000}".as_bytes();
        assert_eq!(char_at(text, 1), Some(('张', 3)));
        assert_eq!(char_at(text, 2), None);
        assert_eq!(char_before(text, text.len()), Some(('\u{20000}', 4)));
        assert_eq!(char_before(text, 4), Some(('张', 1)));
        assert_eq!(char_before(text, 0), None);
        assert_eq!(trimmed("\t \u{3000}张 伟\u{3000}\n".as_bytes()), 5..12);
        assert_eq!(trimmed(b"  \n "), 4..4);
    }

    proptest! {
        #[test]
        fn never_panics(text: Vec<u8>, at in 0usize..64) {
            let _ = char_at(&text, at);
            let _ = char_before(&text, at);
            let range = trimmed(&text);
            prop_assert!(range.end <= text.len() && range.start <= range.end);
        }

        #[test]
        fn agrees_with_str(text: String) {
            let bytes = text.as_bytes();
            for (at, c) in text.char_indices() {
                prop_assert_eq!(char_at(bytes, at), Some((c, c.len_utf8())));
                prop_assert_eq!(char_before(bytes, at + c.len_utf8()), Some((c, at)));
            }
        }
    }
}
