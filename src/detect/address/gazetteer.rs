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
    entries: Vec<Entry>,
    /// One bit for each value of the upper 16 bits of a key's hash.
    bitmap: Vec<u64>,
    /// Open addressing: key, first entry, one past the last. An empty slot has key 0.
    slots: Vec<(u64, u32, u32)>,
}

static GAZETTEER: LazyLock<Gazetteer> = LazyLock::new(Gazetteer::load);

/// The gazetteer, built at first use.
pub(super) fn gazetteer() -> &'static Gazetteer {
    &GAZETTEER
}

fn key_at(text: &[u8], at: usize) -> Option<u64> {
    let bytes: &[u8; KEY] = text.get(at..at.checked_add(KEY)?)?.first_chunk()?;
    let [a, b, c, d, e, f] = *bytes;
    Some(u64::from_le_bytes([a, b, c, d, e, f, 0, 0]))
}

fn hash(key: u64) -> u64 {
    key.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}

impl Gazetteer {
    pub(super) fn load() -> Gazetteer {
        let mut entries = Vec::with_capacity(10_000);
        for mut row in embedded::rows("cn_gazetteer.tsv") {
            let (Some(name), Some(level), Some(code), Some(kind)) = (row.next(), row.next(), row.next(), row.next())
            else {
                continue;
            };
            let level = match level {
                "province" => Level::Province,
                "city" => Level::City,
                "district" => Level::District,
                _ => continue,
            };
            let kind = match kind {
                "current" => Kind::Current,
                "historical" => Kind::Historical,
                _ => Kind::Alias,
            };
            let Ok(code) = code.parse() else { continue };
            entries.push(Entry { name, level, code, kind });
        }
        if !entries.is_sorted_by(|a, b| a.name <= b.name) {
            entries.sort_by(|a, b| a.name.cmp(b.name));
        }
        let mut gazetteer = Gazetteer { bitmap: vec![0; 1024], slots: vec![(0, 0, 0); 32_768], entries };
        gazetteer.index();
        gazetteer
    }

    /// Fills bitmap and slots: one slot for each run of entries that share their first two characters.
    fn index(&mut self) {
        let mut first = 0;
        for run in self.entries.chunk_by(|a, b| a.name.as_bytes().get(..KEY) == b.name.as_bytes().get(..KEY)) {
            let last = first + run.len();
            if let Some(key) = run.first().and_then(|entry| key_at(entry.name.as_bytes(), 0)) {
                let hash = hash(key);
                if let Some(word) = self.bitmap.get_mut((hash >> 54) as usize) {
                    *word |= 1 << ((hash >> 48) & 63);
                }
                let slots = self.slots.len();
                let mut slot = (hash >> 32) as usize % slots;
                while self.slots.get(slot).is_some_and(|(taken, _, _)| *taken != 0) {
                    slot = (slot + 1) % slots;
                }
                if let Some(free) = self.slots.get_mut(slot) {
                    *free = (key, first as u32, last as u32);
                }
            }
            first = last;
        }
    }

    /// The entries that share the two characters at `at`; often none.
    fn candidates(&self, text: &[u8], at: usize) -> &[Entry] {
        let Some(key) = key_at(text, at) else { return &[] };
        let hash = hash(key);
        if self.bitmap.get((hash >> 54) as usize).is_none_or(|word| word >> ((hash >> 48) & 63) & 1 == 0) {
            return &[];
        }
        let mut slot = (hash >> 32) as usize % self.slots.len().max(1);
        while let Some(&(taken, first, last)) = self.slots.get(slot) {
            if taken == key {
                return self.entries.get(first as usize..last as usize).unwrap_or(&[]);
            }
            if taken == 0 {
                break;
            }
            slot = (slot + 1) % self.slots.len();
        }
        &[]
    }

    /// Whether some name of the gazetteer may start at `at` (it shares its first two characters).
    pub(super) fn may_start(&self, text: &[u8], at: usize) -> bool {
        !self.candidates(text, at).is_empty()
    }

    /// The names that start at `at`, longest first, each as all its entries.
    pub(super) fn names_at<'t>(&'t self, text: &'t [u8], at: usize) -> impl Iterator<Item = &'t [Entry]> {
        self.candidates(text, at)
            .chunk_by(|a, b| a.name == b.name)
            .rev()
            .filter(move |same| same.first().is_some_and(|entry| starts(text, at, entry.name)))
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
        let names = |at| gazetteer().names_at(text, at).filter_map(|e| e.first()).map(|e| e.name).collect::<Vec<_>>();
        assert_eq!(names(0), ["内蒙古自治区", "内蒙古", "内蒙"]);
        assert_eq!(names("内蒙古自治区".len()), ["杭州市", "杭州"]);
        assert!(names(3).is_empty());
    }

    #[test]
    fn every_entry_is_found() {
        let gazetteer = gazetteer();
        for entry in &gazetteer.entries {
            assert!(gazetteer.names_at(entry.name.as_bytes(), 0).flatten().any(|e| e.code == entry.code), "{entry:?}");
        }
    }

    #[test]
    fn builds_quickly() {
        let start = std::time::Instant::now();
        for _ in 0..10 {
            assert_eq!(Gazetteer::load().entries.len(), gazetteer().entries.len());
        }
        println!("gazetteer: {:?} a build", start.elapsed() / 10);
    }
}
