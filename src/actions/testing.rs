//! What the actions' own tests share.

use crate::model::{Diagnostics, Node, yaml};

use super::contract::Action;
use super::edit::{Edit, Edited};

/// A node of YAML text.
pub(super) fn node(text: &str) -> Node {
    let mut diagnostics = Diagnostics::default();
    let node = yaml::parse(&"t.yaml".into(), text, &mut diagnostics);
    assert_eq!(told(diagnostics), "", "{text}");
    node.unwrap()
}

/// An action of YAML text, or all that is wrong with it, one a line.
pub(super) fn decoded<A: Action>(text: &str) -> Result<A, String> {
    let mut diagnostics = Diagnostics::default();
    let action = A::decode(&node(text), &mut diagnostics);
    let told = told(diagnostics);
    assert_eq!(action.is_none(), !told.is_empty(), "{text}: none exactly where something is told");
    action.ok_or(told)
}

/// The same for an edit.
pub(super) fn decoded_edit<E: Edit>(text: &str) -> Result<E, String> {
    decoded::<Edited<E>>(text).map(|edited| edited.edit)
}

fn told(diagnostics: Diagnostics) -> String {
    let told = diagnostics.sorted().into_iter().map(|diagnostic| match diagnostic.hint {
        Some(hint) => format!("{}; {hint}", diagnostic.message),
        None => diagnostic.message,
    });
    told.collect::<Vec<_>>().join("\n")
}
