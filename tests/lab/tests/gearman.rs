//! `runbooks/gearman-debug.yaml` on a host with a real job server.

use crate::lab::Lab;
use crate::operator::{Operator, Said};

const BOOK: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/runbooks/gearman-debug.yaml");

/// Has the job server listen at another port.
const ELSEWHERE: &str = "echo 'PARAMS=\"--listen=192.0.2.11 --port=4731 --daemon --log-file=/var/log/gearman-job-server/gearmand.log\"' \
                         >>/etc/default/gearman-job-server && systemctl restart gearman-job-server";

fn debug(lab: &Lab, operator: &Operator<'_>, more: &[&str]) -> Said {
    let (hosts, ssh) = (lab.file("hosts_file"), lab.file("ssh_config"));
    let mut args = vec!["run", BOOK, "--host", "server=old", "--yes", "--hosts-file", hosts.to_str().unwrap()];
    args.extend(["--ssh-config", ssh.to_str().unwrap()]);
    args.extend(more);
    operator.runbook(&args)
}

#[test]
fn a_job_server_is_looked_at_and_left_as_it_was() {
    let Some(lab) = Lab::before() else { return };
    let before = lab.listing(&["old"]);
    let operator = Operator::new(&lab);
    let said = debug(&lab, &operator, &[]).ended(0);
    let said = said.says(" - : mytest").says("| came back | hi there |");
    assert!(!said.text.contains("temporary changes are open"), "{}", said.text);
    assert_eq!(lab.listing(&["old"]), before);
    assert!(lab.holds("old", "! systemctl is-active runbook-gearman-worker && systemctl is-active gearman-job-server"));
    assert!(
        lab.holds("old", "! pgrep -x gearman && ! tr '\\0' ' ' </proc/$(pgrep -x gearmand)/cmdline | grep -q verbose")
    );

    // The known trap: the server listens somewhere else than its clients look.
    lab.on("old", ELSEWHERE);
    let before = lab.listing(&["old"]);
    let trapped = Operator::new(&lab);
    let said = debug(&lab, &trapped, &[]);
    assert_ne!(said.code, 0, "{}", said.text);
    let said = said
        .says("Nothing accepts connections at 127.0.0.1 port 4730.")
        .says("the server listens at 192.0.2.11 port 4731.")
        .says("gearman -h 192.0.2.11 -p 4731 -w -f mytest cat");
    assert!(lab.holds("old", "! systemctl is-active runbook-gearman-worker && ! pgrep -x gearman"), "{}", said.text);
    assert_eq!(lab.listing(&["old"]), before, "taken back");

    // Told where it listens, it goes through.
    let told = Operator::new(&lab);
    debug(&lab, &told, &["--var", "address=192.0.2.11", "--var", "port=4731"])
        .ended(0)
        .says("| came back | hi there |");
    assert_eq!(lab.listing(&["old"]), before);
}
