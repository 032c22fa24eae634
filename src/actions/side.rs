//! A script on a host that an action names itself: one of two sides.

use crate::base::secret::{is_sealed, shown};
use crate::base::shell::quote;
use crate::base::{Role, Span};
use crate::model::decode::{self, Fields};
use crate::model::form::{Form, Key, key, required};
use crate::model::node::Shape;
use crate::model::{Diagnostics, Node};
use crate::transport::Command;

use super::context::{Host, Read};
use super::contract::ActionError;

/// The keys of a side.
pub const KEYS: [Key; 4] = [ON, BECOME, required(RUN.name, RUN.form, RUN.about), ENV];

/// The host of a side.
pub const ON: Key = required("on", Form::Word, "a role, or `local`");

/// The user of a side.
pub const BECOME: Key = key("become", Form::Word, "the user to act as").left_out("that of the step, else of the host");

/// The script of a side, where something else may stand in its place.
pub const RUN: Key = key(
    "run",
    Form::Either(&[Form::Text, Form::List(&Form::Text)]),
    "a script for `/bin/sh -eu`, or a list: a program and its arguments",
);

/// What the script of a side is given.
pub const ENV: Key = key("env", Form::Map(&Form::Text), "environment variables of the script; secrets may stand here");

/// A script, where it runs, and as whom.
#[derive(Clone, Debug)]
pub struct Side {
    /// The host.
    pub on: Role,
    become_user: Option<String>,
    script: String,
    env: Vec<(String, String)>,
    /// Where it stands; none where it is ours.
    span: Option<Span>,
}

/// A host, and the user to act as there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The host.
    pub on: Role,
    /// The user, where one is named.
    pub become_user: Option<String>,
}

impl Account {
    /// Reads `on` and `become`.
    pub fn of(fields: &mut Fields<'_, '_>) -> Option<Self> {
        let on = fields.required("on", decode::word).map(Role::from);
        let become_user = fields.optional("become", decode::word);
        Some(Self { on: on?, become_user })
    }
}

impl Side {
    /// Reads a side: `{on: old, run: …, become:, env:}`. `what` is for people.
    pub fn decode(node: &Node, what: &str, diagnostics: &mut Diagnostics) -> Option<Self> {
        let mut fields = Fields::of(node, what, &KEYS, diagnostics)?;
        let side = Self::of(&mut fields);
        fields.done()?;
        side
    }

    /// The same from fields among which there are others.
    pub fn of(fields: &mut Fields<'_, '_>) -> Option<Self> {
        let account = Account::of(fields);
        let script = fields.required("run", script);
        let env = fields.optional("env", decode::map_of(decode::text)).unwrap_or_default();
        let env = env.into_iter().map(|(name, value)| (name.value, value)).collect();
        let Account { on, become_user } = account?;
        Some(Self { on, become_user, script: script?, env, span: Some(fields.span().clone()) })
    }

    /// A side whose script is ours.
    #[must_use]
    pub fn ours(account: Account, script: &str, env: &[(&str, &str)]) -> Self {
        let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self { on: account.on, become_user: account.become_user, script: script.to_owned(), env, span: None }
    }

    /// Whether a secret is in its environment.
    #[must_use]
    pub fn has_secrets(&self) -> bool {
        self.env.iter().any(|(_, value)| is_sealed(value))
    }

    /// The host, as the user that the script runs as.
    ///
    /// # Errors
    /// Where there is no such role.
    pub async fn host(&self, cx: &Read<'_>) -> Result<Host, ActionError> {
        cx.other_as(&self.on, self.become_user.as_deref()).await
    }

    /// Where it runs, in words.
    #[must_use]
    pub fn place_in_words(&self) -> String {
        let user = self.become_user.as_ref().map(|user| format!(" as {user}")).unwrap_or_default();
        format!("on {}{user}", self.on)
    }

    /// The script as a command, ready for the host's transport. It starts where a `run` does.
    ///
    /// # Errors
    /// Where a secret has no value.
    pub fn command(&self, host: &Host, cx: &Read<'_>) -> Result<Command, ActionError> {
        self.command_of(&self.script, host, cx)
    }

    /// The same with `around` for a script: it finds this one's text in `$SCRIPT`, and starts where this one would.
    ///
    /// # Errors
    /// Where a secret has no value.
    pub fn within(&self, around: &str, host: &Host, cx: &Read<'_>) -> Result<Command, ActionError> {
        let command = self.command_of(around, host, cx)?;
        Ok(command.env("SCRIPT", &*self.script))
    }

    fn command_of(&self, script: &str, host: &Host, cx: &Read<'_>) -> Result<Command, ActionError> {
        // On the line of the script's first, so that the numbers of lines in error messages are its own.
        let start = match self.folder_of_the_book(host, cx) {
            Some(folder) => format!("cd -- {} || exit 1; ", quote(&folder)),
            None => "cd 2>/dev/null || cd /; ".to_owned(),
        };
        let command = Command::read(format!("{start}{script}"));
        let command = self.env.iter().try_fold(command, |mut command, (name, value)| {
            command.env.push((name.clone(), cx.reveal(value)?));
            Ok::<_, ActionError>(command)
        })?;
        Ok(command.as_user(host.become_user().cloned()))
    }

    /// Where a script of the operator's own machine starts: like a `run`, in the folder of the file that names it.
    fn folder_of_the_book(&self, host: &Host, cx: &Read<'_>) -> Option<String> {
        if !self.on.is_local() || host.become_user().is_some() {
            return None;
        }
        let folder = std::path::absolute(cx.around().local_path(self.span.as_ref()?, ".")).ok()?;
        folder.into_os_string().into_string().ok()
    }

    /// In words, with the script on lines of its own.
    #[must_use]
    pub fn in_words(&self) -> String {
        let mut words = vec![format!("# {}:", self.place_in_words())];
        words.extend(self.env.iter().map(|(name, value)| format!("# env: {name}={}", shown(value))));
        words.push(shown(self.script.trim_end()));
        words.join("\n")
    }

    /// The script as it is shown in a failure.
    #[must_use]
    pub fn text(&self) -> String {
        shown(&self.script)
    }
}

/// A script, or a program and its arguments.
fn script(node: &Node, diagnostics: &mut Diagnostics) -> Option<String> {
    let script = match &node.shape {
        Shape::List(_) => {
            let words = decode::list_of_text(node, diagnostics)?;
            if words.first().is_none_or(String::is_empty) {
                diagnostics.error(&node.span, "the first of the list is the program to run, and there is none");
                return None;
            }
            format!("exec {}", words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" "))
        }
        Shape::Scalar(_) | Shape::Map(_) => decode::text(node, diagnostics)?,
    };
    let why = if script.contains('\0') {
        "a NUL byte cannot be part of a command"
    } else if script.trim().is_empty() {
        "the script is empty"
    } else {
        return Some(script);
    };
    diagnostics.error(&node.span, why);
    None
}
