//! The smallest and the largest whole number of a column chunk, as its statistics give them.
//!
//! It must never give bounds that some value of the chunk may lie beyond: where the statistics are absent, of an
//! old kind that orders otherwise, or contradict themselves, there are none.

use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::Statistics;

use super::schema::{LeafSchema, Shape};

/// The bounds of `chunk`; `None` where they are not known.
pub(super) fn of(chunk: &ColumnChunkMetaData, leaf: &LeafSchema) -> Option<(i128, i128)> {
    let statistics = chunk.statistics()?;
    let (least, most) = match (statistics, leaf.shape) {
        (Statistics::Int32(found), Shape::Integer { unsigned, .. }) => {
            let widen = |value: i32| if unsigned { i128::from(value.cast_unsigned()) } else { value.into() };
            (widen(*found.min_opt()?), widen(*found.max_opt()?))
        }
        (Statistics::Int64(found), Shape::Integer { unsigned, .. }) => {
            let widen = |value: i64| if unsigned { i128::from(value.cast_unsigned()) } else { value.into() };
            (widen(*found.min_opt()?), widen(*found.max_opt()?))
        }
        (Statistics::Double(found), Shape::Double) => {
            let (least, most) = (found.min_opt()?.floor(), found.max_opt()?.ceil());
            // What is beyond, or no number at all, is not compared.
            let within = |value: f64| value.is_finite() && value.abs() < 1e18;
            if !within(least) || !within(most) {
                return None;
            }
            (least as i128, most as i128)
        }
        (Statistics::Int32(found), Shape::Scaled { scale, .. }) => {
            scaled(i128::from(*found.min_opt()?), i128::from(*found.max_opt()?), scale)?
        }
        (Statistics::Int64(found), Shape::Scaled { scale, .. }) => {
            scaled(i128::from(*found.min_opt()?), i128::from(*found.max_opt()?), scale)?
        }
        _ => return None,
    };
    // Those of the old kind compare unsigned numbers as signed ones.
    let is_old = statistics.is_min_max_deprecated() && matches!(leaf.shape, Shape::Integer { unsigned: true, .. });
    (!is_old && least <= most).then_some((least, most))
}

/// The whole numbers that decimals with `scale` digits behind the point lie between.
fn scaled(least: i128, most: i128, scale: u32) -> Option<(i128, i128)> {
    let unit = 10_i128.checked_pow(scale)?;
    Some((least.div_euclid(unit), most.div_euclid(unit) + 1))
}
