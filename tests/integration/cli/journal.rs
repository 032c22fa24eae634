//! What may happen to the journal: nothing is carried out that it does not hold, and what it holds is believed only as it was written.

use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;
use sqlx::Connection as _;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use crate::support::Test;

/// The first step says much, waits for a file, and counts how often it was begun.
const BOOK: &str = "
    name: Slow
    steps:
      - id: first
        on: local
        run: 'echo begun >>count; yes $(printf %01000d) | head -c 400000; touch begun; until [ -e go ]; do sleep 0.05; done'
        undo: nothing
      - {id: second, on: local, run: echo done >>second, undo: rm second}
";

/// Somebody else who has the journal open.
pub(crate) struct Other {
    runtime: tokio::runtime::Runtime,
    connection: SqliteConnection,
}

impl Other {
    pub(crate) fn open(path: &Path) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let connection =
            runtime.block_on(SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(path))).unwrap();
        Self { runtime, connection }
    }

    pub(crate) fn number(&mut self, sql: &'static str) -> i64 {
        self.runtime.block_on(sqlx::query_scalar(sql).fetch_one(&mut self.connection)).unwrap()
    }

    pub(crate) fn does(&mut self, sql: &'static str) {
        self.runtime.block_on(sqlx::raw_sql(sql).execute(&mut self.connection)).unwrap();
    }
}

/// A small disk under the state folder. None without root.
pub(crate) struct Disk<'t>(&'t Test);

impl<'t> Disk<'t> {
    pub(crate) fn under(test: &'t Test) -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            use std::io::Write as _;
            let _ = writeln!(
                std::io::stderr(),
                "SKIPPED: a disk of its own for the journal has to be mounted: run this as root"
            );
            return None;
        }
        let disk = Self(test);
        std::fs::create_dir_all(disk.folder()).unwrap();
        disk.mount(&["-t", "tmpfs", "-o", "size=256k,mode=700", "tmpfs"]);
        Some(disk)
    }

    fn folder(&self) -> PathBuf {
        self.0.journal().parent().unwrap().to_owned()
    }

    pub(crate) fn mount(&self, args: &[&str]) {
        assert!(Command::new("mount").args(args).arg(self.folder()).status().unwrap().success());
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.folder()).status();
    }
}

#[test]
fn a_journal_that_is_removed_under_a_run_stops_it() {
    let remove = |journal: &Path| {
        for end in ["", "-wal", "-shm"] {
            std::fs::remove_file(format!("{}{end}", journal.display())).unwrap();
        }
    };
    let replace = |journal: &Path| {
        std::fs::copy(journal, journal.with_extension("copy")).unwrap();
        std::fs::rename(journal.with_extension("copy"), journal).unwrap();
    };
    for harm in [&remove as &dyn Fn(&Path), &replace] {
        let test = Test::new().runbook(BOOK);
        let mut going = test.start("run book.yaml");
        going.until(&test.path("begun"));
        harm(&test.journal());
        test.put("go", "");
        going.wait().exits(1).complains("was removed or replaced while the run went on");
        assert!(!test.path("second").exists());
    }
}

#[test]
fn a_journal_that_another_process_locks_is_waited_for_and_then_an_error() {
    let test = Test::new().runbook(BOOK);
    let mut going = test.start("run book.yaml");
    going.until(&test.path("begun"));
    let mut other = Other::open(&test.journal());
    other.does("BEGIN IMMEDIATE");
    test.put("go", "");
    going.wait().exits(1).complains("database is locked");
    assert!(!test.path("second").exists());
    other.does("ROLLBACK");
    test.run("resume").exits(0);
    assert_eq!((test.read("count"), test.read("second")), ("begun\n".to_owned(), "done\n".to_owned()));
}

#[test]
fn a_journal_whose_end_was_torn_off_goes_on_from_what_is_whole() {
    // What a disk has lost that had said it kept it: a part of the last record, all of it, and those before.
    for lost in [1, 4000, 7000, 9000] {
        let test = Test::new().runbook(BOOK);
        let mut going = test.start("run book.yaml");
        going.until(&test.path("begun"));
        going.signal(Signal::KILL);
        going.wait();
        let log = std::fs::File::options().write(true).open(format!("{}-wal", test.journal().display())).unwrap();
        log.set_len(log.metadata().unwrap().len() - lost).unwrap();
        test.put("go", "");
        test.run("resume").exits(0);
        assert_eq!((test.read("count"), test.read("second")), ("begun\n".to_owned(), "done\n".to_owned()));
        test.run("log --verify").exits(0);
    }
}

#[test]
fn a_journal_that_was_changed_says_where() {
    let test = Test::new().runbook(BOOK).file("go", "");
    test.run("run book.yaml --only first").exits(0);
    Other::open(&test.journal())
        .does("UPDATE entry SET body = replace(body, 'settled', 'skipped') WHERE body LIKE '%settled%'");
    for words in ["log --verify", "resume", "rollback"] {
        test.run(words).exits(1).complains("was tampered with, or damaged, at entry ");
    }
    assert!(!test.path("second").exists());
}

/// A process that died before its first record has begun no run.
#[test]
fn a_run_without_a_first_record_is_none() {
    let test = Test::new().runbook(BOOK).file("go", "");
    test.run("run book.yaml --only first").exits(0);
    let mut other = Other::open(&test.journal());
    other.does("INSERT INTO run (id, fence) VALUES ('9zzzzzzzzz', 1)");
    assert!(!test.run("runs").exits(0).stdout.contains("9zzz"));
    test.run("status").exits(0);
    other.does("DELETE FROM output; DELETE FROM entry; DELETE FROM run WHERE id <> '9zzzzzzzzz'");
    test.run("runs").exits(0).says("there are no runs here");
    test.run("resume").exits(2).complains("there are no runs here");
}

#[test]
fn a_journal_that_is_none_is_left_as_it_is() {
    let test = Test::new().runbook(BOOK).file("go", "");
    test.run("run book.yaml --only first").exits(0);
    Other::open(&test.journal()).does("PRAGMA user_version = 99");
    test.run("resume").exits(2).complains("is of version 99, newer than the 1 that this version of runbook knows");
    let noise: Vec<u8> = (0..=255).cycle().skip(7).take(20_000).collect();
    std::fs::write(test.journal(), &noise).unwrap();
    test.run("run book.yaml").exits(2).complains("journal.db is no journal");
    assert_eq!(std::fs::read(test.journal()).unwrap(), noise);
    assert!(!test.path("second").exists());
}

#[test]
fn a_full_disk_stops_a_run_and_room_lets_it_go_on() {
    let test = Test::new().runbook(BOOK).file("go", "");
    let Some(disk) = Disk::under(&test) else { return };
    test.run("run book.yaml").exits(1).complains("full");
    assert!(!test.path("second").exists());
    disk.mount(&["-o", "remount,size=64m"]);
    test.run("resume").exits(0);
    assert_eq!((test.read("count"), test.read("second")), ("begun\n".to_owned(), "done\n".to_owned()));
    test.run("log --verify").exits(0);
}

#[test]
fn a_disk_that_can_only_be_read_lets_nothing_run() {
    let test = Test::new().runbook(BOOK).file("go", "");
    let Some(disk) = Disk::under(&test) else { return };
    disk.mount(&["-o", "remount,size=64m"]);
    test.run("run book.yaml --only first").exits(0);
    disk.mount(&["-o", "remount,ro"]);
    test.run("run book.yaml").exits(2).complains("Read-only file system");
    assert_eq!((test.read("count"), test.path("second").exists()), ("begun\n".to_owned(), false));
    disk.mount(&["-o", "remount,rw"]);
    test.run("run book.yaml").exits(0);
}
