//! `runbook abandon`.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::RunId;
use crate::cli::book::BookSource;
use crate::cli::context::Context;
use crate::cli::drive::{Next, take_up, with_controller};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::manner::ReachArguments;
use crate::cli::{choose, secrets};
use crate::display::{Ending, safe_line};
use crate::engine::Jobs;
use crate::events::{RunView, UnitState};
use crate::journal::{Journal, load};

/// Gives a run up as it is: nothing is undone, and it cannot be resumed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The run, or the beginning of its id
    run: String,
    /// Why; it is kept
    #[arg(long)]
    note: Option<String>,
    /// Ends what still runs on hosts
    #[arg(long, conflicts_with = "leave_jobs")]
    stop_jobs: bool,
    /// Leaves what still runs on hosts to itself
    #[arg(long)]
    leave_jobs: bool,
    /// Takes the run from another operator who is gone
    #[arg(long)]
    take_over: bool,
    #[command(flatten)]
    reach: ReachArguments,
}

const EXAMPLES: &str = "\
Examples:
  runbook abandon 1kq8w2z4bt --note 'finished by hand'
  runbook abandon 1kq8w2z4bt --stop-jobs";

pub(crate) async fn run(context: &Context, arguments: &Arguments) -> Result<Exit, CommandError> {
    let Some(store) = context.state()?.open_to_look().await? else { return Err(choose::none(context)) };
    let run = choose::run(context, &*store, Some(&arguments.run)).await?;
    let (_, view) = load(&*store, &run).await?;
    if view.status.is_over() {
        let hint = format!("to see how it ended: {}", context.command(&format!("status {run}")));
        return Err(CommandError::wrong(format!("run {run} is over: there is nothing to give up"), hint));
    }
    let jobs = jobs(context, arguments, &run, &view)?;
    let journal = take_up(context, store, &run, arguments.take_over).await?;
    let ended = give_up(context, arguments, &journal, jobs).await;
    journal.close().await?;
    ended
}

/// What becomes of the jobs; asked, where there are any and nobody has said.
fn jobs(context: &Context, arguments: &Arguments, run: &RunId, view: &RunView) -> Result<Jobs, CommandError> {
    let flying =
        view.units.iter().filter(|(_, seen)| seen.state.is_not_known() || matches!(seen.state, UnitState::Undoing(..)));
    let flying: Vec<String> = flying.map(|(unit, _)| unit.to_string()).collect();
    if arguments.leave_jobs || (flying.is_empty() && !arguments.stop_jobs) {
        return Ok(Jobs::Leave);
    }
    if arguments.stop_jobs {
        return Ok(Jobs::Stop);
    }
    let command = context.command(&format!("abandon {run}"));
    let unsaid = || {
        CommandError::wrong(
            format!("something of run {run} may still be going on: {}", flying.join(", ")),
            format!("{command} --stop-jobs, or --leave-jobs"),
        )
    };
    if !context.terminal.is_present() {
        return Err(unsaid());
    }
    context.terminal.forget_typed();
    context.terminal.tell(&format!("may still be going on: {}\n", safe_line(&flying.join(", "))));
    let choices = ["stop it", "leave it to itself", "do not give the run up"].map(str::to_owned);
    match context.terminal.choose("what becomes of it?", &choices) {
        Some(0) => Ok(Jobs::Stop),
        Some(1) => Ok(Jobs::Leave),
        _ => Err(unsaid()),
    }
}

async fn give_up(
    context: &Context,
    arguments: &Arguments,
    journal: &Arc<Journal>,
    jobs: Jobs,
) -> Result<Exit, CommandError> {
    let view = journal.view();
    let Some(started) = &view.started else { return Err(choose::none(context)) };
    let next = Next { reach: arguments.reach.clone(), ..Next::default() };
    let again = next.command(context, &format!("abandon {}", started.run));
    let plan = BookSource::as_begun(started).read().told_again(context, &again)?;
    let values = match jobs {
        Jobs::Stop => secrets::resolve(&plan.book, &BTreeMap::new(), &context.terminal).await?,
        Jobs::Leave => BTreeMap::new(),
    };
    let note = arguments.note.as_deref().unwrap_or("given up as it is");
    let reach = &arguments.reach;
    let ended =
        with_controller(context, journal, plan, values, reach, async |run| run.abandon(note, jobs).await).await?;
    ended.map_err(|error| {
        CommandError::from(error)
            .with_hint(format!("it is not given up; once that is seen to: {again} --stop-jobs, or --leave-jobs"))
    })?;
    Next::default().say(context, &Ending::Abandoned, &journal.view(), Exit::Done);
    Ok(Exit::Done)
}
