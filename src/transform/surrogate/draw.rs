//! Choices under the key: the same value always draws the same.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::super::Subject;

/// A stream of numbers that follows from the key and a canonical value.
pub(super) struct Draw {
    keyed: Hmac<Sha256>,
    block: Vec<u8>,
    blocks: u64,
}

impl Draw {
    /// The stream of the subject's value.
    pub(super) fn new(subject: &Subject<'_>) -> Draw {
        Draw::of(&subject.keys.surrogate, subject.canonical)
    }

    /// The stream of `value`.
    pub(super) fn of(key: &Hmac<Sha256>, value: &[u8]) -> Draw {
        Draw { keyed: key.clone().chain_update(value), block: Vec::new(), blocks: 0 }
    }

    fn next(&mut self) -> u64 {
        if self.block.len() < 8 {
            let digest = self.keyed.clone().chain_update(b"\0").chain_update(self.blocks.to_be_bytes()).finalize();
            self.block = digest.as_bytes().to_vec();
            self.blocks += 1;
        }
        let rest = self.block.split_off(8);
        let number = self.block.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
        self.block = rest;
        number
    }

    /// A number below `limit`. So far below 2^64 that none is likelier than another by more than a millionth.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    /// One of several.
    pub(super) fn one_of<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len() as u64) as usize)
    }

    /// So many digits.
    pub(super) fn digits(&mut self, count: usize) -> String {
        (0..count).filter_map(|_| char::from_digit(self.below(10) as u32, 10)).collect()
    }

    /// A letter of lower case.
    pub(super) fn letter(&mut self) -> char {
        char::from(b'a' + self.below(26) as u8)
    }

    /// A character of the kind of `character`: digit, small or capital letter; others as they are.
    pub(super) fn alike(&mut self, character: char) -> char {
        match character {
            '0'..='9' => char::from(b'0' + self.below(10) as u8),
            'A'..='Z' => self.letter().to_ascii_uppercase(),
            _ if character.is_alphanumeric() => self.letter(),
            _ => character,
        }
    }
}
