//! A file that is included twice: its variables, its ids, its gates and its lists are its own each time.

use crate::support::Test;

const BOOK: &str = "
    name: Both sides
    vars: {dir: 'DIR', side: the book's, greeting: hello}
    phases:
      - include: {file: parts/side.yaml, vars: {side: eu}, as: eu}
      - include: {file: parts/side.yaml, as: us}
      - id: end
        name: End
        steps:
          - {id: last, on: local, run: {script: 'printf %s \"$X\" >last', env: {X: '{{ steps[\"eu-said\"].stdout }} {{ steps[\"us-said\"].stdout }}'}}, undo: rm last}
";

const SIDE: &str = "
    runbook: 1
    vars: {side: default}
    phases:
      - id: work
        name: Work on {{ side }}
        confirm: 'Begin with {{ side }}?'
        steps:
          - id: said
            checkpoint: before
            on: local
            run: printf '%s %s' {{ greeting | quote }} {{ side | quote }}
            undo: nothing
          - {id: mark, on: local, temporary: for now, file: {path: '{{ dir }}/mark-{{ side }}', state: directory}}
          - id: each
            on: local
            foreach: {csv: names.csv}
            run: {script: 'printf \"%s \" \"$NAME\" \"$SAID\" >>\"$FILE\"', env: {NAME: '{{ item.name }}', SAID: '{{ steps.said.stdout }}', FILE: '{{ dir }}/names-{{ side }}'}}
            undo: rm -f {{ dir | quote }}/names-{{ side | quote }}
          - {id: unmark, restores: mark}
";

#[test]
fn an_include_with_a_prefix_is_a_part_of_its_own() {
    let test = Test::new();
    let dir = test.path("").display().to_string();
    let test = test
        .runbook(&BOOK.replace("DIR", dir.trim_end_matches('/')))
        .file("parts/side.yaml", SIDE)
        .file("parts/names.csv", "name\nann\nbob\n");
    test.run("check book.yaml").exits(0);
    // The gates are called by their prefixed ids, and only those that were answered are open.
    let test = test.file("answers.yaml", "eu-work: {confirm: true}\n");
    test.run("run book.yaml --answers answers.yaml").exits(3).says("Work on eu").says("parked: the gate `us-work`");
    assert_eq!(test.read("names-eu"), "ann hello eu bob hello eu ");
    assert!(!test.path("mark-eu").exists(), "what it restores is the mark of its own side");
    let test = test.file("answers.yaml", "us-work: {confirm: true}\n");
    test.run("resume --answers answers.yaml").exits(0).says("Work on default");
    assert_eq!(test.read("last"), "hello eu hello default");
    assert_eq!(test.read("names-default"), "ann hello default bob hello default ");
    // Back to the checkpoint of one side leaves the other as it is.
    test.run("rollback --to us-before").exits(4);
    assert!(test.path("names-eu").exists() && !test.path("names-default").exists() && !test.path("last").exists());
    test.run("rollback").exits(4);
    assert!(!test.path("names-eu").exists());
    // An edit of what is included is noticed.
    let test = test.file("answers.yaml", "eu-work: {confirm: true}\n");
    test.run("run book.yaml --answers answers.yaml").exits(3);
    test.file("parts/names.csv", "name\nann\neve\n").run("resume").exits(2).says("names.csv");
}
