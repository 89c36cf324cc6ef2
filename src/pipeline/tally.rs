//! Counting the matches of one block, before they go to the findings of its asset: a match costs a few additions, and
//! what names a place or shows a sample is made once for each place.
//!
//! Must give the same findings as entering match by match.

use std::collections::HashMap;

use foldhash::fast::FixedState;

use super::findings::{Finding, Findings, MOST_PLACES, Spot};
use super::locate::{Locator, safe_name};
use crate::block::Block;
use crate::finding::{EntityId, Match, Place};

/// The matches of one block so far.
pub(super) struct Tally<'a> {
    block: &'a Block,
    table: Option<String>,
    findings: Findings,
    spots: Vec<Spotted>,
    /// Where the spot of a column stands in `spots`; the last of them.
    columns: HashMap<u32, usize, FixedState>,
    last: Option<(u32, usize)>,
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
    pub(super) fn new(block: &'a Block) -> Tally<'a> {
        let table = match block {
            Block::Table(table) => table.table.name.as_deref().map(safe_name),
            Block::Text(_) => None,
        };
        Tally {
            block,
            table,
            findings: Findings::default(),
            spots: Vec::new(),
            columns: HashMap::default(),
            last: None,
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
        if self.counted.len() >= MOST_PLACES {
            self.settle();
        }
        let is_new_value = self.enter_operator(found, entered.operator);
        let spot = self.spot(locator, found);
        let index = usize::from(found.entity.0);
        let Some(spotted) = self.spots.get_mut(spot) else { return };
        if spotted.counted.len() <= index {
            spotted.counted.resize(index + 1, 0);
        }
        let Some(at) = spotted.counted.get_mut(index) else { return };
        if *at == 0 {
            let finding = Finding::new(entered.level, found.score, sample());
            self.counted.push(Counted { spot, entity: found.entity, finding });
            *at = self.counted.len() as u32;
        }
        if let Some(counted) = self.counted.get_mut(*at as usize - 1) {
            counted.finding.enter(entered.fingerprint, is_new_value, entered.level, found.score);
        }
    }

    /// Whether the match is the first of its entity type in its value.
    fn enter_operator(&mut self, found: &Match, operator: &'static str) -> bool {
        let index = usize::from(found.entity.0);
        if self.entities.len() <= index {
            self.entities.resize_with(index + 1, OfEntity::default);
        }
        let Some(entity) = self.entities.get_mut(index) else { return false };
        match entity.operators.iter_mut().find(|(name, _)| std::ptr::eq(*name, operator) || *name == operator) {
            Some((_, count)) => *count += 1,
            None => entity.operators.push((operator, 1)),
        }
        entity.last.replace(found.place) != Some(found.place)
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
                self.findings.add(spotted.spot.clone(), entity, finding);
            }
        }
        self.spots.clear();
        self.columns.clear();
        self.last = None;
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
