//! Where a name leads: as this machine has it, or by the word of a name server alone, whatever `/etc/hosts` says.

use std::net::{IpAddr, SocketAddr};

use tokio::net::lookup_host;

use super::context::{Family, Read};
use super::contract::ActionError;
use super::nameserver::{Line, Server, addresses, of_this_machine};

/// The addresses of `name`, of one family or both: at least one. `at` names a server to ask. A probe that watches asks those of this machine
/// where it names none, so that a name which somebody has bent in `/etc/hosts` does not fool it; a name without a dot is none of the DNS.
///
/// # Errors
/// `ActionError::Failed` where it has none, or nobody says so; another where that could not be asked.
pub async fn look_up(
    name: &str,
    port: u16,
    family: Option<Family>,
    at: Option<&Server>,
    cx: &Read<'_>,
) -> Result<Vec<SocketAddr>, ActionError> {
    let found: Vec<SocketAddr> = if let Ok(address) = name.parse::<IpAddr>() {
        vec![SocketAddr::new(address, port)]
    } else if let Some(server) = at {
        with_port(by_word_of(&[server.located(cx)], Line::Direct, name, family).await?, port)
    } else if cx.watches() && name.trim_end_matches('.').contains('.') {
        with_port(by_word_of(&of_this_machine()?, Line::Direct, name, family).await?, port)
    } else {
        let found = lookup_host((name, port)).await;
        found.map_err(|error| ActionError::failed(format!("{name} cannot be resolved: {error}")))?.collect()
    };
    let found: Vec<_> = found.into_iter().filter(|address| is_of(address.ip(), family)).collect();
    if found.is_empty() {
        return Err(ActionError::failed(format!("{name} has no {}address", name_of(family))));
    }
    Ok(found)
}

/// The addresses of `name` by the word of the first of `servers` that has some.
///
/// # Errors
/// Where none has.
pub async fn by_word_of(
    servers: &[Server],
    line: Line,
    name: &str,
    family: Option<Family>,
) -> Result<Vec<IpAddr>, ActionError> {
    let mut last = ActionError::failed(format!("there is no name server to ask for {name}"));
    for server in servers {
        match addresses(line.clone(), server, name, family).await {
            Ok(found) => return Ok(found),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn with_port(addresses: Vec<IpAddr>, port: u16) -> Vec<SocketAddr> {
    addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect()
}

/// Whether an address is of that family, if one is asked for.
#[must_use]
pub fn is_of(address: IpAddr, family: Option<Family>) -> bool {
    match family {
        None => true,
        Some(Family::Ipv4) => address.is_ipv4(),
        Some(Family::Ipv6) => address.is_ipv6(),
    }
}

/// A family before the word 'address'.
#[must_use]
pub fn name_of(family: Option<Family>) -> &'static str {
    match family {
        None => "",
        Some(Family::Ipv4) => "IPv4 ",
        Some(Family::Ipv6) => "IPv6 ",
    }
}
