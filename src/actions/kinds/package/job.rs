//! The durable jobs in which apt works: a line that drops does not stop it half-way.

use serde_json::Value;

use crate::actions::context::Write;
use crate::actions::contract::ActionError;
use crate::actions::durable;
use crate::base::Secret;
use crate::events::record::{Failure, Outputs};
use crate::transport::JobSpec;

use super::look::trouble;

const COMMON: &str = include_str!("common.sh");

/// How long apt waits for others who work with dpkg, in seconds.
const PATIENCE: u64 = 300;

/// A job of a script with what it is given.
pub(super) fn spec(script: &str, env: &[(&str, &str)], cx: &Write<'_>) -> JobSpec {
    let mut spec = JobSpec::script(format!("{COMMON}{script}"));
    let patience = cx.env().timeout.map_or(PATIENCE, |limit| PATIENCE.min(limit.as_secs() / 2));
    spec.env = env.iter().map(|(name, value)| ((*name).to_owned(), Secret::new((*value).to_owned()))).collect();
    spec.env.push(("WAIT".to_owned(), Secret::new(patience.to_string())));
    spec.timeout = cx.env().timeout;
    spec
}

/// Runs one to its end.
pub(super) async fn run(spec: &JobSpec, command: &str, cx: &Write<'_>) -> Result<Outputs, ActionError> {
    durable::launch(spec, command, cx).await.map_err(explained)
}

/// Finds one again.
pub(super) async fn find(
    job: &Value,
    spec: Result<JobSpec, ActionError>,
    command: &str,
    cx: &Write<'_>,
) -> Result<Outputs, ActionError> {
    durable::reattach(job, spec, command, cx).await.map_err(explained)
}

/// What apt says of a failure, in place of the number that it ends with.
fn explained(error: ActionError) -> ActionError {
    let ActionError::Failed(failure) = error else { return error };
    if failure.exit_code.is_none() {
        return ActionError::Failed(failure);
    }
    let why = trouble(&failure.stderr);
    let locked = why.contains("Could not get lock") || why.contains("dpkg frontend lock");
    let hint = if locked {
        Some(
            "somebody else works with packages there and took too long: look at that process, then try again"
                .to_owned(),
        )
    } else {
        failure.hint.clone()
    };
    ActionError::Failed(Box::new(Failure { why: format!("apt: {why}"), hint, ..*failure }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_holds_the_lock_is_told() {
        let stderr = "E: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process 4711 (apt-get)\n\
                      E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another process using it?\n";
        let failed = Failure { exit_code: Some(100), stderr: stderr.into(), ..Failure::default() };
        let ActionError::Failed(told) = explained(ActionError::Failed(Box::new(failed))) else { panic!() };
        assert!(told.why.starts_with("apt: Could not get lock") && told.why.contains("process 4711 (apt-get)"));
        assert!(told.hint.unwrap().contains("somebody else works with packages there"));
    }
}
