//! `runbook rollback`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::json;

use crate::base::{RunId, StepId};
use crate::cli::answers::{Answers, Of};
use crate::cli::book::BookSource;
use crate::cli::context::Context;
use crate::cli::drive::{Drive, Next, Way, show, take_up};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::manner::{MannerArguments, ReachArguments};
use crate::cli::ready::Ready;
use crate::cli::signals::Ear;
use crate::cli::{choose, secrets};
use crate::display::rollback_preview;
use crate::engine::{Manner, foresee_rollback};
use crate::events::RunView;
use crate::events::view::Status;
use crate::journal::{Journal, load};
use crate::model::diagnostic::nearest;

/// Takes back what a run did, newest first.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The run, or the beginning of its id [default: the one that is unfinished, or the newest]
    run: Option<String>,
    /// Only to just before this checkpoint or step [default: to the start]
    #[arg(long, value_name = "CHECKPOINT|STEP")]
    to: Option<String>,
    /// Shows what would be undone, and changes nothing
    #[arg(long)]
    dry_run: bool,
    /// Goes past points of no return, and leaves as it is what cannot be undone
    #[arg(long)]
    past_irreversible: bool,
    /// Takes the run from another operator who is gone
    #[arg(long)]
    take_over: bool,
    /// Answers what a person has to take back, from a YAML file
    #[arg(long, value_name = "FILE")]
    answers: Option<PathBuf>,
    #[command(flatten)]
    reach: ReachArguments,
}

const EXAMPLES: &str = "\
Examples:
  runbook rollback --dry-run
  runbook rollback
  runbook rollback 1kq8w2z4bt --to before-dns";

pub(crate) async fn run(context: &Context, arguments: &Arguments) -> Result<Exit, CommandError> {
    let Some(store) = context.state()?.open_to_look().await? else { return Err(choose::none(context)) };
    let run = choose::run(context, &*store, arguments.run.as_deref()).await?;
    let (_, view) = load(&*store, &run).await?;
    may_be_undone(context, &run, &view)?;
    let to = target(&view, arguments.to.as_deref(), context, &run)?;
    if arguments.dry_run {
        return Ok(preview(context, arguments, &run, &view, to.as_ref()));
    }
    let journal = take_up(context, store, &run, arguments.take_over).await?;
    let ended = go_back(context, arguments, &run, &journal, to).await;
    journal.close().await?;
    ended
}

fn may_be_undone(context: &Context, run: &RunId, view: &RunView) -> Result<(), CommandError> {
    let over = match view.status {
        _ if view.cleaned.is_some() => "cannot be taken back: `runbook clean` has removed what was kept for that",
        Status::Abandoned => "was given up: nothing of it is taken back any more",
        Status::RolledBack { to: None, complete: true } if view.left.is_empty() => {
            "was rolled back to its start already"
        }
        _ => return Ok(()),
    };
    let hint = format!("to see how it was left: {}", context.command(&format!("status {run}")));
    Err(CommandError::wrong(format!("run {run} {over}"), hint))
}

/// The step before which rollback ends. What was begun is gone on with, unless something else is asked for.
fn target(view: &RunView, said: Option<&str>, context: &Context, run: &RunId) -> Result<Option<StepId>, CommandError> {
    let Some(said) = said else {
        return Ok(match &view.status {
            Status::RollingBack { to } | Status::RolledBack { to, complete: false } => to.clone(),
            _ => None,
        });
    };
    if let Some((_, step)) = view.checkpoints.iter().rev().find(|(name, _)| name == said) {
        return Ok(Some(step.clone()));
    }
    if let Some(step) = view.step(&StepId::from(said)) {
        return Ok(Some(step.id.clone()));
    }
    let checkpoints = view.checkpoints.iter().map(|(name, _)| name.as_str());
    let known = checkpoints.chain(view.steps().map(|step| step.id.as_str()));
    let hint = match nearest(said, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("to see its checkpoints: {}", context.command(&format!("status {run}"))),
    };
    Err(CommandError::wrong(format!("run {run} has passed no checkpoint `{said}`, and has no such step"), hint))
}

fn preview(context: &Context, arguments: &Arguments, run: &RunId, view: &RunView, to: Option<&StepId>) -> Exit {
    let units = foresee_rollback(view, to);
    for unit in &units {
        context.event(&json!({"event": "foreseen", "foreseen": unit}));
    }
    context.print(&rollback_preview(view, to, &units, &context.style));
    let to = to.map_or(String::new(), |step| format!(" --to {step}"));
    let next = Next { reach: arguments.reach.clone(), ..Next::default() };
    let command = next.command(context, &format!("rollback {run}{to}"));
    context.print("nothing was changed\n");
    context.end(Exit::Done, Some(run), &format!("to take it back: {command}"))
}

async fn go_back(
    context: &Context,
    arguments: &Arguments,
    run: &RunId,
    journal: &Arc<Journal>,
    to: Option<StepId>,
) -> Result<Exit, CommandError> {
    let view = journal.view();
    let Some(started) = &view.started else { return Err(choose::none(context)) };
    let source = BookSource::as_begun(started);
    let next = Next { reach: arguments.reach.clone(), ..Next::default() };
    let again = next.command(context, &format!("rollback {run}"));
    let plan = source.read().told_again(context, &again)?;
    let manner = MannerArguments { answers: arguments.answers.clone(), ..MannerArguments::default() };
    let Some(answers) = super::run::answers(context, &manner, &plan, Of::Undoing) else {
        return Err(super::run::wrong_answers(&manner, &again));
    };
    let values = secrets::resolve(&plan.book, &BTreeMap::new(), &context.terminal).await?;
    let viewer = context.viewer();
    let ear = Ear::new(viewer.clone())?;
    let ready = Ready {
        manner: Manner { past_irreversible: arguments.past_irreversible, ..Manner::default() },
        secrets: values,
        answers_undo: answers != Answers::default(),
        answers,
        ..Ready::new(context, &viewer, &ear, &plan, &arguments.reach)
    };
    let setup = ready.setup()?;
    show(journal, &viewer);
    let (run, journal, plan) = (run.clone(), journal.clone(), Arc::new(plan));
    Drive { context, viewer, ear, run, journal, source, setup, plan, next }.drive(Way::Back(to)).await
}
