//! Writes the data that the benchmarks read: the same bytes from the same seed and reference tables.
//!
//! ```sh
//! cargo run --release --example generate -- mix --megabytes 500 --output mix.log
//! cargo run --release --example generate -- rules --output more-rules
//! ```
//!
//! | kind | what | lines that hold an identifier |
//! |---|---|---|
//! | `mix` | access log, application log, NDJSON events, chat and orders, in blocks of one kind | 5 % |
//! | `dense` | log, NDJSON, chat and orders, a name and an address and more in every line | 100 % |
//! | `copy` | a plain pg_dump of four tables | 22 % of rows |
//! | `table` | Parquet of 20 columns, 4 with identifiers, zstd; the size is that in memory | every row |
//! | `rules` | a folder of 100 rules anchored on labels, for `--rules` | |
//!
//! An identifier is what a built-in rule looks for, IP addresses and those of organizations among them. The share is
//! counted while writing and printed. Names, places and number ranges come from `rules/data/`; everything that is a
//! person's is drawn at random and valid by its checksum, never taken from anybody.

#![allow(clippy::print_stdout, reason = "this is a program of its own")]

mod corpus;
mod custom_rules;
mod table;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use corpus::lines::{Count, Generate};
use corpus::{copy, dense, mix};

/// Write benchmark data from a seed.
#[derive(Parser)]
struct Arguments {
    /// What to write
    kind: Kind,
    /// Its size: of the file, or of the table in memory
    #[arg(long, default_value_t = 500)]
    megabytes: u64,
    /// The same seed gives the same bytes
    #[arg(long, default_value_t = 20_260_312)]
    seed: u64,
    /// File to write; for `rules` a folder
    #[arg(long, short)]
    output: PathBuf,
}

/// What to write.
#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    /// Logs, events, chat and orders; one line in twenty holds an identifier
    Mix,
    /// The same forms with names, addresses and numbers in every line
    Dense,
    /// A pg_dump with COPY
    Copy,
    /// A Parquet table
    Table,
    /// A hundred custom rules
    Rules,
}

fn main() -> io::Result<()> {
    let Arguments { kind, megabytes, seed, output } = Arguments::parse();
    let bytes = megabytes * 1_000_000;
    let name = output.display();
    let text = |write: Generate<BufWriter<File>>| {
        let (mut file, count) = write(seed, bytes, BufWriter::with_capacity(1 << 20, File::create(&output)?))?;
        file.flush()?;
        let Count { bytes, lines, identified } = count;
        println!("{name}: {bytes} bytes, {lines} lines, {identified} with identifiers ({:.2} %)", count.share());
        Ok(())
    };
    match kind {
        Kind::Mix => text(mix::write),
        Kind::Dense => text(dense::write),
        Kind::Copy => text(copy::write),
        Kind::Table => {
            let table::Written { rows, in_memory, text } = table::write(seed, bytes, &output)?;
            println!("{name}: {rows} rows, {in_memory} bytes in memory, {text} of them text");
            Ok(())
        }
        Kind::Rules => {
            let count = custom_rules::write(&output)?;
            println!("{name}: {count} rules");
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests;
