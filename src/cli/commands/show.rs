//! `runbook show`.

use std::path::PathBuf;

use serde_json::json;

use crate::cli::book::{self, BookSource};
use crate::cli::console;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::inputs::InputArguments;
use crate::plan::document;

/// Shows a runbook as a document for those who read it before it is run: Markdown, a page of HTML, or a flowchart.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The runbook
    file: PathBuf,
    /// As a page of HTML that needs nothing else
    #[arg(long, conflicts_with = "mermaid")]
    html: bool,
    /// As a flowchart of its phases, steps and gates, for Mermaid
    #[arg(long)]
    mermaid: bool,
    #[command(flatten)]
    inputs: InputArguments,
}

const EXAMPLES: &str = "\
Examples:
  runbook show migration.yaml >migration.md
  runbook show migration.yaml --html >migration.html
  runbook show migration.yaml --mermaid --hosts-file rehearsal.yaml";

pub(crate) fn run(context: &Context, arguments: &Arguments) -> Result<Exit, CommandError> {
    let given = arguments.inputs.read();
    let source = BookSource::file(&arguments.file, given.inputs.clone());
    let read = source.read().with(given);
    // Warnings are for whoever writes it: `check` tells them.
    let Some(plan) = read.told_if_wrong(context) else {
        book::refused(context, &arguments.file, &arguments.inputs);
        return Ok(Exit::Wrong);
    };
    let (form, text) = match (arguments.html, arguments.mermaid) {
        (true, _) => {
            let page =
                document::html(&plan).map_err(|error| CommandError::caused(&error, "without --html: Markdown"))?;
            ("html", page)
        }
        (false, true) => ("mermaid", document::mermaid(&plan)),
        (false, false) => ("markdown", document::markdown(&plan)),
    };
    if context.is_for_people() {
        console::out(&text);
    }
    context.event(&json!({"event": "document", "form": form, "text": text}));
    context.ended(Exit::Done, None, "");
    Ok(Exit::Done)
}
