//! What a dry run's unit will see at a path once the steps before it have run, and what it leaves there itself.

use crate::actions::context::{Host, Read};
use crate::actions::contract::ActionError;
use crate::actions::expected::{Leaves, Standing, Thing, above};
use crate::base::Role;
use crate::transport::Command;

use super::look::{Access, Folder, Kind, Look, Question, SHOWN, There, folder_of};
use super::seen::Seen;

impl Question<'_> {
    /// Asks `host`: how it will be by the time that the unit has its turn, and what a script behind `command` says.
    ///
    /// # Errors
    /// Where the host could not look, or where it cannot be known until an earlier step of a dry run has run.
    pub async fn ask(&self, command: Command, host: &Host, cx: &Read<'_>) -> Result<(Look, Vec<u8>), ActionError> {
        let (look, more) = Look::read_and(self.path, &host.read(command).await?)?;
        Ok((look.by_then(self.follow, host.transport().role(), cx)?, more))
    }
}

impl Look {
    /// What is seen now, but for what earlier steps leave.
    fn by_then(mut self, follow: bool, role: &Role, cx: &Read<'_>) -> Result<Self, ActionError> {
        let expected = |path: &str| cx.around().expected(role, &Thing::Path(path.to_owned()));
        let real = if self.real.is_empty() { self.path.clone() } else { self.real.clone() };
        if real != self.path
            && let Some((step, _)) = expected(&self.path)
        {
            // It will lead elsewhere, or be no link any more: what is there then was not looked at.
            return Err(ActionError::Unknown(step));
        }
        match expected(&real) {
            Some((step, Standing::There(there))) if follow && there.print.kind == Kind::Link => {
                return Err(ActionError::Unknown(step));
            }
            Some((step, Standing::There(there))) => (self.there, self.by) = (Some(*there), Some(step)),
            Some((step, Standing::Nothing)) => (self.there, self.by) = (None, Some(step)),
            Some((step, _)) => {
                return Err(ActionError::Unknown(step));
            }
            None => {}
        }
        let is_gone = |folder: &&str| matches!(expected(folder), Some((_, Standing::Nothing)));
        if let Some(gone) = above(&real).take_while(is_gone).last() {
            folder_of(gone).clone_into(&mut self.folder.path);
        }
        if !self.folder_is_there() {
            self.find_folder(&real, role, cx)?;
        }
        Ok(self)
    }

    /// The nearest folder above that will be there by then.
    fn find_folder(&mut self, real: &str, role: &Role, cx: &Read<'_>) -> Result<(), ActionError> {
        for folder in above(real).take_while(|folder| *folder != self.folder.path) {
            if let Some((_, Standing::There(there))) = cx.around().expected(role, &Thing::Path(folder.to_owned())) {
                let set_gid = there.print.mode & 0o2000 != 0;
                if set_gid {
                    self.me.gid = there.print.gid;
                }
                let access = if there.print.kind == Kind::Directory { self.folder.access } else { Access::Blocked };
                self.folder = Folder {
                    path: folder.to_owned(),
                    access,
                    everybody: self.folder.everybody && there.print.mode & 0o001 != 0,
                    set_gid,
                };
                return Ok(());
            }
        }
        // It may come with a package.
        match cx.around().expected(role, &Thing::Software) {
            Some((step, _)) => Err(ActionError::Unknown(step)),
            None => Ok(()),
        }
    }
}

impl Seen {
    /// What will stand at the path, with `content` where that is known.
    #[must_use]
    pub fn leaves(&self, content: Option<Vec<u8>>) -> Leaves {
        let is_whole = |content: &Vec<u8>| content.len() as u64 == self.size && self.size <= SHOWN;
        // Its hash is all that tells whether a file will be as a later step asks.
        let is_known = self.after.kind != Kind::File || !self.after.sha256.is_empty();
        let content = content.filter(|content| is_whole(content) && self.everybody);
        let there = There { content, ..self.there() };
        self.leave(if is_known { Standing::There(Box::new(there)) } else { Standing::Unknown })
    }

    /// A link that will lead `to`.
    #[must_use]
    pub fn leaves_link(&self, to: &str) -> Leaves {
        self.leave(Standing::There(Box::new(There { target: to.as_bytes().to_vec(), ..self.there() })))
    }

    fn there(&self) -> There {
        There {
            print: self.after.clone(),
            owner: self.owner.clone(),
            group: self.group.clone(),
            size: self.size,
            names: 1,
            target: Vec::new(),
            mounted: false,
            loses_acl: false,
            content: None,
        }
    }

    fn leave(&self, standing: Standing) -> Leaves {
        Leaves::here(Thing::Path(self.real.clone()), standing)
    }
}
