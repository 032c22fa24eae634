//! What rows are held to.

use std::time::Duration;

use similar::TextDiff;

use crate::model::node::{Scalar, Shape};
use crate::model::{Diagnostics, Node};

use super::number::{Number, number};

/// A row as it came: none stands for NULL.
pub(super) type Row = Vec<Option<String>>;

/// The most lines of a difference that are shown.
const LINES: usize = 60;

/// How much of a value a sentence shows.
const WIDTH: usize = 200;

/// How long a diff may take to become short.
const PATIENCE: Duration = Duration::from_millis(500);

/// What is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expect {
    /// One row with one value.
    Value(Cell),
    /// These rows, in this order.
    Rows(Vec<Vec<Cell>>),
}

/// A value of a row, as YAML writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// NULL.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, and how it was written.
    Number(Number, String),
    /// A text.
    Text(String),
}

/// What is wrong with rows: a sentence, and the difference where there is more to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wrong {
    pub(super) why: String,
    pub(super) difference: String,
}

pub(super) fn decode(node: &Node, diagnostics: &mut Diagnostics) -> Option<Expect> {
    match &node.shape {
        Shape::Scalar(Scalar::Plain(text)) if text.is_empty() => {
            diagnostics
                .error(&node.span, "`expect` says nothing")
                .hint("a value, `null` for NULL, or a list of rows: `[]` for none");
            None
        }
        Shape::Scalar(scalar) => Some(Expect::Value(cell(scalar))),
        Shape::List(rows) => {
            let rows: Vec<Option<Vec<Cell>>> = rows.iter().map(|row| self::row(row, diagnostics)).collect();
            rows.into_iter().collect::<Option<_>>().map(Expect::Rows)
        }
        Shape::Map(_) => {
            diagnostics.error(&node.span, "`expect` takes a value or a list of rows, found a mapping");
            None
        }
    }
}

/// A row: a list of its values, or the only one.
fn row(node: &Node, diagnostics: &mut Diagnostics) -> Option<Vec<Cell>> {
    let one = |node: &Node, diagnostics: &mut Diagnostics| match &node.shape {
        Shape::Scalar(scalar) => Some(cell(scalar)),
        Shape::List(_) | Shape::Map(_) => {
            diagnostics.error(&node.span, "a value of a row is a text, a number, `true`, `false` or `null`");
            None
        }
    };
    match &node.shape {
        Shape::List(values) => {
            let values: Vec<Option<Cell>> = values.iter().map(|value| one(value, diagnostics)).collect();
            values.into_iter().collect()
        }
        Shape::Scalar(_) | Shape::Map(_) => one(node, diagnostics).map(|cell| vec![cell]),
    }
}

fn cell(scalar: &Scalar) -> Cell {
    if scalar.is_null() {
        return Cell::Null;
    }
    let text = scalar.text().unwrap_or_default();
    match scalar {
        Scalar::Quoted(_) | Scalar::Typed(serde_json::Value::String(_)) | Scalar::Unknown(_) => Cell::Text(text),
        Scalar::Plain(_) | Scalar::Typed(_) => match text.as_str() {
            "true" | "True" | "TRUE" => Cell::Bool(true),
            "false" | "False" | "FALSE" => Cell::Bool(false),
            // What begins with a zero is no number in YAML either.
            _ => match number(&text).filter(|_| !has_leading_zero(&text)) {
                Some(number) => Cell::Number(number, text),
                None => Cell::Text(text),
            },
        },
    }
}

fn has_leading_zero(text: &str) -> bool {
    let digits = text.trim_start_matches(['-', '+']);
    digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.")
}

impl Cell {
    fn is(&self, found: Option<&str>) -> bool {
        match (self, found) {
            (Self::Null, found) => found.is_none(),
            (_, None) => false,
            (Self::Bool(asked), Some(found)) => found == if *asked { "t" } else { "f" } || found == asked.to_string(),
            (Self::Number(asked, _), Some(found)) => number(found).is_some_and(|found| found == *asked),
            (Self::Text(asked), Some(found)) => asked == found,
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Null => "NULL".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Number(_, text) | Self::Text(text) => text.clone(),
        }
    }
}

impl Expect {
    /// What is wrong with these rows, if anything is.
    pub(super) fn against(&self, rows: &[Row]) -> Option<Wrong> {
        match self {
            Self::Value(cell) => value(cell, rows).map(|why| Wrong { why, difference: String::new() }),
            Self::Rows(asked) => {
                let is = |asked: &[Cell], row: &Row| {
                    asked.len() == row.len() && asked.iter().zip(row).all(|(cell, found)| cell.is(found.as_deref()))
                };
                if asked.len() == rows.len() && asked.iter().zip(rows).all(|(asked, row)| is(asked, row)) {
                    return None;
                }
                // A value may be written in another way: what is as expected is no difference.
                let line = |(at, asked): (usize, &Vec<Cell>)| {
                    let here = rows.get(at).filter(|row| is(asked, row));
                    match here.or_else(|| rows.iter().find(|row| is(asked, row))) {
                        Some(row) => shown(row),
                        None => asked.iter().map(Cell::shown).collect::<Vec<_>>().join(" | "),
                    }
                };
                let lines =
                    |lines: Vec<String>| lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect::<String>();
                let due = lines(asked.iter().enumerate().map(line).collect());
                let found = lines(rows.iter().map(shown).collect());
                let count = |count: usize| if count == 1 { "1 row".to_owned() } else { format!("{count} rows") };
                let why = format!("{} came, and they are not the {} expected", count(rows.len()), count(asked.len()));
                Some(Wrong { why, difference: difference(&due, &found) })
            }
        }
    }

    /// In a line.
    pub(super) fn in_words(&self) -> String {
        match self {
            Self::Value(cell) => short(&cell.shown()),
            Self::Rows(rows) if rows.is_empty() => "no rows".to_owned(),
            Self::Rows(rows) => {
                let row = |row: &Vec<Cell>| row.iter().map(Cell::shown).collect::<Vec<_>>().join(" | ");
                rows.iter().map(row).collect::<Vec<_>>().join("\n  ")
            }
        }
    }
}

fn value(cell: &Cell, rows: &[Row]) -> Option<String> {
    let due = short(&cell.shown());
    match rows {
        [row] => match row.as_slice() {
            [found] if cell.is(found.as_deref()) => None,
            [found] => Some(format!("it is {}, not {due}", short(found.as_deref().unwrap_or("NULL")))),
            values => Some(format!("{} values came in a row, not {due} alone", values.len())),
        },
        [] => Some(format!("no row came, not {due}")),
        rows => Some(format!("{} rows came, not {due} alone", rows.len())),
    }
}

fn shown(row: &Row) -> String {
    row.iter().map(|value| value.as_deref().unwrap_or("NULL")).collect::<Vec<_>>().join(" | ")
}

fn short(text: &str) -> String {
    match text.char_indices().nth(WIDTH) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

fn difference(due: &str, found: &str) -> String {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(due, found);
    let text = diff.unified_diff().context_radius(2).header("expected", "found").to_string();
    let lines: Vec<&str> = text.lines().collect();
    if lines.len() <= LINES {
        return text;
    }
    format!("{}\n… {} more lines", lines[..LINES].join("\n"), lines.len() - LINES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::testing::node;

    fn expect(text: &str) -> Expect {
        decode(&node(text), &mut Diagnostics::default()).unwrap()
    }

    fn row(values: &[Option<&str>]) -> Row {
        values.iter().map(|value| value.map(str::to_owned)).collect()
    }

    #[test]
    fn a_value_is_compared_as_what_it_is() {
        for (asked, found) in [
            ("3", Some("3")),
            ("3", Some("3.00")),
            ("'3'", Some("3")),
            ("1.5", Some("1.50")),
            ("true", Some("t")),
            ("false", Some("false")),
            ("null", None),
            ("~", None),
            ("UTF8", Some("UTF8")),
            ("''", Some("")),
            ("0644", Some("0644")),
            ("'null'", Some("null")),
        ] {
            assert_eq!(expect(asked).against(&[row(&[found])]), None, "{asked}");
        }
        for (asked, found, why) in [
            ("3", Some("4"), "it is 4, not 3"),
            ("'3'", Some("3.0"), "it is 3.0, not 3"),
            ("0644", Some("644"), "it is 644, not 0644"),
            ("0", None, "it is NULL, not 0"),
            ("''", None, "it is NULL, not "),
            ("null", Some("null"), "it is null, not NULL"),
            ("true", Some("1"), "it is 1, not true"),
        ] {
            assert_eq!(expect(asked).against(&[row(&[found])]).unwrap().why, why, "{asked}");
        }
        assert_eq!(expect("3").against(&[]).unwrap().why, "no row came, not 3");
        let two = row(&[Some("3"), Some("4")]);
        assert_eq!(expect("3").against(std::slice::from_ref(&two)).unwrap().why, "2 values came in a row, not 3 alone");
        assert_eq!(expect("3").against(&[two.clone(), two]).unwrap().why, "2 rows came, not 3 alone");
    }

    #[test]
    fn rows_are_compared_one_by_one() {
        let rows = [row(&[Some("a"), Some("1.0")]), row(&[Some("b"), None])];
        assert_eq!(expect("[[a, 1], [b, null]]").against(&rows), None);
        assert_eq!(expect("[]").against(&[]), None);
        assert_eq!(expect("[x, y]").against(&[row(&[Some("x")]), row(&[Some("y")])]), None);
        let wrong = expect("[[a, 1], [c, null]]").against(&rows).unwrap();
        assert_eq!(wrong.why, "2 rows came, and they are not the 2 rows expected");
        assert_eq!(wrong.difference, "--- expected\n+++ found\n@@ -1,2 +1,2 @@\n a | 1.0\n-c | NULL\n+b | NULL\n");
        assert_eq!(expect("[]").against(&rows[..1]).unwrap().why, "1 row came, and they are not the 0 rows expected");
    }

    #[test]
    fn what_is_nothing_is_told() {
        for text in ["{a: 1}", "[[[1]]]", "[{a: 1}]", "''"] {
            let mut diagnostics = Diagnostics::default();
            assert_eq!(decode(&node(text), &mut diagnostics).is_none(), text != "''", "{text}");
        }
    }
}
