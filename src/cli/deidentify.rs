//! `tuomin deidentify`: the same value becomes the same token in every file, under a key.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::rewriting::Rewriting;
use crate::exit::Exit;
use crate::policy::Purpose;

/// Rewrite files de-identified 去标识化: same key, same value, same token in every file and format
#[derive(Args)]
#[command(after_help = "\
Examples:
  tuomin key new ~/.tuomin.key
  tuomin deidentify data/ -o clean/ --key-file ~/.tuomin.key
  pg_dump db | tuomin deidentify - -o - --key-file k | psql other
  tuomin deidentify data/ -o shown/ --key-file k --policy ziyun --purpose display

The key is read from --key-file (mode 0600) or from the environment variable TUOMIN_KEY. Whoever has the key can
link tokens to values that they know: keep it apart from the output. De-identified data is still personal data.")]
pub(super) struct Deidentify {
    #[command(flatten)]
    rewriting: Rewriting,

    /// File that holds the key; make one with `tuomin key new FILE`
    #[arg(long, value_name = "K")]
    key_file: Option<PathBuf>,

    /// Which of the policy's operators: those for work within the house, for showing to people, or for handing out
    #[arg(long, value_name = "PURPOSE", default_value = "deidentify")]
    purpose: PurposeName,

    /// Rewrite also what a run has rewritten already: tokens of tokens
    #[arg(long)]
    again: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PurposeName {
    /// 去标识化: joined and analysed within the house
    Deidentify,
    /// 展示: shown to people
    Display,
    /// 对外提供: handed to others, or taken across the border
    Export,
}

impl Deidentify {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let key = self.rewriting.key(self.key_file.as_deref())?;
        let purpose = match self.purpose {
            PurposeName::Deidentify => Purpose::Deidentify,
            PurposeName::Display => Purpose::Display,
            PurposeName::Export => Purpose::Export,
        };
        self.rewriting.run(purpose, Some(key), self.again)
    }
}
