//! `dns` and `lookup` with a real BIND, where the machine has one.

use runbook::actions::{ActionError, Check, Reversible, Stash, Verdict, Write};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::named::{KEY, Named};
use super::world::{Applied, World, action};

const WRONG: &str = "hmac-sha256:migration-key:b3RoZXIgb3RoZXIgb3RoZXI=";
const UNKNOWN: &str = "hmac-sha256:nobody:b3RoZXIgb3RoZXIgb3RoZXI=";
const READER: &str = "hmac-sha256:reader:cmVhZGVyIHJlYWRlciByZWFkZXI=";

/// A zone, and who changes it.
struct Zone {
    world: World,
    named: Named,
}

impl Zone {
    async fn new() -> Option<Self> {
        let named = Named::start()?;
        let secrets = [("tsig", KEY), ("wrong", WRONG), ("unknown", UNKNOWN), ("reader", READER), ("none", "x")];
        Some(Self { world: World::with_secrets(&secrets).await, named })
    }

    fn at(port: u16, key: &str, records: &str) -> String {
        let key = if key.is_empty() { String::new() } else { format!("key: {key}, ") };
        format!("{{server: '127.0.0.1:{port}', zone: libravatar.org, {key}records: [{records}]}}")
    }

    fn step(&self, records: &str) -> String {
        Self::at(self.named.port, "tsig", records)
    }

    async fn apply(&self, records: &str) -> Applied {
        let applied = self.world.apply_on(None, "dns", &self.step(records)).await.unwrap();
        // What was asked holds then, and asked again it is there.
        let check = self.world.check_on(None, "dns", &self.step(records)).await.unwrap();
        assert_eq!(check, Check::Satisfied, "{records}");
        applied
    }

    /// Somebody else changes something.
    async fn somebody(&self, records: &str) {
        self.apply(records).await;
    }

    async fn blocked(&self, records: &str) -> String {
        match self.world.check_on(None, "dns", &self.step(records)).await.unwrap() {
            Check::Blocked(why) => why,
            other => panic!("{records}: {other:?}"),
        }
    }

    /// What the server says of a name: values and TTL.
    async fn has(&self, name: &str, kind: &str) -> String {
        let text = format!("{{name: {name}.libravatar.org, type: {kind}, at: '127.0.0.1:{}'}}", self.named.port);
        let text = text.replace("@.", "");
        match self.world.apply_on(None, "lookup", &text).await {
            Ok(looked) => format!("{} {}", looked.outputs.ttl.unwrap(), looked.outputs.stdout.replace('\n', ", ")),
            Err(ActionError::Failed(failure)) if failure.why.contains("is nothing") => "nothing".to_owned(),
            Err(error) => panic!("{error}"),
        }
    }
}

fn told(error: ActionError) -> String {
    match error {
        ActionError::Failed(failure) => {
            let hint = failure.hint.map(|hint| format!("; {hint}")).unwrap_or_default();
            format!("{}{hint}", failure.why)
        }
        other => other.to_string(),
    }
}

#[tokio::test]
async fn sets_are_changed_and_go_back() {
    let Some(zone) = Zone::new().await else { return };
    for (records, name, kind, after, before, ttl) in [
        ("{name: '@', type: A, ttl: 3600}", "@", "A", "3600 192.0.2.11", "43200 192.0.2.11", 43200),
        (
            "{name: '@', type: AAAA, values: '2001:db8:0::12', ttl: 60}",
            "@",
            "AAAA",
            "60 2001:db8::12",
            "43200 2001:db8::11",
            43200,
        ),
        (
            "{name: cdn, type: A, remove: [203.0.113.71, 192.0.2.11]}",
            "cdn",
            "A",
            "43200 192.0.2.21",
            "43200 192.0.2.11, 192.0.2.21, 203.0.113.71",
            43200,
        ),
        (
            "{name: cdn, type: A, add: 192.0.2.99, ttl: 60}",
            "cdn",
            "A",
            "60 192.0.2.11, 192.0.2.21, 192.0.2.99, 203.0.113.71",
            "43200 192.0.2.11, 192.0.2.21, 203.0.113.71",
            43200,
        ),
        (
            "{name: cdn, type: A, state: absent}",
            "cdn",
            "A",
            "nothing",
            "43200 192.0.2.11, 192.0.2.21, 203.0.113.71",
            43200,
        ),
        (
            "{name: new, type: TXT, values: ['a b', '\"c\" \"d;\\\"\"'], ttl: 60}",
            "new",
            "TXT",
            "60 \"c\" \"d;\\\"\", \"a b\"",
            "nothing",
            900,
        ),
        (
            "{name: '@', type: CAA, values: '0 issue \"letsencrypt.org\"', ttl: 60}",
            "@",
            "CAA",
            "60 0 issue \"letsencrypt.org\"",
            "nothing",
            900,
        ),
        (
            "{name: _x._tcp, type: SRV, values: 0 5 443 CDN, ttl: 60}",
            "_x._tcp",
            "SRV",
            "60 0 5 443 CDN.libravatar.org.",
            "nothing",
            900,
        ),
        (
            "{name: '@', type: NS, values: [ns2, ns3], ttl: 60}",
            "@",
            "NS",
            "60 ns2.libravatar.org., ns3.libravatar.org.",
            "43200 ns1.libravatar.org.",
            43200,
        ),
        (
            "{name: www, type: CNAME, values: cdn}",
            "www",
            "CNAME",
            "43200 cdn.libravatar.org.",
            "43200 libravatar.org.",
            43200,
        ),
        (
            "{name: '@', type: MX, values: [20 a.example.net., 10 MAIL.example.net.]}",
            "@",
            "MX",
            "43200 10 mail.example.net., 20 a.example.net.",
            "43200 10 mail.example.net.",
            43200,
        ),
    ] {
        assert_eq!(zone.has(name, kind).await, before, "{records}");
        let applied = zone.apply(records).await;
        assert_eq!((zone.has(name, kind).await.as_str(), applied.outputs.ttl), (after, Some(ttl)), "{records}");
        assert!(applied.outputs.stdout.contains(" -> "), "{}", applied.outputs.stdout);
        zone.world.undo(&applied).await.unwrap_or_else(|error| panic!("{records}: {error}"));
        assert_eq!(zone.has(name, kind).await, before, "{records}");
        assert_eq!(zone.world.undo(&applied).await.unwrap(), "was already as before", "{records}");
    }
    let check = zone.world.check_on(None, "dns", &zone.step("{name: WWW, type: CNAME, values: libravatar.ORG.}")).await;
    assert_eq!(check.unwrap(), Check::Satisfied);
}

#[tokio::test]
async fn what_is_foreseen_is_what_happens() {
    let Some(zone) = Zone::new().await else { return };
    let text = zone.step("{name: '@', type: A, values: 192.0.2.12, ttl: 60}, {name: cdn, type: A, remove: 192.0.2.11}");
    let dns = action("dns", &text);
    let Check::Differs(seen) = zone.world.check_on(None, "dns", &text).await.unwrap() else { panic!() };
    let preview = dns.preview(&seen).unwrap();
    let lines = "libravatar.org. A 43200 192.0.2.11 -> 60 192.0.2.12\n\
                 cdn.libravatar.org. A 43200 192.0.2.11, 192.0.2.21, 203.0.113.71 -> 43200 192.0.2.21, 203.0.113.71";
    assert_eq!((preview.summary.as_str(), preview.detail.as_str()), ("change 2 record sets of libravatar.org.", lines));
    let applied = zone.world.apply_on(None, "dns", &text).await.unwrap();
    assert_eq!(applied.outputs.stdout, lines);
    assert!(!format!("{:?}", applied.undo).contains("c2VjcmV0"));
}

#[tokio::test]
async fn a_zone_that_somebody_else_changed_meanwhile_is_left_alone() {
    let Some(zone) = Zone::new().await else { return };
    for (records, theirs, due) in [
        (
            "{name: '@', type: A, values: 192.0.2.12}, {name: new, type: A, values: 192.0.2.1, ttl: 60}",
            "{name: '@', type: A, values: 192.0.2.66}",
            "libravatar.org. was changed by somebody else since it was looked at; nothing was written: libravatar.org. A was \
             43200 192.0.2.11, and is 43200 192.0.2.66 now; look who did that; to try again looks again, and goes by what is there then",
        ),
        (
            "{name: cdn, type: A, remove: 192.0.2.11}",
            "{name: cdn, type: A, add: 192.0.2.66}",
            "cdn.libravatar.org. A was",
        ),
        (
            "{name: two, type: A, values: 192.0.2.1, ttl: 60}",
            "{name: two, type: CNAME, values: '@', ttl: 60}",
            "two.libravatar.org. A was nothing, and is a CNAME for libravatar.org. now",
        ),
        (
            "{name: three, type: CNAME, values: '@', ttl: 60}",
            "{name: three, type: TXT, values: x, ttl: 60}",
            "three.libravatar.org. CNAME was nothing, and is nothing beside TXT now",
        ),
    ] {
        let text = zone.step(records);
        let (dns, unit) = (action("dns", &text), zone.world.unit(None));
        let read = zone.world.read(&unit, 1);
        let Check::Differs(seen) = dns.check(&read).await.unwrap() else { panic!("{records}") };
        zone.somebody(theirs).await;
        let before = (zone.has("@", "A").await, zone.has("cdn", "A").await, zone.has("new", "A").await);
        let intent = zone.world.intend(&unit, "dns").await;
        let error = told(dns.apply(&seen, &Write::new(read, &intent)).await.unwrap_err());
        assert!(error.contains(due), "{records}: {error}");
        let after = (zone.has("@", "A").await, zone.has("cdn", "A").await, zone.has("new", "A").await);
        assert_eq!(after, before, "{records}");
    }
}

#[tokio::test]
async fn undo_looks_what_others_did() {
    let Some(zone) = Zone::new().await else { return };
    let whole = zone.apply("{name: '@', type: A, values: 192.0.2.12, ttl: 60}").await;
    let members = zone.apply("{name: cdn, type: A, remove: 203.0.113.71, add: 192.0.2.12}").await;
    let ttl = zone.apply("{name: '@', type: AAAA, ttl: 60}").await;
    zone.somebody("{name: '@', type: A, ttl: 300}").await;
    zone.somebody("{name: cdn, type: A, remove: 192.0.2.21, add: 192.0.2.88}").await;
    zone.somebody("{name: '@', type: AAAA, values: '2001:db8::66'}").await;
    let error = zone.world.undo(&whole).await.unwrap_err();
    let due = "libravatar.org. A has changed since: it was left as 60 192.0.2.12, and is 300 192.0.2.12 now; before it was 43200 192.0.2.11";
    assert_eq!(error.to_string(), due);
    assert_eq!(zone.has("@", "A").await, "300 192.0.2.12");
    zone.world.undo(&members).await.unwrap();
    assert_eq!(zone.has("cdn", "A").await, "43200 192.0.2.11, 192.0.2.88, 203.0.113.71");
    zone.world.undo(&ttl).await.unwrap();
    assert_eq!(zone.has("@", "AAAA").await, "43200 2001:db8::66");
}

#[tokio::test]
async fn what_bind_would_drop_without_a_word_is_blocked() {
    let Some(zone) = Zone::new().await else { return };
    for (records, due) in [
        ("{name: www, type: A, values: 192.0.2.1, ttl: 60}", "www.libravatar.org. is a CNAME for libravatar.org."),
        ("{name: cdn, type: CNAME, values: '@', ttl: 60}", "cdn.libravatar.org. has A records"),
        ("{name: none, type: A, ttl: 60}", "there is no none.libravatar.org. A whose TTL could be changed"),
        ("{name: '@', type: NS, remove: ns1}", "libravatar.org. would be left without NS records"),
    ] {
        assert!(zone.blocked(records).await.contains(due), "{records}");
    }
    let swap = "{name: cdn, type: A, state: absent}, {name: cdn, type: CNAME, values: '@', ttl: 60}";
    let applied = zone.apply(swap).await;
    assert_eq!(zone.has("cdn", "CNAME").await, "60 libravatar.org.");
    zone.world.undo(&applied).await.unwrap();
    assert_eq!(zone.has("cdn", "A").await, "43200 192.0.2.11, 192.0.2.21, 203.0.113.71");
    assert_eq!(zone.has("cdn", "CNAME").await, "nothing");
    let below =
        zone.world.check_on(None, "dns", &zone.step("{name: a.sub, type: A, values: 192.0.2.1, ttl: 60}")).await;
    assert!(told(below.unwrap_err()).contains("sub.libravatar.org. is delegated to ns1.sub.libravatar.org."));
    let delegation = zone.apply("{name: sub, type: NS, add: ns2.example.net.}").await;
    zone.world.undo(&delegation).await.unwrap();
}

#[tokio::test]
async fn what_a_wildcard_answers_is_no_record_of_the_name() {
    let Some(zone) = Zone::new().await else { return };
    assert_eq!(zone.has("a.wild", "A").await, "43200 192.0.2.77");
    let applied = zone.apply("{name: a.wild, type: A, values: 192.0.2.1, ttl: 60}").await;
    assert_eq!(applied.outputs.stdout, "a.wild.libravatar.org. A nothing -> 60 192.0.2.1");
    assert_eq!(zone.has("a.wild", "A").await, "60 192.0.2.1");
    zone.world.undo(&applied).await.unwrap();
    assert_eq!(zone.has("a.wild", "A").await, "43200 192.0.2.77");
    let wildcard = zone.apply("{name: '*.wild', type: A, ttl: 60}").await;
    assert_eq!(wildcard.outputs.ttl, Some(43200));
}

#[tokio::test]
async fn keys_and_rights_are_told_of_in_plain_words() {
    let Some(zone) = Zone::new().await else { return };
    let port = zone.named.port;
    let records = "{name: '@', type: A, ttl: 60}";
    let check = async |key: &str| {
        let text = Zone::at(port, key, records);
        zone.world.check_on(None, "dns", &text).await.map_err(told)
    };
    assert!(check("wrong").await.unwrap_err().contains("(BADSIG); the key has another secret"));
    assert!(check("unknown").await.unwrap_err().contains("does not know the key `nobody` (BADKEY)"));
    assert!(check("none").await.unwrap_err().contains("the secret none: it has to hold `algorithm:name:base64`"));
    assert!(check("missing").await.unwrap_err().contains("there is no secret `missing`"));
    for key in ["reader", ""] {
        assert!(matches!(check(key).await, Ok(Check::Differs(_))), "{key}");
        let error = zone.world.apply_on(None, "dns", &Zone::at(port, key, records)).await;
        let Err(error) = error else { panic!("{key}") };
        assert!(told(error).contains("refuses it (REFUSED); it may not let this key"), "{key}");
    }
    let other = Zone::at(port, "tsig", records).replace("zone: libravatar.org", "zone: libravatar.com");
    let error = told(zone.world.check_on(None, "dns", &other).await.unwrap_err());
    assert!(error.contains("REFUSED") || error.contains("NOTAUTH"), "{error}");
    let inside = Zone::at(port, "tsig", "{name: a, type: A, ttl: 60}")
        .replace("zone: libravatar.org", "zone: cdn.libravatar.org");
    let error = told(zone.world.check_on(None, "dns", &inside).await.unwrap_err());
    assert!(error.contains("is not authoritative for cdn.libravatar.org. (NOTAUTH)"), "{error}");
    assert_eq!(zone.has("@", "A").await, "43200 192.0.2.11");
}

/// Passes everything on to the server but what the `last` message's answer would be: it hangs up instead.
async fn loses_the_answer_to_an_update(port: u16) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (mut near, _) = listener.accept().await.unwrap();
            tokio::spawn(async move {
                let mut far = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                loop {
                    let Ok(length) = near.read_u16().await else { return };
                    let mut message = vec![0; usize::from(length)];
                    near.read_exact(&mut message).await.unwrap();
                    far.write_u16(length).await.unwrap();
                    far.write_all(&message).await.unwrap();
                    let length = far.read_u16().await.unwrap();
                    let mut answer = vec![0; usize::from(length)];
                    far.read_exact(&mut answer).await.unwrap();
                    // The operation code: an update.
                    if message[2] >> 3 & 0xf == 5 {
                        return;
                    }
                    near.write_u16(length).await.unwrap();
                    near.write_all(&answer).await.unwrap();
                }
            });
        }
    });
    at
}

#[tokio::test]
async fn an_update_whose_answer_is_lost_is_looked_after() {
    let Some(zone) = Zone::new().await else { return };
    let lossy = loses_the_answer_to_an_update(zone.named.port).await;
    let text = Zone::at(lossy, "tsig", "{name: '@', type: A, values: 192.0.2.12}");
    let dns = action("dns", &text);
    let unit = zone.world.unit(None);
    let read = zone.world.read(&unit, 1);
    let Check::Differs(seen) = dns.check(&read).await.unwrap() else { panic!() };
    let undo = dns.capture(&seen, &Stash::new(read.clone())).await.unwrap();
    let intent = zone.world.intend(&unit, "dns").await;
    let error = dns.apply(&seen, &Write::new(read.clone(), &intent)).await.unwrap_err();
    assert!(error.leaves_unsure() && error.to_string().starts_with("the update may have been taken"), "{error}");
    assert_eq!(dns.verify(&read).await.unwrap(), Verdict::Holds);
    assert_eq!(zone.has("@", "A").await, "43200 192.0.2.12");
    assert!(matches!(undo, Reversible::By(_)));
}

#[tokio::test]
async fn through_a_host_it_goes_as_the_host_sees_it() {
    let Some(zone) = Zone::new().await else { return };
    let text = zone.step("{name: '@', type: A, ttl: 60}");
    let applied = zone.world.apply("dns", &text).await.unwrap();
    let look =
        format!("{{name: libravatar.org, type: A, at: '127.0.0.1:{}', expect: {{ttl_at_most: 60}}}}", zone.named.port);
    assert_eq!(zone.world.probe("lookup", &look).await.unwrap(), Verdict::Holds);
    zone.world.undo(&applied).await.unwrap();
    let due = "the TTL at 127.0.0.1:";
    assert!(matches!(zone.world.probe("lookup", &look).await.unwrap(), Verdict::Fails(why) if why.starts_with(due)));
}

#[tokio::test]
async fn servers_that_disagree_are_shown() {
    let (Some(zone), Some(other)) = (Zone::new().await, Named::start()) else { return };
    let (one, two) = (zone.named.port, other.port);
    let at = format!("['127.0.0.1:{one}', '127.0.0.1:{two}', '127.0.0.1:{one}']");
    let look = format!("{{name: cdn.libravatar.org, type: A, at: {at}}}");
    let looked = zone.world.apply_on(None, "lookup", &look).await.unwrap();
    assert_eq!(looked.outputs.stdout, "192.0.2.11\n192.0.2.21\n203.0.113.71");
    assert_eq!((looked.undo, looked.outputs.ttl, looked.outputs.changed), (Reversible::Nothing, Some(43200), false));
    zone.somebody("{name: cdn, type: A, values: 192.0.2.21}").await;
    let Err(ActionError::Failed(failure)) = zone.world.apply_on(None, "lookup", &look).await else { panic!() };
    assert_eq!(failure.why, "the servers do not agree about cdn.libravatar.org. A");
    let odd: Vec<&str> = failure.stderr.lines().filter(|line| line.ends_with("<- the odd one out")).collect();
    assert!(odd.len() == 1 && odd[0].contains(&two.to_string()), "{}", failure.stderr);
}

#[tokio::test]
async fn lookups_say_what_they_find() {
    let Some(zone) = Zone::new().await else { return };
    let port = zone.named.port;
    for (asked, due) in [
        ("name: www.libravatar.org, type: A, expect: {values: 192.0.2.11}", ""),
        ("name: WWW.Libravatar.org., type: CNAME, expect: {values: libravatar.org}", ""),
        ("name: libravatar.org, type: TXT, expect: {values: 'v=spf1 mx -all'}", ""),
        ("name: none.libravatar.org, type: A, expect: {values: []}", ""),
        ("name: cdn.libravatar.org, type: AAAA, expect: {values: []}", ""),
        ("name: none.libravatar.org, type: A", "none.libravatar.org. A is nothing: there should be some"),
        (
            "name: libravatar.org, type: A, expect: {values: 192.0.2.12}",
            "libravatar.org. A is 192.0.2.11: not 192.0.2.12",
        ),
        (
            "name: libravatar.org, type: A, expect: {ttl_at_most: 300}",
            "the TTL at 127.0.0.1:PORT is 43200, and may be 300 at most",
        ),
        ("name: example.org, type: A", "127.0.0.1:PORT: it refuses it (REFUSED)"),
        (
            "name: a.sub.libravatar.org, type: A",
            "127.0.0.1:PORT: it says no more than that sub.libravatar.org. is delegated",
        ),
    ] {
        let verdict =
            zone.world.probe_on(None, "lookup", &format!("{{at: '127.0.0.1:{port}', {asked}}}")).await.unwrap();
        let due = due.replace("PORT", &port.to_string());
        let due = if due.is_empty() { Verdict::Holds } else { Verdict::Fails(due) };
        assert_eq!(verdict, due, "{asked}");
    }
    let nobody = zone.world.probe_on(None, "lookup", "{name: a, type: A, at: '127.0.0.1:1'}").await.unwrap();
    assert!(matches!(nobody, Verdict::Fails(why) if why.contains("cannot be asked")));
}
