//! Known values: places that hold a value which was replaced elsewhere, whatever stands around it.
//!
//! Rules find a name by its label; the same name without one is found here, because the run already knows it. Used to
//! look at rewritten data again, and to replace such places when there are any. Asks only, never holds a value. What
//! too many other numbers would be by chance is not sought: [`Known::unsought`] says how many such values there are.

pub(super) mod pass;

use super::scan::{LONG_RUN, Wanted};
use crate::finding::EntityId;
use crate::rule::{Canonical, Mask, RuleSet};

/// Fewest digits of a number that is sought at all.
const FEWEST_DIGITS: usize = 7;
/// Fewest digits of a number that is sought whatever its neighbours are, and however many are known.
const TELLING_DIGITS: usize = 11;
/// Share of all numbers of a length that may be known for one standing alone to be taken for a known one; the same for
/// the first or last digits of a longer run, and for digits inside one.
const ALONE: f64 = 1e-4;
const AT_AN_END: f64 = 1e-5;
const INSIDE: f64 = 1e-7;

/// Whether a canonical value of an entity type is known.
pub type IsKnown<'a> = dyn Fn(EntityId, &[u8]) -> bool + Sync + 'a;

/// How many distinct canonical values there are of each length in bytes; the last entry is for all longer ones.
pub type Lengths = [u64; 32];

/// What is known of the canonical values of one entity type without knowing them.
#[derive(Clone, Copy)]
pub struct Profile {
    /// How many there are of each length.
    pub lengths: Lengths,
    /// A filter over their first three bytes: see [`Profile::enter`].
    pub beginnings: [u64; 64],
}

impl Default for Profile {
    fn default() -> Self {
        Profile { lengths: [0; 32], beginnings: [0; 64] }
    }
}

impl Profile {
    /// Where the first three bytes of a value stand in the filter; `None` for shorter values.
    fn slot(value: &[u8]) -> Option<(usize, u32)> {
        let [a, b, c] = *value.first_chunk()?;
        let hash = u32::from_le_bytes([a, b, c, 0]).wrapping_mul(0x9E37_79B1) >> 20;
        Some(((hash >> 6) as usize, hash & 63))
    }

    /// Enters how a canonical value begins.
    pub fn enter(&mut self, value: &[u8]) {
        match Profile::slot(value) {
            Some((word, bit)) => self.beginnings.iter_mut().skip(word).take(1).for_each(|word| *word |= 1 << bit),
            None => self.beginnings = [u64::MAX; 64],
        }
    }

    /// Adds what another profile knows.
    pub fn merge(&mut self, other: &Profile) {
        self.lengths.iter_mut().zip(other.lengths).for_each(|(sum, count)| *sum += count);
        self.beginnings.iter_mut().zip(other.beginnings).for_each(|(held, word)| *held |= word);
    }

    fn may_begin(&self, value: &[u8]) -> bool {
        Profile::slot(value)
            .is_none_or(|(word, bit)| self.beginnings.get(word).is_some_and(|word| word >> bit & 1 == 1))
    }
}

/// What is known, and where it is worth looking for.
pub struct Known<'a> {
    is_known: &'a IsKnown<'a>,
    sought: Vec<Sought>,
    /// For each beginning of three digits, as many words as `sought` needs: bit n for `sought[n]` when its numbers may
    /// begin so.
    beginnings: Vec<u64>,
}

/// The lengths of canonical values of one entity type that are sought: bit n is for n bytes.
struct Sought {
    entity: EntityId,
    canonical: Canonical,
    profile: Profile,
    names: bool,
    /// Its values are names or addresses: characters, hardly letters and digits.
    han: bool,
    alone: u32,
    at_an_end: u32,
    inside: u32,
}

impl<'a> Known<'a> {
    /// What `is_known` affirms; `profile` tells how many values of an entity type there are, which decides where a
    /// place that holds one is more than chance, and how they begin.
    pub fn new(rules: &RuleSet, profile: impl Fn(EntityId) -> Profile, is_known: &'a IsKnown<'a>) -> Known<'a> {
        let mut sought = Vec::new();
        for entity in rules.entities() {
            let profile = profile(entity.id);
            let lengths = profile.lengths;
            if lengths.iter().all(|count| *count == 0) {
                continue;
            }
            let bits = |share: f64, fewest: usize| {
                let worth = |&(length, &count): &(usize, &u64)| {
                    count > 0 && length >= fewest && count as f64 <= share * numbers(entity.canonical, length)
                };
                lengths.iter().enumerate().filter(worth).fold(0, |bits, (length, _)| bits | 1 << length)
            };
            let telling = bits(f64::INFINITY, TELLING_DIGITS);
            sought.push(Sought {
                entity: entity.id,
                canonical: entity.canonical,
                profile,
                names: entity.mask == Mask::PersonName,
                han: matches!(entity.mask, Mask::PersonName | Mask::Address),
                alone: bits(ALONE, FEWEST_DIGITS) | telling,
                at_an_end: bits(AT_AN_END, TELLING_DIGITS),
                inside: bits(INSIDE, TELLING_DIGITS),
            });
        }
        let beginnings = beginnings(&sought);
        Known { is_known, sought, beginnings }
    }

    /// Of what is sought, the numbers that may begin as `digits` do: bit n for `sought[n]`.
    fn beginning_with(&self, digits: &[u8]) -> &[u64] {
        let Some([a, b, c]) = digits.first_chunk() else { return &[] };
        let number = [a, b, c].into_iter().fold(0, |sum, digit| sum * 10 + usize::from(digit.wrapping_sub(b'0')));
        let words = self.sought.len().div_ceil(64);
        self.beginnings.get(number * words..(number + 1) * words).unwrap_or_default()
    }

    fn wanted(&self) -> Wanted {
        let has = |canonical| self.sought.iter().any(|sought| sought.canonical == canonical);
        // Codes of letters and digits may have any number of digits side by side.
        let run = if self.sought.iter().any(|sought| sought.canonical == Canonical::Text && !sought.han) {
            1
        } else {
            LONG_RUN
        };
        Wanted { run, hex_words: has(Canonical::Mac) }
    }

    /// How many of `lengths` values with this canonical form are not sought where they stand alone: too short, or so
    /// many that other numbers of their length would be taken for them.
    pub fn unsought(canonical: Canonical, lengths: &Lengths) -> u64 {
        let is_number = matches!(canonical, Canonical::Digits | Canonical::CnMobile | Canonical::UpperAlphanumeric);
        let left_out = |&(length, &count): &(usize, &u64)| {
            length < FEWEST_DIGITS || length < TELLING_DIGITS && count as f64 > ALONE * numbers(canonical, length)
        };
        lengths.iter().enumerate().filter(|one| is_number && left_out(one)).map(|(_, count)| count).sum()
    }
}

impl Sought {
    /// The lengths that are sought at digit `from` of a run, `rest` digits before its end; `short` says that the whole
    /// of it may be a short number.
    fn lengths_at(&self, from: usize, rest: usize, short: bool) -> u32 {
        // Bit n is for n digits.
        let all = 1u32.checked_shl(rest as u32).unwrap_or(0);
        let less = if all == 0 { u32::MAX } else { all - 1 };
        match from {
            0 => self.at_an_end & less | if short || rest >= TELLING_DIGITS { self.alone & all } else { 0 },
            _ => self.inside & less | self.at_an_end & all,
        }
    }
}

/// See [`Known`].
fn beginnings(sought: &[Sought]) -> Vec<u64> {
    let is_number = |sought: &Sought| {
        matches!(sought.canonical, Canonical::Digits | Canonical::CnMobile | Canonical::UpperAlphanumeric)
    };
    let mut beginnings = Vec::with_capacity(1000 * sought.len().div_ceil(64));
    for number in 0..1000u16 {
        let digits = [number / 100, number / 10 % 10, number % 10].map(|digit| b'0' + digit as u8);
        let begins = |sought: &Sought| u64::from(is_number(sought) && sought.profile.may_begin(&digits));
        let word = |sought: &[Sought]| sought.iter().rev().fold(0, |bits, sought| bits << 1 | begins(sought));
        beginnings.extend(sought.chunks(64).map(word));
    }
    beginnings
}

/// How many values of a canonical form and length there could be.
fn numbers(canonical: Canonical, length: usize) -> f64 {
    let exponent = i32::try_from(length).unwrap_or(i32::MAX);
    match canonical {
        Canonical::Digits | Canonical::CnMobile | Canonical::UpperAlphanumeric => 10f64.powi(exponent),
        Canonical::Mac | Canonical::Ip | Canonical::Email | Canonical::Text => f64::INFINITY,
    }
}

#[cfg(test)]
mod tests;
