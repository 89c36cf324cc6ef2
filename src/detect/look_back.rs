//! Whether a label may stand before a candidate: refuses most places for the price of a look at 64 bytes.
//!
//! May affirm where [`Context`](super::context::Context) finds no label; must never refuse where it finds one.

use super::bitmap::{Before, LookBack};
use super::context::{LONGEST_WORD, NEAR_WINDOW, NEAR_WORDS, is_wide_border, skip_joiners};
use crate::rule::tail::TailFilter;

/// Bytes that are looked at at a time.
const WINDOW: usize = 64;

/// Whether one of `labels` may stand before `start` of `text`, where a context would find it.
pub(super) fn may_be_labelled(labels: &TailFilter, look_back: LookBack, text: &[u8], start: usize) -> bool {
    // A label may stand directly before the candidate.
    if labels.may_end(text, start) {
        return true;
    }
    let before = before(look_back, text, start);
    let (word, lowest) = reach(&before, text, start);
    // A word goes on in the candidate itself, or in the window that was seen first.
    let near = Ends { labels, text, from: start, goes_on: true, word, lowest };
    if let Some(found) = near.any(&before) {
        return found;
    }
    let from = start.saturating_sub(WINDOW);
    if from <= lowest {
        return false;
    }
    let far = Ends { labels, text, from, goes_on: before.word & 1 == 1, word, lowest };
    far.any(&self::before(look_back, text, from)).unwrap_or_default()
}

/// What the 64 bytes before `at` are; what is before the text counts as line ends.
#[inline(always)]
fn before(look_back: LookBack, text: &[u8], at: usize) -> Before {
    match at.checked_sub(WINDOW).and_then(|from| text.get(from..)).and_then(|rest| rest.first_chunk::<WINDOW>()) {
        Some(bytes) => look_back(bytes),
        None => look_back(&padded(text, at)),
    }
}

#[cold]
fn padded(text: &[u8], at: usize) -> [u8; WINDOW] {
    let mut bytes = [b'\n'; WINDOW];
    let head = text.get(..at).unwrap_or_default();
    bytes.iter_mut().rev().zip(head.iter().rev()).for_each(|(slot, byte)| *slot = *byte);
    bytes
}

/// Where the key before `start` begins at the latest, and how far back of it other labels are sought at the least: as
/// far as a context looks, or farther, since all characters beyond ASCII count as letters here.
#[inline(always)]
fn reach(before: &Before, text: &[u8], start: usize) -> (usize, usize) {
    let joined = skip_joiners(text, start);
    let seen = WINDOW - (start - joined).min(WINDOW);
    let letters = before.word | before.underscore | before.high;
    let key = letters | before.hyphen | before.full_stop;
    let length = shifted_left(key, WINDOW - seen).leading_ones().min(LONGEST_WORD as u32) as usize;
    let length = length.min(seen);
    if length == seen {
        // The key goes on in front of the window.
        let word = joined.saturating_sub(LONGEST_WORD + 2);
        return (word, word.saturating_sub(NEAR_WINDOW));
    }
    let word = joined.saturating_sub(length);
    // Other labels are sought from the first `-` or `.` of the key on.
    let head = shifted_right(letters, seen - length).trailing_ones().min(length as u32) as usize;
    (word, (word + head).saturating_sub(NEAR_WINDOW).min(word))
}

fn shifted_left(bits: u64, by: usize) -> u64 {
    bits.checked_shl(by as u32).unwrap_or_default()
}

fn shifted_right(bits: u64, by: usize) -> u64 {
    bits.checked_shr(by as u32).unwrap_or_default()
}

/// Looks at the places where a label may end, nearest first.
struct Ends<'a> {
    labels: &'a TailFilter,
    text: &'a [u8],
    /// Where the window ends.
    from: usize,
    /// Whether a letter or digit stands behind the window.
    goes_on: bool,
    /// Where the key begins, and how far back labels are sought.
    word: usize,
    lowest: usize,
}

impl Ends<'_> {
    /// Whether a label may end in the window that `before` tells of; `None` when what is before it decides.
    #[inline(always)]
    fn any(&self, before: &Before) -> Option<bool> {
        let near = match before.border.leading_zeros() as usize {
            0 => return Some(false),
            distance => u64::MAX << (WINDOW - distance),
        };
        let wanted = near & nearest(self.from.saturating_sub(self.lowest));
        // The lead byte of a character is an end only where nothing follows it.
        let mut ends = (self.words(before) | before.high & !(before.follower >> 1)) & wanted;
        let mut words_left = NEAR_WORDS;
        while ends != 0 {
            let distance = ends.leading_zeros();
            let end = self.from - distance as usize;
            let bit = 1 << (63 - distance);
            ends ^= bit;
            if before.high & bit != 0 {
                if ends_field(self.text, end) {
                    return Some(false);
                }
            } else if end <= self.word {
                if words_left == 0 {
                    ends &= before.high;
                    continue;
                }
                // Before more than one `_` or `-` the word may go on.
                words_left -= usize::from((before.underscore | before.hyphen) >> 1 & bit == 0 && distance > 0);
            }
            if self.labels.may_end(self.text, end) {
                return Some(true);
            }
        }
        if before.border != 0 { Some(false) } else { None }
    }

    /// The last letters or digits of words. `_` joins words to one, and so does `-` left of the key.
    #[inline(always)]
    fn words(&self, before: &Before) -> u64 {
        let left_of_key = !nearest(self.from.saturating_sub(self.word));
        let joined = (before.underscore | before.hyphen & left_of_key << 1) >> 1 & before.word >> 2;
        before.word & !(before.word >> 1 | u64::from(self.goes_on) << 63) & !joined
    }
}

/// The nearest so many of the 64 places.
#[inline(always)]
fn nearest(count: usize) -> u64 {
    match count {
        0 => 0,
        1..WINDOW => u64::MAX << (WINDOW - count),
        _ => u64::MAX,
    }
}

/// Whether a full-width border of fields ends at `end`, as a context knows them.
#[inline(always)]
fn ends_field(text: &[u8], end: usize) -> bool {
    end.checked_sub(3).and_then(|from| text.get(from..end)).is_some_and(is_wide_border)
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, OnceLock};

    use proptest::prelude::*;

    use super::*;
    use crate::detect::bitmap::fastest_look_back;
    use crate::detect::{Detector, Scratch};
    use crate::rule::RuleSet;

    fn filter() -> TailFilter {
        TailFilter::new(["mobile", "手机", "phoneno"].iter().map(|label| label.as_bytes()))
    }

    fn is_labelled(text: &str) -> bool {
        may_be_labelled(&filter(), fastest_look_back(), text.as_bytes(), text.len())
    }

    #[test]
    fn labels_are_seen_as_far_as_a_context_looks() {
        for text in [
            "mobile",
            "mobile=",
            "\"mobile\": \"",
            "手机：",
            "的手机是",
            "a b c mobile one two three ",
            "phone.no ",
            "customer-phone_no = ",
            "手机 13800138000 或 ",
            "mobile.very-long-word-that-goes-on-and-on-and-on-until-the-end: ",
            "a 手机 b c d e ",
        ] {
            assert!(is_labelled(text), "{text}");
            assert!(is_labelled(&format!("{}{text}", "x ".repeat(80))), "far into a text: {text}");
        }
    }

    proptest! {
        #[test]
        fn no_place_is_refused_where_a_context_finds_a_label(
            parts in prop::collection::vec(
                prop::sample::select(vec![
                    "tel", "a", "xxxxxxxxxxxx", "_", "__", "-", "--", ".", " ", "   ", "/", "：", "，", "是", "手机", "电话", "=",
                ]),
                0..24,
            ),
        ) {
            let text = parts.concat() + "85022088";
            let found = |detector: &Detector| {
                let mut found = Vec::new();
                detector.detect_bytes(text.as_bytes(), &mut Scratch::default(), &mut found);
                found
            };
            static DETECTORS: OnceLock<(Detector, Detector)> = OnceLock::new();
            let (fast, plain) = DETECTORS.get_or_init(|| {
                let rules = Arc::new(RuleSet::load(&[]).unwrap());
                (Detector::new(Arc::clone(&rules)), Detector::plain(rules))
            });
            prop_assert_eq!(found(fast), found(plain), "{}", text);
        }
    }

    #[test]
    fn words_and_joiners_are_counted_as_a_context_does() {
        let far = format!("tel-{}：{}", "x".repeat(46), " ".repeat(15));
        let filter = TailFilter::new(std::iter::once(&b"tel"[..]));
        for text in ["tel user__id c d/", "tel user__id org__id x ", "tel a--b c-_d e f ", &far] {
            for before in ["", &"y ".repeat(80)] {
                let text = format!("{before}{text}");
                assert!(may_be_labelled(&filter, fastest_look_back(), text.as_bytes(), text.len()), "{text}");
            }
        }
    }

    #[test]
    fn borders_of_fields_and_other_words_end_the_look() {
        for text in [
            "mobile, ",
            "mobile;x=",
            "mobile\n",
            "手机，是 ",
            "mobile a b c d e f ",
            "mobile_id=",
            "1.",
            "",
            "订单号：",
            &format!("mobile{}", " x".repeat(40)),
        ] {
            assert!(!is_labelled(text), "{text}");
            assert!(!is_labelled(&format!("{}{text}", "x ".repeat(80))), "far into a text: {text}");
        }
    }
}
