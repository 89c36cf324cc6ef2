//! The command line: arguments in, immutable configuration and exit code out. One file per subcommand.

mod anonymize;
mod arguments;
mod completions;
mod deidentify;
mod earlier;
mod in_place;
mod interrupt;
mod journal;
mod key;
mod man;
mod plan;
mod policy;
mod progress;
mod reidentify;
mod rewriting;
mod rules;
mod scan;
mod session;
mod targets;
mod verify;

use std::ffi::OsString;
use std::io::{self, Write as _};

use clap::{CommandFactory, Parser, Subcommand};

use crate::error::Error;
use crate::exit::Exit;
use crate::report::escape;

const ABOUT: &str = "Find Chinese personal data in files and rewrite them de-identified or anonymized";

const LONG_ABOUT: &str = "\
tuomin (脱敏) finds personal data (手机号, 身份证号, 银行卡号, names, addresses, …) in logs, CSV, NDJSON, \
PostgreSQL and MySQL dumps, Parquet, Arrow, Avro and SQLite files, and rewrites those files de-identified or anonymized so that \
they still load.

Start with a scan, which changes nothing. Formats, compression (gzip,
bzip2, xz, zstd, lz4) and archives (zip, tar) are recognized by content.";

const EXAMPLES: &str = "\
Examples:
  tuomin scan data/                                 what personal data is in there?
  tuomin scan app.log.gz --matches -                each match as a JSON line
  tuomin scan export/ --fail-on level3              exit 1 if anything of level 3 or 4 is found
  tuomin key new ~/.tuomin.key                      make a key, once
  tuomin deidentify data/ -o clean/ --key-file ~/.tuomin.key
  pg_dump db | tuomin deidentify - -o - --key-file k | psql other
  tuomin anonymize data/ -o public/                 as above, but nothing can be linked or restored
  tuomin reidentify clean/ -o back/ --key-file k    restore what fpe, date_shift and surrogates lead back from
  tuomin verify clean/                              are the outputs still what that run made?

Exit codes:
  0  everything asked for was done      3    incomplete: some asset was not wholly read
  1  --fail-on or verify found something  130  interrupted
  2  usage or fatal error";

#[derive(Parser)]
#[command(name = "tuomin", version, about = ABOUT, long_about = LONG_ABOUT, after_help = EXAMPLES)]
#[command(arg_required_else_help = true, infer_subcommands = false, disable_help_subcommand = true)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Scan(scan::Scan),
    Deidentify(deidentify::Deidentify),
    Anonymize(anonymize::Anonymize),
    Reidentify(reidentify::Reidentify),
    Verify(verify::Verify),
    Rules(rules::Rules),
    Policy(policy::PolicyCommand),
    Key(key::Key),
    Completions(completions::Completions),
    Man(man::Man),
}

/// Runs the program with the arguments `line` (the first is its name) and says how it ended.
pub fn run(line: impl IntoIterator<Item = OsString>) -> Exit {
    interrupt::install();
    let command = match CommandLine::try_parse_from(line) {
        Ok(parsed) => parsed.command,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Fatal } else { Exit::Complete };
        }
    };
    let done = match command {
        Command::Scan(command) => command.run(),
        Command::Deidentify(command) => command.run(),
        Command::Anonymize(command) => command.run(),
        Command::Reidentify(command) => command.run(),
        Command::Verify(command) => command.run(),
        Command::Rules(command) => command.run(),
        Command::Policy(command) => command.run(),
        Command::Key(command) => command.run(),
        Command::Completions(command) => command.run(&mut CommandLine::command()),
        Command::Man(command) => command.run(&CommandLine::command()),
    };
    done.unwrap_or_else(|error| fatal(&error))
}

fn fatal(error: &anyhow::Error) -> Exit {
    if let Some(Error::Interrupted) = error.downcast_ref() {
        return Exit::Interrupted;
    }
    // Whoever reads our output has had enough of it: nothing to complain about, but the run is not whole.
    if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
        return Exit::Incomplete;
    }
    complain(&format!("{error:#}"));
    Exit::Fatal
}

/// Writes one line to standard error.
fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "tuomin: {}", escape::for_terminal(text));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        CommandLine::command().debug_assert();
    }
}
