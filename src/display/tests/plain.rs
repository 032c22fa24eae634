//! The screen where there is no terminal.

use insta::assert_snapshot;

use super::story::{Hand, Story, Written, away, colored, failure, restore, reversal, unit, visible};
use crate::display::{Plain, Style, Viewer};
use crate::events::Progress;
use crate::events::record::{Outcome, Outputs, Record};

fn story(style: Style) -> (Story, Written) {
    let (written, clock) = (Written::default(), Hand::new());
    let plain = Plain::new(Box::new(written.clone()), style, clock.clone());
    (Story::on(Viewer::Plain(plain), clock), written)
}

#[test]
fn a_run_that_fails() {
    let (mut story, written) = story(Style::plain());
    story.up_to_failure();
    assert_snapshot!(written.text(), @r"
    Libravatar server migration · run r7k2
    /home/oliver/libravatar.yaml

    Prepare DNS
      ✓ Lower the TTL                         1.2 s
      › gate migrate: yes (terminal)

    Migrate
      › checkpoint before-downtime
      ✓ Show the static site       old        0.4 s
      = Stop pgbouncer             old               already as asked
      – Disable the mirrors' jobs  mirror1           --skip-tags mirrors
      ✗ Restore the database       new       1m 23s  failed
        error: exited with 1
         --> libravatar.yaml:52
        step: restore, host: new, exit code: 1
        command:
            pg_restore -d libravatar --role djangouser \
              /var/lib/postgresql/libravatar.pg
        stderr, the last 20 lines:
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
        so far: 4 of 9 steps are over
        rollback would undo, newest first:
            Restore the database on new: libravatar.before back to libravatar
            Show the static site on old: sites-enabled.django back to sites-enabled
            Lower the TTL: TTL of 2 records back to 43200
        help: is the owner of the database there?
    ");
}

#[test]
fn a_run_that_fails_in_colours() {
    let (mut story, written) = story(colored());
    story.up_to_failure();
    assert_snapshot!(visible(&written.text()), @r"
    ␛[1mLibravatar server migration␛[0m␛[2m · ␛[0mrun ␛[36mr7k2␛[0m
    ␛[2m/home/oliver/libravatar.yaml␛[0m

    ␛[1mPrepare DNS␛[0m
      ␛[32m✓␛[0m Lower the TTL                         ␛[2m1.2 s␛[0m
      ␛[2m›␛[0m ␛[2mgate migrate: yes (terminal)␛[0m

    ␛[1mMigrate␛[0m
      ␛[2m›␛[0m ␛[2mcheckpoint before-downtime␛[0m
      ␛[32m✓␛[0m Show the static site       ␛[36mold␛[0m        ␛[2m0.4 s␛[0m
      ␛[2m=␛[0m Stop pgbouncer             ␛[36mold␛[0m             ␛[2m  already as asked␛[0m
      ␛[2m–␛[0m Disable the mirrors' jobs  ␛[36mmirror1␛[0m         ␛[2m  --skip-tags mirrors␛[0m
      ␛[1;31m✗␛[0m Restore the database       ␛[36mnew␛[0m       ␛[2m1m 23s␛[0m␛[1;31m  failed␛[0m
        ␛[1;31merror␛[0m␛[1m: exited with 1␛[0m
        ␛[2m --> ␛[0m␛[36mlibravatar.yaml:52␛[0m
        ␛[2mstep: ␛[0mrestore␛[2m, host: ␛[0m␛[36mnew␛[0m␛[2m, exit code: ␛[0m1
        ␛[2mcommand:␛[0m
            pg_restore -d libravatar --role djangouser \
              /var/lib/postgresql/libravatar.pg
        ␛[2mstderr, the last 20 lines:␛[0m
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
        ␛[2mso far: ␛[0m4 of 9 steps are over
        ␛[2mrollback would undo, newest first:␛[0m
            Restore the database␛[2m on ␛[0m␛[36mnew␛[0m␛[2m: ␛[0mlibravatar.before back to libravatar
            Show the static site␛[2m on ␛[0m␛[36mold␛[0m␛[2m: ␛[0msites-enabled.django back to sites-enabled
            Lower the TTL␛[2m: ␛[0mTTL of 2 records back to 43200
        ␛[36mhelp: ␛[0mis the owner of the database there?
    ");
}

#[test]
fn output_and_remarks_come_as_they_come() {
    let (mut story, written) = story(Style::plain().ascii());
    story.up_to_restore();
    let copy = unit("copy", Some("new"));
    let before = written.text().len();
    story.progress(0, &Progress::Checking { unit: copy.clone() });
    story.progress(0, &Progress::Warning { text: "mirror1 and mirror2 have the same machine id".into() });
    story.intended(&copy, "what was replaced comes back from /var/lib/.runbook");
    story.progress(10, &Progress::Working { unit: copy.clone() });
    story.progress(10, &Progress::Note { unit: copy.clone(), text: "direct: old reaches the sshd of new".into() });
    for text in ["not yet: 502", "not yet: 502", "not yet: 503"] {
        story.progress(10, &Progress::Note { unit: copy.clone(), text: text.into() });
    }
    story.output(&copy, "avatar/1\t12%\r");
    story.progress(10, &Progress::Output { unit: copy.clone(), stderr: true, line: "file has vanished".into() });
    for (seconds, done) in [(0, 0), (10, 100), (20, 300), (20, 500), (20, 700)] {
        let (done, of) = (done * 1024 * 1024, Some(1024 * 1024 * 1024));
        story.progress(seconds * 1000, &Progress::Amount { unit: copy.clone(), done, of });
    }
    let why = "ssh: connect to host new port 22: Connection timed out".to_owned();
    story.progress(10, &Progress::Reconnecting { host: "new".into(), attempt: 2, why });
    story.applied(10, &copy);
    assert_snapshot!(&written.text()[before..], @r"
    warning: mirror1 and mirror2 have the same machine id
        Copy avatars and users on new: direct: old reaches the sshd of new
        Copy avatars and users on new: not yet: 502
        Copy avatars and users on new: not yet: 503
        copy@new | avatar/1        12%
        copy@new ! file has vanished
        copy@new: 29%, 1m 13s left, 300.0 MiB of 1.0 GiB, 10.0 MiB/s
        copy@new: 68%, 33 s left, 700.0 MiB of 1.0 GiB, 10.0 MiB/s
        new cannot be reached, try 2: ssh: connect to host new port 22: Connection timed out
      + Copy avatars and users     new       1m 10s
    ");
}

#[test]
fn what_a_step_shows_is_shown() {
    let (mut story, written) = story(Style::plain());
    story.up_to_restore();
    let before = written.text().len();
    let figures = unit("figures", None);
    story.record(0, Record::Listed { step: "figures".into(), items: vec!["users".into(), "photos".into()] });
    story.intended(&crate::base::UnitId { item: Some(1), ..figures.clone() }, "");
    let outputs = Outputs { stdout: "| table | rows |\n|---|---|\n| photos | 120 |\n".into(), ..Outputs::default() };
    story.applied_with(100, &crate::base::UnitId { item: Some(1), ..figures }, outputs);
    assert_snapshot!(&written.text()[before..], @r"
    › figures: 2 items
    ✓ What was moved (2/2: photos)             0.1 s
      | table | rows |
      |---|---|
      | photos | 120 |
    ");
}

#[test]
fn trouble_of_every_kind() {
    let (mut story, written) = story(Style::plain());
    story.up_to_restore();
    let before = written.text().len();
    let copy = unit("copy", Some("new"));
    let blocked = crate::events::record::Failure { why: "rsync is not installed\non new".into(), ..failure() };
    story.record(10, Record::Blocked { unit: copy.clone(), failure: Box::new(blocked) });
    story.intended(&restore(), "libravatar.before back to libravatar");
    story.output(&restore(), "restoring table photos");
    story.progress(10, &Progress::Amount { unit: restore(), done: 5_000_000, of: None });
    let why = "lost the connection to new: broken pipe".to_owned();
    story.record(2000, Record::Settled { unit: restore(), outcome: Outcome::Unsure { why } });
    story.record(10, Record::Reopened { unit: restore() });
    let announce = unit("announce", None);
    story.record(10, Record::Waiting { unit: announce, until: None, what: None });
    let until = Some("2018-08-12T16:00:00Z".parse().unwrap());
    story.record(10, Record::Waiting { unit: unit("power-off", Some("old")), until, what: None });
    assert_snapshot!(&written.text()[before..], @r"
    ! Copy avatars and users     new               could not be begun
      not begun: rsync is not installed
        on new
       --> libravatar.yaml:60
      step: copy, host: new, exit code: 1
      command:
          pg_restore -d libravatar --role djangouser \
            /var/lib/postgresql/libravatar.pg
      stderr, the last 20 lines:
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
      so far: 4 of 9 steps are over
      rollback would undo, newest first:
          Show the static site on old: sites-enabled.django back to sites-enabled
          Lower the TTL: TTL of 2 records back to 43200
      help: is the owner of the database there?
      restore@new | restoring table photos
    ? Restore the database       new        2.0 s  outcome not known
      not known: lost the connection to new: broken pipe
       --> libravatar.yaml:52
      step: restore, host: new
      so far: 4 of 9 steps are over; this one got to 4.7 MiB
      rollback would undo, newest first:
          Restore the database on new: libravatar.before back to libravatar
          Show the static site on old: sites-enabled.django back to sites-enabled
          Lower the TTL: TTL of 2 records back to 43200
      help: it may have been done or not: look at the host before it is tried again
    › restore@new: to be tried again
    ◷ Announce success                    until somebody has done it
    ◷ Shut the old server down   old      until 2018-08-12 16:00 +00:00 (in 1h 59m)
    ");
}

#[test]
fn a_host_that_is_away() {
    let (mut story, written) = story(Style::plain());
    story.up_to_restore();
    let before = written.text().len();
    story.intended(&restore(), "libravatar.before back to libravatar");
    story.record(20_000, Record::Unsettled { unit: restore(), failure: Box::new(away()) });
    assert_snapshot!(&written.text()[before..], @r"
    ? Restore the database       new               not known yet
      not known yet: new cannot be reached any more, and the job may go on there: Connection timed out
       --> libravatar.yaml:52
      step: restore, host: new
      so far: 4 of 9 steps are over
      rollback would undo, newest first:
          Restore the database on new: libravatar.before back to libravatar
          Show the static site on old: sites-enabled.django back to sites-enabled
          Lower the TTL: TTL of 2 records back to 43200
      help: what was begun there goes on without us
    ");
}

#[test]
fn a_rollback() {
    let (mut story, written) = story(Style::plain());
    story.up_to_failure();
    let before = written.text().len();
    story.record(10, Record::Resumed { edited: None });
    story.record(10, Record::RollbackBegun { to: Some("static-on".into()) });
    story.record(10, Record::UndoIntended { unit: restore(), attempt: 1 });
    story.record(1500, Record::Undone { unit: restore(), note: "was already as before".into() });
    let static_on = unit("static-on", Some("old"));
    story.record(10, Record::UndoIntended { unit: static_on.clone(), attempt: 1 });
    story.record(
        300,
        Record::Stuck { unit: static_on, why: "/etc/apache2 has changed since:\n-a\n+b".into(), unsure: false },
    );
    story.record(10, Record::RollbackEnded { complete: false, left: Vec::new() });
    assert_snapshot!(&written.text()[before..], @r"
    Libravatar server migration · run r7k2
    resumed by oliver@laptop

    Migrate, 4 of 9 steps are over

    Rollback to just before static-on
      ↶ Restore the database       new        1.5 s  undone: was already as before
      ! Show the static site       old        0.3 s  could not be undone
        not undone: /etc/apache2 has changed since:
          -a
          +b
         --> libravatar.yaml:31
        step: static-on, host: old
        so far: 3 of 9 steps are over
        rollback would undo, newest first:
            Show the static site on old: sites-enabled.django back to sites-enabled · stuck
            Lower the TTL: TTL of 2 records back to 43200
    ");
}

#[test]
fn a_pipe_that_is_gone_does_not_stop_the_run() {
    struct Gone;
    impl std::io::Write for Gone {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
    }
    let clock = Hand::new();
    let mut story = Story::on(Viewer::Plain(Plain::new(Box::new(Gone), Style::plain(), clock.clone())), clock);
    story.up_to_failure();
    assert_eq!(story.view.steps_over(), (4, 9));
    assert_eq!(
        story.view.state(&restore()).attempt().map(|attempt| attempt.reversal.as_ref().clone()),
        Some(reversal("libravatar.before back to libravatar"))
    );
}

#[test]
fn a_step_that_fails_the_same_way_again_says_so_in_a_line() {
    let (mut story, written) = story(Style::plain());
    story.up_to_failure();
    let before = written.text().len();
    for attempt in 2..4 {
        let reversal = Box::new(reversal("libravatar.before back to libravatar"));
        story.record(10, Record::Intended { unit: restore(), attempt, reversal, preview: None });
        story.failed(1000, &restore(), failure());
    }
    assert_snapshot!(&written.text()[before..], @r"
    ✗ Restore the database       new        1.0 s  failed, as before: exited with 1
    ✗ Restore the database       new        1.0 s  failed, as before: exited with 1
    ");
    // Somebody did something about it: what it says then is told in full.
    story.record(10, Record::Reopened { unit: restore() });
    let reversal = Box::new(reversal("libravatar.before back to libravatar"));
    story.record(10, Record::Intended { unit: restore(), attempt: 4, reversal, preview: None });
    story.failed(1000, &restore(), failure());
    assert!(written.text()[before..].contains("pg_restore: error 23"));
}

#[test]
fn what_a_line_has_too_much_of_is_told() {
    let (mut story, written) = story(Style::plain());
    story.up_to_restore();
    story.intended(&restore(), "libravatar.before back to libravatar");
    story.output(&restore(), &"ü".repeat(2003));
    assert!(written.text().ends_with("üü… (and 3 more characters)\n"), "{}", written.text());
}
