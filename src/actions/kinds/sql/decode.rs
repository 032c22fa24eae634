//! `sql` as written.

use crate::model::decode::{self, Fields};
use crate::model::form::{Form, Key, key, required};
use crate::model::{Diagnostics, Node};

use super::action::{Sql, What};
use super::{expect, statement};

pub(super) const FORM: Form = Form::OneKeyOf(&KEYS, &["query", "script"]);

const PSQL: &str = "psql's own default";

const KEYS: [Key; 10] = [
    required("database", Form::Word, "its name, whatever is in it"),
    key("query", Form::Text, "one statement that reads"),
    key(
        "expect",
        Form::Either(&[Form::Text, Form::List(&Form::Any)]),
        "of a `query`: a value, or a list of rows (`[]` for none), in the order in which they come",
    ),
    key("script", Form::Text, "statements that change something; psql's own commands may stand among them"),
    key(
        "variables",
        Form::Map(&Form::Text),
        "psql's, by name: `:'name'` is one as a text, `:\"name\"` as an identifier; secrets may stand here",
    ),
    key("transaction", Form::Boolean, "of a `script`: `false` where it cannot be in one, as VACUUM")
        .left_out("`true`: all of it is done or nothing"),
    key("host", Form::Word, "where the server is, as seen from the host").left_out(PSQL),
    key("port", Form::Integer(1, 65_535), "the server's port").left_out(PSQL),
    key("user", Form::Word, "who logs in").left_out(PSQL),
    key("password", Form::Word, "a secret: the password of whoever logs in"),
];

pub(super) fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Sql> {
    let mut fields = Fields::of(value, "`sql`", &KEYS, diagnostics)?;
    let database = fields.required("database", decode::word);
    // `null` is a value to expect.
    let expect = value.get("expect").map(|node| expect::decode(node, fields.diagnostics()));
    let transaction = fields.optional("transaction", decode::boolean);
    let what = match fields.exactly_one(&["query", "script"]) {
        Some("query") => {
            if transaction.is_some() {
                fields.wrong(
                    "transaction",
                    "`transaction` belongs to a `script`",
                    "a query has a transaction of its own",
                );
            }
            let query = fields.required("query", query);
            query.map(|query| What::Query { query, expect: expect.clone().flatten() })
        }
        Some(_) => {
            if expect.is_some() {
                fields.wrong(
                    "expect",
                    "`expect` belongs to a `query`",
                    "`verify` with another `sql` looks at what a script did",
                );
            }
            let script = fields.required("script", script);
            script.map(|script| What::Script { script, transaction: transaction.unwrap_or(true) })
        }
        None => None,
    };
    let variables = fields.optional("variables", variables).unwrap_or_default();
    let host = fields.optional("host", decode::word);
    let port = fields.optional("port", decode::integer(1..=u16::MAX));
    let user = fields.optional("user", decode::word);
    let password = fields.optional("password", decode::word);
    fields.done()?;
    if expect == Some(None) {
        return None;
    }
    Some(Sql { database: database?, what: what?, host, port, user, password, variables })
}

fn query(node: &Node, diagnostics: &mut Diagnostics) -> Option<String> {
    decode::checked("a query", |text| no_nul(text).and_then(|()| Ok(statement::single(text)?.to_owned())))(
        node,
        diagnostics,
    )
}

fn script(node: &Node, diagnostics: &mut Diagnostics) -> Option<String> {
    decode::checked("a script", |text| {
        no_nul(text)?;
        if text.trim().is_empty() { Err("it is empty".to_owned()) } else { Ok(text.to_owned()) }
    })(node, diagnostics)
}

/// Names as psql takes them, and what they stand for.
fn variables(node: &Node, diagnostics: &mut Diagnostics) -> Option<Vec<(String, String)>> {
    let value = decode::checked("a text", |text| no_nul(text).map(|()| text.to_owned()));
    let entries = decode::map_of(value)(node, diagnostics)?;
    let mut whole = true;
    for (name, _) in &entries {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.value.is_empty() || !name.value.chars().all(plain) {
            diagnostics
                .error(&name.span, format!("`{}` is no name for a variable of psql", name.value))
                .hint("letters, digits and `_`");
            whole = false;
        }
    }
    whole.then(|| entries.into_iter().map(|(name, value)| (name.value, value)).collect())
}

fn no_nul(text: &str) -> Result<(), String> {
    if text.contains('\0') { Err("it has a NUL byte".to_owned()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::testing::decoded;

    #[test]
    fn a_query_or_a_script_is_read() {
        let sql: Sql = decoded(
            "{database: My DB, query: 'SELECT 1;', expect: 1, host: /run/pg, port: 5433, user: a, password: b}",
        )
        .unwrap();
        assert_eq!((sql.database.as_str(), sql.port, sql.host.as_deref()), ("My DB", Some(5433), Some("/run/pg")));
        assert!(matches!(&sql.what, What::Query { query, expect: Some(_) } if query == "SELECT 1"));
        let sql: Sql = decoded("{database: a, query: SELECT NULL, expect: null}").unwrap();
        assert!(matches!(&sql.what, What::Query { expect: Some(_), .. }));
        let sql: Sql = decoded("{database: a, script: 'VACUUM; \\! id', transaction: false}").unwrap();
        assert!(matches!(&sql.what, What::Script { transaction: false, .. }));
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, due) in [
            ("{database: a}", "`sql` takes one of `query` or `script`"),
            ("{query: SELECT 1}", "`sql` lacks `database`"),
            (
                "{database: a, query: x, script: y}",
                "`sql` takes one of `query` or `script`, found `query` and `script`",
            ),
            (
                "{database: a, query: 'COMMIT; DROP TABLE x'}",
                "a query is due here, found `COMMIT; DROP TABLE x`; a query is one statement, and another one follows its `;`",
            ),
            (
                "{database: a, query: SELECT 1, expect: }",
                "`expect` says nothing; a value, `null` for NULL, or a list of rows: `[]` for none",
            ),
            (
                "{database: a, script: x, expect: 1}",
                "`expect` belongs to a `query`; `verify` with another `sql` looks at what a script did",
            ),
            (
                "{database: a, query: SELECT 1, transaction: false}",
                "`transaction` belongs to a `script`; a query has a transaction of its own",
            ),
            (
                "{database: a, query: x, variables: {a-b: 1}}",
                "`a-b` is no name for a variable of psql; letters, digits and `_`",
            ),
            ("{database: a, script: ' '}", "a script is due here, found ` `; it is empty"),
            ("{database: a, query: SELECT 1, port: 0}", "a whole number from 1 to 65535 is due here, found `0`"),
            (
                "{database: a, qurey: SELECT 1}",
                "`sql` takes one of `query` or `script`\nunknown key `qurey` in `sql`; did you mean `query`?",
            ),
        ] {
            assert_eq!(decoded::<Sql>(text).err().unwrap(), due, "{text}");
        }
    }
}
