//! The weights of the model, as the build script laid them out. Look-ups only: nothing is read or built at the start.

use super::layout::{
    BEGINS_COMPOUND, CHARACTERS, DELTAS, EDGES, FILTER_WORDS, FIRST, PAIRS, RECORD, SURNAME, WORD_SLOTS, filter_bit,
    longer, pair as place_of_pair, word_hash, word_slot, word_tag,
};

include!(concat!(env!("OUT_DIR"), "/name_model.rs"));

static RECORDS: &[u8; CHARACTERS * RECORD] = include_bytes!(concat!(env!("OUT_DIR"), "/name_characters.bin"));
static SIGNS: &[u8; 2 * 128] = include_bytes!(concat!(env!("OUT_DIR"), "/name_signs.bin"));
static WEIGHTS_OF_PAIRS: &[u8; PAIRS] = include_bytes!(concat!(env!("OUT_DIR"), "/name_pairs.bin"));
static READINGS: &[u8; 3 * (DELTAS + EDGES)] = include_bytes!(concat!(env!("OUT_DIR"), "/name_readings.bin"));
static WORDS: &[u8; 4 * WORD_SLOTS] = include_bytes!(concat!(env!("OUT_DIR"), "/name_words.bin"));
static FILTER: &[u8; 8 * FILTER_WORDS] = include_bytes!(concat!(env!("OUT_DIR"), "/name_filter.bin"));

/// What is known of an ideograph; of a traditional one, what is known of the simplified one.
#[derive(Clone, Copy)]
pub(super) struct Record([u8; RECORD]);

/// What is known of the ideograph with this code; of anything else, nothing.
#[inline]
pub(super) fn record(code: u16) -> Record {
    let (records, _) = RECORDS.as_chunks::<RECORD>();
    Record(usize::from(code).checked_sub(FIRST).and_then(|at| records.get(at)).copied().unwrap_or([0; RECORD]))
}

const fn weight(byte: u8) -> i32 {
    byte as i8 as i32
}

impl Record {
    pub(super) const fn simplified(&self) -> u16 {
        let [a, b, ..] = self.0;
        u16::from_le_bytes([a, b])
    }

    pub(super) const fn surname(&self) -> i32 {
        let [_, _, surname, ..] = self.0;
        weight(surname)
    }

    /// As the only character of a given name.
    pub(super) const fn only(&self) -> i32 {
        let [_, _, _, only, ..] = self.0;
        weight(only)
    }

    pub(super) const fn middle(&self) -> i32 {
        let [.., middle, _, _, _, _, _] = self.0;
        weight(middle)
    }

    pub(super) const fn end(&self) -> i32 {
        let [.., end, _, _, _, _] = self.0;
        weight(end)
    }

    const fn before(&self) -> i32 {
        let [.., before, _, _, _] = self.0;
        weight(before)
    }

    const fn behind(&self) -> i32 {
        let [.., behind, _, _] = self.0;
        weight(behind)
    }

    /// As a word of its own.
    pub(super) const fn cost(&self) -> u8 {
        let [.., cost, _] = self.0;
        cost
    }

    pub(super) const fn is_surname(&self) -> bool {
        let [.., flags] = self.0;
        flags & SURNAME != 0
    }

    pub(super) const fn begins_compound(&self) -> bool {
        let [.., flags] = self.0;
        flags & BEGINS_COMPOUND != 0
    }
}

/// Weight of what stands just before a name.
pub(super) fn before(code: u16) -> i32 {
    SIGNS
        .get(..128)
        .and_then(|signs| signs.get(usize::from(code)))
        .map_or_else(|| record(code).before(), |b| weight(*b))
}

/// Weight of what stands just behind a name.
pub(super) fn behind(code: u16) -> i32 {
    SIGNS
        .get(128..)
        .and_then(|signs| signs.get(usize::from(code)))
        .map_or_else(|| record(code).behind(), |b| weight(*b))
}

/// Weight of two characters side by side, as seen in one of several ways.
#[inline]
pub(super) fn pair<const KIND: usize>(a: u16, b: u16) -> i32 {
    WEIGHTS_OF_PAIRS.get(place_of_pair::<KIND>(a, b)).map_or(0, |byte| weight(*byte))
}

/// Whether the two characters are a surname.
pub(super) fn is_compound(one: u16, two: u16) -> bool {
    COMPOUND.binary_search(&(u32::from(one) << 16 | u32::from(two))).is_ok()
}

fn reading_rows(length: usize) -> Option<(&'static [u8], &'static [u8])> {
    let row = length.checked_sub(2)?;
    let deltas = READINGS.get(row * DELTAS..(row + 1) * DELTAS)?;
    let edges = READINGS.get(3 * DELTAS + row * EDGES..3 * DELTAS + (row + 1) * EDGES)?;
    Some((deltas, edges))
}

/// Weight of a reading in the place of a name of `length` characters: what it costs more, and which edges it has.
pub(super) fn of_reading(length: usize, delta: i32, edges: usize) -> i32 {
    let Some((deltas, of_edges)) = reading_rows(length) else { return 0 };
    let at = (delta.div_euclid(4) + 4).clamp(0, DELTAS as i32 - 1) as usize;
    deltas.get(at).map_or(0, |byte| weight(*byte)) + of_edges.get(edges).map_or(0, |byte| weight(*byte))
}

/// The most that [`of_reading`] may be.
pub(super) fn most_of_reading(length: usize) -> i32 {
    let most = |bytes: &[u8]| bytes.iter().map(|byte| weight(*byte)).max().unwrap_or(0);
    reading_rows(length).map_or(0, |(deltas, edges)| most(deltas) + most(edges))
}

/// The costs of the words of two, three and four characters at the head of `codes`; 0 where there is none.
pub(super) fn words(codes: &[u16]) -> [u8; 3] {
    let mut costs = [0; 3];
    let [one, two, rest @ ..] = codes else { return costs };
    let mut key = longer(u64::from(*one), *two);
    let hash = word_hash(key);
    let (word, bit) = filter_bit(hash);
    let (filter, _) = FILTER.as_chunks::<8>();
    if filter.get(word).is_none_or(|word| u64::from_le_bytes(*word) >> bit & 1 == 0) {
        return costs;
    }
    let [of_two, of_three, of_four] = &mut costs;
    *of_two = cost(hash);
    for (slot, code) in [of_three, of_four].into_iter().zip(rest) {
        key = longer(key, *code);
        *slot = cost(word_hash(key));
    }
    costs
}

/// The cost of the word with this hash, 0 when there is none.
fn cost(hash: u64) -> u8 {
    let (slots, _) = WORDS.as_chunks::<4>();
    let first = word_slot(hash);
    for slot in (first..WORD_SLOTS).chain(0..first) {
        let found = slots.get(slot).map_or(0, |slot| u32::from_le_bytes(*slot));
        if found == 0 {
            return 0;
        }
        if found & 0xFFFF_FF00 == word_tag(hash) {
            return found as u8;
        }
    }
    0
}
