//! Hosts that are not who they were.

use crate::lab::Lab;
use crate::operator::Operator;

use super::load::Counted;

/// Somebody has given the host another key, or it is another host: nothing is done there.
#[test]
fn a_host_key_that_has_changed_stops_the_run_before_the_host_is_touched() {
    let Some(lab) = Lab::before() else { return };
    let book = Counted::new();
    let operator = book.operator(&lab);
    let before = operator.everything_before();
    operator.run(Some("prepare-new")).ended(3);
    let untouched = lab.listing(&["old"]);
    let key = "/etc/ssh/ssh_host_ed25519_key";
    lab.on(
        "old",
        &format!(
            "mkdir -m 700 /run/keys; mv {key} {key}.pub /run/keys
             ssh-keygen -q -t ed25519 -N '' -f {key}; systemctl restart ssh.service"
        ),
    );
    operator.resume(None).ended(1).says("the host key of old is not the known one");
    operator.runbook(&["rollback"]).ended(6).says("the host key of old is not the known one");
    lab.on(
        "old",
        &format!("mv /run/keys/* /etc/ssh/; rmdir /run/keys; systemctl restart ssh.service; ls {key} {key}.pub"),
    );
    assert!(lab.listing(&["old"]) == untouched, "old was touched");
    operator.roll_back();
    lab.on("old", "rm /var/lib/counted");
    lab.on("new", "rm /var/lib/counted");
    operator.everything().must_be(&before);
}

/// The name leads to the other machine now, whose key is known as well: it is seen all the same.
#[test]
fn a_name_that_leads_to_another_machine_stops_the_run_before_that_is_touched() {
    let Some(lab) = Lab::before() else { return };
    let operator = Operator::new(&lab);
    let config = operator.state.path().join("ssh_config");
    let known = operator.state.path().join("known");
    let own = std::fs::read_to_string(lab.file("ssh_config")).unwrap();
    let keys = std::fs::read_to_string(lab.file("known_hosts")).unwrap();
    let of_mirrors = keys.lines().filter(|line| line.starts_with("mirror")).map(|line| line.split_once(' ').unwrap().1);
    std::fs::write(&known, of_mirrors.flat_map(|key| ["site.lab ", key, "\n"]).collect::<String>()).unwrap();
    let site =
        format!("Host site.lab\n    User root\n    UserKnownHostsFile {}\n    CheckHostIP no\n\n", known.display());
    std::fs::write(&config, format!("{site}{own}")).unwrap();
    let leads_to = |address: &str| {
        let names = std::fs::read_to_string(lab.file("etc_hosts")).unwrap();
        let others: String =
            names.lines().filter(|line| !line.ends_with(" site.lab")).flat_map(|line| [line, "\n"]).collect();
        std::fs::write(lab.file("etc_hosts"), format!("{others}{address} site.lab\n")).unwrap();
    };
    let step = |id: &str| format!("  - {{id: {id}, on: site, run: touch /root/{id}, undo: rm /root/{id}}}\n");
    let book = operator.write_book(&format!(
        "runbook: 1\nname: Flip\nhosts: {{site: site.lab}}\nsteps:\n{}  - {{id: asked, manual: look at it}}\n{}",
        step("first"),
        step("second")
    ));
    let with = ["--ssh-config", config.to_str().unwrap()];
    leads_to("192.0.2.21");
    operator.runbook(&[&["run", &book], &with[..]].concat()).ended(3);
    operator.runbook(&["done", &operator.run_id(), "asked"]).ended(0);

    for (command, code, there) in [("resume", 0, "first\nsecond\n"), ("rollback", 4, "")] {
        let command = [&[command], &with[..]].concat();
        let was = lab.on("mirror1", "ls /root");
        leads_to("192.0.2.22");
        operator.runbook(&command).ended(1).says("another machine");
        assert_eq!(lab.on("mirror2", "ls /root"), "");
        assert_eq!(lab.on("mirror1", "ls /root"), was);
        leads_to("192.0.2.21");
        operator.runbook(&command).ended(code);
        assert_eq!(lab.on("mirror1", "ls /root"), there);
    }
}
