//! `null`: NULL in the place of a whole value.

use super::{Operator, Replacement, Subject};
use crate::error::DataError;

pub(super) static OPERATOR: Operator = Operator { name: "null", about: "NULL", same_shape: false, apply };

fn apply(_subject: &Subject<'_>) -> Result<Replacement, DataError> {
    Ok(Replacement::Null)
}
