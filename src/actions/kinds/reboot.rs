//! `reboot`: restarts a host and waits for its return, or switches it off.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::base::duration;
use crate::events::Preview;
use crate::events::record::Outputs;
use crate::model::decode::{self, Fields};
use crate::model::form::{Form, Key, key, required};
use crate::model::{Diagnostics, Node};
use crate::transport::{Command, JobId, TransportError};

use crate::actions::context::{Read, Stash, Write};
use crate::actions::contract::{Action, ActionError, AfterCrash, Check, Reversible, Verdict};

/// How long a host may take where nothing is said.
const PATIENCE: Duration = Duration::from_mins(10);

/// How long a host that was told to go down may go on answering before it is told again.
const GOING: Duration = Duration::from_secs(30);

/// Between two looks.
const PAUSE: Duration = Duration::from_secs(2);

/// How long a look may take.
const LOOK: Duration = Duration::from_secs(15);

/// So many looks in a row that find nobody mean that it is off.
const SILENCE: u32 = 3;

/// Which boot it is: the kernel's own number for it, and when the first process began, for containers that share their machine's number.
/// Then whether it is up, and who looks.
const BOOT: &str = "b=- s=-
IFS= read -r b </proc/sys/kernel/random/boot_id || :
IFS= read -r s </proc/1/stat || :
set -- ${s##*) }
up=unknown
if command -v systemctl >/dev/null; then up=$(systemctl is-system-running 2>/dev/null) || :; fi
printf '%s.%s %s %s\\n' \"$b\" \"${20-}\" \"${up:-unknown}\" \"$(id -u)\"";

const RESTART: &str =
    "if command -v systemctl >/dev/null && systemctl --no-block reboot; then exit 0; fi; exec shutdown -r now";
const OFF: &str =
    "if command -v systemctl >/dev/null && systemctl --no-block poweroff; then exit 0; fi; exec shutdown -h now";

/// That a host starts anew, or goes off.
#[derive(Debug)]
pub struct Reboot {
    off: bool,
    patience: Duration,
}

/// The boot that ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    boot: String,
}

/// What a host answers.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Answer {
    boot: String,
    /// Whether it still starts.
    starting: bool,
    uid: String,
}

const KEYS: [Key; 2] = [
    required(
        "state",
        Form::OneOf(&["restarted", "off"]),
        "`restarted`: until it is up again, its services started. `off`: until it no longer answers",
    ),
    key("timeout", Form::Duration, "how long that may take").left_out("`10m`"),
];

#[async_trait]
impl Action for Reboot {
    const KIND: &'static str = "reboot";
    const NEEDS_HOST: bool = true;
    const FORM: Form = Form::Keys(&KEYS);
    type Seen = Seen;
    type Undo = ();

    fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(value, "`reboot`", &KEYS, diagnostics)?;
        let off = fields.required("state", decode::one_of(&[("restarted", false), ("off", true)]));
        let patience = fields.optional("timeout", decode::duration).unwrap_or(PATIENCE);
        fields.done()?;
        Some(Self { off: off?, patience })
    }

    async fn check(&self, cx: &Read<'_>) -> Result<Check<Seen>, ActionError> {
        let host = cx.host()?;
        let role = host.transport().role();
        if role.is_local() {
            let why = "`on: local` is the machine that this runs on: it would not live to see it come back";
            return Ok(Check::Blocked(why.to_owned()));
        }
        let said = cx.sh(Command::read(BOOT)).await?;
        let Some(answer) = Answer::of(&said.text()) else {
            return Err(ActionError::failed(format!("{role} does not say which boot it is in: {}", said.error_text())));
        };
        if answer.uid != "0" {
            return Ok(Check::Blocked(format!("only root can do that on {role} (`become: root`)")));
        }
        Ok(Check::Differs(Seen { boot: answer.boot }))
    }

    fn preview(&self, _seen: &Seen) -> Preview {
        let limit = duration::show(self.patience);
        let summary = if self.off {
            format!("switch it off, and wait until it no longer answers ({limit} at most)")
        } else {
            format!("restart it, and wait until it is up again ({limit} at most)")
        };
        Preview { summary, detail: String::new(), undo: "nothing: there is no way back".to_owned() }
    }

    async fn capture(&self, _seen: &Seen, _cx: &Stash<'_>) -> Result<Reversible<()>, ActionError> {
        let why =
            if self.off { "a host that is off cannot be switched on from here" } else { "a restart cannot be undone" };
        Ok(Reversible::No(why.to_owned()))
    }

    /// Which boot ends is in the journal before it does: whoever comes later can tell whether it has.
    async fn apply(&self, seen: &Seen, cx: &Write<'_>) -> Result<Outputs, ActionError> {
        cx.around().sent(cx.env().unit, self.announced(&seen.boot, cx).await?).await?;
        self.tell(cx).await?;
        self.wait(&seen.boot, cx).await
    }

    async fn verify(&self, _cx: &Read<'_>) -> Result<Verdict, ActionError> {
        Ok(Verdict::Unknown)
    }

    async fn undo(_undo: &(), _cx: &Write<'_>) -> Result<String, ActionError> {
        Err(ActionError::failed("a restart cannot be undone"))
    }

    fn takes_itself_back(&self) -> bool {
        false
    }

    fn after_crash(&self) -> AfterCrash {
        AfterCrash::Reattach
    }

    async fn reattach(&self, job: &Value, cx: &Write<'_>) -> Result<Outputs, ActionError> {
        match job.get("boot").and_then(Value::as_str) {
            Some(boot) => self.wait(boot, cx).await,
            None => Err(ActionError::failed("the journal does not say which boot was to end")),
        }
    }
}

impl Reboot {
    /// What the journal is told: in the form of a job that has left nothing on its host.
    async fn announced(&self, boot: &str, cx: &Write<'_>) -> Result<Value, ActionError> {
        let host = cx.host()?;
        let (role, user) = (host.transport().role(), host.become_user());
        let home = cx.around().job_home(role, user).await?;
        let at = home.job(&JobId::new(cx.env().run, cx.env().unit, cx.env().named));
        Ok(json!({
            "stage": "reboot",
            "host": role,
            "become_user": user.map(|user| &user.user),
            "at": at,
            "boot": boot,
        }))
    }

    /// Tells the host to go down. It may be gone before it can answer.
    async fn tell(&self, cx: &Write<'_>) -> Result<(), ActionError> {
        let script = if self.off { OFF } else { RESTART };
        match cx.change(Command::change(script).timeout(Some(LOOK))).await {
            Ok(said) if said.success() => Ok(()),
            Err(ActionError::Transport(TransportError::Lost { .. } | TransportError::TimedOut { .. })) => Ok(()),
            // Ended in the middle of it: by what it has asked for.
            Ok(said) if said.status > 128 => Ok(()),
            Ok(said) => {
                let why = said.error_text();
                let why = why.trim().lines().last().unwrap_or("no reason given");
                Err(ActionError::failed(format!("it does not go down: {why}")))
            }
            Err(error) => Err(error),
        }
    }

    /// Waits until the boot `old` has ended, and another one begun, if that is what is asked for.
    async fn wait(&self, old: &str, cx: &Write<'_>) -> Result<Outputs, ActionError> {
        let begun = Instant::now();
        let mut told = Instant::now();
        let (mut silent, mut back) = (0, false);
        while begun.elapsed() < self.patience {
            match self.look(cx).await? {
                None => {
                    silent += 1;
                    if self.off && silent >= SILENCE {
                        return Ok(done());
                    }
                }
                Some(answer) if answer.boot == old => {
                    silent = 0;
                    if told.elapsed() > GOING {
                        // It was never told, or has not heard.
                        told = Instant::now();
                        self.tell(cx).await?;
                    }
                }
                Some(_) if self.off => {
                    return Err(ActionError::failed("it went off, and somebody has switched it on again"));
                }
                Some(answer) if answer.starting => back = true,
                Some(_) => return Ok(done()),
            }
            tokio::time::sleep(PAUSE).await;
        }
        let limit = duration::show(self.patience);
        Err(ActionError::Unanswered(match (self.off, back) {
            (true, _) => format!("it still answers after {limit}"),
            (false, true) => format!("it is back, and still starting after {limit}"),
            (false, false) => format!("it did not come back within {limit}"),
        }))
    }

    /// Which boot the host is in; none where it does not answer.
    async fn look(&self, cx: &Write<'_>) -> Result<Option<Answer>, ActionError> {
        // A host that is away is connected to again with more patience than one look has.
        let looked = tokio::time::timeout(LOOK, cx.sh(Command::read(BOOT))).await;
        let Ok(looked) = looked else { return Ok(None) };
        match looked {
            Ok(said) => Ok(Answer::of(&said.text())),
            // While it goes down or comes up it may let in nobody, or have no sudo yet.
            Err(ActionError::Transport(
                TransportError::Unreachable { .. }
                | TransportError::Lost { .. }
                | TransportError::TimedOut { .. }
                | TransportError::Become { .. }
                | TransportError::Unusable { .. },
            )) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Answer {
    fn of(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let (boot, up, uid) = (words.next()?.to_owned(), words.next()?, words.next()?.to_owned());
        Some(Self { boot, starting: matches!(up, "initializing" | "starting"), uid })
    }
}

fn done() -> Outputs {
    Outputs { changed: true, ..Outputs::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::testing::decoded;

    #[test]
    fn it_is_read_as_written() {
        let reboot: Reboot = decoded("{state: restarted}").unwrap();
        assert!(!reboot.off && reboot.patience == PATIENCE);
        let off: Reboot = decoded("{state: off, timeout: 90s}").unwrap();
        assert!(off.off && off.patience == Duration::from_secs(90));
        for (text, due) in [
            ("{timeout: 1m}", "`reboot` lacks `state`"),
            (
                "{state: restart, timeout: 5}",
                "`restarted` or `off` is due here, found `restart`; did you mean `restarted`?\n\
                 a duration is due here, found `5`; it needs a unit: write `5s` for seconds, `5m` for minutes",
            ),
        ] {
            assert_eq!(decoded::<Reboot>(text).unwrap_err(), due, "{text}");
        }
    }

    #[test]
    fn what_a_host_answers_is_read() {
        let answer = Answer::of("abc.76861 starting 0\n").unwrap();
        assert_eq!(answer, Answer { boot: "abc.76861".into(), starting: true, uid: "0".into() });
        assert!(!Answer::of("abc.1 degraded 1000\n").unwrap().starting);
        assert_eq!(Answer::of(""), None);
    }
}
