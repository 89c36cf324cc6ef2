//! The grammar of Chinese addresses: administrative names, then roads and communities, then numbers. Three fronts for
//! running text, for a value behind a label, and for a whole cell. Must never report a region alone (province and
//! city), nor prose that merely speaks of addresses, and must never split a character.

mod admin;
mod bracket;
mod character;
mod detail;
mod element;
mod estate;
mod gazetteer;
mod setting;
mod word;

use std::ops::Range;

use self::admin::Admin;
use self::bracket::bracketed;
pub(super) use self::character::{is_number_before_unit, is_unit_start};
use self::detail::{Detail, Walked};
use self::gazetteer::{may_start, names_at};
use self::setting::Setting;
use self::word::{is_next_field, is_prose, is_stop};
use super::Found;
use super::han::{any_at, char_at, char_before, ends, fold, is_han, trimmed};
use crate::finding::Traits;

/// Labels that say the address belongs to an organization.
const ORGANIZATION_LABELS: &[&str] = &[
    "注册地址",
    "办公地址",
    "公司地址",
    "企业地址",
    "单位地址",
    "营业地址",
    "经营地址",
    "机构地址",
    "总部地址",
    "总部",
    "总部位于",
    "注册地",
    "经营场所",
    "营业场所",
    "公司住所",
    "注册住所",
    "办公场所",
    "办公地点",
    "工厂地址",
    "门店地址",
];

/// Longest address in bytes; longer cells are prose.
const LONGEST: usize = 400;

/// Most addresses of which [`Recent`] remembers how they read, and the bytes that share one place in it: together more
/// than the scan pass goes over before it comes back to the same stretch with other anchors.
const REMEMBERED: usize = 64;
const APART: usize = 64;

/// How the last addresses of one text read. What stands behind a label is asked for twice: in running text, and as the
/// value of the label.
#[derive(Default)]
pub struct Recent {
    /// By the place of the address; empty before the first.
    read: Vec<Option<Read>>,
}

/// How an address reads.
#[derive(Clone, Copy)]
struct Read {
    /// Where its first name was sought.
    at: usize,
    admin: Admin,
    /// Where a labelled value would have been cut off.
    limit: usize,
    walked: Walked,
}

impl Recent {
    fn at(&self, at: usize) -> Option<&Read> {
        self.read.get(at / APART % REMEMBERED)?.as_ref().filter(|read| read.at == at)
    }

    fn remember(&mut self, read: Read) {
        if self.read.is_empty() {
            self.read.resize(REMEMBERED, None);
        }
        if let Some(slot) = self.read.get_mut(read.at / APART % REMEMBERED) {
            *slot = Some(read);
        }
    }

    /// What is behind `admin`, whose first name was sought at `at`, in running text that ends at `end`.
    fn free(&mut self, text: &[u8], at: usize, admin: &Admin, end: usize) -> Detail {
        let known = self.at(at).filter(|read| end <= read.limit).and_then(|read| read.walked.free);
        if let Some(detail) = known {
            return detail;
        }
        let limit = text.len().min(admin.start.saturating_add(LONGEST));
        let district = admin.has_district();
        let (Some(value), true) = (text.get(..limit), end <= limit) else {
            return Detail::walk(text, admin.end, end, Setting::Free, district);
        };
        let walked = Detail::walk_for_both(value, admin.end, Setting::Free, Some(end), district);
        self.remember(Read { at, admin: *admin, limit, walked });
        walked.free.unwrap_or_else(|| Detail::walk(text, admin.end, end, Setting::Free, district))
    }

    /// What is behind `admin`, whose first name was sought at `at`, in a labelled value.
    fn labelled(&mut self, text: &[u8], at: usize, admin: &Admin) -> Detail {
        let limit = text.len();
        let known = self.at(at).filter(|read| read.limit == limit).and_then(|read| read.walked.labelled);
        if let Some(detail) = known {
            return detail;
        }
        let district = admin.has_district();
        let walked = Detail::walk_for_both(text, admin.end, Setting::Labelled, None, district);
        self.remember(Read { at, admin: *admin, limit, walked });
        walked.labelled.unwrap_or_else(|| Detail::walk(text, admin.end, limit, Setting::Labelled, district))
    }
}

/// Finds addresses in `run`, a stretch of one line that contains Han characters, and appends them to `out`.
pub fn in_run(text: &[u8], run: Range<usize>, recent: &mut Recent, out: &mut Vec<Found>) {
    let end = run.end.min(text.len());
    let Some(last) = last_number(text, run.start, end) else { return };
    let mut p = run.start;
    while p <= last {
        let Some(byte) = text.get(p) else { return };
        if !(0xE4..=0xE9).contains(byte) {
            p += 1;
            continue;
        }
        if !may_start(text, p) {
            p += 3;
            continue;
        }
        let Some(admin) = recent.at(p).map(|read| read.admin).or_else(|| Admin::at(text, p)) else {
            p += 3;
            continue;
        };
        match free(text, p, &admin, end, recent) {
            Some(found) => {
                p = found.end.max(p + 3);
                out.push(found);
            }
            None => p = admin.end.max(p + 3),
        }
    }
}

/// The address that starts at `at`, behind a label that says it is one.
pub fn after_label(text: &[u8], at: usize, recent: &mut Recent) -> Option<Found> {
    let at = match text.get(at) {
        Some(0x80..) => any_at(text, at, &["位于", "为", "是", "在"]).map_or(at, |word| at + word.len()),
        _ => at,
    };
    let limit = text.len().min(at.saturating_add(LONGEST));
    let mut found = labelled(text.get(..limit)?, at, Some(recent))?;
    let most = if found.structure < 30 { 8 } else { 24 };
    found.end = extended(text, found.end, limit, most);
    found.traits.organization = is_of_organization(text, found.start);
    Some(found)
}

/// Whether `value` is the names of administrative divisions and nothing more.
pub fn is_region(value: &[u8]) -> bool {
    Admin::at(value, 0).is_some_and(|admin| admin.end == value.len())
}

/// Whether the name of an administrative division stands at the start of `span` and fills it at least: 于田 in 于田县.
pub(super) fn is_place_name(text: &[u8], span: Range<usize>) -> bool {
    Admin::at(text, span.start).is_some_and(|admin| admin.end >= span.end)
}

/// `value` as an address: the whole cell of a column whose name says that it holds addresses.
pub fn is_value(value: &[u8]) -> Option<Found> {
    let range = trimmed(value);
    if range.len() > LONGEST {
        return None;
    }
    let mut found = labelled(value.get(..range.end)?, range.start, None).or_else(|| english(value, range.clone()))?;
    if found.structure < 30 && !is_short_note(value.get(found.end..range.end)?) {
        return None;
    }
    found.start = range.start;
    found.end = range.end;
    found.traits.whole = true;
    Some(found)
}

/// What may stand behind a coarse address in a cell without making it a sentence.
fn is_short_note(rest: &[u8]) -> bool {
    let Ok(rest) = std::str::from_utf8(rest) else { return false };
    rest.chars().count() <= 12 && !rest.contains(|c| is_prose(c) || matches!(c, '。' | '？' | '?' | '！'))
}

/// The address that `admin` begins in running text, if there is enough of it.
fn free(text: &[u8], at: usize, admin: &Admin, limit: usize, recent: &mut Recent) -> Option<Found> {
    if !admin.has_city() {
        return None;
    }
    let detail = recent.free(text, at, admin, limit);
    let numbered = detail.numbered >= 1 && (detail.anchored || detail.numbered >= 2 && detail.building);
    let placed = admin.has_district() || detail.named >= 1;
    if !numbered || !placed {
        return None;
    }
    let sure = admin.full > 0 || admin.names > 1 || detail.building && detail.numbered > 1;
    let traits = Traits { organization: is_of_organization(text, admin.start), ..Traits::default() };
    Some(Found {
        start: admin.start,
        end: detail.end,
        structure: if sure { 40 } else { 34 },
        registry: admin.registry(),
        traits,
    })
}

/// An address at `at` of a text that ends with it, where a label or column says there is one.
fn labelled(text: &[u8], at: usize, recent: Option<&mut Recent>) -> Option<Found> {
    let after_country = any_at(text, at, &["中华人民共和国", "中国"]).map_or(at, |country| at + country.len());
    let known = recent.as_ref().and_then(|recent| recent.at(after_country));
    let admin = known.map(|read| read.admin).or_else(|| Admin::at(text, after_country));
    let (start, district) = admin.map_or((at, false), |admin| (admin.end, admin.has_district()));
    let detail = match (&admin, recent) {
        (Some(admin), Some(recent)) => recent.labelled(text, after_country, admin),
        _ => Detail::walk(text, start, text.len(), Setting::Labelled, district || admin.is_none()),
    };
    let city = admin.is_some_and(|admin| admin.has_city());
    let structure = match (admin.is_some(), detail.numbered, detail.named) {
        (true, 2.., _) => 40,
        (true, 1, _) if detail.anchored => 40,
        (true, _, 1..) if city => 30,
        (true, _, _) if district => 22,
        (true, _, _) if city => 14,
        (true, _, _) => 12,
        (false, 2.., 1..) if detail.anchored => 36,
        (false, 2.., _) if detail.building => 28,
        (false, 1, 1..) if detail.anchored => 30,
        (false, 1, _) if detail.anchored && detail.building => 24,
        (false, 0, 2..) => 20,
        (false, 0, 1) if detail.towns == 1 || is_named_place(text, at, detail.end) => 16,
        _ => return None,
    };
    let end = detail.end.max(start);
    if structure < 20 && !is_ended(text, end) {
        return None;
    }
    let registry = admin.map_or(0, |admin| admin.registry());
    Some(Found { start: at, end, structure, registry, traits: Traits::default() })
}

/// A single name such as 阳光小区, 幸福路; not a word that only has such a suffix (通道, 线路).
fn is_named_place(text: &[u8], start: usize, end: usize) -> bool {
    text.get(start..end).and_then(|name| std::str::from_utf8(name).ok()).is_some_and(|name| {
        name.chars().count() >= 3
            && !name.ends_with(['道', '段', '条', '坊', '径'])
            && !name.ends_with("线路")
            && !name.ends_with("中心")
    })
}

/// Whether the value stops at `at` (weak evidence counts only when nothing follows it).
fn is_ended(text: &[u8], at: usize) -> bool {
    char_at(text, at).is_none_or(|(c, _)| is_stop(c) || fold(c) == ' ')
}

/// Where a labelled value goes on behind its last known element, up to the next pause: 东软大厦前台. Sentences, names
/// in front of a phone number and the next field are left out.
fn extended(text: &[u8], end: usize, limit: usize, most: usize) -> usize {
    let (mut p, mut count) = (end, 0);
    while let Some((c, length)) = char_at(text, p).filter(|_| p < limit) {
        if let Some(after) = bracketed(text, p) {
            p = after;
            continue;
        }
        let c = fold(c);
        if is_stop(c) || c == ' ' || c == '(' || is_next_field(text, p) {
            break;
        }
        if c.is_ascii_digit() && digits(text, p) >= 7 {
            let tail = text.get(end..p).unwrap_or(&[]);
            return if super::name::is_value(tail).is_some() { end } else { p };
        }
        count += 1;
        if is_prose(c) || count > most {
            return end;
        }
        p += length;
    }
    p
}

fn digits(text: &[u8], at: usize) -> usize {
    text.get(at..).map_or(0, |rest| rest.iter().take(20).take_while(|b| b.is_ascii_digit()).count())
}

/// Whether the label just left of `at` says that the address belongs to an organization.
fn is_of_organization(text: &[u8], at: usize) -> bool {
    if !matches!(text.get(..at), Some([.., b':' | b'=' | b' ' | b'"' | b'\'' | b'(' | 0x80..])) {
        return false;
    }
    let mut p = at;
    for _ in 0..6 {
        match char_before(text, p) {
            Some((c, before)) if matches!(fold(c), ':' | '=' | ' ' | '"' | '\'' | '(' | '为' | '是' | '“' | '在') =>
            {
                p = before;
            }
            _ => break,
        }
    }
    // The last characters of the labels.
    let may_end = |(c, before): (char, usize)| match c {
        // 公司, 企业, 单位, 营业, 经营, 机构, 总部, 工厂 and 门店地址, but not 收货 or 户籍地址.
        '址' => char_before(text, before)
            .and_then(|(_, before)| char_before(text, before))
            .is_some_and(|(c, _)| matches!(c, '册' | '公' | '司' | '业' | '位' | '营' | '构' | '部' | '厂' | '店')),
        c => matches!(c, '部' | '于' | '地' | '所' | '点'),
    };
    char_before(text, p).is_some_and(may_end) && ORGANIZATION_LABELS.iter().any(|label| ends(text, p, label))
}

/// The names of provinces (level 1), cities (2) and districts (3) that `text` begins with: bytes and level.
pub(crate) fn places_at(text: &[u8]) -> impl Iterator<Item = (usize, u8)> {
    names_at(text, 0).map(|entry| (entry.length, entry.level as u8))
}

/// The last place in the run where a number stands before a unit or a dash: no address without one. Sought from the
/// end, where the addresses of records have it.
fn last_number(text: &[u8], start: usize, end: usize) -> Option<usize> {
    let run = text.get(start..end)?;
    let mut p = run.len();
    while p > 0 {
        let Some((c, before)) = char_before(run, p) else {
            p -= 1;
            continue;
        };
        if is_unit_start(c)
            && let Some((c, number)) = char_before(run, before)
            && is_number_before_unit(c)
        {
            return Some(start + number);
        }
        p = before;
    }
    None
}

/// An address in English: a number, a road and a place, as whole cell only.
fn english(value: &[u8], range: Range<usize>) -> Option<Found> {
    const WORDS: &[&str] = &[
        "road", "rd", "rd.", "street", "st.", "avenue", "ave", "ave.", "lane", "building", "room", "district", "lu",
        "jie",
    ];
    let cell = std::str::from_utf8(value.get(range.clone())?).ok()?;
    if cell.contains(is_han) || cell.contains(['@', '=', '{', '<']) || cell.contains("://") {
        return None;
    }
    let words =
        cell.split([' ', ',']).filter(|word| WORDS.iter().any(|known| word.eq_ignore_ascii_case(known))).count();
    let numbered = cell.bytes().any(|b| b.is_ascii_digit());
    let structure = match (words, numbered) {
        (2.., true) => 30,
        (1, true) => 24,
        _ => return None,
    };
    Some(Found { start: range.start, end: range.end, structure, registry: 0, traits: Traits::default() })
}

#[cfg(test)]
mod tests;
