//! The controller dies between what it intends and what came of it.

use super::bench::{Bench, Look, Place};
use super::book::Desk;
use super::case::{Knows, Middle};
use super::cases::Table;
use super::compare::{Apart, difference, nameless};
use super::paused::Paused;
use super::told::Told;

/// Killed with the intent in the journal and nothing sent (a, c), and when all was done and not yet in the journal (b, d); a and b are resumed,
/// c and d taken back as they are. The rollback is killed in the same two places. `done` is what an undisturbed run leaves; all is done with no
/// record but the one of the kind `behind`.
pub(super) fn hold(table: &Table<'_>, bench: &Bench<'_>, [a, b, c, d]: &[Place; 4], done: &Look, behind: &str) {
    let story = Story::new(table, bench, &[a, b, c], done);
    story.killed_before(&["run", "BOOK"], "intended", a);
    story.killed_after(&["resume"], behind, b, |now| story.is_done(b, now));
    story.killed_before(&["resume"], "intended", c);
    story.must_be_done(&[a, b]);
    story.killed_before(&["rollback"], "undo_intended", c);
    story.killed_after(&["rollback"], "undo_intended", b, |now| story.is_back(b, now));
    story.goes_back();

    let story = Story::new(table, bench, &[d], done);
    story.killed_after(&["run", "BOOK"], behind, d, |now| story.is_done(d, now));
    story.goes_back();
}

/// The same for a durable job: for b and d the controller is killed in the middle of it, and it goes on without.
pub(super) fn hold_job(table: &Table<'_>, bench: &Bench<'_>, [a, b, c, d]: &[Place; 4], done: &Look, middle: &Middle) {
    let story = Story::new(table, bench, &[a, b, c], done);
    story.killed_before(&["run", "BOOK"], "intended", a);
    story.killed_amid(&["resume"], b, middle);
    bench.script(b, &middle.go_on);
    story.killed_before(&["resume"], "intended", c);
    story.must_be_done(&[a, b]);
    story.killed_before(&["rollback"], "undo_intended", c);
    story.goes_back();

    let story = Story::new(table, bench, &[d], done);
    story.killed_amid(&["run", "BOOK"], d, middle);
    // The job is ended, and does not go on behind the rollback's back.
    story.desk.runbook(&["rollback"]).ended(4);
    bench.script(d, &middle.go_on);
    story.must_be_back();
}

/// Where hosts keep what is ours.
const STATES: &str = "/root/.local/state /home/*/.local/state /var/lib/*/.local/state /var/tmp/runbook-*";

/// The same where nobody but a person, or the step's `verify`, knows whether it was done.
pub(super) fn hold_unknown(table: &Table<'_>, bench: &Bench<'_>, [a, b, c, d]: &[Place; 4], done: &Look, knows: Knows) {
    let story = Story::new(table, bench, &[a], done);
    story.killed_before(&["run", "BOOK"], "intended", a);
    story.is_asked(a);
    story.says("retry", a);
    story.must_be_done(&[a]);
    story.goes_back();

    let story = Story::new(table, bench, &[b], done);
    story.killed_after(&["run", "BOOK"], "intended", b, |now| story.is_done(b, now));
    match knows {
        Knows::Person => {
            story.is_asked(b);
            story.says("done", b);
        }
        Knows::Verify => {
            let settled = story.desk.runbook(&["resume"]).ended(0).records(&["settled"]);
            let note = settled.into_values().next().expect("it is settled")["outcome"]["note"].to_string();
            assert!(note.contains("found done"), "{}: {note}", b.slug);
        }
    }
    story.must_be_done(&[b]);
    story.killed_before(&["rollback"], "undo_intended", b);
    story.goes_back();

    let story = Story::new(table, bench, &[c], done);
    story.killed_before(&["run", "BOOK"], "intended", c);
    story.goes_back();

    let story = Story::new(table, bench, &[d], done);
    story.killed_after(&["run", "BOOK"], "intended", d, |now| story.is_done(d, now));
    story.goes_back();
}

struct Story<'s> {
    table: &'s Table<'s>,
    desk: Desk<'s>,
    bench: &'s Bench<'s>,
    places: Vec<&'s Place>,
    /// What was there before, place by place.
    before: Vec<Look>,
    done: &'s Look,
}

impl<'s> Story<'s> {
    fn new(table: &'s Table<'_>, bench: &'s Bench<'_>, places: &[&'s Place], done: &'s Look) -> Self {
        let before = places.iter().map(|place| bench.look_at(place)).collect();
        Self { table, desk: Desk::new(table, places), bench, places: places.to_vec(), before, done }
    }

    fn start(&self, args: &[&str]) -> Paused {
        Paused::start(self.desk.command(args), self.desk.operator.state.path())
    }

    fn killed_before(&self, args: &[&str], kind: &str, place: &Place) {
        let before = self.bench.look_at(place);
        self.start(args).until(kind, place).kill();
        let changed = difference(&before, &self.bench.look_at(place), Apart::Nothing);
        assert!(
            changed.is_none(),
            "{}: killed at {kind}, something has changed already:\n{}",
            place.slug,
            changed.unwrap()
        );
    }

    fn killed_after(&self, args: &[&str], kind: &str, place: &Place, holds: impl Fn(&Look) -> bool) {
        let mut paused = self.start(args).until(kind, place);
        let locked = paused.lock();
        let visible = !self.is_done(place, self.before_of(place));
        paused.go_on(&format!("what {} does", place.slug), || holds(&self.bench.look_at(place)));
        if !visible {
            // Nothing to be seen, as with a restart: it is given the time that it takes.
            std::thread::sleep(std::time::Duration::from_secs(1));
        }
        paused.kill();
        drop(locked);
    }

    fn killed_amid(&self, args: &[&str], place: &Place, middle: &Middle) {
        self.bench.script(place, &middle.stop);
        let mut paused = self.start(args).until("intended", place);
        paused.go_on(&middle.stands, || self.bench.holds(place, &middle.stands));
        paused.kill();
    }

    /// A resume does not know whether it was done, says so, and does nothing.
    fn is_asked(&self, place: &Place) {
        let before = self.bench.look_at(place);
        let told = self.desk.runbook(&["resume"]);
        let settled = told.records(&["settled"]);
        let unsure = settled.values().any(|record| record["outcome"]["end"] == "unsure");
        assert!(unsure && told.code != 0, "{}: nobody is asked whether it was done:\n{}", place.slug, told.gist());
        let changed = difference(&before, &self.bench.look_at(place), Apart::Nothing);
        assert!(changed.is_none(), "{}: not knowing, it changes something:\n{}", place.slug, changed.unwrap());
    }

    /// A person says what became of it, and the run goes on.
    fn says(&self, word: &str, place: &Place) {
        let runs = std::process::Command::output(&mut self.desk.command(&["runs"])).unwrap();
        let run = Told::of(&runs).events.iter().find_map(|event| event["run"].as_str().map(str::to_owned));
        let run = run.unwrap_or_else(|| panic!("{runs:?}"));
        self.desk.runbook(&[word, &run, &place.slug]).ended(0);
        self.desk.runbook(&["resume"]).ended(0);
    }

    fn before_of(&self, place: &Place) -> &Look {
        &self.before[self.places.iter().position(|known| known.slug == place.slug).unwrap()]
    }

    fn is_done(&self, place: &Place, now: &Look) -> bool {
        difference(self.done, &nameless(now, place), Apart::Times).is_none()
    }

    fn is_back(&self, place: &Place, now: &Look) -> bool {
        difference(self.before_of(place), now, Apart::Clocks).is_none()
    }

    fn must_be_done(&self, places: &[&Place]) {
        for place in places {
            let now = nameless(&self.bench.look_at(place), place);
            let changed = difference(self.done, &now, Apart::Times);
            assert!(
                changed.is_none(),
                "{}: killed and resumed, it is not as undisturbed:\n{}",
                place.slug,
                changed.unwrap()
            );
            self.bench.script(place, &place.case.leaves);
            self.must_be_shut(place);
        }
    }

    /// Nobody is let in any more, and nothing is there that would be.
    fn must_be_shut(&self, place: &Place) {
        let slug = &place.slug;
        let look = format!(
            "grep -sh 'runbook:[^:]*:{slug}' /root/.ssh/* /home/*/.ssh/* || :
             find {STATES} -path '*/kept/{slug}*/direct*' -o -path '*/kept/{slug}*/serve' 2>/dev/null || :"
        );
        self.finds_nothing(place, "a key is left", &look);
    }

    fn finds_nothing(&self, place: &Place, what: &str, look: &str) {
        let mut hosts = Bench::machines(&[place]);
        hosts.extend(&self.table.roles);
        for host in hosts.into_iter().filter(|host| *host != "operator") {
            assert_eq!(self.bench.says(host, look), "", "{}: {what} on {host}", place.slug);
        }
    }

    fn goes_back(&self) {
        self.desk.runbook(&["rollback"]).ended(4);
        self.must_be_back();
        self.desk.runbook(&["log", "--verify"]).ended(0);
        self.desk.keeps_secrets();
    }

    fn must_be_back(&self) {
        for place in &self.places {
            let changed = difference(self.before_of(place), &self.bench.look_at(place), Apart::Clocks);
            assert!(
                changed.is_none(),
                "{}: killed and taken back, it is not as before:\n{}",
                place.slug,
                changed.unwrap()
            );
            self.must_be_shut(place);
            let slug = &place.slug;
            let look = format!("find {STATES} -name '{slug}*' 2>/dev/null || :");
            self.finds_nothing(place, "something is left", &look);
        }
    }
}
