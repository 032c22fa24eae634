//! The values of a book's secrets, from where the book says that they are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::base::{RunId, Secret, Spanned, fs};
use crate::display::safe_line;
use crate::model::Book;
use crate::model::book::SecretSource;
use crate::transport::{Command, Local, Transport as _};

use super::error::CommandError;
use super::terminal::Terminal;

/// Larger than any key or password.
const LIMIT: u64 = 1024 * 1024;

/// The values of a book's secrets, by name, those that are `known` aside. Asks for those that a person knows.
pub(crate) async fn resolve(
    book: &Book,
    known: &BTreeMap<String, Secret>,
    terminal: &Arc<dyn Terminal>,
) -> Result<BTreeMap<String, Secret>, CommandError> {
    let mut secrets = known.clone();
    for (name, source) in &book.secrets {
        if secrets.contains_key(&name.value) {
            continue;
        }
        let value = match value(source, terminal).await {
            Ok(value) if value.expose().is_empty() => Err("it is empty".to_owned()),
            value => value,
        };
        let value = value.map_err(|why| {
            let hint = format!("{} says where it comes from", name.span);
            CommandError::wrong(format!("the secret `{}` has no value: {why}", name.value), hint)
        })?;
        secrets.insert(name.value.clone(), value);
    }
    Ok(secrets)
}

async fn value(source: &SecretSource, terminal: &Arc<dyn Terminal>) -> Result<Secret, String> {
    match source {
        SecretSource::Env(name) => match std::env::var(&name.value) {
            Ok(value) => Ok(without_newline(value)),
            Err(std::env::VarError::NotPresent) => Err(format!("the environment variable {} is not set", name.value)),
            Err(std::env::VarError::NotUnicode(_)) => {
                Err(format!("the environment variable {} is not UTF-8", name.value))
            }
        },
        SecretSource::File(path) => {
            fs::read_text(&beside(path), LIMIT).map(without_newline).map_err(|error| error.to_string())
        }
        SecretSource::Command(script) => command(&script.value).await,
        SecretSource::Prompt(_) if !terminal.is_present() => Err("there is no terminal to ask for it at".to_owned()),
        SecretSource::Prompt(prompt) => {
            let (terminal, question) = (terminal.clone(), safe_line(&prompt.value).into_owned());
            // Not on this thread: a signal that tells of the end of a child, as of the shell of a secret's command, would look like Ctrl-C there.
            let asked = tokio::task::spawn_blocking(move || {
                terminal.forget_typed();
                terminal.secret(&question)
            });
            let typed = asked.await.ok().flatten();
            typed.map(without_newline).ok_or_else(|| "it was not given".to_owned())
        }
    }
}

/// Runs on the operator's machine, its input at an end, away from the terminal.
async fn command(script: &str) -> Result<Secret, String> {
    let said = Local::new().exec(Command::read(script), None).await.map_err(|error| error.to_string())?;
    if !said.success() {
        let stderr = said.error_text();
        let why = if stderr.trim().is_empty() { String::new() } else { format!(": {}", stderr.trim()) };
        return Err(format!("`{script}` ended with {}{why}", said.status));
    }
    String::from_utf8(said.stdout).map(without_newline).map_err(|_| format!("what `{script}` wrote is not UTF-8"))
}

/// One newline at the end is the editor's, or the shell's.
fn without_newline(mut value: String) -> Secret {
    if value.ends_with('\n') {
        value.pop();
    }
    Secret::new(value)
}

/// Relative to the file that names it.
fn beside(named: &Spanned<String>) -> PathBuf {
    Path::new(named.span.file.as_ref()).parent().unwrap_or(Path::new("")).join(&named.value)
}

/// What the journal keeps of secrets: enough to tell that one has changed, under a key that is the run's own.
pub(crate) fn fingerprints(run: &RunId, secrets: &BTreeMap<String, Secret>) -> BTreeMap<String, String> {
    secrets.iter().map(|(name, secret)| (name.clone(), fingerprint(run, secret))).collect()
}

fn fingerprint(run: &RunId, secret: &Secret) -> String {
    use std::fmt::Write as _;

    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(run.as_str().as_bytes()) else { return String::new() };
    mac.update(secret.expose().as_bytes());
    mac.finalize().into_bytes().iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The secrets that are not what they were when the run began.
pub(crate) fn changed(
    run: &RunId,
    before: &BTreeMap<String, String>,
    secrets: &BTreeMap<String, Secret>,
) -> Vec<String> {
    let differs = |(name, secret): &(&String, &Secret)| {
        before.get(*name).is_some_and(|fingerprint_then| *fingerprint_then != fingerprint(run, secret))
    };
    secrets.iter().filter(differs).map(|(name, _)| name.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Span;
    use crate::cli::terminal::scripted::Scripted;

    fn spanned(value: &str, file: &str) -> Spanned<String> {
        Spanned::new(value.to_owned(), Span { file: file.into(), line: 1, column: 1, start: 0, end: 0 })
    }

    fn says(said: &[&'static str]) -> Arc<dyn Terminal> {
        Arc::new(Scripted::says(said))
    }

    async fn of(source: SecretSource) -> Result<String, String> {
        value(&source, &says(&["typed"])).await.map(|secret| secret.expose().to_owned())
    }

    #[tokio::test]
    async fn a_file_is_looked_for_beside_the_one_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(&folder.path().join("key"), b"two\nlines\n\n").unwrap();
        let book = folder.path().join("book.yaml");
        let source = SecretSource::File(spanned("key", &book.to_string_lossy()));
        assert_eq!(of(source).await.unwrap(), "two\nlines\n");
        let missing = of(SecretSource::File(spanned("nokey", &book.to_string_lossy()))).await.unwrap_err();
        assert!(missing.contains("nokey: No such file"), "{missing}");
    }

    #[tokio::test]
    async fn a_command_is_run_without_input_and_its_failure_is_told() {
        assert_eq!(of(SecretSource::Command(spanned("cat; echo ' a b'", "b"))).await.unwrap(), " a b");
        let failed = of(SecretSource::Command(spanned("echo locked >&2; exit 3", "b"))).await.unwrap_err();
        assert_eq!(failed, "`echo locked >&2; exit 3` ended with 3: locked");
        let binary = of(SecretSource::Command(spanned("printf '\\377'", "b"))).await.unwrap_err();
        assert_eq!(binary, "what `printf '\\377'` wrote is not UTF-8");
    }

    #[tokio::test]
    async fn a_person_is_asked_where_there_is_one() {
        assert_eq!(of(SecretSource::Prompt(spanned("DB password", "b"))).await.unwrap(), "typed");
        let prompt = SecretSource::Prompt(spanned("DB password", "b"));
        let silent = value(&prompt, &says(&[])).await.unwrap_err();
        assert_eq!(silent, "it was not given");
        let absent = value(&prompt, &(Arc::new(Scripted::absent()) as Arc<dyn Terminal>)).await.unwrap_err();
        assert_eq!(absent, "there is no terminal to ask for it at");
    }

    #[test]
    fn a_changed_secret_is_noticed_and_its_value_is_not_kept() {
        let of = |value: &str| BTreeMap::from([("db".to_owned(), Secret::new(value.to_owned()))]);
        let (run, other) = (RunId::from("r1"), RunId::from("r2"));
        let before = fingerprints(&run, &of("hunter2"));
        assert_eq!(before["db"].len(), 64);
        assert_eq!(changed(&run, &before, &of("hunter2")), Vec::<String>::new());
        assert_eq!(changed(&run, &before, &of("hunter3")), ["db"]);
        assert_ne!(fingerprints(&other, &of("hunter2")), before);
    }
}
