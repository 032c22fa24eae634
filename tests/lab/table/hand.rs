//! Hands on the machines: `hand.py`, started once and asked as often as need be.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::sync::Mutex;

use serde::Deserialize;
use serde_json::Value;

use crate::lab::Lab;

/// Hands that have nothing to do, by their machine. There are as many as are busy at the same time.
#[derive(Default)]
pub(super) struct Hands(Mutex<BTreeMap<String, Vec<Hand>>>);

struct Hand {
    child: Child,
    asked: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Hands {
    /// Has jobs done on a machine, one after the other; tells what came of each.
    pub(super) fn does<T: for<'de> Deserialize<'de>>(&self, lab: &Lab, machine: &str, jobs: &[Value]) -> Vec<T> {
        let idle = self.0.lock().unwrap().get_mut(machine).and_then(Vec::pop);
        let mut hand = idle.unwrap_or_else(|| Hand::start(lab, machine));
        let done = hand.does(machine, jobs);
        self.0.lock().unwrap().entry(machine.to_owned()).or_default().push(hand);
        done
    }
}

impl Hand {
    fn start(lab: &Lab, machine: &str) -> Self {
        let program = ["python3", "-c", include_str!("hand.py")];
        let args = if machine == "operator" { vec!["run"] } else { vec!["exec", machine] };
        let mut command = lab.command(&[&args[..], &program].concat());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (asked, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, asked, answers }
    }

    fn does<T: for<'de> Deserialize<'de>>(&mut self, machine: &str, jobs: &[Value]) -> Vec<T> {
        let mut line = serde_json::to_vec(jobs).unwrap();
        line.push(b'\n');
        self.asked.write_all(&line).unwrap();
        let mut answer = String::new();
        self.answers.read_line(&mut answer).unwrap();
        assert!(!answer.is_empty(), "the hand on {machine} has died: {:?}", self.child.wait());
        serde_json::from_str(&answer).unwrap()
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        // Whatever it was told is done; it waits.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
