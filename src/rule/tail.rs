//! A small filter over the last bytes of labels: refuses, in a few instructions, places where none of them can end.
//!
//! May affirm a place where no label ends; must never refuse one where a label does.

/// Bits of the filter, as a power of two: 16 KiB.
const BITS: u32 = 17;
/// Bytes that stand between the words of a key and do not count.
const BETWEEN: [u8; 4] = *b"_-. ";

/// The last three bytes of some labels.
#[derive(Debug)]
pub(crate) struct TailFilter {
    words: Vec<u64>,
}

impl Default for TailFilter {
    fn default() -> Self {
        TailFilter { words: vec![0; 1 << (BITS - 6)] }
    }
}

/// Where three bytes stand in the filter; upper and lower case alike.
#[inline(always)]
fn slot(three: u32) -> (usize, u32) {
    let hash = ((three & 0x00FF_FFFF) | 0x0020_2020).wrapping_mul(0x9E37_79B1) >> (32 - BITS);
    ((hash >> 6) as usize, hash & 63)
}

impl TailFilter {
    /// The filter of `labels` in normalized spelling ([`crate::rule::label::Key`]).
    pub(crate) fn new<'l>(labels: impl Iterator<Item = &'l [u8]>) -> TailFilter {
        let mut filter = TailFilter::default();
        labels.for_each(|label| filter.enter(label));
        filter
    }

    /// Adds a label in normalized spelling.
    pub(crate) fn enter(&mut self, label: &[u8]) {
        let filter = self;
        match label {
            [.., a, b, c] => {
                filter.insert(*a, *b, *c);
                for between in BETWEEN {
                    filter.insert(between, *b, *c);
                    filter.insert(*b, between, *c);
                    filter.insert(*b, *c, between);
                }
            }
            // Whatever stands before it.
            [b, c] => {
                (0..=255).for_each(|before| filter.insert(before, *b, *c));
                for between in BETWEEN {
                    filter.insert(*b, between, *c);
                }
            }
            [c] => {
                for before in 0..=u16::MAX {
                    let [a, b] = before.to_le_bytes();
                    filter.insert(a, b, *c);
                }
            }
            [] => {}
        }
    }

    fn insert(&mut self, a: u8, b: u8, c: u8) {
        let (word, bit) = slot(u32::from_le_bytes([a, b, c, 0]));
        if let Some(word) = self.words.get_mut(word) {
            *word |= 1 << bit;
        }
    }

    /// Whether a label may end at `end`, exclusive.
    #[inline(always)]
    pub(crate) fn may_end(&self, text: &[u8], end: usize) -> bool {
        let three =
            match end.checked_sub(3).and_then(|start| text.get(start..)).and_then(|tail| tail.first_chunk::<3>()) {
                Some([a, b, c]) => u32::from_le_bytes([*a, *b, *c, 0]),
                // At the very start of a text whatever stands there counts as a line end.
                None => match text.get(..end) {
                    Some([b, c]) => u32::from_le_bytes([b'\n', *b, *c, 0]),
                    Some([c]) => u32::from_le_bytes([b'\n', b'\n', *c, 0]),
                    _ => return false,
                },
            };
        let (word, bit) = slot(three);
        self.words.get(word).is_some_and(|word| word >> bit & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn labels_are_affirmed_in_every_spelling_and_most_others_refused() {
        let labels = ["mobileno", "姓名", "xm", "x"];
        let filter = TailFilter::new(labels[..3].iter().map(|label| label.as_bytes()));
        for text in ["mobileno", "MOBILE_NO", "mobile-n", "userMobileNo", "姓名", "xm", "XM", "a.xm", "mobile n_o"] {
            let wanted = text != "mobile-n";
            assert_eq!(filter.may_end(text.as_bytes(), text.len()), wanted, "{text}");
        }
        let one = TailFilter::new(std::iter::once(labels[3].as_bytes()));
        assert!(one.may_end(b"x", 1) && one.may_end(b"ax", 2) && one.may_end(b"abX", 3));
        let words = (0..26u8).flat_map(|a| (0..26u8).map(move |b| [b'q', a + b'a', b + b'a']));
        assert!(words.filter(|word| filter.may_end(word, 3)).count() < 40);
    }

    proptest! {
        #[test]
        fn never_refuses_a_label(label in "[a-z]{1,6}", before in "[a-z_ ]{0,4}", upper: bool) {
            let filter = TailFilter::new(std::iter::once(label.as_bytes()));
            let text = before + &if upper { label.to_uppercase() } else { label.clone() };
            prop_assert!(filter.may_end(text.as_bytes(), text.len()));
        }
    }
}
