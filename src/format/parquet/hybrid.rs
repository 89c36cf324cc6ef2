//! The hybrid of run lengths and bit packing in which levels and the keys of a dictionary are written.
//!
//! It must never take more from the bytes than they hold: what is cut short is an error, not zeros.

use bytes::Bytes;

/// Widest number of bits that a value is packed in.
const MAX_WIDTH: u32 = 32;

/// Reads values from a page.
pub(super) struct Hybrid {
    bytes: Bytes,
    at: usize,
    width: u32,
    run: Run,
}

/// What is left of the current run.
enum Run {
    /// So many times this value.
    Repeated(usize, u32),
    /// So many values, packed from this bit on.
    Packed(usize, usize),
}

/// The bytes end early or make no sense.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Short;

impl Hybrid {
    /// A reader of values of `width` bits.
    pub(super) fn new(bytes: Bytes, width: u32) -> Result<Hybrid, Short> {
        if width > MAX_WIDTH {
            return Err(Short);
        }
        Ok(Hybrid { bytes, at: 0, width, run: Run::Repeated(0, 0) })
    }

    /// Hands the next `count` values to `visit`: equal ones that follow each other in a run as value and number.
    pub(super) fn each(&mut self, mut count: usize, mut visit: impl FnMut(u32, usize)) -> Result<(), Short> {
        while count > 0 {
            match &mut self.run {
                Run::Repeated(0, _) | Run::Packed(0, _) => self.next_run()?,
                Run::Repeated(left, value) => {
                    let taken = count.min(*left);
                    visit(*value, taken);
                    *left -= taken;
                    count -= taken;
                }
                Run::Packed(left, bit) => {
                    let taken = count.min(*left);
                    let mask = (1_u64 << self.width) - 1;
                    for _ in 0..taken {
                        let word = self.bytes.get(*bit / 8..).unwrap_or_default();
                        visit(((window(word) >> (*bit % 8)) & mask) as u32, 1);
                        *bit += self.width as usize;
                    }
                    *left -= taken;
                    count -= taken;
                }
            }
        }
        Ok(())
    }

    fn next_run(&mut self) -> Result<(), Short> {
        let header = self.varint()?;
        let count = usize::try_from(header >> 1).map_err(|_| Short)?;
        if header & 1 == 1 {
            let length = count.checked_mul(self.width as usize).ok_or(Short)?;
            let end = self.at.checked_add(length).ok_or(Short)?;
            // Some writers leave out the end of the last group.
            let held = self.bytes.len().saturating_sub(self.at).min(length);
            let values = match self.width {
                0 => count.checked_mul(8).ok_or(Short)?,
                width => held * 8 / width as usize,
            };
            self.run = Run::Packed(values, self.at * 8);
            self.at = end.min(self.bytes.len());
            if values == 0 && length > 0 {
                return Err(Short);
            }
        } else {
            let length = self.width.div_ceil(8) as usize;
            let value = self.bytes.get(self.at..self.at + length).ok_or(Short)?;
            let value = value.iter().rev().fold(0_u32, |value, byte| value << 8 | u32::from(*byte));
            self.at += length;
            self.run = Run::Repeated(count, value);
        }
        Ok(())
    }

    fn varint(&mut self) -> Result<u64, Short> {
        let mut value = 0;
        for shift in (0..35).step_by(7) {
            let byte = *self.bytes.get(self.at).ok_or(Short)?;
            self.at += 1;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Short)
    }
}

/// The first eight of `bytes`, zeros where there are fewer, as a number.
#[inline(always)]
fn window(bytes: &[u8]) -> u64 {
    match bytes.first_chunk::<8>() {
        Some(word) => u64::from_le_bytes(*word),
        None => bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn all(bytes: &[u8], width: u32, count: usize) -> Result<Vec<u32>, Short> {
        let mut values = Vec::new();
        Hybrid::new(bytes.to_vec().into(), width)?
            .each(count, |value, times| values.extend(std::iter::repeat_n(value, times)))?;
        Ok(values)
    }

    #[test]
    fn runs_and_packed_groups_follow_each_other() {
        // Three times 5; the numbers 0 to 7 in three bits each, as the format's description has them.
        let bytes = [6, 5, 3, 0x88, 0xC6, 0xFA];
        assert_eq!(all(&bytes, 3, 11).unwrap(), vec![5, 5, 5, 0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(all(&bytes, 3, 12), Err(Short));
        assert_eq!(all(&bytes[..1], 3, 1), Err(Short));
        assert!(all(&[], 1, 0).unwrap().is_empty());
        assert_eq!(all(&[0xff; 9], 1, 1), Err(Short));
    }

    proptest! {
        #[test]
        fn packed_values_come_back(values in proptest::collection::vec(any::<u32>(), 1..60), width in 1u32..=32) {
            let mask = u32::MAX >> (32 - width);
            let groups = values.len().div_ceil(8);
            let mut bits = vec![0u8; groups * width as usize];
            for (at, value) in values.iter().enumerate() {
                for bit in (0..width).filter(|bit| (value & mask) >> bit & 1 == 1) {
                    let place = at * width as usize + bit as usize;
                    bits[place / 8] |= 1 << (place % 8);
                }
            }
            bits.insert(0, (groups as u8) << 1 | 1);
            let expected: Vec<u32> = values.iter().map(|value| value & mask).collect();
            prop_assert_eq!(all(&bits, width, values.len()), Ok(expected));
        }

        #[test]
        fn any_bytes_end(bytes in proptest::collection::vec(any::<u8>(), 0..40), width in 0u32..40) {
            let _ = all(&bytes, width, 5000);
        }
    }
}
