//! Where the secrets of a migration turn up: nowhere but where they belong.

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use crate::lab::Lab;
use crate::operator::Operator;

#[test]
fn no_secret_is_seen_in_passing_or_left_behind() {
    let Some(lab) = Lab::before() else { return };
    let operator = Operator::new(&lab);
    let tsig = std::fs::read_to_string(lab.file("dns_key")).unwrap().trim().rsplit(':').next().unwrap().to_owned();
    let password = std::fs::read_to_string(lab.file("db_password")).unwrap().trim().to_owned();
    let secrets = [tsig.as_str(), password.as_str()];

    // The hosts' processes are this machine's too: whoever may look at argv there may look here. Another lab's are none of this test's
    // business: its secrets are the same.
    let over = AtomicBool::new(false);
    let (said, seen) = std::thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut seen = BTreeSet::new();
            while !over.load(Relaxed) {
                seen.extend(
                    command_lines(&lab).into_iter().filter(|line| secrets.iter().any(|secret| line.contains(secret))),
                );
            }
            seen
        });
        let said = operator.run(None);
        over.store(true, Relaxed);
        (said, watch.join().unwrap())
    });
    let said = said.ended(0);
    assert_eq!(seen, BTreeSet::new(), "in the list of processes");
    let told =
        [said.text, operator.runbook(&["log"]).text, operator.runbook(&["log", "--output", "json"]).text].concat();
    assert!(secrets.iter().all(|secret| !told.contains(secret)), "on the screen:\n{told}");

    let state = operator.state.path();
    assert!(files_with(&password, state).is_empty() && files_with(&tsig, state).is_empty(), "in the journal");
    let written = lab.file("state").join("hosts");
    assert_eq!(files_with(&tsig, &written), [""; 0]);
    // What the runbook itself puts there: the application's settings, pgbouncer's users.
    assert_eq!(
        files_with(&password, &written),
        ["new/upper/etc/libravatar/settings.json", "new/upper/etc/pgbouncer/userlist.txt"]
    );
}

/// Of the processes in the lab's networks.
fn command_lines(lab: &Lab) -> Vec<String> {
    let operator = lab.file("netns");
    let prefix = operator.to_str().unwrap().strip_suffix("operator").unwrap().to_owned();
    let networks: BTreeSet<u64> = ["operator", "old", "new", "mirror1", "mirror2", "ns1"]
        .iter()
        .filter_map(|host| Some(std::fs::metadata(format!("/run/netns/{prefix}{host}")).ok()?.ino()))
        .collect();
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(|entry| Some(entry.ok()?.path()));
    processes
        .filter(|path| std::fs::metadata(path.join("ns/net")).is_ok_and(|network| networks.contains(&network.ino())))
        .filter_map(|path| std::fs::read(path.join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).into_owned())
        .collect()
}

/// The files below a folder that hold these bytes.
fn files_with(bytes: &str, folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap().flatten() {
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file()
                && memchr::memmem::find(&std::fs::read(entry.path()).unwrap_or_default(), bytes.as_bytes()).is_some()
            {
                found.push(entry.path().strip_prefix(folder).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}
