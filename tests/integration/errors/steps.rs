//! Steps that fail, and those that cannot be begun.

use std::io::Read as _;
use std::net::TcpListener;

use rustix::process::Signal;

use crate::support::Test;
use crate::transport::sshd::kill;

use super::page::Case;

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (title, step) in [
        ("a script fails", "run: 'echo cannot find it >&2; exit 3', undo: rm it"),
        ("a script takes too long", "run: sleep 20, undo: nothing, timeout: 1s"),
        ("a program that is not installed", "run: nosuchprogram --version, undo: nothing"),
        ("a script dies", "run: kill -9 $$, undo: nothing"),
        (
            "it was done, and does not hold",
            "run: 'true', undo: nothing, verify: 'echo it answers with 502 >&2; exit 1'",
        ),
        ("a file whose folder is not there", "copy: {content: x, dest: /no/such/folder/file}"),
        ("a file that is not there to be sent", "copy: {src: none, dest: /tmp/none}"),
        ("a name that cannot be had", "http: {url: 'http://nosuch.invalid/'}"),
        ("a user with a name that is none", "become: '#0', run: 'true', undo: nothing"),
        ("a port where nobody listens", "tcp: {to: '127.0.0.1:1'}"),
    ] {
        let on = if step.starts_with("http") { "" } else { "on: local, " };
        let test = Test::new().runbook(&format!(
            "
            name: A step
            steps:
              - {{id: before, name: What went well, on: local, run: 'true', undo: nothing}}
              - {{id: it, name: The step, {on}{step}}}
            "
        ));
        cases.push(Case::of(title, &test, "run book.yaml"));
    }
    cases.extend([unanswered(), died(), job_died(), follows_nothing(), gate(), times_up(), left_behind(), not_told()]);
    cases
}

fn book(steps: &str) -> Test {
    Test::new().runbook(&format!("name: Steps\nsteps:\n{steps}"))
}

/// What takes a request that changes something, and gives no answer: it hangs up at once, or holds the line.
fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let step = format!(
        "  - {{id: post, name: The request, http: {{url: 'http://{}/', method: POST}}, undo: nothing}}\n",
        listener.local_addr().unwrap()
    );
    (listener, step)
}

fn unanswered() -> Case {
    let (listener, step) = listener();
    let served = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 4096]);
    });
    let case = Case::of("a request is taken and not answered", &book(&step), "run book.yaml");
    served.join().unwrap();
    case
}

fn died() -> Case {
    let (listener, step) = listener();
    let test = book(&step);
    let going = test.start("run book.yaml");
    let held = listener.accept().unwrap();
    going.signal(Signal::KILL);
    going.wait();
    drop(held);
    Case::of("the controller died while it made a request", &test, "resume")
}

/// What runs it there is killed, and so nobody notes how it ended.
fn job_died() -> Case {
    let test = book(
        "  - {id: slow, name: The slow one, on: local, run: 'echo $PPID $$ >pid; touch begun; sleep 60', undo: nothing}\n",
    );
    let mut going = test.start("run book.yaml");
    going.until(&test.path("begun"));
    for pid in test.read("pid").split_whitespace() {
        kill(pid.parse().unwrap());
    }
    Case::ran("a job dies with what runs it", "run book.yaml", &going.wait())
}

fn follows_nothing() -> Case {
    let steps = "
  - {id: list, on: local, run: exit 1, undo: nothing, on_failure: continue}
  - {id: each, name: Each of the list, on: local, foreach: '{{ steps.list.stdout | trim }}', run: 'true', undo: nothing, on_failure: continue}
  - {id: use, name: What uses the list, on: local, run: 'echo {{ steps.list.stdout | quote }}', undo: nothing}
";
    Case::of("steps use what a step leaves that failed", &book(steps), "run book.yaml")
}

fn gate() -> Case {
    let steps = "
  - {id: list, on: local, run: exit 1, undo: nothing, on_failure: continue}
  - {id: use, on: local, run: 'true', undo: nothing, confirm: 'is {{ steps.list.stdout }} right?'}
";
    Case::of("a gate uses what a step leaves that failed", &book(steps), "run book.yaml")
}

fn times_up() -> Case {
    let steps = "  - {id: wait, name: Until it is there, on: local, wait: {for: {run: test -e never}, every: 1s, timeout: 1s}}\n";
    Case::of("what is waited for does not come", &book(steps), "run book.yaml")
}

fn left_behind() -> Case {
    let steps = "
  - {id: first, on: local, run: exit 1, undo: nothing, max_failures: 1}
  - {id: second, on: local, run: 'true', undo: nothing}
";
    Case::of("a step that failed was left behind", &book(steps), "run book.yaml")
}

fn not_told() -> Case {
    let test = Test::new().runbook(
        "
        name: Tells
        notify: {on: [failed], run: 'echo the phone is off >&2; exit 7'}
        steps:
          - {id: it, on: local, run: exit 3, undo: nothing}
        ",
    );
    Case::of("nobody can be told", &test, "run book.yaml")
}
