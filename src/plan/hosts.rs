//! Where the roles are: what the book says, with what the command line puts in its place.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::base::{Spanned, StepId};
use crate::model::diagnostic::nearest;
use crate::model::step::Text;
use crate::model::{Book, Diagnostics, Host};

use super::planned::PlannedHost;
use super::render;
use super::value;
use super::vars::{Around, Outside, Vars};

/// Puts the hosts of the command line in place of the book's: they say where a role is, and their variables stand over the book's.
pub(super) fn replace(book: &mut Book, given: &[Host], diagnostics: &mut Diagnostics) {
    for host in given {
        names_within(book, host, diagnostics);
        let role = host.role.value.as_str();
        if let Some(own) = book.hosts.iter_mut().find(|own| own.role.value == host.role.value) {
            own.put_over(host);
            continue;
        }
        let roles: Vec<&str> = book.hosts.iter().map(|own| own.role.value.as_str()).collect();
        let near = nearest(role, roles.iter().copied());
        // A file may list the hosts of other runbooks too. One that looks like a role that it leaves out is a slip, and that role would
        // stay where the book says: on the real thing, in a rehearsal.
        let is_slip = near.is_some_and(|near| !given.iter().any(|other| other.role.value.as_str() == near));
        let named_by_hand = host.role.span.file.as_ref() == "--host";
        if named_by_hand || is_slip {
            let diagnostic = diagnostics.error(&host.role.span, format!("the runbook has no role `{role}`"));
            match near {
                Some(near) => diagnostic.hint(format!("did you mean `{near}`?")),
                None => diagnostic.hint(format!("its roles: {}", roles.join(", "))),
            };
        }
    }
}

/// The names of secrets and steps that a host gives, as `model::load` looks at those in the book itself.
fn names_within(book: &Book, host: &Host, diagnostics: &mut Diagnostics) {
    let mut known = |name: &Spanned<String>, what: &str, all: Vec<&str>| {
        if all.contains(&name.value.as_str()) {
            return;
        }
        let near = nearest(&name.value, all);
        let diagnostic = diagnostics.error(&name.span, format!("unknown {what} `{}`", name.value));
        if let Some(near) = near {
            diagnostic.hint(format!("did you mean `{near}`?"));
        }
    };
    if let Some(name) = &host.become_password {
        known(name, "secret", book.secrets.iter().map(|(secret, _)| secret.value.as_str()).collect());
    }
    if let Some(step) = &host.replaced_at {
        let steps = book.phases.iter().flat_map(|phase| &phase.steps);
        known(step, "step", steps.map(|step| step.id.value.as_str()).collect());
    }
}

/// The hosts, their texts rendered.
pub(super) fn plan(book: &Book, vars: &Vars, around: &Around<'_>, diagnostics: &mut Diagnostics) -> Vec<PlannedHost> {
    book.hosts.iter().map(|host| one(host, vars, around, diagnostics)).collect()
}

fn one(host: &Host, vars: &Vars, around: &Around<'_>, diagnostics: &mut Diagnostics) -> PlannedHost {
    let names = Outside { vars, around };
    let mut rendered = |text: &Text| {
        let rendered = render::text(&text.value, &names).map(std::borrow::Cow::into_owned);
        rendered.map_err(|fault| fault.report(&text.span, &text.value, around.places, diagnostics)).ok()
    };
    let ssh = rendered(&host.ssh);
    let become_user = host.become_user.as_ref().map(&mut rendered);
    let state_dir = host.state_dir.as_ref().map(&mut rendered);
    let ssh = ssh.filter(|ssh| is_destination(ssh, &host.ssh, diagnostics));
    let mut own = Vars::default();
    let inner = Around { outer: Some(vars), ..*around };
    for (name, _) in host.vars.iter().filter(|(name, _)| matches!(name.value.as_str(), "name" | "ssh")) {
        diagnostics
            .error(&name.span, format!("a host's variable cannot be called `{}`", name.value))
            .hint(format!("`host.{}` is there already, and says something else", name.value));
    }
    own.work_out(&host.vars, &BTreeMap::new(), &inner, diagnostics);
    PlannedHost {
        role: host.role.value.clone(),
        ssh: ssh.unwrap_or_default(),
        port: host.port,
        become_user: become_user.flatten(),
        become_password: host.become_password.clone().map(|name: Spanned<String>| name.value),
        state_dir: state_dir.flatten(),
        replaced_at: host.replaced_at.as_ref().map(|step| StepId::from(step.value.as_str())),
        vars: own.as_json(),
    }
}

/// A destination that ssh would take for one. What begins with a hyphen would be an option to it.
fn is_destination(ssh: &str, written: &Text, diagnostics: &mut Diagnostics) -> bool {
    let wrong = if ssh.is_empty() {
        "is empty"
    } else if ssh.starts_with('-') {
        "starts with a hyphen"
    } else if ssh.contains(['\n', '\0']) || ssh.contains(crate::base::secret::SEAL) {
        "holds what no name of a host does"
    } else {
        return true;
    };
    diagnostics.error(&written.span, format!("the destination `{}` {wrong}", crate::base::secret::shown(ssh)));
    false
}

/// As templates see a host: its name, where it is, and its variables.
pub(super) fn as_json(host: &PlannedHost) -> Value {
    let mut object = Map::new();
    object.insert("name".to_owned(), Value::String(host.role.to_string()));
    object.insert("ssh".to_owned(), Value::String(value::unmarked_text(host.ssh.clone())));
    for (name, value) in &host.vars {
        object.insert(name.clone(), value.clone());
    }
    Value::Object(object)
}
