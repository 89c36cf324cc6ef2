//! How the build script lays reference tables out, and how look-ups read them: both include this file. Must stay free of
//! anything but arithmetic, and never depend on the machine.

/// Slots of the index of place names by their first two characters: a third of them stay free (5,600 keys), and the
/// index small enough for a cache.
pub(crate) const SLOTS: usize = 8192;
/// Words of the bitmap that refuses most pairs of characters.
pub(crate) const PAIR_WORDS: usize = 1024;
/// Slots of the index of ordinary words: four in ten stay free.
pub(crate) const WORD_SLOTS: usize = 1 << 16;
/// Words of the filter of ordinary words: 14 bits for each of them.
pub(crate) const FILTER_WORDS: usize = 8192;
/// Bytes of two Han characters, the key of the index.
pub(crate) const KEY: usize = 6;

const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// The key of the two characters at the head of `text`.
pub(crate) fn key(text: &[u8]) -> Option<u64> {
    let [a, b, c, d, e, f] = *text.first_chunk::<KEY>()?;
    Some(u64::from_le_bytes([a, b, c, d, e, f, 0, 0]))
}

pub(crate) fn key_hash(key: u64) -> u64 {
    key.wrapping_mul(SPREAD)
}

/// The word and the bit of a key in the bitmap of pairs.
pub(crate) fn pair_bit(hash: u64) -> (usize, u32) {
    ((hash >> 54) as usize % PAIR_WORDS, (hash >> 48) as u32 & 63)
}

/// The slot where the search for a key begins.
pub(crate) fn first_slot(hash: u64) -> usize {
    (hash >> 32) as usize % SLOTS
}

pub(crate) fn word_hash(word: &[u8]) -> u64 {
    let mut hash = word.len() as u64;
    let (eights, rest) = word.as_chunks::<8>();
    let last = rest.iter().rev().fold(0, |last, byte| last << 8 | u64::from(*byte));
    let eights = eights.iter().map(|eight| u64::from_le_bytes(*eight));
    for eight in eights.chain((!rest.is_empty()).then_some(last)) {
        hash = (hash ^ eight).wrapping_mul(SPREAD);
        hash ^= hash >> 29;
    }
    hash.wrapping_mul(SPREAD)
}

/// The slot where the search for a word begins.
pub(crate) fn word_slot(hash: u64) -> usize {
    (hash >> 20) as usize % WORD_SLOTS
}

/// The word of an entry in the filter of ordinary words, and its two bits there.
pub(crate) fn filter_bits(hash: u64) -> (usize, u64) {
    ((hash >> 50) as usize % FILTER_WORDS, 1 << (hash >> 44 & 63) | 1 << (hash >> 38 & 63))
}
