//! Which run is meant.

use crate::base::RunId;
use crate::display::{Style, runs};
use crate::events::RunView;
use crate::journal::{Store, load};

use super::context::Context;
use super::error::CommandError;

/// The run that is meant: by its id or the beginning of it; else the one that is unfinished, or the newest.
pub(crate) async fn run(context: &Context, store: &dyn Store, said: Option<&str>) -> Result<RunId, CommandError> {
    let all = store.runs().await?;
    match said {
        Some(said) => by_name(context, &all, said),
        None => by_itself(context, store, &all).await,
    }
}

fn by_name(context: &Context, all: &[RunId], said: &str) -> Result<RunId, CommandError> {
    let said = said.to_lowercase();
    if let Some(run) = all.iter().find(|run| run.as_str() == said) {
        return Ok(run.clone());
    }
    let matching: Vec<&RunId> = all.iter().filter(|run| !said.is_empty() && run.as_str().starts_with(&said)).collect();
    match matching.as_slice() {
        [run] => Ok((*run).clone()),
        [] => Err(CommandError::wrong(
            format!("there is no run `{said}`"),
            format!("to see all runs: {}", context.command("runs")),
        )),
        several => {
            let names: Vec<&str> = several.iter().map(|run| run.as_str()).collect();
            Err(CommandError::wrong(
                format!("`{said}` may be any of {}", names.join(", ")),
                "type as much of the id as tells it from the others",
            ))
        }
    }
}

async fn by_itself(context: &Context, store: &dyn Store, all: &[RunId]) -> Result<RunId, CommandError> {
    let Some(newest) = all.first() else { return Err(none(context)) };
    let unfinished: Vec<(RunId, RunView)> =
        views(store, all).await.into_iter().filter(|(_, view)| !view.status.is_over()).collect();
    match unfinished.as_slice() {
        [] => Ok(newest.clone()),
        [(run, _)] => Ok(run.clone()),
        several => Err(CommandError::wrong(
            format!("several runs are unfinished:\n{}", runs(several, context.now(), &Style::plain()).trim_end()),
            "say which: its id after the command",
        )),
    }
}

/// There is no run at all.
pub(crate) fn none(context: &Context) -> CommandError {
    CommandError::wrong("there are no runs here", format!("to begin one: {}", context.command("run FILE")))
}

/// The runs as their records tell them; one whose records cannot be read is left out.
pub(crate) async fn views(store: &dyn Store, all: &[RunId]) -> Vec<(RunId, RunView)> {
    let mut views = Vec::new();
    for run in all {
        if let Ok((_, view)) = load(store, run).await {
            views.push((run.clone(), view));
        }
    }
    views
}
