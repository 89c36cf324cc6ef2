//! `fpe`: a keyed bijection that keeps the shape of a value (FF1 of NIST SP 800-38G with cycle walking), for places
//! that cannot hold a token.
//!
//! Each shape sorts its values into classes (valid prefix or not, check digit or `X`) and walks the cycle until the
//! class is that of the input. So distinct values always have distinct results, a valid value a valid result, and the
//! result depends on the canonical value alone: a text column and a number column agree. Among up to 10^9 numbers no value
//! is its own result.
//!
//! Numbers of four and five digits, as tables count customers and staff with, have rings of their own instead ([`rings`]).
//!
//! Must never map two values to one, and never give FF1 fewer than 10^6 values.

mod characters;
pub(super) mod mac_address;
mod numerals;
pub(super) mod resident_id;
mod rings;

use std::sync::LazyLock;

use self::numerals::Numerals;
use super::key::Bijection;
use super::{Operator, Replacement, Subject};
use crate::error::DataError;
use crate::rule::{Shape, embedded};

/// FF1 is not safe on fewer digits: 10^6 values are its minimum.
pub(super) const FEWEST_DIGITS: usize = 6;
/// Longest run of digits that the arithmetic holds.
const MOST_DIGITS: usize = 36;
/// Far more steps than any class needs (the rarest takes about 50 on average); a guard, never reached.
const MOST_STEPS: u32 = 100_000;
/// Among numbers of so many digits a run meets values that the bijection leaves as they are (one of each class on
/// average), so there they are led apart, at the price of a second walk. Among more digits such a value is an error.
const MOST_DIGITS_APART: usize = 10;

pub(super) use self::characters::permute as permute_characters;
pub(super) use self::rings::Rings;

pub(super) static OPERATOR: Operator = Operator {
    name: "fpe",
    about: "same-shape value by a keyed bijection (FF1), check digit recomputed",
    same_shape: true,
    apply,
};

fn apply(subject: &Subject<'_>) -> Result<Replacement, DataError> {
    // In a number column, any number of enough digits keeps its shape.
    let of_place = subject.room.is_number().then_some(Shape::Digits);
    let Some(shape) = subject.entity.shape.or(of_place) else {
        return Err(DataError::new(format!("{} has no same-shape form", subject.entity.name))
            .advise("use hash, mask or null for it in the policy"));
    };
    let value = permute(shape, &subject.keys.bijection, subject.canonical)?;
    Ok(Replacement::Value(if shape == Shape::Mac { mac_address::spelled_as(subject.original, value) } else { value }))
}

/// The same-shape value of `canonical`.
pub(super) fn permute(shape: Shape, cipher: &Bijection, canonical: &[u8]) -> Result<Vec<u8>, DataError> {
    match shape {
        Shape::CnMobile => cn_mobile(cipher, canonical),
        Shape::CnResidentId => resident_id::permute(cipher, canonical),
        Shape::Card => card(cipher, canonical),
        Shape::Imei => imei(cipher, canonical),
        Shape::Digits => digits(cipher, canonical),
        Shape::Mac => mac_address::permute(cipher, canonical),
    }
}

/// The error for a value that is not of its entity type's shape. Names lengths only.
pub(super) fn misshapen(canonical: &[u8], expected: &str) -> DataError {
    DataError::new(format!("a value of {} characters has no same-shape form: {expected} expected", canonical.len()))
        .advise("use hash, mask or null for this entity type in the policy, or widen the place")
}

/// The image of `value` (of `count` digits, itself in the class) among the members of the class; another one than
/// `value` itself where `count` is small. The class is one that holds an even number and the odd one behind it, or none
/// of both; the few that it does not may stay as they are.
pub(super) fn walk(
    cipher: &Bijection,
    tweak: &[u8],
    value: u128,
    count: usize,
    in_class: impl Fn(u128) -> bool,
) -> Result<u128, DataError> {
    walk_apart(cipher, tweak, value, count, 2, in_class)
}

/// The same for a class with gaps, of which neighbours among each `block` numbers make pairs.
///
/// Where the bijection leaves one of a pair as it is, the two trade their images. Then none of both has itself as its
/// image, and the whole is a bijection still.
pub(super) fn walk_apart(
    cipher: &Bijection,
    tweak: &[u8],
    value: u128,
    count: usize,
    block: u128,
    in_class: impl Fn(u128) -> bool,
) -> Result<u128, DataError> {
    let image = next_of_class(cipher, tweak, value, count, &in_class)?;
    if count > MOST_DIGITS_APART {
        return Ok(image);
    }
    // On the way back the image is who was there: its pair is looked at, and is the answer where the two traded.
    let asked = if cipher.inverse { image } else { value };
    let Some(other) = partner(asked, block, &in_class) else { return Ok(image) };
    let image_of_other = next_of_class(cipher, tweak, other, count, &in_class)?;
    let traded = image == value || image_of_other == other;
    Ok(match (traded, cipher.inverse) {
        (false, _) => image,
        (true, false) => image_of_other,
        (true, true) => other,
    })
}

/// The other one of the pair that `value` belongs to: members of the class in order, two by two, within one block.
fn partner(value: u128, block: u128, in_class: &impl Fn(u128) -> bool) -> Option<u128> {
    let first = value - value % block;
    let mut members = (first..first + block).filter(|member| in_class(*member));
    while let (Some(one), Some(next)) = (members.next(), members.next()) {
        match value {
            _ if value == one => return Some(next),
            _ if value == next => return Some(one),
            _ => {}
        }
    }
    None
}

/// Steps from `value` along the bijection's cycle to the next member of the class.
fn next_of_class(
    cipher: &Bijection,
    tweak: &[u8],
    value: u128,
    count: usize,
    in_class: &impl Fn(u128) -> bool,
) -> Result<u128, DataError> {
    let mut numerals = Numerals { value, count };
    for _ in 0..MOST_STEPS {
        numerals = cipher
            .step(tweak, &numerals)
            .map_err(|error| DataError::new(format!("the same-shape bijection refused the value: {error}")))?;
        if in_class(numerals.value) {
            return Ok(numerals.value);
        }
    }
    Err(DataError::new("the same-shape bijection found no value of the same class"))
}

/// The number that ASCII digits write, or nothing when there are other bytes or too many of them.
pub(super) fn number(digits: &[u8]) -> Option<u128> {
    if digits.len() > MOST_DIGITS {
        return None;
    }
    digits.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + u128::from(byte - b'0')))
}

/// `value` in `count` digits.
pub(super) fn written(value: u128, count: usize) -> Vec<u8> {
    format!("{value:0count$}").into_bytes()
}

/// For each five-digit start of an 11-digit number: is it an allocated mobile prefix?
static MOBILE_PREFIXES: LazyLock<Vec<bool>> = LazyLock::new(|| {
    let mut allocated = vec![false; 100_000];
    for mut row in embedded::rows("cn_mobile_prefixes.tsv") {
        let (Some(prefix), Some("11")) = (row.next(), row.next()) else { continue };
        let (Ok(first), Ok(missing)) = (prefix.parse::<usize>(), u32::try_from(5_usize.saturating_sub(prefix.len())))
        else {
            continue;
        };
        let scale = 10_usize.pow(missing);
        allocated.iter_mut().skip(first * scale).take(scale).for_each(|slot| *slot = true);
    }
    allocated
});

/// 11 digits, the first one 1; an allocated prefix gives an allocated prefix.
fn cn_mobile(cipher: &Bijection, canonical: &[u8]) -> Result<Vec<u8>, DataError> {
    if canonical.len() != 11 {
        return digits(cipher, canonical);
    }
    let value =
        canonical.strip_prefix(b"1").and_then(number).ok_or_else(|| misshapen(canonical, "11 digits from 1"))?;
    let allocated = |value: u128| {
        let start = usize::try_from(value / 1_000_000).unwrap_or(usize::MAX).saturating_add(10_000);
        MOBILE_PREFIXES.get(start).copied().unwrap_or(false)
    };
    let class = allocated(value);
    let result = walk(cipher, b"mobile", value, 10, |value| allocated(value) == class)?;
    Ok(written(10_000_000_000 + result, 11))
}

/// The Luhn check digit of `body`.
pub(super) fn luhn(body: impl DoubleEndedIterator<Item = u8>) -> u8 {
    let sum: u32 = body
        .rev()
        .enumerate()
        .map(|(index, byte)| {
            let digit = u32::from(byte.saturating_sub(b'0'));
            if index % 2 == 1 { digit } else { digit * 2 / 10 + digit * 2 % 10 }
        })
        .sum();
    ((10 - sum % 10) % 10) as u8
}

/// Keeps `head`, permutes `middle`, and writes a check digit that fails or holds exactly as `check` did.
pub(super) fn with_luhn(cipher: &Bijection, head: &[u8], middle: &[u8], check: u8) -> Result<Vec<u8>, DataError> {
    let expected = || misshapen(middle, "digits");
    let value = number(middle).ok_or_else(expected)?;
    if middle.len() < FEWEST_DIGITS || number(head).is_none() || !check.is_ascii_digit() {
        return Err(expected());
    }
    let offset = (check - b'0') + 10 - luhn(head.iter().chain(middle).copied());
    let result = walk(cipher, head, value, middle.len(), |_| true)?;
    let mut out = head.to_vec();
    out.extend(written(result, middle.len()));
    let check = (luhn(out.iter().copied()) + offset) % 10;
    out.push(b'0' + check);
    Ok(out)
}

/// 13 to 19 digits: issuer (first six) kept, Luhn digit recomputed.
fn card(cipher: &Bijection, canonical: &[u8]) -> Result<Vec<u8>, DataError> {
    card_behind(cipher, canonical, 6)
}

/// A card number of which the first `kept` digits stay.
pub(super) fn card_behind(cipher: &Bijection, canonical: &[u8], kept: usize) -> Result<Vec<u8>, DataError> {
    let expected = || misshapen(canonical, "a card number of 13 to 19 digits");
    if !(13..=19).contains(&canonical.len()) {
        return Err(expected());
    }
    let (head, rest) = canonical.split_at_checked(kept).ok_or_else(expected)?;
    let (check, middle) = rest.split_last().ok_or_else(expected)?;
    with_luhn(cipher, head, middle, *check)
}

/// 15 digits (also 14 without check digit, 16 with a software version): type allocation code kept.
fn imei(cipher: &Bijection, canonical: &[u8]) -> Result<Vec<u8>, DataError> {
    let expected = || misshapen(canonical, "an IMEI of 14 to 16 digits");
    let (head, rest) = canonical.split_at_checked(8).ok_or_else(expected)?;
    let (serial, tail) = rest.split_at_checked(6).ok_or_else(expected)?;
    if let [check] = tail {
        return with_luhn(cipher, head, serial, *check);
    }
    let value = number(serial).ok_or_else(expected)?;
    if tail.len() > 2 || number(head).is_none() || number(tail).is_none() {
        return Err(expected());
    }
    let mut out = head.to_vec();
    out.extend(written(walk(cipher, head, value, serial.len(), |_| true)?, serial.len()));
    out.extend_from_slice(tail);
    Ok(out)
}

/// As many digits; the first is 0 exactly when it was; 19 digits that fit a 64-bit integer still do.
fn digits(cipher: &Bijection, canonical: &[u8]) -> Result<Vec<u8>, DataError> {
    let count = canonical.len();
    let expected = || misshapen(canonical, "4 to 36 digits (fewer could be guessed)");
    let value = number(canonical).ok_or_else(expected)?;
    if rings::LENGTHS.contains(&count) {
        return Ok(written(rings::permute(cipher, value, count)?, count));
    }
    if count < FEWEST_DIGITS {
        return Err(expected());
    }
    let class = |value: u128| {
        let leading = value < 10_u128.pow(u32::try_from(count).unwrap_or(0).saturating_sub(1));
        (leading, count == 19 && value > i64::MAX as u128)
    };
    let wanted = class(value);
    let result = walk(cipher, b"digits", value, count, |value| class(value) == wanted)?;
    Ok(written(result, count))
}

#[cfg(test)]
mod tests;
