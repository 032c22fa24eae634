//! The way to a server: from the operator's machine or through a host, at the address that is asked for, under the name that the URL has.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use jiff::Timestamp;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

use crate::actions::context::{Family, Read};
use crate::actions::contract::ActionError;
use crate::actions::names::{self, is_of, name_of};
use crate::actions::nameserver::Line;
use crate::base::Role;
use crate::transport::{Command, Duplex, Transport, TransportError};

use super::action::Http;
use super::tls::encrypt;
use super::trouble::Trouble;
use super::url::{Url, bracketed};

/// How long one address may take to accept a connection, where there are others.
const ONE: Duration = Duration::from_secs(10);

/// How long an address is alone before the next one is tried beside it: one that is dead costs no more.
const HEAD_START: Duration = Duration::from_millis(250);

/// A connection, and until when the certificate that it showed is good.
pub(super) struct Connection {
    pub(super) stream: Box<dyn Duplex>,
    pub(super) not_after: Option<Timestamp>,
    /// ` through ROLE`, where it goes through a host: whoever does not answer there shows by hanging up.
    pub(super) via: String,
}

/// Connects to where `url` leads, by way of the `resolve` of `http` where that counts for this URL.
pub(super) async fn connect(
    http: &Http,
    url: &Url,
    resolve: Option<&str>,
    cx: &Read<'_>,
) -> Result<Connection, Trouble> {
    let to = match resolve {
        Some(resolve) => address(resolve, http.family, cx)?,
        None => url.host.clone(),
    };
    let host = cx.env().host.as_ref().filter(|host| !host.role().is_local());
    let stream = match host {
        Some(host) => through(&**host, &to, url.port, http, cx).await,
        None => directly(&to, url.port, http, cx).await,
    };
    let stream = stream.map_err(|trouble| match resolve {
        // An alias of ssh's configuration is nothing that anybody else can look up.
        Some(role) if to != url.host && to.parse::<IpAddr>().is_err() => {
            trouble.hint(Some(format!("`vars: {{ipv4: …}}` of `{role}` in `hosts` says its address")))
        }
        _ => trouble,
    })?;
    let via = host.map(|host| format!(" through {}", host.role())).unwrap_or_default();
    let connection = Connection { stream, not_after: None, via };
    if url.https { encrypt(connection, http.ca.as_ref(), url, cx).await } else { Ok(connection) }
}

/// The address that a role or an address stands for.
fn address(resolve: &str, family: Option<Family>, cx: &Read<'_>) -> Result<String, ActionError> {
    let plain = resolve.trim_start_matches('[').trim_end_matches(']');
    if plain.parse::<IpAddr>().is_ok() {
        return Ok(plain.to_owned());
    }
    let unknown = || ActionError::failed(format!("`resolve` takes an address or a role, and `{resolve}` is neither"));
    cx.around().address(&Role::from(resolve), family).ok_or_else(unknown)
}

/// From the operator's machine.
async fn directly(to: &str, port: u16, http: &Http, cx: &Read<'_>) -> Result<Box<dyn Duplex>, Trouble> {
    let addresses = names::look_up(to, port, http.family, http.at.as_ref(), cx).await.map_err(Trouble::of_name)?;
    let stream = first_to_accept(&addresses).await.map_err(Trouble::no)?;
    // A request is one piece: nothing is gained by waiting for more.
    let _ = stream.set_nodelay(true);
    Ok(Box::new(stream))
}

/// A connection to whichever address accepts first, each with a head start before the one after it.
async fn first_to_accept(addresses: &[SocketAddr]) -> Result<TcpStream, String> {
    let mut waiting = addresses.iter();
    let mut tried = FuturesUnordered::new();
    let mut failures = Vec::new();
    loop {
        tried.extend(waiting.next().map(one));
        if tried.is_empty() {
            return Err(failures.join("; "));
        }
        tokio::select! {
            Some(ended) = tried.next() => match ended {
                Ok(stream) => return Ok(stream),
                Err(why) => failures.push(why),
            },
            () = sleep(HEAD_START), if waiting.len() > 0 => {}
        }
    }
}

async fn one(address: &SocketAddr) -> Result<TcpStream, String> {
    let why = match timeout(ONE, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => return Ok(stream),
        Ok(Err(error)) => error.to_string(),
        Err(_) => format!("no answer within {} s", ONE.as_secs()),
    };
    Err(format!("cannot connect to {address}: {why}"))
}

/// Through a host's SSH connection, as the host sees it.
async fn through(
    host: &dyn Transport,
    to: &str,
    port: u16,
    http: &Http,
    cx: &Read<'_>,
) -> Result<Box<dyn Duplex>, Trouble> {
    let mut failures = Vec::new();
    for to in seen_from(host, to, http, cx).await? {
        match host.dial(&format!("{}:{port}", bracketed(&to))).await {
            Ok(stream) => return Ok(stream),
            Err(refused @ TransportError::Refused { .. }) => failures.push(refused.to_string()),
            Err(error) => return Err(Trouble::Unasked(error.into())),
        }
    }
    Err(Trouble::no(failures.join("; ")))
}

/// What a host connects to for `to`: at least one address, or the name itself where that is the host's own business.
async fn seen_from(host: &dyn Transport, to: &str, http: &Http, cx: &Read<'_>) -> Result<Vec<String>, Trouble> {
    let family = http.family;
    match (to.parse::<IpAddr>(), &http.at, family) {
        (Ok(address), ..) if !is_of(address, family) => {
            Err(Trouble::no(format!("{to} is no {}address", name_of(family))))
        }
        (Ok(_), ..) | (Err(_), None, None) => Ok(vec![to.to_owned()]),
        (Err(_), Some(server), _) => {
            let servers = [server.located(cx)];
            let found = names::by_word_of(&servers, Line::of(cx), to, family).await.map_err(Trouble::of_name)?;
            Ok(found.iter().map(IpAddr::to_string).collect())
        }
        (Err(_), None, Some(asked)) => {
            let database = if asked == Family::Ipv4 { "ahostsv4" } else { "ahostsv6" };
            let script =
                format!("getent {database} \"$NAME\" | while read -r address rest; do echo \"$address\"; done");
            let said = cx.sh(Command::read(script).env("NAME", to)).await?;
            let addresses = said.text();
            let mut found: Vec<String> = Vec::new();
            for line in addresses.lines() {
                // Each is told once for every kind of socket. A host without IPv6 is told by addresses of IPv4 in disguise.
                let is_wanted = line.parse().is_ok_and(|address: IpAddr| is_of(address.to_canonical(), family));
                if is_wanted && !found.iter().any(|known| known == line) {
                    found.push(line.to_owned());
                }
            }
            if found.is_empty() {
                return Err(Trouble::no(format!("{to} has no {}address on {}", name_of(family), host.role())));
            }
            Ok(found)
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    #[tokio::test]
    async fn an_address_that_does_not_answer_holds_up_nobody() {
        let full = TcpSocket::new_v4().unwrap();
        full.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let full = full.listen(1).unwrap();
        let silent = full.local_addr().unwrap();
        // Whoever is not taken fills the queue; who comes after that hears nothing.
        let mut queue = Vec::new();
        while let Ok(stream) = timeout(HEAD_START, TcpStream::connect(silent)).await {
            queue.push(stream.unwrap());
        }
        let live = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let live_at = live.local_addr().unwrap();
        let refused = "127.0.0.1:1".parse().unwrap();
        let stream = timeout(ONE / 2, first_to_accept(&[silent, refused, live_at])).await.unwrap().unwrap();
        assert_eq!(stream.peer_addr().unwrap(), live_at);
        let told = first_to_accept(&[refused, refused]).await.unwrap_err();
        let one = "cannot connect to 127.0.0.1:1: Connection refused (os error 111)";
        assert_eq!(told, format!("{one}; {one}"));
    }
}
