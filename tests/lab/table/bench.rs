//! Cases where they are tried: each in a folder of its own on its hosts, and the hand there that sets up and looks.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Value, json};

use super::case::Case;
use super::hand::Hands;
use crate::lab::Lab;

/// A case at a place of its own: the table's, or one more that somebody else or a crash disturbs.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) case: Case,
    /// A name of its own: the id of its step.
    pub(super) slug: String,
    /// The beginning of that.
    pub(super) key: String,
    /// Its folder.
    pub(super) here: String,
}

/// What is at a place on one machine, by path.
pub(super) type Look = BTreeMap<String, Thing>;

/// What is at several places.
pub(super) type Looks = BTreeMap<At, Look>;

/// A place's name, and a role.
pub(super) type At = (String, String);

/// A file, a folder, or whatever else.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub(super) struct Thing {
    /// Kind, mode, owner, target, attributes; of what is no short text also its hash.
    pub(super) is: String,
    /// In nanoseconds.
    pub(super) mtime: i64,
    /// In nanoseconds.
    pub(super) ctime: i64,
    /// What is in it.
    pub(super) text: Option<String>,
}

/// What a script did.
#[derive(Debug, Deserialize)]
pub(super) struct Ran {
    pub(super) code: i32,
    pub(super) said: String,
}

/// Where the table's cases are tried.
pub(super) struct Bench<'a> {
    pub(super) lab: &'a Lab,
    pub(super) hands: Hands,
    /// Whether the folders have names that nobody should have.
    pub(super) odd: bool,
}

impl Place {
    /// The roles where it has a folder.
    pub(super) fn roles(&self) -> impl Iterator<Item = &'static str> + '_ {
        let at = if self.case.at.is_empty() { &self.case.on } else { &self.case.at };
        at.iter().copied().chain(at.is_empty().then_some("local"))
    }

    /// The hosts of its units.
    pub(super) fn units(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.case.on.iter().copied().chain(self.case.on.is_empty().then_some("local"))
    }

    /// What concerns a unit of it.
    pub(super) fn of(&self, looks: &Looks, host: &str) -> Look {
        let at = |role: &str| looks[&(self.slug.clone(), role.to_owned())].clone();
        match &self.case.at[..] {
            [] => at(host),
            [role] => at(role),
            roles => roles
                .iter()
                .flat_map(|role| at(role).into_iter().map(move |(path, thing)| (format!("{role}:{path}"), thing)))
                .collect(),
        }
    }

    /// A text of the case with its own words put in.
    pub(super) fn fill(&self, text: &str) -> String {
        let here = |filter: &str| format!("{{{{ here.{}{filter} }}}}", self.key);
        text.replace("QUOTED_HERE", &here(" | quote")).replace("HERE", &here("")).replace("SELF", &self.slug)
    }
}

impl Bench<'_> {
    /// A place for the case number `number`; `which` tells several places of it apart. With only one role, it is the case's last.
    pub(super) fn place(&self, number: usize, case: &Case, which: &str, only_one: bool) -> Place {
        let mut case = case.clone();
        if only_one {
            case.on = case.on.last().copied().into_iter().collect();
        }
        let key = format!("c{number:02}{which}");
        let word = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
        let slug = format!("{key}-{}", case.name.chars().map(word).collect::<String>());
        let slug = slug.trim_end_matches('-').to_owned();
        let local = case.at.is_empty() && (case.on == ["local"] || case.on.is_empty());
        let top = if local { self.top().display().to_string() } else { "/srv/cases".to_owned() };
        let odd = if self.odd { " it's \"odd\" $(touch pwned) `touch pwned` *[a]; & # \\ ü" } else { "" };
        if let super::case::End::Blocked(why) | super::case::End::Fails(why) = &mut case.end {
            *why = why.replace("SELF", &slug);
        }
        Place { case, key, here: format!("{top}/{slug}{odd}"), slug }
    }

    /// The cases' folder on the operator's side.
    pub(super) fn top(&self) -> PathBuf {
        self.lab.file("state").join("cases")
    }

    /// Makes the hosts as the cases want them to be before.
    pub(super) fn give(&self, places: &[&Place]) {
        let jobs = each(places)
            .map(|(place, role)| (place, role, job(place, role, "give", &json!({"script": place.case.given}))));
        for ((slug, role), ran) in self.by_hand::<Ran>(jobs) {
            assert_eq!(ran.code, 0, "{slug} on {role}: what is given fails:\n{}", ran.said);
        }
    }

    /// What is at the places.
    pub(super) fn look(&self, places: &[&Place]) -> Looks {
        self.by_hand(each(places).map(|(place, role)| {
            let paths: Vec<_> = place.case.paths.iter().map(|path| path.replace("SELF", &place.slug)).collect();
            let what = json!({"paths": paths, "state": place.case.state});
            (place, role, job(place, role, "look", &what))
        }))
    }

    /// What concerns the one unit of a place.
    pub(super) fn look_at(&self, place: &Place) -> Look {
        place.of(&self.look(&[place]), place.units().next().unwrap())
    }

    /// Runs a script at each place, on all its machines.
    pub(super) fn scripts<'p>(&self, scripts: impl IntoIterator<Item = (&'p Place, &'p str)>) -> BTreeMap<At, Ran> {
        let jobs = scripts.into_iter().filter(|(_, script)| !script.is_empty());
        let jobs = jobs.flat_map(|(place, script)| {
            place.roles().map(move |role| (place, role, job(place, role, "script", &json!({"script": script}))))
        });
        self.by_hand(jobs)
    }

    /// Runs a script at a place; it must succeed.
    pub(super) fn script(&self, place: &Place, script: &str) {
        for ((slug, role), ran) in self.scripts([(place, script)]) {
            assert_eq!(ran.code, 0, "{slug} on {role}: `{script}` fails:\n{}", ran.said);
        }
    }

    /// What a script prints on a machine; it must succeed.
    pub(super) fn says(&self, machine: &str, script: &str) -> String {
        let job = json!({"do": "script", "here": "/", "self": "", "role": machine, "script": script});
        let ran: Ran = self.hands.does(self.lab, machine, &[job]).pop().unwrap();
        assert_eq!(ran.code, 0, "on {machine}: `{script}` fails:\n{}", ran.said);
        ran.said
    }

    /// Whether a script succeeds at a place.
    pub(super) fn holds(&self, place: &Place, script: &str) -> bool {
        self.scripts([(place, script)]).values().all(|ran| ran.code == 0)
    }

    /// Removes the cases' folders.
    pub(super) fn clear(&self, places: &[&Place]) {
        let cleared = self.scripts(places.iter().map(|place| (*place, &*place.case.cleared)));
        for ((slug, role), ran) in cleared {
            assert_eq!(ran.code, 0, "{slug} on {role}: it is not cleared:\n{}", ran.said);
        }
        self.by_hand::<Value>(each(places).map(|(place, role)| (place, role, job(place, role, "clear", &json!({})))));
        for machine in Self::machines(places) {
            if machine != "operator" {
                self.lab.on(machine, "rmdir /srv/cases");
            }
        }
    }

    /// The machines that the places are on.
    pub(super) fn machines(places: &[&Place]) -> Vec<&'static str> {
        let mut machines: Vec<_> = each(places).map(|(_, role)| machine(role)).collect();
        machines.sort_unstable();
        machines.dedup();
        machines
    }

    /// Has jobs done on their machines, on all of them at the same time.
    fn by_hand<'p, T: for<'de> Deserialize<'de> + Send>(
        &self,
        jobs: impl Iterator<Item = (&'p Place, &'static str, Value)>,
    ) -> BTreeMap<At, T> {
        let mut by_machine: BTreeMap<&str, Vec<(At, Value)>> = BTreeMap::new();
        for (place, role, job) in jobs {
            by_machine.entry(machine(role)).or_default().push(((place.slug.clone(), role.to_owned()), job));
        }
        std::thread::scope(|scope| {
            let hands: Vec<_> = by_machine
                .into_iter()
                .map(|(machine, jobs)| {
                    let (whose, jobs): (Vec<_>, Vec<_>) = jobs.into_iter().unzip();
                    (whose, scope.spawn(move || self.hands.does(self.lab, machine, &jobs)))
                })
                .collect();
            hands.into_iter().flat_map(|(whose, hand)| whose.into_iter().zip(hand.join().unwrap())).collect()
        })
    }
}

fn each<'p>(places: &'p [&'p Place]) -> impl Iterator<Item = (&'p Place, &'static str)> {
    places.iter().flat_map(|place| place.roles().map(|role| (*place, role)))
}

fn job(place: &Place, role: &str, what: &str, more: &Value) -> Value {
    let mut job = json!({"do": what, "here": place.here, "self": place.slug, "role": role});
    job.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    job
}

/// The machine that a role is.
fn machine(role: &'static str) -> &'static str {
    match role {
        "admin" | "keeper" => "new",
        "local" => "operator",
        host => host,
    }
}
