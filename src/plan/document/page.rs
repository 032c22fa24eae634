//! Markdown as it is put together: what comes from the runbook cannot become a part of the page's own structure.

use std::fmt::Write as _;

/// A page of Markdown.
#[derive(Debug, Default)]
pub(super) struct Page(String);

impl Page {
    pub(super) fn into_text(self) -> String {
        format!("{}\n", self.0.trim_end())
    }

    /// A heading of that depth. `text` is Markdown.
    pub(super) fn heading(&mut self, depth: usize, text: &str) {
        self.apart();
        let _ = writeln!(self.0, "{} {text}", "#".repeat(depth));
    }

    /// A paragraph of Markdown.
    pub(super) fn paragraph(&mut self, text: &str) {
        self.apart();
        let _ = writeln!(self.0, "{text}");
    }

    /// A list. Each item is Markdown of one line.
    pub(super) fn list(&mut self, items: &[String]) {
        self.apart();
        for item in items {
            let _ = writeln!(self.0, "- {item}");
        }
    }

    /// A table. The cells are Markdown of one line; nothing where there are no rows.
    pub(super) fn table(&mut self, head: &[&str], rows: &[Vec<String>]) {
        if rows.is_empty() {
            return;
        }
        self.apart();
        let _ = writeln!(self.0, "| {} |", head.join(" | "));
        let _ = writeln!(self.0, "|{}", " --- |".repeat(head.len()));
        for row in rows {
            let cells: Vec<String> = row.iter().map(|cell| cell.replace('|', "\\|")).collect();
            let _ = writeln!(self.0, "| {} |", cells.join(" | "));
        }
    }

    /// Somebody's own Markdown: in a quotation, so that nothing in it reaches further.
    pub(super) fn quote(&mut self, text: &str) {
        self.apart();
        for line in text.trim().lines() {
            let _ = writeln!(self.0, "{}", format!("> {line}").trim_end());
        }
    }

    /// A text as it is, with what it is.
    pub(super) fn fence(&mut self, title: &str, language: &str, text: &str) {
        let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
        let fence = "`".repeat(longest.max(2) + 1);
        if !title.is_empty() {
            self.paragraph(title);
        }
        self.apart();
        let _ = writeln!(self.0, "{fence}{language}\n{}\n{fence}", printable(text.trim_end_matches('\n')));
    }

    fn apart(&mut self) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
    }
}

/// A text of one line that stands for itself wherever Markdown stands.
pub(super) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in printable(&text.split_whitespace().collect::<Vec<_>>().join(" ")).chars() {
        if "\\`*_[]<>#&~".contains(c) {
            plain.push('\\');
        }
        plain.push(c);
    }
    plain
}

/// A text of one line in the typeface of code.
pub(super) fn code(text: &str) -> String {
    let text = printable(&text.lines().map(str::trim).collect::<Vec<_>>().join(" "));
    if text.is_empty() {
        return "*(empty)*".to_owned();
    }
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let ticks = "`".repeat(longest + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{ticks}{space}{text}{space}{ticks}")
}

/// Control characters other than the end of a line and the tab have no business on a page.
fn printable(text: &str) -> String {
    let odd = |c: char| {
        (c.is_control() && c != '\n' && c != '\t') || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if odd(c) { '\u{FFFD}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_in_stays_within_its_place() {
        let mut page = Page::default();
        page.fence("", "sh", "echo ```\n````\n\u{1b}[31m\n");
        page.quote("a\n```\nb");
        page.table(&["a"], &[vec![code("x | `y`")], vec![plain("# *a* | <b>\n- [c](d)")]]);
        page.table(&["never"], &[]);
        assert_eq!(
            page.into_text(),
            "`````sh\necho ```\n````\n\u{FFFD}[31m\n`````\n\n> a\n> ```\n> b\n\n| a |\n| --- |\n| `` x \\| `y` `` |\n\
             | \\# \\*a\\* \\| \\<b\\> - \\[c\\](d) |\n"
        );
    }

    #[test]
    fn code_is_code_whatever_is_in_it() {
        assert_eq!(code("a"), "`a`");
        assert_eq!(code("a`b"), "``a`b``");
        assert_eq!(code("`"), "`` ` ``");
        assert_eq!(code("a\n  b"), "`a b`");
        assert_eq!(code(""), "*(empty)*");
    }
}
