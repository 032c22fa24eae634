//! How an edit is taken back: out of whatever the file is by then.

use serde::{Deserialize, Serialize};

use crate::actions::context::{Read, Write};
use crate::actions::contract::ActionError;
use crate::actions::keepsake;
use crate::actions::remote_file::{Kept, Look, Print, Question, Seen as File, sha256, temporary, try_name, verdict};
use crate::transport::Command;

use super::back::{Back, Copies, Untangle, judge};
use super::host::MOST;

const LOOK: &str = include_str!("kept.sh");
const OUT: &str =
    concat!(include_str!("../remote_file/common.sh"), include_str!("../remote_file/put.sh"), include_str!("out.sh"));

/// What takes an edit out of a file. The lines themselves stay on the host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// The path of the file itself.
    pub(super) path: String,
    /// The file as it was.
    pub(super) before: Print,
    /// The file as the edit leaves it.
    pub(super) after: Print,
    /// Where the host keeps what is needed.
    pub(super) kept: String,
    /// The unit whose undo this is: where another takes it back, it may be applied again, and taken back again.
    unit: String,
    /// How the names of the unit's temporary files begin.
    temporary: String,
}

impl Undo {
    pub(super) fn new(file: &File, kept: Kept, cx: &Read<'_>) -> Self {
        Self {
            path: file.real.clone(),
            before: file.before.clone().unwrap_or_else(|| file.after.clone()),
            after: file.after.clone(),
            kept: kept.folder,
            unit: cx.env().unit.to_string(),
            temporary: temporary(&file.real, cx.env().run, cx.env().unit),
        }
    }

    /// Removes what a try that came to no end has left beside the file.
    ///
    /// # Errors
    /// Where the host was not reached, or something stays.
    pub(super) async fn discard(&self, cx: &Write<'_>) -> Result<(), ActionError> {
        keepsake::remove_all(&cx.host()?, &self.temporary, cx).await
    }

    /// Takes the edit out, unless somebody else has changed the very lines of it in a way that `untangle` cannot tell apart.
    ///
    /// # Errors
    /// Where somebody has, or the host cannot.
    pub(super) async fn run(&self, untangle: Untangle, cx: &Write<'_>) -> Result<String, ActionError> {
        let question = Question { follow: false, limit: 0, kept: Some(&self.kept), ..Question::about(&self.path) };
        let said = cx.sh(question.command_and(LOOK).env("MOST", MOST.to_string())).await?;
        let (look, rest) = Look::read_and(&self.path, &said)?;
        let copies = Copies::of(&rest)
            .ok_or_else(|| ActionError::failed(format!("cannot look at {}: the answer breaks off", self.path)))?;
        let masker = cx.around().masker();
        let back = judge(self, &look, &copies, untangle, masker)?;
        let said = cx.change(self.command(&back, &look, cx)).await?;
        match verdict(&said, &format!("editing {}", self.path), masker)?.first().map(String::as_str) {
            Some("done") => Ok(back.in_words().to_owned()),
            Some("torn") => Err(ActionError::failed(format!("what arrived for {} is not what was sent", self.path))),
            _ => Err(ActionError::Changed {
                what: self.path.clone(),
                difference: "it is being changed at this moment".to_owned(),
            }),
        }
    }

    fn command(&self, back: &Back, look: &Look, cx: &Write<'_>) -> Command {
        let there = look.there.as_ref();
        let now = there.map(|there| &there.print);
        let flag = |flag: bool| if flag { "1" } else { "0" };
        let (act, from, content) = match back {
            Back::Nothing(_) => ("nothing", "", &[][..]),
            Back::Copy(from) => ("copy", from.as_str(), &[][..]),
            Back::Write(content) => ("write", "", content.as_slice()),
        };
        let dress = now.unwrap_or(&self.before);
        Command::change(OUT)
            .env("R", self.path.clone())
            .env("K", self.kept.clone())
            .env("N", self.temporary.clone())
            .env("T", format!("{}{}", self.temporary, try_name()))
            .env("A", act)
            .env("F", from)
            .env("I", flag(there.is_some_and(|there| there.mounted)))
            .env("C", now.map_or_else(|| "-".to_owned(), said_of))
            .env("W", sha256(content))
            .env("U", dress.uid.to_string())
            .env("G", dress.gid.to_string())
            .env("M", format!("{:05o}", dress.mode))
            .env("L", flag(cx.env().unit.to_string() == self.unit))
            .stdin(content)
    }
}

/// What the scripts' `hash_of` says of a thing.
fn said_of(print: &Print) -> String {
    use crate::actions::remote_file::Kind;
    match print.kind {
        Kind::Link => format!("link {}", print.sha256),
        Kind::File => format!("file {}", print.sha256),
        Kind::Directory | Kind::Other => "other".to_owned(),
    }
}
