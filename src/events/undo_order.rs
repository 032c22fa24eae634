//! The order in which rollback takes units back.
//!
//! Newest first. But the undo of a restart or reload is itself a restart, and must find the configuration of before: it is postponed until
//! the changes back to the previous restart of that service on that host, or to the rollback's end, were undone.

use crate::base::{Role, UnitId};

use super::view::UnitView;

/// A service on a host.
type Service<'a> = (Option<&'a Role>, &'a str);

/// The units in the order in which they are taken back.
pub(super) fn order<'a>(changed: impl Iterator<Item = (&'a UnitId, &'a UnitView)>) -> Vec<UnitId> {
    let mut newest_first: Vec<(&UnitId, &UnitView)> = changed.collect();
    newest_first.sort_by(|(a, seen_a), (b, seen_b)| seen_b.completed.cmp(&seen_a.completed).then_with(|| b.cmp(a)));
    let mut order = Vec::with_capacity(newest_first.len());
    let mut postponed: Vec<(Service<'a>, &UnitId)> = Vec::new();
    for (unit, seen) in newest_first {
        let Some(service) = restarted(unit, seen) else {
            order.push(unit.clone());
            continue;
        };
        if let Some(at) = postponed.iter().position(|(other, _)| *other == service) {
            order.push(postponed.remove(at).1.clone());
        }
        postponed.push((service, unit));
    }
    order.extend(postponed.into_iter().map(|(_, unit)| unit.clone()));
    order
}

fn restarted<'a>(unit: &'a UnitId, seen: &'a UnitView) -> Option<Service<'a>> {
    let service = seen.state.attempt()?.reversal.restarts.as_deref()?;
    Some((unit.host.as_ref(), service))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::UnitState;
    use crate::events::record::{Reversal, Undo};
    use crate::events::state::Attempt;

    fn unit(step: &str, host: &str) -> UnitId {
        UnitId { step: step.into(), item: None, host: Some(host.into()) }
    }

    fn applied(completed: u64, restarts: Option<&str>) -> UnitView {
        let reversal = Box::new(Reversal {
            action: "file".into(),
            data: Undo::Nothing,
            become_user: None,
            summary: String::new(),
            verify_held_before: false,
            restarts: restarts.map(str::to_owned),
            captured: None,
        });
        UnitView {
            state: UnitState::Applied(Attempt { number: 1, first: 1, reversal, job: None, named: 1 }),
            completed,
            ..UnitView::default()
        }
    }

    /// Steps in the order in which they were done: name, host, service that is restarted.
    fn names(done: &[(&str, &str, Option<&str>)]) -> String {
        let units: Vec<(UnitId, UnitView)> =
            (1..).zip(done).map(|(seq, (name, host, restarts))| (unit(name, host), applied(seq, *restarts))).collect();
        let order = order(units.iter().map(|(unit, seen)| (unit, seen)));
        order.iter().map(|unit| unit.step.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn newest_first() {
        assert_eq!(names(&[("a", "old", None), ("b", "new", None), ("c", "old", None)]), "c b a");
    }

    #[test]
    fn a_restart_waits_for_the_changes_before_it() {
        let apache = Some("apache2");
        assert_eq!(names(&[("site", "old", None), ("restart", "old", apache)]), "site restart");
    }

    #[test]
    fn a_restart_waits_only_back_to_the_previous_one() {
        let apache = Some("apache2");
        let done =
            [("static", "old", None), ("restart1", "old", apache), ("proxy", "old", None), ("restart2", "old", apache)];
        assert_eq!(names(&done), "proxy restart2 static restart1");
    }

    #[test]
    fn other_hosts_and_services_do_not_count() {
        let done = [
            ("a", "old", None),
            ("r-new", "new", Some("apache2")),
            ("b", "old", None),
            ("r-cron", "old", Some("cron")),
            ("c", "old", None),
            ("r-old", "old", Some("apache2")),
        ];
        assert_eq!(names(&done), "c b a r-old r-cron r-new");
    }
}
