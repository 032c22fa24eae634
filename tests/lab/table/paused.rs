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
    reader: Option<Reader>,
}

/// Somebody who looks into its journal.
struct Reader {
    runtime: tokio::runtime::Runtime,
    connection: SqliteConnection,
}

/// A journal that nobody can write into for a while.
pub(super) struct Locked(Option<Reader>);

impl Paused {
    /// Starts a command that keeps its journal in that folder.
    pub(super) fn start(mut command: Command, state: &Path) -> Self {
        let (out, theirs): (OwnedFd, OwnedFd) = pipe_with(PipeFlags::DIRECT | PipeFlags::CLOEXEC).unwrap();
        fcntl_setpipe_size(&theirs, 4096).unwrap();
        let errors = std::fs::File::options().append(true).create(true).open(state.join("said")).unwrap();
        let child = command.stdout(Stdio::from(theirs)).stderr(errors).spawn().unwrap();
        // The command keeps the pipe's other end open for as long as it lives.
        drop(command);
        Self { child, out: out.into(), said: Vec::new(), journal: state.join("journal.db"), reader: None }
    }

    /// Lets it go until its journal has that record of the unit: it stands still behind that.
    pub(super) fn until(mut self, kind: &str, place: &Place) -> Self {
        let begun = Instant::now();
        while !self.has(kind, place) {
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
            if !self.has(kind, place) {
                self.read();
            }
        }
        self
    }

    /// Whether its journal has a record of that kind about the unit.
    fn has(&mut self, kind: &str, place: &Place) -> bool {
        const ASKED: &str = "SELECT EXISTS (SELECT 1 FROM entry
            WHERE json_extract(body, '$.record.kind') = ? AND json_extract(body, '$.record.unit.step') = ?)";
        if !self.journal.exists() {
            return false;
        }
        let Reader { runtime, connection } = self.reader.get_or_insert_with(|| Reader::open(&self.journal));
        let asked = sqlx::query_scalar(ASKED).bind(kind).bind(&*place.slug);
        // No table yet: no record either.
        runtime.block_on(asked.fetch_one(connection)).unwrap_or(false)
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
            std::thread::sleep(Duration::from_millis(50));
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
        let mut reader = Reader::open(&self.journal);
        reader.runtime.block_on(sqlx::query("BEGIN IMMEDIATE").execute(&mut reader.connection)).unwrap();
        Locked(Some(reader))
    }

    pub(super) fn kill(mut self) {
        assert!(self.child.try_wait().unwrap().is_none(), "it has ended before it is killed");
        crate::operator::kill(&mut self.child);
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        if let Some(Reader { runtime, connection }) = self.0.take() {
            runtime.block_on(connection.close()).unwrap();
        }
    }
}

impl Reader {
    fn open(journal: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let options = SqliteConnectOptions::new().filename(journal).busy_timeout(Duration::from_secs(5));
        let connection = runtime.block_on(SqliteConnection::connect_with(&options)).unwrap();
        Self { runtime, connection }
    }
}
