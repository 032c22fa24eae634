//! `runbook man`.

use std::path::PathBuf;

use clap::CommandFactory as _;
use clap_mangen::Man;

use crate::base::fs;
use crate::cli::arguments;
use crate::cli::console;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;

/// Writes the manual pages: the one of the whole, or all of them into a folder.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  runbook man | man -l -
  runbook man --out ~/.local/share/man/man1")]
pub(crate) struct Arguments {
    /// The folder, which must exist, for a page for each command
    #[arg(long, short, value_name = "DIR")]
    out: Option<PathBuf>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Exit, CommandError> {
    let mut whole = arguments::Arguments::command();
    // Names and usages of the commands are worked out from the whole.
    whole.build();
    let Some(folder) = &arguments.out else {
        console::out(&page(&whole));
        return Ok(Exit::Done);
    };
    if !folder.is_dir() {
        return Err(CommandError::wrong(
            format!("--out {}: there is no such folder", folder.display()),
            "mkdir -p makes it",
        ));
    }
    let commands = whole.get_subcommands().filter(|command| command.get_name() != "help");
    for command in std::iter::once(&whole).chain(commands) {
        let name = command.get_display_name().unwrap_or_else(|| command.get_name());
        let path = folder.join(format!("{name}.1"));
        fs::write(&path, page(command).as_bytes())
            .map_err(|error| CommandError::wrong(error.to_string(), "--out names a folder that can be written"))?;
    }
    Ok(Exit::Done)
}

fn page(command: &clap::Command) -> String {
    let mut page = Vec::new();
    // Writing to memory does not fail.
    let _ = Man::new(command.clone()).render(&mut page);
    // What clap calls 'after the help' are examples here.
    String::from_utf8_lossy(&page).replace(".SH EXTRA\nExamples:\n", ".SH EXAMPLES\n")
}
