//! CPU time, user and system, by the kernel's own account.

use std::path::Path;
use std::sync::Arc;

use runbook::base::SystemClock;
use runbook::events::Record;
use runbook::journal::{Journal, SqliteStore};

/// How many records are appended.
const APPENDS: u32 = 2000;

/// Milliseconds of CPU of the child processes that `work` waits for, on average over `times`.
pub(crate) fn of_children(times: u32, work: impl Fn()) -> f64 {
    let before = ticks(15) + ticks(16);
    (0..times).for_each(|_| work());
    (ticks(15) + ticks(16) - before) * TICK / f64::from(times)
}

/// Milliseconds of CPU for one record, on a journal on the disk of this machine.
pub(crate) fn of_appends() -> f64 {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let store = Arc::new(SqliteStore::open(&folder.path().join("journal.db")).await.unwrap());
        let started = crate::work::started();
        let journal = Journal::create(store, Arc::new(SystemClock), "ann@laptop".into(), started).await.unwrap();
        let before = ticks(13) + ticks(14);
        for number in 0..APPENDS {
            journal.append(Record::Stopped { why: format!("reason {number}") }).await.unwrap();
        }
        (ticks(13) + ticks(14) - before) * TICK / f64::from(APPENDS)
    })
}

/// Milliseconds in a tick of the kernel's account: a hundred a second on every Linux that Debian runs on.
const TICK: f64 = 10.0;

/// A field of `/proc/self/stat`, from 0.
fn ticks(field: usize) -> f64 {
    let stat = std::fs::read_to_string(Path::new("/proc/self/stat")).unwrap();
    let after_name = stat.rsplit_once(')').unwrap().1;
    after_name.split_whitespace().nth(field - 2).unwrap().parse().unwrap()
}
