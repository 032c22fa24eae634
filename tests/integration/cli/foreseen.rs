//! The dry run: later steps are foreseen by what earlier ones will have left.

use insta::assert_snapshot;

use crate::support::Test;

/// A book whose steps act on this machine; `DIR` stands for the folder that it is in.
fn book(steps: &str) -> Test {
    let test = Test::new();
    let dir = test.path("").display().to_string();
    let steps = steps.replace("DIR", dir.trim_end_matches('/'));
    test.put("book.yaml", &format!("runbook: 1\nname: x\nsteps:\n{steps}"));
    test
}

#[test]
fn a_file_is_foreseen_as_the_steps_before_leave_it() {
    let test = book(
        "
        - {id: room, on: local, file: {path: DIR/site/html, state: directory}}
        - {id: page, on: local, copy: {content: \"one\\n\", dest: DIR/site/html/index}}
        - {id: again, on: local, copy: {content: \"one\\n\", dest: DIR/site/html/index}}
        - {id: edit, on: local, line: {path: DIR/site/html/index, line: two}}
        - {id: other, on: local, copy: {content: \"three\\n\", dest: DIR/site/html/index}}
        - {id: elsewhere, on: local, copy: {from: 'local:DIR/site/html/index', dest: DIR/copy}}
        - {id: gone, on: local, file: {path: DIR/site/html/index, state: absent}}
        - {id: late, on: local, line: {path: DIR/site/html/index, line: two}}
        - {id: moved, on: local, move: {from: DIR/site/html, to: DIR/site/www}}
        - {id: there, on: local, copy: {content: x, dest: DIR/site/www/index}}
        ",
    );
    assert_snapshot!(test.run("plan book.yaml"), @r"
    -- stdout
    ~ room       local  would change  book.yaml:5
        make the folder [dir]/site/html (root:root, 0755)
          and above it [dir]/site
        undo: it is removed again, if it is empty
    ~ page       local  would change, after room  book.yaml:6
        write [dir]/site/html/index (4 B, root:root, 0644)
          --- /dev/null
          +++ local:[dir]/site/html/index
          @@ -0,0 +1 @@
          +one
        undo: it is removed again
    = again      local  as asked, after room, page
    ~ edit       local  would change, after room, page  book.yaml:8
        [dir]/site/html/index: append a line
          --- local:[dir]/site/html/index
          +++ local:[dir]/site/html/index
          @@ -1 +1,2 @@
           one
          +two
        undo: this edit is taken out again, whatever else changes in the file meanwhile
    ~ other      local  would change, after room, edit  book.yaml:9
        write [dir]/site/html/index (6 B, root:root, 0644)
          --- local:[dir]/site/html/index
          +++ local:[dir]/site/html/index
          @@ -1,2 +1 @@
          -one
          -two
          +three
        undo: the content of before is put back, with its owner, mode and times
    ~ elsewhere  local  would change, after room, other  book.yaml:10
        write [dir]/copy (6 B, root:root, 0644) from local:[dir]/site/html/index
          --- /dev/null
          +++ local:[dir]/copy
          @@ -0,0 +1 @@
          +three
        undo: it is removed again
    ~ gone       local  would change, after room, other  book.yaml:11
        remove [dir]/site/html/index, a file of 6 B
          moved aside under a dot name beside it, until the run is cleaned up
        undo: it is moved back
    ! late       local  blocked, after room, gone: there is no [dir]/site/html/index on local: a `file` step with `state: present` makes an empty one  book.yaml:12
        an earlier step changes something on that host, and may clear this
    ~ moved      local  would change, after room  book.yaml:13
        move [dir]/site/html -> [dir]/site/www
        undo: moved back in reverse
    ? there      local  cannot be known until moved has run  book.yaml:14
          content: x
          dest: [dir]/site/www/index

    7 changes · 1 as asked · 1 not known yet · 1 blocked
    nothing was changed
    to carry it out: runbook run book.yaml
    -- exit 0
    ");
    // And so it comes about, but for the step that is blocked.
    test.run("run book.yaml").exits(1).says("there is no [dir]/site/html/index on local");
    assert_eq!(test.read("copy"), "three\n");
}

#[test]
fn what_is_as_asked_now_is_not_once_a_step_has_changed_it() {
    let test = book(
        "
        - {id: off, on: local, copy: {content: \"off\\n\", dest: DIR/state}}
        - {id: on, on: local, copy: {content: \"on\\n\", dest: DIR/state}}
        - {id: link, on: local, file: {path: DIR/link, state: link, to: DIR/state}}
        - {id: through, on: local, copy: {content: \"on\\n\", dest: DIR/link}}
        ",
    );
    test.put("state", "on\n");
    assert_snapshot!(test.run("plan book.yaml"), @r"
    -- stdout
    ~ off      local  would change  book.yaml:5
        write [dir]/state (4 B, root:root, 0644)
          --- local:[dir]/state
          +++ local:[dir]/state
          @@ -1 +1 @@
          -on
          +off
        undo: the content of before is put back, with its owner, mode and times
    ~ on       local  would change, after off  book.yaml:6
        write [dir]/state (3 B, root:root, 0644)
          --- local:[dir]/state
          +++ local:[dir]/state
          @@ -1 +1 @@
          -off
          +on
        undo: the content of before is put back, with its owner, mode and times
    ~ link     local  would change  book.yaml:7
        link [dir]/link to [dir]/state
        undo: it is removed again
    ? through  local  cannot be known until link has run  book.yaml:8
          content: on

          dest: [dir]/link

    3 changes · 1 not known yet
    nothing was changed
    to carry it out: runbook run book.yaml
    -- exit 0
    ");
    // Where nothing is to be done by the first, the second is as asked.
    test.put("state", "off\n");
    test.run("plan book.yaml").exits(0).says("off      local  already as asked");
}

#[test]
fn what_another_step_brings_cannot_be_known() {
    let test = book(
        "
        - {id: fill, sync: {from: 'local:DIR/tree/', to: 'local:DIR/data/'}}
        - {id: below, on: local, line: {path: DIR/data/file, line: 'it is {{ 1 + 1 }}'}}
        - {id: beside, on: local, copy: {content: x, dest: DIR/database}}
        - {id: on, sync: {from: 'local:DIR/data/', to: 'local:DIR/more/'}}
        - {id: into, on: local, copy: {content: x, dest: DIR/tree/other}}
        - {id: late, sync: {from: 'local:DIR/tree/', to: 'local:DIR/last/'}}
        ",
    )
    .file("tree/file", "x\n");
    std::fs::create_dir(test.path("data")).unwrap();
    let said = test.run("plan book.yaml").exits(0);
    said.says("? below   local  cannot be known until fill has run  book.yaml:6\n      path: [dir]/data/file\n      line: it is 2\n")
        .says("~ beside  local  would change  book.yaml:7\n")
        .says("? on             cannot be known until fill has run  book.yaml:8\n")
        .says("? late           cannot be known until into has run  book.yaml:10\n");
}

#[test]
fn what_is_below_a_link_that_is_switched_is_not_what_stands_there_now() {
    let test = book(
        "
        - {id: switch, on: local, file: {path: DIR/live, state: link, to: two}}
        - {id: page, on: local, copy: {content: \"one\\n\", dest: DIR/live/page}}
        - {id: clear, on: local, file: {path: DIR/data, state: absent}}
        - {id: room, on: local, file: {path: DIR/data, state: directory}}
        - {id: again, on: local, copy: {content: \"one\\n\", dest: DIR/data/page}}
        - {id: away, on: local, move: {from: DIR/data, to: DIR/old}}
        - {id: late, on: local, copy: {content: \"one\\n\", dest: DIR/data/page}}
        ",
    )
    .file("one/page", "one\n")
    .file("data/page", "one\n");
    std::fs::create_dir(test.path("two")).unwrap();
    std::os::unix::fs::symlink("one", test.path("live")).unwrap();
    let said = test.run("plan book.yaml").exits(0);
    said.says("? page    local  cannot be known until switch has run")
        .says("~ again   local  would change, after clear, room  book.yaml:9")
        .says("! late    local  blocked, after away: there is no folder [dir]/data on local");
    // And so it comes about.
    test.run("run book.yaml").exits(1).says("there is no folder [dir]/data on local");
    assert_eq!(test.read("two/page"), "one\n");
}

/// A systemd with one unit, which runs and is started at boot; nothing can be done with it.
const SYSTEMCTL: &str = r#"#!/bin/sh
case $1 in
show)
    for unit; do :; done
    [ "$unit" = demo.service ] || { echo LoadState=not-found; echo ActiveState=inactive; echo UnitFileState=; exit 0; }
    echo LoadState=loaded; echo ActiveState=active; echo UnitFileState=enabled; echo Result=success ;;
is-enabled) echo enabled ;;
*) exit 9 ;;
esac
"#;

#[test]
fn a_service_is_foreseen_as_the_steps_before_leave_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let test = book(
        "
        - {id: stop, on: local, service: {name: demo, state: stopped}}
        - {id: again, on: local, service: {name: demo, state: stopped}}
        - {id: start, on: local, service: {name: demo, state: started, enabled: true}}
        - {id: restart, on: local, service: {name: demo, state: restarted}}
        ",
    );
    test.put("bin/systemctl", SYSTEMCTL);
    std::fs::set_permissions(test.path("bin/systemctl"), std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", test.path("bin").display(), std::env::var("PATH").unwrap());
    let test = test.env("PATH", &path);
    assert_snapshot!(test.run("plan book.yaml"), @r"
    -- stdout
    ~ stop     local  would change  book.yaml:5
        demo.service: active -> stopped
        undo: start it
    = again    local  as asked, after stop
    ~ start    local  would change, after stop  book.yaml:7
        demo.service: inactive -> started
        undo: stop it
    ~ restart  local  would change, after start  book.yaml:8
        demo.service: active -> restarted
        undo: restart it again

    3 changes · 1 as asked
    nothing was changed
    to carry it out: runbook run book.yaml
    -- exit 0
    ");
}

#[test]
fn the_last_run_tells_what_to_expect() {
    let test = book(
        "
        - {id: one, on: local, run: ':', undo: nothing}
        - {id: pause, name: So that there is one, wait: 1s}
        ",
    );
    let watching = test
        .read("book.yaml")
        .replace("steps:\n", "watch:\n  - {name: page, http: {url: 'http://127.0.0.1:1/'}, every: 1s}\nsteps:\n");
    test.put("book.yaml", &watching);
    assert!(!test.run("plan book.yaml").exits(0).stdout.contains("the last run took"));
    test.run("run book.yaml").exits(0);
    test.run("rollback").exits(4);
    let said = test.run("plan book.yaml").exits(0);
    said.says("\n  1 wait:\n    So that there is one  book.yaml:8: 1s\n")
        .says("\n  the last run took [t] ([run], done [when])\n    page: down [t] in 1 outage\n");
}
