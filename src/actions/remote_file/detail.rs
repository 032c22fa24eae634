//! How a file changes, for people: what of it may be shown.

use std::time::Duration;

use similar::TextDiff;

use crate::base::Masker;
use crate::display::bytes;

use super::look::{Look, There};

/// Said in place of a content that not everybody may read.
const PRIVATE: &str = "(content not shown: the file is not readable by everybody)";

/// The most lines of a diff.
const LINES: usize = 1000;

/// How long a diff may take to become short.
const PATIENCE: Duration = Duration::from_millis(500);

/// What may be shown of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Text<'a> {
    /// All of it.
    Whole(&'a [u8]),
    /// Nothing: not everybody may read it.
    Private,
    /// Nothing: it holds a secret that is too short to be masked.
    Secret,
    /// Its size and hash: it is too long.
    Long,
    /// Nothing: it is on no host yet, and comes from somewhere that nobody has looked at.
    Unknown,
}

/// A content of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Content<'a> {
    /// Its size in bytes.
    pub size: u64,
    /// Its hash.
    pub sha256: &'a str,
    /// What may be shown of it.
    pub text: Text<'a>,
}

impl<'a> Content<'a> {
    /// What stands at a path.
    #[must_use]
    pub fn of(look: &'a Look, there: &'a There) -> Self {
        let everybody = look.folder.everybody && there.print.mode & 0o004 != 0;
        let text = match &there.content {
            Some(content) => Text::Whole(content),
            None if everybody => Text::Long,
            None => Text::Private,
        };
        Self { size: there.size, sha256: &there.print.sha256, text }
    }
}

/// What is told of a change, line by line.
#[derive(Clone, Debug, Default)]
pub struct Changes(Vec<String>);

impl Changes {
    /// A remark.
    pub fn note(&mut self, text: impl Into<String>) {
        self.0.push(text.into());
    }

    /// Something that becomes something else; nothing where it stays.
    pub fn turn(&mut self, what: &str, from: &str, to: &str) {
        if from != to {
            self.note(format!("{what} {from} -> {to}"));
        }
    }

    /// A mode that becomes another.
    pub fn mode(&mut self, from: u32, to: u32) {
        self.turn("mode", &format!("{from:04o}"), &format!("{to:04o}"));
    }

    /// A content that becomes another; `name` is whose it is, as in `old:/etc/hosts`.
    pub fn content(&mut self, name: &str, old: Option<Content<'_>>, new: Content<'_>, masker: &Masker) {
        let old_text = old.map_or(Text::Whole(b""), |old| old.text);
        let (old_text, new_text) = match (old_text, new.text) {
            (_, Text::Unknown) | (Text::Unknown, _) => {
                if let Some(old) = old {
                    self.note(format!("what stands there ({}) is replaced", bytes(old.size)));
                }
                return self.note("(content not shown: it is known once it has come)");
            }
            (Text::Private, _) | (_, Text::Private) => {
                self.sizes(old, new, false);
                return self.note(PRIVATE);
            }
            (Text::Secret, _) | (_, Text::Secret) => {
                self.sizes(old, new, false);
                return self.note("(content not shown: it holds a secret that is too short to be masked)");
            }
            (Text::Long, _) | (_, Text::Long) => {
                self.sizes(old, new, true);
                return self.note("(content not shown: it is too long)");
            }
            (Text::Whole(old), Text::Whole(new)) => (old, new),
        };
        let (Some(old_text), Some(new_text)) = (text(old_text), text(new_text)) else {
            self.sizes(old, new, true);
            return self.note("(content not shown: it is no text in UTF-8)");
        };
        let before = if old.is_some() { name } else { "/dev/null" };
        let diff = unified(before, old_text, name, new_text);
        if diff.is_empty() && old.is_none() {
            return self.note("(an empty file)");
        }
        self.note(masker.mask(&diff));
    }

    /// All of it.
    #[must_use]
    pub fn text(&self) -> String {
        self.0.join("\n")
    }

    fn sizes(&mut self, old: Option<Content<'_>>, new: Content<'_>, hashes: bool) {
        let told = |content: Content<'_>| {
            let hash = content.sha256.get(..12).filter(|_| hashes).map(|hash| format!(" (sha256 {hash}…)"));
            format!("{}{}", bytes(content.size), hash.unwrap_or_default())
        };
        // The size of a new file is in the summary.
        if let Some(old) = old {
            self.note(format!("size {} -> {}", told(old), told(new)));
        }
    }
}

fn text(content: &[u8]) -> Option<&str> {
    std::str::from_utf8(content).ok().filter(|text| !text.contains('\0'))
}

fn unified(before: &str, old: &str, after: &str, new: &str) -> String {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(old, new);
    let whole = diff.unified_diff().context_radius(3).header(before, after).to_string();
    let whole = whole.strip_suffix('\n').unwrap_or(&whole);
    match whole.match_indices('\n').nth(LINES - 1) {
        None => whole.to_owned(),
        Some((at, _)) => format!("{}\n({} more lines)", &whole[..at], whole[at + 1..].lines().count()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;

    fn shown(content: &str) -> Content<'_> {
        Content { size: content.len() as u64, sha256: "0123456789abcdef", text: Text::Whole(content.as_bytes()) }
    }

    fn told(old: Option<Content<'_>>, new: Content<'_>) -> String {
        let mut changes = Changes::default();
        changes.content("old:/etc/x", old, new, &Masker::new([&Secret::new("hunter2".into())]));
        changes.text()
    }

    #[test]
    fn a_change_is_shown_with_secrets_masked() {
        insta::assert_snapshot!(told(Some(shown("a\nb\nc\n")), shown("a\nB hunter2\nc")), @r"
        --- old:/etc/x
        +++ old:/etc/x
        @@ -1,3 +1,3 @@
         a
        -b
        -c
        +B ***
        +c
        \ No newline at end of file
        ");
        assert!(told(None, shown("a\n")).starts_with("--- /dev/null\n+++ old:/etc/x\n@@ -0,0 +1 @@\n+a"));
        assert_eq!(told(None, shown("")), "(an empty file)");
    }

    #[test]
    fn what_not_everybody_may_read_is_withheld_on_either_side() {
        let private = Content { size: 2000, sha256: "0123456789abcdef", text: Text::Private };
        let due = "size 2 B -> 2.0 KiB\n(content not shown: the file is not readable by everybody)";
        assert_eq!(told(Some(shown("a\n")), private), due.replace("2 B -> 2.0 KiB", "2 B -> 1.9 KiB"));
        assert!(
            told(Some(private), shown("a\n")).ends_with("(content not shown: the file is not readable by everybody)")
        );
    }

    #[test]
    fn bytes_are_told_by_size_and_hash() {
        let binary = Content { text: Text::Whole(b"\0\x01"), ..shown("") };
        insta::assert_snapshot!(told(Some(shown("a\n")), binary), @r"
        size 2 B (sha256 0123456789ab…) -> 0 B (sha256 0123456789ab…)
        (content not shown: it is no text in UTF-8)
        ");
    }

    #[test]
    fn a_long_diff_is_cut() {
        let long = "x\n".repeat(5000);
        let told = told(None, shown(&long));
        assert_eq!(told.lines().count(), LINES + 1);
        assert!(told.ends_with("\n(4003 more lines)"), "{}", &told[told.len() - 40..]);
    }
}
