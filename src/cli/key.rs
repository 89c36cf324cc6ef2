//! `tuomin key`: making keys. Never shows one.

use std::io::{self, Write as _};
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::exit::Exit;
use crate::report::escape;
use crate::transform::MasterKey;

/// Make a key for deidentify
#[derive(Args)]
pub(super) struct Key {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Write a new random key to FILE, readable by you only. Never overwrites
    New {
        /// The new file
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

impl Key {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let Action::New { file } = self.action;
        let key = MasterKey::generate()?;
        key.write(&file)?;
        writeln!(io::stdout(), "wrote key {} to {}", key.id()?, escape::path(&file))?;
        writeln!(
            io::stdout(),
            "Keep a copy in a safe place: without it, later files cannot be linked to earlier ones."
        )?;
        Ok(Exit::Complete)
    }
}
