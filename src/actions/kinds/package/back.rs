//! Puts packages back as they were.

use serde::{Deserialize, Serialize};

use crate::actions::context::Write;
use crate::actions::contract::ActionError;
use crate::actions::durable;
use crate::transport::Command;

use super::job;
use super::look::{Change, Stand, There, fields, foresight};

const THERE: &str = include_str!("there.sh");
const BACK: &str = include_str!("back.sh");
const FORGET: &str = concat!(include_str!("../../remote_file/common.sh"), "forget\n");

/// What puts packages back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    pub(super) touched: Vec<Touched>,
    /// What configuration files had beside them: what dpkg has put there since goes.
    pub(super) beside: Vec<String>,
    /// Where the host keeps what is needed.
    pub(super) kept: String,
    /// The unit whose undo this is.
    pub(super) unit: String,
}

/// A package that was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Touched {
    pub(super) name: String,
    /// How it was; none: it was not there.
    pub(super) was: Option<Was>,
    /// Whether its configuration files alone were there.
    pub(super) configured: bool,
    /// The version that was left; none: it was removed.
    pub(super) left: Option<String>,
}

/// How a package was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Was {
    pub(super) version: String,
    /// Whether it was there for another's sake.
    pub(super) auto: bool,
    /// The `.deb` that was kept aside.
    pub(super) deb: String,
    /// Where that came from: `cached`, `fetched` or `rebuilt`.
    pub(super) how: String,
}

/// What was found.
struct Found {
    interrupted: bool,
    begun: bool,
    stands: Vec<Stand>,
    foresight: Result<Vec<Change>, String>,
}

impl Touched {
    fn is_back(&self, now: &Stand) -> bool {
        match &self.was {
            Some(was) => now.is(&was.version),
            None if self.configured => matches!(now.there, There::No | There::Configuration),
            None => now.there == There::No,
        }
    }

    /// Whether it is as it was left, or half-way.
    fn is_ours(&self, now: &Stand) -> bool {
        match (&self.left, now.there) {
            (_, There::Half) => true,
            (Some(left), _) => now.is(left) || (self.was.is_none() && now.there == There::Configuration),
            (None, there) => matches!(there, There::No | There::Configuration),
        }
    }

    /// What apt is told.
    fn back(&self, now: &Stand) -> Option<String> {
        match &self.was {
            Some(was) => (!now.is(&was.version)).then(|| was.deb.clone()),
            None => matches!(now.there, There::Yes | There::Half).then(|| format!("{}-", self.name)),
        }
    }

    fn difference(&self, now: &Stand) -> String {
        let is = match now.there {
            There::Yes => format!("is {} now", now.version),
            There::Half => "is half installed".to_owned(),
            There::Configuration | There::No => "is not there any more".to_owned(),
        };
        match &self.left {
            Some(left) => format!("{} {is}, and was left as {left}", self.name),
            None => format!("{} {is}, and was removed", self.name),
        }
    }
}

impl Undo {
    /// Puts them back, unless somebody else has changed them since, or others would have to go with them.
    pub(super) async fn run(&self, cx: &Write<'_>) -> Result<String, ActionError> {
        let mut found = self.look(&[], cx).await?;
        if found.interrupted {
            if !found.begun {
                return Err(ActionError::failed_with_hint(
                    "dpkg was broken off in the middle of something that is not of this step",
                    "`dpkg --configure -a` there settles that",
                ));
            }
            self.settle(cx).await?;
            found = self.look(&[], cx).await?;
        }
        let pairs = || self.touched.iter().zip(&found.stands);
        if pairs().all(|(touched, now)| touched.is_back(now)) {
            self.forget(cx).await?;
            return Ok("was already as before".to_owned());
        }
        let changed: Vec<String> = pairs()
            .filter(|(touched, now)| !touched.is_back(now) && !touched.is_ours(now))
            .map(|(touched, now)| touched.difference(now))
            .collect();
        if !changed.is_empty() {
            return Err(self.changed(changed.join("; ")));
        }
        let back: Vec<String> = pairs().filter_map(|(touched, now)| touched.back(now)).collect();
        self.would_hurt_nobody(&back, cx).await?;
        self.put_back(&back, cx).await?;
        let after = self.look(&[], cx).await?;
        let wrong: Vec<&str> = self
            .touched
            .iter()
            .zip(&after.stands)
            .filter(|(touched, now)| !touched.is_back(now))
            .map(|(touched, _)| touched.name.as_str())
            .collect();
        if !wrong.is_empty() {
            return Err(ActionError::failed(format!("apt has ended, and not as before are: {}", wrong.join(", "))));
        }
        self.forget(cx).await?;
        Ok(self.in_words())
    }

    fn in_words(&self) -> String {
        let told = self.touched.iter().map(|touched| match &touched.was {
            Some(was) if was.how == "rebuilt" => format!("{} {} (rebuilt from its files)", touched.name, was.version),
            Some(was) => format!("{} {}", touched.name, was.version),
            None => format!("{} removed", touched.name),
        });
        told.collect::<Vec<_>>().join(", ")
    }

    fn names(&self) -> String {
        self.touched.iter().map(|touched| touched.name.as_str()).collect::<Vec<_>>().join("\n")
    }

    fn changed(&self, difference: String) -> ActionError {
        let what = if self.touched.len() == 1 { "the package" } else { "what was installed" };
        ActionError::Changed { what: what.to_owned(), difference }
    }

    async fn look(&self, back: &[String], cx: &Write<'_>) -> Result<Found, ActionError> {
        let command =
            Command::read(THERE).env("K", self.kept.clone()).env("NAMES", self.names()).env("BACK", back.join("\n"));
        let said = cx.sh(command).await?;
        let broken = || ActionError::failed(format!("cannot look at the packages: {}", said.error_text().trim()));
        let answer = fields(&said);
        let [interrupted, begun, stands @ .., code, text] = answer.as_slice() else { return Err(broken()) };
        if stands.len() != self.touched.len() {
            return Err(broken());
        }
        Ok(Found {
            interrupted: interrupted == "1",
            begun: begun == "1",
            stands: stands.iter().map(|line| Stand::of(line)).collect(),
            foresight: foresight(code, text),
        })
    }

    /// Nothing else may change: others may need by now what came then.
    async fn would_hurt_nobody(&self, back: &[String], cx: &Write<'_>) -> Result<(), ActionError> {
        match self.look(back, cx).await?.foresight {
            Err(why) => Err(ActionError::failed(format!("apt cannot put back what was there: {why}"))),
            Ok(changes) => {
                let ours = |change: &&Change| !self.touched.iter().any(|touched| touched.name == change.name);
                let others: Vec<String> = changes.iter().filter(ours).map(Change::in_words).collect();
                if others.is_empty() {
                    return Ok(());
                }
                Err(self.changed(format!("to take it back, apt would also {}", others.join(", "))))
            }
        }
    }

    async fn settle(&self, cx: &Write<'_>) -> Result<(), ActionError> {
        let said =
            cx.change(Command::change(concat!(include_str!("common.sh"), "settle >&2\n")).env("WAIT", "60")).await?;
        if said.success() {
            return Ok(());
        }
        let why = "dpkg was broken off in the middle, and cannot bring that to its end";
        Err(crate::actions::remote_file::failed(&said, why, cx.around().masker()))
    }

    async fn put_back(&self, back: &[String], cx: &Write<'_>) -> Result<(), ActionError> {
        let named = |which: &dyn Fn(&Touched) -> bool| {
            let names = self.touched.iter().filter(|touched| which(touched)).map(|touched| touched.name.as_str());
            names.collect::<Vec<_>>().join("\n")
        };
        let marked = |auto: bool| move |touched: &Touched| touched.was.as_ref().is_some_and(|was| was.auto == auto);
        let spec = job::spec(
            BACK,
            &[
                ("BACK", &back.join("\n")),
                ("PURGE", &named(&|touched| touched.was.is_none() && !touched.configured)),
                ("AUTO", &named(&marked(true))),
                ("MANUAL", &named(&marked(false))),
                ("NAMES", &self.names()),
                ("LEFT", &self.beside.join("\n")),
            ],
            cx,
        );
        let done = job::run(&spec, "apt-get install (what was there before)", cx).await;
        // What it left is of no use: the undo looks at the packages, not at the job.
        if let Some(part) = part_of(cx) {
            let _ = durable::clear_up_stage(&cx.host()?, part, cx.env().named, cx).await;
        }
        match done {
            Err(ActionError::Died(why)) => Err(ActionError::failed_with_hint(
                format!("apt was broken off: {why}"),
                "try again: what is half-way is settled first",
            )),
            other => other.map(drop),
        }
    }

    /// Where nobody will ask for it again, what was kept goes.
    async fn forget(&self, cx: &Write<'_>) -> Result<(), ActionError> {
        if cx.env().unit.to_string() == self.unit {
            let path = format!("{}/x", self.kept);
            cx.change(Command::change(FORGET).env("K", self.kept.clone()).env("R", path).env("N", "")).await?;
        }
        Ok(())
    }
}

/// The name of the part that an undo is, as the engine calls it.
fn part_of(cx: &Write<'_>) -> Option<&'static str> {
    cx.env().part.as_deref().filter(|part| *part == "undo").map(|_| "undo")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touched(was: Option<&str>, left: Option<&str>) -> Touched {
        let was = was.map(|version| Was {
            version: version.into(),
            auto: false,
            deb: "/k/1.deb".into(),
            how: "rebuilt".into(),
        });
        Touched { name: "rbt".into(), was, configured: false, left: left.map(str::to_owned) }
    }

    #[test]
    fn a_package_is_as_before_or_as_left_or_somebody_elses() {
        let upgraded = touched(Some("1"), Some("2"));
        let stand = Stand::of;
        assert!(upgraded.is_back(&stand("ii |1|all")) && upgraded.is_ours(&stand("ii |2|all")));
        assert!(!upgraded.is_ours(&stand("ii |3|all")) && upgraded.is_ours(&stand("iU |2|all")));
        assert_eq!(upgraded.difference(&stand("ii |3|all")), "rbt is 3 now, and was left as 2");
        assert_eq!(upgraded.difference(&stand("rc |2|all")), "rbt is not there any more, and was left as 2");
        assert_eq!(upgraded.back(&stand("ii |2|all")).as_deref(), Some("/k/1.deb"));
        let installed = touched(None, Some("2"));
        assert!(installed.is_back(&stand("")) && !installed.is_back(&stand("rc |2|all")));
        assert_eq!(installed.back(&stand("ii |2|all")).as_deref(), Some("rbt-"));
        assert_eq!(installed.back(&stand("rc |2|all")), None, "purged, not removed");
        let removed = touched(Some("1"), None);
        assert!(removed.is_ours(&stand("rc |1|all")) && !removed.is_ours(&stand("ii |2|all")));
        assert_eq!(removed.difference(&stand("ii |2|all")), "rbt is 2 now, and was removed");
    }
}
