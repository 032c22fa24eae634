//! Each warning in each of its forms, and beside it what comes near and is right.

use std::path::Path;

use crate::display::{Style, diagnostics};
use crate::model::load::load_with;
use crate::model::{Diagnostic, Severity};
use crate::plan::{Inputs, resolve};

/// What is said of these steps, and the runbook's text.
fn said(steps: &str) -> String {
    let book = format!(
        "runbook: 1\nvars: {{data: /srv/site, empty: ''}}\nhosts: {{old: old.example.org, new: new.example.org}}\nsteps:\n{steps}"
    );
    let path = Path::new("book.yaml");
    let loaded = load_with(path, &|_| Ok(book.clone().into_bytes()));
    let mut found = loaded.diagnostics;
    if let Some(book) = loaded.book {
        found.extend(resolve(book, &Inputs::default()).1);
    }
    let found: Vec<Diagnostic> = found.sorted();
    assert!(
        found.iter().all(|one| one.severity == Severity::Warning),
        "{}",
        diagnostics(&found, &loaded.sources, &Style::plain())
    );
    diagnostics(&found, &loaded.sources, &Style::plain())
}

/// The messages alone.
fn messages(steps: &str) -> Vec<String> {
    said(steps).lines().filter_map(|line| line.strip_prefix("warning: ").map(str::to_owned)).collect()
}

#[test]
fn rm_on_a_variable_that_may_be_empty() {
    for (script, removed) in [
        (r#"rm -rf "$DIR/cache""#, "where `$DIR` is empty, `rm` removes `/cache`"),
        (r#"rm -rf -- "${DIR}"/*"#, "where `$DIR` is empty, `rm` removes `/*`"),
        (r"test -d x && sudo rm -r $DIR/", "where `$DIR` is empty, `rm` removes `/`"),
        (r#"rm -fr "$1/x""#, "where `$1` is empty, `rm` removes `/x`"),
        (
            "rm -rf {{ steps.look.stdout | quote }}/x",
            "where `{{ steps.look.stdout | quote }}` is empty, `rm` removes `/x`",
        ),
        ("rm -rf {{ empty | quote }}/x", "where `{{ empty | quote }}` is empty, `rm` removes `/x`"),
    ] {
        let steps = format!(
            "  - {{id: look, on: old, run: ls, undo: nothing}}\n  - id: a\n    on: old\n    run: |\n      {script}\n    undo: 'true'\n"
        );
        assert_eq!(messages(&steps), [removed], "{script}");
    }
    for right in [
        r#"rm -rf "${DIR:?}/cache""#,
        r#"rm -rf "$DIR""#,
        r#"rm -f "$DIR/cache""#,
        "DIR=/srv/x\n      rm -rf \"$DIR/cache\"",
        "test -n \"$DIR\"\n      rm -rf \"$DIR/cache\"",
        "DIR=$(mktemp -d)\n      rm -rf \"$DIR/cache\"",
        r#"rm -rf "$HOME/cache""#,
        r"rm -rf {{ data | quote }}/cache",
        r#"echo "rm -rf $DIR/x""#,
        "cat <<'END'\n      rm -rf $DIR/x\n      END",
    ] {
        let steps = format!("  - id: a\n    on: old\n    run: |\n      {right}\n    undo: 'true'\n");
        assert_eq!(messages(&steps), Vec::<String>::new(), "{right}");
    }
    let given = "  - {id: a, on: old, run: {script: 'rm -rf \"$DIR/x\" \"$1/y\"', env: {DIR: '{{ data }}'}, args: [/srv]}, undo: 'true'}\n";
    assert_eq!(messages(given), Vec::<String>::new());
    let open = "  - {id: a, on: old, run: {script: 'rm -rf \"$DIR/x\"', env: {DIR: '{{ empty }}'}}, undo: 'true'}\n";
    assert_eq!(messages(open).len(), 1);
}

#[test]
fn what_destroys_for_good() {
    for (action, what) in [
        ("run: dropdb site", "dropdb"),
        ("run: rm -rf /srv/site", "rm -r"),
        ("run: sudo -n userdel web", "userdel"),
        ("run: mkfs.ext4 /dev/sdb1", "mkfs.ext4"),
        ("run: dd if=/dev/zero of=/dev/sdb", "dd"),
        ("run: zfs destroy tank/site", "zfs destroy"),
        ("run: 'psql -c \"DROP TABLE users\" site'", "DROP TABLE"),
        ("sql: {database: site, script: 'select 1; drop database x;'}", "drop database"),
    ] {
        let due =
            format!("`{what}` is for good: nobody is asked before it, and nothing brings back what it takes away");
        assert_eq!(messages(&format!("  - {{id: a, on: old, {action}}}\n")), [due], "{action}");
        for right in ["undo: createdb site", "confirm: Sure?", "irreversible: there is no copy", "undo: nothing"] {
            assert_eq!(
                messages(&format!("  - {{id: a, on: old, {action}, {right}}}\n")),
                Vec::<String>::new(),
                "{action} {right}"
            );
        }
    }
    for right in
        ["run: rm -f /srv/x", "run: rm -rf /var/tmp/x", "run: 't=$(mktemp -d); rm -r \"$t\"'", "run: echo dropdb site"]
    {
        assert_eq!(messages(&format!("  - {{id: a, on: old, {right}}}\n")), Vec::<String>::new(), "{right}");
    }
}

#[test]
fn a_restart_on_a_configuration_that_nobody_has_tested() {
    let restart = "  - {id: r, on: [old, new], service: {name: apache2.service, state: restarted}}\n";
    let due = "`apache2` may not come up again: nothing has tested its configuration since `c` changed it";
    let changes = [
        "copy: {content: x, dest: /etc/apache2/conf-enabled/x.conf}",
        "move: {from: /etc/apache2/sites-enabled, to: /etc/apache2/sites-enabled.old}",
        "line: {path: /etc/apache2/ports.conf, line: Listen 81}",
        "file: {path: /etc/apache2/sites-enabled/x.conf, state: absent}",
        "run: a2enmod rewrite, undo: a2dismod rewrite",
        "run: 'sed -i s/a/b/ /etc/apache2/ports.conf', undo: 'true'",
    ];
    for change in changes {
        let change = format!("  - {{id: c, on: old, {change}}}\n");
        assert_eq!(messages(&format!("{change}{restart}")), [due], "{change}");
        let test = "  - {id: t, on: old, run: apache2ctl configtest, undo: nothing}\n";
        assert_eq!(messages(&format!("{change}{test}{restart}")), Vec::<String>::new(), "{change}");
        let elsewhere = "  - {id: t, on: new, run: apache2ctl configtest, undo: nothing}\n";
        assert_eq!(messages(&format!("{change}{elsewhere}{restart}")), [due], "{change}");
        let other = "  - {id: r, on: old, service: {name: nginx, state: restarted}}\n";
        assert_eq!(messages(&format!("{change}{other}")), Vec::<String>::new(), "{change}");
    }
    for right in [
        "copy: {content: x, dest: /etc/apache2/x.conf, validate: \"apache2ctl -t -c 'Include %s'\"}",
        "copy: {content: x, dest: /etc/apache2/x.conf}, verify: apache2ctl configtest",
        "copy: {content: x, dest: /etc/motd}",
        "run: cat /etc/apache2/ports.conf, undo: nothing",
    ] {
        assert_eq!(messages(&format!("  - {{id: c, on: old, {right}}}\n{restart}")), Vec::<String>::new(), "{right}");
    }
    let by_script = "  - {id: c, on: old, copy: {content: x, dest: /etc/nginx/x}}\n  - {id: r, on: old, run: systemctl reload nginx.service, undo: 'true'}\n";
    assert_eq!(messages(by_script), [due.replace("apache2", "nginx")]);
    let synced = "  - {id: c, sync: {from: 'local:/x/', to: 'old:/etc/apache2/sites-available/'}}\n";
    assert_eq!(messages(&format!("{synced}{restart}")), [due]);
    assert_eq!(messages(restart), Vec::<String>::new());
}

#[test]
fn a_temporary_change_that_nothing_ends() {
    let open = "  - {id: off, on: old, cron: {file: /etc/cron.d/x, state: disabled}, temporary: until then}\n";
    assert_eq!(messages(open), ["no step ends the temporary change of `off`"]);
    assert_eq!(messages(&format!("{open}  - {{id: on, restores: off}}\n")), Vec::<String>::new());
}

#[test]
fn a_wait_without_a_reason() {
    for wait in ["wait: 1h", "wait: {until: 2018-08-20T09:00Z}"] {
        assert_eq!(messages(&format!("  - {{id: a, {wait}}}\n")), ["nothing says what is waited for"]);
        for right in ["name: Until resolvers have forgotten", "description: resolvers forget"] {
            assert_eq!(messages(&format!("  - {{id: a, {right}, {wait}}}\n")), Vec::<String>::new());
        }
    }
    let check = "  - {id: a, on: old, wait: {for: {run: test -e /x}}}\n";
    assert_eq!(messages(check), Vec::<String>::new());
}

#[test]
fn a_step_behind_the_point_of_no_return() {
    let point = "  - {id: point, on: old, run: x, undo: nothing, irreversible: it is gone}\n";
    let due = "behind the point of no return, `point`, nothing tells whether this has worked";
    for after in ["run: y, undo: z", "sql: {database: a, script: VACUUM}, undo: nothing-here"] {
        assert_eq!(messages(&format!("{point}  - {{id: a, on: old, {after}}}\n")), [due], "{after}");
        assert_eq!(messages(&format!("  - {{id: a, on: old, {after}}}\n{point}")), Vec::<String>::new(), "{after}");
    }
    for right in ["run: y, undo: z, verify: test -e /x", "run: y, undo: nothing", "service: {name: a, state: started}"]
    {
        assert_eq!(messages(&format!("{point}  - {{id: a, on: old, {right}}}\n")), Vec::<String>::new(), "{right}");
    }
}

#[test]
fn each_says_where_why_and_what_to_write() {
    insta::assert_snapshot!(said(
        r#"  - {id: conf, on: old, copy: {content: x, dest: /etc/nginx/x.conf}}
  - {id: restart, on: old, service: {name: nginx, state: reloaded}}
  - id: empty
    on: old
    run: |
      cd /srv
      rm -rf -- "$DIR/cache"
  - {id: "off", on: old, cron: {file: /etc/cron.d/x, state: disabled}, temporary: until then}
  - {id: an-hour, wait: 1h}
  - {id: gone, on: old, run: "true", undo: nothing, irreversible: it is gone}
  - {id: after, on: new, run: touch /x, undo: rm -f /x}
"#
    ), @r#"
    warning: `nginx` may not come up again: nothing has tested its configuration since `conf` changed it
     --> book.yaml:6:28
      |
    6 |   - {id: restart, on: old, service: {name: nginx, state: reloaded}}
      |                            ^^^^^^^
      = help: a step before it: `run: nginx -t`, `undo: nothing`

    warning: `rm -r` is for good: nobody is asked before it, and nothing brings back what it takes away
      --> book.yaml:11:7
       |
    11 |       rm -rf -- "$DIR/cache"
       |       ^^^^^^^^^^^^^^^^^^^^^^
       = help: keep a copy and say how it is put back, under `undo`; or ask with `confirm`; or say why there is no way back: `irreversible`

    warning: where `$DIR` is empty, `rm` removes `/cache`
      --> book.yaml:11:17
       |
    11 |       rm -rf -- "$DIR/cache"
       |                 ^^^^^^^^^^^^
       = help: `"${DIR:?}/cache"`: the script ends where it is empty

    warning: no step ends the temporary change of `off`
      --> book.yaml:12:83
       |
    12 |   - {id: "off", on: old, cron: {file: /etc/cron.d/x, state: disabled}, temporary: until then}
       |                                                                                   ^^^^^^^^^^
       = help: a later step with `restores: off`; without one the run ends with exit code 7, and the change stays

    warning: nothing says what is waited for
      --> book.yaml:13:19
       |
    13 |   - {id: an-hour, wait: 1h}
       |                   ^^^^
       = help: a `name` or a `description`: whoever finds the run parked has to know whether the wait can be cut short

    warning: behind the point of no return, `gone`, nothing tells whether this has worked
      --> book.yaml:15:26
       |
    15 |   - {id: after, on: new, run: touch /x, undo: rm -f /x}
       |                          ^^^
       = help: `verify` with a script or a check of what must hold: there is no way back from here if it does not

    6 warnings
    "#);
}
