//! Ctrl-C and termination: temporary files are removed, and the exit code says so.

use std::io::Write as _;

use super::journal;
use crate::exit::Exit;
use crate::report::escape::path_text;
use crate::temporary;

/// From now on, an interrupt ends the program without leaving anything half-done behind. What is in place already
/// stays: it is whole.
pub(super) fn install() {
    // Fails only when a handler is there already; then that one decides.
    let _ = ctrlc::set_handler(|| {
        temporary::remove_live();
        let _ = match journal::live() {
            None => writeln!(std::io::stderr(), "tuomin: interrupted; nothing unfinished was left behind"),
            Some(journal) => writeln!(
                std::io::stderr(),
                "tuomin: interrupted; some originals may be replaced already: {} knows which, and the same command goes on \
                 from there",
                path_text(&journal)
            ),
        };
        std::process::exit(Exit::Interrupted.code().into());
    });
}
