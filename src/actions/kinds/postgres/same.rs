//! Whether a database is there already as it would be moved: by its definition and all it holds, not by counts. Who trusts counts loses what
//! was changed since.

use serde_json::Value;

use crate::actions::context::Read;
use crate::actions::contract::ActionError;
use crate::transport::Output;

use super::action::{Postgres, Seen};
use super::choose;
use super::figures::{Ends, Figures, How};
use super::look::{Database, Look, Privilege};
use super::sql;
use super::sql::Locale;

const SAME: &str = include_str!("host/same.sh");

/// What is larger is not read twice just to see whether it has to be moved: it is moved.
pub(super) const LARGEST: u64 = 1 << 30;

/// Whether all that can be seen from outside is the same.
pub(super) fn could_be(action: &Postgres, seen: &Seen) -> bool {
    let (Some(source), Some(standing)) = (&seen.source.database, &seen.target.database) else { return false };
    let column = |database: &Database, name: &str| database.row.get(name).cloned();
    let sorted = |mut privileges: Vec<Privilege>| {
        privileges.sort();
        privileges
    };
    let as_is = Postgres {
        locale: None,
        from: action.from.clone(),
        to: action.to.clone(),
        owner: None,
        encoding: None,
        ..*action
    };
    source.size <= LARGEST
        && seen.source.server.version / 10_000 == seen.target.server.version / 10_000
        && pg_dump(&seen.source).is_some()
        && pg_dump(&seen.source).map(|tool| tool.1) == pg_dump(&seen.target).map(|tool| tool.1)
        && standing.flag("datallowconn")
        && standing.owner == sql::owner(action, source)
        && standing.encoding == sql::encoding(action, source)
        && Locale::of(&as_is, standing) == Locale::of(action, source)
        && standing.tablespace == source.tablespace
        && standing.comment == source.comment
        && standing.settings == source.settings
        && standing.labels == source.labels
        && standing.privileges.clone().map(sorted) == sql::privileges(action, source).map(sorted)
        && ["datconnlimit", "datistemplate"].iter().all(|name| column(standing, name) == column(source, name))
}

/// The path of a host's first `pg_dump` for its server, and its major version.
fn pg_dump(look: &Look) -> Option<(&str, u32)> {
    let server = look.server.version / 10_000;
    let fits = |version: u32| version / 10_000 == server;
    let tool = look.tools.iter().find(|tool| tool.name == "pg_dump" && fits(tool.version))?;
    Some((&tool.path, choose::major(tool.version)))
}

/// Whether what they hold is the same.
pub(super) async fn is(action: &Postgres, seen: &Seen, cx: &Read<'_>) -> Result<bool, ActionError> {
    let ((from, old), (to, new)) = action.places(cx).await?;
    let raw = [&seen.source, &seen.target]
        .iter()
        .any(|look| look.database.as_ref().is_some_and(|it| it.encoding == "SQL_ASCII"));
    let how = How { content: true, raw, oldest: seen.source.server.version };
    let look = async |place: &super::place::Place, host: &crate::actions::Host, database: &str, look: &Look| {
        let path = pg_dump(look).map(|(path, _)| path.to_owned()).unwrap_or_default();
        let command = place
            .command(SAME, database)
            .env("PG_DUMP", path)
            .env("FIGURES", how.script())
            .env("RAW", if raw { "yes" } else { "no" });
        host.read(command).await
    };
    let (source, standing) = tokio::try_join!(
        look(&from, &old, &action.from.database, &seen.source),
        look(&to, &new, &action.to.database, &seen.target)
    )?;
    // Where one cannot be looked at, that shows when it is moved.
    let (Some(source), Some(standing)) = (read(&source), read(&standing)) else { return Ok(false) };
    let encoding = standing.1.encoding.clone();
    let ends = Ends { names: ("", ""), encoding: &encoding, live: false };
    Ok(source.0 == standing.0 && source.1.differences(&standing.1, &ends).is_empty())
}

/// The digest of a definition, and what the database comes to.
fn read(said: &Output) -> Option<(String, Figures)> {
    let text = said.text();
    let (first, rest) = text.split_once('\n').filter(|_| said.success())?;
    let first: Value = serde_json::from_str(first).ok()?;
    let digest = first.get(1)?.as_str().filter(|digest| digest.len() == 64)?.to_owned();
    Some((digest, Figures::read(rest).ok()?))
}
