//! Resolve: from overlapping matches to disjoint ones. Those that are certain enough go before those that are only
//! possible; then the longest, then the strongest, wins.

use crate::finding::Match;

/// Least score of a match; below it is only "possible".
pub const MATCH_SCORE: f32 = 0.6;

/// Leaves in `matches[from..]` the disjoint winners, sorted by position. All are within one text.
pub(super) fn resolve(matches: &mut Vec<Match>, from: usize) {
    let Some(fresh) = matches.get_mut(from..) else { return };
    if fresh.len() < 2 {
        return;
    }
    fresh.sort_by_key(|m| (m.start, m.end));
    let mut kept = from;
    for at in from..matches.len() {
        let Some(&next) = matches.get(at) else { break };
        let mut wins = true;
        // Only a stretch of earlier winners can overlap: they are sorted and disjoint.
        while kept > from {
            let Some(&held) = matches.get(kept - 1) else { break };
            if held.end <= next.start {
                break;
            }
            if beats(&next, &held) {
                kept -= 1;
            } else {
                wins = false;
                break;
            }
        }
        if wins && let Some(slot) = matches.get_mut(kept) {
            *slot = next;
            kept += 1;
        }
    }
    matches.truncate(kept);
}

fn beats(a: &Match, b: &Match) -> bool {
    let rank = |m: &Match| (m.score >= MATCH_SCORE, m.end - m.start);
    rank(a) > rank(b) || (rank(a) == rank(b) && a.score > b.score)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{EntityId, Place, Traits};

    fn found(entity: u16, start: u32, end: u32, score: f32) -> Match {
        Match { entity: EntityId(entity), score, place: Place::Text, start, end, traits: Traits::default() }
    }

    #[test]
    fn the_longest_then_the_strongest_wins() {
        let mut matches = vec![found(1, 0, 11, 0.9), found(2, 0, 18, 0.7), found(3, 0, 18, 0.9), found(4, 20, 30, 0.5)];
        resolve(&mut matches, 0);
        let left: Vec<_> = matches.iter().map(|m| m.entity.0).collect();
        assert_eq!(left, [3, 4]);
    }

    #[test]
    fn a_possible_match_never_hides_a_certain_one() {
        let mut matches = vec![found(1, 0, 30, 0.5), found(2, 5, 16, 0.8)];
        resolve(&mut matches, 0);
        assert_eq!(matches.iter().map(|m| m.entity.0).collect::<Vec<_>>(), [2]);
    }
}
