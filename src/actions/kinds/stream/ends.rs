//! The two ends of a stream, as asked: a script or a file.

use crate::actions::context::{Host, Read};
use crate::actions::contract::ActionError;
use crate::actions::remote_file::{GROUP, Kind, Look, MODE, OWNER, Placement, Question};
use crate::actions::side::{Account, BECOME, ENV, ON, RUN, Side};
use crate::base::Role;
use crate::model::decode::{self, Fields};
use crate::model::form::{Form, Key, key};
use crate::model::{Diagnostics, Node};

const FILE: Key = key("file", Form::Path, "the whole path of a file. Where it is a symbolic link, what it leads to");
const KEYS_FROM: [Key; 5] = [ON, BECOME, RUN, ENV, FILE];
const KEYS_TO: [Key; 8] = [ON, BECOME, RUN, ENV, FILE, OWNER, GROUP, MODE];

/// What `from` looks like.
pub(super) const FROM: Form = Form::OneKeyOf(&KEYS_FROM, &["run", "file"]);

/// What `to` looks like.
pub(super) const TO: Form = Form::OneKeyOf(&KEYS_TO, &["run", "file"]);

/// Where the bytes come from.
#[derive(Debug)]
pub(super) struct From {
    /// What writes them.
    pub(super) side: Side,
    /// The file that they are, where it is one.
    pub(super) file: Option<String>,
}

/// Where they go.
#[derive(Debug)]
pub(super) enum To {
    /// A script reads them.
    Script(Side),
    /// They become a file.
    File(FileEnd),
}

/// A file that they become.
#[derive(Debug)]
pub(super) struct FileEnd {
    pub(super) account: Account,
    pub(super) place: Placement,
}

impl From {
    pub(super) fn decode(node: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, "`from`", &KEYS_FROM, diagnostics)?;
        let from = match fields.exactly_one(&["run", "file"]) {
            Some("run") => Side::of(&mut fields).map(|side| Self { side, file: None }),
            Some(_) => {
                only_with_run(&mut fields);
                let account = Account::of(&mut fields);
                let file = fields.required("file", decode::absolute_path);
                account.zip(file).map(|(account, file)| Self::file(account, file))
            }
            None => None,
        };
        fields.done()?;
        from
    }

    fn file(account: Account, file: String) -> Self {
        Self { side: Side::ours(account, r#"exec cat <"$FILE""#, &[("FILE", &file)]), file: Some(file) }
    }

    /// Why its file cannot be read, where it is one; and how long it is.
    pub(super) async fn look(&self, cx: &Read<'_>) -> Result<Result<Option<u64>, String>, ActionError> {
        let Some(path) = &self.file else { return Ok(Ok(None)) };
        let question = Question { hash: false, limit: 0, ..Question::about(path) };
        let command = question.command_and("if [ -r \"$r\" ]; then f 1; else f 0; fi\n");
        let (look, readable) = Look::read_and(path, &self.side.host(cx).await?.read(command).await?)?;
        let role = &self.side.on;
        Ok(match look.there {
            None => Err(format!("there is no {path} on {role}")),
            Some(there) if there.print.kind == Kind::Directory => Err(format!("{path} is a folder on {role}")),
            // A device or a pipe may say who knows what.
            Some(there) if there.print.kind != Kind::File => {
                Err(format!("{path} is {} on {role}: `run` reads what is no file", there.print.kind.in_words()))
            }
            Some(_) if readable != b"1\0" => Err(format!("{path} cannot be read on {role}: `become` who may")),
            Some(there) => Ok(Some(there.size)),
        })
    }

    pub(super) fn in_words(&self) -> String {
        match &self.file {
            Some(file) => format!("# {}: the file {file}", self.side.place_in_words()),
            None => self.side.in_words(),
        }
    }
}

impl To {
    pub(super) fn decode(node: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, "`to`", &KEYS_TO, diagnostics)?;
        let to = match fields.exactly_one(&["run", "file"]) {
            Some("run") => {
                for key in ["owner", "group", "mode"] {
                    if fields.node(key).is_some() {
                        fields.wrong(key, format!("`{key}` has no meaning beside `run`"), "it is for a `file`");
                    }
                }
                warn_of_halves(&mut fields);
                Side::of(&mut fields).map(Self::Script)
            }
            Some(_) => {
                only_with_run(&mut fields);
                let account = Account::of(&mut fields);
                let place = Placement::decode_at("file", &mut fields);
                account.zip(place).map(|(account, place)| Self::File(FileEnd { account, place }))
            }
            None => None,
        };
        fields.done()?;
        to
    }

    /// Its host's role.
    pub(super) fn on(&self) -> &Role {
        match self {
            Self::Script(side) => &side.on,
            Self::File(file) => &file.account.on,
        }
    }

    /// Its host, as the user that acts there.
    pub(super) async fn host(&self, cx: &Read<'_>) -> Result<Host, ActionError> {
        match self {
            Self::Script(side) => side.host(cx).await,
            Self::File(FileEnd { account, .. }) => cx.other_as(&account.on, account.become_user.as_deref()).await,
        }
    }

    pub(super) fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }
}

/// What is killed in its middle has written a half.
fn warn_of_halves(fields: &mut Fields<'_, '_>) {
    let Some(run) = fields.node("run") else { return };
    let Some(script) = run.text() else { return };
    let target = script.trim().strip_prefix("cat").and_then(|rest| rest.trim_start().strip_prefix('>'));
    let Some(target) = target.filter(|target| !target.contains(['>', ';', '|', '&', '\n'])) else { return };
    let what = format!("a stream that breaks off leaves half of {} there", target.trim());
    fields.diagnostics().warning(&run.span, what).hint("`file:` in place of `run:` puts it there whole or not at all");
}

fn only_with_run(fields: &mut Fields<'_, '_>) {
    if fields.node("env").is_some() {
        fields.wrong("env", "`env` has no meaning beside `file`", "it is for the script of a `run`");
    }
}
