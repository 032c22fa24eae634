//! `lookup` with the lab's name servers.

use crate::lab::Lab;
use crate::operator::Operator;
use crate::table::Table;

#[test]
fn lookup() {
    let Some(lab) = Lab::before() else { return };
    Table::new(&lab, "lookup")
        .on(&[])
        .head("defaults: {timeout: 1m}")
        .case("every server", |c| {
            c.step("lookup: {name: libravatar.org, type: A, at: authoritative, expect: {values: 192.0.2.11}}")
                .acts()
                .outputs("192.0.2.11")
        })
        .case("of a name below", |c| {
            c.step("lookup: {name: _avatars._tcp.libravatar.org, type: SRV, at: authoritative, expect: {values: 0 0 80 cdn.libravatar.org}}").acts()
        })
        .case("past the hosts file", |c| {
            c.step("lookup: {name: www.libravatar.org, type: A, expect: {values: 192.0.2.11, ttl_at_most: 43200}}").acts()
        })
        .case("through a host", |c| {
            c.on(&["new"])
                .step("lookup: {name: libravatar.com, type: AAAA, at: [authoritative, 'ns1.libravatar.org'], expect: {values: '2001:db8::11'}}")
                .acts()
                .outputs("2001:db8::11")
        })
        .case("nothing", |c| c.step("lookup: {name: none.libravatar.org, type: A, at: authoritative, expect: {values: []}}").acts())
        .case("something else", |c| {
            c.step("lookup: {name: libravatar.org, type: A, at: authoritative, expect: {values: 192.0.2.12}}")
                .fails("libravatar.org. A is 192.0.2.11: not 192.0.2.12")
        })
        .hold();
    odd_one_out(&lab);
    forbidden(&lab);
}

/// A second server of the zone on mirror1, whose data is another.
fn odd_one_out(lab: &Lab) {
    lab.on(
        "mirror1",
        r#"mkdir -p /srv/ns2 && cd /srv/ns2
        printf '$TTL 43200\n@ IN SOA ns1 h 7 7200 3600 1209600 3600\n IN NS ns1\n IN NS ns2\n IN A 192.0.2.99\nns1 IN A 192.0.2.53\nns2 IN A 192.0.2.21\n' >zone
        printf 'options { directory "/srv/ns2"; pid-file "/srv/ns2/pid"; session-keyfile "/srv/ns2/key"; listen-on { 192.0.2.21; };
            listen-on-v6 { none; }; recursion no; dnssec-validation no; notify no; empty-zones-enable no; }; controls { };
            zone "libravatar.org" { type primary; file "zone"; };' >named.conf
        chmod 777 /srv/ns2
        systemd-run --unit=ns2 named -f -c /srv/ns2/named.conf
        for try in $(seq 100); do dig +short +time=1 +tries=1 @192.0.2.21 libravatar.org | grep -qx 192.0.2.99 && exit; sleep 0.1; done; exit 1"#,
    );
    let env = std::fs::read_to_string(lab.file("env_file")).unwrap();
    let key = env.lines().find_map(|line| line.strip_prefix("export LIBRAVATAR_TSIG=")).unwrap();
    lab.operator(&format!(
        "printf 'server 192.0.2.53\\nzone libravatar.org\\nupdate add ns2.libravatar.org 60 A 192.0.2.21\\n\
         update add libravatar.org 43200 NS ns2.libravatar.org.\\nsend\\n' | nsupdate -y {key}"
    ));
    let said = run(lab, "[{id: look, lookup: {name: libravatar.org, type: A, at: authoritative}}]", 1);
    for due in [
        "the servers do not agree about libravatar.org. A",
        "ns2.libravatar.org. (192.0.2.21)",
        "192.0.2.99",
        "<- the odd one out",
    ] {
        assert!(said.contains(due), "{due}\n{said}");
    }
    let ns1 = said.lines().find(|line| line.contains("(192.0.2.53)") && line.contains("43200")).unwrap_or_default();
    assert!(!ns1.contains("odd one"), "{said}");
}

/// No name server can be reached from where the operator sits; from a host it can.
fn forbidden(lab: &Lab) {
    lab.operator("ip route add unreachable 192.0.2.53; ip route add unreachable 192.0.2.21; ip -6 route add unreachable 2001:db8::53");
    let look = "lookup: {name: libravatar.com, type: A, at: authoritative}";
    let said = run(lab, &format!("[{{id: look, {look}}}]"), 1);
    let through = run(lab, &format!("[{{id: look, on: new, {look}}}]"), 0);
    lab.operator("ip route del unreachable 192.0.2.53; ip route del unreachable 192.0.2.21; ip -6 route del unreachable 2001:db8::53");
    assert!(said.contains("a firewall may forbid port 53 from here") && said.contains("on: ROLE"), "{said}");
    assert!(!through.contains("cannot"), "{through}");
}

/// What a run of these steps says, that ends with `code`.
fn run(lab: &Lab, steps: &str, code: i32) -> String {
    let operator = Operator::new(lab);
    let book = operator.state.path().join("book.yaml");
    std::fs::write(
        &book,
        format!("runbook: 1\nname: look\nhosts: {{new: {{ssh: new, become: root}}}}\nsteps: {steps}\n"),
    )
    .unwrap();
    let told = operator.command(&["run", book.to_str().unwrap(), "--output", "plain"]).output().unwrap();
    let said = [told.stdout, told.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    assert_eq!(told.status.code(), Some(code), "{said}");
    said
}
