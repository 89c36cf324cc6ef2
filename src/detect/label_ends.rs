//! The labels with Han characters that values start from, by how they end: one look into a table at a character that
//! some of them has as its last Han character tells which of them stand there.
//!
//! Must find every label at every place, as an automaton over all of them does.

use std::ops::Range;

use super::context::look_up;
use super::word_memo::{LONGEST, window_before};
use crate::rule::label::{LabelIndex, Says};
use crate::rule::tail::TailFilter;

/// Bytes by which labels are told apart first, as many as they have: of the longest, which often end alike, a part of a
/// fourth character as well.
const WIDTHS: [usize; 4] = [10, 9, 6, 3];
/// Most labels: that many numbers there are.
const MOST: usize = u16::MAX as usize;

/// A label up to its last Han character, and the rest, and what it says.
#[derive(Debug)]
struct Label {
    head: Box<[u8]>,
    tail: Box<[u8]>,
    says: Box<[Says]>,
    /// The last bytes of the head, the last one on top, and which bits those are.
    last: u128,
    mask: u128,
}

impl Label {
    /// Whether `before` ends with the head. `window`: the last bytes of it, where there are as many.
    #[inline(always)]
    fn ends(&self, before: &[u8], window: Option<u128>) -> bool {
        match window {
            Some(window) if (window ^ self.last) & self.mask != 0 => false,
            Some(_) if self.head.len() <= LONGEST => true,
            _ => before.ends_with(&self.head),
        }
    }
}

/// Where a label stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) label: u16,
}

/// A key and the numbers of its labels.
#[derive(Debug, Default, Clone)]
struct Place {
    key: u64,
    labels: Box<[u16]>,
    /// Nothing has the place.
    is_free: bool,
    /// Longer labels end with the six bytes that the key is of, by the widths of their keys.
    ten: bool,
    nine: bool,
}

/// The labels.
#[derive(Debug, Default)]
pub(super) struct LabelEnds {
    /// Sorted by their heads, read backwards.
    labels: Vec<Label>,
    /// By a hash of the key. A power of two, not all of them taken.
    places: Vec<Place>,
    /// How their heads end.
    filter: TailFilter,
}

/// The last `width` bytes of `text` as a number, nearly; 0 where there are not as many.
#[inline(always)]
fn key(text: &[u8], width: usize) -> u64 {
    let nine = |last: [&u8; 9]| {
        let [a, b, c, d, e, f, g, h, i] = last.map(|byte| *byte);
        u64::from_le_bytes([b, c, d, e, f, g, h, i]) ^ u64::from(a).rotate_left(28)
    };
    match (width, text) {
        (10, [.., next, a, b, c, d, e, f, g, h, i]) => {
            nine([a, b, c, d, e, f, g, h, i]) ^ u64::from(*next).wrapping_mul(0x9E37_79B9_7F4A_7C15)
        }
        (9, [.., a, b, c, d, e, f, g, h, i]) => nine([a, b, c, d, e, f, g, h, i]),
        (6, [.., d, e, f, g, h, i]) => u64::from_le_bytes([*d, *e, *f, *g, *h, *i, 0, 0]),
        (3, [.., g, h, i]) => u64::from_le_bytes([0, 0, 0, *g, *h, *i, 0, 0]),
        _ => 0,
    }
}

/// The last bytes of `head`, the last one on top, and which bits of such a number those are.
fn last_of(head: &[u8]) -> (u128, u128) {
    let mut last = [0; LONGEST];
    last.iter_mut().rev().zip(head.iter().rev()).for_each(|(slot, byte)| *slot = *byte);
    let absent = LONGEST.saturating_sub(head.len()) as u32;
    (u128::from_le_bytes(last), u128::MAX.checked_shl(8 * absent).unwrap_or_default())
}

/// The key of a label with this head.
fn key_of_head(head: &[u8]) -> u64 {
    WIDTHS.iter().find(|width| head.len() >= **width).map_or(0, |width| key(head, *width))
}

/// Whether, and by what, it is settled which labels end at a place when only some bytes before it are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Settled {
    /// By these alone: of each, the bytes of it and its number.
    By(Vec<(usize, u16)>),
    /// What stands around has to be looked at.
    No,
}

/// The last eight bytes of `head`, as many as there are, the last one on top: in the order of heads read backwards, where
/// they differ.
fn last_eight(head: &[u8]) -> u64 {
    head.iter().rev().take(8).zip(0..).fold(0, |last, (byte, at)| last | u64::from(*byte) << (56 - 8 * at))
}

impl LabelEnds {
    /// Those of `labels`, whose meaning `index` knows.
    pub(super) fn new<'l>(labels: &[&'l str], index: &LabelIndex) -> LabelEnds {
        let split = |label: &&'l str| {
            let (at, character) = label.char_indices().rfind(|(_, character)| !character.is_ascii())?;
            let (head, tail) = label.as_bytes().split_at_checked(at + character.len_utf8())?;
            Some((last_eight(head), head, tail, *label))
        };
        let mut labels: Vec<_> = labels.iter().filter_map(split).collect();
        // By their heads, read backwards.
        labels.sort_unstable_by(|(a_last, a_head, a_tail, _), (b_last, b_head, b_tail, _)| {
            let rest = || a_head.iter().rev().cmp(b_head.iter().rev()).then_with(|| a_tail.cmp(b_tail));
            a_last.cmp(b_last).then_with(rest)
        });
        labels.dedup_by_key(|(.., label)| *label);
        let mut ends = LabelEnds { labels: Vec::with_capacity(labels.len()), ..LabelEnds::default() };
        for (_, head, tail, label) in labels {
            let says = look_up(index, label.as_bytes()).into();
            ends.filter.enter(&head.to_ascii_lowercase());
            let (last, mask) = last_of(head);
            ends.labels.push(Label { head: head.into(), tail: tail.into(), says, last, mask });
        }
        ends.labels.truncate(MOST);
        let free = Place { is_free: true, ..Place::default() };
        // Each label has a place by its key at most, and one by six bytes.
        ends.places = vec![free; (2 * ends.labels.len() + 1).next_power_of_two()];
        let mut keys: Vec<(u64, u16)> =
            (0..).zip(&ends.labels).map(|(number, label)| (key_of_head(&label.head), number)).collect();
        keys.sort_unstable();
        for same in keys.chunk_by(|(a, _), (b, _)| a == b) {
            let key = same.first().map_or(0, |(key, _)| *key);
            if let Some(place) = ends.taken(key) {
                place.labels = same.iter().map(|(_, number)| *number).collect();
            }
        }
        for number in 0..ends.labels.len() {
            let Some(head) = ends.labels.get(number).map(|label| &label.head) else { break };
            let (six, length) = (key(head, 6), head.len());
            if length >= 9
                && let Some(place) = ends.taken(six)
            {
                (place.ten, place.nine) = (place.ten || length > 9, place.nine || length == 9);
            }
        }
        ends
    }

    /// The place of this key, which it takes where it has none.
    fn taken(&mut self, key: u64) -> Option<&mut Place> {
        let mut slot = slot_of(key, self.places.len());
        while self.places.get(slot).is_some_and(|place| !place.is_free && place.key != key) {
            slot = (slot + 1) % self.places.len();
        }
        let place = self.places.get_mut(slot)?;
        (place.key, place.is_free) = (key, false);
        Some(place)
    }

    /// The place of this key.
    #[inline(always)]
    fn place(&self, key: u64) -> Option<&Place> {
        let mut slot = slot_of(key, self.places.len());
        loop {
            let place = self.places.get(slot).filter(|place| !place.is_free)?;
            if place.key == key {
                return Some(place);
            }
            slot = (slot + 1) & (self.places.len() - 1);
        }
    }

    /// The labels with this key.
    #[inline]
    fn with_key(&self, key: u64) -> impl Iterator<Item = (u16, &Label)> {
        self.labels_of(self.place(key))
    }

    /// The labels of this place.
    #[inline(always)]
    fn labels_of(&self, place: Option<&Place>) -> impl Iterator<Item = (u16, &Label)> {
        let numbers = place.map(|place| &*place.labels).unwrap_or_default();
        numbers.iter().filter_map(|number| Some((*number, self.labels.get(usize::from(*number))?)))
    }

    /// Whether some label may have its last Han character at the end of `text[..end]`. Looks at two characters where no
    /// ASCII stands among them.
    #[inline(always)]
    pub(super) fn may_end(&self, text: &[u8], end: usize) -> bool {
        self.filter.may_end(text, end)
    }

    /// Adds the labels whose last Han character ends at `end` of `text` to `hits`.
    pub(super) fn find(&self, text: &[u8], end: usize, hits: &mut Vec<Hit>) {
        let Some((before, behind)) = text.split_at_checked(end) else { return };
        let window = window_before(text, end).map(|window| u128::from_le_bytes(*window));
        let mut enter = |place: Option<&Place>| {
            for (number, label) in self.labels_of(place) {
                let Label { head, tail, .. } = label;
                if label.ends(before, window) && (tail.is_empty() || behind.starts_with(tail)) {
                    hits.push(Hit { start: end - head.len(), end: end + tail.len(), label: number });
                }
            }
        };
        let six = self.place(key(before, 6));
        if six.is_some_and(|place| place.ten) {
            enter(self.place(key(before, 10)));
        }
        if six.is_some_and(|place| place.nine) {
            enter(self.place(key(before, 9)));
        }
        enter(six);
        enter(self.place(key(before, 3)));
    }

    /// Which labels have their last Han character at the end of `before`, the first bytes of a run of characters beyond
    /// ASCII, or of a part of one that `follows` others. `is_last`: the run ends there.
    pub(super) fn settled(&self, before: &[u8], is_last: bool, follows: bool) -> Settled {
        let may_follow = |tail: &[u8]| tail.is_empty() || is_last;
        // Labels that go on in front of what is known.
        let from = self.labels.partition_point(|label| label.head.iter().rev().lt(before.iter().rev()));
        let mut longer = self.labels.iter().skip(from).take_while(|Label { head, .. }| head.ends_with(before));
        let goes_on = |Label { head, tail, .. }: &Label| {
            let next = head.len().checked_sub(before.len() + 1).and_then(|at| head.get(at));
            next.is_some_and(|next| follows || next.is_ascii()) && may_follow(tail)
        };
        if longer.any(goes_on) {
            return Settled::No;
        }
        let mut held = Vec::new();
        for width in WIDTHS {
            for (number, Label { head, tail, .. }) in self.with_key(key(before, width)) {
                if before.ends_with(head) {
                    match (tail.is_empty(), is_last) {
                        (true, _) => held.push((head.len(), number)),
                        (false, true) => return Settled::No,
                        (false, false) => {}
                    }
                }
            }
        }
        Settled::By(held)
    }

    /// What a label says.
    pub(super) fn says(&self, hit: Hit) -> &[Says] {
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

    const LABELS: &[&str] =
        &["手机", "手机号", "机号码", "号", "码", "QQ号", "号no", "电话（手机）", "ID号码", "码号手"];

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
                let mut found: Vec<_> = hits.iter().skip(before).map(|hit| (end - hit.start, hit.label)).collect();
                found.sort_unstable();
                let run = text.get(..end).unwrap().rfind(|c: char| c.is_ascii()).map_or(0, |ascii| ascii + 1);
                for start in (run..end).filter(|start| text.is_char_boundary(*start)) {
                    let head = text.as_bytes().get(start..end).unwrap();
                    if let Settled::By(mut held) = ends.settled(head, is_last, start > run) {
                        held.sort_unstable();
                        prop_assert_eq!(&held, &found);
                    }
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
                .map(|hit| (hit.start, hit.end, LABELS.iter().position(|label| Some(*label) == text.get(hit.start..hit.end)).unwrap()))
                .collect();
            prop_assert_eq!(found, expected);
            for hit in &hits {
                prop_assert_eq!(ends.says(*hit), look_up(&index, text.get(hit.start..hit.end).unwrap().as_bytes()));
            }
        }
    }
}
