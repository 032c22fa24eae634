//! The text that a job's witness is fed.

use std::fmt::Write as _;

use zeroize::Zeroizing;

use crate::base::shell::quote;
use crate::transport::request::{escape, export};

use super::spec::{JobSpec, Program, Shell};

/// The witness.
const WRAPPER: &str = include_str!("wrapper.sh");

/// The descriptor from which the job's shell reads its script.
const SCRIPT: u32 = 9;

/// Shells that know `-eu` and `exec 9<&-`.
const SHELLS: [&str; 7] = ["sh", "bash", "dash", "zsh", "ksh", "mksh", "ash"];

/// The witness of `spec`, whose folder is `dir`.
pub(super) fn witness(spec: &JobSpec, dir: &str) -> Result<Zeroizing<String>, String> {
    let run = run(spec, " >out 2>err")?;
    let (before, after) = WRAPPER.split_once("\nRUN\n").ok_or("the wrapper has no place for the job")?;
    Ok(Zeroizing::new(format!("d={}\n{before}\n{}\n{after}", quote(dir), run.as_str())))
}

impl JobSpec {
    /// The same program as a script for a short command, so that a look runs just as a job would. Its time limit is the command's.
    ///
    /// # Errors
    /// Where no command can hold it: a NUL byte, a name that is none for an environment variable.
    pub fn inline(&self) -> Result<Zeroizing<String>, String> {
        run(self, "")
    }
}

/// The command whose exit code is the job's. `to` is where its output goes.
fn run(spec: &JobSpec, to: &str) -> Result<Zeroizing<String>, String> {
    let mut text = Zeroizing::new(String::new());
    let mut start = Zeroizing::new(String::new());
    for (name, value) in &spec.env {
        export(&mut start, name, value.expose())?;
    }
    match &spec.cwd {
        Some(cwd) => {
            let _ = writeln!(start, "cd -- {} || exit 1", word(cwd)?);
        }
        // Somebody's home may be out of reach, of a user without a home above all.
        None => start.push_str("cd 2>/dev/null || cd /\n"),
    }
    let stdin = match &spec.stdin {
        None => None,
        Some(stdin) => {
            let mut feed = Zeroizing::new(String::from("printf '%b' '"));
            escape(&mut feed, stdin.expose().as_bytes())?;
            feed.push_str("' | ");
            Some(feed)
        }
    };
    let (feed, null) = stdin.as_ref().map_or(("", "</dev/null"), |feed| (feed.as_str(), ""));
    match &spec.program {
        Program::Argv(argv) => {
            let argv = words(argv)?;
            let _ = write!(text, "{feed}(\n{}exec{argv}\n) {null}{to}", start.as_str());
        }
        Program::Script { text: script, shell, args } => {
            let (exec, first) = interpreter(shell)?;
            let script = Zeroizing::new(word(&format!("{first}{script}"))?);
            let _ = write!(
                text,
                "printf '%s' {} | {{ exec {SCRIPT}<&0\n{feed}(\n{}exec {exec} /dev/fd/{SCRIPT}{}\n) {null}{to}; }}",
                script.as_str(),
                start.as_str(),
                words(args)?,
            );
        }
    }
    Ok(text)
}

/// How the interpreter is called, and what its script begins with. On the same line as the script's first, so that the numbers of lines in
/// error messages are the script's own.
fn interpreter(shell: &Shell) -> Result<(String, String), String> {
    let close = format!("exec {SCRIPT}<&-; ");
    match shell {
        Shell::Sh => Ok(("/bin/sh -eu".to_owned(), close)),
        Shell::Named(name) => {
            let base = name.rsplit('/').next().unwrap_or_default();
            let exec = word(name)?;
            Ok(if SHELLS.contains(&base) { (format!("{exec} -eu"), close) } else { (exec, String::new()) })
        }
    }
}

fn words(words: &[String]) -> Result<String, String> {
    words.iter().map(|text| Ok(format!(" {}", word(text)?))).collect()
}

fn word(text: &str) -> Result<String, String> {
    if text.contains('\0') { Err("a NUL byte cannot be part of a command".to_owned()) } else { Ok(quote(text)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;

    #[test]
    fn the_wrapper_has_a_place_for_the_job() {
        let text = witness(&JobSpec::script("echo it's"), "/x y").unwrap();
        assert!(text.starts_with("d='/x y'\n"), "{}", text.as_str());
        assert!(text.contains(r"printf '%s' 'exec 9<&-; echo it'\''s' | { exec 9<&0"), "{}", text.as_str());
        assert!(!text.contains("\nRUN\n"));
    }

    #[test]
    fn refuses_what_no_command_can_hold() {
        let spec = JobSpec { program: Program::Argv(vec!["a\0".into()]), ..JobSpec::script("") };
        assert!(witness(&spec, "/").is_err());
        let spec = JobSpec { env: vec![("a b".into(), Secret::new(String::new()))], ..JobSpec::script("") };
        assert!(witness(&spec, "/").is_err());
    }
}
