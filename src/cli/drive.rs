//! Drives a run that this process holds, to how its part of it ends, and says what to type next.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::base::shell::quote;
use crate::base::{RunId, Secret, StepId};
use crate::display::{Ending, Style, Typing, Viewer, closing};
use crate::engine::{Controller, End, Setup};
use crate::events::view::Status;
use crate::events::{Progress, Record, RunView};
use crate::journal::{Journal, JournalError, Store};
use crate::plan::Plan;

use super::book::{BookSource, edited};
use super::context::Context;
use super::error::CommandError;
use super::exit::Exit;
use super::inputs::InputArguments;
use super::manner::ReachArguments;
use super::notify::{self, News};
use super::ready::Ready;
use super::secrets;
use super::signals::Ear;

/// A run that this process holds.
pub(crate) struct Drive<'c> {
    pub(crate) context: &'c Context,
    pub(crate) viewer: Arc<Viewer>,
    pub(crate) ear: Ear,
    pub(crate) run: RunId,
    pub(crate) journal: Arc<Journal>,
    pub(crate) source: BookSource,
    pub(crate) setup: Setup,
    pub(crate) plan: Arc<Plan>,
    pub(crate) next: Next,
}

/// What has to be typed again.
#[derive(Clone, Debug, Default)]
pub(crate) struct Next {
    /// The book, as it was typed; empty where the run knows it.
    pub(crate) file: PathBuf,
    /// How hosts are reached.
    pub(crate) reach: ReachArguments,
    /// What decides what the book does, where no run has it in its journal yet.
    pub(crate) inputs: InputArguments,
    /// What a run is held to.
    pub(crate) plan: Option<PathBuf>,
}

/// Which way to go.
#[derive(Clone, Debug)]
pub(crate) enum Way {
    /// On.
    On,
    /// Back, to just before that step; none: to the start.
    Back(Option<StepId>),
}

impl Drive<'_> {
    /// Goes that way until the run ends, or this process's part of it.
    pub(crate) async fn drive(mut self, way: Way) -> Result<Exit, CommandError> {
        let enough = self.ear.enough.clone();
        let ended = tokio::select! {
            biased;
            ended = Box::pin(self.carry(way)) => ended,
            () = enough.notified() => self.leave().await,
        };
        let closed = self.journal.close().await;
        self.tell(&ended).await;
        self.viewer.finish();
        let end = ended.map_err(|error| self.explain(error))?;
        let exit = Exit::of(&end);
        if let Some(ending) = ending(end) {
            self.next.say(self.context, &ending, &self.journal.view(), exit);
        }
        closed?;
        Ok(exit)
    }

    /// Nothing is waited for any more. A rollback stays one: resume goes on with it.
    async fn leave(&self) -> Result<End, CommandError> {
        if !matches!(self.journal.view().status, Status::RollingBack { .. }) {
            self.journal.append(Record::Stopped { why: "interrupted".to_owned() }).await?;
        }
        Ok(End::Interrupted)
    }

    /// Tells whom the book wants told. The run is given back by then: whoever is told may go on with it.
    async fn tell(&self, ended: &Result<End, CommandError>) {
        let view = self.journal.view();
        let Some(news) = News::of(ended, &view) else { return };
        if let Err(why) = notify::tell(&self.plan, &self.run, &view, &news, self.context.now()).await {
            let text = format!("`notify` did not tell that the run is {}: {why}", news.event);
            self.viewer.progress(&Progress::Warning { text });
        }
    }

    async fn carry(&mut self, way: Way) -> Result<End, CommandError> {
        loop {
            let controller = Controller::new(self.setup.clone(), self.journal.clone(), self.plan.clone());
            let end = match &way {
                Way::On => Box::pin(controller.go_on()).await,
                Way::Back(to) => Box::pin(controller.roll_back(to.clone())).await,
            };
            controller.close().await;
            match end? {
                End::Reload => self.reload().await?,
                end => return Ok(end),
            }
        }
    }

    /// Goes by the book as it is now: the operator has mended it, and it was held to the run then.
    async fn reload(&mut self) -> Result<(), CommandError> {
        let Some(plan) = self.source.read().told(self.context) else {
            return Err(CommandError::failed("the runbook was edited and is wrong now", self.resume()));
        };
        self.setup.secrets = secrets::resolve(&plan.book, &self.setup.secrets, &self.context.terminal).await?;
        self.journal.append(Record::Resumed { edited: Some(Box::new(edited(&plan))) }).await?;
        self.plan = Arc::new(plan);
        Ok(())
    }

    fn explain(&self, error: CommandError) -> CommandError {
        if error.exit() == Exit::Held { error } else { error.with_hint(self.resume()) }
    }

    fn resume(&self) -> String {
        format!("once that is seen to: {}", self.next.command(self.context, &format!("resume {}", self.run)))
    }
}

/// Has `act` done with the engine of a run that this process holds, where that is no more than a part of driving it.
///
/// # Errors
/// Where nothing could be made ready for it: then it was not done.
pub(crate) async fn with_controller<T>(
    context: &Context,
    journal: &Arc<Journal>,
    plan: Plan,
    secrets: BTreeMap<String, Secret>,
    reach: &ReachArguments,
    act: impl AsyncFnOnce(&Controller) -> T,
) -> Result<T, CommandError> {
    let viewer = context.viewer();
    let ear = Ear::new(viewer.clone())?;
    let ready = Ready { secrets, ..Ready::new(context, &viewer, &ear, &plan, reach) };
    let setup = ready.setup()?;
    show(journal, &viewer);
    let controller = Controller::new(setup, journal.clone(), Arc::new(plan));
    let done = Box::pin(act(&controller)).await;
    controller.close().await;
    viewer.finish();
    Ok(done)
}

/// Shows what is written from now on.
pub(crate) fn show(journal: &Journal, viewer: &Arc<Viewer>) {
    let viewer = viewer.clone();
    journal.subscribe(Box::new(move |entry, view| viewer.record(entry, view)));
}

/// Takes a run up, unless another operator has it.
pub(crate) async fn take_up(
    context: &Context,
    store: Arc<dyn Store>,
    run: &RunId,
    take_over: bool,
) -> Result<Arc<Journal>, CommandError> {
    match Journal::open(store, context.clock.clone(), super::who::who(), run, take_over).await {
        Ok(journal) => Ok(Arc::new(journal)),
        Err(error @ JournalError::Held { .. }) => {
            let watch = context.command(&format!("log {run} --follow"));
            let take = context.command(&format!("resume {run} --take-over"));
            Err(CommandError::from(error).with_hint(format!("to watch it: {watch} · if they are gone: {take}")))
        }
        Err(error) => Err(error.into()),
    }
}

fn ending(end: End) -> Option<Ending> {
    Some(match end {
        End::Done { open } => Ending::Done { open },
        End::Failed { unit } => Ending::Failed { unit },
        End::Parked { why, until } => Ending::Parked { why, until },
        End::Interrupted => Ending::Interrupted,
        End::RolledBack { to } => Ending::RolledBack { to },
        End::RollbackStopped { unit, why } => Ending::RollbackStopped { unit, why },
        // Never how a process's part of a run ends: the book is read again then.
        End::Reload => return None,
    })
}

impl Next {
    /// A command to be typed next, with what it needs to reach the hosts, and to mean the same.
    pub(crate) fn command(&self, context: &Context, words: &str) -> String {
        let words = [Some(context.command(words)), self.reach.again(), self.inputs.again()];
        words.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// Says how it ended and what to type next.
    pub(crate) fn say(&self, context: &Context, ending: &Ending, view: &RunView, exit: Exit) {
        let reaches = matches!(
            ending,
            Ending::Failed { .. }
                | Ending::Interrupted
                | Ending::Parked { .. }
                | Ending::RolledBack { to: Some(_) }
                | Ending::RollbackStopped { .. }
                | Ending::Previewed
        );
        let reach = self.reach.again().filter(|_| reaches);
        let held_to = self.plan.as_ref().map(|plan| format!("--plan {}", quote(&plan.to_string_lossy())));
        let with = [Some(context.with()).filter(|with| !with.is_empty()), reach, self.inputs.again(), held_to];
        let with = with.into_iter().flatten().collect::<Vec<_>>().join(" ");
        let file = self.file.to_string_lossy();
        let typing = Typing { file: &file, with: &with };
        let said = |style: &Style| closing(ending, view, typing, context.now(), style);
        context.print(&said(&context.style));
        let run = view.started.as_ref().map(|started| &started.run);
        let plain = said(&Style::plain());
        let next = plain.lines().last().unwrap_or_default();
        context.ended(exit, run, next);
    }
}
