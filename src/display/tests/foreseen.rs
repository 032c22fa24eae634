//! What would happen: the dry run, gates, and the rollback's preview.

use insta::assert_snapshot;

use super::story::{Story, colored, restore, unit, visible};
use crate::base::UnitId;
use crate::display::{Asking, Event, Style, foreseen, gate, json, rollback_preview};
use crate::events::{Foreseen, Foresight, Preview};

fn unit_foreseen(unit: UnitId, name: &str, action: &str, foresight: Foresight) -> Foreseen {
    let place = "libravatar.yaml:31".to_owned();
    Foreseen {
        unit,
        name: name.into(),
        action: action.into(),
        place,
        foresight,
        irreversible: None,
        gated: false,
        after: Vec::new(),
        phase_gate: None,
    }
}

fn change(summary: &str, detail: &str, undo: &str, reversible: bool) -> Foresight {
    let preview = Preview { summary: summary.into(), detail: detail.into(), undo: undo.into() };
    Foresight::WouldChange { preview, reversible }
}

const DIFF: &str =
    "--- /etc/apache2/sites-enabled/default.conf\n+++ new\n@@ -1,2 +1,2 @@\n <VirtualHost *:80>\n-  Old\n+  New\n";

fn all() -> Vec<Foreseen> {
    let page = change("write /etc/apache2/sites-enabled/default.conf (1.2 KiB, root:root, 0644)", DIFF, "", true);
    let script = "- not a diff\npsql -c 'select 1'\n";
    let mut off = unit_foreseen(
        unit("power-off", Some("old")),
        "Shut the old server down",
        "reboot",
        change("off", "", "a server that is off stays off", false),
    );
    off.irreversible = Some("old is gone".into());
    let mut first = unit_foreseen(unit("page", Some("old")), "Write the page", "template", page);
    first.gated = true;
    let mut gone = unit_foreseen(
        unit("gone", None),
        "Left out",
        "manual",
        Foresight::LeftOut { why: "--skip-tags mirrors".into() },
    );
    gone.gated = true;
    vec![
        first.clone(),
        Foreseen { unit: unit("page", Some("mirror1")), foresight: Foresight::AsAsked, ..first },
        unit_foreseen(
            UnitId { item: Some(1), ..unit("script", Some("new")) },
            "A script",
            "run",
            change("run 2 lines as postgres", script, "psql -c 'select 2'", true),
        ),
        unit_foreseen(
            restore(),
            "Restore",
            "postgres",
            Foresight::UnknownUntil { step: "dump".into(), known: "from: old\nto: new".into() },
        ),
        unit_foreseen(
            unit("move", Some("old")),
            "Move",
            "move",
            Foresight::Blocked { why: "/etc/apache2/x is not there\nnor is y".into(), may_clear: true },
        ),
        unit_foreseen(
            unit("cron", Some("old")),
            "Jobs",
            "cron",
            Foresight::Blocked { why: "no such file".into(), may_clear: false },
        ),
        unit_foreseen(unit("ttl", None), "Wait for the TTL", "wait", Foresight::Waits { what: "1h".into() }),
        unit_foreseen(unit("tweet", None), "Tweet", "manual", Foresight::Waits { what: "somebody does it".into() }),
        gone,
        off,
    ]
}

#[test]
fn a_dry_run() {
    assert_snapshot!(foreseen(&all(), &Style::plain()), @r"
    ── gate: asks before page
    ~ Write the page            old      would change  libravatar.yaml:31
        write /etc/apache2/sites-enabled/default.conf (1.2 KiB, root:root, 0644)
          --- /etc/apache2/sites-enabled/default.conf
          +++ new
          @@ -1,2 +1,2 @@
           <VirtualHost *:80>
          -  Old
          +  New
        undo: as it was before
    = Write the page            mirror1  already as asked
    ~ A script (2)              new      would change  libravatar.yaml:31
        run 2 lines as postgres
          - not a diff
          psql -c 'select 1'
        undo: psql -c 'select 2'
    ? Restore                   new      cannot be known until dump has run  libravatar.yaml:31
          from: old
          to: new
    ! Move                      old      blocked: /etc/apache2/x is not there  libravatar.yaml:31
        nor is y
        an earlier step changes something on that host, and may clear this
    ! Jobs                      old      blocked: no such file  libravatar.yaml:31
    ◷ Wait for the TTL                   waits: 1h  libravatar.yaml:31
    ◷ Tweet                              waits: somebody does it  libravatar.yaml:31
    ── gate: asks before gone
    – Left out                           left out: --skip-tags mirrors
    point of no return: old is gone
    ~ Shut the old server down  old      would change  libravatar.yaml:31
        off
        no undo: a server that is off stays off

    3 changes · 1 as asked · 1 left out · 1 not known yet · 2 waiting · 2 blocked
      by host: new 1, old 2
      1 point of no return:
        Shut the old server down  libravatar.yaml:31: old is gone
      1 step without undo:
        Shut the old server down  libravatar.yaml:31: a server that is off stays off
      1 gate:
        Write the page  libravatar.yaml:31
      1 manual step:
        Tweet  libravatar.yaml:31
      1 wait:
        Wait for the TTL  libravatar.yaml:31: 1h
    ");
}

#[test]
fn a_dry_run_in_colours() {
    assert_snapshot!(visible(&foreseen(&all()[..3], &colored())), @r"
    ␛[33m── gate: asks before page␛[0m
    ␛[33m~␛[0m Write the page  ␛[36mold␛[0m      ␛[33mwould change␛[0m␛[2m  libravatar.yaml:31␛[0m
        write /etc/apache2/sites-enabled/default.conf (1.2 KiB, root:root, 0644)
          ␛[1;31m--- /etc/apache2/sites-enabled/default.conf␛[0m
          ␛[32m+++ new␛[0m
          ␛[36m@@ -1,2 +1,2 @@␛[0m
           <VirtualHost *:80>
          ␛[1;31m-  Old␛[0m
          ␛[32m+  New␛[0m
        ␛[2mundo: as it was before␛[0m
    ␛[2m=␛[0m Write the page  ␛[36mmirror1␛[0m  ␛[2malready as asked␛[0m
    ␛[33m~␛[0m A script (2)    ␛[36mnew␛[0m      ␛[33mwould change␛[0m␛[2m  libravatar.yaml:31␛[0m
        run 2 lines as postgres
          - not a diff
          psql -c 'select 1'
        ␛[2mundo: psql -c 'select 2'␛[0m

    ␛[1m2 changes␛[0m␛[2m · ␛[0m1 as asked
      by host: new 1, old 1
      1 gate:
        Write the page␛[2m  libravatar.yaml:31␛[0m
    ");
}

#[test]
fn a_dry_run_in_ascii_has_nothing_else() {
    assert!(foreseen(&all(), &Style::plain().ascii()).is_ascii());
}

#[test]
fn a_dry_run_of_nothing() {
    assert_snapshot!(foreseen(&[], &Style::plain()), @"0 changes");
}

#[test]
fn a_dry_run_for_scripts() {
    let all = all();
    let lines: Vec<String> = Event::foreseen(&all).iter().map(json).collect();
    assert_eq!(lines.len(), all.len() + 1);
    assert_snapshot!(lines[0], @r#"{"event":"foreseen","foreseen":{"unit":{"step":"page","host":"old"},"name":"Write the page","action":"template","place":"libravatar.yaml:31","foresight":{"foresight":"would_change","preview":{"summary":"write /etc/apache2/sites-enabled/default.conf (1.2 KiB, root:root, 0644)","detail":"--- /etc/apache2/sites-enabled/default.conf\n+++ new\n@@ -1,2 +1,2 @@\n <VirtualHost *:80>\n-  Old\n+  New\n","undo":""},"reversible":true},"irreversible":null,"gated":true}}"#);
    assert_snapshot!(lines[all.len()], @r#"{"event":"sums","sums":{"changes":{"new":1,"old":2},"as_asked":1,"left_out":1,"unknown":1,"blocked":2,"blocked_for_good":1,"waits":2,"points_of_no_return":[{"step":"power-off","name":"Shut the old server down","place":"libravatar.yaml:31","why":"old is gone"}],"without_undo":[{"step":"power-off","name":"Shut the old server down","place":"libravatar.yaml:31","why":"a server that is off stays off"}],"gates":[{"step":"page","name":"Write the page","place":"libravatar.yaml:31","why":""}],"manual":[{"step":"tweet","name":"Tweet","place":"libravatar.yaml:31","why":""}],"pauses":[{"step":"ttl","name":"Wait for the TTL","place":"libravatar.yaml:31","why":"1h"}]}}"#);
}

#[test]
fn a_gate() {
    let mut story = Story::silent();
    story.up_to_failure();
    let long = (1..=30).map(|n| format!("line {n}")).collect::<Vec<_>>().join("\n");
    let next =
        [unit_foreseen(unit("script", Some("new")), "A script", "run", change("run 30 lines", &long, "", false))];
    let rollback = story.view.undo_order(None);
    let mut asking = Asking {
        title: "Switch over",
        prompt: "Is everybody ready?\nType libravatar to go on.",
        description: Some("The site is **down** from here.\n\nIt takes an hour.\n"),
        irreversible: Some("mail will have gone out"),
        next: &next,
        rollback: &rollback,
        deadline: Some("2018-08-13T04:00+12:00"),
    };
    assert_snapshot!(gate(&asking, &story.view, story.now(), &Style::plain()), @r"

    gate: Switch over
      The site is **down** from here.

      It takes an hour.

    what comes next:
    ~ A script  new  would change  libravatar.yaml:31
        run 30 lines
          line 1
          line 2
          line 3
          line 4
          line 5
          line 6
          line 7
          line 8
          line 9
          line 10
          line 11
          line 12
          … 18 more lines
        no undo

    from here rollback would undo 3 units, newest first (doing it took 1m 24s):
        Restore the database on new: libravatar.before back to libravatar
        Show the static site on old: sites-enabled.django back to sites-enabled
        Lower the TTL: TTL of 2 records back to 43200
    rollback has to be over by 2018-08-12 16:00 +00:00 (in 1h 58m)
    point of no return: mail will have gone out

    Is everybody ready?
    Type libravatar to go on.
    ");
    let last_line = |asking: &Asking<'_>, story: &Story| {
        let text = gate(asking, &story.view, story.now(), &Style::plain());
        text.lines().find(|line| line.starts_with("rollback has")).unwrap().to_owned()
    };
    story.clock.pass(7_150_000 - 60_000);
    assert_snapshot!(last_line(&asking, &story), @"rollback has to be over by 2018-08-12 16:00 +00:00 (in 20 s): there is no time left for it");
    story.clock.pass(3_600_000);
    assert_snapshot!(last_line(&asking, &story), @"rollback has to be over by 2018-08-12 16:00 +00:00 (59m 39s ago): that has passed");
    asking.deadline = Some("before the office opens");
    assert_snapshot!(last_line(&asking, &story), @"rollback has to be over: before the office opens");
}

#[test]
fn a_gate_at_the_start() {
    let mut story = Story::silent();
    story.record(0, crate::events::record::Record::Started(Box::new(super::story::started())));
    let asking = Asking { title: "Prepare DNS", prompt: "Ready?", ..Asking::default() };
    assert_snapshot!(gate(&asking, &story.view, story.now(), &Style::plain()), @r"

    gate: Prepare DNS

    nothing is foreseen to come next

    rollback would have nothing to undo

    Ready?
    ");
}

#[test]
fn what_rollback_would_do() {
    let mut story = Story::silent();
    story.up_to_failure();
    let seen = [
        unit_foreseen(restore(), "Restore the database", "postgres", change("rename 2 databases", "", "", true)),
        unit_foreseen(
            unit("static-on", Some("old")),
            "Show the static site",
            "move",
            Foresight::Blocked { why: "it has changed since".into(), may_clear: false },
        ),
    ];
    assert_snapshot!(rollback_preview(&story.view, None, &seen, &Style::plain()), @r"
    rollback to the start would undo 3 units, newest first:
    ↶ Restore the database  new  would be undone  libravatar.yaml:31
        rename 2 databases
    ! Show the static site  old  blocked: it has changed since  libravatar.yaml:31
      Lower the TTL: TTL of 2 records back to 43200
    1 unit could not be undone as things stand
    ");
    assert_snapshot!(rollback_preview(&story.view, Some(&"static-on".into()), &[], &Style::plain()), @r"
    rollback to just before static-on would undo 2 units, newest first:
      Restore the database on new: libravatar.before back to libravatar
      Show the static site on old: sites-enabled.django back to sites-enabled
    ");
    assert_snapshot!(rollback_preview(&story.view, Some(&"announce".into()), &[], &Style::plain()), @"rollback to just before announce would have nothing to undo");
}
