//! `runbook resume`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::RunId;
use crate::cli::answers::{Answers, Of};
use crate::cli::book::{BookSource, edited};
use crate::cli::context::Context;
use crate::cli::drive::{Drive, Next, Way, show, take_up};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::manner::MannerArguments;
use crate::cli::operator::Mending;
use crate::cli::ready::Ready;
use crate::cli::signals::Ear;
use crate::cli::{choose, difference, secrets};
use crate::display::Page;
use crate::engine::{Edit, edits};
use crate::events::record::Started;
use crate::events::view::Status;
use crate::events::{Progress, Record, RunView};
use crate::journal::{Journal, load};
use crate::plan::Plan;

/// Goes on with a run: after a failure, an interruption, a crash or a wait.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The run, or the beginning of its id [default: the one that is unfinished]
    run: Option<String>,
    /// Goes by the runbook as it is now, though steps that were done say something else
    #[arg(long)]
    accept_edits: bool,
    /// Takes the run from another operator who is gone
    #[arg(long)]
    take_over: bool,
    #[command(flatten)]
    manner: MannerArguments,
}

const EXAMPLES: &str = "\
Examples:
  runbook resume
  runbook resume 1kq8w2z4bt --answers answers.yaml
  runbook resume --accept-edits    after a look at what was edited
  runbook resume --take-over       when whoever held the run is gone";

pub(crate) async fn run(context: &Context, arguments: &Arguments) -> Result<Exit, CommandError> {
    let Some(store) = context.state()?.open_to_look().await? else { return Err(choose::none(context)) };
    let run = choose::run(context, &*store, arguments.run.as_deref()).await?;
    let (_, view) = load(&*store, &run).await?;
    is_resumable(context, &run, &view.status)?;
    let journal = take_up(context, store, &run, arguments.take_over).await?;
    let ended = go_on(context, arguments, &run, &journal).await;
    // Given back already where it came so far; there is no harm in doing it again.
    journal.close().await?;
    ended
}

fn is_resumable(context: &Context, run: &RunId, status: &Status) -> Result<(), CommandError> {
    let over = match status {
        Status::Done { open: 0 } => "is done",
        Status::Abandoned => "was given up",
        Status::RolledBack { to: None, complete: true } => "was rolled back to its start",
        _ => return Ok(()),
    };
    let hint = format!("to see how it ended: {}", context.command(&format!("status {run}")));
    Err(CommandError::wrong(format!("run {run} {over}: there is nothing to go on with"), hint))
}

async fn go_on(
    context: &Context,
    arguments: &Arguments,
    run: &RunId,
    journal: &Arc<Journal>,
) -> Result<Exit, CommandError> {
    let view = journal.view();
    let Some(started) = &view.started else { return Err(choose::none(context)) };
    let way = way(&view.status);
    // A way back was captured by the book as it was.
    let source = match way {
        Way::On => BookSource::of_run(started),
        Way::Back(_) => BookSource::as_begun(started),
    };
    let next = Next { reach: arguments.manner.reach.clone(), ..Next::default() };
    let again = next.command(context, &format!("resume {run}"));
    let plan = source.read().told_again(context, &again)?;
    // What is taken back goes by what the journal kept: nothing can have been edited.
    let edits = if let Way::On = way { edits(&view, &plan) } else { Vec::new() };
    if edits.iter().any(|edit| edit.begun) && !arguments.accept_edits {
        return Err(refuse(context, started, &plan, &edits, &again));
    }
    let of = if matches!(way, Way::On) { Of::Doing } else { Of::Undoing };
    let Some(answers) = super::run::answers(context, &arguments.manner, &plan, of) else {
        return Err(super::run::wrong_answers(&arguments.manner, &again));
    };
    let answers = if arguments.manner.answers.is_some() { answers } else { Answers::of_json(&started.answers) };
    let values = secrets::resolve(&plan.book, &BTreeMap::new(), &context.terminal).await?;
    let viewer = context.viewer();
    let ear = Ear::new(viewer.clone())?;
    let ready = Ready {
        manner: arguments.manner.manner(),
        secrets: values.clone(),
        answers,
        answers_undo: of == Of::Undoing && arguments.manner.answers.is_some(),
        yes: arguments.manner.yes,
        mending: source.is_file().then(|| mending(context, &source)),
        ..Ready::new(context, &viewer, &ear, &plan, &arguments.manner.reach)
    };
    let setup = ready.setup()?;
    show(journal, &viewer);
    let edited = (!edits.is_empty()).then(|| Box::new(edited(&plan)));
    if let Way::On = way {
        journal.append(Record::Resumed { edited }).await?;
    }
    if matches!(way, Way::On) && !source.is_file() {
        let text = format!("{} is gone: going by what the journal kept of it", started.path);
        viewer.progress(&Progress::Warning { text });
    }
    for name in secrets::changed(run, &started.secrets, &values) {
        let text = format!("the secret `{name}` is not what it was when the run began");
        viewer.progress(&Progress::Warning { text });
    }
    let (run, journal, plan) = (run.clone(), journal.clone(), Arc::new(plan));
    Drive { context, viewer, ear, run, journal, source, setup, plan, next }.drive(way).await
}

/// A rollback that was begun is gone on with, and tried again where it stopped.
fn way(status: &Status) -> Way {
    match status {
        Status::RollingBack { to } | Status::RolledBack { to, complete: false } => Way::Back(to.clone()),
        _ => Way::On,
    }
}

/// Shows what was edited, and says how to go on all the same.
fn refuse(context: &Context, started: &Started, plan: &Plan, edits: &[Edit], again: &str) -> CommandError {
    context.page(&told(started, plan, edits));
    for edit in edits {
        let what = format!("{:?}", edit.what).to_lowercase();
        context.event(&serde_json::json!({"event": "edit", "step": edit.step, "what": what, "begun": edit.begun}));
    }
    CommandError::wrong(
        "the runbook was edited where it has been run already: nothing was done",
        format!("put it back, or go by it as it is now: {again} --accept-edits"),
    )
}

fn told(started: &Started, plan: &Plan, edits: &[Edit]) -> Page {
    let mut page = difference::difference(&started.files, &edited(plan).files);
    page.gap();
    page.append(difference::begun(edits));
    page
}

/// How the book of a run is held to it when the operator mends it meanwhile.
pub(super) fn mending(context: &Context, source: &BookSource) -> Mending {
    let (source, style) = (source.clone(), context.error_style.clone());
    Mending::new(Arc::new(move |view: &RunView| {
        let read = source.read();
        let Some(plan) = &read.plan else { return Err(read.text(&style)) };
        let edits = edits(view, plan);
        let begun = difference::begun(&edits);
        if begun.lines().is_empty() {
            return Ok(());
        }
        let told = view.started.as_ref().map(|started| told(started, plan, &edits)).unwrap_or_default();
        Err(format!("{}these were done already: edit them back\n", told.painted(&style)))
    }))
}
