//! What the probes of a watch saw, in words.

use jiff::Timestamp;

use crate::events::RunView;
use crate::events::watch::ProbeView;
pub(super) use crate::events::watch::Seen;

use super::count::count;
use super::failure::first;
use super::line::{Line, Page};
use super::style::{Mark, Style, Tone};
use super::when::{between, instant, short};

/// A probe in a few words: `site up 3m 20s`, `site DOWN 12 s`.
pub(super) fn brief(line: Line, name: &str, probe: &ProbeView, now: Timestamp) -> Line {
    let since = short(between(probe.since, now));
    match probe.state {
        Seen::Up => {
            line.put(Tone::Dim, name).put(Tone::Dim, " ").put(Tone::Good, "up").put(Tone::Dim, format_args!(" {since}"))
        }
        Seen::Down => line.put(Tone::Bad, name).put(Tone::Bad, " DOWN ").put(Tone::Bad, since),
        Seen::Unwatched => line.put(Tone::Dim, name).put(Tone::Doubt, " not watched"),
    }
}

/// What a change of a probe says; `before` it: for how long it was down.
pub(super) fn told(line: Line, name: &str, up: bool, why: &str, down_before: Option<std::time::Duration>) -> Line {
    match (up, down_before) {
        (true, None) => line.put(Tone::Name, name).text(" is ").put(Tone::Good, "up"),
        (true, Some(down)) => {
            let line = line.put(Tone::Name, name).text(" is ").put(Tone::Good, "up");
            line.text(" again, after ").text(short(down)).text(" down")
        }
        (false, _) => line.put(Tone::Name, name).text(" is ").put(Tone::Bad, "down").text(": ").text(first(why)),
    }
}

/// What the probes of a run have seen, its sums with it; nothing where nothing was watched.
#[must_use]
pub fn watched(view: &RunView, now: Timestamp, style: &Style) -> Page {
    let mut page = Page::new();
    if !view.probes.is_empty() {
        page.push(Line::new().text("watched:"));
        sums(&mut page, view, now, style);
    }
    page
}

/// Each probe: whether it is up, and its sums.
pub(super) fn sums(page: &mut Page, view: &RunView, now: Timestamp, style: &Style) {
    for (name, probe) in &view.probes {
        let end = probe.at_the_end();
        let mark = match end.unwrap_or(probe.state) {
            Seen::Up => Mark::Applied,
            Seen::Down => Mark::Failed,
            Seen::Unwatched => Mark::Unsure,
        };
        let sums = probe.sums(now);
        let line = Line::indented(2).mark(style, mark).text(" ").put(Tone::Name, name).text(": ");
        let line = match probe.state {
            _ if end == Some(Seen::Up) => line.put(Tone::Good, "up").text(" at the end"),
            _ if end == Some(Seen::Down) => line.put(Tone::Bad, "down").text(" at the end: ").text(first(&probe.why)),
            Seen::Up => line.put(Tone::Good, "up").text(" for ").text(short(between(probe.since, now))),
            Seen::Down => {
                let line = line.put(Tone::Bad, "down").text(" for ").text(short(between(probe.since, now)));
                line.text(" (").text(first(&probe.why)).text(")")
            }
            Seen::Unwatched => line.text("not watched since ").text(instant(probe.since, style)),
        };
        let line = if sums.outages == 0 {
            line.text("; never down")
        } else {
            let outages = if sums.outages == 1 {
                "in 1 outage".to_owned()
            } else {
                format!("in {}, {} the longest", count(sums.outages as usize, "outage"), short(sums.longest))
            };
            line.text("; down ").put(Tone::Strong, short(sums.down)).text(" in all, ").text(outages)
        };
        page.push(if sums.unwatched.is_zero() {
            line
        } else {
            line.text("; not watched for ").text(short(sums.unwatched))
        });
    }
}
