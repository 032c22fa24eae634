//! A name server, and where it is.

use std::fmt;
use std::net::IpAddr;

use hickory_proto::rr::Name;

use crate::actions::context::Read;
use crate::base::Role;

use super::name;

/// Where name servers listen.
const PORT: u16 = 53;

/// A name server: a host or an address, and a port.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Server {
    pub(super) host: String,
    pub(super) port: u16,
}

impl Server {
    /// Reads `ns1.example.org`, `192.0.2.53`, `2001:db8::53`, and the same with a port: `192.0.2.53:5353`, `[2001:db8::53]:5353`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (host, port) = if text.parse::<IpAddr>().is_ok() {
            (text, None)
        } else if let Some((host, rest)) = text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            if host.parse::<IpAddr>().is_err() {
                return Err(format!("`{host}` is no address"));
            }
            match rest.strip_prefix(':') {
                None if rest.is_empty() => (host, None),
                port => (host, Some(port.ok_or("after `]` a port is due, as in `[2001:db8::53]:5353`")?)),
            }
        } else {
            text.rsplit_once(':').map_or((text, None), |(host, port)| (host, Some(port)))
        };
        let port = match port {
            None => PORT,
            Some(port) => port.parse().ok().filter(|&port| port != 0).ok_or_else(|| format!("`{port}` is no port"))?,
        };
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:".contains(c);
        if host.parse::<IpAddr>().is_err() && (host.contains(':') || !host.chars().all(is_plain)) {
            return Err(format!("`{host}` is no host and no address"));
        }
        if host.parse::<IpAddr>().is_err() {
            name::absolute(host)?;
        }
        Ok(Self { host: host.to_owned(), port })
    }

    /// The server at that address, where name servers listen.
    #[must_use]
    pub fn at(address: IpAddr) -> Self {
        Self { host: address.to_string(), port: PORT }
    }

    /// The server that resolv.conf means: an address that may have a zone of its own, such as `fe80::1%eth0`.
    pub(super) fn of_resolv_conf(address: String) -> Self {
        Self { host: address, port: PORT }
    }

    /// The same, with the address of a role of the runbook in place of its name.
    #[must_use]
    pub fn located(&self, cx: &Read<'_>) -> Self {
        if self.host.parse::<IpAddr>().is_ok() {
            return self.clone();
        }
        let address = cx.around().address(&Role::from(self.host.as_str()), None);
        Self { host: address.unwrap_or_else(|| self.host.clone()), port: self.port }
    }

    /// Whether it is at an address of IPv6.
    #[must_use]
    pub fn is_ipv6(&self) -> bool {
        self.host.parse::<IpAddr>().is_ok_and(|address| address.is_ipv6())
    }

    /// Its host as a name, where it is none by address.
    #[must_use]
    pub fn name(&self) -> Option<Name> {
        if self.host.parse::<IpAddr>().is_ok() { None } else { name::absolute(&self.host).ok() }
    }

    /// `host:port`, for whoever connects.
    #[must_use]
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// Without its port where that is the usual one.
impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.port == PORT { f.write_str(&self.host) } else { f.write_str(&self.authority()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_hosts_or_addresses_with_or_without_a_port() {
        for (text, authority, shown) in [
            ("ns1.example.org", "ns1.example.org:53", "ns1.example.org"),
            ("ns1", "ns1:53", "ns1"),
            ("ns1:5353", "ns1:5353", "ns1:5353"),
            ("192.0.2.53", "192.0.2.53:53", "192.0.2.53"),
            ("192.0.2.53:5353", "192.0.2.53:5353", "192.0.2.53:5353"),
            ("2001:db8::53", "[2001:db8::53]:53", "2001:db8::53"),
            ("[2001:db8::53]", "[2001:db8::53]:53", "2001:db8::53"),
            ("[2001:db8::53]:5353", "[2001:db8::53]:5353", "[2001:db8::53]:5353"),
        ] {
            let server = Server::parse(text).unwrap();
            assert_eq!((server.authority().as_str(), server.to_string().as_str()), (authority, shown), "{text}");
        }
        for text in ["", "a b", "ns1:", "ns1:0", "ns1:x", "[ns1]:53", "[2001:db8::53]x", "2001:db8::53::", "a/b"] {
            assert!(Server::parse(text).is_err(), "{text}");
        }
    }
}
