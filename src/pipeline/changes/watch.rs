//! Watches the values of a block while it is edited.

use std::collections::BTreeMap;
use std::hash::BuildHasher;

use super::checks;
use super::{Change, Changes, FINGERPRINT, Filled};
use crate::block::{Block, ColumnContext, Edits};
use crate::constraint::{Constraint, ConstraintKind};
use crate::error::DataError;
use crate::finding::{EntityId, Match};
use crate::format::{Codec, Declared};
use crate::pipeline::findings::Spot;
use crate::pipeline::locate::safe_name;
use crate::transform::{CarriedOut, Dropping, Edited, Site, Transformer, Watcher};

/// Watches the values of one block.
pub(in crate::pipeline) struct Watch<'a> {
    transformer: &'a Transformer,
    block: &'a Block,
    table: Option<&'a str>,
    /// What is asked of its rows, as far as that is known.
    asked: &'a [Constraint],
    declared: Option<Declared>,
    /// Whether widths and counts are wanted, and refusals passed over.
    plans: bool,
    /// Results at the site that is under way.
    results: Vec<u64>,
    /// What is known of that site but for its operators.
    change: Change,
    changes: Changes,
}

impl<'a> Watch<'a> {
    /// For `block`, of whose rows `asked` is asked beside what its codec knows.
    pub(in crate::pipeline) fn new(
        transformer: &'a Transformer,
        block: &'a Block,
        codec: Option<&'a dyn Codec>,
        asked: &'a [Constraint],
        plans: bool,
    ) -> Watch<'a> {
        let table = match block {
            Block::Table(table) if table.rows > 0 => table.table.name.as_deref(),
            _ => None,
        };
        let asked = codec.map_or(asked, |codec| codec.constraints());
        let declared = codec.and_then(|codec| codec.declared());
        let changes = Changes { is_plan: plans, ..Changes::default() };
        Watch {
            transformer,
            block,
            table,
            asked,
            declared,
            plans,
            results: Vec::new(),
            change: Change::default(),
            changes,
        }
    }

    /// What was heard, of a block for which these are the edits.
    pub(in crate::pipeline) fn finish(mut self, edits: &Edits) -> Changes {
        match self.block {
            Block::Table(block) => {
                if let Some(name) = self.table {
                    self.changes.tables.insert(name.to_owned(), vec![Filled::of(block)]);
                    self.changes.is_declared_elsewhere = self.declared == Some(Declared::Elsewhere);
                    if !edits.cells.is_empty() && self.declared == Some(Declared::Nowhere) {
                        self.changes.undeclared.insert(name.to_owned());
                    }
                    if !edits.cells.is_empty() && !self.asked.is_empty() {
                        self.changes.constraints.extend(self.asked.iter().cloned());
                        let checked = checks::check(self.asked, block, &edits.cells);
                        self.changes.checked = checked.into_iter().collect();
                    } else if self.declared == Some(Declared::Elsewhere) {
                        // No statement here says it, and what a key leads to may be rewritten.
                        let leads = |one: &&Constraint| matches!(one.kind, ConstraintKind::References { .. });
                        self.changes.constraints.extend(self.asked.iter().filter(leads).cloned());
                    }
                }
            }
            Block::Text(_) => self.changes.constraints.extend(self.asked.iter().cloned()),
        }
        self.changes
    }

    /// So many values of `column`, which is of these entity types, become NULL with their column.
    pub(in crate::pipeline) fn emptied(&mut self, column: &ColumnContext, entities: &[EntityId], values: u64) {
        if values == 0 || !self.is_asked() {
            return;
        }
        let done = Dropping::Emptied.operator();
        let carried_out = CarriedOut { asked: Dropping::Removed.operator(), done };
        let operators = entities.iter().map(|entity| ((*entity, carried_out), values)).collect();
        let kind = Some(column.kind.clone());
        let change = Change { kind, operators, edited: values, ..Change::default() };
        self.changes.places.entry(self.spot(Site::Column(column))).or_default().merge(change);
    }

    /// Whether anybody asks: guarding a run asks only for named tables, a plan for everything.
    fn is_asked(&self) -> bool {
        self.plans || self.table.is_some()
    }

    fn spot(&self, site: Site<'_>) -> Spot {
        let column = match site {
            Site::Column(context) => Some(context.name.clone()),
            Site::Text(path) => path.map(safe_name),
        };
        Spot { table: self.table.map(str::to_owned), column }
    }
}

impl Watcher for Watch<'_> {
    fn edited(&mut self, _site: Site<'_>, edited: Edited<'_>) {
        if !self.is_asked() {
            return;
        }
        self.change.edited += 1;
        if let Some(after) = edited.after
            && self.table.is_some()
        {
            self.results.push(FINGERPRINT.hash_one(after));
            if !self.asked.is_empty() && !self.change.has_letters {
                self.change.has_letters = after.iter().any(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii());
            }
        }
        if self.plans {
            let characters = |text: &[u8]| text.iter().filter(|byte| !(0x80..0xC0).contains(*byte)).count();
            let (before, after) = (characters(edited.before), edited.after.map_or(0, characters));
            let widest = &mut self.change.widest;
            *widest = (widest.0.max(before), widest.1.max(after));
            self.change.distinct.enter(FINGERPRINT.hash_one(edited.before));
        }
    }

    fn done(&mut self, site: Site<'_>, operators: &mut dyn Iterator<Item = (EntityId, CarriedOut, u64)>) {
        if !self.is_asked() {
            return;
        }
        let mut change = std::mem::take(&mut self.change);
        let mut stay_apart = true;
        for (entity, carried_out, count) in operators {
            stay_apart &= self.transformer.keeps_apart(entity, carried_out);
            change.operators.insert((entity, carried_out), count);
        }
        if !stay_apart {
            self.results.iter().for_each(|result| change.results.enter(*result));
        }
        self.results.clear();
        if let Site::Column(context) = site {
            change.kind = Some(context.kind.clone());
        }
        self.changes.places.entry(self.spot(site)).or_default().merge(change);
    }

    fn refused(&mut self, site: Site<'_>, found: &Match, error: DataError) -> Result<(), DataError> {
        if !self.plans {
            return Err(error);
        }
        let none = CarriedOut::REFUSED;
        let operators = BTreeMap::from([((found.entity, none), 1)]);
        let change = Change { refused: (1, Some(error)), operators, ..Change::default() };
        self.changes.places.entry(self.spot(site)).or_default().merge(change);
        Ok(())
    }
}
