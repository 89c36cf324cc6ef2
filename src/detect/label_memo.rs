//! What the labels that a thread looked up lately say.

use super::word_memo::{LONGEST, WordMemo, window_before};
use crate::rule::label::{LabelIndex, Says};

/// Words, and the number of the label that each ends in.
#[derive(Default)]
pub(super) struct LabelMemo(WordMemo);

impl LabelMemo {
    /// Forgets what is from another index than `labels`.
    pub(super) fn serve(&self, labels: &LabelIndex) {
        self.0.serve(labels);
    }

    /// What the longest label that ends the key at `word` of `text` says, as [`LabelIndex::look_up_word`] has it.
    #[inline]
    pub(super) fn look_up<'l>(&self, labels: &'l LabelIndex, text: &[u8], word: std::ops::Range<usize>) -> &'l [Says] {
        if word.is_empty() || !labels.may_end(text, word.end) {
            return &[];
        }
        let length = word.len();
        let find = || labels.number_of_word(text, word.clone());
        let number = match window_before(text, word.end) {
            Some(window) if length <= LONGEST && self.0.serves(labels) => self.0.number(window, length, find),
            _ => find(),
        };
        labels.says(number)
    }
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
