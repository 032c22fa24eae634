//! The difference between two outputs, for people.

use std::time::Duration;

use similar::TextDiff;

use crate::display::bytes;

use super::gather::{KEPT, Said};

/// The most lines that are shown.
const LINES: usize = 60;

/// The longest line that is shown whole.
const WIDTH: usize = 500;

/// A diff of more than this is looked for in the lines around the first difference only.
const DIFFED: usize = 512 * 1024;

/// How many lines of either side are diffed then.
const WINDOW: usize = 40;

/// How long a diff may take to become short.
const PATIENCE: Duration = Duration::from_millis(500);

/// What is not the same: a sentence, and the lines. `left` and `right` are what the sides are called.
pub(super) fn between(left: (&str, &Said), right: (&str, &Said)) -> (String, String) {
    let ((left, of_left), (right, of_right)) = (left, right);
    let (text_left, text_right) = (String::from_utf8_lossy(&of_left.begins), String::from_utf8_lossy(&of_right.begins));
    let size = |said: &Said| bytes(said.length);
    let sizes = format!("{left} gave {}, {right} {}", size(of_left), size(of_right));
    let whole = of_left.is_whole() && of_right.is_whole();
    if whole && text_left.len().max(text_right.len()) <= DIFFED {
        return ("the outputs differ".to_owned(), diff(left, right, &text_left, &text_right));
    }
    match first_difference(&text_left, &text_right) {
        None => (format!("the outputs differ behind their first {}: {sizes}", bytes(KEPT as u64)), String::new()),
        Some(line) => {
            let window = |text: &str| {
                let lines = text.split_inclusive('\n').skip(line.saturating_sub(3)).take(WINDOW);
                lines.collect::<String>()
            };
            let why = format!("the outputs differ from line {} on: {sizes}", line + 1);
            (why, diff(left, right, &window(&text_left), &window(&text_right)))
        }
    }
}

/// The first line that is not the same, from 0.
fn first_difference(left: &str, right: &str) -> Option<usize> {
    let (mut lines, mut others) = (left.split_inclusive('\n'), right.split_inclusive('\n'));
    (0..).find_map(|line| match (lines.next(), others.next()) {
        (None, None) => Some(None),
        (one, other) if one == other => None,
        _ => Some(Some(line)),
    })?
}

fn diff(left: &str, right: &str, text_left: &str, text_right: &str) -> String {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(text_left, text_right);
    let text = diff.unified_diff().context_radius(3).header(left, right).to_string();
    let mut lines = text.lines();
    let mut shown: Vec<String> = lines.by_ref().take(LINES).map(short).collect();
    let more = lines.count();
    if more > 0 {
        shown.push(format!("… {more} more lines"));
    }
    shown.join("\n")
}

fn short(line: &str) -> String {
    match line.char_indices().nth(WIDTH) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::kinds::compare::gather::Gather;
    use crate::transport::{Sink as _, Stream};

    fn said(text: &str) -> Said {
        let mut gather = Gather::default();
        gather.take(Stream::Stdout, text.as_bytes());
        gather.said()
    }

    fn told(left: &str, right: &str) -> (String, String) {
        between(("left", &said(left)), ("right", &said(right)))
    }

    #[test]
    fn short_outputs_are_diffed() {
        let (why, diff) = told("a\nb\nc\n", "a\nB\nc");
        assert_eq!(why, "the outputs differ");
        assert_eq!(diff, "--- left\n+++ right\n@@ -1,3 +1,3 @@\n a\n-b\n-c\n+B\n+c\n\\ No newline at end of file");
        let many = (0..500).map(|n| n.to_string()).collect::<Vec<_>>().join("\n") + "\n";
        let (_, diff) = told(&many, "");
        assert!(diff.lines().count() == 61 && diff.ends_with("… 443 more lines"), "{diff}");
        assert!(told(&"x".repeat(9000), "").1.lines().all(|line| line.chars().count() <= 501));
    }

    #[test]
    fn of_long_outputs_the_first_difference_is_shown() {
        let line = |n: usize| format!("{n:099}\n");
        let lines: String = (0..60_000).map(line).collect();
        let (why, diff) = told(&lines, &lines.replacen(&line(10_000), "other\n", 1));
        assert_eq!(why, "the outputs differ from line 10001 on: left gave 5.7 MiB, right 5.7 MiB");
        assert!(diff.contains("\n+other\n") && diff.lines().count() < 20, "{diff}");
        let (why, diff) = told(&lines, &format!("{lines}x"));
        assert_eq!(why, "the outputs differ behind their first 4.0 MiB: left gave 5.7 MiB, right 5.7 MiB");
        assert_eq!(diff, "");
        assert!(said(&lines).begins.len() == KEPT && !said(&lines).is_whole());
    }
}
