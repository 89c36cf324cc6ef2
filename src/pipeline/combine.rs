//! What stands beside what: marks the matches that are personal, or more sensitive, because of what else their record
//! holds, and those that tell of a child.
//!
//! A record is a line of text or NDJSON, a row, or an object of a JSON document. Only matches that count are looked at,
//! so the answer depends neither on blocks nor on threads. A block without a match that could be raised costs one look
//! at each match; nothing is allocated per record.

use super::cells::Cells;
use crate::block::{Block, TextBlock};
use crate::finding::{EntityId, Match, Place, Traits};
use crate::format::Codec;
use crate::policy::age::{self, Tells};
use crate::policy::{Minors, Policy};
use crate::rule::{EntityType, RuleSet};
use crate::validate::cn_resident_id::Date;

/// What an entity type has to do with the policy's combinations, one bit each.
#[derive(Clone, Copy, Default)]
struct Role {
    /// Combinations that are about it.
    about: u32,
    /// Combinations that it makes true.
    with: u32,
    tells: Option<Tells>,
}

/// The policy's combinations, by entity type.
pub(super) struct Combiner {
    roles: Vec<Role>,
    /// Of [`age::MINOR`]: what a value that tells of a child makes true.
    with_minor: u32,
    under: u8,
    as_of: Date,
    /// The entity type that stands for the data of children in reports.
    pub(super) minor: Option<EntityId>,
}

impl Combiner {
    pub(super) fn new(rules: &RuleSet, policy: &Policy, as_of: Date) -> Combiner {
        let named = |names: &[String], entity: &str| names.iter().any(|name| name == entity);
        let bits = |holds: &dyn Fn(&crate::policy::Combination) -> bool| {
            let each = policy.combinations().iter().enumerate().take(u32::BITS as usize);
            each.filter(|(_, combination)| holds(combination)).fold(0, |bits, (index, _)| bits | 1_u32 << index)
        };
        let minors: Option<&Minors> = policy.minors();
        let role = |entity: &EntityType| Role {
            about: bits(&|combination| named(&combination.entities, &entity.name)),
            with: bits(&|combination| named(&combination.with, &entity.name)),
            tells: minors.filter(|minors| named(&minors.entities, &entity.name)).and_then(|_| Tells::of(&entity.name)),
        };
        Combiner {
            roles: rules.entities().iter().map(role).collect(),
            with_minor: bits(&|combination| named(&combination.with, age::MINOR)),
            under: minors.map_or(0, |minors| minors.under),
            as_of,
            minor: minors.and_then(|_| rules.entity_named(age::MINOR)).map(|entity| entity.id),
        }
    }

    fn role(&self, found: &Match) -> Role {
        self.roles.get(usize::from(found.entity.0)).copied().unwrap_or_default()
    }

    /// Combinations that `found` makes true.
    fn makes(&self, found: &Match, min_score: f32) -> u32 {
        if found.traits.non_personal || found.score < min_score {
            return 0;
        }
        self.role(found).with | if found.traits.is_minor() { self.with_minor } else { 0 }
    }

    /// Whether `found` may be raised.
    fn may_be_raised(&self, found: &Match, min_score: f32) -> bool {
        let is_free = !found.traits.non_personal && !found.traits.is_minor();
        self.role(found).about != 0 && is_free && found.score >= min_score
    }

    fn raise(&self, found: &mut Match, made: u32, min_score: f32) {
        if self.may_be_raised(found, min_score) {
            let holding = self.role(found).about & made;
            found.traits.raised = if holding == 0 { 0 } else { holding.trailing_zeros() as u8 + 1 };
        }
    }

    /// Marks `matches` of `block`, which are sorted by place. `made` is a buffer.
    pub(super) fn mark(
        &self,
        block: &Block,
        codec: Option<&dyn Codec>,
        min_score: f32,
        matches: &mut [Match],
        made: &mut Vec<u32>,
    ) {
        let (mut may_be_raised, mut makes) = (false, false);
        let mut cells = Cells::new(block);
        for found in matches.iter_mut() {
            let role = self.role(found);
            if let Some(tells) = role.tells
                && found.score >= min_score
                && !found.traits.non_personal
            {
                let value = cells.value(found);
                if value.is_some_and(|value| tells.is_under(value, self.under, self.as_of)) {
                    found.traits.raised = Traits::MINOR;
                }
            }
            may_be_raised |= role.about != 0;
            makes |= role.with != 0 || found.traits.is_minor() && self.with_minor != 0;
        }
        if !may_be_raised || !makes {
            return;
        }
        match block {
            Block::Table(table) => {
                let record = |found: &Match| match found.place {
                    Place::Cell { column, row } => {
                        let records = table.columns.get(column as usize).and_then(|column| column.records.as_ref());
                        records.map_or(Some(row), |records| records.get(row as usize).copied())
                    }
                    _ => None,
                };
                self.by_record(record, min_score, matches, made);
            }
            Block::Text(text) => match codec.and_then(|codec| codec.records(text)) {
                Some(records) => {
                    let record = |found: &Match| {
                        let after = records.partition_point(|(start, _)| *start <= position(text, found));
                        after.checked_sub(1).and_then(|at| records.get(at)).map(|(_, record)| *record)
                    };
                    self.by_record(record, min_score, matches, made);
                }
                None => self.by_line(text, min_score, matches),
            },
        }
    }

    /// Records have numbers.
    fn by_record(
        &self,
        record: impl Fn(&Match) -> Option<u32>,
        min_score: f32,
        matches: &mut [Match],
        made: &mut Vec<u32>,
    ) {
        made.clear();
        for found in matches.iter() {
            let bits = self.makes(found, min_score);
            if let Some(record) = record(found).filter(|_| bits != 0) {
                let record = record as usize;
                if made.len() <= record {
                    made.resize(record + 1, 0);
                }
                made.iter_mut().skip(record).take(1).for_each(|held| *held |= bits);
            }
        }
        for found in matches.iter_mut() {
            if self.role(found).about != 0
                && let Some(record) = record(found)
            {
                self.raise(found, made.get(record as usize).copied().unwrap_or_default(), min_score);
            }
        }
    }

    /// Records are lines. Matches in the text come before those in strings decoded aside, each in their order.
    fn by_line(&self, text: &TextBlock, min_score: f32, matches: &mut [Match]) {
        let in_text = matches.partition_point(|found| found.place == Place::Text);
        let bytes = text.slab.text();
        let mut line = 0..0;
        let mut made = 0;
        for at in 0..matches.len() {
            let Some(mut found) = matches.get(at).copied() else { return };
            if !self.may_be_raised(&found, min_score) {
                continue;
            }
            let place = position(text, &found);
            if !line.contains(&place) {
                let before = bytes.get(..place).unwrap_or_default();
                let behind = bytes.get(place..).unwrap_or_default();
                line = memchr::memrchr(b'\n', before).map_or(0, |end| end + 1)
                    ..memchr::memchr(b'\n', behind).map_or(bytes.len(), |end| place + end) + 1;
                let (plain, aside) = matches.split_at_checked(in_text).unwrap_or_default();
                made = [plain, aside].into_iter().fold(0, |made, part| {
                    let from = part.partition_point(|other| position(text, other) < line.start);
                    let inside = part.iter().skip(from).take_while(|other| position(text, other) < line.end);
                    inside.fold(made, |made, other| made | self.makes(other, min_score))
                });
            }
            self.raise(&mut found, made, min_score);
            matches.iter_mut().skip(at).take(1).for_each(|slot| *slot = found);
        }
    }
}

/// Where a match stands in the block's text.
fn position(text: &TextBlock, found: &Match) -> usize {
    match found.place {
        Place::Aside(index) => text.asides.get(index as usize).map_or(0, |aside| aside.span.start),
        _ => found.start as usize,
    }
}

#[cfg(test)]
mod tests;
