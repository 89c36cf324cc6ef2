//! Detection: blocks in, matches out. One pass finds anchors, candidates are confirmed by rules, resolve leaves
//! disjoint spans.

pub mod address;
mod han;
pub mod name;
#[cfg(test)]
mod prose_tests;
mod sorted_table;
mod words;

use std::sync::Arc;

use crate::block::Block;
use crate::finding::{Match, Traits};
use crate::rule::RuleSet;

/// Finds matches in blocks. One per run; shared between threads.
pub struct Detector {
    rules: Arc<RuleSet>,
}

/// Buffers that one thread reuses from block to block.
#[derive(Default)]
pub struct Scratch {}

/// A span that a grammar (address, name) recognized, before scoring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// First byte in the text.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// Points for its structure, 0 to 40.
    pub structure: i16,
    /// Points for what a register or dictionary confirms, 0 to 20.
    pub registry: i16,
    /// What else is known.
    pub traits: Traits,
}

impl Detector {
    /// A detector for `rules`.
    pub fn new(rules: Arc<RuleSet>) -> Detector {
        Detector { rules }
    }

    /// The rules.
    pub fn rules(&self) -> &Arc<RuleSet> {
        &self.rules
    }

    /// Appends the matches of `block` to `out`: sorted by place, disjoint within a place, score at least 0.4
    /// (below 0.6 is "possible").
    pub fn detect(&self, block: &Block, scratch: &mut Scratch, out: &mut Vec<Match>) {
        let _ = (block, scratch, out);
    }
}
