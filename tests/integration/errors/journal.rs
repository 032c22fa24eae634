//! The journal: nothing is carried out that it does not hold.

use crate::cli::journal::{Disk, Other};
use crate::support::Test;

use super::page::Case;

const BOOK: &str = "
    name: Slow
    steps:
      - {id: first, on: local, run: 'touch begun; until [ -e go ]; do sleep 0.05; done', undo: nothing}
      - {id: second, on: local, run: echo done >>second, undo: rm second}
";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = vec![held()];
    cases.extend(taken_over());
    cases.push(removed());
    cases.extend(harmed());
    cases.extend(disk());
    cases
}

fn begun() -> (Test, crate::support::Going) {
    let test = Test::new().runbook(BOOK);
    let mut going = test.start("run book.yaml");
    going.until(&test.path("begun"));
    (test, going)
}

fn held() -> Case {
    let (test, going) = begun();
    let case = Case::of("somebody else carries the run out", &test, "resume");
    test.put("go", "");
    going.wait().exits(0);
    case
}

fn taken_over() -> Vec<Case> {
    let (test, going) = begun();
    let other = test.start("resume --take-over");
    let ran = going.wait();
    test.put("go", "");
    other.wait().exits(0);
    vec![Case::ran("somebody else has taken the run over", "run book.yaml", &ran)]
}

fn removed() -> Case {
    let (test, going) = begun();
    for end in ["", "-wal", "-shm"] {
        std::fs::remove_file(format!("{}{end}", test.journal().display())).unwrap();
    }
    test.put("go", "");
    Case::ran("the journal is removed while the run goes on", "run book.yaml", &going.wait())
}

fn harmed() -> Vec<Case> {
    let done = || {
        let test = Test::new().runbook(BOOK).file("go", "");
        test.run("run book.yaml --only first").exits(0);
        test
    };
    let mut cases = Vec::new();
    for (title, harm) in [
        (
            "a record of the journal was removed",
            "DELETE FROM entry WHERE seq = 2; UPDATE entry SET seq = seq - 1 WHERE seq > 2",
        ),
        ("a record of the journal was changed", "UPDATE entry SET body = replace(body, '@', '@@') WHERE seq = 2"),
    ] {
        let test = done();
        Other::open(&test.journal()).does(harm);
        cases.push(Case::of(title, &test, "rollback"));
    }
    let test = done();
    Other::open(&test.journal())
        .does("UPDATE entry SET body = replace(body, 'settled', 'skipped') WHERE body LIKE '%settled%'");
    cases.push(Case::of("a record of the journal makes no sense any more", &test, "rollback"));
    Other::open(&test.journal()).does("PRAGMA user_version = 99");
    cases.push(Case::of("the journal is of a newer version", &test, "rollback"));
    std::fs::write(test.journal(), "hello\n".repeat(4000)).unwrap();
    cases.push(Case::of("the journal is none", &test, "rollback"));
    cases.push(Case::of("a state below a file", &test, "run book.yaml --state book.yaml/runs.db"));
    cases
}

fn disk() -> Vec<Case> {
    let titles = ["the disk of the journal is full", "the disk of the journal can only be read"];
    let book = "runbook: 1\nname: Talks\nsteps: [{id: it, on: local, run: 'head -c 400000 /dev/zero | tr \\\\0 x | fold', undo: nothing}]\n";
    let test = Test::new().file("talks.yaml", book);
    let Some(disk) = Disk::under(&test) else { return titles.map(Case::skipped).into() };
    let full = Case::of(titles[0], &test, "run talks.yaml");
    disk.mount(&["-o", "remount,size=64m"]);
    disk.mount(&["-o", "remount,ro"]);
    vec![full, Case::of(titles[1], &test, "run talks.yaml")]
}
