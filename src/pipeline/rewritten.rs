//! What was written for an asset.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::Context;
use super::changes::Changes;
use super::dropped::Column;
use super::locate::safe_name;
use super::read::Hash;
use crate::detect::known::Known;
use crate::finding::EntityId;
use crate::rule::EntityType;
use crate::transform::{CarriedOut, Ledger};

/// What was written for an asset.
#[derive(Debug, Clone, Default)]
pub struct Rewritten {
    /// Path below the output folder; none for standard output.
    pub relative: Option<PathBuf>,
    /// Size in bytes, as stored.
    pub bytes: u64,
    /// SHA-256 of the input.
    pub input_hash: Option<Hash>,
    /// SHA-256 of the output.
    pub output_hash: Option<Hash>,
    /// Matches that are left in the output.
    pub remaining: BTreeMap<EntityId, u64>,
    /// How many values met which operator.
    pub operators: BTreeMap<(EntityId, CarriedOut), u64>,
    /// How many replaced values are too short or too many to be told from other numbers, so that a place which no rule
    /// finds may still hold them.
    pub unsought: BTreeMap<EntityId, u64>,
    /// How many distinct values share a surrogate with another, by entity type.
    pub shared: BTreeMap<EntityId, u64>,
    /// The columns that are gone, or empty; of an archive, those of its members.
    pub dropped: Vec<Column>,
    /// Tables with rewritten rows of which nobody knows what the database asks of them; may be shown.
    pub undeclared: Vec<String>,
}

/// Tables of which no CREATE TABLE tells.
pub(super) fn undeclared(changes: &Changes) -> Vec<String> {
    changes.undeclared().map(|table| safe_name(table)).collect()
}

/// How many values met which operator.
pub(super) fn operators(ledger: &Ledger) -> BTreeMap<(EntityId, CarriedOut), u64> {
    ledger.operators().map(|(entity, carried_out, count)| ((entity, carried_out), count)).collect()
}

/// How many replaced values cannot be sought everywhere.
pub(super) fn unsought(context: &Context, ledger: &Ledger) -> BTreeMap<EntityId, u64> {
    let count = |entity: &EntityType| (entity.id, Known::unsought(entity.canonical, &ledger.lengths(entity.id)));
    context.detector.rules().entities().iter().map(count).filter(|(_, count)| *count > 0).collect()
}
