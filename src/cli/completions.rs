//! `tuomin completions`: completion scripts for shells.

use std::io::{self, Write as _};

use clap::Args;
use clap_complete::Shell;

use crate::exit::Exit;

/// Print a completion script for a shell
#[derive(Args)]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(self, command: &mut clap::Command) -> anyhow::Result<Exit> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, command, "tuomin", &mut script);
        io::stdout().lock().write_all(&script)?;
        Ok(Exit::Complete)
    }
}
