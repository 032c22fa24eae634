//! What `sql` does.

use async_trait::async_trait;
use serde_json::json;

use crate::actions::context::{Read, Stash, Write};
use crate::actions::contract::{Action, ActionError, AfterCrash, Check, Reversible, Verdict};
use crate::actions::durable;
use crate::actions::said::MOST;
use crate::base::secret::shown;
use crate::events::record::{Failure, Outputs};
use crate::events::{Preview, Progress};
use crate::model::{Diagnostics, Form, Node};

use super::expect::{Expect, Row};
use super::psql::{self, Marks, NotDone};

/// How much of a line a summary shows.
const WIDTH: usize = 80;

/// How many lines of a difference a check tells.
const LINES: usize = 12;

/// A query or a script, and the database that it is for.
#[derive(Debug)]
pub struct Sql {
    pub(super) database: String,
    pub(super) what: What,
    pub(super) host: Option<String>,
    pub(super) port: Option<u16>,
    pub(super) user: Option<String>,
    pub(super) password: Option<String>,
    /// psql's variables, by name.
    pub(super) variables: Vec<(String, String)>,
}

/// What the database is asked or told.
#[derive(Debug)]
pub(super) enum What {
    /// One statement that reads.
    Query { query: String, expect: Option<Expect> },
    /// A script that changes something: all of it or nothing, unless it is to have no transaction.
    Script { script: String, transaction: bool },
}

/// What came of a query.
enum Asked {
    Rows(Vec<Row>),
    Not(NotDone),
}

#[async_trait]
impl Action for Sql {
    const KIND: &'static str = "sql";
    const NEEDS_HOST: bool = true;
    const FORM: Form = super::decode::FORM;
    const SECRETS: &'static [&'static str] = &["password", "variables"];
    const OUTPUTS: &'static [&'static str] = &["rows"];
    type Seen = ();
    type Undo = ();

    fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Self> {
        super::decode::decode(value, diagnostics)
    }

    /// It is asked or told when it is its turn: whether a script has to run is for the step's `unless` to say.
    async fn check(&self, _cx: &Read<'_>) -> Result<Check<()>, ActionError> {
        Ok(Check::Differs(()))
    }

    fn preview(&self, _seen: &()) -> Preview {
        let (text, more, undo) = match &self.what {
            What::Query { query, expect } => {
                let expects = expect.as_ref().map(|expect| format!("\nexpects {}", expect.in_words()));
                (query, expects.unwrap_or_default(), "none needed")
            }
            What::Script { script, .. } => (script, String::new(), "nothing: a script has no undo of its own"),
        };
        let with = self.variables.iter().map(|(name, value)| format!("with {name} = {}", shown(value)));
        let lines: Vec<String> = std::iter::once(shown(text.trim_end())).chain(with).collect();
        let detail = format!("{}{more}", lines.join("\n"));
        Preview { summary: self.in_words(), detail, undo: undo.to_owned() }
    }

    async fn capture(&self, _seen: &(), _cx: &Stash<'_>) -> Result<Reversible<()>, ActionError> {
        Ok(match &self.what {
            What::Query { .. } => Reversible::Nothing,
            What::Script { .. } => Reversible::No("a `script` of `sql` has no undo of its own".to_owned()),
        })
    }

    async fn apply(&self, _seen: &(), cx: &Write<'_>) -> Result<Outputs, ActionError> {
        match &self.what {
            What::Query { query, expect } => match self.ask(query, cx).await? {
                Asked::Not(not) => Err(self.not_done(not, cx)),
                Asked::Rows(rows) => match expect.as_ref().and_then(|expect| expect.against(&rows)) {
                    Some(wrong) => Err(self.failed(&wrong.why, &wrong.difference, None, cx)),
                    None => Ok(outputs(&rows, cx)),
                },
            },
            What::Script { script, transaction } => {
                let spec = psql::job(self, script, *transaction, cx)?;
                durable::launch(&spec, &self.command(cx), cx).await.map(changed)
            }
        }
    }

    /// What a query found it found when it was asked; what a script has done is for the step's `verify` to say.
    async fn verify(&self, _cx: &Read<'_>) -> Result<Verdict, ActionError> {
        Ok(Verdict::Unknown)
    }

    async fn probe(&self, cx: &Read<'_>) -> Result<Verdict, ActionError> {
        let What::Query { query, expect } = &self.what else {
            return Err(ActionError::failed("a `script` of `sql` changes something: it cannot be a check"));
        };
        match self.ask(query, cx).await? {
            Asked::Not(not) if not.no_psql => Err(self.not_done(not, cx)),
            Asked::Not(not) => Ok(Verdict::Fails(cx.around().masker().mask(&not.why))),
            Asked::Rows(rows) => Ok(match expect.as_ref().and_then(|expect| expect.against(&rows)) {
                None => Verdict::Holds,
                Some(wrong) => {
                    let lines = wrong.difference.lines().take(LINES);
                    let told: Vec<&str> = std::iter::once(wrong.why.as_str()).chain(lines).collect();
                    Verdict::Fails(cx.around().masker().mask(&told.join("\n")))
                }
            }),
        }
    }

    async fn undo(_undo: &(), _cx: &Write<'_>) -> Result<String, ActionError> {
        Err(ActionError::failed("a `script` of `sql` has no undo of its own"))
    }

    fn takes_itself_back(&self) -> bool {
        matches!(self.what, What::Query { .. })
    }

    fn after_crash(&self) -> AfterCrash {
        match self.what {
            What::Query { .. } => AfterCrash::Reapply,
            What::Script { .. } => AfterCrash::Reattach,
        }
    }

    async fn reattach(&self, job: &serde_json::Value, cx: &Write<'_>) -> Result<Outputs, ActionError> {
        let spec = match &self.what {
            What::Script { script, transaction } => psql::job(self, script, *transaction, cx),
            What::Query { .. } => Err(ActionError::failed("a query has no job")),
        };
        durable::reattach(job, spec, &self.command(cx), cx).await.map(changed)
    }

    async fn clear_up(&self, job: &serde_json::Value, cx: &Read<'_>) -> Result<(), ActionError> {
        durable::clear_up(job, cx).await
    }
}

impl Sql {
    async fn ask(&self, query: &str, cx: &Read<'_>) -> Result<Asked, ActionError> {
        let marks = Marks::new();
        let said = cx.sh(psql::query(self, query, &marks, cx)?).await?;
        Ok(match psql::not_done(&said) {
            Some(not) => Asked::Not(not),
            None => Asked::Rows(marks.rows(&said.stdout)),
        })
    }

    fn in_words(&self) -> String {
        let (what, text) = match &self.what {
            What::Query { query, .. } => ("ask", query),
            What::Script { script, .. } => ("change", script),
        };
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("--"));
        let first = shown(lines.next().unwrap_or_default());
        let more = if lines.next().is_some() { " …" } else { "" };
        let first = match first.char_indices().nth(WIDTH) {
            Some((at, _)) => format!("{}…", &first[..at]),
            None => format!("{first}{more}"),
        };
        format!("{what} {}: {first}", self.database)
    }

    /// As it is shown in a failure.
    fn command(&self, cx: &Read<'_>) -> String {
        let (What::Query { query: text, .. } | What::Script { script: text, .. }) = &self.what;
        cx.around().masker().mask(&shown(text))
    }

    fn not_done(&self, not: NotDone, cx: &Read<'_>) -> ActionError {
        let NotDone { why, exit_code, stderr, .. } = not;
        self.failed(&why, &stderr, Some(exit_code), cx)
    }

    fn failed(&self, why: &str, stderr: &str, exit_code: Option<i32>, cx: &Read<'_>) -> ActionError {
        let masker = cx.around().masker();
        let hint = (exit_code == Some(127))
            .then(|| "install postgresql-client there, or let the step run where it is".to_owned());
        ActionError::Failed(Box::new(Failure {
            why: masker.mask(why),
            hint,
            command: Some(self.command(cx)),
            exit_code,
            stderr: masker.mask(stderr),
            ..Failure::default()
        }))
    }
}

/// What a script leaves: its words, and no rows.
fn changed(outputs: Outputs) -> Outputs {
    Outputs { data: Some(json!({ "rows": [] })), ..outputs }
}

/// What a query leaves: its rows as text, and one by one as far as there is room for them.
fn outputs(rows: &[Row], cx: &Read<'_>) -> Outputs {
    let masker = cx.around().masker();
    let mut room = MOST;
    let mut kept: Vec<Vec<Option<String>>> = Vec::new();
    for row in rows {
        let row: Vec<Option<String>> = row.iter().map(|value| value.as_ref().map(|text| masker.mask(text))).collect();
        let size = row.iter().flatten().map(String::len).sum::<usize>() + row.len() + 1;
        if size > room {
            let text = "it gave more than 1 MiB: later steps see the first rows only".to_owned();
            cx.around().progress(Progress::Note { unit: cx.env().unit.clone(), text });
            break;
        }
        room -= size;
        kept.push(row);
    }
    let stdout = psql::told(&kept);
    Outputs { stdout, exit_code: Some(0), data: Some(json!({ "rows": kept })), ..Outputs::default() }
}
