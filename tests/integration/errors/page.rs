//! The page, `errors.snap`: what is on the screen, case by case.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::Regex;

use crate::support::{Ran, Test, still};

/// What a section has.
pub(super) type Section = (&'static str, fn() -> Vec<Case>);

/// In the order in which a user meets them.
const SECTIONS: [Section; 7] = [
    ("What is typed", super::arguments::cases),
    ("Plans, and files that are written", super::plans::cases),
    ("Secrets", super::secrets::cases),
    ("Hosts", super::hosts::cases),
    ("A step fails", super::steps::cases),
    ("The journal", super::journal::cases),
    ("Resume, rollback, and by hand", super::begun::cases),
];

/// An error as it is met.
pub(super) struct Case {
    title: &'static str,
    /// None: it cannot be made on this machine.
    text: Option<String>,
}

impl Case {
    /// That command, which has to fail.
    #[track_caller]
    pub(super) fn of(title: &'static str, test: &Test, words: &str) -> Self {
        Self::ran(title, words, &test.run(words))
    }

    /// What came of a command.
    #[track_caller]
    pub(super) fn ran(title: &'static str, words: &str, ran: &Ran) -> Self {
        assert_ne!(ran.code, 0, "{title}: {ran}");
        let words = still(words, Path::new("/no/folder"));
        // What went well before is not what this page is about.
        let told = ran.stdout.trim_start_matches('\n');
        let text = format!("$ runbook {words}\n{told}{}[exit code {}]\n", ran.stderr, ran.code);
        Self { title, text: Some(masked(&text)) }
    }

    /// It cannot be made on this machine: what the page has stays.
    pub(super) fn skipped(title: &'static str) -> Self {
        Self { title, text: None }
    }
}

/// What is of this machine, or of this moment, and no run, folder or time.
fn masked(text: &str) -> String {
    static FILTERS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        let filters = [
            (r"\b127\.0\.0\.1(:| port )\d+", "127.0.0.1${1}[port]"),
            (r"\[127\.0\.0\.1\]:\d+", "[127.0.0.1]:[port]"),
            (r"(?m)^    slow@local ! Killed\n", ""),
            (r"(?m)(?:^    it@local \| x+.*\n)+", "    it@local | [much]\n"),
            (r"/tmp/\.tmp\w+", "[sshd]"),
            (r"/tmp/runbook test \w+", "[test]"),
            (r"\b[\w-]+@127\.0\.0\.1: Permission denied \([^)]*\)", "[user]@127.0.0.1: Permission denied ([ways])"),
            (r"(cannot become nosuchuser on web: )(?:.*\n      )*.*", "${1}[the words of sudo or su]"),
            (r"(missing field `\w+` at line 1 column )\d+", "${1}[n]"),
            (r"failed to lookup address information: .*", "[the resolver's words]"),
            (r"\b[\w-]+:[\w-]+, 0644\b", "[owner], 0644"),
            (r"\b\d+(\.\d)? [KM]iB\b", "[size]"),
        ];
        filters.map(|(pattern, word)| (Regex::new(pattern).unwrap(), word)).into()
    });
    FILTERS.iter().fold(text.to_owned(), |text, (pattern, word)| pattern.replace_all(&text, *word).into_owned())
}

/// Where the page is.
pub(super) fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/integration/errors/errors.snap")
}

#[test]
fn all_that_can_be_met_reads_well() {
    let sections: Vec<Vec<Case>> = std::thread::scope(|scope| {
        let threads = SECTIONS.map(|(_, cases)| scope.spawn(cases));
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let before = std::fs::read_to_string(path()).unwrap_or_default();
    let mut page = String::new();
    for ((heading, _), cases) in SECTIONS.iter().zip(sections) {
        writeln!(page, "# {heading}\n").unwrap();
        for Case { title, text } in cases {
            let text = text.unwrap_or_else(|| kept(&before, title));
            writeln!(page, "## {title}\n\n{text}").unwrap();
        }
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(path().parent().unwrap());
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("errors", page));
}

/// What the page has about a case.
fn kept(page: &str, title: &str) -> String {
    let after = page.split_once(&format!("## {title}\n\n")).map_or("", |(_, after)| after);
    let end = ["\n\n## ", "\n\n# "].iter().filter_map(|mark| after.find(mark)).min().unwrap_or(after.len());
    format!("{}\n", after[..end].trim_end())
}
