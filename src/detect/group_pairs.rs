//! Which two groups of digits may stand side by side in a candidate: by their lengths, and for those that begin it by
//! its first three digits too. Decides for most neighbours in a log that no rule has anything to do with them.
//!
//! May admit what no rule takes; must never refuse two neighbours that some grouping has.

use std::ops::Range;

use crate::rule::compile::{Anchor, MAX_DIGITS, Recognizer, unpack};
use crate::rule::prefix::Prefixes;

/// Two runs of digits that a separator joins.
pub(super) struct Pair {
    pub(super) first: Range<usize>,
    pub(super) second: Range<usize>,
    /// Nothing is joined to the first one before it.
    pub(super) is_first: bool,
}

/// What is known of the groupings that begin with two lengths.
#[derive(Debug)]
enum Begins {
    /// There are none.
    Never,
    /// Some, if the first three digits are among these.
    With(Box<Prefixes>),
    /// Some, whatever their digits are.
    Always,
}

/// For two lengths side by side.
#[derive(Debug)]
struct Neighbours {
    begins: Begins,
    /// Some grouping has them behind its first group.
    follows: bool,
}

/// The neighbours in all groupings of all rules.
#[derive(Debug)]
pub(super) struct GroupPairs {
    /// By the two lengths: where they stand in `neighbours`, and one; 0 for those that no grouping has.
    places: Vec<u8>,
    neighbours: Vec<Neighbours>,
}

impl Default for GroupPairs {
    fn default() -> Self {
        GroupPairs { places: vec![0; (MAX_DIGITS + 1) * (MAX_DIGITS + 1)], neighbours: Vec::new() }
    }
}

impl GroupPairs {
    /// Takes in the groupings of `recognizer`.
    pub(super) fn enter(&mut self, recognizer: &Recognizer) {
        let Anchor::Digits { groups, .. } = &recognizer.anchor else { return };
        for packed in groups {
            let lengths = unpack(*packed);
            let whole = lengths.iter().sum::<u32>() as usize;
            let prefixes = recognizer.prefixes.get(whole).and_then(Option::as_ref);
            for (at, pair) in lengths.windows(2).enumerate() {
                let [first, second] = pair else { continue };
                let Some(neighbours) = self.neighbours(*first as usize, *second as usize) else { continue };
                if at > 0 {
                    neighbours.follows = true;
                    continue;
                }
                match (&mut neighbours.begins, prefixes) {
                    (Begins::Always, _) => {}
                    (begins, None) => *begins = Begins::Always,
                    (Begins::With(held), Some(prefixes)) => held.join(prefixes),
                    (begins, Some(prefixes)) => *begins = Begins::With(Box::new(prefixes.clone())),
                }
            }
        }
    }

    fn neighbours(&mut self, first: usize, second: usize) -> Option<&mut Neighbours> {
        let place = self.places.get_mut(first * (MAX_DIGITS + 1) + second)?;
        if *place == 0 {
            // More pairs than that share the last place.
            if self.neighbours.len() < usize::from(u8::MAX) {
                self.neighbours.push(Neighbours { begins: Begins::Never, follows: false });
            }
            *place = self.neighbours.len() as u8;
        }
        self.neighbours.get_mut(usize::from(*place) - 1)
    }

    /// Whether `pair` may be part of a candidate.
    pub(super) fn may_count(&self, text: &[u8], pair: &Pair) -> bool {
        let (first, second) = (pair.first.len(), pair.second.len());
        if first > MAX_DIGITS || second > MAX_DIGITS {
            return false;
        }
        let place = self.places.get(first * (MAX_DIGITS + 1) + second).copied().unwrap_or_default();
        let Some(neighbours) = usize::from(place).checked_sub(1).and_then(|at| self.neighbours.get(at)) else {
            return false;
        };
        let begins = match &neighbours.begins {
            Begins::Never => false,
            Begins::Always => true,
            Begins::With(prefixes) => {
                let digits = |run: &Range<usize>| text.get(run.clone()).unwrap_or_default().iter().copied();
                let mut head = [0; 3];
                head.iter_mut().zip(digits(&pair.first).chain(digits(&pair.second))).for_each(|(h, digit)| *h = digit);
                prefixes.admit(&head)
            }
        };
        begins || neighbours.follows && !pair.is_first
    }
}
