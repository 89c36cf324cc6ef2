//! A small filter over the ends of labels: refuses, in a few instructions, places where none of them can end.
//!
//! May affirm a place where no label ends; must never refuse one where a label does.

/// Bits of the table of longer ends, as a power of two: 16 KiB.
const BITS: u32 = 17;
/// Bits of the table of last three bytes, as a power of two: 8 KiB.
const THREE_BITS: u32 = 16;
/// Bytes that stand between the words of a key and do not count.
const BETWEEN: [u8; 4] = *b"_-. ";

/// Of fewer bytes nothing can be told.
const LEAST: u32 = 4;

/// Makes letters small in the upper six bytes.
const LOWER_SIX: u64 = 0x2020_2020_2020_0000;

/// How some labels end: their last three bytes and then, without what stands between words, their last four and six, or
/// their last two Han characters; shorter ones whole.
#[derive(Debug)]
pub(crate) struct TailFilter {
    /// By a hash of the last three bytes, as they may be written: what most places are refused by.
    threes: Box<[u64; 1 << (THREE_BITS - 6)]>,
    /// By a hash of four bytes, or of six.
    ends: Box<[u64; 1 << (BITS - 6)]>,
    /// Those four bytes that are all of a label, and three: nothing more can be asked.
    complete: Box<[u64; 1 << (BITS - 6)]>,
    /// Labels of one or two bytes, by their last two.
    short: Box<[u64; 1 << 10]>,
    /// Labels of one Han character, by a hash of it.
    has_single: bool,
    /// One bit for each byte that some label ends with: what depends on it alone is entered in `threes` once.
    lasts: [u64; 4],
}

impl Default for TailFilter {
    fn default() -> Self {
        TailFilter {
            threes: Box::new([0; 1 << (THREE_BITS - 6)]),
            ends: Box::new([0; 1 << (BITS - 6)]),
            complete: Box::new([0; 1 << (BITS - 6)]),
            short: Box::new([0; 1 << 10]),
            has_single: false,
            lasts: [0; 4],
        }
    }
}

/// The two places of four bytes in the filter; upper and lower case alike.
#[inline(always)]
fn slots_of_four(four: u32) -> (usize, usize) {
    let hash = u64::from(four | 0x2020_2020).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((hash >> (64 - BITS)) as usize, (hash >> (64 - 2 * BITS)) as usize & ((1 << BITS) - 1))
}

/// The place of the last three of eight bytes, of which the last is the top one.
#[inline(always)]
fn slot_of_three(eight: u64) -> usize {
    let three = eight >> 40 | 0x20_2020;
    (three.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - THREE_BITS)) as usize
}

/// The place of the same among the complete ones.
#[inline(always)]
fn slot_of_complete_three(eight: u64) -> usize {
    let three = eight >> 40 | 0x20_2020;
    (three.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - BITS)) as usize
}

/// Where six bytes, of which the last two are the top ones, stand in the filter.
#[inline(always)]
fn slot_of_six(six: u64) -> usize {
    (six.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - BITS)) as usize
}

/// The place of the last two of eight bytes.
#[inline(always)]
fn slot_of_two(eight: u64) -> usize {
    (eight >> 40 & 0xFF00 | eight >> 56 | 0x2020) as usize
}

#[inline(always)]
fn bit(words: &[u64], at: usize) -> bool {
    words.get(at >> 6).is_some_and(|word| word >> (at & 63) & 1 == 1)
}

fn set(words: &mut [u64], at: usize) {
    if let Some(word) = words.get_mut(at >> 6) {
        *word |= 1 << (at & 63);
    }
}

/// Whether a byte counts for nothing in the longer ends: one of [`BETWEEN`], and, since that is quicker to tell, the
/// other ASCII ones before the digits.
fn is_skipped(byte: u8) -> bool {
    byte < b'0' || byte == b'_'
}

/// The top bit of each byte of `eight` that is skipped.
#[inline(always)]
fn skipped_of(eight: u64) -> u64 {
    const EACH: u64 = 0x0101_0101_0101_0101;
    const LOW: u64 = EACH * 0x7F;
    let underscore = eight ^ (EACH * 0x5F);
    // Sums never reach the next byte.
    let kept = (((eight & LOW) + EACH * 0x50) | eight) & (((underscore & LOW) + LOW) | underscore);
    !kept & (EACH * 0x80)
}

/// The bytes of `eight` without those of `skipped`, moved to the top: six of them, if there are as many. And how many
/// there are at least, or nearly.
#[inline(always)]
fn without(eight: u64, mut skipped: u64) -> (u64, u32) {
    let (mut tail, mut count) = (eight, 8);
    while skipped >> 16 != 0 && count >= LEAST {
        // The last one first: what is behind it stays where it is.
        let at = (63 - skipped.leading_zeros()) & !7;
        let (behind, before) = (u64::MAX << at << 8, (1 << at) - 1);
        tail = tail & behind | (tail & before) << 8;
        skipped = (skipped & before) << 8;
        count -= 1;
    }
    (tail, count)
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
        self.enter_threes(label);
        let mut last = [0; 6];
        let kept = label.iter().rev().filter(|byte| !is_skipped(**byte));
        let count = last.iter_mut().rev().zip(kept).map(|(slot, byte)| *slot = *byte).count();
        let kept = last.get(last.len() - count..).unwrap_or_default();
        if let [.., c, d, e, f] = kept
            && *f >= 0x80
            && c.is_ascii()
        {
            for c in [c.to_ascii_lowercase(), c.to_ascii_uppercase()] {
                set(&mut *self.ends, slot_of_six(u64::from_le_bytes([0, 0, 0, 0, c, *d, *e, *f])));
            }
        }
        // One of skipped bytes alone is looked at as it stands there.
        match if kept.is_empty() { label } else { kept } {
            [.., a, b, c, d, e, f] if *f >= 0x80 => self.han(&[*a], [*b, *c], [*d, *e, *f]),
            // The place before is that of no byte.
            [b, c, d, e, f] if *f >= 0x80 => self.han(&[0], [*b, *c], [*d, *e, *f]),
            [.., d, e, f] if *f >= 0x80 => {
                set(&mut *self.ends, slot_of_six(u64::from_le_bytes([0, 0, 0, 0, 0, *d, *e, *f])));
                self.has_single = true;
            }
            [.., y, z, a, b, c, d] => {
                self.four([*a, *b, *c, *d], false);
                set(&mut *self.ends, slot_of_six(u64::from_le_bytes([0, 0, *y, *z, *a, *b, *c, *d]) | LOWER_SIX));
            }
            [.., a, b, c, d] => self.four([*a, *b, *c, *d], true),
            [b, c, d] => {
                set(&mut *self.complete, slot_of_complete_three(u64::from_le_bytes([0, 0, 0, 0, 0, *b, *c, *d])));
            }
            [c, d] => set(&mut *self.short, slot_of_two(u64::from_le_bytes([0, 0, 0, 0, 0, 0, *c, *d]))),
            [d] => {
                (0..=255)
                    .for_each(|c| set(&mut *self.short, slot_of_two(u64::from_le_bytes([0, 0, 0, 0, 0, 0, c, *d]))));
            }
            [] => {}
        }
    }

    /// The last three bytes of places where `label` ends, with what may stand between its bytes and behind them.
    fn enter_threes(&mut self, label: &[u8]) {
        let Some((d, head)) = label.split_last() else { return };
        self.enter_last(*d);
        let mut three = |b: u8, c: u8, d: u8| self.three(b, c, d);
        let Some((c, head)) = head.split_last() else {
            return (0..=255).for_each(|c| BETWEEN.iter().for_each(|one| three(c, *d, *one)));
        };
        for one in BETWEEN {
            three(one, *c, *d);
            three(*c, one, *d);
            three(*c, *d, one);
        }
        if let Some(b) = head.last() {
            three(*b, *c, *d);
        }
    }

    fn three(&mut self, b: u8, c: u8, d: u8) {
        set(&mut *self.threes, slot_of_three(u64::from_le_bytes([0, 0, 0, 0, 0, b, c, d])));
    }

    /// What of a label's last three bytes depends on its last one alone, and what on none: thousands of labels share it.
    fn enter_last(&mut self, d: u8) {
        if bit(&self.lasts, usize::from(d)) {
            return;
        }
        let is_first = self.lasts == [0; 4];
        set(&mut self.lasts, usize::from(d));
        for one in BETWEEN {
            for other in BETWEEN {
                if is_first {
                    BETWEEN.iter().for_each(|third| self.three(*third, one, other));
                }
                self.three(d, one, other);
                self.three(one, d, other);
                self.three(one, other, d);
            }
        }
    }

    /// A Han character behind three bytes, of which the first is any of `first`; letters in both cases.
    fn han(&mut self, first: &[u8], [b, c]: [u8; 2], [d, e, f]: [u8; 3]) {
        let cases = |byte: u8| [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()];
        for a in first.iter().flat_map(|a| cases(*a)) {
            for b in cases(b) {
                for c in cases(c) {
                    set(&mut *self.ends, slot_of_six(u64::from_le_bytes([0, 0, a, b, c, d, e, f])));
                }
            }
        }
    }

    fn four(&mut self, four: [u8; 4], complete: bool) {
        let (first, second) = slots_of_four(u32::from_le_bytes(four));
        if complete {
            set(&mut *self.complete, first);
        }
        set(&mut *self.ends, first);
        set(&mut *self.ends, second);
    }

    /// Whether a label may end at `end`, exclusive.
    #[inline(always)]
    pub(crate) fn may_end(&self, text: &[u8], end: usize) -> bool {
        match end.checked_sub(8).and_then(|start| text.get(start..)).and_then(|tail| tail.first_chunk::<8>()) {
            Some(eight) => self.may_be(u64::from_le_bytes(*eight)),
            None => self.may_end_near_start(text, end),
        }
    }

    /// As [`TailFilter::may_end`], at the very start of a text; what is before it counts as bytes of no label.
    #[cold]
    fn may_end_near_start(&self, text: &[u8], end: usize) -> bool {
        let mut eight = [b'|'; 8];
        let head = text.get(..end).unwrap_or_default();
        eight.iter_mut().rev().zip(head.iter().rev()).for_each(|(slot, byte)| *slot = *byte);
        !head.is_empty() && self.may_be(u64::from_le_bytes(eight))
    }

    /// Whether a label may end with these eight bytes, of which the last is the top one.
    #[inline(always)]
    pub(crate) fn may_be(&self, eight: u64) -> bool {
        if eight >> 63 == 1 {
            return match (eight >> 32) as u8 {
                // Letters or digits, or what stands between words.
                0..0x80 => self.may_be_longer(eight),
                _ => self.may_be_han(eight),
            };
        }
        bit(&*self.threes, slot_of_three(eight)) && self.may_be_longer(eight) || bit(&*self.short, slot_of_two(eight))
    }

    /// Whether the last two Han characters are those of a label.
    #[inline(always)]
    fn may_be_han(&self, eight: u64) -> bool {
        bit(&*self.ends, slot_of_six(eight & !0xFFFF))
            || self.has_single && bit(&*self.ends, slot_of_six(eight & !0xFF_FFFF_FFFF))
    }

    /// Whether, where the last three bytes are those of a label, the others are as well.
    #[inline(never)]
    fn may_be_longer(&self, eight: u64) -> bool {
        let skipped = skipped_of(eight);
        // Most words are of six letters and more, or stand behind others.
        if skipped >> 16 == 0 && eight >> 63 == 0 {
            let (first, _) = slots_of_four((eight >> 32) as u32);
            return bit(&*self.ends, slot_of_six(eight & !0xFFFF | LOWER_SIX))
                || bit(&*self.complete, first)
                || bit(&*self.complete, slot_of_complete_three(eight));
        }
        let (tail, count) = without(eight, skipped);
        if count < LEAST {
            return true;
        }
        let may_be_six = |six: u64| count < 6 || bit(&*self.ends, slot_of_six(six & !0xFFFF));
        if tail >> 63 == 1 {
            // Few labels have an ASCII character before the last one.
            let is_behind_ascii = tail >> 39 & 1 == 0;
            return (!is_behind_ascii || bit(&*self.ends, slot_of_six(tail & !0xFFFF_FFFF)))
                && (may_be_six(tail) || bit(&*self.ends, slot_of_six(tail & !0xFF_FFFF)))
                || self.has_single && bit(&*self.ends, slot_of_six(tail & !0xFF_FFFF_FFFF));
        }
        let (first, is_four) = self.may_be_four(tail);
        is_four && (bit(&*self.complete, first) || may_be_six(tail | LOWER_SIX))
            || bit(&*self.complete, slot_of_complete_three(tail))
            || bit(&*self.short, slot_of_two(tail))
    }

    /// Whether the last four bytes are those of a label, and the place of those that are all of one.
    #[inline(always)]
    fn may_be_four(&self, eight: u64) -> (usize, bool) {
        let (first, second) = slots_of_four((eight >> 32) as u32);
        (first, bit(&*self.ends, first) && bit(&*self.ends, second))
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

    #[test]
    fn the_labels_of_all_rules_leave_most_of_it_free() {
        let rules = crate::rule::RuleSet::load_without_examples(&[]).unwrap();
        let filter = TailFilter::new(rules.labels().iter().map(|(label, _)| label));
        for (part, words) in [
            ("threes", &filter.threes[..]),
            ("ends", &filter.ends[..]),
            ("complete", &filter.complete[..]),
            ("short", &filter.short[..]),
        ] {
            let taken: u32 = words.iter().map(|word| word.count_ones()).sum();
            assert!(f64::from(taken) < 0.25 * 64.0 * words.len() as f64, "{part}: {taken} places are taken");
        }
    }

    proptest! {
        #[test]
        fn never_refuses_a_label(
            label in "[a-z]{1,9}|[一-龥]{1,4}|[a-z]{1,3}[一-龥]{1,2}|[一-龥]{1,3}[a-z]{1,3}", before in "[a-z_ 中]{0,4}",
            between in proptest::collection::vec("[_.-]{0,2}|", 9), behind in "[_. -]{0,4}", upper: bool,
        ) {
            let filter = TailFilter::new(std::iter::once(label.as_bytes()));
            let written = if upper { label.to_uppercase() } else { label.clone() };
            let mut spelled = String::new();
            for (character, between) in written.chars().zip(&between) {
                spelled.push_str(between);
                spelled.push(character);
            }
            for written in [written, spelled] {
                let text = format!("{before}{written}{behind}");
                prop_assert!(filter.may_end(text.as_bytes(), text.len()), "{}", text);
            }
        }
    }
}
