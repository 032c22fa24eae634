//! Asking psql: what it is given, and what its output means.

use std::fmt::Write as _;
use std::time::Duration;

use rand::RngExt as _;

use crate::actions::context::Read;
use crate::actions::contract::ActionError;
use crate::actions::durable::exited;
use crate::actions::said::last_lines;
use crate::base::Secret;
use crate::transport::{Command, JobSpec, Output};

use super::action::Sql;
use super::expect::Row;

/// psql, without the user's own settings, and asking for nothing.
const PSQL: &str = "exec psql -X -w -v ON_ERROR_STOP=1 -P pager=off";

/// How many lines of psql's words are shown.
const LINES: usize = 20;

/// What stands between values: nothing that could come from a database.
pub(super) struct Marks {
    field: String,
    record: String,
    null: String,
}

impl Marks {
    pub(super) fn new() -> Self {
        let nonce = || format!("{:016x}", rand::rng().random::<u64>());
        Self { field: nonce(), record: nonce(), null: nonce() }
    }

    /// The rows of psql's unaligned output.
    pub(super) fn rows(&self, output: &[u8]) -> Vec<Row> {
        let text = String::from_utf8_lossy(output);
        // The last row ends in a newline, and where there is none there is nothing at all.
        let Some(text) = text.strip_suffix('\n') else { return Vec::new() };
        let value = |value: &str| (value != self.null).then(|| value.to_owned());
        text.split(&self.record).map(|row| row.split(&self.field).map(value).collect()).collect()
    }
}

/// Asks a query in a transaction that cannot write, whatever it says.
pub(super) fn query(sql: &Sql, statement: &str, marks: &Marks, cx: &Read<'_>) -> Result<Command, ActionError> {
    let mut text = String::from("BEGIN TRANSACTION READ ONLY; ");
    if let Some(limit) = cx.env().timeout {
        // psql may be gone before the server notices.
        let _ = write!(text, "SET LOCAL statement_timeout = {}; ", milliseconds(limit));
    }
    // From its first statement on a transaction cannot be made to write.
    let _ = write!(text, "SELECT 1 \\g /dev/null\n{statement}\n;\nROLLBACK;\n");
    let text = format!("{}{text}", variables(sql, cx)?);
    let Marks { field, record, null } = marks;
    let script = format!("{PSQL} -qAt -F {field} -R {record} -P null={null} -d \"$CONNINFO\" -f -");
    let command = Command::read(script).stdin(text);
    let env = environment(sql, cx)?;
    Ok(env.into_iter().fold(command, |mut command, variable| {
        command.env.push(variable);
        command
    }))
}

fn milliseconds(limit: Duration) -> u128 {
    limit.as_millis().clamp(1, 2_147_483_647)
}

/// A job that sends a script.
pub(super) fn job(sql: &Sql, script: &str, transaction: bool, cx: &Read<'_>) -> Result<JobSpec, ActionError> {
    let once = if transaction { " --single-transaction" } else { "" };
    Ok(JobSpec {
        env: environment(sql, cx)?,
        stdin: Some(Secret::new(format!("{}{script}", variables(sql, cx)?))),
        timeout: cx.env().timeout,
        ..JobSpec::script(format!("{PSQL}{once} -d \"$CONNINFO\" -f -"))
    })
}

/// What gives psql its variables: on the line of what follows, so that the numbers of lines in error messages are its own.
fn variables(sql: &Sql, cx: &Read<'_>) -> Result<String, ActionError> {
    let mut text = String::new();
    for (name, value) in &sql.variables {
        let _ = write!(text, "\\set {name} {} ", quoted(cx.reveal(value)?.expose()));
    }
    if !text.is_empty() {
        text.push_str("\\\\ ");
    }
    Ok(text)
}

/// A text as psql's own commands take it, on one line.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("'");
    for c in text.chars() {
        match c {
            '\'' => quoted.push_str("''"),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            other => quoted.push(other),
        }
    }
    quoted.push('\'');
    quoted
}

fn environment(sql: &Sql, cx: &Read<'_>) -> Result<Vec<(String, Secret)>, ActionError> {
    let plain = |name: &str, value: &str| (name.to_owned(), Secret::new(value.to_owned()));
    let mut env = vec![
        plain("CONNINFO", &conninfo(&sql.database)),
        plain("PGCLIENTENCODING", "UTF8"),
        plain("PGCONNECT_TIMEOUT", "10"),
    ];
    env.extend(sql.host.iter().map(|host| plain("PGHOST", host)));
    env.extend(sql.port.iter().map(|port| plain("PGPORT", &port.to_string())));
    env.extend(sql.user.iter().map(|user| plain("PGUSER", user)));
    if let Some(password) = &sql.password {
        env.push(("PGPASSWORD".to_owned(), cx.reveal(password)?));
    }
    Ok(env)
}

/// A database's name so that nothing else is read out of it: alone, one with a `=` would be taken for a connection string.
fn conninfo(database: &str) -> String {
    format!("dbname='{}'", database.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// Why psql did not do it.
pub(super) struct NotDone {
    pub(super) why: String,
    pub(super) exit_code: i32,
    pub(super) stderr: String,
    /// Whether psql itself could not be run.
    pub(super) no_psql: bool,
}

/// What psql's exit code means: nothing where it did what it was to.
pub(super) fn not_done(said: &Output) -> Option<NotDone> {
    let text = said.error_text();
    let line = |line: &str| {
        let line = line.strip_prefix("psql: error: ").unwrap_or(line);
        match line.strip_prefix("psql:<stdin>:").and_then(|rest| rest.split_once(": ")) {
            Some((_, rest)) => rest.to_owned(),
            None => line.to_owned(),
        }
    };
    let stderr = last_lines(&text, LINES).lines().map(line).collect::<Vec<_>>().join("\n");
    let first = stderr.lines().next().unwrap_or_default();
    let colon = if first.is_empty() { "" } else { ": " };
    let why = match said.status {
        0 => return None,
        127 => "psql is not there".to_owned(),
        2 => format!("no connection to the database{colon}{first}"),
        1 | 3 => format!("the server refused it{colon}{first}"),
        code => format!("psql {}{colon}{first}", exited(code)),
    };
    Some(NotDone { why, exit_code: said.status, stderr, no_psql: matches!(said.status, 126 | 127) })
}

/// Rows as text: a line for each, NULL as nothing, the values of several columns as in CSV.
pub(super) fn told(rows: &[Row]) -> String {
    let mut text = String::new();
    for row in rows {
        if let [value] = row.as_slice() {
            text.push_str(value.as_deref().unwrap_or_default());
        } else {
            let values: Vec<String> = row.iter().map(|value| csv(value.as_deref())).collect();
            text.push_str(&values.join(","));
        }
        text.push('\n');
    }
    text.pop();
    text
}

/// A value of CSV: an empty text has quotes, NULL has none.
fn csv(value: Option<&str>) -> String {
    match value {
        None => String::new(),
        Some(value) if value.is_empty() || value.contains([',', '"', '\n', '\r']) => {
            format!("\"{}\"", value.replace('"', "\"\""))
        }
        Some(value) => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(values: &[Option<&str>]) -> Row {
        values.iter().map(|value| value.map(str::to_owned)).collect()
    }

    #[test]
    fn rows_are_told_apart_whatever_is_in_them() {
        let marks = Marks { field: "F".into(), record: "R".into(), null: "N".into() };
        assert_eq!(marks.rows(b""), Vec::<Row>::new());
        assert_eq!(marks.rows(b"\n"), [row(&[Some("")])]);
        assert_eq!(marks.rows(b"N\n"), [row(&[None])]);
        assert_eq!(
            marks.rows(b"a\nb|,FNF\n\nRcFdFe\n"),
            [row(&[Some("a\nb|,"), None, Some("\n\n")]), row(&[Some("c"), Some("d"), Some("e")])]
        );
    }

    #[test]
    fn a_variable_is_one_word_of_one_line() {
        assert_eq!(quoted("It's \\ :x `id`\r\n\u{fc}"), "'It''s \\\\ :x `id`\\r\\n\u{fc}'");
    }

    #[test]
    fn a_name_is_a_name() {
        assert_eq!(conninfo("It's = a \\ DB"), "dbname='It\\'s = a \\\\ DB'");
    }

    #[test]
    fn rows_are_told_as_lines() {
        assert_eq!(told(&[row(&[Some("a, b")]), row(&[None]), row(&[Some("")])]), "a, b\n\n");
        assert_eq!(told(&[row(&[Some("a, \"b\""), None, Some(""), Some("c")])]), "\"a, \"\"b\"\"\",,\"\",c");
        assert_eq!(told(&[]), "");
    }

    #[test]
    fn exit_codes_say_who_did_not_want_to() {
        let said = |status, stderr: &str| {
            not_done(&Output { status, stdout: Vec::new(), stderr: stderr.into() }).map(|not| (not.why, not.stderr))
        };
        assert_eq!(said(0, "NOTICE"), None);
        let refused = "psql:<stdin>:3: ERROR:  relation \"x\" does not exist\nLINE 1: SELECT\n";
        assert_eq!(
            said(3, refused),
            Some((
                "the server refused it: ERROR:  relation \"x\" does not exist".into(),
                "ERROR:  relation \"x\" does not exist\nLINE 1: SELECT".into()
            ))
        );
        assert_eq!(said(2, "psql: error: no\n").unwrap().0, "no connection to the database: no");
        assert_eq!(said(127, "sh: 1: exec: psql: not found").unwrap().0, "psql is not there");
        assert_eq!(said(137, "").unwrap().0, "psql exited with 137: it was ended by SIGKILL");
    }
}
