//! Which way the bytes of a sync go, and why.

use crate::actions::context::Read;
use crate::actions::contract::ActionError;
use crate::base::Role;
use crate::display::bytes;

use super::action::Sync;
use super::decode::{Place, Via};
use super::direct::Door;
use super::end::End;
use super::seen::{Seen, Way};

/// Looks at the destination's door, where a direct way is to be had at all.
pub(super) async fn door(sync: &Sync, from: &End, to: &End, cx: &Read<'_>) -> Result<Option<Door>, ActionError> {
    let asked = matches!(sync.via, Via::Auto | Via::Direct);
    let apart = from.role != to.role && !from.role.is_local() && !to.role.is_local();
    if asked && apart { Door::look(from, to, cx).await.map(Some) } else { Ok(None) }
}

/// Chooses the way; in words why there is none.
pub(super) async fn choose(
    sync: &Sync,
    seen: &mut Seen,
    door: Option<&Door>,
    (from, to): (&End, &End),
    cx: &Read<'_>,
) -> Result<Result<(), String>, ActionError> {
    seen.halves = door.map(|door| door.halves.clone());
    if sync.via == Via::Staging {
        seen.way = Way::Staging;
        return stage(seen, cx).await;
    }
    let route = match door {
        Some(door) => door.route(from, to).await?,
        None if from.role == to.role => Err("both are on one host".to_owned()),
        None => Err("one end is this machine".to_owned()),
    };
    match (sync.via, route) {
        (Via::Relay, _) => {}
        (_, Ok(route)) => {
            seen.why = format!("{} reaches {}", from.role, to.role);
            seen.way = Way::Direct(route);
        }
        (Via::Direct, Err(why)) => return Ok(Err(format!("there is no direct way: {why}"))),
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
        let way = match self.way {
            Way::Relay => "by way of this process (relay)",
            Way::Direct(_) => "from host to host (direct)",
            Way::Staging => "through a folder of this machine (staging)",
        };
        if self.why.is_empty() { way.to_owned() } else { format!("{way}: {}", self.why) }
    }
}
