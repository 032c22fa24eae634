//! A template's pieces.

use std::collections::BTreeSet;
use std::ops::Range;

use super::lex::{self, Token, Word};
use super::reference::{self, Reference, Segment};

/// A template, read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Template<'t> {
    /// Its pieces in order, as far as they could be told apart.
    pub(crate) pieces: Vec<Piece<'t>>,
    /// Where comments begin.
    pub(crate) comments: Vec<usize>,
    /// Names that it defines itself, by `for` and `set`.
    pub(crate) locals: BTreeSet<String>,
    /// Whether it is an expression without delimiters.
    pub(crate) is_expression: bool,
    /// Whether it could not be read to its end: Tera will say why.
    pub(crate) broken: bool,
}

/// A piece of a template.
#[derive(Clone, Debug)]
pub(crate) enum Piece<'t> {
    /// Text that stands for itself.
    Text(&'t str),
    /// `{{ … }}`.
    Output(Code<'t>),
    /// `{% … %}`.
    Tag(Code<'t>),
    /// `{# … #}`.
    Comment,
    /// `{% raw %} … {% endraw %}`.
    Raw,
}

/// What stands between delimiters.
#[derive(Clone, Debug)]
pub(crate) struct Code<'t> {
    /// Its words.
    pub(crate) tokens: Vec<Token<'t>>,
    /// Where it stands, without delimiters and hyphens.
    pub(crate) range: Range<usize>,
    /// Whether it trims the text around it: `{{-`.
    trims: bool,
    /// What it refers to.
    pub(crate) references: Vec<Reference>,
}

/// An output that can be looked up without Tera.
pub(crate) struct Simple<'c> {
    /// What it refers to.
    pub(crate) reference: &'c Reference,
    /// Whether `quote` follows.
    pub(crate) quote: bool,
}

/// Whether `text` has to be rendered at all.
pub(crate) fn is_template(text: &str) -> bool {
    opening(text).is_some()
}

impl<'t> Template<'t> {
    /// Reads a template.
    pub(crate) fn read(text: &'t str) -> Self {
        let mut template = Self::default();
        template.broken = template.pieces(text).is_none();
        template
    }

    /// Reads an expression without delimiters, as in `when`.
    pub(crate) fn expression(text: &'t str) -> Self {
        let mut template = Self { is_expression: true, ..Self::default() };
        match lex::words(text, 0, None) {
            Some((tokens, _)) => {
                let code = template.code(tokens, 0, text, 0..text.len(), false);
                template.pieces.push(Piece::Output(code));
            }
            None => template.broken = true,
        }
        template
    }

    fn pieces(&mut self, text: &'t str) -> Option<()> {
        let mut at = 0;
        loop {
            let rest = &text[at..];
            let start = opening(rest).unwrap_or(rest.len());
            if start > 0 {
                self.pieces.push(Piece::Text(&rest[..start]));
            }
            at += start;
            let (open, rest) = (text.get(at..at + 2), text.get(at + 2..).unwrap_or(""));
            at = match open {
                None => return Some(()),
                Some("{#") => {
                    self.comments.push(at);
                    self.pieces.push(Piece::Comment);
                    at + 2 + rest.find("#}")? + 2
                }
                Some("{%") if tag(rest, "raw").is_some() => {
                    self.pieces.push(Piece::Raw);
                    at + 2 + raw(rest)?
                }
                Some("{%") => {
                    let (code, end) = self.delimited(text, at, "%}")?;
                    self.pieces.push(Piece::Tag(code));
                    end
                }
                Some(_) => {
                    let (code, end) = self.delimited(text, at, "}}")?;
                    self.pieces.push(Piece::Output(code));
                    end
                }
            };
        }
    }

    fn delimited(&mut self, text: &'t str, open: usize, close: &str) -> Option<(Code<'t>, usize)> {
        let trims = text[open + 2..].starts_with('-');
        let start = open + 2 + usize::from(trims);
        let (tokens, end) = lex::words(text, start, Some(close))?;
        let trims_after = text[end..].starts_with('-');
        let past = end + usize::from(trims_after) + 2;
        let values = if close == "%}" { self.head(&tokens) } else { 0 };
        let code = self.code(tokens, values, text, start..end, trims || trims_after);
        Some((code, past))
    }

    /// Code whose words from the `values`th on are an expression.
    fn code(
        &mut self,
        tokens: Vec<Token<'t>>,
        values: usize,
        text: &str,
        range: Range<usize>,
        trims: bool,
    ) -> Code<'t> {
        let references = reference::references(&tokens[values..], text, &mut self.locals);
        Code { tokens, range, trims, references }
    }

    /// How many of a tag's words are no expression: its name, and what it defines.
    fn head(&mut self, tokens: &[Token<'_>]) -> usize {
        let names: Vec<Option<&str>> = tokens
            .iter()
            .take(2)
            .map(|token| match token.word {
                Word::Name(name) => Some(name),
                _ => None,
            })
            .collect();
        match names.as_slice() {
            [Some("for"), ..] => 0,
            [Some("set" | "set_global"), Some(name)] => {
                self.locals.insert((*name).to_owned());
                2
            }
            [Some("filter" | "block" | "endblock"), Some(_)] => 2,
            [Some(_), ..] => 1,
            _ => 0,
        }
    }

    /// All that it refers to and does not define itself.
    pub(crate) fn references(&self) -> impl Iterator<Item = &Reference> {
        self.codes().flat_map(|code| &code.references).filter(|reference| !self.locals.contains(reference.root()))
    }

    /// The same with what it defines itself: a name may have stood for something else before.
    pub(crate) fn all_references(&self) -> impl Iterator<Item = &Reference> {
        self.codes().flat_map(|code| &code.references)
    }

    /// All that stands between delimiters.
    pub(crate) fn codes(&self) -> impl Iterator<Item = &Code<'t>> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Output(code) | Piece::Tag(code) => Some(code),
            Piece::Text(_) | Piece::Comment | Piece::Raw => None,
        })
    }

    /// The one expression that it is, where it is exactly that.
    pub(crate) fn only_expression(&self) -> Option<&Code<'t>> {
        match self.pieces.as_slice() {
            [Piece::Output(code)] if !self.broken => Some(code),
            _ => None,
        }
    }

    /// Whether it can be rendered without Tera.
    pub(crate) fn is_simple(&self) -> bool {
        !self.broken
            && self.pieces.iter().all(|piece| match piece {
                Piece::Text(_) => true,
                Piece::Output(code) => code.simple().is_some() && !code.trims,
                Piece::Tag(_) | Piece::Comment | Piece::Raw => false,
            })
    }
}

impl Code<'_> {
    /// Whether what it gives is one shell word whatever is in it: `quote` comes last, over all of it. What refers to nothing is the author's
    /// own text, and a number cannot hold anything.
    pub(crate) fn is_quoted(&self) -> bool {
        let is_number = |reference: &Reference| {
            reference.root() == "steps" && matches!(reference.name(2), Some("exit_code" | "changed"))
        };
        if self.references.iter().all(is_number) {
            return true;
        }
        let mut depth = 0_usize;
        let mut last_filter = "";
        for (at, token) in self.tokens.iter().enumerate() {
            match token.word {
                Word::Sign("(" | "[" | "{" | "?[") => depth += 1,
                Word::Sign(")" | "]" | "}") => depth = depth.saturating_sub(1),
                _ if depth > 0 => {}
                Word::Sign("|") => {
                    last_filter = match self.tokens.get(at + 1).map(|token| &token.word) {
                        Some(Word::Name(name)) => name,
                        _ => "",
                    };
                }
                Word::Sign("." | "?.") => {}
                Word::Sign(_) | Word::Name("and" | "or" | "not" | "in" | "is" | "if" | "else") => return false,
                _ => {}
            }
        }
        last_filter == "quote"
    }

    /// The path that this is, with or without `quote`.
    pub(crate) fn simple(&self) -> Option<Simple<'_>> {
        let [reference] = self.references.as_slice() else { return None };
        let is_path = reference.path.iter().all(|(segment, _)| *segment != Segment::Dynamic);
        if !is_path || reference.tolerant || reference.hyphened.is_some() {
            return None;
        }
        let after = self.tokens.iter().position(|token| token.range.start >= reference.range.end);
        let mut after = &self.tokens[after.unwrap_or(self.tokens.len())..];
        if let [close, rest @ ..] = after
            && close.is_sign("]")
        {
            after = rest;
        }
        if self.tokens.first()?.range.start != reference.range.start {
            return None;
        }
        match after {
            [] => Some(Simple { reference, quote: false }),
            [pipe, quote] if pipe.is_sign("|") && quote.is_name("quote") => Some(Simple { reference, quote: true }),
            _ => None,
        }
    }
}

/// Where the first delimiter opens.
fn opening(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'{', bytes).find(|at| matches!(bytes.get(at + 1), Some(b'{' | b'%' | b'#')))
}

/// Past `-? name -? %}` at the start of `rest`.
fn tag(rest: &str, name: &str) -> Option<usize> {
    let rest_of = rest.strip_prefix('-').unwrap_or(rest).trim_ascii_start();
    let rest_of = rest_of.strip_prefix(name)?.trim_ascii_start();
    let rest_of = rest_of.strip_prefix('-').unwrap_or(rest_of).strip_prefix("%}")?;
    Some(rest.len() - rest_of.len())
}

/// Past the `{% endraw %}` of a `raw` that begins just before `rest`.
fn raw(rest: &str) -> Option<usize> {
    let mut at = tag(rest, "raw")?;
    loop {
        at += rest[at..].find("{%")? + 2;
        if let Some(length) = tag(&rest[at..], "endraw") {
            return Some(at + length);
        }
    }
}
