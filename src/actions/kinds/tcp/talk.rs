//! What is said over a connection, and when enough has come.

use std::time::Duration;

use regex::Regex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::time::{Instant, timeout, timeout_at};

use crate::base::Secret;
use crate::transport::Duplex;

/// The most that is read.
pub(super) const MOST: usize = 1 << 20;

/// A line without an end may be a prompt: it counts when so long nothing more came.
const QUIET: Duration = Duration::from_millis(50);

/// How much may come before it is looked through, however fast it comes.
const PIECE: usize = 64 * 1024;

/// What came.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Came {
    pub(super) bytes: Vec<u8>,
    pub(super) end: End,
}

/// Why no more was read.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) enum End {
    /// What was waited for has come, or nothing was.
    #[default]
    Matched,
    /// The other end closed, for this reason if it gave one.
    Closed(Option<String>),
    /// The time was up.
    TimeUp,
    /// More came than is read.
    Full,
    /// Not all that was to be sent was taken: for this reason, or in that time.
    Unsent(Option<String>),
}

/// Sends, and reads until `until` matches, or the other end closes, or it is `deadline`.
pub(super) async fn talk(
    stream: &mut dyn Duplex,
    send: Option<&Secret>,
    until: Option<&Regex>,
    deadline: Instant,
) -> Came {
    let mut came = Came::default();
    if let Some(send) = send {
        let sending = async {
            stream.write_all(send.expose().as_bytes()).await?;
            stream.flush().await
        };
        match timeout_at(deadline, sending).await {
            Ok(Ok(())) => {}
            // Whoever hangs up may have said why.
            Ok(Err(error)) => {
                came.end = End::Unsent(Some(error.to_string()));
                let _ = timeout(QUIET, rest(stream, &mut came.bytes)).await;
                return came;
            }
            Err(_) => return Came { end: End::Unsent(None), ..came },
        }
    }
    came.end = read(stream, &mut came.bytes, until, deadline).await;
    came
}

async fn rest(stream: &mut dyn Duplex, bytes: &mut Vec<u8>) {
    while bytes.len() < MOST && matches!(stream.read_buf(bytes).await, Ok(1..)) {}
    bytes.truncate(MOST);
}

async fn read(stream: &mut dyn Duplex, bytes: &mut Vec<u8>, until: Option<&Regex>, deadline: Instant) -> End {
    // Where the lines that were looked through end, and whether all is looked through.
    let (mut looked, mut all) = (0, true);
    loop {
        let wait = if all || until.is_none() { deadline } else { deadline.min(Instant::now() + QUIET) };
        match timeout_at(wait, stream.read_buf(bytes)).await {
            Ok(Ok(0)) => return if matches(until, bytes) { End::Matched } else { End::Closed(None) },
            Ok(Err(error)) => {
                return if matches(until, bytes) { End::Matched } else { End::Closed(Some(error.to_string())) };
            }
            Ok(Ok(_)) if bytes.len() >= MOST => {
                bytes.truncate(MOST);
                return if matches(until, bytes) { End::Matched } else { End::Full };
            }
            Ok(Ok(_)) => {
                all = false;
                let lines = whole_lines(bytes).len();
                let soon = lines > looked && (bytes.len() < PIECE || lines - looked > PIECE);
                if soon {
                    looked = lines;
                    if matches(until, &bytes[..lines]) {
                        return End::Matched;
                    }
                }
            }
            Err(_) => {
                if !all && matches(until, bytes) {
                    return End::Matched;
                }
                all = true;
                if Instant::now() >= deadline {
                    return End::TimeUp;
                }
            }
        }
    }
}

/// What is sure to be lines: the beginning of one must not be taken for all of it.
fn whole_lines(bytes: &[u8]) -> &[u8] {
    &bytes[..memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1)]
}

/// Whether something in what came matches: as it came, or with the line ends of this machine.
pub(super) fn matches(pattern: Option<&Regex>, bytes: &[u8]) -> bool {
    let Some(pattern) = pattern else { return false };
    let text = String::from_utf8_lossy(bytes);
    pattern.is_match(&text) || text.contains("\r\n") && pattern.is_match(&text.replace("\r\n", "\n"))
}

#[cfg(test)]
mod tests {
    use tokio::io::{DuplexStream, duplex};
    use tokio::time::sleep;

    use super::*;

    fn regex(text: &str) -> Regex {
        regex::RegexBuilder::new(text).multi_line(true).build().unwrap()
    }

    /// What comes of a server that says these pieces, one after the other, and then closes or keeps silent.
    async fn talked(pieces: &[&str], closes: bool, until: Option<&str>) -> (String, End) {
        let (mut ours, theirs) = duplex(1 << 16);
        let until = until.map(regex);
        let pieces: Vec<String> = pieces.iter().map(|piece| (*piece).to_owned()).collect();
        let server = tokio::spawn(async move {
            let mut theirs: DuplexStream = theirs;
            for piece in pieces {
                theirs.write_all(piece.as_bytes()).await.unwrap();
                sleep(Duration::from_millis(5)).await;
            }
            if !closes {
                sleep(Duration::from_mins(1)).await;
            }
        });
        let came = talk(&mut ours, None, until.as_ref(), Instant::now() + Duration::from_millis(700)).await;
        server.abort();
        (String::from_utf8(came.bytes).unwrap(), came.end)
    }

    #[tokio::test]
    async fn reading_ends_where_it_was_told_to() {
        let told = async |pieces: &[&str], closes, until| talked(pieces, closes, until).await;
        assert_eq!(told(&["a\n", ".\n"], false, Some("^\\.$")).await, ("a\n.\n".into(), End::Matched));
        assert_eq!(told(&["a\r\n", ".\r\n"], false, Some("^\\.$")).await, ("a\r\n.\r\n".into(), End::Matched));
        assert_eq!(told(&["login: "], false, Some("login: $")).await, ("login: ".into(), End::Matched));
        assert_eq!(told(&["a\n"], true, Some("b")).await, ("a\n".into(), End::Closed(None)));
        assert_eq!(told(&["a\n", "b"], true, Some("b")).await, ("a\nb".into(), End::Matched));
        assert_eq!(told(&["a\n"], false, Some("b")).await, ("a\n".into(), End::TimeUp));
        assert_eq!(told(&["a"], false, None).await, ("a".into(), End::TimeUp));
        assert_eq!(told(&[], true, None).await, (String::new(), End::Closed(None)));
    }

    #[test]
    fn the_beginning_of_a_line_is_no_line() {
        assert!(matches(Some(&regex("^\\.$")), b"a\n."));
        assert_eq!(whole_lines(b"a\n."), b"a\n");
        assert_eq!(whole_lines(b"."), b"");
        assert!(matches(Some(&regex("^\\.$")), whole_lines(b"a\r\n.\r\n")));
    }

    #[tokio::test]
    async fn no_more_than_so_much_is_read() {
        let lines = ("x".repeat(999) + "\n").repeat(2000);
        let (came, end) = talked(&[&lines], false, Some("y")).await;
        assert_eq!((came.len(), end), (MOST, End::Full));
    }

    #[tokio::test]
    async fn what_was_said_before_hanging_up_is_heard() {
        let (mut ours, mut theirs) = duplex(16);
        theirs.write_all(b"go away\n").await.unwrap();
        drop(theirs);
        let send = Secret::new("hello ".repeat(100));
        let came = talk(&mut ours, Some(&send), None, Instant::now() + Duration::from_secs(5)).await;
        assert_eq!(String::from_utf8(came.bytes).unwrap(), "go away\n");
        assert!(matches!(came.end, End::Unsent(Some(_))), "{:?}", came.end);
    }
}
