//! TLS under the URL's own name, whatever address it was connected to.

use std::io;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{CertificateError, ClientConfig, Error, InvalidMessage, RootCertStore};

use crate::actions::context::Read;
use crate::actions::contract::ActionError;
use crate::base::{Spanned, fs};

use super::connect::Connection;
use super::trouble::Trouble;
use super::url::Url;

/// The largest file of certificates that is read.
const LARGEST: u64 = 8 << 20;

/// What to do about an issuer that is not known.
const CA: &str = "`ca:` names a file with the issuer's certificate";

/// Speaks TLS over a connection. `ca` names the issuers that are trusted in place of this machine's.
pub(super) async fn encrypt(
    connection: Connection,
    ca: Option<&Spanned<String>>,
    url: &Url,
    cx: &Read<'_>,
) -> Result<Connection, Trouble> {
    let roots = match ca {
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
    let name = name.map_err(|_| Trouble::no(format!("`{}` is no name that a certificate can have", url.host)))?;
    let Connection { stream, via, .. } = connection;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    let stream = stream.map_err(|error| {
        let (why, hint) = in_words(&error);
        Trouble::no(format!("no TLS with {}{via}: {why}", url.authority())).hint(hint)
    })?;
    let shown = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
    let not_after = shown.and_then(|certificate| good_until(certificate));
    Ok(Connection { stream: Box::new(stream), not_after, via })
}

/// Why there is no TLS, and what might be done about it.
fn in_words(error: &io::Error) -> (String, Option<&'static str>) {
    let Some(known) = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) else {
        return (error.to_string(), None);
    };
    let of_certificate = match known {
        Error::InvalidCertificate(error) => error,
        Error::InvalidMessage(InvalidMessage::InvalidContentType) => {
            return ("what answers there does not speak TLS".to_owned(), None);
        }
        other => return (other.to_string(), None),
    };
    let day = |time: UnixTime| {
        let time = i64::try_from(time.as_secs()).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
        time.map_or_else(|| "another time".to_owned(), |time| time.to_string())
    };
    match of_certificate {
        CertificateError::UnknownIssuer => {
            ("its certificate is from nobody that is trusted (UnknownIssuer)".to_owned(), Some(CA))
        }
        CertificateError::BadSignature => {
            ("its certificate is not signed by the issuer that it names (BadSignature)".to_owned(), Some(CA))
        }
        CertificateError::ExpiredContext { not_after, .. } => {
            (format!("its certificate has expired: it was good until {}", day(*not_after)), None)
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            (format!("its certificate is not good before {}", day(*not_before)), None)
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let names: Vec<String> = presented.iter().map(|name| plain(name)).collect();
            let names = if names.is_empty() { "no name at all".to_owned() } else { names.join(", ") };
            (format!("its certificate is for {names}, not for {}", expected.to_str()), None)
        }
        CertificateError::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
            let why = "its certificate is one for issuers, as self-signed ones often are (CaUsedAsEndEntity)";
            (why.to_owned(), Some("it takes a certificate for the server itself, with `CA:FALSE`"))
        }
        other => (other.to_string(), None),
    }
}

/// A name as the certificate has it: `DnsName("a")` is a.
fn plain(name: &str) -> String {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(name);
    inner.trim_matches('"').to_owned()
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn said(error: CertificateError) -> String {
        in_words(&io::Error::new(io::ErrorKind::InvalidData, Error::InvalidCertificate(error))).0
    }

    #[test]
    fn what_is_wrong_with_a_certificate_is_told_in_words() {
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        assert_eq!(
            said(CertificateError::ExpiredContext { time: at(90_000), not_after: at(86_400) }),
            "its certificate has expired: it was good until 1970-01-02T00:00:00Z"
        );
        assert_eq!(
            said(CertificateError::NotValidYetContext { time: at(0), not_before: at(86_400) }),
            "its certificate is not good before 1970-01-02T00:00:00Z"
        );
        let expected = ServerName::try_from("www.example.com").unwrap();
        let presented = vec!["DnsName(\"www.example.org\")".to_owned(), "IpAddress(192.0.2.1)".to_owned()];
        assert_eq!(
            said(CertificateError::NotValidForNameContext { expected: expected.clone(), presented }),
            "its certificate is for www.example.org, 192.0.2.1, not for www.example.com"
        );
        assert_eq!(
            said(CertificateError::NotValidForNameContext { expected, presented: Vec::new() }),
            "its certificate is for no name at all, not for www.example.com"
        );
        let plain = in_words(&io::Error::other(Error::InvalidMessage(InvalidMessage::InvalidContentType)));
        assert_eq!(plain, ("what answers there does not speak TLS".to_owned(), None));
        assert_eq!(in_words(&io::Error::other("gone")), ("gone".to_owned(), None));
    }
}
