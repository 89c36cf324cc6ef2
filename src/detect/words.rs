//! A fixed list of Chinese words, asked for at many places of a text: a small filter on the first character refuses
//! nearly all places without a comparison. Must give the same answer as trying every word in turn.

use super::han::starts;

/// Bytes of the first character of a word.
const KEY: usize = 3;
/// Slots of the index by first character; must stay at least twice the number of first characters.
const SLOTS: usize = 512;

/// Words that begin with a Han character.
pub(crate) struct Words {
    /// By first character, the longest first.
    words: Vec<&'static str>,
    /// One bit for each hash of a first character.
    filter: [u64; 16],
    /// Open addressing: first character, and where its words are in `words`. Character 0 is a free slot.
    slots: [(u32, u16, u16); SLOTS],
}

fn key(text: &[u8]) -> Option<u32> {
    let [a, b, c] = *text.first_chunk::<KEY>()?;
    Some(u32::from_le_bytes([a, b, c, 0]))
}

fn hash(key: u32) -> u32 {
    key.wrapping_mul(0x9E37_79B1)
}

/// The word and the bit of the filter.
fn bit(hash: u32) -> (usize, u32) {
    ((hash >> 28) as usize, hash >> 22 & 63)
}

/// The slots in the order in which they are tried.
fn probe(hash: u32) -> impl Iterator<Item = usize> {
    let first = (hash >> 14) as usize % SLOTS;
    (first..SLOTS).chain(0..first)
}

impl Words {
    pub(crate) fn new(words: &[&'static str]) -> Words {
        let mut all = Words { words: words.to_vec(), filter: [0; 16], slots: [(0, 0, 0); SLOTS] };
        all.words.sort_unstable_by_key(|word| (key(word.as_bytes()), std::cmp::Reverse(word.len())));
        let mut from = 0;
        for same in all.words.chunk_by(|a, b| key(a.as_bytes()) == key(b.as_bytes())) {
            let to = from + same.len();
            if let Some(key) = same.first().and_then(|word| key(word.as_bytes())) {
                let (slot, at) = bit(hash(key));
                all.filter.iter_mut().skip(slot).take(1).for_each(|word| *word |= 1 << at);
                let free = probe(hash(key)).find(|slot| all.slots.get(*slot).is_some_and(|slot| slot.0 == 0));
                if let Some(slot) = free.and_then(|free| all.slots.get_mut(free)) {
                    *slot = (key, from as u16, to as u16);
                }
            }
            from = to;
        }
        all
    }

    /// The words that share the first character of `text`, the longest first.
    #[inline]
    pub(crate) fn of(&self, text: &[u8]) -> &[&'static str] {
        let Some(key) = key(text) else { return &[] };
        let hash = hash(key);
        let (slot, bit) = bit(hash);
        if self.filter.get(slot).is_none_or(|filter| filter >> bit & 1 == 0) {
            return &[];
        }
        self.indexed(key, hash)
    }

    fn indexed(&self, key: u32, hash: u32) -> &[&'static str] {
        let mut slots = probe(hash).map_while(|slot| self.slots.get(slot).filter(|slot| slot.0 != 0));
        let found = slots.find(|slot| slot.0 == key);
        found.and_then(|(_, from, to)| self.words.get(usize::from(*from)..usize::from(*to))).unwrap_or_default()
    }

    /// The longest word that stands at `at`.
    #[inline]
    pub(crate) fn at(&self, text: &[u8], at: usize) -> Option<&'static str> {
        self.of(text.get(at..)?).iter().find(|word| starts(text, at, word)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longest_word_wins() {
        let words = Words::new(&["电话", "经理", "总经理", "男", "经理人", "一"]);
        let text = "总经理人电话男x".as_bytes();
        assert_eq!(words.at(text, 0), Some("总经理"));
        assert_eq!(words.at(text, 3), Some("经理人"));
        assert_eq!(words.at(text, 12), Some("电话"));
        assert_eq!(words.at(text, 18), Some("男"));
        assert_eq!(words.at(text, 6), None);
        assert_eq!(words.at(text, 21), None);
        assert_eq!(words.at(text, 99), None);
    }
}
