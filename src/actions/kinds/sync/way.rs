//! Which way the bytes of a sync go, and why.

use crate::actions::context::Read;
use crate::actions::contract::ActionError;
use crate::actions::passage::{self, Door};
use crate::base::Role;
use crate::display::bytes;

use super::action::Sync;
use super::decode::{Place, Via};
use super::direct;
use super::end::End;
use super::seen::{Seen, Way};

/// Looks at the destination's door, where a direct way is asked for; in words why there is none to be had.
pub(super) async fn door(
    sync: &Sync,
    (from, to): (&End, &End),
    cx: &Read<'_>,
) -> Result<Result<Door, String>, ActionError> {
    match sync.via {
        Via::Auto | Via::Direct => Door::look(&from.host, &to.host, direct::STAGE, cx).await,
        Via::Relay | Via::Staging => Ok(Err(String::new())),
    }
}

/// Chooses the way; in words why there is none.
pub(super) async fn choose(
    sync: &Sync,
    seen: &mut Seen,
    door: &Result<Door, String>,
    (from, to): (&End, &End),
    cx: &Read<'_>,
) -> Result<Result<(), String>, ActionError> {
    seen.halves = door.as_ref().ok().map(|door| door.key().clone());
    if sync.via == Via::Staging {
        seen.way = Way::Staging;
        return stage(seen, cx).await;
    }
    let route = match door {
        Ok(door) => door.route().await?,
        Err(why) => Err(why.clone()),
    };
    match (sync.via, route) {
        (Via::Relay, _) => {}
        (_, Ok(route)) => {
            seen.why = passage::reaches(&from.host, &to.host);
            seen.way = Way::Direct(route);
        }
        (Via::Direct, Err(why)) => return Ok(Err(passage::no_way(&why))),
        (_, Err(why)) => seen.why = why,
    }
    Ok(Ok(()))
}

/// Looks at the operator's machine, through which the files go.
async fn stage(seen: &mut Seen, cx: &Read<'_>) -> Result<Result<(), String>, ActionError> {
    let home = cx.around().job_home(&Role::local(), None).await?;
    let kept = home.kept(cx.env().run, cx.env().unit);
    let place = Place { role: Role::local(), path: format!("{kept}/staging/") };
    let here = End::look(&place, cx).await?;
    if let Some(why) = here.lacks() {
        return Ok(Err(why));
    }
    if let Some(room) = here.room.filter(|room| *room < seen.tally.bytes) {
        let needed = bytes(seen.tally.bytes);
        return Ok(Err(format!(
            "{} has {} left on this machine, and up to {needed} go through it",
            here.real,
            bytes(room)
        )));
    }
    seen.staging = Some(format!("{kept}/staging"));
    Ok(Ok(()))
}

impl Seen {
    /// The way, in a line.
    pub(super) fn way_in_words(&self) -> String {
        match self.way {
            Way::Staging => "through a folder of this machine (staging)".to_owned(),
            Way::Direct(_) | Way::Relay => passage::in_words(matches!(self.way, Way::Direct(_)), &self.why),
        }
    }
}
