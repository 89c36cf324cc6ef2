//! False matches in texts that hold no personal data: documentation and source code.
//!
//! Every file is read as text or, where its name says so, in its format, as a scan reads it. What is printed is counts and
//! the shape of the text before a match; values only where they are asked for. Matches of level 3 and 4 but e-mail
//! addresses were looked at one by one ([`crate::reviewed`]); what was not counts as false.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use tuomin::format;

use crate::reading::{Reader, Seen};
use crate::reviewed::{Reviewed, Verdict, digest};

/// The most bytes of a file that are read.
const MOST: u64 = 32 << 20;
/// Characters before a match that make its context.
const CONTEXT: usize = 12;

/// How matches were reviewed.
#[derive(Default, Clone, Copy)]
struct Fates {
    right: u64,
    /// Of the right.
    examples: u64,
    wrong: u64,
    unreviewed: u64,
}

impl Fates {
    fn enter(&mut self, verdict: Option<Verdict>) {
        match verdict {
            Some(Verdict::Right) => self.right += 1,
            Some(Verdict::Example) => (self.right, self.examples) = (self.right + 1, self.examples + 1),
            Some(Verdict::False) => self.wrong += 1,
            None => self.unreviewed += 1,
        }
    }

    fn add(self, other: Fates) -> Fates {
        Fates {
            right: self.right + other.right,
            examples: self.examples + other.examples,
            wrong: self.wrong + other.wrong,
            unreviewed: self.unreviewed + other.unreviewed,
        }
    }

    /// False until somebody looks.
    fn counted_false(self) -> u64 {
        self.wrong + self.unreviewed
    }
}

#[derive(Default)]
struct Found {
    count: u64,
    files: u64,
    fates: Fates,
    /// How often each context is met.
    contexts: BTreeMap<String, u64>,
}

/// Whether matches are reviewed one by one. E-mail addresses in documentation are real ones, by their form.
fn is_reviewed(entity: &str, level: u8) -> bool {
    level > 2 && entity != "EMAIL_ADDRESS"
}

/// Counts the matches below `paths`.
///
/// # Errors
/// When the rules or the verdicts do not load.
pub(crate) fn report(
    paths: &[PathBuf],
    except: &[String],
    least: f32,
    show_values: bool,
) -> Result<String, Box<dyn std::error::Error>> {
    let (mut reader, reviewed) = (Reader::new()?, Reviewed::new()?);
    let (mut bytes, mut files, mut unread) = (0_u64, 0_u64, 0_u64);
    // By level as well: addresses of one's own machine are nobody's, and of another level.
    let mut found: BTreeMap<(String, u8), Found> = BTreeMap::new();
    let mut shown = String::new();
    // By twentieth of the score, of level 3 and 4 without e-mail addresses.
    let mut by_score: BTreeMap<u8, u64> = BTreeMap::new();
    for entry in paths.iter().flat_map(walkdir::WalkDir::new).flatten().filter(|entry| entry.file_type().is_file()) {
        if except.iter().any(|part| entry.path().to_string_lossy().contains(part.as_str())) {
            continue;
        }
        let Some((format, content)) = read(entry.path())? else { continue };
        let Ok(seen) = reader.read(format, &content).or_else(|_| reader.read("text", &content)) else {
            unread += 1;
            continue;
        };
        files += 1;
        bytes += content.len() as u64;
        let mut before: BTreeMap<(String, u8), u64> = BTreeMap::new();
        for one in seen.iter().filter(|one| is_reviewed(&one.entity, one.level)) {
            *by_score.entry((one.score * 20.0 + 0.001) as u8).or_default() += 1;
        }
        for one in seen.iter().filter(|one| one.score >= least) {
            let kept = found.entry((one.entity.clone(), one.level)).or_default();
            kept.count += 1;
            kept.files += u64::from(before.insert((one.entity.clone(), one.level), 1).is_none());
            *kept.contexts.entry(context(&content, one)).or_default() += 1;
            let value = content.get(one.start..one.end).unwrap_or_default();
            let verdict = reviewed.verdict(&one.entity, value);
            if is_reviewed(&one.entity, one.level) {
                kept.fates.enter(verdict);
            }
            if show_values {
                let Seen { entity, score, level, .. } = one;
                let (digest, path, line) = (digest(value), entry.path().display(), excerpt(&content, one));
                let _ = writeln!(shown, "{entity}\t{level}\t{score:.2}\t{digest}\t{verdict:?}\t{path}\t{line}");
            }
        }
    }
    let megabytes = (bytes as f64 / 1e6).max(1e-9);
    let mut out = format!("{files} files, {megabytes:.1} MB ({unread} not read).\n\n");
    out.push_str(&summary(&found, megabytes));
    out.push_str(
        "\n| entity type | level | matches | per MB | files | right | false | not reviewed | most frequent context (of how \
         many) |\n|---|---|---|---|---|---|---|---|---|\n",
    );
    for ((entity, level), Found { count, files, fates, contexts }) in &found {
        let (context, times) = contexts
            .iter()
            .max_by_key(|(context, times)| (**times, std::cmp::Reverse(context.len())))
            .unwrap_or((&shown, &0));
        let fates = match is_reviewed(entity, *level) {
            true => format!("{} | {} | {}", fates.right, fates.wrong, fates.unreviewed),
            false => " | | ".to_owned(),
        };
        let _ = writeln!(
            out,
            "| {entity} | {level} | {count} | {:.3} | {files} | {fates} | `{}` ({times} of {}) |",
            *count as f64 / megabytes,
            context.replace('|', "¦").replace('`', "'"),
            contexts.len(),
        );
    }
    out.push_str("\nBy score, of level 3 and 4, without e-mail addresses: ");
    let by_score = by_score.iter().map(|(twentieth, count)| format!("{:.2} {count}", f64::from(*twentieth) / 20.0));
    let _ = writeln!(out, "{}.", by_score.collect::<Vec<_>>().join(", "));
    out.push_str(&shown);
    Ok(out)
}

/// The sums: of level 3 and 4 without e-mail addresses by verdict, and of level 2.
fn summary(found: &BTreeMap<(String, u8), Found>, megabytes: f64) -> String {
    let of_reviewed = || found.iter().filter(|((entity, level), _)| is_reviewed(entity, *level));
    let fates = of_reviewed().fold(Fates::default(), |sum, (_, found)| sum.add(found.fates));
    let matches: u64 = of_reviewed().map(|(_, found)| found.count).sum();
    let low: u64 = found.iter().filter(|((_, level), _)| *level == 2).map(|(_, found)| found.count).sum();
    let per_megabyte = |count: u64| count as f64 / megabytes;
    format!(
        "| level 3 and 4, without e-mail addresses | right | of them invented | false | not reviewed | **false per MB** | wanted | \
         false and invented per MB | level 2 | per MB |\n|---|---|---|---|---|---|---|---|---|---|\n\
         | {matches} | {} | {} | {} | {} | **{:.2}** | 1 | {:.2} | {low} | {:.2} |\n",
        fates.right,
        fates.examples,
        fates.wrong,
        fates.unreviewed,
        per_megabyte(fates.counted_false()),
        per_megabyte(fates.counted_false() + fates.examples),
        per_megabyte(low),
    )
}

/// A file and the format that it is read in; nothing where it is no text.
fn read(path: &Path) -> io::Result<Option<(&'static str, Vec<u8>)>> {
    if std::fs::metadata(path)?.len() > MOST {
        return Ok(None);
    }
    let Ok(content) = std::fs::read(path) else { return Ok(None) };
    let content = if path.extension().is_some_and(|extension| extension == "gz") {
        let mut text = Vec::new();
        let limit = io::Read::take(flate2::read::MultiGzDecoder::new(content.as_slice()), MOST);
        if io::copy(&mut { limit }, &mut text).is_err() {
            return Ok(None);
        }
        text
    } else {
        content
    };
    if content.contains(&0) || std::str::from_utf8(&content).is_err() {
        return Ok(None);
    }
    let sample = content.get(..64 << 10).unwrap_or(&content);
    let name = format::sniff(sample).map_or("text", |format| format.name());
    Ok(Some((name, content)))
}

/// The shape of the text before a match in its line: `汉` for Han, `a` and `A` for letters, `9` for digits, runs once.
fn context(content: &[u8], seen: &Seen) -> String {
    let before = content.get(..seen.start).unwrap_or_default();
    let line = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    let text = String::from_utf8_lossy(before.get(line..).unwrap_or_default());
    let skip = text.chars().count().saturating_sub(CONTEXT);
    let mut shape = String::new();
    for character in text.chars().skip(skip) {
        let class = match character {
            '0'..='9' => '9',
            'a'..='z' => 'a',
            'A'..='Z' => 'A',
            '\u{3400}'..='\u{9fff}' => '汉',
            other => other,
        };
        let repeats = shape.ends_with(class) && class.is_alphanumeric();
        if !repeats {
            shape.push(class);
        }
    }
    shape
}

/// A match in brackets, with what is around it in its line.
fn excerpt(content: &[u8], seen: &Seen) -> String {
    let before = content.get(..seen.start).unwrap_or_default();
    let from = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    let behind = content.get(seen.end..).unwrap_or_default();
    let to = memchr::memchr(b'\n', behind).unwrap_or(behind.len());
    let text = |range: &[u8]| String::from_utf8_lossy(range).into_owned();
    let head: Vec<char> = text(before.get(from..).unwrap_or_default()).chars().collect();
    let head: String = head.iter().skip(head.len().saturating_sub(40)).collect();
    let tail: String = text(behind.get(..to).unwrap_or_default()).chars().take(30).collect();
    format!("{head}⟦{}⟧{tail}", text(content.get(seen.start..seen.end).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_looked_at_is_false() {
        let mut fates = Fates::default();
        for verdict in [Some(Verdict::Right), Some(Verdict::Example), Some(Verdict::False), None, None] {
            fates.enter(verdict);
        }
        assert_eq!((fates.right, fates.examples, fates.wrong, fates.unreviewed), (2, 1, 1, 2));
        assert_eq!(fates.add(fates).counted_false(), 6);
    }

    #[test]
    fn matches_of_texts_are_counted_by_verdict() {
        let folder = tempfile::tempdir().unwrap();
        // A value that nobody reviewed: no digest of it is in the table.
        std::fs::write(folder.path().join("a.txt"), "username: \"zhangsan_20261122\"\nsee tom@example.com\n").unwrap();
        let report = report(&[folder.path().to_owned()], &[], 0.6, false).unwrap();
        let sums: Vec<&str> = report.lines().filter(|line| line.starts_with("| 1 |")).collect();
        let [sums] = sums[..] else { panic!("{report}") };
        assert!(sums.starts_with("| 1 | 0 | 0 | 0 | 1 | **"), "{sums}");
        assert!(
            report.contains("| ACCOUNT_NAME | 3 | 1 |") && report.contains("| 0 | 0 | 1 | `a: \"` (1 of 1) |"),
            "{report}"
        );
        assert!(!report.contains("zhangsan"), "{report}");
    }
}
