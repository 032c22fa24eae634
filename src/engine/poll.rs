//! A wait for a check: it is looked at again and again, until it holds or its time is up.

use std::time::Duration;

use jiff::Timestamp;

use crate::actions::{ActionError, Env, Read, Verdict};
use crate::events::record::{Failure, Outputs};
use crate::events::{Progress, Record, UnitState};

use super::around::Around;
use super::controller::Controller;
use super::hold::left;
use super::prepare::Prepared;
use super::signal::Wish;
use super::unit::{Ended, UnitEnd};

/// The time that a look has where its step says no `timeout`, or comes less often.
const LOOK: Duration = Duration::from_secs(30);
/// What it has over that to tell of it itself.
const GRACE: Duration = Duration::from_secs(5);

impl Controller {
    /// Looks until it holds. The time that this may take counts from when the wait was first reached, whatever happened to the controller
    /// since: it stands in the journal. Looking goes on where no terminal is: it has an end.
    pub(super) async fn wait_for_check(
        &self,
        prepared: &Prepared<'_>,
        around: &Around<'_>,
        kind: &str,
        every: Duration,
        timeout: Duration,
    ) -> Ended {
        let (unit, setup) = (&prepared.unit, &self.world.setup);
        let after = |pause| setup.clock.now().checked_add(pause).unwrap_or(Timestamp::MAX);
        let until = if let UnitState::Waiting(Some(until)) = self.journal.view().state(unit) {
            setup.screen.progress(&Progress::Waiting { unit: unit.clone(), until });
            until
        } else {
            let until = after(timeout);
            let what = Some(format!("the `{kind}`"));
            self.journal.append(Record::Waiting { unit: unit.clone(), until: Some(until), what }).await?;
            until
        };
        let end = setup.clock.passed().saturating_add(left(until, setup.clock.now(), timeout));
        let mut last = None;
        loop {
            let looked = tokio::select! {
                biased;
                looked = self.look(prepared, around, every) => looked,
                () = setup.signals.wanted(Wish::Stop) => return Ok(parked(prepared, after(every).min(until))),
            };
            if let Some(fatal) = self.world.fatal() {
                return Err(fatal);
            }
            let Some(why) = looked else { return self.let_go(prepared, around, Outputs::default()).await };
            let why = self.world.masker.mask(&why);
            let left = end.saturating_sub(setup.clock.passed());
            if left.is_zero() {
                let failure = Failure { why: format!("its time is up: {why}"), ..Failure::default() };
                return self.not_begun(unit, failure).await;
            }
            // The same is not told every ten seconds for an hour.
            if last.as_ref() != Some(&why) {
                setup.screen.progress(&Progress::Note { unit: unit.clone(), text: format!("not yet: {why}") });
                last = Some(why);
            }
            let stays = !setup.manner.no_wait
                && tokio::select! {
                    () = setup.clock.sleep(every.min(left)) => true,
                    () = setup.signals.wanted(Wish::Stop) => false,
                };
            if !stays {
                return Ok(parked(prepared, after(every).min(until)));
            }
        }
    }

    /// None: it holds. Otherwise why it does not.
    async fn look(&self, prepared: &Prepared<'_>, around: &Around<'_>, every: Duration) -> Option<String> {
        let bound = prepared.timeout.unwrap_or(LOOK.max(every));
        for probe in &prepared.wait_for {
            let on = probe.host.as_ref().map(|host| format!(" on {host}")).unwrap_or_default();
            let told = |why: String| Some(format!("{}{on}: {why}", probe.action.kind()));
            let looked = async {
                let env = Env { timeout: Some(bound), ..around.probe(prepared, probe).await?.env().clone() };
                probe.action.probe(&Read::new(env)).await
            };
            match tokio::time::timeout(bound + GRACE, looked).await {
                Ok(Ok(Verdict::Holds | Verdict::Unknown)) => {}
                Ok(Ok(Verdict::Fails(why))) => return told(why),
                Ok(Err(ActionError::Failed(failure))) => return told(failure.why),
                Ok(Err(error)) => return told(error.to_string()),
                Err(_) => return told(format!("no answer within {}", crate::base::duration::show(bound))),
            }
        }
        None
    }
}

/// The run is parked until it is worth another look.
fn parked(prepared: &Prepared<'_>, until: Timestamp) -> UnitEnd {
    UnitEnd::Parked { why: prepared.step.name.clone(), until: Some(until) }
}
