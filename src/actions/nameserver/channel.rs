//! Messages to a server and back: over TCP, directly or through a host's SSH connection, or as datagrams.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket, lookup_host};
use tokio::time::timeout;

use crate::transport::{Duplex, Transport, TransportError};

use super::server::Server;
use super::trouble::Trouble;

/// How long a server may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(4);

/// How long one datagram's answer may take, before it is asked again.
const DATAGRAM: Duration = Duration::from_secs(2);

/// How often a question is sent as a datagram.
const TRIES: u32 = 2;

/// A way to one server.
pub(super) struct Channel {
    way: Way,
    /// Where to, for people.
    to: String,
    /// How long all answers together may take.
    patience: Duration,
}

enum Way {
    Stream(Box<dyn Duplex>),
    Datagrams(UdpSocket),
}

/// What came back.
pub(super) enum Reply {
    /// All answers, in the order of the questions.
    Whole(Vec<Vec<u8>>),
    /// An answer is too large for a datagram.
    Truncated,
}

impl Channel {
    /// A connection from this machine.
    pub(super) async fn stream(server: &Server, patience: Duration) -> Result<Self, Trouble> {
        let mut failures = Failures::default();
        for address in addresses(server).await? {
            match timeout(CONNECT.min(patience), TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    let _ = stream.set_nodelay(true);
                    return Ok(Self { way: Way::Stream(Box::new(stream)), to: server.to_string(), patience });
                }
                Ok(Err(error)) => failures.add(address, &error),
                Err(_) => failures.silent(address, "no connection in time"),
            }
        }
        Err(failures.trouble(server))
    }

    /// Datagrams from this machine. Nothing is sent by this.
    pub(super) async fn datagrams(server: &Server, patience: Duration) -> Result<Self, Trouble> {
        let mut failures = Failures::default();
        for address in addresses(server).await? {
            let any: SocketAddr = if address.is_ipv4() { ([0; 4], 0).into() } else { ([0_u16; 8], 0).into() };
            let connected = async {
                let socket = UdpSocket::bind(any).await?;
                // Only what comes from there is heard, and that nobody listens there is told.
                socket.connect(address).await?;
                io::Result::Ok(socket)
            };
            match connected.await {
                Ok(socket) => return Ok(Self { way: Way::Datagrams(socket), to: server.to_string(), patience }),
                Err(error) => failures.add(address, &error),
            }
        }
        Err(failures.trouble(server))
    }

    /// A connection as a host sees it.
    pub(super) async fn through(
        host: &Arc<dyn Transport>,
        server: &Server,
        patience: Duration,
    ) -> Result<Self, Trouble> {
        match host.dial(&server.authority()).await {
            Ok(stream) => {
                let to = format!("{server} through {}", host.role());
                Ok(Self { way: Way::Stream(stream), to, patience })
            }
            Err(refused @ TransportError::Refused { .. }) => Err(Trouble::Unreachable(refused.to_string())),
            Err(error) => Err(Trouble::Unasked(error.into())),
        }
    }

    /// Sends the requests and gathers their answers. What may be sent `again` is, where datagrams get lost.
    pub(super) async fn exchange(&mut self, requests: &[Vec<u8>], again: bool) -> Result<Reply, Trouble> {
        let Self { way, to, patience } = self;
        match way {
            Way::Stream(stream) => {
                let exchanged = timeout(*patience, over_stream(&mut **stream, requests)).await;
                let silent = || Trouble::Silent(format!("{to} does not answer within {} s", patience.as_secs()));
                match exchanged.map_err(|_| silent())? {
                    Ok(answers) => Ok(Reply::Whole(answers)),
                    Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                        Err(Trouble::Unreachable(format!("{to} hangs up without an answer")))
                    }
                    Err(error) => Err(Trouble::Unreachable(format!("the connection to {to} broke: {error}"))),
                }
            }
            Way::Datagrams(socket) => {
                let mut answers = Vec::with_capacity(requests.len());
                for request in requests {
                    let answer = by_datagram(socket, request, if again { TRIES } else { 1 }, *patience).await;
                    let answer = answer.map_err(|error| match error.kind() {
                        io::ErrorKind::TimedOut => Trouble::Silent(format!("{to} does not answer")),
                        _ => Trouble::Unreachable(format!("{to} cannot be asked: {error}")),
                    })?;
                    // The bit TC of the header.
                    if answer[2] & 0x02 != 0 {
                        return Ok(Reply::Truncated);
                    }
                    answers.push(answer);
                }
                Ok(Reply::Whole(answers))
            }
        }
    }
}

/// The addresses of a server's host, as this machine resolves it.
async fn addresses(server: &Server) -> Result<Vec<SocketAddr>, Trouble> {
    let found = lookup_host((server.host.as_str(), server.port)).await;
    let found = found.map_err(|error| Trouble::Unreachable(format!("{} cannot be resolved: {error}", server.host)))?;
    Ok(found.collect())
}

/// All requests are sent at once; their answers come in any order.
async fn over_stream(stream: &mut dyn Duplex, requests: &[Vec<u8>]) -> io::Result<Vec<Vec<u8>>> {
    let mut sent = Vec::new();
    for request in requests {
        let length = u16::try_from(request.len()).map_err(|_| io::Error::other("the message is longer than 64 KiB"))?;
        sent.extend_from_slice(&length.to_be_bytes());
        sent.extend_from_slice(request);
    }
    stream.write_all(&sent).await?;
    stream.flush().await?;
    let mut answers: Vec<Option<Vec<u8>>> = vec![None; requests.len()];
    while answers.iter().any(Option::is_none) {
        let length = stream.read_u16().await?;
        let mut answer = vec![0; usize::from(length)];
        stream.read_exact(&mut answer).await?;
        let at = requests.iter().position(|request| answer.len() >= HEADER && request[..2] == answer[..2]);
        if let Some(at) = at {
            answers[at] = Some(answer);
        }
    }
    Ok(answers.into_iter().flatten().collect())
}

/// The length of a message's header.
const HEADER: usize = 12;

async fn by_datagram(socket: &UdpSocket, request: &[u8], tries: u32, patience: Duration) -> io::Result<Vec<u8>> {
    let mut buffer = vec![0; usize::from(u16::MAX)];
    for _ in 0..tries {
        socket.send(request).await?;
        let wait = if tries == 1 { patience } else { DATAGRAM.min(patience) };
        let answered = timeout(wait, async {
            loop {
                let length = socket.recv(&mut buffer).await?;
                if length >= HEADER && buffer[..2] == request[..2] {
                    return io::Result::Ok(length);
                }
            }
        });
        if let Ok(length) = answered.await {
            buffer.truncate(length?);
            return Ok(buffer);
        }
    }
    Err(io::ErrorKind::TimedOut.into())
}

/// Why none of several addresses would do.
#[derive(Default)]
struct Failures {
    why: Vec<String>,
    reachable: bool,
    silent: bool,
}

impl Failures {
    fn add(&mut self, address: SocketAddr, error: &io::Error) {
        // No route of that family at all: a laptop without IPv6. A host that does not answer is another matter.
        self.reachable |= !matches!(error.kind(), io::ErrorKind::NetworkUnreachable | io::ErrorKind::AddrNotAvailable);
        self.why.push(format!("{address}: {error}"));
    }

    fn silent(&mut self, address: SocketAddr, why: &str) {
        (self.reachable, self.silent) = (true, true);
        self.why.push(format!("{address}: {why}"));
    }

    fn trouble(self, server: &Server) -> Trouble {
        let why = format!("{server} cannot be asked: {}", self.why.join("; "));
        if !self.reachable && !self.why.is_empty() { Trouble::NoRoute(why) } else { Trouble::Unreachable(why) }
    }
}
