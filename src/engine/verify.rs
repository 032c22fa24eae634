//! Whether a unit holds: by its action's own look, and by its step's `verify`.

use std::time::Duration;

use crate::actions::{ActionError, Verdict};
use crate::events::Progress;
use crate::events::record::{Failure, Outcome, Outputs};
use crate::events::state::Attempt;

use super::around::Around;
use super::controller::Controller;
use super::prepare::Prepared;
use super::signal::Wish;
use super::unit::{Ended, Troubled, UnitEnd};

/// From one look to the next, where a `verify` says for how long it is tried.
const PAUSE: Duration = Duration::from_secs(1);

impl Controller {
    /// None: it holds. Otherwise why it does not.
    pub(super) async fn does_hold(
        &self,
        prepared: &Prepared<'_>,
        around: &Around<'_>,
    ) -> Result<Option<String>, ActionError> {
        if let Some(action) = &prepared.action
            && let Verdict::Fails(why) = action.verify(&around.read(prepared, 0).await?).await?
        {
            return Ok(Some(format!("it was applied, but does not hold: {why}")));
        }
        self.does_step_hold(prepared, around, prepared.patience).await
    }

    /// The same by the step's `verify` alone.
    pub(super) async fn does_step_hold(
        &self,
        prepared: &Prepared<'_>,
        around: &Around<'_>,
        patience: Duration,
    ) -> Result<Option<String>, ActionError> {
        let clock = &self.world.setup.clock;
        let end = clock.passed().saturating_add(patience);
        for probe in &prepared.verify {
            loop {
                let read = around.probe(prepared, probe).await?;
                let told: Result<String, ActionError> = match self.unless_detached(probe.action.probe(&read)).await {
                    Ok(Verdict::Holds | Verdict::Unknown) => break,
                    Ok(Verdict::Fails(why)) => Ok(why),
                    Err(ActionError::Detached) => return Err(ActionError::Detached),
                    Err(error) => Err(error),
                };
                if clock.passed() >= end {
                    let on = probe.host.as_ref().map(|host| format!(" on {host}")).unwrap_or_default();
                    return told.map(|why| Some(format!("its `verify` ({}{on}) fails: {why}", probe.action.kind())));
                }
                let why = told.unwrap_or_else(|error| error.to_string());
                let text = self.world.masker.mask(&format!("not yet: {why}"));
                self.world.setup.screen.progress(&Progress::Note { unit: prepared.unit.clone(), text });
                tokio::select! {
                    () = clock.sleep(PAUSE) => {}
                    () = self.world.setup.signals.wanted(Wish::Detach) => return Err(ActionError::Detached),
                }
            }
        }
        Ok(None)
    }

    /// Whether the step's `verify` holds already: then it cannot tell later whether the unit was applied. An error is a no.
    pub(super) async fn held_before(&self, prepared: &Prepared<'_>, around: &Around<'_>) -> bool {
        !prepared.verify.is_empty() && matches!(self.does_step_hold(prepared, around, Duration::ZERO).await, Ok(None))
    }

    /// A unit that was applied and did not hold: it is looked at again, and not applied again.
    pub(super) async fn hold_to_verify(&self, prepared: &Prepared<'_>, last: &Attempt, failure: Failure) -> Ended {
        let around = Around::new(&self.world, Some(prepared));
        match self.does_hold(prepared, &around).await {
            Ok(None) => {
                let note = Some(format!("found to hold; try {} had failed: {}", last.number, failure.why));
                let outcome =
                    Outcome::Applied { outputs: Box::new(Outputs { changed: true, ..Outputs::default() }), note };
                let unit = prepared.unit.clone();
                self.journal.append(crate::events::Record::Settled { unit, outcome }).await?;
                Ok(UnitEnd::Over)
            }
            Ok(Some(why)) => Ok(UnitEnd::Trouble(Troubled { failure: Failure { why, ..failure }, unsure: false })),
            Err(ActionError::Detached) => Ok(UnitEnd::Interrupted),
            Err(error) => {
                let found = self.failure_of(error)?;
                Ok(UnitEnd::Trouble(Troubled { failure: Failure { applied: true, ..found }, unsure: false }))
            }
        }
    }
}
