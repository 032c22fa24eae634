//! From host to host, without a detour: the source's rsync calls the destination's by ssh, with a key that is made for that and lets in
//! nothing else.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::context::{Family, Host, Read, Write};
use crate::actions::contract::ActionError;
use crate::actions::durable::{self, Ear, Stage};
use crate::actions::remote_file::verdict;
use crate::base::Role;
use crate::base::shell::quote;
use crate::transport::{Command, Job, JobEnd, JobId, JobSpec, JobState, Stream, TransportError};

use super::action::Sync;
use super::end::End;
use super::hear::{self, Lines};
use super::meter::Meter;
use super::options::{self, Pass};
use super::seen::Seen;

const COMMON: &str = include_str!("../remote_file/common.sh");
const SHUT: &str = include_str!("shut.sh");

/// The name of the job.
const STAGE: &str = "direct";

/// How ssh calls: by the one key, to the one machine, and nothing of the user's own settings.
const SSH: &str = "ssh -F /dev/null -i key -o IdentitiesOnly=yes -o IdentityAgent=none -o BatchMode=yes -o StrictHostKeyChecking=yes \
                   -o UserKnownHostsFile=known -o GlobalKnownHostsFile=/dev/null -o HostKeyAlias=runbook -o ConnectTimeout=20 \
                   -o ServerAliveInterval=15 -o ControlPath=none -o ForwardAgent=no";

/// What says what it would ask for at the destination, and no more.
const ASK: &str = r#"-e sh -c 'shift; printf "%s\0" "$@" >&4' ask"#;

/// A way from the source to the destination's sshd.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Route {
    address: String,
    port: u16,
    login: String,
    /// The destination's key, as type and text.
    key: String,
    /// The user that rsync is to be there, where that is another one.
    user: Option<String>,
}

/// Where the two halves of the key are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Halves {
    from: Role,
    from_user: Option<String>,
    from_kept: String,
    to: Role,
    to_kept: String,
    mark: String,
}

/// The destination's side of the way.
pub(super) struct Door {
    login: String,
    addresses: Vec<String>,
    port: u16,
    /// Whether rsync can be who it has to be.
    becomes: bool,
    /// Whether an earlier try has left its key.
    pub(super) leftover: bool,
    pub(super) halves: Halves,
}

impl Door {
    /// Looks at the destination as whoever ssh logs in as.
    pub(super) async fn look(from: &End, to: &End, cx: &Read<'_>) -> Result<Self, ActionError> {
        let login = to.host.clone().as_user(None);
        let kept = cx.around().job_home(&to.role, None).await?.kept(cx.env().run, cx.env().unit);
        let user = to.host.become_user().map(|user| user.user.clone()).unwrap_or_default();
        let script = include_str!("door.sh");
        let said = login.read(Command::read(script).env("U", user).env("K", kept.clone())).await?.text();
        let fields: Vec<&str> = said.split_terminator('\0').collect();
        let [name, address, port, becomes, leftover] = fields.as_slice() else {
            return Err(ActionError::failed(format!("{} does not say who logs in", to.role)));
        };
        let known = [Some(Family::Ipv4), Some(Family::Ipv6), None].map(|family| cx.around().address(&to.role, family));
        let mut addresses: Vec<String> = Vec::new();
        for address in known.into_iter().flatten().chain([(*address).to_owned()]) {
            let plain = |c: char| c.is_ascii_alphanumeric() || ".:_-".contains(c);
            if !address.is_empty()
                && !address.starts_with('-')
                && address.chars().all(plain)
                && !addresses.contains(&address)
            {
                addresses.push(address);
            }
        }
        let unit = kept.rsplit('/').next().unwrap_or_default().to_owned();
        let halves = Halves {
            from: from.role.clone(),
            from_user: from.host.become_user().map(|user| user.user.clone()),
            from_kept: from.kept.clone(),
            to: to.role.clone(),
            to_kept: kept,
            mark: format!("runbook:{}:{unit}", cx.env().run),
        };
        Ok(Self {
            login: (*name).to_owned(),
            addresses,
            port: port.parse().unwrap_or(22),
            becomes: *becomes == "1",
            leftover: *leftover == "1",
            halves,
        })
    }

    /// The way from the source to it; in words why there is none.
    pub(super) async fn route(&self, from: &End, to: &End) -> Result<Result<Route, String>, ActionError> {
        let (source, dest) = (&from.role, &to.role);
        let user = to.host.become_user().map(|user| user.user.clone()).filter(|user| *user != self.login);
        if !self.becomes {
            return Ok(Err(format!(
                "{} cannot become {} on {dest} without a password",
                self.login,
                user.unwrap_or_default()
            )));
        }
        let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        if self.login.starts_with('-') || !self.login.chars().all(plain) {
            return Ok(Err(format!("`{}` is a user name that rsync cannot call", self.login)));
        }
        let script = include_str!("scan.sh");
        let command = Command::read(script).env("A", self.addresses.join(" ")).env("P", self.port.to_string());
        let said = from.host.read(command).await?.text();
        if let Some(lacking) = said.strip_prefix("lacks ") {
            return Ok(Err(format!("{source} has no {}", lacking.trim())));
        }
        let due = to.host.transport().identity().await?.host_key;
        let mut answers = said.lines().filter_map(|line| line.split_once(' ')).peekable();
        if answers.peek().is_none() {
            let tried = self.addresses.join(", ");
            return Ok(Err(format!("{source} does not reach the sshd of {dest} (tried {tried}, port {})", self.port)));
        }
        let found = answers.find_map(|(address, rest)| {
            let (print, key) = rest.split_once(' ')?;
            (print == due).then(|| (address.to_owned(), key.to_owned()))
        });
        Ok(found
            .map(|(address, key)| Route { address, port: self.port, login: self.login.clone(), key, user })
            .ok_or_else(|| {
                format!("what answers {source} at the address of {dest} is another machine: its key is another")
            }))
    }
}

/// Hears how far the job has got.
struct Hear<'a> {
    meter: &'a Meter<'a>,
    lines: [Lines; 2],
}

impl Ear for Hear<'_> {
    fn hear(&mut self, stream: Stream, bytes: Vec<u8>) -> Vec<u8> {
        let (meter, mut kept) = (self.meter, Vec::new());
        let lines = &mut self.lines[usize::from(stream == Stream::Stderr)];
        lines.take(&bytes, &mut |line| {
            if let Some(done) = hear::progress(line) {
                return meter.set(0, done);
            }
            kept.extend_from_slice(line.as_bytes());
            kept.push(b'\n');
        });
        kept
    }
}

/// Sends everything, as a job of the source that outlives us. Follows the one that an earlier try has launched, where it still runs.
pub(super) async fn carry(
    sync: &Sync,
    seen: &Seen,
    (route, halves): (&Route, &Halves),
    running: Option<Value>,
    ends: (&Host, &Host),
    meter: &Meter<'_>,
    cx: &Write<'_>,
) -> Result<(), ActionError> {
    let (from, _) = ends;
    let command = format!("rsync {} {}@{}", sync.from.path, route.login, route.address);
    let mut ear = Hear { meter, lines: <[Lines; 2]>::default() };
    let stage = Stage { host: from, name: Some(STAGE), command: &command, ear: &mut ear };
    let followed = match running {
        Some(job) => durable::reattach_stage(&job, Err(ActionError::failed("it has begun")), stage, cx).await,
        None => match open(sync, seen, (route, halves), ends, cx).await {
            Ok(spec) => durable::launch_stage(&spec, stage, cx).await,
            Err(error) => Err(error),
        },
    };
    // What may still run needs its key.
    if matches!(followed, Err(ActionError::Detached | ActionError::Transport(_) | ActionError::Journal(_))) {
        return followed.map(drop);
    }
    halves.remove(cx).await?;
    for attempt in 1..=cx.env().attempt {
        durable::clear_up_stage(from, STAGE, attempt, cx).await?;
    }
    followed.map(drop)
}

/// The job of an earlier try, where it runs.
pub(super) async fn running(from: &Host, cx: &Write<'_>) -> Result<Option<Value>, ActionError> {
    let env = cx.env();
    let home = cx.around().job_home(from.transport().role(), from.become_user()).await?;
    for attempt in (1..env.attempt).rev() {
        let at = home.job(&JobId::new(env.run, env.unit, attempt).part(STAGE));
        let state = Job::new(&**from.transport(), &at, from.become_user()).probe().await?;
        if state != JobState::Over(JobEnd::Missing) {
            let job = serde_json::to_value(&at).map_err(|error| ActionError::failed(error.to_string()))?;
            return Ok((state == JobState::Running).then_some(job));
        }
    }
    Ok(None)
}

/// Makes the key and lets it in.
async fn open(
    sync: &Sync,
    seen: &Seen,
    (route, halves): (&Route, &Halves),
    (from, to): (&Host, &Host),
    cx: &Write<'_>,
) -> Result<JobSpec, ActionError> {
    let masker = cx.around().masker();
    let arguments = sync.arguments(seen, Pass::Whole);
    let source = sync.source(seen, Pass::Whole);
    let ask = options::call(&arguments, ASK, source, "relay:");
    let script = format!("{COMMON}{}{ask} 4>&1 >/dev/null 2>&1 </dev/null || :\n", include_str!("key.sh"));
    let command = Command::change(script)
        .env("R", halves.from_kept.clone())
        .env("K", halves.from_kept.clone())
        .env("N", "")
        .env("MARK", halves.mark.clone())
        .env("KNOWN", format!("runbook {}", route.key));
    let mut words = verdict(&cx.change_on(from, command).await?, "making a key for one transfer", masker)?;
    let public = words.remove(0);
    let expected = words.join(" ");
    let server = options::server_words(&words, &options::receiving(seen), &seen.dest).map_err(ActionError::failed)?;
    let server: Vec<String> = server.iter().map(|word| quote(word)).collect();
    let become_user = route.user.as_ref().map(|user| format!("sudo -n -u {} -- ", quote(user))).unwrap_or_default();
    let serve = format!(
        "[ \"${{SSH_ORIGINAL_COMMAND-}}\" = {} ] || {{ echo 'this key is for one transfer' >&2; exit 1; }}\n{}exec {become_user}{}\n",
        quote(&expected),
        options::UNSET,
        server.join(" ")
    );
    let open = format!("{COMMON}{SHUT}{}", include_str!("open.sh"));
    let command = halves.command(&open).env("PUB", public).stdin(serve);
    let login = to.clone().as_user(None);
    verdict(&cx.change_on(&login, command).await?, "letting a key for one transfer in", masker)?;
    let address = if route.address.contains(':') { format!("[{}]", route.address) } else { route.address.clone() };
    let shell = format!("-e {SSH} -p {}", route.port);
    let call = options::call(&arguments, &shell, source, &format!("{}@{address}:", route.login));
    let cwd = Some(format!("{}/direct", halves.from_kept));
    Ok(JobSpec { cwd, timeout: cx.env().timeout, ..JobSpec::script(format!("{}exec {call}\n", options::UNSET)) })
}

impl Halves {
    /// Removes both halves of the key, wherever they are.
    pub(super) async fn remove(&self, cx: &Write<'_>) -> Result<(), ActionError> {
        let masker = cx.around().masker();
        let to = cx.other(&self.to).await?.as_user(None);
        let shut = format!("{COMMON}{SHUT}shut\n{}say done\n", include_str!("sweep.sh"));
        let command = self.command(&shut).env("D", format!("{}/serve", self.to_kept));
        verdict(&cx.change_on(&to, command).await?, "removing the key of a transfer", masker)?;
        sweep_if_reached(&self.from, self.from_user.as_deref(), &format!("{}/direct", self.from_kept), cx).await
    }

    fn command(&self, script: &str) -> Command {
        Command::change(script)
            .env("R", self.to_kept.clone())
            .env("K", self.to_kept.clone())
            .env("N", "")
            .env("MARK", self.mark.clone())
    }
}

/// Removes a folder of the unit's own, and those above that are empty then.
pub(super) async fn sweep(host: &Host, folder: &str, cx: &Write<'_>) -> Result<(), ActionError> {
    let said = cx.change_on(host, Command::change(include_str!("sweep.sh")).env("D", folder)).await?;
    if said.success() {
        Ok(())
    } else {
        Err(ActionError::failed(format!("removing {folder}: {}", said.error_text().trim())))
    }
}

/// The same on a host that need not be reached: what is left there is of no use to anybody, and a rollback must not wait for it.
pub(super) async fn sweep_if_reached(
    role: &Role,
    user: Option<&str>,
    folder: &str,
    cx: &Write<'_>,
) -> Result<(), ActionError> {
    let swept = async { sweep(&cx.other_as(role, user).await?, folder, cx).await };
    match swept.await {
        Err(ActionError::Transport(TransportError::Unreachable { .. })) => Ok(()),
        swept => swept,
    }
}
