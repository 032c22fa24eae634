//! An axis of time that is broken where nothing happens: a wait of a week must not squash the rest.

use std::time::Duration;

use jiff::Timestamp;

use crate::base::duration::between;

/// A break is not worth it for less.
const SHORTEST: Duration = Duration::from_mins(1);
/// What a break takes of the axis, in hundredths; and all of them together at most.
const BREAK: f64 = 4.0;
const BREAKS: f64 = 40.0;

/// A stretch of time and where it is drawn, in hundredths of the axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stretch {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) is_folded: bool,
}

/// An axis of time.
#[derive(Clone, Debug)]
pub(super) struct Axis(Vec<Stretch>);

impl Axis {
    /// From the first of these instants to the last; broken between two of them that are far apart, where nothing of `busy` goes on.
    pub(super) fn new(mut instants: Vec<Timestamp>, busy: &[(Timestamp, Timestamp)]) -> Self {
        instants.sort_unstable();
        instants.dedup();
        let busy = merged(busy);
        let is_idle = |from: Timestamp, to: Timestamp| {
            let after = busy.partition_point(|(_, end)| *end <= from);
            busy.get(after).is_none_or(|(begin, _)| *begin >= to)
        };
        let mut stretches: Vec<Stretch> = Vec::new();
        for pair in instants.windows(2) {
            let (from, to) = (pair[0], pair[1]);
            stretches.push(Stretch { from, to, left: 0.0, right: 0.0, is_folded: false });
        }
        let mut whole: Duration = stretches.iter().map(Stretch::length).sum();
        let mut idle: Vec<usize> = (0..stretches.len()).collect();
        idle.retain(|at| is_idle(stretches[*at].from, stretches[*at].to));
        idle.sort_by_key(|at| std::cmp::Reverse(stretches[*at].length()));
        for at in idle {
            let length = stretches[at].length();
            // Shorter than a fifth of what is left, it squashes nothing.
            if length < SHORTEST || length * 5 < whole {
                break;
            }
            stretches[at].is_folded = true;
            whole = whole.saturating_sub(length);
        }
        place(&mut stretches, whole);
        Self(stretches)
    }

    /// Where an instant is, in hundredths.
    pub(super) fn at(&self, at: Timestamp) -> f64 {
        let index = self.0.partition_point(|stretch| stretch.to < at);
        let Some(stretch) = self.0.get(index) else { return if self.0.is_empty() { 0.0 } else { 100.0 } };
        let part = between(stretch.from, at).as_secs_f64() / stretch.length().as_secs_f64();
        stretch.left + (stretch.right - stretch.left) * part
    }

    /// Which instant is there; none within a break.
    pub(super) fn when(&self, hundredths: f64) -> Option<Timestamp> {
        let index = self.0.partition_point(|stretch| stretch.right < hundredths);
        let stretch = self.0.get(index).or(self.0.last())?;
        let width = stretch.right - stretch.left;
        if stretch.is_folded || width <= 0.0 {
            return None;
        }
        let part = ((hundredths - stretch.left) / width).clamp(0.0, 1.0);
        stretch.from.checked_add(stretch.length().mul_f64(part)).ok()
    }

    /// Where it is broken.
    pub(super) fn folds(&self) -> impl Iterator<Item = &Stretch> {
        self.0.iter().filter(|stretch| stretch.is_folded)
    }
}

impl Stretch {
    pub(super) fn length(&self) -> Duration {
        between(self.from, self.to)
    }
}

/// Gives each stretch its place: those that are not folded, `whole` long together, share what breaks leave.
fn place(stretches: &mut [Stretch], whole: Duration) {
    let folds = stretches.iter().filter(|stretch| stretch.is_folded).fold(0.0, |count, _| count + 1.0);
    let fold = if folds == 0.0 { 0.0 } else { f64::min(BREAK, BREAKS / folds) };
    let rest = if whole.is_zero() { 0.0 } else { (100.0 - folds * fold) / whole.as_secs_f64() };
    let fold = if whole.is_zero() && folds > 0.0 { 100.0 / folds } else { fold };
    let mut left = 0.0;
    for stretch in stretches {
        let width = if stretch.is_folded { fold } else { stretch.length().as_secs_f64() * rest };
        (stretch.left, stretch.right) = (left, left + width);
        left += width;
    }
}

/// The same without overlaps, in order.
pub(in crate::report) fn merged(spans: &[(Timestamp, Timestamp)]) -> Vec<(Timestamp, Timestamp)> {
    let mut spans = spans.to_vec();
    spans.sort_unstable();
    let mut merged: Vec<(Timestamp, Timestamp)> = Vec::new();
    for (from, to) in spans {
        match merged.last_mut() {
            Some((_, end)) if from <= *end => *end = to.max(*end),
            _ => merged.push((from, to)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn axis(instants: &[i64], busy: &[(i64, i64)]) -> Axis {
        let busy: Vec<_> = busy.iter().map(|(from, to)| (at(*from), at(*to))).collect();
        Axis::new(instants.iter().copied().map(at).collect(), &busy)
    }

    fn is_about(left: f64, right: f64) -> bool {
        (left - right).abs() < 0.001
    }

    #[test]
    fn time_is_even_where_work_goes_on() {
        let axis = axis(&[0, 3600, 7200], &[(0, 7200)]);
        assert_eq!(axis.folds().count(), 0);
        assert!(is_about(axis.at(at(1800)), 25.0) && is_about(axis.at(at(7200)), 100.0));
        assert_eq!(axis.when(50.0), Some(at(3600)));
    }

    #[test]
    fn a_week_of_waiting_is_a_break_and_leaves_room_for_the_rest() {
        let week = 7 * 86_400;
        let axis = axis(&[0, 60, 60 + week, 120 + week], &[(0, 60), (60 + week, 120 + week)]);
        let folds: Vec<_> = axis.folds().collect();
        assert_eq!(folds.len(), 1);
        assert_eq!((folds[0].from, folds[0].length().as_secs()), (at(60), 604_800));
        assert!(is_about(axis.at(at(60)), 48.0) && is_about(axis.at(at(60 + week)), 52.0));
        assert_eq!((axis.when(50.0), axis.when(24.0)), (None, Some(at(30))));
        assert!(axis.at(at(30)) < axis.at(at(1000)) && axis.at(at(1000)) < axis.at(at(90 + week)));
    }

    #[test]
    fn what_probes_saw_meanwhile_is_not_folded_away_and_short_waits_are_not_either() {
        let axis = axis(&[0, 100, 3600, 3610, 7200, 7300, 7330, 7400], &[(0, 100), (7200, 7300), (7330, 7400)]);
        let folds: Vec<_> = axis.folds().map(|fold| (fold.from, fold.to)).collect();
        assert_eq!(folds, [(at(100), at(3600)), (at(3610), at(7200))]);
        assert!(axis.at(at(3610)) - axis.at(at(3600)) > 2.0);
    }

    #[test]
    fn what_takes_no_time_at_all_is_drawn_even_so() {
        let none = axis(&[5], &[]);
        assert!(is_about(none.at(at(5)), 0.0) && none.when(50.0).is_none());
        let waits = axis(&[0, 600], &[]);
        assert!(is_about(waits.at(at(600)), 100.0));
    }
}
