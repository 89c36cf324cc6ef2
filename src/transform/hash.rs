//! `hash`: a keyed token, HMAC-SHA-256 of the canonical value under the key of its entity type.
//!
//! Never without a key and never cut: an unkeyed or shortened digest of a phone number is reversed in minutes.

use hmac::Mac;

use super::key::token_text;
use super::{Operator, Replacement, Subject};
use crate::error::DataError;

/// Characters of a token: 100 bits of base32.
pub(crate) const TOKEN_LENGTH: usize = 20;

pub(super) static OPERATOR: Operator =
    Operator { name: "hash", about: "keyed token of 20 base32 characters (HMAC-SHA-256)", same_shape: false, apply };

fn apply(subject: &Subject<'_>) -> Result<Replacement, DataError> {
    let digest = subject.keys.token.clone().chain_update(subject.canonical).finalize();
    Ok(Replacement::Value(token_text(digest.as_bytes(), TOKEN_LENGTH).into_bytes()))
}
