//! Services that are restarted on a configuration that nobody has tested.

use std::collections::BTreeMap;

use crate::base::{Role, Span};
use crate::model::{Diagnostics, Node, Shape, UndoSpec};
use crate::plan::check::parts::{Part, Use};
use crate::plan::planned::{Plan, PlannedStep};
use crate::plan::scope::Situation;

use super::shell::{Command, commands};
use super::within::{Script, told};

/// A service that has a test for its configuration.
#[derive(Debug)]
struct Tested {
    /// What its units are called.
    units: &'static [&'static str],
    /// Where its configuration is.
    folders: &'static [&'static str],
    /// What a script that tests it has in it.
    tests: &'static [&'static str],
    /// What to write.
    test: &'static str,
}

const TESTED: [Tested; 8] = [
    Tested {
        units: &["apache2", "httpd"],
        folders: &["/etc/apache2", "/etc/httpd"],
        tests: &["configtest", "apache2ctl -t", "apachectl -t", "apache2 -t", "httpd -t"],
        test: "apache2ctl configtest",
    },
    Tested { units: &["nginx"], folders: &["/etc/nginx"], tests: &["nginx -t", "nginx -T"], test: "nginx -t" },
    Tested {
        units: &["named", "bind9"],
        folders: &["/etc/bind", "/etc/named.conf"],
        tests: &["named-checkconf", "named-checkzone"],
        test: "named-checkconf -z",
    },
    Tested { units: &["ssh", "sshd"], folders: &["/etc/ssh"], tests: &["sshd -t", "sshd -T"], test: "sshd -t" },
    Tested {
        units: &["haproxy"],
        folders: &["/etc/haproxy"],
        tests: &["haproxy -c"],
        test: "haproxy -c -f /etc/haproxy/haproxy.cfg",
    },
    Tested { units: &["postfix"], folders: &["/etc/postfix"], tests: &["postfix check"], test: "postfix check" },
    Tested {
        units: &["unbound"],
        folders: &["/etc/unbound"],
        tests: &["unbound-checkconf"],
        test: "unbound-checkconf",
    },
    Tested { units: &["dovecot"], folders: &["/etc/dovecot"], tests: &["doveconf"], test: "doveconf -n >/dev/null" },
];

/// What was changed and not tested yet: by service and host, the step that changed it.
#[derive(Debug, Default)]
pub(super) struct Untested(BTreeMap<(usize, Role), String>);

impl Untested {
    /// Looks at the next step.
    pub(super) fn step(
        &mut self,
        plan: &Plan,
        step: &PlannedStep,
        parts: &[Part<'_>],
        situation: Situation<'_>,
        diagnostics: &mut Diagnostics,
    ) {
        for part in parts.iter().filter(|part| part.role == Use::Action) {
            let restarted = restarted(part);
            let script = Script::of(part).map(|script| script.text).unwrap_or_default();
            for (at, tested) in TESTED.iter().enumerate() {
                let tests = tested.tests.iter().any(|test| script.contains(test));
                let restarts = restarted.iter().find(|(unit, _)| tested.units.contains(&unit.as_str()));
                let changes = changes(plan, step, part, tested, situation);
                for role in &step.hosts {
                    match (tests, restarts, self.0.get(&(at, role.clone()))) {
                        (true, ..) => drop(self.0.remove(&(at, role.clone()))),
                        (false, Some((unit, span)), Some(by)) => {
                            warn(unit, span, by, tested, diagnostics);
                            self.0.remove(&(at, role.clone()));
                        }
                        _ => {}
                    }
                    if changes && !tests {
                        self.0.insert((at, role.clone()), step.id().to_string());
                    }
                }
                // A copy that goes to another host says so itself.
                if let Some(role) = synced(plan, step, part, tested, situation) {
                    self.0.insert((at, role), step.id().to_string());
                }
            }
        }
        // What a step says of itself afterwards tests what it has done.
        for part in parts.iter().filter(|part| matches!(part.role, Use::Script("verify") | Use::Step("verify"))) {
            let Some(script) = Script::of(part) else { continue };
            for (at, _) in TESTED
                .iter()
                .enumerate()
                .filter(|(_, tested)| tested.tests.iter().any(|test| script.text.contains(test)))
            {
                let hosts = if part.on.is_empty() { step.hosts.clone() } else { plan.roles(part.on) };
                for role in hosts {
                    self.0.remove(&(at, role));
                }
            }
        }
    }
}

fn warn(unit: &str, span: &Span, by: &str, tested: &Tested, diagnostics: &mut Diagnostics) {
    diagnostics
        .warning(
            span,
            format!("`{unit}` may not come up again: nothing has tested its configuration since `{by}` changed it"),
        )
        .hint(format!("a step before it: `run: {}`, `undo: nothing`", tested.test));
}

/// The units that a call restarts or reloads, without `.service`, each with where it says so.
fn restarted(part: &Part<'_>) -> Vec<(String, Span)> {
    let plain = |unit: &str| unit.trim_matches(['"', '\'']).trim_end_matches(".service").to_owned();
    if part.call.kind.value == "service" {
        let value = |key: &str| part.call.value.get(key).and_then(Node::text);
        let again = value("state").is_some_and(|state| state == "restarted" || state == "reloaded");
        return value("name")
            .filter(|_| again)
            .map(|name| (plain(&name), part.call.kind.span.clone()))
            .into_iter()
            .collect();
    }
    let Some(script) = Script::of(part) else { return Vec::new() };
    let again = |command: &Command<'_>| ["restart", "reload", "reload-or-restart"].iter().any(|verb| command.has(verb));
    let found = commands(script.text)
        .into_iter()
        .filter(|command| matches!(command.name(), "systemctl" | "service") && again(command));
    found
        .flat_map(|command| {
            command.operands().map(|word| (plain(word.text), part.call.kind.span.clone())).collect::<Vec<_>>()
        })
        .collect()
}

/// Whether a call changes the service's configuration where the step acts.
fn changes(plan: &Plan, step: &PlannedStep, part: &Part<'_>, tested: &Tested, situation: Situation<'_>) -> bool {
    let value = &part.call.value;
    let within =
        |path: &str| tested.folders.iter().any(|folder| path == *folder || path.starts_with(&format!("{folder}/")));
    let at =
        |node: Option<&Node>| node.and_then(|node| told(plan, step, situation, node)).is_some_and(|path| within(&path));
    match part.call.kind.value.as_str() {
        // The command under `validate` has looked at it already.
        "template" | "copy" => value.get("validate").is_none() && at(value.get("dest")),
        "line" => at(value.get("path")),
        "file" => at(value.get("path")) && value.get("state").is_some(),
        "move" => match &value.shape {
            Shape::List(pairs) => pairs.iter().any(|pair| at(pair.get("to")) || at(pair.get("from"))),
            _ => at(value.get("to")) || at(value.get("from")),
        },
        "run" => {
            let looks_only = matches!(step.step.undo, Some(UndoSpec::Nothing));
            Script::of(part).is_some_and(|script| !looks_only && edits(script.text, tested))
        }
        _ => false,
    }
}

/// Whether a script writes below the service's folders, as far as that can be seen.
fn edits(script: &str, tested: &Tested) -> bool {
    let named = |text: &str| tested.folders.iter().any(|folder| text.contains(folder));
    let enables = |name: &str| name.starts_with("a2en") || name.starts_with("a2dis");
    commands(script).iter().any(|command| match command.name() {
        name if enables(name) => tested.units.contains(&"apache2"),
        "cp" | "mv" | "ln" | "rm" | "install" | "tee" => command.operands().any(|word| named(word.text)),
        "sed" => {
            command.arguments().iter().any(|word| word.text.starts_with("-i"))
                && command.operands().any(|word| named(word.text))
        }
        _ => false,
    })
}

/// The host whose configuration of the service a `sync` brings, if it does.
fn synced(plan: &Plan, step: &PlannedStep, part: &Part<'_>, tested: &Tested, situation: Situation<'_>) -> Option<Role> {
    if part.call.kind.value != "sync" {
        return None;
    }
    let to = told(plan, step, situation, part.call.value.get("to")?)?;
    let (role, path) = to.split_once(':')?;
    let within = tested.folders.iter().any(|folder| path == *folder || path.starts_with(&format!("{folder}/")));
    within.then(|| Role::from(role))
}
