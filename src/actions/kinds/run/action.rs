//! What `run` does.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::actions::context::{Read, Stash, Write};
use crate::actions::contract::{Action, ActionError, AfterCrash, Check, LocalFile, Reversible, Verdict};
use crate::actions::durable;
use crate::base::{Secret, Span, Spanned, fs};
use crate::events::Preview;
use crate::events::record::Outputs;
use crate::model::{Diagnostics, Form, Node};
use crate::transport::job::Shell;
use crate::transport::{Command, JobSpec, Program};

use super::words;

/// The largest local script that is sent.
const LARGEST: u64 = 4 << 20;

/// A script or a program, and what it is given.
#[derive(Debug)]
pub struct Run {
    pub(super) what: What,
    pub(super) args: Vec<String>,
    pub(super) shell: Option<String>,
    pub(super) env: Vec<(String, String)>,
    pub(super) cwd: Option<String>,
    pub(super) stdin: Option<String>,
    pub(super) span: Span,
}

/// What is run.
#[derive(Debug)]
pub(super) enum What {
    /// A script.
    Script(String),
    /// A script in a file of the operator's.
    File(Spanned<String>),
    /// A program and its arguments.
    Argv(Vec<String>),
}

/// The text of the operator's file, where that is what is run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    file: Option<String>,
}

#[async_trait]
impl Action for Run {
    const KIND: &'static str = "run";
    const NEEDS_HOST: bool = true;
    const FORM: Form = super::decode::FORM;
    const SECRETS: &'static [&'static str] = &["env", "stdin"];
    type Seen = Seen;
    type Undo = ();

    fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        super::decode::decode(value, diagnostics)
    }

    /// A script always runs: whether it has to is for the step's `unless` to say.
    async fn check(&self, cx: &Read<'_>) -> Result<Check<Seen>, ActionError> {
        Ok(Check::Differs(self.look(cx)?))
    }

    fn preview(&self, seen: &Seen) -> Preview {
        Preview {
            summary: words::summary(self),
            detail: words::detail(self, seen.file.as_deref()),
            undo: "nothing: it has no undo of its own".to_owned(),
        }
    }

    async fn capture(&self, _seen: &Seen, _cx: &Stash<'_>) -> Result<Reversible<()>, ActionError> {
        Ok(Reversible::No("a `run` has no undo of its own".to_owned()))
    }

    async fn apply(&self, seen: &Seen, cx: &Write<'_>) -> Result<Outputs, ActionError> {
        durable::launch(&self.spec(seen, cx)?, &self.command(cx), cx).await
    }

    async fn verify(&self, _cx: &Read<'_>) -> Result<Verdict, ActionError> {
        Ok(Verdict::Unknown)
    }

    async fn probe(&self, cx: &Read<'_>) -> Result<Verdict, ActionError> {
        let spec = self.spec(&self.look(cx)?, cx)?;
        let script = spec.inline().map_err(ActionError::failed)?;
        let said = cx.sh(Command::read(script.as_str())).await?;
        words::verdict(&said, cx.around().masker(), || self.command(cx))
    }

    async fn undo(_undo: &(), _cx: &Write<'_>) -> Result<String, ActionError> {
        Err(ActionError::failed("a `run` has no undo of its own"))
    }

    fn takes_itself_back(&self) -> bool {
        false
    }

    fn after_crash(&self) -> AfterCrash {
        AfterCrash::Reattach
    }

    async fn reattach(&self, job: &serde_json::Value, cx: &Write<'_>) -> Result<Outputs, ActionError> {
        let spec = self.look(cx).and_then(|seen| self.spec(&seen, cx));
        durable::reattach(job, spec, &self.command(cx), cx).await
    }

    async fn clear_up(&self, job: &serde_json::Value, cx: &Read<'_>) -> Result<(), ActionError> {
        durable::clear_up(job, cx).await
    }

    fn local_files(&self) -> Vec<LocalFile> {
        match &self.what {
            What::File(path) => vec![LocalFile { path: path.clone(), template: false }],
            What::Script(_) | What::Argv(_) => Vec::new(),
        }
    }
}

impl Run {
    fn look(&self, cx: &Read<'_>) -> Result<Seen, ActionError> {
        let file = match &self.what {
            What::File(path) => Some(fs::read_text(&cx.around().local_path(&path.span, path), LARGEST)?),
            What::Script(_) | What::Argv(_) => None,
        };
        Ok(Seen { file })
    }

    fn spec(&self, seen: &Seen, cx: &Read<'_>) -> Result<JobSpec, ActionError> {
        let shell = self.shell.clone().map_or(Shell::Sh, Shell::Named);
        let program = match &self.what {
            What::Argv(argv) => Program::Argv(argv.clone()),
            What::Script(text) => Program::Script { text: text.clone(), shell, args: self.args.clone() },
            What::File(_) => {
                let text = seen.file.clone().unwrap_or_default();
                Program::Script { text, shell, args: self.args.clone() }
            }
        };
        let env = self.env.iter().map(|(name, value)| Ok((name.clone(), cx.reveal(value)?)));
        Ok(JobSpec {
            program,
            env: env.collect::<Result<Vec<(String, Secret)>, ActionError>>()?,
            cwd: self.cwd.clone().or_else(|| self.folder_of_the_book(cx)),
            stdin: self.stdin.as_ref().map(|stdin| cx.reveal(stdin)).transpose()?,
            timeout: cx.env().timeout,
        })
    }

    /// Where a script of the operator's own machine starts: in the folder of the file that names it, like every other local path, and not
    /// wherever `resume` is called from. As another user it starts at home, as on a host.
    fn folder_of_the_book(&self, cx: &Read<'_>) -> Option<String> {
        let host = cx.env().host.as_ref()?;
        if !host.role().is_local() || cx.env().become_user.is_some() {
            return None;
        }
        let folder = std::path::absolute(cx.around().local_path(&self.span, ".")).ok()?;
        folder.into_os_string().into_string().ok()
    }

    fn command(&self, cx: &Read<'_>) -> String {
        cx.around().masker().mask(&words::command(self))
    }
}
