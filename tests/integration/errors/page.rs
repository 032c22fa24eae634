//! The page: scenes under headings.

use std::fmt::Write as _;

use crate::support::{Ran, Test};

/// What is on it so far.
#[derive(Default)]
pub(super) struct Page {
    text: String,
}

impl Page {
    /// What is on it.
    pub(super) fn text(&self) -> String {
        self.text.clone()
    }

    /// Begins a part.
    pub(super) fn part(&mut self, title: &str) {
        let _ = write!(self.text, "\n\n# {title}\n");
    }

    /// A command, and how it failed.
    #[track_caller]
    pub(super) fn scene(&mut self, title: &str, test: &Test, words: &str) {
        let ran = test.run(words);
        self.told(title, words, &ran);
    }

    /// The same of one that has ended already.
    #[track_caller]
    pub(super) fn told(&mut self, title: &str, words: &str, ran: &Ran) {
        assert_ne!(ran.code, 0, "{title}: {ran}");
        // Which run it is, is another each time.
        let words = regex::Regex::new(r"\b1[0-9a-hjkmnp-tv-z]{9}\b").unwrap().replace_all(words, "[run]").into_owned();
        let _ = write!(self.text, "\n\n## {title}\n\n$ runbook {words}\n");
        let folder = regex::Regex::new(r"/\S*/runbook test \w+/").unwrap();
        for said in [&ran.stdout, &ran.stderr] {
            self.text += &folder.replace_all(said.trim_matches('\n'), "/");
            if !said.is_empty() {
                self.text.push('\n');
            }
        }
        let _ = writeln!(self.text, "[exit {}]", ran.code);
    }
}
