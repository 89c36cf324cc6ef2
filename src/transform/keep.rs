//! `keep`: the value stays, byte for byte.

use super::{Operator, Replacement, Subject};
use crate::error::DataError;

pub(super) static OPERATOR: Operator = Operator { name: "keep", about: "unchanged", same_shape: false, apply };

fn apply(_subject: &Subject<'_>) -> Result<Replacement, DataError> {
    Ok(Replacement::Keep)
}
