//! The sums of a watch under any series of records: every moment is up, down or unwatched, and none is two of them.

use std::time::Duration;

use jiff::Timestamp;
use proptest::prelude::*;

use runbook::events::{Entry, Record, RunView};

use super::state::started;

/// Something that happens, milliseconds after what came before it.
fn event() -> impl Strategy<Value = (i64, u8)> {
    (0..10_000_i64, 0..7_u8)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_moment_is_counted_once(events in proptest::collection::vec(event(), 1..60)) {
        let mut view = RunView::default();
        let mut now = 0;
        let at = |now: i64| Timestamp::from_millisecond(now).unwrap();
        let append = |view: &mut RunView, now: i64, record: Record| {
            let entry = Entry { seq: 1, at: at(now), who: "a".into(), previous: String::new(), record };
            let text = serde_json::to_string(&entry).unwrap();
            view.apply(&serde_json::from_str(&text).unwrap()).unwrap();
        };
        append(&mut view, 0, started());
        let (mut first, mut idle, mut idle_since) = (None, 0, None);
        for (pause, what) in events {
            now += pause;
            let record = match what {
                0..3 => Record::Watched { probe: "site".into(), up: what == 0, why: String::new(), since: at(now) },
                3 => Record::Unwatched { since: at(now) },
                4 => Record::Parked { why: String::new(), until: None },
                5 => Record::Resumed { edited: None },
                _ => Record::Finished { open: 0 },
            };
            match what {
                0..3 => {
                    first.get_or_insert(now);
                    idle += now - idle_since.take().unwrap_or(now);
                }
                6 if first.is_some() => {
                    idle_since.get_or_insert(now);
                }
                _ => {}
            }
            append(&mut view, now, record);
        }
        now += 100;
        idle += now - idle_since.unwrap_or(now);
        if let Some(probe) = view.probes.get("site") {
            let sums = probe.sums(at(now));
            let counted = sums.up + sums.down + sums.unwatched;
            // What passed after the end of a run is nobody's, from when it ended or was last watched.
            let whole = Duration::from_millis(u64::try_from(now - first.unwrap()).unwrap());
            let idle = Duration::from_millis(u64::try_from(idle).unwrap());
            prop_assert_eq!(counted + idle, whole);
            prop_assert!(sums.longest <= sums.down);
            prop_assert!(sums.outages > 0 || sums.down.is_zero());
        } else {
            prop_assert!(first.is_none());
        }
    }
}
