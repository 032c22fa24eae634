//! `runbook schema`.

use crate::actions::schema;
use crate::cli::console;
use crate::cli::exit::Exit;

/// Writes what the runbook language is: a JSON Schema, by which editors complete and check, or a reference for people.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  runbook schema >runbook.schema.json
  runbook schema --markdown | less

The first line of a runbook that yaml-language-server then knows:
  # yaml-language-server: $schema=runbook.schema.json")]
pub(crate) struct Arguments {
    /// As a reference in Markdown: every key, what may stand under it, and what it says
    #[arg(long)]
    markdown: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Exit {
    if arguments.markdown {
        console::out(&schema::reference());
    } else {
        console::out(&format!("{:#}\n", schema::document()));
    }
    Exit::Done
}
