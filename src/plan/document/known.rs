//! What can be said of a book's texts before anything has run: what cannot be known stays as it is written.

use jiff::Timestamp;

use crate::base::{Role, RunId, Spanned, secret};
use crate::model::{Node, Scalar, Shape};
use crate::plan::ground::NO_RUN;
use crate::plan::planned::{Plan, PlannedStep};
use crate::plan::scope::{Scope, Situation};

/// A plan, and no run of it.
pub(super) struct Known<'p> {
    pub(super) plan: &'p Plan,
    run: RunId,
}

impl<'p> Known<'p> {
    pub(super) fn of(plan: &'p Plan) -> Self {
        Self { plan, run: RunId::from(NO_RUN) }
    }

    fn situation(&self) -> Situation<'_> {
        Situation { run: &self.run, started: Timestamp::UNIX_EPOCH, view: None }
    }

    /// A text of the book itself.
    pub(super) fn of_book(&self, text: &Spanned<String>) -> String {
        secret::shown(&Scope::of_book(self.plan, self.situation()).as_far_as_known(text))
    }

    /// A value of the book itself.
    pub(super) fn of_book_node(&self, node: &Node) -> Node {
        told(node, &|text| self.of_book(text))
    }

    /// A text of a step. Where that acts on one host, what is said of the host is known.
    pub(super) fn text(&self, step: &PlannedStep, text: &Spanned<String>) -> String {
        secret::shown(&self.scope(step).as_far_as_known(text))
    }

    /// A value of a step, every text in it as far as it is known.
    pub(super) fn node(&self, step: &PlannedStep, node: &Node) -> Node {
        let scope = self.scope(step);
        told(node, &|text| secret::shown(&scope.as_far_as_known(text)))
    }

    fn scope<'s>(&'s self, step: &'s PlannedStep) -> Scope<'s> {
        let host: Option<&Role> = match step.hosts.as_slice() {
            [one] => Some(one),
            _ => None,
        };
        Scope::of(self.plan, step, self.situation(), host, None)
    }
}

fn told(node: &Node, tell: &dyn Fn(&Spanned<String>) -> String) -> Node {
    let shape = match &node.shape {
        Shape::Scalar(Scalar::Plain(text) | Scalar::Quoted(text)) => {
            Shape::Scalar(Scalar::Quoted(tell(&Spanned::new(text.clone(), node.span.clone()))))
        }
        Shape::Scalar(other) => Shape::Scalar(other.clone()),
        Shape::List(items) => Shape::List(items.iter().map(|item| told(item, tell)).collect()),
        Shape::Map(entries) => {
            Shape::Map(entries.iter().map(|(key, value)| (key.clone(), told(value, tell))).collect())
        }
    };
    Node { shape, span: node.span.clone() }
}
