//! Names that a label tells of, with more points than any name without a label can have: what is found without one at the
//! very same place would lose to them, and is not looked for.

use crate::finding::EntityId;

/// Places, as a power of two: more than there are such names in what the scan pass goes over before it comes back to the
/// same stretch with other anchors.
const BITS: u32 = 7;

/// A name: the pass that found it, where it stands, and of which entity type it is.
type Sure = (u64, u32, u32, EntityId);

/// Names of one thread. The newest takes the place of another one.
#[derive(Default)]
pub(super) struct SureNames {
    /// Empty before the first.
    places: Vec<Sure>,
}

fn slot_of(start: u32) -> usize {
    (start.wrapping_mul(0x9E37_79B1) >> (32 - BITS)) as usize
}

impl SureNames {
    /// Remembers the name from `start` to `end` that `pass` found.
    pub(super) fn note(&mut self, pass: u64, start: usize, end: usize, entity: EntityId) {
        let (Ok(start), Ok(end)) = (u32::try_from(start), u32::try_from(end)) else { return };
        if self.places.is_empty() {
            self.places.resize(1 << BITS, (0, 0, 0, EntityId(0)));
        }
        if let Some(place) = self.places.get_mut(slot_of(start)) {
            *place = (pass, start, end, entity);
        }
    }

    /// Where the name ends that `pass` found at `start`, as far as that is known, and its entity type.
    #[inline]
    pub(super) fn at(&self, pass: u64, start: usize) -> Option<(usize, EntityId)> {
        let start = u32::try_from(start).ok()?;
        let (of, held, end, entity) = *self.places.get(slot_of(start))?;
        ((of, held) == (pass, start)).then_some((end as usize, entity))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_the_same_pass_are_known() {
        let mut names = SureNames::default();
        assert_eq!(names.at(1, 7), None);
        names.note(1, 7, 16, EntityId(3));
        assert_eq!(names.at(1, 7), Some((16, EntityId(3))));
        assert_eq!((names.at(2, 7), names.at(1, 8)), (None, None));
        names.note(2, 7, 13, EntityId(3));
        assert_eq!((names.at(1, 7), names.at(2, 7)), (None, Some((13, EntityId(3)))));
    }
}
