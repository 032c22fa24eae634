//! `run` in words: for the dry run, for failures, and what a look by a script found.

use std::fmt::Write as _;

use crate::actions::contract::{ActionError, Verdict};
use crate::actions::durable::{exited, hint};
use crate::actions::said::last_lines;
use crate::base::secret::shown;
use crate::base::{Masker, shell::quote};
use crate::events::record::Failure;
use crate::transport::Output;

use super::action::{Run, What};

/// How much of a line a summary shows.
const WIDTH: usize = 100;

/// How many lines tell why a look did not find what it looked for.
const LINES: usize = 5;

/// In a line.
pub(super) fn summary(run: &Run) -> String {
    let What::Script(script) = &run.what else { return format!("run {}", line(&command(run))) };
    let telling = |line: &&str| !line.is_empty() && !line.starts_with('#');
    let mut lines = script.lines().map(str::trim).filter(telling);
    let first = line(lines.next().unwrap_or_default());
    match lines.count() {
        0 => format!("run {first}"),
        1 => format!("run {first} … (1 more line)"),
        more => format!("run {first} … ({more} more lines)"),
    }
}

fn line(text: &str) -> String {
    let text = shown(text).replace('\n', " ");
    match text.char_indices().nth(WIDTH) {
        Some((at, _)) => format!("{}…", text[..at].trim_end()),
        None => text,
    }
}

/// The command as it is shown in a failure: the script, or the words of a command line.
pub(super) fn command(run: &Run) -> String {
    match &run.what {
        What::Script(script) => shown(script),
        What::File(path) => words(std::iter::once(&path.value).chain(&run.args)),
        What::Argv(argv) => words(argv),
    }
}

fn words<'a>(words: impl IntoIterator<Item = &'a String>) -> String {
    words.into_iter().map(|word| shown(&quote(word))).collect::<Vec<_>>().join(" ")
}

/// All of it: what it is given, and the script. `file` is the text of the operator's file, if it is one.
pub(super) fn detail(run: &Run, file: Option<&str>) -> String {
    let mut text = String::new();
    let mut say = |what: &str, value: &str| {
        let _ = writeln!(text, "# {what}: {}", shown(value).replace('\n', "\n#   "));
    };
    match &run.what {
        What::File(path) => say("script", &words(std::iter::once(&path.value).chain(&run.args))),
        What::Script(_) if !run.args.is_empty() => say("arguments", &words(&run.args)),
        What::Script(_) | What::Argv(_) => {}
    }
    if let Some(shell) = &run.shell {
        say("shell", shell);
    }
    if let Some(cwd) = &run.cwd {
        say("in", cwd);
    }
    for (name, value) in &run.env {
        say("env", &format!("{name}={value}"));
    }
    if let Some(stdin) = &run.stdin {
        say("stdin", stdin);
    }
    text.push_str(&file.map_or_else(|| command(run), str::to_owned));
    text
}

/// What a look by a script found.
pub(super) fn verdict(
    said: &Output,
    masker: &Masker,
    command: impl FnOnce() -> String,
) -> Result<Verdict, ActionError> {
    let clean = |bytes: &[u8]| String::from_utf8_lossy(&masker.mask_bytes(bytes)).trim().to_owned();
    let stderr = clean(&said.stderr);
    match said.status {
        0 => Ok(Verdict::Holds),
        // The look itself went wrong: that is no 'no'.
        code @ (126 | 127) => Err(ActionError::Failed(Box::new(Failure {
            why: exited(code),
            hint: hint(code).map(str::to_owned),
            command: Some(command()),
            exit_code: Some(code),
            stderr: last_lines(&stderr, LINES).to_owned(),
            ..Failure::default()
        }))),
        code => {
            // `systemctl is-active` and its like say why on stdout.
            let said = if stderr.is_empty() { clean(&said.stdout) } else { stderr };
            let first = said.lines().take(LINES).collect::<Vec<_>>().join("\n");
            let colon = if first.is_empty() { "" } else { ": " };
            Ok(Verdict::Fails(format!("{}{colon}{first}", exited(code))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::testing::decoded;
    use crate::base::Secret;
    use crate::base::secret::sealed;

    fn run(text: &str) -> Run {
        decoded(text).unwrap()
    }

    #[test]
    fn a_summary_is_a_line() {
        assert_eq!(summary(&run("systemctl stop x")), "run systemctl stop x");
        assert_eq!(summary(&run("|\n  # why\n  \n  a\n  b\n")), "run a … (1 more line)");
        assert_eq!(summary(&run("|\n  a\n  b\n  # no\n  c\n")), "run a … (2 more lines)");
        assert_eq!(summary(&run("{src: dns.sh, args: [get, \"a b\"]}")), "run dns.sh get 'a b'");
        assert_eq!(summary(&run(&"x".repeat(300))), format!("run {}…", "x".repeat(100)));
        assert_eq!(summary(&run("[printf, \"a\\nb\"]")), "run printf 'a b'");
    }

    #[test]
    fn the_detail_has_all_that_it_is_given_and_no_secret() {
        let text = format!(
            "{{script: 'psql \"$1\"', args: [a b], shell: bash, cwd: /srv, env: {{PASSWORD: \"{}\", A: \"x\\ny\"}}, stdin: hi}}",
            sealed("db")
        );
        assert_eq!(
            detail(&run(&text), None),
            "# arguments: 'a b'\n# shell: bash\n# in: /srv\n# env: PASSWORD={{ secrets.db }}\n# env: A=x\n#   y\n# stdin: hi\npsql \"$1\""
        );
        assert_eq!(detail(&run("{src: a.sh, args: [x]}"), Some("echo\n")), "# script: a.sh x\necho\n");
    }

    #[test]
    fn a_look_that_went_wrong_is_no_no() {
        let masker = Masker::new([&Secret::new("hunter2".into())]);
        let verdict = |status, stdout: &str, stderr: &str| {
            let said = Output { status, stdout: stdout.into(), stderr: stderr.into() };
            verdict(&said, &masker, || "x".to_owned())
        };
        assert_eq!(verdict(0, "", "").unwrap(), Verdict::Holds);
        assert_eq!(verdict(1, "", "").unwrap(), Verdict::Fails("exited with 1".into()));
        assert_eq!(verdict(3, "inactive\n", "").unwrap(), Verdict::Fails("exited with 3: inactive".into()));
        assert_eq!(verdict(1, "x", "no hunter2\n").unwrap(), Verdict::Fails("exited with 1: no ***".into()));
        for code in [126, 127] {
            let ActionError::Failed(failure) = verdict(code, "", "sh: x: not found\n").unwrap_err() else { panic!() };
            assert_eq!((failure.exit_code, failure.stderr.as_str()), (Some(code), "sh: x: not found"));
        }
    }
}
