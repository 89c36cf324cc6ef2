//! Which values were looked for behind labels lately: a label in Han characters before a separator is met twice, as a key
//! and in the run that it ends.

use super::program::At;
use crate::rule::label::Standing;

/// Places, as a power of two: more than there are questions in what the scan pass goes over before it comes back to the
/// same stretch with other anchors.
const BITS: u32 = 8;

/// Questions of one thread: the pass, and the place and the recognizer. The newest takes the place of another one.
#[derive(Default)]
pub(super) struct Asked {
    /// Empty before the first.
    places: Vec<(u64, u64)>,
    passes: u64,
}

impl Asked {
    /// The number of the next pass.
    pub(super) fn next_pass(&mut self) -> u64 {
        self.passes += 1;
        self.passes
    }

    /// Whether this was asked before in the same pass, as far as that is known.
    #[inline]
    pub(super) fn before(&mut self, pass: u64, (rule, entry): At, at: usize, standing: Standing) -> bool {
        let (Ok(at), Some(entry)) = (u32::try_from(at), entry.checked_mul(8)) else { return false };
        let question = u64::from(at) << 32 | u64::from(rule) << 16 | u64::from(entry | standing as u16);
        if self.places.is_empty() {
            self.places.resize(1 << BITS, (0, 0));
        }
        let slot = (question.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - BITS)) as usize;
        let this = (pass, question);
        self.places.get_mut(slot).is_some_and(|place| std::mem::replace(place, this) == this)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_very_same_question_was_asked() {
        let mut asked = Asked::default();
        let (first, second) = (asked.next_pass(), asked.next_pass());
        let questions = [
            (first, (1, 0), 7, Standing::Positive),
            (first, (1, 0), 7, Standing::Weak),
            (first, (1, 1), 7, Standing::Positive),
            (first, (2, 0), 7, Standing::Positive),
            (first, (1, 0), 8, Standing::Positive),
            (second, (1, 0), 7, Standing::Positive),
        ];
        for (pass, recognizer, at, standing) in questions {
            assert!(!asked.before(pass, recognizer, at, standing), "{pass} {recognizer:?} {at} {standing:?}");
            assert!(asked.before(pass, recognizer, at, standing));
        }
        assert!(!asked.before(first, (1, u16::MAX), 7, Standing::Positive));
        assert!(!asked.before(first, (1, u16::MAX), 7, Standing::Positive));
    }
}
