//! Where a file goes, and how it is to be there.

use crate::base::Mode;
use crate::model::decode::{self, Fields};
use crate::model::form::{Form, Key, key, required};
use crate::model::{Diagnostics, Node};

use super::look::Question;
use super::metadata::Owned;
use super::names::name_of;

/// Where it goes.
pub const DEST: Key = required("dest", Form::Path, "the path on the host, with the file's name");

/// What holds without any of the three.
const OWN: &str = "what is there keeps its own";

const NAME: Form = Form::Like(r"^[^-+:/\s][^:/\s]*$");

/// Whom it is to belong to.
pub const OWNER: Key = key("owner", NAME, "a user's name or number").left_out(OWN);

/// The same of the group.
pub const GROUP: Key = key("group", NAME, "a group's name or number").left_out(OWN);

/// Its mode.
pub const MODE: Key = key("mode", Form::OctalMode, "three or four octal digits").left_out(OWN);

/// What has to be content with it.
pub const VALIDATE: Key = key(
    "validate",
    Form::Like("%s"),
    "a command that has to succeed before the file is put in place; `%s` is the new file",
);

/// Where a file goes, and how it is to be there, as asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Its path.
    pub dest: String,
    /// Whom it is to belong to.
    pub owned: Owned,
    /// Its mode.
    pub mode: Option<Mode>,
    /// The command that says whether it may be put in place.
    pub validate: Option<String>,
}

impl Placement {
    /// Reads `dest`, `owner`, `group`, `mode` and `validate`.
    pub fn decode(fields: &mut Fields<'_, '_>) -> Option<Self> {
        let place = Self::decode_at("dest", fields);
        let validate = fields.optional("validate", validate);
        Some(Self { validate, ..place? })
    }

    /// Reads `owner` and `group`, `mode`, and under `key` where it goes.
    pub fn decode_at(key: &str, fields: &mut Fields<'_, '_>) -> Option<Self> {
        let dest = fields.required(key, path);
        let owned = Owned::decode(fields);
        let mode = fields.optional("mode", decode::octal_mode).map(Mode::Octal);
        Some(Self { dest: dest?, owned, mode, validate: None })
    }

    /// What has to be known about the host.
    #[must_use]
    pub fn question(&self) -> Question<'_> {
        Question {
            owner: self.owned.owner.as_deref(),
            group: self.owned.group.as_deref(),
            ..Question::about(&self.dest)
        }
    }
}

/// The path of a file: it ends in a name.
fn path(node: &Node, diagnostics: &mut Diagnostics) -> Option<String> {
    let path = decode::absolute_path(node, diagnostics)?;
    if matches!(name_of(&path), "" | "." | "..") {
        decode::due(node, "the whole path of a file", diagnostics).hint("with its name at the end");
        return None;
    }
    Some(path)
}

fn validate(node: &Node, diagnostics: &mut Diagnostics) -> Option<String> {
    let command = decode::text(node, diagnostics)?;
    if !command.contains("%s") && node.unknown_until().is_none() {
        decode::due(node, "a command with `%s` in it", diagnostics)
            .hint("`%s` stands for the new file, which is not in place yet: `visudo -cf %s`");
        return None;
    }
    Some(command)
}
