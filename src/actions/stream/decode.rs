//! `stream` as written.

use crate::actions::side::Side;
use crate::model::decode::{self, Fields};
use crate::model::{Diagnostics, Node};

use super::action::StreamAction;

const KEYS: [&str; 3] = ["from", "to", "via"];

pub(super) fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<StreamAction> {
    let mut fields = Fields::of(value, "`stream`", &KEYS, diagnostics)?;
    let from = fields.required("from", |node, diagnostics| Side::decode(node, "`from`", diagnostics));
    let to = fields.required("to", |node, diagnostics| Side::decode(node, "`to`", diagnostics));
    fields.optional("via", via);
    fields.done()?;
    Some(StreamAction { from: from?, to: to? })
}

/// There is one way: through the operator's machine, whose disk sees nothing of it.
fn via(node: &Node, diagnostics: &mut Diagnostics) -> Option<()> {
    let found = node.text();
    if let Some(way @ ("direct" | "staging")) = found.as_deref() {
        diagnostics
            .error(
                &node.span,
                format!("`stream` does not go `{way}`: what its scripts say to each other passes this machine"),
            )
            .hint("`relay`, or `sync` for files");
        return None;
    }
    decode::one_of(&[("auto", ()), ("relay", ())])(node, diagnostics)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::testing::decoded;

    #[test]
    fn what_is_wrong_is_told() {
        assert!(decoded::<StreamAction>("{from: {on: a, run: b}, to: {on: c, run: [d]}, via: auto}").is_ok());
        for (text, due) in [
            ("{from: {on: a, run: b}}", "`stream` lacks `to`"),
            (
                "{from: {on: a, run: b}, to: {on: c, run: d}, via: rely}",
                "`auto` or `relay` is due here, found `rely`; did you mean `relay`?",
            ),
            (
                "{from: {on: a, run: b}, to: {on: c, run: d}, via: direct}",
                "`stream` does not go `direct`: what its scripts say to each other passes this machine; `relay`, or `sync` for files",
            ),
            ("{from: {on: a}, to: {on: c, run: ' '}}", "`from` lacks `run`\nthe script is empty"),
        ] {
            assert_eq!(decoded::<StreamAction>(text).err().unwrap(), due, "{text}");
        }
    }
}
