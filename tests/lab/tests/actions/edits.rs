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
                .beaten_by("printf '\r\nmine' >>conf", "was changed by somebody else since it was looked at")
                .beaten_by("rm conf", "conf")
        })
        .case("in an empty file", |c| {
            c.given(": >conf; chmod 4711 conf")
                .step(r#"line: {path: "HERE/conf", line: " x # y: z"}"#)
                .leaves("printf ' x # y: z\\n' | cmp - conf")
                .crashes()
                .goes_back_after("printf 'z\\n' >>conf", "printf 'z\\n' | cmp - conf")
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
            c.on(&["keeper"])
                .given("echo x=0 >conf")
                .step(r#"line: {path: "HERE/conf", line: x=1, match: ^x=}"#)
                .crashes()
                .goes_back_after("echo y >>conf", "printf 'x=0\\ny\\n' | cmp - conf")
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
        .case("a link to nothing", |c| {
            c.given("ln -s nowhere conf").step(r#"line: {path: "HERE/conf", line: b}"#).blocked("conf")
        })
        .case("a folder", |c| {
            c.given("mkdir conf").step(r#"line: {path: "HERE/conf", line: b}"#).blocked("is a folder")
        })
        .hold();
}

#[test]
fn cron() {
    let Some(lab) = Lab::before() else { return };
    let tab = "printf 'MAILTO=root\\n# 1 1 * * * root old\\n* * * * * root touch /run/SELF-ran\\n@daily root true\\n'";
    let tab = tab.replace("SELF", "$SELF");
    Table::new(&lab, "cron")
        .case("all jobs off", |c| {
            c.given(&format!("{tab} >tab; chmod 640 tab"))
                .step(r#"cron: {file: "HERE/tab", state: disabled}"#)
                .foresees("comment out lines 3 and 4")
                .leaves("[ $(grep -c '^#runbook: ' tab) = 2 ] && grep -qx 'MAILTO=root' tab")
                .crashes()
                .goes_back_after("sed -i s/MAILTO=root/MAILTO=ann/ tab", "! grep -q runbook tab && grep -q =ann tab")
                .goes_back_after(
                    "sed -i 's/root true/root false/; s|^#runbook: [*]|#runbook: */5|' tab",
                    "! grep -q runbook tab && grep -qx '@daily root false' tab",
                )
                .stops_after("sed -i 's/^#runbook: @.*/#runbook: x/' tab", "the very lines of the edit are others now")
        })
        .case("in an odd file", |c| {
            c.given(
                "printf 'M=\\377\\r\\n@daily root a\\r\\n#runbook: @daily root b' >'re al'; ln -s 're al' tab; chown daemon:adm tab
                 chmod 640 tab; setfacl -m u:daemon:r tab; setfattr -n user.note -v kept tab",
            )
            .step(r#"cron: {file: "HERE/tab", state: disabled}"#)
            .leaves(
                r#"printf 'M=\377\r\n#runbook: @daily root a\r\n#runbook: @daily root b' | cmp - tab && [ -L tab ] &&
                   [ "$(stat -Lc %U:%G:%a tab)" = daemon:adm:640 ]"#,
            )
            .crashes()
            .goes_back_after(
                r"printf '\r\n@daily root c' >>tab",
                r"printf 'M=\377\r\n@daily root a\r\n#runbook: @daily root b\r\n@daily root c' | cmp - tab && [ -L tab ] &&
                  getfacl -c tab | grep -q user:daemon",
            )
            .beaten_by(r"sed -i --follow-symlinks 1d tab", "was changed by somebody else since it was looked at")
        })
        .case("with a password", |c| {
            c.on(&["keeper"]).given(&format!("{tab} >tab")).step(r#"cron: {file: "HERE/tab", state: disabled}"#).crashes()
        })
        .case("of another's file", |c| {
            c.on(&["admin"])
                .given(&format!("{tab} >tab"))
                .step(r#"cron: {file: "HERE/tab", state: disabled}"#)
                .blocked("admin")
        })
        .case("a user's", |c| {
            c.given(&format!(
                "{tab} | sed 's/ root / /' >/var/spool/cron/crontabs/daemon; cd /var/spool/cron/crontabs; chown daemon:crontab daemon
                 chmod 600 daemon; touch -d @1534046706 daemon"
            ))
            .on(&["old"])
            .step("cron: {file: /var/spool/cron/crontabs/daemon, state: disabled}")
            .also("/var/spool/cron/crontabs/daemon")
            .leaves("[ $(crontab -lu daemon | grep -c '^#runbook: ') = 2 ]")
            .cleared_by("rm -f /var/spool/cron/crontabs/daemon")
        })
        .case("without jobs", |c| {
            c.given(": >tab").step(r#"cron: {file: "HERE/tab", state: disabled}"#).satisfied()
        })
        .case("no such file", |c| c.step(r#"cron: {file: "HERE/tab", state: disabled}"#).blocked("there is no "))
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
                .goes_back_after("sed -i '$s/$/ more/' hosts", "[ \"$(tail -n 1 hosts)\" = '192.0.2.12 more' ]")
                .stops_after("sed -i '$s/12/13/' hosts", "the very lines of the edit are others now")
        })
        .case("in an odd file", |c| {
            c.given(
                "printf '127.0.0.1 \\377\\r\\n192.0.2.1 a' >'re al'; ln -s 're al' hosts; chown daemon:adm hosts; chmod 640 hosts
                 setfacl -m u:daemon:r hosts; setfattr -n user.note -v kept hosts",
            )
            .step(r#"hosts_entry: {address: "2001:db8::1", names: www.example.org, file: "HERE/hosts"}"#)
            .leaves(
                r#"printf '127.0.0.1 \377\r\n192.0.2.1 a\r\n2001:db8::1\twww.example.org' | cmp - hosts && [ -L hosts ] &&
                   [ "$(stat -Lc %U:%G:%a hosts)" = daemon:adm:640 ]"#,
            )
            .crashes()
            .goes_back_after(
                r"sed -i --follow-symlinks '1i first\r' hosts",
                r"printf 'first\r\n127.0.0.1 \377\r\n192.0.2.1 a' | cmp - hosts && [ -L hosts ] && getfacl -c hosts | grep -q user:daemon",
            )
            .beaten_by("echo >>hosts", "was changed by somebody else since it was looked at")
        })
        .case("in an empty file", |c| {
            c.given(": >hosts")
                .step(r#"hosts_entry: {address: 192.0.2.12, names: www.example.org, file: "HERE/hosts"}"#)
                .leaves("printf '192.0.2.12\\twww.example.org\\n' | cmp - hosts")
        })
        .case("with a password", |c| {
            c.on(&["keeper"])
                .given(names)
                .step(r#"hosts_entry: {address: 192.0.2.12, names: www2, state: absent, file: "HERE/hosts"}"#)
                .crashes()
        })
        .case("of another's file", |c| {
            c.on(&["admin"]).step("hosts_entry: {address: 192.0.2.12, names: www2.example.org}").blocked("admin")
        })
        .case("no such file", |c| {
            c.step(r#"hosts_entry: {address: 192.0.2.12, names: www2, file: "HERE/hosts"}"#).blocked("there is no ")
        })
        .case("unbound", |c| {
            c.given(names)
                .step(r#"hosts_entry: {address: 192.0.2.12, names: www2, state: absent, file: "HERE/hosts"}"#)
                .leaves("grep -qx '192.0.2.12 stats # new' hosts")
                .crashes()
                .goes_back_after(
                    "sed -i 's/stats # new/mine stats # old/' hosts",
                    "grep -qx '192.0.2.12 mine stats www2 # old' hosts",
                )
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
