//! The labels with Han characters that values start from, by how they end: one look into a table at a character that
//! some of them has as its last Han character tells which of them stand there.
//!
//! Must find every label at every place, as an automaton over all of them does.

use std::ops::Range;

use super::context::look_up;
use crate::rule::label::{LabelIndex, Says};

/// Bytes by which labels are told apart first; of shorter ones the last character.
const KEY: usize = 6;
const CHARACTER: usize = 3;
/// The place of no label.
const FREE: u16 = u16::MAX;

/// A label up to its last Han character, and the rest, and what it says.
#[derive(Debug)]
struct Label {
    head: Box<[u8]>,
    tail: Box<[u8]>,
    says: Box<[Says]>,
}

/// Where a label stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) start: usize,
    pub(super) end: usize,
    label: u16,
}

/// The labels, sorted by key.
#[derive(Debug, Default)]
pub(super) struct LabelEnds {
    labels: Vec<Label>,
    /// By a hash of the key: the key, and where its labels stand. A power of two, at least half of them free.
    places: Vec<(u64, Range<u16>)>,
}

/// The last `width` bytes of `text` as a number, with the width.
#[inline(always)]
fn key(text: &[u8], width: usize) -> u64 {
    let bytes = match text {
        [.., a, b, c, d, e, f] if width == KEY => [*a, *b, *c, *d, *e, *f, 0, 0],
        [.., a, b, c] if width == CHARACTER => [0, 0, 0, *a, *b, *c, 0, 0],
        _ => return 0,
    };
    u64::from_le_bytes(bytes)
}

/// The key of a label with this head.
fn key_of_head(head: &[u8]) -> u64 {
    key(head, if head.len() < KEY { CHARACTER } else { KEY })
}

impl LabelEnds {
    /// Those of `labels`, whose meaning `index` knows.
    pub(super) fn new(labels: &[&str], index: &LabelIndex) -> LabelEnds {
        let mut labels: Vec<&str> = labels.to_vec();
        labels.sort_unstable();
        labels.dedup();
        let mut ends = LabelEnds::default();
        for label in labels {
            let last = label.char_indices().rfind(|(_, character)| !character.is_ascii());
            let Some((at, character)) = last else { continue };
            let Some((head, tail)) = label.as_bytes().split_at_checked(at + character.len_utf8()) else { continue };
            let says = look_up(index, label.as_bytes()).into();
            ends.labels.push(Label { head: head.into(), tail: tail.into(), says });
        }
        ends.labels.sort_by_key(|label| key_of_head(&label.head));
        ends.labels.truncate(usize::from(FREE));
        ends.places = vec![(0, FREE..FREE); (2 * ends.labels.len()).next_power_of_two()];
        let mut from = 0;
        for same in ends.labels.chunk_by(|a, b| key_of_head(&a.head) == key_of_head(&b.head)) {
            let key = same.first().map_or(0, |label| key_of_head(&label.head));
            let to = from + same.len();
            let mut slot = slot_of(key, ends.places.len());
            while ends.places.get(slot).is_some_and(|(_, labels)| labels.start != FREE) {
                slot = (slot + 1) % ends.places.len();
            }
            if let Some(place) = ends.places.get_mut(slot) {
                *place = (key, from as u16..to as u16);
            }
            from = to;
        }
        ends
    }

    /// The numbers of the labels with this key.
    #[inline]
    fn numbers(&self, key: u64) -> Range<u16> {
        let mut slot = slot_of(key, self.places.len());
        while let Some((held, labels)) = self.places.get(slot) {
            if labels.start == FREE {
                break;
            }
            if *held == key {
                return labels.clone();
            }
            slot = (slot + 1) & (self.places.len() - 1);
        }
        0..0
    }

    #[inline]
    fn with_key(&self, key: u64) -> impl Iterator<Item = (u16, &Label)> {
        self.numbers(key).filter_map(|number| Some((number, self.labels.get(usize::from(number))?)))
    }

    /// Adds the labels whose last Han character ends at `end` of `text` to `hits`.
    pub(super) fn find(&self, text: &[u8], end: usize, hits: &mut Vec<Hit>) {
        let Some((before, behind)) = text.split_at_checked(end) else { return };
        for width in [KEY, CHARACTER] {
            for (number, Label { head, tail, .. }) in self.with_key(key(before, width)) {
                if before.ends_with(head) && behind.starts_with(tail) {
                    hits.push(Hit { start: end - head.len(), end: end + tail.len(), label: number });
                }
            }
        }
    }

    /// Whether a label may have its last Han character at the end of `before`, whatever stands before that, where all
    /// that `is_last` tells is whether something may stand behind it.
    pub(super) fn may_end(&self, before: &[u8], is_last: bool) -> bool {
        let fits = |Label { head, tail, .. }: &Label| {
            (tail.is_empty() || is_last) && (before.ends_with(head) || head.ends_with(before))
        };
        before.len() < KEY
            || [KEY, CHARACTER].iter().any(|width| self.with_key(key(before, *width)).any(|(_, label)| fits(label)))
    }

    /// What a label says.
    pub(super) fn says(&self, hit: &Hit) -> &[Says] {
        self.labels.get(usize::from(hit.label)).map(|label| &*label.says).unwrap_or_default()
    }
}

#[inline(always)]
fn slot_of(key: u64, places: usize) -> usize {
    (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32) as usize & places.wrapping_sub(1)
}

/// Leaves of `hits` those that an automaton finds in `stretch`: the leftmost, of those the longest, and so on behind it.
pub(super) fn leftmost_longest(hits: &mut Vec<Hit>, stretch: &Range<usize>) {
    if hits.len() > 1 {
        hits.sort_unstable_by_key(|hit| (hit.start, std::cmp::Reverse(hit.end)));
    }
    let mut from = stretch.start;
    hits.retain(|hit| {
        let is_free = hit.start >= from && hit.end <= stretch.end;
        if is_free {
            from = hit.end;
        }
        is_free
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::detect::program::automaton;
    use crate::finding::EntityId;
    use proptest::prelude::*;

    const LABELS: &[&str] = &["手机", "手机号", "机号码", "号", "码", "QQ号", "号no", "电话（手机）", "ID号码", "码号手"];

    fn index() -> LabelIndex {
        let mut index = LabelIndex::default();
        for (at, label) in LABELS.iter().enumerate() {
            index.insert(label, Says::Positive(EntityId(at as u16)));
        }
        index
    }

    proptest! {
        #[test]
        fn an_automaton_finds_the_same(text in "(手|机|号|码|Q|n|o|ID|QQ|电话|（|）){0,16}", from in 0usize..12) {
            let index = index();
            let ends = LabelEnds::new(LABELS, &index);
            let from = (0..=from.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
            let stretch = from..text.len();
            let mut hits = Vec::new();
            for (at, character) in text.char_indices().filter(|(_, c)| !c.is_ascii()) {
                let end = at + character.len_utf8();
                let before = hits.len();
                ends.find(text.as_bytes(), end, &mut hits);
                let is_last = text.as_bytes().get(end).is_none_or(u8::is_ascii);
                for start in (0..end).filter(|start| text.is_char_boundary(*start)) {
                    let head = text.as_bytes().get(start..end).unwrap();
                    prop_assert!(ends.may_end(head, is_last) || hits.len() == before);
                }
            }
            leftmost_longest(&mut hits, &stretch);
            let automaton = automaton(LABELS).unwrap();
            let expected: Vec<_> = automaton
                .find_iter(text.get(stretch).unwrap())
                .map(|hit| (hit.start() + from, hit.end() + from, hit.pattern().as_usize()))
                .collect();
            let found: Vec<_> = hits
                .iter()
                .map(|hit| (hit.start, hit.end, LABELS.iter().position(|label| *label == &text[hit.start..hit.end]).unwrap()))
                .collect();
            prop_assert_eq!(found, expected);
            for hit in &hits {
                prop_assert_eq!(ends.says(hit), look_up(&index, text.get(hit.start..hit.end).unwrap().as_bytes()));
            }
        }
    }
}
