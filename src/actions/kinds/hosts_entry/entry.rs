//! A line of `/etc/hosts`.

use std::net::{IpAddr, Ipv4Addr};
use std::ops::Range;

/// An address, with its zone where it has one (`fe80::1%eth0`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    ip: IpAddr,
    zone: Option<String>,
}

impl Default for Address {
    fn default() -> Self {
        Self { ip: Ipv4Addr::UNSPECIFIED.into(), zone: None }
    }
}

impl Address {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (ip, zone) = match text.split_once('%') {
            Some((ip, zone)) if !zone.is_empty() && ip.contains(':') => (ip, Some(zone.to_owned())),
            Some(_) => return None,
            None => (text, None),
        };
        Some(Self { ip: ip.parse().ok()?, zone })
    }

    /// Whether a name has one of each.
    pub(super) fn is_of_the_family_of(&self, other: &Self) -> bool {
        self.ip.is_ipv4() == other.ip.is_ipv4()
    }

    pub(super) fn is_loopback(&self) -> bool {
        self.ip.is_loopback()
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.ip)?;
        self.zone.iter().try_for_each(|zone| write!(f, "%{zone}"))
    }
}

/// A line that binds names to an address.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) address: Address,
    /// Where the names stand in the line.
    names: Vec<Range<usize>>,
}

impl Entry {
    /// Reads a line; none where it is blank, a comment, or nothing that a resolver would read.
    pub(super) fn of(line: &[u8]) -> Option<Self> {
        let end = line.iter().position(|byte| *byte == b'#').unwrap_or(line.len());
        let mut words = Vec::new();
        let mut at = 0;
        while at < end {
            let length = line[at..end].iter().take_while(|byte| !byte.is_ascii_whitespace()).count();
            if length > 0 {
                words.push(at..at + length);
            }
            at += length + 1;
        }
        let mut words = words.into_iter();
        let address = std::str::from_utf8(&line[words.next()?]).ok().and_then(Address::parse)?;
        let names: Vec<_> = words.collect();
        (!names.is_empty()).then_some(Self { address, names })
    }

    /// Whether it binds `name`; as in DNS, capitals do not count.
    pub(super) fn binds(&self, line: &[u8], name: &str) -> bool {
        self.names.iter().any(|word| line[word.clone()].eq_ignore_ascii_case(name.as_bytes()))
    }

    /// The names, as they are written.
    pub(super) fn names<'l>(&'l self, line: &'l [u8]) -> impl Iterator<Item = &'l [u8]> {
        self.names.iter().map(|word| &line[word.clone()])
    }

    /// The line with one more name, behind the others.
    pub(super) fn with(&self, line: &[u8], name: &[u8]) -> Vec<u8> {
        let mut more = line.to_vec();
        let end = self.names.last().map_or(line.len(), |word| word.end);
        more.splice(end..end, [b" ", name].concat());
        more
    }

    /// The line without some names; none where no name is left.
    pub(super) fn without(&self, line: &[u8], names: &[String]) -> Option<Vec<u8>> {
        let goes =
            |word: &Range<usize>| names.iter().any(|name| line[word.clone()].eq_ignore_ascii_case(name.as_bytes()));
        if self.names.iter().all(&goes) {
            return None;
        }
        let mut rest = line.to_vec();
        for word in self.names.iter().rev().filter(|word| goes(word)) {
            // The blanks before it go with it.
            let blanks = line[..word.start].iter().rev().take_while(|byte| byte.is_ascii_whitespace()).count();
            rest.drain(word.start - blanks..word.end);
        }
        // The first name keeps its distance from the address.
        Some(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_the_same_however_they_are_written() {
        let address = |text: &str| Address::parse(text).unwrap();
        assert_eq!(address("2001:db8:0:0::1"), address("2001:DB8::1"));
        assert_eq!(address("fe80::1%eth0").to_string(), "fe80::1%eth0");
        assert_ne!(address("fe80::1%eth0"), address("fe80::1%eth1"));
        assert!(address("127.0.1.1").is_loopback() && !address("::1").is_of_the_family_of(&address("127.0.0.1")));
        for wrong in ["", "x", "192.0.2", "192.0.2.1%eth0", "fe80::1%", "192.0.2.256"] {
            assert_eq!(Address::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn lines_are_read_as_a_resolver_reads_them() {
        let line = b" 192.0.2.1\twww.Example.org  www # the site";
        let entry = Entry::of(line).unwrap();
        assert!(entry.binds(line, "WWW.example.org") && entry.binds(line, "www") && !entry.binds(line, "site"));
        for nothing in [&b""[..], b"# 192.0.2.1 a", b"192.0.2.1", b"192.0.2.1 # a", b"x 192.0.2.1", b"\xff a"] {
            assert_eq!(Entry::of(nothing), None);
        }
    }

    #[test]
    fn names_are_taken_out_of_a_line() {
        let without = |line: &str, names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let rest = Entry::of(line.as_bytes()).unwrap().without(line.as_bytes(), &names);
            rest.map(|rest| String::from_utf8(rest).unwrap())
        };
        assert_eq!(without("192.0.2.1\ta  b c # d", &["b"]).as_deref(), Some("192.0.2.1\ta c # d"));
        assert_eq!(without("192.0.2.1\ta b", &["A"]).as_deref(), Some("192.0.2.1 b"));
        assert_eq!(without("192.0.2.1 a b", &["b", "a"]), None);
    }
}
