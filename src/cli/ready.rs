//! What surrounds a run in this process: made ready for the engine.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::base::Secret;
use crate::display::Viewer;
use crate::engine::{Manner, Setup};
use crate::plan::Plan;

use super::answers::Answers;
use super::context::Context;
use super::error::CommandError;
use super::manner::ReachArguments;
use super::operator::{Mending, Person, ShellWords};
use super::screen::Shown;
use super::signals::Ear;
use super::who::who;

/// What surrounds a run in this process.
pub(crate) struct Ready<'a> {
    pub(crate) context: &'a Context,
    pub(crate) viewer: Arc<Viewer>,
    pub(crate) ear: &'a Ear,
    pub(crate) plan: &'a Plan,
    pub(crate) reach: &'a ReachArguments,
    pub(crate) manner: Manner,
    pub(crate) secrets: BTreeMap<String, Secret>,
    pub(crate) answers: Answers,
    /// Whether the answers were given for this rollback.
    pub(crate) answers_undo: bool,
    /// `--yes`.
    pub(crate) yes: bool,
    pub(crate) mending: Option<Mending>,
}

impl<'a> Ready<'a> {
    /// With nothing said beforehand.
    pub(crate) fn new(
        context: &'a Context,
        viewer: &Arc<Viewer>,
        ear: &'a Ear,
        plan: &'a Plan,
        reach: &'a ReachArguments,
    ) -> Self {
        Self {
            context,
            viewer: viewer.clone(),
            ear,
            plan,
            reach,
            manner: Manner::default(),
            secrets: BTreeMap::new(),
            answers: Answers::default(),
            answers_undo: false,
            yes: false,
            mending: None,
        }
    }

    /// For the engine.
    pub(crate) fn setup(self) -> Result<Setup, CommandError> {
        let ports = self.plan.hosts.iter().filter_map(|host| Some((host.role.clone(), host.port?))).collect();
        let operator = Person {
            terminal: self.context.terminal.clone(),
            viewer: self.viewer.clone(),
            questions: self.ear.questions.clone(),
            signals: self.ear.signals.clone(),
            clock: self.context.clock.clone(),
            style: self.context.error_style.clone(),
            answers: self.answers,
            yes: self.yes,
            answers_undo: self.answers_undo,
            shell: ShellWords { config: self.reach.ssh_config.clone(), ports },
            mending: self.mending,
        };
        Ok(Setup {
            who: who(),
            clock: self.context.clock.clone(),
            operator: Arc::new(operator),
            connector: Arc::new(self.context.ways(self.reach, self.viewer.clone())?),
            screen: Arc::new(Shown(self.viewer)),
            signals: self.ear.signals.clone(),
            secrets: self.secrets,
            manner: self.manner,
        })
    }
}
