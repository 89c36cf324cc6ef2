//! The way back: what `fpe` wrote, and surrogates that are a bijection, become the originals again under the same key.
//!
//! Everything else is refused by name: a token, a mask or a drawn name leads nowhere, and a value that stays as it is
//! must not look as if it had been restored.

use std::fmt::Write as _;

use super::{Choice, Operator, Replacement, Subject, Transformer};
use crate::error::{DataError, Error};
use crate::finding::Traits;
use crate::policy::OperatorSpec;
use crate::policy::parameters::Form;
use crate::rule::EntityType;

/// In the place of an operator that cannot be undone. Not for policies.
static IRREVERSIBLE: Operator = Operator { name: "irreversible", about: "refuses", same_shape: false, apply: refuse };

fn refuse(subject: &Subject<'_>) -> Result<Replacement, DataError> {
    let (name, operator) = (&subject.entity.name, subject.spec.name());
    Err(DataError::new(format!("{name} cannot be restored: what {operator} wrote leads nowhere"))
        .advise("name with --only the entity types to restore; the others are left as they are"))
}

/// Whether the key leads back from what an operator wrote.
fn leads_back(spec: &OperatorSpec, entity: &EntityType) -> bool {
    match spec {
        OperatorSpec::Fpe => entity.shape.is_some(),
        OperatorSpec::Surrogate(parameters) => Form::of(entity).is_some_and(|form| form.is_bijection(parameters)),
        OperatorSpec::DateShift(parameters) => entity.is_date && !parameters.subject.is_empty(),
        _ => false,
    }
}

/// The operators for the way back.
pub(super) fn choices(choices: Vec<Choice>, entity: &EntityType) -> Vec<Choice> {
    let reverse = |choice: Choice| {
        if choice.spec == OperatorSpec::Keep || leads_back(&choice.spec, entity) {
            return choice;
        }
        Choice { operator: &IRREVERSIBLE, ..choice }
    };
    choices.into_iter().map(reverse).collect()
}

impl Transformer {
    /// For the way back: leaves all but the entity types called `names` as they are; all when there are none.
    ///
    /// # Errors
    /// When a name is unknown, or the policy's operator for it leads nowhere; or when none leads back.
    pub fn only(mut self, names: &[String]) -> Result<Transformer, Error> {
        let mut back = String::new();
        for (entity, prepared) in self.rules.entities().iter().zip(&self.prepared) {
            let leads = prepared.choice(Traits::default()).is_ok_and(|choice| leads_back(&choice.spec, entity));
            if leads {
                let _ = write!(back, "{}{}", if back.is_empty() { "" } else { ", " }, entity.name);
            } else if names.contains(&entity.name) {
                let operator = prepared.choices.first().map_or("keep", |choice| choice.spec.name());
                return Err(Error::Usage(format!(
                    "{} cannot be restored: the policy's operator for it is {operator}, which leads nowhere",
                    entity.name
                )));
            }
        }
        if let Some(name) = names.iter().find(|name| self.rules.entity_named(name).is_none()) {
            return Err(Error::Usage(format!("--only {name}: there is no such entity type; see `tuomin rules list`")));
        }
        if back.is_empty() {
            return Err(Error::Usage(
                "nothing that this policy writes can be restored: only fpe, date_shift and surrogates of numbers \
                 and e-mail addresses lead back; give the policy of the run with --policy"
                    .to_owned(),
            ));
        }
        for (entity, prepared) in self.rules.entities().iter().zip(&mut self.prepared) {
            if !names.is_empty() && !names.contains(&entity.name) {
                prepared.left_alone = Some(Choice::new(OperatorSpec::Keep, &entity.name)?);
            }
        }
        Ok(self)
    }
}
