//! Arguments that several subcommands share, and how their values are read.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::pipeline::{InvalidBytes, MOST_EXPANSION};
use crate::validate::cn_resident_id::Date;

#[derive(Args)]
pub(super) struct Common {
    /// Policy: the name of a built-in one (see `tuomin policy list`) or a YAML file
    #[arg(long, value_name = "P", default_value = "default", help_heading = "What counts")]
    pub(super) policy: String,

    /// Folder of further rule files; may be given more than once
    #[arg(long, value_name = "DIR", help_heading = "What counts")]
    pub(super) rules: Vec<PathBuf>,

    /// Leave matches below this score alone, 0 to 1: about the share of matches with it that are right
    #[arg(long, value_name = "S", default_value = "0.6", value_parser = score, help_heading = "What counts")]
    pub(super) min_score: f32,

    /// Day on which ages are counted, as YYYY-MM-DD [default: today]
    #[arg(long, value_name = "DATE", value_parser = date, help_heading = "What counts")]
    pub(super) as_of: Option<Date>,

    /// Format of all inputs, and of all members of archives, instead of recognizing it
    #[arg(long, value_name = "FORMAT", default_value = "auto", help_heading = "Reading")]
    pub(super) format: FormatName,

    /// Dump whose CREATE TABLE tell what the rows of the other dumps are that have none (`pg_dump -s`, `mysqldump --no-data`);
    /// all of them are taken for one database. Can be given again
    #[arg(long, value_name = "FILE", help_heading = "Reading")]
    pub(super) schema: Vec<PathBuf>,

    /// What to do with bytes that are neither UTF-8 nor GB18030: fail, or keep them unread
    #[arg(long, value_name = "WHAT", default_value = "fail", help_heading = "Reading")]
    pub(super) invalid_bytes: InvalidBytesName,

    /// Worker threads [default: all cores]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "Running")]
    pub(super) threads: Option<u16>,

    /// Memory to keep to, roughly: 512M, 2G
    #[arg(long, value_name = "SIZE", default_value = "1G", value_parser = size, help_heading = "Running")]
    pub(super) max_memory: u64,

    /// How many times its size a compressed file or an archive may unpack to, beyond 256M; more is taken for a trap
    #[arg(long, value_name = "N", default_value_t = MOST_EXPANSION, help_heading = "Running")]
    pub(super) max_expansion: u64,

    /// Say nothing but errors
    #[arg(short, long, conflicts_with = "verbose", help_heading = "Running")]
    pub(super) quiet: bool,

    /// Name each asset as it comes to its end
    #[arg(short, long, help_heading = "Running")]
    pub(super) verbose: bool,

    /// Show no progress bar (there is none outside a terminal anyway)
    #[arg(long, help_heading = "Running")]
    pub(super) no_progress: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FormatName {
    /// Recognize it by content
    Auto,
    /// Lines of text: logs, source code
    Text,
    /// Comma, semicolon or tab separated values
    Csv,
    /// One JSON value per line, or one JSON document
    Ndjson,
    /// Plain output of pg_dump
    Pgdump,
    /// Custom and directory output of pg_dump (-Fc, -Fd)
    Pgarchive,
    /// Output of mysqldump or mariadb-dump
    Mysqldump,
    /// Parquet
    Parquet,
    /// Arrow IPC files and streams, Feather
    Arrow,
    /// Avro object container files
    Avro,
    /// SQLite database
    Sqlite,
    /// Excel workbook (.xlsx, .xlsm); scanned only
    Xlsx,
}

impl FormatName {
    /// The name in the registry of formats; none for `auto`.
    pub(super) fn name(self) -> Option<&'static str> {
        Some(match self {
            FormatName::Auto => return None,
            FormatName::Text => "text",
            FormatName::Csv => "csv",
            FormatName::Ndjson => "ndjson",
            FormatName::Pgdump => "pgdump",
            FormatName::Pgarchive => "pgarchive",
            FormatName::Mysqldump => "mysqldump",
            FormatName::Parquet => "parquet",
            FormatName::Arrow => "arrow",
            FormatName::Avro => "avro",
            FormatName::Sqlite => "sqlite",
            FormatName::Xlsx => "xlsx",
        })
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum InvalidBytesName {
    /// The asset fails
    Fail,
    /// Pass them through as they are
    Keep,
}

impl From<InvalidBytesName> for InvalidBytes {
    fn from(name: InvalidBytesName) -> Self {
        match name {
            InvalidBytesName::Fail => InvalidBytes::Fail,
            InvalidBytesName::Keep => InvalidBytes::Keep,
        }
    }
}

fn score(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(score) if (0.0..=1.0).contains(&score) => Ok(score),
        _ => Err("a score is a number from 0 to 1".to_owned()),
    }
}

fn date(text: &str) -> Result<Date, String> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
    let dashes: Vec<usize> = text.match_indices('-').map(|(at, _)| at).collect();
    let date = <&[u8; 8]>::try_from(digits.as_slice()).ok().and_then(Date::parse);
    date.filter(|_| dashes == [4, 7]).ok_or_else(|| "a date is YYYY-MM-DD".to_owned())
}

fn size(text: &str) -> Result<u64, String> {
    const LEAST: u64 = 16 << 20;
    let text = text.trim().to_ascii_uppercase();
    let text = text.strip_suffix("IB").or_else(|| text.strip_suffix('B')).unwrap_or(&text);
    let (number, shift) = match text.char_indices().last() {
        Some((at, 'K')) => (text.get(..at), 10),
        Some((at, 'M')) => (text.get(..at), 20),
        Some((at, 'G')) => (text.get(..at), 30),
        Some((at, 'T')) => (text.get(..at), 40),
        _ => (Some(text), 0),
    };
    let bytes = number
        .and_then(|number| number.parse::<u64>().ok())
        .and_then(|number| number.checked_mul(1 << shift))
        .ok_or_else(|| "a size is a number with K, M, G or T: 512M".to_owned())?;
    if bytes < LEAST { Err("at least 16M is needed".to_owned()) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_scores() {
        assert_eq!(size("512M"), Ok(512 << 20));
        assert_eq!(size("2GiB"), Ok(2 << 30));
        assert_eq!(size("1g"), Ok(1 << 30));
        for wrong in ["", "M", "-1G", "1.5G", "3K", "99999999999T"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
        assert_eq!(date("2026-02-28"), Ok(Date { year: 2026, month: 2, day: 28 }));
        for wrong in ["2026-02-29", "20260228", "2026-2-28", "28.02.2026", ""] {
            assert!(date(wrong).is_err(), "{wrong}");
        }
        assert!(score("1.01").is_err() && score("-0.1").is_err() && score("NaN").is_err() && score("0").is_ok());
    }

    #[test]
    fn every_format_name_is_a_registered_format() {
        for name in FormatName::value_variants().iter().filter_map(|name| name.name()) {
            assert!(crate::format::by_name(name).is_some(), "{name} is not registered");
        }
    }
}
