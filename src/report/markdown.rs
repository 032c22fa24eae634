//! The report as Markdown, for a wiki.

use std::io::{self, Write};

use tera::{Kwargs, State, Tera, TeraResult};

use super::html::context;
use super::model::Report;

const NAME: &str = "page.md";
const PAGE: &str = include_str!("../../templates/report/page.md");

/// The report as Markdown.
///
/// # Errors
/// Where the template does not fit the report, which is a bug.
pub fn markdown(report: &Report) -> Result<String, tera::Error> {
    let mut tera = Tera::new();
    tera.autoescape_on([".md"]);
    tera.set_escape_fn(escape);
    tera.register_filter("fenced", |text: &str, named: Kwargs, _: &State<'_>| -> TeraResult<String> {
        let is_diff = named.get::<bool>("diff")?.unwrap_or(false);
        Ok(fenced(text, if is_diff { "diff" } else { "text" }))
    });
    tera.add_raw_template(NAME, PAGE)?;
    tera.render(NAME, &context(report)?)
}

/// Text within a line: it stays there, and none of it means anything.
fn escape(text: &str, out: &mut dyn Write) -> io::Result<()> {
    for c in text.trim().chars() {
        match c {
            // Not every wiki knows a backslash before these.
            '<' => out.write_all(b"&lt;")?,
            '>' => out.write_all(b"&gt;")?,
            '&' => out.write_all(b"&amp;")?,
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '$' | '!' => write!(out, "\\{c}")?,
            '\n' | '\t' => out.write_all(b" ")?,
            c => write!(out, "{c}")?,
        }
    }
    Ok(())
}

/// Lines as they are, within a fence that none of them can close.
fn fenced(text: &str, language: &str) -> String {
    let mut longest = 2;
    let mut run = 0;
    for c in text.chars() {
        run = if c == '`' { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let fence = "`".repeat(longest + 1);
    format!("{fence}{language}\n{}\n{fence}", text.trim_end_matches('\n'))
}
