//! Decimal numerals for FF1 in machine integers: no allocation, unlike the big integers that the `fpe` crate brings.

use fpe::ff1::{NumeralString, Operations};

/// `count` decimal digits, at most 36.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numerals {
    pub(super) value: u128,
    pub(super) count: usize,
}

/// Half of a [`Numerals`]: at most 18 digits.
pub(super) struct Half {
    value: u64,
    count: usize,
}

/// The last bytes of a big-endian number.
pub(super) struct Tail {
    bytes: [u8; 8],
    length: usize,
}

impl AsRef<[u8]> for Tail {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(8_usize.saturating_sub(self.length)..).unwrap_or(&self.bytes)
    }
}

fn power(radix: u32, exponent: usize) -> u128 {
    u128::from(radix).pow(u32::try_from(exponent).unwrap_or(0))
}

/// The number that `bytes` (at most 16) write, most significant first.
fn big_endian(bytes: impl Iterator<Item = u8>) -> u128 {
    bytes.fold(0, |number, byte| (number << 8) | u128::from(byte))
}

impl NumeralString for Numerals {
    type Ops = Half;

    fn is_valid(&self, radix: u32) -> bool {
        radix == 10 && self.count <= 36 && self.value < power(radix, self.count)
    }

    fn numeral_count(&self) -> usize {
        self.count
    }

    fn split(&self) -> (Half, Half) {
        let front = self.count / 2;
        let back = self.count - front;
        let scale = power(10, back);
        // Both halves have at most 18 digits, as `is_valid` saw to.
        let half = |value: u128, count| Half { value: value as u64, count };
        (half(self.value / scale, front), half(self.value % scale, back))
    }

    fn concat(a: Half, b: Half) -> Numerals {
        Numerals { value: u128::from(a.value) * power(10, b.count) + u128::from(b.value), count: a.count + b.count }
    }
}

impl Operations for Half {
    type Bytes = Tail;

    fn numeral_count(&self) -> usize {
        self.count
    }

    fn to_be_bytes(&self, _radix: u32, length: usize) -> Tail {
        Tail { bytes: self.value.to_be_bytes(), length }
    }

    fn add_mod_exp(self, other: impl Iterator<Item = u8>, radix: u32, m: usize) -> Half {
        let modulus = power(radix, m);
        Half { value: ((u128::from(self.value) + big_endian(other) % modulus) % modulus) as u64, count: m }
    }

    fn sub_mod_exp(self, other: impl Iterator<Item = u8>, radix: u32, m: usize) -> Half {
        let modulus = power(radix, m);
        Half { value: ((u128::from(self.value) + modulus - big_endian(other) % modulus) % modulus) as u64, count: m }
    }
}

#[cfg(test)]
mod tests {
    use aes::{Aes128, Aes256};
    use fpe::ff1::{FF1, FlexibleNumeralString};
    use proptest::prelude::*;

    use super::*;

    /// NIST SP 800-38G, FF1 samples 1 and 2.
    #[test]
    fn nist_samples() {
        let key = 0x2B7E_1516_28AE_D2A6_ABF7_1588_09CF_4F3C_u128.to_be_bytes();
        let cipher = FF1::<Aes128>::new(&key, 10).unwrap();
        let plain = Numerals { value: 123_456_789, count: 10 };
        assert_eq!(cipher.encrypt(&[], &plain).unwrap(), Numerals { value: 2_433_477_484, count: 10 });
        let tweak = [0x39, 0x38, 0x37, 0x36, 0x35, 0x34, 0x33, 0x32, 0x31, 0x30];
        assert_eq!(cipher.encrypt(&tweak, &plain).unwrap(), Numerals { value: 6_124_200_773, count: 10 });
    }

    proptest! {
        #[test]
        fn agrees_with_big_integers_and_inverts(
            key in any::<[u8; 32]>(),
            tweak in any::<[u8; 8]>(),
            digits in prop::collection::vec(0u16..10, 6..=36),
        ) {
            let cipher = FF1::<Aes256>::new(&key, 10).unwrap();
            let value = digits.iter().fold(0u128, |value, digit| value * 10 + u128::from(*digit));
            let plain = Numerals { value, count: digits.len() };
            let encrypted = cipher.encrypt(&tweak, &plain).unwrap();
            let reference: Vec<u16> =
                cipher.encrypt(&tweak, &FlexibleNumeralString::from(digits)).unwrap().into();
            let reference = reference.iter().fold(0u128, |value, digit| value * 10 + u128::from(*digit));
            prop_assert_eq!(encrypted.value, reference);
            prop_assert_eq!(cipher.decrypt(&tweak, &encrypted).unwrap(), plain);
        }
    }
}
