//! The screen for scripts: a JSON object a line.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use crate::base::safe::is_unsafe;
use crate::events::{Entry, Progress, RunView};

use super::event::Event;

/// The screen for scripts.
pub struct Json {
    out: Mutex<Box<dyn Write + Send>>,
}

impl Json {
    /// A screen that writes lines of JSON to `out`.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>) -> Self {
        Self { out: Mutex::new(out) }
    }

    /// A record, after it is durable: `{"event":"record","entry":{…}}`.
    pub fn record(&self, entry: &Entry, _view: &RunView) {
        self.line(&Event::Record { entry });
    }

    /// A sign of life: `{"event":"output","unit":{…},"stderr":false,"line":"…"}`.
    pub fn progress(&self, progress: &Progress) {
        self.line(progress);
    }

    /// Any other line.
    pub fn line(&self, value: &impl Serialize) {
        let mut text = json(value);
        text.push('\n');
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        // What it writes to may be gone: the run goes on.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

/// A value as JSON on one line, everything in it that a terminal would act on escaped. It reads back the same.
#[must_use]
pub fn json(value: &impl Serialize) -> String {
    let text = match serde_json::to_string(value) {
        Ok(text) => text,
        // Our own types are maps with text as keys; if one is not, say so in a form that scripts can read.
        Err(error) => serde_json::json!({"event": "error", "why": error.to_string()}).to_string(),
    };
    if !text.contains(is_unsafe) {
        return text;
    }
    // Such characters can only stand inside strings; serde_json escaped C0 already.
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unsafe(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}
