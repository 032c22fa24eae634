//! A plan that is kept, and a run that is held to it.

use std::os::unix::fs::PermissionsExt as _;

use insta::assert_snapshot;

use crate::support::Test;

const SECRET: &str = "s3cret-that-is-not-kept";

/// A script that tells when it began, and a file.
fn site() -> Test {
    let test = Test::new().file("index.html", "new\n").env("KEY", SECRET);
    let dest = test.path("site.html").display().to_string();
    test.put(
        "book.yaml",
        &format!(
            "
            runbook: 1
            name: A site
            vars: {{word: hello}}
            secrets: {{key: {{env: KEY}}}}
            steps:
              - id: began
                on: local
                run:
                  script: 'echo {{{{ run.started | quote }}}} {{{{ word | quote }}}} >began'
                  env: {{KEY: '{{{{ secrets.key }}}}'}}
                undo: rm began
              - {{id: page, on: local, copy: {{src: index.html, dest: '{dest}'}}}}
            "
        ),
    );
    test
}

#[test]
fn a_run_is_held_to_what_was_planned() {
    let test = site();
    test.run("plan book.yaml --out plan.json").exits(0).says("to carry it out: runbook run book.yaml --plan plan.json");
    let mode = std::fs::metadata(test.path("plan.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!test.read("plan.json").contains(SECRET));
    test.run("run book.yaml --plan plan.json").exits(0);
    assert_eq!(test.read("site.html"), "new\n");
    assert_snapshot!(test.run("run book.yaml --plan plan.json"), @r"
    -- stderr
    page@local would do something else  book.yaml:12
      --- then
      +++ now
      @@ -1,7 +1 @@
      -~ page  local  would change
      -    write [dir]/site.html (4 B, root:root, 0644) from index.html
      -      --- /dev/null
      -      +++ local:[dir]/site.html
      -      @@ -0,0 +1 @@
      -      +new
      -    undo: it is removed again
      += page  local  already as asked

    error: not all is as it was planned at [when]: nothing ran
      help: to plan it anew: runbook plan book.yaml --out plan.json
    -- exit 2
    ");
}

#[test]
fn what_is_not_as_it_was_planned_is_shown_and_nothing_runs() {
    let test = site();
    test.put("site.html", "old\n");
    test.run("plan book.yaml --out plan.json").exits(0);
    test.put("site.html", "older\n");
    test.put("index.html", "newer\n");
    assert!(!test.read("plan.json").contains("new\\n\""), "what is sent is kept by its hash");
    assert_snapshot!(test.run("run book.yaml --plan plan.json --var word=bye --only page"), @r#"
    -- stderr
    the runbook says something else
      --- index.html
      +++ index.html
      @@ -1 +1 @@
      -sha256 [hash]
      +sha256 [hash]

    --only says something else: it was nothing, now it is ["page"]

    --var word says something else: it was nothing, now it is "bye"

    began@local would do something else  book.yaml:6
      --- then
      +++ now
      @@ -1,5 +1 @@
      -~ began  local  would change
      -    run echo [when] hello >began
      -      # env: KEY={{ secrets.key }}
      -      echo [when] hello >began
      -    undo: rm began
      +– began  local  left out: it is not among those chosen (--only)

    page@local would do something else  book.yaml:12
      --- then
      +++ now
      @@ -1,8 +1,8 @@
       ~ page  local  would change
      -    write [dir]/site.html (4 B, root:root, 0644) from index.html
      +    write [dir]/site.html (6 B, root:root, 0644) from index.html
             --- local:[dir]/site.html
             +++ local:[dir]/site.html
             @@ -1 +1 @@
      -      -old
      -      +new
      +      -older
      +      +newer
           undo: the content of before is put back, with its owner, mode and times

    error: not all is as it was planned at [when]: nothing ran
      help: to plan it anew: runbook plan book.yaml --out plan.json --var word=bye --only page
    -- exit 2
    "#);
    assert!(!test.path("began").exists());
    assert!(!test.journal().exists(), "no run has begun");
    let events = test.run("run book.yaml --plan plan.json --output json").exits(2).json();
    let about = |event: &serde_json::Value| event["difference"]["about"].as_str().unwrap_or_default().to_owned();
    assert_eq!(events.iter().map(about).collect::<Vec<_>>(), ["files", "unit", "", ""]);
}

#[test]
fn a_file_that_is_no_text_is_told_too() {
    let test = Test::new();
    let dest = test.path("copy").display().to_string();
    test.put(
        "book.yaml",
        &format!("runbook: 1\nname: x\nsteps:\n- {{id: put, on: local, copy: {{src: blob, dest: '{dest}'}}}}\n"),
    );
    std::fs::write(test.path("blob"), b"\xff\x00one").unwrap();
    test.run("plan book.yaml --out plan.json").exits(0);
    std::fs::write(test.path("blob"), b"\xff\x00two").unwrap();
    assert_snapshot!(test.run("run book.yaml --plan plan.json"), @r"
    -- stderr
    put sends something else: a file that is no text, or longer than 1 MiB, has changed

    error: not all is as it was planned at [when]: nothing ran
      help: to plan it anew: runbook plan book.yaml --out plan.json
    -- exit 2
    ");
    assert!(!test.path("copy").exists());
}

#[test]
fn what_is_no_plan_is_refused() {
    let test = site();
    for (text, why) in [
        ("", "--plan: plan.json is not what `plan --out` has written: EOF while parsing"),
        ("[]", "it has no `format`"),
        ("{\"format\": 99}", "it is of format 99, this runbook writes 1"),
        ("{\"format\": 1}", "missing field `at`"),
    ] {
        test.put("plan.json", text);
        test.run("run book.yaml --plan plan.json").exits(2).complains(why);
    }
    test.run("run book.yaml --plan gone.json").exits(2).complains("--plan: reading gone.json");
    test.run("plan book.yaml --out gone/plan.json").exits(1).complains("--out: writing gone/plan.json");
    test.run("plan book.yaml --offline --out plan.json").exits(2).complains("cannot be used with");
}

#[test]
fn a_host_that_is_another_machine_is_told() {
    let Some(test) = Test::new().host("old").and_then(|test| test.host("new")) else { return };
    let test = test.runbook(
        "
        name: Two hosts
        hosts: {old: old.example.org, new: new.example.org}
        steps:
          - {id: where, on: old, run: echo here, undo: nothing}
        ",
    );
    test.run("plan book.yaml --out plan.json").exits(0);
    let hosts = test.read("hosts.yaml");
    test.put("hosts.yaml", &hosts.replace("ssh: old-box", "ssh: new-box"));
    let ran = test.run("run book.yaml --plan plan.json").exits(2);
    ran.complains("--host old says something else: it was")
        .complains("old is another machine: its host key was [key], now it is [key]");
}

#[test]
fn what_nobody_has_seen_is_not_kept() {
    let test = Test::new().runbook(
        "
        name: Gone
        hosts: {old: {ssh: 127.0.0.1, port: 1}}
        steps:
          - {id: where, on: old, run: echo here, undo: nothing}
          - {id: again, on: old, run: echo here, undo: nothing}
        ",
    );
    let said = test.run("plan book.yaml --out plan.json").exits(1);
    said.says("blocked: cannot reach old").complains("nothing is kept in plan.json: old could not be reached");
    assert!(!test.path("plan.json").exists());
}
