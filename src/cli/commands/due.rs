//! `runbook due`.

use std::sync::Arc;

use crate::base::RunId;
use crate::cli::book::BookSource;
use crate::cli::choose;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::notify::{self, News};
use crate::cli::who::who;
use crate::display::{Line, Tone};
use crate::events::view::Status;
use crate::events::{Progress, Record, RunView};
use crate::journal::{Journal, JournalError, Store};

use super::runs::show;

/// Lists the parked runs whose time has come, and tells the scripts that their books' `notify` names, once for each due time. Ends with 0
/// where there are any, with 1 otherwise.
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
    for (run, view) in &all {
        if let Err(why) = tell(context, &store, run, view).await {
            let text = format!("`notify` did not tell that run {run} is due: {why}");
            context.page(&Line::new().put(Tone::Doubt, "warning").text(": ").text(&text).into());
            context.event(&Progress::Warning { text });
        }
    }
    show(context, &all);
    let next = format!("to go on: {}", context.command(&format!("resume {run}")));
    Ok(context.end(Exit::Done, Some(run), &next))
}

/// Tells whom the run's book wants told, once for each time that it waits for. What was told stands in its journal; where that could not be
/// done it is tried again the next time.
async fn tell(context: &Context, store: &Arc<dyn Store>, run: &RunId, view: &RunView) -> Result<(), String> {
    let (Some(started), Status::Parked { why, until: Some(until) }) = (&view.started, &view.status) else {
        return Ok(());
    };
    if view.told_due == Some(*until) {
        return Ok(());
    }
    let Some(plan) = BookSource::as_begun(started).read().plan else { return Ok(()) };
    let step = view.waiting().map(|unit| unit.step.clone());
    let news = News { event: "due", why: why.clone(), due: Some(*until), step };
    if !notify::tell(&plan, run, view, &news, context.now()).await? {
        return Ok(());
    }
    let journal = match Journal::open(store.clone(), context.clock.clone(), who(), run, false).await {
        Ok(journal) => journal,
        // Somebody goes on with it already.
        Err(JournalError::Held { .. }) => return Ok(()),
        Err(error) => return Err(format!("it was told, and that cannot be noted: {error}")),
    };
    let noted = match journal.view().status {
        Status::Parked { until: Some(now), .. } if now == *until => {
            journal.append(Record::ToldDue { until: *until }).await.map(drop)
        }
        _ => Ok(()),
    };
    let closed = journal.close().await;
    noted.and(closed).map_err(|error| format!("it was told, and that cannot be noted: {error}"))
}

fn none(context: &Context) -> Exit {
    context.end(Exit::Failed, None, &format!("nothing is due; to see all runs: {}", context.command("runs")))
}
