//! `runbook plan`.

use std::path::PathBuf;

use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::inputs::InputArguments;
use crate::cli::manner::MannerArguments;

use super::preview::{Looking, preview};

/// Shows what `run` would do, and changes nothing: the same as `run --dry-run`.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The runbook
    file: PathBuf,
    /// Without looking at any host
    #[arg(long)]
    offline: bool,
    /// Keeps what was seen in this file: `run --plan` begins only where it still holds
    #[arg(long, value_name = "PLAN", conflicts_with = "offline")]
    out: Option<PathBuf>,
    #[command(flatten)]
    inputs: InputArguments,
    #[command(flatten)]
    manner: MannerArguments,
}

const EXAMPLES: &str = "\
Examples:
  runbook plan migration.yaml
  runbook plan migration.yaml --offline
  runbook plan migration.yaml --only copy-database --host new=rehearsal.example.org
  runbook plan migration.yaml --out plan.json";

pub(crate) async fn run(context: &Context, arguments: &Arguments) -> Result<Exit, CommandError> {
    let Arguments { file, offline, out, inputs, manner } = arguments;
    preview(context, file, inputs, manner, &Looking { offline: *offline, out: out.as_deref() }).await
}
