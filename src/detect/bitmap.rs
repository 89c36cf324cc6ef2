//! Bytes to bitmaps: for 64 bytes at a time, one bit per byte and class.
//!
//! The only module with `unsafe`, with its parts for each processor: vector instructions that are chosen at run time.
//! The scalar twin says what each of them must give, byte for byte; a property test holds them against it. Never reads
//! outside the text.

#![allow(unsafe_code)]

#[cfg(target_arch = "aarch64")]
mod neon;
#[cfg(target_arch = "x86_64")]
mod x86;

/// Words of 64 bytes that are classified at a time: 4 KiB of text, which stay in the nearest cache.
pub(super) const WORDS: usize = 64;
/// Bytes that are classified at a time.
pub(super) const CHUNK: usize = WORDS * 64;

/// One bit per byte of a chunk, word by word: bit i of word w + 1 is byte 64 w + i. Word 0 is the last one of the chunk
/// before, for what looks back.
pub(super) type Lanes = [u64; WORDS + 1];

/// The bitmaps of a chunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bitmaps {
    pub(super) digit: Lanes,
    /// The letters of hexadecimal digits, in both cases.
    pub(super) hex_letter: Lanes,
    pub(super) at_sign: Lanes,
    pub(super) colon: Lanes,
    pub(super) hyphen: Lanes,
    pub(super) full_stop: Lanes,
    /// `=`, and `>`, behind which stands what an element holds.
    pub(super) equals: Lanes,
    /// Space and closing bracket, which also stand between groups of digits.
    pub(super) gap: Lanes,
    /// Bytes from 0x80 on.
    pub(super) high: Lanes,
}

impl Default for Bitmaps {
    fn default() -> Self {
        let none = [0; WORDS + 1];
        Bitmaps {
            digit: none,
            hex_letter: none,
            at_sign: none,
            colon: none,
            hyphen: none,
            full_stop: none,
            equals: none,
            gap: none,
            high: none,
        }
    }
}

/// The bitmaps of one word.
#[derive(Default, Clone, Copy)]
struct Word {
    digit: u64,
    hex_letter: u64,
    at_sign: u64,
    colon: u64,
    hyphen: u64,
    full_stop: u64,
    equals: u64,
    gap: u64,
    high: u64,
}

impl Bitmaps {
    fn lanes(&mut self) -> [&mut Lanes; 9] {
        let Bitmaps { digit, hex_letter, at_sign, colon, hyphen, full_stop, equals, gap, high } = self;
        [digit, hex_letter, at_sign, colon, hyphen, full_stop, equals, gap, high]
    }

    /// Forgets the chunk before.
    #[allow(clippy::indexing_slicing)] // Constants within the lanes: checked when it is compiled.
    pub(super) fn begin(&mut self) {
        self.lanes().into_iter().for_each(|lanes| lanes[0] = 0);
    }

    /// Moves the last word of a whole chunk to where the next one looks back for it.
    #[allow(clippy::indexing_slicing)] // Constants within the lanes: checked when it is compiled.
    pub(super) fn carry(&mut self) {
        self.lanes().into_iter().for_each(|lanes| lanes[0] = lanes[WORDS]);
    }

    #[inline(always)]
    fn set(&mut self, at: usize, word: &Word) {
        let lanes = [
            (&mut self.digit, word.digit),
            (&mut self.hex_letter, word.hex_letter),
            (&mut self.at_sign, word.at_sign),
            (&mut self.colon, word.colon),
            (&mut self.hyphen, word.hyphen),
            (&mut self.full_stop, word.full_stop),
            (&mut self.equals, word.equals),
            (&mut self.gap, word.gap),
            (&mut self.high, word.high),
        ];
        for (lanes, bits) in lanes {
            if let Some(lane) = lanes.get_mut(at + 1) {
                *lane = bits;
            }
        }
    }
}

/// What the 64 bytes before a place are, one bit for each; the top one is the nearest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Before {
    /// Letters and digits of ASCII.
    pub(super) word: u64,
    /// `_`.
    pub(super) underscore: u64,
    /// `-`.
    pub(super) hyphen: u64,
    /// `.`.
    pub(super) full_stop: u64,
    /// What ends a field: line feed and `,;{}|&`.
    pub(super) border: u64,
    /// Bytes from 0x80 on.
    pub(super) high: u64,
    /// Those of them that go on a character: 0x80 to 0xBF.
    pub(super) follower: u64,
}

/// A way to tell what 64 bytes are.
pub(super) type LookBack = fn(&[u8; 64]) -> Before;

/// The best way to look back on this processor.
pub(super) fn fastest_look_back() -> LookBack {
    #[cfg(target_arch = "x86_64")]
    if x86::has_avx2() {
        return x86::look_back;
    }
    look_back
}

/// The scalar twin of [`fastest_look_back`].
fn look_back(bytes: &[u8; 64]) -> Before {
    let mut before = Before::default();
    for (bit, &byte) in bytes.iter().enumerate() {
        let one = |is: bool| u64::from(is) << bit;
        before.word |= one(byte.is_ascii_alphanumeric());
        before.underscore |= one(byte == b'_');
        before.hyphen |= one(byte == b'-');
        before.full_stop |= one(byte == b'.');
        before.border |= one(matches!(byte, b'\n' | b',' | b';' | b'{' | b'}' | b'|' | b'&'));
        before.high |= one(byte >= 0x80);
        before.follower |= one(byte & 0xC0 == 0x80);
    }
    before
}

/// Which of 16 bytes may belong to a word (ASCII letters and digits, `_`, `-`, `.` and all bytes from 0x80 on): bit i
/// is byte i.
#[inline]
pub(super) fn word_bytes(bytes: &[u8; 16]) -> u32 {
    #[cfg(target_arch = "x86_64")]
    return x86::word_bytes(bytes);
    #[cfg(not(target_arch = "x86_64"))]
    return word_bytes_plainly(bytes);
}

/// The scalar twin of [`word_bytes`].
#[cfg(any(test, not(target_arch = "x86_64")))]
fn word_bytes_plainly(bytes: &[u8; 16]) -> u32 {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | 0x80..);
    bytes.iter().enumerate().fold(0, |bits, (at, byte)| bits | u32::from(is_word(*byte)) << at)
}

/// Work that is worth compiling once for each set of instructions. Its `run`, and all in it, must be inlined.
pub(super) trait Work {
    /// Does it.
    fn run(self);
}

/// Does `work`, compiled for the best instructions that this processor has.
pub(super) fn with_fastest(work: impl Work) {
    #[cfg(target_arch = "x86_64")]
    {
        if x86::has_avx512() {
            // SAFETY: the processor has these instructions.
            return unsafe { x86::with_avx512(work) };
        }
        if x86::has_avx2() {
            // SAFETY: the processor has these instructions.
            return unsafe { x86::with_avx2(work) };
        }
    }
    work.run();
}

const DIGIT: u8 = 1;
const COLON: u8 = 1 << 1;
const EQUALS: u8 = 1 << 2;
const HYPHEN: u8 = 1 << 3;
const FULL_STOP: u8 = 1 << 4;
const GAP: u8 = 1 << 5;
const AT_SIGN: u8 = 1 << 6;
const HEX_LETTER: u8 = 1 << 7;

/// The classes that a byte may have by its low and by its high half: it has those that both allow.
const LOW: [u8; 16] = [
    DIGIT | GAP | AT_SIGN,
    DIGIT | HEX_LETTER,
    DIGIT | HEX_LETTER,
    DIGIT | HEX_LETTER,
    DIGIT | HEX_LETTER,
    DIGIT | HEX_LETTER,
    DIGIT | HEX_LETTER,
    DIGIT,
    DIGIT,
    DIGIT | GAP,
    COLON,
    0,
    0,
    HYPHEN | EQUALS,
    FULL_STOP | EQUALS,
    0,
];
const HIGH: [u8; 16] = [
    0,
    0,
    HYPHEN | FULL_STOP | GAP,
    DIGIT | COLON | EQUALS,
    AT_SIGN | HEX_LETTER,
    0,
    HEX_LETTER,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
];

/// Classifies `text` (at most [`CHUNK`] bytes) into `maps`. Bytes beyond its end have no class.
pub(super) fn classify(text: &[u8], maps: &mut Bitmaps) {
    classify_by(fastest(), text, maps);
}

/// A way to classify whole words, the first of which is word `from` of the chunk.
type Classify = fn(&[[u8; 64]], &mut Bitmaps, usize);

fn classify_by(way: Classify, text: &[u8], maps: &mut Bitmaps) {
    let (whole, rest) = text.as_chunks::<64>();
    way(whole, maps, 0);
    let mut words = whole.len();
    if !rest.is_empty() {
        let mut padded = [0; 64];
        padded.iter_mut().zip(rest).for_each(|(slot, byte)| *slot = *byte);
        way(&[padded], maps, words);
        words += 1;
    }
    (words..WORDS).for_each(|word| maps.set(word, &Word::default()));
}

#[cfg(target_arch = "x86_64")]
fn fastest() -> Classify {
    if x86::has_avx512() {
        x86::avx512
    } else if x86::has_avx2() {
        x86::avx2
    } else {
        scalar
    }
}

#[cfg(target_arch = "aarch64")]
fn fastest() -> Classify {
    neon::neon
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn fastest() -> Classify {
    scalar
}

/// The scalar twin: what every faster way must agree with.
#[cfg_attr(target_arch = "aarch64", allow(dead_code))]
fn scalar(chunks: &[[u8; 64]], maps: &mut Bitmaps, from: usize) {
    for (at, chunk) in chunks.iter().enumerate() {
        let mut map = Word::default();
        for (bit, &byte) in chunk.iter().enumerate() {
            let low = LOW.get(usize::from(byte & 15)).copied().unwrap_or_default();
            let high = HIGH.get(usize::from(byte >> 4)).copied().unwrap_or_default();
            let class = u64::from(low & high);
            map.digit |= (class & 1) << bit;
            map.colon |= (class >> 1 & 1) << bit;
            map.equals |= (class >> 2 & 1) << bit;
            map.hyphen |= (class >> 3 & 1) << bit;
            map.full_stop |= (class >> 4 & 1) << bit;
            map.gap |= (class >> 5 & 1) << bit;
            map.at_sign |= (class >> 6 & 1) << bit;
            map.hex_letter |= (class >> 7 & 1) << bit;
            map.high |= u64::from(byte >> 7) << bit;
        }
        maps.set(from + at, &map);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ways() -> Vec<(&'static str, Classify)> {
        let mut ways: Vec<(&'static str, Classify)> = vec![("fastest", fastest())];
        #[cfg(target_arch = "x86_64")]
        {
            if x86::has_avx2() {
                ways.push(("AVX2", x86::avx2));
            }
            if x86::has_avx512() {
                ways.push(("AVX-512", x86::avx512));
            }
        }
        ways
    }

    fn agree(text: &[u8]) -> Result<(), TestCaseError> {
        let mut expected = Bitmaps::default();
        classify_by(scalar, text, &mut expected);
        for (name, way) in ways() {
            let mut maps = Bitmaps { high: [0; WORDS + 1], ..Bitmaps::default() };
            maps.high.iter_mut().skip(1).for_each(|lane| *lane = u64::MAX);
            classify_by(way, text, &mut maps);
            prop_assert_eq!(&maps, &expected, "{}", name);
        }
        Ok(())
    }

    #[test]
    fn looking_back_tells_every_byte_apart() {
        let all: Vec<u8> = (0..=255).collect();
        for bytes in all.as_chunks::<64>().0 {
            assert_eq!(fastest_look_back()(bytes), look_back(bytes), "from {}", bytes[0]);
            for sixteen in bytes.as_chunks::<16>().0 {
                assert_eq!(word_bytes(sixteen), word_bytes_plainly(sixteen), "from {}", sixteen[0]);
            }
        }
    }

    #[test]
    fn every_byte_has_the_class_that_its_name_says() {
        let text: Vec<u8> = (0..=255).collect();
        let mut map = Bitmaps::default();
        classify(&text, &mut map);
        for byte in 0..=255u8 {
            let has = |lanes: Lanes| lanes[usize::from(byte) / 64 + 1] >> (byte % 64) & 1 == 1;
            assert_eq!(has(map.digit), byte.is_ascii_digit(), "{byte}");
            assert_eq!(has(map.hex_letter), byte.is_ascii_hexdigit() && byte.is_ascii_alphabetic(), "{byte}");
            assert_eq!(has(map.at_sign), byte == b'@', "{byte}");
            assert_eq!(has(map.colon), byte == b':', "{byte}");
            assert_eq!(has(map.hyphen), byte == b'-', "{byte}");
            assert_eq!(has(map.full_stop), byte == b'.', "{byte}");
            assert_eq!(has(map.equals), matches!(byte, b'=' | b'>'), "{byte}");
            assert_eq!(has(map.gap), byte == b' ' || byte == b')', "{byte}");
            assert_eq!(has(map.high), byte >= 0x80, "{byte}");
        }
        agree(&text).unwrap();
    }

    proptest! {
        #[test]
        fn looking_back_agrees_with_its_scalar_twin(bytes in prop::collection::vec(any::<u8>(), 64)) {
            let bytes: &[u8; 64] = bytes.as_slice().try_into().unwrap();
            prop_assert_eq!(fastest_look_back()(bytes), look_back(bytes));
            for sixteen in bytes.as_chunks::<16>().0 {
                prop_assert_eq!(word_bytes(sixteen), word_bytes_plainly(sixteen));
            }
        }

        #[test]
        fn every_way_agrees_with_the_scalar_twin(text in prop::collection::vec(any::<u8>(), 0..CHUNK)) {
            agree(&text)?;
        }

        #[test]
        fn every_way_agrees_on_what_logs_are_made_of(
            text in prop::collection::vec(prop::sample::select(b"0123456789afAFgz:-.=>@ ()\n\xE4\xBD\xA0/_".to_vec()), 0..700)
        ) {
            agree(&text)?;
        }
    }
}
