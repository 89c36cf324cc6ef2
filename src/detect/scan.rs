//! The scan pass: one pass over the bytes finds the places that are worth a closer look, and tells a [`Sink`].
//!
//! Bytes become bitmaps, 64 at a time; shifts and masks of the bitmaps become anchors, which are collected for some
//! 4 KiB and then handed over kind by kind. Everything that costs more than a few instructions happens in the sink,
//! once per anchor.

use super::bitmap::{Bitmaps, CHUNK, Lanes, WORDS, Work, classify, with_fastest};

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
    /// `=` or `>` stands at `at`, or `:`, not behind a digit.
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

/// The bitmaps of a pass, some 20 KiB: made once and used again and again.
pub(super) struct Anchors {
    maps: Bitmaps,
    stages: Stages,
    found: Found,
}

impl Default for Anchors {
    fn default() -> Self {
        Anchors { maps: Bitmaps::default(), stages: Stages::new(), found: Found::new() }
    }
}

/// Bitmaps that are worked out of those of the bytes, with the last word of the chunk before.
struct Stages {
    /// Places with so many digits up to and including them.
    two: Lanes,
    three: Lanes,
    four: Lanes,
    five: Lanes,
    seven: Lanes,
    /// Separators between groups of digits.
    joins: Lanes,
    /// First digits behind a full stop behind a digit, and those of the third of such groups.
    behind_stop: Lanes,
    third_group: Lanes,
    /// Colons, second and third ones of a chain.
    second_colon: Lanes,
    third_colon: Lanes,
    /// Hexadecimal digits, and places with so many of them up to and including them.
    hex: [Lanes; 4],
}

/// The anchors of a chunk as bitmaps.
struct Found {
    digits: Lanes,
    dotted_quads: Lanes,
    hex_pairs: Lanes,
    hex_quads: Lanes,
    colon_hex: Lanes,
    key_separators: Lanes,
    hex_words: Lanes,
    high: Lanes,
    /// Where there is any of the rarer kinds in a word.
    rare: Lanes,
}

/// The lane that a word of a chunk is in.
const FIRST: usize = 1;

/// What stands `distance` bytes before each byte of word `at` (from 0) of the chunk.
#[inline(always)]
#[allow(clippy::indexing_slicing)] // Loops over the lanes: the bounds are known where this is inlined.
fn back(lanes: &Lanes, at: usize, distance: u32) -> u64 {
    lanes[at + FIRST] << distance | lanes[at + FIRST - 1] >> (64 - distance)
}

/// Word `at` (from 0) of the chunk.
#[inline(always)]
#[allow(clippy::indexing_slicing)] // Loops over the lanes: the bounds are known where this is inlined.
fn lane(lanes: &Lanes, at: usize) -> u64 {
    lanes[at + FIRST]
}

/// Sets every word of `$lanes` to `$bits`, an expression of the number `$at` of the word. Simple loops of this form
/// become vector instructions, several words at a time.
macro_rules! each_word {
    ($lanes:expr, |$at:ident| $bits:expr) => {{
        // Collected aside, where nothing that is read can lie.
        let mut words = [0; WORDS];
        #[allow(clippy::needless_range_loop)] // The form that becomes vector instructions.
        for $at in 0..WORDS {
            let bits = $bits;
            #[allow(clippy::indexing_slicing)] // Within the words by the loop.
            {
                words[$at] = bits;
            }
        }
        let lanes: &mut Lanes = &mut $lanes;
        if let Some(chunk) = lanes.last_chunk_mut() {
            *chunk = words;
        }
    }};
}

impl Stages {
    fn new() -> Stages {
        let none = [0; WORDS + 1];
        Stages {
            two: none,
            three: none,
            four: none,
            five: none,
            seven: none,
            joins: none,
            behind_stop: none,
            third_group: none,
            second_colon: none,
            third_colon: none,
            hex: [none; 4],
        }
    }

    fn lanes(&mut self) -> [&mut Lanes; 14] {
        let Stages { two, three, four, five, seven, joins, behind_stop, third_group, second_colon, third_colon, hex } =
            self;
        let [h1, h2, h4, h8] = hex;
        [two, three, four, five, seven, joins, behind_stop, third_group, second_colon, third_colon, h1, h2, h4, h8]
    }

    /// Forgets the chunk before.
    #[allow(clippy::indexing_slicing)] // Constants within the lanes: checked when it is compiled.
    fn begin(&mut self) {
        self.lanes().into_iter().for_each(|lanes| lanes[0] = 0);
    }

    /// Moves the last words to where the next chunk looks back for them.
    #[allow(clippy::indexing_slicing)] // Constants within the lanes: checked when it is compiled.
    fn carry(&mut self) {
        self.lanes().into_iter().for_each(|lanes| lanes[0] = lanes[WORDS]);
    }

    /// Works the anchors of a chunk out of the bitmaps of its bytes.
    #[inline(always)]
    fn anchors(&mut self, maps: &Bitmaps, wanted: Wanted, found: &mut Found) {
        self.digits(maps, wanted, found);
        self.hex_runs(maps);
        self.symbols(maps, found);
        let rare = &mut found.rare;
        let (quads, pairs) = (&found.dotted_quads, &found.hex_pairs);
        let (stops, colons) = (&found.hex_quads, &found.colon_hex);
        if wanted.hex_words {
            let [one, _, four, eight] = &self.hex;
            // The twelfth: eight, and four before them; and no thirteenth.
            each_word!(found.hex_words, |at| lane(eight, at) & back(four, at, 8) & !back(one, at, 12));
            let words = &found.hex_words;
            each_word!(*rare, |at| lane(quads, at) | lane(pairs, at) | lane(words, at));
        } else {
            each_word!(*rare, |at| lane(quads, at) | lane(pairs, at));
        }
        let so_far = *rare;
        each_word!(*rare, |at| lane(&so_far, at) | lane(stops, at) | lane(colons, at) | lane(&maps.at_sign, at));
        each_word!(found.high, |at| lane(&maps.high, at) & !back(&maps.high, at, 1));
    }

    /// Runs of digits that are long, or joined to others in a way that some grouping has.
    #[inline(always)]
    fn digits(&mut self, maps: &Bitmaps, wanted: Wanted, found: &mut Found) {
        let digit = &maps.digit;
        each_word!(self.joins, |at| lane(&maps.gap, at) | lane(&maps.hyphen, at) | lane(&maps.full_stop, at));
        each_word!(self.two, |at| lane(digit, at) & back(digit, at, 1));
        each_word!(self.three, |at| lane(&self.two, at) & back(digit, at, 2));
        each_word!(self.four, |at| lane(&self.two, at) & back(&self.two, at, 2));
        each_word!(self.five, |at| lane(&self.four, at) & back(digit, at, 4));
        each_word!(self.seven, |at| lane(&self.four, at) & back(&self.four, at, 3));
        let Stages { two, three, four, five, seven, joins, .. } = self;
        each_word!(found.digits, |at| {
            let long = lane(seven, at) & !back(seven, at, 1);
            // The fourth digit behind three, the third behind four, the fifth behind two behind another separator.
            let fourth = lane(four, at) & !back(four, at, 1) & back(joins, at, 4) & back(three, at, 5);
            let third = lane(three, at) & !back(three, at, 1) & back(joins, at, 3) & back(four, at, 4);
            let fifth =
                lane(five, at) & !back(five, at, 1) & back(joins, at, 5) & back(two, at, 6) & back(joins, at, 8);
            long | fourth | third | fifth
        });
        if wanted.run < LONG_RUN {
            let long = found.digits;
            each_word!(found.digits, |at| {
                let run = (1..wanted.run).fold(lane(digit, at), |run, distance| run & back(digit, at, distance));
                // The first place of each run with so many digits: no digit so many places before.
                lane(&long, at) | run & !back(digit, at, wanted.run)
            });
        }
    }

    #[inline(always)]
    fn symbols(&mut self, maps: &Bitmaps, found: &mut Found) {
        let (stop, colon) = (&maps.full_stop, &maps.colon);
        each_word!(self.behind_stop, |at| lane(&maps.digit, at) & back(stop, at, 1) & back(&maps.digit, at, 2));
        let Stages { behind_stop, third_group, second_colon, third_colon, hex, .. } = self;
        let near = |lanes: &Lanes, at| back(lanes, at, 2) | back(lanes, at, 3) | back(lanes, at, 4);
        each_word!(*third_group, |at| lane(behind_stop, at) & near(behind_stop, at));
        each_word!(found.dotted_quads, |at| lane(behind_stop, at) & near(third_group, at));
        let four = &hex[2];
        each_word!(found.hex_quads, |at| lane(stop, at) & back(stop, at, 5) & back(four, at, 1));
        // Five colons or hyphens, three apart.
        each_word!(found.hex_pairs, |at| {
            let pair = |distance| back(colon, at, distance) | back(&maps.hyphen, at, distance);
            (lane(colon, at) | lane(&maps.hyphen, at)) & pair(3) & pair(6) & pair(9) & pair(12)
        });
        // Colons that may belong to an IPv6 address; those of a time never do.
        let near = |lanes: &Lanes, at| {
            back(lanes, at, 1) | back(lanes, at, 2) | back(lanes, at, 3) | back(lanes, at, 4) | back(lanes, at, 5)
        };
        each_word!(*second_colon, |at| lane(colon, at) & near(colon, at));
        each_word!(*third_colon, |at| lane(second_colon, at) & near(second_colon, at));
        each_word!(found.colon_hex, |at| {
            lane(third_colon, at) & near(third_colon, at) | lane(colon, at) & back(colon, at, 1)
        });
        each_word!(found.key_separators, |at| { lane(colon, at) & !back(&maps.digit, at, 1) | lane(&maps.equals, at) });
    }

    /// Places with one, two, four and eight hexadecimal digits up to and including them.
    #[inline(always)]
    fn hex_runs(&mut self, maps: &Bitmaps) {
        let [one, two, four, eight] = &mut self.hex;
        each_word!(*one, |at| lane(&maps.digit, at) | lane(&maps.hex_letter, at));
        each_word!(*two, |at| lane(one, at) & back(one, at, 1));
        each_word!(*four, |at| lane(two, at) & back(two, at, 2));
        each_word!(*eight, |at| lane(four, at) & back(four, at, 4));
    }
}

impl Found {
    fn new() -> Found {
        let none = [0; WORDS + 1];
        Found {
            digits: none,
            dotted_quads: none,
            hex_pairs: none,
            hex_quads: none,
            colon_hex: none,
            key_separators: none,
            hex_words: none,
            high: none,
            rare: none,
        }
    }
}

/// Calls `visit` with the position of each set bit; word [`FIRST`] starts at `base`.
#[inline(always)]
fn each_bit(lanes: &Lanes, base: usize, mut visit: impl FnMut(usize)) {
    for (word, bits) in lanes.iter().skip(FIRST).enumerate() {
        each_bit_of(*bits, base + word * 64, &mut visit);
    }
}

#[inline(always)]
fn each_bit_of(mut bits: u64, base: usize, mut visit: impl FnMut(usize)) {
    while bits != 0 {
        visit(base + bits.trailing_zeros() as usize);
        bits &= bits - 1;
    }
}

/// From the bitmaps of the bytes to those of the anchors.
struct Derive<'a> {
    maps: &'a Bitmaps,
    stages: &'a mut Stages,
    found: &'a mut Found,
    wanted: Wanted,
}

impl Work for Derive<'_> {
    #[inline(always)]
    fn run(self) {
        self.stages.anchors(self.maps, self.wanted, self.found);
    }
}

/// Tells `sink` of every place that could be an anchor, byte by byte: what `scan` must find enough of. For tests.
pub(super) fn scan_plainly(text: &[u8], sink: &mut impl Sink) {
    let is = |at: usize, bytes: &[u8]| text.get(at).is_some_and(|byte| bytes.contains(byte));
    let digit = |at: usize| text.get(at).is_some_and(u8::is_ascii_digit);
    let high = |at: usize| text.get(at).is_some_and(|byte| *byte >= 0x80);
    let (mut digits_from, mut high_from) = (0, 0);
    for at in 0..text.len() {
        let after = at.checked_sub(1);
        if digit(at) && !after.is_some_and(digit) && at >= digits_from {
            digits_from = sink.digits(at).max(at + 1);
        }
        if digit(at) && after.is_some_and(|before| is(before, b".")) {
            sink.dotted_quad(at);
        }
        if is(at, b"@") {
            sink.at_sign(at);
        }
        if (0..5).all(|step| is(at + 3 * step, b":-")) {
            sink.hex_pairs(at);
        }
        if is(at, b".") && is(at + 5, b".") {
            sink.hex_quads(at);
        }
        if is(at, b":") {
            sink.colon_hex(at);
        }
        if is(at, b"=>") || is(at, b":") && !after.is_some_and(digit) {
            sink.key_separator(at);
        }
        if high(at) && !after.is_some_and(high) && at >= high_from {
            high_from = sink.high(at).max(at + 1);
        }
    }
}

/// Tells `sink` of every anchor in `text`.
pub(super) fn scan(text: &[u8], wanted: Wanted, buffers: &mut Anchors, sink: &mut impl Sink) {
    let Anchors { maps, stages, found } = buffers;
    maps.begin();
    stages.begin();
    let (mut digits_from, mut high_from) = (0, 0);
    for (index, chunk) in text.chunks(CHUNK).enumerate() {
        classify(chunk, maps);
        with_fastest(Derive { maps, stages, found, wanted });
        let base = index * CHUNK;
        each_bit(&found.digits, base, |at| {
            if at >= digits_from {
                digits_from = sink.digits(at).max(at + 1);
            }
        });
        for (word, _) in found.rare.iter().skip(FIRST).enumerate().filter(|(_, rare)| **rare != 0) {
            let base = base + word * 64;
            each_bit_of(lane(&found.dotted_quads, word), base, |at| sink.dotted_quad(at));
            each_bit_of(lane(&maps.at_sign, word), base, |at| sink.at_sign(at));
            each_bit_of(lane(&found.hex_pairs, word), base, |at| sink.hex_pairs(at - 12));
            each_bit_of(lane(&found.hex_quads, word), base, |at| sink.hex_quads(at - 5));
            each_bit_of(lane(&found.colon_hex, word), base, |at| sink.colon_hex(at));
            if wanted.hex_words {
                each_bit_of(lane(&found.hex_words, word), base, |at| sink.hex_word(at));
            }
        }
        each_bit(&found.key_separators, base, |at| sink.key_separator(at));
        each_bit(&found.high, base, |at| {
            if at >= high_from {
                high_from = sink.high(at).max(at + 1);
            }
        });
        maps.carry();
        stages.carry();
    }
}
