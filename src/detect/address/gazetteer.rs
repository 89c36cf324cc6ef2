//! The administrative gazetteer: which province, city or district names start at a byte. Names are indexed by their
//! first two characters, behind a small bitmap that refuses most Han text with one multiplication. Building it must
//! stay far below a millisecond or two, because every run pays for it.

use std::sync::LazyLock;

use crate::detect::han::starts;
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

/// One line of the gazetteer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub(super) name: &'static str,
    pub(super) level: Level,
    /// GB/T 2260, six digits.
    pub(super) code: u32,
    pub(super) kind: Kind,
}

/// Bytes of two Han characters, the key of the index.
const KEY: usize = 6;

pub(super) struct Gazetteer {
    /// The table as text, sorted by name; its lines are parsed when asked for.
    table: &'static str,
    /// One bit for each value of the upper 16 bits of a key's hash.
    bitmap: Vec<u64>,
    /// Open addressing: key, first byte of the lines that share it, one past the last. An empty slot has key 0.
    slots: Vec<(u64, u32, u32)>,
}

/// Must stay at least twice the number of different keys (5,600).
const SLOTS: usize = 16_384;

static GAZETTEER: LazyLock<Gazetteer> = LazyLock::new(Gazetteer::load);

/// The gazetteer, built at first use.
pub(super) fn gazetteer() -> &'static Gazetteer {
    &GAZETTEER
}

fn key_at(text: &[u8], at: usize) -> Option<u64> {
    let [a, b, c, d, e, f] = *text.get(at..)?.first_chunk::<KEY>()?;
    Some(u64::from_le_bytes([a, b, c, d, e, f, 0, 0]))
}

fn hash(key: u64) -> u64 {
    key.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl Entry {
    fn parse(line: &'static str) -> Option<Entry> {
        let mut fields = line.split('\t');
        let name = fields.next()?;
        let level = match fields.next()? {
            "province" => Level::Province,
            "city" => Level::City,
            "district" => Level::District,
            _ => return None,
        };
        let code = fields.next()?.parse().ok()?;
        let kind = match fields.next()? {
            "current" => Kind::Current,
            "historical" => Kind::Historical,
            _ => Kind::Alias,
        };
        Some(Entry { name, level, code, kind })
    }
}

impl Gazetteer {
    pub(super) fn load() -> Gazetteer {
        let table = embedded::table("cn_gazetteer.tsv");
        let mut gazetteer = Gazetteer { table, bitmap: vec![0; 1024], slots: vec![(0, 0, 0); SLOTS] };
        let bytes = table.as_bytes();
        let (mut run, mut start) = ((0, 0), 0);
        for newline in memchr::memchr_iter(b'\n', bytes) {
            // Comment lines are plain ASCII and get no key.
            let key = if bytes.get(start).is_some_and(|b| *b >= 0x80) { key_at(bytes, start) } else { None };
            let key = key.unwrap_or(0);
            if key != run.0 {
                gazetteer.insert(run.0, run.1, start);
                run = (key, start);
            }
            start = newline + 1;
        }
        gazetteer.insert(run.0, run.1, start);
        gazetteer
    }

    fn insert(&mut self, key: u64, start: usize, end: usize) {
        if key == 0 {
            return;
        }
        let hash = hash(key);
        if let Some(word) = self.bitmap.get_mut((hash >> 54) as usize) {
            *word |= 1 << ((hash >> 48) & 63);
        }
        let mut slot = (hash >> 32) as usize % SLOTS;
        for _ in 0..SLOTS {
            match self.slots.get_mut(slot) {
                Some(free) if free.0 == 0 => {
                    *free = (key, start as u32, end as u32);
                    return;
                }
                _ => slot = (slot + 1) % SLOTS,
            }
        }
    }

    /// The lines of the names that share the two characters at `at`; often none.
    fn lines(&self, text: &[u8], at: usize) -> &'static str {
        let Some(key) = key_at(text, at) else { return "" };
        let hash = hash(key);
        if self.bitmap.get((hash >> 54) as usize).is_none_or(|word| word >> ((hash >> 48) & 63) & 1 == 0) {
            return "";
        }
        let mut slot = (hash >> 32) as usize % SLOTS;
        for _ in 0..SLOTS {
            match self.slots.get(slot) {
                Some((taken, start, end)) if *taken == key => {
                    return self.table.get(*start as usize..*end as usize).unwrap_or("");
                }
                Some((0, _, _)) | None => return "",
                _ => slot = (slot + 1) % SLOTS,
            }
        }
        ""
    }

    /// Whether some name of the gazetteer may start at `at` (it shares its first two characters).
    pub(super) fn may_start(&self, text: &[u8], at: usize) -> bool {
        !self.lines(text, at).is_empty()
    }

    /// The entries of the names that start at `at`, longest name first.
    pub(super) fn names_at<'t>(&self, text: &'t [u8], at: usize) -> impl Iterator<Item = Entry> + use<'t> {
        let lines = self.lines(text, at).trim_end_matches('\n');
        lines.rsplit('\n').filter_map(Entry::parse).filter(move |entry| starts(text, at, entry.name))
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
        let names = |at| {
            let mut names: Vec<_> = gazetteer().names_at(text, at).map(|entry| entry.name).collect();
            names.dedup();
            names
        };
        assert_eq!(names(0), ["内蒙古自治区", "内蒙古", "内蒙"]);
        assert_eq!(names("内蒙古自治区".len()), ["杭州市", "杭州"]);
        assert!(names(3).is_empty());
    }

    #[test]
    fn every_entry_is_found() {
        let mut names = 0;
        for mut row in embedded::rows("cn_gazetteer.tsv") {
            let (name, code) = (row.next().unwrap(), row.nth(1).unwrap());
            let found = gazetteer().names_at(name.as_bytes(), 0).any(|entry| format!("{:06}", entry.code) == code);
            assert!(found, "{name} {code}");
            names += 1;
        }
        let keys = gazetteer().slots.iter().filter(|slot| slot.0 != 0).count();
        assert!(keys * 2 < SLOTS && names >= keys, "{keys} keys of {names} names");
    }

    #[test]
    fn an_unsorted_table_would_hide_names() {
        let names: Vec<_> = embedded::rows("cn_gazetteer.tsv").filter_map(|mut row| row.next()).collect();
        assert!(names.is_sorted());
    }
}
