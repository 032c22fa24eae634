//! A command as the text that a shell kept open reads. The shell parses the whole of it before it runs any of it, so that one that arrives
//! in part does nothing. Everything in it goes by pipe: the host's process list and disk see none of it.

use std::fmt::Write as _;

use zeroize::Zeroizing;

use crate::base::shell::quote;

use super::Command;

/// Input up to this size is part of the text: one round trip. bash reads its own input byte by byte, so more would be slow.
const INLINE: usize = 16 * 1024;

/// The blocks in which larger input is read.
const BLOCK: usize = 64 * 1024;

/// A command ready to be sent.
pub(crate) struct Request<'a> {
    /// What the shell reads.
    pub(crate) text: Zeroizing<String>,
    /// What is sent after the shell has said that it reads raw bytes, and the line that says they were all.
    pub(crate) raw: Option<(&'a [u8], String)>,
}

/// The word by which the shell says that it reads raw bytes now.
pub(crate) const GO: &str = " go";

/// The text for `command`, whose end is marked by `nonce` on stdout (with the exit code) and on stderr.
pub(crate) fn encode<'a>(command: &'a Command, nonce: &str) -> Result<Request<'a>, String> {
    let large = command.stdin.len() > INLINE;
    let mut text = Zeroizing::new(String::with_capacity(size(command)));
    text.push_str("{ ");
    if large {
        feed_raw(&mut text, command.stdin.len(), nonce);
        text.push_str(" | { ");
    } else if !command.stdin.is_empty() {
        text.push_str("printf '%b' '");
        escape(&mut text, &command.stdin)?;
        text.push_str("' | ");
    }
    script(&mut text, command)?;
    if large {
        // What the script left unread must not be taken for the next command.
        text.push_str(" ; s=$?; cat >/dev/null; exit $s; }");
    } else if command.stdin.is_empty() {
        text.push_str(" </dev/null");
    }
    // The script gets copies of the real streams and nothing else of ours.
    let _ = write!(text, " >&3 2>&4 3>&- 4>&-\nprintf '{nonce} %s\\n' \"$?\" >&3; printf '{nonce}\\n' >&4; }}\n");
    let raw = large.then(|| (command.stdin.as_slice(), format!("{nonce}\n")));
    Ok(Request { text, raw })
}

/// The text for a `command` that reads and writes the shell's own streams: it says `GO` on stdout, and what follows there is the script's.
/// The script reads what is sent after that, and its exit code comes on stderr, marked by `nonce`. The shell ends with it.
pub(crate) fn encode_piped(command: &Command, nonce: &str) -> Result<Zeroizing<String>, String> {
    let mut text = Zeroizing::new(String::with_capacity(size(command)));
    let _ = write!(text, "{{ printf '{nonce}{GO}\\n' >&3; ");
    script(&mut text, command)?;
    let _ = write!(text, " >&3 2>&4 3>&- 4>&-\ns=$?; exec >&- 3>&-; printf '{nonce} %s\\n' \"$s\" >&4; exit; }}\n");
    Ok(text)
}

/// Room for the text, so that it is not copied, secrets and all, as it grows.
fn size(command: &Command) -> usize {
    let env: usize = command.env.iter().map(|(name, value)| name.len() + 2 * value.expose().len()).sum();
    1024 + 2 * command.script.len() + 2 * env + 5 * command.stdin.len().min(INLINE)
}

/// Reads exactly `count` bytes from the shell's own input. Where they end early the connection is gone: the script must not take a
/// piece for the whole, so its process group ends before it sees the end of the pipe. (`head -c` will not do: some read ahead.)
fn feed_raw(text: &mut String, count: usize, nonce: &str) {
    let (blocks, rest) = (count / BLOCK, count % BLOCK);
    let _ = write!(text, "printf '{nonce}{GO}\\n' >&3; {{ dd bs={BLOCK} count={blocks} iflag=fullblock; ");
    if rest > 0 {
        let _ = write!(text, "dd bs={rest} count=1 iflag=fullblock; ");
    }
    let _ = write!(text, "IFS= read -r t; [ \"$t\" = {nonce} ] || kill -9 0; }}");
}

/// The script in a subshell of its own: whatever it does to itself, the kept shell stays as it is.
fn script(text: &mut String, command: &Command) -> Result<(), String> {
    if command.script.contains('\0') {
        return Err("the script holds a NUL byte".to_owned());
    }
    text.push_str("(\n");
    for (name, value) in &command.env {
        export(text, name, value.expose())?;
    }
    // The blank keeps `eval` from taking a script for an option.
    let _ = write!(text, "set -eu\neval ' '{}\n)", Zeroizing::new(quote(&command.script)).as_str());
    Ok(())
}

/// Adds `export NAME='value'`.
pub(crate) fn export(text: &mut String, name: &str, value: &str) -> Result<(), String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) || !name.chars().all(plain) {
        return Err(format!("`{name}` is no name for an environment variable"));
    }
    if value.contains('\0') {
        return Err(format!("the environment variable {name} holds a NUL byte"));
    }
    let _ = writeln!(text, "export {name}={}", Zeroizing::new(quote(value)).as_str());
    Ok(())
}

/// Adds bytes as the argument of `printf '%b'`, inside single quotes.
pub(crate) fn escape(text: &mut String, bytes: &[u8]) -> Result<(), String> {
    // Text is left readable, and only what is not UTF-8 grows.
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '\0' => text.push_str("\\0000"),
                '\\' => text.push_str("\\\\"),
                '\'' => text.push_str("'\\''"),
                c => text.push(c),
            }
        }
        for byte in chunk.invalid() {
            write!(text, "\\0{byte:03o}").map_err(|error| error.to_string())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_a_shell_cannot_hold() {
        let error = |command: &Command| encode(command, "n").err().unwrap();
        assert_eq!(error(&Command::read("a\0b")), "the script holds a NUL byte");
        assert_eq!(error(&Command::read("").env("A", "a\0b")), "the environment variable A holds a NUL byte");
        assert_eq!(error(&Command::read("").env("A;B", "")), "`A;B` is no name for an environment variable");
        assert_eq!(error(&Command::read("").env("1A", "")), "`1A` is no name for an environment variable");
    }

    #[test]
    fn small_input_is_part_of_the_text() {
        let command = Command::read("cat").stdin(&b"a'\\\0\xff"[..]);
        let request = encode(&command, "n").unwrap();
        assert!(request.text.contains(r"printf '%b' 'a'\''\\\0000\0377' |"), "{}", *request.text);
        assert!(request.raw.is_none());
    }

    #[test]
    fn large_input_follows_raw() {
        let command = Command::read("cat").stdin(vec![b'x'; BLOCK + 5]);
        let request = encode(&command, "n").unwrap();
        assert!(request.text.contains("dd bs=65536 count=1 iflag=fullblock; dd bs=5 count=1"), "{}", *request.text);
        assert_eq!(request.raw.map(|(bytes, end)| (bytes.len(), end)), Some((BLOCK + 5, "n\n".to_owned())));
    }
}
