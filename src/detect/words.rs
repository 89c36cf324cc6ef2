//! A fixed list of Chinese words, asked for at many places of a text: a small filter on the first character refuses
//! nearly all places without a comparison. Must give the same answer as trying every word in turn.

use super::han::starts;

/// Bytes of the first character of a word.
const KEY: usize = 3;

/// Words that begin with a Han character.
pub(crate) struct Words {
    /// Sorted by bytes.
    words: Vec<&'static str>,
    /// One bit for each hash of a first character.
    filter: [u64; 16],
}

fn hash(text: &[u8]) -> Option<(usize, u32)> {
    let [a, b, c] = *text.first_chunk::<KEY>()?;
    let hash = u32::from_le_bytes([a, b, c, 0]).wrapping_mul(0x9E37_79B1) >> 22;
    Some(((hash >> 6) as usize, hash & 63))
}

impl Words {
    pub(crate) fn new(words: &[&'static str]) -> Words {
        let mut filter = [0u64; 16];
        for (word, bit) in words.iter().filter_map(|word| hash(word.as_bytes())) {
            if let Some(slot) = filter.get_mut(word) {
                *slot |= 1 << bit;
            }
        }
        let mut words = words.to_vec();
        words.sort_unstable();
        Words { words, filter }
    }

    /// The longest word that stands at `at`.
    pub(crate) fn at(&self, text: &[u8], at: usize) -> Option<&'static str> {
        let rest = text.get(at..)?;
        let (slot, bit) = hash(rest)?;
        if self.filter.get(slot).is_none_or(|filter| filter >> bit & 1 == 0) {
            return None;
        }
        let key = rest.get(..KEY)?;
        let first = self.words.partition_point(|word| word.as_bytes() < key);
        let same = self.words.get(first..)?.iter().take_while(|word| word.as_bytes().starts_with(key));
        same.filter(|word| starts(text, at, word)).last().copied()
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
