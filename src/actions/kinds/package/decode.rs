//! `package` as written.

use crate::base::Spanned;
use crate::model::decode::{self, Fields};
use crate::model::form::{Form, Key, key, required};
use crate::model::node::Shape;
use crate::model::{Diagnostics, Node};

use super::action::{Deb, Package, State};

pub(super) const FORM: Form = Form::SomeKeyOf(&KEYS, &["name", "deb"]);

const KEYS: [Key; 4] = [
    key("name", Form::Like("^[a-z0-9][a-z0-9+.-]+(:[a-z0-9-]+)?$"), "the package, as `NAME` or `NAME:ARCHITECTURE`")
        .left_out("the one in `deb`"),
    key("version", Form::Like("^[A-Za-z0-9][A-Za-z0-9.+~:-]*$"), "exactly this one")
        .left_out("any that is installed will do"),
    key(
        "deb",
        Form::Either(&[Form::Word, Form::Keys(&ON_HOST)]),
        "a `.deb` of yours, its path relative to the runbook; or `{on_host: /path/x.deb}`",
    ),
    key(
        "state",
        Form::OneOf(&["present", "latest", "absent"]),
        "`latest`: the newest that apt has; `absent`: its configuration files stay",
    )
    .left_out("`present`"),
];

const ON_HOST: [Key; 1] = [required("on_host", Form::Path, "a `.deb` that is on the host")];

const STATES: [(&str, State); 3] = [("present", State::Present), ("latest", State::Latest), ("absent", State::Absent)];

pub(super) fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Package> {
    let mut fields = Fields::of(value, "`package`", &KEYS, diagnostics)?;
    let name = fields.optional("name", decode::checked("a package's name", package_name));
    let version = fields.optional("version", decode::checked("a version", version));
    let deb = fields.optional("deb", deb);
    let state = fields.optional("state", decode::one_of(&STATES)).unwrap_or(State::Present);
    if value.unknown_until().is_none() {
        let given = |fields: &Fields<'_, '_>, key: &str| fields.node(key).is_some();
        if !given(&fields, "name") && !given(&fields, "deb") {
            fields.wrong("name", "`package` lacks `name`", "which package, or which `deb`?");
        }
        if given(&fields, "deb") && given(&fields, "version") {
            fields.wrong("version", "a `.deb` has a version of its own", "leave `version` out");
        }
        for key in ["deb", "version"] {
            if state != State::Present && given(&fields, key) {
                fields.wrong(key, format!("`{key}` goes with `state: present`"), "leave one of them out");
            }
        }
        if state != State::Present && !given(&fields, "name") && given(&fields, "deb") {
            fields.wrong("state", "`package` lacks `name`", "which package?");
        }
    }
    fields.done()?;
    Some(Package { name, version, deb, state })
}

/// A file of the operator's machine, or `{on_host: path}`.
fn deb(node: &Node, diagnostics: &mut Diagnostics) -> Option<Deb> {
    if matches!(node.shape, Shape::Map(_)) {
        let mut fields = Fields::of(node, "`deb`", &ON_HOST, diagnostics)?;
        let path = fields.required("on_host", decode::absolute_path);
        if let (Some(path), None) = (&path, node.unknown_until())
            && std::path::Path::new(path).extension().is_none_or(|kind| kind != "deb")
        {
            fields.wrong("on_host", "apt takes files whose names end in `.deb`", "rename it");
        }
        fields.done()?;
        return path.map(Deb::OnHost);
    }
    decode::word(node, diagnostics).map(|path| Deb::Local(Spanned::new(path, node.span.clone())))
}

fn package_name(name: &str) -> Result<String, String> {
    let (plain, arch) = name.split_once(':').unwrap_or((name, "any"));
    let word = |text: &str, more: &str| {
        !text.is_empty()
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || more.contains(c))
            && text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    // apt takes a `-` or `+` at the end for what is to be done with the package.
    if plain.len() < 2 || !word(plain, "+.-") || !word(arch, "-") || plain.ends_with('-') {
        return Err("names have small letters, digits and `+.-`, as `libapache2-mod-wsgi-py3`".to_owned());
    }
    Ok(name.to_owned())
}

fn version(text: &str) -> Result<String, String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || ".+~:-".contains(c);
    if !text.starts_with(|c: char| c.is_ascii_alphanumeric()) || !text.chars().all(plain) {
        return Err("the whole version, as `apt-cache policy` shows it: `2.4.57-2+deb12u1`".to_owned());
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::testing::decoded;

    #[test]
    fn it_is_read_as_written() {
        let package = |text: &str| decoded::<Package>(text).unwrap();
        let apache = package("{name: libstdc++6:i386, version: \"1:2.4~rc1-2+deb12u1\"}");
        assert_eq!(apache.name.as_deref(), Some("libstdc++6:i386"));
        assert_eq!((apache.version.as_deref(), apache.state), (Some("1:2.4~rc1-2+deb12u1"), State::Present));
        assert!(matches!(package("{deb: build/x.deb}").deb, Some(Deb::Local(path)) if path.as_str() == "build/x.deb"));
        let on_host = package("{name: xy, deb: {on_host: /tmp/a b.deb}}");
        assert!(matches!(on_host.deb, Some(Deb::OnHost(path)) if path == "/tmp/a b.deb"));
        assert_eq!(package("{name: xy, state: absent}").state, State::Absent);
    }

    #[test]
    fn what_is_wrong_is_told() {
        let name = "names have small letters, digits and `+.-`, as `libapache2-mod-wsgi-py3`";
        for (text, due) in [
            ("{state: absent}", "`package` lacks `name`; which package, or which `deb`?".to_owned()),
            ("{name: Apache2}", format!("a package's name is due here, found `Apache2`; {name}")),
            ("{name: apache2-}", format!("a package's name is due here, found `apache2-`; {name}")),
            ("{name: -y}", format!("a package's name is due here, found `-y`; {name}")),
            ("{name: apache2=2}", format!("a package's name is due here, found `apache2=2`; {name}")),
            (
                "{name: xy, version: \"1 2\"}",
                "a version is due here, found `1 2`; the whole version, as `apt-cache policy` shows it: `2.4.57-2+deb12u1`"
                    .to_owned(),
            ),
            (
                "{name: xy, version: \"1\", deb: x.deb}",
                "a `.deb` has a version of its own; leave `version` out".to_owned(),
            ),
            (
                "{name: xy, version: \"1\", state: latest}",
                "`version` goes with `state: present`; leave one of them out".to_owned(),
            ),
            (
                "{name: xy, deb: {on_host: /x.zip}}",
                "apt takes files whose names end in `.deb`; rename it".to_owned(),
            ),
            (
                "{name: xy, state: removed}",
                "`present`, `latest` or `absent` is due here, found `removed`".to_owned(),
            ),
        ] {
            assert_eq!(decoded::<Package>(text).unwrap_err(), due, "{text}");
        }
    }
}
