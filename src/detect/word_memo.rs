//! What a thread worked out lately about short words: the keys of logs and events come again and again.

use std::cell::Cell;

use crate::rule::label::LabelIndex;

/// Places for words, as a power of two.
const BITS: u32 = 9;
/// Longest word that is kept, in bytes.
pub(super) const LONGEST: usize = 16;

/// Words of up to 16 bytes, and a number for each; the newest word takes the place of another one that has the same hash.
/// Words of the data: there is no `Debug`.
pub(super) struct WordMemo {
    /// The index that the numbers are from.
    serial: Cell<u64>,
    /// A word (its last byte is the highest, zeros fill it up below) and its number.
    places: Box<[Cell<(u128, u32)>]>,
}

impl Default for WordMemo {
    fn default() -> WordMemo {
        WordMemo { serial: Cell::new(0), places: vec![Cell::new((0, 0)); 1 << BITS].into() }
    }
}

impl WordMemo {
    /// Forgets what is from another index than `labels`.
    pub(super) fn serve(&self, labels: &LabelIndex) {
        if self.serial.replace(labels.serial()) != labels.serial() {
            self.places.iter().for_each(|place| place.set((0, 0)));
        }
    }

    /// Whether the numbers are from `labels`.
    #[inline]
    pub(super) fn serves(&self, labels: &LabelIndex) -> bool {
        self.serial.get() == labels.serial()
    }

    /// The number of the word of `length` bytes, one to 16, that ends `window`; from `find` where it is not known.
    #[inline]
    pub(super) fn number(&self, window: &[u8; LONGEST], length: usize, find: impl FnOnce() -> u32) -> u32 {
        let cut = 8 * LONGEST.saturating_sub(length) as u32;
        let written = u128::from_le_bytes(*window) >> cut << cut;
        let Some(place) = self.places.get(slot(written)) else { return find() };
        let (held, number) = place.get();
        if held == written {
            return number;
        }
        let number = find();
        place.set((written, number));
        number
    }
}

/// The 16 bytes that end at `end` of `text`.
#[inline]
pub(super) fn window_before(text: &[u8], end: usize) -> Option<&[u8; LONGEST]> {
    end.checked_sub(LONGEST).and_then(|from| text.get(from..)?.first_chunk::<LONGEST>())
}

#[inline]
fn slot(written: u128) -> usize {
    let mixed = (written >> 64) as u64 ^ (written as u64).rotate_left(23);
    (mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - BITS)) as usize
}
