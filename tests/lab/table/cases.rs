//! A table of cases, held against real hosts.

use super::bench::{Bench, Place};
use super::case::{Case, Crash};
use super::hand::Hands;
use super::round::Round;
use crate::lab::Lab;

/// Cases of one action.
pub(crate) struct Table<'a> {
    pub(super) lab: &'a Lab,
    pub(super) name: String,
    pub(super) head: String,
    pub(super) files: Vec<(String, String)>,
    pub(super) secrets: Vec<(String, String)>,
    pub(super) roles: Vec<&'static str>,
    on: Vec<&'static str>,
    odd: bool,
    alone: bool,
    cases: Vec<Case>,
}

impl<'a> Table<'a> {
    /// A table on old, reached as root, and on new, reached as somebody who becomes root.
    pub(crate) fn new(lab: &'a Lab, name: &str) -> Self {
        Self {
            lab,
            name: name.to_owned(),
            head: String::new(),
            files: Vec::new(),
            secrets: Vec::new(),
            roles: Vec::new(),
            on: vec!["old", "new"],
            odd: true,
            alone: false,
            cases: Vec::new(),
        }
    }

    /// The roles that its cases are on, where they do not say otherwise: see [`Case::on`].
    pub(crate) fn on(self, roles: &[&'static str]) -> Self {
        Self { on: roles.to_vec(), ..self }
    }

    /// More hosts of the book: those that no case is on and that steps name all the same.
    pub(crate) fn roles(self, roles: &[&'static str]) -> Self {
        Self { roles: roles.to_vec(), ..self }
    }

    /// The cases' folders have names that cannot confuse anybody: for actions whose paths stand in other programs' files.
    pub(crate) fn plain_names(self) -> Self {
        Self { odd: false, ..self }
    }

    /// What is disturbed is disturbed one after the other: for actions whose cases share a file or a service.
    pub(crate) fn one_at_a_time(self) -> Self {
        Self { alone: true, ..self }
    }

    /// More of the book, at its top: groups, defaults.
    pub(crate) fn head(self, yaml: &str) -> Self {
        Self { head: format!("{yaml}\n"), ..self }
    }

    /// A file beside the book.
    pub(crate) fn file(mut self, path: &str, text: &str) -> Self {
        self.files.push((path.to_owned(), text.to_owned()));
        self
    }

    /// A secret of the book. It must turn up nowhere: neither in what the binary says nor in its journal.
    pub(crate) fn secret(mut self, name: &str, value: &str) -> Self {
        self.secrets.push((name.to_owned(), value.to_owned()));
        self
    }

    /// One more case.
    pub(crate) fn case(mut self, name: &str, case: impl FnOnce(Case) -> Case) -> Self {
        self.cases.push(case(Case::new(name, &self.on)));
        self
    }

    /// Holds them all, on hosts that nobody else uses meanwhile; afterwards these are as before.
    pub(crate) fn hold(self) {
        let bench = Bench { lab: self.lab, hands: Hands::default(), odd: self.odd };
        let numbered = || self.cases.iter().enumerate().map(|(at, case)| (at + 1, case));
        let places: Vec<Place> =
            numbered().filter(|(_, case)| case.takes_back).map(|(at, case)| bench.place(at, case, "", false)).collect();
        let disturbed: Vec<(Place, usize)> = numbered()
            .flat_map(|(at, case)| (0..case.someone.len()).map(move |which| (at, case, which)))
            .map(|(at, case, which)| (bench.place(at, case, &format!("s{which}"), true), which))
            .collect();
        let beaten: Vec<(Place, usize)> = numbered()
            .flat_map(|(at, case)| (0..case.meanwhile.len()).map(move |which| (at, case, which)))
            .map(|(at, case, which)| (bench.place(at, case, &format!("m{which}"), true), which))
            .collect();
        let crashing: Vec<(usize, [Place; 4])> = numbered()
            .filter(|(_, case)| case.crash.is_some())
            .map(|(at, case)| (at, ["a", "b", "c", "d"].map(|which| bench.place(at, case, which, true))))
            .collect();
        let all: Vec<&Place> = places
            .iter()
            .chain(disturbed.iter().chain(&beaten).map(|(place, _)| place))
            .chain(crashing.iter().flat_map(|(_, places)| places))
            .collect();
        let mut hosts: Vec<&str> = Bench::machines(&all).into_iter().chain(self.roles.iter().copied()).collect();
        if hosts.contains(&"operator") {
            // From there, any host can have been reached.
            hosts.extend(["old", "new", "mirror1", "mirror2", "ns1"]);
        }
        hosts.retain(|machine| *machine != "operator");
        hosts.sort_unstable();
        hosts.dedup();
        let untouched = self.lab.is_untouched();
        let before = if untouched { self.lab.listing_before(&hosts) } else { self.lab.listing(&hosts) };
        let names = self.lab.operator("cat /etc/hosts");
        bench.give(&all);

        let seen = Round { table: &self, bench: &bench }.hold(&places.iter().collect::<Vec<_>>());

        let mut jobs: Vec<Box<dyn FnOnce() + Send + '_>> = Vec::new();
        let (table, bench) = (&self, &bench);
        for (place, which) in &disturbed {
            jobs.push(Box::new(move || super::someone::hold(table, bench, place, *which)));
        }
        for (place, which) in &beaten {
            jobs.push(Box::new(move || super::meanwhile::hold(table, bench, place, *which)));
        }
        for (at, four) in &crashing {
            let whole = places.iter().find(|place| place.key == format!("c{at:02}")).unwrap();
            let host = four[0].units().next().unwrap();
            let done = super::compare::nameless(&whole.of(&seen, host), whole);
            jobs.push(Box::new(move || match &four[0].case.crash {
                Some(Crash::Middle(middle)) => super::crash::hold_job(table, bench, four, &done, middle),
                Some(Crash::Around(behind)) => super::crash::hold(table, bench, four, &done, behind),
                Some(Crash::Unknown(knows)) => super::crash::hold_unknown(table, bench, four, &done, *knows),
                None => {}
            }));
        }
        at_once(if self.alone { 1 } else { 3 }, jobs);

        bench.clear(&all);
        for host in &hosts {
            // What stopped rollbacks have kept, which nobody will ask for any more.
            self.lab.on(host, "rm -rf /root/.local/state/runbook /home/*/.local/state/runbook /var/tmp/runbook-*");
        }
        let now = self.lab.listing(&hosts);
        let changed = similar::TextDiff::from_lines(&before, &now).unified_diff().context_radius(0).to_string();
        assert!(now == before, "the hosts are not as before:\n{changed}");
        assert_eq!(self.lab.operator("cat /etc/hosts"), names);
        if untouched {
            self.lab.is_still_before();
        }
    }
}

/// Does jobs, so many at a time.
fn at_once(many: usize, jobs: Vec<Box<dyn FnOnce() + Send + '_>>) {
    let jobs = std::sync::Mutex::new(jobs);
    std::thread::scope(|scope| {
        let work = || {
            loop {
                let Some(job) = jobs.lock().unwrap().pop() else { break };
                job();
            }
        };
        let workers: Vec<_> = (0..many).map(|_| scope.spawn(work)).collect();
        for worker in workers {
            if let Err(said) = worker.join() {
                // With its own words, and not those of the scope.
                std::panic::resume_unwind(said);
            }
        }
    });
}
