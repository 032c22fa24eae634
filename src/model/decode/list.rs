//! Readers of lists and mappings.

use crate::base::Spanned;
use crate::model::diagnostic::Diagnostics;
use crate::model::node::{Node, Scalar, Shape};

use super::scalar::{due, text};

/// A list, each item read by `read`. Every item that is wrong is reported.
pub fn list<T>(
    read: impl Fn(&Node, &mut Diagnostics) -> Option<T>,
) -> impl Fn(&Node, &mut Diagnostics) -> Option<Vec<T>> {
    move |node, diagnostics| match &node.shape {
        Shape::List(items) => all(items.iter().map(|item| read(item, diagnostics))),
        Shape::Scalar(Scalar::Unknown(_)) => Some(Vec::from_iter(read(node, diagnostics))),
        Shape::Scalar(_) | Shape::Map(_) => {
            due(node, "a list", diagnostics);
            None
        }
    }
}

/// A list, or one item that stands for a list of itself.
pub fn one_or_list<T>(
    read: impl Fn(&Node, &mut Diagnostics) -> Option<T>,
) -> impl Fn(&Node, &mut Diagnostics) -> Option<Vec<T>> {
    move |node, diagnostics| match &node.shape {
        Shape::List(items) => all(items.iter().map(|item| read(item, diagnostics))),
        Shape::Scalar(_) | Shape::Map(_) => read(node, diagnostics).map(|item| vec![item]),
    }
}

/// A list of texts.
pub fn list_of_text(node: &Node, diagnostics: &mut Diagnostics) -> Option<Vec<String>> {
    list(text)(node, diagnostics)
}

/// A mapping with keys of the author's choice, each value read by `read`.
pub fn map_of<T>(
    read: impl Fn(&Node, &mut Diagnostics) -> Option<T>,
) -> impl Fn(&Node, &mut Diagnostics) -> Option<Vec<(Spanned<String>, T)>> {
    move |node, diagnostics| match &node.shape {
        Shape::Map(entries) => all(entries.iter().map(|(key, value)| Some((key.clone(), read(value, diagnostics)?)))),
        Shape::Scalar(Scalar::Unknown(_)) => Some(Vec::new()),
        Shape::Scalar(_) | Shape::List(_) => {
            due(node, "a mapping", diagnostics);
            None
        }
    }
}

/// A mapping of texts.
pub fn map_of_text(node: &Node, diagnostics: &mut Diagnostics) -> Option<Vec<(String, String)>> {
    let entries = map_of(text)(node, diagnostics)?;
    Some(entries.into_iter().map(|(key, value)| (key.value, value)).collect())
}

/// A mapping as it stands.
pub fn pairs(node: &Node, diagnostics: &mut Diagnostics) -> Option<Vec<(Spanned<String>, Node)>> {
    map_of(|node: &Node, _: &mut Diagnostics| Some(node.clone()))(node, diagnostics)
}

/// All of them, or none; looks at each even so, since each reports what is wrong with it.
fn all<T>(items: impl Iterator<Item = Option<T>>) -> Option<Vec<T>> {
    let mut whole = true;
    let read: Vec<T> = items
        .filter_map(|item| {
            whole &= item.is_some();
            item
        })
        .collect();
    whole.then_some(read)
}
