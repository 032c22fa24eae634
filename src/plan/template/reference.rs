//! What an expression refers to.

use std::collections::BTreeSet;
use std::ops::Range;

use super::lex::{Token, Word};

/// A path of names in an expression: `steps["dump-db"].stdout`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reference {
    /// Its parts, the name that it begins with first.
    pub(crate) path: Vec<(Segment, Range<usize>)>,
    /// All of it.
    pub(crate) range: Range<usize>,
    /// Whether it may be undefined: `default()` follows, or it is asked whether it is defined.
    pub(crate) tolerant: bool,
    /// A name with a hyphen that was meant, where this reads as a subtraction: `steps.dump-db`.
    pub(crate) hyphened: Option<(String, Range<usize>)>,
}

/// A part of a path.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Segment {
    /// `.name` or `["name"]`.
    Name(String),
    /// `[0]`.
    Index(usize),
    /// `[expression]`: known only when it is rendered. Ends the path.
    Dynamic,
}

impl Reference {
    /// The name that it begins with.
    pub(crate) fn root(&self) -> &str {
        self.name(0).unwrap_or_default()
    }

    /// The part at that position, where it is a name.
    pub(crate) fn name(&self, position: usize) -> Option<&str> {
        match self.path.get(position) {
            Some((Segment::Name(name), _)) => Some(name),
            _ => None,
        }
    }

    /// Where the part at that position stands; all of it where there is none.
    pub(crate) fn range_of(&self, position: usize) -> Range<usize> {
        self.path.get(position).map_or_else(|| self.range.clone(), |(_, range)| range.clone())
    }
}

const KEYWORDS: [&str; 16] = [
    "and", "or", "not", "in", "is", "if", "else", "for", "true", "True", "false", "False", "none", "None", "null",
    "loop",
];

/// All that `tokens` refer to, in order. Names that are defined on the spot go to `locals`.
pub(super) fn references(tokens: &[Token<'_>], text: &str, locals: &mut BTreeSet<String>) -> Vec<Reference> {
    let mut found = Vec::new();
    let mut at = 0;
    let mut swallowed = 0;
    while let Some(token) = tokens.get(at) {
        let Word::Name(name) = token.word else {
            at += 1;
            continue;
        };
        if name == "for" {
            at = names_of_loop(tokens, at + 1, locals);
            continue;
        }
        if KEYWORDS.contains(&name) || !is_value(tokens, at) {
            at += 1;
            continue;
        }
        let (reference, next) = path(tokens, at, name, text);
        if token.range.start >= swallowed {
            if let Some((_, range)) = &reference.hyphened {
                swallowed = range.end;
            }
            found.push(reference);
        }
        at = next;
    }
    found
}

/// The names between `for` and `in`.
fn names_of_loop(tokens: &[Token<'_>], mut at: usize, locals: &mut BTreeSet<String>) -> usize {
    while let Some(token) = tokens.get(at) {
        match token.word {
            Word::Name("in") => break,
            Word::Name(name) => {
                locals.insert(name.to_owned());
            }
            _ => {}
        }
        at += 1;
    }
    at
}

/// Whether the name at `at` stands for a value, and is not that of a filter, a test, a function or an argument.
fn is_value(tokens: &[Token<'_>], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).and_then(|at| tokens.get(at));
    let is_test = before(1).is_some_and(|token| token.is_name("is"))
        || before(1).is_some_and(|token| token.is_name("not")) && before(2).is_some_and(|token| token.is_name("is"));
    // What a filter, or a part that was looked up by an expression, is called.
    let is_part = before(1).is_some_and(|token| ["|", ".", "?."].iter().any(|sign| token.is_sign(sign)));
    let next = tokens.get(at + 1);
    let is_called_or_set = next.is_some_and(|token| token.is_sign("(") || token.is_sign("="));
    !(is_test || is_part || is_called_or_set)
}

fn path(tokens: &[Token<'_>], start: usize, name: &str, text: &str) -> (Reference, usize) {
    let mut path = vec![(Segment::Name(name.to_owned()), tokens[start].range.clone())];
    let mut at = start + 1;
    let mut optional = false;
    while let Some(token) = tokens.get(at) {
        let (dot, bracket) = (token.is_sign(".") || token.is_sign("?."), token.is_sign("[") || token.is_sign("?["));
        optional |= token.is_sign("?.") || token.is_sign("?[");
        let next = tokens.get(at + 1);
        let closed = tokens.get(at + 2).is_some_and(|token| token.is_sign("]"));
        match next.map(|token| &token.word) {
            Some(Word::Name(name)) if dot => {
                path.push((Segment::Name((*name).to_owned()), tokens[at + 1].range.clone()));
                at += 2;
            }
            Some(Word::Text(name)) if bracket && closed => {
                path.push((Segment::Name(name.clone().into_owned()), tokens[at + 1].range.clone()));
                at += 3;
            }
            Some(Word::Number(number)) if bracket && closed && number.parse::<usize>().is_ok() => {
                path.push((Segment::Index(number.parse().unwrap_or(0)), tokens[at + 1].range.clone()));
                at += 3;
            }
            _ if bracket => {
                path.push((Segment::Dynamic, token.range.clone()));
                at += 1;
                break;
            }
            _ => break,
        }
    }
    let end = path.last().map_or(tokens[start].range.end, |(_, range)| range.end);
    let range = tokens[start].range.start..end;
    let hyphened = hyphened(&path, text);
    let tolerant = optional || may_be_undefined(&tokens[at..]);
    (Reference { path, range, tolerant, hyphened }, at)
}

/// Whether what follows a path allows it to be undefined.
fn may_be_undefined(after: &[Token<'_>]) -> bool {
    match after {
        [pipe, filter, ..] if pipe.is_sign("|") && filter.is_name("default") => true,
        [is, not, test, ..] if is.is_name("is") && not.is_name("not") => is_defined_test(test),
        [is, test, ..] if is.is_name("is") => is_defined_test(test),
        _ => false,
    }
}

fn is_defined_test(token: &Token<'_>) -> bool {
    token.is_name("defined") || token.is_name("undefined")
}

/// `steps.dump-db`: no blank stands around the hyphen, and ids and roles may have one.
fn hyphened(path: &[(Segment, Range<usize>)], text: &str) -> Option<(String, Range<usize>)> {
    let [(Segment::Name(root), _), (Segment::Name(_), range)] = path else { return None };
    if !matches!(root.as_str(), "steps" | "hosts") || !text[range.end..].starts_with('-') {
        return None;
    }
    let rest = &text[range.start..];
    let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-').unwrap_or(rest.len());
    let word = rest[..length].trim_end_matches('-');
    word.contains('-').then(|| (word.to_owned(), range.start..range.start + word.len()))
}
