//! A move in words: what a gate and a dry run show.

use std::fmt::Write as _;

use crate::display::bytes;
use crate::events::Preview;

use super::action::{Parity, Postgres, Seen};
use super::choose::in_words;
use super::sql::{self, Locale};
use super::{judge, look};

pub(super) fn preview(action: &Postgres, seen: &Seen) -> Preview {
    let Postgres { from, to, .. } = action;
    let moved = seen.source.database.as_ref();
    let size = moved.map_or(0, |database| database.size);
    let summary =
        format!("move database {} of {} to {} as {} ({})", from.database, from.role, to.role, to.database, bytes(size));
    Preview { summary, detail: detail(action, seen, moved), undo: undo(action, seen) }
}

fn detail(action: &Postgres, seen: &Seen, moved: Option<&look::Database>) -> String {
    let mut text = String::new();
    let Postgres { from, to, .. } = action;
    if let Some(source) = moved {
        let (owner, encoding) = (sql::owner(action, source), sql::encoding(action, source));
        let tables = seen.source.contents.tables;
        let _ = writeln!(
            text,
            "{tables} tables, owner {owner}, {encoding}, locale {}",
            Locale::of(action, source).in_words()
        );
        if !source.sessions.is_empty() {
            let who = judge::in_words(&source.sessions);
            let _ = writeln!(text, "in use on {}, and goes on being written to: {who}", from.role);
        }
    }
    let look::Contents { subscriptions, slots, .. } = &seen.source.contents;
    if !subscriptions.is_empty() {
        let _ = writeln!(
            text,
            "subscriptions come along disabled, for the slots that {} uses: {}",
            from.role,
            subscriptions.join(", ")
        );
    }
    if !slots.is_empty() {
        let _ = writeln!(text, "replication slots stay on {}: {}", from.role, slots.join(", "));
    }
    if let Ok(tools) = judge::tools(action, &seen.source, &seen.target) {
        let (source, target) = (in_words(seen.source.server.version), in_words(seen.target.server.version));
        let (dump, restore) = (in_words(tools.dump.version), in_words(tools.restore.version));
        let _ = writeln!(
            text,
            "from PostgreSQL {source} by pg_dump {dump} ({}), to {target} by pg_restore {restore} ({}), {} at a time",
            tools.dump.path, tools.restore.path, action.jobs
        );
    }
    let dump = seen.source.contents.bytes;
    for (look, side) in [(&seen.source, from), (&seen.target, to)] {
        if let Some(free) = look.free.iter().find(|free| free.what == "work") {
            let _ = writeln!(
                text,
                "the dump takes up to {} on {}, where {} are free",
                bytes(dump),
                side.role,
                bytes(free.bytes)
            );
        }
    }
    let _ = writeln!(text, "the dump goes {}", seen.choice.in_words());
    let compared = match action.parity {
        Parity::None => "nothing: `parity: none`",
        Parity::Rows => "encoding, rows of every table, sequences, large objects",
        Parity::Content => "encoding, every row of every table, sequences, large objects",
    };
    let _ = writeln!(text, "compared with the dump before it is put in place: {compared}");
    if let Some(standing) = &seen.target.database {
        let (name, before) = (&seen.names.name, &seen.names.before);
        let _ = writeln!(
            text,
            "{name} stands on {} already ({}, owner {}): it goes aside as {before}",
            to.role,
            bytes(standing.size),
            standing.owner
        );
        if !standing.sessions.is_empty() {
            let _ = writeln!(text, "its sessions are ended then: {}", judge::in_words(&standing.sessions));
        }
    }
    text
}

fn undo(action: &Postgres, seen: &Seen) -> String {
    let name = &action.to.database;
    match &seen.target.database {
        Some(_) => format!(
            "what stands there as {name} is put back; a copy that was written to since is kept as {}",
            seen.names.after
        ),
        None => format!("{name} is dropped; where it was written to since it is kept as {}", seen.names.after),
    }
}
