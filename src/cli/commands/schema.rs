//! `runbook schema`.

use crate::actions::schema;
use crate::cli::console;
use crate::cli::exit::Exit;

/// Writes the JSON Schema of the runbook language, by which editors complete and check.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  runbook schema >runbook.schema.json

The first line of a runbook that yaml-language-server then knows:
  # yaml-language-server: $schema=runbook.schema.json")]
pub(crate) struct Arguments {}

pub(crate) fn run(_arguments: &Arguments) -> Exit {
    console::out(&format!("{:#}\n", schema::document()));
    Exit::Done
}
