//! A controller that can be held between two records, and killed there.
//!
//! What it says goes through a pipe that has room for a single write, so it is at most one line ahead of whoever reads: as long as nobody
//! does, it stands still behind the record that it tells of. And it cannot write into its journal while somebody else has begun to.

use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::pipe::{PipeFlags, fcntl_setpipe_size, pipe_with};
use serde_json::Value;
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use super::bench::Place;
use super::told::Told;

const PATIENCE: Duration = Duration::from_mins(1);

pub(super) struct Paused {
    child: Child,
    out: std::fs::File,
    said: Vec<u8>,
    journal: PathBuf,
}

/// A journal that nobody can write into for a while.
pub(super) struct Locked {
    runtime: tokio::runtime::Runtime,
    connection: Option<SqliteConnection>,
}

impl Paused {
    /// Starts a command that keeps its journal in that folder.
    pub(super) fn start(mut command: Command, state: &Path) -> Self {
        let (out, theirs): (OwnedFd, OwnedFd) = pipe_with(PipeFlags::DIRECT | PipeFlags::CLOEXEC).unwrap();
        fcntl_setpipe_size(&theirs, 4096).unwrap();
        let errors = std::fs::File::options().append(true).create(true).open(state.join("said")).unwrap();
        let child = command.stdout(Stdio::from(theirs)).stderr(errors).spawn().unwrap();
        // The command keeps the pipe's other end open for as long as it lives.
        drop(command);
        Self { child, out: out.into(), said: Vec::new(), journal: state.join("journal.db") }
    }

    /// Lets it go until its journal has that record of the unit: it stands still behind that.
    pub(super) fn until(mut self, kind: &str, place: &Place) -> Self {
        let begun = Instant::now();
        while !has(&self.journal, kind, place) {
            // Something has been said since: only then is there anything new in the journal.
            while rustix::io::ioctl_fionread(&self.out).unwrap() == 0 {
                if let Some(status) = self.child.try_wait().unwrap() {
                    panic!(
                        "it ends ({status}) before {kind} of {}:\n{}",
                        place.slug,
                        String::from_utf8_lossy(&self.said)
                    );
                }
                assert!(
                    begun.elapsed() < PATIENCE,
                    "it hangs before {kind} of {}:\n{}",
                    place.slug,
                    String::from_utf8_lossy(&self.said)
                );
                std::thread::sleep(Duration::from_millis(1));
            }
            if !has(&self.journal, kind, place) {
                self.read();
            }
        }
        self
    }

    /// One write of it, whole: what a shorter read leaves of it is lost.
    fn read(&mut self) -> usize {
        let mut packet = vec![0; 4096];
        let length = self.out.read(&mut packet).unwrap();
        self.said.extend(&packet[..length]);
        length
    }

    /// Lets it go on, until something holds; with the journal `locked`, it gets no further than its next record.
    pub(super) fn go_on(&mut self, what: &str, mut holds: impl FnMut() -> bool) {
        let mut out = self.out.try_clone().unwrap();
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        let begun = Instant::now();
        while !holds() {
            assert!(begun.elapsed() < PATIENCE, "after {PATIENCE:?}, still not: {what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Lets it go on to its end.
    pub(super) fn finish(mut self) -> Told {
        while self.read() > 0 {}
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        Told::new(code, String::from_utf8_lossy(&self.said).into_owned())
    }

    /// Keeps it from writing records.
    pub(super) fn lock(&self) -> Locked {
        let (runtime, mut connection) = connect(&self.journal);
        runtime.block_on(sqlx::query("BEGIN IMMEDIATE").execute(&mut connection)).unwrap();
        Locked { runtime, connection: Some(connection) }
    }

    pub(super) fn kill(mut self) {
        assert!(self.child.try_wait().unwrap().is_none(), "it has ended before it is killed");
        crate::operator::kill(&mut self.child);
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.runtime.block_on(connection.close()).unwrap();
        }
    }
}

fn connect(journal: &Path) -> (tokio::runtime::Runtime, SqliteConnection) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let options = SqliteConnectOptions::new().filename(journal).busy_timeout(Duration::from_secs(5));
    let connection = runtime.block_on(SqliteConnection::connect_with(&options)).unwrap();
    (runtime, connection)
}

/// Whether the journal has a record of that kind about the unit.
fn has(journal: &Path, kind: &str, place: &Place) -> bool {
    if !journal.exists() {
        return false;
    }
    let (runtime, mut connection) = connect(journal);
    let bodies: Result<Vec<String>, _> =
        runtime.block_on(sqlx::query_scalar("SELECT body FROM entry ORDER BY run, seq").fetch_all(&mut connection));
    runtime.block_on(connection.close()).unwrap();
    // No table yet: no record either.
    bodies.unwrap_or_default().iter().any(|body| {
        let entry: Value = serde_json::from_str(body).unwrap();
        entry["record"]["kind"] == kind && entry["record"]["unit"]["step"] == *place.slug
    })
}
