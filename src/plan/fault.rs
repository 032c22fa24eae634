//! What is wrong with a template, and where.

use std::ops::Range;

use crate::base::{Span, StepId};
use crate::model::yaml::Places;
use crate::model::{Diagnostic, Diagnostics, Severity};

/// Why a template gives nothing.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fault {
    /// That step has to run first.
    Unknown(StepId),
    /// It is wrong, there.
    Wrong { message: String, hint: Option<String>, range: Range<usize> },
    /// What it uses is wrong, and that was reported.
    Reported(Box<Diagnostic>),
}

impl Fault {
    pub(super) fn wrong(range: Range<usize>, message: impl Into<String>) -> Self {
        Self::Wrong { message: message.into(), hint: None, range }
    }

    pub(super) fn hint(self, said: impl Into<String>) -> Self {
        match self {
            Self::Wrong { message, range, .. } => Self::Wrong { message, hint: Some(said.into()), range },
            other => other,
        }
    }

    /// As a diagnostic about the scalar `text` at `span`; the step that has to run first where that is all.
    pub(super) fn diagnostic(self, span: &Span, text: &str, places: &Places) -> Result<Diagnostic, StepId> {
        match self {
            Self::Unknown(step) => Err(step),
            Self::Reported(diagnostic) => Ok(*diagnostic),
            Self::Wrong { message, hint, range } => {
                let span = Some(places.within(span, text, range));
                Ok(Diagnostic { severity: Severity::Error, message, span, hint })
            }
        }
    }

    /// The same about a file whose text is `text`.
    pub(super) fn in_file(self, name: &str, text: &str) -> Result<Diagnostic, StepId> {
        let whole = Span { file: name.into(), line: 1, column: 1, start: 0, end: text.len() };
        match self {
            Self::Wrong { message, hint, range } => {
                let span = Some(span_within(&whole, text, &range));
                Ok(Diagnostic { severity: Severity::Error, message, span, hint })
            }
            other => other.diagnostic(&whole, text, &Places::default()),
        }
    }

    /// Reports it, where it is wrong.
    pub(super) fn report(self, span: &Span, text: &str, places: &Places, diagnostics: &mut Diagnostics) {
        let Ok(Diagnostic { message, span: at, hint, .. }) = self.diagnostic(span, text, places) else { return };
        let added = diagnostics.error(at.as_ref().unwrap_or(span), message);
        if let Some(hint) = hint {
            added.hint(hint);
        }
    }

    /// `before` bytes stood before the text that it is about.
    pub(super) fn shifted(self, before: usize, end: usize) -> Self {
        let shift = |at: usize| at.saturating_sub(before).min(end);
        match self {
            Self::Wrong { message, hint, range } => {
                Self::Wrong { message, hint, range: shift(range.start)..shift(range.end) }
            }
            other => other,
        }
    }

    /// The same, `by` bytes further on.
    pub(super) fn moved(self, by: usize) -> Self {
        match self {
            Self::Wrong { message, hint, range } => {
                Self::Wrong { message, hint, range: range.start + by..range.end + by }
            }
            other => other,
        }
    }
}

/// Where the bytes `range` of a file stand.
pub(super) fn span_within(file: &Span, text: &str, range: &Range<usize>) -> Span {
    let start = text.floor_char_boundary(range.start.min(text.len()));
    let end = text.floor_char_boundary(range.end.clamp(start, text.len()));
    let before = &text[..start];
    let line = u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX);
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    Span { file: file.file.clone(), line, column: u32::try_from(column).unwrap_or(u32::MAX), start, end }
}
