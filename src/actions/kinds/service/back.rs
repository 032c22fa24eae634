//! How a unit is taken back to what it was.

use serde::{Deserialize, Serialize};

use crate::actions::contract::ActionError;

use super::action::{Service, State};
use super::unit::{Unit, Verb};

/// A unit as it was, as far as it was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// The unit's whole name.
    pub(super) unit: String,
    /// What was done to its running.
    pub(super) running: Option<Running>,
    /// Its `UnitFileState` before, where that was changed.
    pub(super) enabled: Option<String>,
    /// Whether it had failed before.
    #[serde(default)]
    pub(super) failed: bool,
}

/// What was done to a unit's running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Running {
    /// It did not run and was started, or restarted.
    Started,
    /// It ran and was stopped.
    Stopped,
    /// It ran and was restarted.
    Restarted,
    /// It ran and was reloaded.
    Reloaded,
}

impl Undo {
    /// What takes back what `service` does to a unit that was `seen` before.
    pub(super) fn of(service: &Service, seen: &Unit) -> Self {
        let running = service.state.filter(|_| service.moves(seen)).and_then(|state| match (state, seen.runs()) {
            (State::Started | State::Restarted, false) => Some(Running::Started),
            (State::Stopped, true) => Some(Running::Stopped),
            (State::Restarted, true) => Some(Running::Restarted),
            (State::Reloaded, _) => Some(Running::Reloaded),
            // It was on its way there already.
            (State::Started, true) | (State::Stopped, false) => None,
        });
        let enabled = service.rewires(seen).then(|| seen.enabled.clone());
        Self { unit: service.unit.clone(), running, enabled, failed: seen.active == "failed" }
    }

    /// For people.
    pub(super) fn in_words(&self) -> String {
        let running = self.running.map(|running| match running {
            Running::Started => "stop it",
            Running::Stopped => "start it",
            Running::Restarted => "restart it again",
            Running::Reloaded => "reload it again",
        });
        let enabled =
            self.enabled.as_deref().map(|was| if was.starts_with("enabled") { "enable it" } else { "disable it" });
        match (running, enabled) {
            (Some(running), Some(enabled)) => format!("{running} and {enabled}"),
            (Some(one), None) | (None, Some(one)) => one.to_owned(),
            (None, None) => "nothing: it was on its way there already".to_owned(),
        }
    }
}

/// What is to be done with a unit that is now `now`. A unit runs or does not, so whatever it does it is as before or as it was left; a
/// restart is done again in any case, since it is for what is read at the start. Only what became of its enabling can be somebody else's.
pub(super) fn verbs(undo: &Undo, now: &Unit) -> Result<Vec<Verb>, ActionError> {
    let changed = |difference: String| ActionError::Changed { what: undo.unit.clone(), difference };
    if now.load == "not-found" {
        return Err(changed("there is no such unit any more".to_owned()));
    }
    let mut verbs = Vec::new();
    let running = match undo.running {
        None => None,
        Some(Running::Started) if now.active == "failed" && !undo.failed => Some(Verb::ResetFailed),
        Some(Running::Started) => now.runs().then_some(Verb::Stop),
        Some(Running::Stopped) => (!now.is_up()).then_some(Verb::Start),
        Some(Running::Restarted) => Some(Verb::Restart),
        Some(Running::Reloaded) => Some(Verb::ReloadOrRestart),
    };
    if running.is_some_and(|verb| !matches!(verb, Verb::Stop | Verb::ResetFailed)) {
        if now.load == "masked" {
            return Err(changed("it was masked".to_owned()));
        }
        if now.stale {
            verbs.push(Verb::DaemonReload);
        }
    }
    if let Some(was) = undo.enabled.as_deref().filter(|was| *was != now.enabled) {
        verbs.push(match (was, now.enabled.as_str()) {
            ("enabled", "disabled") => Verb::Enable,
            ("disabled" | "indirect" | "enabled-runtime", "enabled") => Verb::Disable,
            (was, now) => {
                let now = if now.is_empty() { "without a unit file" } else { now };
                return Err(changed(format!("it was {was} before, and is {now} now")));
            }
        });
    }
    verbs.extend(running);
    Ok(verbs)
}

#[cfg(test)]
mod tests {
    use super::super::unit::tests::unit;
    use super::*;
    use crate::actions::testing::decoded;

    fn back(text: &str, before: &Unit, now: &Unit) -> Result<Vec<Verb>, String> {
        let undo = Undo::of(&decoded(text).unwrap(), before);
        let undo: Undo = serde_json::from_str(&serde_json::to_string(&undo).unwrap()).unwrap();
        verbs(&undo, now).map_err(|error| error.to_string())
    }

    #[test]
    fn a_unit_goes_back_to_what_it_was() {
        use Verb::{Disable, Enable, ReloadOrRestart, ResetFailed, Restart, Start, Stop};
        let up = unit("active", "enabled");
        let down = unit("inactive", "enabled");
        for (text, before, now, due) in [
            ("{name: x, state: stopped}", &up, &down, vec![Start]),
            ("{name: x, state: stopped}", &up, &up, vec![]),
            ("{name: x, state: started}", &down, &up, vec![Stop]),
            // It did not start, which is to be forgotten; unless it had failed before.
            ("{name: x, state: started}", &down, &unit("failed", "enabled"), vec![ResetFailed]),
            ("{name: x, state: started}", &unit("failed", "enabled"), &unit("failed", "enabled"), vec![]),
            ("{name: x, state: restarted}", &up, &up, vec![Restart]),
            // The new configuration did not even start: the old one has to.
            ("{name: x, state: restarted}", &up, &unit("failed", "enabled"), vec![Restart]),
            ("{name: x, state: restarted}", &down, &up, vec![Stop]),
            ("{name: x, state: reloaded}", &up, &up, vec![ReloadOrRestart]),
            ("{name: x, state: stopped, enabled: false}", &up, &unit("inactive", "disabled"), vec![Enable, Start]),
            ("{name: x, state: started, enabled: true}", &unit("inactive", "disabled"), &up, vec![Disable, Stop]),
            (
                "{name: x, state: started, enabled: true}",
                &unit("inactive", "disabled"),
                &unit("active", "disabled"),
                vec![Stop],
            ),
        ] {
            assert_eq!(back(text, before, now), Ok(due), "{text} {before:?} {now:?}");
        }
    }

    #[test]
    fn what_somebody_else_did_since_is_shown() {
        let before = unit("active", "enabled");
        let masked = Unit { load: "masked".into(), ..unit("inactive", "masked") };
        assert_eq!(
            back("{name: x, enabled: false}", &before, &masked),
            Err("x.service has changed since: it was enabled before, and is masked now".into())
        );
        assert_eq!(
            back("{name: x, state: stopped}", &before, &masked),
            Err("x.service has changed since: it was masked".into())
        );
        let gone = Unit { load: "not-found".into(), ..unit("inactive", "") };
        assert!(back("{name: x, state: stopped}", &before, &gone).unwrap_err().contains("no such unit"));
    }

    #[test]
    fn the_undo_is_told_in_words() {
        let words = |text: &str, before: &Unit| Undo::of(&decoded(text).unwrap(), before).in_words();
        assert_eq!(words("{name: x, state: restarted}", &unit("active", "enabled")), "restart it again");
        assert_eq!(
            words("{name: x, state: stopped, enabled: false}", &unit("active", "enabled")),
            "start it and enable it"
        );
        assert_eq!(words("{name: x, state: restarted}", &unit("inactive", "enabled")), "stop it");
    }
}
