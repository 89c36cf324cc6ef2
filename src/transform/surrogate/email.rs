//! E-mail addresses: what stands before the `@` is permuted, letters among letters and digits among digits, under the
//! domain; the domain stays. Marked ones have a domain that RFC 2606 and RFC 6761 keep from ever being one.

use super::super::fpe;
use super::super::key::Bijection;
use super::draw::Draw;
use crate::error::DataError;

const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz";

/// What stands before and behind the last `@`.
fn split(canonical: &[u8]) -> Result<(&str, &str), DataError> {
    let text = std::str::from_utf8(canonical).ok();
    let parts = text.and_then(|text| text.rsplit_once('@'));
    parts.ok_or_else(|| fpe::misshapen(canonical, "an e-mail address"))
}

/// The realistic surrogate.
pub(super) fn permuted(cipher: &Bijection, canonical: &[u8]) -> Result<Vec<u8>, DataError> {
    let (local, domain) = split(canonical)?;
    let expected = || fpe::misshapen(canonical, "an e-mail address of ASCII letters and digits");
    if !local.is_ascii() {
        return Err(expected());
    }
    let tweak = ["email ", domain].concat();
    let word = fpe::permute_characters(cipher, tweak.as_bytes(), local.as_bytes(), LETTERS)?;
    Ok([&word.ok_or_else(expected)?, b"@".as_slice(), domain.as_bytes()].concat())
}

/// The marked surrogate, as long as the address where its domain has 6 characters or more.
pub(super) fn marked(canonical: &[u8], draw: &mut Draw) -> Result<Vec<u8>, DataError> {
    let (local, domain) = split(canonical)?;
    let mut out: String = local.chars().map(|character| draw.alike(character)).collect();
    let length = domain.chars().count();
    let top = if length > ".invalid".len() { ".invalid" } else { ".test" };
    out.push('@');
    let label = length.saturating_sub(top.len()).clamp(1, 63);
    out.extend((0..label).map(|_| draw.letter()));
    out.push_str(top);
    Ok(out.into_bytes())
}
