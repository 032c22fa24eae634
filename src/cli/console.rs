//! The process's own two streams. What cannot be written is lost: a run goes on when its terminal is gone.

use std::io::Write as _;

/// Writes to stdout.
pub(crate) fn out(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// Writes to stderr.
pub(crate) fn err(text: &str) {
    let mut err = std::io::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}
