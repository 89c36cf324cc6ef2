//! The text of a cell, as people see it.

use std::borrow::Cow;

use calamine::{DataRef, ExcelDateTime};

/// From here on a number with a fraction of 53 bits may stand for several whole ones.
pub(super) const EXACT: f64 = 9_007_199_254_740_992.0;
/// Numbers from here on are written with an exponent wherever they are shown.
const WRITTEN_OUT: f64 = 1e21;
/// The first day that no spreadsheet knows.
const LAST_DAY: f64 = 2_958_466.0;

/// Numbers of the sheet that are asked for out of their order, at most.
const WINDOW: usize = 64;

/// Whole numbers of a sheet that are longer than their reader holds exactly, in order.
pub(super) struct LongNumbers<'a>(&'a [u64]);

impl<'a> LongNumbers<'a> {
    pub(super) fn new(numbers: &'a [u64]) -> Self {
        LongNumbers(numbers)
    }

    /// The number that was read as `value`.
    fn exact(&mut self, value: f64) -> Option<u64> {
        // The same conversion that the reader made, which rounds to the nearest.
        let place = self.0.iter().take(WINDOW).position(|number| *number as f64 == value)?;
        let exact = self.0.get(place).copied();
        self.0 = self.0.get(place + 1..).unwrap_or_default();
        exact
    }
}

/// What the cell shows; `None` for nothing, and for what cannot identify anybody: booleans, errors, durations.
pub(super) fn text<'a>(value: &'a DataRef<'_>, long: &mut LongNumbers<'_>) -> Option<Cow<'a, str>> {
    let text = match value {
        DataRef::SharedString(text) => Cow::Borrowed(*text),
        DataRef::String(text) | DataRef::DateTimeIso(text) => Cow::Borrowed(text.as_str()),
        DataRef::Int(number) => Cow::Owned(number.to_string()),
        DataRef::Float(number) => Cow::Owned(digits(*number, long)),
        DataRef::DateTime(moment) => Cow::Owned(date(moment, long)?),
        DataRef::Bool(_) | DataRef::Error(_) | DataRef::DurationIso(_) | DataRef::Empty => return None,
    };
    (!text.is_empty()).then_some(text)
}

fn digits(number: f64, long: &mut LongNumbers<'_>) -> String {
    if number >= EXACT
        && let Some(exact) = long.exact(number)
    {
        return exact.to_string();
    }
    if number.fract() == 0.0 && number.abs() < WRITTEN_OUT { format!("{number:.0}") } else { number.to_string() }
}

/// `2026-03-12`, with the time of day when there is one.
fn date(moment: &ExcelDateTime, long: &mut LongNumbers<'_>) -> Option<String> {
    let value = moment.as_f64();
    if !(0.0..LAST_DAY).contains(&value) {
        return Some(digits(value, long));
    }
    if moment.is_duration() {
        return None;
    }
    let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
    let time = format!("{hour:02}:{minute:02}:{second:02}");
    Some(match (value < 1.0, value.fract() == 0.0) {
        (true, _) => time,
        (false, true) => format!("{year:04}-{month:02}-{day:02}"),
        (false, false) => format!("{year:04}-{month:02}-{day:02} {time}"),
    })
}
