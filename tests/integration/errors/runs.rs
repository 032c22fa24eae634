//! Runs that are asked for something that does not go with how they stand.

use rustix::process::Signal;

use crate::support::Test;

use super::page::Page;

const BOOK: &str = "
    name: Three steps
    steps:
      - {id: first, name: The first, on: local, run: touch first, undo: rm first}
      - {id: second, name: The second, on: local, run: test -e mended, undo: nothing, checkpoint: halfway}
      - {id: third, name: The third, on: local, run: touch third, undo: rm third}
";

/// Waits for a file.
const SLOW: &str = "
    name: Slow
    steps:
      - id: slow
        on: local
        run: touch begun; until [ -e go ]; do sleep 0.05; done
        undo: nothing
      - {id: next, on: local, run: 'true', undo: nothing}
";

pub(super) fn scenes(page: &mut Page) {
    page.part("Runs");
    let test = Test::new().runbook(BOOK);
    test.run("run book.yaml").exits(1);
    let run = test.newest();
    page.scene("There is no such run", &test, "status 9zz");
    page.scene("There is no such step", &test, &format!("log {run} secnod"));
    page.scene("There is no such step to be settled", &test, &format!("done {run} secnod"));
    page.scene("A step cannot be settled that way", &test, &format!("retry {run} third"));
    page.scene("There is no such checkpoint", &test, "rollback --to halfwy");
    page.scene("A report of no known kind", &test, "report -o report.pdf");
    page.scene("What is kept may still be needed", &test, &format!("clean {run} --yes"));
    test.put("answers.yaml", "- halfway\n");
    page.scene("The answers are wrong", &test, "resume --answers answers.yaml");
    page.scene("The answers to a rollback are wrong", &test, "rollback --answers answers.yaml");
    test.put("book.yaml", "runbook: 1\nname: Broken\nsteps: {\n");
    page.scene("The runbook of the run is wrong by now", &test, "resume");
    let other = BOOK.replace("touch first", "touch another");
    test.put("book.yaml", &other.replacen("    name", "    runbook: 1\n    name", 1));
    page.scene("The runbook was edited where it has been run already", &test, "resume");

    let test = Test::new().runbook(BOOK).file("mended", "");
    test.run("run book.yaml").exits(0);
    let run = test.newest();
    page.scene("It is done already", &test, "resume");
    page.scene("A step of a run that is over", &test, &format!("skip {run} third"));
    page.scene("It is over already", &test, &format!("abandon {run}"));
    page.scene("Nobody says that it may be removed", &test, &format!("clean {run}"));
    test.run(&format!("clean {run} --yes")).exits(0);
    page.scene("Nothing is kept any more", &test, &format!("clean {run} --yes"));
    page.scene("It cannot be taken back any more", &test, &format!("rollback {run}"));
    let test = Test::new().runbook(BOOK);
    test.run("run book.yaml").exits(1);
    let run = test.newest();
    test.run("rollback").exits(4);
    page.scene("It was taken back already", &test, "rollback");
    page.scene("There is nothing to go on with", &test, "resume");
    page.scene("Its rollback has left nothing", &test, &format!("clean {run} --yes"));
    let test = Test::new().runbook(BOOK);
    test.run("run book.yaml").exits(1);
    test.run(&format!("abandon {}", test.newest())).exits(0);
    page.scene("It was given up", &test, "resume");
    page.scene("What was given up cannot be taken back", &test, "rollback");
    let test = Test::new().runbook(
        "
        name: Off for a while
        steps:
          - {id: off, on: local, run: touch off, undo: rm off, temporary: until the move is over}
        ",
    );
    test.run("run book.yaml").exits(7);
    page.scene("What closes a temporary change is kept", &test, &format!("clean {} --yes", test.newest()));
    let test = Test::new().runbook(BOOK);
    for _ in 0..2 {
        test.run("run book.yaml").exits(1);
    }
    page.scene("Several runs are unfinished", &test, "resume");
    page.scene("Several runs begin so", &test, "status 1");

    let test = Test::new().runbook(SLOW);
    let mut going = test.start("run book.yaml");
    going.until(&test.path("begun"));
    let run = test.newest();
    page.scene("Another operator has it", &test, "resume");
    going.signal(Signal::KILL);
    going.wait();
    page.scene("Something of it may still go on", &test, &format!("abandon {run}"));
    test.put("go", "");
    test.run("resume").exits(0);

    let test = Test::new().runbook(
        "
        name: Half way back
        steps:
          - {id: first, on: local, run: touch first, undo: 'touch begun; until [ -e go ]; do sleep 0.05; done'}
        ",
    );
    test.run("run book.yaml").exits(0);
    let run = test.newest();
    let mut going = test.start("rollback");
    going.until(&test.path("begun"));
    going.signal(Signal::KILL);
    going.wait();
    page.scene("A step is being taken back", &test, &format!("retry {run} first"));
    test.put("go", "");
    test.run("rollback").exits(4);

    let test = Test::new().runbook("name: Long\nsteps:\n  - {id: long, wait: 50s}\n");
    let mut going = test.start("run book.yaml");
    going.told("long  until");
    test.run("resume --take-over --no-wait").exits(3);
    page.told("Another operator has taken it over", "run book.yaml", &going.wait());
}
