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
    assert_snapshot!(written.text(), @"");
}

#[test]
fn a_terminal_shows_the_clock_at_the_foot() {
    let mut terminal = Terminal::new(12, 100);
    tell(&mut terminal.story);
    let screen = terminal.screen();
    assert_snapshot!(screen.lines().last().unwrap_or_default(), @"");
}

#[test]
fn the_last_words_and_the_status_have_the_sums() {
    let mut story = Story::silent();
    tell(&mut story);
    let now = story.now() + SignedDuration::from_secs(2);
    assert_snapshot!(watched(&story.view, now, &Style::plain()).painted(&Style::plain()), @"");
    seen(&mut story, 2_000, "site", true, "");
    story.applied(5_000, &restore());
    story.record(0, Record::Finished { open: 0 });
    let done = closing(&Ending::Done { open: 0 }, &story.view, Typing::default(), story.now(), &Style::plain());
    assert_snapshot!(done, @"");
    story.clock.pass(1_000_000);
    let later = status(&story.view, Typing::default(), story.now(), &Style::plain());
    assert!(later.contains("down 17 s in all"), "a run that is over is not down any longer: {later}");
    let log = log_records(&story.entries, &story.view, &Style::plain());
    let of_watch: Vec<&str> = log.lines().filter(|line| line.contains("site") || line.contains("watched")).collect();
    assert_snapshot!(of_watch.join("\n"), @"");
}
