//! `hosts:`, in the book, in a hosts file and on the command line.

use std::sync::Arc;

use crate::base::{Role, Span, Spanned};
use crate::model::book::Host;
use crate::model::decode::{self, Fields};
use crate::model::diagnostic::Diagnostics;
use crate::model::form::{Form, Key, key, required};
use crate::model::node::{Node, Scalar, Shape};
use crate::model::yaml;

use super::{ids, top};

/// What a host looks like.
pub(super) const FORM: Form = Form::Either(&[Form::Word, Form::Keys(&KEYS)]);

const KEYS: [Key; 7] = [
    required("ssh", Form::Word, "the destination: anything that ssh accepts"),
    key("port", Form::Integer(1, u16::MAX as u64), "the port of its sshd").left_out("what ssh's configuration says"),
    key("become", Form::Text, "the user to act as on this host, where a step does not say")
        .left_out("that of `defaults`, else who logs in"),
    key("become_password", Form::Text, "the name of the secret with sudo's password")
        .left_out("sudo has to let you in without"),
    key("state_dir", Form::Text, "where the host keeps the folders of jobs")
        .left_out("`~/.local/state/runbook`, or `/var/tmp/runbook-UID` where there is no home"),
    key("replaced_at", Form::Text, "the id of a step: from there on the role may be another machine"),
    key(
        "vars",
        Form::Map(&Form::Any),
        "what templates see as `hosts.ROLE.NAME`, and in steps on that host as `host.NAME`",
    ),
];

/// A `hosts:` mapping: each value a destination, or a mapping with more.
pub(super) fn hosts(node: &Node, diagnostics: &mut Diagnostics) -> Vec<Host> {
    let entries = decode::pairs(node, diagnostics).unwrap_or_default();
    entries.iter().filter_map(|(role, node)| host(role, node, diagnostics)).collect()
}

fn host(role: &Spanned<String>, node: &Node, diagnostics: &mut Diagnostics) -> Option<Host> {
    let good = ids::check_role(role, "role", diagnostics);
    let role = role.clone().map(Role::from);
    if let Shape::Scalar(_) = &node.shape {
        let ssh = destination(node, diagnostics)?;
        return good.then(|| plain(role, ssh));
    }
    let mut fields = Fields::of(node, "a host", &KEYS, diagnostics)?;
    let ssh = fields.required("ssh", destination);
    let port = fields.optional("port", decode::integer(1..=u16::MAX));
    let become_user = fields.optional("become", decode::spanned);
    let become_password = fields.optional("become_password", decode::spanned);
    let state_dir = fields.optional("state_dir", decode::spanned);
    let replaced_at = fields.optional("replaced_at", decode::spanned);
    let vars = fields.optional("vars", top::vars).unwrap_or_default();
    let host = Host { port, become_user, become_password, state_dir, replaced_at, vars, ..plain(role, ssh?) };
    good.then_some(host)
}

fn plain(role: Spanned<Role>, ssh: Spanned<String>) -> Host {
    Host {
        role,
        ssh,
        port: None,
        become_user: None,
        become_password: None,
        state_dir: None,
        replaced_at: None,
        vars: Vec::new(),
    }
}

/// A destination. One that starts with a hyphen would be an option to ssh.
fn destination(node: &Node, diagnostics: &mut Diagnostics) -> Option<Spanned<String>> {
    let ssh = decode::word(node, diagnostics)?;
    if ssh.starts_with('-') {
        decode::due(node, "a destination for ssh", diagnostics).hint("it cannot start with a hyphen");
        return None;
    }
    Some(Spanned::new(ssh, node.span.clone()))
}

/// The hosts of a hosts file: a mapping like the book's own `hosts:`, or a file with `hosts:`. `groups:` may stand beside that, as in an
/// inventory that serves other tools too; the groups are the book's own.
#[must_use]
pub fn hosts_file(name: &str, text: &str, diagnostics: &mut Diagnostics) -> Vec<Host> {
    let Some(node) = yaml::parse(&Arc::from(name), text, diagnostics) else { return Vec::new() };
    match &node.shape {
        Shape::Map(entries) if entries.iter().all(|(key, _)| matches!(key.value.as_str(), "hosts" | "groups")) => {
            node.get("hosts").map(|node| hosts(node, diagnostics)).unwrap_or_default()
        }
        _ => hosts(&node, diagnostics),
    }
}

/// The host that `--host role=destination` gives.
#[must_use]
pub fn host_argument(argument: &str, diagnostics: &mut Diagnostics) -> Option<Host> {
    let span = Span { file: "--host".into(), line: 1, column: 1, start: 0, end: argument.len() };
    let Some((role, ssh)) = argument.split_once('=') else {
        diagnostics
            .error_at_large(format!("--host {argument}: a role and where it is are due"))
            .hint("--host old=old.example.org");
        return None;
    };
    let node = Node { shape: Shape::Scalar(Scalar::Quoted(ssh.to_owned())), span: span.clone() };
    host(&Spanned::new(role.to_owned(), span), &node, diagnostics)
}
