//! `on`: where steps act.

use crate::actions::Registry;
use crate::base::Spanned;
use crate::base::ids::LOCAL;
use crate::model::diagnostic::nearest;
use crate::model::step::ActionCall;
use crate::model::{Diagnostics, Node, Scalar, Shape};
use crate::plan::planned::{Plan, PlannedStep};
use crate::plan::template::is_template;

use super::parts::{Part, Use};

/// Whether groups have roles as their members.
pub(super) fn groups(plan: &Plan, diagnostics: &mut Diagnostics) {
    for (group, members) in &plan.book.groups {
        if members.is_empty() {
            diagnostics.error(&group.span, format!("the group `{}` is empty", group.value));
        }
        for member in members {
            let is_group = plan.book.groups.iter().any(|(other, _)| other.value == member.value);
            if is_group {
                diagnostics
                    .error(&member.span, format!("`{}` is a group itself", member.value))
                    .hint("a group is of roles");
            } else {
                role(plan, member, diagnostics);
            }
        }
    }
}

/// Whether the names under `on` are those of roles and groups, and there are any where they have to be.
pub(super) fn step(plan: &Plan, step: &PlannedStep, parts: &[Part<'_>], diagnostics: &mut Diagnostics) {
    names(plan, &step.step.on, diagnostics);
    for part in parts {
        names(plan, part.on, diagnostics);
        for name in named_within(&part.call) {
            role(plan, &name, diagnostics);
        }
        leads(plan, &part.call, diagnostics);
        let needs_host = Registry.kind(&part.call.kind.value).is_some_and(|kind| kind.needs_host);
        if !needs_host || !part.on.is_empty() || !step.hosts.is_empty() || !step.step.on.is_empty() {
            continue;
        }
        let span = &part.call.kind.span;
        let diagnostic = match part.role {
            Use::Action => {
                diagnostics.error(span, format!("`{}` acts on a host: `on` has to say on which", part.call.kind.value))
            }
            Use::Script(key) => diagnostics
                .error(span, format!("the script of `{key}` runs on a host: `on` of the step has to say on which")),
            Use::Step(key) => diagnostics
                .error(span, format!("`{}` in `{key}` acts on a host: `on` has to say on which", part.call.kind.value)),
        };
        diagnostic.hint("`on: local` is this machine: nothing runs here by omission");
    }
}

fn names(plan: &Plan, names: &[Spanned<String>], diagnostics: &mut Diagnostics) {
    for name in names {
        if plan.book.groups.iter().any(|(group, _)| group.value == name.value) {
            continue;
        }
        role(plan, name, diagnostics);
    }
}

fn role(plan: &Plan, name: &Spanned<String>, diagnostics: &mut Diagnostics) {
    if name.value == LOCAL || plan.book.hosts.iter().any(|host| host.role.value.as_str() == name.value) {
        return;
    }
    let diagnostic = diagnostics.error(&name.span, format!("unknown host `{}`", name.value));
    if is_template(&name.value) {
        diagnostic.hint("`on` names roles and groups: where those are, `hosts` says");
        return;
    }
    let roles = plan.book.hosts.iter().map(|host| host.role.value.as_str());
    let groups = plan.book.groups.iter().map(|(group, _)| group.value.as_str());
    if let Some(near) = nearest(&name.value, roles.chain(groups).chain([LOCAL])) {
        diagnostic.hint(format!("did you mean `{near}`?"));
    }
}

/// Whether the `resolve` of a request is an address or a role.
pub(super) fn leads(plan: &Plan, call: &ActionCall, diagnostics: &mut Diagnostics) {
    if call.kind.value != "http" {
        return;
    }
    let Some(to) = call.value.get("resolve").and_then(written).filter(|to| !is_template(&to.value)) else { return };
    let address = to.value.trim_start_matches('[').trim_end_matches(']');
    if address.parse::<std::net::IpAddr>().is_err() {
        role(plan, &to, diagnostics);
    }
}

/// Hosts that the value of an action names: `{on: old, …}` of what is between hosts, `old:/path`.
pub(in crate::plan) fn named_within(call: &ActionCall) -> Vec<Spanned<String>> {
    match call.kind.value.as_str() {
        "stream" | "postgres" | "compare" => {
            let Shape::Map(entries) = &call.value.shape else { return Vec::new() };
            entries.iter().filter_map(|(_, node)| written(node.get("on")?)).collect()
        }
        "sync" => ["from", "to"].into_iter().filter_map(|key| host_of(call.value.get(key)?)).collect(),
        "copy" => call.value.get("from").and_then(host_of).into_iter().collect(),
        _ => Vec::new(),
    }
}

fn host_of(end: &Node) -> Option<Spanned<String>> {
    let end = written(end)?;
    let (host, path) = end.value.split_once(':')?;
    let is_host = !host.contains('/') && !host.is_empty() && path.starts_with('/');
    is_host.then(|| Spanned::new(host.to_owned(), end.span.clone()))
}

/// A scalar as it was written, where the part before any template says which host it is about.
fn written(node: &Node) -> Option<Spanned<String>> {
    match &node.shape {
        Shape::Scalar(Scalar::Plain(text) | Scalar::Quoted(text)) => {
            let before = text.split("{{").next().unwrap_or_default();
            let is_whole = before.len() == text.len() || before.contains(":/");
            is_whole.then(|| Spanned::new(before.to_owned(), node.span.clone()))
        }
        _ => None,
    }
}
