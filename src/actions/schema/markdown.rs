//! The language as a reference in Markdown.

use crate::actions::registry::Kind;
use crate::model::form::{Place, Reference, Schemas};
use crate::model::kinds::{ACTIONS, ActionKind};

use super::parts::{BOOK, Beside, PARTS, Part, actions};

const INTRO: &str = "\
Every key of a runbook, what may stand under it, and what it says: `runbook schema --markdown` makes this page of what the tool itself reads
runbooks by. What it all means, with examples, is in [The language](language.md) and [Actions](actions.md).

A key that may be left out may also stand there with nothing behind it. Any value in an action may come from a [template](language.md#templates).";

/// The reference of the language.
#[must_use]
pub fn reference() -> String {
    let place = |name: &str| {
        let part = PARTS.iter().find(|part| part.name == name).map(|part| part.place);
        let action = ACTIONS.iter().find(|action| action.name == name);
        part.or_else(|| action.map(|action| Place { one: action.name, many: action.name, title: action.name }))
    };
    let mut reference = Reference::new(place);
    reference.form(2, "At the top", "", &BOOK, ["", ""]);
    let (of_the_book, of_actions): (Vec<&Part>, _) = PARTS.iter().partition(|part| part.stands == Schemas::Written);
    let add = |part: &Part, reference: &mut Reference<_>| {
        reference.form(2, part.place.title, part.name, &part.form, ["", &beside(part)]);
    };
    of_the_book.iter().for_each(|part| add(part, &mut reference));
    reference.prose(2, "Actions", "Of each the value, which stands under its name in a step.");
    for (action, kind) in actions() {
        reference.form(3, action.name, action.name, &kind.form, [&about(action, kind), &later(kind)]);
    }
    of_actions.iter().for_each(|part: &&Part| add(part, &mut reference));
    reference.page("Reference", INTRO)
}

/// What a part has beside its keys.
fn beside(part: &Part) -> String {
    match part.beside {
        Beside::Nothing => String::new(),
        Beside::Step => {
            "And exactly one [action](#actions); with `restores` one or none. It has an `id` or a `name`.".to_owned()
        }
        Beside::Action => "And exactly one [action](#actions).".to_owned(),
        Beside::Look => {
            let looks = ACTIONS.iter().filter(|kind| part.beside.admits(kind));
            let links: Vec<String> = looks.map(|kind| format!("[{0}](#{0})", kind.name)).collect();
            format!("And exactly one action that only looks: {}.", links.join(", "))
        }
    }
}

/// What an action does, and what its step needs.
fn about(action: &ActionKind, kind: &Kind) -> String {
    let mut chars = action.about.chars();
    let about: String = chars.next().into_iter().flat_map(char::to_uppercase).chain(chars).collect();
    let needs_on = if kind.needs_host { " Needs `on`." } else { "" };
    let itself = if action.undoes_itself { " Takes itself back." } else { "" };
    format!("{about}.{needs_on}{itself} [More](actions.md#{})", action.name)
}

/// What it leaves for later steps.
fn later(kind: &Kind) -> String {
    let names: Vec<String> = kind.outputs.iter().map(|name| format!("`steps.ID.{name}`")).collect();
    if names.is_empty() { String::new() } else { format!("Later steps read {}.", names.join(", ")) }
}
