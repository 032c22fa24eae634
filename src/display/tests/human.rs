//! The screen on a terminal, as the terminal shows it.

use std::sync::Arc;

use insta::assert_snapshot;

use super::story::{Hand, Story, Written, restore, unit};
use crate::base::UnitId;
use crate::display::{Human, Line, Style, Viewer};
use crate::events::Progress;
use crate::events::record::Record;

const MIB: u64 = 1024 * 1024;

pub(super) struct Terminal {
    pub(super) story: Story,
    written: Written,
    rows: u16,
    columns: u16,
}

impl Terminal {
    pub(super) fn new(rows: u16, columns: u16) -> Self {
        Self::that_says(rows, columns, (rows, columns))
    }

    /// One that says it is of another size than it is.
    fn that_says(rows: u16, columns: u16, size: (u16, u16)) -> Self {
        let (written, clock) = (Written::default(), Hand::new());
        let human = Human::still(Box::new(written.clone()), Arc::new(move || size), Style::plain(), clock.clone());
        Self { story: Story::on(Viewer::Human(human), clock), written, rows, columns }
    }

    /// What stands on the screen now.
    pub(super) fn screen(&self) -> String {
        let mut terminal = vt100::Parser::new(self.rows, self.columns, 500);
        // What a terminal's driver makes of a newline.
        let text = self.written.text().replace('\n', "\r\n");
        terminal.process(text.as_bytes());
        let lines: Vec<String> = terminal.screen().rows(0, self.columns).map(|row| row.trim_end().to_owned()).collect();
        lines.join("\n").trim_end().to_owned()
    }
}

fn item(step: &str, host: &str, item: u32) -> UnitId {
    UnitId { item: Some(item), ..unit(step, Some(host)) }
}

#[test]
fn what_is_over_stands_above_what_is_going_on() {
    let mut terminal = Terminal::new(30, 100);
    let story = &mut terminal.story;
    story.up_to_restore();
    story.progress(0, &Progress::Checking { unit: restore() });
    story.intended(&restore(), "libravatar.before back to libravatar");
    for n in 1..=8 {
        story.output(&restore(), &format!("restoring table {n}"));
    }
    let copy = unit("copy", Some("new"));
    story.intended(&copy, "");
    for (milliseconds, done) in [(0, 0), (1000, 40), (1000, 80), (1000, 120)] {
        story.progress(milliseconds, &Progress::Amount { unit: copy.clone(), done: done * MIB, of: Some(400 * MIB) });
    }
    assert_snapshot!(terminal.screen(), @r"
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
      ⠙ Restore the database       new        3.1 s
          restoring table 4
          restoring table 5
          restoring table 6
          restoring table 7
          restoring table 8
      ⠋ Copy avatars and users     new        3.0 s
          ━━━━━━━─────────────────  30%, 7 s left, 120.0 MiB of 400.0 MiB, 40.0 MiB/s
    Migrate · 4 of 9 steps · 9.7 s · 1 temporary change open
    ");
    terminal.story.applied(2000, &restore());
    terminal.story.applied(2000, &copy);
    assert_snapshot!(terminal.screen(), @r"
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
      ✓ Restore the database       new        5.0 s
      ✓ Copy avatars and users     new        7.0 s
    Migrate · 6 of 9 steps · 13 s · 1 temporary change open
    ");
    terminal.story.viewer().finish();
    terminal.story.viewer().say(&Line::new().text("the last words").into());
    let screen = terminal.screen();
    assert!(screen.ends_with("7.0 s\nthe last words"), "{screen}");
}

#[test]
fn a_failure_is_told_with_what_was_seen() {
    let mut terminal = Terminal::new(60, 100);
    let story = &mut terminal.story;
    story.up_to_restore();
    story.intended(&restore(), "libravatar.before back to libravatar");
    story.output(&restore(), "restoring table photos");
    story.progress(0, &Progress::Amount { unit: restore(), done: 3 * MIB, of: Some(4 * MIB) });
    let failure = crate::events::record::Failure { stderr: String::new(), ..super::story::failure() };
    story.failed(83_000, &restore(), failure);
    assert_snapshot!(terminal.screen(), @r"
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
        output, the last lines:
            restoring table photos
        so far: 4 of 9 steps are over; this one got to 3.0 MiB of 4.0 MiB
        rollback would undo, newest first:
            Restore the database on new: libravatar.before back to libravatar
            Show the static site on old: sites-enabled.django back to sites-enabled
            Lower the TTL: TTL of 2 records back to 43200
        help: is the owner of the database there?
    Migrate · 4 of 9 steps · 1m 29s · 1 temporary change open
    ");
}

#[test]
fn nothing_wraps_on_a_narrow_terminal() {
    let mut terminal = Terminal::new(30, 40);
    let story = &mut terminal.story;
    story.up_to_restore();
    story.record(0, Record::Listed { step: "copy".into(), items: vec!["avatar".into(), "user".into()] });
    story.intended(&item("copy", "new", 0), "");
    story.output(&item("copy", "new", 0), &"漢字".repeat(40));
    story.progress(900, &Progress::Amount { unit: item("copy", "new", 0), done: MIB, of: Some(2 * MIB) });
    let why = "ssh: connect to host mirror1 port 22: Connection timed out".to_owned();
    story.progress(0, &Progress::Reconnecting { host: "mirror1".into(), attempt: 3, why });
    assert_snapshot!(terminal.screen(), @r"
    Libravatar server migration · run r7k2
    /home/oliver/libravatar.yaml

    Prepare DNS
      ✓ Lower the TTL                 1.2 s
      › gate migrate: yes (terminal)

    Migrate
      › checkpoint before-downtime
      ✓ Show the static …  old        0.4 s
      = Stop pgbouncer     old            …
      – Disable the mirr…  mirror1        …
      › copy: 2 items
      ⠏ Copy avatars and…  new        0.9 s
          50%, 1.0 MiB of 2.0 MiB
          漢字漢字漢字漢字漢字漢字漢字漢字…
      mirror1 cannot be reached, try 3: ss…
    Migrate · 4 of 9 steps · 7.6 s · 1 tem…
    ");
}

#[test]
fn more_units_than_rows_are_counted() {
    let mut terminal = Terminal::new(6, 60);
    let story = &mut terminal.story;
    story.record(0, Record::Started(Box::new(super::story::started())));
    story.record(0, Record::Listed { step: "copy".into(), items: (0..20).map(Into::into).collect() });
    for n in 0..20 {
        story.intended(&item("copy", "new", n), "");
        story.output(&item("copy", "new", n), "output");
    }
    assert_snapshot!(terminal.screen(), @r"
      ⠸ Copy avatars and users (1/20: 0)  new        0.3 s
      ⠸ Copy avatars and users (2/20: 1)  new        0.3 s
      ⠸ Copy avatars and users (3/20: 2)  new        0.3 s
      ⠸ Copy avatars and users (4/20: 3)  new        0.3 s
      … and 16 more
    0 of 9 steps · 0.4 s
    ");
}

#[test]
fn waits_count_down_and_lost_hosts_come_back() {
    let mut terminal = Terminal::new(12, 90);
    let story = &mut terminal.story;
    story.record(0, Record::Started(Box::new(super::story::started())));
    let until = Some("2018-08-12T15:00:00Z".parse().unwrap());
    story.record(0, Record::Waiting { unit: unit("ttl", None), until, what: None });
    story.record(0, Record::Waiting { unit: unit("announce", None), until: None, what: None });
    story.intended(&restore(), "");
    let why = "timed out".to_owned();
    story.progress(61_000, &Progress::Reconnecting { host: "new".into(), attempt: 1, why });
    assert_snapshot!(terminal.screen(), @r"
    Libravatar server migration · run r7k2
    /home/oliver/libravatar.yaml
      ◷ Lower the TTL                        1m 01s  until 2018-08-12 15:00 +00:00 (in 58m 5…
      ◷ Announce success                     1m 01s  until somebody has done it
      ⠋ Restore the database       new       1m 01s
      new cannot be reached, try 1: timed out
    0 of 9 steps · 1m 01s
    ");
    terminal.story.output(&restore(), "here again");
    assert!(!terminal.screen().contains("cannot be reached"));
}

#[test]
fn a_prompt_has_the_terminal_to_itself() {
    let mut terminal = Terminal::new(24, 80);
    terminal.story.record(0, Record::Started(Box::new(super::story::started())));
    terminal.story.intended(&restore(), "");
    assert!(terminal.screen().contains("0 of 9 steps"));
    let Viewer::Human(human) = terminal.story.viewer() else { unreachable!() };
    human.pause();
    let before = terminal.written.bytes().len();
    assert!(!terminal.screen().contains("0 of 9 steps"));
    // Meanwhile the run goes on.
    terminal.story.output(&restore(), "output");
    terminal.story.applied(1000, &restore());
    let Viewer::Human(human) = terminal.story.viewer() else { unreachable!() };
    human.suspend(|| assert_eq!(terminal.written.bytes().len(), before));
    assert_eq!(terminal.written.bytes().len(), before);
    human.go_on();
    assert_snapshot!(terminal.screen(), @r"
    Libravatar server migration · run r7k2
    /home/oliver/libravatar.yaml
      ✓ Restore the database       new        1.0 s
    1 of 9 steps · 1.0 s
    ");
}

#[test]
fn a_rollback_is_seen_to_go_back() {
    let mut terminal = Terminal::new(8, 80);
    let story = &mut terminal.story;
    story.up_to_failure();
    story.record(10, Record::RollbackBegun { to: None });
    story.record(10, Record::UndoIntended { unit: restore(), attempt: 1 });
    story.progress(10, &Progress::Working { unit: restore() });
    assert_snapshot!(terminal.screen(), @r"
            Restore the database on new: libravatar.before back to libravatar
            Show the static site on old: sites-enabled.django back to sites-enabled
            Lower the TTL: TTL of 2 records back to 43200
        help: is the owner of the database there?

    Rollback to the start
      ⠋ Restore the database       new        0.0 s  undoing
    rolling back · 4 of 9 steps · 1m 29s · 1 temporary change open
    ");
}

#[test]
fn a_real_ticker_draws_by_itself() {
    let (written, clock) = (Written::default(), Hand::new());
    let human = Human::new(Box::new(written.clone()), Arc::new(|| (24, 80)), Style::plain(), clock.clone());
    let mut story = Story::on(Viewer::Human(human), clock);
    story.record(0, Record::Started(Box::new(super::story::started())));
    story.output(&restore(), "unseen");
    story.intended(&restore(), "");
    story.progress(7000, &Progress::Working { unit: restore() });
    let seen = || written.text().contains("7.0 s");
    for _ in 0..500 {
        if seen() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(seen());
}

#[test]
fn a_terminal_that_does_not_know_its_size_is_taken_for_a_usual_one() {
    let mut terminal = Terminal::that_says(24, 80, (0, 0));
    terminal.story.up_to_restore();
    terminal.story.intended(&restore(), "");
    let screen = terminal.screen();
    assert!(screen.ends_with("Migrate · 4 of 9 steps · 6.7 s · 1 temporary change open"), "{screen}");
}
