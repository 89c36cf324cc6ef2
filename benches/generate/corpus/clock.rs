//! The time of a line, and how logs write it.

use std::fmt::Write;

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A moment in China.
pub(crate) struct Clock {
    /// Milliseconds since 1970, China time taken for UTC.
    pub(crate) milliseconds: u64,
}

/// Year, month and day.
pub(crate) type Date = (u64, u64, u64);

impl Clock {
    /// 2026-03-12 08:00:00.
    pub(crate) fn start() -> Clock {
        Clock { milliseconds: 1_773_302_400_000 }
    }

    fn hms(&self) -> (u64, u64, u64) {
        let seconds = self.milliseconds / 1000;
        (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60)
    }

    /// The day.
    pub(crate) fn date(&self) -> Date {
        date(self.milliseconds / 86_400_000)
    }

    /// Milliseconds since 1970, as programs print them.
    pub(crate) fn unix_milliseconds(&self) -> u64 {
        self.milliseconds - 8 * 3_600_000
    }

    /// Appends `2026-03-12 08:00:00`.
    pub(crate) fn stamp(&self, out: &mut String) {
        let ((year, month, day), (hour, minute, second)) = (self.date(), self.hms());
        let _ = write!(out, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
    }

    /// Appends `2026-03-12T08:00:00.123+08:00`.
    pub(crate) fn iso(&self, out: &mut String) {
        let ((year, month, day), (hour, minute, second)) = (self.date(), self.hms());
        let thousandth = self.milliseconds % 1000;
        let _ = write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{thousandth:03}+08:00");
    }

    /// Appends `12/Mar/2026:08:00:00 +0800`.
    pub(crate) fn access_log(&self, out: &mut String) {
        let ((year, month, day), (hour, minute, second)) = (self.date(), self.hms());
        let month = MONTHS.get(month as usize - 1).unwrap_or(&"Jan");
        let _ = write!(out, "{day:02}/{month}/{year:04}:{hour:02}:{minute:02}:{second:02} +0800");
    }

    /// Appends `20260312080000`.
    pub(crate) fn compact(&self, out: &mut String) {
        let ((year, month, day), (hour, minute, second)) = (self.date(), self.hms());
        let _ = write!(out, "{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}");
    }
}

/// The day that is `days` days after 1970-01-01 (the civil calendar from 1970 on).
pub(crate) fn date(days: u64) -> Date {
    // Counted in years that begin in March, so that the leap day is the last: four centuries have 146,097 days.
    let shifted = days + 719_468;
    let (era, day_of_era) = (shifted / 146_097, shifted % 146_097);
    let year = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}
