//! A unit made ready: its step rendered for its host and item, its actions decoded.

use std::time::Duration;

use serde_json::Value;

use crate::actions::{DynAction, Registry};
use crate::base::{Role, Span, Spanned, UnitId, duration};
use crate::events::RunView;
use crate::events::record::{Failure, Undo, UndoCall};
use crate::model::step::{SubStep, Text};
use crate::model::{ActionCall, Diagnostics, Node, Scalar, Shape, UndoSpec, VerifySpec};
use crate::plan::{PlannedStep, RenderError, Scope};
use crate::transport::Become;

use super::world::World;

/// A unit made ready to be looked at and applied.
pub(super) struct Prepared<'a> {
    pub(super) unit: UnitId,
    pub(super) step: &'a PlannedStep,
    pub(super) item: Option<Value>,
    /// What it does; none where the step restores, and does nothing besides.
    pub(super) action: Option<Box<dyn DynAction>>,
    /// The same as written, rendered; secrets in it are sealed.
    pub(super) call: Option<ActionCall>,
    pub(super) become_user: Option<Become>,
    /// The user that the step's own `become` says.
    pub(super) user: Option<String>,
    pub(super) timeout: Option<Duration>,
    /// A script as a check: holds, then the unit is done already.
    pub(super) unless: Option<Box<dyn DynAction>>,
    pub(super) verify: Vec<Probe>,
    /// What its `wait` waits for.
    pub(super) wait_for: Vec<Probe>,
    /// For how long `verify` is tried.
    pub(super) patience: Duration,
    /// How the step itself says that it is taken back.
    pub(super) undo: Option<Undo>,
}

/// A check: an action that only looks, and where.
pub(super) struct Probe {
    pub(super) action: Box<dyn DynAction>,
    pub(super) host: Option<Role>,
    pub(super) become_user: Option<Become>,
}

/// Why a unit cannot be made ready.
pub(super) enum Unready {
    /// What it needs of that step is not known yet.
    Unknown(crate::base::StepId),
    /// Something is wrong with it.
    Wrong(Box<Failure>),
}

impl From<RenderError> for Unready {
    fn from(error: RenderError) -> Self {
        match error {
            RenderError::Unknown(step) => Self::Unknown(step),
            RenderError::Wrong(diagnostic) => {
                let place = diagnostic.span.as_ref().map(|span| format!(" at {span}")).unwrap_or_default();
                Self::wrong(format!("{}{place}", diagnostic.message), diagnostic.hint)
            }
        }
    }
}

impl Unready {
    fn wrong(why: String, hint: Option<String>) -> Self {
        Self::Wrong(Box::new(Failure { why, hint, ..Failure::default() }))
    }

    /// What a person is told where it had to be ready by now.
    pub(super) fn failure(self) -> Failure {
        match self {
            Self::Unknown(step) => Failure {
                why: format!("it uses what `{step}` leaves, and that has not run"),
                hint: Some(format!("run `{step}` first, or settle it by hand")),
                ..Failure::default()
            },
            Self::Wrong(failure) => *failure,
        }
    }
}

impl World {
    /// Makes a unit ready.
    pub(super) fn prepare<'a>(
        &self,
        step: &'a PlannedStep,
        unit: &UnitId,
        item: Option<Value>,
        view: &RunView,
    ) -> Result<Prepared<'a>, Unready> {
        let scope = Scope::of(&self.plan, step, self.situation(view), unit.host.as_ref(), item.as_ref());
        let (call, action) = step.step.action.as_ref().map(|call| ready(call, &scope)).transpose()?.unzip();
        let user = step.step.become_user.as_ref().map(|user| scope.text(user)).transpose()?;
        let own = Own { world: self, scope: &scope, unit, user: user.as_deref() };
        let timeout = match &step.step.timeout {
            Some(text) => Some(parse_duration(&scope.text(text)?, &text.span)?),
            None => self.default_timeout(step),
        };
        let unless = step.step.unless.as_ref().map(|script| ready(&script_call("run", script), &scope)).transpose()?;
        let (verify, patience) = own.verify(step.step.verify.as_ref())?;
        let wait_for = step.step.wait_for.as_ref().map(|part| own.probes(part)).transpose()?.unwrap_or_default();
        let undo = step.step.undo.as_ref().map(|undo| own.undo(step, undo)).transpose()?;
        let become_user = unit.host.as_ref().and_then(|host| self.become_on(host, user.as_deref()));
        Ok(Prepared {
            unit: unit.clone(),
            step,
            action,
            call,
            become_user,
            user,
            timeout,
            unless: unless.map(|(_, action)| action),
            verify,
            wait_for,
            patience,
            undo,
            item,
        })
    }

    /// The default does not touch what takes as long as it takes.
    fn default_timeout(&self, step: &PlannedStep) -> Option<Duration> {
        let kind = step.step.action.as_ref().map(|call| call.kind.value.as_str());
        let unbounded = kind.is_some_and(|kind| ["wait", "manual", "sync", "stream", "postgres"].contains(&kind));
        if unbounded { None } else { self.plan.book.defaults.timeout }
    }
}

/// What the parts of a step inherit from it.
struct Own<'a> {
    world: &'a World,
    scope: &'a Scope<'a>,
    unit: &'a UnitId,
    user: Option<&'a str>,
}

impl Own<'_> {
    fn verify(&self, spec: Option<&VerifySpec>) -> Result<(Vec<Probe>, Duration), Unready> {
        match spec {
            None => Ok((Vec::new(), Duration::ZERO)),
            Some(VerifySpec::Script(script)) => {
                let part = SubStep { on: Vec::new(), become_user: None, action: script_call("run", script) };
                Ok((self.probes(&part)?, Duration::ZERO))
            }
            Some(VerifySpec::Checks { checks, patience }) => {
                let probes: Result<Vec<Vec<Probe>>, Unready> = checks.iter().map(|part| self.probes(part)).collect();
                Ok((probes?.into_iter().flatten().collect(), patience.unwrap_or_default()))
            }
        }
    }

    /// A check on each of its hosts.
    fn probes(&self, part: &SubStep) -> Result<Vec<Probe>, Unready> {
        let own_user = self.user_of(part)?;
        let mut probes = Vec::new();
        for host in self.hosts_of(part) {
            let (_, action) = ready(&part.action, self.scope)?;
            let become_user = host.as_ref().and_then(|host| self.world.become_on(host, own_user.as_deref()));
            probes.push(Probe { action, host, become_user });
        }
        Ok(probes)
    }

    /// The step's own way back, rendered now: it may be needed in another process, with another book.
    fn undo(&self, step: &PlannedStep, spec: &UndoSpec) -> Result<Undo, Unready> {
        let by_person = step.step.action.as_ref().is_some_and(|call| call.kind.value == "manual");
        Ok(match spec {
            UndoSpec::Nothing => Undo::Nothing,
            UndoSpec::Irreversible(why) => Undo::None { why: self.scope.text(why)? },
            UndoSpec::Script(text) => {
                let kind = if by_person { "manual" } else { "run" };
                let part = SubStep { on: Vec::new(), become_user: None, action: script_call(kind, text) };
                Undo::Written { calls: self.calls(&part)? }
            }
            UndoSpec::Steps(parts) => {
                let calls: Result<Vec<Vec<UndoCall>>, Unready> = parts.iter().map(|part| self.calls(part)).collect();
                Undo::Written { calls: calls?.concat() }
            }
        })
    }

    fn calls(&self, part: &SubStep) -> Result<Vec<UndoCall>, Unready> {
        let (call, _) = ready(&part.action, self.scope)?;
        let user = self.user_of(part)?;
        let call = |host: Option<Role>| {
            let become_user = host.as_ref().and_then(|host| self.world.become_on(host, user.as_deref()));
            UndoCall { become_user: become_user.map(|user| user.user), call: call.clone(), host }
        };
        Ok(self.hosts_of(part).into_iter().map(call).collect())
    }

    /// Its own hosts, or the unit's.
    fn hosts_of(&self, part: &SubStep) -> Vec<Option<Role>> {
        if part.on.is_empty() {
            return vec![self.unit.host.clone()];
        }
        self.world.plan.roles(&part.on).into_iter().map(Some).collect()
    }

    /// Its own user, or, where it stays on the step's host, the step's.
    fn user_of(&self, part: &SubStep) -> Result<Option<String>, Unready> {
        let own = part.become_user.as_ref().map(|user| self.scope.text(user)).transpose()?;
        Ok(own.or_else(|| self.user.filter(|_| part.on.is_empty()).map(str::to_owned)))
    }
}

/// A call, rendered and decoded.
pub(super) fn ready(call: &ActionCall, scope: &Scope<'_>) -> Result<(ActionCall, Box<dyn DynAction>), Unready> {
    let value = scope.node(&call.value)?;
    if let Some(step) = value.unknown_until() {
        return Err(Unready::Unknown(step.clone()));
    }
    let call = ActionCall { kind: call.kind.clone(), value };
    let action = decode(&call)?;
    Ok((call, action))
}

/// The action of a call whose templates are rendered.
pub(super) fn decode(call: &ActionCall) -> Result<Box<dyn DynAction>, Unready> {
    let name = call.kind.value.as_str();
    let Some(kind) = Registry.kind(name) else {
        return Err(Unready::wrong(format!("this version of runbook cannot carry out `{name}`"), None));
    };
    let mut diagnostics = Diagnostics::default();
    let action = kind.decode(&call.value, &mut diagnostics).filter(|_| !diagnostics.has_errors());
    action.ok_or_else(|| {
        let told: Vec<String> = diagnostics
            .as_slice()
            .iter()
            .map(|one| {
                one.span.as_ref().map_or_else(|| one.message.clone(), |span| format!("{} at {span}", one.message))
            })
            .collect();
        Unready::wrong(told.join("; "), diagnostics.as_slice().iter().find_map(|one| one.hint.clone()))
    })
}

/// A script as the call of an action that takes a text.
pub(super) fn script_call(kind: &str, script: &Text) -> ActionCall {
    let value = Node { shape: Shape::Scalar(Scalar::Quoted(script.value.clone())), span: script.span.clone() };
    ActionCall { kind: Spanned::new(kind.to_owned(), script.span.clone()), value }
}

fn parse_duration(text: &str, span: &Span) -> Result<Duration, Unready> {
    duration::parse(text).map_err(|error| {
        Unready::wrong(format!("`timeout` is `{text}` at {span}: {error}"), Some("such as `90s` or `10m`".to_owned()))
    })
}
