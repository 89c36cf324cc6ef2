//! The scan pass: one pass over the bytes finds the places that are worth a closer look, and tells a [`Sink`].
//!
//! Bytes become bitmaps, 64 at a time; shifts and masks of the bitmaps become anchors. Everything that costs more than
//! a few instructions happens in the sink, once per anchor.

/// Receives anchors, in order of position within each kind.
pub(super) trait Sink {
    /// A run of ASCII digits starts at `at`. Returns where the sink wants to be told of runs again.
    fn digits(&mut self, at: usize) -> usize;
    /// An `@` stands at `at`.
    fn at_sign(&mut self, at: usize);
    /// Five separators (`:` or `-`), three apart; the first stands at `at`.
    fn hex_pairs(&mut self, at: usize);
    /// Two full stops, five apart; the first stands at `at`.
    fn hex_quads(&mut self, at: usize);
    /// Two colons at most five apart; the last stands at `at`.
    fn colon_hex(&mut self, at: usize);
    /// `=` or `:` stands at `at`.
    fn key_separator(&mut self, at: usize);
    /// A run of bytes ≥ 0x80 starts at `at`. Returns where the sink wants to be told of such runs again: at the end of
    /// this run or later.
    fn high(&mut self, at: usize) -> usize;
}

/// The bitmaps of 64 bytes: bit i is byte i.
#[derive(Default, Clone, Copy)]
struct Bitmaps {
    digit: u64,
    at_sign: u64,
    colon: u64,
    hyphen: u64,
    full_stop: u64,
    equals: u64,
    high: u64,
}

const DIGIT: u8 = 1;
const AT_SIGN: u8 = 2;
const COLON: u8 = 4;
const HYPHEN: u8 = 8;
const FULL_STOP: u8 = 16;
const EQUALS: u8 = 32;
const HIGH: u8 = 64;

#[allow(clippy::indexing_slicing)] // At compile time: an index out of range does not compile.
const CLASS: [u8; 256] = {
    let mut class = [0u8; 256];
    let mut byte = 0;
    while byte < 256 {
        class[byte] = match byte as u8 {
            b'0'..=b'9' => DIGIT,
            b'@' => AT_SIGN,
            b':' => COLON,
            b'-' => HYPHEN,
            b'.' => FULL_STOP,
            b'=' => EQUALS,
            0x80.. => HIGH,
            _ => 0,
        };
        byte += 1;
    }
    class
};

impl Bitmaps {
    /// The scalar twin: what every faster way must agree with.
    fn scalar(chunk: &[u8]) -> Bitmaps {
        let mut maps = Bitmaps::default();
        for (bit, &byte) in chunk.iter().enumerate().take(64) {
            let class = u64::from(CLASS.get(usize::from(byte)).copied().unwrap_or_default());
            maps.digit |= (class & 1) << bit;
            maps.at_sign |= ((class >> 1) & 1) << bit;
            maps.colon |= ((class >> 2) & 1) << bit;
            maps.hyphen |= ((class >> 3) & 1) << bit;
            maps.full_stop |= ((class >> 4) & 1) << bit;
            maps.equals |= ((class >> 5) & 1) << bit;
            maps.high |= ((class >> 6) & 1) << bit;
        }
        maps
    }
}

/// Calls `visit` with the position of every set bit of `bits`, of which bit 0 is at `base`.
fn each(mut bits: u64, base: usize, mut visit: impl FnMut(usize)) {
    while bits != 0 {
        visit(base + bits.trailing_zeros() as usize);
        bits &= bits - 1;
    }
}

/// Starts of runs: bits whose predecessor is not set; `last` is bit 63 of the word before.
fn run_starts(bits: u64, last: bool) -> u64 {
    bits & !((bits << 1) | u64::from(last))
}

/// The bits of `now` for which the bit `distance` before is also set, looking back into `before`.
fn also_before(now: u64, before: u64, source_now: u64, distance: u32) -> u64 {
    now & ((source_now << distance) | (before >> (64 - distance)))
}

/// Tells `sink` of every anchor in `text`.
pub(super) fn scan(text: &[u8], sink: &mut impl Sink) {
    let mut before = Bitmaps::default();
    let (mut digits_from, mut high_from) = (0, 0);
    for (index, chunk) in text.chunks(64).enumerate() {
        let base = index * 64;
        let now = Bitmaps::scalar(chunk);
        each(run_starts(now.digit, before.digit >> 63 == 1), base, |at| {
            if at >= digits_from {
                digits_from = sink.digits(at).max(at + 1);
            }
        });
        if now.at_sign != 0 {
            each(now.at_sign, base, |at| sink.at_sign(at));
        }
        let (pair, pair_before) = (now.colon | now.hyphen, before.colon | before.hyphen);
        let mut pairs = pair;
        for distance in [3, 6, 9, 12] {
            pairs = also_before(pairs, pair_before, pair, distance);
        }
        each(pairs, base, |at| sink.hex_pairs(at - 12));
        each(also_before(now.full_stop, before.full_stop, now.full_stop, 5), base, |at| sink.hex_quads(at - 5));
        if now.colon != 0 {
            let near =
                (1..=5).fold(0, |near, distance| near | also_before(now.colon, before.colon, now.colon, distance));
            each(near, base, |at| sink.colon_hex(at));
        }
        each(now.colon | now.equals, base, |at| sink.key_separator(at));
        // A run that the sink has passed over may go on behind `high_from`: ask for every set bit there.
        let mut high = run_starts(now.high, before.high >> 63 == 1);
        if (base..base + 64).contains(&high_from) {
            high |= now.high & (1 << (high_from - base));
        }
        each(high, base, |at| {
            if at >= high_from {
                high_from = sink.high(at).max(at + 1);
            }
        });
        before = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Log(Vec<(&'static str, usize)>);

    impl Sink for Log {
        fn digits(&mut self, at: usize) -> usize {
            self.0.push(("digits", at));
            at
        }
        fn at_sign(&mut self, at: usize) {
            self.0.push(("at", at));
        }
        fn hex_pairs(&mut self, at: usize) {
            self.0.push(("pairs", at));
        }
        fn hex_quads(&mut self, at: usize) {
            self.0.push(("quads", at));
        }
        fn colon_hex(&mut self, at: usize) {
            self.0.push(("colon", at));
        }
        fn key_separator(&mut self, at: usize) {
            self.0.push(("key", at));
        }
        fn high(&mut self, at: usize) -> usize {
            self.0.push(("high", at));
            at
        }
    }

    #[test]
    fn anchors_are_found_at_every_offset_of_the_words() {
        for shift in 0..130 {
            let text = format!("{}ab12@ f4:5c:89:aa:bb:cc aabb.ccdd.eeff 中1", "x".repeat(shift));
            let mut log = Log::default();
            scan(text.as_bytes(), &mut log);
            let at = |what, offset| (what, shift + offset);
            for expected in [at("digits", 2), at("at", 4), at("pairs", 8), at("quads", 28), at("high", 39)] {
                assert!(log.0.contains(&expected), "shift {shift}: {expected:?} not in {:?}", log.0);
            }
            assert!(log.0.contains(&at("digits", 42)));
        }
    }
}
