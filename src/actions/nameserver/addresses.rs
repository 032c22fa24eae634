//! The addresses of a name by one server's word, whatever `/etc/hosts` says.

use std::net::IpAddr;

use hickory_proto::rr::{RData, RecordType};

use crate::actions::context::Family;
use crate::actions::contract::ActionError;

use super::answer::Found;
use super::asker::{Asker, Line, Question};
use super::name::{absolute, shown};
use super::server::Server;
use super::trouble::in_words;

/// How many aliases may follow each other.
const LONGEST: usize = 8;

/// The addresses of `name`, of one family or both, that `server` gives, asked by way of `line`. A name that is none of the DNS, and one that
/// has no such address, are errors.
///
/// # Errors
/// Where the server does not answer, or has no address of that name.
pub async fn addresses(
    line: Line,
    server: &Server,
    name: &str,
    family: Option<Family>,
) -> Result<Vec<IpAddr>, ActionError> {
    let wanted = absolute(name).map_err(|why| ActionError::failed(format!("`{name}` cannot be looked up: {why}")))?;
    let asker = Asker::new(line);
    let through = asker.line().through().cloned();
    let kinds = match family {
        None => vec![RecordType::A, RecordType::AAAA],
        Some(Family::Ipv4) => vec![RecordType::A],
        Some(Family::Ipv6) => vec![RecordType::AAAA],
    };
    let mut found = Vec::new();
    for kind in kinds {
        let mut name = wanted.clone();
        for _ in 0..LONGEST {
            let question = Question { name: name.clone(), kind, recursive: true };
            let answers =
                asker.ask(server, &[question]).await.map_err(|trouble| trouble.into_error(through.as_ref()))?;
            let Some(answer) = answers.first() else { break };
            match answer.found() {
                Found::Set(set) => {
                    found.extend(set.values.iter().filter_map(|value| match value.data() {
                        RData::A(address) => Some(IpAddr::V4(address.0)),
                        RData::AAAA(address) => Some(IpAddr::V6(address.0)),
                        _ => None,
                    }));
                    break;
                }
                // A server that answers for itself alone leaves it to the asker to follow.
                Found::LeadsTo(alias) => match alias.leads_to() {
                    Some(target) => name = target,
                    None => break,
                },
                Found::Nothing => break,
                Found::Delegated(_) => {
                    let why = format!("{server} does not answer for {}: others do", shown(&name));
                    return Err(ActionError::failed_with_hint(why, "name a server that does, or a resolver"));
                }
                Found::No(code) => {
                    let (why, hint) = in_words(code, &server.to_string(), &shown(&name));
                    return Err(ActionError::failed_with_hint(why, hint));
                }
            }
        }
    }
    if found.is_empty() {
        let family = match family {
            None => "",
            Some(Family::Ipv4) => "IPv4 ",
            Some(Family::Ipv6) => "IPv6 ",
        };
        return Err(ActionError::failed(format!("{} has no {family}address, says {server}", shown(&wanted))));
    }
    Ok(found)
}
