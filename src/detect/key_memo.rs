//! What the keys before separators say, as far as a thread looked them up lately: most of them say nothing.

use super::bitmap::word_bytes;
use super::context::word_before;
use super::word_memo::{LONGEST, WordMemo, window_before};
use crate::rule::label::LabelIndex;

/// The number says so where no label ends the key, but one may when the words before it count.
const LONGER: u32 = 1 << 31;

/// Keys, and the number of the label that each ends in.
#[derive(Default)]
pub(super) struct KeyMemo(WordMemo);

/// What a key says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// The number of the label that ends it; 0 where none does, whatever stands before it.
    Number(u32),
    /// No label ends it, but one may that begins with the word before it.
    Longer,
    /// It is too long to be kept, or stands at the very start of the text.
    Unknown,
}

impl KeyMemo {
    /// Forgets what is from another index than `labels`.
    pub(super) fn serve(&self, labels: &LabelIndex) {
        self.0.serve(labels);
    }

    /// What the key that ends at `end` of `text` says. A key is kept with all bytes beyond ASCII before it, which decide
    /// where it begins.
    #[inline]
    pub(super) fn look_up(&self, labels: &LabelIndex, text: &[u8], end: usize) -> Known {
        let Some(window) = window_before(text, end) else { return Known::Unknown };
        let length = (word_bytes(window) << 16).leading_ones() as usize;
        match length {
            0 => return Known::Number(0),
            1..LONGEST => {}
            // It may go on before the window.
            _ => return Known::Unknown,
        }
        match self.0.number(window, length, || find(labels, text, end)) {
            LONGER if text.get(end - length - 1) == Some(&b' ') => Known::Longer,
            LONGER => Known::Number(0),
            number => Known::Number(number),
        }
    }
}

/// The number of the label that ends the key at `end`, or [`LONGER`].
#[cold]
fn find(labels: &LabelIndex, text: &[u8], end: usize) -> u32 {
    let word = word_before(text, end)..end;
    if word.is_empty() {
        return 0;
    }
    let may_be_longer = labels.may_go_on_before(text, word.clone());
    match labels.number_of_word(text, word) {
        0 if may_be_longer => LONGER,
        number => number,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::finding::EntityId;
    use crate::rule::label::Says;

    proptest! {
        #[test]
        fn it_knows_what_the_index_knows(texts in proptest::collection::vec("[a-c_A-B号码： .-]{1,24}", 1..200)) {
            let mut labels = LabelIndex::default();
            labels.insert("ab", Says::Positive(EntityId(1)));
            labels.insert("bca", Says::Weak(EntityId(2)));
            labels.insert("a号码", Says::Negative(EntityId(3)));
            labels.insert("cc_ab_ca", Says::Negative(EntityId(3)));
            let memo = KeyMemo::default();
            memo.serve(&labels);
            for text in texts.iter().chain(&texts) {
                let text = format!("a text before: {text}");
                let (text, end) = (text.as_bytes(), text.len());
                let word = word_before(text, end);
                let before = word_before(text, word.saturating_sub(1));
                let (one, two) = (labels.number_of_word(text, word..end), labels.number_of_word(text, before..end));
                match memo.look_up(&labels, text, end) {
                    Known::Number(0) => {
                        prop_assert_eq!(one, 0);
                        let goes_on = text[word - 1] == b' ' && text.get(word).is_some_and(u8::is_ascii_alphabetic);
                        prop_assert!(two == 0 || !goes_on);
                    }
                    Known::Number(number) => prop_assert_eq!(number, one),
                    Known::Longer => prop_assert_eq!(one, 0),
                    Known::Unknown => {}
                }
            }
        }
    }

    #[test]
    fn most_keys_are_known_and_begin_no_longer_label() {
        let rules = crate::rule::RuleSet::load(&[]).unwrap();
        let memo = KeyMemo::default();
        memo.serve(rules.labels());
        let known = |text: &str| memo.look_up(rules.labels(), text.as_bytes(), text.len());
        for text in ["some words, verbosity", "{'other': 1, 'latency_ms"] {
            assert_eq!(known(text), Known::Number(0), "{text}");
        }
        let longer = (0..500).filter(|number| known(&format!("some words thread{number}xq")) == Known::Longer).count();
        assert!(longer < 50, "{longer} of 500");
        assert_eq!(known("the number of the Passport No"), Known::Longer);
        assert!(matches!(known("the number of a mobile"), Known::Number(1..)));
        assert_eq!(known("mobile"), Known::Unknown);
        assert_eq!(known("a_word_that_is_much_longer_than_most_of_them"), Known::Unknown);
    }
}
