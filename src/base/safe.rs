//! Text from elsewhere, made harmless: what a host prints must not move the cursor, name the window, fill the clipboard or turn a line round.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::secret;

/// `text` with everything that a terminal would act on, or that hides or reorders what is read, as a visible escape (`\x1b`,
/// `\u{202e}`). Newlines and tabs stay. Secrets that stand in it by name are shown by name.
#[must_use]
pub fn safe(text: &str) -> Cow<'_, str> {
    escape(text, |c| is_unsafe(c) && c != '\n' && c != '\t')
}

/// The same for text that must stay on one line: newlines become visible too.
#[must_use]
pub fn safe_line(text: &str) -> Cow<'_, str> {
    escape(text, |c| is_unsafe(c) && c != '\t')
}

/// Bytes that are probably UTF-8, made harmless; those that are not show as `\xff`.
#[must_use]
pub fn safe_bytes(bytes: &[u8]) -> String {
    let mut shown = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        shown.push_str(&safe(chunk.valid()));
        for byte in chunk.invalid() {
            let _ = write!(shown, "\\x{byte:02x}");
        }
    }
    shown
}

/// Whether a character does something other than stand there: controls (C0, DEL, C1), marks that change the direction of text, line
/// separators, and characters of no width that make two different names look the same.
#[must_use]
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

fn escape(text: &str, hide: impl Fn(char) -> bool) -> Cow<'_, str> {
    if secret::is_sealed(text) {
        return Cow::Owned(escape(&secret::shown(text), hide).into_owned());
    }
    if !text.contains(&hide) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            _ if !hide(c) => shown.push(c),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\0'..='\u{ff}' => {
                let _ = write!(shown, "\\x{:02x}", u32::from(c));
            }
            _ => {
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
            }
        }
    }
    Cow::Owned(shown)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_terminal_would_act_on_becomes_visible() {
        for (text, shown) in [
            ("plain, naïve, 漢字, 👩‍🚀", "plain, naïve, 漢字, 👩‍🚀"),
            ("\x1b]52;c;ZWNobyBvd25lZA==\x07", "\\x1b]52;c;ZWNobyBvd25lZA==\\x07"),
            ("\x1b[2J\x1b[H", "\\x1b[2J\\x1b[H"),
            ("\x1b]0;root@bank\x1b\\", "\\x1b]0;root@bank\\x1b\\"),
            ("\u{9b}2J\u{7f}\u{85}", "\\x9b2J\\x7f\\x85"),
            ("all well\rFAILED", "all well\\rFAILED"),
            ("a\0b\x08c", "a\\x00b\\x08c"),
            ("user\u{202e}gpj.exe", "user\\u{202e}gpj.exe"),
            ("pay\u{200b}pal\u{feff}\u{2066}", "pay\\u{200b}pal\\u{feff}\\u{2066}"),
            ("one\ttwo\nthree", "one\ttwo\nthree"),
        ] {
            assert_eq!(safe(text), shown);
        }
    }

    #[test]
    fn a_line_stays_a_line() {
        assert_eq!(safe_line("one\ntwo\u{2028}\tthree"), "one\\ntwo\\u{2028}\tthree");
    }

    #[test]
    fn bytes_that_are_no_text_are_shown_as_bytes() {
        assert_eq!(
            safe_bytes(b"caf\xc3\xa9 \xff\xfe caf\xe9 \xed\xa0\x80 \x1b[0m"),
            "café \\xff\\xfe caf\\xe9 \\xed\\xa0\\x80 \\x1b[0m"
        );
    }

    #[test]
    fn a_secret_shows_by_name() {
        assert_eq!(safe(&format!("PGPASSWORD={}", secret::sealed("db"))), "PGPASSWORD={{ secrets.db }}");
        // What a host prints between seals is a name like any other text: made harmless too.
        assert_eq!(safe(&secret::sealed("\x1b[2J")), "{{ secrets.\\x1b[2J }}");
    }

    proptest! {
        #[test]
        fn nothing_unsafe_is_left(bytes: Vec<u8>) {
            let shown = safe_bytes(&bytes);
            prop_assert!(!shown.chars().any(|c| is_unsafe(c) && c != '\n' && c != '\t'));
            prop_assert!(!safe_line(&shown).chars().any(|c| is_unsafe(c) && c != '\t'));
        }

        #[test]
        fn what_is_safe_stays_as_it_is(text: String) {
            let once = safe(&text).into_owned();
            let twice = safe(&once).into_owned();
            prop_assert_eq!(once, twice);
        }
    }
}
