//! The two ends of a sync: who acts there, with which rsync, and what stands there.

use crate::actions::context::{Host, Read};
use crate::actions::contract::ActionError;
use crate::base::Role;
use crate::transport::Command;

use super::decode::Place;

const LOOK: &str = include_str!("look.sh");

/// What rsync has had since 3.1: `--info` and `--outbuf`.
const OLDEST: (u32, u32) = (3, 1);

/// File systems that know neither ACLs nor extended attributes.
const PLAIN: [&str; 7] = ["msdos", "vfat", "exfat", "isofs", "fuseblk", "nfs", "smb2"];

/// An end.
#[expect(clippy::struct_excessive_bools, reason = "each is what the host says about one thing")]
pub(super) struct End {
    pub(super) host: Host,
    pub(super) role: Role,
    /// The path as written, a slash at its end included.
    pub(super) path: String,
    pub(super) uid: u32,
    pub(super) user: String,
    pub(super) rsync: Option<Rsync>,
    pub(super) kind: Kind,
    /// Whether the path itself is a symbolic link.
    pub(super) linked: bool,
    /// Where the path, or the nearest folder above it, really is.
    pub(super) real: String,
    /// Where the folder that it is in really is; empty where there is none.
    pub(super) parent: String,
    /// The room that is left, in bytes.
    pub(super) room: Option<u64>,
    pub(super) file_system: String,
    pub(super) device: String,
    pub(super) parent_device: String,
    pub(super) parent_writable: bool,
    pub(super) writable: bool,
    pub(super) readable: bool,
    pub(super) kept_device: String,
    /// The folder where what undo needs is kept.
    pub(super) kept: String,
}

/// What stands at an end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Directory,
    File,
    Other,
    Absent,
}

/// An rsync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Rsync {
    pub(super) version: (u32, u32, u32),
    pub(super) acls: bool,
    pub(super) xattrs: bool,
}

impl End {
    /// Looks at a place.
    pub(super) async fn look(place: &Place, cx: &Read<'_>) -> Result<Self, ActionError> {
        let host = cx.other_as(&place.role, None).await?;
        let home = cx.around().job_home(&place.role, host.become_user()).await?;
        let kept = home.kept(cx.env().run, cx.env().unit);
        let path = match place.path.trim_end_matches('/') {
            "" => "/",
            path => path,
        };
        let said = host.read(Command::read(LOOK).env("P", path).env("K", kept.clone())).await?;
        let cannot = |why: &str| ActionError::failed(format!("cannot look at {path} on {}: {why}", place.role));
        if !said.success() {
            return Err(cannot(said.error_text().trim()));
        }
        let text = String::from_utf8(said.stdout).map_err(|_| cannot("its name is not UTF-8"))?;
        let fields: Vec<&str> = text.split_terminator('\0').collect();
        let Ok::<[&str; 14], _>(fields) = fields.try_into() else { return Err(cannot("the answer breaks off")) };
        let [uid, user, rsync, kind, linked, real, parent, room, device, above, above_open, open, readable, kept_on] =
            fields;
        let mut disk = room.splitn(3, ' ');
        let mut number = || disk.next().and_then(|word| word.parse::<u64>().ok());
        let room = number().zip(number()).map(|(blocks, size)| blocks.saturating_mul(size));
        Ok(Self {
            host,
            role: place.role.clone(),
            path: place.path.clone(),
            uid: uid.parse().map_err(|_| cannot("it does not say who we are"))?,
            user: user.to_owned(),
            rsync: Rsync::parse(rsync),
            kind: match kind {
                "directory" => Kind::Directory,
                "file" => Kind::File,
                "absent" => Kind::Absent,
                _ => Kind::Other,
            },
            linked: linked == "1",
            real: real.to_owned(),
            parent: parent.to_owned(),
            room,
            file_system: disk.next().unwrap_or_default().to_owned(),
            device: device.to_owned(),
            parent_device: above.to_owned(),
            parent_writable: above_open == "1",
            writable: open == "1",
            readable: readable == "1",
            kept_device: kept_on.to_owned(),
            kept,
        })
    }

    /// What else may be the matter where nothing is seen: only root sees everything.
    pub(super) fn or_closed(&self) -> String {
        if self.uid == 0 { String::new() } else { format!(", or {} may not look there", self.user) }
    }

    /// Where a host keeps all of runbook's own: it is neither copied nor deleted.
    pub(super) fn home(&self) -> &str {
        self.kept.rsplitn(4, '/').nth(3).unwrap_or(&self.kept)
    }

    /// Whether it was written with a slash at its end.
    pub(super) fn slash(&self) -> bool {
        self.path.ends_with('/')
    }

    /// The last part of its path.
    pub(super) fn name(&self) -> &str {
        let path = self.path.trim_end_matches('/');
        path.rsplit_once('/').map_or(path, |(_, name)| name)
    }

    /// The folder that its path names it in.
    pub(super) fn folder(&self) -> &str {
        match self.path.trim_end_matches('/').rsplit_once('/') {
            Some(("", _)) | None => "/",
            Some((folder, _)) => folder,
        }
    }

    /// Whether ACLs and extended attributes can be there.
    pub(super) fn is_plain(&self) -> bool {
        PLAIN.contains(&self.file_system.as_str())
    }

    /// Why there can be no rsync.
    pub(super) fn lacks(&self) -> Option<String> {
        let role = &self.role;
        match &self.rsync {
            None => Some(format!("there is no rsync on {role}: install its package `rsync` there")),
            Some(Rsync { version: (major, minor, patch), .. }) if (*major, *minor) < OLDEST => {
                Some(format!("rsync on {role} is {major}.{minor}.{patch}: 3.1 or a later one is needed"))
            }
            Some(_) => None,
        }
    }
}

impl Rsync {
    /// Reads what `rsync --version` says.
    fn parse(text: &str) -> Option<Self> {
        let version = text.lines().next()?.split_once("version ")?.1;
        let version = version.split_whitespace().next()?.trim_start_matches('v');
        let mut numbers =
            version.split('.').map(|part| part.chars().take_while(char::is_ascii_digit).collect::<String>());
        let mut number = || numbers.next().and_then(|digits| digits.parse().ok());
        let version = (number()?, number()?, number().unwrap_or_default());
        let can = |what: &str| {
            let words = text.split([',', '\n']).map(str::trim);
            words.into_iter().any(|word| word == what || word.strip_prefix("no ").is_none() && word.ends_with(what))
        };
        Some(Self { version, acls: can("ACLs"), xattrs: can("xattrs") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_and_what_they_can() {
        let text = "rsync  version 3.2.7  protocol version 31\nCopyright\nCapabilities:\n    64-bit files, socketpairs, ACLs,\n    \
                    xattrs, optional protect-args\n";
        assert_eq!(Rsync::parse(text), Some(Rsync { version: (3, 2, 7), acls: true, xattrs: true }));
        let text = "rsync  version v3.1.0pre1  protocol version 30\n    append, no ACLs, xattrs\n";
        assert_eq!(Rsync::parse(text), Some(Rsync { version: (3, 1, 0), acls: false, xattrs: true }));
        assert_eq!(Rsync::parse(""), None);
    }
}
