//! Which programs dump and restore: a matter of versions.

use super::look::Tool;

/// The oldest server that is moved from.
const OLDEST: u32 = 10;

/// The programs of a move.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Tools {
    pub(super) dump: Tool,
    pub(super) restore: Tool,
    /// What `pg_dump` is told about packing.
    pub(super) pack: &'static str,
}

/// The version that a program tells: 150018 for `pg_dump (PostgreSQL) 15.18 (Debian …)`.
pub(super) fn version(said: &str) -> Option<u32> {
    let word = said.split_once("(PostgreSQL) ")?.1.split_whitespace().next()?;
    let mut numbers = word.split(|c: char| !c.is_ascii_digit()).map(str::parse::<u32>);
    let major = numbers.next()?.ok()?;
    let minor = numbers.next().and_then(Result::ok).unwrap_or(0);
    if major >= 10 {
        // `18devel`, `17beta1`: before the first of its minor versions.
        let minor = if word.contains('.') { minor } else { 0 };
        return Some(major * 10_000 + minor);
    }
    Some(major * 10_000 + minor * 100 + numbers.next().and_then(Result::ok).unwrap_or(0))
}

/// `15.18`.
pub(super) fn in_words(version: u32) -> String {
    format!("{}.{}", version / 10_000, version % 10_000)
}

pub(super) fn major(version: u32) -> u32 {
    version / 10_000
}

/// Chooses between the programs of the two hosts, each with its server's version, or says why none will do.
///
/// The newer `pg_dump` knows more of what the newer server wants, but what it writes the target's `pg_restore` has to read; and a `pg_restore`
/// that is newer than its server says things to it that it does not know.
pub(super) fn choose(from: (&str, u32, &[Tool]), to: (&str, u32, &[Tool])) -> Result<Tools, String> {
    let ((old, source, at_source), (new, target, at_target)) = (from, to);
    if major(source) < OLDEST {
        return Err(format!("{old} has PostgreSQL {}: what is older than {OLDEST} is not moved", in_words(source)));
    }
    if major(target) < major(source) {
        return Err(format!(
            "{new} has PostgreSQL {}, which is older than the {} of {old}: a database is moved to a server of the same version or a newer one",
            in_words(target),
            in_words(source)
        ));
    }
    let of = |tools: &[Tool], name: &str| tools.iter().filter(|tool| tool.name == name).cloned().collect::<Vec<_>>();
    let restores = of(at_target, "pg_restore");
    let fitting = newest(restores.iter().filter(|tool| (major(source)..=major(target)).contains(&major(tool.version))));
    let above = || restores.iter().filter(|tool| major(tool.version) > major(target)).min_by_key(|tool| tool.version);
    let restore = fitting.or_else(above).ok_or_else(|| lacking(new, "pg_restore", &restores, target))?;
    let dumps = of(at_source, "pg_dump");
    let usable = major(source)..=major(restore.version).min(major(target));
    let dump = newest(dumps.iter().filter(|tool| usable.contains(&major(tool.version))));
    let dump = dump.ok_or_else(|| lacking(old, "pg_dump", &dumps, source))?;
    let both = |pack: &str| packs(&dumps, dump, pack) && packs(&restores, restore, pack);
    let pack = match major(dump.version) {
        16.. if both("zstd") => "--compress=zstd:3",
        16.. if both("lz4") => "--compress=lz4",
        _ => "--compress=3",
    };
    Ok(Tools { dump: dump.clone(), restore: restore.clone(), pack })
}

/// The newest; of several the one that is found first.
fn newest<'a>(tools: impl DoubleEndedIterator<Item = &'a Tool>) -> Option<&'a Tool> {
    tools.rev().max_by_key(|tool| tool.version)
}

/// Whether a program can pack that way. What is first in the path may be a script that calls the program, and says nothing of it.
fn packs(all: &[Tool], tool: &Tool, pack: &str) -> bool {
    all.iter().any(|other| other.version == tool.version && other.packs.iter().any(|known| known == pack))
}

fn lacking(host: &str, name: &str, there: &[Tool], server: u32) -> String {
    let versions: Vec<String> = there.iter().map(|tool| in_words(tool.version)).collect();
    let there = if versions.is_empty() { "none".to_owned() } else { versions.join(", ") };
    format!("{host} has no {name} that will do (found {there}): install postgresql-client-{} there", major(server))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tools(name: &str, versions: &[u32]) -> Vec<Tool> {
        let tool = |version: &u32| {
            let packs = if *version >= 160_000 { vec!["zstd".to_owned()] } else { Vec::new() };
            Tool { name: name.to_owned(), path: format!("/{version}/{name}"), version: *version, packs }
        };
        versions.iter().map(tool).collect()
    }

    fn chosen(source: u32, dumps: &[u32], target: u32, restores: &[u32]) -> Result<(u32, u32, &'static str), String> {
        let (dumps, restores) = (tools("pg_dump", dumps), tools("pg_restore", restores));
        let tools = choose(("old", source, &dumps), ("new", target, &restores))?;
        Ok((tools.dump.version / 10_000, tools.restore.version / 10_000, tools.pack))
    }

    #[test]
    fn versions_are_read() {
        for (said, due) in [
            ("pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)", Some(150_018)),
            ("pg_dump (PostgreSQL) 9.6.24", Some(90_624)),
            ("pg_restore (PostgreSQL) 18devel", Some(180_000)),
            ("pg_restore (PostgreSQL) 17beta1", Some(170_000)),
            ("bash: pg_dump: not found", None),
        ] {
            assert_eq!(version(said), due, "{said}");
        }
    }

    #[test]
    fn the_newest_that_both_ends_understand_is_taken() {
        let gzip = "--compress=3";
        for (source, dumps, target, restores, due) in [
            (150_018, &[150_018][..], 150_002, &[150_002][..], (15, 15, gzip)),
            (130_000, &[130_000, 170_001], 170_001, &[170_001], (17, 17, "--compress=zstd:3")),
            // Newer than the target's server is of no use.
            (130_000, &[130_000, 180_000], 160_000, &[160_000, 180_000], (13, 16, gzip)),
            // The target has the newer one only: what the source's own writes will do.
            (130_000, &[130_000], 170_001, &[170_001], (13, 17, gzip)),
            (150_000, &[140_000, 150_000], 160_000, &[150_001], (15, 15, gzip)),
            (150_000, &[150_000], 150_000, &[160_000], (15, 16, gzip)),
        ] {
            assert_eq!(chosen(source, dumps, target, restores), Ok(due), "{source} {dumps:?} {target} {restores:?}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let refused =
            |source, dumps: &[u32], target, restores: &[u32]| chosen(source, dumps, target, restores).unwrap_err();
        assert_eq!(
            refused(150_018, &[150_018], 140_003, &[140_003]),
            "new has PostgreSQL 14.3, which is older than the 15.18 of old: a database is moved to a server of the same version or a newer one"
        );
        assert_eq!(
            refused(150_018, &[140_000], 150_018, &[150_018]),
            "old has no pg_dump that will do (found 14.0): install postgresql-client-15 there"
        );
        assert_eq!(
            refused(150_018, &[150_018], 160_018, &[]),
            "new has no pg_restore that will do (found none): install postgresql-client-16 there"
        );
        assert!(refused(90_624, &[150_000], 150_000, &[150_000]).contains("older than 10"));
    }

    #[test]
    fn what_is_first_in_the_path_is_taken_of_several() {
        let mut dumps = tools("pg_dump", &[160_001, 160_001]);
        "/usr/bin/pg_dump".clone_into(&mut dumps[0].path);
        dumps[0].packs.clear();
        let restores = tools("pg_restore", &[160_001]);
        let tools = choose(("old", 160_001, &dumps), ("new", 160_001, &restores)).unwrap();
        assert_eq!((tools.dump.path.as_str(), tools.pack), ("/usr/bin/pg_dump", "--compress=zstd:3"));
    }
}
