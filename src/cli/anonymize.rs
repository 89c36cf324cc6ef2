//! `tuomin anonymize`: no key survives the run; nothing can be linked or restored.

use clap::Args;

use super::rewriting::Rewriting;
use crate::exit::Exit;
use crate::policy::Purpose;

/// Rewrite files anonymized 匿名化: nothing can be linked to other files or restored
#[derive(Args)]
#[command(after_help = "\
Example:
  tuomin anonymize data/ -o public/

What needs a key draws one for this run only, keeps it in memory and destroys it. Within the run, equal values get
equal tokens, so that the files can still be joined; the next run gives others.")]
pub(super) struct Anonymize {
    #[command(flatten)]
    rewriting: Rewriting,
}

impl Anonymize {
    pub(super) fn run(self) -> anyhow::Result<Exit> {
        self.rewriting.run(Purpose::Anonymize, None, false)
    }
}
