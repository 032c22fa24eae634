//! Who a thing is to belong to, and who may do what with it.

use crate::base::{Mode, Role};
use crate::model::decode::{self, Fields};

use super::look::{Found, Kind, Look, There};

/// Who a thing is to belong to, as asked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owned {
    /// The owner, by name or number.
    pub owner: Option<String>,
    /// The group, by name or number.
    pub group: Option<String>,
}

impl Owned {
    /// Reads `owner` and `group`.
    pub fn decode(fields: &mut Fields<'_, '_>) -> Self {
        Self {
            owner: fields.optional("owner", decode::checked("a user's name", user_name)),
            group: fields.optional("group", decode::checked("a group's name", user_name)),
        }
    }

    /// Whom a thing will belong to, as numbers; a new one to whoever makes it, where nothing is asked. `made` says whether it is made anew:
    /// then it belongs to whoever does that at first.
    ///
    /// # Errors
    /// Where there is no such user or group on `role`, or only root can do it. In a sentence.
    pub fn numbers(&self, look: &Look, made: bool, role: &Role) -> Result<(u32, u32), String> {
        let there = look.there.as_ref().map(|there| (there.print.uid, there.print.gid));
        let me = (look.me.uid, look.me.gid);
        let now = there.unwrap_or(me);
        let uid = number(look.owner, now.0, "user", self.owner.as_deref(), role)?;
        let gid = number(look.group, now.1, "group", self.group.as_deref(), role)?;
        if look.me.uid == 0 {
            return Ok((uid, gid));
        }
        let (path, first) = (&look.path, if made { me } else { now });
        let (owner, group) = self.whose(look);
        let kept = |asked: bool| if asked { "is to belong to" } else { "belongs to" };
        if uid != first.0 {
            let kept = kept(self.owner.is_some());
            return Err(format!("{path} {kept} {owner}: only root can see to that on {role} (`become: root`)"));
        }
        if gid != first.1 && !look.me.groups.contains(&gid) {
            let kept = kept(self.group.is_some());
            return Err(format!(
                "{path} {kept} the group {group}: only root can see to that on {role} (`become: root`)"
            ));
        }
        Ok((uid, gid))
    }

    /// Whom a thing will belong to, by name.
    #[must_use]
    pub fn whose(&self, look: &Look) -> (String, String) {
        let me = |number: u32| if number == 0 { "root".to_owned() } else { number.to_string() };
        let there = look.there.as_ref();
        let owner = self.owner.clone().or_else(|| there.map(|there| there.owner.clone()));
        let group = self.group.clone().or_else(|| there.map(|there| there.group.clone()));
        (owner.unwrap_or_else(|| me(look.me.uid)), group.unwrap_or_else(|| me(look.me.gid)))
    }
}

fn number(found: Found, now: u32, what: &str, name: Option<&str>, role: &Role) -> Result<u32, String> {
    match found {
        Found::Number(number) => Ok(number),
        Found::Unasked => Ok(now),
        Found::Unknown => Err(format!("there is no {what} `{}` on {role}", name.unwrap_or_default())),
    }
}

/// The mode that a thing will have: what is asked of what it has now, or of `fresh` for a new one. Where its content or its owner is
/// `replaced`, it keeps no set-id bits that were meant for the other: the system takes them away for the same reason.
#[must_use]
pub fn mode_after(there: Option<&There>, asked: Option<&Mode>, fresh: u32, is_dir: bool, replaced: bool) -> u32 {
    let now = match there {
        None => fresh,
        Some(there) if replaced && there.print.kind == Kind::File => there.print.mode & !0o6000,
        Some(there) => there.print.mode,
    };
    asked.map_or(now, |mode| mode.applied_to(now, is_dir))
}

/// A name that `chown` cannot take for anything else.
fn user_name(name: &str) -> Result<String, String> {
    let odd = |c: char| c == ':' || c == '/' || c.is_whitespace() || c.is_control();
    if name.is_empty() || name.starts_with(['-', '+']) || name.contains(odd) {
        return Err("a name or a number".to_owned());
    }
    Ok(name.to_owned())
}
