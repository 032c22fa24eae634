//! `runbook demo`.

use crate::cli::context::Context;
use crate::cli::demo::{Machines, Story};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::display::{Line, Page, Tone};

/// Shows a migration between two throw-away hosts on this machine: half a minute, and nothing of it stays.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Leaves the hosts' folder, with the runbook, the journal and the report, to be looked at
    #[arg(long)]
    keep: bool,
}

const EXAMPLES: &str = "\
Examples:
  runbook demo
  runbook demo --keep";

pub(crate) async fn run(context: &Context, arguments: &Arguments) -> Result<Exit, CommandError> {
    if !context.is_for_people() {
        return Err(CommandError::wrong("the demo is for people, and says nothing in JSON", "leave --output json out"));
    }
    let machines = Machines::set_up().await?;
    let mut page = Page::new();
    page.push(Line::new().text("The hosts old and new are set up in ").put(Tone::Name, machines.path("").display()));
    page.push(
        Line::new()
            .put(Tone::Dim, "Each connection starts an sshd of its own: nothing listens, and nobody needs root."),
    );
    context.page(&page);
    let story = Story { context, machines: &machines };
    let told = tokio::select! {
        told = Box::pin(story.tell()) => told.map(|()| Exit::Done),
        _ = tokio::signal::ctrl_c() => Ok(Exit::Interrupted),
    };
    if arguments.keep {
        let folder = machines.keep().await;
        context.page(&Line::new().text("what is left of it: ").put(Tone::Name, folder.display()).into());
    } else {
        machines.take_down().await?;
    }
    let exit = told?;
    if exit != Exit::Done {
        return Ok(exit);
    }
    Ok(context.end(Exit::Done, None, "to write a runbook of your own: docs/tutorial.md"))
}
