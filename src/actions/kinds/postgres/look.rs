//! What is on both hosts, as far as a move depends on it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::actions::context::{Host, Read};
use crate::actions::contract::ActionError;
use crate::transport::{Command, Output};

use super::names::Names;
use super::place::Place;

const LOOK: &str = include_str!("host/look.sh");
const SERVER: &str = include_str!("host/server.sql");
const SOURCE: &str = include_str!("host/source.sql");
const TARGET: &str = include_str!("host/target.sql");

/// What one host says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Look {
    pub(super) server: Server,
    /// The database that is moved, or that stands where it goes.
    pub(super) database: Option<Database>,
    /// Of the source.
    pub(super) contents: Contents,
    /// Of the target.
    pub(super) house: House,
    pub(super) tools: Vec<Tool>,
    /// Room on disks: for the dump (`work`), the server's data (`data`), a tablespace by its number.
    pub(super) free: Vec<Free>,
    pub(super) locales: Vec<String>,
}

/// A server.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Server {
    /// Such as 150018.
    pub(super) version: u32,
    pub(super) user: String,
    pub(super) superuser: bool,
}

/// A database, seen from outside.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Database {
    /// Its row of `pg_database`, whose columns differ from version to version.
    pub(super) row: Map<String, Value>,
    pub(super) oid: u64,
    pub(super) encoding: String,
    pub(super) owner: String,
    pub(super) tablespace: String,
    pub(super) comment: Option<String>,
    pub(super) size: u64,
    pub(super) settings: Vec<Settings>,
    /// None: what a new database has.
    pub(super) privileges: Option<Vec<Privilege>>,
    pub(super) labels: Vec<Label>,
    pub(super) sessions: Vec<Session>,
    pub(super) prepared: u32,
}

/// Settings of a database, or of a role in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Settings {
    pub(super) role: Option<String>,
    /// `name=value` each.
    pub(super) config: Vec<String>,
}

/// A privilege on a database; no grantee: everybody.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Privilege {
    pub(super) grantor: String,
    pub(super) grantee: Option<String>,
    #[serde(rename = "privilege")]
    pub(super) what: String,
    pub(super) grantable: bool,
}

/// A security label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Label {
    pub(super) provider: String,
    pub(super) label: String,
}

/// Sessions of the same kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    pub(super) application: String,
    pub(super) user: String,
    pub(super) address: String,
    pub(super) count: u32,
}

/// What a database holds and needs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Contents {
    pub(super) tables: u32,
    /// Of tables, without indexes.
    pub(super) bytes: u64,
    pub(super) extensions: Vec<Extension>,
    pub(super) tablespaces: Vec<Share>,
    pub(super) roles: Vec<Needed>,
    pub(super) subscriptions: Vec<String>,
    /// Logical replication slots.
    pub(super) slots: Vec<String>,
}

/// An extension and its version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Extension {
    pub(super) name: String,
    pub(super) version: Option<String>,
}

/// What lies in a tablespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Share {
    pub(super) name: String,
    pub(super) bytes: u64,
}

/// A role that has to be there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Needed {
    pub(super) name: String,
    pub(super) login: bool,
}

/// What a server has for databases to come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct House {
    pub(super) roles: Vec<String>,
    pub(super) extensions: Vec<Extension>,
    pub(super) tablespaces: Vec<Tablespace>,
    pub(super) icu: bool,
    pub(super) taken: Vec<String>,
}

/// A tablespace.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tablespace {
    pub(super) name: String,
    pub(super) oid: u64,
}

/// A program of PostgreSQL's on a host.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Tool {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) version: u32,
    /// How it can pack, besides by zlib.
    pub(super) packs: Vec<String>,
}

/// Room on a disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Free {
    pub(super) what: String,
    pub(super) device: String,
    pub(super) bytes: u64,
}

/// A host's word, or why it cannot be moved from or to there.
pub(super) type Told = Result<Look, String>;

/// Looks at the database that is moved.
pub(super) async fn source(place: &Place, host: &Host, database: &str, cx: &Read<'_>) -> Result<Told, ActionError> {
    let sql = format!("{SERVER}{SOURCE}");
    let command = place.command(LOOK, database).env("NAME", database).env("SIDE", "from");
    let command = command.env("NEW", "").env("BEFORE", "").env("AFTER", "").env("SQL", sql);
    look(place, host, command, cx).await
}

/// Looks at the server that it goes to.
pub(super) async fn target(place: &Place, host: &Host, names: &Names, cx: &Read<'_>) -> Result<Told, ActionError> {
    let command = place.command(LOOK, names.maintenance()).env("SIDE", "to").env("SQL", format!("{SERVER}{TARGET}"));
    let Names { name, new, before, after } = names.clone();
    look(place, host, command.env("NAME", name).env("NEW", new).env("BEFORE", before).env("AFTER", after), cx).await
}

async fn look(place: &Place, host: &Host, command: Command, cx: &Read<'_>) -> Result<Told, ActionError> {
    let said = host.read(command).await?;
    if !said.success() {
        let why = reason(&said);
        let hint = hint(&why, said.status).map(|hint| format!(" ({hint})")).unwrap_or_default();
        let told = format!("the server on {} cannot be looked at: {why}{hint}", place.role);
        return Ok(Err(cx.around().masker().mask(&told)));
    }
    Ok(Ok(Look::read(&said.text())?))
}

/// Who is connected to a database, and how many prepared transactions it has.
pub(super) async fn sessions(
    place: &Place,
    host: &Host,
    database: &str,
    cx: &Read<'_>,
) -> Result<(Vec<Session>, u32), ActionError> {
    let script = r#"printf '%s\n' "$SQL" | sql -v name="$NAME""#;
    let said = host.read(place.command(script, database).env("NAME", database).env("SQL", SERVER)).await?;
    super::swap::succeeded(&said, &format!("looking who is connected to {database} on {}", place.role), cx)?;
    let seen = Look::read(&said.text())?;
    Ok(seen.database.map(|database| (database.sessions, database.prepared)).unwrap_or_default())
}

/// The last thing that a host said, in a line: PostgreSQL's programs say what is wrong first, and then what to do about it.
pub(super) fn reason(said: &Output) -> String {
    let text = said.error_text();
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let wrong = lines.clone().rfind(|line| ["error:", "ERROR:", "FATAL:"].iter().any(|word| line.contains(word)));
    wrong.or_else(|| lines.next_back()).map_or_else(|| format!("exited with {}", said.status), str::to_owned)
}

fn hint(why: &str, status: i32) -> Option<&'static str> {
    if status == 127 || why.contains("not found") {
        return Some("is postgresql-client installed there?");
    }
    let nobody = ["role \"", "Peer authentication failed", "no password supplied", "authentication failed"];
    if nobody.iter().any(|word| why.contains(word)) {
        return Some("give the side a `become`: `become: postgres`");
    }
    if why.contains("not currently accepting connections") {
        return Some("somebody has closed it: ALTER DATABASE … ALLOW_CONNECTIONS true");
    }
    why.contains("No such file or directory").then_some("does the server run, and listen there?")
}

impl Look {
    fn read(text: &str) -> Result<Self, ActionError> {
        let mut look = Self::default();
        let mut heard = false;
        for line in text.lines() {
            let unread = || ActionError::failed(format!("what the server says cannot be read: {line}"));
            if line.starts_with('[') {
                look.take(line).map_err(|error| ActionError::failed(format!("{}: {error}", unread())))?;
                heard = true;
            } else {
                look.words(&line.split('\t').collect::<Vec<_>>()).ok_or_else(unread)?;
            }
        }
        if heard { Ok(look) } else { Err(ActionError::failed("the server says nothing of itself")) }
    }

    fn take(&mut self, line: &str) -> Result<(), serde_json::Error> {
        let (what, value): (String, Value) = serde_json::from_str(line)?;
        match what.as_str() {
            "server" => self.server = serde_json::from_value(value)?,
            "database" => self.database = Some(serde_json::from_value(value)?),
            "contents" => self.contents = serde_json::from_value(value)?,
            "house" => self.house = serde_json::from_value(value)?,
            _ => {}
        }
        Ok(())
    }

    fn words(&mut self, words: &[&str]) -> Option<()> {
        match words {
            ["tool", name, path, version, packs] => {
                let Some(version) = super::choose::version(version) else { return Some(()) };
                let packs = packs.split(' ').filter(|pack| !pack.is_empty()).map(str::to_owned).collect();
                self.tools.push(Tool { name: (*name).to_owned(), path: (*path).to_owned(), version, packs });
            }
            ["free", what, device, kilobytes] => {
                let bytes = kilobytes.parse::<u64>().ok()?.saturating_mul(1024);
                self.free.push(Free { what: (*what).to_owned(), device: (*device).to_owned(), bytes });
            }
            ["locale", name] => self.locales.push((*name).to_owned()),
            _ => return None,
        }
        Some(())
    }
}

impl Database {
    /// A column of its row, as text.
    pub(super) fn column(&self, name: &str) -> Option<&str> {
        self.row.get(name)?.as_str()
    }

    /// Whether its row says that something is so.
    pub(super) fn flag(&self, name: &str) -> bool {
        self.row.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// Whose the order of its texts is: `c` (the system's), `i` (ICU), `b` (PostgreSQL's own).
    pub(super) fn provider(&self) -> &str {
        self.column("datlocprovider").unwrap_or("c")
    }

    /// The locale of ICU or PostgreSQL's own: the column has had two names.
    pub(super) fn locale(&self) -> Option<&str> {
        self.column("datlocale").or_else(|| self.column("daticulocale"))
    }
}

impl Session {
    /// `2 of pgbouncer (web, 127.0.0.1)`.
    pub(super) fn in_words(&self) -> String {
        let who = if self.application.is_empty() { "a client without a name" } else { &self.application };
        let count = if self.count == 1 { String::new() } else { format!("{} of ", self.count) };
        format!("{count}{who} ({}, {})", self.user, self.address)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    #[test]
    fn what_a_host_says_is_read() {
        let said = "[\"server\", {\"version\" : 150018, \"user\" : \"postgres\", \"superuser\" : true}]\n\
                    tool\tpg_dump\t/usr/bin/pg_dump\tpg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\tzstd lz4 \n\
                    free\twork\t2049\t100\nlocale\tC.utf8\n";
        let look = Look::read(said).unwrap();
        assert_eq!((look.server.version, look.database.is_none()), (150_018, true));
        assert_eq!((look.tools[0].version, look.tools[0].packs.len()), (150_018, 2));
        assert_eq!((look.free[0].bytes, look.locales[0].as_str()), (102_400, "C.utf8"));
        assert!(Look::read("").is_err() && Look::read("x\ty\n").is_err());
    }
}
