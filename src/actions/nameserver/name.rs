//! Names of the DNS: read from text, and shown.

use hickory_proto::rr::Name;

use super::text::{decimal, escaped};

/// A name that is absolute whether or not it ends with a dot.
///
/// # Errors
/// What is wrong with it.
pub fn absolute(text: &str) -> Result<Name, String> {
    if text == "." {
        return Ok(Name::root());
    }
    made_of(&labels(if is_absolute(text) { &text[..text.len() - 1] } else { text })?)
}

/// A name in `zone`, as a zone file has it: `@` is the zone itself, with a dot at the end it is absolute, and else relative.
///
/// # Errors
/// What is wrong with it. A relative name that ends with the zone's own name is refused: the dot was forgotten.
pub fn within(text: &str, zone: &Name) -> Result<Name, String> {
    if text == "@" {
        return Ok(zone.clone());
    }
    if is_absolute(text) {
        return absolute(text);
    }
    let relative = absolute(text)?;
    let whole = relative.clone().append_name(zone).map_err(|error| error.to_string())?;
    if is_below(&relative, zone) {
        let message = "is relative to the zone and would be";
        return Err(format!("`{text}` {message} `{}`: for what is meant write `{text}.`", shown(&whole)));
    }
    Ok(whole)
}

/// Whether it ends with a dot that is not escaped.
pub(super) fn is_absolute(text: &str) -> bool {
    let Some(rest) = text.strip_suffix('.') else { return false };
    rest.bytes().rev().take_while(|&byte| byte == b'\\').count() % 2 == 0
}

/// Whether `name` is `zone`, or lies in it.
#[must_use]
pub fn is_below(name: &Name, zone: &Name) -> bool {
    zone.zone_of(name)
}

/// The labels of a name without its last dot.
fn labels(text: &str) -> Result<Vec<Vec<u8>>, String> {
    let mut labels = vec![Vec::new()];
    let mut chars = text.char_indices();
    while let Some((_, c)) = chars.next() {
        let label = labels.last_mut().ok_or("a name is due")?;
        match c {
            '.' => labels.push(Vec::new()),
            '\\' => label.extend(escaped(&mut chars)?),
            c if c.is_whitespace() || c.is_control() => return Err("a name has no spaces".to_owned()),
            c => label.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    for label in &mut labels {
        if label.is_empty() {
            return Err("a part of the name is empty".to_owned());
        }
        if !label.is_ascii()
            && let Ok(text) = std::str::from_utf8(label)
        {
            // What people write in their own script travels in ASCII.
            let ascii = hickory_proto::rr::domain::Label::from_utf8(text).map_err(|error| error.to_string())?;
            *label = ascii.as_bytes().to_vec();
        }
        if label.len() > 63 {
            return Err("a part of the name is longer than 63 bytes".to_owned());
        }
    }
    Ok(labels)
}

fn made_of(labels: &[Vec<u8>]) -> Result<Name, String> {
    let name = Name::from_labels(labels.iter().map(Vec::as_slice)).map_err(|error| error.to_string())?;
    if name.len() > 255 { Err("the name is longer than 255 bytes".to_owned()) } else { Ok(name) }
}

/// A name for people, absolute: what is no printable ASCII as `\` and decimal digits.
#[must_use]
pub fn shown(name: &Name) -> String {
    let mut text = String::new();
    for label in name {
        for &byte in label {
            match byte {
                b'.' | b'\\' | b'"' | b';' | b'(' | b')' | b'@' | b'$' => {
                    text.push('\\');
                    text.push(char::from(byte));
                }
                b'!'..=b'~' => text.push(char::from(byte)),
                other => text.push_str(&decimal(other)),
            }
        }
        text.push('.');
    }
    if text.is_empty() { ".".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_relative_to_their_zone_unless_a_dot_ends_them() {
        let zone = absolute("Libravatar.org").unwrap();
        for (text, due) in [
            ("@", "Libravatar.org."),
            ("www", "www.Libravatar.org."),
            ("_avatars._tcp", "_avatars._tcp.Libravatar.org."),
            ("*", "*.Libravatar.org."),
            ("www.libravatar.org.", "www.libravatar.org."),
            ("a\\.b", "a\\.b.Libravatar.org."),
            ("a\\.", "a\\..Libravatar.org."),
            ("www.example.net.", "www.example.net."),
            (".", "."),
            ("bücher", "xn--bcher-kva.Libravatar.org."),
            ("a\\032b", "a\\032b.Libravatar.org."),
        ] {
            assert_eq!(within(text, &zone).map(|name| shown(&name)).as_deref(), Ok(due), "{text}");
        }
        for (text, due) in [
            ("", "a part of the name is empty"),
            ("a..b", "a part of the name is empty"),
            (".a", "a part of the name is empty"),
            ("a b", "a name has no spaces"),
            (
                "www.libravatar.ORG",
                "`www.libravatar.ORG` is relative to the zone and would be `www.libravatar.ORG.Libravatar.org.`: \
                 for what is meant write `www.libravatar.ORG.`",
            ),
        ] {
            assert_eq!(within(text, &zone).unwrap_err(), due, "{text}");
        }
        assert!(within(&"a".repeat(64), &zone).unwrap_err().contains("63 bytes"));
        assert!(absolute(&["a"; 130].join(".")).is_err());
    }

    #[test]
    fn case_tells_no_names_apart() {
        assert_eq!(absolute("WWW.example.org").unwrap(), absolute("www.Example.ORG.").unwrap());
        let zone = absolute("example.org").unwrap();
        assert!(is_below(&absolute("a.b.EXAMPLE.org").unwrap(), &zone) && is_below(&zone, &zone));
        assert!(!is_below(&absolute("badexample.org").unwrap(), &zone));
    }
}
