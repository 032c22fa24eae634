//! A connection that a host makes for us: there once it is really made, and refused in sshd's own words.
//!
//! A forwarded port would do too, but for one thing: it takes every connection and hangs up on those that the host could not make, so
//! that an open port cannot be told from a closed one. `ssh -W` waits for the host's answer.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as Pair;
use std::path::Path;
use std::pin::Pin;
use std::process::Stdio;
use std::task::{Context, Poll};

use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncWrite, BufReader, Lines, ReadBuf};
use tokio::net::UnixStream;
use tokio::process::{Child, ChildStderr, Command as Process};

use crate::base::fs;

/// What ssh says once the host has connected.
const CONNECTED: &str = "mux_client_request_stdio_fwd: master session id";

/// How much of the master's log may tell why the host could not.
const LOG: u64 = 64 * 1024;

/// A connection to somewhere, as a host sees it.
pub(super) struct Dialed {
    stream: UnixStream,
    /// Who holds it open.
    _holder: Option<(Child, Lines<BufReader<ChildStderr>>)>,
}

impl Dialed {
    /// One that nobody has to hold open.
    pub(super) fn plain(stream: UnixStream) -> Self {
        Self { stream, _holder: None }
    }

    /// A connection to `to` over the master at `socket`, by `ssh`; else what ssh says.
    pub(super) async fn through(mut ssh: Process, socket: &Path, to: &str) -> Result<Self, String> {
        let cannot = |error: std::io::Error| format!("starting ssh: {error}");
        let (ours, theirs) = Pair::pair().map_err(cannot)?;
        let theirs = OwnedFd::from(theirs);
        // Nothing but the master will do: without it ssh must not go looking for a host of that name.
        ssh.args(["-F", "none", "-v", "-o", "ControlMaster=no", "-o", "ProxyCommand=false", "-o", "BatchMode=yes"]);
        ssh.arg("-S").arg(socket).arg("-W").arg(to).args(["--", "master"]);
        ssh.stdin(theirs.try_clone().map_err(cannot)?).stdout(theirs).stderr(Stdio::piped());
        ssh.process_group(0).kill_on_drop(true);
        let mut holder = ssh.spawn().map_err(cannot)?;
        // It keeps its ends of the pair, or nobody would read the end here.
        drop(ssh);
        let Some(stderr) = holder.stderr.take() else { return Err("ssh has no stderr".to_owned()) };
        let mut said = BufReader::new(stderr).lines();
        let mut words = Vec::new();
        while let Ok(Some(line)) = said.next_line().await {
            if line.contains(CONNECTED) {
                ours.set_nonblocking(true).map_err(cannot)?;
                let stream = UnixStream::from_std(ours).map_err(cannot)?;
                return Ok(Self { stream, _holder: Some((holder, said)) });
            }
            if !line.starts_with("debug") && !line.starts_with("OpenSSH_") {
                words.push(line);
            }
        }
        Err(words.join("; "))
    }
}

/// How long the master's log is by now.
pub(super) fn mark(log: &Path) -> u64 {
    fs::facts(log).map_or(0, |facts| facts.size)
}

/// Why the host could not connect, by what its sshd told the master since `mark`.
pub(super) fn why(log: &Path, mark: u64) -> Option<String> {
    let log = fs::read_piece(log, mark, LOG).ok()?;
    refusal(&String::from_utf8_lossy(&log))
}

fn refusal(log: &str) -> Option<String> {
    let (_, why) = log.lines().rev().find_map(|line| line.split_once(": open failed: "))?;
    let why = why.trim();
    Some(match why.strip_prefix("connect failed: ") {
        Some(why) => why.to_owned(),
        None if why.starts_with("administratively prohibited") => {
            format!("its sshd does not connect for us: {why} (AllowTcpForwarding, PermitOpen there)")
        }
        None => why.to_owned(),
    })
}

impl AsyncRead for Dialed {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Dialed {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_refusal_of_the_log_is_told() {
        let log = "debug1: channel_connect_stdio_fwd: 127.0.0.1:1\n\
                   channel 2: open failed: connect failed: Connection refused\r\ndebug1: channel 2: free\n";
        assert_eq!(refusal(log).as_deref(), Some("Connection refused"));
        assert_eq!(
            refusal("channel 2: open failed: administratively prohibited: open failed").as_deref(),
            Some(
                "its sshd does not connect for us: administratively prohibited: open failed (AllowTcpForwarding, PermitOpen there)"
            )
        );
        assert_eq!(refusal("channel 2: open failed: resource shortage: ").as_deref(), Some("resource shortage:"));
        assert_eq!(refusal("debug1: nothing"), None);
    }
}
