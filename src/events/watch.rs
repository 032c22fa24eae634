//! What the probes that run beside a run saw, as its records tell it: the downtime clock.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

/// What a probe says of what it looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Seen {
    /// It is as expected.
    Up,
    /// It is not.
    Down,
    /// Nobody looks: the run is parked or over, or its process is dead.
    Unwatched,
}

/// A probe as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeView {
    /// What it says.
    pub state: Seen,
    /// Since when.
    pub since: Timestamp,
    /// Why it is down, or was last; may be empty.
    pub why: String,
    /// How often it went down, as far as somebody looked.
    pub outages: u32,
    /// What was seen last while somebody looked.
    last: Seen,
    /// Whether the run is over: nothing goes unwatched any more.
    over: bool,
    up: Duration,
    down: Duration,
    unwatched: Duration,
    longest: Duration,
    /// How much of the outage that was seen last was watched, but for what is since `since`.
    outage: Duration,
    /// How long the outage was that this time of being up has ended.
    ended: Option<Duration>,
}

/// The sums of a probe up to some instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Downtime {
    /// How long it was up.
    pub up: Duration,
    /// How long it was down.
    pub down: Duration,
    /// The longest time that it was down on end.
    pub longest: Duration,
    /// How often it went down.
    pub outages: u32,
    /// How long nobody looked between the first look and the last.
    pub unwatched: Duration,
}

impl ProbeView {
    /// A probe that nothing is known of.
    pub(super) fn new(at: Timestamp) -> Self {
        Self {
            state: Seen::Unwatched,
            since: at,
            why: String::new(),
            outages: 0,
            last: Seen::Unwatched,
            over: false,
            up: Duration::ZERO,
            down: Duration::ZERO,
            unwatched: Duration::ZERO,
            longest: Duration::ZERO,
            outage: Duration::ZERO,
            ended: None,
        }
    }

    /// A look since when it is up or down.
    pub(super) fn saw(&mut self, up: bool, why: &str, since: Timestamp) {
        let state = if up { Seen::Up } else { Seen::Down };
        if !self.over || self.state != Seen::Unwatched {
            self.pass(since);
        }
        self.over = false;
        self.ended = (up && self.last == Seen::Down).then_some(self.outage);
        if !up {
            // After a time that nobody watched it is taken to be the outage of before.
            if self.last != Seen::Down {
                self.outages += 1;
                self.outage = Duration::ZERO;
            }
            why.clone_into(&mut self.why);
        }
        (self.state, self.last) = (state, state);
        self.since = self.since.max(since);
    }

    /// Nobody looks any more, since then.
    pub(super) fn unwatched(&mut self, since: Timestamp, over: bool) {
        if self.state != Seen::Unwatched || over && !self.over {
            self.pass(since);
            self.state = Seen::Unwatched;
            self.since = self.since.max(since);
        }
        self.over |= over;
    }

    /// Counts what has passed until then.
    fn pass(&mut self, until: Timestamp) {
        let sums = self.sums(until);
        if self.state == Seen::Down {
            self.outage += sums.down.saturating_sub(self.down);
        }
        let Downtime { up, down, longest, unwatched, .. } = sums;
        (self.up, self.down, self.longest, self.unwatched) = (up, down, longest, unwatched);
    }

    /// How long the outage was, as far as it was watched, that this time of being up has ended.
    #[must_use]
    pub fn ended_outage(&self) -> Option<Duration> {
        self.ended
    }

    /// What it said last, where the run is over.
    #[must_use]
    pub fn at_the_end(&self) -> Option<Seen> {
        (self.over && self.state == Seen::Unwatched).then_some(self.last)
    }

    /// Its sums up to `now`.
    #[must_use]
    pub fn sums(&self, now: Timestamp) -> Downtime {
        let passed = Duration::try_from(now.duration_since(self.since)).unwrap_or_default();
        let mut sums = Downtime {
            up: self.up,
            down: self.down,
            longest: self.longest,
            outages: self.outages,
            unwatched: self.unwatched,
        };
        match self.state {
            Seen::Up => sums.up += passed,
            Seen::Down => {
                sums.down += passed;
                sums.longest = sums.longest.max(self.outage + passed);
            }
            Seen::Unwatched if self.over => {}
            Seen::Unwatched => sums.unwatched += passed,
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn sums(probe: &ProbeView, now: i64) -> (u64, u64, u64, u32, u64) {
        let Downtime { up, down, longest, outages, unwatched } = probe.sums(at(now));
        (up.as_secs(), down.as_secs(), longest.as_secs(), outages, unwatched.as_secs())
    }

    #[test]
    fn what_was_watched_is_up_or_down_and_the_rest_is_neither() {
        let mut probe = ProbeView::new(at(0));
        probe.saw(true, "", at(0));
        probe.saw(false, "refused", at(10));
        assert_eq!(sums(&probe, 14), (10, 4, 4, 1, 0), "an outage that goes on counts");
        probe.saw(true, "", at(15));
        assert_eq!(probe.why, "refused");
        probe.saw(false, "502", at(100));
        // The controller died; whoever came next looked ten minutes later, and it was still down.
        probe.unwatched(at(107), false);
        assert_eq!(sums(&probe, 200), (95, 12, 7, 2, 93));
        probe.saw(false, "502", at(707));
        probe.saw(true, "", at(720));
        assert_eq!(sums(&probe, 730), (105, 25, 20, 2, 600), "one outage, as far as it was seen");
        // Up before the gap and down after it is an outage of its own.
        probe.unwatched(at(730), false);
        probe.saw(false, "refused", at(740));
        probe.unwatched(at(741), true);
        assert_eq!(sums(&probe, 10_000), (105, 26, 20, 3, 610), "a run that is over is not unwatched");
        // A run that is done and goes on even so: what was between is not its time.
        probe.saw(true, "", at(11_000));
        assert_eq!(sums(&probe, 11_001), (106, 26, 20, 3, 610));
    }

    #[test]
    fn a_clock_that_went_back_counts_nothing_twice() {
        let mut probe = ProbeView::new(at(100));
        probe.saw(false, "x", at(100));
        probe.saw(true, "", at(90));
        assert_eq!(sums(&probe, 110), (10, 0, 0, 1, 0));
        probe.unwatched(at(80), false);
        assert_eq!(sums(&probe, 90), (0, 0, 0, 1, 0));
    }
}
