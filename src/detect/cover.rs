//! Which places of a stretch stand inside of a match that was found there already, asked from left to right.

use super::resolve::MATCH_SCORE;
use crate::finding::Match;

/// The spans of matches, and how far those reach that begin before the place that was asked last.
#[derive(Default)]
pub(super) struct Cover {
    /// By their start.
    spans: Vec<(usize, usize)>,
    /// How many begin at that place or before.
    passed: usize,
    /// The largest end of those.
    reach: usize,
}

impl Cover {
    /// Forgets what it knew, and takes those of `matches` that are certain enough.
    pub(super) fn fill(&mut self, matches: &[Match]) {
        self.spans.clear();
        (self.passed, self.reach) = (0, 0);
        let certain = matches.iter().filter(|one| one.score >= MATCH_SCORE);
        self.spans.extend(certain.map(|one| (one.span().start, one.span().end)));
        self.spans.sort_unstable();
    }

    /// Whether one of them holds all of `from..to`. `from` is never less than it was before.
    pub(super) fn holds(&mut self, from: usize, to: usize) -> bool {
        while let Some((_, end)) = self.spans.get(self.passed).filter(|(start, _)| *start <= from) {
            self.reach = self.reach.max(*end);
            self.passed += 1;
        }
        // The one that reaches farthest of those that begin before holds it, or none does.
        self.reach >= to
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::finding::{EntityId, Place, Traits};

    proptest! {
        #[test]
        fn it_tells_what_looking_at_each_match_tells(
            spans in prop::collection::vec((0_u32..60, 1_u32..20, 0..2), 0..12),
            mut places in prop::collection::vec(0_usize..80, 0..20),
        ) {
            let matches: Vec<Match> = spans
                .iter()
                .map(|(start, length, certain)| Match {
                    entity: EntityId(1),
                    score: if *certain == 1 { MATCH_SCORE } else { 0.5 },
                    place: Place::Text,
                    start: *start,
                    end: start + length,
                    traits: Traits::default(),
                })
                .collect();
            places.sort_unstable();
            let mut cover = Cover::default();
            // What was known before is forgotten.
            cover.fill(&matches);
            cover.holds(100, 101);
            cover.fill(&matches);
            for at in places {
                let holds = |one: &Match| {
                    one.score >= MATCH_SCORE && one.span().start <= at && at + 5 <= one.span().end
                };
                prop_assert_eq!(cover.holds(at, at + 5), matches.iter().any(holds));
            }
            // Each span is passed once, however many places are asked.
            prop_assert!(cover.passed <= cover.spans.len());
        }
    }
}
