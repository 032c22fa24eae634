//! The course of a move: dump, transfer, restore, compare, swap. Each stage may be begun anew.

use std::future::ready;

use serde_json::{Value, json};

use crate::actions::Host;
use crate::actions::context::Write;
use crate::actions::contract::ActionError;
use crate::actions::durable::{self, Stage};
use crate::events::Progress;
use crate::events::record::{Failure, Outputs};
use crate::transport::{Command, JobSpec};

use super::action::{Parity, Postgres, Seen};
use super::direct::TRANSFER;
use super::ear::Hearing;
use super::figures::{self, Ends, Figures, How};
use super::names::{Names, connection};
use super::place::Place;
use super::{judge, look, since, sql, swap, transfer};

pub(super) const DUMP: &str = "dump";
pub(super) const RESTORE: &str = "restore";

const DUMPING: &str = include_str!("host/dump.sh");
const RESTORING: &str = include_str!("host/restore.sh");

/// How often a stage is begun whose host goes down meanwhile.
const TRIES: u32 = 3;

/// A move under way.
pub(super) struct Move<'a> {
    action: &'a Postgres,
    names: &'a Names,
    from: (Place, Host),
    to: (Place, Host),
}

impl<'a> Move<'a> {
    pub(super) async fn of(action: &'a Postgres, names: &'a Names, cx: &Write<'_>) -> Result<Self, ActionError> {
        let (from, to) = action.places(cx).await?;
        Ok(Self { action, names, from, to })
    }

    /// Goes through all stages, from that of `job` on where an earlier process has begun.
    pub(super) async fn run(
        &self,
        seen: Result<&Seen, String>,
        job: Option<&Value>,
        cx: &Write<'_>,
    ) -> Result<Outputs, ActionError> {
        let stage = job.and_then(durable::stage_of);
        let at = |name: &str| job.filter(|_| stage.as_deref() == Some(name));
        let (sending, restoring) = (at(TRANSFER), at(RESTORE));
        if restoring.is_none() {
            if sending.is_none() {
                self.stage(DUMP, &self.from, seen.clone().and_then(|seen| self.dump(seen)), job, cx).await?;
            }
            // What an earlier process saw may hold no more, and what it left was not there then.
            let choice = match (job, &seen) {
                (None, Ok(seen)) => seen.choice.clone(),
                _ => self.action.choose(cx).await?,
            };
            note(&format!("the dump goes {}", choice.in_words()), cx);
            transfer::transfer((&self.from, &self.to), (self.action.via, &choice), sending, cx).await?;
        }
        self.stage(RESTORE, &self.to, seen.and_then(|seen| self.restore(seen, cx)), restoring, cx).await?;
        self.compare(cx).await?;
        if !self.action.live {
            since::still(self.action, &self.from, &self.to, cx).await?;
        }
        self.finish(cx).await
    }

    /// Runs a durable job to its end. One that its host took with it is begun anew: whatever it has left is the run's own.
    async fn stage(
        &self,
        name: &'static str,
        (place, host): &(Place, Host),
        spec: Result<JobSpec, String>,
        mut job: Option<&Value>,
        cx: &Write<'_>,
    ) -> Result<(), ActionError> {
        let command = if name == DUMP { "pg_dump" } else { "pg_restore" };
        let mut tries = 0;
        loop {
            tries += 1;
            let timeout = cx.env().timeout;
            let spec = spec.clone().map(|spec| JobSpec { timeout, ..spec }).map_err(ActionError::failed);
            let mut ear = Hearing::new(cx.around(), cx.env().unit, self.action.jobs);
            let stage = Stage { host, name: Some(name), command, ear: &mut ear };
            let ended = match job.take() {
                Some(job) => durable::reattach_stage(job, ready(spec), stage, cx).await,
                None => durable::launch_stage(&spec?, stage, cx).await,
            };
            match ended {
                Err(ActionError::Died(why) | ActionError::NoTrace(why)) if tries < TRIES => {
                    note(&format!("the {name} on {} is begun anew: {why}", place.role), cx);
                    durable::clear_up_stage(host, name, cx.env().named, cx).await?;
                }
                ended => return ended.map(drop),
            }
        }
    }

    fn dump(&self, seen: &Seen) -> Result<JobSpec, String> {
        let tools = judge::tools(self.action, &seen.source, &seen.target)?;
        // Words that the newer server reserves are quoted then.
        let quote = tools.dump.version / 10_000 != seen.target.server.version / 10_000
            || tools.dump.version / 10_000 != seen.source.server.version / 10_000;
        let more = vec![
            ("PG_DUMP", tools.dump.path),
            ("PACK", tools.pack.to_owned()),
            ("QUOTE", if quote { "--quote-all-identifiers" } else { "" }.to_owned()),
            ("JOBS", self.action.jobs.to_string()),
            ("FIGURES", self.how(seen).script_with_snapshot(self.action.parity != Parity::None)),
        ];
        Ok(self.from.0.job(DUMPING, &self.action.from.database, more))
    }

    fn restore(&self, seen: &Seen, cx: &Write<'_>) -> Result<JobSpec, String> {
        let tools = judge::tools(self.action, &seen.source, &seen.target)?;
        let gone = || format!("there is no database {} any more", self.action.from.database);
        let source = seen.source.database.as_ref().ok_or_else(gone)?;
        let Names { name, new, .. } = self.names;
        let more = vec![
            ("NEW", new.clone()),
            ("MARK", format!("made by runbook, {} of run {}: not yet whole", cx.env().unit, cx.env().run)),
            ("CREATE", sql::create(new, self.action, source, seen.target.server.version)),
            ("FINISH", sql::finish(name, self.action, source)),
            ("TRIAL", sql::finish(new, self.action, source)),
            ("CONNECTION", connection(new)),
            ("PG_RESTORE", tools.restore.path),
            ("JOBS", self.action.jobs.to_string()),
            ("PARITY", if self.action.parity == Parity::None { "no" } else { "yes" }.to_owned()),
            ("FIGURES", self.how(seen).script()),
        ];
        Ok(self.to.0.job(RESTORING, self.names.maintenance(), more))
    }

    /// How source and copy are reckoned.
    fn how(&self, seen: &Seen) -> How {
        let encoding =
            seen.source.database.as_ref().map(|source| (source.encoding.as_str(), sql::encoding(self.action, source)));
        How {
            content: self.action.parity == Parity::Content,
            raw: encoding.is_some_and(|(one, other)| [one, other].contains(&"SQL_ASCII")),
            oldest: seen.source.server.version.min(seen.target.server.version),
        }
    }

    /// Sees that what was restored is what was dumped.
    async fn compare(&self, cx: &Write<'_>) -> Result<(), ActionError> {
        if self.action.parity == Parity::None {
            return Ok(());
        }
        let (dumped, restored) = self.figures().await?;
        let encoding = self.action.encoding.as_deref().unwrap_or(&dumped.encoding);
        let (old, new) = (format!("on {}", self.from.0.role), format!("on {}", self.to.0.role));
        let ends = Ends { names: (&old, &new), encoding, live: self.action.live };
        let found = dumped.differences(&restored, &ends);
        if found.is_empty() {
            note(&format!("what arrived is what was dumped: {}", restored.in_words()), cx);
            return Ok(());
        }
        let Names { name, new, .. } = self.names;
        Err(ActionError::failed_with_hint(
            format!("what arrived is not what was dumped: {}", figures::told(&found)),
            format!(
                "{name} on {} is as it was; the copy can be looked at there as {new}, and goes with the next try",
                self.to.0.role
            ),
        ))
    }

    /// What was dumped, and what was restored, come to.
    async fn figures(&self) -> Result<(Figures, Figures), ActionError> {
        let (place, host) = &self.to;
        let command =
            Command::read("cd \"$W\"; cat in/figures; printf '\\0'; cat figures").env("W", place.folder.clone());
        let said = host.read(command).await?;
        if !said.success() {
            return Err(ActionError::failed(format!("what the copy comes to cannot be read: {}", look::reason(&said))));
        }
        let text = said.text();
        let (dumped, restored) = text.split_once('\0').unwrap_or((&text, ""));
        let read = |text: &str| Figures::read(text).map_err(ActionError::failed);
        Ok((read(dumped)?, read(restored)?))
    }

    /// Whether all is done but for the clearing up.
    pub(super) async fn is_in_place(&self, cx: &Write<'_>) -> Result<bool, ActionError> {
        let (place, host) = &self.to;
        Ok(swap::standing(place, host, self.names, cx).await?.is_in_place())
    }

    /// Puts the copy in place, and removes what is not needed any more.
    pub(super) async fn finish(&self, cx: &Write<'_>) -> Result<Outputs, ActionError> {
        let (place, host) = &self.to;
        let aside = swap::swap(place, host, self.names, cx).await?;
        if let Some(aside) = &aside {
            note(&format!("what stood on {} as {} is now {aside} there", place.role, self.names.name), cx);
        }
        cx.change_on(&self.from.1, self.from.0.clear(&[DUMP])).await?;
        let over = Command::change("cd \"$W\"; rm -rf in finish.sql; : >over").env("W", place.folder.clone());
        let said = cx.change_on(host, over).await?;
        if !said.success() {
            let failure = Failure { stderr: cx.around().masker().mask(&said.error_text()), ..Failure::default() };
            let why = format!("what was sent to {} cannot be removed: {}", place.role, look::reason(&said));
            return Err(ActionError::Failed(Box::new(Failure { why, ..failure })));
        }
        let aside = aside.unwrap_or_default();
        Ok(Outputs { changed: true, data: Some(json!({ "kept_aside": aside })), ..Outputs::default() })
    }
}

fn note(text: &str, cx: &Write<'_>) {
    let text = cx.around().masker().mask(text);
    cx.around().progress(Progress::Note { unit: cx.env().unit.clone(), text });
}
