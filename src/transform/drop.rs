//! `drop`: the column goes altogether. That is done where the block is written; what an operator can do is take a value
//! out of a place that is no column of its own, which is what `redact` does.

use super::{CarriedOut, Ledger, Operator, Replacement, Subject, Transformer, value_of};
use crate::block::Block;
use crate::error::DataError;
use crate::finding::Match;
use crate::policy::OperatorSpec;

pub(super) static OPERATOR: Operator =
    Operator { name: "drop", about: "no column; the empty string elsewhere", same_shape: false, apply };

fn apply(_subject: &Subject<'_>) -> Result<Replacement, DataError> {
    Ok(Replacement::Value(Vec::new()))
}

/// What becomes of the columns that are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dropping {
    /// They are taken out of the output.
    Removed,
    /// They stay, and are NULL in all rows: what holds the schema is not in the file, or must not be edited.
    Emptied,
}

impl Dropping {
    /// The name of the operator that is carried out.
    pub fn operator(self) -> &'static str {
        match self {
            Dropping::Removed => OPERATOR.name,
            Dropping::Emptied => super::null::OPERATOR.name,
        }
    }
}

impl Transformer {
    /// Enters `matches` of `block`, which go with their columns, in `ledger`: those that the policy keeps do so, too, and are
    /// not missed.
    ///
    /// # Errors
    /// When a match is not of this block.
    pub fn enter_dropped<'a>(
        &self,
        block: &Block,
        matches: impl Iterator<Item = (&'a Match, Dropping)>,
        ledger: &mut Ledger,
    ) -> Result<(), DataError> {
        for (found, dropping) in matches {
            let (entity, prepared) = self.prepared(found.entity)?;
            let choice = prepared.choice(found.traits)?;
            if choice.spec == OperatorSpec::Keep {
                continue;
            }
            let value = value_of(block, found)?;
            let carried_out = CarriedOut { asked: choice.operator.name, done: dropping.operator() };
            ledger.enter_operator(found.entity, carried_out);
            if prepared.is_kept_elsewhere(found.traits) {
                ledger.enter_replaced_here(found.entity);
            } else {
                ledger.enter_replaced(found.entity, &entity.canonical.of(&value), None);
            }
        }
        Ok(())
    }
}
