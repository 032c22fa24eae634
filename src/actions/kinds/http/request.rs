//! The request, and those that answers lead on to.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ACCEPT, AUTHORIZATION, COOKIE, HOST, HeaderName, HeaderValue, LOCATION, USER_AGENT};
use hyper::{Method, Request};
use tokio::time::timeout;

use crate::actions::context::Read;
use crate::actions::contract::ActionError;
use crate::base::secret::is_sealed;
use crate::base::{Secret, duration};

use super::action::Http;
use super::connect::connect;
use super::exchange::exchange;
use super::expect::Answer;
use super::trouble::Trouble;
use super::url::{self, Url};

/// Where the step does not say: long enough for a slow site, and nothing that an operator waits for.
const LIMIT: Duration = Duration::from_secs(30);

/// How many answers may lead on to another place.
const REDIRECTS: usize = 10;

/// What came of a request.
pub(super) struct Asked {
    pub(super) trail: Trail,
    pub(super) answer: Result<Answer, Trouble>,
}

/// Where the requests went, whatever came of them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Trail {
    /// Where the last one went.
    pub(super) url: String,
    /// What led there, in order.
    pub(super) redirects: Vec<Redirect>,
}

/// An answer that led on to another place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Redirect {
    /// Where it came from.
    pub(super) url: String,
    pub(super) status: u16,
}

/// What is asked, with its secrets.
struct Ask {
    url: Url,
    method: Method,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Option<Secret>,
    redirects: Vec<Redirect>,
}

/// Asks, and follows where the answer leads if that is wanted. `sent` tells from when on a request may have been taken.
pub(super) async fn ask(http: &Http, sent: &AtomicBool, cx: &Read<'_>) -> Result<Asked, ActionError> {
    let limit = cx.env().timeout.unwrap_or(LIMIT);
    let mut ask = Ask::of(http, cx)?;
    // All of it together: whoever sends a byte from time to time does not hold it up either.
    let answer = timeout(limit, ask.follow(http, sent, cx)).await;
    let answer = answer.unwrap_or_else(|_| Err(Trouble::no(format!("no answer within {}", duration::show(limit)))));
    Ok(Asked { trail: Trail { url: ask.url.to_string(), redirects: ask.redirects }, answer })
}

impl Ask {
    fn of(http: &Http, cx: &Read<'_>) -> Result<Self, ActionError> {
        let url = cx.reveal(&http.url)?;
        let url =
            Url::parse(url.expose()).map_err(|why| ActionError::failed(format!("the URL, with its secrets: {why}")))?;
        let header = |(name, value): &(HeaderName, String)| {
            let value = HeaderValue::from_bytes(cx.reveal(value)?.expose().as_bytes());
            let mut value =
                value.map_err(|_| ActionError::failed(format!("the header {name} cannot hold that value")))?;
            value.set_sensitive(true);
            Ok((name.clone(), value))
        };
        let headers = http.headers.iter().map(header).collect::<Result<_, ActionError>>()?;
        let body = http.body.as_ref().map(|body| cx.reveal(body)).transpose()?;
        Ok(Self { url, method: http.method.clone(), headers, body, redirects: Vec::new() })
    }

    async fn follow(&mut self, http: &Http, sent: &AtomicBool, cx: &Read<'_>) -> Result<Answer, Trouble> {
        let own = self.url.host.clone();
        for _ in 0..=REDIRECTS {
            // The name's own address is asked for only where the name is that of the URL.
            let resolve = http.resolve.as_deref().filter(|_| self.url.host.eq_ignore_ascii_case(&own));
            let connection = connect(http, &self.url, resolve, cx).await?;
            let answer = exchange(connection, self.request()?, http.head_only, sent).await?;
            let leads_on = matches!(answer.status, 301 | 302 | 303 | 307 | 308);
            let to = answer.headers.get(LOCATION).filter(|_| http.follow && leads_on);
            let Some(to) = to else { return Ok(answer) };
            let to = url::sendable(to.as_bytes());
            let next = self.url.join(&to).map_err(|why| Trouble::no(format!("the answer leads to `{to}`: {why}")))?;
            self.go_on(next, answer.status, http)?;
        }
        let hint = "where that needs cookies: none are kept";
        Err(Trouble::no(format!("the answers lead on more than {REDIRECTS} times")).hint(Some(hint)))
    }

    fn request(&self) -> Result<Request<Full<Bytes>>, ActionError> {
        let body = self.body.as_ref().map(|body| Bytes::from(body.expose().to_owned())).unwrap_or_default();
        let request = Request::builder().method(&self.method).uri(&self.url.path).body(Full::new(body));
        let mut request = request.map_err(|error| ActionError::failed(format!("the request: {error}")))?;
        let host = HeaderValue::from_str(&self.url.authority());
        let host = host.map_err(|error| ActionError::failed(format!("the URL's host: {error}")))?;
        let headers = request.headers_mut();
        headers.insert(HOST, host);
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("runbook/", env!("CARGO_PKG_VERSION"))));
        headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
        // An author's own header goes before these.
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
        Ok(request)
    }

    /// Goes on to `next`: as a GET where the answer means that, and without what is not for everybody's ears.
    fn go_on(&mut self, next: Url, status: u16, http: &Http) -> Result<(), Trouble> {
        let keeps = matches!(status, 307 | 308) || matches!(self.method, Method::GET | Method::HEAD);
        if !keeps && (status == 303 || self.method == Method::POST) {
            self.method = Method::GET;
            self.body = None;
        }
        if !self.url.trusts(&next) {
            if self.body.is_some() {
                let why = format!("the answer leads the request's body to another host, {}", next.authority());
                return Err(Trouble::no(why));
            }
            let secret =
                |name: &HeaderName| http.headers.iter().any(|(other, value)| other == name && is_sealed(value));
            self.headers.retain(|(name, _)| ![AUTHORIZATION, COOKIE, HOST].contains(name) && !secret(name));
        }
        let last = std::mem::replace(&mut self.url, next);
        self.redirects.push(Redirect { url: last.to_string(), status });
        Ok(())
    }
}
