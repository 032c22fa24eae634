//! A mapping with known keys.

use crate::base::{Span, Spanned};
use crate::model::diagnostic::{Diagnostics, nearest};
use crate::model::form::Named;
use crate::model::node::{Node, Scalar, Shape};

use super::scalar::describe;

/// A mapping whose keys are known: the others are reported.
///
/// ```
/// # use runbook::model::decode::{self, Fields};
/// # use runbook::model::{Diagnostics, Node};
/// struct Move { from: String, to: String }
///
/// fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Move> {
///     let mut fields = Fields::of(value, "`move`", &["from", "to"], diagnostics)?;
///     let from = fields.required("from", decode::absolute_path);
///     let to = fields.required("to", decode::absolute_path);
///     fields.done()?;
///     Some(Move { from: from?, to: to? })
/// }
/// ```
#[derive(Debug)]
pub struct Fields<'n, 'd> {
    what: String,
    node: &'n Node,
    diagnostics: &'d mut Diagnostics,
    failed: bool,
}

impl<'n, 'd> Fields<'n, 'd> {
    /// Looks at `node` as a mapping of `what` (as in a sentence: '`copy`', 'a host'), with the keys `known` and no others:
    /// their declarations, or no more than their names.
    pub fn of(
        node: &'n Node,
        what: impl Into<String>,
        known: &[impl Named],
        diagnostics: &'d mut Diagnostics,
    ) -> Option<Self> {
        let what = what.into();
        let known: Vec<&str> = known.iter().map(Named::name).collect();
        let mut failed = false;
        match &node.shape {
            Shape::Map(entries) => {
                for (key, _) in entries {
                    if !known.contains(&key.value.as_str()) {
                        unknown_key(key, &what, &known, diagnostics);
                        failed = true;
                    }
                }
            }
            Shape::Scalar(Scalar::Unknown(_)) => {}
            Shape::Scalar(_) | Shape::List(_) => {
                let found = describe(node);
                diagnostics
                    .error(&node.span, format!("{what} takes a mapping, found {found}"))
                    .hint(format!("its keys: {}", listed(&known)));
                return None;
            }
        }
        Some(Self { what, node, diagnostics, failed })
    }

    /// The value under `key`; none where the key is missing or stands for nothing (`key:`, `key: null`).
    #[must_use]
    pub fn node(&self, key: &str) -> Option<&'n Node> {
        self.node.get(key).filter(|node| !is_null(node))
    }

    /// The key itself and where it stands, where it is there.
    #[must_use]
    pub fn key(&self, key: &str) -> Option<&'n Spanned<String>> {
        let Shape::Map(entries) = &self.node.shape else { return None };
        entries.iter().map(|(name, _)| name).find(|name| name.value == key)
    }

    /// Where the mapping stands.
    #[must_use]
    pub fn span(&self) -> &'n Span {
        &self.node.span
    }

    /// Reads the value under `key`, where it is there.
    pub fn optional<T>(&mut self, key: &str, read: impl FnOnce(&Node, &mut Diagnostics) -> Option<T>) -> Option<T> {
        let node = self.node(key)?;
        let value = read(node, self.diagnostics);
        self.failed |= value.is_none();
        value
    }

    /// Reads the value under `key`, which has to be there.
    pub fn required<T>(&mut self, key: &str, read: impl FnOnce(&Node, &mut Diagnostics) -> Option<T>) -> Option<T> {
        let unknown = matches!(self.node.shape, Shape::Scalar(Scalar::Unknown(_))).then_some(self.node);
        let Some(node) = self.node(key).or(unknown) else {
            let what = &self.what;
            self.diagnostics.error(&self.node.span, format!("{what} lacks `{key}`"));
            self.failed = true;
            return None;
        };
        let value = read(node, self.diagnostics);
        self.failed |= value.is_none();
        value
    }

    /// Reports a mistake that concerns the value under `key`, or the whole where it is not there.
    pub fn wrong(&mut self, key: &str, message: impl Into<String>, hint: impl Into<String>) {
        let span = self.node(key).map_or(&self.node.span, |node| &node.span);
        self.diagnostics.error(span, message).hint(hint);
        self.failed = true;
    }

    /// The one of `keys` that is there: exactly one has to be.
    pub fn exactly_one(&mut self, keys: &[&'static str]) -> Option<&'static str> {
        if matches!(self.node.shape, Shape::Scalar(Scalar::Unknown(_))) {
            return keys.first().copied();
        }
        let given: Vec<&'static str> = keys.iter().copied().filter(|key| self.node(key).is_some()).collect();
        if let [one] = given.as_slice() {
            return Some(one);
        }
        let what = &self.what;
        let message = match given.as_slice() {
            [] => format!("{what} takes one of {}", listed(keys)),
            several => format!("{what} takes one of {}, found {}", listed(keys), joined(several, "and")),
        };
        let span = given.get(1).and_then(|key| self.key(key)).map_or(&self.node.span, |key| &key.span);
        self.diagnostics.error(span, message);
        self.failed = true;
        None
    }

    /// Where diagnostics go, for readers called by hand.
    pub fn diagnostics(&mut self) -> &mut Diagnostics {
        self.diagnostics
    }

    /// Whether nothing was wrong. To be asked before what was read is made use of.
    #[must_use]
    pub fn done(self) -> Option<()> {
        (!self.failed).then_some(())
    }
}

fn is_null(node: &Node) -> bool {
    matches!(&node.shape, Shape::Scalar(scalar) if scalar.is_null())
}

fn unknown_key(key: &Spanned<String>, what: &str, known: &[&str], diagnostics: &mut Diagnostics) {
    let hint = match nearest(&key.value, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known here: {}", listed(known)),
    };
    diagnostics.error(&key.span, format!("unknown key `{}` in {what}", key.value)).hint(hint);
}

/// `a`, `b` or `c`.
pub(super) fn listed(words: &[&str]) -> String {
    joined(words, "or")
}

fn joined(words: &[&str], before_last: &str) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} {before_last} {last}", others.join(", ")),
    }
}
