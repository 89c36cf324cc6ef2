//! `redact`: the empty string, which is not NULL.

use super::{Operator, Replacement, Subject};
use crate::error::DataError;

pub(super) static OPERATOR: Operator = Operator { name: "redact", about: "the empty string", same_shape: false, apply };

fn apply(_subject: &Subject<'_>) -> Result<Replacement, DataError> {
    Ok(Replacement::Value(Vec::new()))
}
