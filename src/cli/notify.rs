//! Tells a script of the operator's what has become of a run, as the book's `notify` asks. What comes of that changes nothing about the run.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use crate::base::{RunId, StepId, shell};
use crate::engine::End;
use crate::events::RunView;
use crate::plan::{Plan, RenderError, Scope, Situation};
use crate::transport::{Command, Local, Transport as _};

use super::error::CommandError;
use super::exit::Exit;

/// How long the script may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct News {
    /// `parked`, `failed`, `done` or `due`.
    pub(crate) event: &'static str,
    /// Why, in a line.
    pub(crate) why: String,
    /// The time that the run waits for.
    pub(crate) due: Option<Timestamp>,
    /// The step that it is about.
    pub(crate) step: Option<StepId>,
}

impl News {
    /// What there is to tell of how a process's part of a run ended; none: nobody asked for that.
    pub(crate) fn of(ended: &Result<End, CommandError>, view: &RunView) -> Option<Self> {
        let news = |event, why: String| Some(Self { event, why, due: None, step: None });
        match ended {
            Ok(End::Done { open: 0 }) => news("done", "all steps are over".to_owned()),
            Ok(End::Done { open }) => news("done", format!("all steps are over; temporary changes still open: {open}")),
            Ok(End::Failed { unit }) => {
                let why = view.state(unit).trouble().unwrap_or_else(|| "it failed".to_owned());
                Some(Self { event: "failed", why: format!("{unit}: {why}"), due: None, step: Some(unit.step.clone()) })
            }
            Ok(End::RollbackStopped { unit, why }) => Some(Self {
                event: "failed",
                why: format!("{unit} could not be undone: {}", why.lines().next().unwrap_or_default()),
                due: None,
                step: Some(unit.step.clone()),
            }),
            Ok(End::Parked { why, until }) => {
                let step = view.waiting().map(|unit| unit.step.clone());
                Some(Self { event: "parked", why: why.clone(), due: *until, step })
            }
            Ok(End::Interrupted | End::RolledBack { .. } | End::Reload) => None,
            // Another operator has it: it goes on.
            Err(error) if error.exit() == Exit::Held => None,
            Err(error) => news("failed", error.what().to_owned()),
        }
    }
}

/// Tells it, where the book wants that told; says whether it does. What goes wrong is for a warning.
pub(crate) async fn tell(
    plan: &Plan,
    run: &RunId,
    view: &RunView,
    news: &News,
    now: Timestamp,
) -> Result<bool, String> {
    let Some(notify) = plan.book.notify.as_ref().filter(|notify| notify.on.iter().any(|on| on.value == news.event))
    else {
        return Ok(false);
    };
    let situation = Situation { run, started: view.began.unwrap_or(now), view: Some(view) };
    match Scope::of_book(plan, situation).text(&notify.run) {
        Ok(script) => {
            told(&script, plan, run, view, news, Path::new(notify.run.span.file.as_ref())).await.map(|()| true)
        }
        Err(RenderError::Unknown(step)) => Err(format!("it uses what `{step}` leaves")),
        Err(RenderError::Wrong(wrong)) => Err(wrong.message),
    }
}

/// Runs the script, its input at an end, away from the terminal. What is told reaches it as data.
async fn told(
    script: &str,
    plan: &Plan,
    run: &RunId,
    view: &RunView,
    news: &News,
    named_in: &Path,
) -> Result<(), String> {
    let folder = named_in.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let path = view.started.as_ref().map_or("", |started| started.path.as_str());
    let due = news.due.map(|due| due.to_string()).unwrap_or_default();
    let script = format!("cd -- {}\n{script}", shell::quote(&folder.to_string_lossy()));
    let command = Command::change(script)
        .timeout(Some(PATIENCE))
        .env("RUNBOOK_EVENT", news.event)
        .env("RUNBOOK_RUN", run.as_str())
        .env("RUNBOOK_NAME", plan.name.as_str())
        .env("RUNBOOK_BOOK", path)
        .env("RUNBOOK_WHY", news.why.as_str())
        .env("RUNBOOK_STEP", news.step.as_ref().map_or("", StepId::as_str))
        .env("RUNBOOK_DUE", due);
    let local = Local::new();
    // The shell ends it when its time is up; should it not come to that, nobody waits any longer.
    let said = tokio::time::timeout(PATIENCE * 2, local.exec(command, None)).await;
    local.close().await;
    let said = said.map_err(|_| "it does not end".to_owned())?.map_err(|error| error.to_string())?;
    if said.success() {
        return Ok(());
    }
    let stderr = said.error_text();
    let last = stderr.trim().lines().last().map_or(String::new(), |line| format!(": {line}"));
    Err(format!("its script ended with {}{last}", said.status))
}
