//! What `package` does.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::actions::context::{Read, Stash, Write};
use crate::actions::contract::{Action, ActionError, AfterCrash, Check, LocalFile, Reversible, Verdict};
use crate::actions::durable;
use crate::actions::expected::{Leaves, Standing, Thing};
use crate::actions::remote_file::Kept;
use crate::base::{Role, Spanned};
use crate::events::Preview;
use crate::events::record::Outputs;
use crate::model::{Diagnostics, Form, Node};
use crate::transport::{Command, JobSpec};

use super::back::Undo;
use super::look::{Change, Look, There};
use super::{deb, job, keep};

const LOOK: &str = include_str!("look.sh");
const INSTALL: &str = include_str!("install.sh");

/// That a package is installed, or is not.
#[derive(Debug)]
pub struct Package {
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) deb: Option<Deb>,
    pub(super) state: State,
}

/// Where a `.deb` is.
#[derive(Debug)]
pub(super) enum Deb {
    /// On the operator's machine.
    Local(Spanned<String>),
    /// On the host.
    OnHost(String),
}

/// How a package is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Installed.
    Present,
    /// Installed, in the newest version that apt has.
    Latest,
    /// Not installed.
    Absent,
}

impl State {
    fn word(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Latest => "latest",
            Self::Absent => "absent",
        }
    }
}

/// A package that is not as asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The package that is asked for.
    name: String,
    /// All that changes.
    changes: Vec<Change>,
    /// Whether dpkg was broken off by this unit itself.
    configure: bool,
}

#[async_trait]
impl Action for Package {
    const KIND: &'static str = "package";
    const NEEDS_HOST: bool = true;
    const FORM: Form = super::decode::FORM;
    type Seen = Seen;
    type Undo = Undo;

    fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        super::decode::decode(value, diagnostics)
    }

    async fn check(&self, cx: &Read<'_>) -> Result<Check<Seen>, ActionError> {
        let look = self.look(cx).await?;
        let configure = look.interrupted && is_ours(cx).await?;
        let host = cx.host()?;
        Ok(self.judge(&look, configure, host.transport().role()))
    }

    fn preview(&self, seen: &Seen) -> Preview {
        let own = seen.changes.iter().find(|change| change.name == seen.name);
        let others = seen.changes.len() - usize::from(own.is_some());
        let mut summary = own.map_or_else(|| format!("configure {}", seen.name), Change::in_words);
        if others > 0 {
            summary = format!("{summary}, and {others} more");
        }
        if let Some(Deb::Local(path)) = &self.deb {
            summary = format!("{summary} from {}", path.value);
        }
        let mut detail: Vec<String> = seen.changes.iter().map(Change::in_words).collect();
        if seen.configure {
            detail.insert(0, "dpkg was broken off in the middle: it is brought to its end first".to_owned());
        }
        let undo = "the versions of before are installed again, and what came with it is purged";
        Preview { summary, detail: detail.join("\n"), undo: undo.to_owned() }
    }

    async fn leaves(&self, _seen: &Seen, _cx: &Read<'_>) -> Result<Vec<Leaves>, ActionError> {
        Ok(vec![Leaves::here(Thing::Software, Standing::Unknown)])
    }

    async fn capture(&self, seen: &Seen, cx: &Stash<'_>) -> Result<Reversible<Undo>, ActionError> {
        keep::keep(&seen.changes, cx).await.map(Reversible::By)
    }

    async fn apply(&self, seen: &Seen, cx: &Write<'_>) -> Result<Outputs, ActionError> {
        let spec = self.spec(seen, cx).await?;
        match job::run(&spec, &self.command(seen), cx).await {
            Err(ActionError::Died(why)) => Err(ActionError::failed_with_hint(
                format!("apt was broken off: {why}"),
                "try again: what is half-way is brought to its end first",
            )),
            other => other,
        }
    }

    async fn verify(&self, cx: &Read<'_>) -> Result<Verdict, ActionError> {
        Ok(match self.check(cx).await? {
            Check::Satisfied => Verdict::Holds,
            Check::Differs(seen) => {
                let due: Vec<String> = seen.changes.iter().map(Change::in_words).collect();
                Verdict::Fails(format!("{} is not as asked: {}", seen.name, due.join(", ")))
            }
            Check::Blocked(why) | Check::Unknowable(why) => Verdict::Fails(why),
        })
    }

    async fn undo(undo: &Undo, cx: &Write<'_>) -> Result<String, ActionError> {
        undo.run(cx).await
    }

    fn after_crash(&self) -> AfterCrash {
        AfterCrash::Reattach
    }

    /// A job that goes on is followed. One that died with its host is begun again: dpkg knows how far it came.
    async fn reattach(&self, job: &Value, cx: &Write<'_>) -> Result<Outputs, ActionError> {
        let unknown = || ActionError::failed("the package is no longer to be changed");
        let seen = match self.check(cx).await? {
            Check::Differs(seen) => Some(seen),
            Check::Satisfied | Check::Blocked(_) | Check::Unknowable(_) => None,
        };
        let spec = match &seen {
            Some(seen) => self.spec(seen, cx).await,
            None => Err(unknown()),
        };
        let command = seen.as_ref().map_or_else(|| "apt-get".to_owned(), |seen| self.command(seen));
        match job::find(job, spec, &command, cx).await {
            Err(ActionError::Died(_) | ActionError::NoTrace(_)) => {
                durable::clear_up(job, cx).await?;
                match self.check(cx).await? {
                    Check::Satisfied => Ok(Outputs { changed: true, ..Outputs::default() }),
                    Check::Differs(seen) => self.apply(&seen, cx).await,
                    Check::Blocked(why) | Check::Unknowable(why) => Err(ActionError::failed(why)),
                }
            }
            other => other,
        }
    }

    async fn clear_up(&self, job: &Value, cx: &Read<'_>) -> Result<(), ActionError> {
        durable::clear_up(job, cx).await
    }

    fn local_files(&self) -> Vec<LocalFile> {
        match &self.deb {
            Some(Deb::Local(path)) => vec![LocalFile { path: path.clone(), template: false }],
            Some(Deb::OnHost(_)) | None => Vec::new(),
        }
    }
}

impl Package {
    async fn look(&self, cx: &Read<'_>) -> Result<Look, ActionError> {
        let (head, on_host) = match &self.deb {
            None => (Vec::new(), ""),
            Some(Deb::OnHost(path)) => (Vec::new(), path.as_str()),
            Some(Deb::Local(path)) => (deb::head(&cx.around().local_path(&path.span, path))?, ""),
        };
        let command = Command::read(LOOK)
            .env("NAME", self.name.clone().unwrap_or_default())
            .env("VERSION", self.version.clone().unwrap_or_default())
            .env("STATE", self.state.word())
            .env("DEB", on_host)
            .env("HEAD", if head.is_empty() { "0" } else { "1" })
            .stdin(head);
        Look::read(&cx.sh(command).await?)
    }

    fn judge(&self, look: &Look, configure: bool, role: &Role) -> Check<Seen> {
        if !look.has_apt {
            return Check::Blocked(format!("{role} has no apt and dpkg: `package` is for Debian and its relatives"));
        }
        if let Some(why) = self.obstacle_of_deb(look, role) {
            return Check::Blocked(why);
        }
        let name = self.name.clone().or_else(|| look.deb.as_ref().map(|deb| deb.0.clone())).unwrap_or_default();
        let changes = match &look.foresight {
            None if !configure => return Check::Satisfied,
            None => Vec::new(),
            Some(Err(why)) => {
                return Check::Blocked(format!(
                    "apt cannot on {role}: {why}{}",
                    if why.starts_with("Unable to locate") || why.contains("was not found") {
                        " (are its package lists up to date? `apt-get update`)"
                    } else {
                        ""
                    }
                ));
            }
            Some(Ok(changes)) => self.with_own(changes, look),
        };
        let half = look.stand.there == There::Half;
        if changes.is_empty() && !half && !configure {
            return Check::Satisfied;
        }
        if look.interrupted && !configure {
            return Check::Blocked(format!(
                "dpkg was broken off in the middle of something on {role}: `dpkg --configure -a` there settles that"
            ));
        }
        if look.uid != 0 {
            return Check::Blocked(format!("only root can change packages on {role} (`become: root`)"));
        }
        Check::Differs(Seen { name, changes, configure })
    }

    fn obstacle_of_deb(&self, look: &Look, role: &Role) -> Option<String> {
        let told = match self.deb.as_ref()? {
            Deb::Local(path) => path.value.clone(),
            Deb::OnHost(path) => format!("{path} on {role}"),
        };
        let Some((package, ..)) = &look.deb else {
            let why = look.no_deb.as_deref().unwrap_or_default().trim();
            let why = why.lines().last().unwrap_or_default().trim_start_matches("dpkg-deb: error: ");
            return Some(format!("{told} cannot be read as a package: {why}"));
        };
        let asked = self.name.as_ref()?;
        let plain = asked.split(':').next().unwrap_or_default();
        (plain != package).then(|| format!("{told} is the package {package}, and not {asked}"))
    }

    /// A `.deb` that is not there yet is no part of what apt foresees.
    fn with_own(&self, changes: &[Change], look: &Look) -> Vec<Change> {
        let mut all = changes.to_vec();
        if let (Some(Deb::Local(_)), Some((name, version, _))) = (&self.deb, &look.deb) {
            let from = matches!(look.stand.there, There::Yes | There::Half).then(|| look.stand.version.clone());
            all.push(Change { name: name.clone(), from, to: Some(version.clone()) });
        }
        all
    }

    async fn spec(&self, seen: &Seen, cx: &Write<'_>) -> Result<JobSpec, ActionError> {
        let kept = Kept::of(cx).await?.folder;
        let (what, up) = match (&self.deb, &self.version) {
            (Some(Deb::Local(path)), _) => {
                let path = cx.around().local_path(&path.span, path);
                let there = deb::bring(&path, &seen.name, cx).await?;
                (there.clone(), there)
            }
            (Some(Deb::OnHost(path)), _) => (path.clone(), String::new()),
            (None, Some(version)) => (format!("{}={version}", seen.name), String::new()),
            (None, None) => (seen.name.clone(), String::new()),
        };
        let may: Vec<&str> = seen.changes.iter().map(|change| change.name.as_str()).collect();
        let down = self.version.is_some() || self.deb.is_some();
        let env = [
            ("VERB", self.verb()),
            ("WHAT", &what),
            ("MAY", &may.join("\n")),
            ("DOWN", if down { "1" } else { "0" }),
            ("CONFIGURE", if seen.configure { "1" } else { "0" }),
            ("K", &kept),
            ("UP", &up),
        ];
        Ok(job::spec(INSTALL, &env, cx))
    }

    fn verb(&self) -> &'static str {
        if self.state == State::Absent { "remove" } else { "install" }
    }

    /// For people.
    fn command(&self, seen: &Seen) -> String {
        let version = self.version.as_ref().map(|version| format!("={version}")).unwrap_or_default();
        format!("apt-get {} {}{version}", self.verb(), seen.name)
    }
}

/// Whether it was this unit that dpkg was broken off under.
async fn is_ours(cx: &Read<'_>) -> Result<bool, ActionError> {
    let kept = Kept::of(cx).await?.folder;
    let command = Command::read("if [ -e \"$K/begun\" ]; then echo yes; fi").env("K", kept);
    Ok(cx.sh(command).await?.text().trim() == "yes")
}

#[cfg(test)]
mod tests {
    use super::super::look::Stand;
    use super::*;
    use crate::actions::testing::decoded;

    fn look(stand: &str) -> Look {
        Look { has_apt: true, stand: Stand::of(stand), ..Look::default() }
    }

    fn change(name: &str, from: Option<&str>, to: Option<&str>) -> Change {
        Change { name: name.into(), from: from.map(str::to_owned), to: to.map(str::to_owned) }
    }

    fn judged(text: &str, look: &Look, configure: bool) -> Check<Seen> {
        decoded::<Package>(text).unwrap().judge(look, configure, &Role::from("old"))
    }

    fn blocked(text: &str, look: &Look) -> String {
        match judged(text, look, false) {
            Check::Blocked(why) => why,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_changes_is_told() {
        let package: Package = decoded("{name: apache2}").unwrap();
        let changes = vec![change("libapr1", None, Some("1.7")), change("apache2", Some("2.3"), Some("2.4"))];
        let seen = Seen { name: "apache2".into(), changes, configure: false };
        let preview = package.preview(&seen);
        assert_eq!(preview.summary, "apache2 2.3 -> 2.4, and 1 more");
        assert_eq!(preview.detail, "install libapr1 1.7\napache2 2.3 -> 2.4");
    }

    #[test]
    fn a_local_file_is_a_part_of_what_changes() {
        let look = Look {
            deb: Some(("slave".into(), "2".into(), "all".into())),
            foresight: Some(Ok(vec![change("rsync", None, Some("3"))])),
            ..look("ii |1|all")
        };
        let Check::Differs(seen) = judged("{deb: x.deb}", &look, false) else { panic!() };
        assert_eq!(seen.changes, [change("rsync", None, Some("3")), change("slave", Some("1"), Some("2"))]);
        assert_eq!(blocked("{name: master, deb: x.deb}", &look), "x.deb is the package slave, and not master");
        let wrong = Look {
            no_deb: Some("dpkg-deb: error: it is no archive".into()),
            ..Look { has_apt: true, ..Look::default() }
        };
        assert_eq!(blocked("{deb: x.deb}", &wrong), "x.deb cannot be read as a package: it is no archive");
    }

    #[test]
    fn what_cannot_be_done_says_why() {
        assert!(blocked("{name: xy}", &Look::default()).contains("is for Debian and its relatives"));
        let none = Look { foresight: Some(Err("Unable to locate package xy".into())), ..look("") };
        assert_eq!(
            blocked("{name: xy}", &none),
            "apt cannot on old: Unable to locate package xy (are its package lists up to date? `apt-get update`)"
        );
        let new = Look { foresight: Some(Ok(vec![change("xy", None, Some("1"))])), ..look("") };
        assert_eq!(
            blocked("{name: xy}", &Look { uid: 7, ..new.clone() }),
            "only root can change packages on old (`become: root`)"
        );
        let broken = Look { interrupted: true, ..new.clone() };
        assert!(blocked("{name: xy}", &broken).ends_with("`dpkg --configure -a` there settles that"));
        assert!(matches!(judged("{name: xy}", &broken, true), Check::Differs(seen) if seen.configure));
        assert_eq!(judged("{name: xy}", &look("ii |1|all"), false), Check::Satisfied);
    }
}
