//! What a dry run saw, kept in a file: `run --plan` begins only where it still holds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::actions::remote_file::sha256;
use crate::base::{Role, RunId, StepId, UnitId, fs};
use crate::display::{Line, Page, Tone, foreseen_unit};
use crate::engine::Forecast;
use crate::events::record::Started;
use crate::events::view::Pin;
use crate::events::{Foreseen, RunView};
use crate::plan::Plan;

use super::book::{self, BookSource};
use super::difference::{difference, unified};
use super::error::CommandError;
use super::who::who;

/// The version of the file.
const FORMAT: u32 = 1;

/// Larger than any plan.
const LIMIT: u64 = 256 << 20;

/// What a dry run saw.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Pinned {
    format: u32,
    /// When it looked. Templates that ask when the run began are told this, then and now.
    at: Timestamp,
    /// Who let it look: `user@machine`.
    who: String,
    /// The book and the arguments, as a run would have kept them: of secrets there is the name alone, of files that are sent a hash.
    book: Started,
    /// Which machines the roles are.
    machines: BTreeMap<Role, Pin>,
    /// What would happen.
    units: Vec<Foreseen>,
}

/// Something that is not as it was pinned.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub(crate) enum Difference {
    /// The files of the book, or those that it sends.
    Files {
        /// Those that are not what they were, by their paths.
        then: BTreeMap<String, String>,
        /// The same now.
        now: BTreeMap<String, String>,
    },
    /// An argument.
    Argument {
        /// Which.
        name: String,
        /// What was said.
        then: Value,
        /// What is said now.
        now: Value,
    },
    /// A file that a step sends, and that is kept by its hash alone: no text, or long.
    Sent {
        /// The step.
        step: StepId,
    },
    /// A role is another machine.
    Machine {
        /// Which.
        role: Role,
        /// Its host key then.
        then: String,
        /// Its host key now.
        now: String,
    },
    /// Something else would happen to a unit.
    Unit {
        /// Which.
        unit: UnitId,
        /// `file:line` where its step stands.
        place: String,
        /// What was told of it; empty where it was not there.
        then: String,
        /// What is told of it now.
        now: String,
    },
}

/// A run that would begin at that instant: what is looked at twice is told the same.
pub(crate) fn beginning(at: Timestamp) -> RunView {
    RunView { began: Some(at), ..RunView::default() }
}

impl Pinned {
    /// What was seen of a book at that instant.
    pub(crate) fn new(at: Timestamp, plan: &Plan, source: &BookSource, seen: &Forecast) -> Self {
        // No run has it, and nothing is answered yet.
        let book = book::started(plan, source, RunId::from(""), Value::Null, BTreeMap::new());
        let book = Started { files: own_files(&book), ..book };
        Self { format: FORMAT, at, who: who(), book, machines: seen.machines.clone(), units: seen.units.clone() }
    }

    /// When it was looked.
    pub(crate) fn at(&self) -> Timestamp {
        self.at
    }

    /// Keeps it in the file at `path`, for its owner alone.
    pub(crate) fn write(&self, path: &Path) -> Result<(), CommandError> {
        let cannot =
            |why: String| CommandError::failed(format!("--out: {why}"), "give --out a file that can be written");
        let mut text = serde_json::to_vec_pretty(self).map_err(|error| cannot(error.to_string()))?;
        text.push(b'\n');
        fs::write(path, &text).map_err(|error| cannot(error.to_string()))
    }

    /// What is kept in the file at `path`.
    pub(crate) fn read(path: &Path) -> Result<Self, CommandError> {
        let hint = "`runbook plan FILE --out PLAN` makes it anew";
        let text = fs::read_text(path, LIMIT).map_err(|error| CommandError::wrong(format!("--plan: {error}"), hint))?;
        let is_none = |why: &str| {
            CommandError::wrong(format!("--plan: {} is not what `plan --out` has written: {why}", path.display()), hint)
        };
        let value: Value = serde_json::from_str(&text).map_err(|error| is_none(&error.to_string()))?;
        match value.get("format").and_then(Value::as_u64) {
            Some(format) if format == u64::from(FORMAT) => {}
            Some(format) => return Err(is_none(&format!("it is of format {format}, this runbook writes {FORMAT}"))),
            None => return Err(is_none("it has no `format`")),
        }
        serde_json::from_value(value).map_err(|error| is_none(&error.to_string()))
    }

    /// All that is not the same `now`: the book first, then the hosts.
    pub(crate) fn differences(&self, now: &Self) -> Vec<Difference> {
        let mut found = Vec::new();
        let (then_files, now_files) = (files(&self.book), files(&now.book));
        if then_files != now_files {
            let other = |of: &BTreeMap<String, String>, than: &BTreeMap<String, String>| {
                let other = of.iter().filter(|(path, text)| than.get(*path) != Some(text));
                other.map(|(path, text)| (path.clone(), text.clone())).collect()
            };
            found.push(Difference::Files { then: other(&then_files, &now_files), now: other(&now_files, &then_files) });
        }
        let (then_said, now_said) = (arguments(&self.book), arguments(&now.book));
        let said = |said: &BTreeMap<String, Value>, name: &str| said.get(name).cloned().unwrap_or(Value::Null);
        for name in keys(&then_said, &now_said) {
            let (then, now) = (said(&then_said, name), said(&now_said, name));
            if then != now {
                found.push(Difference::Argument { name: name.clone(), then, now });
            }
        }
        // Where all that is text is as it was, nothing else is left that makes a step another.
        if found.is_empty() {
            let is_other = |step: &&StepId| self.book.fingerprints.get(*step) != now.book.fingerprints.get(*step);
            let steps = now.book.fingerprints.keys().filter(is_other);
            found.extend(steps.map(|step| Difference::Sent { step: step.clone() }));
        }
        for (role, then) in &self.machines {
            if let Some(now) = now.machines.get(role).filter(|now| now.host_key != then.host_key) {
                let (then, now) = (then.host_key.clone(), now.host_key.clone());
                found.push(Difference::Machine { role: role.clone(), then, now });
            }
        }
        found.extend(self.other_units(now));
        found
    }

    fn other_units(&self, now: &Self) -> Vec<Difference> {
        let told = |units: &[Foreseen]| -> BTreeMap<UnitId, (String, String)> {
            units.iter().map(|one| (one.unit.clone(), (foreseen_unit(one), one.place.clone()))).collect()
        };
        let (then_told, now_told) = (told(&self.units), told(&now.units));
        // In the order of the plan, and what is gone from it behind.
        let gone = self.units.iter().filter(|one| !now_told.contains_key(&one.unit));
        let other = now.units.iter().chain(gone).filter_map(|one| {
            let text = |told: &BTreeMap<UnitId, (String, String)>| {
                told.get(&one.unit).map(|(text, _)| text.clone()).unwrap_or_default()
            };
            let (then, now) = (text(&then_told), text(&now_told));
            let place = one.place.clone();
            (then != now).then(|| Difference::Unit { unit: one.unit.clone(), place, then, now })
        });
        other.collect()
    }
}

impl Difference {
    /// For people.
    pub(crate) fn tell(&self, page: &mut Page) {
        page.gap();
        match self {
            Self::Files { then, now } => {
                page.push(Line::new().put(Tone::Doubt, "the runbook says something else"));
                page.append(difference(then, now));
            }
            Self::Argument { name, then, now } => {
                let is_none = |said: &Value| said.is_null() || said.as_array().is_some_and(Vec::is_empty);
                let word = |said: &Value| if is_none(said) { "nothing".to_owned() } else { said.to_string() };
                let line = Line::new().put(Tone::Name, name).put(Tone::Doubt, " says something else");
                page.push(line.text(format_args!(": it was {}, now it is {}", word(then), word(now))));
            }
            Self::Sent { step } => {
                let line = Line::new().put(Tone::Name, step).put(Tone::Doubt, " sends something else");
                page.push(line.text(": a file that is no text, or longer than 1 MiB, has changed"));
            }
            Self::Machine { role, then, now } => {
                let line = Line::new().put(Tone::Name, role).put(Tone::Bad, " is another machine");
                page.push(line.text(format_args!(": its host key was {then}, now it is {now}")));
            }
            Self::Unit { unit, place, then, now } => {
                let line = Line::new().put(Tone::Name, unit).put(Tone::Doubt, " would do something else");
                page.push(line.put(Tone::Dim, "  ").put(Tone::Dim, place));
                unified(page, then, now, ("then", "now"));
            }
        }
    }
}

/// The files of a book: those that it is written in as they are, and of what its steps send, which may be private, a hash.
fn own_files(book: &Started) -> BTreeMap<String, String> {
    let steps = book.outline.iter().flat_map(|phase| &phase.steps);
    let written = steps.filter_map(|step| std::path::absolute(step.place.rsplit_once(':')?.0).ok());
    let written: BTreeSet<PathBuf> = written.chain([PathBuf::from(&book.path)]).collect();
    let kept = |path: &str, text: &str| {
        if written.contains(Path::new(path)) {
            text.to_owned()
        } else {
            format!("sha256 {}\n", sha256(text.as_bytes()))
        }
    };
    book.files.iter().map(|(path, text)| (path.clone(), kept(path, text))).collect()
}

/// The files of a book, by their paths from the folder that it is in: it may stand elsewhere now.
fn files(book: &Started) -> BTreeMap<String, String> {
    let folder = Path::new(&book.path).parent().unwrap_or(Path::new("/"));
    let near = |path: &String| {
        Path::new(path).strip_prefix(folder).map_or_else(|_| path.clone(), |near| near.to_string_lossy().into_owned())
    };
    book.files.iter().map(|(path, text)| (near(path), text.clone())).collect()
}

/// The arguments that decide what is run, as they are typed.
fn arguments(book: &Started) -> BTreeMap<String, Value> {
    let vars = book.vars.iter().map(|(name, value)| (format!("--var {name}"), value.clone()));
    let hosts = book.hosts.iter().map(|(role, host)| (format!("--host {role}"), host.clone()));
    let selection = &book.selection;
    let lists = [
        ("--from", json!(selection.from)),
        ("--only", json!(selection.only)),
        ("--tags", json!(selection.tags)),
        ("--skip-tags", json!(selection.skip_tags)),
    ];
    let lists = lists.into_iter().map(|(name, value)| (name.to_owned(), value));
    vars.chain(hosts).chain(lists).collect()
}

fn keys<'a, V>(one: &'a BTreeMap<String, V>, other: &'a BTreeMap<String, V>) -> BTreeSet<&'a String> {
    one.keys().chain(other.keys()).collect()
}
