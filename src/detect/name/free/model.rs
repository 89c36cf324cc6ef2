//! The weights of the model, as the build script laid them out. Look-ups only: nothing is read or built at the start.

use super::layout::{
    BEGINS_COMPOUND, CHARACTERS, DELTAS, EDGES, FILTER_WORDS, FIRST, KINDS, NOBODY, PAIRS, RECORD, SURNAME, TRUST,
    WORD_SLOTS, WORD_TAG, filter_bit, longer, pair_hash, pair_slot, word_hash, word_slot, word_tag,
};

include!(concat!(env!("OUT_DIR"), "/name_model.rs"));

static RECORDS: &[u8; CHARACTERS * RECORD] = include_bytes!(concat!(env!("OUT_DIR"), "/name_characters.bin"));
static SIGNS: &[u8; 2 * 128] = include_bytes!(concat!(env!("OUT_DIR"), "/name_signs.bin"));
static WEIGHTS_OF_PAIRS: &[u8; 2 * PAIRS] = include_bytes!(concat!(env!("OUT_DIR"), "/name_pairs.bin"));
const READINGS: &[u8; 3 * (DELTAS + EDGES)] = include_bytes!(concat!(env!("OUT_DIR"), "/name_readings.bin"));
const WEIGHTS_OF_KINDS: &[u8; 2 * KINDS + KINDS * KINDS] = include_bytes!(concat!(env!("OUT_DIR"), "/name_kinds.bin"));
static WORDS: &[u8; 4 * WORD_SLOTS] = include_bytes!(concat!(env!("OUT_DIR"), "/name_words.bin"));
static FILTER: &[u8; 8 * FILTER_WORDS] = include_bytes!(concat!(env!("OUT_DIR"), "/name_filter.bin"));

/// A word of the dictionary; there is none where the cost is 0.
#[derive(Clone, Copy, Default)]
pub(super) struct Word {
    pub(super) cost: u8,
    pub(super) kind: u8,
    /// It is so frequent that it names nobody.
    pub(super) is_nobody: bool,
}

/// What is known of an ideograph; of a traditional one, what is known of the simplified one.
#[derive(Clone, Copy)]
pub(super) struct Record(&'static [u8; RECORD]);

/// What is known of the ideograph with this code; of anything else, nothing.
#[inline(always)]
pub(super) fn record(code: u16) -> Record {
    static NOTHING: [u8; RECORD] = [0; RECORD];
    let (records, _) = RECORDS.as_chunks::<RECORD>();
    Record(usize::from(code).checked_sub(FIRST).and_then(|at| records.get(at)).unwrap_or(&NOTHING))
}

const fn weight(byte: u8) -> i32 {
    byte as i8 as i32
}

impl Record {
    pub(super) const fn simplified(&self) -> u16 {
        let [a, b, ..] = *self.0;
        u16::from_le_bytes([a, b])
    }

    pub(super) const fn surname(&self) -> i32 {
        let [_, _, surname, ..] = *self.0;
        weight(surname)
    }

    /// As the only character of a given name.
    pub(super) const fn only(&self) -> i32 {
        let [_, _, _, only, ..] = *self.0;
        weight(only)
    }

    pub(super) const fn middle(&self) -> i32 {
        let [.., middle, _, _, _, _, _] = *self.0;
        weight(middle)
    }

    pub(super) const fn end(&self) -> i32 {
        let [.., end, _, _, _, _] = *self.0;
        weight(end)
    }

    const fn before(&self) -> i32 {
        let [.., before, _, _, _] = *self.0;
        weight(before)
    }

    const fn behind(&self) -> i32 {
        let [.., behind, _, _] = *self.0;
        weight(behind)
    }

    /// As a word of its own.
    pub(super) const fn word(&self) -> Word {
        let [.., cost, flags] = *self.0;
        Word { cost, kind: flags >> 4, is_nobody: false }
    }

    pub(super) const fn is_surname(&self) -> bool {
        let [.., flags] = *self.0;
        flags & SURNAME != 0
    }

    /// How surely it is nothing but a surname: 0 to 3.
    pub(super) const fn trust(&self) -> usize {
        let [.., flags] = *self.0;
        (flags >> TRUST & 3) as usize
    }

    pub(super) const fn begins_compound(&self) -> bool {
        let [.., flags] = *self.0;
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
pub(super) fn pair<const KIND: u64>(a: u16, b: u16) -> i32 {
    let (first, tag) = pair_slot(pair_hash(KIND, a, b));
    let (slots, _) = WEIGHTS_OF_PAIRS.as_chunks::<2>();
    let mut slot = first;
    while let Some([found @ 1..=u8::MAX, of]) = slots.get(slot) {
        if *of == tag {
            return weight(*found);
        }
        slot = (slot + 1) % PAIRS;
    }
    0
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

/// Weight of the kinds of the words before and behind a name.
pub(super) fn of_kinds(before: u8, behind: u8) -> i32 {
    let (before, behind) = (usize::from(before), usize::from(behind));
    let places = [before, KINDS + behind, 2 * KINDS + before * KINDS + behind];
    places.iter().filter_map(|at| WEIGHTS_OF_KINDS.get(*at)).map(|byte| weight(*byte)).sum()
}

const fn most(bytes: &[u8]) -> i32 {
    let (mut bytes, mut most) = (bytes, 0);
    while let [byte, rest @ ..] = bytes {
        if weight(*byte) > most {
            most = weight(*byte);
        }
        bytes = rest;
    }
    most
}

/// The most that [`of_kinds`] may be.
const MOST_OF_KINDS: i32 = {
    let (one, both) = WEIGHTS_OF_KINDS.split_at(2 * KINDS);
    let (before, behind) = one.split_at(KINDS);
    most(before) + most(behind) + most(both)
};

/// The most that [`of_reading`] and [`of_kinds`] may be together, for names of two, three and four characters.
const MOST_OF_READING: [i32; 3] = {
    let (deltas, edges) = READINGS.split_at(3 * DELTAS);
    let ((two, deltas), (of_two, edges)) = (deltas.split_at(DELTAS), edges.split_at(EDGES));
    let ((three, four), (of_three, of_four)) = (deltas.split_at(DELTAS), edges.split_at(EDGES));
    [
        most(two) + most(of_two) + MOST_OF_KINDS,
        most(three) + most(of_three) + MOST_OF_KINDS,
        most(four) + most(of_four) + MOST_OF_KINDS,
    ]
};

/// The most that a reading in the place of a name of `length` characters may weigh.
pub(super) fn most_of_reading(length: usize) -> i32 {
    let most = length.checked_sub(2).and_then(|at| MOST_OF_READING.get(at));
    most.copied().unwrap_or(i32::MAX / 2)
}

/// The words of two, three and four characters at the head of `codes`.
pub(super) fn words(codes: &[u16]) -> [Word; 3] {
    let mut costs = [Word::default(); 3];
    let [one, two, rest @ ..] = codes else { return costs };
    let mut key = longer(u64::from(*one), *two);
    let hash = word_hash(key);
    let (word, bit) = filter_bit(hash);
    let (filter, _) = FILTER.as_chunks::<8>();
    if filter.get(word).is_none_or(|word| u64::from_le_bytes(*word) >> bit & 1 == 0) {
        return costs;
    }
    let [of_two, of_three, of_four] = &mut costs;
    *of_two = word_of(hash);
    for (slot, code) in [of_three, of_four].into_iter().zip(rest) {
        key = longer(key, *code);
        *slot = word_of(word_hash(key));
    }
    costs
}

/// The word with this hash.
fn word_of(hash: u64) -> Word {
    let (slots, _) = WORDS.as_chunks::<4>();
    let mut slot = word_slot(hash);
    while let Some([cost @ 1..=u8::MAX, kind, third, fourth]) = slots.get(slot) {
        let entry = u32::from_le_bytes([0, *kind, *third, *fourth]);
        if entry & WORD_TAG == word_tag(hash) {
            return Word { cost: *cost, kind: kind & 0x0F, is_nobody: entry & NOBODY != 0 };
        }
        slot = (slot + 1) % WORD_SLOTS;
    }
    Word::default()
}
