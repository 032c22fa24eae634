//! `tcp` as written.

use crate::base::secret::is_sealed;
use crate::model::decode::{self, Fields};
use crate::model::form::{Form, Key, key, required};
use crate::model::{Diagnostics, Node};

use super::action::Tcp;

pub(super) const KEYS: [Key; 5] = [
    required("to", Form::Like(r"^(\[[^\]]+\]|[^:\s]+):[0-9]+$"), "`host:port`; an IPv6 address stands in brackets"),
    key("send", Form::Text, "what is sent; secrets may stand here. A line has to have its end: `\"workers\\n\"`"),
    key("expect", Form::Regex, "what has to match somewhere in what came"),
    key("until", Form::Regex, "enough has come once this matches"),
    key("timeout", Form::Duration, "how long it may take").left_out("as long as the step; as a check `10s`"),
];

pub(super) fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Tcp> {
    let mut fields = Fields::of(value, "`tcp`", &KEYS, diagnostics)?;
    let to = fields.required("to", decode::checked("a host and a port", |text| address(text).map(|_| text.to_owned())));
    let send = fields.optional("send", decode::text);
    let expect = fields.optional("expect", decode::regex);
    let until = fields.optional("until", decode::regex);
    let timeout = fields.optional("timeout", decode::duration);
    fields.done()?;
    Some(Tcp { to: to?, send, expect, until, timeout })
}

/// The parts of `host:port`.
pub(super) fn address(text: &str) -> Result<(String, u16), String> {
    const FORM: &str = "as in `127.0.0.1:4730`, `db.example.org:5432`, `[::1]:4730`";
    if is_sealed(text) {
        return Err("a secret cannot be a part of it".to_owned());
    }
    let Some((host, port)) = text.rsplit_once(':') else {
        return Err(format!("it lacks the port: {FORM}"));
    };
    let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    if inner.is_none() && host.contains(':') {
        return Err(format!("an IPv6 address stands in brackets: {FORM}"));
    }
    let host = inner.unwrap_or(host);
    let plain = |c: char| c.is_alphanumeric() || ".-_:%".contains(c);
    if host.is_empty() || host.starts_with('-') || !host.chars().all(plain) {
        return Err(FORM.to_owned());
    }
    match port.parse() {
        Ok(port @ 1..) if port_is_digits(text) => Ok((host.to_owned(), port)),
        _ => Err(format!("`{port}` is no port: {FORM}")),
    }
}

fn port_is_digits(text: &str) -> bool {
    text.rsplit(':').next().is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::actions::testing::decoded;

    #[test]
    fn everything_is_read() {
        let tcp: Tcp =
            decoded("{to: \"127.0.0.1:4730\", send: \"workers\\n\", expect: mytest, until: \"^\\\\.$\", timeout: 3s}")
                .unwrap();
        assert_eq!((tcp.to.as_str(), tcp.send.as_deref()), ("127.0.0.1:4730", Some("workers\n")));
        assert_eq!((tcp.until.unwrap().as_str(), tcp.timeout), ("^\\.$", Some(Duration::from_secs(3))));
    }

    #[test]
    fn a_place_is_a_host_and_a_port() {
        for (text, host, port) in [
            ("127.0.0.1:4730", "127.0.0.1", 4730),
            ("[2001:db8::1]:80", "2001:db8::1", 80),
            ("[fe80::1%eth0]:80", "fe80::1%eth0", 80),
            ("db.example.org:5432", "db.example.org", 5432),
            ("bücher.example:1", "bücher.example", 1),
        ] {
            assert_eq!(address(text), Ok((host.to_owned(), port)));
        }
        for (text, due) in [
            ("localhost", "it lacks the port: as in "),
            ("::1:80", "an IPv6 address stands in brackets: "),
            (":80", "as in "),
            ("-oProxyCommand=x:80", "as in "),
            ("a b:80", "as in "),
            ("x:0", "`0` is no port: "),
            ("x:65536", "`65536` is no port: "),
            ("x:+80", "`+80` is no port: "),
            ("x:http", "`http` is no port: "),
        ] {
            let why = address(text).unwrap_err();
            assert!(why.starts_with(due), "{text}: {why}");
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, due) in [
            ("{}", "`tcp` lacks `to`"),
            (
                "{to: localhost, untl: x}",
                "a host and a port is due here, found `localhost`; it lacks the port: as in `127.0.0.1:4730`, `db.example.org:5432`, `[::1]:4730`\n\
                 unknown key `untl` in `tcp`; did you mean `until`?",
            ),
            ("{to: \"x:1\", expect: \"a(\"}", "the regular expression cannot be read: unclosed group"),
            ("x:1", "`tcp` takes a mapping, found `x:1`; its keys: `to`, `send`, `expect`, `until` or `timeout`"),
        ] {
            assert_eq!(decoded::<Tcp>(text).err().unwrap(), due, "{text}");
        }
    }
}
