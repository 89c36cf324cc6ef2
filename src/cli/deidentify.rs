//! `tuomin deidentify`: the same value becomes the same token in every file, under a key.

use std::path::PathBuf;

use clap::Args;

use super::rewriting::Rewriting;
use crate::exit::Exit;
use crate::policy::Purpose;
use crate::transform::MasterKey;

/// Rewrite files de-identified 去标识化: same key, same value, same token in every file and format
#[derive(Args)]
#[command(after_help = "\
Examples:
  tuomin key new ~/.tuomin.key
  tuomin deidentify data/ -o clean/ --key-file ~/.tuomin.key
  pg_dump db | tuomin deidentify - -o - --key-file k | psql other

The key is read from --key-file (mode 0600) or from the environment variable TUOMIN_KEY. Whoever has the key can
link tokens to values that they know: keep it apart from the output. De-identified data is still personal data.")]
pub(super) struct Deidentify {
    #[command(flatten)]
    rewriting: Rewriting,

    /// File that holds the key; make one with `tuomin key new FILE`
    #[arg(long, value_name = "K")]
    key_file: Option<PathBuf>,
}

impl Deidentify {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let key = match &self.key_file {
            Some(path) => MasterKey::from_file(path)?,
            None => MasterKey::from_env()?,
        };
        if let Some(path) = &self.key_file {
            self.rewriting.refuse_as_input(path)?;
        }
        self.rewriting.run(Purpose::Deidentify, Some(key))
    }
}
