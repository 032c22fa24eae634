//! A terminal to draw on: any `Write` that understands the usual sequences, and a way to ask how large it is.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::TermLike;

/// Rows and columns.
pub type Size = Arc<dyn Fn() -> (u16, u16) + Send + Sync>;

/// A terminal to draw on.
#[derive(Clone)]
pub(super) struct Terminal {
    out: Arc<Mutex<Box<dyn Write + Send>>>,
    size: Size,
}

impl Terminal {
    pub(super) fn new(out: Box<dyn Write + Send>, size: Size) -> Self {
        Self { out: Arc::new(Mutex::new(out)), size }
    }

    fn out(&self) -> MutexGuard<'_, Box<dyn Write + Send>> {
        self.out.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes text that stays. What it cannot write is lost: a run goes on when its terminal is gone.
    pub(super) fn print(&self, text: &str) {
        let mut out = self.out();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    /// Rows and columns. A terminal that does not know, as a serial line does not, is taken for a usual one.
    pub(super) fn dimensions(&self) -> (u16, u16) {
        let (rows, columns) = (self.size)();
        (if rows == 0 { 24 } else { rows }, if columns == 0 { 80 } else { columns })
    }

    fn sequence(&self, count: usize, letter: char) -> io::Result<()> {
        if count == 0 { Ok(()) } else { write!(self.out(), "\x1b[{count}{letter}") }
    }
}

impl fmt::Debug for Terminal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Terminal")
    }
}

impl TermLike for Terminal {
    fn width(&self) -> u16 {
        self.dimensions().1
    }

    fn height(&self) -> u16 {
        self.dimensions().0
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.sequence(n, 'A')
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.sequence(n, 'B')
    }

    fn move_cursor_right(&self, n: usize) -> io::Result<()> {
        self.sequence(n, 'C')
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.sequence(n, 'D')
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        writeln!(self.out(), "{text}")
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.out().write_all(text.as_bytes())
    }

    fn clear_line(&self) -> io::Result<()> {
        self.out().write_all(b"\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        self.out().flush()
    }
}
