//! What has to be the same in a database and its copy.

use std::collections::BTreeMap;

use serde_json::Value;

/// What reckons it, in a session.
const SQL: &str = include_str!("host/figures.sql");

/// What makes its snapshot known to the dump.
const SNAPSHOT: &str = include_str!("host/snapshot.sql");

/// Where that comes in.
const MARK: &str = "-- SNAPSHOT\n";

/// How many differences are told.
const TOLD: usize = 10;

/// How a database is reckoned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct How {
    /// What the rows hold counts.
    pub(super) content: bool,
    /// One of the ends has no encoding: bytes are compared, and not texts.
    pub(super) raw: bool,
    /// The oldest server that is compared, such as 150018.
    pub(super) oldest: u32,
}

impl How {
    /// Numbers alone.
    pub(super) const ROWS: Self = Self { content: false, raw: false, oldest: u32::MAX };

    /// The script that reckons the figures of the database that it is given to.
    pub(super) fn script(self) -> String {
        format!("{}{SQL}", self.head())
    }

    /// The same, and a snapshot that others can see the database by. Without `figures` it is encoding, sequences and the snapshot.
    pub(super) fn script_with_snapshot(self, figures: bool) -> String {
        let (before, after) = SQL.split_once(MARK).unwrap_or((SQL, ""));
        format!("{}{before}{SNAPSHOT}{}", self.head(), if figures { after } else { "" })
    }

    /// Encoding and sequences alone.
    pub(super) fn beginning() -> String {
        format!("{}{}", Self::ROWS.head(), SQL.split_once(MARK).map_or(SQL, |(before, _)| before))
    }

    fn head(self) -> String {
        let word = |yes| if yes { "yes" } else { "no" };
        // Before version 12 it took a digit more than another server reads back to tell a float whole.
        let digits = u32::from(self.oldest >= 120_000);
        format!("\\set content {}\n\\set raw {}\n\\set digits {digits}\n", word(self.content), word(self.raw))
    }
}

/// A schema and a name in it.
type Name = (String, String);

/// What a database comes to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Figures {
    /// Its encoding.
    pub(super) encoding: String,
    /// Rows, and the hash of them where it was asked for.
    pub(super) tables: BTreeMap<Name, (i64, Option<String>)>,
    sequences: BTreeMap<Name, Sequence>,
    /// Large objects: how many, and the hash of them where it was reckoned.
    pub(super) objects: (i64, Option<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Sequence {
    last: i64,
    called: bool,
    increment: i64,
}

impl Sequence {
    fn in_words(self) -> String {
        format!("{}{}", self.last, if self.called { "" } else { " (not called yet)" })
    }

    /// Whether `self` is `other`, or has gone on from there.
    fn follows(self, other: Self) -> bool {
        let forward = if self.increment < 0 { self.last <= other.last } else { self.last >= other.last };
        self == other || (forward && self.called >= other.called)
    }
}

/// What of two that are compared may differ.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends<'a> {
    /// How the two ends are told apart: `on old` and `on new`, `then` and `now`.
    pub(super) names: (&'a str, &'a str),
    /// The encoding that the copy is to have.
    pub(super) encoding: &'a str,
    /// Whether the source is in use: its sequences, which no snapshot holds, may have gone on before they were dumped.
    pub(super) live: bool,
}

impl Figures {
    /// Reads what the script says.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        Self::read_since(text).map(|(figures, _)| figures)
    }

    /// The same where what is newer than a snapshot is told too: a sentence each.
    pub(super) fn read_since(text: &str) -> Result<(Self, Vec<String>), String> {
        let (mut figures, mut news) = (Self::default(), Vec::new());
        for line in text.lines().filter(|line| !line.is_empty()) {
            figures.take(line, &mut news).ok_or_else(|| format!("what a database comes to cannot be read: {line}"))?;
        }
        if figures.encoding.is_empty() {
            return Err("a database does not say what it comes to".to_owned());
        }
        Ok((figures, news))
    }

    fn take(&mut self, line: &str, news: &mut Vec<String>) -> Option<()> {
        let value: Value = serde_json::from_str(line).ok()?;
        let words = value.as_array()?;
        let text = |at: usize| words.get(at)?.as_str().map(str::to_owned);
        let number = |at: usize| words.get(at)?.as_i64();
        match words.first()?.as_str()? {
            "encoding" => self.encoding = text(1)?,
            "table" => drop(self.tables.insert((text(1)?, text(2)?), (number(3)?, text(4)))),
            "sequence" => {
                let sequence = Sequence { last: number(3)?, called: words.get(4)?.as_bool()?, increment: number(5)? };
                self.sequences.insert((text(1)?, text(2)?), sequence);
            }
            "large objects" => self.objects = (number(1)?, text(2)),
            "newer" => news.push(format!("{} newer in {}.{}", number(3)?, text(1)?, text(2)?)),
            _ => return None,
        }
        Some(())
    }

    /// In a line.
    pub(super) fn in_words(&self) -> String {
        let rows: i64 = self.tables.values().map(|(rows, _)| rows).sum();
        let counts = [
            (i64::try_from(self.tables.len()).unwrap_or(i64::MAX), "table", "tables"),
            (rows, "row", "rows"),
            (i64::try_from(self.sequences.len()).unwrap_or(i64::MAX), "sequence", "sequences"),
            (self.objects.0, "large object", "large objects"),
        ];
        let counted = counts.map(|(count, one, many)| format!("{count} {}", if count == 1 { one } else { many }));
        counted.join(", ")
    }

    /// What differs between a database and its copy, a sentence each; none where it is the same.
    pub(super) fn differences(&self, copy: &Self, ends: &Ends<'_>) -> Vec<String> {
        let (old, new) = ends.names;
        let mut found = Vec::new();
        if copy.encoding != ends.encoding {
            found.push(format!("its encoding is {} {new}, and is to be {}", copy.encoding, ends.encoding));
        }
        each(&self.tables, &copy.tables, |name, pair| match pair {
            Pair::Both((rows, _), (copied, _)) if rows != copied => {
                found.push(format!("table {name}: {rows} rows {old}, {copied} {new}"));
            }
            Pair::Both((_, Some(hash)), (_, Some(copied))) if hash != copied => {
                found.push(format!("table {name}: as many rows, but not the same content"));
            }
            Pair::Both(..) => {}
            Pair::Left => found.push(format!("table {name} is there {old}, and not {new}")),
            Pair::Right => found.push(format!("table {name} is there {new}, and not {old}")),
        });
        each(&self.sequences, &copy.sequences, |name, pair| match pair {
            Pair::Both(one, other) if one == other || (ends.live && other.follows(*one)) => {}
            Pair::Both(one, other) => {
                let (one, other) = (one.in_words(), other.in_words());
                found.push(format!("sequence {name}: {one} {old}, {other} {new}"));
            }
            Pair::Left => found.push(format!("sequence {name} is there {old}, and not {new}")),
            Pair::Right => found.push(format!("sequence {name} is there {new}, and not {old}")),
        });
        match (&self.objects, &copy.objects) {
            ((one, _), (other, _)) if one != other => {
                found.push(format!("large objects: {one} {old}, {other} {new}"));
            }
            ((_, Some(one)), (_, Some(other))) if one != other => {
                found.push("large objects: as many, but not the same content".to_owned());
            }
            _ => {}
        }
        found
    }
}

/// The first of many differences, in a line.
pub(super) fn told(differences: &[String]) -> String {
    let first = differences.iter().take(TOLD).cloned();
    let more = differences.len().checked_sub(TOLD + 1).map(|more| format!("and {} more", more + 1));
    first.chain(more).collect::<Vec<_>>().join("; ")
}

enum Pair<'a, T> {
    Both(&'a T, &'a T),
    Left,
    Right,
}

fn each<T>(left: &BTreeMap<Name, T>, right: &BTreeMap<Name, T>, mut see: impl FnMut(String, Pair<'_, T>)) {
    let full = |(schema, name): &Name| format!("{schema}.{name}");
    for (name, one) in left {
        see(full(name), right.get(name).map_or(Pair::Left, |other| Pair::Both(one, other)));
    }
    for name in right.keys().filter(|name| !left.contains_key(*name)) {
        see(full(name), Pair::Right);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = r#"["encoding", "UTF8"]
["sequence", "public", "down_seq", 9, true, -7]
["sequence", "public", "up_seq", 41, false, 1]
["table", "public", "a\nb", 4]
["table", "odd \"s\"", "users", 412]
["large objects", 2, "-698131952491200167"]
"#;

    fn ends(live: bool) -> Ends<'static> {
        Ends { names: ("on old", "on new"), encoding: "UTF8", live }
    }

    #[test]
    fn what_is_the_same_has_no_differences() {
        let figures = Figures::read(SAID).unwrap();
        assert_eq!(figures.differences(&figures, &ends(false)), Vec::<String>::new());
        assert_eq!(figures.in_words(), "2 tables, 416 rows, 2 sequences, 2 large objects");
    }

    #[test]
    fn what_differs_is_named() {
        let figures = Figures::read(SAID).unwrap();
        for (from, to, due) in [
            ("412", "411", r#"table odd "s".users: 412 rows on old, 411 on new"#),
            ("\"UTF8\"", "\"LATIN1\"", "its encoding is LATIN1 on new, and is to be UTF8"),
            ("41, false", "41, true", "sequence public.up_seq: 41 (not called yet) on old, 41 on new"),
            ("9, true", "16, true", "sequence public.down_seq: 9 on old, 16 on new"),
            ("objects\", 2", "objects\", 1", "large objects: 2 on old, 1 on new"),
            ("-69", "-68", "large objects: as many, but not the same content"),
            (
                "down_seq",
                "seq",
                "sequence public.down_seq is there on old, and not on new; sequence public.seq is there on new, and not on old",
            ),
            (
                "users",
                "user",
                r#"table odd "s".users is there on old, and not on new; table odd "s".user is there on new, and not on old"#,
            ),
        ] {
            let other = Figures::read(&SAID.replace(from, to)).unwrap();
            assert_eq!(told(&figures.differences(&other, &ends(false))), due);
        }
        let hashed = |hash: &str| Figures::read(&SAID.replace("412]", &format!("412, \"{hash}\"]"))).unwrap();
        let due = r#"table odd "s".users: as many rows, but not the same content"#;
        assert_eq!(hashed("1").differences(&hashed("2"), &ends(false)), [due]);
        assert_eq!(told(&vec!["x".to_owned(); 12]).matches('x').count(), 10);
    }

    #[test]
    fn sequences_of_a_live_source_may_have_gone_on() {
        let figures = Figures::read(SAID).unwrap();
        let other = |from: &str, to: &str| Figures::read(&SAID.replace(from, to)).unwrap();
        for (from, to, differs) in [
            ("41, false", "50, true", 0),
            ("41, false", "40, true", 1),
            ("9, true", "2, true", 0),
            ("9, true", "16, true", 1),
        ] {
            assert_eq!(figures.differences(&other(from, to), &ends(true)).len(), differs, "{from} {to}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        assert!(Figures::read("").is_err());
        assert!(Figures::read("[\"table\", 1]").unwrap_err().contains("[\"table\", 1]"));
    }
}
