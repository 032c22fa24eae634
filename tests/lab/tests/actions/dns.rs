//! `dns` with the lab's name server.

use crate::lab::Lab;
use crate::table::Table;

/// What the server says of the case's own name, without that.
const STATE: &str =
    "for type in A AAAA CNAME TXT; do dig +noall +answer +norecurse @192.0.2.53 $SELF.libravatar.org $type; done |
    awk '{$1 = \"\"; print}' | sort -u";

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn dns() {
    let Some(lab) = Lab::before() else { return };
    let env = std::fs::read_to_string(lab.file("env_file")).unwrap();
    let key = env.lines().find_map(|line| line.strip_prefix("export LIBRAVATAR_TSIG=")).unwrap().to_owned();
    // nsupdate takes the key as one word, too.
    let update = |lines: &[&str]| {
        let lines: Vec<String> = lines.iter().map(|line| format!("update {line}")).collect();
        let (zone, lines) = ("server 192.0.2.53\nzone libravatar.org", lines.join("\n"));
        format!("nsupdate -y {key} <<END\n{zone}\n{lines}\nsend\nEND\n")
    };
    let given = |records: &[&str]| {
        let lines: Vec<String> = records.iter().map(|record| format!("add $SELF.libravatar.org {record}")).collect();
        update(&lines.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let cleared = update(&["delete $SELF.libravatar.org"]);
    let dns =
        |records: &str| format!("dns: {{server: 192.0.2.53, zone: libravatar.org, key: tsig, records: [{records}]}}");
    Table::new(&lab, "dns")
        .plain_names()
        .on(&[])
        .secret("tsig", &key)
        .secret("wrong", "hmac-sha256:migration-key:d3Jvbmcgd3Jvbmcgd3Jvbmcgd3Jvbmc=")
        .head("defaults: {timeout: 1m}")
        .case("a ttl", |c| {
            c.given(&given(&["43200 A 192.0.2.11", "43200 A 192.0.2.12"]))
                .cleared_by(&cleared)
                .step(&dns("{name: SELF, type: A, ttl: 3600}"))
                .state(STATE)
                .foresees("A 43200 192.0.2.11, 192.0.2.12 -> 3600 192.0.2.11, 192.0.2.12")
                .outputs("A 43200 192.0.2.11, 192.0.2.12 -> 3600 192.0.2.11, 192.0.2.12")
                .crashes()
                .goes_back_after(
                    &update(&["delete $SELF.libravatar.org A 192.0.2.12"]),
                    &format!("[ \"$({STATE})\" = ' 43200 IN A 192.0.2.11' ]"),
                )
                .stops_after(
                    &update(&["delete $SELF.libravatar.org A", "add $SELF.libravatar.org 60 A 192.0.2.11"]),
                    "has changed since: it was left as 3600 192.0.2.11, 192.0.2.12, and is 60 192.0.2.11 now",
                )
        })
        .case("a whole set", |c| {
            c.given(&given(&["43200 AAAA 2001:db8::11"]))
                .cleared_by(&cleared)
                .step(&dns("{name: SELF, type: AAAA, values: '2001:DB8:0::12', ttl: 60}, {name: SELF, type: A, values: [192.0.2.1, 192.0.2.2], ttl: 60}"))
                .state(STATE)
                .crashes()
                .stops_after(&update(&["add $SELF.libravatar.org 60 AAAA 2001:db8::66"]), "has changed since")
                .beaten_by(&update(&["add $SELF.libravatar.org 43200 AAAA 2001:db8::66"]), "was changed by somebody else since it was looked at; nothing was written")
                .beaten_by(&update(&["delete $SELF.libravatar.org AAAA"]), "was changed by somebody else since it was looked at")
                .beaten_by(&update(&["add $SELF.libravatar.org 60 A 192.0.2.66"]), "and is 60 192.0.2.66 now")
        })
        .case("the zone itself", |c| {
            c.step(&dns("{name: '@', type: A, values: 192.0.2.12, ttl: 300}, {name: '@', type: AAAA, values: '2001:db8::12', ttl: 300}"))
                .state("dig +noall +answer +norecurse @192.0.2.53 libravatar.org A libravatar.org AAAA | sort")
                .foresees("libravatar.org. A 43200 192.0.2.11 -> 300 192.0.2.12")
        })
        .case("members of a round robin", |c| {
            c.given(&given(&["43200 A 192.0.2.11", "43200 A 192.0.2.21", "43200 A 203.0.113.71"]))
                .cleared_by(&cleared)
                .step(&dns("{name: SELF, type: A, remove: [192.0.2.11, 203.0.113.71]}"))
                .state(STATE)
                .crashes()
                .beaten_by(&update(&["add $SELF.libravatar.org 43200 A 192.0.2.66"]), "nothing was written")
                .goes_back_after(
                    &update(&["delete $SELF.libravatar.org A 192.0.2.21", "add $SELF.libravatar.org 43200 A 192.0.2.22"]),
                    "[ \"$(dig +short @192.0.2.53 $SELF.libravatar.org | sort | tr '\\n' ' ')\" = '192.0.2.11 192.0.2.22 203.0.113.71 ' ]",
                )
        })
        .case("an alias in place of addresses", |c| {
            c.given(&given(&["60 A 192.0.2.11"]))
                .cleared_by(&cleared)
                .step(&dns("{name: SELF, type: A, state: absent}, {name: SELF, type: CNAME, values: elsewhere.example.net., ttl: 60}"))
                .state(STATE)
                .crashes()
        })
        .case("a hostile text", |c| {
            c.step(&dns(r#"{name: SELF, type: TXT, values: ["$(touch pwned) `touch pwned` \"; é \\"], ttl: 60}"#))
                .cleared_by(&cleared)
                .state(STATE)
                .crashes()
        })
        .case("through a host", |c| {
            c.on(&["new"])
                .given(&given(&["43200 A 192.0.2.11"]))
                .cleared_by(&cleared)
                .step(&dns("{name: SELF, type: A, ttl: 60}"))
                .state(STATE)
                .crashes()
        })
        .case("as asked", |c| {
            c.given(&given(&["60 A 192.0.2.11"]))
                .cleared_by(&cleared)
                .step(&dns("{name: SELF.LIBRAVATAR.org., type: A, values: 192.0.2.11}"))
                .state(STATE)
                .satisfied()
        })
        .case("beside an alias", |c| {
            c.given(&given(&["60 CNAME elsewhere.example.net."]))
                .cleared_by(&cleared)
                .step(&dns("{name: SELF, type: A, values: 192.0.2.11, ttl: 60}"))
                .state(STATE)
                .blocked("nothing else can stand beside that")
        })
        .case("a wrong key", |c| {
            c.step(&dns("{name: SELF, type: A, values: 192.0.2.11, ttl: 60}").replace("tsig", "wrong"))
                .state(STATE)
                .blocked("does not accept the signature of the key `migration-key` (BADSIG)")
        })
        .case("without a key", |c| {
            c.step(&dns("{name: SELF, type: A, values: 192.0.2.11, ttl: 60}").replace("key: tsig, ", ""))
                .state(STATE)
                .fails("refuses it (REFUSED)")
        })
        .hold();
}
