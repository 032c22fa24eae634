//! `stream` as written.

use std::sync::OnceLock;

use crate::actions::passage::WAYS;
use crate::model::decode::{self, Fields};
use crate::model::form::{Form, Key, key, required};
use crate::model::{Diagnostics, Node};

use super::action::StreamAction;
use super::ends::{FROM, From, TO, To};

pub(super) const KEYS: [Key; 3] = [
    required("from", FROM, "the end that writes: what its script writes to stdout, or what is in its file"),
    required("to", TO, "the end that takes: its script reads it from stdin, or it becomes its file"),
    key("via", Form::OneOf(&["auto", "direct", "relay", "staging"]), "which way the bytes go").left_out("`auto`"),
];

pub(super) fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<StreamAction> {
    let mut fields = Fields::of(value, "`stream`", &KEYS, diagnostics)?;
    let from = fields.required("from", From::decode);
    let to = fields.required("to", To::decode);
    let via = fields.optional("via", decode::one_of(&WAYS));
    fields.done()?;
    Some(StreamAction { from: from?, to: to?, via: via.unwrap_or_default(), placed: OnceLock::new() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::testing::decoded;

    #[test]
    fn scripts_and_files_are_read() {
        for text in [
            "{from: {on: a, run: b}, to: {on: c, run: [d]}, via: auto}",
            "{from: {on: a, file: /b c}, to: {on: c, become: root, file: /d, owner: e, group: f, mode: 0640}, via: staging}",
        ] {
            assert!(decoded::<StreamAction>(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, due) in [
            ("{from: {on: a, run: b}}", "`stream` lacks `to`"),
            (
                "{from: {on: a, run: b}, to: {on: c, run: d}, via: rely}",
                "`auto`, `direct`, `relay` or `staging` is due here, found `rely`; did you mean `relay`?",
            ),
            ("{from: {on: a}, to: {on: c, run: ' '}}", "`from` takes one of `run` or `file`\nthe script is empty"),
            (
                "{from: {on: a, file: b}, to: {on: c, run: d, file: /e}}",
                "an absolute path is due here, found `b`; paths on a host start with `/`\n\
                 `to` takes one of `run` or `file`, found `run` and `file`",
            ),
            (
                "{from: {on: a, file: /b, env: {X: y}}, to: {on: c, run: d, mode: 0644}}",
                "`env` has no meaning beside `file`; it is for the script of a `run`\n\
                 `mode` has no meaning beside `run`; it is for a `file`",
            ),
        ] {
            assert_eq!(decoded::<StreamAction>(text).err().unwrap(), due, "{text}");
        }
    }
}
