//! `line`, `cron` and `hosts_entry` on real hosts.

use crate::lab::Lab;
use crate::table::Table;

/// A file with what careless edits lose: an owner, a mode, an ACL, an attribute, bytes that are no text, CRLF, no newline at its end.
const ODD: &str = r"printf '\377\376\r\nx=0\r\nb' >conf; chown daemon:adm conf; chmod 640 conf
                    setfacl -m u:daemon:r conf; setfattr -n user.note -v kept conf";

#[test]
fn line() {
    let Some(lab) = Lab::before() else { return };
    Table::new(&lab, "line")
        .case("replaced in an odd file", |c| {
            c.given(ODD)
                .step(r#"line: {path: "HERE/conf", line: x=1, match: "^#?x="}"#)
                .foresees("replace line 2")
                .leaves(
                    r#"printf '\377\376\r\nx=1\r\nb' | cmp - conf && [ "$(stat -c %U:%G:%a conf)" = daemon:adm:640 ]"#,
                )
                .crashes()
                .goes_back_after(
                    r"printf '\r\nmore' >>conf",
                    r"printf '\377\376\r\nx=0\r\nb\r\nmore' | cmp - conf && getfacl -c conf | grep -q user:daemon",
                )
                .stops_after("sed -i s/x=1/x=2/ conf", "the very lines of the edit are others now")
        })
        .case("appended through a link", |c| {
            c.given("printf 'a\\n' >'re al'; ln -s 're al' conf")
                .step(r#"line: {path: "HERE/conf", line: "it's \"$(x)\""}"#)
                .leaves(r#"[ -L conf ] && tail -n 1 conf | grep -qxF "it's \"\$(x)\"""#)
                .goes_back_after("sed -i --follow-symlinks '1i first' conf", "printf 'first\\na\\n' | cmp - conf")
        })
        .case("removed", |c| {
            c.given("printf 'a\\nb\\nb2\\nc' >conf")
                .step(r#"line: {path: "HERE/conf", match: ^b, state: absent}"#)
                .leaves("printf 'a\\nc' | cmp - conf")
                .crashes()
                .goes_back_after("printf 'a\\nz\\nc\\n' >conf", "printf 'a\\nb\\nb2\\nz\\nc\\n' | cmp - conf")
                .stops_after("rm conf", "it is gone")
        })
        .case("of their own file", |c| {
            c.on(&["admin"])
                .given("echo x=0 >conf; chown admin:admin . conf; chmod 700 .")
                .step(r#"line: {path: "HERE/conf", line: x=1, match: ^x=}"#)
                .leaves("[ \"$(stat -c %U conf)\" = admin ]")
        })
        .case("with a password", |c| {
            c.on(&["keeper"]).given("echo x=0 >conf").step(r#"line: {path: "HERE/conf", line: x=1, match: ^x=}"#)
        })
        .case("of another's file", |c| {
            c.on(&["admin"])
                .given("echo x=0 >conf; chmod 777 .")
                .step(r#"line: {path: "HERE/conf", line: x=1, match: ^x=}"#)
                .blocked("only root can see to that on admin")
        })
        .case("as asked", |c| c.given("echo b >conf").step(r#"line: {path: "HERE/conf", line: b}"#).satisfied())
        .case("nothing to remove", |c| c.step(r#"line: {path: "HERE/conf", line: b, state: absent}"#).satisfied())
        .case("no such file", |c| c.step(r#"line: {path: "HERE/conf", line: b}"#).blocked("there is no "))
        .hold();
}

#[test]
fn cron() {
    let Some(lab) = Lab::before() else { return };
    let tab = "printf 'MAILTO=root\\n# 1 1 * * * root old\\n* * * * * root touch /run/SELF-ran\\n@daily root true\\n'";
    let tab = tab.replace("SELF", "$SELF");
    Table::new(&lab, "cron")
        .plain_names()
        .case("all jobs off", |c| {
            c.given(&format!("{tab} >tab; chmod 640 tab"))
                .step(r#"cron: {file: "HERE/tab", state: disabled}"#)
                .foresees("comment out lines 3 and 4")
                .leaves("[ $(grep -c '^#runbook: ' tab) = 2 ] && grep -qx 'MAILTO=root' tab")
                .crashes()
                .goes_back_after("sed -i s/MAILTO=root/MAILTO=ann/ tab", "! grep -q runbook tab && grep -q =ann tab")
                .stops_after("sed -i 's/root true/root false/' tab", "the very lines of the edit are others now")
        })
        .case("one job on", |c| {
            c.given(&format!("{tab} | sed '3,4s/^/#runbook: /' >tab"))
                .step(r#"cron: {file: "HERE/tab", state: enabled, match: true$}"#)
                .leaves("grep -qx '@daily root true' tab && [ $(grep -c '^#runbook: ' tab) = 1 ]")
                .crashes()
        })
        .case("a real one", |c| {
            c.given(&format!("{tab} >/etc/cron.d/$SELF"))
                .step(r#"cron: {file: "/etc/cron.d/SELF", state: disabled, match: "touch"}"#)
                .also("/etc/cron.d/SELF")
                .cleared_by("rm -f \"/etc/cron.d/$SELF\"")
        })
        .case("as asked", |c| {
            c.given(&format!("{tab} >tab")).step(r#"cron: {file: "HERE/tab", state: enabled}"#).satisfied()
        })
        .case("off by hand", |c| {
            c.given(&format!("{tab} >tab"))
                .step(r#"cron: {file: "HERE/tab", state: enabled, match: root old}"#)
                .blocked("was commented out by somebody else, and stays so")
        })
        .case("no such job", |c| {
            c.given(&format!("{tab} >tab"))
                .step(r#"cron: {file: "HERE/tab", state: disabled, match: nothing}"#)
                .blocked("no job in ")
        })
        .hold();
}

#[test]
fn hosts_entry() {
    let Some(lab) = Lab::before() else { return };
    let names = "printf '127.0.0.1 localhost\\n127.0.1.1 old.example.org old\\n192.0.2.12 stats www2 # new\\n' >hosts";
    Table::new(&lab, "hosts_entry")
        .case("bound", |c| {
            c.given(names)
                .step(r#"hosts_entry: {address: 192.0.2.12, names: [www.example.org, stats], file: "HERE/hosts"}"#)
                .leaves("tail -n 1 hosts | grep -qx '192.0.2.12.www.example.org'")
                .crashes()
                .goes_back_after(
                    "echo '192.0.2.13 x' >>hosts",
                    "grep -q '192.0.2.13 x' hosts && ! grep -q www.ex hosts",
                )
                .stops_after("sed -i '$s/$/ more/' hosts", "the very lines of the edit are others now")
        })
        .case("unbound", |c| {
            c.given(names)
                .step(r#"hosts_entry: {address: 192.0.2.12, names: www2, state: absent, file: "HERE/hosts"}"#)
                .leaves("grep -qx '192.0.2.12 stats # new' hosts")
                .crashes()
        })
        .case("bound elsewhere", |c| {
            c.given(names)
                .step(r#"hosts_entry: {address: 192.0.2.11, names: old, file: "HERE/hosts"}"#)
                .blocked("binds old to 127.0.1.1, which is where Debian puts a machine's own name")
        })
        .case("as asked", |c| {
            c.given(names)
                .step(r#"hosts_entry: {address: 192.0.2.12, names: [WWW2, stats], file: "HERE/hosts"}"#)
                .satisfied()
        })
        .case("the real one", |c| {
            c.step(r#"hosts_entry: {address: "2001:db8::12", names: [SELF.example.org]}"#)
                .also("/etc/hosts")
                .leaves("getent ahostsv6 \"$SELF.example.org\" | grep -q '^2001:db8::12 '")
        })
        .case("a mount point", |c| {
            c.given(&format!("{names}; mount --bind hosts hosts"))
                .cleared_by("umount hosts")
                .step(r#"hosts_entry: {address: 192.0.2.12, names: [www.example.org, stats], file: "HERE/hosts"}"#)
                .foresees("it is a mount point: written where it is")
                .crashes()
                .goes_back_after(
                    "echo '192.0.2.13 x' >>hosts",
                    "grep -q '192.0.2.13 x' hosts && ! grep -q www.ex hosts",
                )
        })
        .case("here", |c| {
            c.on(&["local"])
                .step(r"hosts_entry: {address: 192.0.2.99, names: [SELF.example.org]}")
                .also("/etc/hosts")
                .foresees("it is a mount point: written where it is")
                .leaves("getent hosts \"$SELF.example.org\" | grep -q '^192.0.2.99 '")
        })
        .hold();
}
