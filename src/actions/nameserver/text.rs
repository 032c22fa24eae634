//! The text form of records, as zone files have it: words, quoted strings, and `\` before a character or three decimal digits.

/// A word of a record's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// As it was written, without quotation marks: escapes stand as they are, for names.
    pub(super) raw: String,
    /// What it says.
    pub(super) bytes: Vec<u8>,
    /// Whether it stood in quotation marks.
    pub(super) quoted: bool,
}

/// The words of `text`.
pub(super) fn words(text: &str) -> Result<Vec<Word>, String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let quoted = rest.starts_with('"');
        let body = if quoted { &rest[1..] } else { rest };
        let (word, length) = word(body, quoted)?;
        words.push(word);
        rest = &body[length..];
        if quoted && !rest.is_empty() && !rest.starts_with(char::is_whitespace) {
            return Err("after a closing quotation mark a space is due".to_owned());
        }
        rest = rest.trim_start();
    }
    Ok(words)
}

/// The word at the beginning of `text`, and how many bytes of it are gone with it.
fn word(text: &str, quoted: bool) -> Result<(Word, usize), String> {
    let mut bytes = Vec::new();
    let mut chars = text.char_indices();
    let done = |end: usize, bytes| Word { raw: text[..end].to_owned(), bytes, quoted };
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => bytes.extend_from_slice(escaped(&mut chars)?.as_slice()),
            '"' if quoted => return Ok((done(at, bytes), at + 1)),
            '"' => return Err("a quotation mark stands inside a word: write `\\\"`".to_owned()),
            c if !quoted && c.is_whitespace() => return Ok((done(at, bytes), at)),
            c => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    if quoted {
        return Err("the closing quotation mark is missing".to_owned());
    }
    Ok((done(text.len(), bytes), text.len()))
}

/// What follows a `\`: a character that stands for itself, or three decimal digits.
pub(super) fn escaped(chars: &mut impl Iterator<Item = (usize, char)>) -> Result<Vec<u8>, String> {
    let Some((_, first)) = chars.next() else { return Err("nothing follows the last `\\`".to_owned()) };
    let Some(mut number) = first.to_digit(10) else {
        return Ok(first.to_string().into_bytes());
    };
    for _ in 0..2 {
        let digit = chars.next().and_then(|(_, c)| c.to_digit(10));
        let digit = digit.ok_or_else(|| "three decimal digits are due after a `\\`".to_owned())?;
        number = number * 10 + digit;
    }
    u8::try_from(number).map(|byte| vec![byte]).map_err(|_| format!("`\\{number}` is more than a byte"))
}

/// `bytes` in quotation marks.
pub(super) fn quoted(bytes: &[u8]) -> String {
    let mut text = String::from('"');
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => {
                text.push('\\');
                text.push(char::from(byte));
            }
            b' '..=b'~' => text.push(char::from(byte)),
            other => text.push_str(&decimal(other)),
        }
    }
    text.push('"');
    text
}

/// A byte as `\` and three decimal digits.
pub(super) fn decimal(byte: u8) -> String {
    format!("\\{byte:03}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_taken_apart_as_in_a_zone_file() {
        let said = |text: &str| {
            let words = words(text).unwrap();
            words.into_iter().map(|word| String::from_utf8_lossy(&word.bytes).into_owned()).collect::<Vec<_>>()
        };
        for (text, due) in [
            ("10  mail.example.net.", &["10", "mail.example.net."][..]),
            ("\"v=spf1 mx -all\"", &["v=spf1 mx -all"]),
            ("\"a\" \"b;(c\" \"\"", &["a", "b;(c", ""]),
            ("a\\ b \\065 \\\"", &["a b", "A", "\""]),
            ("\"say \\\"hi\\\" \\\\ \\010\"", &["say \"hi\" \\ \n"]),
            ("  ", &[]),
        ] {
            assert_eq!(said(text), due, "{text}");
        }
        for (text, due) in [
            ("\"a", "the closing quotation mark is missing"),
            ("a\"b", "a quotation mark stands inside a word: write `\\\"`"),
            ("\"a\"b", "after a closing quotation mark a space is due"),
            ("\\", "nothing follows the last `\\`"),
            ("\\1x2", "three decimal digits are due after a `\\`"),
            ("\\300", "`\\300` is more than a byte"),
        ] {
            assert_eq!(words(text).unwrap_err(), due, "{text}");
        }
    }

    #[test]
    fn any_bytes_come_back_from_quotation_marks() {
        let all: Vec<u8> = (0..=255).collect();
        let back = words(&quoted(&all)).unwrap();
        assert_eq!(back.into_iter().map(|word| word.bytes).collect::<Vec<_>>(), [all]);
    }
}
