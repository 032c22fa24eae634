//! Runs that were begun: resume, rollback, steps that are settled by hand.

use crate::support::Test;
use crate::transport::sshd::kill;

use super::page::Case;

const BOOK: &str = "
    name: Three files
    steps:
      - {id: first, name: The first, on: local, run: touch first, undo: rm first}
      - {id: second, name: The second, on: local, run: touch second, undo: 'rm second', checkpoint: halfway}
      - {id: third, name: The third, on: local, run: touch third; exit 4, undo: rm third, verify: test -e mended}
";

fn failed(book: &str) -> Test {
    let test = Test::new().runbook(book);
    test.run("run book.yaml").exits(1);
    test
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    edited(&mut cases);
    by_hand(&mut cases);
    stuck(&mut cases);
    no_way_back(&mut cases);
    over(&mut cases);
    unknown(&mut cases);
    cleaned(&mut cases);
    cases
}

fn edited(cases: &mut Vec<Case>) {
    let test = failed(BOOK);
    let book = test.read("book.yaml");
    test.put("book.yaml", &book.replace("touch first", "touch frist"));
    cases.push(Case::of("a step that was done says something else now", &test, "resume"));
    let others = book.replace("id: first, name: The first", "id: frist, name: The first");
    test.put("book.yaml", &others);
    cases.push(Case::of("a step that was done is gone, and another is new", &test, "resume"));
    test.put("book.yaml", &book.replace("on: local, run: touch third", "on: locale, run: touch third"));
    cases.push(Case::of("the runbook is wrong now", &test, "resume"));
    test.put("book.yaml", &book);
    test.put("answers.yaml", "thrid: {confirm: true}\n");
    cases.push(Case::of("the answers to a resume are wrong", &test, "resume --answers answers.yaml"));
    cases.push(Case::of("the answers to a rollback are wrong", &test, "rollback --answers answers.yaml"));
}

fn by_hand(cases: &mut Vec<Case>) {
    let test = failed(BOOK);
    let run = test.newest();
    cases.push(Case::of("it is said to be done, and is not", &test, &format!("done {run} third")));
    cases.push(Case::of("there is nothing to settle", &test, &format!("retry {run} first")));
    let test = failed(
        "
        name: For each
        steps:
          - {id: list, on: local, run: exit 1, undo: nothing}
          - {id: each, on: local, foreach: '{{ steps.list.stdout | trim }}', run: 'echo {{ item | quote }}', undo: nothing}
        ",
    );
    cases.push(Case::of("it is not known yet for what a step is", &test, &format!("skip {} each", test.newest())));
}

fn stuck(cases: &mut Vec<Case>) {
    let test = failed(BOOK);
    std::fs::remove_file(test.path("second")).unwrap();
    cases.push(Case::of("a step cannot be taken back", &test, "rollback"));
    cases.push(Case::of("and again", &test, "resume"));
    let run = test.newest();
    cases.push(Case::of("a step that is being taken back is to be tried again", &test, &format!("retry {run} second")));
    let test = Test::new();
    let at = test.path("it").display().to_string();
    let test = test.runbook(&format!(
        "
        name: A file
        steps:
          - {{id: copy, on: local, copy: {{content: ours, dest: '{at}'}}}}
          - {{id: fails, on: local, run: exit 1, undo: nothing}}
        "
    ));
    test.run("run book.yaml").exits(1);
    test.put("it", "somebody else's");
    cases.push(Case::of("somebody has changed what is to be taken back", &test, "rollback"));
}

fn no_way_back(cases: &mut Vec<Case>) {
    let test = failed(
        "
        name: No way back
        steps:
          - {id: first, on: local, run: touch first}
          - {id: fails, on: local, run: exit 1, undo: nothing}
        ",
    );
    cases.push(Case::of("there is no way back", &test, "rollback"));
    let test = Test::new()
        .runbook(
            "
            name: No return
            steps:
              - {id: drop, on: local, run: touch dropped, irreversible: the old data is gone}
              - {id: fails, on: local, run: exit 1, undo: nothing}
            ",
        )
        .file("answers.yaml", "drop: {confirm: true}\n");
    cases.push(Case::of("a point of no return is asked about, and nobody is there", &test, "run book.yaml --yes"));
    test.run("resume --answers answers.yaml").exits(1);
    cases.push(Case::of("a point of no return, on the way back", &test, "rollback"));
}

fn over(cases: &mut Vec<Case>) {
    let test = Test::new().runbook("steps: [{id: first, on: local, run: 'true', undo: nothing}]");
    test.run("run book.yaml").exits(0);
    let run = test.newest();
    cases.push(Case::of("a run that is done is resumed", &test, "resume"));
    cases.push(Case::of("a step of a run that is done is settled", &test, &format!("skip {run} first")));
    cases.push(Case::of("a run that is done is given up", &test, &format!("abandon {run}")));
    test.run("rollback").exits(4);
    cases.push(Case::of("a run that was rolled back is resumed", &test, "resume"));
    cases.push(Case::of("a run that was rolled back is rolled back", &test, "rollback"));
    let test = failed(BOOK);
    test.run(&format!("abandon {}", test.newest())).exits(0);
    cases.push(Case::of("a run that was given up is resumed", &test, "resume"));
    cases.push(Case::of("a run that was given up is rolled back", &test, "rollback"));
}

/// A job that runs on though the process has died; its pid is in `pid`.
fn left_to_itself(name: &str) -> (Test, String) {
    let test = Test::new().runbook(&format!(
        "
        name: {name}
        steps:
          - {{id: slow, name: The slow one, on: local, run: 'echo $$ >pid; touch begun; sleep 60', undo: nothing}}
        "
    ));
    let mut going = test.start("run book.yaml");
    going.until(&test.path("begun"));
    going.signal(rustix::process::Signal::KILL);
    going.wait();
    let run = test.newest();
    (test, run)
}

/// The process dies while a job runs.
fn unknown(cases: &mut Vec<Case>) {
    let (test, run) = left_to_itself("Killed");
    let book = test.read("book.yaml");
    test.put("book.yaml", &book.replace("sleep 60", "sleep 61"));
    cases.push(Case::of("a step that is under way says something else now", &test, "resume"));
    test.put("book.yaml", &book);
    cases.push(Case::of("a run is given up while a job goes on", &test, &format!("abandon {run}")));
    kill(test.read("pid").trim().parse().unwrap());
    cases.push(Case::of("a job was killed while nobody looked", &test, "resume"));
}

/// What was kept for undo.
fn cleaned(cases: &mut Vec<Case>) {
    let test = failed(BOOK);
    let run = test.newest();
    let clean = format!("clean {run} --yes");
    cases.push(Case::of("what is kept may still be needed", &test, &clean));
    test.run("rollback").exits(4);
    cases.push(Case::of("a rollback has left nothing to be removed", &test, &clean));
    let test = Test::new().runbook(
        "
        name: Off for a while
        steps:
          - {id: off, on: local, run: touch off, undo: rm off, temporary: until the move is over}
        ",
    );
    test.run("run book.yaml").exits(7);
    cases.push(Case::of("what closes a temporary change is kept", &test, &format!("clean {} --yes", test.newest())));
    let test = Test::new().runbook(BOOK).file("mended", "");
    test.run("run book.yaml").exits(1);
    let run = test.newest();
    test.run(&format!("done {run} third")).exits(0);
    test.run("resume").exits(0);
    cases.push(Case::of("nobody says that it may be removed", &test, &format!("clean {run}")));
    test.run(&format!("clean {run} --yes")).exits(0);
    cases.push(Case::of("it was removed already", &test, &format!("clean {run} --yes")));
    cases.push(Case::of("it cannot be taken back any more", &test, &format!("rollback {run}")));
    let (test, run) = left_to_itself("Left alone");
    test.run(&format!("abandon {run} --leave-jobs")).exits(0);
    cases.push(Case::of("a job that was left alone still runs", &test, &format!("clean {run} --yes")));
    kill(test.read("pid").trim().parse().unwrap());
}
