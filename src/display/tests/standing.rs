//! Where runs stand, and their logs.

use insta::assert_snapshot;
use jiff::tz::{TimeZone, offset};

use super::story::{Story, colored, restore, unit, visible, yes};
use crate::base::UnitId;
use crate::display::{Style, Typing, log_records, runs, status};
use crate::events::RunView;
use crate::events::record::{Answer, Outputs, Record};

fn parked() -> Story {
    let mut story = Story::silent();
    story.up_to_failure();
    story.record(10, Record::Skipped { unit: restore(), why: "done by hand".into() });
    let until = Some("2018-08-12T16:00:00Z".parse().unwrap());
    story.record(10, Record::Waiting { unit: unit("copy", Some("new")), until, what: None });
    story.record(10, Record::Parked { why: "waits for the TTL".into(), until });
    story.clock.pass(600_000);
    story
}

#[test]
fn a_parked_run() {
    let story = parked();
    let style = Style::plain().in_zone(TimeZone::fixed(offset(12)));
    assert_snapshot!(status(&story.view, Typing::default(), story.now(), &style), @r"
    Libravatar server migration · run r7k2
    /home/oliver/libravatar.yaml
    parked: waits for the TTL, due 2018-08-13 04:00 +12:00 (in 1h 48m)
    begun 2018-08-13 02:00 +12:00, last heard of 10m 00s ago

      ✓ Prepare DNS  1 of 1
      › Migrate  4 of 6
        Afterwards  0 of 2
    5 of 9 steps over (2 applied, 1 as asked, 2 skipped, 1 under way)
      ◷ Copy avatars and users     new      waits until 2018-08-13 04:00 +12:00 (in 1h 48m)

    1 temporary change open:
        Show the static site on old: until the new server is live · since 2018-08-13 02:00 +12:00

    rollback would undo 3 units, newest first:
        Restore the database on new: libravatar.before back to libravatar
        Show the static site on old: sites-enabled.django back to sites-enabled
        Lower the TTL: TTL of 2 records back to 43200
        checkpoint before-downtime before static-on

    once it is due: runbook resume r7k2
    ");
}

#[test]
fn a_failed_run_in_colours() {
    let mut story = Story::silent();
    story.up_to_failure();
    story.record(10, Record::Stopped { why: "restore@new failed".into() });
    assert_snapshot!(visible(&status(&story.view, Typing::default(), story.now(), &colored())), @r"
    ␛[1mLibravatar server migration␛[0m␛[2m · ␛[0mrun ␛[36mr7k2␛[0m
    ␛[2m/home/oliver/libravatar.yaml␛[0m
    ␛[1;31mstopped␛[0m: restore@new failed
    begun 2018-08-12 14:00 +00:00, last heard of 0.0 s ago

      ␛[32m✓␛[0m Prepare DNS␛[2m  1 of 1␛[0m
      ␛[1;31m✗␛[0m Migrate␛[2m  3 of 6␛[0m
        Afterwards␛[2m  0 of 2␛[0m
    4 of 9 steps over (2 applied, 1 as asked, 1 skipped, 1 failed)
      ␛[1;31m✗␛[0m Restore the database       ␛[36mnew␛[0m      failed: exited with 1

    ␛[33m1 temporary change␛[0m open:
        Show the static site␛[2m on ␛[0m␛[36mold␛[0m␛[2m: ␛[0muntil the new server is live␛[2m · since 2018-08-12 14:00 +00:00␛[0m

    rollback would undo 3 units, newest first:
        Restore the database␛[2m on ␛[0m␛[36mnew␛[0m␛[2m: ␛[0mlibravatar.before back to libravatar
        Show the static site␛[2m on ␛[0m␛[36mold␛[0m␛[2m: ␛[0msites-enabled.django back to sites-enabled
        Lower the TTL␛[2m: ␛[0mTTL of 2 records back to 43200
        ␛[2mcheckpoint before-downtime before static-on␛[0m

    to go on: ␛[36mrunbook resume r7k2␛[0m␛[2m · ␛[0mto take it back: ␛[36mrunbook rollback r7k2␛[0m
    ");
}

#[test]
fn a_run_of_which_nothing_is_known() {
    assert_snapshot!(status(&RunView::default(), Typing::default(), Story::silent().now(), &Style::plain()), @"nothing was recorded");
}

#[test]
fn runs_are_listed_newest_first() {
    let mut going = Story::silent();
    going.up_to_restore();
    let mut done = Story::silent();
    done.up_to_restore();
    done.record(0, Record::Finished { open: 1 });
    let mut back = Story::silent();
    back.up_to_restore();
    back.record(0, Record::RollbackBegun { to: Some("ttl".into()) });
    back.record(0, Record::RollbackEnded { complete: true, left: Vec::new() });
    let all = [
        ("r7k2".into(), going.view),
        ("r7k9".into(), parked().view),
        ("r7ka".into(), back.view),
        ("r7k4".into(), done.view),
        ("r7k0".into(), RunView::default()),
    ];
    let now = "2018-08-12T15:00:00Z".parse().unwrap();
    assert_snapshot!(runs(&all, now, &Style::plain()), @r"
    run   begun                    steps   state                                            runbook
    r7ka  2018-08-12 14:00 +00:00  2 of 9  rolled back to ttl                               Libravatar server migration
    r7k9  2018-08-12 14:00 +00:00  5 of 9  parked, due 2018-08-12 16:00 +00:00 (in 1h 00m)  Libravatar server migration
    r7k4  2018-08-12 14:00 +00:00  4 of 9  done, 1 temporary change open                    Libravatar server migration
    r7k2  2018-08-12 14:00 +00:00  4 of 9  running                                          Libravatar server migration
    r7k0                           0 of 0  not begun
    ");
    assert_snapshot!(runs(&all, now, &Style::plain().columns(60)), @r"
    run   begun                    steps   state               …
    r7ka  2018-08-12 14:00 +00:00  2 of 9  rolled back to ttl  …
    r7k9  2018-08-12 14:00 +00:00  5 of 9  parked, due 2018-08-…
    r7k4  2018-08-12 14:00 +00:00  4 of 9  done, 1 temporary ch…
    r7k2  2018-08-12 14:00 +00:00  4 of 9  running             …
    r7k0                           0 of 0  not begun           …
    ");
    assert_eq!(runs(&[], now, &Style::plain()), "no runs\n");
}

#[test]
fn a_log_has_everything() {
    let mut story = Story::silent();
    story.up_to_failure();
    let (host_key, machine_id) = ("SHA256:abc".to_owned(), "1".to_owned());
    story.record(10, Record::Pinned { role: "new".into(), host_key, machine_id });
    story.record(10, Record::Answered { gate: "migrate".into(), answer: Answer::No });
    story.record(10, Record::Reopened { unit: restore() });
    let until = Some("2018-08-12T16:00:00Z".parse().unwrap());
    story.record(10, Record::Parked { why: "waits".into(), until });
    story.record(10, Record::Resumed { edited: None });
    story.record(10, Record::Listed { step: "copy".into(), items: vec!["avatar".into(), "user".into()] });
    let copy = UnitId { item: Some(1), ..unit("copy", Some("new")) };
    story.intended(&copy, "the backup folder");
    story.record(10, Record::Sent { unit: copy.clone(), job: serde_json::Value::Null });
    let answers = [("url".to_owned(), "https://example.org".to_owned())].into();
    let outputs = Outputs {
        stdout: "sent 12 files\n".into(),
        stderr: "a warning".into(),
        answers,
        note: Some("by cron".into()),
        ..Outputs::default()
    };
    story.applied_with(10, &copy, outputs);
    story.record(10, Record::Waiting { unit: unit("announce", None), until: None, what: None });
    story.record(10, Record::Stopped { why: "Ctrl-C".into() });
    story.record(10, Record::RollbackBegun { to: None });
    story.record(10, Record::UndoIntended { unit: copy.clone(), attempt: 1 });
    story.record(10, Record::Undone { unit: copy, note: "was already as before".into() });
    story.record(10, Record::RollbackEnded { complete: false, left: Vec::new() });
    story.record(10, Record::Abandoned { note: "old is gone".into() });
    assert_snapshot!(log_records(&story.entries, &story.view, &Style::plain()), @r#"
     1  2018-08-12 14:00:00 +00:00  begun: Libravatar server migration by oliver@laptop, runbook 0.1.0
         /home/oliver/libravatar.yaml
     2  2018-08-12 14:00:00 +00:00  phase prepare
     3  2018-08-12 14:00:00 +00:00  › Lower the TTL  begun
         undo: TTL of 2 records back to 43200
     4  2018-08-12 14:00:01 +00:00  ✓ Lower the TTL  applied
     5  2018-08-12 14:00:06 +00:00  gate migrate: yes, by terminal (oliver@laptop)
     6  2018-08-12 14:00:06 +00:00  phase migrate
     7  2018-08-12 14:00:06 +00:00  checkpoint before-downtime before static-on
     8  2018-08-12 14:00:06 +00:00  › Show the static site on old  begun
         undo: sites-enabled.django back to sites-enabled
     9  2018-08-12 14:00:06 +00:00  ✓ Show the static site on old  applied
    10  2018-08-12 14:00:06 +00:00  = Stop pgbouncer on old  already as asked
    11  2018-08-12 14:00:06 +00:00  – Disable the mirrors' jobs on mirror1  skipped: --skip-tags mirrors
    12  2018-08-12 14:00:06 +00:00  › Restore the database on new  begun
         undo: libravatar.before back to libravatar
    13  2018-08-12 14:01:29 +00:00  ✗ Restore the database on new  failed: exited with 1
         exit code: 1
         command:
           pg_restore -d libravatar --role djangouser \
             /var/lib/postgresql/libravatar.pg
         stderr:
           pg_restore: error 1
           pg_restore: error 2
           pg_restore: error 3
           pg_restore: error 4
           pg_restore: error 5
           pg_restore: error 6
           pg_restore: error 7
           pg_restore: error 8
           pg_restore: error 9
           pg_restore: error 10
           pg_restore: error 11
           pg_restore: error 12
           pg_restore: error 13
           pg_restore: error 14
           pg_restore: error 15
           pg_restore: error 16
           pg_restore: error 17
           pg_restore: error 18
           pg_restore: error 19
           pg_restore: error 20
           pg_restore: error 21
           pg_restore: error 22
           pg_restore: error 23
    14  2018-08-12 14:01:29 +00:00  host new is SHA256:abc
    15  2018-08-12 14:01:29 +00:00  gate migrate: not now (oliver@laptop)
    16  2018-08-12 14:01:29 +00:00  › Restore the database on new  to be tried again
    17  2018-08-12 14:01:29 +00:00  parked: waits, due 2018-08-12 16:00 +00:00
    18  2018-08-12 14:01:29 +00:00  resumed by oliver@laptop
    19  2018-08-12 14:01:29 +00:00  copy: 2 items
         "avatar"
         "user"
    20  2018-08-12 14:01:29 +00:00  › Copy avatars and users (2/2: user) on new  begun
         undo: the backup folder
    21  2018-08-12 14:01:29 +00:00  › Copy avatars and users (2/2: user) on new  sent to its host
    22  2018-08-12 14:01:29 +00:00  ✓ Copy avatars and users (2/2: user) on new  applied
         sent 12 files
         stderr:
           a warning
         url: https://example.org
         note: by cron
    23  2018-08-12 14:01:29 +00:00  ◷ Announce success  waits for somebody
    24  2018-08-12 14:01:29 +00:00  stopped: Ctrl-C
    25  2018-08-12 14:01:29 +00:00  rollback to the start
    26  2018-08-12 14:01:29 +00:00  ↶ Copy avatars and users (2/2: user) on new  to be undone
    27  2018-08-12 14:01:29 +00:00  ↶ Copy avatars and users (2/2: user) on new  undone: was already as before
    28  2018-08-12 14:01:29 +00:00  rollback stopped
    29  2018-08-12 14:01:29 +00:00  given up: old is gone
    "#);
}

#[test]
fn a_log_of_one_step() {
    let mut story = Story::silent();
    story.up_to_restore();
    story.record(0, yes("power-off"));
    let of_step = &story.entries[2..4];
    assert_snapshot!(log_records(of_step, &story.view, &Style::plain()), @r"
    3  2018-08-12 14:00:00 +00:00  › Lower the TTL  begun
        undo: TTL of 2 records back to 43200
    4  2018-08-12 14:00:01 +00:00  ✓ Lower the TTL  applied
    ");
}
