//! `report`: a run as a page, whatever hosts said.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::Test;

/// Prints what is meant for terminals, browsers and wikis to stumble over.
const BOOK: &str = r#"
    name: "Move <b>it</b>"
    secrets: {pw: {env: PW}}
    phases:
      - id: prepare
        name: Prepare
        steps:
          - {id: conf, on: local, copy: {dest: "DIR/conf", content: "one\n<i>two</i>\n", mode: "0644"}}
          - id: hostile
            on: local
            run: {script: "cat hostile; echo the password is $P", env: {P: "{{ secrets.pw }}"}, cwd: "DIR"}
            undo: nothing
      - id: cut
        name: The cut
        confirm: Ready?
        steps:
          - id: flaky
            on: local
            retry: {attempts: 2, delay: 10ms}
            run: {script: "echo trying; test -e second || { touch second; echo lost >&2; exit 12; }", cwd: "DIR"}
            undo: [{run: {script: rm -f second, cwd: "DIR"}}]
          - {id: told, manual: {text: Tell them., ask: {where: "Where?"}}}
          - {id: fails, on: local, run: "echo no >&2; exit 3", undo: "true"}
"#;

const HOSTILE: &str =
    "</pre></details><script>alert(1)</script> [x](javascript:alert(1)) ``````` \x1b]0;owned\x07\x1b[2J \u{202e}live\n";

fn ran() -> Test {
    let test = Test::new().env("PW", "hunter2-secret");
    let book = BOOK.replace("DIR", test.path("").to_str().unwrap().trim_end_matches('/'));
    let test = test.runbook(&book);
    std::fs::write(test.path("hostile"), [HOSTILE.as_bytes(), b"\xff\xfe\n"].concat()).unwrap();
    test.put("answers.yaml", "cut: {confirm: true}\ntold: {manual: done, answers: {where: on <list>}, note: sent}\n");
    test.run("run book.yaml --answers answers.yaml").exits(1);
    test
}

#[test]
fn a_page_holds_everything_and_nothing_in_it_is_alive() {
    let test = ran();
    let run = test.newest();
    test.run(&format!("report {run} -o report.html")).exits(0).says("written: report.html");
    let page = test.read("report.html");
    for words in [
        "<h1>Move &lt;b&gt;it&lt;&#x2F;b&gt;</h1>",
        "<strong>stopped</strong>",
        "+&lt;i&gt;two&lt;",
        "&lt;script&gt;alert(1)",
        "\\x1b]0;owned\\x07\\x1b[2J \\u{202e}live",
        "\\xff\\xfe",
        "the password is ***",
        "{{ secrets.pw }}",
        "try 1: failed",
        "try 2: applied",
        "exited with 12",
        "yes (answers file)",
        "where: on &lt;list&gt;; sent",
        "rm -f second",
    ] {
        let (page, words) = (page.replace("&#x2F;", "/").replace("&#x27;", "'"), words.replace("&#x2F;", "/"));
        assert!(page.contains(&words), "no `{words}` in\n{page}");
    }
    for dead in ["<script", "<b>it", "<i>two", "\x1b", "\u{202e}", "hunter2", "href=\"j", "http://", "https://"] {
        assert!(!page.contains(dead), "`{dead}` in\n{page}");
    }
    let mode = std::fs::metadata(test.path("report.html")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "what hosts said is for its owner");
}

#[test]
fn a_page_is_replaced_and_its_name_says_what_it_is() {
    let test = ran();
    let run = test.newest();
    test.put("report.md", "old");
    let lines = test.run("report -o report.md --output json").exits(0).json();
    assert_eq!((lines[0]["event"].as_str(), lines[0]["path"].as_str()), (Some("report"), Some("report.md")));
    assert_eq!(lines[1]["exit"], 0);
    let written = test.read("report.md");
    assert!(written.starts_with("# Move &lt;b&gt;it&lt;/b&gt;: stopped\n"), "{written}");
    assert!(written.contains("\n````````text\n</pre>"), "{written}");
    assert!(!written.contains("hunter2"));
    let told = test.run("report").exits(0);
    assert!(
        told.stdout.starts_with("# Move &lt;b&gt;it&lt;/b&gt;: stopped\n") && !told.stdout.contains('\x1b'),
        "{told}"
    );
    test.run("report -o report.pdf").exits(2).complains("the name does not say what to write").complains("FILE.html");
    test.run("report -o nowhere/report.md").exits(2).complains("nowhere").complains("a folder that can be written");
    test.run("report 1zzz -o report.md").exits(2).complains("there is no run `1zzz`");
    test.run(&format!("rollback {run}")).exits(4);
    test.run(&format!("report {run}")).exits(0).says(": rolled back\n").says("### What was taken back");
    Test::new().run("report").exits(2).complains("there are no runs here");
}
