//! Points at which the run asks before it goes on.

use crate::base::StepId;
use crate::events::Record;
use crate::events::record::Answer;
use crate::model::step::{Confirm, Text};
use crate::plan::{PlannedPhase, PlannedStep, RenderError, Scope};

use super::controller::{Controller, EngineError};
use super::operator::{Gate, GateAnswer};
use super::setup::End;

impl Controller {
    /// The gate before a phase. None: go on.
    pub(super) async fn phase_gate(&self, phase: &PlannedPhase) -> Result<Option<End>, EngineError> {
        let Some(confirm) = &phase.confirm else { return Ok(None) };
        // A phase without steps asks all the same: its text may be the point of it.
        let Some(first) = phase.steps.first() else {
            return self.pass(self.gate(phase.id.as_str(), &phase.name, confirm, None, None), &[]).await;
        };
        let gate = self.gate(phase.id.as_str(), &phase.name, confirm, phase.description.as_ref(), Some(first));
        self.pass(gate, &phase.steps.iter().collect::<Vec<_>>()).await
    }

    /// The gate before a step: its own, that of a point of no return, or `--step`.
    pub(super) async fn step_gate(&self, step: &PlannedStep) -> Result<Option<End>, EngineError> {
        let asks = step.step.irreversible.is_some() || self.world.setup.manner.step_by_step;
        let plain = |text: &str| {
            let prompt = Text { value: text.to_owned(), span: step.step.span.clone() };
            Confirm { prompt, typed: None }
        };
        let confirm = match &step.step.confirm {
            Some(confirm) => confirm.clone(),
            None if step.step.irreversible.is_some() => plain("There is no way back past this step. Go on?"),
            None if asks => plain("Go on?"),
            None => return Ok(None),
        };
        let description = step.step.description.as_ref();
        let gate = self.gate(step.id().as_str(), &step.name, &confirm, description, Some(step));
        let gate = gate.and_then(|gate| {
            let irreversible = step.step.irreversible.as_ref().map(|why| self.text(why, Some(step))).transpose()?;
            Ok(Gate { irreversible, ..gate })
        });
        self.pass(gate, &[step]).await
    }

    fn gate(
        &self,
        id: &str,
        title: &str,
        confirm: &Confirm,
        description: Option<&Text>,
        step: Option<&PlannedStep>,
    ) -> Result<Gate, EngineError> {
        Ok(Gate {
            id: id.to_owned(),
            title: title.to_owned(),
            prompt: self.text(&confirm.prompt, step)?,
            description: description.map(|text| self.text(text, step)).transpose()?,
            typed: confirm.typed.as_ref().map(|word| self.text(word, step)).transpose()?,
            irreversible: None,
            next: Vec::new(),
            rollback: Vec::new(),
            deadline: self.world.plan.deadline.map(|until| until.to_string()),
        })
    }

    /// A text of the book that no host has a part in.
    fn text(&self, text: &Text, step: Option<&PlannedStep>) -> Result<String, EngineError> {
        let Some(step) = step else { return Ok(text.value.clone()) };
        let view = self.journal.view();
        let scope = Scope::of(&self.world.plan, step, self.world.situation(&view), None, None);
        scope.text(text).map_err(|error| {
            EngineError::Refused(match error {
                RenderError::Unknown(other) => {
                    format!("`{}` cannot be asked about at {}: that uses what `{other}` leaves", step.id(), text.span)
                }
                RenderError::Wrong(diagnostic) => {
                    format!("`{}` cannot be asked about at {}: {}", step.id(), text.span, diagnostic.message)
                }
            })
        })
    }

    /// Asks, unless it was answered before. None: go on.
    async fn pass(&self, gate: Result<Gate, EngineError>, next: &[&PlannedStep]) -> Result<Option<End>, EngineError> {
        let gate = gate?;
        let view = self.journal.view();
        if view.is_open(&gate.id) {
            return Ok(None);
        }
        let _alone = self.asking.lock().await;
        let operator = &self.world.setup.operator;
        // What comes next is looked up for somebody who reads it.
        let mut next = if operator.is_present() { self.world.foresee(next, &view, false).await? } else { Vec::new() };
        // This very gate, and what it says itself, is not what comes next.
        for foreseen in next.iter_mut().filter(|foreseen| foreseen.unit.step.as_str() == gate.id) {
            foreseen.gated = false;
            foreseen.irreversible = None;
        }
        let gate = Gate { next, rollback: view.undo_order(None::<&StepId>), ..gate };
        let id = gate.id.clone();
        match operator.gate(&gate, &view).await {
            GateAnswer::Yes { by } => {
                self.journal.append(Record::Answered { gate: id, answer: Answer::Yes { by } }).await?;
                Ok(None)
            }
            GateAnswer::No => {
                self.journal.append(Record::Answered { gate: id, answer: Answer::No }).await?;
                self.park(format!("the gate `{}` was answered with no", gate.id), None).await.map(Some)
            }
            GateAnswer::Silence => self.park(format!("the gate `{id}` waits for an answer"), None).await.map(Some),
        }
    }
}
