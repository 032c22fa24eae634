//! One request and its answer, over a connection of its own: what was learnt by an earlier one fools nobody.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Request, Response, body::Incoming};
use hyper_util::rt::TokioIo;

use super::connect::Connection;
use super::expect::Answer;
use super::trouble::Trouble;

/// The largest body that is read.
const LARGEST: usize = 10 << 20;

/// Sends `request` and reads the answer: all of it, or its head alone. `sent` tells from when on it may have been taken.
pub(super) async fn exchange(
    connection: Connection,
    request: Request<Full<Bytes>>,
    head_only: bool,
    sent: &AtomicBool,
) -> Result<Answer, Trouble> {
    let Connection { stream, not_after, via } = connection;
    let broken = |error: &hyper::Error| Trouble::no(format!("no answer{via}: {}", chain(error)));
    let (mut sender, driver) = http1::handshake(TokioIo::new(stream)).await.map_err(|error| broken(&error))?;
    let talk = async {
        sent.store(true, Relaxed);
        let response = sender.send_request(request).await.map_err(|error| broken(&error))?;
        if head_only {
            let (head, _) = response.into_parts();
            return Ok(Answer { status: head.status.as_u16(), headers: head.headers, ..Answer::default() });
        }
        read(response, broken).await
    };
    let (mut talk, mut driver) = (pin!(talk), pin!(driver));
    let mut open = true;
    let answer = loop {
        tokio::select! {
            answer = &mut talk => break answer?,
            // What came before the end is still to be read.
            _ = &mut driver, if open => open = false,
        }
    };
    Ok(Answer { not_after, ..answer })
}

async fn read(response: Response<Incoming>, broken: impl Fn(&hyper::Error) -> Trouble) -> Result<Answer, Trouble> {
    let (head, mut body) = response.into_parts();
    let mut bytes = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| broken(&error))?;
        let Ok(data) = frame.into_data() else { continue };
        bytes.extend_from_slice(&data);
        if bytes.len() > LARGEST {
            return Err(Trouble::no(format!("the body is larger than {} MiB", LARGEST >> 20)));
        }
    }
    Ok(Answer { status: head.status.as_u16(), headers: head.headers, body: bytes, not_after: None })
}

/// What went wrong, with all of its causes.
fn chain(error: &hyper::Error) -> String {
    let mut why = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        let more = next.to_string();
        if !why.contains(&more) {
            why.push_str(": ");
            why.push_str(&more);
        }
        cause = next.source();
    }
    why
}
