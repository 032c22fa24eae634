//! How packages stand on a host, and what apt would do about them.

use serde::{Deserialize, Serialize};

use crate::actions::contract::ActionError;
use crate::transport::Output;

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Look {
    /// Whether there is apt.
    pub(super) has_apt: bool,
    /// Who looks.
    pub(super) uid: u32,
    /// Whether dpkg was broken off in the middle.
    pub(super) interrupted: bool,
    /// What the `.deb` is: its package, version and architecture.
    pub(super) deb: Option<(String, String, String)>,
    /// Why it cannot be read.
    pub(super) no_deb: Option<String>,
    /// How the package stands.
    pub(super) stand: Stand,
    /// What apt would do; none where it is as asked.
    pub(super) foresight: Option<Result<Vec<Change>, String>>,
}

/// How a package stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stand {
    /// Whether it is there.
    pub(super) there: There,
    /// In which version.
    pub(super) version: String,
}

/// Whether a package is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum There {
    /// It is not.
    #[default]
    No,
    /// Only its configuration files are.
    Configuration,
    /// It was broken off half-way.
    Half,
    /// It is.
    Yes,
}

/// A package that changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Change {
    pub(super) name: String,
    /// The version that is there.
    pub(super) from: Option<String>,
    /// The version that will be.
    pub(super) to: Option<String>,
}

impl Change {
    /// As in `apache2 2.4.57 -> 2.4.62`.
    pub(super) fn in_words(&self) -> String {
        let Self { name, from, to } = self;
        match (from, to) {
            (Some(from), Some(to)) if from == to => format!("install {name} {to} again"),
            (Some(from), Some(to)) => format!("{name} {from} -> {to}"),
            (None, Some(to)) => format!("install {name} {to}"),
            (Some(from), None) => format!("remove {name} {from}"),
            (None, None) => format!("remove {name}"),
        }
    }
}

impl Stand {
    /// From `ii |1.0|amd64`.
    pub(super) fn of(line: &str) -> Self {
        let mut parts = line.split('|');
        let there = match parts.next().and_then(|state| state.as_bytes().get(1)) {
            Some(b'i' | b'W' | b't') => There::Yes,
            Some(b'U' | b'F' | b'H') => There::Half,
            Some(b'c') => There::Configuration,
            _ => There::No,
        };
        let version = parts.next().unwrap_or_default().to_owned();
        Self { there, version }
    }

    pub(super) fn is(&self, version: &str) -> bool {
        self.there == There::Yes && self.version == version
    }
}

impl Look {
    pub(super) fn read(said: &Output) -> Result<Self, ActionError> {
        let cannot = |why: &str| ActionError::failed(format!("cannot look at the packages: {why}"));
        if !said.success() {
            return Err(cannot(said.error_text().trim()));
        }
        Self::parse(&fields(said)).ok_or_else(|| cannot("the answer breaks off"))
    }

    fn parse(answer: &[String]) -> Option<Self> {
        let mut fields = answer.iter();
        if fields.next()? == "none" {
            return Some(Self::default());
        }
        let uid = fields.next()?.parse().ok()?;
        let interrupted = fields.next()? == "1";
        let [name, version, arch, why] = [fields.next()?, fields.next()?, fields.next()?, fields.next()?];
        let deb = (!name.is_empty()).then(|| (name.clone(), version.clone(), arch.clone()));
        let no_deb = (!why.is_empty()).then(|| why.clone());
        let stand = Stand::of(fields.next()?);
        let foresight = match fields.next()?.as_str() {
            "satisfied" => None,
            _ => Some(foresight(fields.next()?, fields.next()?)),
        };
        Some(Self { has_apt: true, uid, interrupted, deb, no_deb, stand, foresight })
    }
}

/// The fields of an answer.
pub(super) fn fields(said: &Output) -> Vec<String> {
    said.text().split_terminator('\0').map(str::to_owned).collect()
}

/// What apt would do, or why it cannot.
pub(super) fn foresight(code: &str, text: &str) -> Result<Vec<Change>, String> {
    if code != "0" {
        return Err(trouble(text));
    }
    let mut changes: Vec<Change> = text.lines().filter_map(change).collect();
    changes.dedup();
    Ok(changes)
}

/// A line such as `Inst rbt [1.0] (2.0 Debian:12.5/stable [amd64])`, `Remv rbt [1.0]`.
fn change(line: &str) -> Option<Change> {
    let mut words = line.split(' ').peekable();
    let verb = words.next()?;
    if !matches!(verb, "Inst" | "Remv" | "Purg") {
        return None;
    }
    let name = words.next()?.to_owned();
    let from = words.next_if(|word| word.starts_with('[') && word.len() > 2);
    let from = from.map(|word| word.trim_matches(['[', ']']).to_owned());
    let to = words.next().and_then(|word| word.strip_prefix('(')).filter(|_| verb == "Inst");
    Some(Change { name, from, to: to.map(|word| word.trim_end_matches(')').to_owned()) })
}

/// What apt complains of, in a line.
pub(super) fn trouble(text: &str) -> String {
    let told = |line: &str| {
        let line = line.trim();
        let unmet = line.contains(" : ") || line.starts_with("Depends:") || line.starts_with("Conflicts:");
        line.strip_prefix("E: ").or_else(|| unmet.then_some(line)).map(str::to_owned)
    };
    let lines: Vec<String> = text.lines().filter_map(told).take(6).collect();
    if lines.is_empty() { text.trim().lines().last().unwrap_or("no reason given").to_owned() } else { lines.join("; ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_apt_would_do_is_read() {
        let text = "Reading package lists...\nInst rbd (1.0 local-deb [all])\n\
                    Inst rbt [1.0] (2.0 Debian:12.5/stable, Debian-Security:12/stable-security [amd64])\n\
                    Remv old:i386 [1:3~x] []\nConf rbd (1.0 local-deb [all])\nPurg gone\n";
        let changes = foresight("0", text).unwrap();
        let told: Vec<String> = changes.iter().map(Change::in_words).collect();
        assert_eq!(told, ["install rbd 1.0", "rbt 1.0 -> 2.0", "remove old:i386 1:3~x", "remove gone"]);
    }

    #[test]
    fn why_it_cannot_is_read() {
        let unmet = "Reading package lists...\nThe following packages have unmet dependencies:\n rbt : Depends: rbd but it is \
                     not installable\nE: Unable to correct problems, you have held broken packages.\n";
        assert_eq!(
            foresight("100", unmet).unwrap_err(),
            "rbt : Depends: rbd but it is not installable; Unable to correct problems, you have held broken packages."
        );
        assert_eq!(trouble("E: Unable to locate package xy\n"), "Unable to locate package xy");
        assert_eq!(trouble(""), "no reason given");
    }

    #[test]
    fn states_are_read() {
        for (line, there, version) in [
            ("ii |1.0|amd64", There::Yes, "1.0"),
            ("hi |1.0|amd64", There::Yes, "1.0"),
            ("iW |1.0|amd64", There::Yes, "1.0"),
            ("iF |1.0|amd64", There::Half, "1.0"),
            ("rc |1.0|amd64", There::Configuration, "1.0"),
            ("un ||", There::No, ""),
            ("", There::No, ""),
        ] {
            assert_eq!(Stand::of(line), Stand { there, version: version.into() }, "{line}");
        }
    }
}
