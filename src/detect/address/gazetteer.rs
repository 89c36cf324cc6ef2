//! The administrative gazetteer: which province, city or district names start at a byte. Names are indexed by their
//! first two characters, behind a small bitmap that refuses most Han text with one multiplication. The build script
//! makes the index, because every run would pay for it.

use std::sync::LazyLock;

use crate::detect::han::char_at;
use crate::detect::sorted_table::layout;
use crate::rule::embedded;

/// Depth of an administrative division.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Province = 1,
    City = 2,
    District = 3,
}

/// How a name stands in the register.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Current,
    Historical,
    Alias,
}

/// One line of the gazetteer, found in a text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// Bytes of its name.
    pub(super) length: usize,
    pub(super) level: Level,
    /// GB/T 2260, six digits.
    pub(super) code: u32,
    pub(super) kind: Kind,
}

include!(concat!(env!("OUT_DIR"), "/gazetteer.rs"));

/// Bytes of a Han character of a name; all are of the first block.
const HAN: usize = 3;

/// The table as text; the entries point into it.
static TABLE: LazyLock<&'static [u8]> = LazyLock::new(|| embedded::table("cn_gazetteer.tsv").as_bytes());

impl Entry {
    /// The entry that the build script packed, if `rest`, whose first two characters are the entry's, goes on with
    /// its name. The third character is in the entry, so that the table is read for long names only.
    #[inline]
    fn matching(packed: u64, rest: &[u8], third: u64) -> Option<Entry> {
        let length = (packed >> 25 & 0xF) as usize * HAN;
        if length > layout::KEY && packed >> 48 != third {
            return None;
        }
        let known = layout::KEY + HAN;
        if length > known {
            let start = (packed >> 29 & 0x7_FFFF) as usize;
            if rest.get(known..length)? != TABLE.get(start + known..start + length)? {
                return None;
            }
        }
        let level = match packed >> 3 & 3 {
            1 => Level::Province,
            2 => Level::City,
            _ => Level::District,
        };
        let kind = match packed >> 1 & 3 {
            0 => Kind::Current,
            1 => Kind::Historical,
            _ => Kind::Alias,
        };
        Some(Entry { length, level, code: (packed >> 5) as u32 & 0xF_FFFF, kind })
    }
}

/// The key of the two characters at `at` and its hash, unless the bitmap says that no name begins with them.
#[inline]
fn key_at(text: &[u8], at: usize) -> Option<(u64, u64)> {
    let key = layout::key(text.get(at..)?)?;
    let hash = layout::key_hash(key);
    let (word, bit) = layout::pair_bit(hash);
    (BITMAP.get(word)? >> bit & 1 != 0).then_some((key, hash))
}

/// The index of the first of the entries that share the two characters at `at`; often none.
fn first_entry(text: &[u8], at: usize) -> Option<usize> {
    let (key, hash) = key_at(text, at)?;
    let mut slot = layout::first_slot(hash);
    loop {
        match SLOTS.get(slot)? {
            0 => return None,
            taken if taken >> 16 == key => return Some((taken & 0xFFFF) as usize),
            _ => slot = (slot + 1) % layout::SLOTS,
        }
    }
}

/// Whether some name of the gazetteer may start at `at`.
#[inline]
pub(super) fn may_start(text: &[u8], at: usize) -> bool {
    key_at(text, at).is_some()
}

/// The entries of the names that start at `at`, longest name first.
#[inline]
pub(super) fn names_at(text: &[u8], at: usize) -> Names<'_> {
    names_below(text, at, Level::Province)
}

/// Those of `least` level, or a deeper one.
#[inline]
pub(super) fn names_below(text: &[u8], at: usize, least: Level) -> Names<'_> {
    let entries = first_entry(text, at).and_then(|first| ENTRIES.get(first..)).unwrap_or_default();
    let rest = text.get(at..).unwrap_or_default();
    let third = if entries.is_empty() { None } else { char_at(rest, layout::KEY) };
    let third = third.map_or(0, |(c, _)| u64::from(u32::from(c)));
    Names { entries, rest, third, least: least as u64 }
}

/// The entries of the names at one place.
pub(super) struct Names<'text> {
    /// What is left to look at: up to the last entry of the key, and what lies behind it.
    entries: &'static [u64],
    /// The text from that place on.
    rest: &'text [u8],
    third: u64,
    least: u64,
}

impl Iterator for Names<'_> {
    type Item = Entry;

    #[inline]
    fn next(&mut self) -> Option<Entry> {
        while let Some((&packed, others)) = self.entries.split_first() {
            self.entries = if packed & 1 == 0 { others } else { &[] };
            if packed >> 3 & 3 >= self.least
                && let Some(entry) = Entry::matching(packed, self.rest, self.third)
            {
                return Some(entry);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longest_name_comes_first() {
        if embedded::table("cn_gazetteer.tsv").is_empty() {
            return;
        }
        let text = "内蒙古自治区杭州市西湖区".as_bytes();
        let names_of = |at| {
            let mut names: Vec<_> =
                names_at(text, at).map(|entry| str::from_utf8(&text[at..at + entry.length]).unwrap()).collect();
            names.dedup();
            names
        };
        assert_eq!(names_of(0), ["内蒙古自治区", "内蒙古", "内蒙"]);
        assert_eq!(names_of("内蒙古自治区".len()), ["杭州市", "杭州"]);
        assert!(names_of(3).is_empty());
    }

    #[test]
    fn every_entry_is_found() {
        let mut names = 0;
        for mut row in embedded::rows("cn_gazetteer.tsv") {
            let [name, level, code, kind] = [(); 4].map(|()| row.next().unwrap());
            assert!(name.chars().all(|c| ('\u{4E00}'..='\u{9FFF}').contains(&c)), "{name}");
            let is_it = |entry: Entry| entry.length == name.len() && format!("{:06}", entry.code) == code;
            let mut found = names_at(name.as_bytes(), 0).filter(|entry| is_it(*entry));
            let found = found.any(|entry| {
                (format!("{:?} {:?}", entry.level, entry.kind)).to_lowercase() == format!("{level} {kind}")
            });
            assert!(found, "{name} {code}");
            let longer = format!("{name}人");
            assert!(names_at(longer.as_bytes(), 0).any(is_it), "{name}");
            names += 1;
        }
        let keys = SLOTS.iter().filter(|slot| **slot != 0).count();
        assert!(keys * 4 < layout::SLOTS * 3 && names >= keys, "{keys} keys of {names} names");
        assert_eq!(names, ENTRIES.len());
    }

    #[test]
    fn an_unsorted_table_would_hide_names() {
        let names: Vec<_> = embedded::rows("cn_gazetteer.tsv").filter_map(|mut row| row.next()).collect();
        assert!(names.is_sorted());
    }
}
