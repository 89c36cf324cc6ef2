//! The cheapest reading of a few characters as words: what a name must be better than.

use super::model::{Word, of_kinds, of_reading, record, words};

/// Most characters in a window: those before the name, and those from its start on.
const WINDOW: usize = super::BEFORE + super::AHEAD;
/// More than any reading costs.
const FAR: i32 = 1 << 20;

/// The window around a place, read in all ways.
pub(super) struct Reading {
    /// The least cost up to each place of the window, and from it on.
    upto: [i32; WINDOW + 1],
    from: [i32; WINDOW + 1],
    /// The words of one to four characters at each place.
    words: [[Word; 4]; WINDOW],
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
            words: [[Word::default(); 4]; WINDOW],
            start: before.len(),
            length,
        };
        for (at, row) in reading.words.iter_mut().take(length).enumerate() {
            let rest = codes.get(at..codes.len().min(at + 4)).unwrap_or_default();
            let [two, three, four] = words(rest);
            *row = [rest.first().map_or(Word::default(), |code| record(*code).word()), two, three, four];
        }
        reading.run();
        reading
    }

    #[allow(clippy::indexing_slicing, reason = "all indices are below the length of the window")]
    fn run(&mut self) {
        let length = self.length.min(WINDOW);
        self.upto[0] = 0;
        self.from[length] = 0;
        for at in 0..length {
            let base = self.upto[at];
            for (more, word) in self.words[at].iter().enumerate() {
                let end = at + more + 1;
                if word.cost != 0 && end <= length {
                    self.upto[end] = self.upto[end].min(base + i32::from(word.cost));
                }
            }
        }
        for at in (0..length).rev() {
            let mut least = FAR;
            for (more, word) in self.words[at].iter().enumerate() {
                let end = at + more + 1;
                if word.cost != 0 && end <= length {
                    least = least.min(self.from[end] + i32::from(word.cost));
                }
            }
            self.from[at] = least;
        }
    }

    /// The kinds of the words before place `start` and behind place `end`, of readings that end and begin there.
    #[allow(clippy::indexing_slicing, reason = "all indices are below the length of the window")]
    fn neighbours(&self, start: usize, end: usize) -> (u8, u8) {
        let length = self.length.min(WINDOW);
        let (mut before, mut behind) = (0, 0);
        for size in 1..=4 {
            if size <= start && start <= length {
                let word = self.words[start - size][size - 1];
                if word.cost != 0 && self.upto[start - size] + i32::from(word.cost) == self.upto[start] {
                    before = word.kind;
                }
            }
            if end + size <= length {
                let word = self.words[end][size - 1];
                if word.cost != 0 && i32::from(word.cost) + self.from[end + size] == self.from[end] {
                    behind = word.kind;
                }
            }
        }
        (before, behind)
    }

    /// Whether the name is an ordinary word.
    pub(super) fn is_word(&self, length: usize) -> bool {
        self.words.get(self.start).and_then(|words| words.get(length - 1)).is_some_and(|word| word.cost != 0)
    }

    /// Whether it is one that names nobody.
    pub(super) fn is_nobody(&self, length: usize) -> bool {
        self.words.get(self.start).and_then(|words| words.get(length - 1)).is_some_and(|word| word.is_nobody)
    }

    /// The weight of this reading in the place of a name of `length` characters.
    pub(super) fn weight(&self, length: usize) -> i32 {
        let (start, end) = (self.start, self.start + length);
        let best = self.from.first().copied().unwrap_or(0);
        let upto = |at: usize| self.upto.get(at).copied().unwrap_or(FAR);
        let from = |at: usize| self.from.get(at).copied().unwrap_or(FAR);
        let is_edge = |at: usize| upto(at) + from(at) == best;
        let delta = best - upto(start) - from(end);
        let inside = (start + 1..end).any(is_edge);
        let edges = usize::from(is_edge(start))
            | usize::from(is_edge(end)) << 1
            | usize::from(self.is_word(length)) << 2
            | usize::from(inside) << 3;
        let (before, behind) = self.neighbours(start, end);
        of_reading(length, delta, edges) + of_kinds(before, behind)
    }
}
