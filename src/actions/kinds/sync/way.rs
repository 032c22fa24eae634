//! Which way the bytes of a sync go, and why.

use crate::actions::context::Read;
use crate::actions::contract::ActionError;
use crate::actions::passage::{Choice, Door, Via};
use crate::base::Role;
use crate::display::bytes;

use super::decode::Place;
use super::end::End;
use super::seen::Seen;

/// Chooses the way; in words why there is none.
pub(super) async fn choose(
    via: Via,
    seen: &mut Seen,
    door: Result<Door, String>,
    cx: &Read<'_>,
) -> Result<Option<String>, ActionError> {
    if via == Via::Staging {
        return stage(seen, cx).await;
    }
    seen.choice = Choice::through(door).await?;
    Ok(seen.choice.obstacle(via))
}

/// Looks at the operator's machine, through which the files go; in words why they cannot.
async fn stage(seen: &mut Seen, cx: &Read<'_>) -> Result<Option<String>, ActionError> {
    let home = cx.around().job_home(&Role::local(), None).await?;
    let kept = home.kept(cx.env().run, cx.env().unit);
    let place = Place { role: Role::local(), path: format!("{kept}/staging/") };
    let here = End::look(&place, cx).await?;
    if let Some(why) = here.lacks() {
        return Ok(Some(why));
    }
    if let Some(room) = here.room.filter(|room| *room < seen.tally.bytes) {
        let needed = bytes(seen.tally.bytes);
        return Ok(Some(format!(
            "{} has {} left on this machine, and up to {needed} go through it",
            here.real,
            bytes(room)
        )));
    }
    seen.staging = Some(format!("{kept}/staging"));
    Ok(None)
}

impl Seen {
    /// The way, in a line.
    pub(super) fn way_in_words(&self) -> String {
        match &self.staging {
            Some(_) => "through a folder of this machine (staging)".to_owned(),
            None => self.choice.in_words(),
        }
    }
}
