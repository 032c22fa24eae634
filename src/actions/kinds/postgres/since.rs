//! Whether the source is still what was dumped, just before the copy takes its place: what was written meanwhile would be lost.

use std::time::Duration;

use crate::actions::Host;
use crate::actions::context::Write;
use crate::actions::contract::ActionError;

use super::action::Postgres;
use super::figures::{self, Ends, Figures, How};
use super::judge;
use super::look::{self, Session};
use super::place::Place;
use super::swap::succeeded;

/// What tells which rows a snapshot does not have.
pub(super) const SQL: &str = include_str!("host/since.sql");

const SINCE: &str = include_str!("host/since.sh");

/// How often who is connected is looked for: one who only looks in, as what watches a server does, is gone the next time.
const LOOKS: u32 = 5;

const PAUSE: Duration = Duration::from_secs(1);

/// Fails where somebody wrote to the source since it was dumped, or is about to.
pub(super) async fn still(
    action: &Postgres,
    (place, host): &(Place, Host),
    (target, _): &(Place, Host),
    cx: &Write<'_>,
) -> Result<(), ActionError> {
    let (name, old) = (&action.from.database, &place.role);
    let mut found = Vec::new();
    let (sessions, prepared) = connected(place, host, name, cx).await?;
    if !sessions.is_empty() {
        found.push(format!("connected now: {}", judge::in_words(&sessions)));
    }
    if prepared > 0 {
        found.push(format!("{prepared} prepared transactions that nobody has ended"));
    }
    let command = place.command(SINCE, name).env("SEQUENCES", How::beginning()).env("SINCE", SQL);
    let said = host.read(command).await?;
    succeeded(&said, &format!("looking whether somebody wrote to {name} on {old} since it was dumped"), cx)?;
    let text = said.text();
    let (now, then) = text.split_once('\0').unwrap_or((&text, ""));
    found.extend(news(now, then).map_err(ActionError::failed)?);
    if found.is_empty() {
        return Ok(());
    }
    let (to, new) = (&action.to.database, &target.role);
    Err(ActionError::failed_with_hint(
        cx.around().masker().mask(&format!(
            "{name} on {old} has been in use since it was dumped, and the copy lacks what was written there: {}",
            figures::told(&found)
        )),
        format!(
            "{to} on {new} is as it was. Stop whoever it is, and try again: the next try dumps anew. Where it may be lost, say `live: true`"
        ),
    ))
}

/// Who stays connected, and how many prepared transactions there are.
async fn connected(
    place: &Place,
    host: &Host,
    database: &str,
    cx: &Write<'_>,
) -> Result<(Vec<Session>, u32), ActionError> {
    let mut look = 0;
    loop {
        look += 1;
        let seen = look::sessions(place, host, database, cx).await?;
        if seen.0.is_empty() || look == LOOKS {
            return Ok(seen);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// What is otherwise than it was dumped. Where the server has written nothing, only what no transaction needs was looked at.
fn news(now: &str, then: &str) -> Result<Vec<String>, String> {
    let ((mut now, mut news), mut then) = (Figures::read_since(now)?, Figures::read(then)?);
    // What was not reckoned at one of the ends says nothing.
    if now.tables.is_empty() || then.tables.is_empty() {
        now.tables.clear();
        then.tables.clear();
        now.objects.clone_from(&then.objects);
    }
    let ends = Ends { names: ("then", "now"), encoding: &then.encoding, live: false };
    news.extend(then.differences(&now, &ends));
    Ok(news)
}

#[cfg(test)]
mod tests {
    use super::*;

    const THEN: &str = "[\"encoding\", \"UTF8\"]\n[\"sequence\", \"public\", \"s\", 41, true, 1]\n\
                        [\"table\", \"public\", \"users\", 412, \"-77\"]\n[\"large objects\", 2, \"12\"]\n";

    #[test]
    fn what_was_written_to_the_source_is_named() {
        let beginning: String = THEN.split_inclusive('\n').take(2).collect();
        let now = format!("{beginning}[\"table\", \"public\", \"users\", 412]\n[\"large objects\", 2]\n");
        for (now, due) in [
            (beginning.clone(), vec![]),
            (now.clone(), vec![]),
            (beginning.replace("41", "42"), vec!["sequence public.s: 41 then, 42 now"]),
            (now.replace("412", "411"), vec!["table public.users: 412 rows then, 411 now"]),
            (now.replace("objects\", 2", "objects\", 3"), vec!["large objects: 2 then, 3 now"]),
            (format!("{now}[\"newer\", \"public\", \"users\", 3]\n"), vec!["3 newer in public.users"]),
        ] {
            assert_eq!(news(&now, THEN).unwrap(), due, "{now}");
        }
        assert!(news("", THEN).is_err());
    }
}
