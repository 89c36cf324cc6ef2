//! Which leaf columns of a Parquet schema are examined, as what, and how a new value is encoded into one.
//!
//! It must never guess: a type that could hold an identifier but cannot be rewritten is still examined
//! ([`ColumnKind::Fixed`]), so that what is found there refuses the rewrite instead of passing through.

use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as PhysicalType};
use parquet::schema::types::{ColumnDescriptor, SchemaDescriptor};

use crate::block::{ColumnContext, ColumnKind, TableContext};
use crate::error::DataError;
use crate::format::columnar::number::{big_endian, check_text, digits_in, parse, too_large, within};
use crate::format::columnar::typed;
use crate::scalar::Typed;

/// How the values of a leaf column are handed to detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Bytes, as text.
    Bytes {
        /// The schema says that they are text.
        declared: bool,
        /// The text is JSON and must stay so.
        json: bool,
        /// A new value may be written.
        rewritable: bool,
    },
    /// Bytes of one fixed length, as text; never rewritten.
    FixedBytes,
    /// A whole number in an INT32 or INT64.
    Integer {
        /// It has no sign.
        unsigned: bool,
        /// Most decimal digits, for a DECIMAL.
        precision: Option<u32>,
    },
    /// A DECIMAL of which some digits are behind the point, in an INT32 or INT64.
    Scaled {
        /// Most decimal digits.
        precision: u32,
        /// Those behind the point.
        scale: u32,
    },
    /// A DECIMAL as big-endian bytes.
    Decimal {
        /// Most decimal digits.
        precision: u32,
        /// Those behind the point.
        scale: u32,
        /// The length of its bytes, where that is fixed.
        length: Option<usize>,
    },
    /// A DOUBLE: tools that know no missing integer turn a column of numbers with gaps into one of these.
    Double,
    /// A FLOAT.
    Float,
    /// Days since 1970-01-01 in an INT32.
    Day,
    /// Units since 1970-01-01 in an INT64, of which a second has so many.
    Moment {
        /// 1,000, 1,000,000 or 1,000,000,000.
        per_second: i64,
    },
    /// A moment of twelve bytes, as old writers made them; never rewritten.
    OldMoment,
    /// It cannot hold what is looked for: it is decoded to see that it is whole, and copied.
    Other,
}

/// One leaf column of the schema.
#[derive(Debug, Clone)]
pub(super) struct LeafSchema {
    /// Its index among the leaves.
    pub(super) index: usize,
    /// Dotted path.
    pub(super) name: String,
    pub(super) shape: Shape,
    /// The leaf itself, not only what it stands in, may be NULL.
    pub(super) nullable: bool,
}

impl LeafSchema {
    fn new(index: usize, leaf: &ColumnDescriptor) -> Self {
        LeafSchema { index, name: leaf.path().string(), shape: shape(leaf), nullable: leaf.self_type().is_optional() }
    }

    /// Whether its values are days and moments, or numbers that may have decimals.
    pub(super) fn typed(&self) -> Option<Typed> {
        match self.shape {
            Shape::Decimal { scale: 1.., .. } | Shape::Scaled { .. } | Shape::Double | Shape::Float => {
                Some(Typed::Fraction)
            }
            Shape::Day | Shape::Moment { .. } | Shape::OldMoment => Some(Typed::Date),
            Shape::Decimal { .. } | Shape::Bytes { .. } | Shape::FixedBytes | Shape::Integer { .. } | Shape::Other => {
                None
            }
        }
    }

    /// What the column can hold, in the words of the pipeline.
    fn kind(&self, leaf: &ColumnDescriptor) -> ColumnKind {
        let nullable = self.nullable;
        match self.shape {
            Shape::Bytes { rewritable: true, .. } => ColumnKind::Text { max_chars: None, nullable },
            Shape::Integer { precision, unsigned } => {
                let most = match (leaf.physical_type(), unsigned) {
                    (PhysicalType::INT32, _) => 9,
                    (_, true) => 19,
                    _ => 18,
                };
                ColumnKind::Number { digits: precision.unwrap_or(most).min(most), nullable }
            }
            Shape::Scaled { precision, scale } => typed::decimal(precision, scale, nullable),
            Shape::Decimal { precision, scale, length } => {
                let digits = length.map_or(precision, |length| precision.min(digits_in(length)));
                typed::decimal(digits.min(38), scale, nullable)
            }
            Shape::Double => typed::DOUBLE.with(nullable),
            Shape::Float => typed::FLOAT.with(nullable),
            Shape::Day => ColumnKind::Date { time: false, nullable },
            Shape::Moment { .. } => ColumnKind::Date { time: true, nullable },
            Shape::Bytes { .. } | Shape::FixedBytes | Shape::OldMoment | Shape::Other => {
                ColumnKind::Fixed(type_name(leaf))
            }
        }
    }
}

/// The leaves of `schema` and the same as table context. Context index and leaf index are the same.
pub(super) fn leaves(schema: &SchemaDescriptor) -> (Vec<LeafSchema>, TableContext) {
    let mut leaves = Vec::with_capacity(schema.num_columns());
    let mut context = TableContext::default();
    for (index, descriptor) in schema.columns().iter().enumerate() {
        let leaf = LeafSchema::new(index, descriptor);
        context.columns.push(ColumnContext { name: leaf.name.clone(), kind: leaf.kind(descriptor) });
        leaves.push(leaf);
    }
    (leaves, context)
}

fn type_name(leaf: &ColumnDescriptor) -> String {
    match (leaf.logical_type_ref(), leaf.converted_type()) {
        (Some(logical), _) => format!("{logical:?}"),
        (None, ConvertedType::NONE) => leaf.physical_type().to_string(),
        (None, converted) => converted.to_string(),
    }
}

fn shape(leaf: &ColumnDescriptor) -> Shape {
    let fixed = leaf.physical_type() == PhysicalType::FIXED_LEN_BYTE_ARRAY;
    match leaf.physical_type() {
        PhysicalType::BYTE_ARRAY | PhysicalType::FIXED_LEN_BYTE_ARRAY => match decimal(leaf) {
            Some((precision, scale)) => {
                let length = fixed.then(|| usize::try_from(leaf.type_length()).unwrap_or(0));
                // A scale that makes no sense.
                let scale = u32::try_from(scale).ok().filter(|scale| *scale <= precision.min(38));
                scale.map_or(Shape::Other, |scale| Shape::Decimal { precision, scale, length })
            }
            None if fixed => fixed_bytes(leaf),
            None => byte_array(leaf),
        },
        PhysicalType::INT32 | PhysicalType::INT64 => integer(leaf),
        PhysicalType::DOUBLE => Shape::Double,
        PhysicalType::FLOAT => Shape::Float,
        PhysicalType::INT96 => Shape::OldMoment,
        PhysicalType::BOOLEAN => Shape::Other,
    }
}

/// Precision and scale of a DECIMAL.
fn decimal(leaf: &ColumnDescriptor) -> Option<(u32, i32)> {
    let (precision, scale) = match leaf.logical_type_ref() {
        Some(LogicalType::Decimal(decimal)) => (decimal.precision, decimal.scale),
        None if leaf.converted_type() == ConvertedType::DECIMAL => (leaf.type_precision(), leaf.type_scale()),
        _ => return None,
    };
    Some((u32::try_from(precision).unwrap_or(0), scale))
}

fn byte_array(leaf: &ColumnDescriptor) -> Shape {
    let text = |json| Shape::Bytes { declared: true, json, rewritable: true };
    match (leaf.logical_type_ref(), leaf.converted_type()) {
        (Some(LogicalType::String | LogicalType::Enum), _) => text(false),
        (Some(LogicalType::Json), _) => text(true),
        (None, ConvertedType::UTF8 | ConvertedType::ENUM) => text(false),
        (None, ConvertedType::JSON) => text(true),
        // Hive and Impala write strings without saying so.
        (None, ConvertedType::NONE) => Shape::Bytes { declared: false, json: false, rewritable: true },
        // BSON, VARIANT, shapes, and what a later version of the format may add.
        _ => Shape::Bytes { declared: false, json: false, rewritable: false },
    }
}

fn fixed_bytes(leaf: &ColumnDescriptor) -> Shape {
    match (leaf.logical_type_ref(), leaf.converted_type()) {
        (None, ConvertedType::NONE) => Shape::FixedBytes,
        // UUID, FLOAT16, INTERVAL.
        _ => Shape::Other,
    }
}

fn integer(leaf: &ColumnDescriptor) -> Shape {
    let whole = |unsigned| Shape::Integer { unsigned, precision: None };
    if let Some((precision, scale)) = decimal(leaf) {
        return match u32::try_from(scale) {
            Ok(0) => Shape::Integer { unsigned: false, precision: Some(precision) },
            Ok(scale) if scale <= precision.min(18) => Shape::Scaled { precision, scale },
            _ => Shape::Other,
        };
    }
    let is_long = leaf.physical_type() == PhysicalType::INT64;
    let moment = |per_second| if is_long { Shape::Moment { per_second } } else { Shape::Other };
    match (leaf.logical_type_ref(), leaf.converted_type()) {
        (Some(LogicalType::Integer(integer)), _) if integer.bit_width >= 32 => whole(!integer.is_signed),
        (None, ConvertedType::NONE | ConvertedType::INT_32 | ConvertedType::INT_64) => whole(false),
        (None, ConvertedType::UINT_32 | ConvertedType::UINT_64) => whole(true),
        (Some(LogicalType::Date), _) | (None, ConvertedType::DATE) if !is_long => Shape::Day,
        (Some(LogicalType::Timestamp(timestamp)), _) => moment(match timestamp.unit {
            TimeUnit::MILLIS => 1_000,
            TimeUnit::MICROS => 1_000_000,
            TimeUnit::NANOS => 1_000_000_000,
        }),
        (None, ConvertedType::TIMESTAMP_MILLIS) => moment(1_000),
        (None, ConvertedType::TIMESTAMP_MICROS) => moment(1_000_000),
        // Times of day, small integers.
        _ => Shape::Other,
    }
}

/// A new value, as the column's physical type holds it.
#[derive(Debug, PartialEq)]
pub(super) enum Encoded<'a> {
    /// BYTE_ARRAY.
    Text(&'a [u8]),
    /// BYTE_ARRAY or FIXED_LEN_BYTE_ARRAY.
    Owned(Vec<u8>),
    /// INT32 or INT64; the bits of an unsigned one.
    Integer(i64),
    /// DOUBLE.
    Double(f64),
    /// FLOAT.
    Float(f32),
}

/// Encodes `value`, digits for a number.
///
/// # Errors
/// Why it does not fit; the message does not hold it.
pub(super) fn encode<'a>(leaf: &LeafSchema, physical: PhysicalType, value: &'a [u8]) -> Result<Encoded<'a>, DataError> {
    match leaf.shape {
        Shape::Bytes { rewritable: true, declared, json } => {
            check_text(value, declared, json)?;
            Ok(Encoded::Text(value))
        }
        Shape::Bytes { .. } | Shape::FixedBytes | Shape::OldMoment | Shape::Other => {
            Err(DataError::new("the column's type cannot be rewritten")
                .advise("keep the entity in the policy, or drop the column first"))
        }
        Shape::Integer { unsigned, precision } => {
            let number = within(parse(value)?, precision)?;
            let fits = match (physical, unsigned) {
                (PhysicalType::INT32, false) => narrow(number),
                (PhysicalType::INT32, true) => u32::try_from(number).map(|n| i64::from(n.cast_signed())).ok(),
                (_, false) => i64::try_from(number).ok(),
                (_, true) => u64::try_from(number).map(u64::cast_signed).ok(),
            };
            fits.map(Encoded::Integer).ok_or_else(too_large)
        }
        Shape::Scaled { precision, scale } => {
            let number = within(typed::unscaled(value, scale)?, Some(precision))?;
            let fits = if physical == PhysicalType::INT32 { narrow(number) } else { i64::try_from(number).ok() };
            fits.map(Encoded::Integer).ok_or_else(too_large)
        }
        Shape::Decimal { precision, scale, length } => {
            let number = within(typed::unscaled(value, scale)?, Some(precision))?;
            big_endian(number, length).map(Encoded::Owned).ok_or_else(too_large)
        }
        Shape::Double => typed::double(value).map(Encoded::Double),
        Shape::Float => typed::float(value).map(Encoded::Float),
        Shape::Day => {
            typed::day(value).and_then(|days| narrow(days.into()).ok_or_else(too_large)).map(Encoded::Integer)
        }
        Shape::Moment { per_second } => typed::moment(value, per_second).map(Encoded::Integer),
    }
}

/// `number`, when an INT32 holds it.
fn narrow(number: i128) -> Option<i64> {
    i32::try_from(number).map(i64::from).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(shape: Shape) -> LeafSchema {
        LeafSchema { index: 0, name: "x".into(), shape, nullable: true }
    }

    #[test]
    fn numbers_that_do_not_fit_are_refused() {
        let int = leaf(Shape::Integer { unsigned: false, precision: None });
        assert_eq!(encode(&int, PhysicalType::INT64, b"13900139000"), Ok(Encoded::Integer(13900139000)));
        assert!(encode(&int, PhysicalType::INT32, b"13900139000").is_err());
        assert!(encode(&int, PhysicalType::INT64, b"138****8000").is_err());
        assert!(encode(&int, PhysicalType::INT64, b"+1").is_err());
        assert!(encode(&int, PhysicalType::INT64, b"").is_err());
        let decimal = leaf(Shape::Integer { unsigned: false, precision: Some(11) });
        assert!(encode(&decimal, PhysicalType::INT64, b"99999999999").is_ok());
        assert!(encode(&decimal, PhysicalType::INT64, b"100000000000").is_err());
        let unsigned = leaf(Shape::Integer { unsigned: true, precision: None });
        assert_eq!(encode(&unsigned, PhysicalType::INT64, b"18446744073709551615"), Ok(Encoded::Integer(-1)));
        let bytes = leaf(Shape::Decimal { precision: 20, scale: 0, length: Some(9) });
        assert_eq!(
            encode(&bytes, PhysicalType::FIXED_LEN_BYTE_ARRAY, b"-2"),
            Ok(Encoded::Owned(vec![255, 255, 255, 255, 255, 255, 255, 255, 254]))
        );
        assert!(encode(&bytes, PhysicalType::FIXED_LEN_BYTE_ARRAY, b"100000000000000000000").is_err());
        assert!(encode(&leaf(Shape::Double), PhysicalType::DOUBLE, b"9007199254740993").is_err());
        assert!(encode(&leaf(Shape::FixedBytes), PhysicalType::FIXED_LEN_BYTE_ARRAY, b"x").is_err());
    }

    #[test]
    fn days_moments_and_fractions_keep_their_type() {
        assert_eq!(encode(&leaf(Shape::Day), PhysicalType::INT32, b"1990-01-05"), Ok(Encoded::Integer(7309)));
        assert!(encode(&leaf(Shape::Day), PhysicalType::INT32, b"1990").is_err());
        let moment = leaf(Shape::Moment { per_second: 1000 });
        let units = 7309 * 86_400_000 + 500;
        assert_eq!(encode(&moment, PhysicalType::INT64, b"1990-01-05 00:00:00.5"), Ok(Encoded::Integer(units)));
        assert!(encode(&moment, PhysicalType::INT64, b"1990-01-05 00:00:00.0005").is_err());
        let scaled = leaf(Shape::Scaled { precision: 9, scale: 6 });
        assert_eq!(encode(&scaled, PhysicalType::INT32, b"-30.27"), Ok(Encoded::Integer(-30_270_000)));
        assert!(encode(&scaled, PhysicalType::INT32, b"1000").is_err());
        assert!(encode(&scaled, PhysicalType::INT32, b"30.2740851").is_err());
        assert_eq!(encode(&leaf(Shape::Float), PhysicalType::FLOAT, b"30.25"), Ok(Encoded::Float(30.25)));
        assert!(encode(&leaf(Shape::Float), PhysicalType::FLOAT, b"13800138000").is_err());
        assert!(encode(&leaf(Shape::OldMoment), PhysicalType::INT96, b"1990-01-05").is_err());
    }

    #[test]
    fn json_stays_json() {
        let json = leaf(Shape::Bytes { declared: true, json: true, rewritable: true });
        assert!(encode(&json, PhysicalType::BYTE_ARRAY, br#"{"a":"x"}"#).is_ok());
        let error = encode(&json, PhysicalType::BYTE_ARRAY, br#"{"a":<secret>}"#).unwrap_err();
        assert!(!error.to_string().contains("secret"));
    }
}
