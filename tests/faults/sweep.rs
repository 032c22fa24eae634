//! The controller dies everywhere: at every record, before it is kept and after, and at every call of a host, before it is sent, after that, and
//! with its answer in hand. Each time the next one goes on, and dies at the next place. What it leaves is what a run leaves that nothing
//! disturbs; and taken back, dying everywhere again, it is as before.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::lab::{Lab, succeed};
use crate::operator::{Operator, Said};

use super::load::{Counted, nothing_is_left, say, share};

/// The share of all places that is tried where nobody asks for the whole.
const SHARE: &str = "0/80";

/// More than there are. A place that has another name each time would be died at for ever.
const PLACES: usize = 5000;

#[test]
fn a_migration_whose_controller_dies_everywhere_is_as_one_that_nothing_disturbs() {
    let Some(lab) = Lab::before() else { return };
    let (begun, share) = (Instant::now(), share(SHARE));
    let (book, doomed) = (Counted::new(), doomed());
    let before = Operator::new(&lab).everything_before();

    let undisturbed = book.operator(&lab);
    undisturbed.run(None).ended(0);
    let done = undisturbed.everything().whoever_ran();
    undisturbed.roll_back();
    book.were_done_and_undone_once(&lab);
    undisturbed.everything().must_be(&before);

    let operator = Operator { binary: doomed, ..book.operator(&lab) };
    let mortal = Mortal { operator: &operator, share: &share, over: 2 };
    let died = mortal.until_it_lives("run", 0);
    operator.everything().whoever_ran().whatever_dpkg_offered().must_be(&done);
    let back = mortal.until_it_lives("rollback", 4);
    book.were_done_and_undone_once(&lab);
    operator.everything().must_be(&before);
    nothing_is_left(&operator);
    operator.runbook(&["log", "--verify"]).ended(0);
    let seconds = begun.elapsed().as_secs();
    say(&format!(
        "the controller dies, share {share} of all places: at {died} of the run, at {back} of the rollback; {seconds} s"
    ));
}

/// The controller dies, and a tool that lives takes back the step that it died in. Then the next one does that step anew, and dies at the next
/// place. What an undo forgets to take back, the step that is done anew takes for what was there before: it is still there in the end.
#[test]
#[ignore = "takes an hour: a part of tests/faults/all"]
fn a_step_in_which_the_controller_died_can_be_taken_back_and_done_anew() {
    let Some(lab) = Lab::before() else { return };
    let (begun, share) = (Instant::now(), share(SHARE));
    let (book, doomed) = (Counted::new(), doomed());
    let before = Operator::new(&lab).everything_before();
    let undisturbed = book.operator(&lab);
    undisturbed.run(None).ended(0);
    let done = undisturbed.everything().whoever_ran();
    undisturbed.roll_back();
    book.were_taken_back_each_time(&lab);

    let operator = Operator { binary: doomed, ..book.operator(&lab) };
    let mortal = Mortal { operator: &operator, share: &share, over: 0 };
    let (mut deaths, mut back) = (0, 0);
    while mortal.dies("run", 0, deaths) {
        deaths += 1;
        if let Some(step) = operator.last_intended() {
            // Without a place to die at, it lives.
            let said = operator.runbook(&["rollback", "--to", &step]);
            assert_eq!(said.code, 4, "after death {deaths}, in {step}:\n{}", said.text);
            back += 1;
        }
    }
    operator.everything().whoever_ran().whatever_dpkg_offered().must_be(&done);
    operator.roll_back();
    book.were_taken_back_each_time(&lab);
    operator.everything().must_be(&before);
    nothing_is_left(&operator);
    operator.runbook(&["log", "--verify"]).ended(0);
    let seconds = begun.elapsed().as_secs();
    say(&format!(
        "the controller dies, and the step is taken back and done anew, share {share} of all places: at {deaths}, taken back {back} times; {seconds} s"
    ));
}

/// Each costs a run from the beginning: so many times fewer places than where the next one goes on.
const FEWER: u32 = 40;

/// The controller dies, and what was done is taken back at once, by a tool that lives: nothing is left of it, wherever that was.
#[test]
#[ignore = "takes half an hour: a part of tests/faults/all"]
fn a_migration_whose_controller_died_anywhere_can_be_taken_back() {
    let Some(lab) = Lab::before() else { return };
    let begun = Instant::now();
    let share = share(SHARE);
    let (number, of) = share.split_once('/').unwrap();
    let share = format!("{number}/{}", of.parse::<u32>().unwrap() * FEWER);
    let (book, doomed) = (Counted::new(), doomed());
    let before = Operator::new(&lab).everything_before();
    let folder = tempfile::tempdir().unwrap();
    let places = folder.path().join("places");
    let mut deaths = 0;
    loop {
        let mortal = Operator { binary: doomed.clone(), ..book.operator(&lab) };
        let mut command = mortal.sample("run", None);
        command.env("RUNBOOK_DOOM", &places).env("RUNBOOK_DOOM_SHARE", &share);
        let said = Said::of(&command.stdin(Stdio::null()).output().unwrap());
        let living = Operator { binary: Operator::new(&lab).binary, ..mortal };
        if living.has_run() {
            living.roll_back();
        }
        let tried = std::fs::read_to_string(&places).unwrap_or_default();
        book.were_taken_back(&lab, &tried);
        living.everything().must_be(&before);
        if tried.lines().count() == deaths {
            assert_eq!(said.code, 0, "{}", said.text);
            nothing_is_left(&living);
            break;
        }
        deaths += 1;
    }
    let seconds = begun.elapsed().as_secs();
    say(&format!("the controller dies and all is taken back, share {share} of all places: at {deaths}; {seconds} s"));
}

/// The tool that dies, as it is now: an example, which a test's own build leaves out.
fn doomed() -> PathBuf {
    succeed(
        Command::new(env!("CARGO"))
            .args(["build", "--locked", "--quiet", "--example", "doomed"])
            .current_dir(env!("CARGO_MANIFEST_DIR")),
    );
    Path::new(env!("CARGO_BIN_EXE_runbook")).with_file_name("examples").join("doomed")
}

/// An operator whose tool dies.
struct Mortal<'a> {
    operator: &'a Operator<'a>,
    share: &'a str,
    /// How the next one ends where the last died with the record kept that it is over: there may be nothing to go on with.
    over: i32,
}

impl Mortal<'_> {
    /// Begins it, and goes on with it whenever it has died, until it lives to its end. How often it died.
    fn until_it_lives(&self, what: &str, code: i32) -> usize {
        let mut deaths = 0;
        while self.dies(what, code, deaths) {
            deaths += 1;
        }
        deaths
    }

    /// Begins it or goes on with it. Whether it died, after so many deaths; where it did not, it ended with this code.
    fn dies(&self, what: &str, code: i32, deaths: usize) -> bool {
        let places = self.operator.state.path().join(what);
        let begun = self.operator.has_run();
        let mut command = match what {
            "run" if begun => self.operator.resumption(None),
            "run" => self.operator.sample("run", None),
            _ => self.operator.command(&[what]),
        };
        command.env("RUNBOOK_DOOM", &places).env("RUNBOOK_DOOM_SHARE", self.share);
        let said = Said::of(&command.stdin(Stdio::null()).output().unwrap());
        let tried = std::fs::read_to_string(&places).unwrap_or_default();
        if tried.lines().count() == deaths {
            let was_over =
                tried.ends_with("after the record finished\n") || tried.ends_with("after the record rollback_ended\n");
            let code = if was_over { self.over } else { code };
            assert_eq!(said.code, code, "it died at these places:\n{tried}\nand then said:\n{}", said.text);
            return false;
        }
        assert_eq!(tried.lines().count(), deaths + 1, "{tried}");
        assert!(deaths < PLACES, "it gets no further:\n{tried}");
        true
    }
}
