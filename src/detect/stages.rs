//! The stages of the scan pass one by one, for the benchmarks under `benches/stages`: each does what the one before it
//! does, and one thing more. Not part of the public interface; nothing else may call this.

use super::bitmap::{Bitmaps, CHUNK, classify};
use super::fold::Spelling;
use super::pass::Pass;
use super::resolve;
use super::scan::{Anchors, Sink, scan};
use super::{Detector, Scratch};
use crate::finding::Match;

/// What the stages reuse.
#[derive(Default)]
pub struct Stages {
    maps: Bitmaps,
    anchors: Anchors,
    scratch: Scratch,
}

impl Stages {
    /// Turns `text` into bitmaps and does nothing with them.
    pub fn bitmaps(&mut self, text: &[u8]) {
        self.maps.begin();
        for chunk in text.chunks(CHUNK) {
            classify(chunk, &mut self.maps);
            self.maps.carry();
        }
    }

    /// Finds the anchors that `detector` wants, and counts them.
    pub fn anchors(&mut self, detector: &Detector, text: &[u8]) -> usize {
        let mut count = Count(0);
        scan(text, detector.program.wanted, &mut self.anchors, &mut count);
        count.0
    }

    /// Looks at the anchors, and appends the matches as they are found, overlapping and unsorted, to `out`.
    pub fn confirm(&mut self, detector: &Detector, text: &[u8], out: &mut Vec<Match>) {
        Pass::run(&detector.program, text, None, Spelling::Plain, &mut self.scratch.buffers, out);
    }

    /// Leaves the winners among what [`Stages::confirm`] found.
    pub fn resolve(detector: &Detector, matches: &mut Vec<Match>) {
        resolve::resolve(matches, 0, &detector.program.rules);
    }
}

/// Counts what it is told of.
struct Count(usize);

impl Sink for Count {
    fn digits(&mut self, at: usize) -> usize {
        self.0 += 1;
        at
    }
    fn dotted_quad(&mut self, _: usize) {
        self.0 += 1;
    }
    fn at_sign(&mut self, _: usize) {
        self.0 += 1;
    }
    fn hex_pairs(&mut self, _: usize) {
        self.0 += 1;
    }
    fn hex_quads(&mut self, _: usize) {
        self.0 += 1;
    }
    fn colon_hex(&mut self, _: usize) {
        self.0 += 1;
    }
    fn key_separator(&mut self, _: usize) {
        self.0 += 1;
    }
    fn high(&mut self, at: usize) -> usize {
        self.0 += 1;
        at
    }
}
