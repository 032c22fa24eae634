//! Books for tests, and what is said about them.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;

use crate::base::fs::FsError;
use crate::base::{Span, Spanned};
use crate::model::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{Book, load};
use crate::plan::{Inputs, Plan, resolve};

pub(super) fn said(diagnostic: &Diagnostic) -> String {
    let place = diagnostic.span.as_ref().map_or(String::new(), |span| format!("{span} "));
    let hint = diagnostic.hint.as_ref().map_or(String::new(), |hint| format!("; {hint}"));
    format!("{place}{}{hint}", diagnostic.message)
}

pub(in crate::plan) fn told(diagnostics: Diagnostics) -> Vec<String> {
    diagnostics.sorted().iter().map(|one| said(one).trim_start_matches("b.yaml:").to_owned()).collect()
}

/// The book of these files, the first being the book itself.
pub(in crate::plan) fn book_of(files: &[(&str, &str)]) -> Book {
    let texts: BTreeMap<&Path, &str> = files.iter().map(|(path, text)| (Path::new(*path), *text)).collect();
    let missing =
        |path: &Path| FsError { verb: "reading", path: path.to_owned(), source: std::io::ErrorKind::NotFound.into() };
    let loaded = load::load_with(Path::new(files[0].0), &|path| {
        texts.get(path).map(|text| text.as_bytes().to_vec()).ok_or_else(|| missing(path))
    });
    assert_eq!(told(loaded.diagnostics), Vec::<String>::new());
    loaded.book.unwrap()
}

pub(in crate::plan) fn book(text: &str) -> Book {
    book_of(&[("b.yaml", &format!("runbook: 1\n{text}"))])
}

/// The plan of a book that is right.
pub(in crate::plan) fn plan_with(text: &str, inputs: &Inputs) -> Plan {
    let (plan, diagnostics) = resolve(book(text), inputs);
    assert_eq!(told(diagnostics), Vec::<String>::new(), "{text}");
    plan.unwrap()
}

pub(in crate::plan) fn plan(text: &str) -> Plan {
    plan_with(text, &Inputs::default())
}

/// What is wrong with a book.
pub(in crate::plan) fn wrong_with(text: &str, inputs: &Inputs) -> Vec<String> {
    let (plan, diagnostics) = resolve(book(text), inputs);
    assert_eq!(plan.is_none(), diagnostics.has_errors());
    told(diagnostics)
}

pub(in crate::plan) fn wrong(text: &str) -> Vec<String> {
    wrong_with(text, &Inputs::default())
}

pub(super) fn at() -> Timestamp {
    "2018-08-12T10:00:00Z".parse().unwrap()
}

pub(super) fn text(value: &str) -> Spanned<String> {
    let span = Span { file: "x".into(), line: 1, column: 1, start: 0, end: 0 };
    Spanned::new(value.to_owned(), span)
}
