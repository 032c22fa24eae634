//! `runbook demo`: shows what it says, and leaves nothing.

use std::path::Path;

use crate::support::Test;
use crate::transport::sshd::skip;

#[test]
fn the_demo_goes_through_and_leaves_nothing() {
    if !Path::new("/usr/sbin/sshd").exists() {
        return skip("there is no sshd on this machine: install openssh-server");
    }
    let test = Test::new();
    let said = test.run("demo");
    let folder = said.stdout.lines().next().unwrap().rsplit(' ').next().unwrap().to_owned();
    let said = said.exits(0);
    for due in [
        "      -<p>Welcome!</p>\n      +<p>We are moving to a new server. See you in a moment!</p>",
        "would change, after room",
        "part 1 of 5",
        "killed, as by a laptop",
        "resumed by ",
        "part 5 of 5",
        "the shop does not open: there is no licence",
        "7 of 7 steps over",
        "written: report.html",
        "rolled back to the start",
        "Both hosts are as they were, to the byte: 14 files and folders were compared. The import ran once.",
    ] {
        assert!(said.stdout.contains(due), "nowhere `{due}` in\n{said}");
    }
    assert!(folder.contains("/runbook-demo-"), "{folder}");
    assert!(!Path::new(&folder).exists(), "{folder} is still there");
    let ours = |process: std::fs::DirEntry| std::fs::read(process.path().join("cmdline")).unwrap_or_default();
    let left = std::fs::read_dir("/proc").unwrap().filter_map(Result::ok).map(ours);
    let left = left.filter(|line| String::from_utf8_lossy(line).contains(&folder)).count();
    assert_eq!(left, 0, "processes of it are still there");
    assert!(!test.journal().exists(), "it has a journal of its own");
}

#[test]
fn the_demo_is_for_people() {
    assert_eq!(
        Test::new().run("demo --output json").exits(2).json()[0]["why"],
        "the demo is for people, and says nothing in JSON"
    );
}
