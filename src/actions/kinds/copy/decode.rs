//! `copy` as written.

use crate::actions::remote_file::{DEST, GROUP, MODE, OWNER, Placement, VALIDATE};
use crate::base::{Role, Spanned};
use crate::model::decode::{self, Fields};
use crate::model::form::{Form, Key, key};
use crate::model::{Diagnostics, Node};

use super::action::{Copy, Origin};

pub(super) const FORM: Form = Form::OneKeyOf(&KEYS, &["src", "content", "from"]);

const KEYS: [Key; 8] = [
    key("src", Form::Word, "a file of yours; its path is relative to the runbook"),
    key("content", Form::Text, "the text itself; secrets may stand here"),
    key("from", Form::Place, "a file of another host, read there as the user that `hosts` says"),
    DEST,
    OWNER,
    GROUP,
    MODE,
    VALIDATE,
];

pub(super) fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Copy> {
    let mut fields = Fields::of(value, "`copy`", &KEYS, diagnostics)?;
    let from = match fields.exactly_one(&["src", "content", "from"]) {
        Some("src") => fields.required("src", |node, diagnostics| {
            decode::word(node, diagnostics).map(|path| Origin::Local(Spanned::new(path, node.span.clone())))
        }),
        Some("content") => fields.required("content", decode::text).map(Origin::Text),
        Some(_) => fields.required("from", host_and_path),
        None => None,
    };
    let place = Placement::decode(&mut fields);
    fields.done()?;
    Some(Copy::new(from?, place?))
}

/// `old:/path`.
fn host_and_path(node: &Node, diagnostics: &mut Diagnostics) -> Option<Origin> {
    let text = decode::word(node, diagnostics)?;
    if node.unknown_until().is_some() {
        return Some(Origin::Host { role: Role::local(), path: text });
    }
    match text.split_once(':') {
        Some((role, path)) if !role.is_empty() && !role.contains('/') && path.starts_with('/') => {
            Some(Origin::Host { role: Role::from(role), path: path.to_owned() })
        }
        _ => {
            decode::due(node, "a host's role and a path there", diagnostics)
                .hint("such as `old:/etc/hosts`; a file of this machine is `src`");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::testing::decoded;

    #[test]
    fn the_three_sources_are_read() {
        let from = |text: &str| decoded::<Copy>(text).unwrap().from;
        let Origin::Local(path) = from("{src: a/b, dest: /x}") else { panic!() };
        assert_eq!(path.as_str(), "a/b");
        assert!(matches!(from("{content: \"a\\n\", dest: /x}"), Origin::Text(text) if text == "a\n"));
        let Origin::Host { role, path } = from("{from: \"old:/a b:c\", dest: /x}") else { panic!() };
        assert_eq!((role.as_str(), path.as_str()), ("old", "/a b:c"));
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, due) in [
            ("{dest: /x}", "`copy` takes one of `src`, `content` or `from`"),
            (
                "{src: a, content: b, dest: /x}",
                "`copy` takes one of `src`, `content` or `from`, found `src` and `content`",
            ),
            (
                "{from: /etc/x, dest: /x}",
                "a host's role and a path there is due here, found `/etc/x`; \
                 such as `old:/etc/hosts`; a file of this machine is `src`",
            ),
            (
                "{from: \"old:x\", dest: /x}",
                "a host's role and a path there is due here, found `old:x`; \
                 such as `old:/etc/hosts`; a file of this machine is `src`",
            ),
        ] {
            assert_eq!(decoded::<Copy>(text).unwrap_err(), due, "{text}");
        }
    }
}
