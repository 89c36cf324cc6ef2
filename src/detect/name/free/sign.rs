//! What the model knows characters as: ideographs by their simplified form, anything else as an ASCII sign.

use super::super::super::han::{char_at, char_before};
use super::model::record;

/// A sign that ends a line.
pub(super) const LINE_END: u16 = b'\n' as u16;

pub(super) const fn is_ideograph(code: u16) -> bool {
    code >= 0x4E00 && code <= 0x9FFF
}

/// Bytes of an ideograph.
pub(super) const IDEOGRAPH: usize = 3;

/// What the ideograph at `at` counts as, if one stands there.
#[inline(always)]
pub(super) fn ideograph_at(text: &[u8], at: usize) -> Option<u16> {
    let [a @ 0xE4..=0xE9, b @ 0x80..=0xBF, c @ 0x80..=0xBF, ..] = text.get(at..)? else { return None };
    let code = u16::from(a & 0x0F) << 12 | u16::from(b & 0x3F) << 6 | u16::from(c & 0x3F);
    is_ideograph(code).then(|| record(code).simplified()).filter(|code| is_ideograph(*code))
}

/// What each ASCII character counts as.
pub(super) static ASCII: [u8; 128] = {
    let mut signs = [b'#'; 128];
    let mut at = 0_u8;
    while at < 128 {
        if let Some((_, [slot, ..])) = signs.split_at_mut_checked(at as usize) {
            *slot = match at {
                b'0'..=b'9' => b'0',
                b'a'..=b'z' | b'A'..=b'Z' => b'a',
                b'\'' | b'`' => b'"',
                b'{' => b'(',
                b'}' => b')',
                b'\t' => b' ',
                b'\r' | b'\n' => b'\n',
                b' '..=0x7F => at,
                _ => b'#',
            };
        }
        at += 1;
    }
    signs
};

/// What the character that ends before `at` counts as, and where it begins; what is no character counts as one of a
/// byte, and the start of the text as the end of a line.
pub(super) fn sign_before(text: &[u8], at: usize) -> (u16, usize) {
    let Some(before) = at.checked_sub(1) else { return (LINE_END, 0) };
    if let Some(sign) = text.get(before).and_then(|byte| ASCII.get(usize::from(*byte))) {
        return (u16::from(*sign), before);
    }
    char_before(text, at).map_or((u16::from(b'#'), before), |(c, start)| (sign(c), start))
}

/// What the character at `at` counts as, and its length; what is no character counts as one of a byte.
pub(super) fn sign_at(text: &[u8], at: usize) -> (u16, usize) {
    if let Some(code) = ideograph_at(text, at) {
        return (code, IDEOGRAPH);
    }
    if let Some(sign) = text.get(at).and_then(|byte| ASCII.get(usize::from(*byte))) {
        return (u16::from(*sign), 1);
    }
    let (c, length) = char_at(text, at).unwrap_or(if at < text.len() { ('#', 1) } else { ('\n', 0) });
    (sign(c), length)
}

/// What a character counts as: an ideograph as its simplified form, anything else as an ASCII sign.
pub(super) fn sign(c: char) -> u16 {
    let code = u32::from(c);
    if let Ok(code) = u16::try_from(code)
        && is_ideograph(code)
    {
        return record(code).simplified();
    }
    let c = match c {
        '“' | '”' | '‘' | '’' | '\'' | '「' | '」' | '『' | '』' | '`' => '"',
        '（' | '【' | '{' | '〔' => '(',
        '）' | '】' | '}' | '〕' => ')',
        '《' => '[',
        '》' => ']',
        '、' => '/',
        '。' | '．' | '…' => '.',
        '·' | '•' => '~',
        '\t' | '\u{3000}' | '\u{A0}' => ' ',
        '—' | '–' => '-',
        '\r' => '\n',
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(code - 0xFEE0).unwrap_or('#'),
        other => other,
    };
    let sign = match c {
        '0'..='9' => b'0',
        'a'..='z' | 'A'..='Z' => b'a',
        '\n' | ' '..='\u{7F}' => c as u8,
        _ => b'#',
    };
    u16::from(sign)
}
