//! What is wrong with a document, collected: all of it is reported in one go.

use serde::{Deserialize, Serialize};

use crate::base::Span;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing runs.
    Error,
    /// It runs, but probably not as meant.
    Warning,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// A lower-case fragment.
    pub message: String,
    /// Where, if it stands anywhere.
    pub span: Option<Span>,
    /// What to do about it: 'did you mean `service`?'.
    pub hint: Option<String>,
}

/// All that is wrong, in the order it was found.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// Reports an error.
    pub fn error(&mut self, span: &Span, message: impl Into<String>) -> &mut Diagnostic {
        self.add(Severity::Error, Some(span), message)
    }

    /// Reports a warning.
    pub fn warning(&mut self, span: &Span, message: impl Into<String>) -> &mut Diagnostic {
        self.add(Severity::Warning, Some(span), message)
    }

    /// Reports an error that stands in no file.
    pub fn error_at_large(&mut self, message: impl Into<String>) -> &mut Diagnostic {
        self.add(Severity::Error, None, message)
    }

    fn add(&mut self, severity: Severity, span: Option<&Span>, message: impl Into<String>) -> &mut Diagnostic {
        let diagnostic = Diagnostic { severity, message: message.into(), span: span.cloned(), hint: None };
        // One mistake is reported once, even where two passes come upon it.
        // The place first: many mistakes of one kind differ by that alone.
        let same = |other: &Diagnostic| other.span == diagnostic.span && other.message == diagnostic.message;
        let at = self.0.iter().position(same).unwrap_or_else(|| {
            self.0.push(diagnostic);
            self.0.len() - 1
        });
        &mut self.0[at]
    }

    /// Takes over one that was made elsewhere.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let added = self.add(diagnostic.severity, diagnostic.span.as_ref(), diagnostic.message);
        added.hint = added.hint.take().or(diagnostic.hint);
    }

    /// Whether anything found keeps the book from running.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// What was found, in the order of the files' text.
    #[must_use]
    pub fn sorted(mut self) -> Vec<Diagnostic> {
        self.0.sort_by(|a, b| {
            let place = |d: &Diagnostic| d.span.as_ref().map(|span| (span.file.clone(), span.start));
            place(a).cmp(&place(b))
        });
        self.0
    }

    /// What was found.
    #[must_use]
    pub fn as_slice(&self) -> &[Diagnostic] {
        &self.0
    }

    /// Takes over what another pass found.
    pub fn extend(&mut self, other: Self) {
        other.0.into_iter().for_each(|diagnostic| self.push(diagnostic));
    }
}

impl Diagnostic {
    /// Adds what to do about it.
    pub fn hint(&mut self, hint: impl Into<String>) -> &mut Self {
        self.hint = Some(hint.into());
        self
    }
}

/// The one of `known` that `word` was probably meant to be.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let (distance, best) = known.into_iter().map(|other| (strsim::damerau_levenshtein(word, other), other)).min()?;
    let tolerable = (word.chars().count().max(best.chars().count()) / 3).max(1);
    (distance <= tolerable).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_word_is_found_and_strangers_are_not() {
        let known = ["service", "template", "copy"];
        assert_eq!(nearest("servcie", known), Some("service"));
        assert_eq!(nearest("tempalte", known), Some("template"));
        assert_eq!(nearest("reboot", known), None);
    }
}
