//! Hosts at their worst: without room, without a place to write, without a home, without power.

use crate::lab::Lab;
use crate::operator::{Operator, PG_DUMP, eventually, quicken, slow_down, starts};

/// A book with these hosts and steps.
fn book(operator: &Operator<'_>, hosts: &str, steps: &str) -> String {
    let level = |text: &str| {
        text.lines()
            .map(str::trim_start)
            .filter(|line| !line.is_empty())
            .flat_map(|line| ["  ", line, "\n"])
            .collect::<String>()
    };
    operator.write_book(&format!("runbook: 1\nname: Worst\nhosts:\n{}steps:\n{}", level(hosts), level(steps)))
}

/// A job whose folder has no room for what it says: it fails, and so is it told. With room again it is done.
#[test]
fn a_full_disk_under_the_jobs_is_told_and_the_step_can_be_tried_again() {
    let Some(lab) = Lab::before() else { return };
    let operator = Operator::new(&lab);
    lab.on("old", "mkdir /mnt/small; mount -t tmpfs -o size=64k,mode=700 tmpfs /mnt/small");
    let book = book(
        &operator,
        "old: {ssh: old, state_dir: /mnt/small}",
        "- {id: much, on: old, run: 'seq 100000; echo done >>/root/done', undo: rm /root/done}
         - {id: next, on: old, run: echo next >>/root/next, undo: rm /root/next}",
    );
    let said = operator.runbook(&["run", &book]);
    assert!(
        said.code == 1 && said.text.contains("where what it says is kept, is full"),
        "{}: {}",
        said.code,
        &said.text[said.text.len().saturating_sub(2000)..]
    );
    assert!(!lab.holds("old", "[ -e /root/next ]"));
    lab.on("old", "mount -o remount,size=64m /mnt/small; rm -f /root/done");
    operator.runbook(&["retry", &operator.run_id(), "much"]).ended(0);
    operator.runbook(&["resume"]).ended(0);
    assert_eq!(lab.on("old", "cat /root/done /root/next"), "done\nnext\n");
    operator.roll_back();
    assert_eq!(lab.on("old", "find /mnt/small -mindepth 1; umount /mnt/small; rmdir /mnt/small; ls /root"), "");
}

/// What every step needs, on hosts where most folders cannot be written.
#[test]
fn a_host_where_little_can_be_written_will_do() {
    let Some(lab) = Lab::before() else { return };
    let operator = Operator::new(&lab);
    let before = operator.everything_before();
    // /tmp and the home can be read only; what is in /var/tmp cannot be executed.
    let places = "for f in /tmp /root; do mount --bind $f $f; mount -o remount,bind,ro $f; done
                  mount --bind /var/tmp /var/tmp; mount -o remount,bind,noexec,nosuid,nodev /var/tmp";
    lab.on("old", places);
    // Somebody who has no home, and nowhere but /var/tmp to keep things.
    lab.on(
        "mirror1",
        "useradd --no-create-home --home-dir /nonexistent --shell /bin/bash homeless
         mkdir /etc/ssh/keys; cp /root/.ssh/authorized_keys /etc/ssh/keys/homeless; chmod 644 /etc/ssh/keys/homeless
         printf 'Match User homeless\\n AuthorizedKeysFile /etc/ssh/keys/%%u\\n' >/etc/ssh/sshd_config.d/homeless.conf; systemctl reload ssh
         install -d -o homeless /srv/theirs",
    );
    let steps = |role: &str, place: &str| {
        format!(
            "- {{id: {role}-run, on: {role}, run: 'echo run >{place}/run', undo: rm {place}/run}}
             - {{id: {role}-copy, on: {role}, copy: {{content: \"x\\n\", dest: {place}/copy}}}}
             - {{id: {role}-line, on: {role}, line: {{path: {place}/copy, line: second}}}}
             - {{id: {role}-gone, on: {role}, file: {{path: {place}/run, state: absent}}}}"
        )
    };
    let book = book(
        &operator,
        "old: old\nhomeless: {ssh: homeless@mirror1}",
        &[steps("old", "/opt"), steps("homeless", "/srv/theirs")].join("\n"),
    );
    operator.runbook(&["run", &book]).ended(0);
    assert_eq!(lab.on("old", "cat /opt/copy; ls /opt"), "x\nsecond\ncopy\n");
    assert_eq!(lab.on("mirror1", "cat /srv/theirs/copy"), "x\nsecond\n");
    operator.roll_back();
    lab.on("old", "umount -l /tmp /root /var/tmp");
    lab.on(
        "mirror1",
        "rm -r /etc/ssh/keys /etc/ssh/sshd_config.d/homeless.conf; systemctl reload ssh; rmdir /srv/theirs
         for p in $(pgrep -u homeless); do kill -9 $p; done; sleep 0.5; userdel homeless",
    );
    operator.everything().must_be(&before);
}

/// The power cord while a template is validated: nothing is in place yet, and the same run puts it there once the host is up.
#[test]
fn a_template_survives_the_power_cord() {
    let Some(lab) = Lab::before() else { return };
    let operator = Operator::new(&lab);
    std::fs::write(operator.state.path().join("page"), "made of {{ 1 + 1 }} parts\n").unwrap();
    lab.on("old", "echo before >/srv/page");
    // It may be at it again before we are.
    let slow = "'touch /run/validates; until [ -e /srv/quick ]; do sleep 0.2; done; [ -s %s ]'";
    let book = book(
        &operator,
        "old: old",
        &format!("- {{id: page, on: old, template: {{src: page, dest: /srv/page, validate: {slow}}}}}"),
    );
    let mut run = operator.start(operator.command(&["run", &book]));
    lab.eventually("old", 30, "[ -e /run/validates ]");
    lab.tool(&["power", "old", "cut"]);
    lab.tool(&["power", "old", "boot"]);
    // As it was, and only then may it go on.
    assert_eq!(lab.on("old", "cat /srv/page; touch /srv/quick"), "before\n");
    let since = std::time::Instant::now();
    while run.try_wait().unwrap().is_none() {
        assert!(since.elapsed().as_secs() < 120, "it does not end:\n{}", operator.said());
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let ended = run.wait().unwrap().code();
    if ended != Some(0) {
        assert_eq!(ended, Some(1), "{}", operator.said());
        operator.runbook(&["resume"]).ended(0);
    }
    assert_eq!(lab.on("old", "cat /srv/page; rm /srv/quick; ls -A /srv"), "made of 2 parts\nlibravatar\npage\n");
    operator.roll_back();
    assert_eq!(lab.on("old", "cat /srv/page; ls -A /srv"), "before\nlibravatar\npage\n");
}

/// What sudo can be told to insist on: a terminal, or a password that nobody gives, and that is said; its own path is no obstacle.
#[test]
fn a_sudo_with_rules_of_its_own_is_told_of_or_will_do() {
    let Some(lab) = Lab::before() else { return };
    let operator = Operator::new(&lab);
    let before = operator.everything_before();
    let rule = |rule: &str| {
        lab.on("new", &format!("echo '{rule}' >/etc/sudoers.d/zz-rule; chmod 440 /etc/sudoers.d/zz-rule"));
    };
    let steps = "- {id: made, on: new, copy: {content: \"x\\n\", dest: /srv/made}}
                 - {id: run, on: new, run: systemctl is-active ssh.service >/srv/run, undo: rm /srv/run}";
    let other = Operator::new(&lab);
    let keeper = book(&other, "new: {ssh: new-with-password, become: root}", steps);
    other.runbook(&["run", &keeper]).ended(1).says("`become_password`");

    let admin = book(&operator, "new: {ssh: new, become: root}", steps);
    rule("Defaults requiretty");
    operator.runbook(&["run", &admin]).ended(1).says("`requiretty` is on");
    assert_eq!(lab.on("new", "cd /srv; ls -d made run 2>/dev/null || :"), "");

    rule("Defaults secure_path=\"/usr/bin:/bin\"");
    operator.runbook(&["resume"]).ended(0);
    assert_eq!(lab.on("new", "cat /srv/made /srv/run"), "x\nactive\n");
    operator.roll_back();
    lab.on("new", "rm /etc/sudoers.d/zz-rule");
    operator.everything().must_be(&before);
}

/// The disk of the source is full in the middle of a dump: it fails and says so, and with room again the same run copies the database.
#[test]
fn the_disk_of_the_source_fills_up_under_a_dump() {
    let Some(lab) = Lab::before() else { return };
    let operator = Operator::new(&lab);
    let before = operator.everything_before();
    let state = "/var/lib/postgresql/.local";
    lab.on("old", &format!("mkdir {state}; mount -t tmpfs -o size=32m,mode=700,uid=$(id -u postgres) tmpfs {state}"));
    slow_down(&lab, "old", PG_DUMP, 4);
    let psql = "cd /; runuser -u postgres -- psql -XAtqc";
    let roles = lab.on("old", &format!("{psql} \"SELECT rolname FROM pg_roles WHERE rolname !~ '^(pg_|postgres$)'\""));
    for role in roles.lines() {
        lab.on("new", &format!("cd /; runuser -u postgres -- createuser '{role}'"));
    }
    let book = book(
        &operator,
        "old: old\nnew: {ssh: new, become: root}",
        "- {id: base, postgres: {from: {on: old, database: libravatar, become: postgres}, to: {on: new, database: libravatar, become: postgres}, live: true}}",
    );
    let mut run = operator.start(operator.command(&["run", &book]));
    eventually(60, "the dump has begun", || {
        assert!(run.try_wait().unwrap().is_none(), "the run has ended before:\n{}", operator.said());
        starts(&lab, "old", "pg_dump") > 0
    });
    lab.on("old", &format!("cat /dev/zero >{state}/full || :"));
    assert_eq!(run.wait().unwrap().code(), Some(1), "{}", operator.said());
    assert!(operator.said().contains("is full: make room"), "{}", operator.said());
    lab.on("old", &format!("rm {state}/full"));
    operator.runbook(&["resume"]).ended(0);
    assert_eq!(lab.on("new", &format!("{psql} 'SELECT count(*) FROM users' libravatar")), "412\n");
    operator.roll_back();
    quicken(&lab, "old", PG_DUMP);
    lab.on("old", &format!("[ -z \"$(find {state} -type f)\" ]; umount {state}; rmdir {state}"));
    for role in roles.lines() {
        lab.on("new", &format!("cd /; runuser -u postgres -- dropuser '{role}'"));
    }
    operator.everything().must_be(&before);
}
