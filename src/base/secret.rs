//! Values that are never shown, and the masking of text that may hold them.

use std::fmt;

use zeroize::Zeroizing;

/// A secret value. Prints as stars and does not serialise.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes the value over.
    #[must_use]
    pub fn new(value: String) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The value itself: for the pipe to where it is needed and nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// What stands in place of a secret.
pub const MASK: &str = "***";

/// Stands around a secret's name in text that was rendered but not yet handed to where the secret is needed. A private-use character:
/// rendering takes it out of every value that comes from elsewhere, so that no host can ask for a secret by saying its name.
pub const SEAL: char = '\u{F5EC}';

/// What stands for the secret of that name in rendered text: the journal keeps this, never the value.
#[must_use]
pub fn sealed(name: &str) -> String {
    format!("{SEAL}{name}{SEAL}")
}

/// Whether `text` holds a secret by name.
#[must_use]
pub fn is_sealed(text: &str) -> bool {
    text.contains(SEAL)
}

/// `text` with every secret in place of its name.
///
/// # Errors
/// The name of the first secret that `value_of` does not know.
pub fn unseal(text: &str, value_of: impl Fn(&str) -> Option<Secret>) -> Result<Secret, String> {
    let mut whole = Zeroizing::new(String::with_capacity(text.len()));
    for (at, part) in text.split(SEAL).enumerate() {
        if at % 2 == 0 {
            whole.push_str(part);
        } else {
            whole.push_str(value_of(part).ok_or_else(|| part.to_owned())?.expose());
        }
    }
    Ok(Secret(whole))
}

/// `text` for people: every secret by its name.
#[must_use]
pub fn shown(text: &str) -> String {
    let parts = text.split(SEAL).enumerate();
    parts.map(|(at, part)| if at % 2 == 0 { part.to_owned() } else { format!("{{{{ secrets.{part} }}}}") }).collect()
}

/// Shorter values are not masked inside text: `a` or `12` would blot out half of every line and give nothing away.
const SHORTEST: usize = 4;

/// Masks the values of secrets wherever they turn up.
#[derive(Clone, Default)]
pub struct Masker {
    /// Longest first, so that a secret that contains another is masked whole.
    values: Vec<Zeroizing<String>>,
}

impl fmt::Debug for Masker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Masker({} values)", self.values.len())
    }
}

impl Masker {
    /// A masker of these values, of the lines of those that have several, and of their shell-quoted forms.
    pub fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        let mut values = Vec::new();
        for secret in secrets {
            let value = secret.expose();
            let quoted = super::shell::quote(value);
            let json = serde_json::to_string(value).unwrap_or_default();
            let forms = value.lines().chain([value, quoted.as_str(), json.trim_matches('"')]);
            values.extend(forms.filter(|form| form.len() >= SHORTEST).map(|form| Zeroizing::new(form.to_owned())));
        }
        values.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        values.dedup();
        Self { values }
    }

    /// The length in bytes of the longest value: how much of a stream has to be held back to see a secret split over two reads.
    #[must_use]
    pub fn longest(&self) -> usize {
        self.values.first().map_or(0, |value| value.len())
    }

    /// `text` with every secret masked.
    #[must_use]
    pub fn mask(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for value in &self.values {
            if text.contains(value.as_str()) {
                text = text.replace(value.as_str(), MASK);
            }
        }
        text
    }

    /// `bytes` with every secret masked.
    #[must_use]
    pub fn mask_bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for value in &self.values {
            bytes = replace(&bytes, value.as_bytes());
        }
        bytes
    }
}

/// Masks a stream that comes in pieces: what might be the beginning of a secret is held back until the rest has come.
#[derive(Clone, Debug, Default)]
pub struct StreamMasker {
    held: Vec<u8>,
}

impl StreamMasker {
    /// What can be told after `bytes` came.
    #[must_use]
    pub fn push(&mut self, masker: &Masker, bytes: &[u8]) -> Vec<u8> {
        self.held.extend_from_slice(bytes);
        let hold = masker.beginning_at(&self.held);
        let told = masker.mask_bytes(&self.held[..hold]);
        self.held.drain(..hold);
        told
    }

    /// What was held back, now that nothing more comes.
    #[must_use]
    pub fn finish(&mut self, masker: &Masker) -> Vec<u8> {
        masker.mask_bytes(&std::mem::take(&mut self.held))
    }
}

impl Masker {
    /// Where `bytes` may end in the beginning of a secret that the next piece completes; their length where they do not. A secret that is
    /// there whole is not cut in two.
    fn beginning_at(&self, bytes: &[u8]) -> usize {
        let begins = |value: &Zeroizing<String>| {
            let value = value.as_bytes();
            let longest = value.len().saturating_sub(1).min(bytes.len());
            (1..=longest).rev().find(|&length| bytes.ends_with(&value[..length])).unwrap_or(0)
        };
        let longest = self.values.iter().map(begins).max().unwrap_or(0);
        let mut at = bytes.len() - longest;
        let mut from = 0;
        // Going by the same matches as `mask_bytes` does, longest value first: one that spans the cut moves it to its end.
        for value in &self.values {
            let value = value.as_bytes();
            while let Some(found) = bytes.get(from..).and_then(|rest| find(rest, value)).map(|found| from + found) {
                if found >= at {
                    break;
                }
                at = if found + value.len() > at { found + value.len() } else { at };
                from = found + value.len();
            }
            from = 0;
        }
        at
    }
}

fn replace(bytes: &[u8], value: &[u8]) -> Vec<u8> {
    let mut masked = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(at) = find(rest, value) {
        masked.extend_from_slice(&rest[..at]);
        masked.extend_from_slice(MASK.as_bytes());
        rest = &rest[at + value.len()..];
    }
    masked.extend_from_slice(rest);
    masked
}

fn find(bytes: &[u8], value: &[u8]) -> Option<usize> {
    memchr::memmem::find(bytes, value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_the_longer_of_two_nested_secrets_whole() {
        let secrets = [Secret::new("hunter2".into()), Secret::new("hunter2-extended".into())];
        let masker = Masker::new(&secrets);
        assert_eq!(masker.mask("a hunter2-extended b hunter2"), "a *** b ***");
        assert_eq!(masker.mask_bytes(b"\xffhunter2"), b"\xff***");
    }

    #[test]
    fn a_secret_split_over_two_reads_is_masked_and_nothing_is_lost() {
        let secrets = [Secret::new("hunter2".into()), Secret::new("two words".into())];
        let masker = Masker::new(&secrets);
        let text = b"a hunter2 b hunt\n two words hunthunter2hun";
        for size in 1..text.len() {
            let mut stream = StreamMasker::default();
            let mut told: Vec<u8> = text.chunks(size).flat_map(|piece| stream.push(&masker, piece)).collect();
            told.extend(stream.finish(&masker));
            assert_eq!(String::from_utf8(told).unwrap(), "a *** b hunt\n *** hunt***hun", "pieces of {size}");
        }
    }

    #[test]
    fn what_cannot_begin_a_secret_is_told_at_once() {
        let masker = Masker::new([&Secret::new("hunter2".into())]);
        let mut stream = StreamMasker::default();
        assert_eq!(stream.push(&masker, b"done 10 %\nh"), b"done 10 %\n");
        assert_eq!(stream.push(&masker, b"alf"), b"half");
        assert_eq!(StreamMasker::default().push(&Masker::default(), b"x"), b"x");
    }

    #[test]
    fn masks_each_line_of_a_key() {
        let secret = Secret::new("BEGIN KEY\nc2VjcmV0\nEND KEY".into());
        assert_eq!(Masker::new([&secret]).mask("got c2VjcmV0"), "got ***");
    }

    #[test]
    fn a_sealed_secret_is_unsealed_and_shown_by_name() {
        let text = format!("user:{}@db", sealed("password"));
        let value = |name: &str| (name == "password").then(|| Secret::new("hunter2".into()));
        assert_eq!(unseal(&text, value).unwrap().expose(), "user:hunter2@db");
        assert_eq!(unseal(&text, |_| None).unwrap_err(), "password");
        assert_eq!(shown(&text), "user:{{ secrets.password }}@db");
        assert!(is_sealed(&text) && !is_sealed("user"));
    }

    #[test]
    fn a_secret_never_prints() {
        assert_eq!(format!("{:?}", Secret::new("hunter2".into())), "***");
    }
}
