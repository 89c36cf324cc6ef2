//! The ledger: what a run replaced, without any value.
//!
//! Values enter as 64-bit fingerprints under a seed that is drawn once per process and never leaves it. The hash is a fast
//! one and no pseudorandom function: fingerprints are kept in memory only, and never written anywhere. Memory grows by 9
//! to 18 bytes per distinct value; [`Ledger::memory`] says how much, so that a run with a limit can stop in time.

use std::collections::HashSet;
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};
use std::sync::LazyLock;

use foldhash::quality::RandomState;

use crate::detect::known::{Lengths, Profile};
use crate::finding::EntityId;
use crate::transform::{sha256, surrogate};

/// A hash under a seed that the process draws at random.
static FINGERPRINT: LazyLock<RandomState> = LazyLock::new(RandomState::default);

/// Where the length of the value stands in its fingerprint: neither among the bits that choose a bucket nor among those
/// that tell the entries of a bucket apart.
const LENGTH_AT: u32 = 48;

/// The length that a fingerprint tells: that of the value, at most 31.
fn length_of(fingerprint: u64) -> usize {
    (fingerprint >> LENGTH_AT & 31) as usize
}

fn fingerprint(canonical: &[u8]) -> u64 {
    let length = canonical.len().min(31) as u64;
    FINGERPRINT.hash_one(canonical) & !(31 << LENGTH_AT) | length << LENGTH_AT
}

/// Fingerprints are hashes already: they are taken as they are.
#[derive(Default)]
struct Unhashed(u64);

impl Hasher for Unhashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

type Fingerprints = HashSet<u64, BuildHasherDefault<Unhashed>>;

/// How many values of one entity type met which fate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Replaced by something else.
    pub replaced: u64,
    /// Kept because the policy says so.
    pub kept: u64,
    /// Left in statements of a dump, which are never rewritten.
    pub left_in_statements: u64,
}

/// Which operator the policy names for a value, and which one was carried out because the place cannot hold what the
/// first one writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CarriedOut {
    /// Name of the operator in the policy.
    pub asked: &'static str,
    /// Name of the operator that was carried out.
    pub done: &'static str,
}

impl CarriedOut {
    /// None of those of the policy fits.
    pub const REFUSED: CarriedOut = CarriedOut { asked: "refused", done: "refused" };

    /// Whether another operator than that of the policy was carried out.
    pub fn is_substitute(self) -> bool {
        self.asked != self.done
    }

    /// Whether anybody can restore the value: it is a digest without a key.
    pub fn is_reversible(self) -> bool {
        self.done == sha256::OPERATOR.name
    }
}

impl fmt::Display for CarriedOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_substitute() { write!(f, "{} for {}", self.done, self.asked) } else { f.write_str(self.done) }
    }
}

#[derive(Default)]
struct Page {
    counts: Counts,
    /// A handful at most.
    operators: Vec<(CarriedOut, u64)>,
    originals: Fingerprints,
    /// How many originals there are of each length, and how they begin.
    profile: Profile,
    results: Fingerprints,
}

impl Page {
    fn enter_original(&mut self, original: u64) {
        if self.originals.insert(original)
            && let Some(count) = self.profile.lengths.get_mut(length_of(original))
        {
            *count += 1;
        }
    }

    fn add(&mut self, carried_out: CarriedOut, count: u64) {
        match self.operators.iter_mut().find(|(held, _)| *held == carried_out) {
            Some((_, held)) => *held += count,
            None => self.operators.push((carried_out, count)),
        }
    }
}

/// What a run replaced, without any value: keyed fingerprints of originals and of same-shape results, and counts.
#[derive(Default)]
pub struct Ledger {
    pages: Vec<Page>,
    latest: Option<CarriedOut>,
}

impl Ledger {
    /// Adds what another ledger holds.
    pub fn merge(&mut self, other: Ledger) {
        for (index, mut page) in other.pages.into_iter().enumerate() {
            let Some(held) = self.page(index) else { continue };
            held.counts.replaced += page.counts.replaced;
            held.counts.kept += page.counts.kept;
            held.counts.left_in_statements += page.counts.left_in_statements;
            for (carried_out, count) in page.operators {
                held.add(carried_out, count);
            }
            if page.originals.len() > held.originals.len() {
                std::mem::swap(&mut held.originals, &mut page.originals);
                std::mem::swap(&mut held.profile.lengths, &mut page.profile.lengths);
            }
            held.profile.merge(&Profile { lengths: [0; 32], ..page.profile });
            for original in page.originals {
                held.enter_original(original);
            }
            absorb(&mut held.results, page.results);
        }
    }

    /// The counts of one entity type.
    pub fn counts(&self, entity: EntityId) -> Counts {
        self.pages.get(usize::from(entity.0)).map(|page| page.counts).unwrap_or_default()
    }

    /// The entity types of which anything was entered, with their counts.
    pub fn entities(&self) -> impl Iterator<Item = (EntityId, Counts)> {
        let used = |(index, page): (usize, &Page)| {
            let id = EntityId(u16::try_from(index).ok()?);
            (page.counts != Counts::default()).then_some((id, page.counts))
        };
        self.pages.iter().enumerate().filter_map(used)
    }

    /// How many values met which operator. Values in statements met none.
    pub fn operators(&self) -> impl Iterator<Item = (EntityId, CarriedOut, u64)> {
        self.pages.iter().enumerate().flat_map(|(index, page)| {
            let id = EntityId(u16::try_from(index).unwrap_or(u16::MAX));
            page.operators.iter().map(move |(carried_out, count)| (id, *carried_out, *count))
        })
    }

    /// How many values met which operator since `before`, what [`Ledger::operators`] said then.
    pub fn since(&self, before: &[(EntityId, CarriedOut, u64)]) -> impl Iterator<Item = (EntityId, CarriedOut, u64)> {
        self.operators().filter_map(move |(entity, carried_out, count)| {
            let same = before.iter().find(|held| (held.0, held.1) == (entity, carried_out));
            let fresh = count - same.map_or(0, |held| held.2);
            (fresh > 0).then_some((entity, carried_out, fresh))
        })
    }

    /// What the last value met.
    pub fn latest(&self) -> Option<CarriedOut> {
        self.latest
    }

    /// How many distinct canonical values of an entity type were replaced.
    pub fn distinct(&self, entity: EntityId) -> u64 {
        self.pages.get(usize::from(entity.0)).map_or(0, |page| page.originals.len() as u64)
    }

    /// How many distinct canonical values of an entity type were replaced, by their length in bytes.
    pub fn lengths(&self, entity: EntityId) -> Lengths {
        self.profile(entity).lengths
    }

    /// What is known of the replaced values of an entity type without knowing them.
    pub fn profile(&self, entity: EntityId) -> Profile {
        self.pages.get(usize::from(entity.0)).map(|page| page.profile).unwrap_or_default()
    }

    /// Whether this canonical value of this entity type was replaced somewhere.
    pub fn is_original(&self, entity: EntityId, canonical: &[u8]) -> bool {
        self.pages.get(usize::from(entity.0)).is_some_and(|page| page.originals.contains(&fingerprint(canonical)))
    }

    /// Whether this canonical value is what a same-shape operator or a mask put somewhere.
    pub fn is_result(&self, entity: EntityId, canonical: &[u8]) -> bool {
        self.pages.get(usize::from(entity.0)).is_some_and(|page| page.results.contains(&fingerprint(canonical)))
    }

    /// A replaced original that nothing put there: it must not be in any output.
    pub fn is_leftover(&self, entity: EntityId, canonical: &[u8]) -> bool {
        self.is_original(entity, canonical) && !self.is_result(entity, canonical)
    }

    /// How many distinct values got a surrogate that another value has, too, by entity type; of types that met no other
    /// operator.
    pub fn shared(&self) -> impl Iterator<Item = (EntityId, u64)> {
        let by_surrogate = |page: &Page| page.operators.iter().all(|(held, _)| held.done == surrogate::OPERATOR.name);
        self.pages.iter().enumerate().filter(move |(_, page)| by_surrogate(page)).filter_map(|(index, page)| {
            let count = page.originals.len().saturating_sub(page.results.len()) as u64;
            Some((EntityId(u16::try_from(index).ok()?), count)).filter(|_| count > 0)
        })
    }

    /// About how many bytes the ledger takes.
    pub fn memory(&self) -> usize {
        // A bucket is the fingerprint and one control byte, and an eighth of the buckets stays free.
        self.pages.iter().map(|page| (page.originals.capacity() + page.results.capacity()) * 9 * 8 / 7).sum()
    }

    /// Enters a replaced value, and its result where that is a value of the same entity type itself.
    pub(crate) fn enter_replaced(&mut self, entity: EntityId, original: &[u8], result: Option<&[u8]>) {
        if let Some(page) = self.page(usize::from(entity.0)) {
            page.counts.replaced += 1;
            page.profile.enter(original);
            page.enter_original(fingerprint(original));
            if let Some(result) = result {
                page.results.insert(fingerprint(result));
            }
        }
    }

    /// Enters a replaced value that other places may rightly hold: the mask of a longer address leaves its region, and
    /// a device's model is personal in some records only.
    pub(crate) fn enter_replaced_here(&mut self, entity: EntityId) {
        if let Some(page) = self.page(usize::from(entity.0)) {
            page.counts.replaced += 1;
        }
    }

    /// Enters the operator that a value met.
    pub(crate) fn enter_operator(&mut self, entity: EntityId, carried_out: CarriedOut) {
        self.latest = Some(carried_out);
        if let Some(page) = self.page(usize::from(entity.0)) {
            page.add(carried_out, 1);
        }
    }

    /// Enters a value that the policy keeps.
    pub(crate) fn enter_kept(&mut self, entity: EntityId) {
        if let Some(page) = self.page(usize::from(entity.0)) {
            page.counts.kept += 1;
        }
    }

    /// Enters a value that stands in statements.
    pub(crate) fn enter_left(&mut self, entity: EntityId) {
        if let Some(page) = self.page(usize::from(entity.0)) {
            page.counts.left_in_statements += 1;
        }
    }

    fn page(&mut self, index: usize) -> Option<&mut Page> {
        if self.pages.len() <= index {
            self.pages.resize_with(index + 1, Page::default);
        }
        self.pages.get_mut(index)
    }
}

/// Moves the smaller set into the larger one.
fn absorb(held: &mut Fingerprints, mut other: Fingerprints) {
    if other.len() > held.len() {
        std::mem::swap(held, &mut other);
    }
    held.extend(other);
}

#[cfg(test)]
mod tests {
    use super::*;

    const PHONE: EntityId = EntityId(0);
    const NAME: EntityId = EntityId(3);

    #[test]
    fn an_original_that_is_no_result_is_a_leftover() {
        let mut ledger = Ledger::default();
        ledger.enter_replaced(PHONE, b"13800138000", Some(b"13912345678"));
        ledger.enter_replaced(PHONE, b"13912345678", Some(b"15011112222"));
        assert!(ledger.is_leftover(PHONE, b"13800138000"));
        assert!(ledger.is_original(PHONE, b"13912345678") && !ledger.is_leftover(PHONE, b"13912345678"));
        assert!(!ledger.is_original(PHONE, b"15011112222"));
        assert!(!ledger.is_leftover(NAME, b"13800138000"), "another entity type");
    }

    #[test]
    fn values_that_share_a_surrogate_are_counted() {
        let mut ledger = Ledger::default();
        let drawn = CarriedOut { asked: "surrogate", done: "surrogate" };
        for (original, result) in [("张伟", "李明"), ("王芳", "李明"), ("赵敏", "周红")] {
            ledger.enter_operator(NAME, drawn);
            ledger.enter_replaced(NAME, original.as_bytes(), Some(result.as_bytes()));
        }
        assert_eq!(ledger.shared().collect::<Vec<_>>(), [(NAME, 1)]);
        ledger.enter_operator(NAME, CarriedOut { asked: "surrogate", done: "mask" });
        assert_eq!(ledger.shared().count(), 0);
    }

    #[test]
    fn merging_adds_counts_and_unites_values() {
        let (mut one, mut two) = (Ledger::default(), Ledger::default());
        one.enter_replaced(PHONE, b"1", None);
        two.enter_replaced(PHONE, b"1", None);
        two.enter_replaced(PHONE, b"2", Some(b"3"));
        two.enter_kept(NAME);
        two.enter_left(NAME);
        let (hash, shape) = (CarriedOut { asked: "hash", done: "hash" }, CarriedOut { asked: "hash", done: "fpe" });
        one.enter_operator(PHONE, hash);
        two.enter_operator(PHONE, shape);
        two.enter_operator(PHONE, hash);
        one.merge(two);
        assert_eq!(one.counts(PHONE), Counts { replaced: 3, ..Counts::default() });
        assert_eq!(one.distinct(PHONE), 2);
        assert_eq!(one.counts(NAME), Counts { kept: 1, left_in_statements: 1, replaced: 0 });
        assert!(one.is_original(PHONE, b"2") && one.is_result(PHONE, b"3"));
        assert_eq!(one.entities().count(), 2);
        assert_eq!(one.operators().collect::<Vec<_>>(), [(PHONE, hash, 2), (PHONE, shape, 1)]);
        assert!(shape.is_substitute() && !hash.is_substitute());
        assert!(one.memory() > 0);
    }
}
