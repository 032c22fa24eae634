//! `runbook new`.

use std::path::PathBuf;

use serde_json::json;

use crate::base::shell;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::display::Line;
use crate::model::draft::starting_point;

use super::put;

/// Writes a runbook to start from, with comments.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  runbook new migration.yaml")]
pub(crate) struct Arguments {
    /// The file, which must not be there yet
    file: PathBuf,
}

pub(crate) fn run(context: &Context, arguments: &Arguments) -> Result<Exit, CommandError> {
    let name = arguments.file.file_stem().unwrap_or_default().to_string_lossy().replace(['-', '_'], " ");
    put::new_file(&arguments.file, &starting_point(&name))?;
    let file = arguments.file.to_string_lossy();
    context.page(&Line::new().text(format_args!("{file} is there: change it to what you have to do")).into());
    context.event(&json!({"event": "written", "file": file}));
    let next = context.command(&format!("check {}", shell::quote(&file)));
    Ok(context.end(Exit::Done, None, &format!("to see whether it can be run: {next}")))
}
