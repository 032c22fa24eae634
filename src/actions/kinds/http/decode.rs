//! `http` as written.

use hyper::Method;
use hyper::header::HeaderName;
use regex::Regex;

use crate::actions::context::Family;
use crate::actions::nameserver::Server;
use crate::base::Spanned;
use crate::base::secret::is_sealed;
use crate::model::decode::{self, Fields};
use crate::model::form::{Form, Key, key, required};
use crate::model::{Diagnostics, Node};

use super::action::Http;
use super::expect::{Expect, Not};
use super::url::Url;

pub(super) const KEYS: [Key; 12] = [
    required("url", Form::Like("^https?://"), "where to; secrets may stand here"),
    key("method", Form::Like("^[A-Z]+$"), "what is asked for, in capitals").left_out("`GET`"),
    key("headers", Form::Map(&Form::Text), "what is sent with it, by name; secrets may stand here"),
    key("body", Form::Text, "what is sent; secrets may stand here. Needs a `method`"),
    key("resolve", Form::Word, "a role or an address: where to connect to").left_out("where the name leads"),
    key("at", Form::Word, "a name server that is asked where the name leads"),
    key("family", Form::OneOf(&["ipv4", "ipv6"]), "which addresses count").left_out("both"),
    key("ca", Form::Word, "a file of certificates that are trusted").left_out("those of the system"),
    key("follow", Form::Boolean, "`true`: goes where the answer leads, ten times at most").left_out("`false`"),
    key("head_only", Form::Boolean, "`true`: nothing of the body is read, be it endless").left_out("`false`"),
    key("expect", Form::Keys(&EXPECT), "what the answer has to be"),
    key(
        "may_fail",
        Form::Boolean,
        "`true`: what is wrong is told to later steps, as `steps.ID.error`, and the step has not failed",
    )
    .left_out("`false`"),
];

const EXPECT: [Key; 5] = [
    STATUS,
    BODY,
    HEADERS,
    key("certificate_valid_for", Form::Duration, "how long the certificate has to be good from now on"),
    key("not", Form::Keys(&NOT), "what the answer must not be"),
];
const NOT: [Key; 3] = [STATUS, BODY, HEADERS];
const STATUS: Key = key("status", Form::OneOrMore(&Form::Integer(100, 599)), "the code; of a list one will do");
const BODY: Key = key("body", Form::Regex, "what matches somewhere in the body");
const HEADERS: Key = key("headers", Form::Map(&Form::Regex), "what matches, by the header's name");

impl Http {
    /// What stands under `expect`.
    pub(in crate::actions) const EXPECT: Form = Form::Keys(&EXPECT);
}

pub(super) fn decode(value: &Node, diagnostics: &mut Diagnostics) -> Option<Http> {
    let mut fields = Fields::of(value, "`http`", &KEYS, diagnostics)?;
    let url = fields.required("url", decode::checked("a URL", url));
    let method = fields.optional("method", method);
    let headers = fields.optional("headers", headers(decode::text)).unwrap_or_default();
    let body = fields.optional("body", decode::text);
    let resolve = fields.optional("resolve", decode::word);
    let at = fields.optional("at", decode::checked("a name server", Server::parse));
    if resolve.is_some() && at.is_some() {
        fields.wrong("at", "`at` and `resolve` both say where the name leads", "leave one of the two out");
    }
    let families = [("ipv4", Family::Ipv4), ("ipv6", Family::Ipv6)];
    let family = fields.optional("family", decode::one_of(&families));
    let ca = fields.optional("ca", path);
    let follow = fields.optional("follow", decode::boolean).unwrap_or_default();
    let head_only = fields.optional("head_only", decode::boolean).unwrap_or_default();
    let may_fail = fields.optional("may_fail", decode::boolean).unwrap_or_default();
    let mut expect = fields.optional("expect", expect).unwrap_or_default();
    expect.any_status = may_fail && expect.status.is_empty() && expect.not.status.is_empty();
    let is_known = value.unknown_until().is_none();
    if is_known
        && !follow
        && expect.certificate_valid_for.is_some()
        && url.as_ref().is_some_and(|url| url.starts_with("http://"))
    {
        fields.wrong("expect", "without TLS there is no certificate", "a URL with `https://`, or `follow: true`");
    }
    if head_only && (expect.body.is_some() || expect.not.body.is_some()) {
        fields.wrong(
            "head_only",
            "of the body nothing is read, and something is expected of it",
            "leave one of the two out",
        );
    }
    if may_fail && !method.as_ref().is_none_or(only_reads) {
        let hint = "what became of any other has to be known: `on_failure: continue` goes on after it";
        fields.wrong("may_fail", "`may_fail` is for GET and HEAD", hint);
    }
    if body.is_some() && method.is_none() && value.unknown_until().is_none() {
        fields.wrong("body", "a request with a body needs a `method`", "`method: POST`");
    }
    fields.done()?;
    let method = method.unwrap_or(Method::GET);
    Some(Http { url: url?, method, headers, body, resolve, at, family, ca, follow, head_only, expect, may_fail })
}

/// Whether a request of that method changes nothing.
pub(super) fn only_reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// A URL with a secret in it is read when its value is there.
fn url(text: &str) -> Result<String, String> {
    if !is_sealed(text) {
        Url::parse(text)?;
    }
    Ok(text.to_owned())
}

fn method(node: &Node, diagnostics: &mut Diagnostics) -> Option<Method> {
    decode::checked("a method of HTTP", |text| {
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_uppercase());
        plain
            .then(|| Method::from_bytes(text.as_bytes()).ok())
            .flatten()
            .ok_or_else(|| "as in `GET` or `POST`".to_owned())
    })(node, diagnostics)
}

fn path(node: &Node, diagnostics: &mut Diagnostics) -> Option<Spanned<String>> {
    decode::word(node, diagnostics).map(|path| Spanned::new(path, node.span.clone()))
}

/// Headers by name, each value read by `read`.
fn headers<T>(
    read: impl Fn(&Node, &mut Diagnostics) -> Option<T>,
) -> impl FnOnce(&Node, &mut Diagnostics) -> Option<Vec<(HeaderName, T)>> {
    move |node, diagnostics| {
        let entries = decode::map_of(read)(node, diagnostics)?;
        let mut whole = true;
        let mut headers = Vec::new();
        for (Spanned { value: name, span }, value) in entries {
            if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
                headers.push((name, value));
            } else {
                diagnostics.error(&span, format!("`{name}` is no name of a header"));
                whole = false;
            }
        }
        whole.then_some(headers)
    }
}

fn expect(node: &Node, diagnostics: &mut Diagnostics) -> Option<Expect> {
    let mut fields = Fields::of(node, "`expect`", &EXPECT, diagnostics)?;
    let status = fields.optional("status", status).unwrap_or_default();
    let body = fields.optional("body", decode::regex);
    let headers = fields.optional("headers", patterns).unwrap_or_default();
    let certificate_valid_for = fields.optional("certificate_valid_for", decode::duration);
    let not = fields.optional("not", not).unwrap_or_default();
    fields.done()?;
    Some(Expect { status, any_status: false, body, headers, certificate_valid_for, not })
}

fn not(node: &Node, diagnostics: &mut Diagnostics) -> Option<Not> {
    let mut fields = Fields::of(node, "`not`", &NOT, diagnostics)?;
    let status = fields.optional("status", status).unwrap_or_default();
    let body = fields.optional("body", decode::regex);
    let headers = fields.optional("headers", patterns).unwrap_or_default();
    fields.done()?;
    Some(Not { status, body, headers })
}

fn status(node: &Node, diagnostics: &mut Diagnostics) -> Option<Vec<u16>> {
    decode::one_or_list(decode::integer(100..=599_u16))(node, diagnostics)
}

fn patterns(node: &Node, diagnostics: &mut Diagnostics) -> Option<Vec<(HeaderName, Regex)>> {
    headers(decode::regex)(node, diagnostics)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::testing::decoded;
    use crate::base::secret::sealed;

    #[test]
    fn everything_is_read() {
        let http: Http = decoded(
            "{url: \"https://www.example.org/x\", method: POST, headers: {X-Token: a}, body: b, resolve: new, family: ipv6, \
             ca: ca.pem, follow: true, expect: {status: [200, 301], body: users, headers: {Server: nginx}, \
             certificate_valid_for: 14d, not: {status: 500, body: x, headers: {Via: y}}}}",
        )
        .unwrap();
        assert_eq!(
            (http.method.as_str(), http.resolve.as_deref(), http.family),
            ("POST", Some("new"), Some(Family::Ipv6))
        );
        assert_eq!((http.expect.status.as_slice(), http.expect.not.status.as_slice()), (&[200, 301][..], &[500][..]));
        assert_eq!(http.headers[0].0, "x-token");
        assert_eq!(http.ca.unwrap().value, "ca.pem");
        assert!(!http.expect.any_status && !http.may_fail && !http.head_only);
        let http: Http = decoded("{url: \"https://a\", at: \"[2001:db8::53]:5353\"}").unwrap();
        assert_eq!(http.at.unwrap().authority(), "[2001:db8::53]:5353");
        let http: Http = decoded("{url: \"https://a\", may_fail: true, head_only: true}").unwrap();
        assert!(http.may_fail && http.head_only && http.expect.any_status);
        let http: Http = decoded("{url: \"https://a\", may_fail: true, expect: {not: {status: 404}}}").unwrap();
        assert!(!http.expect.any_status);
        let secret = format!("{{url: \"https://a/?t={}\"}}", sealed("token"));
        assert!(decoded::<Http>(&secret).is_ok());
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, due) in [
            ("{}", "`http` lacks `url`"),
            (
                "{url: www.example.org}",
                "a URL is due here, found `www.example.org`; it begins with `https://` or `http://`",
            ),
            ("{url: \"https://a\", method: get}", "a method of HTTP is due here, found `get`; as in `GET` or `POST`"),
            ("{url: \"https://a\", body: x}", "a request with a body needs a `method`; `method: POST`"),
            (
                "{url: \"https://a\", method: POST, may_fail: true}",
                "`may_fail` is for GET and HEAD; what became of any other has to be known: `on_failure: continue` goes on after it",
            ),
            (
                "{url: \"https://a\", head_only: true, expect: {not: {body: x}}}",
                "of the body nothing is read, and something is expected of it; leave one of the two out",
            ),
            (
                "{url: \"https://a\", at: 192.0.2.53, resolve: new}",
                "`at` and `resolve` both say where the name leads; leave one of the two out",
            ),
            (
                "{url: \"http://a\", expect: {certificate_valid_for: 14d}}",
                "without TLS there is no certificate; a URL with `https://`, or `follow: true`",
            ),
            ("{url: \"https://a\", headers: {a b: x}}", "`a b` is no name of a header"),
            ("{url: \"https://a\", expect: {status: 20}}", "a whole number from 100 to 599 is due here, found `20`"),
            ("{url: \"https://a\", expect: {stauts: 200}}", "unknown key `stauts` in `expect`; did you mean `status`?"),
            ("{url: \"https://a\", expect: {body: \"a(\"}}", "the regular expression cannot be read: unclosed group"),
            ("{url: \"https://a\", family: ipv5}", "`ipv4` or `ipv6` is due here, found `ipv5`; did you mean `ipv4`?"),
            (
                "\"https://a\"",
                "`http` takes a mapping, found `https://a`; its keys: `url`, `method`, `headers`, `body`, `resolve`, `at`, `family`, `ca`, `follow`, `head_only`, `expect` or `may_fail`",
            ),
        ] {
            assert_eq!(decoded::<Http>(text).err().unwrap(), due, "{text}");
        }
    }
}
