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

/// Runs a durable job of the source, which outlives us, and then removes both halves of the key and what the job has left there: however it
/// ended, unless it may still run. `stage` is on the source, by the name that the key knows.
///
/// `running`: the job that an earlier try has launched, where it still runs; it has its key. Else `open` is awaited, which makes one by
/// [`OneTimeKey::open`] and says what to run.
///
/// # Errors
/// As [`durable::launch_stage`].
pub async fn carry(
    key: &OneTimeKey,
    stage: Stage<'_>,
    running: Option<&Value>,
    open: impl Future<Output = Result<JobSpec, ActionError>> + Send,
    cx: &Write<'_>,
) -> Result<Outputs, ActionError> {
    let ended = match running {
        Some(job) => durable::reattach_stage(job, Err(ActionError::failed("it has begun")), stage, cx).await,
        None => match open.await {
            Ok(spec) => {
                let spec = JobSpec { cwd: Some(key.folder()), timeout: cx.env().timeout, ..spec };
                durable::launch_stage(&spec, stage, cx).await
            }
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
