//! The message that changes a zone (RFC 2136): all of it, or nothing where the zone is not as it was seen.

use hickory_proto::op::{Message, OpCode, Query};
use hickory_proto::rr::{DNSClass, Record};

use crate::actions::nameserver::{Name, Place, Rdata, RecordSet, RecordType};

use super::look::There;
use super::plan::Change;

/// An update that does `changes` to what is `there`.
pub(super) fn update(zone: &Name, changes: &[Change], there: &[There]) -> Message {
    let mut message = empty(zone);
    message.add_answers(prerequisites(changes, there));
    message.add_authorities(updates(zone, changes));
    message
}

/// An update that changes nothing, and asks whether a name has records of its own.
pub(super) fn in_use(zone: &Name, name: &Name) -> Message {
    let mut message = empty(zone);
    message.add_answer(without_data(name, RecordType::ANY, DNSClass::ANY));
    message
}

fn empty(zone: &Name) -> Message {
    let mut message = Message::query();
    message.metadata.op_code = OpCode::Update;
    message.metadata.recursion_desired = false;
    message.add_query(Query::query(zone.clone(), RecordType::SOA));
    message
}

/// That the zone is as it was seen: each set that is asked about, the changed ones and the others. TTLs cannot be asked for.
fn prerequisites(changes: &[Change], there: &[There]) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    for (change, there) in changes.iter().zip(there) {
        let Place { name, kind } = &change.place;
        match &change.before {
            Some(set) => records.extend(set.values.iter().map(|value| with_data(set, 0, value, DNSClass::IN))),
            None if there.free && *kind == RecordType::CNAME => {
                // Not even of a type that was not looked for.
                records.push(without_data(name, RecordType::ANY, DNSClass::NONE));
            }
            None => records.push(without_data(name, *kind, DNSClass::NONE)),
        }
        let alias = Place { name: name.clone(), kind: RecordType::CNAME };
        let is_asked = changes.iter().any(|change| change.place == alias);
        if *kind != RecordType::CNAME && change.after.is_some() && there.alias.is_none() && !is_asked {
            let none = without_data(name, RecordType::CNAME, DNSClass::NONE);
            if !records.contains(&none) {
                records.push(none);
            }
        }
    }
    records
}

/// Takes away first, then adds: at a name that is to become a CNAME, or is one. Only the zone's own NS records go the other way round, as
/// the last of them cannot be taken away.
fn updates(zone: &Name, changes: &[Change]) -> Vec<Record> {
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for change in changes.iter().filter(|change| !change.is_none()) {
        let Place { name, kind } = &change.place;
        let added = |set: &RecordSet, of: &dyn Fn(&Rdata) -> bool| -> Vec<Record> {
            set.values
                .iter()
                .filter(|value| of(value))
                .map(|value| with_data(set, set.ttl, value, DNSClass::IN))
                .collect()
        };
        let removed = |before: &RecordSet, after: &RecordSet| -> Vec<Record> {
            let gone = before.values.iter().filter(|value| !after.values.contains(value));
            gone.map(|value| with_data(before, 0, value, DNSClass::NONE)).collect()
        };
        match (&change.before, &change.after) {
            (Some(before), Some(after)) if *kind == RecordType::NS && name == zone => {
                // What is added again with another TTL gets that.
                last.extend(added(after, &|_| true));
                last.extend(removed(before, after));
            }
            (Some(before), Some(after)) if before.ttl == after.ttl => {
                first.extend(removed(before, after));
                last.extend(added(after, &|value| !before.values.contains(value)));
            }
            (Some(_), Some(after)) => {
                first.push(without_data(name, *kind, DNSClass::ANY));
                last.extend(added(after, &|_| true));
            }
            (None, Some(after)) => last.extend(added(after, &|_| true)),
            (Some(_), None) => first.push(without_data(name, *kind, DNSClass::ANY)),
            (None, None) => {}
        }
    }
    first.extend(last);
    first
}

fn with_data(set: &RecordSet, ttl: u32, value: &Rdata, class: DNSClass) -> Record {
    let mut record = Record::from_rdata(set.name.clone(), ttl, value.data().clone());
    record.dns_class = class;
    record
}

fn without_data(name: &Name, kind: RecordType, class: DNSClass) -> Record {
    let mut record = Record::update0(name.clone(), 0, kind);
    record.dns_class = class;
    record
}

#[cfg(test)]
mod tests {
    use hickory_proto::rr::RecordData as _;

    use super::*;
    use crate::actions::kinds::dns::plan::plan;
    use crate::actions::kinds::dns::plan::tests::{dns, is, none, set};
    use crate::actions::nameserver::{kind_name, shown};

    /// Prerequisites and updates as `nsupdate` would say them.
    fn said(records: &str, there: &[There]) -> (Vec<String>, Vec<String>) {
        let dns = dns(records);
        let changes = plan(&dns.records, &dns.zone, there).unwrap();
        let message = update(&dns.zone, &changes, there);
        let back = Message::from_vec(&message.to_vec().unwrap()).unwrap();
        assert_eq!((back.op_code, shown(back.queries[0].name()).as_str()), (OpCode::Update, "libravatar.org."));
        let text = |record: &Record| {
            let (name, kind) = (shown(&record.name), kind_name(record.record_type()));
            let value = if record.data.is_update() {
                String::new()
            } else {
                Rdata::new(record.data.clone()).unwrap().to_string()
            };
            format!("{} {name} {} {kind} {value}", record.dns_class, record.ttl).trim_end().to_owned()
        };
        (message.answers.iter().map(text).collect(), message.authorities.iter().map(text).collect())
    }

    #[test]
    fn a_ttl_is_changed_by_taking_the_set_away_and_putting_it_back() {
        let (before, updates) = said("{name: '@', type: A, ttl: 3600}", &[is("@ A 43200 192.0.2.11")]);
        assert_eq!(before, ["IN libravatar.org. 0 A 192.0.2.11", "NONE libravatar.org. 0 CNAME"]);
        assert_eq!(updates, ["ANY libravatar.org. 0 A", "IN libravatar.org. 3600 A 192.0.2.11"]);
    }

    #[test]
    fn single_members_come_and_go_on_condition_of_the_whole_set() {
        let cdn = is("cdn A 60 192.0.2.1, 192.0.2.2");
        let (before, updates) = said("{name: cdn, type: A, remove: 192.0.2.1, add: 192.0.2.3}", &[cdn]);
        let due = [
            "IN cdn.libravatar.org. 0 A 192.0.2.1",
            "IN cdn.libravatar.org. 0 A 192.0.2.2",
            "NONE cdn.libravatar.org. 0 CNAME",
        ];
        assert_eq!(before, due);
        assert_eq!(updates, ["NONE cdn.libravatar.org. 0 A 192.0.2.1", "IN cdn.libravatar.org. 60 A 192.0.2.3"]);
    }

    #[test]
    fn a_set_that_is_not_there_is_a_condition_too_and_so_is_one_that_stays() {
        let records = "{name: x, type: TXT, values: a, ttl: 60}, {name: '@', type: A, values: 192.0.2.1}, {name: y, type: A, state: absent}";
        let (before, updates) = said(records, &[none(), is("@ A 60 192.0.2.1"), is("y A 60 192.0.2.9")]);
        let due = [
            "NONE x.libravatar.org. 0 TXT",
            "NONE x.libravatar.org. 0 CNAME",
            "IN libravatar.org. 0 A 192.0.2.1",
            "NONE libravatar.org. 0 CNAME",
            "IN y.libravatar.org. 0 A 192.0.2.9",
        ];
        assert_eq!(before, due);
        assert_eq!(updates, ["ANY y.libravatar.org. 0 A", "IN x.libravatar.org. 60 TXT \"a\""]);
    }

    #[test]
    fn an_alias_comes_after_what_makes_room_for_it() {
        let there = [is("www A 60 192.0.2.1"), There::default()];
        let records = "{name: www, type: A, state: absent}, {name: www, type: CNAME, values: '@', ttl: 60}";
        let (before, updates) = said(records, &there);
        assert_eq!(before, ["IN www.libravatar.org. 0 A 192.0.2.1", "NONE www.libravatar.org. 0 CNAME"]);
        assert_eq!(updates, ["ANY www.libravatar.org. 0 A", "IN www.libravatar.org. 60 CNAME libravatar.org."]);
        let (before, _) = said("{name: new, type: CNAME, values: '@', ttl: 60}", &[none()]);
        assert_eq!(before, ["NONE new.libravatar.org. 0 ANY"]);
    }

    #[test]
    fn the_zone_is_never_without_servers() {
        let (_, updates) = said("{name: '@', type: NS, values: [ns2, ns3], ttl: 60}", &[is("@ NS 43200 ns1, ns2")]);
        let due = [
            "IN libravatar.org. 60 NS ns2.libravatar.org.",
            "IN libravatar.org. 60 NS ns3.libravatar.org.",
            "NONE libravatar.org. 0 NS ns1.libravatar.org.",
        ];
        assert_eq!(updates, due);
        assert_eq!(set("@ NS 60 ns2").values.len(), 1);
    }
}
