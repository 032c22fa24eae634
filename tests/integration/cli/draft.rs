//! `new` and `import`: runbooks to start from.

use std::path::Path;

use insta::assert_snapshot;
use jiff::Timestamp;
use proptest::prelude::*;
use runbook::base::RunId;
use runbook::base::fs::FsError;
use runbook::display::{Style, diagnostics};
use runbook::model::draft::{ImportError, import, starting_point};
use runbook::model::load::load_with;
use runbook::plan::{Inputs, Plan, Scope, Situation, resolve};

use crate::support::Test;

#[test]
fn a_new_runbook_can_be_checked_and_planned() {
    let test = Test::new();
    assert_snapshot!(test.run("new my-move.yaml").exits(0), @"
    -- stdout
    my-move.yaml is there: change it to what you have to do
    to see whether it can be run: runbook check my-move.yaml
    -- exit 0
    ");
    assert!(test.read("my-move.yaml").contains("\nname: my move\n"));
    test.run("check my-move.yaml").exits(0).says("nothing is wrong with it");
    test.run("plan my-move.yaml --offline").exits(0).says("1 gate").says("3 manual steps");
    // What is there is somebody's.
    test.put("my-move.yaml", "mine\n");
    assert_snapshot!(test.run("new my-move.yaml"), @"
    -- stderr
    error: my-move.yaml is there already, and is left as it is
      help: another name, or move it away first
    -- exit 2
    ");
    assert_eq!(test.read("my-move.yaml"), "mine\n");
    test.run("new nowhere/x.yaml").exits(2).complains("nowhere/x.yaml");
}

#[test]
fn a_name_that_means_something_to_yaml_or_templates_is_a_name() {
    for name in ["'{{ x }}: #", "true", "a\nb"] {
        assert_eq!(planned(&starting_point(name)).unwrap().name, name);
    }
}

const PLAN: &str = "
    # Move the wiki

    We move it on *Sunday*, whatever {{ happens }}.

    ## Prepare the new server

    Everything here can be done days before.

    - Tell people
    - [ ] Install packages on the new server:
      ```sh
      apt-get install --yes apache2 rsync
      ```
    - Check that:
      - DNS answers
      - TLS works
        - for www
        - for cdn

    Then on old.example.org:

    ```bash
    pg_dump -Fc wiki >wiki.pg
    docker ps --format '{{.Names}}'
    ```

    1. First `a`
    2. Then **b**

       with more to say

       ```sql
       DROP TABLE x;
       ```

    <!-- a note -->

    ### Tests

    | a | b |
    |---|---|
    | 1 | 2 |

    ```apache
    <VirtualHost *:80>
    ```

    ```console
    $ echo hello \\
    >   world
    hello world
    $ true
    ```

    ## Tell people

    Wait a week. Then tell them.
";

#[test]
fn a_plan_becomes_a_runbook() {
    let test = Test::new().file("PLAN.md", PLAN);
    assert_snapshot!(test.run("import PLAN.md").exits(0), @r#"
    -- stdout
    # Made from PLAN.md by `runbook import`. What has to be decided yet is marked TODO.
    runbook: 1
    name: Move the wiki
    description: "{% raw %}We move it on *Sunday*, whatever {{ happens }}.{% endraw %}"

    hosts:
      new: new.invalid  # TODO: where it is, as ssh has it
      old: old.example.org
      todo: todo.invalid  # TODO: where it is, as ssh has it

    phases:
      - id: prepare-the-new-server
        name: Prepare the new server
        description: Everything here can be done days before.
        steps:
          - id: tell-people
            name: Tell people
            manual: Tell people

          - id: install-packages-on-the-new-server
            name: Install packages on the new server
            on: new
            run: apt-get install --yes apache2 rsync
            # TODO: how it is taken back, under `undo`; `undo: nothing` where it only looks

          - id: check-that
            name: Check that
            manual:
              text: "Check that:"
              checklist:
                - DNS answers
                - "TLS works: for www"
                - "TLS works: for cdn"

          - id: then-on-old-example-org
            name: Then on old.example.org
            on: old
            run:
              shell: bash
              script: |
                {% raw %}pg_dump -Fc wiki >wiki.pg
                docker ps --format '{{.Names}}'{% endraw %}
            # TODO: how it is taken back, under `undo`; `undo: nothing` where it only looks

          - id: first-a
            name: First a
            manual: "First `a`"

          - id: then-b
            name: Then b
            description: |-
              Then **b**

              with more to say
            on: todo  # TODO: on which host
            become: postgres
            sql:
              database: todo  # TODO: which database
              script: "DROP TABLE x;"
            # TODO: how it is taken back, under `undo`; `query` in place of `script` where it only looks

      - id: tests
        name: Tests
        steps:
          - id: a-b
            name: a , b
            manual: |-
              | a | b |
              |---|---|
              | 1 | 2 |

              ```apache
              <VirtualHost *:80>
              ```

          - id: echo-hello
            name: echo hello
            on: todo  # TODO: on which host
            run: |
              echo hello \
                world
              true
            # TODO: how it is taken back, under `undo`; `undo: nothing` where it only looks

      - id: tell-people-2
        name: Tell people
        steps:
          - id: wait-a-week
            name: Wait a week
            manual: Wait a week. Then tell them.
    -- exit 0
    "#);
    assert_snapshot!(test.run("import PLAN.md -o book.yaml").exits(0), @"
    -- stdout
    book.yaml is there; 9 things to decide: search for TODO
    to see whether it can be run: runbook check book.yaml
    -- exit 0
    ");
    test.run("check book.yaml").exits(0);
    test.run("import PLAN.md -o book.yaml").exits(2).complains("is there already");
}

#[test]
fn what_is_no_plan_is_refused() {
    let test = Test::new().file("empty.md", "").file("prose.md", "# A title\n\n<!-- and nothing else -->\n");
    std::fs::write(test.path("bytes.md"), b"- caf\xe9\n").unwrap();
    std::fs::write(test.path("large.md"), "- x\n".repeat(300_000)).unwrap();
    assert_snapshot!(test.run("import empty.md"), @"
    -- stderr
    error: empty.md: there is nothing in it to make a step of: no item of a list, no code, nothing below a heading
      help: `- Do this` becomes a step for a person, a block of code a script; or begin with: runbook new FILE
    -- exit 2
    ");
    test.run("import prose.md").exits(2).complains("nothing in it to make a step of");
    test.run("import bytes.md").exits(2).complains("not UTF-8");
    test.run("import large.md").exits(2).complains("larger than");
    test.run("import none.md").exits(2).complains("none.md");
}

#[test]
fn names_that_are_alike_become_ids_that_are_not() {
    let text = "# 1\n# 1\n- go\n- go\n- !!!\n- 2018\n- on\n# true\n- Go!\n";
    let book = import(text, "p.md", "p").unwrap();
    let ids: Vec<&str> = book.lines().filter_map(|line| line.trim().strip_prefix("- id: ")).collect();
    assert_eq!(ids, ["phase-1", "go", "go-2", "step", "step-2018", "step-on", "phase-true", "go-3"]);
    planned(&book).unwrap();
}

/// The plan of a runbook, or all that is wrong with it.
fn planned(book: &str) -> Result<Plan, String> {
    let path = Path::new("book.yaml");
    let loaded = load_with(path, &|asked| {
        let missing = || std::io::ErrorKind::NotFound.into();
        let missing = || FsError { verb: "reading", path: asked.to_owned(), source: missing() };
        if asked == path { Ok(book.as_bytes().to_vec()) } else { Err(missing()) }
    });
    let mut found = loaded.diagnostics;
    let plan = loaded.book.and_then(|book| {
        let (plan, more) = resolve(book, &Inputs::default());
        found.extend(more);
        plan
    });
    let text = diagnostics(&found.sorted(), &loaded.sources, &Style::plain());
    plan.ok_or_else(|| format!("{text}\n{book}"))
}

/// What the only step of a plan runs.
fn script(plan: &Plan) -> String {
    let step = plan.steps().next().unwrap();
    let run = RunId::from("1000000000");
    let situation = Situation { run: &run, started: Timestamp::UNIX_EPOCH, view: None };
    let scope = Scope::of(plan, step, situation, None, None);
    let value = scope.node(&step.step.action.as_ref().unwrap().value).unwrap();
    value.text().unwrap()
}

/// Text with everything in it that YAML, Markdown and templates make something of.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -~]{0,12}",
        Just("\n".to_owned()),
        Just("\t".to_owned()),
        "\\PC{0,4}",
        prop::sample::select(vec![
            "{{",
            "}}",
            "{%",
            "%}",
            "{#",
            "#}",
            "{% raw %}",
            "{% endraw %}",
            ": ",
            " #",
            "---\n",
            "...\n",
            "- ",
            "'",
            "\"",
            "\\",
            "|",
            ">",
            "&a",
            "*a",
            "!x",
            "```\n",
            "~~~\n",
            "# ",
            "## ",
            "> ",
            "1. ",
            "- [ ] ",
            "<b>",
            "<!--",
            "-->",
            "\r\n",
            "\u{85}",
            "\u{2028}",
            "\u{feff}",
            "\u{7f}",
            "\u{0}",
            "    ",
            "on the new server",
            "$ ",
            "null",
            "[a](b)",
            "| a |\n|---|\n",
        ])
        .prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    /// Whatever a plan looks like: what comes of it is a runbook without a mistake.
    #[test]
    fn every_plan_becomes_a_runbook_or_is_refused(text in hostile()) {
        match import(&text, "plan.md", "plan") {
            Ok(book) => { planned(&book).map_err(TestCaseError::fail)?; }
            Err(ImportError::NoSteps) => {}
        }
    }

    /// A script is run as it stood in the plan.
    #[test]
    fn a_script_comes_through_to_the_letter(text in hostile()) {
        let text = text.replace(['\r', '\u{0}'], " ");
        let text = text.trim_end().trim_start_matches('\n');
        let is_session = text.lines().find(|line| !line.trim().is_empty()).is_some_and(|line| line.trim_start().starts_with("$ "));
        prop_assume!(!text.trim().is_empty() && !is_session && !text.contains("~~~~~~~~"));
        let book = import(&format!("~~~~~~~~sh\n{text}\n~~~~~~~~\n"), "plan.md", "plan").unwrap();
        let plan = planned(&book).map_err(TestCaseError::fail)?;
        let ran = script(&plan);
        prop_assert_eq!(ran.trim_end_matches('\n'), text, "{}", book);
    }

    /// A name is what it was called.
    #[test]
    fn a_name_comes_through_to_the_letter(name in "\\PC{1,40}") {
        let plan = planned(&import("- x\n", "plan.md", &name).unwrap()).map_err(TestCaseError::fail)?;
        prop_assert_eq!(plan.name, name);
    }
}
