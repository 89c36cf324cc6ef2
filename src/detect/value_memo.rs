//! What was found in the values of columns lately: the same customer's name, number and address come again in every part
//! of a table, and a value is examined by itself, so it need not be examined again in a column that is called the same.
//!
//! Holds no value: only keyed hashes, under a key that each run draws anew. Of 10¹² values not in it fewer than one is
//! taken for another one (63 bits of the hash are compared). One for all threads, of a fixed size.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hasher};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::fast::FixedState;
use foldhash::quality::RandomState;

use super::lines::Lines;
use crate::finding::{EntityId, Match, Place, Traits};
use crate::rule::label::Says;

/// Buckets by default, as a power of two: 16 MiB, as many as a million values need not to drive each other out.
const BITS: u32 = 19;
/// Places of a bucket: half a cache line.
const WAYS: usize = 4;
/// Bits of an entry that say what was found; the others are of the hash.
const VERDICT_BITS: u32 = 20;
/// Longest value that is remembered, in bytes.
const LONGEST: usize = 255;
/// Fewest values of a column in a block for which it is worth it.
const FEWEST: usize = 512;
/// Of a column whose values are not known to come again, one in so many is looked up, as powers of two: at first, and
/// when they have not come again for long.
const OFTEN: u32 = 4;
const RARELY: u32 = 8;
/// Fewest looked up by which a column is judged, and the share of them that must be known.
const JUDGED: u32 = 256;
const WORTH: f64 = 0.08;
/// Values whose buckets are asked for ahead.
const AHEAD: usize = 64;
/// Columns told apart.
const MOST_COLUMNS: usize = 4096;

type Bucket = [AtomicU64; WAYS];

/// What was found in values.
pub(super) struct ValueMemo {
    key: RandomState,
    /// Buckets, as a power of two.
    bits: u32,
    buckets: OnceLock<Box<[Bucket]>>,
}

/// What was found in a value.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Verdict {
    Nothing,
    /// One match, which is all of it.
    Whole(EntityId, f32, Traits),
}

/// Stands for the entity type of [`Verdict::Nothing`].
const NO_ENTITY: u16 = 127;

impl Verdict {
    /// In [`VERDICT_BITS`], never zero; `None` where it does not fit.
    fn packed(self) -> Option<u64> {
        let (entity, score, traits) = match self {
            Verdict::Nothing => (NO_ENTITY, 0, Traits::default()),
            Verdict::Whole(EntityId(entity), score, traits) => {
                let points = (score * 100.0).round().clamp(0.0, 100.0) as u8;
                let is_exact = unpacked_score(points.into()).to_bits() == score.to_bits();
                if entity >= NO_ENTITY || !is_exact || !traits.whole || traits.raised != 0 {
                    return None;
                }
                (entity, points, traits)
            }
        };
        let Traits { test_value, non_personal, organization, checksum_fails, escaped, .. } = traits;
        let flags = [test_value, non_personal, organization, checksum_fails, escaped];
        let flags = flags.iter().fold(0, |bits, flag| bits << 1 | u64::from(*flag));
        Some(1 << (VERDICT_BITS - 1) | u64::from(entity) << 12 | u64::from(score) << 5 | flags)
    }

    fn unpack(bits: u64) -> Verdict {
        let entity = (bits >> 12 & 0x7f) as u16;
        if entity == NO_ENTITY {
            return Verdict::Nothing;
        }
        let flag = |bit: u32| bits >> bit & 1 == 1;
        let traits = Traits {
            test_value: flag(4),
            non_personal: flag(3),
            organization: flag(2),
            checksum_fails: flag(1),
            escaped: flag(0),
            whole: true,
            encoded: false,
            raised: 0,
            shift: 0,
        };
        Verdict::Whole(EntityId(entity), unpacked_score(bits >> 5 & 0x7f), traits)
    }
}

fn unpacked_score(points: u64) -> f32 {
    f32::from(points as u8) / 100.0
}

impl Default for ValueMemo {
    fn default() -> ValueMemo {
        ValueMemo { key: RandomState::default(), bits: BITS, buckets: OnceLock::new() }
    }
}

impl ValueMemo {
    /// A memo of at most so many `bytes`, and no more than the default.
    pub(super) fn within(bytes: usize) -> ValueMemo {
        let bits = (bytes / size_of::<Bucket>()).checked_ilog2().unwrap_or(1).clamp(1, BITS);
        ValueMemo { bits, ..ValueMemo::default() }
    }

    fn bucket(&self, hash: u64) -> Option<&Bucket> {
        let make = || (0..1 << self.bits).map(|_| Bucket::default()).collect();
        self.buckets.get_or_init(make).get((hash >> (u64::BITS - self.bits)) as usize)
    }

    /// What is held for `hash`, 0 where there is nothing. Without branches, so that the next one need not wait until this
    /// bucket comes from memory.
    #[inline]
    fn look_up(&self, hash: u64) -> u64 {
        let tag = hash << VERDICT_BITS;
        let held = self.bucket(hash).into_iter().flatten().map(|place| place.load(Ordering::Relaxed));
        held.fold(0, |found, entry| if (entry ^ tag) >> VERDICT_BITS == 0 { found | entry } else { found })
    }

    fn enter(&self, hash: u64, verdict: Verdict) {
        let (Some(verdict), Some(bucket)) = (verdict.packed(), self.bucket(hash)) else { return };
        let tag = hash << VERDICT_BITS;
        let is_fit = |place: &&AtomicU64| {
            let entry = place.load(Ordering::Relaxed);
            entry == 0 || (entry ^ tag) >> VERDICT_BITS == 0
        };
        // Where all places are taken, the value takes any of them.
        let place = bucket.iter().find(is_fit).or_else(|| bucket.get(hash as usize % WAYS));
        if let Some(place) = place {
            place.store(tag | verdict, Ordering::Relaxed);
        }
    }
}

/// How often the values of a column came again.
#[derive(Clone, Copy)]
struct Rate {
    asked: u32,
    known: u32,
    /// One in so many is looked up, as a power of two.
    sampled: u32,
}

impl Default for Rate {
    fn default() -> Rate {
        Rate { asked: 0, known: 0, sampled: OFTEN }
    }
}

impl Rate {
    fn enter(&mut self, asked: u32, known: u32) {
        (self.asked, self.known) = (self.asked + asked, self.known + known);
        if self.asked >= JUDGED {
            let is_worth = f64::from(self.known) >= WORTH * f64::from(self.asked);
            let sampled = match self.sampled {
                _ if is_worth => 0,
                0 => OFTEN,
                sampled => (sampled + 1).min(RARELY),
            };
            *self = Rate { asked: 0, known: 0, sampled };
        }
    }
}

/// One thread's part: the values of a column that are yet to be examined, to be remembered afterwards.
#[derive(Default)]
pub(super) struct Recall {
    pending: Vec<Pending>,
    /// Of each line its hash, and what the memo holds for it.
    hashes: Vec<u64>,
    entries: Vec<u64>,
    rates: HashMap<u64, Rate, FixedState>,
}

struct Pending {
    row: u32,
    length: u32,
    hash: u64,
}

/// A column, as far as it matters to what is found in its values.
pub(super) struct Scope<'a> {
    pub(super) names: &'a [u8],
    pub(super) says: &'a [Says],
    /// That nothing was found in a value does not settle it.
    pub(super) whole_only: bool,
    pub(super) position: usize,
}

impl Recall {
    /// Takes the lines of which it is known what is found in them out of `lines`, and appends their matches to `known`.
    pub(super) fn take_known(
        &mut self,
        memo: &ValueMemo,
        lines: &mut Lines,
        scope: &Scope<'_>,
        known: &mut Vec<Match>,
    ) {
        self.pending.clear();
        if lines.rows.len() < FEWEST {
            return;
        }
        let seed = seed(memo, scope);
        if self.rates.len() >= MOST_COLUMNS {
            self.rates.clear();
        }
        let rate = self.rates.entry(seed).or_default();
        let Recall { pending, hashes, entries, .. } = self;
        let hash_of = |value: &[u8]| {
            let mut hasher = memo.key.build_hasher();
            hasher.write_u64(seed);
            hasher.write(value);
            hasher.finish()
        };
        let (mut asked, mut hits) = (0_u32, 0_u32);
        if rate.sampled > 0 {
            for (bounds, &row) in lines.starts.windows(2).zip(&lines.rows) {
                let &[start, next] = bounds else { continue };
                let value = start as usize..(next as usize).saturating_sub(1);
                let value = lines.text.get(value).unwrap_or_default();
                if !is_sampled(value, rate.sampled) || value.len() > LONGEST {
                    continue;
                }
                let hash = hash_of(value);
                asked += 1;
                match memo.look_up(hash) {
                    0 => pending.push(Pending { row, length: value.len() as u32, hash }),
                    _ => hits += 1,
                }
            }
        } else {
            hashes.clear();
            let values = (0..lines.rows.len()).map(|index| lines.text.get(lines.value(index)).unwrap_or_default());
            hashes.extend(values.map(hash_of));
            entries.clear();
            entries.extend(hashes.iter().map(|hash| memo.look_up(*hash)));
            let mut each = hashes.iter().zip(entries.iter());
            lines.take_out(|row, value| {
                let Some((&hash, &entry)) = each.next().filter(|_| value.len() <= LONGEST) else { return false };
                asked += 1;
                let (column, length) = (scope.position as u32, value.len() as u32);
                match Verdict::unpack(entry) {
                    _ if entry == 0 => {
                        pending.push(Pending { row, length, hash });
                        return false;
                    }
                    Verdict::Nothing if scope.whole_only => return false,
                    Verdict::Nothing => {}
                    Verdict::Whole(entity, score, traits) => {
                        let place = Place::Cell { column, row };
                        known.push(Match { entity, score, place, start: 0, end: length, traits });
                    }
                }
                hits += 1;
                true
            });
        }
        rate.enter(asked, hits);
    }

    /// Remembers what was found in the values that were not known: `found` is sorted by place, its rows are those of the
    /// lines.
    pub(super) fn remember(&mut self, memo: &ValueMemo, found: &[Match], scope: &Scope<'_>) {
        let mut rest = found;
        for (at, &Pending { row, length, hash }) in self.pending.iter().enumerate() {
            if at % AHEAD == 0 {
                // Buckets come from memory side by side where nothing waits for one of them.
                let next = self.pending.iter().skip(at).take(AHEAD);
                std::hint::black_box(next.fold(0, |sum, pending| sum ^ memo.look_up(pending.hash)));
            }
            let of = |one: &Match| matches!(one.place, Place::Cell { row: at, .. } if at == row);
            let before = |one: &Match| matches!(one.place, Place::Cell { row: at, .. } if at < row);
            let skipped = rest.iter().take_while(|one| before(one)).count();
            rest = rest.get(skipped..).unwrap_or_default();
            let count = rest.iter().take_while(|one| of(one)).count();
            let (own, behind) = rest.split_at_checked(count).unwrap_or_default();
            rest = behind;
            match own {
                _ if length as usize > LONGEST => {}
                [] if !scope.whole_only => memo.enter(hash, Verdict::Nothing),
                [one] if one.start == 0 && one.end == length => {
                    memo.enter(hash, Verdict::Whole(one.entity, one.score, one.traits));
                }
                _ => {}
            }
        }
        self.pending.clear();
    }
}

/// Whether `value` is one of the sample of one in two to the power of `sampled`: always the same values, told by their
/// last bytes, which differ most.
#[inline]
fn is_sampled(value: &[u8], sampled: u32) -> bool {
    let last = match value.last_chunk::<8>() {
        Some(last) => u64::from_le_bytes(*last),
        None => value.iter().fold(1, |last, byte| last << 8 | u64::from(*byte)),
    };
    last.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - sampled) == 0
}

/// What tells the columns apart whose values are examined differently.
fn seed(memo: &ValueMemo, scope: &Scope<'_>) -> u64 {
    let mut hasher = memo.key.build_hasher();
    hasher.write(scope.names);
    hasher.write_u8(u8::from(scope.whole_only));
    for said in scope.says {
        let (kind, entity) = match said {
            Says::Positive(entity) => (1, entity.0),
            Says::Weak(entity) => (2, entity.0),
            Says::Abbreviated(entity) => (5, entity.0),
            Says::Negative(entity) => (3, entity.0),
            Says::NegativeForAll => (4, 0),
        };
        hasher.write_u8(kind);
        hasher.write_u16(entity);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, StringArray};
    use proptest::prelude::*;

    use super::*;
    use crate::block::{Block, Column, ColumnContext, ColumnKind, TableBlock, TableContext};
    use crate::detect::{Detector, Scratch};
    use crate::rule::RuleSet;

    fn detect(detector: &Detector, scratch: &mut Scratch, columns: &[(&str, Vec<Option<String>>)]) -> Vec<Match> {
        let context = |name: &str| ColumnContext { name: name.to_owned(), kind: ColumnKind::FREE_TEXT };
        let table = TableContext { name: None, columns: columns.iter().map(|(name, _)| context(name)).collect() };
        let rows = columns.first().map_or(0, |(_, values)| values.len());
        let made = |(index, (_, values)): (usize, &(&str, Vec<Option<String>>))| Column {
            index,
            values: Arc::new(StringArray::from(values.clone())) as ArrayRef,
            records: None,
        };
        let columns = columns.iter().enumerate().map(made).collect();
        let block = Block::Table(TableBlock { table: Arc::new(table), columns, rows, first_row: 1, text: None });
        let mut found = Vec::new();
        detector.detect(&block, scratch, &mut found);
        found
    }

    #[test]
    fn verdicts_are_packed_without_loss() {
        for score in 0..=100_u8 {
            for flags in 0..32_u8 {
                let flag = |bit: u8| flags >> bit & 1 == 1;
                let traits = Traits {
                    test_value: flag(0),
                    non_personal: flag(1),
                    organization: flag(2),
                    checksum_fails: flag(3),
                    escaped: flag(4),
                    whole: true,
                    encoded: false,
                    raised: 0,
                    shift: 0,
                };
                let verdict = Verdict::Whole(EntityId(u16::from(score)), f32::from(score) / 100.0, traits);
                let packed = verdict.packed().unwrap();
                assert!(packed > 0 && packed < 1 << VERDICT_BITS);
                assert_eq!(Verdict::unpack(packed), verdict);
            }
        }
        assert_eq!(Verdict::unpack(Verdict::Nothing.packed().unwrap()), Verdict::Nothing);
        let whole = Traits { whole: true, ..Traits::default() };
        for (entity, score, traits) in
            [(200, 0.5, whole), (1, 0.123, whole), (1, 0.5, Traits::default()), (1, 0.5, Traits { raised: 1, ..whole })]
        {
            assert_eq!(Verdict::Whole(EntityId(entity), score, traits).packed(), None);
        }
    }

    #[test]
    fn a_full_bucket_still_takes_the_newest() {
        let memo = ValueMemo::default();
        for hash in 1..100 {
            memo.enter(hash, Verdict::Nothing);
            assert_eq!(Verdict::unpack(memo.look_up(hash)), Verdict::Nothing);
            assert_ne!(memo.look_up(hash), 0);
        }
        assert_eq!(memo.look_up(1000), 0);
    }

    #[test]
    fn columns_whose_values_never_come_again_are_sampled_only() {
        let detector = Detector::new(Arc::new(RuleSet::load(&[]).unwrap()));
        let mut scratch = Scratch::default();
        for round in 0..12 {
            let unique = (0..2000).map(|n| Some(format!("{}", 20_260_312_000_000_u64 + round * 2000 + n))).collect();
            detect(&detector, &mut scratch, &[("order_no", unique)]);
        }
        assert!(scratch.recall.rates.values().all(|rate| rate.sampled > OFTEN));
        for _ in 0..40 {
            let again = (0..2000).map(|n| Some(format!("{}", 20_260_312_000_000_u64 + n))).collect();
            detect(&detector, &mut scratch, &[("order_no", again)]);
        }
        assert!(scratch.recall.rates.values().any(|rate| rate.sampled == 0), "they come again by now");
    }

    fn value() -> impl Strategy<Value = Option<String>> {
        let known = [
            "浙江省杭州市西湖区文三路90号",
            " 浙江省杭州市西湖区文三路90号 ",
            "张伟",
            "王小明、李娜",
            "高强",
            "13800138000",
            "电话：138-0013-8000",
            "11010519491231002X",
            "a\n张伟 13800138000",
            "文三路９０号５０１室",
            "",
        ];
        let one = prop_oneof![proptest::sample::select(known.to_vec()).prop_map(str::to_owned), "[ -~，省张1-3]{0,9}"];
        proptest::option::weighted(0.9, one)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        /// With values that were met before, in this column or in another one, the same is found as without.
        #[test]
        fn known_values_are_found_as_unknown_ones(
            few in proptest::collection::vec(value(), 1..40),
            more in proptest::collection::vec(value(), 1..40),
        ) {
            let rules = Arc::new(RuleSet::load(&[]).unwrap());
            let kept = Detector::new(Arc::clone(&rules));
            let mut scratch = Scratch::default();
            let fill = |from: &[Option<String>]| from.iter().cycle().take(16 * FEWEST + 7).cloned().collect::<Vec<_>>();
            for values in [&few, &few, &few, &more, &few, &more] {
                let values = fill(values);
                let columns: Vec<_> =
                    ["收货地址", "name", "remark", "mobile"].map(|name| (name, values.clone())).into();
                let found = detect(&kept, &mut scratch, &columns);
                let fresh = detect(&Detector::new(Arc::clone(&rules)), &mut Scratch::default(), &columns);
                prop_assert_eq!(found, fresh);
            }
        }
    }
}
