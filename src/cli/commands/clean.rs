//! `runbook clean`.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use crate::base::RunId;
use crate::cli::book::BookSource;
use crate::cli::context::Context;
use crate::cli::drive::{Next, take_up, with_controller};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::manner::ReachArguments;
use crate::cli::{choose, secrets};
use crate::display::{count, kept, room};
use crate::engine::Kept;
use crate::events::RunView;
use crate::events::view::Status;
use crate::journal::{Journal, load};

/// Removes from hosts what a run that is over keeps there so that it can be taken back.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The run, or the beginning of its id
    run: String,
    /// Shows what is kept, and removes nothing
    #[arg(long)]
    dry_run: bool,
    /// Does not ask
    #[arg(long, conflicts_with = "dry_run")]
    yes: bool,
    /// Takes the run from another operator who is gone
    #[arg(long)]
    take_over: bool,
    #[command(flatten)]
    reach: ReachArguments,
}

const EXAMPLES: &str = "\
Examples:
  runbook clean 1kq8w2z4bt --dry-run
  runbook clean 1kq8w2z4bt";

pub(crate) async fn run(context: &Context, arguments: &Arguments) -> Result<Exit, CommandError> {
    let Some(store) = context.state()?.open_to_look().await? else { return Err(choose::none(context)) };
    let run = choose::run(context, &*store, Some(&arguments.run)).await?;
    let (_, view) = load(&*store, &run).await?;
    may_be_cleaned(context, &run, &view)?;
    if !arguments.yes && !arguments.dry_run && !context.terminal.is_present() {
        let hint = format!("{}, or --dry-run", command(context, arguments, &run, " --yes"));
        return Err(CommandError::wrong("clean asks before it removes anything, and nobody is here to answer", hint));
    }
    let journal = take_up(context, store, &run, arguments.take_over).await?;
    let ended = clean(context, arguments, &run, &journal).await;
    journal.close().await?;
    ended
}

fn may_be_cleaned(context: &Context, run: &RunId, view: &RunView) -> Result<(), CommandError> {
    let of_run = |verb: &str| context.command(&format!("{verb} {run}"));
    if let Status::Done { open } = view.status
        && open > 0
    {
        let what = format!("run {run} has {} open: what closes them is kept", count(open as usize, "temporary change"));
        return Err(CommandError::wrong(what, format!("to see them: {}", of_run("status"))));
    }
    if !view.status.is_over() {
        let what = format!("run {run} is not over: it may still have to be taken back");
        let hint = format!("to go on: {} · to give it up: {}", of_run("resume"), of_run("abandon"));
        return Err(CommandError::wrong(what, hint));
    }
    let went = match view.status {
        Status::RolledBack { .. } => "its rollback has removed what was kept",
        _ if view.cleaned.is_some() => "what was kept was removed",
        _ => return Ok(()),
    };
    if !view.left.is_empty() {
        return Ok(());
    }
    let hint = format!("to look back: {}", of_run("log"));
    Err(CommandError::wrong(format!("run {run} keeps nothing on its hosts: {went}"), hint))
}

fn command(context: &Context, arguments: &Arguments, run: &RunId, more: &str) -> String {
    Next { reach: arguments.reach.clone(), ..Next::default() }.command(context, &format!("clean {run}{more}"))
}

async fn clean(
    context: &Context,
    arguments: &Arguments,
    run: &RunId,
    journal: &Arc<Journal>,
) -> Result<Exit, CommandError> {
    let view = journal.view();
    let Some(started) = &view.started else { return Err(choose::none(context)) };
    let again = command(context, arguments, run, "");
    let plan = BookSource::as_begun(started).read().told_again(context, &again)?;
    let values = secrets::resolve(&plan.book, &BTreeMap::new(), &context.terminal).await?;
    let ended = with_controller(context, journal, plan, values, &arguments.reach, async |controller| {
        let kept = controller.kept().await;
        tell(context, &kept);
        match before(context, arguments, run, &kept) {
            Some(exit) => Ok(exit),
            None => controller.clean().await.map(|cleaned| after(context, run, &cleaned, &again)),
        }
    })
    .await?;
    ended.map_err(|error| CommandError::from(error).with_hint(format!("once that is seen to: {again}")))
}

fn tell(context: &Context, kept: &Kept) {
    context.event(&json!({"event": "kept", "things": kept.things, "trouble": kept.trouble}));
    context.print(&self::kept(&kept.things, &kept.trouble, &context.style));
}

/// How it ends before anything was removed, if it does.
fn before(context: &Context, arguments: &Arguments, run: &RunId, kept: &Kept) -> Option<Exit> {
    let again = |more: &str| command(context, arguments, run, more);
    if arguments.dry_run {
        context.print("nothing was removed\n");
        return Some(context.end(Exit::Done, Some(run), &format!("to remove it: {}", again(""))));
    }
    if arguments.yes {
        return None;
    }
    context.terminal.forget_typed();
    let question = if kept.things.is_empty() {
        "the run cannot be taken back afterwards. Go on?"
    } else {
        "the run cannot be taken back afterwards. Remove it?"
    };
    if context.terminal.yes(question) == Some(true) {
        return None;
    }
    context.print("nothing was removed\n");
    Some(context.end(Exit::Done, Some(run), &format!("to be asked again: {}", again(""))))
}

fn after(context: &Context, run: &RunId, cleaned: &Kept, again: &str) -> Exit {
    context.print(&match cleaned.things[..] {
        [] => "nothing was removed\n".to_owned(),
        _ => format!("removed: {}\n", room(&cleaned.things)),
    });
    if cleaned.trouble.is_empty() {
        let look = context.command(&format!("log {run}"));
        return context.end(Exit::Done, Some(run), &format!("to look back: {look}"));
    }
    context.end(Exit::Failed, Some(run), &format!("once that is seen to: {again}"))
}
