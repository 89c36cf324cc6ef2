//! What a column of a columnar format can take: numbers of so many digits or bytes, text, JSON.
//!
//! It must never cut a value to fit: what does not fit is refused.

use crate::error::DataError;

/// Decimal digits that always fit into `length` bytes of two's complement.
pub(in crate::format) fn digits_in(length: usize) -> u32 {
    let bits = u32::try_from(length).unwrap_or(u32::MAX).saturating_mul(8).saturating_sub(1);
    (f64::from(bits) * std::f64::consts::LOG10_2) as u32
}

/// Whether a column of text can take `value`: it is UTF-8 where the column is `declared` as text, and JSON where it is
/// declared as that.
///
/// # Errors
/// When it is not; the message does not hold it.
pub(in crate::format) fn check_text(value: &[u8], declared: bool, json: bool) -> Result<(), DataError> {
    if declared && std::str::from_utf8(value).is_err() {
        return Err(DataError::new("the new value is not UTF-8, but the column holds text"));
    }
    if json && serde_json::from_slice::<serde::de::IgnoredAny>(value).is_err() {
        return Err(DataError::new("the new value is not JSON, but the column's type is JSON")
            .advise("choose an operator that keeps the value's shape for what stands in this column"));
    }
    Ok(())
}

/// The whole number that `value` spells.
///
/// # Errors
/// When it spells none.
pub(in crate::format) fn parse(value: &[u8]) -> Result<i128, DataError> {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    let text = std::str::from_utf8(value).ok().filter(|_| digits.first().is_some_and(u8::is_ascii_digit));
    text.and_then(|text| text.parse().ok()).ok_or_else(|| {
        DataError::new("the new value is not a whole number, but the column holds numbers")
            .advise("choose an operator that keeps the value's shape for what stands in this column")
    })
}

/// `number`, when it has no more digits than `precision`.
///
/// # Errors
/// When it has more.
pub(in crate::format) fn within(number: i128, precision: Option<u32>) -> Result<i128, DataError> {
    let limit = precision.and_then(|precision| 10u128.checked_pow(precision));
    if limit.is_some_and(|limit| number.unsigned_abs() >= limit) { Err(too_large()) } else { Ok(number) }
}

/// The refusal of a new value that is beyond what a column holds.
pub(in crate::format) fn too_large() -> DataError {
    DataError::new("the new value does not fit the column's numeric type")
        .advise("choose an operator that keeps the value's shape for what stands in this column")
}

/// Two's complement in `length` bytes, or in as few as it takes.
pub(in crate::format) fn big_endian(number: i128, length: Option<usize>) -> Option<Vec<u8>> {
    let full = number.to_be_bytes();
    let fill = if number < 0 { 0xff } else { 0 };
    let redundant = full.windows(2).take_while(|pair| redundant_sign(pair, fill)).count();
    let (_, shortest) = full.split_at_checked(redundant)?;
    let length = length.unwrap_or(shortest.len());
    let padding = length.checked_sub(shortest.len())?;
    let mut bytes = vec![fill; padding];
    bytes.extend_from_slice(shortest);
    Some(bytes)
}

/// The first byte of `pair` only repeats the sign of the second.
fn redundant_sign(pair: &[u8], fill: u8) -> bool {
    matches!(pair, [first, second] if *first == fill && (second & 0x80) == (fill & 0x80))
}

/// The number that `bytes` hold in two's complement; `None` when it is beyond 128 bits (39 digits and more).
pub(in crate::format) fn from_big_endian(bytes: &[u8]) -> Option<i128> {
    let fill = if bytes.first().is_some_and(|byte| byte & 0x80 != 0) { 0xff } else { 0 };
    let mut full = [fill; 16];
    match full.len().checked_sub(bytes.len()) {
        Some(padding) => full.get_mut(padding..)?.copy_from_slice(bytes),
        None => {
            let (extra, low) = bytes.split_at_checked(bytes.len() - full.len())?;
            if extra.iter().any(|&byte| byte != fill) || low.first().is_none_or(|byte| (byte ^ fill) & 0x80 != 0) {
                return None;
            }
            full.copy_from_slice(low);
        }
    }
    Some(i128::from_be_bytes(full))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn digits_that_fit_fixed_lengths() {
        assert_eq!([1, 4, 8, 9, 16].map(digits_in), [2, 9, 18, 21, 38]);
    }

    proptest! {
        #[test]
        fn decimals_come_back(number in any::<i128>(), length in proptest::option::of(16usize..20)) {
            let bytes = big_endian(number, length).unwrap();
            prop_assert_eq!(from_big_endian(&bytes), Some(number));
        }

        #[test]
        fn short_decimals_come_back(number in any::<i32>()) {
            let bytes = big_endian(number.into(), None).unwrap();
            prop_assert!(bytes.len() <= 4);
            prop_assert_eq!(from_big_endian(&bytes), Some(number.into()));
        }

        #[test]
        fn any_bytes_are_some_decimal_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            if let Some(number) = from_big_endian(&bytes) {
                prop_assert_eq!(big_endian(number, Some(bytes.len().max(16))).is_some(), true);
            } else {
                prop_assert!(bytes.len() > 16);
            }
        }
    }
}
