//! What every command is given: the clock, the person, the way to look.

use std::io::IsTerminal as _;
use std::sync::Arc;

use clap::ValueEnum as _;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::base::{Clock, RunId, SystemClock, shell};
use crate::display::{Human, Json, Line, Page, Plain, Style, Viewer, json as as_json};

use super::arguments::{Color, Global, Output};
use super::around::Around;
use super::connect::Ways;
use super::console;
use super::error::CommandError;
use super::exit::Exit;
use super::keyboard::{self, Keyboard};
use super::manner::ReachArguments;
use super::state::State;
use super::terminal::Terminal;

/// What every command is given.
pub(crate) struct Context {
    /// The time.
    pub(crate) clock: Arc<dyn Clock>,
    /// The person, if there is one.
    pub(crate) terminal: Arc<dyn Terminal>,
    /// For whom the screen is.
    pub(crate) output: Output,
    /// How stdout looks.
    pub(crate) style: Style,
    /// How stderr looks.
    pub(crate) error_style: Style,
    state: Option<String>,
    looks: Vec<String>,
    around: Arc<dyn Around>,
}

impl Context {
    /// As the arguments and the environment say.
    pub(crate) fn new(global: &Global, keyboard: Arc<Keyboard>, around: Arc<dyn Around>) -> Self {
        let is_terminal = std::io::stdout().is_terminal();
        let dumb = variable("TERM").is_some_and(|term| term == "dumb");
        let output = global.output.unwrap_or(if is_terminal && !dumb { Output::Human } else { Output::Plain });
        let colored = |is_terminal: bool| match global.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => is_terminal && !dumb && variable("NO_COLOR").is_none(),
        };
        let style = |is_terminal: bool| {
            let style = Style::new(colored(is_terminal));
            // A file is read where its reader is; a terminal of another character set would show rubbish.
            if is_terminal && !is_utf8() { style.ascii() } else { style }
        };
        Self {
            clock: Arc::new(SystemClock),
            terminal: keyboard,
            output,
            style: style(is_terminal),
            error_style: style(std::io::stderr().is_terminal()),
            state: global.state.clone(),
            looks: looks(global),
            around,
        }
    }

    /// The arguments that say how the output is to look, for another process that writes to the same place.
    pub(crate) fn looks(&self) -> &[String] {
        &self.looks
    }

    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Where runs are kept.
    pub(crate) fn state(&self) -> Result<State, CommandError> {
        State::of(self.state.as_deref(), self.around.clone())
    }

    /// The ways to hosts, as the arguments say; that screen is told when one has to be reached again.
    pub(crate) fn ways(&self, reach: &ReachArguments, viewer: Arc<Viewer>) -> Result<Ways, CommandError> {
        Ways::new(reach, viewer, self.around.clone())
    }

    /// What every command that is to be typed next needs as well.
    pub(crate) fn with(&self) -> String {
        self.state.as_ref().map_or(String::new(), |state| format!("--state {}", shell::quote(state)))
    }

    /// A command to be typed next.
    pub(crate) fn command(&self, words: &str) -> String {
        let with = self.with();
        if with.is_empty() { format!("runbook {words}") } else { format!("runbook {words} {with}") }
    }

    /// A new screen for a run.
    pub(crate) fn viewer(&self) -> Arc<Viewer> {
        let out = || Box::new(std::io::stdout());
        Arc::new(match self.output {
            Output::Human => {
                self.terminal.hush();
                Viewer::Human(Human::new(out(), Arc::new(keyboard::size), self.style.clone(), self.clock.clone()))
            }
            Output::Plain => Viewer::Plain(Plain::new(out(), self.style.clone(), self.clock.clone())),
            Output::Json => Viewer::Json(Json::new(out())),
        })
    }

    /// Whether people read the output, and no script.
    pub(crate) fn is_for_people(&self) -> bool {
        self.output != Output::Json
    }

    /// Shows text to people; scripts get none.
    pub(crate) fn print(&self, text: &str) {
        if self.is_for_people() {
            console::out(text);
        }
    }

    /// Shows lines to people; scripts get none.
    pub(crate) fn page(&self, page: &Page) {
        self.print(&page.painted(&self.style));
    }

    /// Tells of an error, people on stderr.
    pub(crate) fn complain(&self, error: &CommandError) {
        self.event(&json!({"event": "error", "why": error.what()}));
        if self.is_for_people() {
            console::err(&error.shown(&self.error_style));
        }
    }

    /// The last line: what to type next. Scripts get the exit code with it.
    pub(crate) fn end(&self, exit: Exit, run: Option<&RunId>, next: &str) -> Exit {
        self.page(&Line::new().text(next).into());
        self.ended(exit, run, next);
        exit
    }

    /// Tells scripts how it ended, and what to type next.
    pub(crate) fn ended(&self, exit: Exit, run: Option<&RunId>, next: &str) {
        self.event(&json!({"event": "ended", "exit": exit.code(), "run": run, "next": next}));
    }

    /// Tells scripts; people get nothing.
    pub(crate) fn event(&self, value: &impl Serialize) {
        if !self.is_for_people() {
            console::out(&format!("{}\n", as_json(value)));
        }
    }
}

fn looks(global: &Global) -> Vec<String> {
    let word = |value: Option<clap::builder::PossibleValue>| value.map(|value| value.get_name().to_owned());
    let output = global.output.and_then(|output| word(output.to_possible_value()));
    let color = word(global.color.to_possible_value());
    let said = [("--output", output), ("--color", color)];
    said.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?))).collect()
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether the terminal's character set is UTF-8, as POSIX says how to find out.
fn is_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable);
    let locale = locale.unwrap_or_default().to_lowercase();
    locale.contains("utf-8") || locale.contains("utf8")
}
