//! Operators: how a value is rewritten, and the ledger of what was.

use std::sync::Arc;

use crate::block::{Block, ColumnKind, Edits};
use crate::error::{DataError, Error};
use crate::finding::{EntityId, Match, Traits};
use crate::format::Codec;
use crate::policy::{Policy, Purpose};
use crate::rule::RuleSet;

/// What stands in the place of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replacement {
    /// The value stays.
    Keep,
    /// NULL.
    Null,
    /// This UTF-8 text (decimal digits where the place holds numbers).
    Value(Vec<u8>),
}

/// Carries a policy out on values. One per run; shared between threads.
pub struct Transformer {
    rules: Arc<RuleSet>,
    policy: Arc<Policy>,
    purpose: Purpose,
}

impl Transformer {
    /// # Errors
    /// When the purpose needs a key and `key` is missing.
    pub fn new(
        rules: Arc<RuleSet>,
        policy: Arc<Policy>,
        purpose: Purpose,
        key: Option<MasterKey>,
    ) -> Result<Transformer, Error> {
        let _ = key;
        Ok(Transformer { rules, policy, purpose })
    }

    /// What replaces `value` (as it stands in the text) of `entity` in a place that can hold `kind`.
    /// `whole` says that the value fills the place.
    ///
    /// # Errors
    /// When no operator that the policy allows fits the place. The error never holds the value.
    pub fn replace(
        &self,
        entity: EntityId,
        traits: Traits,
        value: &[u8],
        kind: &ColumnKind,
        whole: bool,
    ) -> Result<Replacement, DataError> {
        let _ = (entity, traits, value, kind, whole, &self.rules, &self.policy, self.purpose);
        Ok(Replacement::Keep)
    }

    /// The edits that carry the policy out on `matches` (sorted, disjoint) of `block`; `codec` is `None` for
    /// container formats. What was replaced is entered in `ledger`.
    ///
    /// # Errors
    /// As [`Transformer::replace`], with the row or line.
    pub fn edits(
        &self,
        block: &Block,
        codec: Option<&dyn Codec>,
        matches: &[Match],
        ledger: &mut Ledger,
    ) -> Result<Edits, DataError> {
        let _ = (block, codec, matches, ledger);
        Ok(Edits::default())
    }
}

/// The master key of a run: at least 32 random bytes, zeroized on drop, never shown.
pub struct MasterKey {}

/// What a run replaced, without any value: keyed fingerprints of originals and of same-shape results, and counts.
#[derive(Default)]
pub struct Ledger {}

impl Ledger {
    /// Adds what another ledger holds.
    pub fn merge(&mut self, other: Ledger) {
        let _ = other;
    }
}
