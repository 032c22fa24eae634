//! Asks all that are to be asked, at the same time.

use futures::future::join_all;
use hickory_proto::rr::RData;

use crate::actions::context::Read;
use crate::actions::contract::ActionError;
use crate::actions::nameserver::{
    Answer, Asker, Line, Question, RecordType, Server, Trouble, of_host, of_this_machine, shown,
};

use super::action::{At, Lookup};
use super::authority::{Authorities, authorities, resolve};

/// What one server says.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// The server, by its name where it has one.
    pub(super) who: String,
    /// Where it was asked.
    pub(super) address: String,
    pub(super) said: Said,
    /// The serial number of the zone that it has.
    pub(super) serial: Option<u32>,
}

/// What came of asking.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Said {
    /// This.
    Answer(Box<Answer>),
    /// It cannot be asked from here at that address, and that is not its fault.
    NotAsked(String),
    /// It gives no answer that counts.
    Wrong(String),
    /// Nobody answers there.
    Silent(String),
}

/// The answers to a lookup.
pub(super) async fn gather(lookup: &Lookup, cx: &Read<'_>) -> Result<Vec<Row>, ActionError> {
    let asker = Asker::of(cx, None);
    let mut rows = Vec::new();
    if lookup.at.is_empty() {
        let resolvers = resolvers(&asker, cx).await?;
        let answer = resolve(&asker, &resolvers, &lookup.name, lookup.kind).await?;
        let (who, said) = ("the resolver".to_owned(), Said::Answer(Box::new(answer)));
        rows.push(Row { who, address: String::new(), said, serial: None });
    }
    let mut servers: Vec<&Server> = Vec::new();
    for at in &lookup.at {
        match at {
            At::Server(server) => servers.push(server),
            At::Authoritative => {
                let resolvers = resolvers(&asker, cx).await?;
                let found = authorities(&asker, &resolvers, &lookup.name, lookup.kind).await?;
                rows.extend(of_authorities(lookup, &asker, &found).await?);
            }
        }
    }
    let told = servers.iter().map(|server| async {
        let question = [Question { name: lookup.name.clone(), kind: lookup.kind, recursive: true }];
        let located = server.located(cx);
        let said = match asker.ask(&located, &question).await {
            Ok(answers) => match answers.into_iter().next() {
                Some(answer) => Said::Answer(Box::new(answer)),
                None => Said::Wrong("it answers nothing".to_owned()),
            },
            Err(trouble) => silent(trouble)?,
        };
        Ok(Row { who: server.to_string(), address: String::new(), said, serial: None })
    });
    let told: Result<Vec<Row>, ActionError> = join_all(told).await.into_iter().collect();
    rows.extend(told?);
    Ok(rows)
}

async fn resolvers(asker: &Asker<'_>, cx: &Read<'_>) -> Result<Vec<Server>, ActionError> {
    match asker.line() {
        Line::Direct => of_this_machine(),
        Line::Through(_) => of_host(cx).await,
    }
}

/// Each server of the zone at each of its addresses.
async fn of_authorities(lookup: &Lookup, asker: &Asker<'_>, found: &Authorities) -> Result<Vec<Row>, ActionError> {
    let told = found.servers.iter().map(|authority| async {
        let ask = |name: &_, kind| Question { name: Clone::clone(name), kind, recursive: false };
        let questions = [ask(&lookup.name, lookup.kind), ask(&found.zone, RecordType::SOA)];
        let (said, serial) = match asker.ask(&authority.server, &questions).await {
            Ok(answers) => {
                let serial = answers.get(1).and_then(serial);
                let own = answers.into_iter().next();
                let said = match own {
                    Some(own) if own.authoritative => Said::Answer(Box::new(own)),
                    _ => Said::Wrong(format!("it does not answer for {} with authority", shown(&found.zone))),
                };
                (said, serial)
            }
            Err(trouble) => (silent(trouble)?, None),
        };
        Ok(Row { who: shown(&authority.name), address: authority.server.to_string(), said, serial })
    });
    let rows: Result<Vec<Row>, ActionError> = join_all(told).await.into_iter().collect();
    let mut rows = rows?;
    if matches!(asker.line(), Line::Through(_)) {
        excuse(&mut rows, found);
    }
    rows.extend(found.lost.iter().map(|(name, why)| Row {
        who: shown(name),
        address: String::new(),
        said: Said::Wrong(why.clone()),
        serial: None,
    }));
    Ok(rows)
}

/// A host without IPv6 hangs up on its addresses, as it does where nobody listens: where the server answers otherwise, that is no sign of
/// anything.
fn excuse(rows: &mut [Row], found: &Authorities) {
    let answered: Vec<String> =
        rows.iter().filter(|row| matches!(row.said, Said::Answer(_))).map(|row| row.who.clone()).collect();
    for (row, authority) in rows.iter_mut().zip(&found.servers) {
        if let Said::Silent(why) = &row.said
            && authority.server.is_ipv6()
            && answered.contains(&row.who)
        {
            row.said = Said::NotAsked(why.clone());
        }
    }
}

fn silent(trouble: Trouble) -> Result<Said, ActionError> {
    match trouble {
        Trouble::Unasked(error) => Err(error),
        Trouble::NoRoute(why) => Ok(Said::NotAsked(why)),
        Trouble::Unreachable(why) | Trouble::Silent(why) => Ok(Said::Silent(why)),
        other => Ok(Said::Wrong(other.why())),
    }
}

fn serial(answer: &Answer) -> Option<u32> {
    answer.set.as_ref()?.values.iter().find_map(|value| match value.data() {
        RData::SOA(soa) => Some(soa.serial),
        _ => None,
    })
}
