//! `postgres` as written.

use crate::actions::passage::WAYS;
use crate::base::Role;
use crate::model::decode::{self, Fields};
use crate::model::diagnostic::nearest;
use crate::model::form::{Form, Key, key, required};
use crate::model::{Diagnostics, Node};

use super::action::{Parity, Postgres, Side};

pub(super) const KEYS: [Key; 6] = [
    required("from", Form::Keys(&SOURCE), "the database that is moved"),
    required("to", Form::Keys(&TARGET), "what it is to be"),
    key("jobs", Form::Integer(1, 64), "how many tables are dumped and restored at a time").left_out("2"),
    key(
        "live",
        Form::Boolean,
        "`true`: the source may be in use; what is written there after the dump began is not moved",
    )
    .left_out("`false`"),
    key(
        "parity",
        Form::OneOf(&["rows", "content", "none"]),
        "what is compared: how many `rows` there are, what they hold too (`content`), or `none`",
    )
    .left_out("`rows`"),
    key("via", Form::OneOf(&["auto", "direct", "relay"]), "which way the dump goes").left_out("`auto`"),
];

const SOURCE: [Key; 5] = [ON, DATABASE, BECOME, PORT, SOCKET];
const AS_SOURCE: &str = "as in the source";
const TARGET: [Key; 8] = [
    ON,
    DATABASE,
    key("owner", Form::Word, "the role that it belongs to").left_out(AS_SOURCE),
    key("encoding", Form::Like("^[A-Za-z0-9_-]+$"), "its encoding, as `UTF8`").left_out(AS_SOURCE),
    key("locale", Form::Word, "its locale").left_out(AS_SOURCE),
    BECOME,
    PORT,
    SOCKET,
];
const ON: Key = required("on", Form::Word, "the role of its host");
const DATABASE: Key = required("database", Form::Word, "its name");
const BECOME: Key = key("become", Form::Word, "a superuser of the server, `postgres` as a rule")
    .left_out("that of the step, else of the host");
const PORT: Key = key("port", Form::Integer(1, 65_535), "the server's port").left_out("that of the host's usual one");
const SOCKET: Key =
    key("socket", Form::Path, "the folder of the server's socket").left_out("that of the host's usual one");

/// The longest name that PostgreSQL keeps whole, in bytes.
pub(super) const LONGEST: usize = 63;

/// What a database can be encoded in.
const ENCODINGS: [&str; 37] = [
    "UTF8",
    "SQL_ASCII",
    "LATIN1",
    "LATIN2",
    "LATIN3",
    "LATIN4",
    "LATIN5",
    "LATIN6",
    "LATIN7",
    "LATIN8",
    "LATIN9",
    "LATIN10",
    "WIN1250",
    "WIN1251",
    "WIN1252",
    "WIN1253",
    "WIN1254",
    "WIN1255",
    "WIN1256",
    "WIN1257",
    "WIN1258",
    "WIN866",
    "WIN874",
    "KOI8R",
    "KOI8U",
    "ISO_8859_5",
    "ISO_8859_6",
    "ISO_8859_7",
    "ISO_8859_8",
    "EUC_CN",
    "EUC_JP",
    "EUC_JIS_2004",
    "EUC_KR",
    "EUC_TW",
    "MULE_INTERNAL",
    "SJIS",
    "BIG5",
];

pub(super) fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Postgres> {
    let mut fields = Fields::of(value, "`postgres`", &KEYS, diagnostics)?;
    let from = fields.required("from", source);
    let to = fields.required("to", target);
    let jobs = fields.optional("jobs", decode::integer(1..=64));
    let live = fields.optional("live", decode::boolean);
    let parities = [("rows", Parity::Rows), ("content", Parity::Content), ("none", Parity::None)];
    let parity = fields.optional("parity", decode::one_of(&parities));
    // A dump passes through the memory of the operator's machine, and not through its disk.
    let [ways @ .., _staging] = &WAYS;
    let via = fields.optional("via", decode::one_of(ways));
    if let (Some(from), Some(to)) = (&from, &to)
        && value.unknown_until().is_none()
        && !from.database.is_empty()
        && (&from.role, &from.database, from.port, &from.socket)
            == (&to.side.role, &to.side.database, to.side.port, &to.side.socket)
    {
        fields.wrong("to", "a database cannot be moved onto itself", "`to` needs another host, port or database");
    }
    fields.done()?;
    let Target { side: to, owner, encoding, locale } = to?;
    let parity = parity.unwrap_or(Parity::Rows);
    let (jobs, live) = (jobs.unwrap_or(2), live.unwrap_or(false));
    let via = via.unwrap_or_default();
    Some(Postgres { from: from?, to, owner, encoding, locale, jobs, live, parity, via })
}

struct Target {
    side: Side,
    owner: Option<String>,
    encoding: Option<String>,
    locale: Option<String>,
}

fn source(node: &Node, diagnostics: &mut Diagnostics) -> Option<Side> {
    let mut fields = Fields::of(node, "`from`", &SOURCE, diagnostics)?;
    let side = side(&mut fields);
    fields.done()?;
    side
}

fn target(node: &Node, diagnostics: &mut Diagnostics) -> Option<Target> {
    let mut fields = Fields::of(node, "`to`", &TARGET, diagnostics)?;
    let side = side(&mut fields);
    let owner = fields.optional("owner", name);
    let encoding = fields.optional("encoding", decode::checked("an encoding of PostgreSQL", encoding));
    let locale = fields.optional("locale", decode::word);
    fields.done()?;
    Some(Target { side: side?, owner, encoding, locale })
}

fn side(fields: &mut Fields<'_, '_>) -> Option<Side> {
    let role = fields.required("on", decode::word).map(|role| Role::from(role.as_str()));
    let database = fields.required("database", name);
    let user = fields.optional("become", decode::word);
    let port = fields.optional("port", decode::integer(1..=u16::MAX));
    let socket = fields.optional("socket", decode::absolute_path);
    Some(Side { role: role?, database: database?, user, port, socket })
}

/// A name as PostgreSQL keeps it.
fn name(node: &Node, diagnostics: &mut Diagnostics) -> Option<String> {
    let name = decode::word(node, diagnostics)?;
    if name.len() > LONGEST {
        decode::due(node, "a name of PostgreSQL", diagnostics)
            .hint(format!("it would cut it off: {} bytes, and it keeps {LONGEST}", name.len()));
        return None;
    }
    Some(name)
}

/// The encoding as PostgreSQL itself writes it: it takes `utf-8` for `UTF8` too.
fn encoding(text: &str) -> Result<String, String> {
    let known = ENCODINGS.iter().find(|known| plain(known) == plain(text));
    match (known, plain(text).as_str()) {
        (Some(&("SJIS" | "BIG5")), _) => Err("clients may use it, and no database can".to_owned()),
        (Some(known), _) => Ok((*known).to_owned()),
        (None, "unicode") => Ok("UTF8".to_owned()),
        (None, _) => Err(match nearest(&text.to_uppercase(), ENCODINGS) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "such as `UTF8`".to_owned(),
        }),
    }
}

/// A name of an encoding or a locale without what makes no difference in it.
pub(super) fn plain(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::passage::Via;
    use crate::actions::testing::decoded;

    #[test]
    fn a_move_is_read() {
        let text = "{from: {on: old, database: a b, become: postgres}, \
                    to: {on: new, database: \"ü=\\\"\", owner: web, encoding: utf-8, locale: C, port: 5433, socket: /run/x}, \
                    jobs: 4, live: true, parity: content, via: relay}";
        let read = decoded::<Postgres>(text).unwrap();
        assert_eq!((read.from.role.as_str(), read.from.database.as_str()), ("old", "a b"));
        assert_eq!(read.from.user.as_deref(), Some("postgres"));
        assert_eq!((read.to.database.as_str(), read.to.port), ("ü=\"", Some(5433)));
        assert_eq!((read.owner.as_deref(), read.encoding.as_deref()), (Some("web"), Some("UTF8")));
        assert_eq!((read.jobs, read.live, read.parity, read.via), (4, true, Parity::Content, Via::Relay));
        let read = decoded::<Postgres>("{from: {on: old, database: a}, to: {on: old, database: b}}").unwrap();
        assert_eq!((read.jobs, read.live, read.parity, read.via), (2, false, Parity::Rows, Via::Auto));
    }

    #[test]
    fn what_is_wrong_is_told_all_at_once() {
        let to = "to: {on: new, database: x}";
        for (text, due) in [
            ("x", "`postgres` takes a mapping, found `x`; its keys: `from`, `to`, `jobs`, `live`, `parity` or `via`"),
            (&format!("{{{to}}}"), "`postgres` lacks `from`"),
            (
                &format!("{{from: {{database: x, encoding: UTF8}}, {to}, jobs: 0}}"),
                "`from` lacks `on`\n\
                 unknown key `encoding` in `from`; known here: `on`, `database`, `become`, `port` or `socket`\n\
                 a whole number from 1 to 64 is due here, found `0`",
            ),
            (
                "{from: {on: new, database: x}, to: {on: new, database: x}}",
                "a database cannot be moved onto itself; `to` needs another host, port or database",
            ),
            (
                "{from: {on: old, database: x}, to: {on: new, database: x, encoding: UTF9}}",
                "an encoding of PostgreSQL is due here, found `UTF9`; did you mean `UTF8`?",
            ),
            (
                "{from: {on: old, database: x}, to: {on: new, database: x, encoding: sjis}}",
                "an encoding of PostgreSQL is due here, found `sjis`; clients may use it, and no database can",
            ),
            (
                &format!("{{from: {{on: old, database: {}}}, {to}}}", "ü".repeat(32)),
                "a name of PostgreSQL is due here, found a text; it would cut it off: 64 bytes, and it keeps 63",
            ),
            (
                &format!("{{from: {{on: old, database: x}}, {to}, parity: row}}"),
                "`rows`, `content` or `none` is due here, found `row`; did you mean `rows`?",
            ),
            (
                &format!("{{from: {{on: old, database: x}}, {to}, via: staging}}"),
                "`auto`, `direct` or `relay` is due here, found `staging`",
            ),
        ] {
            assert_eq!(decoded::<Postgres>(text).unwrap_err(), due, "{text}");
        }
    }
}
