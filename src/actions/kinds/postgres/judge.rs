//! Whether a move can be done: everything that is in its way, found before anything runs.

use std::collections::BTreeMap;

use crate::display::bytes;

use super::action::Postgres;
use super::choose::{self, Tools};
use super::decode::plain;
use super::look::{Database, Extension, Look, Session, Tool};
use super::names::ident;
use super::sql::Locale;

/// What is in the way; nothing where the move can be done.
pub(super) fn obstacles(action: &Postgres, source: &Look, target: &Look) -> Vec<String> {
    let (old, new) = (action.from.role.as_str(), action.to.role.as_str());
    let mut found = Vec::new();
    for (look, host) in [(source, old), (target, new)] {
        if !look.server.superuser {
            let user = &look.server.user;
            found.push(format!("{user} is no superuser of the server on {host}: give that side `become: postgres`"));
        }
    }
    found.extend(tools(action, source, target).err());
    let Some(database) = &source.database else {
        found.push(format!("there is no database {} on {old}", action.from.database));
        return found;
    };
    found.extend(roles(action, database, source, target));
    found.extend(extensions(&source.contents.extensions, &target.house.extensions, (old, new)));
    found.extend(tablespaces(database, source, target, new));
    found.extend(locale(action, database, target));
    if !action.live {
        found.extend(in_use(database, old));
    }
    if target.database.as_ref().is_some_and(|standing| standing.prepared > 0) {
        let name = &action.to.database;
        found.push(format!(
            "the database {name} on {new} has prepared transactions: end them with COMMIT or ROLLBACK PREPARED"
        ));
    }
    found.extend(room(database, source, target, (old, new)));
    found
}

/// The programs that will do it.
pub(super) fn tools(action: &Postgres, source: &Look, target: &Look) -> Result<Tools, String> {
    let side = |look: &'_ Look| -> (u32, Vec<Tool>) { (look.server.version, look.tools.clone()) };
    let ((from, at_source), (to, at_target)) = (side(source), side(target));
    choose::choose((action.from.role.as_str(), from, &at_source), (action.to.role.as_str(), to, &at_target))
}

fn roles(action: &Postgres, database: &Database, source: &Look, target: &Look) -> Option<String> {
    let mut needed: BTreeMap<&str, bool> =
        source.contents.roles.iter().map(|role| (role.name.as_str(), role.login)).collect();
    let owner = action.owner.as_deref().unwrap_or(&database.owner);
    needed.entry(owner).or_insert(true);
    needed.retain(|name, _| !target.house.roles.iter().any(|role| role == name));
    if needed.is_empty() {
        return None;
    }
    let names: Vec<&str> = needed.keys().copied().collect();
    let create = needed
        .iter()
        .map(|(name, login)| format!("CREATE ROLE {}{};", ident(name), if *login { " LOGIN" } else { "" }));
    Some(format!(
        "{} has not all roles that own something in the database or have a privilege there: {}; make them first, with their attributes, \
         memberships and passwords: {}",
        action.to.role,
        names.join(", "),
        create.collect::<Vec<_>>().join(" ")
    ))
}

fn extensions(needed: &[Extension], there: &[Extension], (old, new): (&str, &str)) -> Option<String> {
    let lacking = needed.iter().filter_map(|extension| {
        let name = &extension.name;
        let Some(other) = there.iter().find(|other| other.name == *name) else {
            return Some(format!("{name} (not installed)"));
        };
        let (here, there) = (extension.version.as_deref()?, other.version.as_deref()?);
        is_older(there, here).then(|| format!("{name} ({there}, and {old} has {here})"))
    });
    let lacking: Vec<String> = lacking.collect();
    (!lacking.is_empty()).then(|| {
        format!("{new} lacks extensions that the database has: {}; install their packages there", lacking.join(", "))
    })
}

/// Whether a version is older, as far as that can be told of versions in general.
fn is_older(one: &str, other: &str) -> bool {
    let numbers = |version: &str| -> Option<Vec<u32>> { version.split('.').map(|part| part.parse().ok()).collect() };
    matches!((numbers(one), numbers(other)), (Some(one), Some(other)) if one < other)
}

fn tablespaces(database: &Database, source: &Look, target: &Look, new: &str) -> Option<String> {
    let own = std::iter::once(database.tablespace.as_str());
    let needed = own.chain(source.contents.tablespaces.iter().map(|share| share.name.as_str()));
    let mut lacking: Vec<&str> =
        needed.filter(|name| !target.house.tablespaces.iter().any(|there| there.name == *name)).collect();
    lacking.dedup();
    (!lacking.is_empty()).then(|| {
        format!("{new} lacks tablespaces that the database uses: {}; CREATE TABLESPACE there first", lacking.join(", "))
    })
}

/// Whether the target knows the order of texts.
fn locale(action: &Postgres, database: &Database, target: &Look) -> Option<String> {
    let (new, version) = (&action.to.role, target.server.version / 10_000);
    let locale = Locale::of(action, database);
    match &locale {
        Locale::Icu { .. } if !target.house.icu => {
            return Some(format!(
                "the database's texts are ordered by ICU, and the server on {new} was built without it"
            ));
        }
        Locale::Builtin { .. } if version < 17 => {
            return Some(format!(
                "the database's texts are ordered by PostgreSQL's own rules, which {new} does not know"
            ));
        }
        _ => {}
    }
    let (collate, ctype) = locale.of_system();
    let encoding = action.encoding.as_deref().unwrap_or(&database.encoding);
    for name in [collate, ctype] {
        if matches!(name, "C" | "POSIX") {
            continue;
        }
        if !target.locales.iter().any(|there| plain(there) == plain(name)) {
            return Some(format!(
                "{new} has no locale {name}: generate it there (`locale-gen`, then restart the server), or say another as `locale`"
            ));
        }
        let of_locale = name.split_once('.').map(|(_, codeset)| plain(codeset.split('@').next().unwrap_or_default()));
        if let Some(codeset) = of_locale.filter(|codeset| encoding != "SQL_ASCII" && !is_for(codeset, encoding)) {
            return Some(format!(
                "the locale {name} is for texts in {codeset}, and the database is to be in {encoding}: say another as `locale`"
            ));
        }
    }
    None
}

/// Whether a codeset of the C library's is an encoding of PostgreSQL's. Of what is not common nothing is said: the server will.
fn is_for(codeset: &str, encoding: &str) -> bool {
    match codeset {
        "utf8" => encoding == "UTF8",
        "iso88591" => encoding == "LATIN1",
        "iso88592" => encoding == "LATIN2",
        "iso885915" => encoding == "LATIN9",
        _ => encoding != "UTF8",
    }
}

fn in_use(database: &Database, old: &str) -> Option<String> {
    if !database.sessions.is_empty() {
        let who = in_words(&database.sessions);
        return Some(format!(
            "somebody is connected to the database on {old}, and what they write after the dump would be lost: {who}; stop them first, or say \
             `live: true`"
        ));
    }
    (database.prepared > 0).then(|| {
        format!(
            "the database on {old} has {} prepared transactions that nobody has ended: a dump holds nothing of them",
            database.prepared
        )
    })
}

/// Sessions, in a line.
pub(super) fn in_words(sessions: &[Session]) -> String {
    sessions.iter().map(Session::in_words).collect::<Vec<_>>().join(", ")
}

/// Whether there is room: for the dump on both hosts, for the database where it goes. What will be in the way is what its tables take: a dump
/// is packed, and has no indexes.
fn room(database: &Database, source: &Look, target: &Look, (old, new): (&str, &str)) -> Vec<String> {
    let dump = source.contents.bytes;
    let aside: u64 = source.contents.tablespaces.iter().map(|share| share.bytes).sum();
    let number = |name: &str| {
        let there = target.house.tablespaces.iter().find(|there| there.name == name)?;
        Some(there.oid.to_string())
    };
    let own = number(&database.tablespace).filter(|_| database.tablespace != "pg_default");
    let mut at_target = vec![
        ("work".to_owned(), dump),
        (own.unwrap_or_else(|| "data".to_owned()), database.size.saturating_sub(aside)),
    ];
    let shares = source.contents.tablespaces.iter();
    at_target.extend(shares.map(|share| (number(&share.name).unwrap_or_else(|| "data".to_owned()), share.bytes)));
    let mut found = full(source, &[("work".to_owned(), dump)], old);
    found.extend(full(target, &at_target, new));
    found
}

/// The disks of a host that cannot take what is to lie there.
fn full(look: &Look, wants: &[(String, u64)], host: &str) -> Vec<String> {
    let mut disks: BTreeMap<&str, (u64, u64, Vec<&str>)> = BTreeMap::new();
    for (what, wanted) in wants {
        let Some(free) = look.free.iter().find(|free| free.what == *what) else { continue };
        let disk = disks.entry(&free.device).or_insert((free.bytes, 0, Vec::new()));
        disk.1 += wanted;
        disk.2.push(match what.as_str() {
            "work" => "the dump",
            "data" => "the database",
            _ => "a tablespace",
        });
    }
    let full = disks.values().filter(|(free, wanted, _)| wanted > free);
    full.map(|(free, wanted, what)| {
        let hint =
            if what.contains(&"the dump") { "; a `state_dir` of the host puts the dump on another disk" } else { "" };
        format!(
            "{host} has {} free, and up to {} are needed for {}{hint}",
            bytes(*free),
            bytes(*wanted),
            what.join(" and ")
        )
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::super::look::{Contents, Free, House, Needed, Server, Share, Tablespace};
    use super::*;
    use crate::actions::testing::decoded;

    pub(in super::super) fn action(more: &str) -> Postgres {
        let text = format!("{{from: {{on: old, database: site}}, to: {{on: new, database: site{more}}}}}");
        decoded(&text).unwrap()
    }

    fn tool(name: &str) -> Tool {
        Tool { name: name.to_owned(), path: format!("/usr/bin/{name}"), version: 150_018, packs: Vec::new() }
    }

    fn extension(name: &str, version: &str) -> Extension {
        Extension { name: name.to_owned(), version: Some(version.to_owned()) }
    }

    fn hosts() -> (Look, Look) {
        let row = serde_json::json!({"datcollate": "en_NZ.UTF-8", "datctype": "C", "datlocprovider": "c"});
        let database = Database {
            row: row.as_object().unwrap().clone(),
            encoding: "UTF8".into(),
            owner: "web".into(),
            tablespace: "pg_default".into(),
            size: 3000,
            ..Database::default()
        };
        let server = Server { version: 150_018, user: "postgres".into(), superuser: true };
        let free = |what: &str, device: &str, bytes| Free { what: what.into(), device: device.into(), bytes };
        let tablespace = Tablespace { name: "pg_default".into(), oid: 1663 };
        let source = Look {
            server: server.clone(),
            database: Some(database),
            contents: Contents { bytes: 1000, extensions: vec![extension("plpgsql", "1.0")], ..Contents::default() },
            tools: vec![tool("pg_dump")],
            free: vec![free("work", "1", 1000)],
            ..Look::default()
        };
        let house = House {
            roles: vec!["postgres".into(), "web".into()],
            extensions: vec![extension("plpgsql", "1.0")],
            tablespaces: vec![tablespace],
            ..House::default()
        };
        let target = Look {
            server,
            house,
            tools: vec![tool("pg_restore")],
            free: vec![free("work", "1", 4000), free("data", "1", 4000)],
            locales: vec!["en_NZ.utf8".into()],
            ..Look::default()
        };
        (source, target)
    }

    #[test]
    fn nothing_is_in_the_way_of_a_good_move() {
        let (source, target) = hosts();
        assert_eq!(obstacles(&action(""), &source, &target), Vec::<String>::new());
    }

    /// What is found in the way once the hosts have been changed.
    fn found(more: &str, change: impl FnOnce(&mut Look, &mut Look)) -> String {
        let (mut source, mut target) = hosts();
        change(&mut source, &mut target);
        obstacles(&action(more), &source, &target).join("\n")
    }

    #[test]
    fn roles_that_are_not_there_are_listed() {
        let need = |name: &str, login| Needed { name: name.into(), login };
        let due = "new has not all roles that own something in the database or have a privilege there: Read Only, boss, jo\"e; \
                   make them first, with their attributes, memberships and passwords: \
                   CREATE ROLE \"Read Only\"; CREATE ROLE \"boss\" LOGIN; CREATE ROLE \"jo\"\"e\" LOGIN;";
        let told = found(", owner: boss", |source, _| {
            source.contents.roles = vec![need("jo\"e", true), need("Read Only", false), need("web", true)];
        });
        assert_eq!(told, due);
    }

    #[test]
    fn extensions_have_to_be_there_and_not_older() {
        let told = found("", |source, target| {
            source.contents.extensions =
                vec![extension("hstore", "1.8"), extension("postgis", "3.3.2"), extension("x", "1.2")];
            target.house.extensions = vec![extension("postgis", "3.1.4"), extension("x", "1.10")];
        });
        assert_eq!(
            told,
            "new lacks extensions that the database has: hstore (not installed), postgis (3.1.4, and old has 3.3.2); install their packages there"
        );
        assert!(!is_older("unpackaged", "1.0") && is_older("1.9", "1.10"));
    }

    #[test]
    fn sessions_of_the_source_are_named_unless_it_is_to_be_live() {
        let session =
            Session { application: "pgbouncer".into(), user: "web".into(), address: "127.0.0.1".into(), count: 2 };
        let told = found("", |source, _| source.database.as_mut().unwrap().sessions = vec![session.clone()]);
        assert!(told.contains("2 of pgbouncer (web, 127.0.0.1); stop them first, or say `live: true`"), "{told}");
        let (mut source, target) = hosts();
        source.database.as_mut().unwrap().sessions = vec![session];
        let live = Postgres { live: true, ..action("") };
        assert_eq!(obstacles(&live, &source, &target), Vec::<String>::new());
    }

    #[test]
    fn disks_have_to_have_room_at_both_ends() {
        let told = found("", |source, target| {
            source.free[0].bytes = 999;
            target.free.iter_mut().for_each(|free| free.bytes = 3999);
        });
        assert_eq!(
            told,
            "old has 999 B free, and up to 1000 B are needed for the dump; a `state_dir` of the host puts the dump on another disk\n\
             new has 3.9 KiB free, and up to 3.9 KiB are needed for the dump and the database; a `state_dir` of the host puts the dump on another disk"
        );
        let told = found("", |source, target| {
            source.contents.tablespaces = vec![Share { name: "fast".into(), bytes: 2500 }];
            target.house.tablespaces.push(Tablespace { name: "fast".into(), oid: 7 });
            target.free.push(Free { what: "7".into(), device: "2".into(), bytes: 100 });
        });
        assert_eq!(told, "new has 100 B free, and up to 2.4 KiB are needed for a tablespace");
    }

    #[test]
    fn locales_have_to_be_there_and_fit_the_encoding() {
        let told = found("", |_, target| target.locales.clear());
        assert!(told.starts_with("new has no locale en_NZ.UTF-8: generate it there"), "{told}");
        let told = found(", encoding: LATIN1", |_, _| {});
        assert!(
            told.starts_with("the locale en_NZ.UTF-8 is for texts in utf8, and the database is to be in LATIN1"),
            "{told}"
        );
        assert_eq!(found(", encoding: LATIN1, locale: C", |_, _| {}), "");
    }

    #[test]
    fn the_rest_is_told_too() {
        let told = found("", |source, target| {
            target.server.superuser = false;
            target.server.version = 140_000;
            source.contents.tablespaces = vec![Share { name: "fast".into(), bytes: 1 }];
        });
        assert!(told.contains("postgres is no superuser of the server on new"), "{told}");
        assert!(told.contains("older than the 15.18 of old"), "{told}");
        assert!(told.contains("new lacks tablespaces that the database uses: fast"), "{told}");
        assert_eq!(found("", |source, _| source.database = None), "there is no database site on old");
    }
}
