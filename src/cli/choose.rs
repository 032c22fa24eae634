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
    let mut unfinished = Vec::new();
    for run in all {
        // One that cannot be read is not chosen by itself; whoever names it is told why.
        if let Ok((_, view)) = load(store, run).await
            && !view.status.is_over()
        {
            unfinished.push((run.clone(), view));
        }
    }
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

/// All runs as their records tell them, newest first; one whose records cannot be read is told of on stderr.
pub(crate) async fn all(context: &Context, store: &dyn Store) -> Result<Vec<(RunId, RunView)>, CommandError> {
    let mut views = Vec::new();
    for run in store.runs().await? {
        match load(store, &run).await {
            Ok((_, view)) => views.push((run, view)),
            Err(error) => context.complain(&CommandError::from(error)),
        }
    }
    Ok(views)
}
