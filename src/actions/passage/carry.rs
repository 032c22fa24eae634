//! The job that goes through a passage.

use serde_json::Value;

use crate::actions::context::Write;
use crate::actions::contract::ActionError;
use crate::actions::durable::{self, Stage};
use crate::events::record::Outputs;
use crate::transport::JobSpec;

use super::key::OneTimeKey;

/// What ssh exits with where it was not let in, or did not come through.
pub const NOT_THROUGH: i32 = 255;

/// What that means, and what helps.
pub const NOT_THROUGH_WORDS: (&str, &str) = (
    "the source's ssh was not let in at the destination, or did not come through",
    "what has come so far is kept; `via: relay` goes by way of this process",
);

/// What is the matter where a job is to be launched that has begun: a second one is not.
pub const BEGUN: &str = "it has begun";

/// What is the matter where a job is to be launched, and nothing leads from host to host any more.
pub const WAY_GONE: &str = "there is no direct way any more";

/// Runs a durable job of the source, which outlives us, and then removes both halves of the key and what the job has left there: however it
/// ended, unless it may still run. `stage` is on the source, by the name that the key knows, where it knows one.
///
/// `job`: the one that the journal has, which is found again and has its key. `open` is awaited only where a job has to be launched: that one
/// where it never began, or a new one. It makes the key by [`OneTimeKey::open`], and says what to run.
///
/// # Errors
/// As [`durable::launch_stage`].
pub async fn carry(
    key: &OneTimeKey,
    stage: Stage<'_>,
    job: Option<&Value>,
    open: impl Future<Output = Result<JobSpec, ActionError>> + Send,
    cx: &Write<'_>,
) -> Result<Outputs, ActionError> {
    let spec = async {
        let spec = open.await?;
        Ok(JobSpec { cwd: Some(key.folder()), timeout: cx.env().timeout, ..spec })
    };
    let ended = match job {
        Some(job) => durable::reattach_stage(job, spec, stage, cx).await,
        None => match spec.await {
            Ok(spec) => durable::launch_stage(&spec, stage, cx).await,
            Err(error) => {
                // Nothing runs. Where the key cannot be removed either, the way back knows of it.
                let _ = key.remove(cx).await;
                return Err(error);
            }
        },
    };
    // What may still run needs its key.
    if matches!(ended, Err(ActionError::Detached | ActionError::Transport(_) | ActionError::Journal(_))) {
        return ended;
    }
    key.remove(cx).await?;
    ended
}
