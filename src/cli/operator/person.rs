//! The person at the keyboard, the answers file in their place, or nobody.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;

use crate::actions::Task;
use crate::base::{Clock, Role, UnitId};
use crate::cli::answers::{Answers, Said};
use crate::cli::signals::Questions;
use crate::cli::terminal::Terminal;
use crate::display::{Style, Viewer};
use crate::engine::{Gate, GateAnswer, Operator, Remedy, Signals, TaskAnswer, Trouble, Wish};
use crate::events::{Progress, RunView};

use super::editor::Mending;

/// Who answers: the answers file first, then the person at the terminal, if there is one.
pub(crate) struct Person {
    pub(crate) terminal: Arc<dyn Terminal>,
    pub(crate) viewer: Arc<Viewer>,
    pub(crate) questions: Arc<Questions>,
    pub(crate) signals: Signals,
    pub(crate) clock: Arc<dyn Clock>,
    /// How questions look.
    pub(crate) style: Style,
    pub(crate) answers: Answers,
    /// `--yes`.
    pub(crate) yes: bool,
    /// Whether the answers were given for this rollback: what was said about doing a step says nothing about taking it back.
    pub(crate) answers_undo: bool,
    pub(crate) shell: ShellWords,
    /// How the book is held to its run after it was edited; none where there is no file to edit.
    pub(crate) mending: Option<Mending>,
}

/// What ssh needs for a shell on a host, beside its destination.
#[derive(Clone, Debug, Default)]
pub(crate) struct ShellWords {
    pub(crate) config: Option<PathBuf>,
    pub(crate) ports: BTreeMap<Role, u16>,
}

impl Person {
    /// Asks the person, who has the terminal for themselves meanwhile. None: Ctrl-C, or the process is to end.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&dyn Terminal) -> Option<T> + Send + 'static,
    ) -> Option<T> {
        let (terminal, viewer, questions) = (self.terminal.clone(), self.viewer.clone(), self.questions.clone());
        let asked = tokio::task::spawn_blocking(move || {
            viewer.suspend(|| {
                terminal.forget_typed();
                questions.ask(|| ask(&*terminal))
            })
        });
        tokio::select! {
            biased;
            answer = asked => answer.ok().flatten(),
            // Nobody waits for an answer when the terminal hangs up: the question is left open.
            () = self.signals.wanted(Wish::Detach) => {
                self.terminal.tell("\n");
                None
            }
        }
    }

    /// What was said beforehand about a phase or step.
    pub(super) fn said(&self, id: &str) -> Option<&Said> {
        self.answers.of(id)
    }

    pub(super) fn warn(&self, text: String) {
        self.viewer.progress(&Progress::Warning { text });
    }
}

#[async_trait]
impl Operator for Person {
    fn is_present(&self) -> bool {
        self.terminal.is_present()
    }

    async fn gate(&self, gate: &Gate, view: &RunView) -> GateAnswer {
        self.at_gate(gate, view).await
    }

    async fn failure(&self, trouble: &Trouble, view: &RunView) -> Remedy {
        self.at_failure(trouble, view).await
    }

    async fn task(&self, unit: &UnitId, name: &str, task: &Task, view: &RunView) -> TaskAnswer {
        self.at_task(unit, name, task, view).await
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::base::SystemClock;
    use crate::cli::terminal::scripted::Scripted;
    use crate::display::Plain;
    use crate::engine::Interrupter;

    /// A person who says these things; their terminal, to see what they saw.
    pub(in crate::cli::operator) fn person(terminal: Scripted, answers: Answers) -> (Person, Arc<Scripted>) {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let terminal = Arc::new(terminal);
        let viewer = Viewer::Plain(Plain::new(Box::new(std::io::sink()), Style::plain(), clock.clone()));
        let (_, signals) = Interrupter::new();
        let person = Person {
            terminal: terminal.clone(),
            viewer: Arc::new(viewer),
            questions: Arc::default(),
            signals,
            clock,
            style: Style::plain(),
            answers,
            yes: false,
            answers_undo: false,
            shell: ShellWords::default(),
            mending: None,
        };
        (person, terminal)
    }
}
