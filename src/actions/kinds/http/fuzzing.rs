//! For `tests/fuzz`: what any bytes are taken for.

use std::sync::atomic::AtomicBool;

use http_body_util::Full;
use hyper::Request;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::connect::Connection;
use super::exchange::exchange;

/// What a server answers, whatever it was asked.
pub fn read(bytes: &[u8]) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
    runtime.block_on(async {
        let (ours, theirs) = tokio::io::duplex(64 * 1024);
        let (mut asked, mut answers) = tokio::io::split(theirs);
        let serve = async move {
            let mut request = [0; 1024];
            let _ = asked.read(&mut request).await;
            let _ = answers.write_all(bytes).await;
            let _ = answers.shutdown().await;
        };
        let Ok(request) = Request::get("/").header("host", "x").body(Full::default()) else { return };
        let connection = Connection { stream: Box::new(ours), not_after: None, via: String::new() };
        let sent = AtomicBool::new(false);
        let _ = tokio::join!(exchange(connection, request, false, &sent), serve);
    });
}
