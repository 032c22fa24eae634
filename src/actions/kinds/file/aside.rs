//! What goes is moved aside, not deleted.

use serde::{Deserialize, Serialize};

use crate::actions::context::Write;
use crate::actions::contract::ActionError;
use crate::actions::remote_file::{
    Changes, Kind, Look, Print, Question, Seen as Thing, There, change, verdict, writable,
};
use crate::base::Role;
use crate::display::bytes;
use crate::events::record::Outputs;
use crate::transport::Command;

use super::action::File;
use super::judge::{Plan, Seen};

/// Says where it can be moved aside, and how much is in it.
pub(super) const LOOK: &str = include_str!("free.sh");
const ASIDE: &str = concat!(include_str!("../../remote_file/common.sh"), include_str!("aside.sh"));
const BACK: &str = concat!(include_str!("../../remote_file/common.sh"), include_str!("again.sh"));

/// More entries than this are not counted.
const MANY: u64 = 100_000;

/// How the thing that stands there goes.
pub(super) fn plan(file: &File, look: &Look, there: &There, more: &[u8], role: &Role) -> Result<Seen, String> {
    writable(look, role)?;
    let path = &file.path;
    if there.mounted {
        return Err(format!("{path} is a mount point on {role}: it cannot be moved aside"));
    }
    let mut words = more.split(|byte| *byte == 0);
    let aside = words.next().and_then(|word| String::from_utf8(word.to_vec()).ok()).filter(|aside| !aside.is_empty());
    let aside = aside.ok_or_else(|| format!("{role} does not say where {path} can be moved aside"))?;
    let count: u64 = words.next().and_then(|word| std::str::from_utf8(word).ok()?.trim().parse().ok()).unwrap_or(0);
    let mut changes = Changes::default();
    let what = match there.print.kind {
        Kind::Directory if count > MANY => format!("a folder with more than {MANY} entries"),
        Kind::Directory => format!("a folder with {count} entries"),
        Kind::File => format!("a file of {}", bytes(there.size)),
        Kind::Link => format!("a link to {}", String::from_utf8_lossy(&there.target)),
        Kind::Other => there.print.kind.in_words().to_owned(),
    };
    changes.note("moved aside under a dot name beside it, until the run is cleaned up");
    let print = Print { sha256: String::new(), ..there.print.clone() };
    let thing = Thing::plain(look, Some(print.clone()), print, format!("remove {path}, {what}"), &changes);
    Ok(Seen { thing, plan: Plan::Aside { aside } })
}

/// Moves the thing aside.
pub(super) async fn move_aside(seen: &Seen, aside: &str, cx: &Write<'_>) -> Result<Outputs, ActionError> {
    change(&seen.thing, ASIDE, &[("A", aside)], cx).await
}

/// What moves a thing back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Aside {
    pub(super) path: String,
    pub(super) to: String,
    pub(super) before: Print,
    pub(super) kept: String,
    pub(super) unit: String,
}

impl Aside {
    /// Moves it back, if nothing else stands there now.
    pub(super) async fn back(&self, cx: &Write<'_>) -> Result<String, ActionError> {
        let path = &self.path;
        let question = Question { follow: false, hash: false, limit: 0, ..Question::about(path) };
        let command = question.command_and(include_str!("exists.sh")).env("A", self.to.clone());
        let (look, more) = Look::read_and(path, &cx.sh(command).await?)?;
        let aside = more == b"1";
        let back = match &look.there {
            None if aside => true,
            None => return Err(self.changed(format!("neither it nor {} is there", self.to))),
            Some(there) if !aside && same(&self.before, &there.print) => false,
            Some(there) => {
                let what = there.print.kind.in_words();
                let kept = if aside { format!("; what was there before is in {}", self.to) } else { String::new() };
                return Err(self.changed(format!("{what} stands there now{kept}")));
            }
        };
        let last = cx.env().unit.to_string() == self.unit;
        let command = Command::change(BACK)
            .env("R", path.clone())
            .env("A", self.to.clone())
            .env("K", self.kept.clone())
            .env("N", "")
            .env("BACK", if back { "1" } else { "0" })
            .env("L", if last { "1" } else { "0" });
        let said = cx.change(command).await?;
        let words = verdict(&said, &format!("moving {path} back"), cx.around().masker())?;
        match words.first().map(String::as_str) {
            Some("done") if back => Ok("moved back".to_owned()),
            Some("done") => Ok("was already as before".to_owned()),
            _ => Err(self.changed("something stands there at this moment".to_owned())),
        }
    }

    fn changed(&self, difference: String) -> ActionError {
        ActionError::Changed { what: self.path.clone(), difference }
    }
}

fn same(before: &Print, now: &Print) -> bool {
    before.kind == now.kind && (before.uid, before.gid, before.mode) == (now.uid, now.gid, now.mode)
}
