//! `http` against real hosts, and against sites of every kind where the operator sits.

use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::LazyLock;

use crate::banks;
use crate::lab::Lab;
use crate::operator::{Operator, eventually};
use crate::table::Table;

use super::posts::Arguments;

/// Nobody else on this machine has it: it is looked for in everybody's arguments.
static TOKEN: LazyLock<String> = LazyLock::new(|| format!("open sesame {}", std::process::id()));

#[test]
fn http() {
    let Some(lab) = Lab::before() else { return };
    let sites = Sites::open(&lab);
    let lab_ca = std::fs::read_to_string(lab.file("ca")).unwrap();
    let table = Table::new(&lab, "http")
        .on(&[])
        .roles(&["old", "new", "mirror1", "ns1"])
        .secret("token", &TOKEN)
        .file("certificates/lab.pem", &lab_ca)
        .file("certificates/banks.pem", &sites.ca);
    let table = through_hosts(announcements(odd_sites(real_sites(table)), &sites));
    let arguments = Arguments::watch(&TOKEN);
    table.hold();
    arguments.had_none();
    a_lost_answer_is_not_asked_for_again(&lab, &sites);
    a_watch_is_not_fooled_by_a_bent_name(&lab);
}

fn real_sites(table: Table<'_>) -> Table<'_> {
    table
        .case("by its name", |c| {
            c.step("http: {url: 'https://www.libravatar.org/', expect: {status: 200, body: '^<p>\\d+ users'}}")
                .acts()
                .foresees("GET https://www.libravatar.org/")
                .foresees("a body with")
                .outputs("<h1>Libravatar</h1>")
                .crashes()
        })
        .case("at old, whatever the name says", |c| {
            c.step(
                "http: {url: 'https://cdn.libravatar.org/', resolve: old, ca: certificates/lab.pem, \
                 expect: {headers: {X-Served-By: ^old$, Strict-Transport-Security: 'max-age=[1-9]'}, not: {body: It works}}}",
            )
            .acts()
            .foresees("at the address of old")
        })
        .case("the same name at a mirror", |c| {
            c.step(
                "http: {url: 'https://cdn.libravatar.org/', resolve: mirror1, \
                 expect: {body: It works, not: {headers: {X-Served-By: .}}, certificate_valid_for: 3000d}}",
            )
            .acts()
        })
        .case("not at old", |c| {
            c.step("http: {url: 'https://cdn.libravatar.org/', resolve: old, expect: {not: {body: Libravatar}}}")
                .fails("the body has `Libravatar`")
        })
        .case("by IPv6", |c| {
            c.step("http: {url: 'https://www.libravatar.org/', family: ipv6, expect: {headers: {X-Served-By: old}}}").acts()
        })
        .case("at an address of IPv6", |c| {
            c.step("http: {url: 'http://www.libravatar.org/', resolve: '2001:db8::11', expect: {status: 301, headers: {Location: '^https:'}}}")
                .acts()
        })
        .case("of the other family", |c| {
            c.step("http: {url: 'http://www.libravatar.org/', resolve: '2001:db8::11', family: ipv4}")
                .fails("2001:db8::11 has no IPv4 address")
        })
        .case("a name that was bent here", |c| {
            c.given("echo '192.0.2.12 stats.libravatar.org' >>/etc/hosts")
                .cleared_by("grep -v stats.libravatar.org /etc/hosts >hosts; cat hosts >/etc/hosts")
                .step("http: {url: 'http://stats.libravatar.org/', expect: {status: 200, body: It works}}")
                .acts()
        })
        .case("the same name, by the word of a name server", |c| {
            c.step("http: {url: 'http://stats.libravatar.org/', at: ns1, expect: {status: 301}}")
                .acts()
                .foresees("where the name leads is asked of ns1")
        })
        .case("by a name server that is none", |c| {
            c.step("http: {url: 'http://stats.libravatar.org/', at: '192.0.2.11:5353'}").fails("192.0.2.11:5353")
        })
        .case("a redirect, followed", |c| {
            c.step("http: {url: 'http://www.libravatar.org/', resolve: old, family: ipv4, follow: true, expect: {body: users}}").acts()
        })
        .case("a redirect, not followed", |c| {
            c.step("http: {url: 'http://www.libravatar.org/'}").fails("it leads to https://www.libravatar.org/")
        })
}

fn odd_sites(table: Table<'_>) -> Table<'_> {
    table
        .case("an issuer that is not the operator's", |c| {
            c.step("http: {url: 'https://plain.bank.test:8443/', resolve: 127.0.0.1, head_only: true, expect: {status: 400}}")
                .fails("its certificate is from nobody that is trusted")
        })
        .case("an issuer of their own", |c| c.step(&bank("plain", "expect: {status: 400, certificate_valid_for: 14d}")).acts())
        .case("an issuer that is not theirs", |c| {
            c.step("http: {url: 'https://plain.bank.test:8443/', resolve: 127.0.0.1, ca: certificates/lab.pem}")
                .fails("its certificate is from nobody that is trusted")
        })
        .case("signed by itself", |c| c.step(&bank("self-signed", "")).fails("its certificate is from nobody that is trusted"))
        .case("expired", |c| c.step(&bank("expired", "")).fails("it was good until 2020-12-31T00:00:00Z"))
        .case("a certificate for others", |c| {
            c.step(&bank("misnamed", "")).fails("its certificate is for other.bank.test, not for misnamed.bank.test")
        })
        .case("a certificate that ends too soon", |c| {
            c.step(&bank("plain", "expect: {status: 400, certificate_valid_for: 60000d}"))
                .fails("the certificate is good until 2099-12-31T00:00:00Z")
        })
        .case("silent", |c| c.step(&format!("{}\ntimeout: 2s", bank("silent", ""))).fails("no answer within 2s"))
        .case("a byte at a time", |c| c.step(&format!("{}\ntimeout: 3s", bank("drip", ""))).fails("no answer within 3s"))
        .case("silent, and it may be", |c| {
            c.step(&format!("{}\ntimeout: 2s", bank("silent", "may_fail: true"))).acts().foresees("does not fail the step")
        })
        .case("refused", |c| c.step("http: {url: 'http://old:81/'}").fails("Connection refused"))
        .case("a header that is no script", |c| {
            c.step(&bank("plain", "headers: {User-Agent: \"Mozilla/5.0 $(touch pwned) `touch pwned`; '\"}, expect: {status: 200}")).acts()
        })
}

fn announcements<'a>(table: Table<'a>, sites: &Sites) -> Table<'a> {
    let posted = sites.folder.join("posted").display().to_string();
    let due = serde_json::json!({"method": "POST", "token": format!("Bearer {}", *TOKEN), "body": format!("it's {} SELF", *TOKEN)});
    let due = ["method", "token", "body"].map(|key| format!("\"{key}\": {}", due[key])).join(", ");
    std::fs::write(format!("{posted}.due"), format!("{{{due}}}\n")).unwrap();
    table
        .case("announced", |c| {
            c.step(
                "http: {url: 'https://plain.bank.test:8443/announce', resolve: 127.0.0.1, ca: certificates/banks.pem, method: POST, \
                 headers: {Authorization: 'Bearer {{ secrets.token }}'}, body: 'it''s {{ secrets.token }} SELF', \
                 expect: {status: 201, body: taken, headers: {X-Token: '^Bearer '}}}\nundo: nothing",
            )
            .acts()
            .foresees("Bearer {{ secrets.token }}")
            .outputs("taken from Bearer ***")
            .leaves(&format!("sed \"s/SELF/$SELF/\" {posted}.due | grep -qxFf - {posted}"))
        })
        .case("announced for ever", |c| {
            c.step(
                "http: {url: 'https://plain.bank.test:8443/announce', resolve: 127.0.0.1, ca: certificates/banks.pem, method: POST, \
                 headers: {Authorization: '{{ secrets.token }}'}}",
            )
            .acts()
            .no_way_back("a POST has no undo of its own")
        })
        .case("announced, and refused", |c| {
            c.step(
                "http: {url: 'https://plain.bank.test:8443/announce', resolve: 127.0.0.1, ca: certificates/banks.pem, method: POST, \
                 headers: {Authorization: '{{ secrets.token }}'}, expect: {status: 200}}\nundo: nothing",
            )
            .fails("the status is 201, not 200")
        })
}

fn through_hosts(table: Table<'_>) -> Table<'_> {
    table
        .case("as a host sees it", |c| {
            c.on(&["old"])
                .step("http: {url: 'https://www.libravatar.org/', resolve: 127.0.0.1, ca: certificates/lab.pem, expect: {headers: {X-Served-By: old}}}")
                .acts()
        })
        .case("as hosts see another", |c| {
            c.on(&["mirror1", "admin"]).step("http: {url: 'http://www.libravatar.org/', family: ipv6, follow: false, expect: {status: 301}}").acts()
        })
        .case("by the word of a name server that a host asks", |c| {
            c.on(&["mirror1"]).step("http: {url: 'http://www.libravatar.org/', at: '192.0.2.53:53', family: ipv4, expect: {status: 301}}").acts()
        })
        .case("posted by a host", |c| {
            c.on(&["old", "keeper"])
                .step(
                    "http: {url: 'http://www.libravatar.org/', resolve: 192.0.2.11, method: POST, headers: {Authorization: '{{ secrets.token }}'}, \
                     body: '{{ secrets.token }}', expect: {status: 301}}\nundo: nothing",
                )
                .acts()
        })
        .case("refused to a host", |c| {
            c.on(&["old", "new"]).step("http: {url: 'http://localhost:8443/'}").fails("cannot reach localhost:8443")
        })
        .case("a name that a host does not know", |c| {
            c.on(&["old"]).step("http: {url: 'http://plain.bank.test:8080/', may_fail: true}").acts()
        })
}

/// The answer to a POST is lost: whether it was taken only a person can tell, and it is not sent twice.
fn a_lost_answer_is_not_asked_for_again(lab: &Lab, sites: &Sites) {
    std::fs::remove_file(sites.folder.join("posted")).unwrap();
    let operator = Operator::new(lab);
    let state = operator.state.path();
    std::fs::write(state.join("ca.pem"), &sites.ca).unwrap();
    let book = state.join("book.yaml");
    let text = "runbook: 1\nsecrets: {token: {env: TOKEN}}\nsteps:\n  - id: announce\n    http: {url: 'https://plain.bank.test:8443/lost', \
                resolve: 127.0.0.1, ca: ca.pem, method: POST, body: '{{ secrets.token }}'}\n    undo: nothing\n    retry: {attempts: 3, delay: 10ms}\n";
    std::fs::write(&book, text).unwrap();
    let runbook = |args: &[&str], code| {
        let said = operator.command(args).env("TOKEN", &*TOKEN).output().unwrap();
        let said = crate::operator::Said::of(&said).ended(code);
        assert!(!said.text.contains(&*TOKEN), "{}", said.text);
        let posted = std::fs::read_to_string(sites.folder.join("posted")).unwrap();
        assert_eq!(posted.lines().count(), 1, "{args:?} sends it again");
        said
    };
    let said = runbook(&["run", book.to_str().unwrap()], 1);
    said.says("the request may have been taken, but there is no answer");
    runbook(&["resume"], 1);
    let run = operator.run_id();
    runbook(&["done", &run, "announce", "--note", "it is there"], 0);
    runbook(&["resume"], 0);
}

/// The operator's own names lead to new, the DNS still to old: that is what the world sees.
fn a_watch_is_not_fooled_by_a_bent_name(lab: &Lab) {
    lab.operator("echo '192.0.2.12 stats.libravatar.org' >>/etc/hosts");
    let operator = Operator::new(lab);
    let book = operator.state.path().join("book.yaml");
    let text = "runbook: 1\nwatch:\n  - {name: site, http: {url: 'http://stats.libravatar.org/'}, every: 1s, \
                expect: {status: 301, headers: {Location: ^https}}}\nsteps:\n  - id: as-here\n    \
                http: {url: 'http://stats.libravatar.org/', expect: {body: It works}}\n  \
                - {id: pause, on: local, run: sleep 3, undo: nothing}\n";
    std::fs::write(&book, text).unwrap();
    let said = operator.runbook(&["run", book.to_str().unwrap(), "--output", "json"]).ended(0);
    let seen: Vec<_> = said.text.lines().filter(|line| line.contains("\"watched\"")).collect();
    assert!(!seen.is_empty() && seen.iter().all(|line| line.contains("\"up\":true")), "{}", said.text);
}

/// A step that asks a site, with more of it.
fn bank(name: &str, more: &str) -> String {
    let more = if more.is_empty() { String::new() } else { format!(", {more}") };
    format!("http: {{url: 'https://{name}.bank.test:8443/', resolve: 127.0.0.1, ca: certificates/banks.pem{more}}}")
}

/// Sites that are where the operator sits.
pub(super) struct Sites {
    pub(super) ca: String,
    pub(super) folder: PathBuf,
    server: Child,
}

impl Sites {
    pub(super) fn open(lab: &Lab) -> Self {
        let folder = lab.file("state").join("banks");
        if folder.exists() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        std::fs::create_dir(&folder).unwrap();
        let files = banks::Files::make();
        for (name, text) in files.all() {
            std::fs::write(folder.join(name), text).unwrap();
        }
        let script = folder.join("banks.py");
        let mut command = lab.command(&["run", "python3", script.to_str().unwrap(), folder.to_str().unwrap()]);
        let mut server = command.stdout(Stdio::null()).spawn().unwrap();
        eventually(20, "somebody plays the sites", || {
            assert!(server.try_wait().unwrap().is_none(), "nobody plays the sites");
            !lab.operator("ss --listening --tcp --numeric --no-header 'sport = 8444'").is_empty()
        });
        Self { ca: files.ca, folder, server }
    }
}

impl Drop for Sites {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
