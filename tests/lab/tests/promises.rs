//! What README.md says of the lab: a test that passes in a lab that is less than that proves nothing.

use crate::lab::Lab;

#[test]
fn a_listing_is_the_same_until_something_changes() {
    let Some(lab) = Lab::before() else { return };
    let before = lab.listing(&["all"]);
    // A minute of cron and of visitors is no change.
    lab.operator("curl -sSf https://www.libravatar.org/ | grep -q '412 users'");
    lab.tool(&["exec", "mirror1", "runuser", "-u", "libravatar-slave", "--", "/usr/lib/libravatar-slave/pull", "user"]);
    assert_eq!(before, lab.listing(&["all"]));

    let changes = [
        ("old", "chmod g+s /var/lib/libravatar/user/cover.png", "cover.png"),
        ("old", "ln -f /var/lib/libravatar/user/nothing.png /var/lib/libravatar/user/disk.img", "disk.img"),
        ("old", "runuser -u postgres -- psql -qd libravatar -c \"UPDATE users SET motto = 'x' WHERE id = 7\"", "users"),
        ("old", "runuser -u postgres -- psql -qd libravatar -c \"SELECT nextval('untouched_seq')\"", "untouched_seq"),
        ("old", "runuser -u postgres -- psql -qd libravatar -c 'SELECT lo_unlink(70001)'", "70001"),
        ("new", "systemctl stop cron.service", "cron.service"),
        (
            "ns1",
            "rndc freeze libravatar.org; sed -i s/43200/43201/ /var/lib/bind/*.org.zone; rndc thaw libravatar.org",
            "43201",
        ),
    ];
    for (host, script, seen) in changes {
        lab.on(host, script);
        let now = lab.listing(&[host]);
        let only_in = |one: &str, other: &str| -> Vec<String> {
            one.lines().filter(|line| !other.lines().any(|known| known == *line)).map(str::to_owned).collect()
        };
        let lines = [only_in(&now, &before), only_in(&only_section(&before, host), &now)].concat();
        assert!(lines.iter().any(|line| line.contains(seen)), "{script} is not seen: {lines:#?}");
    }
    lab.tool(&["reset"]);
    assert_eq!(before, lab.listing(&["all"]));
}

#[test]
fn the_site_is_a_real_one() {
    let Some(lab) = Lab::before() else { return };
    lab.operator(
        "image=$(lab=1; printf %s person1@example.com | md5sum | cut -d' ' -f1)
         curl -sSf https://www.libravatar.org/ | grep '412 users with 735 e-mail addresses and 523 photos'
         curl -sSf https://stats.libravatar.org/ | grep '\"users\": 412'
         for url in http://cdn https://cdn https://seccdn; do
             for host in old mirror1 mirror2; do
                 address=$(getent ahostsv4 $host | awk '{ print $1; exit }')
                 curl -sSf --resolve '*:80:'$address --resolve '*:443:'$address $url.libravatar.org/avatar/$image | head -c 4 | grep -q PNG
             done
         done",
    );
    // The application reaches its database through pgbouncer only.
    lab.on("old", "systemctl stop pgbouncer");
    lab.operator("[ $(curl -s -o /dev/null -w '%{http_code}' https://www.libravatar.org/) = 503 ]");
    lab.on("old", "systemctl start pgbouncer; systemctl restart apache2");
    lab.operator("curl -sSf --retry 5 https://www.libravatar.org/ | grep -q '412 users'");
    // On new is nothing of it, and the accounts have each other's numbers.
    assert_eq!(
        lab.on("new", "ls -A /etc/apache2/sites-enabled /srv"),
        "/etc/apache2/sites-enabled:\n000-default.conf\n\n/srv:\n"
    );
    assert_eq!(lab.on("old", "id -u libravatar-img; id -u libravatar-master"), "801\n802\n");
    assert_eq!(lab.on("new", "id -u libravatar-img; id -u libravatar-master"), "802\n801\n");
    assert_eq!(lab.operator("ssh new id -un; ssh new sudo -n id -un; ssh old id -un"), "admin\nroot\nroot\n");
    assert!(lab.operator("ssh new-with-password sudo -n id 2>&1 || true").contains("password"));
}

#[test]
fn mirrors_pull_by_cron() {
    let Some(lab) = Lab::before() else { return };
    lab.on("old", "echo new >/var/lib/libravatar/avatar/0123; rm /var/lib/libravatar/user/shared.png");
    for mirror in ["mirror1", "mirror2"] {
        // Cron itself, at the turn of a minute.
        let pulled = "[ -e /var/lib/libravatar/avatar/0123 ] && [ ! -e /var/lib/libravatar/user/shared.png ]";
        lab.eventually(mirror, 75, pulled);
    }
    assert!(
        lab.holds("mirror1", "[ /var/lib/libravatar/user/cover.png -ef /var/lib/libravatar/user/albums/cover.png ]")
    );
}

#[test]
fn the_zone_takes_signed_updates_only() {
    let Some(lab) = Lab::before() else { return };
    let update = |key: &str| {
        format!(
            "printf 'server ns1\\nzone libravatar.org.\\n{key}update add probe.libravatar.org. 60 IN TXT hello\\nsend\\n' | nsupdate 2>&1 || true"
        )
    };
    assert!(lab.operator(&update("")).contains("REFUSED"));
    let key = std::fs::read_to_string(lab.file("dns_key")).unwrap();
    let (name, secret) = key.trim().rsplit_once(':').unwrap();
    assert!(lab.operator(&update(&format!("key {name} bm90IGl0\\n"))).contains("NOTAUTH"));
    assert_eq!(lab.operator(&update(&format!("key {name} {secret}\\n"))), "");
    assert_eq!(lab.operator("dig +short @ns1 probe.libravatar.org TXT"), "\"hello\"\n");
}

#[test]
fn a_link_that_is_down_passes_nothing_and_comes_back() {
    let Some(lab) = Lab::before() else { return };
    let dial =
        "timeout 2 bash -c '</dev/tcp/192.0.2.11/22 && </dev/tcp/2001:db8::11/22' && echo reached || echo silent";
    assert_eq!(lab.operator(dial), "reached\n");
    lab.tool(&["link", "old", "down"]);
    assert_eq!(lab.operator(dial), "silent\n");
    assert_eq!(lab.on("old", "hostname"), "old\n");
    lab.tool(&["link", "old", "up"]);
    assert_eq!(lab.operator(dial), "reached\n");
}

#[test]
fn a_host_that_lost_its_power_comes_back_as_it_was() {
    let Some(lab) = Lab::before() else { return };
    let boot = "cat /etc/machine-id /etc/ssh/ssh_host_ed25519_key.pub";
    let before = lab.on("old", boot);
    lab.on("old", "echo kept >/root/kept; sync; setsid sleep 1000 </dev/null >/dev/null 2>&1 &");
    lab.tool(&["power", "old", "cut"]);
    assert!(!lab.holds("old", "true"));
    lab.tool(&["power", "old", "boot"]);
    assert_eq!(lab.on("old", boot), before);
    assert_eq!(lab.operator("ssh old cat /root/kept"), "kept\n");
    assert!(!lab.holds("old", "pgrep -x sleep"));
    lab.operator("curl -sSf --retry 5 --retry-all-errors https://www.libravatar.org/ | grep -q '412 users'");
}

#[test]
fn a_snapshot_can_be_returned_to() {
    let Some(lab) = Lab::before() else { return };
    let name = format!("test-{}", std::process::id());
    lab.on("new", "echo one >/root/state");
    lab.operator("echo '192.0.2.12 www.libravatar.org' >>/etc/hosts");
    lab.tool(&["snapshot", &name]);
    let then = lab.listing(&["all"]);
    lab.on("new", "echo two >/root/state");
    lab.operator("sed '/www/d' /etc/hosts >/tmp/rest && cat /tmp/rest >/etc/hosts; rm /tmp/rest");
    lab.tool(&["reset", &name]);
    assert_eq!(lab.on("new", "cat /root/state"), "one\n");
    assert_eq!(lab.operator("getent ahostsv4 www.libravatar.org | awk '{ print $1; exit }'"), "192.0.2.12\n");
    assert_eq!(lab.listing(&["all"]), then);
    lab.tool(&["reset"]);
    assert!(!lab.holds("new", "[ -e /root/state ]"));
    lab.tool(&["forget", &name]);
}

/// One host's part of a listing.
fn only_section(listing: &str, host: &str) -> String {
    let parts = listing.split("# host ");
    parts.filter(|part| part.lines().next() == Some(host)).collect()
}
