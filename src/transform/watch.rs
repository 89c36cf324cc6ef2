//! Hears what becomes of the values of a block: for the plan of a rewrite, and for what a table's constraints ask.

use super::CarriedOut;
use crate::block::ColumnContext;
use crate::error::DataError;
use crate::finding::{EntityId, Match};

/// Where a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Site<'a> {
    /// In a column of the block's table.
    Column(&'a ColumnContext),
    /// In text; at this path, where the text has structure.
    Text(Option<&'a str>),
}

/// A value, before and after.
#[derive(Debug, Clone, Copy)]
pub struct Edited<'a> {
    /// The whole cell, or what was matched in text.
    pub before: &'a [u8],
    /// What stands there then; `None` is NULL.
    pub after: Option<&'a [u8]>,
}

/// Hears what becomes of the values of a block, in order.
pub trait Watcher {
    /// A value was edited.
    fn edited(&mut self, _site: Site<'_>, _edited: Edited<'_>) {}

    /// The values at a site are done: how many met which operator.
    fn done(&mut self, _site: Site<'_>, _operators: &mut dyn Iterator<Item = (EntityId, CarriedOut, u64)>) {}

    /// The values of one cell, or one in text, cannot be replaced. Whether to go on without.
    ///
    /// # Errors
    /// The error, where there is no going on.
    fn refused(&mut self, _site: Site<'_>, _found: &Match, error: DataError) -> Result<(), DataError> {
        Err(error)
    }
}

/// Hears nothing, and goes on past nothing.
pub(super) struct Inattentive;

impl Watcher for Inattentive {}
