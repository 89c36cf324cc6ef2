//! A small filter over the ends of labels: refuses, in a few instructions, places where none of them can end.
//!
//! May affirm a place where no label ends; must never refuse one where a label does.

/// Bits of the filter, as a power of two: 16 KiB.
const BITS: u32 = 17;
/// Bytes that stand between the words of a key and do not count.
const BETWEEN: [u8; 4] = *b"_-. ";

/// Makes letters small in the upper six bytes.
const LOWER_SIX: u64 = 0x2020_2020_2020_0000;

/// How some labels end: their last four bytes and then their last six, or their last two Han characters; shorter ones
/// whole.
#[derive(Debug)]
pub(crate) struct TailFilter {
    /// By a hash of four bytes, or of six.
    ends: Vec<u64>,
    /// Those four bytes that are all of a label, or stand beside a separator: nothing more can be asked.
    complete: Vec<u64>,
    /// Labels of one or two bytes, by their last two.
    short: Vec<u64>,
    /// Whether there are any of those.
    has_short: bool,
    /// Labels of one Han character, by a hash of it.
    has_single: bool,
}

impl Default for TailFilter {
    fn default() -> Self {
        TailFilter {
            ends: vec![0; 1 << (BITS - 6)],
            complete: vec![0; 1 << (BITS - 6)],
            short: vec![0; 1 << 10],
            has_short: false,
            has_single: false,
        }
    }
}

/// The two places of four bytes in the filter; upper and lower case alike.
#[inline(always)]
fn slots_of_four(four: u32) -> (usize, usize) {
    let hash = u64::from(four | 0x2020_2020).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((hash >> (64 - BITS)) as usize, (hash >> (64 - 2 * BITS)) as usize & ((1 << BITS) - 1))
}

/// Where six bytes, of which the last two are the top ones, stand in the filter.
#[inline(always)]
fn slot_of_six(six: u64) -> usize {
    (six.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - BITS)) as usize
}

#[inline(always)]
fn bit(words: &[u64], at: usize) -> bool {
    words.get(at >> 6).is_some_and(|word| word >> (at & 63) & 1 == 1)
}

/// Whether the last of eight bytes stands between the words of a key.
#[inline(always)]
fn is_between(eight: u64) -> bool {
    matches!((eight >> 56) as u8, b'_' | b'-' | b'.' | b' ')
}

fn set(words: &mut [u64], at: usize) {
    if let Some(word) = words.get_mut(at >> 6) {
        *word |= 1 << (at & 63);
    }
}

impl TailFilter {
    /// The filter of `labels` in normalized spelling ([`super::label::Key`]).
    pub(crate) fn new<'l>(labels: impl Iterator<Item = &'l [u8]>) -> TailFilter {
        let mut filter = TailFilter::default();
        labels.for_each(|label| filter.enter(label));
        filter
    }

    /// Adds a label in normalized spelling.
    pub(crate) fn enter(&mut self, label: &[u8]) {
        match label {
            [.., a, b, c, d, e, f] if *f >= 0x80 => self.han(&[*a], [*b, *c], [*d, *e, *f]),
            [b, c, d, e, f] if *f >= 0x80 => {
                let any: Vec<u8> = (0..=255).collect();
                self.han(&any, [*b, *c], [*d, *e, *f]);
            }
            [.., d, e, f] if *f >= 0x80 => {
                set(&mut self.ends, slot_of_six(u64::from_le_bytes([0, 0, 0, 0, 0, *d, *e, *f])));
                self.has_single = true;
            }
            [.., a, b, c, d] => {
                match label {
                    [.., y, z, _, _, _, _] => {
                        self.four([*a, *b, *c, *d], false);
                        let six = u64::from_le_bytes([0, 0, *y, *z, *a, *b, *c, *d]) | LOWER_SIX;
                        set(&mut self.ends, slot_of_six(six));
                    }
                    _ => self.four([*a, *b, *c, *d], true),
                }
                for between in BETWEEN {
                    self.four([*b, between, *c, *d], true);
                    self.four([*b, *c, between, *d], true);
                    self.four([*b, *c, *d, between], true);
                    self.four([between, *b, *c, *d], true);
                    for other in BETWEEN {
                        self.four([*c, between, *d, other], true);
                        self.four([between, *c, other, *d], true);
                        self.four([between, *c, *d, other], true);
                    }
                }
            }
            [b, c, d] => {
                (0..=255).for_each(|before| self.four([before, *b, *c, *d], true));
                for between in BETWEEN {
                    self.four([*b, between, *c, *d], true);
                    self.four([*b, *c, between, *d], true);
                    self.four([*b, *c, *d, between], true);
                }
            }
            [c, d] => {
                self.two(*c, *d);
                for between in BETWEEN {
                    (0..=255).for_each(|before| self.four([before, *c, between, *d], true));
                    (0..=255).for_each(|before| self.four([before, *c, *d, between], true));
                }
            }
            [d] => {
                (0..=255).for_each(|before| self.two(before, *d));
                for between in BETWEEN {
                    self.two(*d, between);
                }
            }
            [] => {}
        }
    }

    /// A Han character behind three bytes, of which the first is any of `first`; letters in both cases.
    fn han(&mut self, first: &[u8], [b, c]: [u8; 2], [d, e, f]: [u8; 3]) {
        let cases = |byte: u8| [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()];
        for a in first.iter().flat_map(|a| cases(*a)) {
            for b in cases(b) {
                for c in cases(c) {
                    set(&mut self.ends, slot_of_six(u64::from_le_bytes([0, 0, a, b, c, d, e, f])));
                }
            }
        }
    }

    fn four(&mut self, four: [u8; 4], complete: bool) {
        let (first, second) = slots_of_four(u32::from_le_bytes(four));
        if complete {
            set(&mut self.complete, first);
        }
        set(&mut self.ends, first);
        set(&mut self.ends, second);
    }

    fn two(&mut self, a: u8, b: u8) {
        self.has_short = true;
        set(&mut self.short, usize::from(a | 0x20) << 8 | usize::from(b | 0x20));
    }

    /// Whether a label may end at `end`, exclusive.
    #[inline(always)]
    pub(crate) fn may_end(&self, text: &[u8], end: usize) -> bool {
        match end.checked_sub(8).and_then(|start| text.get(start..)).and_then(|tail| tail.first_chunk::<8>()) {
            Some(eight) => self.may_be(u64::from_le_bytes(*eight)),
            None => self.may_end_near_start(text, end),
        }
    }

    /// As [`TailFilter::may_end`], at the very start of a text; what is before it counts as line ends.
    #[cold]
    fn may_end_near_start(&self, text: &[u8], end: usize) -> bool {
        let mut eight = [b'\n'; 8];
        let head = text.get(..end).unwrap_or_default();
        eight.iter_mut().rev().zip(head.iter().rev()).for_each(|(slot, byte)| *slot = *byte);
        !head.is_empty() && self.may_be(u64::from_le_bytes(eight))
    }

    /// Whether a label may end with these eight bytes, of which the last is the top one.
    #[inline(always)]
    pub(crate) fn may_be(&self, eight: u64) -> bool {
        if is_between(eight) { self.may_be_before_separators(eight) } else { self.may_end_with(eight) }
    }

    /// As [`TailFilter::may_be`], where the last byte is one that does not count.
    #[inline(never)]
    fn may_be_before_separators(&self, eight: u64) -> bool {
        let (one, two) = (eight << 8, eight << 16);
        match (is_between(one), is_between(two)) {
            (false, _) => self.may_end_with(one),
            (true, false) => self.may_end_with(two),
            // Too little is left to tell.
            (true, true) => true,
        }
    }

    #[inline(always)]
    fn may_end_with(&self, eight: u64) -> bool {
        if eight >> 63 == 1 {
            return bit(&self.ends, slot_of_six(eight & !0xFFFF))
                || self.has_single && bit(&self.ends, slot_of_six(eight & !0xFF_FFFF_FFFF));
        }
        let (first, second) = slots_of_four((eight >> 32) as u32);
        bit(&self.ends, first) && bit(&self.ends, second) && self.may_be_six(first, eight)
            || self.has_short && bit(&self.short, (eight >> 40 & 0xFF00 | eight >> 56 | 0x2020) as usize)
    }

    /// Whether, where the last four bytes are those of a label, the two before are as well.
    #[inline(never)]
    fn may_be_six(&self, four: usize, eight: u64) -> bool {
        bit(&self.complete, four)
            || eight.to_le_bytes().iter().skip(2).any(|byte| BETWEEN.contains(byte))
            || bit(&self.ends, slot_of_six(eight & !0xFFFF | LOWER_SIX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn labels_are_affirmed_in_every_spelling_and_most_others_refused() {
        let labels = ["mobileno", "姓名", "mac", "xm", "卡", "设备id"];
        let filter = TailFilter::new(labels.iter().map(|label| label.as_bytes()));
        for text in [
            "mobileno",
            "MOBILE_NO",
            "userMobileNo",
            "姓名",
            "的姓名",
            "xm",
            "XM",
            "a.xm",
            "mac",
            "wifi_MAC",
            "银行卡",
            "mobile_n_o",
            "设备ID",
        ] {
            assert!(filter.may_end(text.as_bytes(), text.len()), "{text}");
        }
        for text in ["mobile", "名", "订单名", "orderno", "m", "卡号", "time", "xxileno"] {
            assert!(!filter.may_end(text.as_bytes(), text.len()), "{text}");
        }
        let one = TailFilter::new(std::iter::once(&b"x"[..]));
        assert!(one.may_end(b"x", 1) && one.may_end(b"ax", 2) && one.may_end(b"abX", 3) && one.may_end(b"x_", 2));
        let words = (0..26u8).flat_map(|a| (0..26u8).map(move |b| [b'q', b'r', a + b'a', b + b'a']));
        assert!(words.filter(|word| filter.may_end(word, 4)).count() < 40);
    }

    proptest! {
        #[test]
        fn never_refuses_a_label(
            label in "[a-z]{1,6}|[一-龥]{1,4}|[a-z]{1,3}[一-龥]{1,2}|[一-龥]{1,3}[a-z]{1,3}", before in "[a-z_ 中]{0,4}", behind in "[_. -]{0,4}", upper: bool
        ) {
            let filter = TailFilter::new(std::iter::once(label.as_bytes()));
            let text = before + &if upper { label.to_uppercase() } else { label.clone() } + &behind;
            prop_assert!(filter.may_end(text.as_bytes(), text.len()));
        }
    }
}
