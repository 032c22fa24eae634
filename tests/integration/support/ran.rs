//! What came of a command, with everything in it that is never the same twice put aside.

use std::fmt;
use std::path::Path;
use std::process::Output;
use std::sync::LazyLock;

use regex::Regex;

/// What came of a command. Shows its exit code and both streams.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(super) fn new(output: &Output, dir: &Path) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: still(&text(&output.stdout), dir),
            stderr: still(&text(&output.stderr), dir),
        }
    }

    /// The same where the exit code is as it should be.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self}");
        self
    }

    /// The same where stdout has this text.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "no `{text}` in\n{self}");
        self
    }

    /// The same where stderr has this text.
    #[track_caller]
    pub(crate) fn complains(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no `{text}` in\n{self}");
        self
    }

    /// The lines of JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Vec<serde_json::Value> {
        self.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                writeln!(f, "-- {name}")?;
                f.write_str(text)?;
            }
        }
        write!(f, "-- exit {}", self.code)
    }
}

/// Folders, ids, times and names of this machine, each by one word.
pub(crate) fn still(text: &str, dir: &Path) -> String {
    static FILTERS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        let machine = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        let who = format!(r"\b[\w-]+@{}\b", regex::escape(machine.trim()));
        let filters = [
            (r"\b1[0-9a-hjkmnp-tv-z]{9}\b", "[run]"),
            (r"\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)? [+-]\d\d:\d\d", "[when]"),
            (r" +(\d+\.\d|\d+) s\b", " [t]"),
            (r"\(process \d+\)", "(process [pid])"),
            (r"\[when\]Z|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", "[when]"),
            (r"\b[0-9a-f]{64}\b", "[hash]"),
            (r"SHA256:[\w+/]+", "[key]"),
            (r"\b[0-9a-f]{32}\b", "[machine]"),
            (who.as_str(), "[who]"),
        ];
        filters.map(|(pattern, word)| (Regex::new(pattern).unwrap(), word)).into()
    });
    let text = text.replace(&dir.display().to_string(), "[dir]");
    FILTERS.iter().fold(text, |text, (pattern, word)| pattern.replace_all(&text, *word).into_owned())
}
