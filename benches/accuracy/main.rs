//! How well the built-in rules find personal data: texts with planted values, read as a scan reads them, and counted.
//!
//! ```sh
//! cargo run --release --example accuracy                          # tables as in benches/ACCURACY.md, in Markdown
//! cargo run --release --example accuracy -- --half tuning --faults 30
//! cargo run --release --example accuracy -- --write corpus.ndjson # the texts and spans, for other tools
//! cargo run --release --example accuracy -- --negatives /usr/share/doc
//! cargo run --release --example accuracy -- --calibrate rules/data/score_calibration.tsv
//! ```
//!
//! Templates of each kind (`benches/accuracy/templates`) are split by a hash into a half for tuning rules and one for
//! judging them. Look at the faults of the tuning half only: once a rule is made for a template, it proves nothing.
//! Of those that others wrote, `templates/others` is for tuning and `templates/judges` for judging. Do not open the latter.

#![allow(clippy::print_stdout, reason = "this is a program of its own")]

mod attributes;
#[path = "../generate/corpus/mod.rs"]
#[allow(dead_code, reason = "the generator uses the rest")]
mod corpus;
mod devices;
mod documents;
mod identifiers;
mod negatives;
mod noise;
mod passing;
mod people;
mod reading;
mod reliability;
mod reviewed;
mod score;
mod tables;
mod template;
mod values;
mod write;

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use documents::documents as of_kinds;
use reading::Reader;
use score::Score;
use template::{Author, Half, KINDS, STRAYS};

/// Records of each template of strays for one of the others, which makes about as many of both.
const STRAY_ROUNDS: usize = 4;

/// Measure how well personal data is found.
#[derive(Parser)]
struct Arguments {
    /// The same seed gives the same texts
    #[arg(long, default_value_t = 20_261_122)]
    seed: u64,
    /// Records of each template, and rows of each table
    #[arg(long, default_value_t = 60)]
    rounds: usize,
    /// Matches below this score are none
    #[arg(long, default_value_t = 0.6)]
    min_score: f32,
    /// The half that is reported
    #[arg(long, default_value = "judging")]
    half: HalfArgument,
    /// Also list the templates with the most misses and false matches
    #[arg(long, default_value_t = 0)]
    faults: usize,
    /// Also list every name without a label that was missed, with what stands around it; of the tuning half only
    #[arg(long)]
    misses: bool,
    /// `--faults` and `--misses` are those of the templates that others wrote
    #[arg(long)]
    others: bool,
    /// Use the templates that are lines of this file only: what was written last says most
    #[arg(long)]
    only: Option<PathBuf>,
    /// Make the table of scores (rules/data/score_calibration.tsv) from the tuning half, and nothing else
    #[arg(long)]
    calibrate: Option<PathBuf>,
    /// Write the texts and spans to this file, and nothing else
    #[arg(long)]
    write: Option<PathBuf>,
    /// Look for false matches in these folders and files instead, which hold no personal data
    #[arg(long, num_args = 1..)]
    negatives: Vec<PathBuf>,
    /// With `--negatives`, pass over files whose path holds one of these
    #[arg(long, num_args = 1.., requires = "negatives")]
    except: Vec<String>,
    /// With `--negatives`, show the matches themselves, how they were reviewed and what stands before them
    #[arg(long, requires = "negatives")]
    show_values: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum HalfArgument {
    Tuning,
    Judging,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    if !arguments.negatives.is_empty() {
        let Arguments { negatives, except, min_score, show_values, .. } = &arguments;
        print!("{}", negatives::report(negatives, except, *min_score, *show_values)?);
        return Ok(());
    }
    let only = arguments.only.as_ref().map(std::fs::read_to_string).transpose()?;
    let is_used = |source: &str| only.as_ref().is_none_or(|only| only.lines().any(|line| line == source));
    let documents = of_kinds((&KINDS, Author::Ours), arguments.seed, arguments.rounds, is_used)?;
    if let Some(path) = &arguments.write {
        return Ok(write::write(&documents, path)?);
    }
    let mut reader = Reader::new()?;
    let (mut score, mut others) = (Score::default(), Score::default());
    for document in &documents {
        let seen = reader.read(document.format, document.text.as_bytes())?;
        score.enter(document, &seen, arguments.min_score);
    }
    for document in &of_kinds((&KINDS, Author::Others), arguments.seed, arguments.rounds, is_used)? {
        let seen = reader.read(document.format, document.text.as_bytes())?;
        others.enter(document, &seen, arguments.min_score);
    }
    for document in &of_kinds((&STRAYS, Author::Ours), arguments.seed, arguments.rounds * STRAY_ROUNDS, is_used)? {
        let seen = reader.read(document.format, document.text.as_bytes())?;
        score.enter_stray(document, &seen, arguments.min_score);
    }
    if let Some(path) = &arguments.calibrate {
        return Ok(std::fs::write(path, score.reliability.calibration(arguments.rounds))?);
    }
    let half = match arguments.half {
        HalfArgument::Tuning => Half::Tuning,
        HalfArgument::Judging => Half::Judging,
    };
    print!("{}", tables::report(&score, &reader, half));
    print!("{}", tables::of_others(&others, &reader, half));
    let shown = if arguments.others { &others } else { &score };
    if arguments.misses {
        print!("{}", tables::misses(shown));
    }
    if arguments.faults > 0 {
        print!("{}", tables::faults(shown, &reader, half, arguments.faults));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
