//! Who answers for a name: the servers of its zone, by the word of a resolver.

use crate::actions::contract::ActionError;
use crate::actions::nameserver::{
    Answer, Asker, Found, Name, Question, RecordSet, RecordType, Server, Trouble, in_words, shown,
};
use hickory_proto::op::ResponseCode;
use hickory_proto::rr::RData;

/// A server of a zone, at one of its addresses.
pub(super) struct Authority {
    pub(super) name: Name,
    pub(super) server: Server,
}

/// A zone and all that answer for it, at each of their addresses.
pub(super) struct Authorities {
    pub(super) zone: Name,
    pub(super) servers: Vec<Authority>,
    /// Servers of the zone whose addresses are not to be had, and why.
    pub(super) lost: Vec<(Name, String)>,
}

/// Finds the zone that has the records of `name`, going up from the name itself, and its servers.
pub(super) async fn authorities(
    asker: &Asker<'_>,
    resolvers: &[Server],
    name: &Name,
    kind: RecordType,
) -> Result<Authorities, ActionError> {
    let set = servers_of(asker, resolvers, name, kind).await?;
    let mut found = Authorities { zone: set.name.clone(), servers: Vec::new(), lost: Vec::new() };
    for value in &set.values {
        let RData::NS(host) = value.data() else { continue };
        let host = &host.0;
        let before = found.servers.len();
        let mut why = "it has no address".to_owned();
        for kind in [RecordType::A, RecordType::AAAA] {
            let answer = match resolve(asker, resolvers, host, kind).await {
                Ok(answer) => answer,
                Err(ActionError::Failed(failure)) => {
                    why = failure.why;
                    continue;
                }
                Err(error) => return Err(error),
            };
            let addresses = answer.set.iter().flat_map(|set| &set.values).filter_map(|value| match value.data() {
                RData::A(address) => Some(address.0.into()),
                RData::AAAA(address) => Some(address.0.into()),
                _ => None,
            });
            found
                .servers
                .extend(addresses.map(|address| Authority { name: host.clone(), server: Server::at(address) }));
        }
        if found.servers.len() == before {
            found.lost.push((host.clone(), why));
        }
    }
    Ok(found)
}

/// The NS records of the zone that a name lies in.
async fn servers_of(
    asker: &Asker<'_>,
    resolvers: &[Server],
    name: &Name,
    kind: RecordType,
) -> Result<RecordSet, ActionError> {
    // What is said about a delegation stands above it.
    let mut candidate = if kind == RecordType::DS { name.base_name() } else { name.clone() };
    loop {
        let answer = resolve(asker, resolvers, &candidate, RecordType::NS).await?;
        match answer.found() {
            Found::Set(set) if answer.aliases.is_empty() => return Ok(set.clone()),
            Found::Delegated(set) => return Ok(set.clone()),
            _ if candidate.is_root() => {
                return Err(ActionError::failed(format!("no zone is found that has {}", shown(name))));
            }
            _ => candidate = candidate.base_name(),
        }
    }
}

/// What the first of several resolvers says that says anything.
pub(super) async fn resolve(
    asker: &Asker<'_>,
    resolvers: &[Server],
    name: &Name,
    kind: RecordType,
) -> Result<Answer, ActionError> {
    let through = asker.line().through();
    let question = [Question { name: name.clone(), kind, recursive: true }];
    let mut last = None;
    for resolver in resolvers {
        match asker.ask(resolver, &question).await {
            Ok(answers) => {
                let Some(answer) = answers.into_iter().next() else { continue };
                if matches!(answer.code, ResponseCode::NoError | ResponseCode::NXDomain) {
                    return Ok(answer);
                }
                let (why, _) = in_words(answer.code, &resolver.to_string(), &shown(name));
                let why = format!("{} cannot be looked up: {why}", shown(name));
                let hint = "that resolver is the one of /etc/resolv.conf; `at` names another server";
                last = Some(ActionError::failed_with_hint(why, hint));
            }
            Err(Trouble::Unasked(error)) => return Err(error),
            Err(trouble) => last = Some(trouble.into_error(through)),
        }
    }
    Err(last.unwrap_or_else(|| ActionError::failed("/etc/resolv.conf names no resolver")))
}
