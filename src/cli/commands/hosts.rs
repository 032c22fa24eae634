//! Logs in to the hosts of a plan and looks whether they have what its steps call.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::json;

use crate::base::{Role, Secret, shell};
use crate::cli::connect::Ways;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::manner::ReachArguments;
use crate::cli::secrets;
use crate::display::{Line, Mark, Page, Tone};
use crate::engine::{Connector as _, Destination};
use crate::model::Node;
use crate::plan::{Plan, PlannedHost, PlannedStep};
use crate::transport::{Become, Command, JobHome, Transport, TransportError};

/// What a host has to have.
#[derive(Debug, Default)]
struct Needs {
    /// The users that steps act as; none: whoever ssh logs in as.
    users: BTreeSet<Option<String>>,
    /// The programs that steps call.
    programs: BTreeSet<&'static str>,
}

/// Looks at every host that a step acts on, says what it lacks, and returns how many lack something.
pub(super) async fn look(context: &Context, plan: &Plan, reach: &ReachArguments) -> Result<usize, CommandError> {
    let needs = needs(plan);
    let passwords: BTreeSet<&str> = plan.hosts.iter().filter_map(|host| host.become_password.as_deref()).collect();
    let mut book = plan.book.clone();
    book.secrets.retain(|(name, _)| passwords.contains(name.value.as_str()));
    let secrets = secrets::resolve(&book, &BTreeMap::new(), &context.terminal).await?;
    let ways = Arc::new(context.ways(reach, context.viewer())?);
    let looks = needs.iter().map(|(role, needs)| one(plan, &secrets, &ways, role, needs));
    let found = futures::future::join_all(looks).await;
    let mut page = Page::new();
    for ((role, _), lacks) in needs.iter().zip(&found) {
        let mark = if lacks.is_empty() { Mark::Applied } else { Mark::Failed };
        let line = Line::indented(2).mark(&context.style, mark).text(" ").put(Tone::Name, role);
        let line = match plan.host(role) {
            Some(host) => line.put(Tone::Dim, format_args!(" ({})", host.ssh)),
            None => line,
        };
        page.push(if lacks.is_empty() { line.text(": ready") } else { line });
        for lack in lacks {
            page.block(6, Tone::Plain, lack);
        }
        context.event(&json!({"event": "host", "role": role, "lacks": lacks}));
    }
    context.page(&page);
    Ok(found.iter().filter(|lacks| !lacks.is_empty()).count())
}

/// What the steps need of each host.
fn needs(plan: &Plan) -> BTreeMap<Role, Needs> {
    let mut needs: BTreeMap<Role, Needs> = BTreeMap::new();
    for step in plan.steps().filter(|step| step.left_out.is_none()) {
        for role in &step.hosts {
            let host = needs.entry(role.clone()).or_default();
            host.users.insert(user(plan, step, role));
            host.programs.extend(programs(step));
        }
        for (role, programs) in both_ends(step) {
            let host = needs.entry(role.clone()).or_default();
            host.users.insert(plan.host(&role).and_then(|host| host.become_user.clone()));
            host.programs.extend(programs);
        }
    }
    needs.retain(|role, _| role.is_local() || plan.host(role).is_some());
    needs
}

/// The user that a step acts as, as far as it is known without a run.
fn user(plan: &Plan, step: &PlannedStep, role: &Role) -> Option<String> {
    let own = step.step.become_user.as_ref().map(|user| user.value.clone()).filter(|user| !user.contains("{{"));
    let of_host = || plan.host(role).and_then(|host| host.become_user.clone());
    let of_book = || {
        let default = plan.book.defaults.become_user.as_ref().filter(|_| !role.is_local());
        default.map(|user| user.value.clone()).filter(|user| !user.contains("{{"))
    };
    own.or_else(of_host).or_else(of_book)
}

fn programs(step: &PlannedStep) -> &'static [&'static str] {
    match step.step.action.as_ref().map_or("", |call| call.kind.value.as_str()) {
        "service" | "reboot" => &["systemctl"],
        "package" => &["apt-get", "dpkg"],
        "sql" => &["psql"],
        _ => &[],
    }
}

/// What an action between two hosts needs of each.
fn both_ends(step: &PlannedStep) -> Vec<(Role, &'static [&'static str])> {
    let Some(call) = &step.step.action else { return Vec::new() };
    let end = |key: &str, programs: &'static [&'static str]| {
        let end = call.value.get(key)?;
        Some((role_of(end)?, programs))
    };
    let ends = match call.kind.value.as_str() {
        "sync" => [end("from", &["rsync"]), end("to", &["rsync"])],
        "postgres" => [end("from", &["psql", "pg_dump"]), end("to", &["psql", "pg_restore"])],
        "stream" => [end("from", &[]), end("to", &[])],
        _ => [None, None],
    };
    ends.into_iter().flatten().collect()
}

/// The role in `old:/path`, or in `{on: old}`.
fn role_of(end: &Node) -> Option<Role> {
    let said = end.get("on").and_then(Node::text).or_else(|| end.text())?;
    let role = said.split_once(':').map_or(said.as_str(), |(role, _)| role);
    Some(Role::from(role))
}

/// What a host lacks, in words.
async fn one(
    plan: &Plan,
    secrets: &BTreeMap<String, Secret>,
    ways: &Arc<Ways>,
    role: &Role,
    needs: &Needs,
) -> Vec<String> {
    let host = plan.host(role);
    let destination = Destination {
        role: role.clone(),
        ssh: host.map(|host| host.ssh.clone()).unwrap_or_default(),
        port: host.and_then(|host| host.port),
        tenure: None,
    };
    let transport = match ways.connect(&destination).await {
        Ok(transport) => transport,
        Err(error) => return vec![error.to_string()],
    };
    let mut lacks = Vec::new();
    let nobody = [None];
    let users: Vec<&Option<String>> = needs.users.iter().chain(needs.users.is_empty().then_some(&nobody[0])).collect();
    for user in users {
        let become_user = user.as_ref().map(|user| acting_as(user, host, secrets));
        match as_user(&*transport, host, become_user.as_ref(), &needs.programs).await {
            Ok(missing) => lacks.extend(missing),
            Err(error @ TransportError::Unreachable { .. }) => {
                lacks.push(error.to_string());
                break;
            }
            Err(error) => lacks.push(error.to_string()),
        }
    }
    transport.close().await;
    lacks.dedup();
    lacks
}

fn acting_as(user: &str, host: Option<&PlannedHost>, secrets: &BTreeMap<String, Secret>) -> Become {
    let password = host.and_then(|host| host.become_password.as_ref()).and_then(|name| secrets.get(name));
    Become { user: user.to_owned(), password: password.cloned() }
}

/// What a user of a host lacks.
async fn as_user(
    transport: &dyn Transport,
    host: Option<&PlannedHost>,
    become_user: Option<&Become>,
    programs: &BTreeSet<&'static str>,
) -> Result<Vec<String>, TransportError> {
    let state_dir = host.and_then(|host| host.state_dir.as_deref());
    JobHome::locate(transport, become_user, state_dir).await?;
    let words: Vec<String> = programs.iter().map(|program| shell::quote(program)).collect();
    let script = format!(
        "PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin\nfor p in {}; do command -v \"$p\" >/dev/null || echo \"$p\"; done",
        words.join(" ")
    );
    let said = transport.exec(Command::read(script).as_user(become_user.cloned()), None).await?;
    Ok(said.text().lines().map(|program| format!("it has no `{program}`")).collect())
}
