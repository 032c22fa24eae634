//! Who holds a run: two controllers never drive one.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::base::fs;

/// Counts the holders of a run. Only the newest may write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fence(pub i64);

/// From one renewal to the next.
pub(super) const RENEWAL: SignedDuration = SignedDuration::from_secs(5);

/// Without a renewal for so long, the holder is probably gone.
const STALE: SignedDuration = SignedDuration::from_secs(30);

/// A process that holds a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// `user@machine`.
    pub who: String,
    /// Its process id.
    pub pid: u32,
    /// When the process began, in clock ticks since the boot: tells it from a later process with the same id.
    pub started: u64,
    /// `/proc/sys/kernel/random/boot_id` of its machine, and the namespace in which its id counts.
    pub boot: String,
    /// Since when it holds the run.
    pub since: Timestamp,
    /// When it last said so.
    pub renewed: Timestamp,
}

impl Holder {
    /// This process.
    #[must_use]
    pub fn this_process(who: &str, now: Timestamp) -> Self {
        let pid = std::process::id();
        Self {
            who: who.to_owned(),
            pid,
            started: process_start(pid).unwrap_or_default(),
            boot: place(),
            since: now,
            renewed: now,
        }
    }

    /// Whether the process is known to be gone: it was on this machine since its last boot, and is not there.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.boot == place() && process_start(self.pid) != Some(self.started)
    }

    /// Whether it has been silent for so long that it is probably gone.
    #[must_use]
    pub fn is_silent(&self, now: Timestamp) -> bool {
        now.duration_since(self.renewed) > STALE
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (process {}) since {:.0}", self.who, self.pid, self.since)
    }
}

/// Where a process id means something: containers of one machine have the same boot, and processes of their own.
fn place() -> String {
    let boot = fs::read_text(Path::new("/proc/sys/kernel/random/boot_id"), 64).unwrap_or_default();
    let namespace = rustix::fs::readlink("/proc/self/ns/pid", Vec::new()).unwrap_or_default();
    format!("{} {}", boot.trim(), namespace.to_string_lossy())
}

/// Field 22 of `/proc/PID/stat`; the command before it may hold spaces and brackets. One that is dead and not yet buried is not there.
fn process_start(pid: u32) -> Option<u64> {
    let stat = fs::read_text(Path::new(&format!("/proc/{pid}/stat")), 4096).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let state = fields.next()?;
    if ["Z", "X"].contains(&state) {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn this_process_lives_and_another_with_its_id_does_not() {
        let holder = Holder::this_process("me@here", at(0));
        assert!(!holder.is_dead());
        assert!(Holder { started: holder.started + 1, ..holder.clone() }.is_dead());
        // Of another machine nothing can be said.
        assert!(!Holder { boot: "elsewhere".into(), started: 1, ..holder }.is_dead());
    }

    #[test]
    fn silence_is_counted_from_the_last_renewal() {
        let holder = Holder::this_process("me@here", at(100));
        assert!(!holder.is_silent(at(130)));
        assert!(holder.is_silent(at(131)));
    }
}
