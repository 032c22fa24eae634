//! `run` as written.

use crate::base::Spanned;
use crate::model::decode::{self, Fields};
use crate::model::form::{Form, Key, key};
use crate::model::node::Shape;
use crate::model::{Diagnostics, Node};

use super::action::{Run, What};

pub(super) const FORM: Form =
    Form::Either(&[Form::Text, Form::List(&Form::Text), Form::OneKeyOf(&KEYS, &["script", "src"])]);

const KEYS: [Key; 7] = [
    key("script", Form::Text, "the script"),
    key("src", Form::Word, "a script in a file of yours; its path is relative to the runbook"),
    key("args", Form::List(&Form::Text), "`$1`, `$2`… of the script: data, whatever is in them"),
    key("shell", Form::Like(r"^[^-\s]\S*$"), "the shell, which is given `-eu`").left_out("`sh`"),
    key("env", Form::Map(&Form::Text), "environment variables; secrets may stand here"),
    key("cwd", Form::Path, "the folder in which it starts")
        .left_out("the home folder; on `local` the folder of the runbook"),
    key("stdin", Form::Text, "what it reads; secrets may stand here").left_out("`/dev/null`"),
];

pub(super) fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Run> {
    let plain = |what| Run {
        what,
        args: Vec::new(),
        shell: None,
        env: Vec::new(),
        cwd: None,
        stdin: None,
        span: value.span.clone(),
    };
    match &value.shape {
        Shape::Scalar(_) => script(value, diagnostics).map(|text| plain(What::Script(text))),
        Shape::List(_) => argv(value, diagnostics).map(|argv| plain(What::Argv(argv))),
        Shape::Map(_) => mapping(value, diagnostics),
    }
}

fn mapping(value: &Node, diagnostics: &mut Diagnostics) -> Option<Run> {
    let mut fields = Fields::of(value, "`run`", &KEYS, diagnostics)?;
    let what = match fields.exactly_one(&["script", "src"]) {
        Some("src") => fields.required("src", source).map(What::File),
        Some(_) => fields.required("script", script).map(What::Script),
        None => None,
    };
    let args = fields.optional("args", decode::list(text)).unwrap_or_default();
    let shell = fields.optional("shell", shell);
    let env = fields.optional("env", env).unwrap_or_default();
    let cwd = fields.optional("cwd", decode::absolute_path);
    let stdin = fields.optional("stdin", text);
    let span = fields.span().clone();
    fields.done()?;
    Some(Run { what: what?, args, shell, env, cwd, stdin, span })
}

fn script(node: &Node, diagnostics: &mut Diagnostics) -> Option<String> {
    let script = text(node, diagnostics)?;
    if script.trim().is_empty() {
        diagnostics.error(&node.span, "the script is empty");
        return None;
    }
    Some(script)
}

fn source(node: &Node, diagnostics: &mut Diagnostics) -> Option<Spanned<String>> {
    decode::word(node, diagnostics).map(|path| Spanned::new(path, node.span.clone()))
}

fn argv(node: &Node, diagnostics: &mut Diagnostics) -> Option<Vec<String>> {
    let argv = decode::list(text)(node, diagnostics)?;
    if argv.first().is_none_or(String::is_empty) {
        diagnostics.error(&node.span, "the first of the list is the program to run, and there is none");
        return None;
    }
    Some(argv)
}

/// A text that a command can hold.
fn text(node: &Node, diagnostics: &mut Diagnostics) -> Option<String> {
    let text = decode::text(node, diagnostics)?;
    if text.contains('\0') {
        diagnostics.error(&node.span, "a NUL byte cannot be part of a command");
        return None;
    }
    Some(text)
}

fn shell(node: &Node, diagnostics: &mut Diagnostics) -> Option<String> {
    let shell = decode::word(node, diagnostics)?;
    if shell.contains(char::is_whitespace) || shell.starts_with('-') {
        decode::due(node, "a shell's name or path", diagnostics)
            .hint("without options: `bash`, `/usr/bin/python3`; shells are given `-eu`");
        return None;
    }
    Some(shell)
}

fn env(node: &Node, diagnostics: &mut Diagnostics) -> Option<Vec<(String, String)>> {
    let entries = decode::map_of(text)(node, diagnostics)?;
    let mut whole = true;
    for (name, _) in &entries {
        if !is_name(name) {
            diagnostics
                .error(&name.span, format!("`{}` is no name for an environment variable", name.value))
                .hint("letters, digits and `_`, the first no digit");
            whole = false;
        }
    }
    whole.then(|| entries.into_iter().map(|(name, value)| (name.value, value)).collect())
}

fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit()) && name.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::testing::decoded;
    use crate::base::StepId;
    use crate::model::node::Scalar;

    fn run(text: &str) -> Result<Run, String> {
        decoded(text)
    }

    #[test]
    fn the_three_forms_are_read() {
        let Run { what: What::Script(script), .. } = run("systemctl stop pgbouncer").unwrap() else { panic!() };
        assert_eq!(script, "systemctl stop pgbouncer");
        let Run { what: What::Argv(argv), .. } = run("[systemctl, stop, 0644]").unwrap() else { panic!() };
        assert_eq!(argv, ["systemctl", "stop", "0644"]);
        let text = "{src: a/b.sh, args: [x, 1], shell: bash, env: {A: 1, B_2: x}, cwd: /srv, stdin: hello}";
        let run = run(text).unwrap();
        let What::File(path) = &run.what else { panic!() };
        assert_eq!((path.value.as_str(), path.span.column), ("a/b.sh", 7));
        assert_eq!(
            (run.args, run.shell.as_deref(), run.cwd.as_deref()),
            (vec!["x".into(), "1".into()], Some("bash"), Some("/srv"))
        );
        assert_eq!(run.env, [("A".to_owned(), "1".to_owned()), ("B_2".to_owned(), "x".to_owned())]);
        assert_eq!(run.stdin.as_deref(), Some("hello"));
    }

    #[test]
    fn what_is_wrong_is_told_all_at_once() {
        for (text, due) in [
            ("\"\"", "the script is empty"),
            ("~", "a text is due here, found nothing"),
            ("[]", "the first of the list is the program to run, and there is none"),
            ("['', a]", "the first of the list is the program to run, and there is none"),
            ("\"a\\0b\"", "a NUL byte cannot be part of a command"),
            ("{cwd: /srv}", "`run` takes one of `script` or `src`"),
            ("{script: a, src: b}", "`run` takes one of `script` or `src`, found `script` and `src`"),
            (
                "{scirpt: a}",
                "`run` takes one of `script` or `src`\nunknown key `scirpt` in `run`; did you mean `script`?",
            ),
            (
                "{script: a, env: {1A: x, 'B;C': y}}",
                "`1A` is no name for an environment variable; letters, digits and `_`, the first no digit\n\
                 `B;C` is no name for an environment variable; letters, digits and `_`, the first no digit",
            ),
            ("{script: a, cwd: srv}", "an absolute path is due here, found `srv`; paths on a host start with `/`"),
            (
                "{script: a, shell: bash -x}",
                "a shell's name or path is due here, found `bash -x`; without options: `bash`, `/usr/bin/python3`; shells are given `-eu`",
            ),
            ("{script: a, env: [A]}", "a mapping is due here, found a list"),
        ] {
            assert_eq!(run(text).unwrap_err(), due, "{text}");
        }
    }

    #[test]
    fn what_is_not_known_yet_decodes() {
        let span = crate::actions::testing::node("x").span;
        let unknown = Node { shape: Shape::Scalar(Scalar::Unknown(StepId::from("later"))), span };
        let mut diagnostics = Diagnostics::default();
        assert!(decode(&unknown, &mut diagnostics).is_some() && diagnostics.as_slice().is_empty());
    }
}
