//! The cheapest reading of a few characters as words: what a name must be better than.

use super::model::{of_reading, record, words};

/// Most characters in a window: those before the name, and those from its start on.
const WINDOW: usize = super::BEFORE + super::AHEAD;
/// More than any reading costs.
const FAR: i32 = 1 << 20;

/// The window around a place, read in all ways.
pub(super) struct Reading {
    /// The least cost up to each place of the window, and from it on.
    upto: [i32; WINDOW + 1],
    from: [i32; WINDOW + 1],
    /// Costs of the words of two to four characters at each place; 0 where there is none.
    words: [[u8; 3]; WINDOW],
    /// Where the name starts, and how long the window is.
    start: usize,
    length: usize,
}

impl Reading {
    /// Reads the ideographs `before` the place, the nearest first, and those from it on.
    pub(super) fn new(before: &[u16], ahead: &[u16]) -> Reading {
        let mut codes = [0; WINDOW];
        let ordered = before.iter().rev().chain(ahead);
        codes.iter_mut().zip(ordered).for_each(|(slot, code)| *slot = *code);
        let length = (before.len() + ahead.len()).min(WINDOW);
        let codes = codes.get(..length).unwrap_or_default();
        let mut reading = Reading {
            upto: [FAR; WINDOW + 1],
            from: [FAR; WINDOW + 1],
            words: [[0; 3]; WINDOW],
            start: before.len(),
            length,
        };
        let mut singles = [0; WINDOW];
        for (at, (words_here, single)) in reading.words.iter_mut().zip(&mut singles).take(length).enumerate() {
            let rest = codes.get(at..codes.len().min(at + 4)).unwrap_or_default();
            *words_here = words(rest);
            *single = rest.first().map_or(0, |code| record(*code).cost());
        }
        reading.run(&singles);
        reading
    }

    #[allow(clippy::indexing_slicing, reason = "all indices are below the length of the window")]
    fn run(&mut self, singles: &[u8; WINDOW]) {
        let length = self.length.min(WINDOW);
        self.upto[0] = 0;
        self.from[length] = 0;
        for at in 0..length {
            let base = self.upto[at];
            self.upto[at + 1] = self.upto[at + 1].min(base + i32::from(singles[at]));
            for (more, cost) in self.words[at].iter().enumerate() {
                let end = at + more + 2;
                if *cost != 0 && end <= length {
                    self.upto[end] = self.upto[end].min(base + i32::from(*cost));
                }
            }
        }
        for at in (0..length).rev() {
            let mut least = self.from[at + 1] + i32::from(singles[at]);
            for (more, cost) in self.words[at].iter().enumerate() {
                let end = at + more + 2;
                if *cost != 0 && end <= length {
                    least = least.min(self.from[end] + i32::from(*cost));
                }
            }
            self.from[at] = least;
        }
    }

    /// The weight of this reading in the place of a name of `length` characters.
    pub(super) fn weight(&self, length: usize) -> i32 {
        let (start, end) = (self.start, self.start + length);
        let best = self.from.first().copied().unwrap_or(0);
        let upto = |at: usize| self.upto.get(at).copied().unwrap_or(FAR);
        let from = |at: usize| self.from.get(at).copied().unwrap_or(FAR);
        let is_edge = |at: usize| upto(at) + from(at) == best;
        let delta = best - upto(start) - from(end);
        let is_word = self.words.get(start).and_then(|words| words.get(length - 2)).is_some_and(|cost| *cost != 0);
        let inside = (start + 1..end).any(is_edge);
        let edges = usize::from(is_edge(start))
            | usize::from(is_edge(end)) << 1
            | usize::from(is_word) << 2
            | usize::from(inside) << 3;
        of_reading(length, delta, edges)
    }
}
