//! `runbook runs`.

use crate::base::RunId;
use crate::cli::choose;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::display::runs;
use crate::events::RunView;

use super::outline::outline;

/// Lists all runs, newest first.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  runbook runs
  runbook runs --output json --state /var/lib/runs.db")]
pub(crate) struct Arguments {}

pub(crate) async fn run(context: &Context) -> Result<Exit, CommandError> {
    let store = context.state()?.open_to_look().await?;
    let all = match &store {
        Some(store) => choose::all(context, &**store).await?,
        None => Vec::new(),
    };
    if !all.is_empty() {
        show(context, &all);
    }
    let next = match all.as_slice() {
        [] => format!("there are no runs here; to begin one: {}", context.command("run FILE")),
        [(run, _), ..] => format!("to see more of one: {}", context.command(&format!("status {run}"))),
    };
    Ok(context.end(Exit::Done, None, &next))
}

/// A table for people, a line each for scripts.
pub(super) fn show(context: &Context, all: &[(RunId, RunView)]) {
    context.print(&runs(all, context.now(), &context.style));
    for (run, view) in all {
        let mut said = outline(run, view, context.now());
        said["event"] = "run".into();
        context.event(&said);
    }
}
