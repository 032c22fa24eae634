//! What a zone has, by its own server's word.

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RData;
use serde::{Deserialize, Serialize};

use crate::actions::contract::ActionError;
use crate::actions::nameserver::{
    Answer, Found, Name, Place, Question, RecordSet, RecordType, Server, Session, Trouble, in_words, kind_name, shown,
};
use crate::base::Role;

use super::update;

/// What a name that is to be a CNAME must not have beside it: a server takes such an update and drops the CNAME without a word.
pub(super) const BESIDE: [RecordType; 15] = [
    RecordType::A,
    RecordType::AAAA,
    RecordType::MX,
    RecordType::NS,
    RecordType::TXT,
    RecordType::SRV,
    RecordType::CAA,
    RecordType::PTR,
    RecordType::HTTPS,
    RecordType::SVCB,
    RecordType::NAPTR,
    RecordType::TLSA,
    RecordType::SSHFP,
    RecordType::DNAME,
    RecordType::DS,
];

/// What was seen of a zone: of each set that the action asks about, in its order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// How long resolvers remember that there is nothing of a name.
    pub(super) negative_ttl: u32,
    pub(super) sets: Vec<There>,
}

/// What is there of a set, and at its name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct There {
    /// The set itself.
    pub(super) set: Option<RecordSet>,
    /// The name's CNAME, where another type was asked about.
    pub(super) alias: Option<RecordSet>,
    /// The other types that the name has, where its CNAME was asked about.
    pub(super) others: Vec<String>,
    /// Whether the name has nothing at all.
    pub(super) free: bool,
}

/// Looks at the sets in `zone`: asks the server, with no recursion, and believes it only where it speaks with authority.
pub(super) async fn look(
    session: &mut Session<'_>,
    server: &Server,
    through: Option<&Role>,
    zone: &Name,
    places: &[Place],
) -> Result<Seen, ActionError> {
    let trouble = |trouble: Trouble| trouble.into_error(through);
    let ask = |name: &Name, kind| Question { name: name.clone(), kind, recursive: false };
    let mut questions = vec![ask(zone, RecordType::SOA)];
    let mut spans = Vec::new();
    for place in places {
        let from = questions.len();
        questions.push(ask(&place.name, place.kind));
        if place.kind == RecordType::CNAME {
            questions.extend(BESIDE.map(|kind| ask(&place.name, kind)));
        }
        let wild = questions.len();
        questions.extend(wildcards(&place.name, zone).iter().map(|name| ask(name, place.kind)));
        spans.push((from, wild, questions.len()));
    }
    let answers = session.ask(&questions).await.map_err(trouble)?;
    let negative_ttl = negative_ttl(&answers[0], server, zone)?;
    let mut sets = Vec::new();
    for (place, (from, wild, end)) in places.iter().zip(spans) {
        let mut there = there(place, &answers[from..wild], server, zone)?;
        let answered = there.set.is_some() || there.alias.is_some() || !there.others.is_empty();
        let from_wildcard = answers[wild..end].iter().any(|answer| answer.set.is_some() || !answer.aliases.is_empty());
        if answered && from_wildcard && !is_real(session, server, through, zone, &place.name).await? {
            there = There { free: true, ..There::default() };
        }
        sets.push(there);
    }
    Ok(Seen { negative_ttl, sets })
}

/// The wildcards in `zone` that may answer for `name`.
fn wildcards(name: &Name, zone: &Name) -> Vec<Name> {
    let mut wildcards = Vec::new();
    let mut above = name.clone();
    while above != *zone && !name.is_wildcard() && !above.is_root() {
        above = above.base_name();
        wildcards.extend(above.prepend_label("*"));
    }
    wildcards
}

/// How long 'nothing there' is remembered. Sees that the server is one of the zone's.
fn negative_ttl(answer: &Answer, server: &Server, zone: &Name) -> Result<u32, ActionError> {
    let (why, hint) = match answer.found() {
        Found::Set(set) if answer.authoritative => {
            let minimum = set.values.iter().find_map(|value| match value.data() {
                RData::SOA(soa) => Some(soa.minimum),
                _ => None,
            });
            return Ok(minimum.unwrap_or(set.ttl).min(set.ttl));
        }
        Found::No(code) => in_words(code, &server.to_string(), &shown(zone)),
        _ => in_words(ResponseCode::NotAuth, &server.to_string(), &shown(zone)),
    };
    Err(ActionError::failed_with_hint(why, hint))
}

/// What the answers say of a place: its own first, then those about other types of its name.
fn there(place: &Place, answers: &[Answer], server: &Server, zone: &Name) -> Result<There, ActionError> {
    let Some((own, others)) = answers.split_first() else { return Ok(There::default()) };
    if let Found::No(code) = own.found() {
        let (why, hint) = in_words(code, &server.to_string(), &shown(zone));
        return Err(ActionError::failed_with_hint(why, hint));
    }
    if let Some(delegation) = &own.delegation {
        if delegation.place() == *place {
            return Ok(There { set: Some(delegation.clone()), ..There::default() });
        }
        let to = delegation.texts().join(", ");
        let why =
            format!("{} is not in the zone {}: {} is delegated to {to}", place, shown(zone), shown(&delegation.name));
        return Err(ActionError::failed(why));
    }
    if !own.authoritative {
        let (why, hint) = in_words(ResponseCode::NotAuth, &server.to_string(), &shown(zone));
        return Err(ActionError::failed_with_hint(why, hint));
    }
    let alias = own.aliases.first().cloned();
    let beside = BESIDE.iter().zip(others);
    let beside = beside.filter(|(_, answer)| answer.aliases.is_empty() && answer.set.is_some());
    Ok(There {
        set: own.set.clone().filter(|_| alias.is_none()),
        free: own.code == ResponseCode::NXDomain && alias.is_none(),
        others: beside.map(|(kind, _)| kind_name(*kind)).collect(),
        alias,
    })
}

/// Whether a name is there itself, or answered for by a wildcard: an update that asks for nothing but that tells, and changes nothing.
async fn is_real(
    session: &mut Session<'_>,
    server: &Server,
    through: Option<&Role>,
    zone: &Name,
    name: &Name,
) -> Result<bool, ActionError> {
    match session.update(update::in_use(zone, name)).await.map_err(|trouble| trouble.into_error(through))? {
        ResponseCode::NoError => Ok(true),
        ResponseCode::NXDomain => Ok(false),
        code => {
            let (why, hint) = in_words(code, &server.to_string(), &shown(zone));
            let why = format!("whether {} is there or a wildcard answers for it cannot be told: {why}", shown(name));
            Err(ActionError::failed_with_hint(why, hint))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::nameserver::absolute;

    #[test]
    fn wildcards_up_to_the_zone_may_answer_for_a_name() {
        let zone = absolute("example.org").unwrap();
        let of = |name: &str| wildcards(&absolute(name).unwrap(), &zone).iter().map(shown).collect::<Vec<_>>();
        assert_eq!(of("a.b.example.org"), ["*.b.example.org.", "*.example.org."]);
        assert_eq!(of("Example.org"), Vec::<String>::new());
        assert_eq!(of("*.example.org"), Vec::<String>::new());
    }
}
