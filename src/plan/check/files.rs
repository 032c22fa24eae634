//! Files on this machine that actions send: there, readable, and templates that can be rendered as far as can be known.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use crate::actions::LocalFile;
use crate::base::fs::{self, FsError};
use crate::base::{Secret, Span, Spanned, StepId};
use crate::model::Diagnostics;
use crate::plan::fingerprint::{Named, hex};
use crate::plan::scope::{RenderError, Scope};
use crate::plan::template::Template;

use super::calls::{Units, Uses, is_skipped};
use super::site::{Secrets, Source};
use super::templates::Findings;

/// What is kept of a file's bytes with the plan: enough for any text of a book, too little for a package.
const KEPT: u64 = 1 << 20;

/// The files that steps send.
pub(super) struct Files<'s> {
    secrets: &'s BTreeMap<String, Secret>,
    /// What the journal of a run kept of them, by their absolute paths.
    kept: Option<&'s BTreeMap<String, String>>,
    read: HashMap<PathBuf, Result<File, String>>,
    /// Templates that were looked into, by the step that sends them.
    looked_into: BTreeSet<(StepId, PathBuf)>,
    of_steps: BTreeMap<StepId, Found>,
}

/// What was found in the files of a step.
#[derive(Clone, Default)]
pub(super) struct Found {
    /// As written, and where they are. A run is resumed from other folders too: its fingerprints go by what was written.
    paths: BTreeSet<(String, PathBuf)>,
    /// The steps whose outputs its templates use.
    pub(super) uses: BTreeSet<StepId>,
    /// What they name.
    pub(super) named: BTreeSet<Named>,
}

/// A file that was read.
#[derive(Clone)]
struct File {
    hash: String,
    bytes: Option<Arc<Vec<u8>>>,
    /// The same, where it is text.
    text: Option<Arc<str>>,
}

impl<'s> Files<'s> {
    pub(super) fn new(secrets: &'s BTreeMap<String, Secret>, kept: Option<&'s BTreeMap<String, String>>) -> Self {
        Self { secrets, kept, read: HashMap::new(), looked_into: BTreeSet::new(), of_steps: BTreeMap::new() }
    }

    /// Looks at a file that a unit sends. Says what tells units apart in it.
    pub(super) fn look_at(
        &mut self,
        local: &LocalFile,
        units: &Units<'_>,
        scope: &Scope<'_>,
        diagnostics: &mut Diagnostics,
    ) -> Uses {
        let path = path(&local.path.span, &local.path.value);
        // What lies elsewhere on this machine may be made by the run itself: it need not be there yet, and is no part of the book.
        let may_be_made = Path::new(&local.path.value).is_absolute() && units.may_make_files();
        if may_be_made && fs::facts(&path).is_err() {
            return Uses::default();
        }
        if !may_be_made {
            let found = self.of_steps.entry(units.step().id().clone()).or_default();
            found.paths.insert((local.path.value.clone(), path.clone()));
        }
        let file = match self.read(&path) {
            Ok(file) => file,
            Err(error) => {
                diagnostics.error(&local.path.span, error);
                return Uses::default();
            }
        };
        if !local.template {
            return Uses::default();
        }
        let Some(text) = file.text else {
            let message = format!("the template {} is no text in UTF-8 of up to 1 MiB", path.display());
            diagnostics.error(&local.path.span, message);
            return Uses::default();
        };
        let name = path.to_string_lossy();
        self.look_into(&path, &text, units, diagnostics);
        match scope.file(&name, &text, self.secrets) {
            Err(RenderError::Wrong(wrong)) if !is_skipped(units.step(), scope) => diagnostics.push(*wrong),
            Ok(_) | Err(_) => {}
        }
        Uses::of_template(&Template::read(&text))
    }

    /// The text of a file that a step lists its items in, and where it is.
    pub(super) fn list(&mut self, step: &StepId, named: &Spanned<String>) -> Result<(PathBuf, Arc<str>), String> {
        let path = path(&named.span, &named.value);
        self.of_steps.entry(step.clone()).or_default().paths.insert((named.value.clone(), path.clone()));
        match self.read(&path)?.text {
            Some(text) => Ok((path, text)),
            None => Err(format!("the list {} is no text in UTF-8 of up to 1 MiB", path.display())),
        }
    }

    /// What the template refers to, once for each step.
    fn look_into(&mut self, path: &Path, text: &str, units: &Units<'_>, diagnostics: &mut Diagnostics) {
        let step = units.step();
        if !self.looked_into.insert((step.id().clone(), path.to_owned())) {
            return;
        }
        let span = Span { file: path.to_string_lossy().into(), line: 1, column: 1, start: 0, end: text.len() };
        let mut findings = Findings::new(diagnostics);
        let site = units.site().unit().secrets(Secrets::Open);
        findings.template(Source { text, span: &span, is_file: true }, &site);
        let (uses, named) = (findings.uses, findings.named);
        let found = self.of_steps.entry(step.id().clone()).or_default();
        found.uses.extend(uses);
        found.named.extend(named);
    }

    fn read(&mut self, path: &Path) -> Result<File, String> {
        if let Some(known) = self.read.get(path) {
            return known.clone();
        }
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let kept = self.kept.and_then(|kept| kept.get(absolute.to_string_lossy().as_ref()));
        let file = match kept {
            Some(text) => Ok(File::of(text.clone().into_bytes())),
            None => read(path).map_err(|error| error.to_string()),
        };
        self.read.insert(path.to_owned(), file.clone());
        file
    }

    /// What was found in the files of a step.
    pub(super) fn found(&self, step: &StepId) -> Found {
        self.of_steps.get(step).cloned().unwrap_or_default()
    }

    /// The files of a step, each with its hash.
    pub(super) fn hashes(&self, step: &StepId) -> Vec<(String, String)> {
        let paths = self.of_steps.get(step).into_iter().flat_map(|found| &found.paths);
        let hash = |(written, path): &(String, PathBuf)| {
            let file = self.read.get(path)?.as_ref().ok()?;
            Some((written.clone(), file.hash.clone()))
        };
        paths.filter_map(hash).collect()
    }

    /// The bytes of the files that are no larger than a text of a book.
    pub(super) fn into_kept(self) -> BTreeMap<PathBuf, Vec<u8>> {
        let kept =
            |(path, file): (PathBuf, Result<File, String>)| Some((path, Arc::unwrap_or_clone(file.ok()?.bytes?)));
        self.read.into_iter().filter_map(kept).collect()
    }
}

/// The path of a file that was named at `named_in`: relative to the file in which it was.
pub(in crate::plan) fn path(named_in: &Span, named: &str) -> PathBuf {
    Path::new(named_in.file.as_ref()).parent().unwrap_or(Path::new("")).join(named)
}

impl File {
    fn of(bytes: Vec<u8>) -> Self {
        let text = std::str::from_utf8(&bytes).ok().map(Arc::from);
        Self { hash: hex(&Sha256::digest(&bytes)), bytes: Some(Arc::new(bytes)), text }
    }
}

fn read(path: &Path) -> Result<File, FsError> {
    let size = fs::facts(path)?.size;
    if size <= KEPT {
        return Ok(File::of(fs::read_limited(path, KEPT)?));
    }
    let mut hash = Sha256::new();
    let mut offset = 0;
    loop {
        let piece = fs::read_piece(path, offset, KEPT)?;
        if piece.is_empty() {
            return Ok(File { hash: hex(&hash.finalize()), bytes: None, text: None });
        }
        hash.update(&piece);
        offset += piece.len() as u64;
    }
}
