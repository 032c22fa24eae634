//! A plan in Markdown as a runbook.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::base::ids::LOCAL;
use crate::model::load::slug;

use super::hosts::{Guess, UNKNOWN, guess};
use super::markdown::outline;
use super::outline::{Item, Outline, Part, What};
use super::write::{literal, scalar};

/// The largest plan that is read.
pub const MAX_BYTES: u64 = 1 << 20;

/// How long an id may be.
const LONGEST: usize = 48;

/// Why a plan comes to no runbook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// There is nothing to do in it.
    #[error("there is nothing in it to make a step of: no item of a list, no code, nothing below a heading")]
    NoSteps,
}

/// A runbook made of a plan in Markdown, `from` that file and called `name` where the plan has no title: each heading a phase, each item of a
/// list a step for a person, each block of code a script. What is not sure is marked `TODO`.
///
/// # Errors
/// Where there is nothing to do in it.
pub fn import(text: &str, from: &str, name: &str) -> Result<String, ImportError> {
    let mut outline = outline(&text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "\u{FFFD}"));
    speak(&mut outline);
    if outline.parts.iter().all(|part| part.items.is_empty()) {
        return Err(ImportError::NoSteps);
    }
    let mut ids = Ids::default();
    let mut hosts: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut phases = String::new();
    let title = outline.title.clone().unwrap_or_else(|| name.to_owned());
    for part in &outline.parts {
        phase(&mut phases, part, &title, &mut ids, &mut hosts);
    }
    let mut book = String::new();
    let from: String = from.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let _ = writeln!(book, "# Made from {from} by `runbook import`. What has to be decided yet is marked TODO.");
    let _ = writeln!(book, "runbook: 1");
    let _ = writeln!(book, "name: {}", scalar(&literal(&title), 0));
    if !outline.about.is_empty() {
        let _ = writeln!(book, "description: {}", scalar(&literal(&outline.about), 0));
    }
    if !hosts.is_empty() {
        let _ = writeln!(book, "\nhosts:");
        for (role, destination) in &hosts {
            let _ = match destination {
                Some(destination) => writeln!(book, "  {role}: {}", scalar(destination, 2)),
                None => writeln!(book, "  {role}: {role}.invalid  # TODO: where it is, as ssh has it"),
            };
        }
    }
    let _ = write!(book, "\nphases:\n{}", phases.trim_start_matches('\n'));
    Ok(book)
}

/// Parts in which nothing is done, but something is said, are for a person to see to; those in which nothing is said go.
fn speak(outline: &mut Outline) {
    for part in &mut outline.parts {
        if part.items.is_empty() && !part.about.is_empty() {
            let text = std::mem::take(&mut part.about);
            let name = super::markdown::name_of(&text);
            part.items.push(Item { name, text, what: What::Person(Vec::new()) });
        }
    }
    outline.parts.retain(|part| !part.items.is_empty());
}

type Hosts = BTreeMap<String, Option<String>>;

fn phase(book: &mut String, part: &Part, title: &str, ids: &mut Ids, hosts: &mut Hosts) {
    let name = if part.name.is_empty() { title } else { &part.name };
    let _ = writeln!(book, "\n  - id: {}", ids.of(name, "phase"));
    let _ = writeln!(book, "    name: {}", scalar(&literal(name), 4));
    if !part.about.is_empty() {
        let _ = writeln!(book, "    description: {}", scalar(&literal(&part.about), 4));
    }
    let _ = writeln!(book, "    steps:");
    let around = guess(&part.name).or_else(|| guess(&part.about));
    for (at, item) in part.items.iter().enumerate() {
        if at > 0 {
            book.push('\n');
        }
        step(book, item, around.as_ref(), ids, hosts);
    }
}

fn step(book: &mut String, item: &Item, around: Option<&Guess>, ids: &mut Ids, hosts: &mut Hosts) {
    let _ = writeln!(book, "      - id: {}", ids.of(&item.name, "step"));
    let _ = writeln!(book, "        name: {}", scalar(&literal(&item.name), 8));
    match &item.what {
        What::Person(boxes) if boxes.is_empty() => {
            let _ = writeln!(book, "        manual: {}", scalar(&literal(&item.text), 8));
        }
        What::Person(boxes) => {
            let _ = writeln!(
                book,
                "        manual:\n          text: {}\n          checklist:",
                scalar(&literal(&item.text), 10)
            );
            for tick in boxes {
                let _ = writeln!(book, "            - {}", scalar(&literal(tick), 12));
            }
        }
        What::Script(script, shell) => {
            about(book, item);
            place(book, item, around, hosts);
            let script = literal(&ended(script));
            match shell {
                Some(shell) => {
                    let _ = writeln!(
                        book,
                        "        run:\n          shell: {shell}\n          script: {}",
                        scalar(&script, 10)
                    );
                }
                None => {
                    let _ = writeln!(book, "        run: {}", scalar(&script, 8));
                }
            }
            let _ = writeln!(
                book,
                "        # TODO: how it is taken back, under `undo`; `undo: nothing` where it only looks"
            );
        }
        What::Sql(sql) => {
            about(book, item);
            place(book, item, around, hosts);
            let _ = writeln!(book, "        become: postgres");
            let _ = writeln!(book, "        sql:\n          database: todo  # TODO: which database");
            let _ = writeln!(book, "          script: {}", scalar(&literal(&ended(sql)), 10));
            let _ = writeln!(
                book,
                "        # TODO: how it is taken back, under `undo`; `query` in place of `script` where it only looks"
            );
        }
    }
}

fn about(book: &mut String, item: &Item) {
    let says_more =
        item.text.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches([':', '.']) != item.name;
    if !item.text.is_empty() && says_more {
        let _ = writeln!(book, "        description: {}", scalar(&literal(&item.text), 8));
    }
}

/// Where it runs: what it says itself is taken at its word, what stands further off is a guess.
fn place(book: &mut String, item: &Item, around: Option<&Guess>, hosts: &mut Hosts) {
    let own = guess(&item.text);
    let (guess, comment) = match (own, around) {
        (Some(own), _) => (own, ""),
        (None, Some(around)) => (around.clone(), "  # TODO: a guess"),
        (None, None) => (Guess { role: UNKNOWN.to_owned(), destination: None }, "  # TODO: on which host"),
    };
    let _ = writeln!(book, "        on: {}{comment}", guess.role);
    if guess.role != LOCAL {
        let known = hosts.entry(guess.role).or_default();
        *known = known.take().or(guess.destination);
    }
}

/// Without empty lines around it; with the end of its last line where it has several.
fn ended(script: &str) -> String {
    let script = script.trim_end().trim_start_matches('\n');
    if script.contains('\n') { format!("{script}\n") } else { script.to_owned() }
}

/// Ids that were given.
#[derive(Default)]
struct Ids(BTreeSet<String>);

impl Ids {
    /// An id for what is called so; `what` is what it is.
    fn of(&mut self, name: &str, what: &str) -> String {
        let mut slug = slug(name);
        if slug.len() > LONGEST {
            let cut = &slug[..LONGEST];
            slug = cut.rsplit_once('-').map_or(cut, |(before, _)| before).to_owned();
        }
        if slug.is_empty() {
            what.clone_into(&mut slug);
        }
        // A word that YAML or the language takes for something else, and a number, are ids of more than that.
        if slug.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-') || is_word(&slug) {
            slug = format!("{what}-{slug}");
        }
        let mut id = slug.clone();
        let mut count = 1;
        while !self.0.insert(id.clone()) {
            count += 1;
            id = format!("{slug}-{count}");
        }
        id
    }
}

/// Whether YAML would take it for something else than a text, as `true` or `1e3`.
fn is_word(slug: &str) -> bool {
    matches!(slug, "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "y" | "n")
        || slug.parse::<f64>().is_ok()
        || slug.starts_with("0x")
        || slug.starts_with("0o")
}
