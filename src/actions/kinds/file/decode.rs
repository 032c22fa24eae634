//! `file` as written.

use crate::actions::remote_file::{GROUP, OWNER, Owned};
use crate::base::Mode;
use crate::model::decode::{self, Fields};
use crate::model::form::{Form, Key, key, required};
use crate::model::{Diagnostics, Node};

use super::action::{File, State};

pub(super) const FORM: Form = Form::SomeKeyOf(&KEYS, &["state", "mode", "owner", "group"]);

const KEYS: [Key; 7] = [
    required("path", Form::Path, "the path on the host, without `..`"),
    key("state", Form::OneOf(&["present", "absent", "directory", "link"]), "what is to be there")
        .left_out("what is there stays what it is, and has to be there"),
    key("to", Form::Word, "where a link leads, as written"),
    key("mode", Form::Mode, "octal digits, or symbolic such as `go-w`")
        .left_out("what it has; of a new file `0644`, of a new folder `0755`"),
    OWNER,
    GROUP,
    key("recurse", Form::Boolean, "`true`: owner, group and mode of everything in the folder too").left_out("`false`"),
];

const STATES: [(&str, State); 4] =
    [("present", State::Present), ("absent", State::Absent), ("directory", State::Directory), ("link", State::Link)];

pub(super) fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<File> {
    let mut fields = Fields::of(value, "`file`", &KEYS, diagnostics)?;
    let path = fields.required("path", path);
    let state = fields.optional("state", decode::one_of(&STATES));
    let to = fields.optional("to", decode::word);
    let owned = Owned::decode(&mut fields);
    let mode = fields.optional("mode", decode::mode);
    let recurse = fields.optional("recurse", decode::boolean).unwrap_or(false);
    if value.unknown_until().is_none() {
        together(&mut fields, state, mode.as_ref(), recurse);
    }
    fields.done()?;
    Some(File { path: path?, state, to, owned, mode, recurse })
}

/// What goes with what.
fn together(fields: &mut Fields<'_, '_>, state: Option<State>, mode: Option<&Mode>, recurse: bool) {
    let given = |fields: &Fields<'_, '_>, key: &str| fields.node(key).is_some();
    match state {
        Some(State::Link) if !given(fields, "to") => {
            fields.wrong("state", "a link leads somewhere", "say where with `to`");
        }
        Some(State::Link) if given(fields, "mode") => {
            fields.wrong("mode", "a link has no mode of its own", "set it where the link leads, in a step of its own");
        }
        Some(State::Absent) => {
            for key in ["mode", "owner", "group"] {
                if given(fields, key) {
                    fields.wrong(key, format!("what is absent has no {key}"), "leave it out");
                }
            }
        }
        None if !["state", "mode", "owner", "group"].iter().any(|key| given(fields, key)) => {
            let hint = "give it a `state` (`present`, `absent`, `directory`, `link`), or a `mode`, `owner` or `group`";
            fields.wrong("path", "nothing is asked of this path", hint);
        }
        _ => {}
    }
    if given(fields, "to") && state != Some(State::Link) {
        fields.wrong("to", "only a link leads somewhere", "`to` goes with `state: link`");
    }
    if !recurse {
        return;
    }
    if !matches!(state, None | Some(State::Directory)) {
        fields.wrong("recurse", "only a folder has something in it", "`recurse` goes with `state: directory` or none");
    }
    if !given(fields, "mode") && !given(fields, "owner") && !given(fields, "group") {
        fields.wrong("recurse", "nothing is asked of what is in the folder", "give it `mode`, `owner` or `group`");
    }
    if let (Some(Mode::Octal(_)), Some(node)) = (mode, fields.node("mode")) {
        let text = "with `recurse` files and folders get the same mode";
        let warning = fields.diagnostics().warning(&node.span, text);
        warning.hint("`u=rwX,go=rX` makes folders 0755 and files 0644");
    }
}

/// A path that ends in a name, spelt plainly.
fn path(node: &Node, diagnostics: &mut Diagnostics) -> Option<String> {
    let path = decode::absolute_path(node, diagnostics)?;
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if parts.is_empty() || parts.contains(&"..") {
        decode::due(node, "the path of something in a folder, without `..`,", diagnostics).hint("write it out");
        return None;
    }
    Some(format!("/{}", parts.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::testing::decoded;

    #[test]
    fn it_is_read_as_written() {
        let file: File =
            decoded("{path: /srv/./x//, state: directory, mode: go-w, owner: 33, group: www-data}").unwrap();
        assert_eq!((file.path.as_str(), file.state), ("/srv/x", Some(State::Directory)));
        assert_eq!(file.mode.unwrap().to_string(), "go-w");
        assert_eq!(file.owned.owner.as_deref(), Some("33"));
        let file: File = decoded("{path: /srv/x, state: link, to: ../y}").unwrap();
        assert_eq!(file.to.as_deref(), Some("../y"));
        assert_eq!(decoded::<File>("{path: /srv/x, mode: 0600}").unwrap().state, None);
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, due) in [
            (
                "{path: /x}",
                "nothing is asked of this path; give it a `state` (`present`, `absent`, `directory`, `link`), or a `mode`, `owner` or `group`",
            ),
            (
                "{path: /, state: absent}",
                "the path of something in a folder, without `..`, is due here, found `/`; write it out",
            ),
            (
                "{path: /a/../b, state: absent}",
                "the path of something in a folder, without `..`, is due here, found `/a/../b`; write it out",
            ),
            ("{path: /x, state: link}", "a link leads somewhere; say where with `to`"),
            (
                "{path: /x, state: link, to: y, mode: 0644}",
                "a link has no mode of its own; set it where the link leads, in a step of its own",
            ),
            ("{path: /x, state: present, to: y}", "only a link leads somewhere; `to` goes with `state: link`"),
            ("{path: /x, state: absent, owner: root}", "what is absent has no owner; leave it out"),
            ("{path: /x, state: file}", "`present`, `absent`, `directory` or `link` is due here, found `file`"),
            (
                "{path: /x, state: directory, recurse: true}",
                "nothing is asked of what is in the folder; give it `mode`, `owner` or `group`",
            ),
            (
                "{path: /x, state: present, recurse: true, owner: root}",
                "only a folder has something in it; `recurse` goes with `state: directory` or none",
            ),
        ] {
            assert_eq!(decoded::<File>(text).unwrap_err(), due, "{text}");
        }
    }
}
