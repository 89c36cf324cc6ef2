//! Unified social credit codes (GB 32100): department, class and area stay, the eight characters of the organization
//! are permuted, digits among digits and letters among letters; both check characters hold or fail as they did.

use super::super::fpe;
use super::super::key::Bijection;
use super::draw::Draw;
use crate::error::DataError;

/// The characters of a code by their value: no I, O, S, V, Z.
const CHARACTERS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// Check characters of GB 11714 by their value.
const ORGANIZATION_CHECKS: &[u8; 11] = b"0123456789X";
/// Weights of GB 11714.
const WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

fn letters() -> &'static [u8] {
    CHARACTERS.get(10..).unwrap_or_default()
}

fn value(byte: u8) -> u32 {
    CHARACTERS.iter().position(|known| *known == byte).map_or(0, |at| at as u32)
}

/// The value of the check character of an organization's eight characters. Letters count from A = 10, with no gaps.
fn organization_check(body: &[u8]) -> u32 {
    let value = |byte: &u8| char::from(*byte).to_digit(36).unwrap_or(0);
    let sum: u32 = body.iter().zip(WEIGHTS).map(|(byte, weight)| value(byte) * weight).sum();
    (11 - sum % 11) % 11
}

/// The value of the check character of 17 characters.
fn check(body: &[u8]) -> u32 {
    let weights = std::iter::successors(Some(1), |weight| Some(weight * 3 % 31));
    let sum: u32 = body.iter().zip(weights).map(|(byte, weight)| value(*byte) * weight).sum();
    (31 - sum % 31) % 31
}

/// `new` checked as `old` is: when the check character is as far from the right one, a wrong one stays wrong.
fn checked(checks: &[u8], (old, right): (u8, u32), now: u32) -> u8 {
    let count = checks.len() as u32;
    let Some(held) = checks.iter().position(|known| *known == old) else { return old };
    let offset = held as u32 + count - right % count;
    checks.get(((now + offset) % count) as usize).copied().unwrap_or(old)
}

fn expected(canonical: &[u8]) -> DataError {
    fpe::misshapen(canonical, "a credit code of 18 characters")
}

/// Head, organization, its check character, and that of the code.
fn parts(canonical: &[u8]) -> Option<(&[u8], &[u8], u8, u8)> {
    let (head, rest) = canonical.split_at_checked(8)?;
    let (organization, checks) = rest.split_at_checked(8)?;
    let all_known = canonical.iter().all(|byte| CHARACTERS.contains(byte));
    match checks {
        [organization_check, check] if all_known => Some((head, organization, *organization_check, *check)),
        _ => None,
    }
}

/// The realistic surrogate.
pub(super) fn permuted(cipher: &Bijection, canonical: &[u8]) -> Result<Vec<u8>, DataError> {
    let expected = || expected(canonical);
    let (head, organization, own, last) = parts(canonical).ok_or_else(expected)?;
    let new = fpe::permute_characters(cipher, &[b"credit code ", head].concat(), organization, letters())?;
    let new = new.ok_or_else(expected)?;
    let mut out = [head, &new].concat();
    out.push(checked(ORGANIZATION_CHECKS, (own, organization_check(organization)), organization_check(&new)));
    let right = check(canonical.get(..17).unwrap_or_default());
    let now = check(&out);
    out.push(checked(CHARACTERS, (last, right), now));
    Ok(out)
}

/// The marked surrogate: area 99xxxx, which GB/T 2260 has not.
pub(super) fn marked(canonical: &[u8], draw: &mut Draw) -> Result<Vec<u8>, DataError> {
    let (head, organization, ..) = parts(canonical).ok_or_else(|| expected(canonical))?;
    let mut out = head.get(..2).unwrap_or_default().to_vec();
    out.extend_from_slice(format!("99{}", draw.digits(4)).as_bytes());
    let mut new = Vec::with_capacity(8);
    for byte in organization {
        let alphabet = if byte.is_ascii_digit() { CHARACTERS.get(..10) } else { Some(letters()) };
        new.push(alphabet.and_then(|alphabet| draw.one_of(alphabet)).copied().unwrap_or(b'0'));
    }
    out.extend_from_slice(&new);
    out.extend(ORGANIZATION_CHECKS.get(organization_check(&new) as usize));
    let check = check(&out);
    out.extend(CHARACTERS.get(check as usize));
    Ok(out)
}
