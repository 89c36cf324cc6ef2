//! Counting the matches of one block, before they go to the findings of its asset: a match costs a few additions, and
//! what names a place or shows a sample is made once for each place.
//!
//! Must give the same findings as entering match by match.

use std::collections::{BTreeMap, HashMap};

use foldhash::fast::FixedState;

use super::findings::{Distinct, Finding, Findings, MOST_PLACES, Spot};
use super::locate::{Locator, safe_name};
use crate::block::Block;
use crate::finding::{EntityId, Match, Place};

/// How often the fingerprints of places were halved in the blocks of an asset so far: those that were left out then are
/// left out of its count in the end, and need not be compared in the blocks to come.
#[derive(Default)]
pub(super) struct Halvings(BTreeMap<(Spot, EntityId), u32>);

impl Halvings {
    fn of(&self, spot: &Spot, entity: EntityId) -> u32 {
        let known = || self.0.get(&(spot.clone(), entity)).copied();
        if self.0.is_empty() { 0 } else { known().unwrap_or_default() }
    }

    fn enter(&mut self, spot: &Spot, entity: EntityId, halvings: u32) {
        if halvings > 0 && self.0.len() < MOST_PLACES {
            self.0.insert((spot.clone(), entity), halvings);
        }
    }
}

/// The matches of one block so far.
pub(super) struct Tally<'a> {
    block: &'a Block,
    halvings: &'a mut Halvings,
    table: Option<String>,
    findings: Findings,
    spots: Vec<Spotted>,
    /// Where the spot of a column stands in `spots`; the last of them.
    columns: HashMap<u32, usize, FixedState>,
    last: Option<(u32, usize)>,
    repeated: Option<Last>,
    paths: HashMap<String, usize, FixedState>,
    pathless: Option<usize>,
    /// In the order in which they were met.
    counted: Vec<Counted>,
    /// By entity id.
    entities: Vec<OfEntity>,
}

/// What is known of one match.
pub(super) struct Entered {
    /// Left out where it was entered before, of the same entity type in the same place.
    pub(super) fingerprint: Option<u64>,
    pub(super) level: u8,
    pub(super) operator: &'static str,
}

/// A match of a table, which most often the next one is like: where it was counted.
struct Last {
    column: u32,
    entity: EntityId,
    operator: &'static str,
    counted: usize,
    /// Where the operator stands among those of its entity type.
    at: usize,
}

struct Spotted {
    spot: Spot,
    /// By entity id: one more than the index in `counted`, or 0.
    counted: Vec<u32>,
}

struct Counted {
    spot: usize,
    entity: EntityId,
    finding: Finding,
}

/// What is counted whatever the spot.
#[derive(Default)]
struct OfEntity {
    /// Where the last match was. Matches come sorted by place.
    last: Option<Place>,
    operators: Vec<(&'static str, u64)>,
}

impl<'a> Tally<'a> {
    /// `halvings` are those of the blocks of the same asset before.
    pub(super) fn new(block: &'a Block, halvings: &'a mut Halvings) -> Tally<'a> {
        let table = match block {
            Block::Table(table) => table.table.name.as_deref().map(safe_name),
            Block::Text(_) => None,
        };
        Tally {
            block,
            halvings,
            table,
            findings: Findings::default(),
            spots: Vec::new(),
            columns: HashMap::default(),
            last: None,
            repeated: None,
            paths: HashMap::default(),
            pathless: None,
            counted: Vec::new(),
            entities: Vec::new(),
        }
    }

    /// Enters one match; `sample` is asked for the first of its kind in its place.
    pub(super) fn enter(
        &mut self,
        locator: &Locator<'_>,
        found: &Match,
        entered: &Entered,
        sample: impl FnOnce() -> String,
    ) {
        if self.enter_as_last(found, entered) {
            return;
        }
        if self.counted.len() >= MOST_PLACES {
            self.settle();
        }
        let (is_new_value, operator_at) = self.enter_operator(found, entered.operator);
        let spot = self.spot(locator, found);
        let index = usize::from(found.entity.0);
        let Some(spotted) = self.spots.get_mut(spot) else { return };
        if spotted.counted.len() <= index {
            spotted.counted.resize(index + 1, 0);
        }
        let Some(at) = spotted.counted.get_mut(index) else { return };
        if *at == 0 {
            let mut finding = Finding::new(entered.level, found.score, sample());
            finding.distinct = Distinct::after(self.halvings.of(&spotted.spot, found.entity));
            self.counted.push(Counted { spot, entity: found.entity, finding });
            *at = self.counted.len() as u32;
        }
        let at = *at as usize - 1;
        if let Some(counted) = self.counted.get_mut(at) {
            counted.finding.enter(entered.fingerprint, is_new_value, entered.level, found.score);
        }
        self.repeated = match (self.block, found.place) {
            (Block::Table(_), Place::Cell { column, .. }) => {
                let (entity, operator) = (found.entity, entered.operator);
                Some(Last { column, entity, operator, counted: at, at: operator_at })
            }
            _ => None,
        };
    }

    /// Enters a match that is like the one before it; `false` where it is not.
    #[inline]
    fn enter_as_last(&mut self, found: &Match, entered: &Entered) -> bool {
        let (Some(last), Place::Cell { column, .. }) = (&self.repeated, found.place) else { return false };
        if last.column != column || last.entity != found.entity || !std::ptr::eq(last.operator, entered.operator) {
            return false;
        }
        let entity = self.entities.get_mut(usize::from(found.entity.0));
        let (Some(entity), Some(counted)) = (entity, self.counted.get_mut(last.counted)) else { return false };
        let Some((_, count)) = entity.operators.get_mut(last.at) else { return false };
        *count += 1;
        let is_new_value = entity.last.replace(found.place) != Some(found.place);
        counted.finding.enter(entered.fingerprint, is_new_value, entered.level, found.score);
        true
    }

    /// Whether the match is the first of its entity type in its value, and where its operator stands.
    fn enter_operator(&mut self, found: &Match, operator: &'static str) -> (bool, usize) {
        let index = usize::from(found.entity.0);
        if self.entities.len() <= index {
            self.entities.resize_with(index + 1, OfEntity::default);
        }
        let Some(entity) = self.entities.get_mut(index) else { return (false, 0) };
        let is_same = |(name, _): &(&'static str, u64)| std::ptr::eq(*name, operator) || *name == operator;
        let known = entity.operators.iter().position(is_same);
        let at = known.unwrap_or(entity.operators.len());
        match entity.operators.get_mut(at) {
            Some((_, count)) => *count += 1,
            None => entity.operators.push((operator, 1)),
        }
        (entity.last.replace(found.place) != Some(found.place), at)
    }

    /// Where the spot of a match stands in `spots`.
    fn spot(&mut self, locator: &Locator<'_>, found: &Match) -> usize {
        let next = self.spots.len();
        let path = match (self.block, found.place) {
            (Block::Table(_), Place::Cell { column, .. }) => {
                if let Some((_, at)) = self.last.filter(|(last, _)| *last == column) {
                    return at;
                }
                let at = *self.columns.entry(column).or_insert(next);
                self.last = Some((column, at));
                if at < next {
                    return at;
                }
                locator.column(found)
            }
            _ => {
                let path = locator.column(found);
                let known = match &path {
                    Some(path) => self.paths.get(path).copied(),
                    None => self.pathless,
                };
                if let Some(at) = known {
                    return at;
                }
                match &path {
                    Some(path) => drop(self.paths.insert(path.clone(), next)),
                    None => self.pathless = Some(next),
                }
                path
            }
        };
        let spot = Spot { table: self.table.clone(), column: path };
        self.spots.push(Spotted { spot, counted: Vec::new() });
        next
    }

    /// Hands what is counted to the findings, so that no number of places takes more memory.
    fn settle(&mut self) {
        for Counted { spot, entity, finding } in self.counted.drain(..) {
            if let Some(spotted) = self.spots.get(spot) {
                self.halvings.enter(&spotted.spot, entity, finding.distinct.halvings());
                self.findings.add(spotted.spot.clone(), entity, finding);
            }
        }
        self.spots.clear();
        self.columns.clear();
        (self.last, self.repeated) = (None, None);
        self.paths.clear();
        self.pathless = None;
    }

    /// The findings of the block.
    pub(super) fn finish(mut self) -> Findings {
        self.settle();
        for (index, entity) in self.entities.iter().enumerate() {
            let Ok(id) = u16::try_from(index) else { continue };
            for (operator, count) in &entity.operators {
                self.findings.enter_operators(EntityId(id), operator, *count);
            }
        }
        self.findings
    }
}
