//! `runbook report`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::json;

use crate::base::{RunId, UnitId, fs};
use crate::cli::choose;
use crate::cli::console;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::exit::Exit;
use crate::display::{Line, Style, Typing, status};
use crate::events::{Entry, Record};
use crate::journal::{JournalError, OutputKey, Store, chain, load, output};
use crate::report::{OutputOf, Outputs, Report, Source, Stream, html, markdown};

/// Writes a run as a page that is worth keeping: a timeline, every step with its output, who answered what.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The run, or the beginning of its id [default: the one that is unfinished, or the newest]
    run: Option<String>,
    /// Where to: FILE.html for a page that needs nothing besides, FILE.md for a wiki [default: Markdown, on stdout]
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  runbook report 1kq8w2z4bt -o report.html
  runbook report -o migration.md
  runbook report | less";

/// How much of a stream is read for a report, and of all of them together: a page has to open.
const STREAM: usize = 64 * 1024;
const ALL: usize = 16 * 1024 * 1024;
/// However many streams there are, so much of each.
const LEAST: usize = 2 * 1024;

/// What is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Html,
    Markdown,
}

pub(crate) async fn run(context: &Context, arguments: &Arguments) -> Result<Exit, CommandError> {
    // Before anything is read: a slip is told at once.
    let form = arguments.out.as_deref().map_or(Ok(Form::Markdown), form)?;
    let Some(store) = context.state()?.open_to_look().await? else { return Err(choose::none(context)) };
    let run = choose::run(context, &*store, arguments.run.as_deref()).await?;
    let text = written(context, &*store, &run, form).await?;
    let Some(path) = &arguments.out else {
        if context.is_for_people() {
            console::out(&text);
        }
        context.event(&json!({"event": "report", "run": run, "form": "markdown", "text": text}));
        context.ended(Exit::Done, Some(&run), "");
        return Ok(Exit::Done);
    };
    fs::write(path, text.as_bytes())
        .map_err(|error| CommandError::from(error).with_hint("--out names a file in a folder that can be written"))?;
    let form = if form == Form::Html { "html" } else { "markdown" };
    context.event(&json!({"event": "report", "run": run, "form": form, "path": path}));
    context.page(&Line::new().text("written: ").text(path.display()).into());
    let next = format!("to see where it stands: {}", context.command(&format!("status {run}")));
    Ok(context.end(Exit::Done, Some(&run), &next))
}

/// What a file of that name holds.
fn form(path: &Path) -> Result<Form, CommandError> {
    let extension = path.extension().map(|extension| extension.to_string_lossy().to_lowercase());
    match extension.as_deref() {
        Some("html" | "htm") => Ok(Form::Html),
        Some("md" | "markdown") => Ok(Form::Markdown),
        _ => Err(CommandError::wrong(
            format!("--out {}: the name does not say what to write", path.display()),
            "a page is called FILE.html, Markdown for a wiki FILE.md",
        )),
    }
}

async fn written(context: &Context, store: &dyn Store, run: &RunId, form: Form) -> Result<String, CommandError> {
    let (texts, view) = load(store, run).await?;
    let entries = chain::read(run, &texts)?;
    let tries = tries(&entries);
    let most = (ALL / (2 * tries.values().sum::<u32>() as usize).max(1)).clamp(LEAST, STREAM);
    let outputs = outputs(store, run, &tries, most).await?;
    let renewed = store.holder(run).await?.map(|holder| holder.renewed);
    let last = view.last.unwrap_or_default();
    let with = context.with();
    let standing = status(&view, Typing { file: "", with: &with }, context.now(), &Style::plain());
    let source = Source {
        entries: &entries,
        outputs: &outputs,
        most,
        heard: renewed.unwrap_or(last).max(last),
        now: context.now(),
        zone: context.style.zone.clone(),
        next: standing.lines().last().unwrap_or_default(),
        hash: &texts.last().map(|entry| chain::hash(entry)).unwrap_or_default(),
    };
    let report = Report::of(&source).map_err(JournalError::from)?;
    let report = report.ok_or_else(|| {
        CommandError::failed(format!("nothing was recorded of run {run}"), "there is nothing to report")
    })?;
    let page = match form {
        Form::Html => html(&report),
        Form::Markdown => markdown(&report),
    };
    page.map_err(|error| CommandError::caused(&error, "this is a bug of runbook: please report it"))
}

/// How often each unit was tried, or taken back: its output is kept by that number.
fn tries(entries: &[Entry]) -> BTreeMap<&UnitId, u32> {
    let mut tries: BTreeMap<&UnitId, u32> = BTreeMap::new();
    for entry in entries {
        if let Record::Intended { unit, attempt, .. } | Record::UndoIntended { unit, attempt } = &entry.record {
            let most = tries.entry(unit).or_default();
            *most = (*most).max(*attempt);
        }
    }
    tries
}

/// What the units of a run said, so much of each stream.
async fn outputs(
    store: &dyn Store,
    run: &RunId,
    tries: &BTreeMap<&UnitId, u32>,
    most: usize,
) -> Result<Outputs, CommandError> {
    let mut outputs = Outputs::new();
    for (unit, tries) in tries {
        for attempt in 1..=*tries {
            for stderr in [false, true] {
                let key = OutputKey { unit: (*unit).clone(), attempt, stderr };
                let said = stream(store, run, &key, most).await?;
                if !said.is_empty() {
                    outputs.insert(OutputOf { unit: (*unit).clone(), attempt, stderr }, said);
                }
            }
        }
    }
    Ok(outputs)
}

async fn stream(store: &dyn Store, run: &RunId, key: &OutputKey, most: usize) -> Result<Stream, CommandError> {
    let mut said = Stream::new(most);
    output(store, run, key, 0, |bytes| said.push(bytes)).await?;
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_what_is_written() {
        for (name, due) in [
            ("a.html", Form::Html),
            ("a b/A.HTM", Form::Html),
            ("a.md", Form::Markdown),
            ("x.y.markdown", Form::Markdown),
        ] {
            assert_eq!(form(Path::new(name)).unwrap(), due, "{name}");
        }
        for name in ["report", "report.pdf", ".html", "html", "-"] {
            assert!(form(Path::new(name)).unwrap_err().what().contains("does not say what to write"), "{name}");
        }
    }
}
