//! Hosts at their worst: without room, without a place to write, without a home, without power.

use crate::lab::Lab;
use crate::operator::{Operator, eventually};

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
    let slow = "'touch /run/validates; [ -e /srv/quick ] || sleep 600; [ -s %s ]'";
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
    eventually(120, "the run ends", || run.try_wait().unwrap().is_some());
    let ended = run.wait().unwrap().code();
    if ended != Some(0) {
        assert_eq!(ended, Some(1), "{}", operator.said());
        operator.runbook(&["resume"]).ended(0);
    }
    assert_eq!(lab.on("old", "cat /srv/page; rm /srv/quick; ls -A /srv"), "made of 2 parts\nlibravatar\npage\n");
    operator.roll_back();
    assert_eq!(lab.on("old", "cat /srv/page; ls -A /srv"), "before\nlibravatar\npage\n");
}
