//! A screen of any kind.

use crate::events::{Entry, Progress, RunView};

use super::human::Human;
use super::json::Json;
use super::line::Page;
use super::plain::Plain;

/// A screen of any kind: `--output human|plain|json`.
pub enum Viewer {
    /// On a terminal.
    Human(Human),
    /// Lines of text.
    Plain(Plain),
    /// Lines of JSON.
    Json(Json),
}

impl Viewer {
    /// A record, after it is durable, and the run as it stands with it.
    pub fn record(&self, entry: &Entry, view: &RunView) {
        match self {
            Self::Human(screen) => screen.record(entry, view),
            Self::Plain(screen) => screen.record(entry, view),
            Self::Json(screen) => screen.record(entry, view),
        }
    }

    /// A sign of life.
    pub fn progress(&self, progress: &Progress) {
        match self {
            Self::Human(screen) => screen.progress(progress),
            Self::Plain(screen) => screen.progress(progress),
            Self::Json(screen) => screen.progress(progress),
        }
    }

    /// Prints lines for people; scripts get none.
    pub fn say(&self, page: &Page) {
        match self {
            Self::Human(screen) => screen.say(page),
            Self::Plain(screen) => screen.say(page),
            Self::Json(_) => {}
        }
    }

    /// Leaves the terminal alone while `prompt` has it.
    pub fn suspend<R>(&self, prompt: impl FnOnce() -> R) -> R {
        match self {
            Self::Human(screen) => screen.suspend(prompt),
            Self::Plain(_) | Self::Json(_) => prompt(),
        }
    }

    /// Takes away what changes in place, before the last words.
    pub fn finish(&self) {
        if let Self::Human(screen) = self {
            screen.finish();
        }
    }
}
