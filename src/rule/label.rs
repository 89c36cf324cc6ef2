//! The label index: every label of every rule in one table, looked up once per candidate, key or column.
//!
//! A key such as `customerMobileNo`, `收货人手机号` or `contact.phone` is looked up whole and then by its tail, word by
//! word (camel case, snake case, one Han character at a time), so that rules list the tail only. Words made of the initials of
//! Chinese ones are taken apart as well (see `initials`).

use std::collections::HashMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use super::initials;
use super::tail::TailFilter;
use crate::finding::EntityId;

/// Longest key that is looked at, in bytes; of longer ones, the tail.
pub const KEY_WINDOW: usize = 64;

/// Keys that say little without the key of the object that they stand in.
pub(crate) const GENERAL: [&str; 9] = ["id", "no", "num", "number", "code", "name", "nm", "value", "account"];

/// What one label says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Says {
    /// The value is of the entity type.
    Positive(EntityId),
    /// It is, if a companion stands nearby.
    Weak(EntityId),
    /// It may be; without a companion nearby it says nothing.
    Abbreviated(EntityId),
    /// It is not.
    Negative(EntityId),
    /// It is nothing personal that has digits: an order number, a timestamp.
    NegativeForAll,
}

/// What the labels in force say about one entity type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// A label says that it is something else.
    Negative,
    /// No label.
    None,
    /// An abbreviation without a companion: as good as no label.
    Abbreviated,
    /// A weak label.
    Weak,
    /// A label says that it is this.
    Positive,
}

/// All labels by their normalized spelling.
#[derive(Debug)]
pub struct LabelIndex {
    /// Tells this index from all others of the process.
    serial: u64,
    /// The numbers of the labels.
    entries: HashMap<Box<[u8]>, u32, foldhash::fast::FixedState>,
    /// What each label says, by its number; number 0 is that of no label.
    says: Vec<Vec<Says>>,
    /// Bit n: some label has n bytes.
    lengths: u128,
    /// How labels end.
    tails: TailFilter,
    /// What labels go on with behind their first bytes, by a hash.
    rests: OnceLock<Box<[u64]>>,
    negatives_for_all: Vec<String>,
}

/// Bits of the filter of rests, as a power of two: 64 KiB, for some 20,000 rests.
const REST_BITS: u32 = 19;

/// The hashes of the ends of `label`, the shortest first: of its last byte, of its last two.
fn ends(label: &[u8]) -> impl Iterator<Item = usize> {
    label.iter().rev().scan(0_u32, |hash, byte| {
        *hash = (*hash ^ u32::from(*byte)).wrapping_mul(0x9E37_79B1).rotate_left(15);
        Some((*hash >> (32 - REST_BITS)) as usize)
    })
}

impl Default for LabelIndex {
    fn default() -> LabelIndex {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        LabelIndex {
            serial: NEXT.fetch_add(1, Ordering::Relaxed),
            entries: HashMap::default(),
            says: vec![Vec::new()],
            lengths: 0,
            tails: TailFilter::default(),
            rests: OnceLock::new(),
            negatives_for_all: Vec::new(),
        }
    }
}

impl LabelIndex {
    /// An index with room for so many labels.
    pub(super) fn for_labels(count: usize) -> LabelIndex {
        let mut index = LabelIndex::default();
        index.entries.reserve(count);
        index.says.reserve(count);
        index
    }

    /// A number that no other index of the process has.
    pub(crate) fn serial(&self) -> u64 {
        self.serial
    }

    /// Adds `label`, which says `says`.
    pub fn insert(&mut self, label: &str, says: Says) {
        let mut key = Key::default();
        key.fill(label.as_bytes());
        self.lengths |= 1 << key.bytes().len().min(127);
        self.tails.enter(key.bytes());
        self.rests = OnceLock::new();
        if says == Says::NegativeForAll {
            self.negatives_for_all.push(label.to_owned());
        }
        let free = self.says.len() as u32;
        let number = *self.entries.entry(key.bytes().into()).or_insert(free);
        if number == free {
            self.says.push(vec![says]);
        } else if let Some(held) = self.says.get_mut(number as usize).filter(|held| !held.contains(&says)) {
            held.push(says);
        }
    }

    /// Gives the [`GENERAL`] keys numbers, also where they say nothing by themselves.
    pub(super) fn number_general(&mut self) {
        for general in GENERAL {
            self.tails.enter(general.as_bytes());
            self.lengths |= 1 << general.len();
            let free = self.says.len() as u32;
            if *self.entries.entry(general.as_bytes().into()).or_insert(free) == free {
                self.says.push(Vec::new());
            }
        }
    }

    /// The labels in normalized spelling, and what each says.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[Says])> {
        self.entries.iter().map(|(label, number)| (&**label, self.says(*number)))
    }

    /// The labels that speak against every entity type, as written.
    pub fn negatives_for_all(&self) -> impl Iterator<Item = &str> {
        self.negatives_for_all.iter().map(String::as_str)
    }

    /// What the longest label that ends `key` says; nothing when no tail of it is a label.
    pub fn look_up(&self, key: &Key) -> &[Says] {
        self.says(self.number(key))
    }

    /// The number of the longest label that ends `key`; 0 when no tail of it is a label.
    fn number(&self, key: &Key) -> u32 {
        let mut last = None;
        for tail in key.tails() {
            if self.lengths >> tail.len().min(127) & 1 == 1
                && let Some(number) = self.entries.get(tail)
            {
                return *number;
            }
            last = Some(tail);
        }
        // `fkxm`, the name of the visitor, is one word.
        let label = last.and_then(initials::without_party);
        label.and_then(|label| self.entries.get(label)).copied().unwrap_or_default()
    }

    /// What the label of this number says.
    pub(crate) fn says(&self, number: u32) -> &[Says] {
        self.says.get(number as usize).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether some label ends as the word that ends at `end` of `text`; most words end as none does.
    #[inline]
    pub(crate) fn may_end(&self, text: &[u8], end: usize) -> bool {
        self.tails.may_end(text, end)
    }

    /// What the longest label that ends the key as written at `word` of `text` says.
    pub fn look_up_word(&self, text: &[u8], word: std::ops::Range<usize>) -> &[Says] {
        if word.is_empty() || !self.may_end(text, word.end) {
            return &[];
        }
        self.says(self.number_of_word(text, word))
    }

    /// The number of the longest label that ends the key as written at `word` of `text`; 0 where there is none.
    pub(crate) fn number_of_word(&self, text: &[u8], word: std::ops::Range<usize>) -> u32 {
        let mut key = Key::default();
        key.fill(text.get(word).unwrap_or_default());
        self.number(&key)
    }

    /// Whether some label goes on with the word as written at `word` of `text` behind other bytes. May affirm where none
    /// does.
    pub(crate) fn may_go_on_before(&self, text: &[u8], word: std::ops::Range<usize>) -> bool {
        let rests = self.rests.get_or_init(|| {
            let mut rests = vec![0_u64; 1 << (REST_BITS - 6)];
            for label in self.entries.keys() {
                for end in ends(label).take(label.len().saturating_sub(1)) {
                    if let Some(word) = rests.get_mut(end >> 6) {
                        *word |= 1 << (end & 63);
                    }
                }
            }
            rests.into()
        });
        let mut key = Key::default();
        key.fill(text.get(word).unwrap_or_default());
        let Some(end) = ends(key.bytes()).last() else { return true };
        rests.get(end >> 6).is_some_and(|word| word >> (end & 63) & 1 == 1)
    }

    /// How many numbers of labels there are, with that of none.
    pub(crate) fn numbers(&self) -> u32 {
        self.says.len() as u32
    }

    /// Whether `said` speaks for an entity type.
    pub fn starts_values(said: Says) -> bool {
        matches!(said, Says::Positive(_) | Says::Weak(_) | Says::Abbreviated(_))
    }

    /// What the labels `says` mean for `entity`.
    pub fn standing(says: &[Says], entity: EntityId) -> Standing {
        let mut standing = Standing::None;
        for said in says {
            match said {
                Says::Positive(e) if *e == entity => return Standing::Positive,
                Says::Weak(e) if *e == entity => standing = Standing::Weak,
                Says::Abbreviated(e) if *e == entity && standing < Standing::Weak => standing = Standing::Abbreviated,
                Says::Negative(e) if *e == entity && standing == Standing::None => standing = Standing::Negative,
                Says::NegativeForAll if standing == Standing::None => standing = Standing::Negative,
                _ => {}
            }
        }
        standing
    }
}

/// A key in normalized spelling (lower case, without `_`, `-`, `.` and spaces), with the places where its words begin.
#[derive(Debug, Clone)]
pub struct Key {
    bytes: [u8; KEY_WINDOW],
    length: usize,
    /// Bit i: a word begins at byte i.
    words: u64,
}

impl Default for Key {
    fn default() -> Self {
        Key { bytes: [0; KEY_WINDOW], length: 0, words: 0 }
    }
}

impl Key {
    /// Takes `raw`, a key as written; of more than [`KEY_WINDOW`] bytes the tail.
    pub fn fill(&mut self, raw: &[u8]) {
        let mut from = raw.len().saturating_sub(KEY_WINDOW);
        while raw.get(from).is_some_and(|b| b & 0xC0 == 0x80) {
            from += 1;
        }
        (self.length, self.words) = (0, 0);
        let mut previous = b' ';
        for &byte in raw.get(from..).unwrap_or_default() {
            if matches!(byte, b'_' | b'-' | b'.' | b' ' | b'[' | b']') {
                previous = byte;
                continue;
            }
            let starts = if byte >= 0x80 {
                byte & 0xC0 != 0x80
            } else {
                !previous.is_ascii_alphanumeric()
                    || (byte.is_ascii_uppercase() && !previous.is_ascii_uppercase())
                    || (byte.is_ascii_digit() != previous.is_ascii_digit())
            };
            if let Some(slot) = self.bytes.get_mut(self.length) {
                *slot = byte.to_ascii_lowercase();
                if starts {
                    self.words |= 1 << self.length;
                }
                self.length += 1;
            }
            previous = byte;
        }
    }

    /// The normalized spelling.
    pub fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// The tails that begin at a word, longest first.
    pub fn tails(&self) -> impl Iterator<Item = &[u8]> {
        let mut words = self.words;
        std::iter::from_fn(move || {
            if words == 0 {
                return None;
            }
            let at = words.trailing_zeros() as usize;
            words &= words - 1;
            self.bytes().get(at..)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tails(raw: &str) -> Vec<String> {
        let mut key = Key::default();
        key.fill(raw.as_bytes());
        key.tails().map(|t| String::from_utf8_lossy(t).into_owned()).collect()
    }

    #[test]
    fn keys_are_cut_into_words() {
        assert_eq!(tails("customerMobileNo"), ["customermobileno", "mobileno", "no"]);
        assert_eq!(tails("id_card"), ["idcard", "card"]);
        assert_eq!(tails("收货人手机"), ["收货人手机", "货人手机", "人手机", "手机", "机"]);
        assert_eq!(tails("user.phones[]"), ["userphones", "phones"]);
    }

    #[test]
    fn the_longest_tail_wins() {
        let mut index = LabelIndex::default();
        index.insert("card", Says::Positive(EntityId(1)));
        index.insert("id_card", Says::Positive(EntityId(2)));
        let mut key = Key::default();
        key.fill(b"userIdCard");
        assert_eq!(index.look_up(&key), [Says::Positive(EntityId(2))]);
        assert_eq!(LabelIndex::standing(index.look_up(&key), EntityId(1)), Standing::None);
    }
}
