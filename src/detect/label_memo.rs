//! What the labels that a thread looked up lately say: the keys of logs and events come again and again.

use std::cell::Cell;

use crate::rule::label::{LabelIndex, Says};

/// Places for words, as a power of two.
const BITS: u32 = 9;
/// Longest word that is kept, in bytes.
const LONGEST: usize = 16;

/// Words of up to 16 bytes and the number of the label that each ends in; the newest word takes the place of another
/// one that has the same hash.
#[derive(Debug)]
pub(super) struct LabelMemo {
    /// The index that the numbers are from.
    serial: Cell<u64>,
    /// A word (its last byte is the highest, zeros fill it up below) and the number of its label.
    places: Box<[Cell<(u128, u32)>]>,
}

impl Default for LabelMemo {
    fn default() -> LabelMemo {
        LabelMemo { serial: Cell::new(0), places: vec![Cell::new((0, 0)); 1 << BITS].into() }
    }
}

impl LabelMemo {
    /// Forgets what is from another index than `labels`.
    pub(super) fn serve(&self, labels: &LabelIndex) {
        if self.serial.replace(labels.serial()) != labels.serial() {
            self.places.iter().for_each(|place| place.set((0, 0)));
        }
    }

    /// What the longest label that ends the key at `word` of `text` says, as [`LabelIndex::look_up_word`] has it.
    #[inline]
    pub(super) fn look_up<'l>(&self, labels: &'l LabelIndex, text: &[u8], word: std::ops::Range<usize>) -> &'l [Says] {
        if word.is_empty() || !labels.may_end(text, word.end) {
            return &[];
        }
        let sixteen = word.end.checked_sub(LONGEST).and_then(|from| text.get(from..)?.first_chunk::<LONGEST>());
        let Some(sixteen) = sixteen.filter(|_| word.len() <= LONGEST && self.serial.get() == labels.serial()) else {
            return labels.says(labels.number_of_word(text, word));
        };
        let cut = 8 * (LONGEST - word.len()) as u32;
        let written = u128::from_le_bytes(*sixteen) >> cut << cut;
        let Some(place) = self.places.get(slot(written)) else { return &[] };
        let (held, number) = place.get();
        if held == written {
            return labels.says(number);
        }
        let number = labels.number_of_word(text, word);
        place.set((written, number));
        labels.says(number)
    }
}

#[inline]
fn slot(written: u128) -> usize {
    let mixed = (written >> 64) as u64 ^ (written as u64).rotate_left(23);
    (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::EntityId;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_says_what_the_index_says(words in proptest::collection::vec("[a-c_A-B号码]{1,6}", 1..200)) {
            let mut labels = LabelIndex::default();
            labels.insert("ab", Says::Positive(EntityId(1)));
            labels.insert("bca", Says::Weak(EntityId(2)));
            labels.insert("a号码", Says::Negative(EntityId(3)));
            let memo = LabelMemo::default();
            memo.serve(&labels);
            for word in words.iter().chain(&words) {
                let text = format!("some text before it: {word}");
                let word = text.len() - word.len()..text.len();
                prop_assert_eq!(memo.look_up(&labels, text.as_bytes(), word.clone()), labels.look_up_word(text.as_bytes(), word));
            }
        }
    }

    #[test]
    fn another_index_is_another_memory() {
        let index = |entity| {
            let mut labels = LabelIndex::default();
            labels.insert("phone", Says::Positive(EntityId(entity)));
            labels
        };
        let (first, second) = (index(1), index(2));
        let memo = LabelMemo::default();
        let text = b"the number of a phone";
        for labels in [&first, &second, &first] {
            memo.serve(labels);
            assert_eq!(memo.look_up(labels, text, 16..21), labels.look_up_word(text, 16..21));
        }
    }
}
