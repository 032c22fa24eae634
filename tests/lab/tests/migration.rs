//! The sample, from 'before' to 'after' and back again.

use crate::lab::Lab;
use crate::operator::Operator;

#[test]
fn a_plan_changes_nothing() {
    let Some(lab) = Lab::before() else { return };
    let operator = Operator::new(&lab);
    let before = operator.everything_before();
    let said = operator.sample("plan", None).output().unwrap();
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(said.status.success(), "{text}\n{}", String::from_utf8_lossy(&said.stderr));
    for foreseen in [
        "Shorten the TTL of the main records",
        "+<p>We are migrating to a new server. See you soon!</p>",
        // Of what earlier steps will have made and moved by then.
        "would change, after proxy-folder, static-on",
        "libravatar.org. A 3600 192.0.2.11 -> 300 192.0.2.12",
        "libravatar.org. A 300 192.0.2.12 -> 43200 192.0.2.12",
        "nothing was changed",
    ] {
        assert!(text.contains(foreseen), "nowhere `{foreseen}` in:\n{text}");
    }
    operator.everything().must_be(&before);
    operator.runbook(&["runs"]).ended(0).says("there are no runs here");
}

#[test]
fn the_whole_migration_goes_through_and_all_the_way_back() {
    let Some(lab) = Lab::before() else { return };
    let operator = Operator::new(&lab);
    let before = operator.everything_before();
    let rows = "runuser -u postgres -- psql -XAtqd libravatar -c 'SELECT md5(string_agg(u::text, chr(10) ORDER BY id)) FROM users u'";
    let rows_of_old = lab.on("old", rows);
    operator.run(None).ended(0).says("88 of 88 steps over").says("site: up at the end; down ");

    // Everybody is led to new, whose site has what old's had, and old passes on what still comes to it.
    lab.operator(
        "address() { dig +short @ns1 \"$1\" \"$2\" | sort | tr '\\n' ' '; }
         [ \"$(address libravatar.org A)\" = '192.0.2.12 ' ] && [ \"$(address libravatar.com AAAA)\" = '2001:db8::12 ' ]
         [ \"$(address cdn.libravatar.org A)\" = '192.0.2.21 192.0.2.22 203.0.113.71 203.0.113.72 ' ]
         dig @ns1 +noall +answer libravatar.org A | grep -q '43200'
         for address in 192.0.2.12 192.0.2.11; do
             page=$(curl -sSfi --resolve www.libravatar.org:443:$address https://www.libravatar.org/)
             grep -q '412 users' <<<\"$page\" && grep -qi '^x-served-by: new' <<<\"$page\"
         done
         ! ssh old systemctl is-active pgbouncer",
    );
    assert_eq!(lab.on("new", rows), rows_of_old);
    lab.on(
        "new",
        "cd /var/lib/libravatar
         [ \"$(stat -c '%U:%G %a' avatar)\" = 'libravatar-img:www-data 755' ]
         [ -z \"$(find avatar user -mindepth 1 ! -user root)\" ]
         [ user/cover.png -ef user/albums/2018/cover.png ] && [ -e $'user/odd names/new\\nline' ]
         getfacl -p user/shared.png | grep -q 'user:libravatar-master:rw-'
         [ $(stat -c %U:%a master/.ssh/authorized_keys) = libravatar-master:600 ]",
    );
    // The mirrors pull from new by cron.
    lab.on("new", "echo new >/var/lib/libravatar/avatar/0123456789abcdef0123456789abcdef");
    for mirror in ["mirror1", "mirror2"] {
        lab.eventually(mirror, 75, "[ -e /var/lib/libravatar/avatar/0123456789abcdef0123456789abcdef ]");
        lab.on(mirror, "! grep -q libravatar /etc/hosts; [ $(dpkg-query -Wf '${Version}' libravatar-slave) = 1.1 ]");
    }
    lab.on("new", "rm /var/lib/libravatar/avatar/0123456789abcdef0123456789abcdef");
    // Nothing of the tool is left where it worked, and nothing that was meant to be temporary.
    for host in ["old", "new", "mirror1", "mirror2"] {
        lab.on(
            host,
            "[ -z \"$(find / -xdev -path '*/.local/state/runbook/*' ! -path '*/kept*' -type f -print -quit)\" ]",
        );
    }
    assert!(!lab.file("staging").exists() && lab.file("backup").join("files.tar.gz").exists());
    assert!(!lab.operator("cat /etc/hosts").contains("libravatar"));
    operator.runbook(&["log", "--verify"]).ended(0);
    operator.runbook(&["status"]).ended(0).says("done");

    operator.roll_back();
    operator.everything().must_be(&before);
    operator.runbook(&["log", "--verify"]).ended(0);
}

/// Five places: with the two faces laid out, in the middle of the downtime, before the mirrors are stopped and after that, and with the proxy
/// on. Each run begins on what the rollback before has left.
#[test]
fn a_run_can_be_taken_back_from_wherever_it_stands() {
    let Some(lab) = Lab::before() else { return };
    let before = Operator::new(&lab).everything_before();
    let places = [
        Place::Gate("static-on"),
        Place::After("Give all that is in the two folders to root (2/2: user)"),
        Place::Gate("mirrors-off"),
        Place::Gate("test-and-switch"),
        Place::After("Fetch the basics through the proxy"),
    ];
    for place in places {
        let operator = Operator::new(&lab);
        match place {
            Place::Gate(gate) => drop(operator.run(Some(gate)).ended(3).says("runbook resume")),
            Place::After(step) => operator.interrupt_after(step),
        }
        assert!(operator.everything_now() != before, "nothing has happened until {place:?}");
        operator.roll_back();
        operator.everything().must_be(&before);
    }
}

/// Where a run is stopped.
#[derive(Debug)]
enum Place {
    /// At a gate that nobody answers.
    Gate(&'static str),
    /// By Ctrl-C, once that step is done.
    After(&'static str),
}

#[test]
fn a_run_that_was_parked_or_taken_half_back_goes_on_to_the_end() {
    let Some(lab) = Lab::before() else { return };
    let operator = Operator::new(&lab);
    operator.run(Some("mirrors-off")).ended(3);
    // Back to the moment before the downtime: the site is up again.
    operator.runbook(&["rollback", "--to", "before-downtime"]).ended(4);
    lab.operator("curl -sSf https://www.libravatar.org/ | grep -q '412 users'");
    assert!(lab.holds("new", "[ -e /srv/libravatar ]"), "what came before the checkpoint stays");
    operator.resume(Some("dns-switch")).ended(3);
    lab.operator("[ $(dig +short @ns1 libravatar.org A) = 192.0.2.11 ]");
    operator.resume(None).ended(0).says("done");
    lab.operator("[ $(dig +short @ns1 libravatar.org A) = 192.0.2.12 ]; curl -sSf https://www.libravatar.org/ | grep -q '412 users'");
}
