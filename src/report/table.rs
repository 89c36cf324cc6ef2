//! The table that people read: findings, then what was not read, then totals.
//!
//! Columns are aligned by display width (a Han character takes two); everything from the data is escaped.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::sync::Arc;

use unicode_width::UnicodeWidthStr;

use super::{columns, escape};
use crate::finding::EntityId;
use crate::pipeline::findings::{Finding, Prevalence, Spot};
use crate::pipeline::{Outcome, Status};
use crate::policy::profile::Profile;
use crate::rule::RuleSet;
use crate::transform::{CarriedOut, Dropping};

/// Rows that are kept and shown; beyond, only their number is.
const MOST_ROWS: usize = 2000;
/// Widest that a cell is shown, in columns of the terminal.
const WIDEST: usize = 60;

const HEADINGS: [&str; 8] = ["FILE", "COLUMN", "ENTITY", "LEVEL", "COUNT", "DISTINCT", "SHARE", "SAMPLE"];
/// Columns of numbers, which stand to the right.
const TO_THE_RIGHT: [bool; 8] = [false, false, false, true, true, true, true, false];

/// Collects outcomes, then writes the table.
#[derive(Default)]
pub struct Table {
    /// Whose classes are shown beside the levels.
    profile: Option<Arc<Profile>>,
    rows: Vec<[String; 8]>,
    left_out: usize,
    not_whole: Vec<(&'static str, String, String)>,
    not_whole_left_out: usize,
    totals: Totals,
}

/// What adds up over a run.
#[derive(Debug, Default, Clone)]
pub struct Totals {
    /// Assets that were read to their end, with or without being rewritten.
    pub whole: u64,
    /// Assets that were passed over.
    pub skipped: u64,
    /// Assets that failed or changed.
    pub failed: u64,
    /// Assets with a match.
    pub with_matches: u64,
    /// Matches.
    pub matches: u64,
    /// Bytes read, as stored.
    pub bytes: u64,
    /// Entity types found.
    pub entities: BTreeSet<EntityId>,
    /// Columns of numbers that were examined by their statistics alone.
    pub by_statistics: u64,
    /// The assets were rewritten, not only read.
    pub rewritten: bool,
    /// Values that met another operator than that of the policy, because the place cannot hold what that one writes.
    pub substitutes: BTreeMap<CarriedOut, u64>,
    /// Replaced values too short or too many to be told from other numbers where no rule finds them.
    pub unsought: u64,
    /// Values that anybody can restore: digests without a key.
    pub reversible: BTreeMap<EntityId, u64>,
    /// Distinct values that share a surrogate with another.
    pub shared: u64,
    /// Columns that were taken out, and such that were emptied.
    pub dropped: (u64, u64),
}

impl Totals {
    /// Adds an outcome.
    pub fn enter(&mut self, outcome: &Outcome) {
        match outcome.status {
            Status::Scanned => self.whole += 1,
            Status::Rewritten => (self.whole, self.rewritten) = (self.whole + 1, true),
            Status::Skipped(_) => self.skipped += 1,
            Status::Failed(_) | Status::Changed => self.failed += 1,
        }
        let count = outcome.findings.count();
        self.with_matches += u64::from(count > 0);
        self.matches += count;
        self.bytes += if outcome.is_member { 0 } else { outcome.bytes };
        self.by_statistics += outcome.by_statistics.len() as u64;
        self.unsought += outcome.rewritten.iter().flat_map(|written| written.unsought.values()).sum::<u64>();
        self.entities.extend(outcome.findings.by_entity().keys());
        self.shared += outcome.rewritten.iter().flat_map(|written| written.shared.values()).sum::<u64>();
        for column in outcome.rewritten.iter().flat_map(|written| &written.dropped) {
            match column.how {
                Dropping::Removed => self.dropped.0 += 1,
                Dropping::Emptied => self.dropped.1 += 1,
            }
        }
        for ((entity, carried_out), count) in outcome.rewritten.iter().flat_map(|written| &written.operators) {
            if carried_out.is_reversible() {
                *self.reversible.entry(*entity).or_default() += count;
            }
            if carried_out.is_substitute() {
                *self.substitutes.entry(*carried_out).or_default() += count;
            }
        }
    }
}

impl Table {
    /// A table that shows the classes of `profile` beside the levels.
    pub fn with_profile(profile: Option<Arc<Profile>>) -> Table {
        Table { profile, ..Table::default() }
    }

    /// Adds an outcome.
    pub fn enter(&mut self, outcome: &Outcome, rules: &RuleSet) {
        self.totals.enter(outcome);
        let path = escape::path(&outcome.path);
        for (spot, entity, finding, prevalence) in outcome.findings.iter() {
            if self.rows.len() < MOST_ROWS {
                let mut row = row(&path, spot, entity, finding, prevalence, rules);
                if let (Some(profile), Some(entity), [_, _, _, level, ..]) =
                    (&self.profile, rules.entity(entity), &mut row)
                {
                    *level = format!("{} {level}", profile.shown(&entity.name));
                }
                self.rows.push(row);
            } else {
                self.left_out += 1;
            }
        }
        if let Some(reason) = outcome.status.reason() {
            if self.not_whole.len() < MOST_ROWS {
                self.not_whole.push((outcome.status.name(), path, escape::for_terminal(&reason).into_owned()));
            } else {
                self.not_whole_left_out += 1;
            }
        }
    }

    /// Writes everything.
    ///
    /// # Errors
    /// When `out` cannot be written to.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        if !self.rows.is_empty() {
            let headings = HEADINGS.map(str::to_owned);
            let all = || std::iter::once(headings.as_slice()).chain(self.rows.iter().map(<[String; 8]>::as_slice));
            let widths = columns::widths(all());
            for row in all() {
                columns::write_row(out, row, &widths, &TO_THE_RIGHT)?;
            }
            if self.left_out > 0 {
                writeln!(out, "… and {} more rows (--summary FILE has them all)", self.left_out)?;
            }
            writeln!(out)?;
        }
        for (status, path, reason) in &self.not_whole {
            writeln!(out, "{status}: {path}: {reason}")?;
        }
        if self.not_whole_left_out > 0 {
            writeln!(out, "… and {} more that were not read", self.not_whole_left_out)?;
        }
        writeln!(out, "{}", self.totals.sentence())
    }
}

impl Totals {
    fn sentence(&self) -> String {
        let verb = if self.rewritten { "rewritten" } else { "scanned" };
        let found = match self.matches {
            0 if self.failed > 0 => "nothing found in what was read".to_owned(),
            0 => "nothing found".to_owned(),
            matches => format!(
                "{matches} {} of {} entity {} in {} {}",
                if matches == 1 { "match" } else { "matches" },
                self.entities.len(),
                if self.entities.len() == 1 { "type" } else { "types" },
                self.with_matches,
                if self.with_matches == 1 { "asset" } else { "assets" },
            ),
        };
        let mut sentence = format!("{found}; {} {verb}", self.whole);
        if self.skipped > 0 {
            sentence += &format!(", {} skipped", self.skipped);
        }
        if self.failed > 0 {
            sentence += &format!(", {} FAILED", self.failed);
        }
        sentence += &format!("; {} read", indicatif::BinaryBytes(self.bytes));
        if self.by_statistics > 0 {
            let columns = if self.by_statistics == 1 { "column" } else { "columns" };
            sentence += &format!("; {} {columns} of numbers examined by their statistics alone", self.by_statistics);
        }
        if !self.substitutes.is_empty() {
            let each = self.substitutes.iter().map(|(carried_out, count)| format!("{count} {carried_out}"));
            sentence += &format!("; to fit their places: {}", each.collect::<Vec<_>>().join(", "));
        }
        for (count, what) in [(self.dropped.0, "dropped"), (self.dropped.1, "emptied (NULL)")] {
            if count > 0 {
                sentence += &format!("; {count} {} {what}", if count == 1 { "column" } else { "columns" });
            }
        }
        if !self.reversible.is_empty() {
            let count: u64 = self.reversible.values().sum();
            sentence += &format!(
                "; {count} values of {} entity types are REVERSIBLE: digests without a key, see the manifest",
                self.reversible.len()
            );
        }
        if self.shared > 0 {
            sentence +=
                &format!("; {} values share a surrogate with another: a UNIQUE column would refuse them", self.shared);
        }
        if self.unsought > 0 {
            sentence += &format!(
                "; {} replaced numbers are too short to be told from others, and were not sought where no label stands",
                self.unsought
            );
        }
        sentence
    }
}

fn row(
    path: &str,
    spot: &Spot,
    entity: EntityId,
    finding: &Finding,
    prevalence: Option<Prevalence>,
    rules: &RuleSet,
) -> [String; 8] {
    let place = match (&spot.table, &spot.column) {
        (Some(table), Some(column)) => format!("{table}.{column}"),
        (None, Some(name)) | (Some(name), None) => name.clone(),
        (None, None) => String::new(),
    };
    let name = rules.entity(entity).map_or_else(String::new, |known| format!("{} {}", known.name, known.zh));
    let distinct = finding.distinct.count();
    let share = prevalence.map_or_else(String::new, |found| {
        format!("{}{:.0}%", if found.column_is() { "" } else { "some " }, found.share() * 100.0)
    });
    [
        shortened_from_left(path),
        shortened(&escape::for_terminal(&place)),
        name,
        finding.level.to_string(),
        finding.count.to_string(),
        if finding.distinct.is_exact() { distinct.to_string() } else { format!("~{distinct}") },
        share,
        shortened(&escape::for_terminal(&finding.sample)),
    ]
}

fn shortened(text: &str) -> String {
    if text.width() <= WIDEST {
        return text.to_owned();
    }
    let mut width = 0;
    let mut short = String::new();
    for character in text.chars() {
        width += unicode_width::UnicodeWidthChar::width(character).unwrap_or(0);
        if width >= WIDEST {
            break;
        }
        short.push(character);
    }
    short + "…"
}

/// Of a long path the end tells more.
fn shortened_from_left(text: &str) -> String {
    if text.width() <= WIDEST {
        return text.to_owned();
    }
    let mut width = 0;
    let mut kept: Vec<char> = Vec::new();
    for character in text.chars().rev() {
        width += unicode_width::UnicodeWidthChar::width(character).unwrap_or(0);
        if width >= WIDEST {
            break;
        }
        kept.push(character);
    }
    kept.push('…');
    kept.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::DataError;

    #[test]
    fn columns_line_up_by_display_width() {
        let mut table = Table::default();
        let row = |file: &str, count: &str| {
            [file, "手机号", "CN_MOBILE_PHONE 手机号码", "3", count, "1", "100%", "138****8000"].map(str::to_owned)
        };
        table.rows = vec![row("数据.csv", "7"), row("a.csv", "12345")];
        let mut out = Vec::new();
        table.write(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let at: Vec<usize> =
            text.lines().filter_map(|line| line.find("138****").map(|end| line.get(..end).unwrap().width())).collect();
        assert_eq!(at.len(), 2);
        assert_eq!(at[0], at[1], "{text}");
    }

    #[test]
    fn failures_are_named_and_never_look_clean() {
        let mut table = Table::default();
        let failed = Status::Failed(DataError::new("is \u{1b}[2Jbroken"));
        table.enter(&Outcome::bare("x\u{202e}.csv".into(), failed, true), &RuleSet::default());
        let mut out = Vec::new();
        table.write(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.contains("failed: x\\u{202e}.csv: is \\u{1b}[2Jbroken"), "{text}");
        assert!(text.contains("nothing found in what was read; 0 scanned, 1 FAILED"), "{text}");
    }

    #[test]
    fn substituted_operators_are_named() {
        let mut outcome = Outcome::bare("a.sql".into(), Status::Rewritten, true);
        let carried_out = |entity, done| ((EntityId(entity), CarriedOut { asked: "hash", done }), 2);
        outcome.rewritten = Some(crate::pipeline::rewrite::Rewritten {
            operators: [carried_out(0, "hash"), carried_out(0, "fpe"), carried_out(1, "fpe"), carried_out(1, "mask")]
                .into(),
            ..Default::default()
        });
        let mut table = Table::default();
        table.enter(&outcome, &RuleSet::default());
        let mut out = Vec::new();
        table.write(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.trim_end().ends_with("; to fit their places: 4 fpe for hash, 2 mask for hash"), "{text}");
    }

    #[test]
    fn columns_that_were_not_decoded_are_counted() {
        let mut outcome = Outcome::bare("a.parquet".into(), Status::Scanned, true);
        outcome.by_statistics = [("id".to_owned(), 7), ("quantity".to_owned(), 7)].into();
        let mut totals = Totals::default();
        totals.enter(&outcome);
        let sentence = totals.sentence();
        assert!(sentence.ends_with("; 2 columns of numbers examined by their statistics alone"), "{sentence}");
    }

    #[test]
    fn long_names_are_cut_on_character_boundaries() {
        assert!(shortened(&"脱敏".repeat(40)).width() <= WIDEST);
        assert!(shortened_from_left(&"脱敏".repeat(40)).width() <= WIDEST);
    }
}
