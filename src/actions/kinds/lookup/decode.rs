//! The value of `lookup` in a runbook.

use std::collections::BTreeSet;
use std::net::IpAddr;

use crate::actions::nameserver::{Name, Rdata, RecordType, Server, absolute, kind};
use crate::model::decode::{self, Fields};
use crate::model::diagnostic::nearest;
use crate::model::form::{Form, Key, key, required};
use crate::model::{Diagnostics, Node};

use super::action::{At, Expect, Lookup};

pub(super) const KEYS: [Key; 4] = [
    required(
        "name",
        Form::Like(r"^\S+$"),
        "the name, absolute with or without a dot at the end; with `type: PTR` it may be an address",
    ),
    required("type", Form::Like("^[A-Za-z0-9]+$"), "the type of the records"),
    key(
        "at",
        Form::OneOrMore(&Form::Like(r"^\S+$")),
        "who is asked: `authoritative` (every server of the zone), a server, or a list of these",
    )
    .left_out("the resolver"),
    key("expect", Form::Keys(&EXPECT), "what has to be there").left_out("something"),
];

const EXPECT: [Key; 2] = [
    key("values", Form::OneOrMore(&Form::Text), "the whole set in any order. `[]`: there must be nothing"),
    key("ttl_at_most", Form::Integer(0, u32::MAX as u64), "the largest TTL that there may be, in seconds"),
];

impl Lookup {
    /// What stands under `expect`.
    pub(in crate::actions) const EXPECT: Form = Form::Keys(&EXPECT);
}

pub(super) fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Lookup> {
    let mut fields = Fields::of(value, "`lookup`", &KEYS, diagnostics)?;
    let kind = fields.required("type", decode::checked("a record type", |text| kind(text).map(Some))).flatten();
    let name = fields.required("name", decode::checked("a name", |text| asked(text, kind)));
    let at = fields.optional("at", decode::one_or_list(decode::checked("a server", |text| at(text).map(Some))));
    let expect = fields.optional("expect", |node, diagnostics| expect(node, kind, diagnostics)).unwrap_or_default();
    if at.as_ref().is_some_and(Vec::is_empty) {
        fields.wrong("at", "`at` is empty", "`authoritative`, or servers; left out it is what this machine asks");
    }
    fields.done()?;
    let at = at.unwrap_or_default().into_iter().flatten().collect();
    Some(Lookup { name: name?, kind: kind?, at, expect })
}

/// A name; an address stands for the name that its PTR record has.
fn asked(text: &str, kind: Option<RecordType>) -> Result<Name, String> {
    match text.parse::<IpAddr>() {
        Ok(address) if kind == Some(RecordType::PTR) => Ok(Name::from(address)),
        Ok(_) => Err("an address has a PTR record only".to_owned()),
        Err(_) => absolute(text),
    }
}

fn at(text: &str) -> Result<At, String> {
    const ALL: &str = "authoritative";
    if text == ALL {
        return Ok(At::Authoritative);
    }
    match nearest(text, [ALL]) {
        Some(_) => Err(format!("did you mean `{ALL}`?")),
        None => Server::parse(text).map(At::Server),
    }
}

fn expect(node: &Node, kind: Option<RecordType>, diagnostics: &mut Diagnostics) -> Option<Expect> {
    let mut fields = Fields::of(node, "`expect`", &EXPECT, diagnostics)?;
    let ttl_at_most = fields.optional("ttl_at_most", decode::seconds(u32::MAX));
    let mut values = None;
    if let Some(kind) = kind {
        let read = decode::checked("a record", |text| Rdata::parse(kind, text, None).map(Some));
        let read = fields.optional("values", decode::one_or_list(read));
        values = read.map(|values| values.into_iter().flatten().collect::<BTreeSet<Rdata>>());
    }
    if ttl_at_most.is_some() && values.as_ref().is_some_and(BTreeSet::is_empty) && node.unknown_until().is_none() {
        fields.wrong("ttl_at_most", "what is expected not to be there has no TTL", "leave `ttl_at_most` out");
    }
    fields.done()?;
    Some(Expect { values, ttl_at_most })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::nameserver::shown;
    use crate::actions::testing::decoded;

    #[test]
    fn lookups_are_read() {
        let lookup: Lookup = decoded(
            "{name: libravatar.org, type: a, at: [authoritative, '192.0.2.53:5353'], \
             expect: {values: [192.0.2.12, 192.0.2.12], ttl_at_most: 3600}}",
        )
        .unwrap();
        assert_eq!((shown(&lookup.name).as_str(), lookup.kind), ("libravatar.org.", RecordType::A));
        assert_eq!(lookup.at, [At::Authoritative, At::Server(Server::parse("192.0.2.53:5353").unwrap())]);
        assert_eq!(lookup.expect.values.as_ref().map(BTreeSet::len), Some(1));
        let reverse: Lookup = decoded("{name: 192.0.2.11, type: PTR}").unwrap();
        assert_eq!((shown(&reverse.name).as_str(), reverse.at.len()), ("11.2.0.192.in-addr.arpa.", 0));
        let gone: Lookup = decoded("{name: x, type: A, expect: {values: []}}").unwrap();
        assert_eq!(gone.expect.values, Some(BTreeSet::new()));
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, due) in [
            ("{name: a}", "`lookup` lacks `type`"),
            ("{name: 192.0.2.1, type: A}", "a name is due here, found `192.0.2.1`; an address has a PTR record only"),
            (
                "{name: a, type: A, at: []}",
                "`at` is empty; `authoritative`, or servers; left out it is what this machine asks",
            ),
            (
                "{name: a, type: A, at: authorative}",
                "a server is due here, found `authorative`; did you mean `authoritative`?",
            ),
            (
                "{name: a, type: A, expect: {ttl_at_most: 1h}}",
                "a number of seconds is due here, found `1h`; without a unit: `3600`",
            ),
            ("{name: a, type: A, at: 'a b'}", "a server is due here, found `a b`; `a b` is no host and no address"),
            (
                "{name: a, type: A, expect: {values: [], ttl_at_most: 1}}",
                "what is expected not to be there has no TTL; leave `ttl_at_most` out",
            ),
            (
                "{name: a, type: MX, expect: {values: [b]}}",
                "a record is due here, found `b`; a preference and a name are due, such as `10 mail.example.net.`",
            ),
            ("{name: a, type: A, expects: {}}", "unknown key `expects` in `lookup`; did you mean `expect`?"),
        ] {
            assert_eq!(decoded::<Lookup>(text).unwrap_err(), due, "{text}");
        }
    }
}
