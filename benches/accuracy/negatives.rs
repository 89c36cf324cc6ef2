//! False matches in texts that hold no personal data: documentation and source code.
//!
//! Every file is read as text or, where its name says so, in its format, as a scan reads it. What is printed is counts and
//! the shape of the text before a match; values only where they are asked for.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use tuomin::format;

use crate::reading::{Reader, Seen};

/// The most bytes of a file that are read.
const MOST: u64 = 32 << 20;
/// Characters before a match that make its context.
const CONTEXT: usize = 12;

#[derive(Default)]
struct Found {
    count: u64,
    files: u64,
    /// How often each context is met.
    contexts: BTreeMap<String, u64>,
}

/// Counts the matches below `paths`.
///
/// # Errors
/// When the rules do not load.
pub(crate) fn report(
    paths: &[PathBuf],
    except: &[String],
    least: f32,
    show_values: bool,
) -> Result<String, Box<dyn std::error::Error>> {
    let mut reader = Reader::new()?;
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
        for one in seen.iter().filter(|one| one.level > 2 && one.entity != "EMAIL_ADDRESS") {
            *by_score.entry((one.score * 20.0 + 0.001) as u8).or_default() += 1;
        }
        for one in seen.iter().filter(|one| one.score >= least) {
            let kept = found.entry((one.entity.clone(), one.level)).or_default();
            kept.count += 1;
            kept.files += u64::from(before.insert((one.entity.clone(), one.level), 1).is_none());
            *kept.contexts.entry(context(&content, one)).or_default() += 1;
            if show_values {
                let line = excerpt(&content, one);
                let _ = writeln!(shown, "{}\t{:.2}\t{}\t{line}", one.entity, one.score, entry.path().display());
            }
        }
    }
    let megabytes = bytes as f64 / 1e6;
    // E-mail addresses in documentation are real ones.
    let sum_of = |levels: std::ops::RangeInclusive<u8>| -> u64 {
        let is_counted = |(entity, level): &(String, u8)| levels.contains(level) && entity != "EMAIL_ADDRESS";
        found.iter().filter(|(key, _)| is_counted(key)).map(|(_, found)| found.count).sum()
    };
    let (counted, low) = (sum_of(3..=4), sum_of(2..=2));
    let names: u64 =
        found.iter().filter(|((entity, _), _)| entity == "PERSON_NAME").map(|(_, found)| found.count).sum();
    let mut out = format!(
        "{files} files, {megabytes:.1} MB ({unread} not read). Of level 3 and 4, without e-mail addresses: {counted} matches, \
         {:.2} per MB, {:.2} without names; of level 2: {low}, {:.2} per MB.\n\n\
         | entity type | level | matches | per MB | files | most frequent context (of how many) |\n|---|---|---|---|---|---|\n",
        counted as f64 / megabytes.max(1e-9),
        counted.saturating_sub(names) as f64 / megabytes.max(1e-9),
        low as f64 / megabytes.max(1e-9),
    );
    for ((entity, level), Found { count, files, contexts }) in &found {
        let (context, times) = contexts
            .iter()
            .max_by_key(|(context, times)| (**times, std::cmp::Reverse(context.len())))
            .unwrap_or((&shown, &0));
        let _ = writeln!(
            out,
            "| {entity} | {level} | {count} | {:.3} | {files} | `{}` ({times} of {}) |",
            *count as f64 / megabytes.max(1e-9),
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
