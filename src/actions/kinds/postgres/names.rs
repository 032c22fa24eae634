//! Names that a move gives to databases, and names as SQL and libpq take them.

use serde::{Deserialize, Serialize};

use crate::actions::remote_file::sha256;
use crate::base::{RunId, UnitId};

use super::decode::LONGEST;

/// The names that stand beside the asked one for a while, or stay.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Names {
    /// What is asked for.
    pub(super) name: String,
    /// What is restored, until it is whole.
    pub(super) new: String,
    /// What stood there.
    pub(super) before: String,
    /// What was restored and has been written to, once it is taken back.
    pub(super) after: String,
}

impl Names {
    /// The names of a unit: a run may move a database twice, for a rehearsal first.
    pub(super) fn of(name: &str, run: &RunId, unit: &UnitId) -> Self {
        let tag = sha256(format!("{run}\0{unit}\0{name}").as_bytes());
        let with = |what: &str| {
            let suffix = format!("_{what}_{run}_{}", &tag[..4]);
            let room = LONGEST.saturating_sub(suffix.len());
            let end = (0..=name.len().min(room)).rev().find(|&end| name.is_char_boundary(end)).unwrap_or(0);
            format!("{}{suffix}", &name[..end])
        };
        Self { name: name.to_owned(), new: with("new"), before: with("before"), after: with("after") }
    }

    /// The database to connect to for what is done to others.
    pub(super) fn maintenance(&self) -> &'static str {
        if self.name == "postgres" { "template1" } else { "postgres" }
    }
}

/// A name in SQL.
pub(super) fn ident(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text in SQL, whatever `standard_conforming_strings` is.
pub(super) fn literal(text: &str) -> String {
    let quoted = text.replace('\'', "''");
    if quoted.contains('\\') { format!("E'{}'", quoted.replace('\\', "\\\\")) } else { format!("'{quoted}'") }
}

/// A database as a connection string: a bare name with `=` in it would be taken for one.
pub(super) fn connection(database: &str) -> String {
    format!("dbname='{}'", database.replace('\\', "\\\\").replace('\'', "\\'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_a_units_own_and_fit() {
        let unit = |step: &str| UnitId { step: step.into(), item: None, host: None };
        let names = Names::of("site", &"r1".into(), &unit("move"));
        assert!(names.before.starts_with("site_before_r1_") && names.new.starts_with("site_new_r1_"), "{names:?}");
        assert!(names != Names::of("site", &"r1".into(), &unit("rehearse")));
        let long = Names::of(&"ü".repeat(31), &"0123456789".into(), &unit("move"));
        for name in [&long.new, &long.before, &long.after] {
            assert!(name.len() <= LONGEST && name.starts_with("üüü"), "{name}");
        }
        assert_eq!(Names::of("postgres", &"r1".into(), &unit("move")).maintenance(), "template1");
    }

    #[test]
    fn names_and_texts_are_quoted() {
        assert_eq!(ident("a \"B\""), "\"a \"\"B\"\"\"");
        assert_eq!(literal("it's"), "'it''s'");
        assert_eq!(literal(r"a\'"), r"E'a\\'''");
        assert_eq!(connection(r"it's a=\b"), r"dbname='it\'s a=\\b'");
    }
}
