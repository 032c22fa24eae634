//! `runbook import`.

use std::path::PathBuf;

use serde_json::json;

use crate::base::{fs, shell};
use crate::cli::console;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::display::Line;
use crate::display::count;
use crate::model::draft::{MAX_BYTES, import};

use super::put;

/// Makes a runbook of a plan in Markdown: headings become phases, items of lists steps for people, code scripts.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  runbook import PLAN.md
  runbook import PLAN.md -o migration.yaml")]
pub(crate) struct Arguments {
    /// The plan
    plan: PathBuf,
    /// The file to write, which must not be there yet [default: stdout]
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(crate) fn run(context: &Context, arguments: &Arguments) -> Result<Exit, CommandError> {
    let plan = &arguments.plan;
    let text = fs::read_text(plan, MAX_BYTES)
        .map_err(|error| CommandError::wrong(error.to_string(), "a plan is a file of Markdown, in UTF-8"))?;
    let from = plan.file_name().unwrap_or_default().to_string_lossy();
    let name = plan.file_stem().unwrap_or_default().to_string_lossy();
    let book = import(&text, &from, &name).map_err(|error| {
        let hint = "`- Do this` becomes a step for a person, a block of code a script; or begin with: runbook new FILE";
        CommandError::wrong(format!("{}: {error}", plan.display()), hint)
    })?;
    let Some(out) = &arguments.out else {
        if context.is_for_people() {
            console::out(&book);
        }
        context.event(&json!({"event": "imported", "runbook": book}));
        context.ended(Exit::Done, None, "");
        return Ok(Exit::Done);
    };
    put::new_file(out, &book)?;
    let file = out.to_string_lossy();
    // The first stands in the comment that explains them.
    let open = book.matches("TODO").count().saturating_sub(1);
    let open = if open == 0 {
        "nothing is left open".to_owned()
    } else {
        format!("{} to decide: search for TODO", count(open, "thing"))
    };
    context.page(&Line::new().text(format_args!("{file} is there; {open}")).into());
    context.event(&json!({"event": "written", "file": file}));
    let next = context.command(&format!("check {}", shell::quote(&file)));
    Ok(context.end(Exit::Done, None, &format!("to see whether it can be run: {next}")))
}
