//! A web server of a few lines, with TLS if need be, that says what it is told to.

use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// A server on a port of its own. Ends with the test.
pub(crate) struct Server {
    pub(crate) port: u16,
    /// What was asked: head and body of each request.
    pub(crate) asked: Arc<Mutex<Vec<String>>>,
    /// The certificate of its issuer, as PEM; empty without TLS.
    pub(crate) issuer: String,
}

impl Server {
    /// Answers each request, by its path and query, with what `answer` gives: the whole text of it. Nothing at all closes the connection.
    pub(crate) async fn plain(answer: fn(&str) -> String) -> Self {
        Self::start(answer, None).await
    }

    /// The same with a certificate for `name` that is good until the end of `year`.
    pub(crate) async fn tls(name: &str, year: i32, answer: fn(&str) -> String) -> Self {
        let mut authority = CertificateParams::new(Vec::<String>::new()).unwrap();
        authority.distinguished_name.push(DnType::CommonName, format!("issuer of {name}"));
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let mut own = CertificateParams::new(vec![name.to_owned()]).unwrap();
        own.not_after = date_time_ymd(year, 12, 31);
        let own = own.signed_by(&key, &authority).unwrap();
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.der().clone()], key)
            .unwrap();
        Self::start(answer, Some((TlsAcceptor::from(Arc::new(config)), authority.pem()))).await
    }

    async fn start(answer: fn(&str) -> String, tls: Option<(TlsAcceptor, String)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (acceptor, issuer) = tls.unzip();
        let log = asked.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let (log, acceptor) = (log.clone(), acceptor.clone());
                tokio::spawn(async move {
                    match acceptor {
                        None => talk(stream, answer, &log).await,
                        Some(acceptor) => {
                            // One that does not trust us hangs up.
                            if let Ok(stream) = acceptor.accept(stream).await {
                                talk(stream, answer, &log).await;
                            }
                        }
                    }
                });
            }
        });
        Self { port, asked, issuer: issuer.unwrap_or_default() }
    }

    /// What was asked last.
    pub(crate) fn last(&self) -> String {
        self.asked.lock().unwrap().last().cloned().unwrap_or_default()
    }
}

async fn talk(mut stream: impl AsyncRead + AsyncWrite + Unpin, answer: fn(&str) -> String, log: &Mutex<Vec<String>>) {
    let mut request = String::new();
    let mut buffer = [0; 4096];
    loop {
        let Ok(count @ 1..) = stream.read(&mut buffer).await else { return };
        request.push_str(&String::from_utf8_lossy(&buffer[..count]));
        let Some((head, body)) = request.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
            break;
        }
    }
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    log.lock().unwrap().push(request);
    // Whoever has read enough hangs up.
    let _ = stream.write_all(answer(&path).as_bytes()).await;
    let _ = stream.shutdown().await;
}
