//! What `stream` does.

use std::sync::OnceLock;

use async_trait::async_trait;
use tokio::time::timeout;

use crate::actions::context::{Host, Read, Stash, Write};
use crate::actions::contract::{Action, ActionError, AfterCrash, Check, Reversible, Verdict};
use crate::actions::expected::Leaves;
use crate::actions::passage::{Choice, Via};
use crate::actions::remote_file::{self, Look, New, Question, Text};
use crate::actions::side::Side;
use crate::base::{Role, duration};
use crate::events::Preview;
use crate::events::record::{Account, Keepsake, Outputs};
use crate::model::{Diagnostics, Form, Node};
use crate::transport::{Command, Effect, Process};

use super::direct::NO_STAGE;
use super::ends::{FileEnd, From, To};
use super::relay::{mark, relay};
use super::report::{Name, judge};
use super::seen::{FileUndo, Seen, Undo};
use super::staging;

const SOURCE: &str = include_str!("source.sh");
const SINK: &str = concat!(include_str!("pieces.sh"), include_str!("sink.sh"));
const FILE: &str = concat!(include_str!("pieces.sh"), include_str!("file.sh"));

pub(super) const NO_UNDO: &str = "a `stream` into a script has no undo of its own";

/// The mode of a new file that nobody says anything about: what a dump holds is not for everybody.
const FRESH: u32 = 0o600;

/// What one end gives, the other takes.
#[derive(Debug)]
pub struct StreamAction {
    pub(super) from: From,
    pub(super) to: To,
    pub(super) via: Via,
    /// Whether this process has put the file in place: to verify it does not have to be read again.
    pub(super) placed: OnceLock<()>,
}

#[async_trait]
impl Action for StreamAction {
    const KIND: &'static str = "stream";
    const NEEDS_HOST: bool = false;
    const FORM: Form = Form::Keys(&super::decode::KEYS);
    const SECRETS: &'static [&'static str] = &["env"];
    type Seen = Seen;
    type Undo = Undo;

    fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        super::decode::decode(value, diagnostics)
    }

    /// A stream always runs: whether it has to is for the step's `unless` to say.
    async fn check(&self, cx: &Read<'_>) -> Result<Check<Seen>, ActionError> {
        if let Some(file) = &self.from.file {
            cx.stands(&self.from.side.on, file)?;
        }
        let size = match self.from.look(cx).await? {
            Ok(size) => size,
            Err(why) => return Ok(Check::Blocked(why)),
        };
        let mut seen = Seen::default();
        if let To::File(end) = &self.to {
            match self.look(end, size, cx).await? {
                Check::Differs(file) => seen.file = Some(file),
                Check::Blocked(why) => return Ok(Check::Blocked(why)),
                Check::Satisfied | Check::Unknowable(_) => {}
            }
        }
        Ok(match self.choose(&mut seen, size, cx).await? {
            Some(why) => Check::Blocked(why),
            None => Check::Differs(seen),
        })
    }

    fn preview(&self, seen: &Seen) -> Preview {
        let way = format!("stream from {} to {}, {}", self.from.side.on, self.to.on(), seen.way_in_words());
        let (to, undo) = match (&self.to, &seen.file) {
            (To::Script(side), _) => (side.in_words(), "nothing: it has no undo of its own".to_owned()),
            (To::File(end), Some(file)) => {
                let Preview { summary, detail, undo } = file.preview();
                (format!("# on {}: {summary}\n{detail}", end.account.on), undo)
            }
            (To::File(end), None) => (format!("# on {}: the file {}", end.account.on, end.place.dest), String::new()),
        };
        Preview { summary: way, detail: format!("{}\n{to}", self.from.in_words()), undo }
    }

    async fn leaves(&self, seen: &Seen, _cx: &Read<'_>) -> Result<Vec<Leaves>, ActionError> {
        let file = seen.file.iter().map(|file| Leaves { role: Some(self.to.on().clone()), ..file.leaves(None) });
        Ok(file.collect())
    }

    async fn capture(&self, seen: &Seen, cx: &Stash<'_>) -> Result<Reversible<Undo>, ActionError> {
        let mut undo = Undo { file: None, staging: seen.staging.clone(), key: seen.choice.key.clone() };
        let Some(file) = &seen.file else {
            return Ok(if undo == Undo::default() {
                Reversible::No(NO_UNDO.to_owned())
            } else {
                Reversible::Swept { why: NO_UNDO.to_owned(), undo }
            });
        };
        let host = self.to.host(cx).await?;
        let user = host.become_user().map(|user| user.user.clone());
        Ok(match remote_file::capture(file, &cx.at(&host)).await? {
            Reversible::By(back) => {
                undo.file = Some(FileUndo { on: self.to.on().clone(), user, undo: back });
                Reversible::By(undo)
            }
            Reversible::Swept { why, .. } | Reversible::No(why) => Reversible::Swept { why, undo },
            Reversible::Nothing => Reversible::Nothing,
        })
    }

    async fn apply(&self, seen: &Seen, cx: &Write<'_>) -> Result<Outputs, ActionError> {
        let streaming = self.carry(seen, cx);
        // A durable job looks after its time itself.
        let Some(limit) = cx.env().timeout.filter(|_| seen.choice.direct().is_none()) else { return streaming.await };
        timeout(limit, streaming).await.unwrap_or_else(|_| {
            Err(ActionError::failed_with_hint(
                format!("took longer than {}, and both ends were stopped", duration::show(limit)),
                "`timeout:` of the step gives it more time",
            ))
        })
    }

    async fn verify(&self, cx: &Read<'_>) -> Result<Verdict, ActionError> {
        match &self.to {
            To::Script(_) => Ok(Verdict::Unknown),
            To::File(end) => self.is_in_place(end, cx).await,
        }
    }

    async fn reattach(&self, job: &serde_json::Value, cx: &Write<'_>) -> Result<Outputs, ActionError> {
        self.find_again(job, cx).await
    }

    async fn clear_up(&self, job: &serde_json::Value, cx: &Read<'_>) -> Result<(), ActionError> {
        self.clear(job, cx).await
    }

    async fn undo(undo: &Undo, cx: &Write<'_>) -> Result<String, ActionError> {
        undo.run(cx).await
    }

    fn keepers(undo: &Undo) -> Vec<Account> {
        undo.keepers()
    }

    async fn kept(undo: &Undo, cx: &Read<'_>) -> Result<Vec<Keepsake>, ActionError> {
        undo.kept(cx).await
    }

    async fn discard(undo: &Undo, cx: &Write<'_>) -> Result<(), ActionError> {
        undo.discard(cx).await
    }

    async fn sweep(undo: &Undo, cx: &Write<'_>) -> Result<(), ActionError> {
        undo.sweep(cx).await
    }

    fn takes_itself_back(&self) -> bool {
        self.to.is_file()
    }

    /// A direct stream is a job. Else both scripts ended with the controller: well if all had arrived, and killed otherwise; the step's `verify`
    /// can tell. A file is there, whole, or it is not.
    fn after_crash(&self) -> AfterCrash {
        match (self.to.is_file(), self.via) {
            (true, _) => AfterCrash::Recheck,
            (false, Via::Direct) => AfterCrash::Reattach,
            (false, _) => AfterCrash::AskOperator,
        }
    }
}

impl StreamAction {
    /// Looks again, and finds that it can be done.
    pub(super) async fn see(&self, cx: &Read<'_>) -> Result<Seen, ActionError> {
        match self.check(cx).await? {
            Check::Differs(seen) => Ok(seen),
            Check::Blocked(why) | Check::Unknowable(why) => Err(ActionError::failed(why)),
            Check::Satisfied => Ok(Seen::default()),
        }
    }

    /// Chooses the way; in words why there is none.
    async fn choose(&self, seen: &mut Seen, size: Option<u64>, cx: &Read<'_>) -> Result<Option<String>, ActionError> {
        let has_secrets = || matches!(&self.to, To::Script(script) if script.has_secrets());
        match self.via {
            Via::Relay => {}
            Via::Staging => match staging::look(size, cx).await? {
                Ok(folder) => seen.staging = Some(folder),
                Err(why) => return Ok(Some(why)),
            },
            Via::Auto | Via::Direct if has_secrets() => {
                seen.choice.why =
                    format!("the `env` of `to` has a secret, which would lie on the disk of {}", self.to.on());
            }
            Via::Auto | Via::Direct => {
                let (from, to) = (self.from.side.host(cx).await?, self.to.host(cx).await?);
                seen.choice = Choice::of(self.via, (&from, &to), NO_STAGE, cx).await?;
            }
        }
        Ok(seen.choice.obstacle(self.via))
    }

    /// The path of the file that the bytes are to become.
    pub(super) fn file(&self) -> Option<&str> {
        match &self.to {
            To::Script(_) => None,
            To::File(end) => Some(&end.place.dest),
        }
    }

    /// What its ends are called.
    pub(super) fn names(&self) -> (Name<'_>, Name<'_>) {
        let from = Name { key: "from", on: &self.from.side.on, file: None, half: false };
        let half = matches!(&self.to, To::Script(side) if side.text().contains('>'));
        (from, Name { key: "to", on: self.to.on(), file: self.file(), half })
    }

    /// What came of it, where it is a file that was to be put in place.
    pub(super) fn placed(&self, outputs: Result<Outputs, ActionError>) -> Result<Outputs, ActionError> {
        let Some(file) = self.file() else { return outputs };
        let outputs = outputs?;
        remote_file::arrived(file, &outputs.stdout)?;
        let _ = self.placed.set(());
        Ok(Outputs { stdout: String::new(), ..outputs })
    }

    /// Looks at the file that the bytes are to become; `size` is how many they are, where that is known.
    async fn look(
        &self,
        end: &FileEnd,
        size: Option<u64>,
        cx: &Read<'_>,
    ) -> Result<Check<remote_file::Seen>, ActionError> {
        let host = self.to.host(cx).await?;
        let question = Question { space: true, limit: 0, ..end.place.question() };
        let (look, _) = question.ask(question.command(), &host, cx).await?;
        // Nobody knows its hash: the host notes it as it takes its place.
        let (size, sha256) = (size.unwrap_or_default(), String::new());
        let new = New { size, sha256, mode: FRESH, text: Text::Unknown, secret: true };
        Ok(remote_file::Seen::judge(&end.place, &look, &new, self.to.on(), cx.around().masker()))
    }

    /// Whether what a try has put in place stands there.
    async fn is_in_place(&self, end: &FileEnd, cx: &Read<'_>) -> Result<Verdict, ActionError> {
        let host = self.to.host(cx).await?;
        let kept = remote_file::Kept::of(&cx.at(&host)).await?.folder;
        let hash = self.placed.get().is_none();
        let question = Question { limit: 0, hash, kept: Some(&kept), ..Question::about(&end.place.dest) };
        let look = Look::read(&end.place.dest, &host.read(question.command()).await?)?;
        let path = &end.place.dest;
        let (Some(there), Some(left)) = (&look.there, look.left.last()) else {
            return Ok(Verdict::Fails(format!("{path} was not put in place")));
        };
        let print = &there.print;
        let same = (left.uid, left.gid, left.mode) == (print.uid, print.gid, print.mode)
            && (!hash || left.sha256 == print.sha256);
        let ours = cx.env().attempt == 0 || left.attempt == Some(cx.env().attempt);
        Ok(if same && ours { Verdict::Holds } else { Verdict::Fails(format!("{path} is not what was put in place")) })
    }

    async fn carry(&self, seen: &Seen, cx: &Write<'_>) -> Result<Outputs, ActionError> {
        let names = self.names();
        let outputs = match (&seen.staging, seen.choice.direct()) {
            (Some(folder), _) => {
                let passed = self.stage(folder, seen, names, cx).await;
                // Whatever came of it.
                staging::sweep(folder, cx).await?;
                passed
            }
            (None, Some(way)) => self.directly(way, seen, cx).await,
            (None, None) => self.pass(&self.from.side, seen, names, cx).await,
        };
        self.placed(outputs)
    }

    /// What takes the bytes where they go: `script` feeds them to the script that reads them, `file` puts them in place of the file.
    pub(super) async fn sink(
        &self,
        (script, file): (&str, &str),
        seen: &Seen,
        host: &Host,
        cx: &Write<'_>,
    ) -> Result<Command, ActionError> {
        match (&self.to, &seen.file) {
            (To::Script(side), _) => side.within(script, host, cx),
            (To::File(_), Some(seen)) => remote_file::arriving(seen, file, &cx.at(host)).await,
            (To::File(_), None) => Err(ActionError::failed("the file was not looked at")),
        }
    }

    /// Sends what `source` gives to where it goes.
    async fn pass(
        &self,
        source: &Side,
        seen: &Seen,
        names: (Name<'_>, Name<'_>),
        cx: &Write<'_>,
    ) -> Result<Outputs, ActionError> {
        let mark = mark();
        let host = self.to.host(cx).await?;
        // Where the one that reads cannot begin, nothing is written either.
        let to = open(&host, self.sink((SINK, FILE), seen, &host, cx).await?, &mark).await?;
        let from = open_source(source, &mark, cx).await?;
        judge(relay(from, to, &mark, self.to.is_file(), cx).await?, names.0, names.1)
    }

    /// Sends everything to a file of this machine first, and then on from there.
    async fn stage(
        &self,
        folder: &str,
        seen: &Seen,
        (from, to): (Name<'_>, Name<'_>),
        cx: &Write<'_>,
    ) -> Result<Outputs, ActionError> {
        let (mark, local) = (mark(), Role::local());
        let here = Name { key: "staging", on: &local, file: None, half: false };
        let sink = open(&staging::here(cx).await?, staging::keep(folder), &mark).await?;
        let source = open_source(&self.from.side, &mark, cx).await?;
        let staged = judge(relay(source, sink, &mark, true, cx).await?, from, here)?;
        let passed = self.pass(&staging::give(folder), seen, (here, to), cx).await?;
        Ok(Outputs { stderr: [staged.stderr, passed.stderr].concat(), ..passed })
    }
}

/// Starts a side's script within ours.
async fn open_source(side: &Side, mark: &str, cx: &Write<'_>) -> Result<Process, ActionError> {
    let host = side.host(cx).await?;
    let command = side.within(SOURCE, &host, cx)?.env("TAIL", "");
    open(&host, command, mark).await
}

async fn open(host: &Host, command: Command, mark: &str) -> Result<Process, ActionError> {
    Ok(host.transport().open(Command { effect: Effect::Changes, ..command.env("MARK", mark) }).await?)
}
