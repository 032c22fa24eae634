//! The downtime clock, on every screen.

use insta::assert_snapshot;
use jiff::SignedDuration;

use super::human::Terminal;
use super::story::{Hand, Story, Written, restore, started};
use crate::display::{Ending, Plain, Style, Typing, Viewer, closing, log_records, status, watched};
use crate::events::record::Record;

fn seen(story: &mut Story, milliseconds: i64, probe: &str, up: bool, why: &str) {
    // Down it is since the look that shows it began.
    let since = story.now() + SignedDuration::from_millis(if up { milliseconds } else { milliseconds - 200 });
    story.record(milliseconds, Record::Watched { probe: probe.into(), up, why: why.into(), since });
}

/// A site goes down twice; in between the controller dies.
fn tell(story: &mut Story) {
    story.record(0, Record::Started(Box::new(started())));
    seen(story, 200, "site", true, "");
    seen(story, 100, "mail", true, "");
    story.intended(&restore(), "");
    seen(story, 60_000, "site", false, "status 503, expected 200; the body begins: \u{1b}[31msorry");
    seen(story, 12_000, "site", true, "");
    seen(story, 20_000, "site", false, "connection refused");
    let since = story.now() + SignedDuration::from_secs(4);
    story.record(90_000, Record::Unwatched { since });
    story.record(0, Record::Resumed { edited: None });
    seen(story, 1_000, "site", false, "connection refused");
    seen(story, 300, "mail", true, "");
}

#[test]
fn a_pipe_tells_every_change() {
    let (written, clock) = (Written::default(), Hand::new());
    let plain = Plain::new(Box::new(written.clone()), Style::plain(), clock.clone());
    let mut story = Story::on(Viewer::Plain(plain), clock);
    tell(&mut story);
    assert_snapshot!(written.text(), @r"
    Libravatar server migration · run r7k2
    /home/oliver/libravatar.yaml
      ✓ site is up
      ✓ mail is up
      ✗ site is down: status 503, expected 200; the body begins: \x1b[31msorry
      ✓ site is up again, after 12 s down
      ✗ site is down: connection refused
    Libravatar server migration · run r7k2
    resumed by oliver@laptop
    nobody has watched for 1m 26s
      ✗ site is down: connection refused
      ✓ mail is up
    ");
}

#[test]
fn a_terminal_shows_the_clock_at_the_foot() {
    let mut terminal = Terminal::new(12, 100);
    tell(&mut terminal.story);
    let screen = terminal.screen();
    assert_snapshot!(screen.lines().last().unwrap_or_default(), @"0 of 9 steps · 1.3 s · mail up 0.0 s · site DOWN 0.5 s");
}

#[test]
fn the_last_words_and_the_status_have_the_sums() {
    let mut story = Story::silent();
    tell(&mut story);
    let now = story.now() + SignedDuration::from_secs(2);
    assert_snapshot!(watched(&story.view, now, &Style::plain()).painted(&Style::plain()), @r"
    watched:
      ✓ mail: up for 2.0 s; never down; not watched for 1m 27s
      ✗ site: down for 2.5 s (connection refused); down 18 s in all, in 2 outages, 12 s the longest; not watched for 1m 26s
    ");
    seen(&mut story, 2_000, "site", true, "");
    story.applied(5_000, &restore());
    story.record(0, Record::Finished { open: 0 });
    let done = closing(&Ending::Done { open: 0 }, &story.view, Typing::default(), story.now(), &Style::plain());
    let sums = "  ✓ site: up at the end; down 18 s in all, in 2 outages, 12 s the longest; not watched for 1m 26s\n";
    assert!(done.contains(sums), "{done}");
    story.clock.pass(1_000_000);
    let later = status(&story.view, Typing::default(), story.now(), &Style::plain());
    assert!(later.contains(sums), "a run that is over is not down any longer: {later}");
    let log = log_records(&story.entries, &story.view, &Style::plain());
    for said in [
        "✗ site is down: connection refused since 14:0",
        "nobody has watched since 2018-08-12 14:0",
        "✓ mail is up since",
    ] {
        assert!(log.contains(said), "{said}: {log}");
    }
}
