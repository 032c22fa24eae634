//! The journal.

use rustix::process::Signal;

use crate::cli::journal::Other;
use crate::support::Test;

use super::page::Page;

const BOOK: &str = "
    name: Slow
    steps:
      - {id: first, on: local, run: 'touch begun; until [ -e go ]; do sleep 0.05; done', undo: nothing}
      - {id: second, on: local, run: touch second, undo: rm second}
";

pub(super) fn scenes(page: &mut Page) {
    page.part("The journal");
    let test = Test::new().runbook(BOOK);
    let mut going = test.start("run book.yaml");
    going.until(&test.path("begun"));
    std::fs::remove_file(test.journal()).unwrap();
    test.put("go", "");
    page.told("It is removed under a run", "run book.yaml", &going.wait());

    let test = Test::new().runbook(BOOK).file("go", "");
    test.run("run book.yaml --only first").exits(0);
    Other::open(&test.journal())
        .does("UPDATE entry SET body = replace(body, 'settled', 'skipped') WHERE body LIKE '%settled%'");
    page.scene("Somebody has changed it", &test, "log --verify");
    page.scene("Somebody has changed it, and it is to be gone on with", &test, "resume");

    let test = Test::new().runbook(BOOK).file("go", "");
    test.run("run book.yaml --only first").exits(0);
    Other::open(&test.journal()).does("PRAGMA user_version = 99");
    page.scene("It is of a newer version", &test, "resume");
    std::fs::write(test.journal(), "no database at all, whatever its name says").unwrap();
    page.scene("It is something else", &test, "run book.yaml");

    let test = Test::new().runbook(BOOK);
    let mut going = test.start("run book.yaml");
    going.until(&test.path("begun"));
    going.signal(Signal::KILL);
    going.wait();
    test.put("go", "");
    Other::open(&test.journal())
        .does("CREATE TRIGGER full BEFORE INSERT ON entry BEGIN SELECT RAISE(FAIL, 'the disk says no'); END");
    page.scene("It takes nothing more", &test, "resume");
}
