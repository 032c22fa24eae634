//! A list of moves, thought through: what stands where after how many of them. It is all that tells how far such a list has come.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// Where the thing stands.
    pub from: String,
    /// Where it is to stand.
    pub to: String,
}

/// Moves in order, and what stands where before each of them and after the last: by path the number of the thing, or nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Order {
    pub(super) pairs: Vec<Pair>,
    pub(super) stages: Vec<BTreeMap<String, Option<usize>>>,
}

/// Why a list cannot be carried out, and the pair that it is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Muddle {
    pub(super) pair: usize,
    pub(super) why: String,
}

impl Order {
    /// Thinks `pairs` through.
    pub(super) fn of(pairs: &[Pair]) -> Result<Self, Muddle> {
        let muddle = |pair: usize, why: String| Err(Muddle { pair, why });
        let first = first(pairs);
        for (number, Pair { from, to }) in pairs.iter().enumerate() {
            for path in [from, to] {
                if let Some(outer) = first.keys().find(|outer| is_within(path, outer)) {
                    return muddle(number, format!("`{path}` lies within `{outer}`: move them in separate steps"));
                }
            }
        }
        let mut stages = vec![first];
        for (number, Pair { from, to }) in pairs.iter().enumerate() {
            let mut stage = stages[number].clone();
            if from == to {
                return muddle(number, format!("`{from}` would be moved to where it is"));
            }
            let Some(thing) = stage.insert(from.clone(), None).flatten() else {
                return muddle(number, format!("nothing is at `{from}` any more: an earlier pair has moved it away"));
            };
            if stage.insert(to.clone(), Some(thing)).flatten().is_some() {
                return muddle(number, format!("`{to}` is taken by then"));
            }
            stages.push(stage);
        }
        let order = Self { pairs: pairs.to_vec(), stages };
        match order.alike() {
            Some(pair) => muddle(pair, "after this move the same paths are taken as before the list, or in the middle of it: nothing would tell whether it was done".to_owned()),
            None => Ok(order),
        }
    }

    /// Every path that is named.
    pub(super) fn paths(&self) -> impl Iterator<Item = &String> {
        self.stages[0].keys()
    }

    /// How many of the moves have been made, where `there` says which paths are taken; none where it can be no stage of this.
    pub(super) fn done(&self, there: impl Fn(&str) -> bool) -> Option<usize> {
        self.stages.iter().position(|stage| stage.iter().all(|(path, thing)| there(path) == thing.is_some()))
    }

    /// What keeps `there` from being that stage.
    pub(super) fn against(&self, stage: usize, there: impl Fn(&str) -> bool) -> Vec<String> {
        let wrong = self.stages[stage].iter().filter_map(|(path, thing)| match (there(path), thing) {
            (true, None) => Some(format!("{path} exists already")),
            (false, Some(_)) => Some(format!("there is nothing at {path}")),
            _ => None,
        });
        wrong.collect()
    }

    /// The first move after which the same paths are taken as at some earlier stage.
    fn alike(&self) -> Option<usize> {
        let taken = |stage: &BTreeMap<String, Option<usize>>| stage.values().map(Option::is_some).collect::<Vec<_>>();
        let shapes: Vec<Vec<bool>> = self.stages.iter().map(taken).collect();
        (1..shapes.len()).find(|&stage| shapes[..stage].contains(&shapes[stage])).map(|stage| stage - 1)
    }
}

/// What has to stand where before the first move: a path that is first moved from is taken, one that is first moved to is free.
fn first(pairs: &[Pair]) -> BTreeMap<String, Option<usize>> {
    let mut stage = BTreeMap::new();
    for Pair { from, to } in pairs {
        let things = stage.values().flatten().count();
        stage.entry(from.clone()).or_insert(Some(things));
        stage.entry(to.clone()).or_insert(None);
    }
    stage
}

fn is_within(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Moves as `a>b b>c`.
    pub(in crate::actions::kinds::moves) fn pairs(text: &str) -> Vec<Pair> {
        let pair = |pair: &str| {
            let (from, to) = pair.split_once('>').unwrap();
            Pair { from: from.to_owned(), to: to.to_owned() }
        };
        text.split(' ').map(pair).collect()
    }

    #[test]
    fn a_list_is_judged_by_what_is_taken() {
        // The original's: the live folder aside, another in its place.
        let order = Order::of(&pairs("/e/live>/e/django /e/static>/e/live")).unwrap();
        for (there, done) in [
            (&["/e/live", "/e/static"][..], Some(0)),
            (&["/e/django", "/e/static"], Some(1)),
            (&["/e/django", "/e/live"], Some(2)),
            (&["/e/live"], None),
            (&["/e/live", "/e/static", "/e/django"], None),
            (&[], None),
        ] {
            assert_eq!(order.done(|path| there.contains(&path)), done, "{there:?}");
        }
        let there = |path: &str| path != "/e/static";
        assert_eq!(order.against(0, there), ["/e/django exists already", "there is nothing at /e/static"]);
        assert_eq!(order.stages[2]["/e/live"], Some(1));
        assert_eq!(order.stages[2]["/e/django"], Some(0));
    }

    #[test]
    fn what_cannot_be_carried_out_says_why() {
        for (text, pair, due) in [
            ("/a>/a", 0, "to where it is"),
            ("/a>/b /a>/c", 1, "nothing is at `/a` any more"),
            ("/a>/b /c>/b", 1, "`/b` is taken by then"),
            ("/a>/t /b>/a /t>/b", 2, "nothing would tell whether it was done"),
            ("/a>/b /b>/a", 1, "nothing would tell whether it was done"),
            ("/a>/a/b", 0, "`/a/b` lies within `/a`"),
            ("/a>/b /b/x>/c", 1, "`/b/x` lies within `/b`"),
        ] {
            let muddle = Order::of(&pairs(text)).unwrap_err();
            assert_eq!(muddle.pair, pair, "{text}");
            assert!(muddle.why.contains(due), "{text}: {}", muddle.why);
        }
        assert!(Order::of(&pairs("/a>/ab")).is_ok());
        assert!(Order::of(&pairs("/a>/b /c>/a /d>/c")).is_ok());
    }

    proptest::proptest! {
        #[test]
        fn every_stage_is_told_from_every_other(list in proptest::collection::vec((0..6_u8, 0..6_u8), 1..6)) {
            let pairs: Vec<Pair> =
                list.iter().map(|(from, to)| Pair { from: format!("/{from}"), to: format!("/{to}") }).collect();
            if let Ok(order) = Order::of(&pairs) {
                for (number, stage) in order.stages.iter().enumerate() {
                    let there = |path: &str| stage.get(path).is_some_and(Option::is_some);
                    proptest::prop_assert_eq!(order.done(there), Some(number));
                }
                let things = |stage: &BTreeMap<String, Option<usize>>| stage.values().flatten().count();
                proptest::prop_assert!(order.stages.iter().all(|stage| things(stage) == things(&order.stages[0])));
            }
        }
    }
}
