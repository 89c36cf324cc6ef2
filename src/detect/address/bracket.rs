//! Notes in round brackets inside an address: (一期), （靠近东门）.

use super::word::{is_prose, is_stop};
use crate::detect::han::{char_at, fold};

/// The end of a balanced pair of round brackets at `at` with a short note inside.
#[inline]
pub(super) fn bracketed(text: &[u8], at: usize) -> Option<usize> {
    // Either `(` or the lead byte of its full-width form.
    matches!(text.get(at), Some(b'(' | 0xEF)).then(|| closed_bracket(text, at)).flatten()
}

fn closed_bracket(text: &[u8], at: usize) -> Option<usize> {
    let (open, length) = char_at(text, at)?;
    if fold(open) != '(' {
        return None;
    }
    let mut p = at + length;
    for _ in 0..16 {
        let (c, length) = char_at(text, p)?;
        p += length;
        match fold(c) {
            ')' => return Some(p),
            '(' => return None,
            ' ' | '-' | '#' => {}
            _ if is_stop(c) || is_prose(c) => return None,
            _ => {}
        }
    }
    None
}

/// Whether the bracket says which part of the place is meant: (一期), （东门）, （靠近地铁站）.
pub(super) fn is_place_note(text: &[u8], start: usize, end: usize) -> bool {
    let Some(inside) = text.get(start..end).and_then(|note| std::str::from_utf8(note).ok()) else { return false };
    inside.contains([
        '期', '区', '座', '栋', '号', '楼', '层', '室', '门', '路', '口', '旁', '侧', '近', '面', '院', '村',
    ])
}
