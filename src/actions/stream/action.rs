//! What `stream` does.

use async_trait::async_trait;
use rand::RngExt as _;
use tokio::time::timeout;

use crate::actions::context::{Read, Stash, Write};
use crate::actions::contract::{Action, ActionError, AfterCrash, Check, Reversible, Verdict};
use crate::actions::side::Side;
use crate::base::duration;
use crate::events::Preview;
use crate::events::record::Outputs;
use crate::model::{Diagnostics, Node};
use crate::transport::{Command, Effect, Process};

use super::relay::relay;
use super::report::judge;

const SOURCE: &str = include_str!("source.sh");
const SINK: &str = include_str!("sink.sh");

/// Two scripts: what one writes, the other reads.
#[derive(Debug)]
pub struct StreamAction {
    pub(super) from: Side,
    pub(super) to: Side,
}

#[async_trait]
impl Action for StreamAction {
    const KIND: &'static str = "stream";
    const NEEDS_HOST: bool = false;
    const SECRETS: &'static [&'static str] = &["env"];
    type Seen = ();
    type Undo = ();

    fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        super::decode::decode(value, diagnostics)
    }

    /// Scripts always run: whether they have to is for the step's `unless` to say.
    async fn check(&self, _cx: &Read<'_>) -> Result<Check<()>, ActionError> {
        Ok(Check::Differs(()))
    }

    fn preview(&self, _seen: &()) -> Preview {
        Preview {
            summary: format!("stream from {} to {}, by way of this machine", self.from.on, self.to.on),
            detail: format!("{}\n{}", self.from.in_words(), self.to.in_words()),
            undo: "nothing: it has no undo of its own".to_owned(),
        }
    }

    async fn capture(&self, _seen: &(), _cx: &Stash<'_>) -> Result<Reversible<()>, ActionError> {
        Ok(Reversible::No("a `stream` has no undo of its own".to_owned()))
    }

    async fn apply(&self, _seen: &(), cx: &Write<'_>) -> Result<Outputs, ActionError> {
        let mark = format!("runbook-{:016x}{:016x}", rand::rng().random::<u64>(), rand::rng().random::<u64>());
        let streaming = async {
            // Where the one that reads cannot begin, nothing is written either.
            let to = open(&self.to, SINK, &mark, cx).await?;
            let from = open(&self.from, SOURCE, &mark, cx).await?;
            judge(relay(from, to, &mark, cx).await?, &self.from.on, &self.to.on)
        };
        let Some(limit) = cx.env().timeout else { return streaming.await };
        timeout(limit, streaming).await.unwrap_or_else(|_| {
            Err(ActionError::failed_with_hint(
                format!("took longer than {}, and both scripts were ended", duration::show(limit)),
                "`timeout:` of the step gives it more time",
            ))
        })
    }

    async fn verify(&self, _cx: &Read<'_>) -> Result<Verdict, ActionError> {
        Ok(Verdict::Unknown)
    }

    async fn undo(_undo: &(), _cx: &Write<'_>) -> Result<String, ActionError> {
        Err(ActionError::failed("a `stream` has no undo of its own"))
    }

    fn takes_itself_back(&self) -> bool {
        false
    }

    /// Both scripts ended with the controller: well if all had arrived, and killed otherwise. The step's `verify` can tell.
    fn after_crash(&self) -> AfterCrash {
        AfterCrash::AskOperator
    }
}

/// Starts a side's script within ours.
async fn open(side: &Side, around: &str, mark: &str, cx: &Write<'_>) -> Result<Process, ActionError> {
    let host = side.host(cx).await?;
    let command = side.within(around, &host, cx)?.env("MARK", mark);
    Ok(host.transport().open(Command { effect: Effect::Changes, ..command }).await?)
}
