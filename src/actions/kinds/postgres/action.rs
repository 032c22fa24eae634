//! What `postgres` does.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::actions::context::{Read, Stash, Write};
use crate::actions::contract::{Action, ActionError, AfterCrash, Check, Reversible, Verdict};
use crate::actions::durable;
use crate::actions::passage::{Choice, OneTimeKey, Via};
use crate::base::Role;
use crate::events::Preview;
use crate::events::record::{Account, Keepsake, Outputs};
use crate::model::{Diagnostics, Form, Node};

use super::back::{self, Stood};
use super::direct::TRANSFER;
use super::look::{self, Look};
use super::names::Names;
use super::place::Place;
use super::stages::{Move, RESTORE};
use super::{judge, same, swap, words};

/// A database that is to be moved.
#[derive(Debug)]
pub struct Postgres {
    pub(super) from: Side,
    pub(super) to: Side,
    pub(super) owner: Option<String>,
    pub(super) encoding: Option<String>,
    pub(super) locale: Option<String>,
    pub(super) jobs: u32,
    pub(super) live: bool,
    pub(super) parity: Parity,
    pub(super) via: Via,
}

/// A database on a server of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Side {
    pub(super) role: Role,
    pub(super) database: String,
    pub(super) user: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) socket: Option<String>,
}

/// What of the copy is compared with the dump.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Parity {
    /// Nothing.
    None,
    /// Encoding, rows, sequences, large objects.
    #[default]
    Rows,
    /// That, and what the rows hold.
    Content,
}

/// What both hosts said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    pub(super) source: Look,
    pub(super) target: Look,
    pub(super) names: Names,
    /// Which way the dump goes.
    #[serde(default)]
    pub(super) choice: Choice,
}

/// What finds it all again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    pub(super) from: Place,
    pub(super) to: Place,
    pub(super) names: Names,
    /// What stood there.
    pub(super) stood: Option<Stood>,
    /// What may have been left of the key that the dump went by.
    #[serde(default)]
    pub(super) key: Option<OneTimeKey>,
}

#[async_trait]
impl Action for Postgres {
    const KIND: &'static str = "postgres";
    const NEEDS_HOST: bool = false;
    const FORM: Form = Form::Keys(&super::decode::KEYS);
    const OUTPUTS: &'static [&'static str] = &["kept_aside"];
    type Seen = Seen;
    type Undo = Undo;

    fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        super::decode::decode(value, diagnostics)
    }

    async fn check(&self, cx: &Read<'_>) -> Result<Check<Seen>, ActionError> {
        let mut seen = match self.look(cx).await? {
            Ok(seen) => seen,
            Err(why) => return Ok(Check::Blocked(why)),
        };
        if same::could_be(self, &seen) && same::is(self, &seen, cx).await? {
            return Ok(Check::Satisfied);
        }
        seen.choice = self.choose(cx).await?;
        let mut obstacles = judge::obstacles(self, &seen.source, &seen.target);
        obstacles.extend(seen.choice.obstacle(self.via));
        if obstacles.is_empty() { Ok(Check::Differs(seen)) } else { Ok(Check::Blocked(obstacles.join("; "))) }
    }

    fn preview(&self, seen: &Seen) -> Preview {
        words::preview(self, seen)
    }

    async fn capture(&self, seen: &Seen, cx: &Stash<'_>) -> Result<Reversible<Undo>, ActionError> {
        let ((from, _), (to, _)) = self.places(cx).await?;
        let stood = seen.target.database.as_ref();
        let stood = stood.map(|stood| Stood { oid: stood.oid, open: stood.flag("datallowconn") });
        let (names, key) = (seen.names.clone(), seen.choice.key.clone());
        Ok(Reversible::By(Undo { from, to, names, stood, key }))
    }

    async fn apply(&self, seen: &Seen, cx: &Write<'_>) -> Result<Outputs, ActionError> {
        if cx.env().part.as_deref() == Some("again") {
            return Err(ActionError::failed_with_hint(
                "the move of a database that was taken back by another step is not repeated by taking that step back",
                "run the step's runbook anew: nothing of the earlier move is left",
            ));
        }
        let course = Move::of(self, &seen.names, cx).await?;
        course.run(Ok(seen), None, cx).await
    }

    async fn verify(&self, cx: &Read<'_>) -> Result<Verdict, ActionError> {
        let names = Names::of(&self.to.database, cx.env().run, cx.env().unit);
        let (to, host) = Place::of(&self.to, "to", cx).await?;
        Ok(swap::standing(&to, &host, &names, cx).await?.verdict(&names.name, &to.role))
    }

    async fn undo(undo: &Undo, cx: &Write<'_>) -> Result<String, ActionError> {
        back::undo(undo, cx).await
    }

    fn keepers(undo: &Undo) -> Vec<Account> {
        vec![undo.from.account(), undo.to.account()]
    }

    async fn kept(undo: &Undo, cx: &Read<'_>) -> Result<Vec<Keepsake>, ActionError> {
        undo.kept(cx).await
    }

    async fn discard(undo: &Undo, cx: &Write<'_>) -> Result<(), ActionError> {
        undo.discard(cx).await
    }

    /// Each stage finds out what there is of it, and begins anew where it has to: half-made databases and dumps are the run's own.
    fn after_crash(&self) -> AfterCrash {
        AfterCrash::Reattach
    }

    async fn reattach(&self, job: &serde_json::Value, cx: &Write<'_>) -> Result<Outputs, ActionError> {
        let names = Names::of(&self.to.database, cx.env().run, cx.env().unit);
        let course = Move::of(self, &names, cx).await?;
        if durable::stage_of(job).as_deref() == Some(RESTORE) && course.is_in_place(cx).await? {
            return course.finish(cx).await;
        }
        // What runs is followed even where a look would not be let through any more.
        let seen = match self.look(cx).await {
            Ok(told) => told,
            Err(error) => Err(error.to_string()),
        };
        course.run(seen.as_ref().map_err(Clone::clone), Some(job), cx).await
    }

    async fn clear_up(&self, _job: &serde_json::Value, cx: &Read<'_>) -> Result<(), ActionError> {
        let (_, host) = Place::of(&self.to, "to", cx).await?;
        durable::clear_up_stage(&host, RESTORE, cx.env().named, cx).await
    }
}

impl Postgres {
    async fn look(&self, cx: &Read<'_>) -> Result<Result<Seen, String>, ActionError> {
        let names = Names::of(&self.to.database, cx.env().run, cx.env().unit);
        let ((from, old), (to, new)) = self.places(cx).await?;
        let source = look::source(&from, &old, &self.from.database, cx);
        let (source, target) = tokio::try_join!(source, look::target(&to, &new, &names, cx))?;
        Ok(match (source, target) {
            (Ok(source), Ok(target)) => Ok(Seen { source, target, names, choice: Choice::default() }),
            (source, target) => {
                let why: Vec<String> = [source.err(), target.err()].into_iter().flatten().collect();
                Err(why.join("; "))
            }
        })
    }

    /// Which way the dump goes.
    pub(super) async fn choose(&self, cx: &Read<'_>) -> Result<Choice, ActionError> {
        let ((_, old), (_, new)) = self.places(cx).await?;
        Choice::of(self.via, (&old, &new), TRANSFER, cx).await
    }

    /// The two ends.
    pub(super) async fn places(
        &self,
        cx: &Read<'_>,
    ) -> Result<((Place, crate::actions::Host), (Place, crate::actions::Host)), ActionError> {
        tokio::try_join!(Place::of(&self.from, "from", cx), Place::of(&self.to, "to", cx))
    }
}
