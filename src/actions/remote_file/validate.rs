//! The command that validates a file before it is put in place.

use crate::base::shell::quote;

/// `command` with the file at `path` in place of each `%s`, as one word wherever it stands: plain, or inside quotes.
#[must_use]
pub fn filled(command: &str, path: &str) -> String {
    let mut whole = String::with_capacity(command.len() + path.len());
    // Quotes that are open, and above each `$(…)` or `(…)` those that are open in there.
    let mut outer = Vec::new();
    let mut quotes = None;
    let mut rest = command.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, quotes) {
            ('%', _) if rest.peek() == Some(&'s') => {
                rest.next();
                whole.push_str(&word(path, quotes));
                continue;
            }
            ('\\', None | Some('"')) => {
                whole.push(c);
                whole.extend(rest.next());
                continue;
            }
            ('(', None) => outer.push(quotes),
            ('$', Some('"')) if rest.peek() == Some(&'(') => {
                whole.push(c);
                whole.extend(rest.next());
                outer.push(quotes.take());
                continue;
            }
            (')', None) => quotes = outer.pop().flatten(),
            ('\'' | '"', None) => quotes = Some(c),
            (c, Some(open)) if c == open => quotes = None,
            _ => {}
        }
        whole.push(c);
    }
    whole
}

fn word(path: &str, quotes: Option<char>) -> String {
    match quotes {
        None => quote(path),
        Some('\'') => path.replace('\'', r"'\''"),
        Some(_) => path.chars().fold(String::new(), |mut word, c| {
            if matches!(c, '"' | '\\' | '$' | '`') {
                word.push('\\');
            }
            word.push(c);
            word
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_is_one_word_wherever_it_stands() {
        let odd = "/a b/it's $(x) \"`";
        for (command, due) in [
            ("visudo -cf %s", r#"visudo -cf '/a b/it'\''s $(x) "`'"#),
            ("apache2ctl -t -c 'Include %s'", r#"apache2ctl -t -c 'Include /a b/it'\''s $(x) "`'"#),
            ("check \"%s\" \\\" %s", r#"check "/a b/it's \$(x) \"\`" \" '/a b/it'\''s $(x) "`'"#),
            (
                "test \"$(wc -l <%s) (%s)\" = \"(\" && (grep x %s)",
                "test \"$(wc -l <'/a b/it'\\''s $(x) \"`') (/a b/it's \\$(x) \\\"\\`)\" = \"(\" && (grep x '/a b/it'\\''s $(x) \"`')",
            ),
            ("date +%Y", "date +%Y"),
        ] {
            assert_eq!(filled(command, odd), due, "{command}");
        }
        assert_eq!(filled("nginx -t -c %s", "/etc/x"), "nginx -t -c /etc/x");
    }
}
