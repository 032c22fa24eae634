//! A person who types at a terminal.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use regex::Regex;
use rustix::process::{Pid, Signal, kill_process};

use super::ran::still;
use super::test::{PATIENCE, heard};

/// A command at a terminal of its own, by way of script(1).
pub(crate) struct Typing {
    child: Child,
    keys: ChildStdin,
    seen: Arc<Mutex<Vec<u8>>>,
    /// Up to where it was expected already.
    at: usize,
    dir: PathBuf,
}

impl Typing {
    pub(super) fn new(mut command: Command, dir: &Path) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let keys = child.stdin.take().unwrap();
        let (seen, _) = heard(child.stdout.take().unwrap());
        Self { child, keys, seen, at: 0, dir: dir.components().collect() }
    }

    /// Waits until this is on the screen, after what was waited for last.
    #[track_caller]
    pub(crate) fn expect(mut self, text: &str) -> Self {
        let since = Instant::now();
        loop {
            let screen = self.screen();
            if let Some(found) = screen[self.at..].find(text) {
                self.at += found + text.len();
                return self;
            }
            if since.elapsed() > PATIENCE {
                let _ = self.child.kill();
                panic!("no `{text}` on the screen:\n{}", &screen[self.at..]);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Types.
    #[track_caller]
    pub(crate) fn keys(mut self, keys: &str) -> Self {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
        self
    }

    /// Sends a signal to the command: the process that script(1) has started.
    #[track_caller]
    pub(crate) fn signal(&self, signal: Signal) {
        let parent = self.child.id();
        let children = format!("/proc/{parent}/task/{parent}/children");
        let child = std::fs::read_to_string(children).unwrap().trim().parse().unwrap();
        kill_process(Pid::from_raw(child).unwrap(), signal).unwrap();
    }

    /// Waits for its end: everything that was on the screen.
    #[track_caller]
    pub(crate) fn exits(mut self, code: i32) -> String {
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                let screen = self.screen();
                assert_eq!(status.code(), Some(code), "{screen}");
                return screen;
            }
            if since.elapsed() > PATIENCE {
                let _ = self.child.kill();
                panic!("it does not end:\n{}", self.screen());
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Everything that was written to the screen, without its colours and movements.
    pub(crate) fn screen(&self) -> String {
        let seen = String::from_utf8_lossy(&self.seen.lock().unwrap()).replace('\r', "");
        let movements = Regex::new("\x1b\\[[0-9;?]*[a-zA-Z]").unwrap();
        still(&movements.replace_all(&seen, ""), &self.dir)
    }
}
