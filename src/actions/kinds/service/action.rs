//! What `service` does.

use async_trait::async_trait;

use crate::actions::context::{Read, Stash, Write};
use crate::actions::contract::{Action, ActionError, AfterCrash, Check, Reversible, Verdict};
use crate::actions::expected::{Leaves, Standing, Thing};
use crate::events::Preview;
use crate::events::record::Outputs;
use crate::model::decode::{self, Fields};
use crate::model::form::{Form, Key, key, required};
use crate::model::{Diagnostics, Node};

use super::back::{self, Undo};
use super::unit::{Unit, Verb, command, done};

/// What may follow a unit's name.
const SUFFIXES: [&str; 11] =
    ["service", "socket", "timer", "target", "path", "mount", "automount", "swap", "slice", "scope", "device"];

const KEYS: [Key; 3] = [
    required(
        "name",
        Form::Like(r"^[A-Za-z0-9:_\\@][A-Za-z0-9:_.\\@-]*$"),
        "the unit; `.service` where it does not say what it is",
    ),
    key("state", Form::OneOf(&["started", "stopped", "restarted", "reloaded"]), "what it is to be")
        .left_out("as it is"),
    key("enabled", Form::Boolean, "whether it is started at boot").left_out("as it is"),
];

/// How a unit is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    pub(super) unit: String,
    pub(super) state: Option<State>,
    pub(super) enabled: Option<bool>,
}

/// Whether it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Started,
    Stopped,
    Restarted,
    Reloaded,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Stopped => "stopped",
            Self::Restarted => "restarted",
            Self::Reloaded => "reloaded",
        }
    }
}

#[async_trait]
impl Action for Service {
    const KIND: &'static str = "service";
    const NEEDS_HOST: bool = true;
    const FORM: Form = Form::SomeKeyOf(&KEYS, &["state", "enabled"]);
    type Seen = Unit;
    type Undo = Undo;

    fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(value, "`service`", &KEYS, diagnostics)?;
        let unit = fields.required("name", decode::checked("a unit of systemd", unit_name));
        let states = [State::Started, State::Stopped, State::Restarted, State::Reloaded];
        let state = fields.optional("state", decode::one_of(&states.map(|state| (state.word(), state))));
        let enabled = fields.optional("enabled", decode::boolean);
        if fields.node("state").is_none() && fields.node("enabled").is_none() && value.unknown_until().is_none() {
            fields.wrong("", "`service` is to be what?", "give it `state`, `enabled`, or both");
        }
        fields.done()?;
        Some(Self { unit: unit?, state, enabled })
    }

    async fn check(&self, cx: &Read<'_>) -> Result<Check<Unit>, ActionError> {
        let now = Unit::seen(&cx.sh(Unit::look(&self.unit)).await?)?;
        Ok(self.judge(now.by_then(&self.unit, cx)?))
    }

    fn preview(&self, seen: &Unit) -> Preview {
        let mut changes = Vec::new();
        if let Some(state) = self.state.filter(|_| self.moves(seen)) {
            changes.push(format!("{} -> {}", seen.active, state.word()));
        }
        if let Some(enabled) = self.enabled.filter(|_| self.rewires(seen)) {
            let now = if seen.enabled.is_empty() { "disabled" } else { &seen.enabled };
            changes.push(format!("{now} -> {}", if enabled { "enabled" } else { "disabled" }));
        }
        let stale = "its unit file has changed: systemd reads all unit files again first";
        Preview {
            summary: format!("{}: {}", self.unit, changes.join(", ")),
            detail: if self.verbs(seen).contains(&Verb::DaemonReload) { stale.to_owned() } else { String::new() },
            undo: Undo::of(self, seen).in_words(),
        }
    }

    async fn leaves(&self, seen: &Unit, _cx: &Read<'_>) -> Result<Vec<Leaves>, ActionError> {
        let active = self.state.map(|state| state != State::Stopped).filter(|active| *active != seen.is_up());
        let enabled = self.enabled.filter(|_| self.rewires(seen));
        let leaves = Leaves::here(Thing::Service(self.unit.clone()), Standing::Service { active, enabled });
        Ok(if active.or(enabled).is_some() { vec![leaves] } else { Vec::new() })
    }

    async fn capture(&self, seen: &Unit, _cx: &Stash<'_>) -> Result<Reversible<Undo>, ActionError> {
        Ok(Reversible::By(Undo::of(self, seen)))
    }

    async fn apply(&self, seen: &Unit, cx: &Write<'_>) -> Result<Outputs, ActionError> {
        let verbs = self.verbs(seen);
        done(&cx.change(command(&self.unit, &verbs)).await?, &self.unit, &verbs, cx.around().masker())?;
        Ok(Outputs { changed: true, ..Outputs::default() })
    }

    async fn verify(&self, cx: &Read<'_>) -> Result<Verdict, ActionError> {
        Ok(self.holds(&Unit::seen(&cx.sh(Unit::look(&self.unit)).await?)?))
    }

    async fn undo(undo: &Undo, cx: &Write<'_>) -> Result<String, ActionError> {
        let now = Unit::seen(&cx.sh(Unit::look(&undo.unit)).await?)?;
        let verbs = back::verbs(undo, &now)?;
        if verbs.is_empty() {
            return Ok("was already as before".to_owned());
        }
        done(&cx.change(command(&undo.unit, &verbs)).await?, &undo.unit, &verbs, cx.around().masker())?;
        Ok(verbs.iter().map(|verb| verb.word()).collect::<Vec<_>>().join(", "))
    }

    /// Starting, stopping, enabling twice is doing it once. So it is with a restart or reload that may have happened: what they are for,
    /// that the configuration of now is read, cannot be seen on the host. One too many costs a moment, one too few leaves the old
    /// configuration running unnoticed.
    fn after_crash(&self) -> AfterCrash {
        AfterCrash::Reapply
    }

    fn restarts(&self) -> Option<String> {
        matches!(self.state, Some(State::Restarted | State::Reloaded)).then(|| self.unit.clone())
    }
}

impl Service {
    fn judge(&self, now: Unit) -> Check<Unit> {
        if let Some(why) = self.obstacle(&now) {
            return Check::Blocked(why);
        }
        if self.moves(&now) || self.rewires(&now) { Check::Differs(now) } else { Check::Satisfied }
    }

    /// Why it cannot be done.
    fn obstacle(&self, now: &Unit) -> Option<String> {
        let unit = &self.unit;
        let comes_up = matches!(self.state, Some(State::Started | State::Restarted | State::Reloaded));
        match now.load.as_str() {
            "not-found" => return Some(format!("there is no unit {unit} (LoadState=not-found)")),
            "masked" if comes_up || self.enabled == Some(true) => {
                return Some(format!("{unit} is masked: `systemctl unmask` it first, if that is meant"));
            }
            "loaded" | "masked" => {}
            other => return Some(format!("{unit} cannot be loaded (LoadState={other})")),
        }
        if self.state == Some(State::Reloaded) {
            if !now.is_up() {
                return Some(format!("{unit} is {}: only what is active can be reloaded", now.active));
            }
            // A unit whose file is about to be read again may be able to afterwards.
            if !now.can_reload && !now.stale {
                return Some(format!("{unit} cannot be reloaded: use `restarted`"));
            }
        }
        let enables_itself = !matches!(now.enabled.as_str(), "static" | "transient" | "generated" | "");
        if self.enabled == Some(true) && !enables_itself {
            let kind = if now.enabled.is_empty() { "has no unit file" } else { now.enabled.as_str() };
            return Some(format!("{unit} cannot be enabled ({kind}): it has no `[Install]` section"));
        }
        None
    }

    /// Whether `state` asks for anything.
    pub(super) fn moves(&self, now: &Unit) -> bool {
        match self.state {
            None => false,
            Some(State::Started) => !now.is_up(),
            Some(State::Stopped) => !matches!(now.active.as_str(), "inactive" | "failed"),
            Some(State::Restarted | State::Reloaded) => true,
        }
    }

    /// Whether `enabled` asks for anything.
    pub(super) fn rewires(&self, now: &Unit) -> bool {
        match self.enabled {
            None => false,
            Some(true) => !now.is_enabled(),
            Some(false) => !now.is_disabled(),
        }
    }

    fn verbs(&self, now: &Unit) -> Vec<Verb> {
        let mut verbs = Vec::new();
        let state = self.state.filter(|_| self.moves(now));
        if now.stale && matches!(state, Some(State::Started | State::Restarted | State::Reloaded)) {
            verbs.push(Verb::DaemonReload);
        }
        if let Some(enabled) = self.enabled.filter(|_| self.rewires(now)) {
            verbs.push(if enabled { Verb::Enable } else { Verb::Disable });
        }
        verbs.extend(state.map(|state| match state {
            State::Started => Verb::Start,
            State::Stopped => Verb::Stop,
            State::Restarted => Verb::Restart,
            State::Reloaded => Verb::Reload,
        }));
        verbs
    }

    fn holds(&self, now: &Unit) -> Verdict {
        let unit = &self.unit;
        let is_as_asked = match self.state {
            None => true,
            Some(State::Stopped) => !self.moves(now),
            // What does its work and is over was started all the same.
            Some(_) => now.is_up() || (now.oneshot && now.active == "inactive" && now.result == "success"),
        };
        if !is_as_asked {
            let why = if now.result.is_empty() || now.result == "success" {
                String::new()
            } else {
                format!(" ({})", now.result)
            };
            return Verdict::Fails(format!("{unit} is {}{why}", now.active));
        }
        if self.rewires(now) {
            let now = if now.enabled.is_empty() { "without a unit file" } else { &now.enabled };
            return Verdict::Fails(format!("{unit} is {now}"));
        }
        Verdict::Holds
    }
}

/// A unit's name, `.service` where it does not say what it is.
fn unit_name(name: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || ":_.\\@-".contains(c);
    if name.is_empty() || name.starts_with(['-', '.']) || !name.chars().all(plain) {
        return Err("a unit's name has letters, digits and `:_.\\@-`".to_owned());
    }
    let typed = name.rsplit_once('.').is_some_and(|(_, suffix)| SUFFIXES.contains(&suffix));
    Ok(if typed { name.to_owned() } else { format!("{name}.service") })
}

#[cfg(test)]
mod tests {
    use super::super::unit::tests::unit;
    use super::*;
    use crate::actions::testing::decoded;

    fn service(text: &str) -> Service {
        decoded(text).unwrap()
    }

    #[test]
    fn names_get_their_suffix() {
        for (name, full) in [
            ("apache2", "apache2.service"),
            ("apache2.service", "apache2.service"),
            ("apt-daily.timer", "apt-daily.timer"),
            ("org.example.Foo", "org.example.Foo.service"),
            ("getty@tty1", "getty@tty1.service"),
        ] {
            assert_eq!(unit_name(name).as_deref(), Ok(full));
        }
        for name in ["", "-x", "a b", "a;b", "a/b", "ä"] {
            assert!(unit_name(name).is_err(), "{name}");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, due) in [
            ("{name: x}", "`service` is to be what?; give it `state`, `enabled`, or both"),
            ("{state: started}", "`service` lacks `name`"),
            (
                "{name: x, state: restart}",
                "`started`, `stopped`, `restarted` or `reloaded` is due here, found `restart`; did you mean `restarted`?",
            ),
            (
                "{name: x, enabled: yes}",
                "`true` or `false` is due here, found `yes`; in YAML 1.2 `yes` is not a boolean: write `true`",
            ),
            (
                "{name: a b, state: started}",
                "a unit of systemd is due here, found `a b`; a unit's name has letters, digits and `:_.\\@-`",
            ),
        ] {
            assert_eq!(decoded::<Service>(text).unwrap_err(), due, "{text}");
        }
    }

    #[test]
    fn it_is_judged_by_what_systemd_says() {
        use Verb::{DaemonReload, Disable, Enable, Reload, Restart, Start, Stop};
        let reloadable = Unit { can_reload: true, ..unit("active", "enabled") };
        let stale = Unit { stale: true, ..unit("active", "enabled") };
        for (text, now, due) in [
            ("{name: x, state: started}", unit("active", "enabled"), &[][..]),
            ("{name: x, state: started}", unit("failed", "enabled"), &[Start]),
            ("{name: x, state: started}", unit("activating", "enabled"), &[Start]),
            ("{name: x, state: stopped}", unit("active", "enabled"), &[Stop]),
            ("{name: x, state: stopped}", unit("failed", "enabled"), &[]),
            ("{name: x, state: stopped, enabled: false}", unit("active", "enabled"), &[Disable, Stop]),
            ("{name: x, state: stopped, enabled: false}", unit("inactive", "masked"), &[]),
            ("{name: x, state: restarted}", unit("inactive", "enabled"), &[Restart]),
            ("{name: x, state: restarted, enabled: true}", unit("active", "disabled"), &[Enable, Restart]),
            ("{name: x, state: restarted}", stale.clone(), &[DaemonReload, Restart]),
            ("{name: x, state: stopped}", stale, &[Stop]),
            ("{name: x, state: reloaded}", reloadable, &[Reload]),
            ("{name: x, enabled: true}", unit("active", "enabled-runtime"), &[Enable]),
            ("{name: x, enabled: false}", unit("active", "static"), &[]),
        ] {
            let check = service(text).judge(now.clone());
            match due {
                [] => assert_eq!(check, Check::Satisfied, "{text} {now:?}"),
                verbs => {
                    assert_eq!(check, Check::Differs(now.clone()), "{text} {now:?}");
                    assert_eq!(service(text).verbs(&now), verbs, "{text} {now:?}");
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_done_says_why() {
        let with = |load: &str, unit: Unit| Unit { load: load.into(), ..unit };
        for (text, now, due) in [
            ("{name: x, state: stopped}", with("not-found", unit("inactive", "")), "there is no unit x.service"),
            ("{name: x, state: started}", with("masked", unit("inactive", "masked")), "is masked"),
            ("{name: x, state: started}", with("bad-setting", unit("inactive", "")), "LoadState=bad-setting"),
            ("{name: x, state: reloaded}", unit("inactive", "enabled"), "only what is active can be reloaded"),
            ("{name: x, state: reloaded}", unit("active", "enabled"), "use `restarted`"),
            ("{name: x, enabled: true}", unit("active", "static"), "cannot be enabled (static)"),
        ] {
            let Check::Blocked(why) = service(text).judge(now) else { panic!("{text}") };
            assert!(why.contains(due), "{why}");
        }
    }

    #[test]
    fn it_holds_when_it_is_as_asked() {
        let holds = |text: &str, now: &Unit| service(text).holds(now);
        assert_eq!(holds("{name: x, state: restarted, enabled: true}", &unit("active", "enabled")), Verdict::Holds);
        let failed = Unit { result: "exit-code".into(), ..unit("failed", "enabled") };
        assert_eq!(
            holds("{name: x, state: started}", &failed),
            Verdict::Fails("x.service is failed (exit-code)".into())
        );
        assert_eq!(holds("{name: x, state: stopped}", &failed), Verdict::Holds);
        let over = Unit { oneshot: true, result: "success".into(), ..unit("inactive", "enabled") };
        assert_eq!(holds("{name: x, state: started}", &over), Verdict::Holds);
        assert_eq!(
            holds("{name: x, enabled: true}", &unit("active", "disabled")),
            Verdict::Fails("x.service is disabled".into())
        );
    }

    #[test]
    fn the_preview_has_what_changes() {
        let summary = |text: &str, now: &Unit| service(text).preview(now).summary;
        assert_eq!(
            summary("{name: apache2, state: restarted, enabled: true}", &unit("active", "enabled")),
            "apache2.service: active -> restarted"
        );
        assert_eq!(
            summary("{name: x, state: stopped, enabled: false}", &unit("active", "enabled")),
            "x.service: active -> stopped, enabled -> disabled"
        );
        assert_eq!(service("{name: x, state: restarted}").restarts().as_deref(), Some("x.service"));
        assert_eq!(service("{name: x, state: started}").restarts(), None);
    }
}
