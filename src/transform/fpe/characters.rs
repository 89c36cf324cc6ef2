//! Letters among letters and digits among digits: the bijection for words whose places are of several kinds, as the
//! organization in a credit code or the part of an e-mail address before the `@`.
//!
//! What is neither stays. Must never map two words to one: a word is taken apart into numbers of mixed radix, each
//! permuted with everything around it as tweak.

use super::super::key::Bijection;
use super::numerals::Numerals;
use super::walk;
use crate::error::DataError;

const DIGITS: &[u8] = b"0123456789";
/// A part of a word stands for fewer numbers than this, so that the arithmetic holds it.
const LARGEST_PART: u128 = 10_u128.pow(30);
/// With fewer values a walk would be longer than sorting them all.
const FEWEST_TO_WALK: u128 = 1000;

/// The word with its `letters` and digits permuted; `None` when it has none.
///
/// # Errors
/// When the cipher refuses.
pub(in crate::transform) fn permute(
    cipher: &Bijection,
    tweak: &[u8],
    word: &[u8],
    letters: &[u8],
) -> Result<Option<Vec<u8>>, DataError> {
    let alphabet = |byte: u8| match byte {
        b'0'..=b'9' => Some(DIGITS),
        _ => letters.contains(&byte).then_some(letters),
    };
    let kind = |byte: &u8| match alphabet(*byte) {
        Some(DIGITS) => b'0',
        Some(_) => b'a',
        None => *byte,
    };
    let pattern: Vec<u8> = word.iter().map(kind).collect();
    let mut out = word.to_vec();
    let mut done = 0;
    let mut before: Vec<u8> = Vec::new();
    let mut any = false;
    while done < word.len() {
        // As many places as the arithmetic holds; a short rest is left to none, so the parts are of about one size.
        let (mut size, mut value, mut end) = (1_u128, 0_u128, done);
        while let Some(byte) = word.get(end).filter(|_| size < LARGEST_PART / 100) {
            if let Some(alphabet) = alphabet(*byte) {
                let place = alphabet.iter().position(|known| known == byte).unwrap_or(0);
                value = value * alphabet.len() as u128 + place as u128;
                size *= alphabet.len() as u128;
            }
            end += 1;
        }
        if size > 1 {
            any = true;
            let tweak = [tweak, b"\0", &pattern, b"\0", &before, b"\0", done.to_string().as_bytes()].concat();
            let mut rest = permute_number(cipher, &tweak, value, size)?;
            for slot in out.iter_mut().take(end).skip(done).rev() {
                if let Some(alphabet) = alphabet(*slot) {
                    let radix = alphabet.len() as u128;
                    *slot = alphabet.get((rest % radix) as usize).copied().unwrap_or(*slot);
                    rest /= radix;
                }
            }
        }
        // The part as it was before: on the way back it is the result.
        let original = if cipher.inverse { &out } else { word };
        before = original.get(done..end).unwrap_or_default().to_vec();
        done = end;
    }
    Ok(any.then_some(out))
}

/// The image of `value` among the numbers below `size`: another one, save for the last of an odd `size`.
fn permute_number(cipher: &Bijection, tweak: &[u8], value: u128, size: u128) -> Result<u128, DataError> {
    let digits = (size - 1).to_string().len().max(super::FEWEST_DIGITS);
    if size >= FEWEST_TO_WALK {
        return walk(cipher, tweak, value, digits, |next| next < size);
    }
    let mut order = Vec::with_capacity(size as usize);
    for index in 0..size {
        let image = cipher.forward(tweak, &Numerals { value: index, count: digits });
        let image = image.map_err(|error| DataError::new(format!("the bijection refused a value: {error}")))?;
        order.push((image.value, index));
    }
    order.sort_unstable();
    // One ring of them all: the image of each is the one behind it, so none is its own.
    let at = order.iter().position(|(_, index)| *index == value).unwrap_or(0);
    let beside = if cipher.inverse { at + order.len() - 1 } else { at + 1 };
    let found = order.get(beside % order.len()).map(|(_, index)| *index);
    found.ok_or_else(|| DataError::new("the bijection found no value of the same class"))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;
    use crate::transform::key::tests::known;

    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz";

    fn both(word: &str) -> (String, String) {
        let mut cipher = known().entity_keys("TEST", "default").unwrap().bijection;
        let there = permute(&cipher, b"t", word.as_bytes(), LETTERS).unwrap().unwrap();
        cipher.inverse = true;
        let back = permute(&cipher, b"t", &there, LETTERS).unwrap().unwrap();
        (String::from_utf8(there).unwrap(), String::from_utf8(back).unwrap())
    }

    /// The whole of small sets.
    #[test]
    fn short_words_are_permuted_among_each_other() {
        let letters = (b'a'..=b'z').map(|letter| char::from(letter).to_string());
        let pairs = (0..260).map(|n| format!("{}-{}", char::from(b'a' + (n / 10) as u8), n % 10));
        for words in [letters.collect::<Vec<_>>(), pairs.collect()] {
            let seen: HashSet<String> = words.iter().map(|word| both(word).0).collect();
            assert_eq!(seen, words.iter().cloned().collect());
            assert!(words.iter().all(|word| both(word).1 == *word && both(word).0 != *word));
        }
    }

    #[test]
    fn a_word_of_neither_has_no_image() {
        let cipher = known().entity_keys("TEST", "default").unwrap().bijection;
        assert_eq!(permute(&cipher, b"t", b"_-.", LETTERS).unwrap(), None);
    }

    proptest! {
        #[test]
        fn kinds_stay_and_the_way_back_is_found(words in prop::collection::hash_set("[a-z0-9._]{0,60}[a-z0-9]{3}", 2..8)) {
            let mut seen = HashSet::new();
            for word in words {
                let (there, back) = both(&word);
                let kind = |c: char| if c.is_ascii_digit() { '0' } else if c.is_ascii_lowercase() { 'a' } else { c };
                prop_assert_eq!(there.chars().map(kind).collect::<String>(), word.chars().map(kind).collect::<String>());
                prop_assert_eq!(&back, &word);
                prop_assert!(seen.insert(there));
            }
        }
    }
}
