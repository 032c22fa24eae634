//! What systemd says of a unit, and what it is told to do with one.

use serde::{Deserialize, Serialize};

use crate::actions::context::Read;
use crate::actions::contract::ActionError;
use crate::actions::expected::{Standing, Thing};
use crate::actions::said::last_lines;
use crate::base::{Masker, shell::quote};
use crate::events::record::Failure;
use crate::transport::{Command, Output};

/// How many lines of `systemctl status` a failure shows.
const LINES: usize = 30;

/// A unit as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unit {
    /// `loaded`, `not-found`, `masked`…
    pub(super) load: String,
    /// `active`, `inactive`, `failed`…
    pub(super) active: String,
    /// `enabled`, `disabled`, `static`…; empty where it has no file.
    pub(super) enabled: String,
    /// `success`, or why it failed.
    pub(super) result: String,
    /// Whether it does its work and is over.
    pub(super) oneshot: bool,
    /// Whether it can be reloaded.
    pub(super) can_reload: bool,
    /// Whether its file is not the one that systemd has read.
    pub(super) stale: bool,
}

impl Unit {
    /// What looks at `unit`, in one round trip.
    pub(super) fn look(unit: &str) -> Command {
        // Of a script of the old kind only `is-enabled` knows whether it is started at boot.
        let script = "systemctl show -p LoadState,ActiveState,UnitFileState,Result,Type,CanReload,NeedDaemonReload -- \"$UNIT\"\n\
                      printf 'IsEnabled='; systemctl is-enabled -- \"$UNIT\" 2>/dev/null || echo";
        Command::read(script).env("UNIT", unit)
    }

    /// What was seen.
    pub(super) fn seen(said: &Output) -> Result<Self, ActionError> {
        if said.status == 127 {
            return Err(ActionError::failed("the host has no `systemctl`: it does not run systemd"));
        }
        let text = said.text();
        let value = |key: &str| {
            let mut lines = text.lines().filter_map(|line| line.split_once('='));
            lines.find(|(name, _)| *name == key).map(|(_, value)| value.trim().to_owned())
        };
        let (true, Some(load), Some(active)) = (said.success(), value("LoadState"), value("ActiveState")) else {
            let why = said.error_text();
            return Err(ActionError::failed(format!("systemd does not say how the unit is: {}", why.trim())));
        };
        let of_file = value("UnitFileState").unwrap_or_default();
        let is = |key: &str, due: &str| value(key).is_some_and(|value| value == due);
        Ok(Self {
            load,
            active,
            enabled: if of_file == "generated" { value("IsEnabled").unwrap_or(of_file) } else { of_file },
            result: value("Result").unwrap_or_default(),
            oneshot: is("Type", "oneshot"),
            can_reload: is("CanReload", "yes"),
            stale: is("NeedDaemonReload", "yes"),
        })
    }

    /// How it will be by the time that the step has its turn: as it is, but for what earlier steps of a dry run leave.
    pub(super) fn by_then(mut self, unit: &str, cx: &Read<'_>) -> Result<Self, ActionError> {
        let host = cx.host()?;
        let expected = |thing| cx.around().expected(host.transport().role(), &thing);
        if self.load == "not-found" {
            let file = format!("/etc/systemd/system/{unit}");
            return match expected(Thing::Path(file)).or_else(|| expected(Thing::Software)) {
                // What its file says is read by systemd, and by nobody else.
                Some((step, _)) => Err(ActionError::Unknown(step)),
                None => Ok(self),
            };
        }
        if let Some((_, Standing::Service { active, enabled })) = expected(Thing::Service(unit.to_owned())) {
            let turn = |now: &mut String, to: Option<bool>, words: [&str; 2]| {
                if let Some(to) = to {
                    words[usize::from(to)].clone_into(now);
                }
            };
            turn(&mut self.active, active, ["inactive", "active"]);
            turn(&mut self.enabled, enabled, ["disabled", "enabled"]);
        }
        Ok(self)
    }

    /// Whether it runs, or is about to.
    pub(super) fn runs(&self) -> bool {
        matches!(self.active.as_str(), "active" | "reloading" | "refreshing" | "activating")
    }

    /// Whether it is up.
    pub(super) fn is_up(&self) -> bool {
        matches!(self.active.as_str(), "active" | "reloading" | "refreshing")
    }

    /// Whether it is started at boot, of its own.
    pub(super) fn is_enabled(&self) -> bool {
        matches!(self.enabled.as_str(), "enabled" | "alias")
    }

    /// Whether nothing starts it at boot but what needs it.
    pub(super) fn is_disabled(&self) -> bool {
        matches!(self.enabled.as_str(), "disabled" | "static" | "indirect" | "masked" | "masked-runtime" | "")
    }
}

/// What systemd is told to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// Read all unit files again.
    DaemonReload,
    Enable,
    Disable,
    Start,
    Stop,
    Restart,
    Reload,
    /// Forget that it failed.
    ResetFailed,
    /// Reload it where it runs and can, else start it afresh.
    ReloadOrRestart,
}

impl Verb {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::DaemonReload => "daemon-reload",
            Self::Enable => "enable",
            Self::Disable => "disable",
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Reload => "reload",
            Self::ResetFailed => "reset-failed",
            Self::ReloadOrRestart => "reload-or-restart",
        }
    }
}

/// What does all of `verbs` with `unit`, in one round trip. Where one fails it says how the unit is, with the last lines of its log. What
/// systemd refuses as one start too many in a short time has stopped by then: several steps that restart the same unit, and the way back over
/// them, are no crash loop, so their starts are forgotten and it is started even so.
pub(super) fn command(unit: &str, verbs: &[Verb]) -> Command {
    let mut script = String::from(
        "export SYSTEMD_COLORS=0 SYSTEMD_PAGER=\n\
         hit() { [ \"$(systemctl show --value -p Result -- \"$UNIT\")\" = start-limit-hit ]; }\n\
         act() {\n\
         systemctl --no-ask-password \"$@\" && return; s=$?\n\
         ! hit || { systemctl reset-failed -- \"$UNIT\" && systemctl --no-ask-password \"$@\" && return; s=$?; }\n\
         systemctl status --full --lines=15 -- \"$UNIT\" >&2 || :; exit $s\n\
         }\n",
    );
    for verb in verbs {
        script.push_str("act ");
        script.push_str(verb.word());
        script.push_str(if *verb == Verb::DaemonReload { "\n" } else { " -- \"$UNIT\"\n" });
    }
    Command::change(script).env("UNIT", unit)
}

/// What came of it.
pub(super) fn done(said: &Output, unit: &str, verbs: &[Verb], masker: &Masker) -> Result<(), ActionError> {
    if said.success() {
        return Ok(());
    }
    let told = masker.mask(&said.error_text());
    let denied =
        ["authentication required", "Access denied", "Permission denied"].iter().any(|words| told.contains(words));
    let mut words: Vec<&str> = verbs.iter().map(|verb| verb.word()).collect();
    words.dedup();
    Err(ActionError::Failed(Box::new(Failure {
        why: format!("systemctl failed with {}", said.status),
        hint: denied.then(|| "only root may do that: give the step `become: root`".to_owned()),
        command: Some(format!("systemctl {} {}", words.join(", "), quote(unit))),
        exit_code: Some(said.status),
        stderr: last_lines(&told, LINES).to_owned(),
        ..Failure::default()
    })))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A unit of which that is known.
    pub(in crate::actions::kinds::service) fn unit(active: &str, enabled: &str) -> Unit {
        Unit { load: "loaded".into(), active: active.into(), enabled: enabled.into(), ..Unit::default() }
    }

    fn said(status: i32, stdout: &str, stderr: &str) -> Output {
        Output { status, stdout: stdout.into(), stderr: stderr.into() }
    }

    #[test]
    fn what_systemd_says_is_read() {
        let text = "Type=forking\nResult=success\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\n\
                    NeedDaemonReload=yes\nCanReload=yes\nIsEnabled=enabled\n";
        let unit = Unit::seen(&said(0, text, "")).unwrap();
        let due = Unit {
            load: "loaded".into(),
            active: "active".into(),
            enabled: "enabled".into(),
            result: "success".into(),
            oneshot: false,
            can_reload: true,
            stale: true,
        };
        assert_eq!(unit, due);
        let generated = "LoadState=loaded\nActiveState=inactive\nUnitFileState=generated\nIsEnabled=disabled\n";
        assert_eq!(Unit::seen(&said(0, generated, "")).unwrap().enabled, "disabled");
    }

    #[test]
    fn a_host_without_systemd_says_so() {
        let error = |said: &Output| Unit::seen(said).unwrap_err().to_string();
        assert!(error(&said(127, "", "sh: 1: systemctl: not found")).contains("does not run systemd"));
        let offline = "System has not been booted with systemd as init system";
        assert!(error(&said(0, "\n", offline)).ends_with(offline));
        assert!(error(&said(1, "LoadState=loaded\nActiveState=active\n", offline)).ends_with(offline));
    }

    #[test]
    fn a_failure_shows_the_log_and_what_helps() {
        let verbs = [Verb::Enable, Verb::Restart];
        assert!(done(&said(0, "", ""), "a.service", &verbs, &Masker::default()).is_ok());
        let failure = |stderr: &str| match done(&said(1, "", stderr), "a b.service", &verbs, &Masker::default()) {
            Err(ActionError::Failed(failure)) => *failure,
            other => panic!("{other:?}"),
        };
        let denied = failure("Failed to restart: Interactive authentication required.\n");
        assert_eq!(denied.command.as_deref(), Some("systemctl enable, restart 'a b.service'"));
        assert!(denied.hint.unwrap().contains("become: root"));
        assert_eq!(failure("Job failed.\nlog\n").stderr, "Job failed.\nlog");
    }
}
