//! `sync` on real hosts: with a tree that has all that a careless copy loses.

use std::process::Child;
use std::time::Duration;

use crate::lab::Lab;
use crate::operator::{Operator, eventually, kill};
use crate::table::Table;

/// What stands at the destination before: some of it the same, some other, some of another kind, and what the source does not have.
const BEFORE: &str = r"
    mkdir -p user/albums user/gone/er
    chown 801:802 user; chmod 2770 user
    echo old >user/nothing.png; chown daemon:adm user/nothing.png; chmod 4751 user/nothing.png
    echo shared >user/shared.png; setfacl -m u:daemon:rwx user/shared.png; setfattr -n user.mine -v x user/shared.png
    echo one >user/gone/er/one; ln user/gone/er/one user/gone/two; setfacl -d -m g:adm:rx user/gone; touch -d @77 user/gone/er user/gone
    setfacl -m u:adm:r user/albums 2>/dev/null || setfacl -m g:adm:r user/albums
    ln -s /nowhere user/newest; mkdir user/gone.png; echo x >'user/new
line'
    touch -d @1200000000 user/albums user
";

/// Whether the tree is whole there: names of one file, holes, ACLs, attributes, owners by number, odd names.
const WHOLE: &str = r#"
    cd user
    [ "$(stat -c %h cover.png)" = 3 ] && [ "$(stat -c %i cover.png)" = "$(stat -c %i albums/2018/cover.png)" ]
    [ "$(stat -c %s disk.img)" -gt 1000000 ] && [ "$(stat -c %b disk.img)" -lt 200 ]
    getfacl -cp shared.png | grep -q '^user:.*:rw-'
    ! getfacl -cp shared.png | grep -q daemon
    [ "$(getfattr --only-values -n user.comment shared.png)" = 'kept for Zoë' ]
    ! getfattr -n user.mine shared.png 2>/dev/null
    [ "$(stat -c %u:%g:%a albums/2018)" = 801:33:2775 ]
    [ -f "odd names/new
line" ] && [ -f 'odd names/-leading-dash' ] && [ "$(readlink absolute)" = /var/lib/libravatar/avatar ]
"#;

fn step(more: &str) -> String {
    format!("sync: {{from: \"old:/var/lib/libravatar/user/\", to: \"new:HERE/user/\"{more}}}")
}

#[test]
fn sync() {
    let Some(lab) = Lab::before() else { return };
    Table::new(&lab, "sync")
        .on(&["new"])
        .roles(&["old", "new"])
        .case("a new tree", |c| {
            c.step(&step(", via: relay"))
                .foresees("user/ to new:")
                .leaves(WHOLE)
                .crashes()
                .stops_after("echo x >>user/nothing.png", "has another content")
                .stops_after("touch user/albums/mine", "is there since")
        })
        .case("what was there", |c| {
            c.given(BEFORE)
                .step(&step(", via: relay, delete: true"))
                .leaves(&format!("{WHOLE}[ ! -e gone ]"))
                .crashes()
                .goes_back_after("echo mine >mine", "[ -f mine ] && [ -f user/gone/two ]")
        })
        .case("direct", |c| {
            c.given(BEFORE)
                .step(&step(", via: direct, delete: true"))
                .foresees("from host to host (direct)")
                .leaves(WHOLE)
                .crashes_around_its_job()
        })
        .case("direct, slowly", |c| {
            c.folders(&["old", "new"])
                .given(
                    "mkdir much; echo $ROLE >much/a
                     [ $ROLE = new ] || { seq 1500000 >much/file; ln much/file much/more; }",
                )
                .step(r#"sync: {from: "old:HERE/much/", to: "new:HERE/much/", via: direct, bwlimit: 2m}"#)
                .leaves("[ \"$(stat -c %s:%h much/file)\" = 10888896:2 ]")
                .crashes_in_the_middle(
                    "",
                    "[ $ROLE = old ] || find /root/.local/state/runbook -path \"*/kept/$SELF*/backup/temp/*\" -size +1000k | grep -q .",
                    "",
                )
        })
        .case("the metadata alone", |c| {
            c.folders(&["old", "new"])
                .given(
                    "mkdir much; echo same >much/a; ln -s a much/b
                     [ $ROLE = old ] || { chown daemon:adm much much/a; chmod 4751 much/a; chown -h daemon much/b; setfattr -n user.x -v y much/a; }",
                )
                .step(r#"sync: {from: "old:HERE/much/", to: "new:HERE/much/", via: relay}"#)
                .leaves("[ \"$(stat -c %U:%G:%a much/a)\" = root:root:644 ] && [ \"$(stat -c %U much/b)\" = root ] && ! getfattr -n user.x much/a 2>/dev/null")
                .crashes()
        })
        .case("another content of the same size and time", |c| {
            c.folders(&["old", "new"])
                .given("mkdir much; echo $ROLE >much/a")
                .step(r#"sync: {from: "old:HERE/much/", to: "new:HERE/much/", via: relay, checksum: true}"#)
                .leaves("[ \"$(cat much/a)\" = old ]")
        })
        .case("the same, not looked for", |c| {
            c.folders(&["old", "new"])
                .given("mkdir much; echo $ROLE >much/a")
                .step(r#"sync: {from: "old:HERE/much/", to: "new:HERE/much/", via: relay}"#)
                .satisfied()
        })
        .case("direct, to whoever logs in", |c| {
            // What undo needs is kept in the same place as what the key needs.
            c.on(&["old"])
                .given("mkdir daily; echo mine >daily/mine; echo old >daily/apache2; chmod 600 daily/apache2")
                .step(r#"sync: {from: "new:/etc/cron.daily/", to: "old:HERE/daily/", via: direct, delete: true}"#)
                .foresees("from host to host (direct): new reaches old")
                .leaves("[ ! -e daily/mine ] && [ \"$(stat -c %a daily/apache2)\" = 755 ]")
                .crashes_around_its_job()
        })
        .case("auto", |c| c.step(&step("")).foresees("direct): old reaches new").leaves(WHOLE))
        .case("by a password", |c| {
            c.on(&["keeper"])
                .given(BEFORE)
                .step(&step("").replace("new:", "keeper:"))
                .foresees("(relay): keeper cannot become root on keeper without a password")
                .leaves(WHOLE)
        })
        .case("no passage", |c| {
            c.on(&["keeper"])
                .step(&step(", via: direct").replace("new:", "keeper:"))
                .blocked("there is no direct way: keeper cannot become root on keeper without a password")
        })
        .case("staging", |c| c.given(BEFORE).step(&step(", via: staging, delete: true")).leaves(WHOLE))
        .case("in parts", |c| c.given(BEFORE).step(&step(", via: relay, parallel: 3, checksum: true")).leaves(WHOLE))
        .case("without being root", |c| {
            c.on(&["admin"])
                .given("chown admin .")
                .step(r#"sync: {from: "old:/etc/apache2", to: "admin:HERE/", via: relay, exclude: [magic]}"#)
                .foresees("owners are not kept: rsync is admin")
                .leaves("[ \"$(stat -c %U apache2/apache2.conf)\" = admin ] && [ ! -e apache2/magic ]")
        })
        .case("on one host", |c| {
            c.on(&["old"])
                .given("mkdir -- -a; echo x >./-a/-f; mkdir b")
                .step(r#"sync: {from: "old:HERE/-a/", to: "old:HERE/b/"}"#)
                .leaves("[ -f b/-f ]")
        })
        .case("as asked", |c| {
            c.on(&["old"])
                .given("mkdir a; echo x >a/f; cp -a a b")
                .step(r#"sync: {from: "old:HERE/a/", to: "old:HERE/b/", delete: true}"#)
                .satisfied()
        })
        .case("no source", |c| {
            c.step(r#"sync: {from: "old:/none/", to: "new:HERE/x/"}"#).blocked("there is no /none on old")
        })
        .hold();
}

/// A book that brings a large file over, slowly.
fn slowly(lab: &Lab, via: &str) -> (String, String) {
    lab.on(
        "old",
        "mkdir -p /srv/large && echo old >/srv/large/a && head -c 20000000 /dev/urandom >/srv/large/file && ln /srv/large/file /srv/large/more",
    );
    lab.on("new", "mkdir -p /srv/large && echo before >/srv/large/file && chmod 600 /srv/large/file && echo new >/srv/large/a && touch -d @1200000000 /srv/large/* /srv/large");
    let book = format!(
        "runbook: 1\nname: large\nhosts:\n  old: old\n  new: {{ssh: new, become: root}}\nsteps:\n  - id: large\n    \
         sync: {{from: \"old:/srv/large/\", to: \"new:/srv/large/\", via: {via}, bwlimit: 2m}}\n"
    );
    (book, keys(lab))
}

/// What lets people in, and what they are like who do.
fn keys(lab: &Lab) -> String {
    let script = "for h in /root /home/admin; do
                      for f in $h/.ssh $h/.ssh/authorized_keys; do [ ! -e $f ] || stat -c '%n %a %U %y' $f; done
                      [ ! -e $h/.ssh/authorized_keys ] || cat $h/.ssh/authorized_keys
                  done";
    lab.on("new", script)
}

fn state_of(lab: &Lab) -> String {
    lab.on("new", "cd /srv/large && find . -printf '%p %m %U %T@ %s %n\\n' | sort && sha256sum a file")
}

fn begin(operator: &Operator<'_>, book: &str) -> Child {
    operator.start(operator.command(&["run", &operator.write_book(book)]))
}

/// Waits until some of the file is on its way.
fn half_way(lab: &Lab, run: &mut Child, operator: &Operator<'_>) {
    eventually(60, "the file is on its way", || {
        assert!(run.try_wait().unwrap().is_none(), "the run has ended before:\n{}", operator.said());
        lab.holds("new", "find / /srv -xdev -path '*runbook*/temp/*' -size +2000k 2>/dev/null | grep -q .")
    });
}

#[test]
fn a_transfer_whose_controller_is_killed_goes_on_or_is_taken_back() {
    for via in ["relay", "direct"] {
        for back in [true, false] {
            let Some(lab) = Lab::before() else { return };
            let operator = Operator::new(&lab);
            let (book, keys_before) = slowly(&lab, via);
            let before = state_of(&lab);
            let mut run = begin(&operator, &book);
            half_way(&lab, &mut run, &operator);
            assert_eq!(keys(&lab) == keys_before, via == "relay", "a key is let in for a direct way alone");
            kill(&mut run);
            if !back {
                operator.runbook(&["resume"]).ended(0);
                let same = lab.on("old", "sha256sum </srv/large/file") == lab.on("new", "sha256sum </srv/large/file");
                assert!(same, "{via}: it came whole");
                assert_eq!(keys(&lab), keys_before, "{via}: no key is left after a resume");
                assert!(
                    !lab.holds("old", "find / -xdev -name 'key*' -path '*/direct/*' | grep -q ."),
                    "nor its other half"
                );
            }
            let said = operator.runbook(&["rollback"]);
            assert_eq!(said.code, 4, "{via}: {}", said.text);
            assert_eq!(state_of(&lab), before, "{via}");
            assert_eq!(keys(&lab), keys_before, "{via}: no key is left after a rollback");
            assert!(
                !lab.holds("old", "find / -xdev -name 'key*' -path '*/direct/*' | grep -q ."),
                "nor its other half"
            );
            lab.on("old", "rm -r /srv/large");
            no_rsync_is_left(&lab);
        }
    }
}

/// The power cord of either end, in the middle: what runs is found dead or broken off, and it goes on once the host is up.
#[test]
fn a_transfer_survives_the_power_cord() {
    for (via, host) in [("relay", "new"), ("direct", "old"), ("direct", "new")] {
        let Some(lab) = Lab::before() else { return };
        let operator = Operator::new(&lab);
        let (book, keys_before) = slowly(&lab, via);
        let before = state_of(&lab);
        let mut run = begin(&operator, &book);
        half_way(&lab, &mut run, &operator);
        lab.tool(&["power", host, "cut"]);
        lab.tool(&["power", host, "boot"]);
        let what = format!("{via}, {host}");
        let ended = run.wait().unwrap().code();
        if ended != Some(0) {
            assert_eq!(ended, Some(1), "{what}: {}", operator.said());
            operator.runbook(&["resume"]).ended(0);
        }
        assert_eq!(lab.on("old", "sha256sum </srv/large/file"), lab.on("new", "sha256sum </srv/large/file"), "{what}");
        no_key_is_left(&lab, &keys_before, "after it was done");
        operator.roll_back();
        assert_eq!(state_of(&lab), before, "{what}");
        no_key_is_left(&lab, &keys_before, "after a rollback");
        no_rsync_is_left(&lab);
    }
}

/// One that had its connection from a controller that died notices that by what it writes next, not at once.
fn no_rsync_is_left(lab: &Lab) {
    for host in ["old", "new"] {
        eventually(30, "no rsync is left", || !lab.holds(host, "pgrep rsync"));
    }
}

/// Nobody is let in that was not before, and no key lies about.
fn no_key_is_left(lab: &Lab, before: &str, when: &str) {
    assert_eq!(keys(lab), before, "a key is let in {when}");
    assert!(!lab.holds("old", "find / -xdev -name 'key*' -path '*/direct/*' | grep -q ."), "a key is there {when}");
}

#[test]
fn a_disk_that_is_full_is_said_and_the_transfer_goes_on_once_there_is_room() {
    for via in ["relay", "direct"] {
        let Some(lab) = Lab::before() else { return };
        let operator = Operator::new(&lab);
        lab.on("new", "mount -t tmpfs -o size=32m none /srv");
        let (book, keys_before) = slowly(&lab, via);
        let before = state_of(&lab);
        // What is seen beforehand stops it before it begins.
        lab.on("new", "head -c 20M /dev/zero >/srv/full");
        let early = Operator::new(&lab);
        let mut run = begin(&early, &book);
        assert_ne!(run.wait().unwrap().code(), Some(0), "{via}: {}", early.said());
        assert!(early.said().contains("left on new, and up to"), "{via}: {}", early.said());
        no_key_is_left(&lab, &keys_before, "though nothing was begun");
        lab.on("new", "rm /srv/full");

        let mut run = begin(&operator, &book);
        half_way(&lab, &mut run, &operator);
        lab.on("new", "cat /dev/zero >/srv/full || true");
        assert_ne!(run.wait().unwrap().code(), Some(0), "{via}: {}", operator.said());
        assert!(operator.said().contains("the disk of the destination is full"), "{via}: {}", operator.said());
        no_key_is_left(&lab, &keys_before, "after it failed");
        lab.on("new", "rm /srv/full");
        operator.runbook(&["resume"]).ended(0);
        assert_eq!(lab.on("old", "sha256sum </srv/large/file"), lab.on("new", "sha256sum </srv/large/file"), "{via}");
        no_key_is_left(&lab, &keys_before, "after a resume");
        let said = operator.runbook(&["rollback"]);
        assert_eq!(said.code, 4, "{via}: {}", said.text);
        assert_eq!(state_of(&lab), before, "{via}");
        no_key_is_left(&lab, &keys_before, "after a rollback");
        no_rsync_is_left(&lab);
        lab.on("new", "rm -r /srv/large; ls -A /srv >&2; [ -z \"$(ls -A /srv)\" ]; umount /srv");
        lab.on("old", "rm -r /srv/large");
    }
}

#[test]
fn a_transfer_outlives_the_cable() {
    for (via, seconds) in [("relay", 3), ("direct", 3), ("direct", 25)] {
        let Some(lab) = Lab::before() else { return };
        let operator = Operator::new(&lab);
        let (book, keys_before) = slowly(&lab, via);
        let before = state_of(&lab);
        let mut run = begin(&operator, &book);
        half_way(&lab, &mut run, &operator);
        lab.tool(&["link", "new", "down"]);
        std::thread::sleep(Duration::from_secs(seconds));
        lab.tool(&["link", "new", "up"]);
        assert_eq!(run.wait().unwrap().code(), Some(0), "{via}, {seconds} s: {}", operator.said());
        assert_eq!(lab.on("old", "sha256sum </srv/large/file"), lab.on("new", "sha256sum </srv/large/file"), "{via}");
        no_key_is_left(&lab, &keys_before, "after it came");
        let said = operator.runbook(&["rollback"]);
        assert_eq!(said.code, 4, "{via}: {}", said.text);
        assert_eq!(state_of(&lab), before, "{via}");
        no_key_is_left(&lab, &keys_before, "after a rollback");
        lab.on("old", "rm -r /srv/large");
        no_rsync_is_left(&lab);
    }
}
