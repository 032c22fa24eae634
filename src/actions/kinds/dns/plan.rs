//! From what was seen and what is asked to what is to change: pure.

use std::fmt;

use crate::actions::nameserver::{Name, Place, RecordSet, RecordType, kind_name, shown};

use super::asked::{Asked, Want};
use super::look::There;

/// A set of records before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) place: Place,
    pub(super) before: Option<RecordSet>,
    pub(super) after: Option<RecordSet>,
}

impl Change {
    /// Whether there is nothing to do.
    pub(super) fn is_none(&self) -> bool {
        self.before == self.after
    }
}

/// `libravatar.org. A 43200 192.0.2.11 -> 3600 192.0.2.11`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} -> {}", self.place, in_words(self.before.as_ref()), in_words(self.after.as_ref()))
    }
}

/// A set, or `nothing`.
pub(super) fn in_words(set: Option<&RecordSet>) -> String {
    set.map_or_else(|| "nothing".to_owned(), RecordSet::to_string)
}

/// What each set that is asked about is now and is to be; or why that cannot be.
pub(super) fn plan(records: &[Asked], zone: &Name, there: &[There]) -> Result<Vec<Change>, String> {
    let mut changes = Vec::with_capacity(records.len());
    for (asked, there) in records.iter().zip(there) {
        let after = after(asked, there.set.as_ref())?;
        changes.push(Change { place: asked.place.clone(), before: there.set.clone(), after });
    }
    obstacle(&changes, zone, there)?;
    Ok(changes)
}

fn after(asked: &Asked, now: Option<&RecordSet>) -> Result<Option<RecordSet>, String> {
    let place = &asked.place;
    let values = match &asked.want {
        Want::Nothing => return Ok(None),
        Want::AsItIs => match now {
            Some(now) => now.values.clone(),
            None => return Err(format!("there is no {place} whose TTL could be changed")),
        },
        Want::Values(values) => values.clone(),
        Want::Members { add, remove } => {
            let now = now.map(|now| &now.values).into_iter().flatten();
            now.filter(|value| !remove.contains(value)).chain(add).cloned().collect()
        }
    };
    if values.is_empty() {
        return Ok(None);
    }
    let ttl = asked.ttl.or(now.map(|now| now.ttl));
    let ttl = ttl.ok_or_else(|| format!("there is no {place} yet, so that it needs a `ttl`"))?;
    Ok(Some(RecordSet { name: place.name.clone(), kind: place.kind, ttl, values }))
}

/// What stands against the changes: servers drop such updates, or parts of them, without a word.
pub(super) fn obstacle(changes: &[Change], zone: &Name, there: &[There]) -> Result<(), String> {
    for (change, there) in changes.iter().zip(there) {
        let Place { name, kind } = &change.place;
        let after = |kind: &RecordType| {
            let other = Place { name: name.clone(), kind: *kind };
            changes.iter().find(|change| change.place == other).map(|change| change.after.as_ref())
        };
        if *kind == RecordType::NS && name == zone && change.after.is_none() {
            return Err(format!("{} would be left without NS records", shown(zone)));
        }
        let Some(wanted) = &change.after else { continue };
        if *kind != RecordType::CNAME {
            // The alias as it is to be, where this step says so, else as it is.
            let alias = after(&RecordType::CNAME).unwrap_or(there.alias.as_ref());
            if let Some(alias) = alias {
                return Err(format!(
                    "{} is a CNAME for {}: nothing else can stand beside that; take it away in the same step, with \
                     `type: CNAME, state: absent`",
                    shown(name),
                    alias.texts().join(", ")
                ));
            }
            continue;
        }
        if wanted.values.len() > 1 {
            return Err(format!("{} would have {} CNAME records, and can have one", shown(name), wanted.values.len()));
        }
        let stays = |other: &&String| {
            let gone = changes.iter().any(|change| {
                change.place.name == *name && kind_name(change.place.kind) == **other && change.after.is_none()
            });
            !gone
        };
        if let Some(other) = there.others.iter().find(stays) {
            return Err(format!(
                "{} has {other} records: a CNAME cannot stand beside them; take them away in the same step, with \
                 `type: {other}, state: absent`",
                shown(name)
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::actions::kinds::dns::Dns;
    use crate::actions::nameserver::{Rdata, absolute, kind, within};
    use crate::actions::testing::decoded;

    /// A set of `libravatar.org`, from `NAME TYPE TTL VALUE, VALUE`.
    pub(in crate::actions::kinds::dns) fn set(text: &str) -> RecordSet {
        let mut words = text.splitn(4, ' ');
        let mut word = || words.next().unwrap();
        let zone = absolute("libravatar.org").unwrap();
        let (name, kind, ttl) = (within(word(), &zone).unwrap(), kind(word()).unwrap(), word().parse().unwrap());
        let values = word().split(", ").map(|value| Rdata::parse(kind, value, Some(&zone)).unwrap()).collect();
        RecordSet { name, kind, ttl, values }
    }

    pub(in crate::actions::kinds::dns) fn dns(records: &str) -> Dns {
        decoded(&format!("{{server: ns1, zone: libravatar.org, records: [{records}]}}")).unwrap()
    }

    pub(in crate::actions::kinds::dns) fn is(text: &str) -> There {
        There { set: Some(set(text)), ..There::default() }
    }

    pub(in crate::actions::kinds::dns) fn none() -> There {
        There { free: true, ..There::default() }
    }

    fn planned(records: &str, there: &[There]) -> Result<Vec<String>, String> {
        let dns = dns(records);
        let changes = plan(&dns.records, &dns.zone, there)?;
        Ok(changes.iter().filter(|change| !change.is_none()).map(Change::to_string).collect())
    }

    #[test]
    fn what_differs_is_changed() {
        let old = "@ A 43200 192.0.2.11";
        let cdn = "cdn A 43200 192.0.2.11, 192.0.2.21, 203.0.113.71";
        for (record, there, due) in [
            ("{name: '@', type: A, ttl: 3600}", is(old), "libravatar.org. A 43200 192.0.2.11 -> 3600 192.0.2.11"),
            ("{name: '@', type: A, ttl: 43200}", is(old), ""),
            (
                "{name: '@', type: A, values: 192.0.2.12}",
                is(old),
                "libravatar.org. A 43200 192.0.2.11 -> 43200 192.0.2.12",
            ),
            (
                "{name: '@', type: A, values: 192.0.2.12, ttl: 60}",
                is(old),
                "libravatar.org. A 43200 192.0.2.11 -> 60 192.0.2.12",
            ),
            ("{name: '@', type: A, values: 192.0.2.11}", is(old), ""),
            (
                "{name: cdn, type: A, remove: [203.0.113.71, 203.0.113.72]}",
                is(cdn),
                "cdn.libravatar.org. A 43200 192.0.2.11, 192.0.2.21, 203.0.113.71 -> 43200 192.0.2.11, 192.0.2.21",
            ),
            ("{name: cdn, type: A, remove: [203.0.113.72], add: [192.0.2.11]}", is(cdn), ""),
            (
                "{name: cdn, type: A, state: absent}",
                is(cdn),
                "cdn.libravatar.org. A 43200 192.0.2.11, 192.0.2.21, 203.0.113.71 -> nothing",
            ),
            ("{name: x, type: A, state: absent}", none(), ""),
            ("{name: x, type: A, remove: 192.0.2.1}", none(), ""),
            ("{name: x, type: TXT, values: 'a b', ttl: 60}", none(), "x.libravatar.org. TXT nothing -> 60 \"a b\""),
            ("{name: '@', type: A, remove: 192.0.2.11}", is(old), "libravatar.org. A 43200 192.0.2.11 -> nothing"),
        ] {
            let due = if due.is_empty() { vec![] } else { vec![due.to_owned()] };
            assert_eq!(planned(record, &[there]), Ok(due), "{record}");
        }
    }

    #[test]
    fn what_a_server_would_drop_without_a_word_is_refused() {
        let alias = There { alias: Some(set("www CNAME 43200 @")), ..There::default() };
        let beside = There { others: vec!["A".into(), "TXT".into()], ..There::default() };
        for (record, there, due) in [
            (
                "{name: x, type: A, values: 192.0.2.1}",
                none(),
                "there is no x.libravatar.org. A yet, so that it needs a `ttl`",
            ),
            ("{name: x, type: A, ttl: 60}", none(), "there is no x.libravatar.org. A whose TTL could be changed"),
            (
                "{name: www, type: A, values: 192.0.2.1, ttl: 60}",
                alias.clone(),
                "www.libravatar.org. is a CNAME for libravatar.org.: nothing else can stand beside that; take it away in the \
                 same step, with `type: CNAME, state: absent`",
            ),
            (
                "{name: cdn, type: CNAME, values: '@', ttl: 60}",
                beside,
                "cdn.libravatar.org. has A records: a CNAME cannot stand beside them; take them away in the same step, with \
                 `type: A, state: absent`",
            ),
            (
                "{name: cdn, type: CNAME, add: x}",
                is("cdn CNAME 60 @"),
                "cdn.libravatar.org. would have 2 CNAME records, and can have one",
            ),
            (
                "{name: '@', type: NS, remove: ns1}",
                is("@ NS 60 ns1"),
                "libravatar.org. would be left without NS records",
            ),
        ] {
            assert_eq!(planned(record, &[there]), Err(due.to_owned()), "{record}");
        }
        assert_eq!(planned("{name: www, type: A, state: absent}", &[alias]), Ok(vec![]));
    }

    #[test]
    fn an_alias_takes_the_place_of_addresses_and_back() {
        let addresses = "{name: www, type: A, state: absent}, {name: www, type: CNAME, values: '@', ttl: 60}";
        let beside = There { others: vec!["A".into()], ..There::default() };
        let there = [is("www A 60 192.0.2.1"), beside];
        let due = [
            "www.libravatar.org. A 60 192.0.2.1 -> nothing",
            "www.libravatar.org. CNAME nothing -> 60 libravatar.org.",
        ];
        assert_eq!(planned(addresses, &there).unwrap(), due);
        let alias = "{name: www, type: A, values: 192.0.2.1, ttl: 60}, {name: www, type: CNAME, state: absent}";
        let there = [There { alias: Some(set("www CNAME 60 @")), ..There::default() }, is("www CNAME 60 @")];
        assert_eq!(planned(alias, &there).unwrap().len(), 2);
        let both = "{name: www, type: A, values: 192.0.2.1, ttl: 60}, {name: www, type: CNAME, values: '@', ttl: 60}";
        assert!(planned(both, &[none(), none()]).is_err());
    }
}
