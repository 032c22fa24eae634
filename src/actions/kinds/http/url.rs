//! Where a request goes.

use std::fmt;

use hyper::Uri;

/// An absolute URL of http or https.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Url {
    pub(super) https: bool,
    /// A name or an address, without the brackets of IPv6.
    pub(super) host: String,
    pub(super) port: u16,
    /// Path and query.
    pub(super) path: String,
}

impl Url {
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let https = match text.split_once("://") {
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("https") => true,
            Some((scheme, _)) if scheme.eq_ignore_ascii_case("http") => false,
            _ => return Err("it begins with `https://` or `http://`".to_owned()),
        };
        let uri: Uri = text.parse().map_err(|_| match text.find(|c: char| c.is_whitespace() || !c.is_ascii()) {
            Some(_) => {
                "blanks and letters beyond ASCII are written as `%20`, a host's name in its `xn--` form".to_owned()
            }
            None => "it cannot be read as a URL".to_owned(),
        })?;
        let authority = uri.authority().ok_or("it names no host")?;
        if authority.as_str().contains('@') {
            return Err("name and password go into `headers: {Authorization: …}`".to_owned());
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() {
            return Err("it names no host".to_owned());
        }
        let written =
            authority.as_str().rsplit_once(':').filter(|(_, port)| !port.ends_with(']')).map(|(_, port)| port);
        let port = match (uri.port_u16(), written) {
            (Some(port @ 1..), _) => port,
            (None, None | Some("")) => {
                if https {
                    443
                } else {
                    80
                }
            }
            _ => return Err("its port is no port".to_owned()),
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        Ok(Self { https, host: host.to_owned(), port, path })
    }

    /// Where an answer's `Location` leads to.
    pub(super) fn join(&self, location: &str) -> Result<Self, String> {
        let scheme = if self.https { "https" } else { "http" };
        let location = location.split('#').next().unwrap_or_default();
        let absolute = location.split_once(':').is_some_and(|(scheme, _)| {
            scheme.starts_with(|c: char| c.is_ascii_alphabetic())
                && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        });
        if absolute {
            return Self::parse(location);
        }
        if location.starts_with("//") {
            return Self::parse(&format!("{scheme}:{location}"));
        }
        let own = self.path.split('?').next().unwrap_or_default();
        let path = match location.chars().next() {
            None => self.path.clone(),
            Some('/') => location.to_owned(),
            Some('?') => format!("{own}{location}"),
            Some(_) => format!("{}/{location}", own.rsplit_once('/').map_or("", |(folder, _)| folder)),
        };
        Self::parse(&format!("{scheme}://{}{}", self.authority(), without_dots(&path)))
    }

    /// What the `Host` header says.
    pub(super) fn authority(&self) -> String {
        let host = bracketed(&self.host);
        if self.port == if self.https { 443 } else { 80 } { host } else { format!("{host}:{}", self.port) }
    }

    /// Whether what was meant for this may be told to `other` too.
    pub(super) fn trusts(&self, other: &Self) -> bool {
        self.host.eq_ignore_ascii_case(&other.host) && (other.https || !self.https)
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http{}://{}{}", if self.https { "s" } else { "" }, self.authority(), self.path)
    }
}

/// A host as it stands before a port.
pub(super) fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

/// A `Location` as browsers read it: what may not stand in a URL is written as `%20` and the like.
pub(super) fn sendable(location: &[u8]) -> String {
    let mut url = String::with_capacity(location.len());
    for byte in location.trim_ascii() {
        match byte {
            b'!'..=b'~' if !b"\"<>\\^`{|}".contains(byte) => url.push(char::from(*byte)),
            _ => url.extend([b'%', hex(byte >> 4), hex(byte & 15)].map(char::from)),
        }
    }
    url
}

fn hex(digit: u8) -> u8 {
    b"0123456789ABCDEF"[usize::from(digit)]
}

/// A path without `.` and `..`.
fn without_dots(path: &str) -> String {
    let (path, query) = path.split_at(path.find('?').unwrap_or(path.len()));
    let mut parts: Vec<&str> = Vec::new();
    let mut rest = path.split('/').skip(1).peekable();
    while let Some(part) = rest.next() {
        let last = rest.peek().is_none();
        match part {
            "." | ".." => {
                if part == ".." {
                    parts.pop();
                }
                if last {
                    parts.push("");
                }
            }
            part => parts.push(part),
        }
    }
    format!("/{}{query}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_taken_apart() {
        for (text, https, host, port, path, authority) in [
            ("https://www.example.org", true, "www.example.org", 443, "/", "www.example.org"),
            ("http://a:8080/x?y=1#z", false, "a", 8080, "/x?y=1", "a:8080"),
            ("HTTPS://a?q", true, "a", 443, "/?q", "a"),
            ("https://[2001:db8::1]:444/", true, "2001:db8::1", 444, "/", "[2001:db8::1]:444"),
            ("http://[::1]", false, "::1", 80, "/", "[::1]"),
        ] {
            let url = Url::parse(text).unwrap();
            assert_eq!(
                (url.https, url.host.as_str(), url.port, url.path.as_str()),
                (https, host, port, path),
                "{text}"
            );
            assert_eq!(url.authority(), authority);
        }
        for text in [
            "",
            "www.example.org",
            "ftp://a/",
            "https://",
            "https://a b/",
            "https://a:x/",
            "https://a:0/",
            "https://a:99999/",
            "https://ann:pw@a/",
            "/x",
        ] {
            assert!(Url::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn locations_are_made_fit_to_be_sent() {
        assert_eq!(sendable(b" /a b/\xc3\xbc?q=\"%20|\" "), "/a%20b/%C3%BC?q=%22%20%7C%22");
        assert_eq!(sendable(b"https://a/?x=[1]&y=%2F#z"), "https://a/?x=[1]&y=%2F#z");
    }

    #[test]
    fn locations_lead_on() {
        let from = Url::parse("https://a:8443/b/c?d").unwrap();
        for (location, due) in [
            ("http://e/f", "http://e/f"),
            ("//e/f", "https://e/f"),
            ("/f?g#h", "https://a:8443/f?g"),
            ("f", "https://a:8443/b/f"),
            ("?f=http://x", "https://a:8443/b/c?f=http://x"),
            ("../f/./g/..", "https://a:8443/f/"),
            ("../../../f", "https://a:8443/f"),
            ("", "https://a:8443/b/c?d"),
        ] {
            assert_eq!(from.join(location).map(|url| url.to_string()).as_deref(), Ok(due), "{location}");
        }
        assert!(from.join("javascript:alert(1)").is_err());
        let to = |text: &str| from.trusts(&Url::parse(text).unwrap());
        assert!(to("https://A/x") && !to("http://a:8443/") && !to("https://b/"));
        assert!(Url::parse("http://a/").unwrap().trusts(&Url::parse("https://a/").unwrap()));
    }
}
