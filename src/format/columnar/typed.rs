//! Days, moments and numbers with decimals of columnar formats: what their columns can take, and new values for them.
//!
//! A value is never rounded to fit: what does not fit is refused.

use std::sync::Arc;

use arrow::array::{ArrayRef, PrimitiveArray};
use arrow::datatypes::{
    ArrowPrimitiveType, TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
    TimestampSecondType,
};

use super::number::too_large;
use crate::block::ColumnKind;
use crate::error::DataError;
use crate::scalar;

/// A floating point type, by the digits of the whole numbers that it always holds exactly.
pub(in crate::format) struct Floating(u32);

/// 64 bits.
pub(in crate::format) const DOUBLE: Floating = Floating(15);
/// 32 bits.
pub(in crate::format) const FLOAT: Floating = Floating(7);

impl Floating {
    /// What a column of it can hold.
    pub(in crate::format) fn with(&self, nullable: bool) -> ColumnKind {
        ColumnKind::Fraction { digits: self.0, decimals: None, nullable }
    }
}

/// What a column of decimals with so many digits, `scale` of them behind the point, can hold.
pub(in crate::format) fn decimal(precision: u32, scale: u32, nullable: bool) -> ColumnKind {
    match scale {
        0 => ColumnKind::Number { digits: precision, nullable },
        _ => ColumnKind::Fraction { digits: precision.saturating_sub(scale), decimals: Some(scale), nullable },
    }
}

fn none_of(what: &str) -> DataError {
    DataError::new(format!("the new value is not {what}, but the column holds nothing else"))
        .advise("choose generalize, mask or null for what stands in this column")
}

/// The days since 1970-01-01 that `value` spells.
///
/// # Errors
/// When it spells no day.
pub(in crate::format) fn day(value: &[u8]) -> Result<i64, DataError> {
    scalar::days(value).ok_or_else(|| none_of("a date"))
}

/// The units since 1970-01-01 that `value` spells, of which a second has `per_second`.
///
/// # Errors
/// When it spells no moment, or a more exact one.
pub(in crate::format) fn moment(value: &[u8], per_second: i64) -> Result<i64, DataError> {
    scalar::moment(value, per_second).ok_or_else(|| none_of("a date and a time of day"))
}

/// The double that `value` spells.
///
/// # Errors
/// When it spells no number, or a whole one beyond what is exact.
pub(in crate::format) fn double(value: &[u8]) -> Result<f64, DataError> {
    scalar::decimal_digits(value).ok_or_else(|| none_of("a number"))?;
    scalar::double(value).ok_or_else(too_large)
}

/// The float that `value` spells.
///
/// # Errors
/// As [`double`].
pub(in crate::format) fn float(value: &[u8]) -> Result<f32, DataError> {
    scalar::decimal_digits(value).ok_or_else(|| none_of("a number"))?;
    scalar::float(value).ok_or_else(too_large)
}

/// The number that `value` spells, times ten to the power of `scale`.
///
/// # Errors
/// When it spells none, or one with more decimals.
pub(in crate::format) fn unscaled(value: &[u8], scale: u32) -> Result<i128, DataError> {
    scalar::decimal_digits(value).ok_or_else(|| none_of("a number"))?;
    scalar::unscaled(value, scale).ok_or_else(too_large)
}

/// Moments as an array.
pub(in crate::format) fn moments(values: impl Iterator<Item = Option<i64>>, per_second: i64) -> ArrayRef {
    fn array<T: ArrowPrimitiveType<Native = i64>>(values: impl Iterator<Item = Option<i64>>) -> ArrayRef {
        Arc::new(values.collect::<PrimitiveArray<T>>())
    }
    match per_second {
        1 => array::<TimestampSecondType>(values),
        1_000 => array::<TimestampMillisecondType>(values),
        1_000_000 => array::<TimestampMicrosecondType>(values),
        _ => array::<TimestampNanosecondType>(values),
    }
}
