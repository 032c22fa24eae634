//! What stands in a query, seen as psql sees it.

/// Whether `text` is one statement, and no command of psql's own: a query runs where nothing can be changed, and a second statement or a
/// `\!` would not. The statement without what may stand behind it.
pub(super) fn single(text: &str) -> Result<&str, &'static str> {
    let mut end = None;
    let mut is_something = false;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let at = text.len() - rest.len();
        let length = token(rest, at.checked_sub(1).and_then(|before| text.as_bytes().get(before)).copied());
        let is_blank = c.is_whitespace() || rest.starts_with("--") || rest.starts_with("/*");
        match c {
            ';' if end.is_none() => end = Some(at),
            '\\' => return Err("a command of psql's own, with a `\\`, cannot be part of a query"),
            _ if is_blank || c == ';' => {}
            _ if end.is_some() => return Err("a query is one statement, and another one follows its `;`"),
            _ => is_something = true,
        }
        rest = &rest[length..];
    }
    if is_something { Ok(&text[..end.unwrap_or(text.len())]) } else { Err("the query is empty") }
}

/// How long what stands at the beginning of `rest` is: a comment, a string, a quoted name, or a character. `before` is what stands before.
fn token(rest: &str, before: Option<u8>) -> usize {
    let c = rest.chars().next().map_or(1, char::len_utf8);
    let in_word =
        before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80);
    if rest.starts_with("--") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return comment(rest);
    }
    match rest.as_bytes().first() {
        Some(b'\'') => quoted(rest, b'\'', false),
        Some(b'"') => quoted(rest, b'"', false),
        Some(b'e' | b'E') if !in_word && rest[1..].starts_with('\'') => 1 + quoted(&rest[1..], b'\'', true),
        Some(b'$') if !in_word => dollar(rest).unwrap_or(1),
        _ => c,
    }
}

/// A comment with those inside it.
fn comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        let two = rest.as_bytes().get(at..at + 2);
        match two {
            Some(b"/*") => depth += 1,
            Some(b"*/") => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

/// A text between quotes; a doubled one stands for itself, and so does one behind a backslash where that `escapes`.
fn quoted(rest: &str, quote: u8, escapes: bool) -> usize {
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if escapes => at += 2,
            byte if byte == quote && bytes.get(at + 1) == Some(&quote) => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// A text between `$tag$`s.
fn dollar(rest: &str) -> Option<usize> {
    let close = rest[1..].find('$')? + 2;
    let tag = &rest[..close];
    let name = &tag[1..close - 1];
    let plain =
        name.chars().all(|c| c.is_alphanumeric() || c == '_') && !name.starts_with(|c: char| c.is_ascii_digit());
    plain.then(|| rest[close..].find(tag).map_or(rest.len(), |end| close + end + tag.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_statement_is_one_statement() {
        for (text, statement) in [
            ("SELECT 1", "SELECT 1"),
            ("SELECT 1 ; -- all ; of it\n /* a ; /* b */ ; */ ;", "SELECT 1 "),
            (r#"SELECT ';', ';''\', "a;""\b", E'\';\\', 1 -- ;"#, r#"SELECT ';', ';''\', "a;""\b", E'\';\\', 1 -- ;"#),
            ("SELECT $$ ; \\ $$, $a$ ; $$ ; $a$", "SELECT $$ ; \\ $$, $a$ ; $$ ; $a$"),
            ("SELECT a$1, name'x;'", "SELECT a$1, name'x;'"),
            ("SELECT 'über; ☃' AS größe", "SELECT 'über; ☃' AS größe"),
            ("SELECT 'a", "SELECT 'a"),
            ("SELECT /* a", "SELECT /* a"),
        ] {
            assert_eq!(single(text), Ok(statement));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in
            ["SELECT 1; SELECT 2", "COMMIT; DROP TABLE x", "SELECT ';' ; x", "SELECT $1; y", "SELECT E'\\\\'; x"]
        {
            assert!(single(text).is_err_and(|why| why.contains("another one")), "{text}");
        }
        for text in ["\\! id", "SELECT 1 \\g | sh", "SELECT 1 -- a\n\\o x", "\\copy x to y"] {
            assert!(single(text).is_err_and(|why| why.contains("psql")), "{text}");
        }
        for text in ["", " ;; ", "-- nothing", "/* nothing */"] {
            assert_eq!(single(text), Err("the query is empty"), "{text}");
        }
    }
}
