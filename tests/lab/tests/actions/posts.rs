//! Requests that change something, and a controller that is killed while nobody has answered yet.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread::JoinHandle;

use super::http::Sites;
use crate::lab::Lab;
use crate::operator::{Operator, Said, eventually, kill};

/// Looks through the arguments of every process of this machine, the hosts' among them, for a word that must not be there.
pub(super) struct Arguments {
    over: Arc<AtomicBool>,
    watch: JoinHandle<(u64, Vec<String>)>,
}

impl Arguments {
    pub(super) fn watch(word: &str) -> Self {
        let (over, word) = (Arc::new(AtomicBool::new(false)), word.to_owned());
        let ends = over.clone();
        let watch = std::thread::spawn(move || {
            let (mut looks, mut found) = (0, Vec::new());
            while !ends.load(Relaxed) {
                for entry in std::fs::read_dir("/proc").unwrap().flatten() {
                    // Those that have ended meanwhile have no arguments.
                    let Ok(arguments) = std::fs::read(entry.path().join("cmdline")) else { continue };
                    if memchr::memmem::find(&arguments, word.as_bytes()).is_some() {
                        found.push(String::from_utf8_lossy(&arguments).replace('\0', " "));
                    }
                }
                looks += 1;
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            (looks, found)
        });
        Self { over, watch }
    }

    pub(super) fn had_none(self) {
        self.over.store(true, Relaxed);
        let (looks, found) = self.watch.join().unwrap();
        assert!(looks > 3, "nobody has looked");
        assert!(found.is_empty(), "the secret stands in arguments: {found:?}");
    }
}

/// An operator whose run is killed while a POST waits for its answer.
struct Killed<'a> {
    operator: Operator<'a>,
    sites: &'a Sites,
    token: String,
}

impl<'a> Killed<'a> {
    /// `more` belongs to the step.
    fn amid(lab: &'a Lab, sites: &'a Sites, more: &str) -> Self {
        let token = format!("open sesame {} {}", std::process::id(), more.len());
        let killed = Self { operator: Operator::new(lab), sites, token };
        for gone in ["posted", "go"] {
            let _ = std::fs::remove_file(sites.folder.join(gone));
        }
        let state = killed.operator.state.path();
        std::fs::write(state.join("ca.pem"), &sites.ca).unwrap();
        let book = state.join("book.yaml");
        let text = format!(
            "runbook: 1\nsecrets: {{token: {{env: TOKEN}}}}\nsteps:\n  - id: announce\n    on: local\n    \
             http: {{url: 'https://plain.bank.test:8443/slow', resolve: 127.0.0.1, ca: ca.pem, method: POST, \
             headers: {{Authorization: '{{{{ secrets.token }}}}'}}, body: 'it is {{{{ secrets.token }}}}', expect: {{status: 201}}}}\n    \
             undo: nothing\n{more}"
        );
        std::fs::write(&book, text).unwrap();
        let arguments = Arguments::watch(&killed.token);
        let mut run = killed.operator.command(&["run", book.to_str().unwrap()]);
        let mut run = run.env("TOKEN", &killed.token).stdout(std::process::Stdio::null()).spawn().unwrap();
        eventually(30, "it is posted", || {
            assert!(run.try_wait().unwrap().is_none(), "the run has ended before");
            killed.posted() == 1
        });
        arguments.had_none();
        kill(&mut run);
        // Whoever was asked goes on with it.
        std::fs::write(sites.folder.join("go"), "").unwrap();
        killed
    }

    fn posted(&self) -> usize {
        std::fs::read_to_string(self.sites.folder.join("posted")).unwrap_or_default().lines().count()
    }

    /// What `runbook` says, that ends with `code`, and has not sent it again.
    fn says(&self, args: &[&str], code: i32) -> Said {
        let said = Said::of(&self.operator.command(args).env("TOKEN", &self.token).output().unwrap()).ended(code);
        assert!(!said.text.contains(&self.token), "{}", said.text);
        assert_eq!(self.posted(), 1, "{args:?} sends it again:\n{}", said.text);
        said
    }
}

#[test]
fn a_post_whose_controller_is_killed_is_not_sent_again_by_itself() {
    let Some(lab) = Lab::before() else { return };
    let sites = Sites::open(&lab);
    let killed = Killed::amid(&lab, &sites, "");
    killed.says(&["resume"], 1).says("whether it was done is not known: the controller died while it was being done");
    killed.says(&["resume"], 1).says("to try it again: runbook retry ");
    let run = killed.operator.run_id();
    killed.says(&["done", &run, "announce", "--note", "it is there"], 0);
    killed.says(&["resume"], 0);

    let killed = Killed::amid(&lab, &sites, "");
    let run = killed.operator.run_id();
    killed.says(&["resume"], 1);
    killed.says(&["retry", &run, "announce"], 0);
    Said::of(&killed.operator.command(&["resume"]).env("TOKEN", &killed.token).output().unwrap()).ended(0);
    assert_eq!(killed.posted(), 2, "whoever says `retry` has it sent again");

    // Where something tells that it was taken, nobody is asked.
    let posted = sites.folder.join("posted");
    for more in [
        "    verify:\n      - http: {url: 'https://plain.bank.test:8443/posted', resolve: 127.0.0.1, ca: ca.pem, expect: {body: 'it is '}}\n".to_owned(),
        format!("    unless: grep -q 'it is ' {}\n", posted.display()),
    ] {
        let killed = Killed::amid(&lab, &sites, &more);
        killed.says(&["resume"], 0);
        killed.says(&["log", &killed.operator.run_id()], 0).says("found done after the connection or the controller was lost");
    }

    // Where it tells that it was not, it is not sent by itself either: it may be on its way.
    let unsaid = "    verify:\n      - http: {url: 'https://plain.bank.test:8443/posted', resolve: 127.0.0.1, ca: ca.pem, expect: {body: nothing of it}}\n";
    let killed = Killed::amid(&lab, &sites, unsaid);
    killed.says(&["resume"], 1).says("whether it was done is not known");
}
