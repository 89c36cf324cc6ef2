//! `tuomin man`: the manual page, with all subcommands.

use std::io::{self, Write as _};

use clap::Args;

use crate::exit::Exit;

/// Print the manual page
#[derive(Args)]
#[command(after_help = "Example:\n  tuomin man > /usr/local/share/man/man1/tuomin.1")]
pub(super) struct Man {}

impl Man {
    #[allow(clippy::unused_self)] // As the other subcommands.
    pub(super) fn run(self, command: &clap::Command) -> anyhow::Result<Exit> {
        let mut page = Vec::new();
        clap_mangen::Man::new(command.clone()).render(&mut page)?;
        for subcommand in command.get_subcommands() {
            let section = clap_mangen::Man::new(subcommand.clone());
            section.render_synopsis_section(&mut page)?;
            section.render_description_section(&mut page)?;
            section.render_options_section(&mut page)?;
        }
        io::stdout().lock().write_all(&page)?;
        Ok(Exit::Complete)
    }
}
