//! `sync` as written.

use std::sync::LazyLock;
use std::sync::OnceLock;

use regex::Regex;

use crate::actions::passage::WAYS;
use crate::base::Role;
use crate::model::decode::{self, Fields};
use crate::model::form::{Form, Key, key, required};
use crate::model::{Diagnostics, Node};

use super::action::Sync;

pub(super) const KEYS: [Key; 10] = [
    required(
        "from",
        Form::Place,
        "what is brought. With a slash at its end what is in the folder, without one the folder itself",
    ),
    required("to", Form::Place, "where to; the folder that it is in has to exist"),
    key("delete", Form::Boolean, "`true`: what the source does not have goes from the destination").left_out("`false`"),
    key("exclude", Form::OneOrMore(&Form::Word), "what is left alone, by patterns of rsync's"),
    key("checksum", Form::Boolean, "`true`: files are compared by what is in them, and not by size and time")
        .left_out("`false`"),
    key("bwlimit", Form::Word, "how fast at most, as rsync takes it: KiB a second, or `500k`, `1.5m`")
        .left_out("as fast as it goes"),
    key("ids", Form::OneOf(&["numeric", "names"]), "whether owners keep their numbers or their names")
        .left_out("`numeric`"),
    key("live", Form::Boolean, "`true`: the source may change meanwhile").left_out("`false`"),
    key("via", Form::OneOf(&["auto", "direct", "relay", "staging"]), "which way the bytes go").left_out("`auto`"),
    key("parallel", Form::Integer(1, 16), "how many rsyncs at the same time, for what goes by relay").left_out("1"),
];

/// rsync's own form of a rate: KiB in a second, or with a unit.
static RATE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^[0-9]+(\.[0-9]+)?([kKmMgGtTpP]([iI]?[bB])?)?$").ok());

/// A folder or file of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The host.
    pub(super) role: Role,
    /// The path there: absolute, with a slash at its end where one was written.
    pub(super) path: String,
}

/// Whose a file is at the destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ids {
    /// The same number's.
    Numeric,
    /// The same name's.
    Names,
}

pub(super) fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Sync> {
    let mut fields = Fields::of(value, "`sync`", &KEYS, diagnostics)?;
    let from = fields.required("from", place);
    let to = fields.required("to", place);
    let delete = fields.optional("delete", decode::boolean).unwrap_or_default();
    let exclude = fields.optional("exclude", decode::one_or_list(decode::word)).unwrap_or_default();
    let checksum = fields.optional("checksum", decode::boolean).unwrap_or_default();
    let bwlimit = fields.optional("bwlimit", decode::checked("a rate", rate));
    let ids = fields.optional("ids", decode::one_of(&[("numeric", Ids::Numeric), ("names", Ids::Names)]));
    let live = fields.optional("live", decode::boolean).unwrap_or_default();
    let via = fields.optional("via", decode::one_of(&WAYS));
    let parallel = fields.optional("parallel", decode::integer(1..=16_u32));
    if let (Some(from), Some(to)) = (&from, &to)
        && from.role == to.role
        && (is_within(&from.path, &to.path) || is_within(&to.path, &from.path))
        && value
            .get("from")
            .zip(value.get("to"))
            .is_some_and(|(from, to)| from.unknown_until().is_none() && to.unknown_until().is_none())
    {
        fields.wrong("to", "one of the two lies within the other", "`sync` copies between places that are apart");
    }
    fields.done()?;
    Some(Sync {
        from: from?,
        to: to?,
        delete,
        exclude,
        checksum,
        bwlimit,
        ids: ids.unwrap_or(Ids::Numeric),
        live,
        via: via.unwrap_or_default(),
        parallel: parallel.unwrap_or(1),
        applied: OnceLock::new(),
    })
}

/// `old:/path`.
fn place(node: &Node, diagnostics: &mut Diagnostics) -> Option<Place> {
    let text = decode::word(node, diagnostics)?;
    if node.unknown_until().is_some() {
        return Some(Place { role: Role::local(), path: text });
    }
    match text.split_once(':') {
        Some((role, path)) if !role.is_empty() && !role.contains('/') && path.starts_with('/') => {
            Some(Place { role: Role::from(role), path: path.to_owned() })
        }
        _ => {
            decode::due(node, "a host's role and a path there", diagnostics)
                .hint("such as `old:/srv/images/`; this machine is `local:/…`");
            None
        }
    }
}

fn rate(text: &str) -> Result<String, String> {
    let told = || "as rsync takes it: KiB a second, or with a unit such as `500k`, `1.5m`".to_owned();
    RATE.as_ref().filter(|rate| rate.is_match(text)).map(|_| text.to_owned()).ok_or_else(told)
}

/// Whether `path` is `outer` or in it.
pub(super) fn is_within(path: &str, outer: &str) -> bool {
    let (path, outer) = (path.trim_end_matches('/'), outer.trim_end_matches('/'));
    path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::passage::Via;
    use crate::actions::testing::decoded;

    #[test]
    fn what_is_left_out_is_the_safe_thing() {
        let sync = decoded::<Sync>("{from: \"old:/a b/\", to: \"new:/c:d\"}").unwrap();
        assert_eq!((sync.from.role.as_str(), sync.from.path.as_str()), ("old", "/a b/"));
        assert_eq!((sync.to.role.as_str(), sync.to.path.as_str()), ("new", "/c:d"));
        assert!(!sync.delete && !sync.checksum && !sync.live && sync.exclude.is_empty() && sync.bwlimit.is_none());
        assert_eq!((sync.ids, sync.via, sync.parallel), (Ids::Numeric, Via::Auto, 1));
        let text = "{from: \"old:/a/\", to: \"local:/b/\", delete: true, exclude: [a, \"*.log\"], checksum: true, \
                    bwlimit: 1.5m, ids: names, live: true, via: relay, parallel: 4}";
        let sync = decoded::<Sync>(text).unwrap();
        assert!(sync.delete && sync.checksum && sync.live && sync.exclude == ["a", "*.log"]);
        assert_eq!(sync.bwlimit.as_deref(), Some("1.5m"));
        assert_eq!((sync.ids, sync.via, sync.parallel), (Ids::Names, Via::Relay, 4));
    }

    #[test]
    fn what_is_wrong_is_told() {
        let path = "a host's role and a path there is due here";
        let such = "such as `old:/srv/images/`; this machine is `local:/…`";
        for (text, due) in [
            ("{from: \"old:/a\"}", "`sync` lacks `to`".to_owned()),
            ("{from: /a, to: \"new:/a\"}", format!("{path}, found `/a`; {such}")),
            ("{from: \"old:a\", to: \"new:/a\"}", format!("{path}, found `old:a`; {such}")),
            (
                "{from: \"old:/a\", to: \"new:/a\", bwlimit: fast, via: rely}",
                "a rate is due here, found `fast`; as rsync takes it: KiB a second, or with a unit such as `500k`, `1.5m`\n\
                 `auto`, `direct`, `relay` or `staging` is due here, found `rely`; did you mean `relay`?"
                    .to_owned(),
            ),
            (
                "{from: \"old:/a/\", to: \"old:/a/b\"}",
                "one of the two lies within the other; `sync` copies between places that are apart".to_owned(),
            ),
            ("{from: \"old:/a\", to: \"new:/a\", parallel: 0}", "a whole number from 1 to 16 is due here, found `0`".to_owned()),
            ("{from: \"old:/a\", to: \"new:/a\", deletes: true}", "unknown key `deletes` in `sync`; did you mean `delete`?".to_owned()),
        ] {
            assert_eq!(decoded::<Sync>(text).unwrap_err(), due, "{text}");
        }
        assert!(decoded::<Sync>("{from: \"old:/a\", to: \"old:/ab\"}").is_ok());
    }
}
