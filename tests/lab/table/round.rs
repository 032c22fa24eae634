//! The round that all cases of a table go together: dry run, run, run again, rollback, resume, rollback, rollback again, with looks in between.

use std::fmt::Write as _;

use serde_json::Value;
use similar::TextDiff;

use super::bench::{Bench, Look, Looks, Place};
use super::book::Desk;
use super::case::End;
use super::cases::Table;
use super::compare::{Apart, difference};
use super::told::Told;

pub(super) struct Round<'t, 'a> {
    pub(super) table: &'t Table<'a>,
    pub(super) bench: &'t Bench<'a>,
}

/// What is wrong, all of it.
#[derive(Default)]
struct Wrong(String);

impl Wrong {
    /// It must have ended with this code: there is no going on otherwise.
    fn ended(&self, told: Told, code: i32) -> Told {
        assert_eq!(told.code, code, "{}\n{}", self.0, told.gist());
        told
    }

    fn unless(&mut self, holds: bool, place: &Place, role: &str, what: impl FnOnce() -> String) {
        if !holds {
            let _ = writeln!(self.0, "\n{} on {role}: {}", place.case.name, what());
        }
    }

    /// Nothing between two looks but what may be, at the places that `which` picks.
    fn apart(&mut self, when: &str, places: &[&Place], which: fn(&End) -> bool, looks: [&Looks; 2], apart: Apart) {
        for place in places.iter().filter(|place| which(&place.case.end)) {
            for role in place.roles() {
                let at = (place.slug.clone(), role.to_owned());
                let changed = difference(&looks[0][&at], &looks[1][&at], apart);
                self.unless(changed.is_none(), place, role, || format!("{when}:\n{}", changed.unwrap()));
            }
        }
    }
}

impl Round<'_, '_> {
    /// What was there once it was done.
    pub(super) fn hold(&self, places: &[&Place]) -> Looks {
        if places.is_empty() {
            return Looks::new();
        }
        let mut wrong = Wrong::default();
        let desk = Desk::new(self.table, places);
        let before = self.bench.look(places);

        let plan = wrong.ended(desk.runbook(&["plan", "BOOK"]), 0);
        wrong.apart(
            "the dry run changes something",
            places,
            |_| true,
            [&before, &self.bench.look(places)],
            Apart::Nothing,
        );

        let run = wrong.ended(desk.runbook(&["run", "BOOK"]), 0);
        let done = self.bench.look(places);
        let (foreseen, happened) = (plan.foreseen(), run.records(&["settled", "satisfied", "blocked"]));
        for place in places {
            for role in place.units() {
                let unit = (place.slug.clone(), role.to_owned());
                let (Some(foresight), Some(record)) = (foreseen.get(&unit), happened.get(&unit)) else {
                    wrong.unless(false, place, role, || "nothing is told of it".to_owned());
                    continue;
                };
                judge(
                    &mut wrong,
                    (place, role, &self.table.secrets),
                    [foresight, record],
                    [&place.of(&before, role), &place.of(&done, role)],
                );
            }
        }
        for ((slug, role), ran) in self.bench.scripts(places.iter().map(|place| (*place, &*place.case.leaves))) {
            let place = places.iter().find(|place| place.slug == slug).unwrap();
            wrong.unless(ran.code == 0, place, &role, || {
                format!("`{}` does not hold:\n{}", place.case.leaves, ran.said)
            });
        }

        let again = wrong.ended(desk.runbook(&["run", "BOOK"]), 0);
        let happened = again.records(&["settled", "satisfied", "blocked"]);
        for place in places.iter().filter(|place| place.case.end == End::Changes) {
            for role in place.units() {
                let record = happened.get(&(place.slug.clone(), role.to_owned()));
                let satisfied = record.is_some_and(|record| record["kind"] == "satisfied");
                wrong.unless(satisfied, place, role, || format!("run again, it does not find it done: {record:?}"));
            }
        }
        let rests = |end: &End| !matches!(end, End::Acts | End::Fails(_));
        wrong.apart(
            "run again, it changes something",
            places,
            rests,
            [&done, &self.bench.look(places)],
            Apart::Nothing,
        );

        wrong.ended(desk.runbook(&["rollback", &again.run()]), 4);
        wrong.apart(
            "taking back nothing changes something",
            places,
            rests,
            [&done, &self.bench.look(places)],
            Apart::Nothing,
        );
        let run = run.run();
        let foreseen = wrong.ended(desk.runbook(&["rollback", &run, "--dry-run"]), 0).foreseen();
        let back = wrong.ended(desk.runbook(&["rollback", &run, "--to", &places[0].slug]), 4);
        let undone = back.records(&["undone", "stuck"]);
        for (unit, foresight) in foreseen.iter().filter(|(_, foresight)| foresight["foresight"] == "would_change") {
            let place = places.iter().find(|place| place.slug == unit.0).unwrap();
            let held =
                undone.get(unit).is_some_and(|record| record["kind"] == "undone") == (foresight["reversible"] == true);
            wrong.unless(held, place, &unit.1, || {
                format!("a rollback was foreseen as {foresight}, and {:?}", undone.get(unit))
            });
        }
        // What the first time has kept for the way back is not taken for the second's.
        wrong.ended(desk.runbook(&["resume", &run]), 0);
        wrong.apart("done anew, it is not as it was", places, rests, [&done, &self.bench.look(places)], Apart::Times);
        wrong.ended(desk.runbook(&["rollback", &run]), 4);
        let after = self.bench.look(places);
        wrong.apart("taken back, it is not as before", places, |_| true, [&before, &after], Apart::Clocks);

        wrong.ended(desk.runbook(&["rollback", &run]), 2);
        wrong.apart("taken back twice", places, |_| true, [&after, &self.bench.look(places)], Apart::Nothing);
        wrong.ended(desk.runbook(&["log", &run, "--verify"]), 0);
        desk.keeps_secrets();
        for host in Bench::machines(places).into_iter().filter(|machine| *machine != "operator") {
            let left = self.table.lab.on(
                host,
                "find /root/.local /home/*/.local /var/tmp/runbook-* -path '*runbook*' -type f 2>/dev/null || true
                 find / -xdev -name pwned -o -xdev -name '*.runbook-*'",
            );
            assert_eq!(left, "", "left behind on {host}");
        }
        assert!(wrong.0.is_empty(), "{}", wrong.0);
        done
    }
}

/// One unit: what was foreseen, what is recorded, and what was there before and after.
fn judge(
    wrong: &mut Wrong,
    (place, role, secrets): (&Place, &str, &[(String, String)]),
    [foresight, record]: [&Value; 2],
    [before, done]: [&Look; 2],
) {
    let told = || format!("foreseen {foresight}\nand then {record}");
    let kinds = match &place.case.end {
        End::Changes | End::Acts => ("would_change", "settled", "applied"),
        End::Fails(_) => ("would_change", "settled", "failed"),
        End::AsAsked => ("as_asked", "satisfied", ""),
        End::Blocked(_) => ("blocked", "blocked", ""),
    };
    let end = record["outcome"]["end"].as_str().unwrap_or("");
    let as_expected =
        (foresight["foresight"].as_str(), record["kind"].as_str()) == (Some(kinds.0), Some(kinds.1)) && end == kinds.2;
    wrong.unless(as_expected, place, role, || format!("expected {kinds:?}, {}", told()));
    let shows = |value: &Value, words: &str| {
        value.to_string().contains(serde_json::to_string(words).unwrap().trim_matches('"'))
    };
    for words in place.case.foresees.iter().map(|words| words.replace("SELF", &place.slug)) {
        wrong.unless(shows(foresight, &words), place, role, || {
            format!("the dry run does not say {words:?}: {foresight}")
        });
    }
    for words in &place.case.outputs {
        let stdout = &record["outcome"]["outputs"]["stdout"];
        wrong.unless(shows(stdout, words), place, role, || format!("its stdout is not {words:?}: {record}"));
    }
    let changed = |apart| difference(before, done, apart);
    match &place.case.end {
        End::Changes => {
            wrong.unless(changed(Apart::Times).is_some(), place, role, || format!("nothing has changed: {}", told()));
            shown_is_done(wrong, (place, role, secrets), &foresight["preview"], [before, done]);
        }
        End::AsAsked => wrong.unless(changed(Apart::Nothing).is_none(), place, role, || {
            format!("it changes {:?}", changed(Apart::Nothing))
        }),
        End::Blocked(why) => {
            // How much room there is, and is needed, changes by the second.
            let unnumbered = |why: &Value| why.to_string().replace(|c: char| c.is_ascii_digit(), "");
            let said = foresight["why"].to_string().contains(&*why.replace('"', "\\\""))
                && unnumbered(&record["failure"]["why"]) == unnumbered(&foresight["why"]);
            wrong.unless(said, place, role, || format!("expected {why:?}, {}", told()));
            wrong.unless(changed(Apart::Nothing).is_none(), place, role, || {
                format!("it changes {:?}", changed(Apart::Nothing))
            });
        }
        End::Fails(why) => {
            wrong.unless(shows(record, why), place, role, || format!("expected {why:?}, {}", told()));
            // A service that does not start is in a state of its own, and a script may have done a half.
            let may = !place.case.state.is_empty();
            wrong.unless(may || changed(Apart::Clocks).is_none(), place, role, || {
                format!("it leaves {:?}", changed(Apart::Clocks))
            });
        }
        End::Acts => {}
    }
}

/// A diff that the dry run shows is the diff between before and after.
fn shown_is_done(
    wrong: &mut Wrong,
    (place, role, secrets): (&Place, &str, &[(String, String)]),
    preview: &Value,
    [before, done]: [&Look; 2],
) {
    let detail = preview["detail"].as_str().unwrap_or("");
    let Some(at) = detail.lines().position(|line| line.starts_with("@@ ")) else { return };
    let shown: Vec<&str> = detail.lines().skip(at).collect();
    let masked = |text: &String| secrets.iter().fold(text.clone(), |text, (_, value)| text.replace(value, "***"));
    let text = |look: &Look, path: &str| look.get(path).and_then(|thing| thing.text.as_ref()).map(masked);
    let diffs: Vec<String> = done
        .keys()
        .filter(|path| text(before, path) != text(done, path))
        .map(|path| {
            let (old, new) = (text(before, path).unwrap_or_default(), text(done, path).unwrap_or_default());
            TextDiff::from_lines(&old, &new).unified_diff().context_radius(3).to_string()
        })
        .collect();
    let same = |diff: &String| diff.lines().collect::<Vec<_>>() == shown;
    wrong.unless(diffs.iter().any(same), place, role, || {
        format!("the dry run shows\n{}\nand then changed\n{}", shown.join("\n"), diffs.join("\n"))
    });
}
