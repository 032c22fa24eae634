//! What a run that is over keeps for its undo: databases, folders, files, wherever on a host they have to be.

use crate::lab::Lab;
use crate::operator::Operator;

const BOOK: &str = r#"runbook: 1
name: Moved for good
hosts: {old: {ssh: old, become: root}, new: {ssh: new, become: root}}
steps:
  - id: database
    postgres:
      from: {on: old, database: libravatar, become: postgres}
      to: {on: new, database: libravatar, owner: djangouser, encoding: UTF8, become: postgres}
  - id: images
    sync: {from: "old:/srv/images/", to: "new:/srv/other/images", delete: true}
  - id: one-of-two-names
    on: new
    copy: {content: "new\n", dest: /srv/other/first}
  - id: cron
    on: new
    cron: {file: /etc/cron.d/e2scrub_all, state: disabled}
  - id: gone
    on: new
    file: {path: /srv/other/data, state: absent}
"#;

/// Two disks on new, and what stands there before.
fn prepare(lab: &Lab) {
    lab.on("old", "mkdir -p /srv/images; echo new >/srv/images/cat; echo same >/srv/images/dog");
    lab.on(
        "new",
        "mkdir -p /srv/other
         mount -t tmpfs -o size=64m none /srv/other
         mkdir /srv/other/images /srv/other/data
         echo before >/srv/other/images/cat
         echo extra >/srv/other/images/extra
         head -c 5M /dev/urandom >/srv/other/data/large
         echo before >/srv/other/first
         ln /srv/other/first /srv/other/second
         cd /
         runuser -u postgres -- createuser djangouser
         runuser -u postgres -- createdb libravatar
         PGDATABASE=libravatar runuser -u postgres -- psql -qXc 'CREATE TABLE stood AS SELECT generate_series(1, 1000) AS x'",
    );
}

/// Everything on new that has a name of ours.
fn ours(lab: &Lab) -> String {
    lab.on(
        "new",
        "cd /
         find / -xdev -name '*runbook*' ! -path '/usr/*' ! -path '/proc/*' ! -path '/run/*'
         find /srv/other -name '*runbook*'
         runuser -u postgres -- psql -XAtqc 'SELECT datname FROM pg_database ORDER BY 1' | grep -e _before_ -e _new_ -e _after_ || :",
    )
}

#[test]
fn what_a_run_keeps_goes_and_nothing_else() {
    let Some(lab) = Lab::before() else { return };
    prepare(&lab);
    let nothing = ours(&lab);
    let operator = Operator::new(&lab);
    let path = operator.write_book(BOOK);
    operator.runbook(&["run", &path]).ended(0);
    let run = operator.run_id();
    let kept = ours(&lab);
    assert!(kept.contains("libravatar_before_") && kept.contains("/srv/other/."), "{kept}");

    let listed = operator.runbook(&["clean", &run, "--dry-run"]).ended(0);
    for what in [
        format!("the database libravatar_before_{run}"),
        format!("/srv/other/.data.runbook-{run}"),
        format!("/srv/other/.runbook-{run}-"),
        "/srv/other/.first.runbook-".to_owned(),
        format!("/.local/state/runbook/{run}"),
    ] {
        assert!(listed.text.contains(&what), "no {what} in\n{}", listed.text);
    }
    assert_eq!(ours(&lab), kept);

    // A host that is away keeps it for the next time.
    lab.tool(&["link", "new", "down"]);
    let away = operator.runbook(&["clean", &run, "--yes", "--reconnect-timeout", "2s"]).ended(1);
    assert!(away.text.contains("stays, until another `clean`"), "{}", away.text);
    lab.tool(&["link", "new", "up"]);
    assert_eq!(ours(&lab), kept);
    operator.runbook(&["rollback", &run]).ended(2).says("cannot be taken back");

    operator.runbook(&["clean", &run, "--yes"]).ended(0).says("removed: ");
    assert_eq!(ours(&lab), nothing);
    let count = |host: &str| {
        lab.on(host, "cd /; PGDATABASE=libravatar runuser -u postgres -- psql -XAtqc 'SELECT count(*) FROM users'")
    };
    assert_eq!(count("new"), count("old"));
    let there = "cd /srv/other; find . -mindepth 1 | sort | tr '\\n' ' '; cat images/cat first second";
    assert_eq!(lab.on("new", there), "./first ./images ./images/cat ./images/dog ./second new\nnew\nbefore\n");
    operator.runbook(&["log", "--verify"]).ended(0);
    lab.on("new", "umount /srv/other; rm -r /srv/other");
}
