//! Operators: how a value is rewritten, and the ledger of what was.
//!
//! An operator sees one canonical value and knows nothing of files. Never shows a value, and never leaves one in place
//! because something went wrong: an operator that cannot do its work is an error.
//!
//! To add an operator: write its file, add one line to [`OPERATORS`] and its name to
//! [`OperatorSpec`].

mod date_shift;
mod described;
mod drop;
mod edits;
mod fit;
mod fpe;
mod generalize;
mod hash;
mod keep;
mod key;
mod ledger;
pub(crate) mod mask;
mod null;
mod redact;
mod replace;
mod reverse;
mod sha256;
mod subjects;
mod surrogate;
mod watch;

use std::sync::Arc;

pub use self::described::described;
pub use self::drop::Dropping;
pub(crate) use self::edits::cell_text;
pub use self::edits::value_of;
pub use self::fit::PlannedOperator;
use self::fit::{Fit, Room};
use self::key::EntityKeys;
pub use self::key::{ENVIRONMENT, MasterKey};
pub use self::ledger::{CarriedOut, Counts, Ledger};
pub use self::watch::{Edited, Site, Watcher};
use crate::block::ColumnKind;
use crate::error::{DataError, Error};
use crate::finding::{EntityId, Traits};
use crate::policy::parameters::{Form, Part};
use crate::policy::{OperatorSpec, Policy, Purpose};
use crate::rule::{EntityType, RuleSet};

/// The namespace of keys; one for all, so that tokens of one key agree everywhere.
const NAMESPACE: &str = "default";

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

/// An operator, as its file declares it.
pub struct Operator {
    /// Its name in policies.
    pub name: &'static str,
    /// What it does, in one line for people.
    pub about: &'static str,
    /// Its results can themselves be found as values of the entity type.
    same_shape: bool,
    apply: fn(&Subject<'_>) -> Result<Replacement, DataError>,
}

impl Operator {
    /// Whether it may leave a value as it is. `replace` writes the same for every value, and an address that is no more
    /// than a region has nothing else when its region stays.
    fn may_leave(&self, spec: &OperatorSpec, entity: &EntityType) -> bool {
        let is = |operator: &Operator| self.name == operator.name;
        let may_stay = [
            &keep::OPERATOR,
            &mask::OPERATOR,
            &generalize::OPERATOR,
            &redact::OPERATOR,
            &drop::OPERATOR,
            &replace::OPERATOR,
        ];
        let keeps_region = || {
            let region = matches!(spec, OperatorSpec::Surrogate(parameters) if parameters.region == Part::Keep);
            region && Form::of(entity) == Some(Form::Address)
        };
        may_stay.into_iter().any(is) || is(&surrogate::OPERATOR) && keeps_region()
    }
}

/// The error for a value that would stay in the output although it is to be replaced. Does not show it.
fn unchanged(entity: &EntityType) -> DataError {
    DataError::new(format!("a value of {} would stay as it is: under this key its replacement is itself", entity.name))
        .advise("use hash or mask for this entity type in the policy, or another key")
}

/// The operators.
pub static OPERATORS: &[&Operator] = &[
    &hash::OPERATOR,
    &replace::OPERATOR,
    &mask::OPERATOR,
    &redact::OPERATOR,
    &null::OPERATOR,
    &drop::OPERATOR,
    &keep::OPERATOR,
    &fpe::OPERATOR,
    &surrogate::OPERATOR,
    &generalize::OPERATOR,
    &date_shift::OPERATOR,
    &sha256::OPERATOR,
];

/// What an operator works on.
struct Subject<'a> {
    entity: &'a EntityType,
    keys: &'a EntityKeys,
    /// The value as it stands in the text.
    original: &'a [u8],
    canonical: &'a [u8],
    /// The policy's template for `replace`, with the entity type's name in it.
    template: &'a [u8],
    /// The operator with its parameters.
    spec: &'a OperatorSpec,
    /// The room that the value leaves.
    room: &'a Room<'a>,
    /// By how many days the dates of the record's subject are moved ([`Traits::shift`]).
    shift: i16,
}

/// An operator that the policy chose for an entity type.
struct Choice {
    spec: OperatorSpec,
    operator: &'static Operator,
    template: Vec<u8>,
}

impl Choice {
    fn new(spec: OperatorSpec, entity: &str) -> Result<Choice, Error> {
        let name = spec.name();
        let operator = OPERATORS.iter().copied().find(|operator| operator.name == name);
        let operator = operator.ok_or_else(|| Error::Usage(format!("there is no operator {name}")))?;
        let template = match &spec {
            OperatorSpec::Replace(template) => replace::render(template, entity),
            _ => Vec::new(),
        };
        Ok(Choice { spec, operator, template })
    }
}

/// What is ready for one entity type.
struct Prepared {
    /// By [`Traits::standing`].
    choices: Vec<Choice>,
    keys: EntityKeys,
    /// What is done instead, on the way back, where the entity type is not to be restored.
    left_alone: Option<Choice>,
}

impl Prepared {
    fn choice(&self, traits: Traits) -> Result<&Choice, DataError> {
        match &self.left_alone {
            Some(choice) => Ok(choice),
            None => self.of_policy(traits),
        }
    }

    fn of_policy(&self, traits: Traits) -> Result<&Choice, DataError> {
        self.choices.get(traits.standing()).ok_or_else(|| DataError::new("internal error: no operator was prepared"))
    }

    /// Whether values with `traits` are replaced for what stands beside them, and would be kept by themselves.
    fn is_kept_elsewhere(&self, traits: Traits) -> bool {
        matches!(traits.standing(), 2..) && self.choices.first().is_some_and(|choice| choice.spec == OperatorSpec::Keep)
    }
}

/// What becomes of one value.
struct Outcome {
    replacement: Replacement,
    /// The result can itself be found as a value of the entity type.
    same_shape: bool,
    carried_out: CarriedOut,
}

/// Carries a policy out on values. One per run; shared between threads.
pub struct Transformer {
    rules: Arc<RuleSet>,
    purpose: Purpose,
    key_id: Option<String>,
    prepared: Vec<Prepared>,
    /// Whether any operator asks whose a value is.
    asks_for_subjects: bool,
}

impl Transformer {
    /// Prepares keys and operators for every entity type of `rules`. To anonymize, it draws a key of its own, which
    /// lives in memory only and dies with it.
    ///
    /// # Errors
    /// When the purpose needs a key and `key` is missing, or it must not have one and there is one; or when the
    /// policy names an entity type that no rule has.
    pub fn new(
        rules: Arc<RuleSet>,
        policy: Arc<Policy>,
        purpose: Purpose,
        key: Option<MasterKey>,
    ) -> Result<Transformer, Error> {
        policy.check(&rules)?;
        let (key, key_id) = match (purpose, key) {
            (Purpose::Anonymize, None) => (MasterKey::generate()?, None),
            // What is to be shown or handed out is keyed, too: a number column takes no mask, and another operator fits.
            (_, None) => {
                return Err(Error::Key(format!(
                    "de-identification needs a key; make one with `tuomin key new FILE` and give it with \
                     --key-file, or set {ENVIRONMENT}"
                )));
            }
            (Purpose::Anonymize, Some(_)) => {
                return Err(Error::Key(
                    "anonymization takes no key: what a kept key can link is not anonymous; leave the key out or \
                     use deidentify"
                        .to_owned(),
                ));
            }
            (_, Some(key)) => {
                let id = key.id()?;
                (key, Some(id))
            }
        };
        let prepare = |entity: &EntityType| {
            let choice = |traits| Choice::new(policy.decide(&entity.name, traits, purpose).operator, &entity.name);
            let choices = Traits::standings(policy.combinations().len()).map(choice).collect::<Result<Vec<_>, _>>()?;
            let mut keys = key.entity_keys(&entity.name, NAMESPACE)?;
            if purpose == Purpose::Reidentify {
                keys.bijection.inverse = true;
                return Ok(Prepared { choices: reverse::choices(choices, entity), keys, left_alone: None });
            }
            Ok(Prepared { choices, keys, left_alone: None })
        };
        let prepared = rules.entities().iter().map(prepare).collect::<Result<Vec<_>, Error>>()?;
        let mut choices = prepared.iter().flat_map(|prepared| &prepared.choices);
        let asks_for_subjects = choices.any(|choice| matches!(choice.spec, OperatorSpec::DateShift(_)));
        Ok(Transformer { rules, purpose, key_id, prepared, asks_for_subjects })
    }

    /// The short public name of the key, to tell which key a file was rewritten with; none when anonymizing.
    pub fn key_id(&self) -> Option<&str> {
        self.key_id.as_deref()
    }

    /// What the run is for.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// What will be done with values of `entity` that fill a place of `kind` (of a JSON document: one of its strings,
    /// of an array: one of its elements), before any value is seen.
    ///
    /// # Errors
    /// When no operator that the policy allows fits the place.
    pub fn plan(&self, entity: EntityId, kind: &ColumnKind) -> Result<PlannedOperator, DataError> {
        let (entity, prepared) = self.prepared(entity)?;
        let kind = fit::innermost(kind);
        let choice = prepared.choice(Traits::default())?;
        let fit = fit::fit(choice, entity, self.purpose, &Room::whole(kind))?;
        Ok(PlannedOperator::new(&choice.spec, fit, kind))
    }

    /// Whether distinct values of `entity` stay distinct when that operator was carried out on them.
    pub fn keeps_apart(&self, entity: EntityId, carried_out: CarriedOut) -> bool {
        let is = |operator: &Operator| carried_out.done == operator.name;
        if is(&surrogate::OPERATOR) {
            let choices = || self.prepared(entity).into_iter().flat_map(|(_, prepared)| &prepared.choices);
            return self.prepared(entity).is_ok_and(|(entity, _)| {
                choices().all(|choice| match choice.spec {
                    OperatorSpec::Surrogate(parameters) => surrogate::is_bijection(entity, &parameters),
                    _ => true,
                })
            });
        }
        is(&hash::OPERATOR) || is(&sha256::OPERATOR) || is(&fpe::OPERATOR) || is(&keep::OPERATOR)
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
        let (entity, prepared) = self.prepared(entity)?;
        let canonical = entity.canonical.of(value);
        let room = if whole { Room::whole(kind) } else { Room::part(kind, None) };
        let choice = prepared.choice(traits)?;
        Ok(self.outcome((entity, prepared, choice), traits, value, &canonical, &room)?.replacement)
    }

    fn prepared(&self, id: EntityId) -> Result<(&EntityType, &Prepared), DataError> {
        let entity = self.rules.entity(id);
        entity.zip(self.prepared.get(usize::from(id.0))).ok_or_else(|| DataError::new("unknown entity type"))
    }

    fn outcome(
        &self,
        (entity, prepared, choice): (&EntityType, &Prepared, &Choice),
        traits: Traits,
        original: &[u8],
        canonical: &[u8],
        room: &Room<'_>,
    ) -> Result<Outcome, DataError> {
        let Choice { spec, template, .. } = choice;
        let (keys, shift) = (&prepared.keys, traits.shift);
        let fit = fit::fit(choice, entity, self.purpose, room)?;
        let spec = if fit == Fit::Coarse { &fit::COARSE_SPEC } else { spec };
        let subject = Subject { entity, keys, original, canonical, template, spec, room, shift };
        let operator = match fit {
            Fit::AsAsked => choice.operator,
            Fit::SameShape => &fpe::OPERATOR,
            Fit::Mask => &mask::OPERATOR,
            Fit::Coarse => &generalize::COARSE,
            Fit::Null => &null::OPERATOR,
            Fit::Empty | Fit::Redact => &redact::OPERATOR,
        };
        let replacement = (operator.apply)(&subject)?;
        if let Replacement::Value(value) = &replacement {
            room.admit(value, &entity.name)?;
            let stays = || value == original || operator.same_shape && entity.canonical.of(value) == canonical;
            if !operator.may_leave(spec, entity) && stays() {
                return Err(unchanged(entity));
            }
        }
        let same_shape = operator.same_shape;
        // The empty string is how a part of a text becomes NULL, not another operator.
        let done = if fit == Fit::Empty { choice.operator.name } else { operator.name };
        Ok(Outcome { replacement, same_shape, carried_out: CarriedOut { asked: choice.operator.name, done } })
    }
}

#[cfg(test)]
mod tests;
