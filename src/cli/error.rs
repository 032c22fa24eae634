//! Why a command did not do what was asked: what, why, and what to type.

use std::error::Error;

use crate::base::fs::FsError;
use crate::display::{Line, Page, Style, Tone};
use crate::engine::EngineError;
use crate::journal::JournalError;

use super::exit::Exit;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) struct CommandError {
    what: String,
    causes: Vec<String>,
    hint: String,
    exit: Exit,
    /// Whether nothing else helps than what the hint says, whichever command it was.
    stands: bool,
}

impl CommandError {
    /// The arguments, or what they name, are wrong: nothing ran. `hint` says what to do, and what to type.
    pub(crate) fn wrong(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { what: what.into(), causes: Vec::new(), hint: hint.into(), exit: Exit::Wrong, stands: false }
    }

    /// It was tried, and failed.
    pub(crate) fn failed(what: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, ..Self::wrong(what, hint) }
    }

    /// An error of another room with its causes.
    pub(crate) fn caused(error: &dyn Error, hint: impl Into<String>) -> Self {
        let mut causes = Vec::new();
        let mut said = error.to_string();
        let what = said.clone();
        let mut next = error.source();
        while let Some(cause) = next {
            let text = cause.to_string();
            // Many errors say what their cause says: once is enough.
            if !said.contains(&text) {
                causes.push(text.clone());
            }
            said = text;
            next = cause.source();
        }
        Self { causes, ..Self::failed(what, hint) }
    }

    /// One that nothing else helps against.
    fn only(error: &dyn Error, hint: &str) -> Self {
        Self { stands: true, ..Self::caused(error, hint) }
    }

    /// The same with another exit code.
    pub(crate) fn with_exit(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    /// The same with another hint, unless nothing else helps than what it says already.
    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Self {
        if self.stands { self } else { Self { hint: hint.into(), ..self } }
    }

    /// How the process ends.
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// In a line.
    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    /// What to do, and what to type.
    pub(crate) fn hint(&self) -> &str {
        &self.hint
    }

    /// For people.
    pub(crate) fn shown(&self, style: &Style) -> String {
        let mut page = Page::new();
        let mut lines = self.what.lines();
        let first = lines.next().unwrap_or_default();
        page.push(Line::new().put(Tone::Bad, "error").text(": ").put(Tone::Strong, first));
        for line in lines {
            page.push(Line::indented(7).text(line));
        }
        for cause in &self.causes {
            page.push(Line::indented(2).put(Tone::Dim, "because: ").text(cause));
        }
        page.push(Line::indented(2).put(Tone::Name, "help: ").text(&self.hint));
        page.painted(style)
    }
}

impl From<JournalError> for CommandError {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Held { .. } => {
                Self::caused(&error, "once you know that they are gone: --take-over").with_exit(Exit::Held)
            }
            JournalError::Fenced(ref run) => {
                Self::caused(&error, format!("to see where it stands: runbook status {run}")).with_exit(Exit::Held)
            }
            JournalError::NoRun(_) => Self::caused(&error, "to see all runs: runbook runs").with_exit(Exit::Wrong),
            JournalError::Tampered { .. } => Self::only(
                &error,
                "nothing is done by records that cannot be believed: put a copy of the journal from before in its place, or finish by hand",
            ),
            JournalError::Gone { .. } => Self::only(
                &error,
                "once it is in its place again, or a copy of it: runbook resume; where there is none, look at the hosts, and finish by hand",
            ),
            JournalError::Newer { .. } => Self::only(&error, "the newer runbook reads it; or another --state"),
            JournalError::NoJournal { .. } => {
                Self::only(&error, "it is left as it is: move it away, or another --state")
            }
            error => Self::caused(
                &error,
                "nothing is done that it does not hold; once that is seen to: the same command again",
            ),
        }
    }
}

impl From<EngineError> for CommandError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Journal(error) => error.into(),
            error => Self::caused(&error, "once that is seen to: runbook resume"),
        }
    }
}

impl From<FsError> for CommandError {
    fn from(error: FsError) -> Self {
        Self::caused(&error, "once that is seen to, the same command again").with_exit(Exit::Wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("cannot do it")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("the disk is full")]
    struct Inner;

    #[test]
    fn an_error_says_what_why_and_what_to_type() {
        let shown = CommandError::caused(&Outer(Inner), "make room").shown(&Style::plain());
        assert_eq!(shown, "error: cannot do it\n  because: the disk is full\n  help: make room\n");
    }

    #[test]
    fn what_is_not_ours_does_not_reach_the_terminal_raw() {
        let shown = CommandError::wrong("no\x1b[2J\nsuch", "go\ron").shown(&Style::plain());
        assert_eq!(shown, "error: no\\x1b[2J\n       such\n  help: go\\ron\n");
    }
}
