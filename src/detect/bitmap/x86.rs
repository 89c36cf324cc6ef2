//! The vector instructions of 64-bit x86 processors: AVX2 and AVX-512, chosen at run time.
//!
//! Must give what the scalar twin gives, and never reads outside what it is handed.

use std::arch::x86_64::{
    __m128i, __m256i, _mm_add_epi8, _mm_cmpeq_epi8, _mm_cmplt_epi8, _mm_loadu_si128, _mm_movemask_epi8, _mm_or_si128,
    _mm_set1_epi8, _mm256_and_si256, _mm256_broadcastsi128_si256, _mm256_cmpeq_epi8, _mm256_cmpgt_epi8,
    _mm256_loadu_si256, _mm256_movemask_epi8, _mm256_set1_epi8, _mm256_setzero_si256, _mm256_shuffle_epi8,
    _mm256_slli_epi16, _mm256_srli_epi16, _mm512_and_si512, _mm512_broadcast_i32x4, _mm512_loadu_si512,
    _mm512_movepi8_mask, _mm512_set1_epi8, _mm512_shuffle_epi8, _mm512_srli_epi16, _mm512_test_epi8_mask,
};

use super::{
    AT_SIGN, Before, Bitmaps, COLON, DIGIT, EQUALS, FULL_STOP, GAP, HEX_LETTER, HIGH, HYPHEN, LOW, Word, Work,
};

pub(super) fn has_avx2() -> bool {
    use std::arch::is_x86_feature_detected as has;
    has!("avx2") && has!("bmi1") && has!("bmi2") && has!("popcnt")
}

pub(super) fn has_avx512() -> bool {
    use std::arch::is_x86_feature_detected as has;
    has_avx2() && has!("avx512f") && has!("avx512bw") && has!("avx512vl") && has!("avx512dq")
}

pub(super) fn avx2(chunks: &[[u8; 64]], maps: &mut Bitmaps, from: usize) {
    // SAFETY: chosen only where `has_avx2` says that the processor has these instructions.
    unsafe { by_avx2(chunks, maps, from) }
}

pub(super) fn avx512(chunks: &[[u8; 64]], maps: &mut Bitmaps, from: usize) {
    // SAFETY: chosen only where `has_avx512` says that the processor has these instructions.
    unsafe { by_avx512(chunks, maps, from) }
}

#[target_feature(enable = "avx2,bmi1,bmi2,popcnt")]
pub(super) fn with_avx2(work: impl Work) {
    work.run();
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,bmi1,bmi2,popcnt")]
pub(super) fn with_avx512(work: impl Work) {
    work.run();
}

#[target_feature(enable = "avx2")]
fn by_avx2(chunks: &[[u8; 64]], maps: &mut Bitmaps, from: usize) {
    // SAFETY: both tables are 16 bytes long, which is what is read.
    let (low, high) =
        unsafe { (_mm_loadu_si128(LOW.as_ptr().cast::<__m128i>()), _mm_loadu_si128(HIGH.as_ptr().cast::<__m128i>())) };
    let (low, high) = (_mm256_broadcastsi128_si256(low), _mm256_broadcastsi128_si256(high));
    let nibble = _mm256_set1_epi8(15);
    for (at, chunk) in chunks.iter().enumerate() {
        let bytes = chunk.as_ptr().cast::<__m256i>();
        // SAFETY: a chunk is 64 bytes long, which are two reads of 32.
        let (a, b) = unsafe { (_mm256_loadu_si256(bytes), _mm256_loadu_si256(bytes.add(1))) };
        let class = |bytes| {
            // A shuffle gives 0 where the top bit of the index is set, as in all bytes from 0x80 on.
            let by_low = _mm256_shuffle_epi8(low, bytes);
            let by_high = _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), nibble));
            _mm256_and_si256(by_low, by_high)
        };
        let (first, second) = (class(a), class(b));
        macro_rules! bits {
            ($shift:literal) => {{
                let first = _mm256_movemask_epi8(_mm256_slli_epi16::<$shift>(first)).cast_unsigned();
                let second = _mm256_movemask_epi8(_mm256_slli_epi16::<$shift>(second)).cast_unsigned();
                u64::from(first) | u64::from(second) << 32
            }};
        }
        let (top_a, top_b) = (_mm256_movemask_epi8(a).cast_unsigned(), _mm256_movemask_epi8(b).cast_unsigned());
        let map = Word {
            digit: bits!(7),
            colon: bits!(6),
            equals: bits!(5),
            hyphen: bits!(4),
            full_stop: bits!(3),
            gap: bits!(2),
            at_sign: bits!(1),
            hex_letter: bits!(0),
            high: u64::from(top_a) | u64::from(top_b) << 32,
        };
        maps.set(from + at, &map);
    }
}

#[target_feature(enable = "avx512f,avx512bw")]
fn by_avx512(chunks: &[[u8; 64]], maps: &mut Bitmaps, from: usize) {
    // SAFETY: both tables are 16 bytes long, which is what is read.
    let (low, high) =
        unsafe { (_mm_loadu_si128(LOW.as_ptr().cast::<__m128i>()), _mm_loadu_si128(HIGH.as_ptr().cast::<__m128i>())) };
    let (low, high) = (_mm512_broadcast_i32x4(low), _mm512_broadcast_i32x4(high));
    let nibble = _mm512_set1_epi8(15);
    for (at, chunk) in chunks.iter().enumerate() {
        // SAFETY: a chunk is 64 bytes long, which is what is read.
        let bytes = unsafe { _mm512_loadu_si512(chunk.as_ptr().cast()) };
        let by_low = _mm512_shuffle_epi8(low, bytes);
        let by_high = _mm512_shuffle_epi8(high, _mm512_and_si512(_mm512_srli_epi16::<4>(bytes), nibble));
        let class = _mm512_and_si512(by_low, by_high);
        let bits = |class_bit: u8| _mm512_test_epi8_mask(class, _mm512_set1_epi8(class_bit.cast_signed()));
        let map = Word {
            digit: bits(DIGIT),
            colon: bits(COLON),
            equals: bits(EQUALS),
            hyphen: bits(HYPHEN),
            full_stop: bits(FULL_STOP),
            gap: bits(GAP),
            at_sign: bits(AT_SIGN),
            hex_letter: bits(HEX_LETTER),
            high: _mm512_movepi8_mask(bytes),
        };
        maps.set(from + at, &map);
    }
}

pub(super) fn look_back(bytes: &[u8; 64]) -> Before {
    // SAFETY: chosen only where `has_avx2` says that the processor has these instructions.
    unsafe { look_back_by_avx2(bytes) }
}

#[inline]
pub(super) fn word_bytes(bytes: &[u8; 16]) -> u32 {
    // SAFETY: all of these processors have these instructions.
    unsafe { word_bytes_by_sse2(bytes) }
}

#[inline]
#[target_feature(enable = "sse2")]
fn word_bytes_by_sse2(bytes: &[u8; 16]) -> u32 {
    // SAFETY: 16 bytes are what is read.
    let bytes = unsafe { _mm_loadu_si128(bytes.as_ptr().cast::<__m128i>()) };
    let each = |byte: u8| _mm_set1_epi8(byte.cast_signed());
    let is = |byte: u8| _mm_cmpeq_epi8(bytes, each(byte));
    // As signed bytes, what is moved down to the lowest values is less than one more than as many.
    let within = |bytes, from: u8, count: u8| {
        let moved = _mm_add_epi8(bytes, each(0x80_u8.wrapping_sub(from)));
        _mm_cmplt_epi8(moved, each(0x80_u8.wrapping_add(count)))
    };
    let letters = within(_mm_or_si128(bytes, each(0x20)), b'a', 26);
    let hyphen_and_stop = within(bytes, b'-', 2);
    let ascii = _mm_or_si128(_mm_or_si128(letters, hyphen_and_stop), _mm_or_si128(within(bytes, b'0', 10), is(b'_')));
    // The top bit of a byte from 0x80 on is set as it is.
    _mm_movemask_epi8(_mm_or_si128(ascii, bytes)).cast_unsigned()
}

/// By its low half, what a byte may be: a digit; a letter of @ to O, or of P to Z; one of the borders.
const NEAR_LOW: [u8; 16] = [
    UP_DIGIT | TO_Z,
    UP_DIGIT | TO_O | TO_Z,
    UP_DIGIT | TO_O | TO_Z,
    UP_DIGIT | TO_O | TO_Z,
    UP_DIGIT | TO_O | TO_Z,
    UP_DIGIT | TO_O | TO_Z,
    UP_DIGIT | TO_O | TO_Z | COMMA,
    UP_DIGIT | TO_O | TO_Z,
    UP_DIGIT | TO_O | TO_Z,
    UP_DIGIT | TO_O | TO_Z,
    TO_O | TO_Z | LINE_FEED,
    TO_O | SEMICOLON,
    TO_O | COMMA | BAR,
    TO_O | BAR,
    TO_O,
    TO_O,
];
/// By its high half.
const NEAR_HIGH: [u8; 16] =
    [LINE_FEED, 0, COMMA, UP_DIGIT | SEMICOLON, TO_O, TO_Z, TO_O, TO_Z | SEMICOLON | BAR, 0, 0, 0, 0, 0, 0, 0, 0];
const UP_DIGIT: u8 = 1;
const TO_O: u8 = 1 << 1;
const TO_Z: u8 = 1 << 2;
const LINE_FEED: u8 = 1 << 3;
/// `,` and `&`.
const COMMA: u8 = 1 << 4;
/// `;` and `{`.
const SEMICOLON: u8 = 1 << 5;
/// `|` and `}`.
const BAR: u8 = 1 << 6;

#[target_feature(enable = "avx2")]
fn look_back_by_avx2(bytes: &[u8; 64]) -> Before {
    // SAFETY: both tables are 16 bytes long, which is what is read.
    let (low, high) = unsafe {
        (_mm_loadu_si128(NEAR_LOW.as_ptr().cast::<__m128i>()), _mm_loadu_si128(NEAR_HIGH.as_ptr().cast::<__m128i>()))
    };
    let (low, high) = (_mm256_broadcastsi128_si256(low), _mm256_broadcastsi128_si256(high));
    let start = bytes.as_ptr().cast::<__m256i>();
    // SAFETY: 64 bytes are two reads of 32.
    let (a, b) = unsafe { (_mm256_loadu_si256(start), _mm256_loadu_si256(start.add(1))) };
    let class = |bytes| {
        let by_high = _mm256_shuffle_epi8(high, _mm256_and_si256(_mm256_srli_epi16::<4>(bytes), _mm256_set1_epi8(15)));
        _mm256_and_si256(_mm256_shuffle_epi8(low, bytes), by_high)
    };
    let bits = |a, b| {
        let (a, b) = (_mm256_movemask_epi8(a).cast_unsigned(), _mm256_movemask_epi8(b).cast_unsigned());
        u64::from(a) | u64::from(b) << 32
    };
    let (first, second) = (class(a), class(b));
    let any_of = |classes: u8| {
        let classes = _mm256_set1_epi8(classes.cast_signed());
        let none = |class| _mm256_cmpeq_epi8(_mm256_and_si256(class, classes), _mm256_setzero_si256());
        !bits(none(first), none(second))
    };
    let is = |byte: u8| {
        let byte = _mm256_set1_epi8(byte.cast_signed());
        bits(_mm256_cmpeq_epi8(a, byte), _mm256_cmpeq_epi8(b, byte))
    };
    // As signed bytes, those that go on a character are the lowest.
    let lead = _mm256_set1_epi8(0xC0_u8.cast_signed());
    Before {
        word: any_of(UP_DIGIT | TO_O | TO_Z),
        underscore: is(b'_'),
        hyphen: is(b'-'),
        full_stop: is(b'.'),
        border: any_of(LINE_FEED | COMMA | SEMICOLON | BAR),
        high: bits(a, b),
        follower: bits(_mm256_cmpgt_epi8(lead, a), _mm256_cmpgt_epi8(lead, b)),
    }
}
