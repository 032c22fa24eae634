//! Parser events to nodes, without recursion.

use std::collections::HashMap;
use std::sync::Arc;

use serde_yaml::granit_parser::{self, Event, ScalarStyle, StructureStyle, Tag};

use crate::base::{Span, Spanned};
use crate::model::diagnostic::Diagnostics;
use crate::model::node::{Node, Scalar, Shape};

use super::{explain, parse};

/// How deep lists and mappings may be nested.
pub(super) const MAX_DEPTH: usize = 64;

/// How many nodes aliases may add: an alias bomb is a small file with a billion of them.
const MAX_ALIASED: usize = 20_000;

/// Builds the tree.
pub(super) struct Builder<'t> {
    file: &'t Arc<str>,
    text: &'t str,
    diagnostics: &'t mut Diagnostics,
    open: Vec<Open>,
    /// Anchored nodes by the parser's number, each with how many nodes it is and how deep.
    anchored: HashMap<usize, Anchored>,
    aliased: usize,
    documents: usize,
    root: Option<Node>,
}

struct Anchored {
    node: Node,
    nodes: usize,
    depth: usize,
}

/// A list or mapping that has begun.
struct Open {
    span: Span,
    anchor: usize,
    flow: bool,
    nodes: usize,
    depth: usize,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map { entries: Vec<(Spanned<String>, Node)>, key: Option<Key> },
}

/// A key whose value is still to come.
enum Key {
    Named(Spanned<String>),
    /// Reported; the value is read and dropped.
    Refused,
}

impl<'t> Builder<'t> {
    pub(super) fn new(file: &'t Arc<str>, text: &'t str, diagnostics: &'t mut Diagnostics) -> Self {
        Self {
            file,
            text,
            diagnostics,
            open: Vec::new(),
            anchored: HashMap::new(),
            aliased: 0,
            documents: 0,
            root: None,
        }
    }

    pub(super) fn diagnostics(&mut self) -> &mut Diagnostics {
        self.diagnostics
    }

    pub(super) fn finish(self) -> Option<Node> {
        self.root
    }

    /// Takes one event; none where reading on makes no sense.
    pub(super) fn take(&mut self, event: Event<'_>, place: &granit_parser::Span) -> Option<()> {
        let span = parse::span(self.file, place);
        match event {
            Event::DocumentStart(_, version) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.diagnostics
                        .error(&span, "a second document begins here")
                        .hint("a runbook is one YAML document");
                    return None;
                }
                if version.is_some_and(|version| (version.major, version.minor) != (1, 2)) {
                    self.diagnostics.error(&span, "runbooks are YAML 1.2").hint("leave the `%YAML` line out");
                }
            }
            Event::Scalar(value, style, anchor, tag) => {
                let scalar = self.scalar(value.into_owned(), style, tag.as_deref(), place);
                self.put(Node { shape: Shape::Scalar(scalar), span }, anchor, 1, 0);
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.check_tag(tag.as_deref(), &["seq"], place);
                self.begin(span, anchor, style, Content::List(Vec::new()))?;
            }
            Event::MappingStart(style, anchor, tag) => {
                self.check_tag(tag.as_deref(), &["map"], place);
                self.begin(span, anchor, style, Content::Map { entries: Vec::new(), key: None })?;
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(&span),
            Event::Alias(anchor) => self.alias(anchor, &span)?,
            _ => {}
        }
        Some(())
    }

    fn scalar(&mut self, value: String, style: ScalarStyle, tag: Option<&Tag>, place: &granit_parser::Span) -> Scalar {
        let is_text = tag.is_some_and(|tag| {
            tag.core_suffix() == Some("str") || tag.original_handle() == "!" && tag.suffix().is_empty()
        });
        if !is_text {
            self.check_tag(tag, &[], place);
        }
        // A value that is left out comes as `~`: it was not written.
        let value = if style == ScalarStyle::Plain && place.is_empty() { String::new() } else { value };
        if style == ScalarStyle::Plain && !is_text { Scalar::Plain(value) } else { Scalar::Quoted(value) }
    }

    fn check_tag(&mut self, tag: Option<&Tag>, fine: &[&str], place: &granit_parser::Span) {
        let Some(tag) = tag else { return };
        if tag.core_suffix().is_some_and(|suffix| fine.contains(&suffix)) {
            return;
        }
        let span = parse::span(self.file, &place.tag_span().unwrap_or(*place));
        let written = self.text.get(span.start..span.end).unwrap_or("!").to_owned();
        self.diagnostics
            .error(&span, format!("the tag `{written}` has no meaning in a runbook"))
            .hint("quote a text that begins with `!`");
    }

    fn begin(&mut self, span: Span, anchor: usize, style: StructureStyle, content: Content) -> Option<()> {
        if self.open.len() >= MAX_DEPTH {
            self.diagnostics.error(&span, format!("nested more than {MAX_DEPTH} levels deep"));
            return None;
        }
        let flow = style == StructureStyle::Flow;
        self.open.push(Open { span, anchor, flow, nodes: 1, depth: 0, content });
        Some(())
    }

    fn end(&mut self, end: &Span) {
        let Some(mut open) = self.open.pop() else { return };
        let last = match &open.content {
            Content::List(items) => items.last(),
            Content::Map { entries, .. } => entries.last().map(|(_, node)| node),
        };
        // A block ends where its last line does; the parser says where the next thing begins.
        open.span.end = if open.flow { end.end } else { last.map_or(open.span.start, |node| node.span.end) };
        let shape = match open.content {
            Content::List(items) => Shape::List(items),
            Content::Map { entries, .. } => Shape::Map(entries),
        };
        self.put(Node { shape, span: open.span }, open.anchor, open.nodes, open.depth);
    }

    fn alias(&mut self, anchor: usize, span: &Span) -> Option<()> {
        let Some(anchored) = self.anchored.get(&anchor) else {
            self.diagnostics.error(span, "an alias within what it stands for");
            return None;
        };
        self.aliased += anchored.nodes;
        if self.aliased > MAX_ALIASED {
            self.diagnostics
                .error(span, format!("aliases add more than {MAX_ALIASED} values"))
                .hint("write lists down once and refer to them by a variable");
            return None;
        }
        if self.open.len() + anchored.depth > MAX_DEPTH {
            self.diagnostics.error(span, format!("nested more than {MAX_DEPTH} levels deep"));
            return None;
        }
        let (node, nodes, depth) = (anchored.node.clone(), anchored.nodes, anchored.depth);
        self.put(node, 0, nodes, depth);
        Some(())
    }

    /// Puts a finished node where it belongs.
    fn put(&mut self, node: Node, anchor: usize, nodes: usize, depth: usize) {
        if anchor != 0 {
            self.anchored.insert(anchor, Anchored { node: node.clone(), nodes, depth });
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        open.nodes += nodes;
        open.depth = open.depth.max(depth + 1);
        match &mut open.content {
            Content::List(items) => items.push(node),
            Content::Map { entries, key } => match key.take() {
                None => *key = Some(read_key(node, entries, self.text, self.diagnostics)),
                Some(Key::Named(name)) => entries.push((name, node)),
                Some(Key::Refused) => {}
            },
        }
    }
}

fn read_key(node: Node, entries: &[(Spanned<String>, Node)], text: &str, diagnostics: &mut Diagnostics) -> Key {
    let name = match &node.shape {
        Shape::Scalar(Scalar::Plain(name)) if name == "<<" => {
            diagnostics
                .error(&node.span, "merge keys (`<<`) are not YAML 1.2")
                .hint("write the keys out, or use a variable");
            return Key::Refused;
        }
        Shape::Scalar(scalar) if !scalar.is_null() => scalar.text(),
        Shape::Scalar(_) | Shape::List(_) | Shape::Map(_) => None,
    };
    let Some(name) = name else {
        let at = node.span.start.saturating_sub(1);
        if text.get(at..).is_some_and(|rest| rest.starts_with("{{")) {
            let span = Span { column: node.span.column - 1, start: at, end: at + 2, ..node.span };
            explain::bare_template(&span, diagnostics);
        } else {
            diagnostics.error(&node.span, "a key has to be a text");
        }
        return Key::Refused;
    };
    if let Some((first, _)) = entries.iter().find(|(other, _)| other.value == name) {
        diagnostics
            .error(&node.span, format!("duplicate key `{name}`"))
            .hint(format!("it is already there in line {}", first.span.line));
        return Key::Refused;
    }
    Key::Named(Spanned::new(name, node.span))
}
