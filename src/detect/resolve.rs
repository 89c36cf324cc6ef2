//! Resolve: from overlapping matches to disjoint ones. Those that are certain enough go before those that are only
//! possible; then the longest, then the strongest, wins. Of one span, rules of the user's own go before built-in ones.

use crate::finding::Match;
use crate::rule::RuleSet;

/// Least score of a match; below it is only "possible".
pub const MATCH_SCORE: f32 = 0.6;

/// Leaves in `matches[from..]` the disjoint winners, sorted by position. All are within one text.
pub(super) fn resolve(matches: &mut Vec<Match>, from: usize, rules: &RuleSet) {
    let Some(fresh) = matches.get_mut(from..) else { return };
    if fresh.len() < 2 {
        return;
    }
    sort(fresh);
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
            if beats(&next, &held, rules) {
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

/// Sorts by position, stably. Matches come nearly in order, each kind of anchor for itself over a short stretch of the
/// text: wherever nothing behind is smaller than what is before, the work is cut in two.
fn sort(matches: &mut [Match]) {
    let key = |m: &Match| u64::from(m.start) << 32 | u64::from(m.end);
    let mut smallest: Vec<u64> = matches.iter().rev().map(key).collect();
    let mut least = u64::MAX;
    for key in &mut smallest {
        least = least.min(std::mem::replace(key, least));
    }
    let (mut numbered, mut before) = (Vec::new(), Vec::new());
    let (mut from, mut largest) = (0, 0);
    for (at, smallest_behind) in smallest.into_iter().rev().enumerate() {
        largest = matches.get(at).map_or(largest, |m| largest.max(key(m)));
        if largest <= smallest_behind {
            if at > from
                && let Some(part) = matches.get_mut(from..=at)
            {
                sort_part(part, &mut numbered, &mut before);
            }
            from = at + 1;
        }
    }
}

/// Sorts a few matches by position, stably, by numbers that hold both the position and the place among them; the two
/// vectors are buffers.
fn sort_part(part: &mut [Match], numbered: &mut Vec<u64>, before: &mut Vec<Match>) {
    let least = part.iter().map(|m| m.start).min().unwrap_or_default();
    let number = |(at, m): (usize, &Match)| {
        let (start, length) = (u64::from(m.start - least), u64::from(m.end.saturating_sub(m.start)));
        let fits = start < 1 << 24 && length < 1 << 24 && at < 1 << 16;
        fits.then_some(start << 40 | length << 16 | at as u64)
    };
    numbered.clear();
    numbered.extend(part.iter().enumerate().map_while(number));
    if numbered.len() < part.len() {
        return part.sort_by_key(|m| (m.start, m.end));
    }
    numbered.sort_unstable();
    before.clear();
    before.extend_from_slice(part);
    for (slot, number) in part.iter_mut().zip(numbered) {
        if let Some(found) = before.get((*number & 0xFFFF) as usize) {
            *slot = *found;
        }
    }
}

fn beats(a: &Match, b: &Match, rules: &RuleSet) -> bool {
    let rank = |m: &Match| (m.score >= MATCH_SCORE, m.end - m.start);
    if rank(a) != rank(b) {
        return rank(a) > rank(b);
    }
    match (rules.is_own(a.entity), rules.is_own(b.entity)) {
        (own, other) if own != other && a.start == b.start => own,
        // Even ones do not depend on which was found first: types have the order of their files.
        _ => (a.score, b.entity.0) > (b.score, a.entity.0),
    }
}

/// The match that wins over the others at the very same place, of built-in entity types.
pub(super) fn strongest(found: &[Match]) -> Option<&Match> {
    let beats = |one: &Match, other: &Match| (one.score, other.entity.0) > (other.score, one.entity.0);
    found.iter().reduce(|best, next| if beats(next, best) { next } else { best })
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
        resolve(&mut matches, 0, &RuleSet::default());
        let left: Vec<_> = matches.iter().map(|m| m.entity.0).collect();
        assert_eq!(left, [3, 4]);
    }

    #[test]
    fn even_ones_do_not_depend_on_which_was_found_first() {
        for order in [[1, 2], [2, 1]] {
            let mut matches = order.map(|entity| found(entity, 0, 11, 0.5)).to_vec();
            resolve(&mut matches, 0, &RuleSet::default());
            assert_eq!(matches.iter().map(|m| m.entity.0).collect::<Vec<_>>(), [1]);
        }
    }

    #[test]
    fn sorting_by_parts_is_sorting() {
        let mut seed = 1u32;
        for (window, count) in [(1, 2000), (3, 2000), (40, 2000), (10_000, 2000), (1 << 23, 9000), (10_000, 70_000)] {
            let mut matches: Vec<Match> = (0..count)
                .map(|n| {
                    seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    let start = n / 2 + (seed >> 8) % window * (window >> 20 | 1);
                    found(n as u16, start, start + (seed >> 4) % 3, 0.9)
                })
                .collect();
            let mut sorted = matches.clone();
            sorted.sort_by_key(|m| (m.start, m.end));
            sort(&mut matches);
            assert_eq!(matches, sorted, "{window}");
        }
    }

    #[test]
    fn a_possible_match_never_hides_a_certain_one() {
        let mut matches = vec![found(1, 0, 30, 0.5), found(2, 5, 16, 0.8)];
        resolve(&mut matches, 0, &RuleSet::default());
        assert_eq!(matches.iter().map(|m| m.entity.0).collect::<Vec<_>>(), [2]);
    }
}
