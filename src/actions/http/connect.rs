//! The way to a server: from the operator's machine or through a host, at the address that is asked for, under the name that the URL has.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::actions::context::{Family, Read};
use crate::actions::contract::ActionError;
use crate::base::{Role, fs};
use crate::transport::{Command, Duplex, Transport, TransportError};

use super::action::Http;
use super::url::{Url, bracketed};

/// How long one address may take to accept a connection, where there are others.
const ONE: Duration = Duration::from_secs(10);

/// The largest file of certificates that is read.
const LARGEST: u64 = 8 << 20;

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The server, or the way to it, is not as it has to be.
    No(String),
    /// It could not even be asked.
    Unasked(ActionError),
}

impl From<ActionError> for Trouble {
    fn from(error: ActionError) -> Self {
        Self::Unasked(error)
    }
}

impl Trouble {
    pub(super) fn no<T>(why: impl Into<String>) -> Result<T, Self> {
        Err(Self::No(why.into()))
    }
}

/// A connection, and until when the certificate that it showed is good.
pub(super) struct Connection {
    pub(super) stream: Box<dyn Duplex>,
    pub(super) not_after: Option<Timestamp>,
    /// ` through ROLE`, where it goes through a host: whoever does not answer there shows by hanging up.
    pub(super) via: String,
}

/// Connects to where `url` leads, by way of the `resolve` of `http` where that counts for this URL.
pub(super) async fn connect(
    http: &Http,
    url: &Url,
    resolve: Option<&str>,
    cx: &Read<'_>,
) -> Result<Connection, Trouble> {
    let to = match resolve {
        Some(resolve) => address(resolve, http.family, cx)?,
        None => url.host.clone(),
    };
    let host = cx.env().host.as_ref().filter(|host| !host.role().is_local());
    let stream = match host {
        Some(host) => through(&**host, &to, url.port, http.family, cx).await?,
        None => directly(&to, url.port, http.family).await?,
    };
    let via = host.map(|host| format!(" through {}", host.role())).unwrap_or_default();
    let connection = Connection { stream, not_after: None, via };
    if url.https { encrypt(connection, http, url, cx).await } else { Ok(connection) }
}

/// The address that a role or an address stands for.
fn address(resolve: &str, family: Option<Family>, cx: &Read<'_>) -> Result<String, ActionError> {
    let plain = resolve.trim_start_matches('[').trim_end_matches(']');
    if plain.parse::<IpAddr>().is_ok() {
        return Ok(plain.to_owned());
    }
    let unknown = || ActionError::failed(format!("`resolve` takes an address or a role, and `{resolve}` is neither"));
    cx.around().address(&Role::from(resolve), family).ok_or_else(unknown)
}

fn is_of(address: IpAddr, family: Option<Family>) -> bool {
    match family {
        None => true,
        Some(Family::Ipv4) => address.is_ipv4(),
        Some(Family::Ipv6) => address.is_ipv6(),
    }
}

fn name_of(family: Option<Family>) -> &'static str {
    match family {
        None => "",
        Some(Family::Ipv4) => "IPv4 ",
        Some(Family::Ipv6) => "IPv6 ",
    }
}

/// From the operator's machine: each address of the name is tried.
async fn directly(to: &str, port: u16, family: Option<Family>) -> Result<Box<dyn Duplex>, Trouble> {
    let found = lookup_host((to, port)).await;
    let found = found.map_err(|error| Trouble::No(format!("{to} cannot be resolved: {error}")))?;
    let addresses: Vec<SocketAddr> = found.filter(|address| is_of(address.ip(), family)).collect();
    let mut failures = Vec::new();
    for address in &addresses {
        let why = match timeout(ONE, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // A request is one piece: nothing is gained by waiting for more.
                let _ = stream.set_nodelay(true);
                return Ok(Box::new(stream));
            }
            Ok(Err(error)) => error.to_string(),
            Err(_) => format!("no answer within {} s", ONE.as_secs()),
        };
        failures.push(format!("cannot connect to {address}: {why}"));
    }
    if failures.is_empty() {
        Trouble::no(format!("{to} has no {}address", name_of(family)))
    } else {
        Trouble::no(failures.join("; "))
    }
}

/// Through a host's SSH connection, as the host sees it.
async fn through(
    host: &dyn Transport,
    to: &str,
    port: u16,
    family: Option<Family>,
    cx: &Read<'_>,
) -> Result<Box<dyn Duplex>, Trouble> {
    let to = match (to.parse::<IpAddr>(), family) {
        (Ok(address), _) if !is_of(address, family) => {
            return Trouble::no(format!("{to} is no {}address", name_of(family)));
        }
        (Ok(_), _) | (Err(_), None) => to.to_owned(),
        (Err(_), Some(asked)) => {
            let database = if asked == Family::Ipv4 { "ahostsv4" } else { "ahostsv6" };
            let script =
                format!("getent {database} \"$NAME\" | while read -r address rest; do echo \"$address\"; done");
            let said = cx.sh(Command::read(script).env("NAME", to)).await?;
            let addresses = said.text();
            let mut addresses = addresses.lines().filter(|line| {
                line.parse().is_ok_and(|address: IpAddr| {
                    // A host without IPv6 is told by addresses of IPv4 in disguise.
                    is_of(address.to_canonical(), family)
                })
            });
            match addresses.next() {
                Some(address) => address.to_owned(),
                None => return Trouble::no(format!("{to} has no {}address on {}", name_of(family), host.role())),
            }
        }
    };
    match host.dial(&format!("{}:{port}", bracketed(&to))).await {
        Ok(stream) => Ok(stream),
        Err(refused @ TransportError::Refused { .. }) => Trouble::no(refused.to_string()),
        Err(error) => Err(Trouble::Unasked(error.into())),
    }
}

/// Speaks TLS under the URL's own name, whatever address it was connected to.
async fn encrypt(connection: Connection, http: &Http, url: &Url, cx: &Read<'_>) -> Result<Connection, Trouble> {
    let roots = match &http.ca {
        Some(path) => Arc::new(of_file(&cx.around().local_path(&path.span, path))?),
        None => of_this_machine()?,
    };
    let config =
        ClientConfig::builder_with_provider(Arc::new(ring::default_provider())).with_safe_default_protocol_versions();
    let mut config = config
        .map_err(|error| ActionError::failed(format!("TLS cannot be set up: {error}")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let name = ServerName::try_from(url.host.clone());
    let name = name.map_err(|_| Trouble::No(format!("`{}` is no name that a certificate can have", url.host)))?;
    let Connection { stream, via, .. } = connection;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    let stream = stream.map_err(|error| {
        let ca = if ["UnknownIssuer", "BadSignature"].iter().any(|word| error.to_string().contains(word)) {
            " (`ca:` names a file with the issuer's certificate)"
        } else {
            ""
        };
        Trouble::No(format!("no TLS with {}{via}: {error}{ca}", url.authority()))
    })?;
    let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let not_after = shown.and_then(|certificate| good_until(certificate));
    Ok(Connection { stream: Box::new(stream), not_after, via })
}

/// Until when a certificate is good.
fn good_until(certificate: &[u8]) -> Option<Timestamp> {
    let (_, certificate) = x509_parser::parse_x509_certificate(certificate).ok()?;
    Timestamp::from_second(certificate.validity().not_after.timestamp()).ok()
}

/// The issuers that a file of the operator's names.
fn of_file(path: &std::path::Path) -> Result<RootCertStore, ActionError> {
    let bytes = fs::read_limited(path, LARGEST)?;
    let wrong = |why: String| ActionError::failed(format!("{}: {why}", path.display()));
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&bytes) {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() { Err(wrong("there is no certificate in PEM form in it".to_owned())) } else { Ok(roots) }
}

/// The issuers that the operator's machine trusts: read once.
fn of_this_machine() -> Result<Arc<RootCertStore>, ActionError> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    let roots = ROOTS.get_or_init(|| {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        Arc::new(roots)
    });
    if roots.is_empty() {
        return Err(ActionError::failed_with_hint(
            "this machine trusts no issuer of certificates",
            "install `ca-certificates`, or name a file with `ca:`",
        ));
    }
    Ok(Arc::clone(roots))
}
