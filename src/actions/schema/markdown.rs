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
    reference.form(2, "At the top", "", &BOOK, ["The file as a whole.", ""]);
    let (of_the_book, of_actions): (Vec<&Part>, _) = PARTS.iter().partition(|part| part.stands == Schemas::Written);
    let add = |part: &Part, reference: &mut Reference<_>| {
        reference.form(2, part.place.title, part.name, &part.form, [part.about, &beside(part)]);
    };
    for part in of_the_book {
        add(part, &mut reference);
    }
    reference.prose(2, "Actions", "What an action is told stands under its name: `run: uptime`.");
    for (action, kind) in actions() {
        reference.form(3, action.name, action.name, &kind.form, [&about(action, kind), &later(kind)]);
    }
    for part in of_actions {
        add(part, &mut reference);
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::form::Form;

    /// The keys of each table, in order.
    fn tables(page: &str) -> Vec<Vec<&str>> {
        let mut tables = Vec::new();
        for part in page.split("| --- | --- | --- | --- |\n").skip(1) {
            let rows = part.lines().map_while(|line| line.strip_prefix("| `"));
            tables.push(rows.map(|row| row.split('`').next().unwrap()).collect());
        }
        tables
    }

    #[test]
    fn every_key_of_every_form_is_in_the_reference() {
        let page = reference();
        let tables = tables(&page);
        let forms: Vec<Form> = std::iter::once(BOOK)
            .chain(PARTS.iter().map(|part| part.form))
            .chain(actions().map(|(_, kind)| kind.form))
            .collect();
        let mut seen = 0;
        for mapping in forms.iter().flat_map(Form::mappings) {
            let keys: Vec<&str> = mapping.keys.iter().map(|key| key.name).collect();
            assert!(tables.contains(&keys), "no table has {keys:?}, under {:?}", mapping.path);
            seen += keys.len();
        }
        assert!(seen > 200, "only {seen} keys were found");
    }

    #[test]
    fn every_action_has_a_section_with_its_own_keys() {
        let page = reference();
        for (action, kind) in actions() {
            let section = page.split(&format!("\n### {}\n", action.name)).nth(1).unwrap();
            let section = section.split("\n#").next().unwrap();
            assert!(section.contains(&format!("](actions.md#{})", action.name)), "{}", action.name);
            for key in kind.form.outermost().iter().flat_map(Form::keys) {
                assert!(section.contains(&format!("\n| `{}` |", key.name)), "{}: {}", action.name, key.name);
            }
            for name in kind.outputs {
                assert!(section.contains(&format!("`steps.ID.{name}`")), "{}: {name}", action.name);
            }
        }
    }

    #[test]
    fn a_key_under_which_a_secret_may_stand_says_so() {
        for (action, kind) in actions() {
            for mapping in kind.form.mappings() {
                for key in mapping.keys.iter().filter(|key| kind.secrets.contains(&key.name)) {
                    // What an answer has is no secret, whatever it is called.
                    let is_asked = mapping.path.first() != Some(&"expect");
                    assert_eq!(key.about.contains("secret"), is_asked, "{}: {}", action.name, key.name);
                }
            }
        }
    }

    #[test]
    fn what_a_key_says_is_a_fragment_and_says_nothing_twice() {
        let forms = std::iter::once(BOOK).chain(PARTS.iter().map(|part| part.form));
        let forms: Vec<Form> = forms.chain(actions().map(|(_, kind)| kind.form)).collect();
        for key in forms.iter().flat_map(Form::mappings).flat_map(|mapping| mapping.keys) {
            for said in [key.about, key.left_out] {
                assert!(!said.ends_with('.') && !said.contains('\n'), "{}: {said}", key.name);
                assert_eq!(said.matches('`').count() % 2, 0, "{}: {said}", key.name);
            }
            assert!(!key.about.is_empty(), "{}", key.name);
            let twice = ["left out", "Left out"].iter().any(|words| key.about.contains(words));
            assert!(!twice, "{}: what holds without it belongs into `left_out`", key.name);
            assert!(!key.required || key.left_out.is_empty(), "{}", key.name);
        }
    }
}
