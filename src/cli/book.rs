//! Reading a book and making a plan of it; telling all that is wrong with it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::base::RunId;
use crate::base::fs::FsError;
use crate::display::{Ending, Style, Typing, closing, diagnostics};
use crate::events::RunView;
use crate::events::record::{Edited, Started};
use crate::model::book::Source;
use crate::model::load::{Loaded, load, load_with};
use crate::model::{Diagnostic, Diagnostics};
use crate::plan::{Inputs, Plan, resolve, resolve_kept};

use super::console;
use super::context::Context;
use super::error::CommandError;
use super::exit::Exit;
use super::inputs::{GivenInputs, InputArguments};

/// Where a book is read from: its file, or what the journal of a run kept of it.
#[derive(Clone, Debug)]
pub(crate) struct BookSource {
    path: PathBuf,
    inputs: Inputs,
    kept: Option<BTreeMap<String, String>>,
}

/// What came of reading it.
#[derive(Debug)]
pub(crate) struct ReadBook {
    /// The plan; none where anything is an error.
    pub(crate) plan: Option<Plan>,
    /// All that is wrong.
    pub(crate) diagnostics: Diagnostics,
    /// The files, to quote from.
    pub(crate) sources: Vec<Source>,
}

impl BookSource {
    /// The file at `path`.
    pub(crate) fn file(path: &Path, inputs: Inputs) -> Self {
        Self { path: path.to_owned(), inputs, kept: None }
    }

    /// The file that a run was begun with, as it is now; what the journal kept of it where it is gone.
    pub(crate) fn of_run(started: &Started) -> Self {
        let source = Self::file(Path::new(&started.path), Inputs::of(started));
        if source.path.exists() { source } else { Self::as_begun(started) }
    }

    /// The book as the journal of a run kept it.
    pub(crate) fn as_begun(started: &Started) -> Self {
        Self { kept: Some(started.files.clone()), ..Self::file(Path::new(&started.path), Inputs::of(started)) }
    }

    /// Whether it can be edited: it is a file.
    pub(crate) fn is_file(&self) -> bool {
        self.kept.is_none()
    }

    /// Reads it, and makes a plan of it.
    pub(crate) fn read(&self) -> ReadBook {
        let Loaded { book, sources, mut diagnostics } = match &self.kept {
            None => load(&self.path),
            Some(kept) => load_with(&self.path, &|path| kept_file(kept, path)),
        };
        if let (Some(kept), Some(book)) = (&self.kept, &book) {
            // What was told when the run began is not told again.
            let plan = Some(resolve_kept(book.clone(), &self.inputs, kept));
            return ReadBook { plan, diagnostics: Diagnostics::default(), sources };
        }
        let mut plan = None;
        // What could be read is resolved even where some could not: all that is wrong is told in one go.
        if let Some(book) = book {
            let (resolved, found) = resolve(book, &self.inputs);
            diagnostics.extend(found);
            plan = resolved.filter(|_| !diagnostics.has_errors());
        }
        ReadBook { plan, diagnostics, sources }
    }
}

fn kept_file(kept: &BTreeMap<String, String>, path: &Path) -> Result<Vec<u8>, FsError> {
    let text = kept.get(path.to_string_lossy().as_ref());
    text.map(|text| text.clone().into_bytes()).ok_or_else(|| FsError {
        verb: "reading",
        path: path.to_owned(),
        source: std::io::Error::new(std::io::ErrorKind::NotFound, "the journal did not keep it"),
    })
}

impl ReadBook {
    /// Adds what was wrong with the arguments.
    pub(crate) fn with(mut self, given: GivenInputs) -> Self {
        let mut diagnostics = given.diagnostics;
        diagnostics.extend(self.diagnostics);
        self.sources.extend(given.sources);
        let plan = self.plan.filter(|_| !diagnostics.has_errors());
        Self { plan, diagnostics, sources: self.sources }
    }

    /// Tells everything that is wrong, on stderr, and gives the plan if there is one.
    pub(crate) fn told(self, context: &Context) -> Option<Plan> {
        tell(context, self.diagnostics, &self.sources);
        self.plan
    }

    /// The same without what can be borne.
    pub(crate) fn told_if_wrong(self, context: &Context) -> Option<Plan> {
        match self.plan {
            Some(plan) => Some(plan),
            None => self.told(context),
        }
    }

    /// The same for a run that was begun: what can be borne was told then. `again`: what to type once it is mended.
    ///
    /// # Errors
    /// Where it is wrong by now.
    pub(crate) fn told_again(self, context: &Context, again: &str) -> Result<Plan, CommandError> {
        self.told_if_wrong(context).ok_or_else(|| {
            CommandError::wrong(
                "the runbook of the run is wrong now: nothing was done",
                format!("once it is mended: {again}"),
            )
        })
    }

    /// Everything that is wrong, as text.
    pub(crate) fn text(self, style: &Style) -> String {
        diagnostics(&self.diagnostics.sorted(), &self.sources, style)
    }
}

/// Tells everything that is wrong: people on stderr, scripts in lines of JSON.
pub(crate) fn tell(context: &Context, found: Diagnostics, sources: &[Source]) {
    let found = found.sorted();
    for diagnostic in &found {
        context.event(&Event { event: "diagnostic", diagnostic });
    }
    if context.is_for_people() && !found.is_empty() {
        console::err(&diagnostics(&found, sources, &context.error_style));
    }
}

#[derive(serde::Serialize)]
struct Event<'a> {
    event: &'static str,
    diagnostic: &'a Diagnostic,
}

/// Says that nothing ran, and what to type once the book is mended.
pub(crate) fn refused(context: &Context, file: &Path, inputs: &InputArguments) {
    let with = [Some(context.with()).filter(|with| !with.is_empty()), inputs.again()];
    let (file, with) = (file.to_string_lossy(), with.into_iter().flatten().collect::<Vec<_>>().join(" "));
    let typing = Typing { file: &file, with: &with };
    let said = |style: &Style| closing(&Ending::Refused, &RunView::default(), typing, context.now(), style);
    if context.is_for_people() {
        console::err(&said(&context.error_style));
    }
    let plain = said(&Style::plain());
    let next = plain.lines().last().unwrap_or_default();
    context.ended(Exit::Wrong, None, next);
}

/// What the journal is to know of a run that begins.
pub(crate) fn started(
    plan: &Plan,
    source: &BookSource,
    run: RunId,
    answers: Value,
    secrets: BTreeMap<String, String>,
) -> Started {
    let started = plan.started(run, &source.path, &source.inputs, answers, secrets);
    Started { files: absolute(started.files), ..started }
}

/// What the journal is to know of a book that was edited while its run was under way.
pub(crate) fn edited(plan: &Plan) -> Edited {
    let edited = plan.edited();
    Edited { files: absolute(edited.files), ..edited }
}

/// Files by their absolute paths: the run may be resumed from another folder than it was begun in.
fn absolute(files: BTreeMap<String, String>) -> BTreeMap<String, String> {
    let path = |path: String| std::path::absolute(&path).map_or(path, |path| path.to_string_lossy().into_owned());
    files.into_iter().map(|(file, text)| (path(file), text)).collect()
}
