//! Characters of running Chinese text, read from bytes that may hold invalid UTF-8. Must never split a character
//! and never panic: what is not a whole valid character is reported as absent.

/// The character that starts at `at` and its length in bytes; nothing at the end or where the bytes are not UTF-8.
#[inline(always)]
pub(crate) fn char_at(text: &[u8], at: usize) -> Option<(char, usize)> {
    // Nearly all characters here are ideographs; these lead bytes have no forbidden followers.
    match text.get(at..)? {
        [a @ (0xE1..=0xEC | 0xEE | 0xEF), b, c, ..] => {
            let (b, c) = (b ^ 0x80, c ^ 0x80);
            if (b | c) & 0xC0 != 0 {
                return None;
            }
            let code = u32::from(a & 0x0F) << 12 | u32::from(b) << 6 | u32::from(c);
            char::from_u32(code).map(|c| (c, 3))
        }
        [first @ 0x00..=0x7F, ..] => Some((char::from(*first), 1)),
        _ => rare_char_at(text, at),
    }
}

fn rare_char_at(text: &[u8], at: usize) -> Option<(char, usize)> {
    let length = match *text.get(at)? {
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
#[inline(always)]
pub(crate) fn char_before(text: &[u8], at: usize) -> Option<(char, usize)> {
    match text.get(..at)? {
        [.., byte @ 0x00..=0x7F] => Some((char::from(*byte), at - 1)),
        [.., a @ (0xE1..=0xEC | 0xEE | 0xEF), b @ 0x80..=0xBF, c @ 0x80..=0xBF] => {
            let code = u32::from(a & 0x0F) << 12 | u32::from(b & 0x3F) << 6 | u32::from(c & 0x3F);
            char::from_u32(code).map(|c| (c, at - 3))
        }
        _ => rare_char_before(text, at),
    }
}

fn rare_char_before(text: &[u8], at: usize) -> Option<(char, usize)> {
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
#[inline]
pub(crate) fn starts(text: &[u8], at: usize, word: &str) -> bool {
    let word = word.as_bytes();
    // Of two Han characters the third bytes differ nearly always, and a look at them costs no call.
    let same = |found: &[u8]| found.get(2) == word.get(2) && found == word;
    text.get(at..).is_some_and(|rest| word.is_empty() || rest.get(..word.len()).is_some_and(same))
}

/// Whether `word` ends just before `at`.
#[inline]
pub(crate) fn ends(text: &[u8], at: usize, word: &str) -> bool {
    let word = word.as_bytes();
    let same = |found: &[u8]| found.last() == word.last() && found == word;
    at.checked_sub(word.len()).and_then(|from| text.get(from..at)).is_some_and(same)
}

/// The first of `words` that stands at `at`.
pub(crate) fn any_at<'words>(text: &[u8], at: usize, words: &[&'words str]) -> Option<&'words str> {
    words.iter().find(|word| starts(text, at, word)).copied()
}

/// A Chinese character as it occurs in names and places (the unified ideographs and their extensions).
pub(crate) const fn is_han(c: char) -> bool {
    matches!(c, '\u{4E00}'..='\u{9FFF}' | '\u{3400}'..='\u{4DBF}' | '〇' | '\u{20000}'..='\u{323AF}')
}

/// A set of ideographs: one bit for each of the first block.
pub(crate) struct Ideographs {
    bits: [u64; BLOCK / 64],
}

/// The first block of ideographs.
pub(crate) const FIRST: u32 = 0x4E00;
pub(crate) const LAST: u32 = 0x9FFF;
const BLOCK: usize = (LAST - FIRST + 1) as usize;

/// The code of the ideograph at `at`.
#[allow(clippy::indexing_slicing)] // In constants only: an index out of range does not compile.
const fn code_at(text: &str, at: usize) -> u32 {
    let text = text.as_bytes();
    (text[at] as u32 & 0x0F) << 12 | (text[at + 1] as u32 & 0x3F) << 6 | text[at + 2] as u32 & 0x3F
}

#[allow(clippy::indexing_slicing)] // In constants, where it does not compile when out of range, or within a bound.
impl Ideographs {
    pub(crate) const EMPTY: Ideographs = Ideographs { bits: [0; BLOCK / 64] };

    /// The characters of `text`, all of them of the first block.
    pub(crate) const fn of(text: &str) -> Ideographs {
        let mut set = Ideographs::EMPTY;
        let mut at = 0;
        while at < text.len() {
            set.enter(code_at(text, at));
            at += 3;
        }
        set
    }

    /// The first characters of `words`, all of them of the first block.
    pub(crate) const fn first_of(words: &[&str]) -> Ideographs {
        let mut set = Ideographs::EMPTY;
        let mut at = 0;
        while at < words.len() {
            set.enter(code_at(words[at], 0));
            at += 1;
        }
        set
    }

    /// With those of `other`.
    pub(crate) const fn and(mut self, other: &Ideographs) -> Ideographs {
        let mut at = 0;
        while at < self.bits.len() {
            self.bits[at] |= other.bits[at];
            at += 1;
        }
        self
    }

    /// Enters the ideograph with this code.
    pub(crate) const fn enter(&mut self, code: u32) {
        let at = (code - FIRST) as usize;
        self.bits[at / 64] |= 1 << (at % 64);
    }

    /// Whether `c` is one of them.
    #[inline]
    pub(crate) const fn holds(&self, c: char) -> bool {
        let at = (c as u32).wrapping_sub(FIRST) as usize;
        at < BLOCK && self.bits[at / 64] >> (at % 64) & 1 != 0
    }
}

/// Full-width ASCII as plain ASCII, all dashes as `-`, the ideographic space as a space; the rest as it is.
#[inline]
pub(crate) const fn fold(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => match char::from_u32(c as u32 - 0xFEE0) {
            Some(plain) => plain,
            None => c,
        },
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        '\u{3000}' | '\u{A0}' => ' ',
        other => other,
    }
}

/// A Chinese numeral as written in house numbers.
pub(crate) const fn is_numeral(c: char) -> bool {
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

    #[test]
    fn sets_hold_their_characters_only() {
        const TEXT: &str = "一的龥";
        static SET: Ideographs = Ideographs::of(TEXT);
        let held: String = ('\0'..=char::MAX).filter(|c| SET.holds(*c)).collect();
        assert_eq!(held, TEXT);
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
