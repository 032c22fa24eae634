//! What is at a path, in one round trip.

use serde::{Deserialize, Serialize};

use crate::actions::contract::ActionError;
use crate::base::StepId;
use crate::transport::{Command, Output};

const LOOK: &str = include_str!("look.sh");

/// So much content is fetched to show how it changes.
pub const SHOWN: u64 = 1 << 20;

/// What is asked about a path.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The path: absolute.
    pub path: &'a str,
    /// Whether a symbolic link stands for what it leads to.
    pub follow: bool,
    /// Whether the content counts.
    pub hash: bool,
    /// A user to look up.
    pub owner: Option<&'a str>,
    /// A group to look up.
    pub group: Option<&'a str>,
    /// The most content to be shown.
    pub limit: u64,
    /// Whether the room on the disk counts.
    pub space: bool,
    /// What a link there is to lead to.
    pub to: Option<&'a str>,
    /// A folder with what was left there.
    pub kept: Option<&'a str>,
}

impl<'a> Question<'a> {
    /// What stands at `path`, content and all.
    #[must_use]
    pub fn about(path: &'a str) -> Self {
        Self {
            path,
            follow: true,
            hash: true,
            owner: None,
            group: None,
            limit: SHOWN,
            space: false,
            to: None,
            kept: None,
        }
    }

    /// The script that asks. [`Look::read`] reads its answer.
    #[must_use]
    pub fn command(&self) -> Command {
        self.command_and("")
    }

    /// The same with a script behind it, which finds the real path in `$r`. [`Look::read_and`] gives what that says.
    #[must_use]
    pub fn command_and(&self, more: &str) -> Command {
        let flag = |flag: bool| if flag { "1" } else { "0" };
        Command::read(format!("{LOOK}{more}"))
            .env("P", self.path)
            .env("FOLLOW", flag(self.follow))
            .env("HASH", flag(self.hash))
            .env("OWNER", self.owner.unwrap_or_default())
            .env("GROUP", self.group.unwrap_or_default())
            .env("LIMIT", self.limit.to_string())
            .env("SPACE", flag(self.space))
            .env("TO", self.to.unwrap_or_default())
            .env("KEPT", self.kept.unwrap_or_default())
    }
}

/// What kind of thing stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// An ordinary file.
    File,
    /// A folder.
    Directory,
    /// A symbolic link.
    Link,
    /// A device, a socket, a pipe.
    Other,
}

impl Kind {
    /// As in 'there is a folder'.
    #[must_use]
    pub fn in_words(self) -> &'static str {
        match self {
            Self::File => "a file",
            Self::Directory => "a folder",
            Self::Link => "a symbolic link",
            Self::Other => "a device, socket or pipe",
        }
    }
}

/// What tells whether a thing is still what it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Print {
    /// What it is.
    pub kind: Kind,
    /// SHA-256 of its content, of a link where it leads, in hex; empty where that does not count.
    pub sha256: String,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Its permission bits.
    pub mode: u32,
}

/// A thing that stands at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct There {
    /// What it is and holds.
    pub print: Print,
    /// Its owner's name; the number where there is none.
    pub owner: String,
    /// Its group's name; the number where there is none.
    pub group: String,
    /// Its size in bytes.
    pub size: u64,
    /// How many names it has.
    pub names: u64,
    /// Where it leads, if it is a link.
    pub target: Vec<u8>,
    /// Whether something is mounted there.
    pub mounted: bool,
    /// Whether it has an ACL that would be lost.
    pub loses_acl: bool,
    /// Its content, where everybody may read it and it is not too long.
    pub content: Option<Vec<u8>>,
}

/// Whether new names can be made in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// They can.
    Open,
    /// It cannot be written.
    ReadOnly,
    /// It cannot be entered.
    Closed,
    /// It is no folder.
    Blocked,
}

/// The folder that a path is in, or the nearest one above that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Its path.
    pub path: String,
    /// Whether new names can be made in it.
    pub access: Access,
    /// Whether everybody can get there.
    pub everybody: bool,
    /// Whether what is made in it gets its group, and folders this bit.
    pub set_gid: bool,
}

/// Who looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Me {
    /// The user's number.
    pub uid: u32,
    /// The groups' numbers.
    pub groups: Vec<u32>,
    /// The group of what the user makes there.
    pub gid: u32,
}

/// A name that was looked up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nobody asked.
    Unasked,
    /// There is no such name.
    Unknown,
    /// Its number.
    Number(u32),
}

/// What a try left at the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// SHA-256 of its content; `-` where that does not count.
    pub sha256: String,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// Its permission bits.
    pub mode: u32,
    /// Which try that was, where that counts.
    pub attempt: Option<u32>,
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// The path as it was asked about.
    pub path: String,
    /// Where that leads; empty where links go round in circles.
    pub real: String,
    /// Whether the path is a link that was followed.
    pub linked: bool,
    /// What stands there.
    pub there: Option<There>,
    /// The earlier step of a dry run that leaves it so; none: it stands there now.
    pub by: Option<StepId>,
    /// Where it stands.
    pub folder: Folder,
    /// Who looks.
    pub me: Me,
    /// The user that was asked for.
    pub owner: Found,
    /// The group that was asked for.
    pub group: Found,
    /// The room on the disk, in KiB.
    pub room: Option<u64>,
    /// Whether there is something where the link is to lead.
    pub leads: bool,
    /// What tries have left there, in order.
    pub left: Vec<Left>,
    /// The content that the last of them left, where it was kept to be shown.
    pub left_content: Option<Vec<u8>>,
}

impl Look {
    /// Reads the answer to a question about `path`.
    ///
    /// # Errors
    /// Where the host could not look.
    pub fn read(path: &str, said: &Output) -> Result<Self, ActionError> {
        Self::read_and(path, said).map(|(look, _)| look)
    }

    /// The same where a script came behind, and what that said.
    ///
    /// # Errors
    /// Where the host could not look.
    pub fn read_and(path: &str, said: &Output) -> Result<(Self, Vec<u8>), ActionError> {
        let cannot = |why: &str| ActionError::failed(format!("cannot look at {path}: {why}"));
        if !said.success() {
            return Err(cannot(said.error_text().trim()));
        }
        parse(path, &said.stdout).map_err(|why| cannot(&why))
    }

    /// Whether the whole way to the path's folder is there.
    #[must_use]
    pub fn folder_is_there(&self) -> bool {
        folder_of(&self.real) == self.folder.path
    }
}

/// The folder that `path`, which is absolute, is in.
#[must_use]
pub fn folder_of(path: &str) -> &str {
    match path.rsplit_once('/') {
        Some(("", _)) | None => "/",
        Some((folder, _)) => folder,
    }
}

/// The fields of an answer, one after the other.
struct Answer<'a>(&'a [u8]);

impl Answer<'_> {
    fn bytes(&mut self) -> Result<&[u8], String> {
        let end = memchr::memchr(0, self.0).ok_or("the answer breaks off")?;
        let field = &self.0[..end];
        self.0 = &self.0[end + 1..];
        Ok(field)
    }

    fn text(&mut self) -> Result<String, String> {
        let bytes = self.bytes()?.to_vec();
        String::from_utf8(bytes).map_err(|error| format!("{} is not UTF-8", String::from_utf8_lossy(error.as_bytes())))
    }

    fn flag(&mut self) -> Result<bool, String> {
        Ok(self.bytes()? == b"1")
    }

    fn number<N: std::str::FromStr + Default>(&mut self) -> Result<N, String> {
        let text = self.text()?;
        if text.is_empty() {
            return Ok(N::default());
        }
        text.parse().map_err(|_| format!("`{text}` is no number"))
    }

    fn found(&mut self) -> Result<Found, String> {
        let text = self.text()?;
        match text.as_str() {
            "" => Ok(Found::Unasked),
            "?" => Ok(Found::Unknown),
            number => number.parse().map(Found::Number).map_err(|_| format!("`{number}` is no number")),
        }
    }
}

fn parse(path: &str, bytes: &[u8]) -> Result<(Look, Vec<u8>), String> {
    let mut answer = Answer(bytes);
    let kind = match answer.text()?.as_str() {
        "file" => Some(Kind::File),
        "directory" => Some(Kind::Directory),
        "link" => Some(Kind::Link),
        "other" => Some(Kind::Other),
        _ => None,
    };
    let (real, linked) = (answer.text()?, answer.flag()?);
    let mode = u32::from_str_radix(&format!("0{}", answer.text()?), 8).map_err(|error| error.to_string())?;
    let (uid, gid) = (answer.number()?, answer.number()?);
    let name = |name: String, number: u32| if name == "UNKNOWN" { number.to_string() } else { name };
    let (owner, group) = (name(answer.text()?, uid), name(answer.text()?, gid));
    let (size, names) = (answer.number()?, answer.number()?);
    let (sha256, target) = (answer.text()?, answer.bytes()?.to_vec());
    let nearest = answer.text()?;
    let access = match answer.text()?.as_str() {
        "open" => Access::Open,
        "read-only" => Access::ReadOnly,
        "closed" => Access::Closed,
        _ => Access::Blocked,
    };
    let uid_of_me = answer.number()?;
    let groups = answer.text()?.split_whitespace().filter_map(|group| group.parse().ok()).collect();
    let me = Me { uid: uid_of_me, groups, gid: answer.number()? };
    let set_gid = answer.flag()?;
    let folder = Folder { path: nearest, access, everybody: answer.flag()?, set_gid };
    let (mounted, loses_acl) = (answer.flag()?, answer.text()? == "lost");
    let (owner_asked, group_asked) = (answer.found()?, answer.found()?);
    let room = answer.text()?.parse().ok();
    let leads = answer.flag()?;
    let left = answer.text()?.lines().filter_map(parse_left).collect::<Vec<_>>();
    let length: usize = answer.number()?;
    let shown = answer.flag()?;
    let (before, content) = answer.0.split_at_checked(length).ok_or("the answer breaks off")?;
    let rest = if shown { Vec::new() } else { content.to_vec() };
    let there = kind.map(|kind| There {
        print: Print { kind, sha256, uid, gid, mode },
        owner,
        group,
        size,
        names,
        target,
        mounted,
        loses_acl,
        content: shown.then(|| content.to_vec()),
    });
    let look = Look {
        path: path.to_owned(),
        real,
        linked,
        there,
        by: None,
        folder,
        me,
        owner: owner_asked,
        group: group_asked,
        room,
        leads,
        left_content: (length > 0).then(|| before.to_vec()),
        left,
    };
    Ok((look, rest))
}

fn parse_left(line: &str) -> Option<Left> {
    let mut words = line.split(' ');
    let (sha256, uid, gid, mode) = (words.next()?, words.next()?, words.next()?, words.next()?);
    Some(Left {
        sha256: sha256.to_owned(),
        uid: uid.parse().ok()?,
        gid: gid.parse().ok()?,
        mode: u32::from_str_radix(mode, 8).ok()?,
        attempt: words.next().and_then(|word| word.parse().ok()),
    })
}
