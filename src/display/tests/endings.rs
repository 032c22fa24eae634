//! How it ended, and what to type next.

use insta::assert_snapshot;

use super::story::{Story, away, restore, unit};
use crate::display::{Ending, Style, Typing, closing};
use crate::events::record::{Outcome, Record};

fn said(story: &Story, ending: &Ending) -> String {
    closing(ending, &story.view, Typing { file: "my book.yaml", with: "" }, story.now(), &Style::plain())
}

#[test]
fn every_ending_says_what_to_type() {
    let mut story = Story::silent();
    story.up_to_restore();
    let due = "2018-08-12T15:00:00Z".parse().unwrap();
    let endings = [
        Ending::Done { open: 0 },
        Ending::Done { open: 1 },
        Ending::Parked { why: "waits for the TTL".into(), until: Some(due) },
        Ending::Parked { why: "gate `migrate` was not answered".into(), until: None },
        Ending::Interrupted,
        Ending::RolledBack { to: None },
        Ending::RolledBack { to: Some("static-on".into()) },
        Ending::Held { by: "anna@desk".into() },
        Ending::Running,
        Ending::Abandoned,
        Ending::Previewed,
        Ending::Refused,
    ];
    let said: Vec<String> = endings.iter().map(|ending| said(&story, ending)).collect();
    assert_snapshot!(said.join("\n"), @r"
    ✓ done in 6.6 s: 4 of 9 steps over (2 applied, 1 as asked, 1 skipped)
    to look back: runbook log r7k2

    ✓ done in 6.6 s: 4 of 9 steps over (2 applied, 1 as asked, 1 skipped)
    ? 1 temporary change still open:
        Show the static site on old: until the new server is live · since 2018-08-12 14:00 +00:00
    to see what is open: runbook status r7k2

    ◷ parked: waits for the TTL
      due 2018-08-12 15:00 +00:00 (in 59m 53s)
    once it is due: runbook resume r7k2

    ◷ parked: gate `migrate` was not answered
    to go on: runbook resume r7k2

    ! interrupted: 4 of 9 steps over (2 applied, 1 as asked, 1 skipped)
    to go on: runbook resume r7k2 · to take it back: runbook rollback r7k2

    ↶ rolled back to the start: 4 of 9 steps over (2 applied, 1 as asked, 1 skipped)
    to see what was undone: runbook log r7k2 · to begin anew: runbook run 'my book.yaml'

    ↶ rolled back to just before static-on: 4 of 9 steps over (2 applied, 1 as asked, 1 skipped)
    to go on from there: runbook resume r7k2

    ! held by anna@desk
    to watch it: runbook log r7k2 --follow · if they are gone: runbook resume r7k2 --take-over

    › going on: 4 of 9 steps over (2 applied, 1 as asked, 1 skipped)
    to watch it: runbook log r7k2 --follow · if its process died: runbook resume r7k2

    – given up as it is: 4 of 9 steps over (2 applied, 1 as asked, 1 skipped)
    to see how it was left: runbook status r7k2

    nothing was changed
    to carry it out: runbook run 'my book.yaml'

    nothing ran
    once that is mended: runbook check 'my book.yaml'
    ");
}

#[test]
fn a_failure() {
    let mut story = Story::silent();
    story.up_to_failure();
    assert_snapshot!(said(&story, &Ending::Failed { unit: restore() }), @r"
    ✗ failed: Restore the database on new (restore@new)
      4 of 9 steps over (2 applied, 1 as asked, 1 skipped, 1 failed)
    to go on: runbook resume r7k2 · to take it back: runbook rollback r7k2
    ");
}

#[test]
fn what_is_not_known_is_for_the_operator_to_say() {
    let mut story = Story::silent();
    story.up_to_restore();
    story.intended(&restore(), "");
    let why = "died on the host".to_owned();
    story.record(0, Record::Settled { unit: restore(), outcome: Outcome::Unsure { why } });
    // Resume cannot tell either, and goes past it no more than this.
    assert_snapshot!(said(&story, &Ending::Failed { unit: restore() }), @r"
    ✗ failed: Restore the database on new (restore@new)
      whether it was done is not known: died on the host
      look at the host before you say what is to become of it
      4 of 9 steps over (2 applied, 1 as asked, 1 skipped, 1 not known)
    if it was done: runbook done r7k2 restore · to try it again: runbook retry r7k2 restore
    ");
}

#[test]
fn an_interruption_names_what_goes_on() {
    let mut story = Story::silent();
    story.up_to_restore();
    story.intended(&restore(), "");
    assert_snapshot!(said(&story, &Ending::Interrupted), @r"
    ! interrupted: 4 of 9 steps over (2 applied, 1 as asked, 1 skipped, 1 under way)
      restore@new may still be going on; resume looks at it first
    to go on: runbook resume r7k2 · to take it back: runbook rollback r7k2
    ");
}

#[test]
fn a_job_whose_host_is_away_is_not_known_yet() {
    let mut story = Story::silent();
    story.up_to_restore();
    story.intended(&restore(), "");
    story.record(0, Record::Unsettled { unit: restore(), failure: Box::new(away()) });
    assert_snapshot!(said(&story, &Ending::Failed { unit: restore() }), @r"
    ✗ failed: Restore the database on new (restore@new)
      what became of it is not known yet: new cannot be reached any more, and the job may go on there: Connection timed out
      4 of 9 steps over (2 applied, 1 as asked, 1 skipped, 1 under way)
    to go on: runbook resume r7k2 · to take it back: runbook rollback r7k2
    ");
}

#[test]
fn a_rollback_that_stopped_says_what_is_left() {
    let mut story = Story::silent();
    story.up_to_failure();
    story.record(0, Record::RollbackBegun { to: None });
    story.record(0, Record::UndoIntended { unit: restore(), attempt: 1 });
    story.record(0, Record::Undone { unit: restore(), note: String::new() });
    let static_on = unit("static-on", Some("old"));
    story.record(0, Record::UndoIntended { unit: static_on.clone(), attempt: 1 });
    story.record(0, Record::Stuck { unit: static_on.clone(), why: "it has changed since".into(), unsure: false });
    story.record(0, Record::RollbackEnded { complete: false, left: Vec::new() });
    let ending = Ending::RollbackStopped { unit: static_on, why: "it has changed since\n-a\n+b".into() };
    assert_snapshot!(said(&story, &ending), @r"
    ! rollback stopped: Show the static site on old (static-on@old) could not be undone
      it has changed since
      still to be undone:
        Show the static site on old: sites-enabled.django back to sites-enabled · stuck
        Lower the TTL: TTL of 2 records back to 43200
    once that is seen to: runbook rollback r7k2 · to leave it as it is: runbook skip r7k2 static-on
    ");
}

#[test]
fn arguments_that_every_command_needs_are_in_it() {
    let mut story = Story::silent();
    story.up_to_restore();
    let typing = Typing { file: "", with: "--state postgres://db/runs" };
    let said = closing(&Ending::Interrupted, &story.view, typing, story.now(), &Style::plain().ascii());
    assert_snapshot!(said, @r"
    ! interrupted: 4 of 9 steps over (2 applied, 1 as asked, 1 skipped)
    to go on: runbook resume r7k2 --state postgres://db/runs | to take it back: runbook rollback r7k2 --state postgres://db/runs
    ");
    let said = closing(&Ending::Previewed, &story.view, typing, story.now(), &Style::plain());
    assert_snapshot!(said, @r"
    nothing was changed
    to carry it out: runbook run /home/oliver/libravatar.yaml --state postgres://db/runs
    ");
}
