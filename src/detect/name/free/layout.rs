//! How the build script lays out the model of names in free text, and how it is read: both include this file. Must stay
//! free of anything but arithmetic, and never depend on the machine.

/// The ideographs that the model knows of.
pub(crate) const FIRST: usize = 0x4E00;
/// How many they are.
pub(crate) const CHARACTERS: usize = 0x9FFF - FIRST + 1;
/// Bytes of what is known of one of them: its simplified form, six weights, its cost as a word of its own, flags.
pub(crate) const RECORD: usize = 10;
/// Flag: a surname.
pub(crate) const SURNAME: u8 = 1;
/// Flag: some surname of two characters begins with it.
pub(crate) const BEGINS_COMPOUND: u8 = 2;
/// Where the step of trust in a surname, of three, stands in the flags.
pub(crate) const TRUST: u8 = 2;
/// Slots of the table of pairs, most of which stay free: a weight, which is never 0, and a tag.
pub(crate) const PAIRS: usize = 1 << 19;
/// Weights of how costly the best reading as words is, and of where it has edges.
pub(crate) const DELTAS: usize = 32;
/// See [`DELTAS`].
pub(crate) const EDGES: usize = 16;
/// Kinds of words; 0 for none. The kind of a character as a word stands in the upper four bits of its flags.
pub(crate) const KINDS: usize = 16;
/// Slots of the table of words: more than half stay free.
pub(crate) const WORD_SLOTS: usize = 1 << 18;
/// Words of the bitmap of the first two characters of words.
pub(crate) const FILTER_WORDS: usize = 1 << 14;

/// The hash of two characters seen in one of ten ways.
pub(crate) const fn pair_hash(kind: u64, a: u16, b: u16) -> u64 {
    word_hash(kind << 32 | (a as u64) << 16 | b as u64)
}

/// The slot where the search for a pair begins, and the tag that tells it from most others.
pub(crate) const fn pair_slot(hash: u64) -> (usize, u8) {
    ((hash >> 45) as usize, hash as u8)
}

/// The key of a word with one character more.
pub(crate) const fn longer(key: u64, code: u16) -> u64 {
    key << 16 | code as u64
}

pub(crate) const fn word_hash(key: u64) -> u64 {
    let mixed = key.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed ^ mixed >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

/// The slot where the search for a word begins.
pub(crate) const fn word_slot(hash: u64) -> usize {
    (hash >> 46) as usize
}

/// What tells a word from others in a slot; whether it names nobody stands in the bit below, its kind in four, its cost in
/// eight.
pub(crate) const fn word_tag(hash: u64) -> u32 {
    (hash as u32) & WORD_TAG
}

/// The bits of [`word_tag`].
pub(crate) const WORD_TAG: u32 = 0xFFFF_E000;
/// The bit of a word that names nobody.
pub(crate) const NOBODY: u32 = 0x1000;

/// The word and the bit of a pair of characters in the bitmap.
pub(crate) const fn filter_bit(hash: u64) -> (usize, u32) {
    ((hash >> 50) as usize, (hash >> 44) as u32 & 63)
}
