//! `replace`: a fixed text from the policy's template, the same for every value of an entity type.

use super::{Operator, Replacement, Subject};
use crate::error::DataError;

pub(super) static OPERATOR: Operator = Operator {
    name: "replace",
    about: "text from a template; {entity} is the entity type's name",
    same_shape: false,
    apply,
};

fn apply(subject: &Subject<'_>) -> Result<Replacement, DataError> {
    Ok(Replacement::Value(subject.template.to_vec()))
}

/// The template with the entity type's name in it.
pub(crate) fn render(template: &str, entity: &str) -> Vec<u8> {
    template.replace("{entity}", entity).into_bytes()
}
