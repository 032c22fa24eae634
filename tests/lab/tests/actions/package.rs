//! `package` on real hosts.

use std::path::Path;
use std::process::Command;

use crate::lab::{Lab, succeed};
use crate::operator::Operator;
use crate::table::Table;

/// Makes packages: `mk NAME VERSION [MORE CONTROL]` leaves `NAME_VERSION.deb`.
const MK: &str = r#"mk() {
    rm -rf t; mkdir -p t/DEBIAN "t/etc/$1" "t/usr/share/$1"
    printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: x <x@example.org>\nDescription: test\n%b' "$1" "$2" "${3-}" >t/DEBIAN/control
    echo "as in $2" >"t/etc/$1/conf"; echo "/etc/$1/conf" >t/DEBIAN/conffiles
    echo "$2" >"t/usr/share/$1/it's a name"; ln -s nowhere "t/usr/share/$1/link"
    [ ! -e postinst ] || install -m 755 postinst t/DEBIAN/postinst
    dpkg-deb -b --root-owner-group t "$1_$2.deb" >/dev/null; rm -rf t
};
"#;

/// What is known of the packages of a case.
const STATE: &str = r#"dpkg-query -W -f '${Package} ${Version} ${db:Status-Abbrev}\n' | grep "^$SELF" || true; apt-mark showauto | grep "^$SELF" || true"#;

/// A package of the operator's side.
fn local(lab: &Lab) -> String {
    let script = format!("set -eu; mkdir -p debs; cd debs; {MK} mk rb-local 1.5; pwd");
    let state = lab.file("state");
    let mut command = Command::new("sh");
    command.args(["-c", &script]).current_dir(&state);
    let folder = succeed(&mut command);
    Path::new(folder.trim_end()).join("rb-local_1.5.deb").to_str().unwrap().to_owned()
}

#[test]
fn package() {
    let Some(lab) = Lab::before() else { return };
    let deb = local(&lab);
    let given = |script: &str| format!("{MK}{script}");
    let waits = r#"printf '#!/bin/sh\nif [ -e /run/%s-stop ] && [ ! -e /run/%s-waits ]; then touch /run/%s-waits; while [ -e /run/%s-stop ]; do sleep 0.2; done; fi\n' "$SELF" "$SELF" "$SELF" "$SELF" >postinst; mk "$SELF" 1.0; mv "$SELF"_1.0.deb "/run/$SELF.deb"; rm postinst"#;
    let purge = "dpkg --purge \"$SELF\" >/dev/null 2>&1 || true";
    Table::new(&lab, "package")
        .plain_names()
        .one_at_a_time()
        .head("defaults: {timeout: 5m}")
        .case("installed from a file there", |c| {
            c.given(&given(waits))
                // Not in the case's folder: packages of different names are different files.
                .cleared_by("rm -f \"/run/$SELF.deb\"")
                .step("package: {deb: {on_host: /run/SELF.deb}}")
                .foresees("install SELF 1.0")
                .state(STATE)
                .also("/etc/SELF")
                .also("/usr/share/SELF")
                .crashes_in_the_middle(
                    "touch /run/$SELF-stop",
                    "[ -e /run/$SELF-waits ]",
                    "rm -f /run/$SELF-stop /run/$SELF-waits",
                )
                .goes_back_after("dpkg --purge \"$SELF\" >/dev/null", "! dpkg-query -W \"$SELF\" 2>/dev/null")
        })
        .case("a version that is gone since", |c| {
            c.given(&given(
                "mk \"$SELF\" 1.0; mk \"$SELF\" 2.0; dpkg -i \"$SELF\"_1.0.deb >/dev/null; echo mine >\"/etc/$SELF/conf\"
                 apt-mark auto \"$SELF\" >/dev/null; rm \"$SELF\"_1.0.deb; mv \"$SELF\"_2.0.deb x.deb",
            ))
            .cleared_by(purge)
            .step(r#"package: {name: SELF, deb: {on_host: "HERE/x.deb"}}"#)
            .foresees("SELF 1.0 -> 2.0")
            .state(STATE)
            .also("/etc/SELF")
            .also("/usr/share/SELF")
            .leaves("[ \"$(cat \"/etc/$SELF/conf\")\" = mine ] && [ \"$(cat \"/usr/share/$SELF/it's a name\")\" = 2.0 ]")
        })
        .case("removed", |c| {
            c.given(&given("mk \"$SELF\" 1.0; dpkg -i \"$SELF\"_1.0.deb >/dev/null"))
                .cleared_by(purge)
                .step("package: {name: SELF, state: absent}")
                .foresees("remove SELF 1.0")
                .state(STATE)
                .also("/usr/share/SELF")
                .leaves("[ -e \"/etc/$SELF/conf\" ] && [ ! -e \"/usr/share/$SELF\" ]")
                .stops_after(&given("mk \"$SELF\" 3.0; dpkg -i \"$SELF\"_3.0.deb"), "is 3.0 now, and was removed")
        })
        .case("with what it needs", |c| {
            c.on(&["new"])
                .given(&given(
                    "mk \"$SELF-dep\" 1.0; mk \"$SELF\" 1.0 \"Depends: $SELF-dep\\n\"; mk \"$SELF\" 2.0; dpkg-scanpackages -m . >Packages 2>/dev/null
                     echo \"deb [trusted=yes] file:$HERE ./\" >/etc/apt/sources.list.d/$SELF.list; apt-get -q update >/dev/null",
                ))
                .cleared_by(
                    "dpkg --purge $SELF-more $SELF $SELF-dep >/dev/null 2>&1 || true
                     rm -f /etc/apt/sources.list.d/$SELF.list; apt-get -q update >/dev/null; apt-get clean",
                )
                .step(r#"package: {name: SELF, version: "1.0"}"#)
                .foresees("install SELF-dep 1.0")
                .state(STATE)
                .leaves("apt-mark showauto | grep -x \"$SELF-dep\" >/dev/null")
                .stops_after(
                    &given("mk \"$SELF-more\" 1.0 \"Depends: $SELF-dep\\n\"; dpkg -i \"$SELF-more\"_1.0.deb"),
                    "apt would also remove",
                )
        })
        .case("from here", |c| {
            c.step(&format!("package: {{deb: {deb}}}"))
                .state("dpkg-query -W -f '${Version} ${db:Status-Abbrev}' rb-local 2>/dev/null || true")
                .leaves("grep -qx 1.5 \"/usr/share/rb-local/it's a name\"")
        })
        .case("as asked", |c| c.step("package: {name: cron}").satisfied())
        .case("not there", |c| c.step("package: {name: no-such-package, state: absent}").satisfied())
        .case("unknown", |c| {
            c.step("package: {name: no-such-package}").blocked("Unable to locate package no-such-package")
        })
        .case("as nobody", |c| {
            c.on(&["admin"]).step("package: {name: cron, state: absent}").blocked("only root can change packages")
        })
        .case("no package", |c| {
            c.given("echo x >x.deb").step(r#"package: {deb: {on_host: "HERE/x.deb"}}"#).blocked("cannot be read as a package")
        })
        .hold();
    std::fs::remove_dir_all(lab.file("state").join("debs")).unwrap();
}

/// As `unattended-upgrades` does just when one needs it.
#[test]
fn a_lock_that_somebody_else_holds_is_waited_for() {
    let Some(lab) = Lab::before() else { return };
    let operator = Operator::new(&lab);
    let steps = "  - {id: gone, on: old, package: {name: gearman-tools, state: absent}}";
    let book = operator.write_book(&format!("runbook: 1\nname: One package\nhosts: {{old: old}}\nsteps:\n{steps}\n"));
    let held = "import fcntl, os, time
files = [open('/var/lib/dpkg/' + name, 'w') for name in ('lock-frontend', 'lock')]
[fcntl.lockf(file, fcntl.LOCK_EX) for file in files]
open('/run/held', 'w')
while os.path.exists('/run/held'): time.sleep(0.1)
time.sleep(3)
open('/run/let-go', 'w')";
    lab.on("old", &format!("setsid python3 -c \"{held}\" </dev/null >/dev/null 2>&1 &"));
    lab.eventually("old", 10, "[ -e /run/held ]");
    operator.runbook(&["plan", &book]).ended(0).says("remove gearman-tools");
    lab.on("old", "rm /run/held");
    operator.runbook(&["run", &book]).ended(0);
    lab.on("old", "[ -e /run/let-go ]; ! dpkg-query -W gearman-tools 2>/dev/null");
    operator.roll_back();
    lab.on("old", "dpkg-query -W gearman-tools");
}
