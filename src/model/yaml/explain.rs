//! What the parser could not read, in the words of somebody who wants to mend it.

use serde_yaml::granit_parser::{ErrorKind, ScanError};

use crate::base::Span;
use crate::model::diagnostic::Diagnostics;

/// Reports why the text at `span` is no YAML.
pub(super) fn scan_error(error: &ScanError, span: &Span, text: &str, diagnostics: &mut Diagnostics) {
    let start = text[..span.start.min(text.len())].rfind('\n').map_or(0, |at| at + 1);
    let line = text[start..].lines().next().unwrap_or_default();
    if let Some(at) = bare_template_in(line) {
        let column = u32::try_from(line[..at].chars().count() + 1).unwrap_or(u32::MAX);
        let span = Span { column, start: start + at, end: start + at + 2, ..span.clone() };
        return bare_template(&span, diagnostics);
    }
    if matches!(error.kind(), ErrorKind::UnexpectedCharacter { character } if character.is_control()) {
        // Reported already, all of them, not only the first.
        return;
    }
    let (message, hint) = explain(error.kind(), line);
    let diagnostic = diagnostics.error(span, message.unwrap_or_else(|| error.info()));
    if let Some(hint) = hint {
        diagnostic.hint(hint);
    }
}

/// Reports a value that begins with a template and is not quoted.
pub(super) fn bare_template(span: &Span, diagnostics: &mut Diagnostics) {
    diagnostics
        .error(span, "`{{` opens a YAML mapping here")
        .hint("quote a value that begins with a template: \"{{ … }}\"");
}

fn bare_template_in(line: &str) -> Option<usize> {
    [": {{", "- {{", ", {{", "[{{", "[ {{"].iter().filter_map(|start| Some(line.find(start)? + start.len() - 2)).min()
}

fn explain(kind: &ErrorKind, line: &str) -> (Option<String>, Option<&'static str>) {
    match kind {
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabAtBlockScalarStart
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar => {
            (Some("a tab in the indentation".to_owned()), Some("YAML is indented with spaces"))
        }
        ErrorKind::UnknownAnchor => {
            (Some("an alias of something that has no anchor".to_owned()), Some("quote a text that begins with `*`"))
        }
        ErrorKind::RecursionLimitExceeded => {
            (Some(format!("nested more than {} levels deep", super::build::MAX_DEPTH)), None)
        }
        ErrorKind::UnexpectedCharacter { character } if matches!(character, '@' | '`' | '%') => {
            (Some(format!("no text begins with `{character}` in YAML")), Some("quote it"))
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement if line.matches(": ").count() > 1 => {
            (Some("a second `: ` in one line".to_owned()), Some("quote a text that contains `: `"))
        }
        ErrorKind::UnclosedQuotedScalar => (Some("a quote that is never closed".to_owned()), None),
        ErrorKind::UnclosedFlowCollection { open } => (Some(format!("a `{open}` that is never closed")), None),
        ErrorKind::UnknownQuotedScalarEscape => {
            (Some("an unknown escape within double quotes".to_owned()), Some("single quotes leave `\\` alone"))
        }
        ErrorKind::InvalidIndentation | ErrorKind::InvalidBlockScalarIndent => {
            (None, Some("the lines of one list or mapping start in the same column"))
        }
        _ => (None, None),
    }
}
