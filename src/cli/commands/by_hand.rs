//! `runbook done`, `skip`, `retry`: a step is settled by hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::{RunId, StepId};
use crate::cli::book::BookSource;
use crate::cli::context::Context;
use crate::cli::drive::{Next, take_up, with_controller};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::manner::ReachArguments;
use crate::cli::{choose, secrets};
use crate::engine::ByHand;
use crate::events::RunView;
use crate::journal::{Journal, load};
use crate::model::diagnostic::nearest;

/// Which step of which run.
#[derive(Debug, clap::Args)]
pub(crate) struct Which {
    /// The run, or the beginning of its id
    run: String,
    /// The step
    step: String,
    /// Takes the run from another operator who is gone
    #[arg(long)]
    take_over: bool,
    #[command(flatten)]
    reach: ReachArguments,
}

/// Settles a step that was done by hand, in another terminal. Its `verify` is run first.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  runbook done 1kq8w2z4bt copy-database
  runbook done 1kq8w2z4bt copy-database --note 'restored from the dump of 4 o\u{2019}clock'")]
pub(crate) struct Done {
    #[command(flatten)]
    which: Which,
    /// A note that is kept
    #[arg(long)]
    note: Option<String>,
}

/// Leaves a step out.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  runbook skip 1kq8w2z4bt warm-cache
  runbook skip 1kq8w2z4bt warm-cache --note 'not worth the time'")]
pub(crate) struct Skip {
    #[command(flatten)]
    which: Which,
    /// A note that is kept
    #[arg(long)]
    note: Option<String>,
}

/// Lets the next resume try a step again.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  runbook retry 1kq8w2z4bt copy-database
  runbook resume 1kq8w2z4bt")]
pub(crate) struct Retry {
    #[command(flatten)]
    which: Which,
}

pub(crate) async fn done(context: &Context, arguments: &Done) -> Result<Exit, CommandError> {
    settle(context, &arguments.which, ByHand::Done { note: arguments.note.clone() }).await
}

pub(crate) async fn skip(context: &Context, arguments: &Skip) -> Result<Exit, CommandError> {
    settle(context, &arguments.which, ByHand::Skip { note: arguments.note.clone() }).await
}

pub(crate) async fn retry(context: &Context, arguments: &Retry) -> Result<Exit, CommandError> {
    settle(context, &arguments.which, ByHand::Retry).await
}

async fn settle(context: &Context, which: &Which, hand: ByHand) -> Result<Exit, CommandError> {
    let Some(store) = context.state()?.open_to_look().await? else { return Err(choose::none(context)) };
    let run = choose::run(context, &*store, Some(&which.run)).await?;
    let (_, view) = load(&*store, &run).await?;
    let step = step(context, &run, &view, &which.step)?;
    if view.status.is_over() {
        let hint = format!("to see how it ended: {}", context.command(&format!("status {run}")));
        return Err(CommandError::wrong(format!("run {run} is over: no step of it is settled any more"), hint));
    }
    let journal = take_up(context, store, &run, which.take_over).await?;
    let settled = by_hand(context, which, &run, &journal, &step, hand).await;
    journal.close().await?;
    settled
}

fn step(context: &Context, run: &RunId, view: &RunView, said: &str) -> Result<StepId, CommandError> {
    let step = StepId::from(said);
    if view.step(&step).is_some() {
        return Ok(step);
    }
    let hint = match nearest(said, view.steps().map(|step| step.id.as_str())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("to see its steps: {}", context.command(&format!("log {run}"))),
    };
    Err(CommandError::wrong(format!("run {run} has no step `{said}`"), hint))
}

async fn by_hand(
    context: &Context,
    which: &Which,
    run: &RunId,
    journal: &Arc<Journal>,
    step: &StepId,
    hand: ByHand,
) -> Result<Exit, CommandError> {
    let view = journal.view();
    let Some(started) = &view.started else { return Err(choose::none(context)) };
    let next = Next { reach: which.reach.clone(), ..Next::default() };
    let resume = next.command(context, &format!("resume {run}"));
    let plan = BookSource::as_begun(started).read().told_again(context, &resume)?;
    // Only a `verify` looks at hosts.
    let secrets = match hand {
        ByHand::Done { .. } => secrets::resolve(&plan.book, &BTreeMap::new(), &context.terminal).await?,
        ByHand::Skip { .. } | ByHand::Retry => BTreeMap::new(),
    };
    let reach = &which.reach;
    let settled =
        with_controller(context, journal, plan, secrets, reach, async |run| run.by_hand(step, &hand).await).await?;
    settled.map_err(|error| CommandError::from(error).with_hint(format!("nothing was settled; to go on: {resume}")))?;
    Ok(context.end(Exit::Done, Some(run), &format!("to go on: {resume}")))
}
