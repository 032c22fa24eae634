//! Puts a file or link back as it was.

use serde::{Deserialize, Serialize};

use crate::actions::context::{Read, Write};
use crate::actions::contract::ActionError;
use crate::actions::keepsake;
use crate::base::Masker;
use crate::events::record::Keepsake;
use crate::transport::Command;

use super::detail::{Changes, Content, Text};
use super::failing::verdict;
use super::hash::sha256;
use super::keep::hash;
use super::look::{Kind, Left, Look, Print, Question};
use super::names::{kept_beside, temporary};
use super::put::try_name;

const BACK: &str = concat!(include_str!("common.sh"), include_str!("back.sh"));

/// What puts a file or link back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// The path of the thing itself.
    path: String,
    /// What stood there; none: nothing.
    before: Option<Print>,
    /// What apply leaves there. None where that holds a secret: the host alone knows the hash of it.
    after: Option<Print>,
    /// Where the host keeps what is needed.
    kept: String,
    /// The unit whose undo this is: where another takes it back, it may be applied again, and taken back again.
    unit: String,
    /// How the names of the unit's temporary files begin.
    temporary: String,
    /// The other name that what stood there may have, where it was too long to be copied.
    #[serde(default)]
    aside: Option<String>,
}

/// What has to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Back {
    /// Nothing.
    Already,
    /// The copy takes its place.
    Copy,
    /// It goes.
    Remove,
    /// Owner, group and mode.
    Dress,
}

impl Undo {
    /// What puts back what stands at `path`; what is needed of it is kept in the folder `kept`.
    #[must_use]
    pub fn new(path: &str, before: Option<Print>, after: Option<Print>, kept: String, cx: &Read<'_>) -> Self {
        let temporary = temporary(path, cx.env().run, cx.env().unit);
        Self { path: path.to_owned(), before, after, kept, unit: cx.env().unit.to_string(), temporary, aside: None }
    }

    /// The same where what stands there is kept by another name.
    #[must_use]
    pub fn kept_aside(self, cx: &Read<'_>) -> Self {
        let aside = Some(kept_beside(&self.path, cx.env().run, cx.env().unit));
        Self { aside, ..self }
    }

    /// What it keeps beside the thing: what is too long to be copied, and a file that has more names on a disk of its own.
    ///
    /// # Errors
    /// Where the host was not reached.
    pub async fn kept(&self, cx: &Read<'_>) -> Result<Vec<Keepsake>, ActionError> {
        let host = cx.host()?;
        let mut kept = Vec::new();
        for path in self.aside.iter().cloned().chain([format!("{}kept", self.temporary)]) {
            kept.extend(keepsake::at(&host, &path).await?);
        }
        Ok(kept)
    }

    /// Removes that, and what a try that came to no end has left beside the thing.
    ///
    /// # Errors
    /// Where the host was not reached, or something stays.
    pub async fn discard(&self, cx: &Write<'_>) -> Result<(), ActionError> {
        let host = cx.host()?;
        if let Some(aside) = &self.aside {
            keepsake::remove(&host, aside, cx).await?;
        }
        keepsake::remove_all(&host, &self.temporary, cx).await
    }

    /// Puts it back, unless somebody else has changed it since.
    ///
    /// # Errors
    /// Where somebody has, or the host cannot.
    pub async fn run(&self, cx: &Write<'_>) -> Result<String, ActionError> {
        let question =
            Question { follow: false, hash: self.hashes(), kept: Some(&self.kept), ..Question::about(&self.path) };
        let look = Look::read(&self.path, &cx.sh(question.command()).await?)?;
        let masker = cx.around().masker();
        let back = self.judge(&look, masker)?;
        let said = cx.change(self.command(back, &look, cx)).await?;
        match verdict(&said, &format!("putting {} back", self.path), masker)?.first().map(String::as_str) {
            Some("done") => Ok(back.in_words()),
            Some("others") => Err(ActionError::Changed {
                what: self.path.clone(),
                difference: "another of its names has been given another content".to_owned(),
            }),
            _ => Err(ActionError::Changed {
                what: self.path.clone(),
                difference: "it is being changed at this moment".to_owned(),
            }),
        }
    }

    fn hashes(&self) -> bool {
        let counts = |print: &Option<Print>| print.as_ref().is_none_or(|print| !print.sha256.is_empty());
        counts(&self.before) && counts(&self.after)
    }

    fn command(&self, back: Back, look: &Look, cx: &Write<'_>) -> Command {
        let now = look.there.as_ref().map(|there| &there.print);
        let guard = if self.hashes() && back != Back::Already { hash(now) } else { String::new() };
        let last = cx.env().unit.to_string() == self.unit;
        let (uid, gid, mode) = self.before.as_ref().map_or((0, 0, 0), |before| (before.uid, before.gid, before.mode));
        Command::change(BACK)
            .env("R", self.path.clone())
            .env("K", self.kept.clone())
            .env("N", self.temporary.clone())
            .env("T", format!("{}{}", self.temporary, try_name()))
            .env("Q", self.aside.clone().unwrap_or_default())
            .env("A", back.word())
            .env("C", guard)
            .env("O", hash(self.before.as_ref()))
            .env("L", if last { "1" } else { "0" })
            .env("U", uid.to_string())
            .env("G", gid.to_string())
            .env("M", format!("{mode:05o}"))
    }

    /// What has to be done, going by what stands there now.
    fn judge(&self, look: &Look, masker: &Masker) -> Result<Back, ActionError> {
        let now = look.there.as_ref().map(|there| &there.print);
        let kind = self.kind();
        let lefts: Vec<Print> =
            self.after.iter().cloned().chain(look.left.iter().map(|left| print(left, kind))).collect();
        let written = self.before.as_ref().is_none_or(|before| lefts.iter().any(|left| left.sha256 != before.sha256));
        match (&self.before, now) {
            (None, None) => return Ok(Back::Already),
            (Some(before), Some(now))
                if !written && same(before, &Print { sha256: before.sha256.clone(), ..now.clone() }) =>
            {
                return Ok(Back::Already);
            }
            (Some(before), Some(now)) if same(before, now) => return Ok(Back::Already),
            (None, Some(now)) if lefts.iter().any(|left| same(left, now)) => return Ok(Back::Remove),
            (Some(before), Some(now)) if lefts.iter().any(|left| left_by(left, before, now)) => {
                return Ok(if written && before.sha256 != now.sha256 { Back::Copy } else { Back::Dress });
            }
            _ => {}
        }
        Err(ActionError::Changed { what: self.path.clone(), difference: self.difference(look, lefts.last(), masker) })
    }

    fn kind(&self) -> Kind {
        self.after.as_ref().or(self.before.as_ref()).map_or(Kind::File, |print| print.kind)
    }

    /// What is otherwise than it was left.
    fn difference(&self, look: &Look, left: Option<&Print>, masker: &Masker) -> String {
        let Some(there) = &look.there else { return "it is gone".to_owned() };
        let now = &there.print;
        let mut changes = Changes::default();
        let Some(left) = left else {
            return "it is not what it was before, and nothing says that it was written by this run".to_owned();
        };
        if now.kind != left.kind {
            return format!("{} stands there now", now.kind.in_words());
        }
        changes.turn("owner", &left.uid.to_string(), &there.print.uid.to_string());
        changes.turn("group", &left.gid.to_string(), &there.print.gid.to_string());
        if now.kind != Kind::Link {
            changes.mode(left.mode, now.mode);
        }
        if now.sha256 != left.sha256 {
            match (&look.left_content, Content::of(look, there)) {
                (Some(content), now) if sha256(content) == left.sha256 => {
                    let left = Content { size: content.len() as u64, sha256: &left.sha256, text: Text::Whole(content) };
                    changes.content(&self.path, Some(left), now, masker);
                }
                (_, Content { text: Text::Private, .. }) => {
                    changes.note("another content (not shown: the file is not readable by everybody)");
                }
                _ if now.kind == Kind::Link => {
                    changes.note(format!("it leads to {}", String::from_utf8_lossy(&there.target)));
                }
                _ => changes.note("another content"),
            }
        }
        let text = changes.text();
        if text.contains('\n') { format!("\n{text}") } else { text }
    }
}

impl Back {
    fn word(self) -> &'static str {
        match self {
            Self::Already => "nothing",
            Self::Copy => "copy",
            Self::Remove => "remove",
            Self::Dress => "dress",
        }
    }

    fn in_words(self) -> String {
        let words = match self {
            Self::Already => "was already as before",
            Self::Copy => "what was there before is put back",
            Self::Remove => "removed: there was nothing before",
            Self::Dress => "owner, group and mode are as before",
        };
        words.to_owned()
    }
}

fn print(left: &Left, kind: Kind) -> Print {
    let sha256 = if left.sha256 == "-" { String::new() } else { left.sha256.clone() };
    Print { kind, sha256, uid: left.uid, gid: left.gid, mode: left.mode }
}

/// Whether two things are the same. A link's mode says nothing.
fn same(a: &Print, b: &Print) -> bool {
    let mode = a.kind == Kind::Link || a.mode == b.mode;
    a.kind == b.kind && a.sha256 == b.sha256 && (a.uid, a.gid) == (b.uid, b.gid) && mode
}

/// Whether `now` is what a try left that found `before`, to its end or half-way. A content takes its place in one step, with its owner and
/// mode; these alone are set one after the other, and whoever changes the content then does not change what is put back.
fn left_by(left: &Print, before: &Print, now: &Print) -> bool {
    if left.sha256 != before.sha256 || left.kind == Kind::Link {
        return same(left, now);
    }
    let ours = |now: u32, one: u32, other: u32| now == one || now == other;
    let modes = [left.mode, before.mode, before.mode & !0o6000];
    now.kind == before.kind
        && ours(now.uid, left.uid, before.uid)
        && ours(now.gid, left.gid, before.gid)
        && modes.contains(&now.mode)
}

#[cfg(test)]
mod tests {
    use super::super::look::{Access, Folder, Found, Me, There};
    use super::*;

    fn file(sha256: &str, mode: u32) -> Print {
        Print { kind: Kind::File, sha256: sha256.to_owned(), uid: 0, gid: 0, mode }
    }

    fn undo(before: Option<Print>, after: Option<Print>) -> Undo {
        Undo {
            path: "/etc/x".into(),
            before,
            after,
            kept: "/k".into(),
            unit: "u@old".into(),
            temporary: "/etc/.x.runbook-1.".into(),
            aside: None,
        }
    }

    fn look(now: Option<Print>, left: &[(&str, u32)]) -> Look {
        let there = now.map(|print| There {
            print,
            owner: "root".into(),
            group: "root".into(),
            size: 1,
            names: 1,
            target: Vec::new(),
            mounted: false,
            loses_acl: false,
            content: None,
        });
        let left = left.iter().map(|(hash, mode)| Left {
            sha256: (*hash).to_owned(),
            uid: 0,
            gid: 0,
            mode: *mode,
            attempt: None,
        });
        Look {
            path: "/etc/x".into(),
            real: "/etc/x".into(),
            linked: false,
            there,
            by: None,
            folder: Folder { path: "/etc".into(), access: Access::Open, everybody: true, set_gid: false },
            me: Me { uid: 0, groups: vec![0], gid: 0 },
            owner: Found::Unasked,
            group: Found::Unasked,
            room: None,
            leads: false,
            left: left.collect(),
            left_content: None,
        }
    }

    fn judged(undo: &Undo, look: &Look) -> Result<Back, String> {
        undo.judge(look, &Masker::default()).map_err(|error| error.to_string())
    }

    #[test]
    fn what_apply_left_is_taken_back_and_nothing_else() {
        let replaced = undo(Some(file("a", 0o644)), Some(file("b", 0o600)));
        assert_eq!(judged(&replaced, &look(Some(file("b", 0o600)), &[])), Ok(Back::Copy));
        assert_eq!(judged(&replaced, &look(Some(file("a", 0o644)), &[])), Ok(Back::Already));
        for (now, due) in [
            (Some(file("b", 0o644)), "/etc/x has changed since: mode 0600 -> 0644"),
            (
                Some(file("c", 0o600)),
                "/etc/x has changed since: another content (not shown: the file is not readable by everybody)",
            ),
            (None, "/etc/x has changed since: it is gone"),
            (
                Some(Print { kind: Kind::Directory, ..file("", 0o755) }),
                "/etc/x has changed since: a folder stands there now",
            ),
        ] {
            assert_eq!(judged(&replaced, &look(now, &[])).unwrap_err(), due);
        }
    }

    #[test]
    fn what_a_later_try_left_is_known_by_the_hosts_own_notes() {
        let replaced = undo(Some(file("a", 0o644)), Some(file("b", 0o644)));
        let later = look(Some(file("c", 0o600)), &[("b", 0o644), ("c", 0o600)]);
        assert_eq!(judged(&replaced, &later), Ok(Back::Copy));
        let secret = undo(None, None);
        assert_eq!(judged(&secret, &look(Some(file("s", 0o600)), &[("s", 0o600)])), Ok(Back::Remove));
        let error = judged(&secret, &look(Some(file("s", 0o600)), &[])).unwrap_err();
        assert!(error.contains("nothing says that it was written by this run"), "{error}");
    }

    #[test]
    fn metadata_alone_is_put_back_from_half_way_too() {
        let dressed = undo(Some(file("a", 0o4755)), Some(Print { uid: 7, ..file("a", 0o644) }));
        for now in [
            Print { uid: 7, ..file("a", 0o644) },
            Print { uid: 7, ..file("a", 0o755) },
            Print { uid: 7, ..file("another", 0o644) },
        ] {
            assert_eq!(judged(&dressed, &look(Some(now), &[])), Ok(Back::Dress));
        }
        assert!(judged(&dressed, &look(Some(file("a", 0o777)), &[])).is_err());
    }

    #[test]
    fn what_was_made_is_removed_only_as_it_was_made() {
        let made = undo(None, Some(file("b", 0o644)));
        assert_eq!(judged(&made, &look(Some(file("b", 0o644)), &[])), Ok(Back::Remove));
        assert_eq!(judged(&made, &look(None, &[])), Ok(Back::Already));
        assert!(judged(&made, &look(Some(file("c", 0o644)), &[])).is_err());
    }
}
