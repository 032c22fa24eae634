//! The value of `dns` in a runbook.

use std::collections::BTreeSet;

use crate::actions::nameserver::{Name, Place, Rdata, RecordType, Server, absolute, is_below, kind, shown, within};
use crate::base::Spanned;
use crate::base::secret::is_sealed;
use crate::model::decode::{self, Fields};
use crate::model::form::{self, Form, Key, required};
use crate::model::{Diagnostics, Node};

use super::action::Dns;
use super::asked::{Asked, Want};

pub(super) const KEYS: [Key; 4] = [
    required(
        "server",
        Form::Like(r"^\S+$"),
        "the zone's primary server: a host, a role, an address, with its port where it is not 53",
    ),
    required("zone", Form::Like(r"^\S+$"), "the zone"),
    form::key("key", Form::Word, "the name of a secret that holds `algorithm:name:base64`").left_out("not signed"),
    required(
        "records",
        Form::List(&Form::Keys(&RECORD)),
        "what is asked of each name and type; all together or not at all",
    ),
];

const RECORD: [Key; 7] = [
    required(
        "name",
        Form::Word,
        "relative to the zone, `\"@\"` for the zone itself, or absolute with a dot at the end",
    ),
    required(
        "type",
        Form::Like("^[A-Za-z0-9]+$"),
        "`A`, `AAAA`, `CNAME`, `MX`, `TXT`, `SRV`, `NS`, `CAA`, `PTR` and others; any as `TYPE` and its number",
    ),
    form::key(
        "ttl",
        Form::Integer(0, LARGEST as u64),
        "the time to live, in seconds. A set that is not there yet needs one",
    )
    .left_out("what the set has"),
    form::key("values", VALUES, "the whole set"),
    form::key("add", VALUES, "single members that are put in; the others are left alone"),
    form::key("remove", VALUES, "single members that are taken out; the others are left alone"),
    form::key("state", Form::OneOf(&["present", "absent"]), "`absent`: the whole set goes").left_out("`present`"),
];

const VALUES: Form = Form::OneOrMore(&Form::Text);

/// The largest TTL there is.
const LARGEST: u32 = i32::MAX as u32;

/// Types that servers make themselves.
const OF_THE_SERVER: [RecordType; 5] =
    [RecordType::SOA, RecordType::RRSIG, RecordType::NSEC, RecordType::NSEC3, RecordType::NSEC3PARAM];

pub(super) fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Dns> {
    let mut fields = Fields::of(value, "`dns`", &KEYS, diagnostics)?;
    let server = fields.required("server", decode::checked("a name server", Server::parse));
    let zone = fields.required("zone", decode::checked("the name of a zone", absolute));
    let key = fields.optional("key", key);
    let is_known = fields.node("zone").is_some_and(|zone| zone.unknown_until().is_none());
    let records = match zone.as_ref().filter(|_| is_known) {
        Some(zone) => fields.required("records", decode::list(|node, diagnostics| record(node, zone, diagnostics))),
        // Without the zone its names say nothing.
        None => fields.required("records", |_, _| Some(Vec::new())),
    };
    if let Some(records) = &records {
        if fields.node("records").is_some_and(is_empty_list) {
            fields.wrong("records", "`records` is empty", "a list of `{name:, type:, …}` is due");
        }
        for (at, record) in records.iter().enumerate() {
            if records[..at].iter().any(|before| before.place == record.place) {
                let hint =
                    "one entry says all that is asked of a name and type: several `values`, or `add` and `remove`";
                fields.wrong("records", format!("{} stands twice", record.place), hint);
            }
        }
    }
    fields.done()?;
    Some(Dns { server: server?, zone: zone?, key, records: records? })
}

/// The name of a secret, or the secret itself, sealed.
fn key(node: &Node, diagnostics: &mut Diagnostics) -> Option<Spanned<String>> {
    let key = Spanned::new(decode::word(node, diagnostics)?, node.span.clone());
    if is_sealed(&key) || node.unknown_until().is_some() || !key.contains(':') {
        return Some(key);
    }
    let hint = "declare it under `secrets:` and write its name here";
    diagnostics.error(&node.span, "a key does not belong into a runbook").hint(hint);
    None
}

fn record(node: &Node, zone: &Name, diagnostics: &mut Diagnostics) -> Option<Asked> {
    let mut fields = Fields::of(node, "a record of `dns`", &RECORD, diagnostics)?;
    let name = fields.required("name", decode::checked("a name of the zone", |text| in_zone(text, zone)));
    let kind = fields.required("type", decode::checked("a record type", |text| of_a_person(text).map(Some)));
    let ttl = fields.optional("ttl", decode::seconds(LARGEST));
    let present = fields.optional("state", decode::one_of(&[("present", true), ("absent", false)])).unwrap_or(true);
    let kind = kind.flatten();
    let mut values = |key: &str| {
        let kind = kind.filter(|_| fields.node(key).is_some())?;
        let read = decode::checked("a record", |text| Rdata::parse(kind, text, Some(zone)).map(Some));
        let read = fields.optional(key, decode::one_or_list(read))?;
        Some(read.into_iter().flatten().collect::<BTreeSet<Rdata>>())
    };
    let (whole, add, remove) = (values("values"), values("add"), values("remove"));
    let given = |key: &str| fields.node(key).is_some();
    let (members, all) = (given("add") || given("remove"), given("values"));
    let is_known = node.unknown_until().is_none();
    if all && members {
        fields.wrong(
            "values",
            "`values` is the whole set, and `add` and `remove` are about single members",
            "give one of the two",
        );
    } else if !present && (all || members || given("ttl")) {
        fields.wrong("state", "`absent` takes the whole set away", "`remove` takes away single members");
    } else if present && is_known && !all && !members && !given("ttl") {
        fields.wrong("", "what is to become of it?", "give it `values`, `add`, `remove`, `ttl`, or `state: absent`");
    }
    if all && whole.as_ref().is_some_and(BTreeSet::is_empty) && fields.node("values").is_some_and(is_empty_list) {
        fields.wrong("values", "`values` is empty", "`state: absent` takes a set away");
    }
    let both = add.iter().flatten().find(|value| remove.iter().flatten().any(|other| other == *value));
    if let Some(both) = both {
        let message = format!("`{both}` stands in `add` and in `remove`");
        fields.wrong("remove", message, "it can be in one of them");
    }
    if let (Some(name), Some(kind)) = (&name, kind) {
        let is_whole =
            whole.as_ref().is_some_and(|whole| whole.len() > 1) || add.as_ref().is_some_and(|add| add.len() > 1);
        if kind == RecordType::CNAME && is_whole {
            fields.wrong("values", "a name can have one CNAME only", "give one value");
        }
        if kind == RecordType::CNAME && name == zone && present {
            let hint = "name its A and AAAA records";
            fields.wrong("type", format!("{} is the zone itself, and cannot be a CNAME", shown(zone)), hint);
        }
        if kind == RecordType::NS && name == zone && !present {
            fields.wrong(
                "state",
                "the zone's own NS records cannot all be taken away",
                "give the `values` that are to be there",
            );
        }
    }
    fields.done()?;
    let want = match (present, whole) {
        (false, _) => Want::Nothing,
        (true, Some(values)) => Want::Values(values),
        (true, None) if members => Want::Members { add: add.unwrap_or_default(), remove: remove.unwrap_or_default() },
        (true, None) => Want::AsItIs,
    };
    Some(Asked { place: Place { name: name?, kind: kind? }, ttl, want })
}

fn is_empty_list(node: &Node) -> bool {
    matches!(&node.shape, crate::model::Shape::List(items) if items.is_empty())
}

fn in_zone(text: &str, zone: &Name) -> Result<Name, String> {
    let name = within(text, zone)?;
    if is_below(&name, zone) {
        return Ok(name);
    }
    Err(format!("it is not in the zone {}; without a dot at the end it is relative to that", shown(zone)))
}

fn of_a_person(text: &str) -> Result<RecordType, String> {
    let kind = kind(text)?;
    if OF_THE_SERVER.contains(&kind) { Err("the server makes these itself".to_owned()) } else { Ok(kind) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::testing::decoded;

    fn records(text: &str) -> Result<Dns, String> {
        decoded(&format!("{{server: ns1, zone: libravatar.org, key: tsig, records: [{text}]}}"))
    }

    #[test]
    fn records_are_read() {
        let dns = records(
            "{name: '@', type: a, ttl: 3600}, {name: cdn, type: AAAA, remove: '2001:DB8::1', add: ['2001:db8::2']}, \
             {name: www.libravatar.org., type: CNAME, values: '@'}, {name: old, type: TXT, state: absent}",
        )
        .unwrap();
        let places: Vec<String> = dns.records.iter().map(|record| record.place.to_string()).collect();
        assert_eq!(
            places,
            ["libravatar.org. A", "cdn.libravatar.org. AAAA", "www.libravatar.org. CNAME", "old.libravatar.org. TXT"]
        );
        assert_eq!((dns.records[0].ttl, &dns.records[0].want), (Some(3600), &Want::AsItIs));
        let Want::Members { add, remove } = &dns.records[1].want else { panic!() };
        assert_eq!((add.len(), remove.iter().next().unwrap().to_string()), (1, "2001:db8::1".to_owned()));
        assert!(matches!(&dns.records[2].want, Want::Values(values) if values.len() == 1));
        assert_eq!(dns.records[3].want, Want::Nothing);
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, due) in [
            (
                "{name: a, type: A}",
                "what is to become of it?; give it `values`, `add`, `remove`, `ttl`, or `state: absent`",
            ),
            (
                "{name: a, type: A, values: [192.0.2.1], add: [192.0.2.2]}",
                "`values` is the whole set, and `add` and `remove` are about single members; give one of the two",
            ),
            (
                "{name: a, type: A, state: absent, ttl: 60}",
                "`absent` takes the whole set away; `remove` takes away single members",
            ),
            ("{name: a, type: A, values: []}", "`values` is empty; `state: absent` takes a set away"),
            (
                "{name: a, type: A, add: [192.0.2.1], remove: [192.0.2.1]}",
                "`192.0.2.1` stands in `add` and in `remove`; it can be in one of them",
            ),
            ("{name: a, type: CNAME, values: [b, c]}", "a name can have one CNAME only; give one value"),
            (
                "{name: '@', type: CNAME, values: [b]}",
                "libravatar.org. is the zone itself, and cannot be a CNAME; name its A and AAAA records",
            ),
            (
                "{name: '@', type: NS, state: absent}",
                "the zone's own NS records cannot all be taken away; give the `values` that are to be there",
            ),
            (
                "{name: '@', type: SOA, ttl: 60}",
                "a record type is due here, found `SOA`; the server makes these itself",
            ),
            (
                "{name: www.example.net., type: A, ttl: 60}",
                "a name of the zone is due here, found `www.example.net.`; it is not in the zone libravatar.org.; without a dot \
                 at the end it is relative to that",
            ),
            (
                "{name: a, type: A, ttl: 60}, {name: A.libravatar.org., type: A, state: absent}",
                "A.libravatar.org. A stands twice; one entry says all that is asked of a name and type: several `values`, \
                 or `add` and `remove`",
            ),
            ("{name: a, type: A, values: [fe80::1]}", "a record is due here, found `fe80::1`; that is no IPv4 address"),
            ("{name: a, type: A, ttl: 1h}", "a number of seconds is due here, found `1h`; without a unit: `3600`"),
        ] {
            assert_eq!(records(text).unwrap_err(), due, "{text}");
        }
        let clear = "{server: ns1, zone: a, key: 'hmac-sha256:k:c2VjcmV0', records: [{name: b, type: A, ttl: 1}]}";
        let due = "a key does not belong into a runbook; declare it under `secrets:` and write its name here";
        assert_eq!(decoded::<Dns>(clear).unwrap_err(), due);
        let all = decoded::<Dns>("{server: 'a b', zone: a..b, records: []}").unwrap_err();
        assert_eq!(all.lines().count(), 3, "{all}");
        assert_eq!(
            decoded::<Dns>("{server: a, zone: b, records: []}").unwrap_err(),
            "`records` is empty; a list of `{name:, type:, …}` is due"
        );
    }
}
