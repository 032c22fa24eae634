//! What is typed.

use crate::support::Test;

use super::page::Case;

const BOOK: &str = "
    name: Three files
    steps:
      - {id: first, on: local, run: touch first, undo: rm first}
      - {id: second, on: local, run: test -e allowed && touch second, undo: rm -f second}
      - {id: third, on: local, run: touch third, undo: rm third}
";

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let test = Test::new().runbook(BOOK).file("plan.md", "# A plan\n").file("there.yaml", "mine\n");
    let mut case = |title, words: &str| cases.push(Case::of(title, &test, words));
    case("a command that there is none of", "rum book.yaml");
    case("an option that there is none of", "run book.yaml --dry-rum");
    case("no run yet", "resume");
    case("a runbook that is not there", "run nobook.yaml");
    case("a variable without a value", "run book.yaml --var word");
    case("a variable with a name that is none", "run book.yaml --var 1x=y");
    case("a variable that the runbook has not", "run book.yaml --var wrod=hello");
    case("a file of variables that is not there", "run book.yaml --vars-file none.yaml");
    case("a host without an address", "run book.yaml --host web");
    case("a step that there is none of", "run book.yaml --from secnod");
    case("an ssh configuration that is not there", "run book.yaml --ssh-config none");
    case("an answers file that is not there", "run book.yaml --answers none.yaml");
    test.put("answers.yaml", "frist: {confirm: true}\nsecond: {manual: done}\n");
    case("answers to what nobody asks", "run book.yaml --answers answers.yaml");
    case("a state in another place than a file", "runs --state redis://db");
    case("a state in PostgreSQL", "runs --state postgres://db/runs");
    case("a state without a name", "runs --state folder/");
    case("a report of a form that there is none of", "report --out report.pdf");
    case("a new runbook where there is one", "new there.yaml");
    case("a new runbook in a folder that is not there", "new none/there.yaml");
    case("a plan to import that is not there", "import none.md");
    case("a plan to import with nothing in it", "import plan.md");
    case("manual pages for a folder that is not there", "man --out none");
    std::fs::create_dir_all(test.path("man/runbook.1")).unwrap();
    case("manual pages that cannot be written", "man --out man");
    case("the demo for a script", "demo --output json");
    let homeless = Test::new().env("HOME", "").env("XDG_STATE_HOME", "");
    cases.push(Case::of("no home to keep runs in", &homeless, "runs"));
    let bare = Test::new().env("PATH", "/no/programs");
    cases.push(Case::of("the demo without sshd", &bare, "demo"));
    cases.extend(with_runs());
    cases
}

/// Which run, and which step of it.
fn with_runs() -> Vec<Case> {
    let test = Test::new().runbook(BOOK);
    test.run("run book.yaml").exits(1);
    let run = test.newest();
    let mut cases = vec![
        Case::of("a run that there is none of", &test, "resume zzz"),
        Case::of("a step that the run has not, nearly", &test, &format!("skip {run} secnod")),
        Case::of("a step that the run has not", &test, &format!("skip {run} x")),
        Case::of("the log of a step that the run has not, nearly", &test, &format!("log {run} secnod")),
        Case::of("the log of a step that the run has not", &test, &format!("log {run} x")),
        Case::of("a checkpoint that the run has not, nearly", &test, "rollback --to secnod"),
        Case::of("a checkpoint that the run has not", &test, "rollback --to x"),
        Case::of("a report that cannot be written", &test, "report --out none/report.md"),
        Case::of("nothing is due", &test, "due"),
    ];
    test.run("run book.yaml").exits(1);
    cases.push(Case::of("the beginning of several runs", &test, "resume 1"));
    cases.push(Case::of("several runs are unfinished", &test, "resume"));
    cases
}
