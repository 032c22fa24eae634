//! What an edited book says now, beside what it said when it was run.

use std::collections::{BTreeMap, BTreeSet};

use similar::TextDiff;

use crate::display::{Line, Page, Tone};
use crate::engine::{Edit, EditKind};

/// How the files of a book differ, as a unified diff.
pub(crate) fn difference(before: &BTreeMap<String, String>, now: &BTreeMap<String, String>) -> Page {
    let mut page = Page::new();
    let files: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    for file in files {
        let text = |files: &BTreeMap<String, String>| files.get(file).cloned().unwrap_or_default();
        let (old, new) = (text(before), text(now));
        if old == new {
            continue;
        }
        unified(&mut page, &old, &new, (file, file));
    }
    page
}

/// Adds a unified diff of two texts that are called so.
pub(crate) fn unified(page: &mut Page, old: &str, new: &str, names: (&str, &str)) {
    let diff = TextDiff::from_lines(old, new);
    let shown = diff.unified_diff().context_radius(3).header(names.0, names.1).to_string();
    for line in shown.lines() {
        let tone = match line.as_bytes().first() {
            Some(b'+') => Tone::Good,
            Some(b'-') => Tone::Bad,
            Some(b'@') => Tone::Dim,
            _ => Tone::Plain,
        };
        page.push(Line::indented(2).put(tone, line));
    }
}

/// The steps that were done, or half done, and are not what they were.
pub(crate) fn begun(edits: &[Edit]) -> Page {
    let mut page = Page::new();
    for edit in edits.iter().filter(|edit| edit.begun) {
        let what = match edit.what {
            EditKind::Changed => "was done, and says something else now",
            EditKind::UnderWay => "was begun and is not over, and says something else now",
            EditKind::Removed => "was done, and is gone",
            EditKind::Added => "is new, and stands before steps that were done",
        };
        page.push(Line::indented(2).put(Tone::Name, &edit.step).text(" ").text(what));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::display::Style;

    #[test]
    fn only_what_differs_is_shown() {
        let files = |book: &str| {
            BTreeMap::from([("book.yaml".to_owned(), book.to_owned()), ("same.sh".to_owned(), "true\n".to_owned())])
        };
        let page = difference(&files("a\nb\n\u{1b}[2J\n"), &files("a\nc\n\u{1b}[2J\n"));
        insta::assert_snapshot!(page.painted(&Style::plain()), @r"
          --- book.yaml
          +++ book.yaml
          @@ -1,3 +1,3 @@
           a
          -b
          +c
           \x1b[2J
        ");
        assert!(difference(&files("a"), &files("a")).lines().is_empty());
    }
}
