//! What only what follows tells: names of estates without a known suffix, which end an address, and towns that hold a
//! character of prose.

use super::character::Character;
use super::word::{Named, is_next_field, is_prose, is_stop, suffix_at};
use crate::detect::han::{Ideographs, any_at, char_at, fold, is_han};
use crate::detect::name::free::begins_surname;

/// Most characters of the name of an estate; fewest are three.
const LONGEST: usize = 6;
/// Most characters of the name of a person.
const LONGEST_PERSON: usize = 4;

/// The name of an estate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Estate {
    /// One past its last byte.
    pub(super) end: usize,
    /// It ends as names of estates do, so that running text may hold it.
    pub(super) is_sure: bool,
}

/// 新华路76号御景湾: the name from `start`, behind a house number, to where the text stops or pauses.
pub(super) fn estate_at(text: &[u8], start: usize) -> Option<Estate> {
    /// Last characters of names of estates.
    static ENDS: Ideographs = Ideographs::of("苑湾园街都第府郡城庭居轩阁墅邸坊庄洲际厦馆村堡岸庐筑");
    let (mut end, mut count, mut last) = (start, 0, None);
    while let Some((c, length)) = char_at(text, end).filter(|(c, _)| is_han(*c)) {
        let is_field = count > 0 && is_next_field(text, end);
        if is_prose(c) || is_stop(c) || is_field || count == LONGEST {
            return None;
        }
        (end, count, last) = (end + length, count + 1, Some(c));
    }
    let is_person = count <= LONGEST_PERSON && char_at(text, start).is_some_and(|(c, _)| begins_surname(u32::from(c)));
    let is_name = count > 2 && !is_person && is_closed(text, end) && !is_next_field(text, start);
    is_name.then(|| Estate { end, is_sure: last.is_some_and(|c| ENDS.holds(c)) })
}

/// Whether the text stops or pauses at `at`.
pub(super) fn is_closed(text: &[u8], at: usize) -> bool {
    char_at(text, at).is_none_or(|(c, _)| is_stop(c) || matches!(fold(c), ' ' | '('))
}

/// 龙门所镇, 土们岭街道: whether `c`, a word of prose elsewhere, stands inside the name of a town, which goes on at `behind`.
pub(super) fn is_in_town(text: &[u8], behind: usize, c: char) -> bool {
    // 所属街道, 所辖乡镇
    if !matches!(c, '所' | '们') || any_at(text, behind, &["属", "辖", "在", "有", "谓", "以", "述"]).is_some()
    {
        return false;
    }
    let mut p = behind;
    for _ in 0..3 {
        let Some(first) = Character::at(text, p) else { return false };
        if matches!(suffix_at(text, p, first), Some((_, Named::Town))) {
            return true;
        }
        if !is_han(first.character) || is_prose(first.character) {
            return false;
        }
        p += first.length;
    }
    false
}
