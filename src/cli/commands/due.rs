//! `runbook due`.

use crate::cli::choose;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::events::RunView;
use crate::events::view::Status;

use super::runs::show;

/// Lists the parked runs whose time has come. Ends with 0 where there are any, with 1 otherwise.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  runbook due
  runbook due >/dev/null && runbook resume    in a crontab")]
pub(crate) struct Arguments {}

pub(crate) async fn run(context: &Context) -> Result<Exit, CommandError> {
    let Some(store) = context.state()?.open_to_look().await? else { return Ok(none(context)) };
    let now = context.now();
    let is_due = |view: &RunView| matches!(view.status, Status::Parked { until: Some(until), .. } if until <= now);
    let mut all = choose::all(context, &*store).await?;
    all.retain(|(_, view)| is_due(view));
    let Some((run, _)) = all.first() else { return Ok(none(context)) };
    show(context, &all);
    let next = format!("to go on: {}", context.command(&format!("resume {run}")));
    Ok(context.end(Exit::Done, Some(run), &next))
}

fn none(context: &Context) -> Exit {
    context.end(Exit::Failed, None, &format!("nothing is due; to see all runs: {}", context.command("runs")))
}
