//! `runbook log`.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::base::{RunId, StepId, UnitId};
use crate::cli::choose;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::display::{Line, Page, Tone, safe_bytes, watched};
use crate::events::state::unit_of;
use crate::events::view::Status;
use crate::events::{Entry, Record, RunView};
use crate::journal::{JournalError, OutputKey, Store, chain, load, output};
use crate::model::diagnostic::nearest;

use super::follow::{LOOK, follow};
use super::records::line;

/// Shows the records of a run; of a step, its output too.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The run, or the beginning of its id [default: the one that is unfinished, or the newest]
    run: Option<String>,
    /// Only this step, with its output
    step: Option<String>,
    /// Holds the records against their chain of hashes; ends with 1 where it is broken
    #[arg(long, conflicts_with_all = ["step", "follow"])]
    verify: bool,
    /// Goes on showing what is added, until the run ends or stops
    #[arg(long, short)]
    follow: bool,
}

const EXAMPLES: &str = "\
Examples:
  runbook log
  runbook log 1kq8w2z4bt copy-database
  runbook log 1kq8w2z4bt --follow    from another terminal
  runbook log 1kq8w2z4bt --verify";

pub(crate) async fn run(context: &Context, arguments: &Arguments) -> Result<Exit, CommandError> {
    let Some(store) = context.state()?.open_to_look().await? else { return Err(choose::none(context)) };
    let run = choose::run(context, &*store, arguments.run.as_deref()).await?;
    if arguments.verify {
        return verify(context, &*store, &run).await;
    }
    let (_, view) = load(&*store, &run).await?;
    let step = arguments.step.as_deref().map(|said| step(&run, &view, said, context)).transpose()?;
    if arguments.follow && step.is_none() && context.is_for_people() {
        return follow(context, &*store, &run).await;
    }
    let mut log = Log { context, store: &*store, run, step, seen: 0, told: BTreeMap::new() };
    loop {
        let status = log.more(arguments.follow).await?;
        let goes_on = matches!(status, Status::Fresh | Status::Running | Status::RollingBack { .. });
        if !arguments.follow || !goes_on {
            break;
        }
        tokio::time::sleep(LOOK).await;
    }
    if log.step.is_none() {
        let (_, view) = load(&*store, &log.run).await?;
        context.page(&watched(&view, context.now(), &context.style));
    }
    let next = format!("to see where it stands: {}", context.command(&format!("status {}", log.run)));
    Ok(context.end(Exit::Done, Some(&log.run), &next))
}

async fn verify(context: &Context, store: &dyn Store, run: &RunId) -> Result<Exit, CommandError> {
    let (entries, _) = load(store, run).await?;
    let last = entries.last().map(|entry| chain::hash(entry)).unwrap_or_default();
    context.print(&format!(
        "{} records, the chain holds\nthe last hash, to be compared with one that was kept elsewhere: {last}\n",
        entries.len()
    ));
    context.event(&json!({"event": "verified", "run": run, "entries": entries.len(), "last": last}));
    let next = format!("to see where it stands: {}", context.command(&format!("status {run}")));
    Ok(context.end(Exit::Done, Some(run), &next))
}

fn step(run: &RunId, view: &RunView, said: &str, context: &Context) -> Result<StepId, CommandError> {
    let known: BTreeSet<&StepId> =
        view.steps().map(|step| &step.id).chain(view.units.keys().map(|unit| &unit.step)).collect();
    if let Some(step) = known.iter().find(|step| step.as_str() == said) {
        return Ok((**step).clone());
    }
    let hint = match nearest(said, known.iter().map(|step| step.as_str())) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("to see its steps: {}", context.command(&format!("log {run}"))),
    };
    Err(CommandError::wrong(format!("run {run} has no step `{said}`"), hint))
}

/// What of a run was shown.
struct Log<'a> {
    context: &'a Context,
    store: &'a dyn Store,
    run: RunId,
    step: Option<StepId>,
    /// So many records.
    seen: usize,
    /// Up to which chunk of each stream.
    told: BTreeMap<OutputKey, i64>,
}

impl Log<'_> {
    /// Shows what was added since.
    async fn more(&mut self, follow: bool) -> Result<Status, CommandError> {
        let (entries, view) = load(self.store, &self.run).await?;
        let entries = chain::read(&self.run, &entries)?;
        let mut tries: BTreeMap<UnitId, u32> = BTreeMap::new();
        let mut then = RunView::default();
        for (at, entry) in entries.iter().enumerate() {
            then.apply(entry).map_err(JournalError::from)?;
            if !self.is_due(entry) {
                continue;
            }
            if let Record::Intended { unit, attempt, .. } = &entry.record {
                tries.insert(unit.clone(), *attempt);
            }
            if at >= self.seen {
                self.context.page(&line(entry, &then, &self.context.style).into());
                self.context.event(&json!({"event": "record", "entry": entry}));
            }
        }
        self.seen = entries.len();
        // The whole run's output is for whoever looks at a step, or watches.
        if self.step.is_some() || follow {
            for (unit, tries) in tries {
                for attempt in 1..=tries {
                    self.output(&unit, attempt).await?;
                }
            }
        }
        Ok(view.status)
    }

    fn is_due(&self, entry: &Entry) -> bool {
        let Some(step) = &self.step else { return true };
        unit_of(&entry.record).is_some_and(|unit| unit.step == *step)
    }

    async fn output(&mut self, unit: &UnitId, attempt: u32) -> Result<(), CommandError> {
        for stderr in [false, true] {
            let key = OutputKey { unit: unit.clone(), attempt, stderr };
            let from = self.told.get(&key).copied().unwrap_or(0);
            let mut bytes = Vec::new();
            let upto = output(self.store, &self.run, &key, from, |more| bytes.extend_from_slice(more)).await?;
            self.told.insert(key, upto);
            if !bytes.is_empty() {
                self.tell(unit, attempt, stderr, &bytes);
            }
        }
        Ok(())
    }

    fn tell(&self, unit: &UnitId, attempt: u32, stderr: bool, bytes: &[u8]) {
        let stream = if stderr { "stderr" } else { "stdout" };
        let mut page = Page::new();
        page.push(Line::new().put(Tone::Name, unit).put(Tone::Dim, format_args!(", try {attempt}, {stream}:")));
        page.block(4, Tone::Plain, &safe_bytes(bytes));
        self.context.page(&page);
        let text = String::from_utf8_lossy(bytes);
        self.context
            .event(&json!({"event": "output", "unit": unit, "attempt": attempt, "stderr": stderr, "text": text}));
    }
}
