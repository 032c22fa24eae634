//! `runbook run`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::json;

use crate::base::shell::quote;
use crate::cli::answers::{Answers, Of};
use crate::cli::book::{self, BookSource};
use crate::cli::context::Context;
use crate::cli::drive::{Drive, Next, Way, show};
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::cli::inputs::InputArguments;
use crate::cli::manner::MannerArguments;
use crate::cli::pinned::Pinned;
use crate::cli::ready::Ready;
use crate::cli::signals::Ear;
use crate::cli::who::who;
use crate::cli::{console, run_id, secrets};
use crate::display::{Page, instant};
use crate::journal::{Journal, JournalError, Store, chain};
use crate::model::Diagnostics;
use crate::plan::Plan;

use super::preview::{Looking, look, preview};

/// Carries a runbook out, step by step.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The runbook
    pub(super) file: PathBuf,
    /// Shows what would be done, and changes nothing
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run: without looking at any host
    #[arg(long, requires = "dry_run")]
    offline: bool,
    /// Begins only where all is still as `plan --out` has seen it
    #[arg(long, value_name = "PLAN", conflicts_with = "dry_run")]
    plan: Option<PathBuf>,
    #[command(flatten)]
    pub(super) inputs: InputArguments,
    #[command(flatten)]
    pub(super) manner: MannerArguments,
}

const EXAMPLES: &str = "\
Examples:
  runbook run migration.yaml
  runbook run migration.yaml --dry-run
  runbook run migration.yaml --host old=root@192.0.2.1 --host new=rehearsal.example.org
  runbook run migration.yaml --var site=www.example.org --answers answers.yaml --yes
  runbook run migration.yaml --from copy-database --step
  runbook run migration.yaml --only check-dns check-web
  runbook run migration.yaml --plan plan.json";

/// How often a name that is taken is tried again.
const TRIES: u32 = 8;

pub(crate) async fn run(context: &Context, arguments: &Arguments) -> Result<Exit, CommandError> {
    if arguments.dry_run {
        let looking = Looking { offline: arguments.offline, out: None };
        return preview(context, &arguments.file, &arguments.inputs, &arguments.manner, &looking).await;
    }
    let pinned = arguments.plan.as_deref().map(Pinned::read).transpose()?;
    let Some((source, plan)) = read(context, arguments) else { return Ok(Exit::Wrong) };
    let Some(answers) = answers(context, &arguments.manner, &plan, Of::Doing) else {
        let next = Next { reach: arguments.manner.reach.clone(), inputs: arguments.inputs.clone(), ..Next::default() };
        let again = next.command(context, &format!("run {}", quote(&arguments.file.to_string_lossy())));
        return Err(wrong_answers(&arguments.manner, &again));
    };
    let values = secrets::resolve(&plan.book, &BTreeMap::new(), &context.terminal).await?;
    let viewer = context.viewer();
    let ear = Ear::new(viewer.clone())?;
    let given = answers.to_json();
    let reach = &arguments.manner.reach;
    let ready = Ready {
        manner: arguments.manner.manner(),
        secrets: values.clone(),
        answers,
        yes: arguments.manner.yes,
        mending: Some(super::resume::mending(context, &source)),
        ..Ready::new(context, &viewer, &ear, &plan, reach)
    };
    let setup = ready.setup()?;
    let plan = Arc::new(plan);
    if let Some(pinned) = pinned {
        let Some(seen) = look(&setup, &ear, &plan, pinned.at(), false).await? else { return Ok(Exit::Interrupted) };
        hold_to(context, arguments, &pinned, &Pinned::new(pinned.at(), &plan, &source, &seen))?;
    }
    let store = context.state()?.open().await?;
    let begin = |run| {
        let secrets = secrets::fingerprints(&run, &values);
        book::started(&plan, &source, run, given.clone(), secrets)
    };
    let journal = Arc::new(create(context, &store, begin).await?);
    let view = journal.view();
    let run = view.started.as_ref().map_or_else(|| "".into(), |started| started.run.clone());
    // The first record was written before anybody could be told.
    for entry in chain::read(&run, &store.entries(&run).await?)? {
        viewer.record(&entry, &view);
    }
    show(&journal, &viewer);
    let next = Next { file: arguments.file.clone(), reach: reach.clone(), ..Next::default() };
    let driver = Drive { context, viewer, ear, run, journal, source, setup, plan, next };
    driver.drive(Way::On).await
}

/// Refuses where anything is not as it was pinned.
fn hold_to(context: &Context, arguments: &Arguments, pinned: &Pinned, now: &Pinned) -> Result<(), CommandError> {
    let differences = pinned.differences(now);
    if differences.is_empty() {
        return Ok(());
    }
    let mut page = Page::new();
    for difference in &differences {
        difference.tell(&mut page);
        context.event(&json!({"event": "differs", "difference": difference}));
    }
    page.gap();
    if context.is_for_people() {
        console::err(&page.painted(&context.error_style));
    }
    let path = |path: &Path| quote(&path.to_string_lossy());
    let plan = arguments.plan.as_deref().map(path).unwrap_or_default();
    let words = format!("plan {} --out {plan}", path(&arguments.file));
    let next = Next { reach: arguments.manner.reach.clone(), inputs: arguments.inputs.clone(), ..Next::default() };
    Err(CommandError::wrong(
        format!("not all is as it was planned at {}: nothing ran", instant(pinned.at(), &context.style)),
        format!("to plan it anew: {}", next.command(context, &words)),
    ))
}

/// Reads the book and what goes with it; nothing where anything is wrong, and that was told.
fn read(context: &Context, arguments: &Arguments) -> Option<(BookSource, Plan)> {
    let given = arguments.inputs.read();
    let source = BookSource::file(&arguments.file, given.inputs.clone());
    let Some(plan) = source.read().with(given).told(context) else {
        book::refused(context, &arguments.file, &arguments.inputs);
        return None;
    };
    Some((source, plan))
}

/// What was wrong with the answers was told; `again` is the command without them.
pub(super) fn wrong_answers(manner: &MannerArguments, again: &str) -> CommandError {
    let path = manner.answers.as_deref().map(Path::to_string_lossy).unwrap_or_default();
    let hint = format!("once they are mended: {again} --answers {}", quote(&path));
    CommandError::wrong("the answers are wrong: nothing was done", hint)
}

/// The answers file; none where anything is wrong with it, and that was told.
pub(super) fn answers(context: &Context, manner: &MannerArguments, plan: &Plan, of: Of) -> Option<Answers> {
    let Some(path) = &manner.answers else { return Some(Answers::default()) };
    let mut diagnostics = Diagnostics::default();
    let (answers, sources) = Answers::read(path, plan, of, &mut diagnostics);
    let wrong = diagnostics.has_errors();
    book::tell(context, diagnostics, &sources);
    (!wrong).then_some(answers)
}

/// Begins a run under a name that no other has.
async fn create(
    context: &Context,
    store: &Arc<dyn Store>,
    begin: impl Fn(crate::base::RunId) -> crate::events::record::Started,
) -> Result<Journal, JournalError> {
    let mut tries = 0;
    loop {
        tries += 1;
        let started = begin(run_id::new(context.now(), rand::random()));
        match Journal::create(store.clone(), context.clock.clone(), who(), started).await {
            Err(JournalError::Exists(_)) if tries < TRIES => {}
            created => return created,
        }
    }
}
