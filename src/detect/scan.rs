//! The scan pass: one pass over the bytes finds the places that are worth a closer look, and tells a [`Sink`].
//!
//! Bytes become bitmaps, 64 at a time; shifts and masks of the bitmaps become anchors, which are collected for some
//! 4 KiB and then handed over kind by kind. Everything that costs more than a few instructions happens in the sink,
//! once per anchor.

use super::bitmap::{Bitmaps, CHUNK, WORDS, classify};

/// Receives anchors, in order of position within each kind.
pub(super) trait Sink {
    /// A digit at `at` belongs to a run, or to runs joined by separators, that may be a candidate. Returns where the
    /// sink wants to be told of digits again.
    fn digits(&mut self, at: usize) -> usize;
    /// The fourth of four groups of digits joined by full stops starts at `at`.
    fn dotted_quad(&mut self, _at: usize) {}
    /// An `@` stands at `at`.
    fn at_sign(&mut self, _at: usize) {}
    /// Five separators (`:` or `-`), three apart; the first stands at `at`.
    fn hex_pairs(&mut self, _at: usize) {}
    /// Two full stops, five apart; the first stands at `at`.
    fn hex_quads(&mut self, _at: usize) {}
    /// Two colons side by side, or four at most five apart; the last stands at `at`.
    fn colon_hex(&mut self, _at: usize) {}
    /// `=` or `:` stands at `at`, not behind a digit.
    fn key_separator(&mut self, _at: usize) {}
    /// The twelfth of a run of hexadecimal digits stands at `at`. Only where [`Wanted::hex_words`] asks for it.
    fn hex_word(&mut self, _at: usize) {}
    /// A run of bytes ≥ 0x80 starts at `at`, or goes on there. Returns where the sink wants to be told of such runs
    /// again: at the end of this run or later.
    fn high(&mut self, at: usize) -> usize;
}

/// Digits of a run that is an anchor by itself, where no rule asks for shorter ones.
pub(super) const LONG_RUN: u32 = 7;

/// What a sink wants to be told of beyond the ordinary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Runs of at least so many digits are anchors by themselves, 1 to [`LONG_RUN`].
    pub(super) run: u32,
    /// Runs of twelve hexadecimal digits.
    pub(super) hex_words: bool,
}

impl Default for Wanted {
    fn default() -> Self {
        Wanted { run: LONG_RUN, hex_words: false }
    }
}

impl Wanted {
    /// Whether candidates in digit groups of these lengths are found by anchors for groups alone: a long run; a
    /// group of three or more beside one of four or more; or one of two before one of five or more.
    pub(super) fn by_groups(lengths: &[u32]) -> bool {
        let joined = lengths.windows(2).any(|pair| matches!(pair, [a, b] if *a.min(b) >= 3 && *a.max(b) >= 4));
        let short = lengths.windows(3).any(|three| matches!(three, [_, 2, last] if *last >= 5));
        joined || short || lengths.iter().any(|length| *length >= LONG_RUN)
    }
}

/// The positions of anchors in one stretch of a text, by kind.
#[derive(Default)]
pub(super) struct Anchors {
    digits: Vec<u32>,
    dotted_quads: Vec<u32>,
    at_signs: Vec<u32>,
    hex_pairs: Vec<u32>,
    hex_quads: Vec<u32>,
    colon_hex: Vec<u32>,
    key_separators: Vec<u32>,
    hex_words: Vec<u32>,
    high: Vec<u32>,
}

/// What the word before leaves to the next: its bitmaps, and the runs and chains that end in it.
#[derive(Default, Clone, Copy)]
struct Carry {
    maps: Bitmaps,
    /// Places with so many digits up to and including them.
    two: u64,
    three: u64,
    four: u64,
    five: u64,
    seven: u64,
    quad: [u64; 2],
    colons: [u64; 2],
    hex: [u64; 3],
}

/// `now` moved up by `distance`, with what `before` leaves to it.
#[inline(always)]
fn moved(now: u64, before: u64, distance: u32) -> u64 {
    now << distance | before >> (64 - distance)
}

/// Appends the positions of the set bits, of which bit 0 is at `base`.
#[inline(always)]
fn append(mut bits: u64, base: u32, to: &mut Vec<u32>) {
    while bits != 0 {
        to.push(base.wrapping_add(bits.trailing_zeros()));
        bits &= bits - 1;
    }
}

impl Anchors {
    /// Collects the anchors in one word whose first byte is at `base`.
    #[inline(always)]
    fn word(&mut self, now: &Bitmaps, carry: &mut Carry, base: u32, wanted: Wanted) {
        let before = carry.maps;
        self.digit_runs(now, carry, base, wanted);
        let behind_stop = now.digit & moved(now.full_stop, before.full_stop, 1) & moved(now.digit, before.digit, 2);
        let near = |now: u64, before: u64| moved(now, before, 2) | moved(now, before, 3) | moved(now, before, 4);
        let [first, second] = carry.quad;
        let third = behind_stop & near(behind_stop, first);
        append(behind_stop & near(third, second), base, &mut self.dotted_quads);
        carry.quad = [behind_stop, third];
        append(now.at_sign, base, &mut self.at_signs);
        let (pair, pair_before) = (now.colon | now.hyphen, before.colon | before.hyphen);
        let pairs = pair
            & moved(pair, pair_before, 3)
            & moved(pair, pair_before, 6)
            & moved(pair, pair_before, 9)
            & moved(pair, pair_before, 12);
        append(pairs, base.wrapping_sub(12), &mut self.hex_pairs);
        let quads = now.full_stop & moved(now.full_stop, before.full_stop, 5);
        append(quads, base.wrapping_sub(5), &mut self.hex_quads);
        if now.colon != 0 {
            self.colons(now.colon, carry, base);
        } else {
            carry.colons = [0; 2];
        }
        let separators = (now.colon | now.equals) & !moved(now.digit, before.digit, 1);
        append(separators, base, &mut self.key_separators);
        if wanted.hex_words {
            let hex = now.digit | now.hex_letter;
            let [two, four, eight] = carry.hex;
            let hex_before = before.digit | before.hex_letter;
            let twos = hex & moved(hex, hex_before, 1);
            let fours = twos & moved(twos, two, 2);
            let eights = fours & moved(fours, four, 4);
            let twelve = eights & moved(fours, four, 8);
            append(twelve & !(eights & moved(eights, eight, 8)), base, &mut self.hex_words);
            carry.hex = [twos, fours, eights];
        }
        append(now.high & !moved(now.high, before.high, 1), base, &mut self.high);
        carry.maps = *now;
    }

    /// Runs of digits that are long, or joined to others in a way that some grouping has.
    #[inline(always)]
    fn digit_runs(&mut self, now: &Bitmaps, carry: &mut Carry, base: u32, wanted: Wanted) {
        let (digit, digit_before) = (now.digit, carry.maps.digit);
        let two = digit & moved(digit, digit_before, 1);
        let three = two & moved(digit, digit_before, 2);
        let four = two & moved(two, carry.two, 2);
        let five = four & moved(digit, digit_before, 4);
        let seven = four & moved(four, carry.four, 3);
        let before = carry.maps;
        let joins = now.gap | now.hyphen | now.full_stop;
        let joins_before = before.gap | before.hyphen | before.full_stop;
        let join = |distance| moved(joins, joins_before, distance);
        let long = seven & !moved(seven, carry.seven, 1);
        // The fourth digit behind three, the third behind four, the fifth behind two behind another separator.
        let fourth = four & !moved(four, carry.four, 1) & join(4) & moved(three, carry.three, 5);
        let third = three & !moved(three, carry.three, 1) & join(3) & moved(four, carry.four, 4);
        let fifth = five & !moved(five, carry.five, 1) & join(5) & moved(two, carry.two, 6) & join(8);
        let mut found = long | fourth | third | fifth;
        if wanted.run < LONG_RUN {
            let run = (1..wanted.run).fold(digit, |run, distance| run & moved(digit, digit_before, distance));
            // The first place of each run with so many digits: no digit so many places before.
            found |= run & !moved(digit, digit_before, wanted.run);
        }
        append(found, base, &mut self.digits);
        carry.two = two;
        carry.three = three;
        carry.four = four;
        carry.five = five;
        carry.seven = seven;
    }

    /// Colons that may belong to an IPv6 address; those of a time never do.
    #[inline(always)]
    fn colons(&mut self, colon: u64, carry: &mut Carry, base: u32) {
        let near = |now: u64, before: u64| {
            moved(now, before, 1)
                | moved(now, before, 2)
                | moved(now, before, 3)
                | moved(now, before, 4)
                | moved(now, before, 5)
        };
        let before = carry.maps.colon;
        let [second_before, third_before] = carry.colons;
        let second = colon & near(colon, before);
        let third = second & near(second, second_before);
        let fourth = third & near(third, third_before);
        append(fourth | colon & moved(colon, before, 1), base, &mut self.colon_hex);
        carry.colons = [second, third];
    }

    /// Hands everything over and forgets it.
    fn tell(&mut self, sink: &mut impl Sink, digits_from: &mut usize, high_from: &mut usize, end: usize) {
        for at in self.digits.drain(..).map(|at| at as usize) {
            if at >= *digits_from {
                *digits_from = sink.digits(at).max(at + 1);
            }
        }
        self.dotted_quads.drain(..).for_each(|at| sink.dotted_quad(at as usize));
        self.at_signs.drain(..).for_each(|at| sink.at_sign(at as usize));
        self.hex_pairs.drain(..).for_each(|at| sink.hex_pairs(at as usize));
        self.hex_quads.drain(..).for_each(|at| sink.hex_quads(at as usize));
        self.colon_hex.drain(..).for_each(|at| sink.colon_hex(at as usize));
        self.key_separators.drain(..).for_each(|at| sink.key_separator(at as usize));
        self.hex_words.drain(..).for_each(|at| sink.hex_word(at as usize));
        for at in self.high.drain(..).map(|at| at as usize) {
            if at >= *high_from {
                *high_from = sink.high(at).max(at + 1);
            }
        }
        debug_assert!(end > 0);
    }
}

/// Tells `sink` of every anchor in `text`, of which positions must fit in 32 bits.
pub(super) fn scan(text: &[u8], wanted: Wanted, anchors: &mut Anchors, sink: &mut impl Sink) {
    let mut maps = [Bitmaps::default(); WORDS];
    let mut carry = Carry::default();
    let (mut digits_from, mut high_from) = (0, 0);
    for (index, chunk) in text.chunks(CHUNK).enumerate() {
        let words = classify(chunk, &mut maps);
        let mut base = (index * CHUNK) as u32;
        for map in maps.iter().take(words) {
            anchors.word(map, &mut carry, base, wanted);
            base = base.wrapping_add(64);
        }
        anchors.tell(sink, &mut digits_from, &mut high_from, base as usize);
    }
}
