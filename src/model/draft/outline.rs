//! What a plan in prose comes to, before it is written as a runbook.

/// A plan.
#[derive(Debug, Default)]
pub(super) struct Outline {
    /// What it is called.
    pub(super) title: Option<String>,
    /// What is said before its first part, in Markdown.
    pub(super) about: String,
    /// Its parts in order.
    pub(super) parts: Vec<Part>,
}

/// A part: what stands below a heading.
#[derive(Debug, Default)]
pub(super) struct Part {
    /// The heading; empty for what stands before any.
    pub(super) name: String,
    /// What is said before its first item, in Markdown.
    pub(super) about: String,
    /// Its items in order.
    pub(super) items: Vec<Item>,
}

/// Something to do.
#[derive(Debug)]
pub(super) struct Item {
    /// What it is called, in a line.
    pub(super) name: String,
    /// What is said of it, in Markdown.
    pub(super) text: String,
    /// What it is.
    pub(super) what: What,
}

/// What somebody or something does.
#[derive(Debug)]
pub(super) enum What {
    /// A person; with what has to be ticked off.
    Person(Vec<String>),
    /// A script, and the shell it is for, if it says.
    Script(String, Option<&'static str>),
    /// Statements for a database.
    Sql(String),
}
