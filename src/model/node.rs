//! The spanned tree between YAML and the typed book. Scalars keep the text they were written with: `0644` stays `0644`.

use serde::{Deserialize, Serialize};

use crate::base::{Span, Spanned, StepId};

/// A YAML value and where it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// What it is.
    pub shape: Shape,
    /// Where it stands.
    pub span: Span,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Shape {
    /// A scalar, `null` included.
    Scalar(Scalar),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in the order it was written. Duplicate keys were reported and dropped.
    Map(Vec<(Spanned<String>, Node)>),
}

/// A scalar.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Scalar {
    /// As written without quotes: may stand for a number, a boolean or null where one is due.
    Plain(String),
    /// Quoted or a block: always text.
    Quoted(String),
    /// What a template of exactly one expression gave: keeps its type. Never a list or object: those become nodes.
    Typed(serde_json::Value),
    /// A template that cannot be rendered before that step has run. It decodes as anything.
    Unknown(StepId),
}

impl Scalar {
    /// The scalar as text, if it is known.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Plain(text) | Self::Quoted(text) | Self::Typed(serde_json::Value::String(text)) => Some(text.clone()),
            Self::Typed(value) => Some(value.to_string()),
            Self::Unknown(_) => None,
        }
    }

    /// Whether it stands for nothing: an empty plain scalar, `~` or `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        match self {
            Self::Plain(text) => matches!(text.as_str(), "" | "~" | "null" | "Null" | "NULL"),
            Self::Typed(value) => value.is_null(),
            Self::Quoted(_) | Self::Unknown(_) => false,
        }
    }
}

impl Node {
    /// The value under `key`, where this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Shape::Map(entries) = &self.shape else { return None };
        entries.iter().find(|(name, _)| name.value == key).map(|(_, node)| node)
    }

    /// The scalar's text, where this is a scalar whose text is known.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        match &self.shape {
            Shape::Scalar(scalar) => scalar.text(),
            Shape::List(_) | Shape::Map(_) => None,
        }
    }

    /// The first step whose output has to be there before this can be known, if any.
    #[must_use]
    pub fn unknown_until(&self) -> Option<&StepId> {
        match &self.shape {
            Shape::Scalar(Scalar::Unknown(step)) => Some(step),
            Shape::Scalar(_) => None,
            Shape::List(items) => items.iter().find_map(Self::unknown_until),
            Shape::Map(entries) => entries.iter().find_map(|(_, node)| node.unknown_until()),
        }
    }
}
