//! The vector instructions of 64-bit ARM processors, which all of them have.
//!
//! Must give what the scalar twin gives, and never reads outside what it is handed.

use std::arch::aarch64::{
    uint8x16_t, vandq_u8, vdupq_n_u8, vgetq_lane_u64, vld1q_u8, vpaddq_u8, vqtbl1q_u8, vreinterpretq_u64_u8,
    vshrq_n_u8, vtstq_u8,
};

use super::{AT_SIGN, Bitmaps, COLON, DIGIT, EQUALS, FULL_STOP, GAP, HEX_LETTER, HIGH, HYPHEN, LOW, Word};

const PLACES: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];

pub(super) fn neon(chunks: &[[u8; 64]], maps: &mut Bitmaps, from: usize) {
    // SAFETY: every 64-bit ARM processor has these instructions.
    unsafe { by_neon(chunks, maps, from) }
}

#[target_feature(enable = "neon")]
fn by_neon(chunks: &[[u8; 64]], maps: &mut Bitmaps, from: usize) {
    // SAFETY: all three tables are 16 bytes long, which is what is read.
    let (low, high, places) = unsafe { (vld1q_u8(LOW.as_ptr()), vld1q_u8(HIGH.as_ptr()), vld1q_u8(PLACES.as_ptr())) };
    for (at, chunk) in chunks.iter().enumerate() {
        let start = chunk.as_ptr();
        // SAFETY: a chunk is 64 bytes long, which are four reads of 16.
        let bytes: [uint8x16_t; 4] =
            unsafe { [vld1q_u8(start), vld1q_u8(start.add(16)), vld1q_u8(start.add(32)), vld1q_u8(start.add(48))] };
        let class = bytes.map(|bytes| {
            // The high half of bytes from 0x80 on has no class.
            let by_low = vqtbl1q_u8(low, vandq_u8(bytes, vdupq_n_u8(15)));
            vandq_u8(by_low, vqtbl1q_u8(high, vshrq_n_u8::<4>(bytes)))
        });
        let bits = |of: [uint8x16_t; 4], bit: u8| {
            let [a, b, c, d] = of.map(|of| vandq_u8(vtstq_u8(of, vdupq_n_u8(bit)), places));
            let sum = vpaddq_u8(vpaddq_u8(a, b), vpaddq_u8(c, d));
            vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(sum, sum)))
        };
        let map = Word {
            digit: bits(class, DIGIT),
            colon: bits(class, COLON),
            equals: bits(class, EQUALS),
            hyphen: bits(class, HYPHEN),
            full_stop: bits(class, FULL_STOP),
            gap: bits(class, GAP),
            at_sign: bits(class, AT_SIGN),
            hex_letter: bits(class, HEX_LETTER),
            high: bits(bytes, 0x80),
        };
        maps.set(from + at, &map);
    }
}
