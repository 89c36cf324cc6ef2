//! `sha256`: the bare digest of the canonical value, as systems outside compute it, in 64 hexadecimal digits.
//!
//! Without a key, so anybody reverses it by trying all values. Only where the policy says that this is accepted, and
//! why; reports call what it writes reversible.

use sha2::{Digest, Sha256};

use super::{Operator, Replacement, Subject};
use crate::error::DataError;

/// Characters of a digest.
pub(super) const LENGTH: usize = 64;

pub(super) static OPERATOR: Operator = Operator {
    name: "sha256",
    about: "digest without a key: reversible by trying all values",
    same_shape: false,
    apply,
};

fn apply(subject: &Subject<'_>) -> Result<Replacement, DataError> {
    let digest = Sha256::digest(subject.canonical);
    Ok(Replacement::Value(data_encoding::HEXLOWER.encode(&digest).into_bytes()))
}
