//! What a unit in trouble leads to: the book decides, or the operator.

use crate::events::{Progress, Record, RunView};
use crate::model::OnFailure;
use crate::plan::PlannedStep;

use super::controller::{Controller, EngineError};
use super::operator::{Remedy, RollbackTarget, Trouble};
use super::setup::End;
use super::unit::Troubled;
use super::units::Work;

/// What was decided.
pub(super) enum Decision {
    /// The step is carried on: what was decided is in the journal.
    GoOn,
    /// The run ends here.
    End(End),
}

impl Controller {
    /// Decides about a unit in trouble.
    pub(super) async fn decide(
        &self,
        step: &PlannedStep,
        work: &Work,
        troubled: Troubled,
    ) -> Result<Decision, EngineError> {
        let unit = &work.unit;
        let operator = &self.world.setup.operator;
        match self.on_failure(step) {
            OnFailure::Continue => return Ok(Decision::GoOn),
            OnFailure::Rollback => {
                let to = targets(&self.journal.view()).into_iter().find_map(|target| target.step);
                return self.take_all_back(to).await.map(Decision::End);
            }
            OnFailure::Ask if operator.is_present() => {}
            OnFailure::Ask | OnFailure::Stop => return self.stop(work).await,
        }
        let mut troubled = troubled;
        loop {
            let view = self.journal.view();
            let trouble = self.trouble(step, work, &troubled, &view);
            let remedy = {
                let _alone = self.asking.lock().await;
                operator.failure(&trouble, &view).await
            };
            match remedy {
                Remedy::Retry { edited } => {
                    self.journal.append(Record::Reopened { unit: unit.clone() }).await?;
                    return Ok(if edited { Decision::End(End::Reload) } else { Decision::GoOn });
                }
                Remedy::Skip { note } => {
                    self.journal.append(Record::Skipped { unit: unit.clone(), why: note }).await?;
                    return Ok(Decision::GoOn);
                }
                Remedy::MarkDone { note } => match self.mark_done(step, work, Some(note)).await? {
                    None => return Ok(Decision::GoOn),
                    Some(failure) => {
                        let text = format!("{unit} is not marked done: {}", failure.why);
                        self.world.setup.screen.progress(&Progress::Warning { text });
                        troubled = Troubled { failure, ..troubled };
                    }
                },
                Remedy::RollBack(target) => return self.take_all_back(target.step).await.map(Decision::End),
                Remedy::Stop => return self.stop(work).await,
            }
        }
    }

    async fn stop(&self, work: &Work) -> Result<Decision, EngineError> {
        self.journal.append(Record::Stopped { why: format!("{} failed", work.unit) }).await?;
        Ok(Decision::End(End::Failed { unit: work.unit.clone() }))
    }

    fn trouble(&self, step: &PlannedStep, work: &Work, troubled: &Troubled, view: &RunView) -> Trouble {
        let host = work.unit.host.as_ref().and_then(|role| self.world.plan.host(role));
        Trouble {
            unit: work.unit.clone(),
            name: step.name.clone(),
            place: step.place(),
            failure: troubled.failure.clone(),
            unsure: troubled.unsure,
            may_retry: !troubled.unsure,
            rollback_targets: targets(view),
            shell: host.map(|host| host.ssh.clone()),
        }
    }
}

/// Where rolling back can go: the checkpoints, newest first, and the start.
fn targets(view: &RunView) -> Vec<RollbackTarget> {
    let checkpoint =
        |(name, step): &(String, _)| RollbackTarget { checkpoint: Some(name.clone()), step: Some(Clone::clone(step)) };
    let start = RollbackTarget { checkpoint: None, step: None };
    view.checkpoints.iter().rev().map(checkpoint).chain([start]).collect()
}
