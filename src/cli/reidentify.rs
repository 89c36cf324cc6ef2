//! `tuomin reidentify`: the originals again, for those who hold the key.

use std::path::PathBuf;

use clap::Args;

use super::rewriting::{Restoring, Rewriting};
use crate::exit::Exit;
use crate::policy::Purpose;

/// Restore 还原 what deidentify rewrote by fpe, date_shift or a realistic surrogate, with the same key and policy
#[derive(Args)]
#[command(after_help = "\
Example:
  tuomin reidentify clean/ -o restored/ --key-file ~/.tuomin.key --policy own.yml --only CN_MOBILE_PHONE,BANK_CARD

What leads back: fpe (also where it stands in for a token in a narrow or a number column), and realistic surrogates of
telephone numbers, resident IDs, bank cards, IMEIs, hardware addresses, credit codes and e-mail addresses; date_shift,
where the column or key that tells whose the date is was kept or leads back itself. Tokens, masks,
digests, names, addresses and marked surrogates lead nowhere: a value of such an entity type that is found in an input fails
it, unless --only leaves its entity type as it is.

A wrong key would give values that look right. So the manifest beside each input must name this key and this policy;
--unchecked goes without, for streams. The output is read again, and must hold none of the values that were restored
from.")]
pub(super) struct Reidentify {
    #[command(flatten)]
    rewriting: Rewriting,

    /// File that holds the key of the run
    #[arg(long, value_name = "K")]
    key_file: Option<PathBuf>,

    /// Entity types to restore; the others stay as they are [default: all that the policy rewrites]
    #[arg(long, value_name = "ENTITY", value_delimiter = ',')]
    only: Vec<String>,

    /// Restore also what no manifest vouches for
    #[arg(long)]
    unchecked: bool,
}

impl Reidentify {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        let key = self.rewriting.key(self.key_file.as_deref())?;
        let restoring = Restoring { only: self.only, unchecked: self.unchecked };
        self.rewriting.run_with(Purpose::Reidentify, Some(key), false, Some(&restoring))
    }
}
